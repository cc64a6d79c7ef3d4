/*
 * Time zone files and rules: whatever the bytes, nothing outside of them is
 * read, and an offset is one that a clock can have. The first eight bytes of an
 * input are the time, the rest is a file, and a rule.
 */
#include "core/util/time/tzif.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int error, const isere_zone_time_t *out)
{
    if (error == 0 &&
        (labs((long)out->offset_s) >= 26 * 3600 ||
         !memchr(out->abbreviation, 0, ISERE_ZONE_ABBREVIATION_MAX))) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    isere_zone_time_t out;
    int64_t at_s;
    if (size < sizeof(at_s)) {
        return 0;
    }
    memcpy(&at_s, data, sizeof(at_s));
    isere_slice_t rest =
        isere_slice_of(data + sizeof(at_s), size - sizeof(at_s));
    check(isere_tzif_at(rest, at_s, &out), &out);
    check(isere_posix_tz_at(rest, at_s, &out), &out);
    return 0;
}
