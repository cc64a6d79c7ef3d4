/*
 * The index of the store in flash: a start that finds it opens no blob of a
 * function, and serves what the manifests say all the same: after changes
 * behind its back, with damage, after power cuts at every operation of the
 * flash and of the store.
 */
#include "core/deploy/kept/index.h"
#include "tests/unit/support/nor.h"
#include "tests/unit/support/server/stored_fixture.h"
#include "tests/unit/support/test_port.h"
#include "tests/unit/support/unit.h"

enum {
    SECTORS = 64,
    /* Of the blobs, at a start: their state, the crash records. */
    FEW = 2,
};

static stored_fixture_t p;
static nor_t nor;

static int setup(void **state)
{
    (void)state;
    stored_init(&p);
    nor_init(&nor, SECTORS, 16);
    nor.table.build = isere_slice("this build");
    nor_power_on(&nor, 0, NOR_BEFORE);
    p.config.flash = &nor.table;
    assert_int_equal(stored_start(&p), 0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    stored_deinit(&p);
    nor_deinit(&nor);
    return isere_test_leaks();
}

/* Returns the status. */
static int deploy(const char *name, int text)
{
    char source[64];
    snprintf(source, sizeof(source), "export const handler = () => '%s%d'",
             name, text);
    return stored_deploy(&p, name, source);
}

static int call(const char *method, const char *path)
{
    int client = stored_call(method, path, "text/plain", "");
    int status = stored_ask(&p, client);
    sim_forget_received(client);
    return status;
}

static void expect(const char *path, const char *body)
{
    stored_expect(&p, stored_get(path), 200, body);
}

/* Operations of the blobs that the next start needs. */
static unsigned long restart(void)
{
    unsigned long before = p.blobs.operations;
    stored_restart(&p);
    return p.blobs.operations - before;
}

static void test_a_start_opens_no_function(void **state)
{
    assert_int_equal(restart(), FEW); /* no function is an index, too */
    assert_int_equal(deploy("b", 1), 201);
    assert_int_equal(restart(), FEW);
    assert_int_equal(deploy("a", 1), 201);
    assert_int_equal(deploy("a", 2), 200);
    assert_int_equal(deploy("c", 1), 201);
    assert_int_equal(restart(), FEW);
    expect("/a", "a2");
    expect("/b", "b1");
    expect("/c", "c1");
    assert_int_equal(call("POST", "/v1/functions/a/rollback"), 200);
    assert_int_equal(call("POST", "/v1/functions/a/rollback"), 409);
    assert_int_equal(call("DELETE", "/v1/functions/b"), 204);
    assert_int_equal(restart(), FEW);
    expect("/a", "a1");
    stored_expect(&p, stored_get("/b"), 404, "");
    /* Versions go on where they were, and a rollback goes where it did. */
    assert_int_equal(deploy("a", 3), 200);
    assert_non_null(sim_blobs_find(&p.blobs, "a.3"));
    assert_int_equal(restart(), FEW);
    assert_int_equal(call("POST", "/v1/functions/a/rollback"), 200);
    expect("/a", "a1");
    (void)state;
}

/* A change that fails leaves an index that is good. */
static void test_a_change_that_fails(void **state)
{
    assert_int_equal(deploy("a", 1), 201);
    assert_int_equal(stored_deploy(&p, "a", "throw new Error('no')"), 400);
    assert_int_equal(stored_deploy(&p, "b", "export const x = 1"), 400);
    assert_int_equal(restart(), FEW);
    expect("/a", "a1");
    (void)state;
}

/* Whoever changes the store without this program is believed. */
static void test_manifests_win(void **state)
{
    sim_blob_t *blob;
    unsigned char manifest[64];
    assert_int_equal(deploy("a", 1), 201);
    blob = sim_blobs_find(&p.blobs, "a");
    size_t size = blob->size;
    assert_true(size <= sizeof(manifest));
    memcpy(manifest, blob->bytes, size);
    assert_int_equal(deploy("a", 2), 200);
    assert_int_equal(restart(), FEW);
    sim_blobs_put(&p.blobs, "a", manifest, size);
    assert_true(restart() > FEW);
    expect("/a", "a1");
    assert_null(sim_blobs_find(&p.blobs, "a.2")); /* tidied up */
    assert_int_equal(restart(), FEW);
    expect("/a", "a1");
    (void)state;
}

/* What each start must look at, and report, is in no index. */
static void test_damaged_functions(void **state)
{
    assert_int_equal(deploy("a", 1), 201);
    assert_int_equal(deploy("b", 1), 201);
    sim_blobs_find(&p.blobs, "b")->bytes[9] ^= 1;
    for (int round = 0; round < 2; round++) {
        assert_true(restart() > FEW);
        expect("/a", "a1");
        stored_expect(&p, stored_get("/b"), 404, "");
    }
    assert_int_equal(call("DELETE", "/v1/functions/b"), 204);
    assert_int_equal(restart(), FEW);
    sim_blobs_find(&p.blobs, "a.1")->bytes[20] ^= 1; /* of its SHA-256 */
    assert_true(restart() > FEW);
    assert_true(restart() > FEW);
    (void)state;
}

/* What belongs to no manifest is looked for until it is gone. */
static void test_leftovers(void **state)
{
    assert_int_equal(deploy("a", 1), 201);
    sim_blobs_put(&p.blobs, "a.7", "x", 1);
    /* Behind the state, the list and the manifest comes the removal. */
    p.blobs.fault = SIM_BLOBS_FAIL;
    p.blobs.fail_at = p.blobs.operations + 4;
    assert_true(restart() > FEW);
    assert_non_null(sim_blobs_find(&p.blobs, "a.7"));
    assert_true(restart() > FEW);
    assert_null(sim_blobs_find(&p.blobs, "a.7"));
    assert_int_equal(restart(), FEW);
    sim_blobs_put(&p.blobs, "z.1", "x", 1);
    assert_true(restart() > FEW);
    assert_int_equal(sim_blobs_count(&p.blobs), 2);
    (void)state;
}

static void test_damaged_index(void **state)
{
    assert_int_equal(deploy("a", 1), 201);
    assert_int_equal(deploy("b", 1), 201);
    for (size_t at = 0;; at++) {
        size_t size;
        isere_extent_t *e =
            isere_extents_find(p.registry->extents, ISERE_INDEX_NAME);
        assert_non_null(e);
        const uint8_t *content =
            isere_extents_content(p.registry->extents, e, &size);
        assert_int_equal(size, sizeof(isere_index_t) +
                                   2 * sizeof(isere_index_entry_t));
        if (at == size) {
            break;
        }
        nor_damage(&nor)[(size_t)(content - nor.bytes) + at] ^= 1 << at % 8;
        assert_true(restart() > FEW);
        expect("/a", "a1");
        expect("/b", "b1");
        assert_int_equal(restart(), FEW);
    }
    (void)state;
}

/* Without room a start reads the manifests; of the last room it takes what the
 * index of before had. */
static void test_no_room(void **state)
{
    isere_extents_t *extents = p.registry->extents;
    isere_extent_writer_t w;
    size_t room = isere_extents_room(extents);
    assert_int_equal(isere_extents_begin(extents, "x", room, &w), 0);
    assert_int_equal(deploy("a", 1), 201);
    isere_extents_abort(&w);
    assert_true(restart() > FEW);
    assert_int_equal(restart(), FEW);
    expect("/a", "a1");
    extents = p.registry->extents;
    isere_extent_t *e = isere_extents_find(extents, ISERE_INDEX_NAME);
    assert_non_null(e);
    (void)isere_extents_remove(extents, e);
    room = isere_extents_room(extents);
    assert_int_equal(isere_extents_begin(extents, "x", room, &w), 0);
    assert_int_equal(deploy("b", 1), 201);
    assert_null(isere_extents_find(extents, ISERE_INDEX_NAME));
    isere_extents_abort(&w);
    assert_true(restart() > FEW);
    assert_int_equal(restart(), FEW);
    expect("/a", "a1");
    expect("/b", "b1");
    (void)state;
}

/* ---- faults ---- */

/* What is served, as text: "a2/1 " is version 2 of a, with 1 to go back to. */
static void describe(char *text, size_t room)
{
    const isere_catalog_t *catalog = p.registry->catalog;
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; i < catalog->count; i++) {
        const isere_catalog_entry_t *e = &catalog->entries[i];
        assert_non_null(e->deployment);
        used += (size_t)snprintf(text + used, room - used, "%s%lu/%lu ",
                                 e->name, (unsigned long)e->version,
                                 (unsigned long)e->deployment->previous);
    }
}

/* Restarts with what there is, then without any index: both serve the same. */
static void restart_twice(char *text, size_t room)
{
    char again[64];
    stored_restart(&p);
    describe(text, room);
    isere_extent_t *e =
        isere_extents_find(p.registry->extents, ISERE_INDEX_NAME);
    if (e) {
        assert_int_equal(isere_extents_remove(p.registry->extents, e), 0);
    }
    assert_true(restart() > FEW);
    describe(again, sizeof(again));
    assert_string_equal(text, again);
    assert_int_equal(restart(), FEW);
}

enum { DEPLOY, ROLL_BACK, REMOVE, DEPLOY_AGAIN, STEPS };

static const char *const after_step[] = {"a2/1 b1/0 ", "a1/0 b1/0 ", "a1/0 ",
                                         "a1/0 b1/0 "};

/* Returns whether it was acknowledged. */
static bool change(int step)
{
    switch (step) {
    case DEPLOY:
        return deploy("a", 2) == 200;
    case ROLL_BACK:
        return call("POST", "/v1/functions/a/rollback") == 200;
    case REMOVE:
        return call("DELETE", "/v1/functions/b") == 204;
    default:
        return deploy("b", 1) == 201;
    }
}

/* How far the store is when a step begins. */
static void prepare(int step, char *before, size_t room)
{
    stored_deinit(&p);
    nor_deinit(&nor);
    assert_int_equal(setup(NULL), 0);
    assert_int_equal(deploy("a", 1), 201);
    if (step != DEPLOY_AGAIN) {
        assert_int_equal(deploy("b", 1), 201);
    }
    if (step == ROLL_BACK) {
        assert_int_equal(deploy("a", 2), 200);
    }
    describe(before, room);
}

static void check_step(int step, bool done, const char *before)
{
    static int count;
    char found[64];
    restart_twice(found, sizeof(found));
    if (strcmp(found, after_step[step]) != 0 &&
        (done || strcmp(found, before) != 0)) {
        fail_msg("step %d, %s: it is %s", step, done ? "done" : "cut", found);
    }
    /* The next change works, and is found. */
    if (count++ % 8 == 0) {
        assert_int_equal(deploy("c", 1), 201);
        assert_int_equal(restart(), FEW);
        expect("/a", found[1] == '2' ? "a2" : "a1");
        expect("/c", "c1");
    }
}

static void test_power_cuts_of_the_flash(void **state)
{
    int cuts = 0;
    for (int step = 0; step < STEPS; step++) {
        for (int how = 0; how < NOR_CUTS; how++) {
            bool off = true;
            for (int at = 1; off; at++) {
                char before[64];
                prepare(step, before, sizeof(before));
                nor_power_on(&nor, at, (enum nor_cut)how);
                bool done = change(step);
                off = nor.off;
                nor_power_on(&nor, 0, NOR_BEFORE);
                check_step(step, done, before);
                cuts += off;
            }
        }
    }
    print_message("%d cuts\n", cuts);
    assert_true(cuts > 60);
    (void)state;
}

/* Those in which the store is not what was told of it, and power cuts. */
static void test_faults_of_the_store(void **state)
{
    static const sim_blobs_fault_t kinds[] = {
        SIM_BLOBS_FAIL_DONE, SIM_BLOBS_FAIL_DONE_WRITES, SIM_BLOBS_CUT,
        SIM_BLOBS_CUT_DONE};
    int faults = 0;
    for (int step = 0; step < STEPS; step++) {
        for (int kind = 0; kind < 4; kind++) {
            bool reached = true;
            for (unsigned long at = 1; reached; at++) {
                char before[64];
                prepare(step, before, sizeof(before));
                p.blobs.fault = kinds[kind];
                p.blobs.fail_at = p.blobs.operations + at;
                bool done = change(step);
                reached = p.blobs.operations >= p.blobs.fail_at;
                sim_blobs_restart(&p.blobs);
                check_step(step, done, before);
                faults += reached;
            }
        }
    }
    print_message("%d faults\n", faults);
    assert_true(faults >= 4 * STEPS * 8); /* 8 operations of each at least */
    (void)state;
}

#define TEST(function)                                                         \
    cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_start_opens_no_function),
        TEST(test_a_change_that_fails),
        TEST(test_manifests_win),
        TEST(test_damaged_functions),
        TEST(test_leftovers),
        TEST(test_damaged_index),
        TEST(test_no_room),
        TEST(test_power_cuts_of_the_flash),
        TEST(test_faults_of_the_store),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
