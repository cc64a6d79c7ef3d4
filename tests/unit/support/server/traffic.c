#include "tests/unit/support/server/traffic.h"
#include "tests/unit/support/server/answers.h"
#include "tests/unit/support/unit.h"

#define HEAD(line) line " HTTP/1.1\r\nHost: x\r\n"

const char traffic_source[] =
    "export const handler = async (event) => {\n"
    "  if (event.path === '/slow') await new Promise(r => setTimeout(r, 30));\n"
    "  if (event.path === '/throw') throw new Error('thrown');\n"
    "  if (event.path === '/big') return 'b'.repeat(9000);\n"
    "  if (event.path === '/none') return { statusCode: 204 };\n"
    "  return { headers: { 'x-path': event.path, 'set-cookie': ['a', 'b'] },"
    "    body: { got: event.rawBody, cookies: event.cookies } } }\n";

/* What each client sends, in two parts, some time apart. */
static const char *const clients[][2] = {
    {HEAD("GET /one") "\r\n", HEAD("GET /two") "\r\n"},
    {HEAD("GET /a") "\r\n" HEAD("GET /slow") "\r\n" HEAD("GET /c") "\r\n",
     HEAD("GET /none") "Connection: close\r\n\r\n"},
    {HEAD("POST /p") "Content-Length: 11\r\n\r\nhello", " world"},
    {HEAD("POST /q") "Transfer-Encoding: chunked\r\n\r\n5\r\nhel",
     "lo\r\n0\r\n\r\n" HEAD("HEAD /h") "\r\n"},
    {HEAD("PUT /e") "Expect: 100-continue\r\nContent-Length: 3\r\n\r\n",
     "abc" HEAD("GET /big") "\r\n"},
    {HEAD("GET /throw") "\r\n" HEAD("GET /big") "\r\n", HEAD("GET /z") "\r\n"},
    {"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", "more and more"},
    {"GET /old HTTP/1.0\r\n\r\n", ""},
};

enum { CLIENTS = sizeof(clients) / sizeof(*clients) };

static char *right[CLIENTS];
static size_t right_len[CLIENTS];

void traffic_play(server_fixture_t *s)
{
    for (int i = 0; i < CLIENTS; i++) {
        sim_send(sim_connect(), clients[i][0]);
    }
    sim_run(s->server, 20);
    for (int i = 0; i < CLIENTS; i++) {
        sim_send(i, clients[i][1]);
    }
    sim_run(s->server, 2500);
}

void traffic_learn(void)
{
    traffic_forget();
    for (int i = 0; i < CLIENTS; i++) {
        right_len[i] = sim_received_len(i);
        right[i] = malloc(right_len[i] + 1);
        assert_non_null(right[i]);
        memcpy(right[i], sim_received(i), right_len[i] + 1);
        assert_true(right_len[i] > 0);
    }
}

void traffic_forget(void)
{
    for (int i = 0; i < CLIENTS; i++) {
        free(right[i]);
        right[i] = NULL;
    }
}

/* How many of the bytes at `at` are a line whose value may differ between two
 * runs: the clock goes on when something is retried, and ids are random. */
static size_t varies(isere_slice_t answer, size_t at)
{
    static const struct {
        const char *name;
        size_t value;
    } lines[] = {{"\r\nDate: ", 29}, {"\r\nIsere-Request-Id: ", 36}};
    for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
        size_t name = strlen(lines[i].name);
        if (answer.len - at >= name + lines[i].value &&
            memcmp(answer.ptr + at, lines[i].name, name) == 0) {
            return name + lines[i].value;
        }
    }
    return 0;
}

bool traffic_same(isere_slice_t a, isere_slice_t b)
{
    size_t i = 0;
    while (i < a.len && i < b.len) {
        size_t skip = varies(a, i);
        if (skip != varies(b, i) || (!skip && a.ptr[i] != b.ptr[i])) {
            return false;
        }
        i += skip ? skip : 1;
    }
    return a.len == b.len;
}

static bool is_head_answer(int client, int index)
{
    return client == 3 && index == 1;
}

/* The next answer; an answer to HEAD has no body. */
static bool next(int client, int index, isere_slice_t *rest,
                 isere_slice_t *answer)
{
    if (!is_head_answer(client, index)) {
        return answers_next(rest, answer);
    }
    if (rest->len == 0) {
        return false;
    }
    *answer = *rest;
    *rest = isere_slice(NULL);
    return true;
}

static void check_client(int client, bool errors, bool whole)
{
    isere_slice_t want = isere_slice_of(right[client], right_len[client]);
    isere_slice_t got =
        isere_slice_of(sim_received(client), sim_received_len(client));
    isere_slice_t a;
    isere_slice_t b;
    for (int i = 0; next(client, i, &got, &b); i++) {
        if (!next(client, i, &want, &a)) {
            fail_msg("client %d: too many answers: %.*s", client, (int)b.len,
                     b.ptr);
        }
        int status = answers_status(b);
        bool error = errors && (status == 500 || status == 503);
        if (!error && !traffic_same(a, b)) {
            fail_msg("client %d, answer %d: %.*s, not %.*s", client, i,
                     (int)b.len, b.ptr, (int)a.len, a.ptr);
        }
    }
    /* What is left was cut off, and is still right. */
    if (got.len > want.len || (got.len > 0 && got.len < 20 &&
                               memcmp(got.ptr, want.ptr, got.len) != 0)) {
        fail_msg("client %d: the rest is wrong: %.*s", client, (int)got.len,
                 got.ptr);
    }
    if (whole && (want.len > 0 || got.len > 0)) {
        fail_msg("client %d: got only %s", client, sim_received(client));
    }
}

void traffic_check(bool errors, bool (*must_be_whole)(int client))
{
    for (int i = 0; i < CLIENTS; i++) {
        check_client(i, errors, must_be_whole && must_be_whole(i));
    }
}

void traffic_check_alive(server_fixture_t *s)
{
    int c = sim_connect();
    sim_send(c, HEAD("GET /alive") "\r\n");
    sim_run(s->server, 200);
    if (!strstr(sim_received(c), "x-path: /alive\r\n")) {
        fail_msg("the server is not alive: %s", sim_received(c));
    }
}
