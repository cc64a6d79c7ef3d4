/* Deploys whose body goes to flash while it arrives, as on a device. */
#include "core/deploy/registry.h"
#include "tests/unit/support/nor.h"
#include "tests/unit/support/server/stored_fixture.h"
#include "tests/unit/support/test_port.h"
#include "tests/unit/support/unit.h"

#define PUT(name, type, more)                                                  \
    "PUT /_isere/v1/functions/" name " HTTP/1.1\r\n" AUTHORITY                 \
    "Content-Type: " type "\r\n" more "\r\n"
#define SOURCE_HEAD(length)                                                    \
    PUT("a", "text/javascript", "Content-Length: " length "\r\n")
#define SOURCE_CHUNKS                                                          \
    PUT("a", "text/javascript", "Transfer-Encoding: chunked\r\n")

enum { SECTORS = 64, MODULE = 30000, MEMORY = 12 * 1024 };

static stored_fixture_t p;
static nor_t nor;
static char module[MODULE + 1];
static size_t room;

static void start(void)
{
    assert_int_equal(stored_start(&p), 0);
    room = p.registry->extents ? isere_extents_room(p.registry->extents) : 0;
}

static int setup(void **state)
{
    static const char begin[] = "export const handler = () => 'long';\n/*";
    (void)state;
    nor_init(&nor, SECTORS, 256);
    stored_init(&p);
    p.config.flash = &nor.table;
    p.limits_config.max_body = 2000;
    memset(module, '.', MODULE);
    memcpy(module, begin, sizeof(begin) - 1);
    memcpy(module + MODULE - 2, "*/", 2);
    return 0;
}

static bool is_code(const isere_extent_t *extent)
{
    const isere_catalog_t *catalog = p.registry->catalog;
    for (size_t i = 0; i < catalog->count; i++) {
        const isere_deployment_t *d = catalog->entries[i].deployment;
        if (d && d->flash.code == extent) {
            return true;
        }
    }
    return false;
}

/* What is in the flash is the code of functions, and nothing else. Code without
 * a record, as the flash failed, is used all the same. */
static void expect_nothing_staged(void)
{
    isere_extents_t *extents = p.registry->extents;
    for (unsigned i = 0; extents && i < ISERE_EXTENTS_MAX; i++) {
        const isere_extent_t *e = &extents->list[i];
        assert_true(!e->gone || e->users == 0 || is_code(e));
    }
}

static int teardown(void **state)
{
    (void)state;
    sim_run(p.server, 60 * 1000);
    expect_nothing_staged();
    int leaks = stored_teardown(&p);
    nor_deinit(&nor);
    return leaks;
}

/* Sends bytes in small pieces, which the server sees one by one. */
static void send_slowly(int client, const char *bytes, size_t len)
{
    while (len > 0) {
        size_t piece = len < 700 ? len : 700;
        sim_send_bytes(client, bytes, piece);
        sim_run(p.server, 1);
        bytes += piece;
        len -= piece;
    }
}

static void expect_long(void)
{
    stored_expect(&p, stored_get("/a"), 200, "long");
}

/* ---- what works ---- */

static void test_in_pieces(void **state)
{
    (void)state;
    start();
    int client = sim_connect();
    sim_send(client, SOURCE_HEAD("30000"));
    send_slowly(client, module, MODULE);
    stored_expect(&p, client, 201, "\"version\":1");
    assert_false(sim_is_closed(client));
    expect_long();
    /* No block of the server's was as large as the module. */
    assert_true(sim_net()->largest < MEMORY);
    assert_true(nor.erases >= MODULE / NOR_SECTOR);
}

static void test_all_at_once(void **state)
{
    (void)state;
    start();
    int client = sim_connect();
    sim_send(client, SOURCE_HEAD("30000"));
    sim_send_bytes(client, module, MODULE);
    sim_send(client, "GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
    sim_run(p.server, 1);
    /* The request behind it is answered by what it deployed. */
    const char *second = strstr(sim_received(client) + 1, "HTTP/1.1 ");
    assert_int_equal(stored_status(client), 201);
    assert_non_null(second);
    assert_non_null(strstr(second, "long"));
}

static void test_chunks(void **state)
{
    (void)state;
    char head[16];
    start();
    int client = sim_connect();
    sim_send(client, SOURCE_CHUNKS);
    for (size_t at = 0; at < MODULE; at += 1000) {
        snprintf(head, sizeof(head), "%x;x=y\r\n", 1000u);
        send_slowly(client, head, strlen(head));
        send_slowly(client, module + at, 1000);
        send_slowly(client, "\r\n", 2);
    }
    send_slowly(client, "0\r\nTrailer: t\r\n\r\n", 17);
    stored_expect(&p, client, 201, "\"version\":1");
    assert_false(sim_is_closed(client));
    expect_long();
    assert_true(sim_net()->largest < MEMORY);
}

static void test_asked_for(void **state)
{
    (void)state;
    start();
    int client = sim_connect();
    sim_send(client, PUT("a", "text/javascript",
                         "Content-Length: 30000\r\nExpect: 100-continue\r\n"));
    sim_run(p.server, 1);
    sim_expect(client, "100 Continue");
    sim_forget_received(client);
    sim_send_bytes(client, module, MODULE);
    stored_expect(&p, client, 201, "\"version\":1");
    expect_long();
}

/* Both arrive at the same time, and others are served meanwhile. */
static void test_two_at_once(void **state)
{
    (void)state;
    start();
    int one = sim_connect(), two = sim_connect();
    sim_send(one, SOURCE_HEAD("30000"));
    sim_send(two, PUT("b", "text/javascript", "Content-Length: 30000\r\n"));
    for (size_t at = 0; at < MODULE; at += 1000) {
        sim_send_bytes(one, module + at, 1000);
        sim_send_bytes(two, module + at, 1000);
        sim_run(p.server, 1);
        stored_expect(&p, stored_get("/c"), 404, "");
    }
    stored_expect(&p, one, 201, "\"name\":\"a\"");
    stored_expect(&p, two, 201, "\"name\":\"b\"");
    stored_expect(&p, stored_get("/b"), 200, "long");
}

static void test_survives_a_restart(void **state)
{
    (void)state;
    start();
    int client = sim_connect();
    sim_send(client, SOURCE_HEAD("30000"));
    sim_send_bytes(client, module, MODULE);
    stored_expect(&p, client, 201, "\"version\":1");
    stored_restart(&p);
    expect_long();
}

/* They are read piece by piece. A version that goes meanwhile ends the
 * connection: nobody takes a part for the whole. */
static void test_files(void **state)
{
    (void)state;
    start();
    stored_expect(&p, stored_call("GET", "/v1/functions/a/files", "", ""), 404,
                  "no function of that name");
    int client = sim_connect();
    sim_send(client, SOURCE_HEAD("30000"));
    sim_send_bytes(client, module, MODULE);
    stored_expect(&p, client, 201, "");
    sim_net()->largest = 0;
    client = stored_call("GET", "/v1/functions/a/files", "", "");
    assert_int_equal(stored_ask(&p, client), 200);
    sim_expect(client, "...*/\"}}");
    assert_true(sim_received_len(client) > MODULE);
    assert_false(sim_is_closed(client));
    assert_true(sim_net()->largest < MEMORY);
    client = stored_call("GET", "/v1/functions/a/files", "", "");
    sim_net()->clients[client].window = 5000;
    assert_int_equal(stored_ask(&p, client), 200);
    stored_expect(&p, stored_call("DELETE", "/v1/functions/a", "", ""), 204,
                  "");
    sim_net()->clients[client].window = SIZE_MAX;
    sim_run(p.server, 1);
    assert_true(sim_is_closed(client));
    assert_true(sim_received_len(client) < MODULE);
}

/* Where it can't be used, bodies are collected in memory. */
static void test_useless_flash(void **state)
{
    (void)state;
    nor.table.sector = 3;
    p.limits_config.max_body = 64 * 1024;
    start();
    assert_null(p.registry->extents);
    int client = sim_connect();
    sim_send(client, SOURCE_HEAD("30000"));
    send_slowly(client, module, MODULE);
    stored_expect(&p, client, 201, "\"version\":1");
    expect_long();
}

/* ---- what does not ---- */

static void test_too_long(void **state)
{
    (void)state;
    p.config.sizes.file = 20000;
    start();
    int client = sim_connect();
    sim_send(client, SOURCE_HEAD("20001"));
    stored_expect(&p, client, 413, "a module may have at most 20000");
    client = sim_connect();
    sim_send(client,
             PUT("a", "application/json", "Content-Length: 131073\r\n"));
    stored_expect(&p, client, 413, "a package may have at most 128K");
    client = sim_connect();
    sim_send(client,
             PUT("a", "application/json", "Content-Length: 4000000000\r\n"));
    stored_expect(&p, client, 413, "a package may have at most 128K");
    client = sim_connect();
    sim_send(client, SOURCE_CHUNKS "6000\r\n");
    sim_send_bytes(client, module, MODULE);
    stored_expect(&p, client, 413, "at most 20000");
    sim_run(p.server, 2000);
    assert_true(sim_is_closed(client));
}

/* Of other requests the limit is that of memory, however they come. */
static void test_other_bodies(void **state)
{
    (void)state;
    static const char post[] = "POST /a HTTP/1.1\r\nHost: x\r\n";
    char text[6000];
    start();
    assert_int_equal(
        stored_deploy(&p, "a", "export const handler = e => e.body.length"),
        201);
    for (int length = 1999; length <= 2002; length++) {
        int status = length <= 2000 ? 200 : 413;
        snprintf(text, sizeof(text), "%sContent-Length: %d\r\n\r\n%.*s", post,
                 length, length, module + 100);
        int whole = sim_ask(text);
        int slow = sim_connect();
        assert_int_equal(stored_ask(&p, whole), status);
        send_slowly(slow, text, strlen(text));
        assert_int_equal(stored_status(slow), status);
        snprintf(text, sizeof(text),
                 "%sTransfer-Encoding: chunked\r\n\r\n%x\r\n%.*s\r\n0\r\n\r\n",
                 post, (unsigned)length, length, module + 100);
        whole = sim_ask(text);
        slow = sim_connect();
        assert_int_equal(stored_ask(&p, whole), status);
        send_slowly(slow, text, strlen(text));
        assert_int_equal(stored_status(slow), status);
    }
    int client = sim_connect();
    sim_send(client, "POST /_isere/v1/functions/a/invoke HTTP/1.1\r\n" AUTHORITY
                     "Content-Length: 2001\r\n\r\n");
    stored_expect(&p, client, 413, "");
}

static void test_without_the_token(void **state)
{
    (void)state;
    start();
    int client = sim_ask("PUT /_isere/v1/functions/a HTTP/1.1\r\n"
                         "Host: 127.0.0.1\r\nContent-Type: text/javascript\r\n"
                         "Content-Length: 30000\r\n\r\n");
    stored_expect(&p, client, 401, "");
    assert_int_equal(isere_extents_room(p.registry->extents), room);
}

static void test_client_leaves(void **state)
{
    (void)state;
    start();
    int client = sim_connect();
    sim_send(client, SOURCE_HEAD("30000"));
    send_slowly(client, module, MODULE / 2);
    assert_true(isere_extents_room(p.registry->extents) < room);
    sim_net()->clients[client].reset = true;
    sim_net()->clients[client].finished = true;
    sim_run(p.server, 1);
    assert_int_equal(isere_extents_room(p.registry->extents), room);
    client = sim_connect();
    sim_send(client, SOURCE_HEAD("30000"));
    send_slowly(client, module, MODULE / 2);
    sim_run(p.server, 60 * 1000);
    sim_expect(client, " 408 ");
    assert_int_equal(isere_extents_room(p.registry->extents), room);
}

static void test_nonsense_in_the_middle(void **state)
{
    (void)state;
    start();
    int client = sim_connect();
    sim_send(client, SOURCE_CHUNKS "10\r\n0123456789abcdefXX");
    stored_expect(&p, client, 400, "");
    assert_int_equal(isere_extents_room(p.registry->extents), room);
}

static void test_no_room(void **state)
{
    (void)state;
    start();
    int clients[8];
    int refused = 0;
    for (int i = 0; i < 8; i++) {
        clients[i] = sim_connect();
        sim_send(clients[i], PUT("a", "application/json",
                                 "Transfer-Encoding: chunked\r\n") "1\r\n");
        sim_run(p.server, 1);
        if (stored_status(clients[i]) == 503) {
            sim_expect(clients[i], "no room in flash");
            refused++;
        }
    }
    assert_true(refused > 0 && refused < 8);
}

/* Power does not come back here: whatever fails is answered, and the server
 * goes on without what it could not write. */
static void test_flash_fails(void **state)
{
    (void)state;
    start();
    for (int at = 1;; at++) {
        if (at % 40 == 0) { /* there are not many clients */
            stored_restart(&p);
        }
        nor_power_on(&nor, at, NOR_HALF);
        int client = sim_connect();
        sim_send(client, SOURCE_HEAD("30000"));
        sim_send_bytes(client, module, MODULE);
        int status = stored_ask(&p, client);
        bool cut = nor.off;
        nor_power_on(&nor, 0, NOR_BEFORE);
        if (!cut) {
            assert_true(at > MODULE / 256);
            assert_true(status == 200 || status == 201);
            break;
        }
        if (status == 500) {
            sim_expect(client, "the flash can't be written");
        }
        expect_nothing_staged();
    }
    expect_long();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(test_in_pieces),
        TEST(test_all_at_once),
        TEST(test_chunks),
        TEST(test_asked_for),
        TEST(test_two_at_once),
        TEST(test_survives_a_restart),
        TEST(test_files),
        TEST(test_useless_flash),
        TEST(test_too_long),
        TEST(test_other_bodies),
        TEST(test_without_the_token),
        TEST(test_client_leaves),
        TEST(test_nonsense_in_the_middle),
        TEST(test_no_room),
        TEST(test_flash_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
