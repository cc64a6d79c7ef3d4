/* Repaired text is well-formed, and well-formed text is kept as it is. */
#include "core/util/utf8.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool condition)
{
    if (!condition) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t room = isere_utf8_repair(data, size, NULL);
    char *repaired = malloc(room + 1);
    size_t rebuilt = 0;
    check(room <= 3 * size);
    check(isere_utf8_repair(data, size, repaired) == room);
    check(isere_utf8_valid(repaired, room));
    if (isere_utf8_valid(data, size)) {
        check(room == size && memcmp(repaired, data, size) == 0);
    }
    /* Code point by code point it must come to the same. */
    for (size_t i = 0, used; i < size; i += used) {
        char text[4];
        size_t len = isere_utf8_encode(
            isere_utf8_decode(data + i, size - i, &used), text);
        check(used > 0 && used <= size - i && rebuilt + len <= room);
        check(memcmp(repaired + rebuilt, text, len) == 0);
        rebuilt += len;
    }
    check(rebuilt == room);
    isere_utf8_replace_surrogates(repaired, room);
    check(isere_utf8_valid(repaired, room));
    free(repaired);
    return 0;
}
