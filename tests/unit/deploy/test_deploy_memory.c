/* How much memory a deploy takes beside the heap of the compiler, which is most
 * of what a device has: what was sent and, of a package, one copy of it. */
#include "core/isere_config.h"
#include "tests/unit/support/server/stored_fixture.h"
#include "tests/unit/support/unit.h"

/* OTHER: the head of the request, the package's lists, the deployment. */
enum { SOURCE = 8192, BODY = SOURCE + 256, OTHER = 8192 };

static stored_fixture_t p;

/* ---- a port that counts bytes ---- */

typedef union front {
    size_t bytes;
    max_align_t align;
} front_t;

static size_t live;          /* bytes that are allocated, but for the heap */
static size_t most_compiled; /* of them, while the compiler's heap is there */
static size_t most;          /* of them, at any time */
static bool compiles;

static void count(size_t more, size_t less)
{
    live += more;
    live -= less;
    most = live > most ? live : most;
    if (compiles && live > most_compiled) {
        most_compiled = live;
    }
}

static void *resize(void *ctx, void *block, size_t bytes)
{
    front_t *front = block ? (front_t *)block - 1 : NULL;
    size_t before = front ? front->bytes : 0;
    (void)ctx;
    if (bytes == 0) {
        count(0, before);
        free(front);
        return NULL;
    }
    count(bytes, 0); /* a block that moves is there twice */
    front = realloc(front, sizeof(*front) + bytes);
    assert_non_null(front);
    front->bytes = bytes;
    count(0, before);
    return front + 1;
}

static void *map(void *ctx, size_t bytes)
{
    front_t *front = calloc(1, sizeof(*front) + bytes);
    (void)ctx;
    assert_non_null(front);
    compiles |= bytes == ISERE_COMPILE_MEMORY;
    count(bytes == ISERE_COMPILE_MEMORY ? 0 : bytes, 0);
    return front + 1;
}

static void unmap(void *ctx, void *heap, size_t bytes)
{
    (void)ctx;
    if (bytes == ISERE_COMPILE_MEMORY) {
        compiles = false;
    } else {
        count(0, bytes);
    }
    free((front_t *)heap - 1);
}

static int setup(void **state)
{
    (void)state;
    stored_init(&p);
    p.port.resize = resize;
    p.port.heap_map = map;
    p.port.heap_unmap = unmap;
    compiles = false;
    live = most = most_compiled = 0;
    return stored_start(&p);
}

static int teardown(void **state)
{
    (void)state;
    stored_deinit(&p);
    return live == 0 ? 0 : -1;
}

/* ---- what is deployed ---- */

/* SOURCE bytes of a module, without what JSON escapes. */
static void fill(char *out)
{
    static const char code[] = "export const handler = () => 1;/*";
    memset(out, ' ', SOURCE);
    memcpy(out, code, sizeof(code) - 1);
    memcpy(out + SOURCE - 2, "*/", 2);
    out[SOURCE] = '\0';
}

/* Deploys twice: the server itself has what it keeps then. Beside the heap
 * there are so many copies of the source. */
static void deploy(const char *type, const char *body, const char *what,
                   size_t copies)
{
    for (int i = 0; i < 2; i++) {
        size_t before = live;
        most = most_compiled = 0;
        int client = stored_call("PUT", "/v1/functions/one", type, body);
        assert_int_equal(stored_ask(&p, client), i == 0 ? 201 : 200);
        sim_forget_received(client);
        most -= before;
        most_compiled -= before;
    }
    printf(
        "%s of %d bytes: %lu bytes beside the compiler's heap, %lu at most\n",
        what, SOURCE, (unsigned long)most_compiled, (unsigned long)most);
    assert_true(most_compiled >= copies * SOURCE);
    assert_true(most_compiled < copies * SOURCE + OTHER);
}

static void test_a_source(void **state)
{
    char source[SOURCE + 1];
    (void)state;
    fill(source);
    deploy("text/javascript", source, "a source", 1);
}

static void test_a_package(void **state)
{
    char source[SOURCE + 1];
    char body[BODY];
    (void)state;
    fill(source);
    snprintf(body, sizeof(body),
             "{\"main\":\"a.js\",\"files\":{\"a.js\":\"%s\"}}", source);
    deploy("application/json", body, "a package", 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_source, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_package, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
