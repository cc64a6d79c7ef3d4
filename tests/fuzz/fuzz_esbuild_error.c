/*
 * What esbuild prints, when it fails and when it does not: whatever it is,
 * nothing outside of it is read, and a fault has a message and texts that end.
 */
#include "apps/isere/load/esbuild_error.h"
#include "apps/isere/node/node_files.h"
#include "apps/isere/node/node_need.h"
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void on_missing(void *ctx, isere_slice_t name, const char *message)
{
    (void)ctx;
    if (name.len == 0 || !message[0]) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    isere_fault_t fault;
    char *text = malloc(size + 1);
    if (!text) {
        return 0;
    }
    memcpy(text, data, size);
    text[size] = '\0';
    isere_esbuild_error(text, "folder/", &fault);
    if (fault.line < 0 || fault.column < 0 ||
        !memchr(fault.message, 0, sizeof(fault.message)) ||
        !memchr(fault.file, 0, sizeof(fault.file)) ||
        !memchr(fault.stack, 0, sizeof(fault.stack))) {
        abort();
    }
    isere_esbuild_error_each_missing(text, on_missing, NULL);
    (void)isere_node_need(text);
    if (isere_node_files_rename("/tmp/isere-a", text, size) > size) {
        abort();
    }
    free(text);
    return 0;
}
