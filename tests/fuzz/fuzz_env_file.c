/*
 * Lines of --env-file: whatever they are, nothing outside of a line is touched,
 * and what comes out lies in it and has a '='.
 */
#include "apps/isere/args/env_file.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *line = malloc(size + 1), *entry;
    if (!line) {
        return 0;
    }
    memcpy(line, data, size);
    line[size] = '\0';
    entry = isere_env_file_entry(line);
    if (entry && (entry < line || entry > line + size ||
                  (*entry != '\0' && !strchr(entry, '=')))) {
        abort();
    }
    free(line);
    return 0;
}
