/* The index of the store, over any bytes: what is taken as one has functions
 * with names, sorted, each with a version. The first byte says whether the head
 * is mended, as another firmware would have written it. */
#include "core/deploy/kept/index.h"
#include "tests/unit/support/test_port.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { STATE = 1 };

static void check(bool right)
{
    if (!right) {
        abort();
    }
}

static void mend(isere_index_t *index, size_t size)
{
    index->magic = ISERE_INDEX_MAGIC;
    index->state = STATE;
    index->count =
        (uint32_t)((size - sizeof(*index)) / sizeof(index->entries[0]));
}

static void check_index(const isere_index_t *index)
{
    isere_registry_t registry = {.index = index};
    isere_store_manifest_t *list;
    uint8_t sum[ISERE_SHA256_SIZE];
    int count = isere__index_list(index, isere_test_port(), &list);
    check(count >= 0 && (uint32_t)count == index->count);
    for (int i = 0; i < count; i++) {
        check(isere_function_name_is_valid(isere_slice(list[i].name)));
        check(list[i].current > 0);
        check(i == 0 || strcmp(list[i - 1].name, list[i].name) < 0);
        check(isere__index_sha256(&registry, &list[i], sum) == 0);
        check(memcmp(sum, index->entries[i].sha256, sizeof(sum)) == 0);
    }
    isere_free(isere_test_port(), list);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    isere_test_port_reset();
    if (size > 0) {
        bool mended = data[0] & 1;
        isere_index_t *bytes = malloc(size);
        check(bytes != NULL);
        size--;
        memcpy(bytes, data + 1, size);
        if (mended && size >= sizeof(*bytes)) {
            mend(bytes, size);
        }
        const isere_index_t *index = isere__index_check(bytes, size, STATE);
        if (index) {
            check_index(index);
        }
        free(bytes);
    }
    check(isere_test_state()->live_blocks == 0);
    return 0;
}
