/* The client: addresses, answers whole and cut up, and calls over sockets. */
#include "apps/isere/client/client.h"
#include "isere/error.h"
#include "tests/unit/support/unit.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- addresses ---- */

static void good_url(const char *text, const char *host, const char *port,
                     const char *authority)
{
    isere_client_url_t url;
    const char *wrong = isere_client_url_parse(&url, text);
    if (wrong) {
        fail_msg("%s: %s", text, wrong);
    }
    assert_string_equal(url.host, host);
    assert_string_equal(url.port, port);
    assert_string_equal(url.authority, authority);
}

static void bad_url(const char *text, const char *why)
{
    isere_client_url_t url;
    const char *wrong = isere_client_url_parse(&url, text);
    if (!wrong || !strstr(wrong, why)) {
        fail_msg("%s: %s", text, wrong ? wrong : "fine");
    }
}

static void test_urls(void **state)
{
    char longest[400];
    (void)state;
    good_url("http://pico", "pico", "80", "pico");
    good_url("HTTP://pico.local:8080/", "pico.local", "8080",
             "pico.local:8080");
    good_url("http://127.0.0.1:1", "127.0.0.1", "1", "127.0.0.1:1");
    good_url("http://[::1]:8080", "::1", "8080", "[::1]:8080");
    good_url("http://[fe80::1]", "fe80::1", "80", "[fe80::1]");
    bad_url("", "does not begin with http://");
    bad_url("pico:8080", "does not begin with http://");
    bad_url("https://pico", "is https");
    bad_url("http://", "has no host");
    bad_url("http://:80", "has no host");
    bad_url("http://[]", "has no host");
    bad_url("http://[::1", "has an invalid host");
    bad_url("http://[::1%25eth0]", "has an invalid host");
    bad_url("http://[pico]", "has an invalid host");
    bad_url("http://a b", "has an invalid host");
    bad_url("http://a\r\nX: y", "has an invalid host");
    bad_url("http://\xc3\xa9", "has an invalid host");
    bad_url("http://::1", "has no host");
    bad_url("http://pico:", "has an invalid port");
    bad_url("http://pico:http", "has an invalid port");
    bad_url("http://pico:80a", "has an invalid port");
    bad_url("http://pico:+80", "has an invalid port");
    bad_url("http://[::1]80", "has an invalid port");
    bad_url("http://pico:0", "has an invalid port");
    bad_url("http://pico:65536", "has an invalid port");
    bad_url("http://pico:123456", "has an invalid port");
    bad_url("http://me:secret@pico", "a user name");
    bad_url("http://pico/x", "has a path");
    bad_url("http://pico?x", "has a path");
    bad_url("http://pico#x", "has a path");
    snprintf(longest, sizeof(longest), "http://%0300d", 0);
    bad_url(longest, "too long");
}

/* ---- answers ---- */

typedef struct taken {
    isere_client_response_t response;
    char body[256];
    size_t len;
    size_t limit;
} taken_t;

static bool take(isere_client_response_t *response, isere_slice_t bytes)
{
    taken_t *t = response->arg;
    assert_true(t->len + bytes.len <= sizeof(t->body));
    memcpy(t->body + t->len, bytes.ptr, bytes.len);
    t->len += bytes.len;
    return t->len < t->limit;
}

/* Parses the text in pieces of `step` bytes. */
static taken_t *parse(isere_slice_t text, size_t step)
{
    static taken_t t;
    memset(&t, 0xa5, sizeof(t));
    t.len = 0;
    t.limit = SIZE_MAX;
    isere_client_response_init(&t.response, take, &t);
    for (size_t at = 0; at < text.len; at += step) {
        size_t left = text.len - at;
        isere_client_response_feed(
            &t.response,
            isere_slice_of(text.ptr + at, left < step ? left : step));
    }
    isere_client_response_end(&t.response);
    return &t;
}

static void good(const char *text, int status, const char *body)
{
    for (size_t step = 1; step <= strlen(text); step++) {
        taken_t *t = parse(isere_slice(text), step);
        if (t->response.state != ISERE_CLIENT_DONE ||
            t->response.status != status ||
            !isere_slice_is(isere_slice_of(t->body, t->len), body)) {
            fail_msg("%s, by %zu: %d %s, '%.*s'", text, step,
                     t->response.status,
                     t->response.reason ? t->response.reason : "", (int)t->len,
                     t->body);
        }
    }
}

static void bad_bytes(isere_slice_t text, const char *why)
{
    for (size_t step = 1; step <= text.len + 1; step++) {
        taken_t *t = parse(text, step);
        if (t->response.state != ISERE_CLIENT_BAD ||
            !strstr(t->response.reason, why)) {
            fail_msg("%.*s, by %zu: %d, %s", (int)text.len, text.ptr, step,
                     (int)t->response.state,
                     t->response.reason ? t->response.reason : "fine");
        }
    }
}

static void bad(const char *text, const char *why)
{
    bad_bytes(isere_slice(text), why);
}

#define OK "HTTP/1.1 200 OK\r\n"
#define CHUNKED OK "Transfer-Encoding: chunked\r\n\r\n"

static void test_good_answers(void **state)
{
    taken_t *t;
    (void)state;
    good(OK "Content-Length: 5\r\n\r\nhello", 200, "hello");
    good(OK "content-length:005 \t\r\n\r\nhello, and more", 200, "hello");
    good(OK "Content-Length: 0\r\n\r\n", 200, "");
    good(OK "\r\nuntil the end", 200, "until the end");
    good("HTTP/1.0 404 \r\nX: \r\n\r\n", 404, "");
    good("HTTP/1.1 204 No Content\r\n\r\n", 204, "");
    good("HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", 304, "");
    good("HTTP/1.1 100 Continue\r\n\r\n"
         "HTTP/1.1 103 Early Hints\r\nX: y\r\n\r\n" OK
         "Content-Length: 1\r\n\r\na",
         200, "a");
    good(CHUNKED "5\r\nhello\r\n0\r\n\r\n", 200, "hello");
    good(CHUNKED "1\r\na\r\n00A; x=\"y\"\r\n0123456789\r\n000\r\nT: u\r\n"
                 "V: w\r\n\r\n",
         200, "a0123456789");
    t = parse(isere_slice(OK "Content-Type: text/html; charset=utf-8\r\n"
                             "LOCATION: /x\r\n\r\n"),
              7);
    assert_true(isere_slice_is(t->response.type, "text/html"));
    assert_true(isere_slice_is(t->response.location, "/x"));
}

static void test_bad_answers(void **state)
{
    static const char nul[] = OK "X: a\0b\r\n\r\n";
    (void)state;
    bad("", "closed without one");
    bad("SSH-2.0-OpenSSH\r\n", "not HTTP");
    bad("HTTP/2 200 OK\r\n\r\n", "not HTTP");
    bad("HTTP/1.2 200 OK\r\n\r\n", "status line");
    bad("HTTP/1.1 20 OK\r\n\r\n", "status line");
    bad("HTTP/1.1 2000 OK\r\n\r\n", "status line");
    bad("HTTP/1.1 099 OK\r\n\r\n", "status line");
    bad("HTTP/1.1 600 OK\r\n\r\n", "status line");
    bad("HTTP/1.1 200\r\n\r\n", "status line");
    bad("HTTP/1.1  200 OK\r\n\r\n", "status line");
    bad("HTTP/1.1 200 O\x01K\r\n\r\n", "status line");
    bad(OK "X: y\n\r\n", "cut short");
    bad(OK "X: y\rZ: a\r\n\r\n", "does not end in CRLF");
    bad(OK "X: y\nZ: a\r\n\r\n", "malformed");
    bad(OK " X: y\r\n\r\n", "malformed");
    bad(OK "X : y\r\n\r\n", "malformed");
    bad(OK "X: y\r\n z\r\n\r\n", "no name");
    bad(OK ": y\r\n\r\n", "no name");
    bad(OK "y\r\n\r\n", "no name");
    bad_bytes(isere_slice_of(nul, sizeof(nul) - 1), "malformed");
    bad(OK "Content-Length: +5\r\n\r\nhello", "Content-Length");
    bad(OK "Content-Length: 5, 5\r\n\r\nhello", "Content-Length");
    bad(OK "Content-Length:\r\n\r\nhello", "Content-Length");
    bad(OK "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
        "Content-Length");
    bad(OK "Content-Length: 9999999999999999999\r\n\r\n", "Content-Length");
    bad(OK "Transfer-Encoding: gzip\r\n\r\n", "Transfer-Encoding");
    bad(OK "Transfer-Encoding: gzip, chunked\r\n\r\n", "Transfer-Encoding");
    bad("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        "Transfer-Encoding");
    bad(OK "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", "both");
    bad("HTTP/1.1 101 Switching\r\n\r\n" OK "\r\n", "interim");
    bad(OK, "cut short");
    bad(OK "Content-Length: 5\r\n\r\nhell", "cut short");
    bad(CHUNKED "5\r\nhello\r\n0\r\n", "cut short");
    bad(CHUNKED "\r\n", "size of a chunk");
    bad(CHUNKED "g\r\n", "size of a chunk");
    bad(CHUNKED "5 \r\nhello", "size of a chunk");
    bad(CHUNKED "-5\r\nhello", "size of a chunk");
    bad(CHUNKED "1111111111111111\r\n", "size of a chunk");
    bad(CHUNKED "5\nhello", "size of a chunk");
    bad(CHUNKED "5\r\nhello!\r\n", "does not end");
    bad(CHUNKED "5\rhello", "does not end");
    bad(CHUNKED "5;\x01\r\n", "line of its chunks");
    bad(CHUNKED "0\r\nX: y\n\r\n", "line of its chunks");
}

static void test_limits_of_answers(void **state)
{
    static char text[2 * ISERE_CLIENT_MAX_HEAD];
    taken_t *t;
    (void)state;
    snprintf(text, sizeof(text), OK "X: %0*d\r\n\r\n",
             ISERE_CLIENT_MAX_HEAD - 24, 0);
    assert_int_equal(strlen(text), ISERE_CLIENT_MAX_HEAD);
    t = parse(isere_slice(text), 1000);
    assert_int_equal(t->response.state, ISERE_CLIENT_DONE);
    snprintf(text, sizeof(text), OK "X: %0*d\r\n\r\n",
             ISERE_CLIENT_MAX_HEAD - 23, 0);
    t = parse(isere_slice(text), 1000);
    assert_string_equal(t->response.reason, "its head is too long");
    snprintf(text, sizeof(text), CHUNKED "1;%0*d\r\n",
             ISERE_CLIENT_MAX_LINE + 1, 0);
    t = parse(isere_slice(text), 1000);
    assert_string_equal(t->response.reason, "a line of its chunks is too long");
    text[0] = '\0';
    for (int i = 0; i <= ISERE_CLIENT_MAX_INTERIM; i++) {
        strcat(text, "HTTP/1.1 102 Processing\r\n\r\n");
    }
    t = parse(isere_slice(text), 1000);
    assert_non_null(strstr(t->response.reason, "interim"));
}

/* The body's taker ends it. */
static void test_left(void **state)
{
    static taken_t t;
    (void)state;
    t.limit = 3;
    isere_client_response_init(&t.response, take, &t);
    assert_int_equal(isere_client_response_feed(
                         &t.response, isere_slice(CHUNKED "4\r\nabcd\r\n")),
                     ISERE_CLIENT_LEFT);
    assert_int_equal(
        isere_client_response_feed(&t.response, isere_slice("0\r\n")),
        ISERE_CLIENT_LEFT);
    assert_int_equal(isere_client_response_end(&t.response), ISERE_CLIENT_LEFT);
    assert_int_equal(t.len, 4);
}

/* ---- calls ---- */

/* A server for one connection: it reads `want` bytes, sends `answer`, and
 * closes unless it shall stay. */
typedef struct script {
    const char *answer;
    size_t want;
    bool stays;
    int listener, fd;
    char got[4096];
    size_t got_len;
} script_t;

static void *serve(void *arg)
{
    script_t *s = arg;
    s->fd = accept(s->listener, NULL, NULL);
    while (s->got_len < s->want) {
        ssize_t n = recv(s->fd, s->got + s->got_len,
                         sizeof(s->got) - 1 - s->got_len, 0);
        if (n <= 0) {
            break;
        }
        s->got_len += (size_t)n;
    }
    if (send(s->fd, s->answer, strlen(s->answer), MSG_NOSIGNAL) < 0) {
        s->answer = NULL;
    }
    if (!s->stays) {
        shutdown(s->fd, SHUT_WR);
    }
    return NULL;
}

/* Listens on a free port of 127.0.0.1. */
static void listen_on(script_t *s, isere_client_url_t *url)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t len = sizeof(address);
    char text[64];
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    s->listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(s->listener, (void *)&address, len), 0);
    assert_int_equal(listen(s->listener, 1), 0);
    assert_int_equal(getsockname(s->listener, (void *)&address, &len), 0);
    snprintf(text, sizeof(text), "http://127.0.0.1:%u",
             (unsigned)ntohs(address.sin_port));
    assert_null(isere_client_url_parse(url, text));
}

static char reason[ISERE_CLIENT_REASON_MAX];
static taken_t answer;

/* One call of that server. */
static int call(script_t *s, isere_client_request_t *request)
{
    isere_client_url_t url;
    pthread_t thread;
    int error;
    listen_on(s, &url);
    request->url = &url;
    request->connect_ms = 5000;
    assert_int_equal(pthread_create(&thread, NULL, serve, s), 0);
    answer.len = 0;
    answer.limit = SIZE_MAX;
    isere_client_response_init(&answer.response, take, &answer);
    error = isere_client_call(request, &answer.response, reason);
    pthread_join(thread, NULL);
    close(s->fd);
    close(s->listener);
    return error;
}

static void test_call(void **state)
{
    script_t s = {.answer = OK "Content-Length: 2\r\n\r\nok", .stays = true};
    isere_client_request_t request = {.method = "PUT",
                                      .target = "/x?y",
                                      .token = "secret",
                                      .type = "text/plain",
                                      .body = ISERE_SLICE("body"),
                                      .silence_ms = 5000};
    (void)state;
    s.want = 1;
    assert_int_equal(call(&s, &request), 0);
    assert_int_equal(answer.response.status, 200);
    assert_memory_equal(answer.body, "ok", 2);
    assert_memory_equal(s.got, "PUT /x?y HTTP/1.1\r\nHost: 127.0.0.1:", 35);
    assert_non_null(strstr(s.got, "\r\nConnection: close\r\n"));
    assert_non_null(strstr(s.got, "\r\nAuthorization: Bearer secret\r\n"));
    assert_non_null(strstr(s.got, "\r\nContent-Length: 4\r\n\r\n"));
}

/* Whoever refuses a body need not read it. */
static void test_early_answer(void **state)
{
    const size_t size = 32 << 20;
    char *body = calloc(1, size);
    script_t s = {.answer = "HTTP/1.1 413 x\r\nContent-Length: 1\r\n\r\nx",
                  .stays = true};
    isere_client_request_t request = {.method = "PUT",
                                      .target = "/",
                                      .type = "text/plain",
                                      .body = {body, size},
                                      .silence_ms = 5000};
    (void)state;
    assert_non_null(body);
    s.want = 1;
    assert_int_equal(call(&s, &request), 0);
    assert_int_equal(answer.response.status, 413);
    free(body);
}

static void test_failed_calls(void **state)
{
    isere_client_request_t request = {
        .method = "GET", .target = "/", .silence_ms = 50};
    isere_client_url_t url;
    script_t s = {.answer = OK "Content-Length: 2\r\n\r\no", .want = 1};
    char target[3000];
    (void)state;
    assert_int_equal(call(&s, &request), ISERE_ERR_TIMEOUT);
    assert_non_null(
        strstr(reason, "sent an invalid response: it was cut short"));
    memset(&s, 0, sizeof(s));
    s.answer = OK;
    s.want = 1;
    s.stays = true;
    assert_int_equal(call(&s, &request), ISERE_ERR_TIMEOUT);
    assert_non_null(strstr(reason, "sent nothing for 50 ms"));
    /* Nobody is there any more. */
    memset(&s, 0, sizeof(s));
    listen_on(&s, &url);
    close(s.listener);
    request.url = &url;
    assert_int_equal(isere_client_call(&request, &answer.response, reason),
                     ISERE_ERR_IO);
    assert_memory_equal(reason, "http://127.0.0.1:", 17);
    assert_non_null(strstr(reason, "can't be reached: Connection refused"));
    memset(target, 'x', sizeof(target) - 1);
    target[sizeof(target) - 1] = '\0';
    request.target = target;
    assert_int_equal(isere_client_call(&request, &answer.response, reason),
                     ISERE_ERR_IO);
    assert_non_null(strstr(reason, "the request is too long"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_urls),
        cmocka_unit_test(test_good_answers),
        cmocka_unit_test(test_bad_answers),
        cmocka_unit_test(test_limits_of_answers),
        cmocka_unit_test(test_left),
        cmocka_unit_test(test_call),
        cmocka_unit_test(test_early_answer),
        cmocka_unit_test(test_failed_calls),
    };
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
