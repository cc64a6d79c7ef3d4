/* The function store when any operation of the medium fails, or is the last
 * one before the power goes: a function is its old version whole or its new
 * one, and nothing is left over. */
#include "core/store/store.h"
#include "tests/unit/support/server/sim_blobs.h"
#include "tests/unit/support/server/store_change.h"
#include "tests/unit/support/test_port.h"
#include "tests/unit/support/unit.h"

static sim_blobs_t medium;
static isere_store_t store;

/* The text of version N of a function is its name and N. */
static void make_text(const char *name, uint32_t version, char text[48])
{
    snprintf(text, 48, "{\"%s\":%lu}", name, (unsigned long)version);
}

static int put(const char *name, uint32_t version)
{
    char text[48];
    isere_store_manifest_t manifest;
    make_text(name, version, text);
    return store_put(&store, name, text, &manifest);
}

typedef struct function {
    uint32_t current, previous, last; /* all 0: there is none */
} function_t;

static function_t look(const char *name)
{
    isere_store_manifest_t manifest;
    function_t f = {0};
    int error = isere_store_manifest(&store, name, &manifest);
    assert_true(error == 0 || error == ISERE_ERR_NOENT);
    if (error == 0) {
        f = (function_t){manifest.current, manifest.previous, manifest.last};
    }
    return f;
}

static bool is_same(function_t a, function_t b)
{
    return a.current == b.current && a.previous == b.previous &&
           a.last == b.last;
}

static void expect_whole(const char *name, uint32_t version)
{
    const isere_port_t *port = isere_test_port();
    isere_store_package_t d;
    char text[48];
    make_text(name, version, text);
    assert_int_equal(isere_store_read(&store, name, version, &d), 0);
    assert_string_equal((const char *)d.text, text);
    isere_free(port, d.text);
}

/* All packages, and that there are no others. Returns the blobs it takes. */
static int expect_packages(const char *name)
{
    function_t f = look(name);
    if (f.current == 0) {
        return 0;
    }
    expect_whole(name, f.current);
    if (f.previous != 0) {
        expect_whole(name, f.previous);
    }
    return f.previous != 0 ? 3 : 2;
}

/* ---- what is done to a function ---- */

typedef struct change {
    const char *what;
    int deployed;     /* versions beforehand */
    bool rolled_back; /* the last of them was undone */
    int (*run)(void);
    function_t old, new;
} change_t;

static int put_next(void)
{
    isere_store_manifest_t manifest;
    int error = isere_store_manifest(&store, "f", &manifest);
    return error == ISERE_ERR_IO ? error : put("f", manifest.last + 1);
}

static int roll_back(void)
{
    isere_store_manifest_t manifest;
    return store_rollback(&store, "f", &manifest);
}

static int remove_it(void)
{
    return isere_store_remove(&store, "f");
}

static const change_t changes[] = {
    {"first put", 0, false, put_next, {0, 0, 0}, {1, 0, 1}},
    {"second put", 1, false, put_next, {1, 0, 1}, {2, 1, 2}},
    {"third put", 2, false, put_next, {2, 1, 2}, {3, 2, 3}},
    {"put after rollback", 2, true, put_next, {1, 0, 2}, {3, 1, 3}},
    {"rollback", 3, false, roll_back, {3, 2, 3}, {2, 0, 3}},
    {"remove one", 1, false, remove_it, {1, 0, 1}, {0, 0, 0}},
    {"remove two", 2, false, remove_it, {2, 1, 2}, {0, 0, 0}},
};

/* The function, and another one beside it. */
static void prepare(const change_t *change)
{
    isere_test_port_reset();
    sim_blobs_init(&medium);
    assert_int_equal(store_open(&store, isere_test_port(), &medium.table), 0);
    assert_int_equal(put("g", 1), 0);
    assert_int_equal(put("g", 2), 0);
    for (int i = 1; i <= change->deployed; i++) {
        assert_int_equal(put("f", (uint32_t)i), 0);
    }
    if (change->rolled_back) {
        assert_int_equal(roll_back(), 0);
    }
    assert_true(is_same(look("f"), change->old));
}

/* Whether the fault leaves the store running, so that a failure must have
 * changed nothing; but for a removal that says that it failed. */
static bool must_be_undone(const change_t *change, sim_blobs_fault_t fault)
{
    return fault == SIM_BLOBS_FAIL || fault == SIM_BLOBS_FULL ||
           (fault == SIM_BLOBS_FAIL_DONE && change->run != remove_it);
}

static void check_result(const change_t *change, sim_blobs_fault_t fault,
                         int error)
{
    function_t f = look("f");
    if (error == 0) {
        assert_true(is_same(f, change->new));
    } else if (must_be_undone(change, fault)) {
        assert_true(is_same(f, change->old));
    } else {
        assert_true(is_same(f, change->old) || is_same(f, change->new));
    }
}

/* Returns false when the change has fewer operations than `at`. */
static bool try_change(const change_t *change, sim_blobs_fault_t fault,
                       unsigned long at)
{
    unsigned long start;
    bool reached;
    int error;
    prepare(change);
    start = medium.operations;
    medium.fault = fault;
    medium.fail_at = start + at;
    error = change->run();
    reached = medium.operations >= medium.fail_at;
    assert_true(reached || error == 0);
    if (fault == SIM_BLOBS_FULL && error != 0) {
        assert_int_equal(error, ISERE_ERR_LIMIT);
    }
    sim_blobs_restart(&medium);
    if (must_be_undone(change, fault)) {
        check_result(change, fault, error); /* without a new start, too */
    }
    assert_int_equal(store_open(&store, isere_test_port(), &medium.table), 0);
    check_result(change, fault, error);
    int blobs = expect_packages("f") + expect_packages("g");
    assert_int_equal(sim_blobs_count(&medium), blobs);
    assert_true(is_same(look("g"), (function_t){2, 1, 2}));
    /* It goes on: the next version, with a number of its own. */
    assert_int_equal(put("f", look("f").last + 1), 0);
    (void)expect_packages("f");
    assert_int_equal(isere_test_state()->live_blocks, 0);
    sim_blobs_clear(&medium);
    return reached;
}

static void test_every_operation(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        for (int fault = 0; fault < SIM_BLOBS_FAULTS; fault++) {
            unsigned long at = 1;
            while (try_change(&changes[i], (sim_blobs_fault_t)fault, at)) {
                at++;
            }
            /* At the least: read, write or remove, and list to tidy up. */
            assert_true(at > 3);
        }
    }
}

/* The power goes while the store is opened and tidied: at the next start. */
static void test_opening(void **state)
{
    bool reached = true;
    (void)state;
    for (int fault = 0; fault < SIM_BLOBS_FAULTS; fault++) {
        for (unsigned long at = 1; reached || at == 1; at++) {
            prepare(&changes[2]);
            sim_blobs_put(&medium, "f.3", "x", 1);
            sim_blobs_put(&medium, "h.1", "x", 1);
            sim_blobs_put(&medium, "h.2", "x", 1);
            medium.fault = (sim_blobs_fault_t)fault;
            medium.fail_at = medium.operations + at;
            int error = store_open(&store, isere_test_port(), &medium.table);
            assert_true(error == 0 || error == ISERE_ERR_IO);
            reached = medium.operations >= medium.fail_at;
            sim_blobs_restart(&medium);
            assert_int_equal(
                store_open(&store, isere_test_port(), &medium.table), 0);
            assert_int_equal(expect_packages("f") + expect_packages("g"), 6);
            assert_int_equal(sim_blobs_count(&medium), 6);
            assert_int_equal(isere_test_state()->live_blocks, 0);
            sim_blobs_clear(&medium);
        }
        reached = true;
    }
}

/* Reading fails: it says so, and nothing is called damaged or removed. */
static void test_reading(void **state)
{
    (void)state;
    for (unsigned long at = 1;; at++) {
        isere_store_package_t d;
        const isere_port_t *port = isere_test_port();
        prepare(&changes[2]);
        medium.fault = SIM_BLOBS_FAIL;
        medium.fail_at = medium.operations + at;
        isere_test_state()->log_lines = 0;
        int error = isere_store_read(&store, "f", 2, &d);
        bool reached = medium.operations >= medium.fail_at;
        assert_int_equal(error, reached ? ISERE_ERR_IO : 0);
        assert_int_equal(isere_test_state()->log_lines, 0);
        if (error == 0) {
            isere_free(port, d.text);
        }
        assert_int_equal(isere_test_state()->live_blocks, 0);
        assert_int_equal(sim_blobs_count(&medium), 6);
        sim_blobs_clear(&medium);
        if (!reached) {
            assert_true(at > 3);
            break;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_operation),
        cmocka_unit_test(test_opening),
        cmocka_unit_test(test_reading),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
