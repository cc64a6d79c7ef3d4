/* Sizes and times: never out of bounds, and what is read formats back. */
#include "core/util/names/units.h"
#include "isere/error.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool same)
{
    if (!same) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    isere_slice_t text = isere_slice_of(data, size);
    char out[ISERE_UNITS_TEXT_MAX];
    uint64_t value = 0, again = 0;
    (void)isere_units_parse_number(text, &value);
    if (isere_units_parse_size(text, &value) == 0) {
        isere_units_format_size(value, out);
        check(isere_units_parse_size(isere_slice(out), &again) == 0);
        check(again == value);
    }
    if (isere_units_parse_time(text, &value) == 0) {
        isere_units_format_time(value, out);
        check(isere_units_parse_time(isere_slice(out), &again) == 0);
        check(again == value);
    }
    return 0;
}
