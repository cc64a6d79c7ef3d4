/* Packages of functions: whatever the body is, it is refused with a reason, or
 * its normalised form is UTF-8 that normalises to itself, byte for byte. */
#include "core/deploy/package/package.h"
#include "core/isere_config.h"
#include "core/util/utf8.h"
#include "tests/unit/support/test_port.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const isere_package_limits_t limits = {
    .memory_min = 64 * 1024,
    .memory_max = SIZE_MAX,
    .timeout_max_ms = 60000,
};

static void check(bool right)
{
    if (!right) {
        abort();
    }
}

/* The compiler's heap is there once at a time, and too large to make anew;
 * packages lie in others. */
static _Alignas(16) char compiler_heap[ISERE_COMPILE_MEMORY];

static void *heap_map(void *ctx, size_t bytes)
{
    (void)ctx;
    return bytes == sizeof(compiler_heap) ? compiler_heap : malloc(bytes);
}

static void heap_unmap(void *ctx, void *heap, size_t bytes)
{
    (void)ctx;
    (void)bytes;
    if (heap != compiler_heap) {
        free(heap);
    }
}

static const isere_port_t *port(void)
{
    static isere_port_t p;
    p = *isere_test_port();
    p.heap_map = heap_map;
    p.heap_unmap = heap_unmap;
    return &p;
}

static isere_package_t *read(const void *body, size_t len, bool is_source,
                             isere_fault_t *fault)
{
    isere_package_t *package = NULL;
    isere_slice_t text = isere_slice_of(body, len);
    const isere_package_body_t sent = {text, is_source, false};
    int error =
        is_source
            ? isere_package_read_source(port(), "hello", &sent, &package, fault)
            : isere_package_read(port(), text, &limits, &package, fault);
    check((error == 0) == (fault->message[0] == 0));
    check(isere_utf8_valid(fault->message, strlen(fault->message)));
    check(error == 0 || error == ISERE_ERR_INVAL);
    check((error == 0) == (package != NULL));
    return package;
}

/* NULL when it is refused. */
static char *normalise(const void *body, size_t len, bool is_source,
                       size_t *size)
{
    char *text;
    isere_fault_t fault;
    uint8_t sum[ISERE_SHA256_SIZE];
    isere_package_t *package = read(body, len, is_source, &fault);
    if (!package) {
        return NULL;
    }
    *size = package->text_size;
    check(isere_package_text(port(), package, &text, &fault) == 0);
    isere_sha256_of(text, *size, sum);
    check(memcmp(sum, package->sha256, sizeof(sum)) == 0);
    isere_package_drop(port(), package);
    check(text[*size] == 0 && isere_utf8_valid(text, *size));
    return text;
}

static void play(const uint8_t *data, size_t len, bool is_source)
{
    size_t size;
    size_t again_size;
    char *text = normalise(data, len, is_source, &size);
    if (text) {
        char *again = normalise(text, size, false, &again_size);
        check(again && again_size == size && memcmp(again, text, size) == 0);
        isere_package_free_text(port(), again, again_size);
        isere_package_free_text(port(), text, size);
    }
    check(isere_test_state()->live_blocks == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* Of just that size, so that reading behind its end is noticed. */
    uint8_t *copy = malloc(size ? size : 1);
    check(copy != NULL);
    if (size > 0) {
        memcpy(copy, data, size);
    }
    play(copy, size, false);
    play(copy, size, true);
    free(copy);
    return 0;
}
