/*
 * Heaps lie far from everything that can be written to: what the kernel says is
 * around them, and what a wild write from one meets.
 */
#include "isere/error.h"
#include "ports/linux/port_linux.h"
#include "tests/unit/support/unit.h"
#include <pthread.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#if UINTPTR_MAX > 0xffffffff && !defined(__SANITIZE_THREAD__)
#define REACH ((uintptr_t)64 << 30)
#else
#define REACH ((uintptr_t)64 << 10)
#endif

enum { HEAP = 1 << 20 };

/* Fails when anything that can be accessed lies within reach of the heap, but
 * the heap itself. */
static void check_surroundings(const void *heap, size_t size)
{
    uintptr_t from = (uintptr_t)heap, to = from + size;
    char line[512], rights[8];
    unsigned long start, end;
    FILE *maps = fopen("/proc/self/maps", "r");
    assert_non_null(maps);
    while (fgets(line, sizeof(line), maps)) {
        if (sscanf(line, "%lx-%lx %7s", &start, &end, rights) != 3 ||
            rights[0] == '-' || (start >= from && end <= to)) {
            continue;
        }
        if (end > from - REACH && start < to + REACH - size) {
            fclose(maps);
            fail_msg("%lx-%lx is near %lx: %s", (unsigned long)from,
                     (unsigned long)to, start, line);
        }
    }
    fclose(maps);
}

static void test_nothing_is_near(void **state)
{
    char *heaps[40];
    (void)state;
    for (int i = 0; i < 40; i++) {
        heaps[i] = isere_linux_arena_map(NULL, HEAP);
        assert_non_null(heaps[i]);
        memset(heaps[i], i + 1, HEAP);
    }
    for (int i = 0; i < 40; i++) {
        check_surroundings(heaps[i], HEAP);
        assert_int_equal(heaps[i][HEAP - 1], i + 1);
    }
    for (int i = 0; i < 40; i += 2) {
        isere_linux_arena_unmap(NULL, heaps[i], HEAP);
    }
    for (int i = 0; i < 40; i += 2) {
        heaps[i] = isere_linux_arena_map(NULL, HEAP / 2);
        assert_int_equal(heaps[i][0], 0);
        assert_int_equal(heaps[i][HEAP / 2 - 1], 0);
        check_surroundings(heaps[i], HEAP / 2);
    }
    for (int i = 0; i < 40; i++) {
        isere_linux_arena_unmap(NULL, heaps[i], i % 2 ? HEAP : HEAP / 2);
    }
    assert_true(isere_linux_arena_gap() >= REACH);
}

/* ---- wild writes ---- */

typedef struct wild {
    char *heap;
    int64_t offset;
} wild_t;

static void write_there(void *arg)
{
    const wild_t *wild = arg;
    *(volatile char *)(wild->heap + wild->offset) = 1;
}

/* An element of 1 to 16 bytes at any index of 32 bits, with or without a sign,
 * from any place of the heap. */
static void test_wild_indexes(void **state)
{
    isere_port_t port;
    (void)state;
    assert_int_equal(isere_linux_port_init(&port, NULL), 0);
    char *heap = port.arena_map(port.ctx, HEAP);
    char *other = port.arena_map(port.ctx, HEAP);
    srand(1);
    for (int i = 0; i < 20000; i++) {
        uint32_t index = (uint32_t)rand() << 16 ^ (uint32_t)rand();
        int64_t element = (int64_t)1 << rand() % 5;
        wild_t wild = {.heap = heap + rand() % HEAP};
        wild.offset = rand() % 2 ? (int64_t)(int32_t)index * element
                                 : (int64_t)index * element;
        if (sizeof(void *) == 4) {
            wild.offset %= (int64_t)REACH;
        }
        char *target = wild.heap + wild.offset;
        if (target >= heap && target < heap + HEAP) {
            continue;
        }
        assert_int_equal(
            port.exec_run(port.ctx, write_there, &wild, UINT64_MAX),
            ISERE_ERR_CRASH);
    }
    for (int i = 0; i < HEAP; i++) {
        assert_int_equal(other[i], 0);
    }
    port.arena_unmap(port.ctx, heap, HEAP);
    port.arena_unmap(port.ctx, other, HEAP);
    isere_linux_port_deinit(&port);
}

/* ---- snapshots ---- */

static void test_a_sealed_snapshot(void **state)
{
    isere_port_t port;
    (void)state;
    assert_int_equal(isere_linux_port_init(&port, NULL), 0);
    char *copy = port.heap_map(port.ctx, 10000);
    memset(copy, 7, 10000);
    port.snapshot_seal(port.ctx, copy, 10000);
    for (int i = 0; i < 10000; i += 999) {
        wild_t wild = {copy, i};
        assert_int_equal(
            port.exec_run(port.ctx, write_there, &wild, UINT64_MAX),
            ISERE_ERR_CRASH);
        assert_int_equal(copy[i], 7);
    }
    port.heap_unmap(port.ctx, copy, 10000);
    isere_linux_port_deinit(&port);
}

/* ---- little room ---- */

/* Heaps of a process whose address space is limited; 0 when all is well. */
static int use_little_space(rlim_t bytes)
{
    struct rlimit limit = {bytes, bytes};
    char *heaps[20];
    if (setrlimit(RLIMIT_AS, &limit) != 0) {
        return 1;
    }
    for (int i = 0; i < 20; i++) {
        heaps[i] = isere_linux_arena_map(NULL, HEAP);
        if (!heaps[i]) {
            return 2;
        }
        memset(heaps[i], 1, HEAP);
    }
    for (int i = 0; i < 20; i++) {
        isere_linux_arena_unmap(NULL, heaps[i], HEAP);
    }
    if (isere_linux_arena_map(NULL, (size_t)bytes)) {
        return 3;
    }
    return isere_linux_arena_gap() < REACH || sizeof(void *) == 4 ? 0 : 4;
}

static void test_address_space_that_is_limited(void **state)
{
    static const rlim_t limits[] = {
        (rlim_t)512 << 20,
#if UINTPTR_MAX > 0xffffffff
        (rlim_t)100 << 30,
        (rlim_t)500 << 30,
#endif
    };
    (void)state;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    skip(); /* they need terabytes for themselves */
#endif
    for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
        int status;
        pid_t child = fork();
        if (child == 0) {
            _exit(use_little_space(limits[i]));
        }
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 0);
    }
}

/* ---- threads ---- */

static void *come_and_go(void *arg)
{
    char *heaps[8] = {NULL};
    unsigned seed = (unsigned)(uintptr_t)arg;
    for (int i = 0; i < 3000; i++) {
        int which = rand_r(&seed) % 8;
        if (heaps[which]) {
            if (heaps[which][0] != (char)which) {
                return (void *)1;
            }
            isere_linux_arena_unmap(NULL, heaps[which], HEAP);
        }
        heaps[which] = isere_linux_arena_map(NULL, HEAP);
        if (!heaps[which] || heaps[which][HEAP - 1] != 0) {
            return (void *)2;
        }
        memset(heaps[which], which, HEAP / 64);
    }
    for (int i = 0; i < 8; i++) {
        if (heaps[i]) {
            isere_linux_arena_unmap(NULL, heaps[i], HEAP);
        }
    }
    return NULL;
}

static void test_threads(void **state)
{
    pthread_t threads[4];
    void *wrong;
    (void)state;
    for (uintptr_t i = 0; i < 4; i++) {
        assert_int_equal(
            pthread_create(&threads[i], NULL, come_and_go, (void *)i), 0);
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], &wrong);
        assert_null(wrong);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_address_space_that_is_limited),
        cmocka_unit_test(test_nothing_is_near),
        cmocka_unit_test(test_wild_indexes),
        cmocka_unit_test(test_a_sealed_snapshot),
        cmocka_unit_test(test_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
