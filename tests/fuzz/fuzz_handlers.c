/*
 * Whole handlers: programs that tests/fuzz/handlers makes from a grammar, or
 * that are given as text. None may do anything that a sanitizer objects to, or
 * keep memory when it is done.
 *
 * An input that begins with // is a program. It runs twice, and garbage is
 * collected at each object then; one that begins with "// memory:" runs again
 * for each allocation that it makes, which fails then. Any other one has three
 * bytes that say how it is run, and then the choices in the grammar
 * (generate.h):
 *
 *   0  bits 0-1: 2: garbage is collected at each object; 3: memory ends once;
 *      bit 2: as a module; bit 3: in strict mode
 *   1, 2  at which object or allocation that begins: byte 1 << (byte 2 & 7)
 *
 *   fuzz_handlers --print FILE   prints the program of an input
 *   fuzz_handlers --say INPUT    runs it and says what was thrown
 *   fuzz_handlers --compare SEED COUNT   makes programs whose values are
 *       determined and prints each with its result, as lines of JSON
 *   fuzz_handlers --values FILE   runs a program (as it is, sloppy) and prints
 *       the same
 *
 * ISERE_FUZZ_HANDLERS in the environment makes all runs the same way: `plain`,
 * `gc` (at each object), or `memory`.
 */
#include "tests/fuzz/handlers/generate.h"
#include "tests/fuzz/handlers/run.h"
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size,
                               unsigned seed);

enum {
    HEAD = 3,
    PLAIN = 0,
    GC = 2,
    MEMORY = 3,
    BITS = 3,
    MODULE = 4,
    STRICT = 8
};

enum { FAILURES_MAX = 1000 };
static const char fails[] = "// memory:";

static char text[HANDLERS_PROGRAM_MAX + 1];
static int always = -1; /* the kind of all runs, or -1 */
static bool verbose;
static unsigned long ends[HANDLERS_ABANDONED + 1];

static bool is_text(const uint8_t *data, size_t size)
{
    return size >= 2 && data[0] == '/' && data[1] == '/';
}

static void run(size_t len, unsigned kind, unsigned head, uint32_t from)
{
    handlers_options_t o = {
        .strict = (head & STRICT) != 0,
        .verbose = verbose,
        .module = (head & MODULE) != 0,
    };
    if (kind == GC) {
        o.gc_from = from;
        o.gc_count = always == GC ? 4000 : 400;
    } else if (kind == MEMORY) {
        o.fail_at = from + 1;
        o.fail_count = from % 3 ? 1 : from % 7 + 1;
    }
    ends[handlers_run(text, len, &o, NULL, 0)]++;
}

/* Once for each allocation that it makes, which fails then. */
static void run_with_failures(size_t len)
{
    handlers_options_t o = {.compile_first = true, .fail_count = 1};
    do {
        o.fail_at++;
        ends[handlers_run(text, len, &o, NULL, 0)]++;
    } while (o.fail_at < FAILURES_MAX && handlers_allocations() >= o.fail_at);
}

static void run_text(const uint8_t *data, size_t size)
{
    size_t len = size < HANDLERS_PROGRAM_MAX ? size : HANDLERS_PROGRAM_MAX;
    memcpy(text, data, len);
    text[len] = 0;
    if (strlen(text) == len) {
        run(len, PLAIN, 0, 0);
        run(len, GC, 0, 0);
    }
    if (strncmp(text, fails, sizeof(fails) - 1) == 0) {
        run_with_failures(len);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (is_text(data, size)) {
        run_text(data, size);
    } else if (size > HEAD) {
        unsigned kind = always < 0 ? data[0] & BITS : (unsigned)always;
        uint32_t from = (uint32_t)data[1] << (data[2] & 7);
        size_t len = handlers_generate(data + HEAD, size - HEAD, false, text);
        run(len, kind, data[0], always == GC ? 0 : from);
    }
    return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size,
                               unsigned seed)
{
    if (max_size < 64) {
        return LLVMFuzzerMutate(data, size, max_size);
    }
    if (is_text(data, size) || size <= HEAD) {
        /* Changed letters make no programs: a new one instead. */
        memset(data, 0, HEAD);
        data[0] = (uint8_t)(seed % 16);
        data[1] = (uint8_t)(seed >> 4);
        data[2] = (uint8_t)(seed >> 12);
        size = HEAD;
    }
    if (size > HEAD && seed % 16 == 0) {
        size_t len = LLVMFuzzerMutate(data, HEAD, HEAD);
        memset(data + len, 0, HEAD - len);
        return size;
    }
    return HEAD + handlers_mutate(data + HEAD, size - HEAD, max_size - HEAD,
                                  seed, LLVMFuzzerMutate);
}

/* ---- other uses ---- */

static uint8_t input[1 << 16];

static size_t read_input(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file) {
        perror(path);
        exit(1);
    }
    size_t size = fread(input, 1, sizeof(input), file);
    fclose(file);
    return size;
}

static void print(const uint8_t *data, size_t size)
{
    if (is_text(data, size)) {
        fwrite(data, 1, size, stdout);
    } else if (size > HEAD) {
        handlers_generate(data + HEAD, size - HEAD, false, text);
        printf("// how: %02x %02x %02x\n%s", data[0], data[1], data[2], text);
    }
}

static void print_json(const char *string)
{
    putchar('"');
    for (const char *c = string; *c; c++) {
        if (*c == '"' || *c == '\\') {
            putchar('\\');
            putchar(*c);
        } else if ((unsigned char)*c < ' ') {
            printf("\\u%04x", (unsigned)*c);
        } else {
            putchar(*c);
        }
    }
    putchar('"');
}

/* Runs the program in `text` and prints a line about it. */
static void print_values(unsigned seed, size_t len, bool strict)
{
    static char result[1 << 18];
    handlers_options_t o = {.strict = strict, .verbose = verbose};
    handlers_end_t end = handlers_run(text, len, &o, result, sizeof(result));
    printf("{\"seed\":%u,\"end\":%d,\"strict\":%s,\"program\":", seed, end,
           strict ? "true" : "false");
    print_json(text);
    printf(",\"result\":%s}\n", end == HANDLERS_ABANDONED ? "null" : result);
    fflush(stdout);
}

static void values(const char *path)
{
    size_t len = read_input(path);
    len = len < HANDLERS_PROGRAM_MAX ? len : HANDLERS_PROGRAM_MAX;
    memcpy(text, input, len);
    text[len] = 0;
    print_values(0, strlen(text), false);
}

static void compare(unsigned seed, unsigned long count)
{
    uint8_t data[2048];
    for (unsigned long i = 0; i < count; i++) {
        unsigned state = seed + (unsigned)i;
        size_t size = 0;
        while (size + 80 < sizeof(data)) {
            size_t piece = 4 + handlers_random(&state) % 70;
            data[size++] = (uint8_t)piece;
            for (size_t j = 0; j < piece; j++) {
                data[size++] = (uint8_t)handlers_random(&state);
            }
        }
        size_t len = handlers_generate(data, size, true, text);
        print_values(seed + (unsigned)i, len, i % 4 == 3);
    }
}

/* Which way runs ended, so that a grammar that makes nonsense is noticed. */
static void print_ends(void)
{
    fprintf(stderr,
            "handlers: %lu done, %lu not compiled, %lu threw, %lu stopped, "
            "%lu abandoned\n",
            ends[HANDLERS_DONE], ends[HANDLERS_SYNTAX], ends[HANDLERS_THREW],
            ends[HANDLERS_STOPPED], ends[HANDLERS_ABANDONED]);
}

static void choose_kind(void)
{
    const char *name = getenv("ISERE_FUZZ_HANDLERS");
    if (name && strcmp(name, "plain") == 0) {
        always = PLAIN;
    } else if (name && strcmp(name, "gc") == 0) {
        always = GC;
    } else if (name && strcmp(name, "memory") == 0) {
        always = MEMORY;
    }
}

/* When it is not to fuzz. */
static void use(int argc, char **argv)
{
    const char *what = argc > 2 ? argv[1] : "";
    if (strcmp(what, "--print") == 0) {
        print(input, read_input(argv[2]));
        exit(0);
    }
    if (strcmp(what, "--say") == 0) {
        verbose = true;
        LLVMFuzzerTestOneInput(input, read_input(argv[2]));
        exit(0);
    }
    if (strcmp(what, "--values") == 0) {
        values(argv[2]);
        exit(0);
    }
    if (strcmp(what, "--compare") == 0 && argc > 3) {
        verbose = argc > 4;
        compare((unsigned)strtoul(argv[2], NULL, 10),
                strtoul(argv[3], NULL, 10));
        exit(0);
    }
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    handlers_generate_init();
    handlers_run_init();
    choose_kind();
    use(*argc, *argv);
    atexit(print_ends);
    return 0;
}
