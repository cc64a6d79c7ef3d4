/*
 * What esbuild prints when it fails: whatever it is, nothing outside of it is
 * read, and a fault has a message and texts that end.
 */
#include "apps/isere/load/esbuild_error.h"
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

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
    free(text);
    return 0;
}
