/*
 * Source maps and the texts whose places are looked up in them: nothing outside
 * of either is read, and what is found is a place that can be. The first byte
 * says where the text begins; the rest before it is the map.
 */
#include "apps/isere/map/source_map.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t len = size > 0 ? size * data[0] / 256 : 0;
    char *map = malloc(len + 1), *mapped;
    isere_source_place_t place;
    if (!map || len < 1) {
        free(map);
        return 0;
    }
    memcpy(map, data + 1, len - 1);
    map[len - 1] = '\0';
    if (isere_source_map_check(isere_slice(map))) {
        for (int line = 0; line < 4; line++) {
            if (isere_source_map_find(map, line, 3, &place) &&
                (place.line < 1 || place.column < 1 || !place.file[0])) {
                abort();
            }
        }
        mapped = isere_source_map_text(
            map, "a.js", isere_slice_of((const char *)data + len, size - len));
        free(mapped);
    }
    free(map);
    return 0;
}
