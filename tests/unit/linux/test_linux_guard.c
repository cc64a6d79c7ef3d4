/*
 * The guard of heaps: pages are write-protected, writes to them are noticed,
 * and whatever was written is put back. Every restore here is also checked
 * byte for byte by the core.
 */
#include "core/isolate/isolate_internal.h"
#include "isere/linux.h"
#include "isere/native.h"
#include "ports/linux/guard.h"
#include "tests/unit/support/js/js_fixture.h"
#include "tests/unit/support/js/js_pristine.h"
#include "tests/unit/support/unit.h"
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PAGE = 4096, HEAP = 64 * PAGE };

static isere_port_t port;
static isere_linux_config_t config;
static js_fixture_t f;

/* ---- mprotect, made to fail ---- */

static unsigned long protects; /* calls so far */
static unsigned long fail_from, fail_to;

int mprotect(void *start, size_t size, int protection)
{
    protects++;
    if (protects >= fail_from && protects < fail_to) {
        return -1;
    }
    return (int)syscall(SYS_mprotect, start, size, protection);
}

static void fail_protects(unsigned long after, unsigned long count)
{
    fail_from = protects + 1 + after;
    fail_to = fail_from + count;
}

/* ---- a heap without an engine ---- */

typedef struct subject {
    unsigned char *memory;
    unsigned char *expected;
    isere_arena_t *arena;
    isere_snapshot_t *snapshot;
    size_t used;
} subject_t;

static void restore_and_compare(subject_t *s)
{
    isere_snapshot_restore(s->snapshot);
    assert_memory_equal(s->memory, s->expected, HEAP);
}

/* Until its pages have been closed, just now. */
static void close_pages(subject_t *s)
{
    unsigned long before = protects;
    for (int i = 0; protects == before; i++) {
        assert_true(i < ISERE_GUARD_PERIOD);
        restore_and_compare(s);
    }
}

static void subject_start(subject_t *s)
{
    s->memory = port.heap_map(port.ctx, HEAP);
    assert_non_null(s->memory);
    s->arena = isere_arena_init(s->memory, HEAP, 1024);
    isere_arena_keep_clean(s->arena);
    for (int i = 0; s->arena->top < HEAP - 9 * PAGE; i++) {
        unsigned char *block = isere_arena_alloc(s->arena, 1000);
        assert_non_null(block);
        memset(block, i + 1, 1000);
    }
    s->snapshot = isere_snapshot_take(&port, s->arena, NULL);
    assert_non_null(s->snapshot);
    s->used = isere_snapshot_size(s->snapshot);
    s->expected = malloc(HEAP);
    assert_non_null(s->expected);
    memcpy(s->expected, s->memory, HEAP);
    for (int i = 0; i < ISERE_GUARD_FIRST; i++) {
        restore_and_compare(s);
    }
}

static void subject_stop(subject_t *s)
{
    isere_snapshot_free(s->snapshot);
    memset(s->memory, 0xee, HEAP); /* all of it is writable again */
    port.heap_unmap(port.ctx, s->memory, HEAP);
    free(s->expected);
}

/* What the kernel says about that address: 'w' or '-'. */
static char writable(const void *address)
{
    unsigned long start, end, at = (unsigned long)(uintptr_t)address;
    char line[512], mode[8], found = '?';
    FILE *maps = fopen("/proc/self/maps", "r");
    assert_non_null(maps);
    while (fgets(line, sizeof(line), maps)) {
        if (sscanf(line, "%lx-%lx %7s", &start, &end, mode) == 3 &&
            at >= start && at < end) {
            found = mode[1];
        }
    }
    fclose(maps);
    return found;
}

static size_t closed_pages(const subject_t *s)
{
    size_t count = 0;
    for (size_t at = 0; at < HEAP; at += PAGE) {
        count += writable(s->memory + at) == '-';
    }
    return count;
}

static int setup(void **state)
{
    (void)state;
    assert_int_equal(sysconf(_SC_PAGESIZE), PAGE);
    fail_from = fail_to = 0;
    isere_linux_config_init(&config);
    config.log_fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
    assert_true(config.log_fd >= 0);
    assert_int_equal(isere_linux_port_init(&port, &config), 0);
    assert_int_equal(port.guard_unit, PAGE);
    js_init(&f, &port);
    f.config.timeout_ms = 60000; /* with sanitizers, on a busy machine */
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    js_deinit(&f);
    isere_linux_port_deinit(&port);
    close(config.log_fd);
    return 0;
}

static void test_every_page_is_closed_and_opens(void **state)
{
    subject_t s;
    (void)state;
    subject_start(&s);
    size_t pages = s.used / PAGE;
    assert_int_equal(closed_pages(&s), pages);
    for (size_t page = 0; page < pages; page++) {
        close_pages(&s);
        assert_int_equal(closed_pages(&s), pages);
        unsigned char *at = s.memory + page * PAGE + page * 89 % (PAGE - 700);
        at += page ? 0 : 600; /* not the arena's own */
        *at ^= 0x40;
        assert_int_equal(writable(at), 'w');
        assert_int_equal(closed_pages(&s), pages - 1);
        restore_and_compare(&s);
        /* It stays open, and is restored from now on without a call. */
        unsigned long before = protects;
        *at ^= 0x81;
        restore_and_compare(&s);
        assert_int_equal(protects, before);
    }
    subject_stop(&s);
}

static void test_wild_writes_vanish(void **state)
{
    subject_t s;
    (void)state;
    srand(1);
    subject_start(&s);
    for (int i = 0; i < 400; i++) {
        for (int k = rand() % 20; k > 0; k--) {
            size_t at = sizeof(*s.arena) +
                        (size_t)rand() % (s.used - sizeof(*s.arena) - 16);
            memset(s.memory + at, rand(), (size_t)rand() % 16);
        }
        void *block = isere_arena_alloc(s.arena, (size_t)rand() % (7 * PAGE));
        assert_non_null(block);
        restore_and_compare(&s);
    }
    subject_stop(&s);
}

/* Whatever call of it fails: for lack of room in the kernel's list. */
static void test_protecting_may_fail(void **state)
{
    (void)state;
    for (unsigned long after = 0; after < 12; after++) {
        subject_t s;
        subject_start(&s);
        fail_protects(after, 1);
        for (size_t i = 0; i < 4 * ISERE_GUARD_PERIOD; i++) {
            s.memory[(i % 50 + 1) * PAGE + 7] ^= 1;
            s.memory[(i * 13 % 50 + 1) * PAGE + 9] ^= 1;
            restore_and_compare(&s);
        }
        assert_true(protects >= fail_to);
        subject_stop(&s);
    }
}

static void test_heaps_come_and_go(void **state)
{
    (void)state;
    for (int i = 0; i < 50; i++) {
        subject_t a, b;
        subject_start(&a);
        subject_start(&b);
        a.memory[3 * PAGE] ^= 1;
        b.memory[4 * PAGE] ^= 1;
        subject_stop(i % 2 ? &a : &b);
        restore_and_compare(i % 2 ? &b : &a);
        close_pages(i % 2 ? &b : &a);
        subject_stop(i % 2 ? &b : &a);
    }
}

static void *run_thread(void *arg)
{
    isere_port_t own;
    unsigned seed = (unsigned)(uintptr_t)arg;
    if (isere_linux_port_init(&own, NULL) != 0) {
        return arg;
    }
    char *memory = own.heap_map(own.ctx, HEAP);
    isere_arena_t *arena = isere_arena_init(memory, HEAP, 1024);
    isere_arena_keep_clean(arena);
    char *block = isere_arena_alloc(arena, 40 * PAGE);
    memset(block, (int)seed, 40 * PAGE);
    isere_snapshot_t *snapshot = isere_snapshot_take(&own, arena, NULL);
    for (int i = 0; i < 2000; i++) {
        seed = seed * 1664525u + 1013904223u;
        block[(seed >> 8) % (40 * PAGE)] ^= 1;
        isere_snapshot_restore(snapshot); /* checked */
    }
    isere_snapshot_free(snapshot);
    own.heap_unmap(own.ctx, memory, HEAP);
    isere_linux_port_deinit(&own);
    return NULL;
}

static void test_threads_have_their_own(void **state)
{
    enum { THREADS = 4 };
    pthread_t threads[THREADS];
    (void)state;
    for (uintptr_t i = 0; i < THREADS; i++) {
        assert_int_equal(
            pthread_create(&threads[i], NULL, run_thread, (void *)(i + 1)), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        void *failed;
        pthread_join(threads[i], &failed);
        assert_null(failed);
    }
}

/* ---- requests ---- */

/* What the init phase made is as large as many pages. Each request changes
 * some of it, all over the place, and sees none of what others did. */
static const char attack[] =
    "const bytes = new Uint8Array(120000)\n"
    "for (let i = 0; i < bytes.length; i++) bytes[i] = i * 7\n"
    "const numbers = new Float64Array(4000).fill(0.5)\n"
    "const objects = Array.from({ length: 900 }, (v, i) => ({ i, o: [i] }))\n"
    "const intact = () =>\n"
    "  bytes.every((b, i) => b === (i * 7 & 255)) &&\n"
    "  numbers.every(n => n === 0.5) &&\n"
    "  objects.every((o, i) => o.i === i && o.o[0] === i)\n"
    "export const handler = (event) => {\n"
    "  const n = +event.path.slice(1)\n"
    "  if (n === 0) {\n"
    "    bytes.fill(1).sort(); numbers.reverse(); objects.reverse()\n"
    "    Array.prototype.includes.call({ length: 2 ** 53 - 1 }, 1)\n"
    "  }\n"
    "  if (!intact()) return 'dirty'\n"
    "  if (n === 1) { bytes.fill(9); numbers.fill(9); objects.length = 3 }\n"
    "  if (n === 2) crypto.getRandomValues(bytes.subarray(n, 60000))\n"
    "  for (let i = n; i < bytes.length; i += n * 977) bytes[i]++\n"
    "  numbers[n * 31 % 4000] = n\n"
    "  objects[n * 17 % 900] = objects\n"
    "  return 'ok'\n"
    "}\n";

static isere_isolate_t *start_another(void)
{
    isere_isolate_t *isolate = isere_isolate_create(&port, f.function);
    assert_non_null(isolate);
    assert_int_equal(isere_isolate_start(isolate, &f.fault),
                     ISERE_ISOLATE_READY);
    return isolate;
}

static void test_requests_see_nothing_of_each_other(void **state)
{
    enum { ISOLATES = 5 };
    isere_isolate_t *isolates[ISOLATES];
    js_pristine_t pristine[ISOLATES];
    char target[16];
    (void)state;
    srand(2);
    assert_int_equal(js_start(&f, attack), ISERE_ISOLATE_READY);
    isolates[0] = f.isolate;
    js_pristine_take(&pristine[0], &f);
    for (int i = 1; i < ISOLATES; i++) {
        isolates[i] = f.isolate = start_another();
        js_pristine_take(&pristine[i], &f);
    }
    for (int i = 0; i < 600; i++) {
        int which = rand() % ISOLATES;
        f.isolate = isolates[which];
        snprintf(target, sizeof(target), "/%d", rand() % 40 + 1);
        js_expect_body(&f, target, "ok");
        js_pristine_expect(&pristine[which], &f, i % 32 == 0);
    }
    assert_true(protects > 600);
    for (int i = 0; i < ISOLATES; i++) {
        js_pristine_free(&pristine[i]);
        if (i > 0) {
            isere_isolate_destroy(isolates[i]);
        }
    }
    f.isolate = isolates[0];
    js_expect_body(&f, "/5", "ok");
}

static void test_abandoned_requests_leave_nothing(void **state)
{
    js_pristine_t pristine;
    (void)state;
    f.config.timeout_ms = 1;
    assert_int_equal(js_start(&f, attack), ISERE_ISOLATE_READY);
    js_pristine_take(&pristine, &f);
    for (int i = 0; i < 12; i++) {
        f.config.timeout_ms = 1;
        js_expect_error(&f, "/0", "timeout");
        js_pristine_expect(&pristine, &f, true);
        f.config.timeout_ms = 60000;
        js_expect_body(&f, "/3", "ok");
    }
    js_pristine_free(&pristine);
}

/* ---- system calls ---- */

static int pipe_end;

/* Lets the kernel write to the handler's bytes. */
static void read_into(isere_native_call_t *call, void *ctx)
{
    uint8_t *bytes;
    size_t len;
    (void)ctx;
    assert_true(isere_native_bytes(call, 0, &bytes, &len));
    isere_native_return_integer(call, read(pipe_end, bytes, len));
}

static void test_system_calls_may_write_for_natives(void **state)
{
    static const isere_native_function_t functions[] = {{"read", read_into},
                                                        {NULL, NULL}};
    static const isere_native_module_t module = {"isere:pipe", functions, NULL};
    static const isere_native_module_t *const modules[] = {&module, NULL};
    enum { LEN = 30000 };
    static char data[LEN];
    int fds[2];
    (void)state;
    assert_int_equal(pipe(fds), 0);
    pipe_end = fds[0];
    memset(data, 'x', LEN);
    f.config.modules = modules;
    assert_int_equal(js_start(&f,
                              "import { read } from 'isere:pipe'\n"
                              "const bytes = new Uint8Array(30000)\n"
                              "export const handler = () => {\n"
                              "  if (bytes.some(b => b !== 0)) return 'dirty'\n"
                              "  const n = read(bytes)\n"
                              "  return n + ' ' + bytes.every(b => b === 120)\n"
                              "}\n"),
                     ISERE_ISOLATE_READY);
    for (int i = 0; i < 3 * ISERE_GUARD_PERIOD; i++) {
        assert_int_equal(write(fds[1], data, LEN), LEN);
        js_expect_body(&f, "/", "30000 true");
    }
    close(fds[0]);
    close(fds[1]);
}

/* ---- faults of others ---- */

static sigjmp_buf out;
static volatile uintptr_t caught;

static void on_other(int number, siginfo_t *info, void *context)
{
    (void)number;
    (void)context;
    caught = (uintptr_t)info->si_addr;
    siglongjmp(out, 1);
}

static void *read_only_page(void)
{
    void *page =
        mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return page == MAP_FAILED ? NULL : page;
}

static bool is_caught(volatile char *at)
{
    caught = 0;
    if (sigsetjmp(out, 1) == 0) {
        *at = 1;
    }
    return caught == (uintptr_t)at;
}

/* With a handler from before the first port, and one that comes later. */
static bool others_are_passed_on(void)
{
    struct sigaction action = {.sa_sigaction = on_other,
                               .sa_flags = SA_SIGINFO};
    char *page = read_only_page();
    subject_t s;
    sigaction(SIGSEGV, &action, NULL);
    setup(NULL);
    subject_start(&s);
    bool right = page && closed_pages(&s) > 0 && is_caught(page) &&
                 is_caught(page + 1) && !is_caught((char *)s.memory + PAGE) &&
                 writable(s.memory + PAGE) == 'w';
    restore_and_compare(&s);
    subject_stop(&s);
    signal(SIGSEGV, _exit); /* nobody knows whom it passes on to */
    subject_start(&s);
    right = right && closed_pages(&s) == 0;
    subject_stop(&s);
    teardown(NULL);
    return right;
}

static int run_alone(const char *what)
{
    if (strcmp(what, "passed-on") == 0) {
        return others_are_passed_on() ? 0 : 1;
    }
    char *page = read_only_page();
    setup(NULL);
    *(volatile char *)page = 1; /* must end the program */
    return 0;
}

static int status_of(const char *what)
{
    int status = -1;
    pid_t child = fork();
    if (child == 0) {
        execl("/proc/self/exe", "test_linux_guard", what, (char *)NULL);
        _exit(99);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void test_faults_of_others_are_passed_on(void **state)
{
    (void)state;
    assert_int_equal(status_of("passed-on"), 0);
    int status = status_of("unhandled");
    /* A sanitizer has a handler of its own, which ends the program too. */
    assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) != 0);
    assert_true(!WIFEXITED(status) || WEXITSTATUS(status) != 99);
}

int main(int argc, char **argv)
{
    if (argc > 1) {
        return run_alone(argv[1]);
    }
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_every_page_is_closed_and_opens),
        TEST(test_wild_writes_vanish),
        TEST(test_protecting_may_fail),
        TEST(test_heaps_come_and_go),
        TEST(test_threads_have_their_own),
        TEST(test_requests_see_nothing_of_each_other),
        TEST(test_abandoned_requests_leave_nothing),
        TEST(test_system_calls_may_write_for_natives),
        TEST(test_faults_of_others_are_passed_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
