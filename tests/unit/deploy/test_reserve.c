/*
 * Functions fill the memory of a device, all of it in one arena as there: what
 * they leave is enough to serve, to list and to remove them, whatever was
 * served before and however often.
 */
#include "core/heap/arena.h"
#include "tests/unit/support/server/stored_fixture.h"
#include "tests/unit/support/unit.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What 32-bit functions take is smaller: the store has no room for 160 KB of
 * them. */
enum {
    REGION = (sizeof(void *) == 8 ? 160 : 104) * 1024,
    RESERVE = 32 * 1024,
    MOST = 99,
};

static stored_fixture_t p;
static isere_arena_t *arena;
static void *memory;
static int client;

static void *resize(void *ctx, void *block, size_t bytes)
{
    (void)ctx;
    if (bytes == 0) {
        if (block) {
            isere_arena_free(arena, block);
        }
        return NULL;
    }
    return block ? isere_arena_realloc(arena, block, bytes)
                 : isere_arena_alloc(arena, bytes);
}

static void start(size_t reserve)
{
    p.config.reserve_bytes = reserve;
    stored_restart(&p);
    client = sim_connect();
}

static int setup(void **state)
{
    (void)state;
    memory = malloc(REGION);
    arena = isere_arena_init(memory, REGION, 0);
    assert_non_null(arena);
    stored_init(&p);
    p.port.resize = resize;
    p.limits_config.max_instances = 2;
    start(RESERVE);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    stored_deinit(&p);
    free(memory);
    return 0;
}

/* All on one connection. */
static int ask(const char *method, const char *path, const char *body)
{
    char head[512];
    sim_forget_received(client);
    snprintf(head, sizeof(head),
             "%s %s HTTP/1.1\r\n" AUTHORITY
             "Content-Type: text/javascript\r\nContent-Length: %lu\r\n\r\n",
             method, path, (unsigned long)strlen(body));
    sim_send(client, head);
    sim_send(client, body);
    return stored_ask(&p, client);
}

static void get(int i)
{
    char path[32], answer[32];
    snprintf(path, sizeof(path), "/f%d", i);
    snprintf(answer, sizeof(answer), "<f%d>", i);
    assert_int_equal(ask("GET", path, ""), 200);
    sim_expect(client, answer);
}

static int deploy(int i)
{
    char path[64], source[1024];
    int n = snprintf(source, sizeof(source),
                     "export const handler = () => '<f%d>'\n", i);
    snprintf(path, sizeof(path), "/_isere/v1/functions/f%d", i);
    while (n < 700) {
        n += snprintf(source + n, sizeof(source) - (size_t)n,
                      "export const a%d = (b) => b + %d\n", n, n);
    }
    return ask("PUT", path, source);
}

static void list(int count)
{
    char last[32];
    snprintf(last, sizeof(last), "\"name\":\"f%d\"", count - 1);
    assert_int_equal(ask("GET", "/_isere/v1/functions", ""), 200);
    sim_expect(client, last);
}

static void remove_one(int i)
{
    char path[64];
    snprintf(path, sizeof(path), "/_isere/v1/functions/f%d", i);
    assert_int_equal(ask("DELETE", path, ""), 204);
}

/* How many there is room for. */
static int fill(void)
{
    int status = 201;
    int count = 0;
    while (count < MOST && status == 201) {
        status = deploy(count);
        count += status == 201;
    }
    assert_int_equal(status, 507);
    sim_expect(client, "the last 32K are kept for requests");
    assert_true(count > 8);
    return count;
}

static void test_a_full_memory_can_be_managed(void **state)
{
    (void)state;
    int count = fill();
    list(count);
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < count; i++) {
            get(i);
        }
        list(count);
    }
    /* One that is no larger may always take another's place. */
    assert_int_equal(deploy(1), 200);
    get(1);
    while (count > 1) {
        list(count);
        remove_one(--count);
    }
    remove_one(0);
    assert_true(fill() > 8);
}

/* What was accepted is there after a restart, and manageable as before. */
static void test_a_restart_loads_them_all(void **state)
{
    (void)state;
    int count = fill();
    start(RESERVE);
    for (int i = 0; i < count; i++) {
        get(i);
    }
    list(count);
    remove_one(0);
}

/* A store from elsewhere may hold more: what does not fit is broken, the rest
 * as usual. */
static void test_a_store_that_holds_more(void **state)
{
    (void)state;
    int count = 0;
    start(0);
    while (count < 26 && deploy(count) == 201) {
        count++;
    }
    start(REGION / 2);
    list(count);
    sim_expect(client, "\"status\":\"broken\"");
    sim_expect(client, "are kept for requests");
    get(0);
    remove_one(0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_a_full_memory_can_be_managed),
        TEST(test_a_restart_loads_them_all),
        TEST(test_a_store_that_holds_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
