/*
 * Images of heaps in flash: an isolate made from one answers as one whose init
 * phase ran in that place, and each restore brings back the image, byte for
 * byte. Wrong keys, damage and power cuts leave no image, never a wrong one.
 */
#include "core/isolate/image/flash_image_internal.h"
#include "tests/unit/support/js/js_fixture.h"
#include "tests/unit/support/js/js_pristine.h"
#include "tests/unit/support/nor.h"
#include "tests/unit/support/test_port.h"
#include "tests/unit/support/unit.h"

enum { PLACES = 3, SECTORS = 800 };
#define PLACE_BYTES ((size_t)720 * 1024)
#define HEAP_BYTES ((size_t)700 * 1024)

/* ---- heaps have places ---- */

static unsigned char *region;
static bool taken[PLACES];
static isere_port_t port;

static void *place(void *ctx, unsigned index)
{
    (void)ctx;
    return index < PLACES ? region + index * PLACE_BYTES : NULL;
}

static void *take_place(void *ctx, size_t size)
{
    if (size > PLACE_BYTES) { /* the compiler's */
        return isere_test_port()->heap_map(ctx, size);
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
    if (size > PLACE_BYTES) {
        isere_test_port()->heap_unmap(ctx, heap, size);
        return;
    }
    size_t index = (size_t)((unsigned char *)heap - region) / PLACE_BYTES;
    assert_true(taken[index]);
    memset(heap, 0xA5, size); /* what the next one finds there */
    taken[index] = false;
    isere_test_state()->live_heaps--;
}

/* ---- the flash ---- */

static nor_t nor;
static isere_extents_t extents;
static js_fixture_t f;
static isere_flash_image_t image;

static void reopen(void)
{
    nor_power_on(&nor, 0, NOR_BEFORE);
    assert_int_equal(isere_extents_open(&extents, &nor.table), 0);
}

static int setup(void **state)
{
    (void)state;
    isere_test_port_reset();
    isere_test_state()->tick_us = 10;
    region = malloc(PLACES * PLACE_BYTES);
    assert_non_null(region);
    memset(region, 0xA5, PLACES * PLACE_BYTES);
    memset(taken, 0, sizeof(taken));
    port = *isere_test_port();
    port.arena_map = take_place;
    port.arena_unmap = give_place;
    port.arena_place = place;
    js_init(&f, &port);
    f.config.memory_bytes = HEAP_BYTES;
    nor_init(&nor, SECTORS, 256);
    nor.table.build = isere_slice("this build");
    memset(&image, 0, sizeof(image));
    reopen();
    return 0;
}

static void deinit(void)
{
    isere_flash_image_release(&image);
    js_deinit(&f);
}

static int teardown(void **state)
{
    (void)state;
    deinit();
    nor_deinit(&nor);
    free(region);
    return isere_test_leaks();
}

static void load(const char *source)
{
    js_file_t files[] = {{"main.js", source}, {NULL, NULL}};
    if (js_compile(&f, files)) {
        fail_msg("does not compile: %s", f.fault.message);
    }
    assert_int_equal(isere_function_create(f.port, f.code, f.code_size,
                                           &f.config, &f.function, &f.fault),
                     0);
}

static int make(void)
{
    return isere_flash_image_make(&extents, &port, f.function, &image,
                                  &f.fault);
}

static void must_make(void)
{
    int error = make();
    if (error) {
        fail_msg("no image: %s, %s", isere_strerror(error), f.fault.message);
    }
}

static int find_again(void)
{
    return isere_flash_image_find(&extents, &port, f.function, &image);
}

/* Makes one isolate more, which must come from the image, or must not. */
static isere_isolate_t *create(bool from_image)
{
    isere_test_state()->monotonic_us += 1234567;
    isere_test_state()->wall_us += 1234567;
    f.isolate = isere_isolate_create_in(&port, f.function, NULL, &image);
    assert_non_null(f.isolate);
    assert_int_equal(isere_isolate_state(f.isolate) == ISERE_ISOLATE_READY,
                     from_image);
    isere_isolate_state_t end = isere_isolate_start(f.isolate, &f.fault);
    while (end == ISERE_ISOLATE_WAITING) {
        end = js_resume(&f);
    }
    if (end != ISERE_ISOLATE_READY) {
        fail_msg("not ready: %s", f.fault.message);
    }
    return f.isolate;
}

/* The body that a request gets. */
static void ask(const char *target, char *out, size_t size)
{
    isere_isolate_state_t end = js_invoke(&f, target);
    while (end == ISERE_ISOLATE_WAITING) {
        end = js_resume(&f);
    }
    assert_int_equal(end, ISERE_ISOLATE_COMPLETE);
    if (isere_isolate_error(f.isolate)) {
        fail_msg("an error: %s", isere_isolate_reason(f.isolate));
    }
    isere_slice_t body = isere_isolate_response(f.isolate)->body;
    assert_true(body.len < size);
    memcpy(out, body.ptr, body.len);
    out[body.len] = 0;
    isere_isolate_reset(f.isolate);
}

/* ---- what is kept ---- */

#define HANDLER "export const handler = async () => "

static const char *const sources[] = {
    HANDLER "'nothing'",
    /* closures, classes, private members, accessors, symbols */
    "const make = (n) => { let i = n; return () => i++ };"
    "const c = make(7); c();"
    "const sym = Symbol('s');"
    "class A { #p = c(); static s = sym; get p() { return this.#p }"
    "  [sym]() { return super.toString() } }"
    "class B extends A { constructor() { super(); this.q = [1.5, 2n ** 70n] } }"
    "const b = new B();" HANDLER
    "[c(), b.p, String(b.q), b[A.s](), A.s.description].join()",
    /* collections whose keys are objects, and weak ones */
    "const k = Array.from({ length: 60 }, (_, i) => ({ i }));"
    "const m = new Map(k.map((x, i) => [x, 'v' + i]));"
    "const s = new Set(k); const w = new WeakMap([[k[3], 'weak']]);"
    "const r = new WeakRef(k[4]);" HANDLER
    "m.get(k[59]) + s.has(k[0]) + w.get(k[3]) + r.deref().i + [...m].length",
    /* what the engine keeps in tables of its own */
    "const re = /(?<y>[0-9]{4})-(?:(a)|(b))+/dgu; re.exec('2026-ab');"
    "const o = {}; for (let i = 0; i < 300; i++) o['property' + i] = i;"
    "const t = (s, ...v) => s.raw.join('|') + v;" HANDLER
    "`${t`a${1}b\\n`}` + Object.keys(o).length + o.property299 +"
    " '2026-ba'.replace(re, '$<y>') + re.lastIndex",
    /* bytes, dates, texts, JSON, proxies, generators that have begun */
    "const u = new Uint8Array(300).map((_, i) => i);"
    "const d = new Date(86400000); const p = new Proxy({}, { get: (_, n) => n "
    "});"
    "function* g() { yield 1; yield* [2, 3] } const it = g(); it.next();"
    "const text = 'x'.repeat(3000) + '\\u{1f600}'; let rope = '';"
    "for (let i = 0; i < 40; i++) rope += text + i;" HANDLER
    "[u[299], d.toISOString(), p.name, it.next().value, text.length,"
    " rope.length, JSON.stringify({ a: [u[1]] }), rope.at(-1)].join()",
    /* the globals that keep something in C */
    "const url = new URL('https://e.org:8080/a?b=c#d');"
    "url.searchParams.append('x', 'y'); const dec = new TextDecoder();"
    "const bytes = new TextEncoder().encode('h\\u00e9');"
    "const cloned = structuredClone({ a: new Map([[1, bytes]]) });" HANDLER
    "url.href + dec.decode(cloned.a.get(1)) + btoa('x') +"
    " (1234.5).toLocaleString('en-US')",
    /* promises that wait, timers, modules that await */
    "const later = await new Promise((go) => setTimeout(go, 1000, 'later'));"
    "const before = performance.now();"
    "while (performance.now() < before + 5); const at = new Date();"
    "const settled = await Promise.allSettled([Promise.reject(new Error('x')),"
    "  queueMicrotask(() => 0)]);" HANDLER
    "later + settled.map((s) => s.status) + (Date.now() >= at)",
};

/* On 64-bit machines values have padding, with what was on the stack in it: a
 * heap may differ there. Images are for devices, where each must do. */
static bool makes_image(void)
{
    int error = make();
    if (error && sizeof(void *) == 4) {
        fail_msg("no image: %s, %s", isere_strerror(error), f.fault.message);
    }
    return error == 0;
}

static void begin_anew(void)
{
    deinit();
    js_init(&f, &port);
    f.config.memory_bytes = HEAP_BYTES;
}

static void test_answers_as_without(void **state)
{
    int made = 0;
    for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
        char expected[512];
        char answer[512];
        load(sources[i]);
        f.isolate = create(false);
        ask("/", expected, sizeof(expected));
        assert_true(expected[0] != 0);
        isere_isolate_destroy(f.isolate);
        f.isolate = NULL;
        if (!makes_image()) {
            begin_anew();
            continue;
        }
        made++;
        isere_isolate_t *isolates[PLACES];
        for (int n = 0; n < PLACES; n++) {
            js_pristine_t pristine;
            isolates[n] = create(true);
            js_pristine_take(&pristine, &f);
            for (int round = 0; round < 3; round++) {
                ask("/", answer, sizeof(answer));
                assert_string_equal(answer, expected);
                js_pristine_expect(&pristine, &f, true);
            }
            js_pristine_free(&pristine);
        }
        for (int n = 0; n < PLACES; n++) {
            isere_isolate_destroy(isolates[n]);
        }
        f.isolate = NULL;
        begin_anew();
    }
    assert_true(made >= 4);
    (void)state;
}

/* Memory that was freed and taken again in the frozen part: of some hundred
 * functions' names and tables. */
static void test_many_functions(void **state)
{
    enum { COUNT = 250 };
    static char source[COUNT * 40 + 100];
    for (int n = 10; n <= COUNT; n += 60) {
        size_t len = 0;
        for (int i = 0; i < n; i++) {
            len += (size_t)sprintf(source + len,
                                   "export const a%d = (x) => x + %d;\n", i, i);
        }
        sprintf(source + len, HANDLER "'' + a%d(1)", n - 1);
        load(source);
        if (makes_image()) {
            char answer[32];
            f.isolate = create(true);
            ask("/", answer, sizeof(answer));
            assert_int_equal(atoi(answer), n);
        }
        begin_anew();
    }
    (void)state;
}

/* Which words of a heap and its image are not what they should be. What was
 * frozen in the heap's own memory is behind its arena in the image. */
static size_t count_differences(const isere_heap_t *heap, const void *bytes,
                                size_t size, const isere_flash_heap_t *copy,
                                const void *copied)
{
    const uintptr_t *made = bytes;
    const uintptr_t *kept = copied;
    uintptr_t frozen =
        (uintptr_t)copy->arena - isere__flash_image_padded(copy->frozen);
    size_t differ = 0;
    for (size_t i = 0; i < size / sizeof(*made); i++) {
        uintptr_t in_frozen = made[i] - (uintptr_t)heap->frozen.start;
        uintptr_t expected =
            in_frozen < heap->frozen.size ? frozen + in_frozen : made[i];
        differ += kept[i] != expected;
    }
    return differ;
}

/* The heap of each place is the one that the init phase makes there, on the
 * base of that place. */
static void test_is_what_the_init_phase_makes(void **state)
{
    isere_replay_t replay;
    isere_flash_image_t base;
    for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
        load(sources[i]);
        if (!makes_image()) {
            begin_anew();
            continue;
        }
        for (unsigned n = 0; n < PLACES; n++) {
            isere_isolate_t *isolate;
            isere_flash_heap_t on;
            assert_int_equal(
                isere__flash_image_find_base(&extents, &port, &base), 0);
            isere__flash_image_copy(&base, 2 * n, &on);
            /* Time and randomness are the image's in nothing but what these
             * sources keep of them. */
            assert_int_equal(isere__replay_begin(&replay, &port), 0);
            assert_int_equal(isere__isolate_place_apart(&port, f.function,
                                                        place(NULL, n), 0, &on,
                                                        &replay, &isolate),
                             0);
            isere_flash_image_release(&base);
            isere_isolate_start(isolate, &f.fault);
            while (isolate->state == ISERE_ISOLATE_WAITING) {
                isere__replay_wait(&replay, isere_isolate_wakeup_us(isolate));
                isere_isolate_resume(isolate);
            }
            assert_int_equal(isolate->state, ISERE_ISOLATE_READY);
            isere_flash_heap_t copy;
            isere_heap_t *heap = &isolate->heap;
            assert_true(
                isere__flash_image_heap(&image, &port, place(NULL, n), &copy));
            assert_true(isere_arena_adopt(heap->arena, HEAP_BYTES));
            assert_int_equal(heap->arena->top, copy.used);
            assert_int_equal(heap->frozen.size, copy.frozen);
            size_t differ = count_differences(heap, heap->arena, copy.used,
                                              &copy, copy.arena);
            /* The last source keeps the time. */
            assert_true(differ <= 2);
            const char *frozen = (const char *)copy.arena -
                                 isere__flash_image_padded(copy.frozen);
            assert_int_equal(count_differences(heap, heap->frozen.start,
                                               copy.frozen, &copy, frozen),
                             0);
        }
        begin_anew();
    }
    (void)state;
}

/* One outcome of time and randomness is kept; requests have their own. */
static void test_time_and_randomness(void **state)
{
    char first[128];
    char second[128];
    load("const kept = [Math.random(), crypto.randomUUID(), Date.now()];"
         "export const handler = async (e) => e.path === '/kept' ?"
         " JSON.stringify(kept) : JSON.stringify([Math.random(),"
         " crypto.randomUUID()])");
    must_make();
    isere_isolate_t *one = create(true);
    ask("/kept", first, sizeof(first));
    isere_isolate_t *two = create(true);
    ask("/kept", second, sizeof(second));
    assert_string_equal(first, second);
    f.isolate = one;
    ask("/", first, sizeof(first));
    f.isolate = two;
    ask("/", second, sizeof(second));
    assert_string_not_equal(first, second);
    f.isolate = one;
    ask("/", second, sizeof(second));
    assert_string_not_equal(first, second);
    isere_isolate_destroy(one);
    isere_isolate_destroy(two);
    f.isolate = NULL;
    (void)state;
}

static void test_logs_once(void **state)
{
    load("console.log('init'); " HANDLER "1");
    size_t before = isere_test_state()->log_lines;
    must_make();
    assert_int_equal(isere_test_state()->log_lines, before + 1);
    create(true);
    assert_int_equal(isere_test_state()->log_lines, before + 1);
    (void)state;
}

/* ---- when there is none ---- */

static void test_found_after_a_reset(void **state)
{
    load(sources[1]);
    assert_int_equal(find_again(), ISERE_ERR_NOENT);
    must_make();
    isere_flash_image_release(&image);
    reopen();
    assert_int_equal(find_again(), 0);
    assert_true(isere_flash_image_check(&image));
    create(true);
    (void)state;
}

/* Whatever the heap depends on is part of the key. */
static void test_another_key(void **state)
{
    static const char *const env[] = {"A=1", NULL};
    static const char *const other_env[] = {"A=2", NULL};
    isere_function_t *function;
    f.config.env = env;
    load(sources[0]);
    must_make();
    isere_flash_image_release(&image);
    function = f.function;
    for (int what = 0; what < 6; what++) {
        isere_function_t changed = *function;
        isere_port_t moved = port;
        switch (what) {
        case 0:
            changed.config.env = other_env;
            break;
        case 1:
            changed.config.version = "2";
            break;
        case 2:
            changed.config.memory_bytes -= 16;
            break;
        case 3:
            changed.config.payload = ISERE_PAYLOAD_2_0;
            break;
        case 4:
            changed.bundle.bytes += 16;
            break;
        default:
            nor.table.build = isere_slice("another build");
            break;
        }
        assert_int_equal(
            isere_flash_image_find(&extents, &moved, &changed, &image),
            ISERE_ERR_NOENT);
    }
    nor.table.build = isere_slice("this build");
    assert_int_equal(find_again(), 0);
    (void)state;
}

static void test_damage_is_noticed(void **state)
{
    load(sources[2]);
    must_make();
    isere_flash_image_release(&image);
    reopen();
    assert_int_equal(find_again(), 0);
    nor_damage(&nor)[(size_t)(image.content - nor.bytes) +
                     isere_flash_image_size(&image) - 100] ^= 1;
    assert_false(isere_flash_image_check(&image));
    isere_flash_image_remove(&image);
    assert_int_equal(find_again(), ISERE_ERR_NOENT);
    must_make();
    assert_true(isere_flash_image_check(&image));
    (void)state;
}

static void test_no_room(void **state)
{
    isere_extent_writer_t w;
    load(sources[0]);
    size_t room = isere_extents_room(&extents);
    assert_int_equal(isere_extents_begin(&extents, "x", room - NOR_SECTOR, &w),
                     0);
    assert_int_equal(make(), ISERE_ERR_LIMIT);
    isere_extents_abort(&w);
    taken[0] = taken[1] = taken[2] = true;
    assert_int_equal(make(), ISERE_ERR_NOMEM);
    taken[0] = taken[1] = taken[2] = false;
    isere_test_state()->fail_at = isere_test_state()->allocations + 1;
    assert_int_equal(make(), ISERE_ERR_NOMEM);
    isere_test_state()->random_fails = true;
    assert_int_equal(make(), ISERE_ERR_IO);
    isere_test_state()->random_fails = false;
    must_make();
    (void)state;
}

static void test_init_phase_that_fails(void **state)
{
    load("throw new TypeError('no')");
    assert_int_equal(make(), ISERE_ERR_HANDLER);
    assert_non_null(strstr(f.fault.message, "no"));
    assert_int_equal(isere_extents_room(&extents) > 0, true);
    assert_int_equal(find_again(), ISERE_ERR_NOENT);
    (void)state;
}

/* ---- power cuts ---- */

/* Afterwards there is no image, or a whole one, which makes an isolate that
 * answers. Whether power was cut. */
static bool cut_power(int at, enum nor_cut kind, bool ask)
{
    reopen();
    nor_power_on(&nor, at, kind);
    (void)make();
    bool cut = nor.off;
    isere_flash_image_release(&image);
    reopen();
    if (find_again() == 0) {
        assert_true(isere_flash_image_check(&image));
        if (ask) {
            f.isolate = create(true);
            js_expect_body(&f, "/", "alive");
            isere_isolate_destroy(f.isolate);
            f.isolate = NULL;
        }
    }
    isere_flash_image_release(&image);
    return cut;
}

/* At each operation of the flash, with a base. */
static void test_power_cuts(void **state)
{
    bool cut = true;
    load(HANDLER "'alive'");
    must_make();
    isere_flash_image_release(&image);
    for (int at = 1; cut; at++) {
        for (int kind = 0; kind < NOR_CUTS; kind++) {
            cut = cut_power(at, (enum nor_cut)kind, at % 50 == 1);
        }
    }
    must_make();
    (void)state;
}

/* The base is written like any other extent, but is large: now and then, with
 * another build each time. */
static void test_power_cuts_of_the_base(void **state)
{
    enum { STEP = 101 };
    char build[32];
    bool cut = true;
    load(HANDLER "'alive'");
    for (int at = 1; cut; at += STEP) {
        snprintf(build, sizeof(build), "build %d", at);
        nor.table.build = isere_slice(build);
        cut = cut_power(at, (enum nor_cut)(at % NOR_CUTS), true);
    }
    must_make();
    (void)state;
}

#define TEST(function)                                                         \
    cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_answers_as_without),
        TEST(test_many_functions),
        TEST(test_is_what_the_init_phase_makes),
        TEST(test_time_and_randomness),
        TEST(test_logs_once),
        TEST(test_found_after_a_reset),
        TEST(test_another_key),
        TEST(test_damage_is_noticed),
        TEST(test_no_room),
        TEST(test_init_phase_that_fails),
        TEST(test_power_cuts),
        TEST(test_power_cuts_of_the_base),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
