/*
 * What is made of functions, in flash: a start takes code and images from there
 * and neither compiles nor runs an init phase, functions take turns in the same
 * places, and whatever is missing or damaged is made again.
 */
#include "core/deploy/kept/flashed.h"
#include "core/deploy/registry.h"
#include "core/isere_config.h"
#include "core/server/exchange.h"
#include "tests/unit/support/nor.h"
#include "tests/unit/support/server/stored_fixture.h"
#include "tests/unit/support/test_port.h"
#include "tests/unit/support/unit.h"

enum { PLACES = 2, SECTORS = 900 };
#define PLACE_BYTES ((size_t)600 * 1024)
#define HEAP_BYTES ((size_t)590 * 1024)

static stored_fixture_t p;
static nor_t nor;
static unsigned char *region;
static bool taken[PLACES];
static int compilers; /* heaps of a compiler, or of a parser of JSON, so far */

static void *place(void *ctx, unsigned index)
{
    (void)ctx;
    return index < PLACES ? region + index * PLACE_BYTES : NULL;
}

static void *take_place(void *ctx, size_t size)
{
    if (size > PLACE_BYTES) {
        compilers++;
        return calloc(1, size);
    }
    for (unsigned i = 0; i < PLACES; i++) {
        if (!taken[i]) {
            taken[i] = true;
            isere_test_state()->live_heaps++;
            return place(ctx, i);
        }
    }
    return NULL;
}

static void give_place(void *ctx, void *heap, size_t size)
{
    (void)ctx;
    if (size > PLACE_BYTES) {
        free(heap);
        return;
    }
    size_t index = (size_t)((unsigned char *)heap - region) / PLACE_BYTES;
    assert_true(taken[index]);
    memset(heap, 0xA5, size);
    taken[index] = false;
    isere_test_state()->live_heaps--;
}

static int setup(void **state)
{
    (void)state;
    stored_init(&p);
    region = malloc(PLACES * PLACE_BYTES);
    assert_non_null(region);
    memset(taken, 0, sizeof(taken));
    nor_init(&nor, SECTORS, 256);
    nor.table.build = isere_slice("this build");
    nor_power_on(&nor, 0, NOR_BEFORE);
    p.port.arena_map = take_place;
    p.port.arena_unmap = give_place;
    p.port.arena_place = place;
    p.config.flash = &nor.table;
    p.config.defaults.memory_bytes = HEAP_BYTES;
    p.config.memory_max = HEAP_BYTES;
    p.limits_config.max_instances = PLACES;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    stored_deinit(&p);
    nor_deinit(&nor);
    free(region);
    return isere_test_leaks();
}

#define SOURCE(text) "let n = 0; export const handler = () => '" text "' + ++n"

static void expect(const char *path, const char *body)
{
    stored_expect(&p, stored_get(path), 200, body);
}

/* The counters of a function's instances: made at all, and from an image. */
static void count(const char *name, unsigned long *starts, unsigned long *loads)
{
    const isere_catalog_entry_t *entry =
        isere_catalog_find(p.registry->catalog, name);
    assert_non_null(entry);
    *starts = atomic_load(&entry->deployment->stats->starts);
    *loads = atomic_load(&entry->deployment->stats->loads);
}

static unsigned long made(void)
{
    return atomic_load(&p.registry->images_made);
}

static void test_a_start_makes_nothing(void **state)
{
    unsigned long starts, loads;
    assert_int_equal(stored_start(&p), 0);
    assert_int_equal(stored_deploy(&p, "a", SOURCE("a")), 201);
    assert_int_equal(stored_deploy(&p, "b", SOURCE("b")), 201);
    assert_int_equal(made(), 2);
    expect("/a", "a1");
    for (int round = 0; round < 2; round++) {
        int before = compilers;
        stored_restart(&p);
        assert_int_equal(compilers, before);
        expect("/a", "a1");
        expect("/b", "b1");
        expect("/a", "a1");
        assert_int_equal(compilers, before);
        assert_int_equal(made(), 0);
        count("a", &starts, &loads);
        assert_true(starts > 0);
        assert_int_equal(starts, loads);
    }
    (void)state;
}

/* Many functions in two places: each answers, each time from its image, and the
 * flash is not written to. */
static void test_functions_take_turns(void **state)
{
    char name[16];
    char path[16];
    char source[80];
    char body[16];
    unsigned long starts, loads;
    assert_int_equal(stored_start(&p), 0);
    for (int i = 0; i < 6; i++) {
        snprintf(name, sizeof(name), "f%d", i);
        snprintf(source, sizeof(source), SOURCE("%d-"), i);
        assert_int_equal(stored_deploy(&p, name, source), 201);
    }
    int writes = nor.writes;
    for (int i = 0; i < 42; i++) {
        snprintf(path, sizeof(path), "/f%d", i % 6);
        snprintf(body, sizeof(body), "%d-1", i % 6);
        expect(path, body);
    }
    assert_int_equal(nor.writes, writes);
    count("f3", &starts, &loads);
    assert_true(starts >= 6);
    assert_int_equal(loads, starts);
    (void)state;
}

static void expect_no_function(void *arg, isere_extent_t *extent,
                               const char *name)
{
    (void)arg;
    (void)extent;
    assert_int_equal(name[0], '.'); /* the base, the index */
}

/* A version has its own; what is not served any more takes no room. */
static void test_deploys_and_removes(void **state)
{
    assert_int_equal(stored_start(&p), 0);
    for (int i = 0; i < 12; i++) {
        char source[80];
        char body[16];
        snprintf(source, sizeof(source), SOURCE("%d-"), i);
        snprintf(body, sizeof(body), "%d-1", i);
        assert_int_equal(stored_deploy(&p, "a", source), i ? 200 : 201);
        expect("/a", body);
    }
    /* One that fails leaves the one that is served as it is. */
    assert_int_equal(stored_deploy(&p, "a", "throw new Error('no')"), 400);
    expect("/a", "11-1");
    stored_expect(
        &p, stored_call("POST", "/v1/functions/a/rollback", "text/plain", ""),
        200, "");
    expect("/a", "10-1");
    int before = compilers;
    stored_restart(&p);
    assert_int_equal(compilers, before);
    expect("/a", "10-1");
    assert_int_equal(made(), 0);
    stored_expect(&p,
                  stored_call("DELETE", "/v1/functions/a", "text/plain", ""),
                  204, "");
    stored_restart(&p);
    isere_extents_list(p.registry->extents, expect_no_function, NULL);
    (void)state;
}

/* Bytes of the extent with the image of the function's first version. */
static uint8_t *image_of(const char *name)
{
    char extent[ISERE_EXTENT_NAME_MAX];
    size_t size;
    snprintf(extent, sizeof(extent), "%s.1" ISERE_FLASH_IMAGE_SUFFIX, name);
    isere_extent_t *e = isere_extents_find(p.registry->extents, extent);
    assert_non_null(e);
    const uint8_t *content =
        isere_extents_content(p.registry->extents, e, &size);
    return nor_damage(&nor) + (content - nor.bytes) + size - 64;
}

static void test_damage(void **state)
{
    assert_int_equal(stored_start(&p), 0);
    assert_int_equal(stored_deploy(&p, "a", SOURCE("a")), 201);
    *image_of("a") ^= 1;
    int before = compilers;
    stored_restart(&p);
    expect("/a", "a1");
    assert_int_equal(made(), 1); /* made again, and not compiled */
    assert_int_equal(compilers, before);
    /* Damaged code is compiled again, and its image made again: the bundle at
     * the beginning, the record at the end, the settings before it. */
    for (int place = 0; place < 3; place++) {
        size_t size;
        isere_extent_t *e = isere_extents_find(p.registry->extents, "a");
        const uint8_t *content =
            isere_extents_content(p.registry->extents, e, &size);
        const size_t at[] = {60, size - 3, size - 150};
        nor_damage(&nor)[(size_t)(content - nor.bytes) + at[place]] ^= 1;
        before = compilers;
        stored_restart(&p);
        assert_true(compilers > before);
        expect("/a", "a1");
        before = compilers;
        stored_restart(&p);
        assert_int_equal(compilers, before);
        expect("/a", "a1");
    }
    (void)state;
}

/* Flash that says that it took what it did not: the code is in memory then. */
static void test_worn_flash(void **state)
{
    assert_int_equal(stored_start(&p), 0);
    nor.broken = true;
    assert_int_equal(stored_deploy(&p, "a", SOURCE("a")), 201);
    const isere_catalog_entry_t *entry =
        isere_catalog_find(p.registry->catalog, "a");
    assert_non_null(entry);
    assert_false(entry->deployment->flash.has_code);
    nor.broken = false;
    expect("/a", "a1");
    stored_restart(&p);
    expect("/a", "a1");
    (void)state;
}

static size_t largest; /* block that was asked for */
static void *(*resize)(void *ctx, void *ptr, size_t size);

static void *note_size(void *ctx, void *ptr, size_t size)
{
    largest = size > largest ? size : largest;
    return resize(ctx, ptr, size);
}

/* Functions, until there is no room for one more. */
static void make_large(char *source, size_t room)
{
    size_t used = (size_t)snprintf(source, room, "%s", SOURCE("large"));
    for (int i = 0; used < room - 200; i++) {
        used += (size_t)snprintf(
            source + used, room - used,
            ";let f%d = (a) => { a.b += a.c; a.d -= a.e * a.f; a.g = a.h; "
            "a.b += a.c; a.d -= a.e * a.f; a.g = a.h; return a.i + %d }",
            i, i);
    }
}

/* What an init phase makes for the flash does not count as its memory, if there
 * is room for it behind it: code for which an instance has no room. */
static void test_code_of_more_than_its_memory(void **state)
{
    static char source[60000];
    size_t size;
    make_large(source, sizeof(source));
    p.config.defaults.memory_bytes = (size_t)300 * 1024;
    assert_int_equal(stored_start(&p), 0);
    assert_int_equal(stored_deploy(&p, "a", SOURCE("a")), 201);
    assert_int_equal(stored_deploy(&p, "large", source), 201);
    isere_extent_t *e = isere_extents_find(p.registry->extents, "large.1.i");
    assert_non_null(e);
    isere_extents_content(p.registry->extents, e, &size);
    assert_true(size > PLACES * p.config.defaults.memory_bytes);
    expect("/large", "large1");
    expect("/a", "a1");
    stored_restart(&p);
    expect("/large", "large1");
    expect("/a", "a1");
    (void)state;
}

/* Source and code go to flash in pieces: the server's memory never has all of
 * either. */
static void test_large_code(void **state)
{
    static char source[40000];
    make_large(source, sizeof(source));
    resize = p.port.resize;
    p.port.resize = note_size;
    assert_int_equal(stored_start(&p), 0);
    assert_int_equal(stored_deploy(&p, "a", SOURCE("a")), 201);
    largest = 0;
    assert_int_equal(stored_deploy(&p, "large", source), 201);
    size_t size;
    isere_extent_t *e = isere_extents_find(p.registry->extents, "large");
    assert_non_null(e);
    isere_extents_content(p.registry->extents, e, &size);
    assert_true(size > 30000);
    assert_in_range(largest, 1, 20000);
    expect("/large", "large1");
    int before = compilers;
    largest = 0;
    stored_restart(&p);
    assert_int_equal(compilers, before);
    assert_in_range(largest, 1, 20000);
    expect("/large", "large1");
    (void)state;
}

/* Another build makes all of it again. */
static void test_another_build(void **state)
{
    assert_int_equal(stored_start(&p), 0);
    assert_int_equal(stored_deploy(&p, "a", SOURCE("a")), 201);
    nor.table.build = isere_slice("another build");
    stored_restart(&p);
    expect("/a", "a1");
    assert_int_equal(made(), 1);
    stored_restart(&p);
    expect("/a", "a1");
    assert_int_equal(made(), 0);
    (void)state;
}

/* Without room it runs from memory, and the log says so. */
static void test_no_room(void **state)
{
    unsigned long starts, loads;
    isere_extent_writer_t w;
    assert_int_equal(stored_start(&p), 0);
    size_t room = isere_extents_room(p.registry->extents);
    assert_int_equal(isere_extents_begin(p.registry->extents, "x", room, &w),
                     0);
    assert_int_equal(stored_deploy(&p, "a", SOURCE("a")), 201);
    expect("/a", "a1");
    expect("/a", "a1");
    assert_int_equal(made(), 0);
    count("a", &starts, &loads);
    assert_int_equal(loads, 0);
    isere_extents_abort(&w);
    stored_restart(&p);
    expect("/a", "a1");
    assert_int_equal(made(), 1);
    (void)state;
}

/* Room for its code and not for its image: the next instance makes one when
 * there is more, and none tries before. */
static void test_room_comes_later(void **state)
{
    unsigned long starts, loads;
    isere_extent_writer_t w;
    assert_int_equal(stored_start(&p), 0);
    size_t room = isere_extents_room(p.registry->extents);
    assert_int_equal(isere_extents_begin(p.registry->extents, "x",
                                         room - 2 * NOR_SECTOR, &w),
                     0);
    assert_int_equal(stored_deploy(&p, "a", SOURCE("a")), 201);
    for (int round = 0; round < 2; round++) {
        while (isere_server_make_room(p.server)) {
        }
        int before = nor.writes;
        expect("/a", "a1");
        assert_int_equal(nor.writes, before);
    }
    assert_int_equal(made(), 0);
    isere_extents_abort(&w);
    while (isere_server_make_room(p.server)) {
    }
    expect("/a", "a1");
    assert_int_equal(made(), 1);
    count("a", &starts, &loads);
    assert_int_equal(loads, 1);
    (void)state;
}

/* At operations of the flash all over a deploy: after the restart the old
 * version answers or the new one, and nothing is in the way of the next. */
static void test_power_cuts(void **state)
{
    bool cut = true;
    int version = 1;
    char body[16];
    char source[80];
    assert_int_equal(stored_start(&p), 0);
    assert_int_equal(stored_deploy(&p, "a", SOURCE("1-")), 201);
    for (int at = 1; cut; at += 5) {
        snprintf(source, sizeof(source), SOURCE("%d-"), version + 1);
        nor_power_on(&nor, at, (enum nor_cut)(at % NOR_CUTS));
        (void)stored_deploy(&p, "a", source);
        cut = nor.off;
        nor_power_on(&nor, 0, NOR_BEFORE);
        stored_restart(&p);
        int client = stored_get("/a");
        assert_int_equal(stored_ask(&p, client), 200);
        snprintf(body, sizeof(body), "%d-1", version + 1);
        version += strstr(sim_received(client), body) != NULL;
        snprintf(body, sizeof(body), "%d-1", version);
        assert_non_null(strstr(sim_received(client), body));
        sim_forget_received(client);
    }
    assert_true(version > 1);
    (void)state;
}

#define TEST(function)                                                         \
    cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_start_makes_nothing),
        TEST(test_functions_take_turns),
        TEST(test_deploys_and_removes),
        TEST(test_damage),
        TEST(test_worn_flash),
        TEST(test_large_code),
        TEST(test_code_of_more_than_its_memory),
        TEST(test_another_build),
        TEST(test_no_room),
        TEST(test_room_comes_later),
        TEST(test_power_cuts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
