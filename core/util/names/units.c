/* Sizes and times as people write them, in both directions: what is formatted
 * can be parsed. */
#include "core/util/names/units.h"
#include "isere/error.h"

typedef struct unit {
    char suffix[3];
    uint32_t factor;
} unit_t;

/* From the largest to the smallest, as formatting tries them. */
static const unit_t size_units[] = {
    {"G", 1u << 30}, {"M", 1u << 20}, {"K", 1u << 10}, {"", 1}};
static const unit_t time_units[] = {{"m", 60000}, {"s", 1000}, {"ms", 1}};

#define SIZE_UNITS (sizeof(size_units) / sizeof(size_units[0]))
#define TIME_UNITS (sizeof(time_units) / sizeof(time_units[0]))

/* Reads the digits at the start; the rest of the text goes to *suffix. */
static int parse_digits(isere_slice_t text, uint64_t *value,
                        isere_slice_t *suffix)
{
    uint64_t n = 0;
    size_t i = 0;
    bool overflow = false;
    for (; i < text.len && text.ptr[i] >= '0' && text.ptr[i] <= '9'; i++) {
        unsigned digit = (unsigned)(text.ptr[i] - '0');
        if (n > (UINT64_MAX - digit) / 10) {
            /* Goes on to the unit: a wrong unit is the better message. */
            overflow = true;
        }
        n = n * 10 + digit;
    }
    if (i == 0) {
        return ISERE_ERR_INVAL;
    }
    *value = n;
    *suffix = isere_slice_of(text.ptr + i, text.len - i);
    return overflow ? ISERE_ERR_LIMIT : 0;
}

/* Refuses what would wrap: 17179869184G is 2^64, and must not become 0. */
static int scale(uint64_t n, uint32_t factor, uint64_t *value)
{
    if (n > UINT64_MAX / factor) {
        return ISERE_ERR_LIMIT;
    }
    *value = n * factor;
    return 0;
}

int isere_units_parse_number(isere_slice_t text, uint64_t *value)
{
    isere_slice_t suffix = {0};
    uint64_t n = 0;
    int error = parse_digits(text, &n, &suffix);
    if (suffix.len > 0) {
        return ISERE_ERR_INVAL;
    }
    if (error == 0) {
        *value = n;
    }
    return error;
}

/* The empty suffix is in the table of sizes, where a number alone is allowed,
 * and not in that of times. */
static int parse_unit(isere_slice_t text, const unit_t *units, size_t count,
                      uint64_t *value)
{
    isere_slice_t suffix = {0};
    uint64_t n = 0;
    int error = parse_digits(text, &n, &suffix);
    if (error == ISERE_ERR_INVAL) {
        return error;
    }
    for (size_t i = 0; i < count; i++) {
        if (isere_slice_is(suffix, units[i].suffix)) {
            return error ? error : scale(n, units[i].factor, value);
        }
    }
    return ISERE_ERR_INVAL;
}

int isere_units_parse_size(isere_slice_t text, uint64_t *bytes)
{
    /* Sizes may be typed in lower case, too. */
    static const char lower[] = "kmg", upper[] = "KMG";
    char copy[ISERE_UNITS_TEXT_MAX];
    const char *found;
    if (text.len == 0 || text.len > sizeof(copy)) {
        /* Leading zeros apart, nothing this long is in range. */
        return ISERE_ERR_INVAL;
    }
    memcpy(copy, text.ptr, text.len);
    found = memchr(lower, copy[text.len - 1], sizeof(lower) - 1);
    if (found) {
        copy[text.len - 1] = upper[found - lower];
    }
    return parse_unit(isere_slice_of(copy, text.len), size_units, SIZE_UNITS,
                      bytes);
}

int isere_units_parse_time(isere_slice_t text, uint64_t *milliseconds)
{
    return parse_unit(text, time_units, TIME_UNITS, milliseconds);
}

/* In the largest unit that leaves no remainder, so nothing is rounded. */
static const char *format_unit(uint64_t value, const unit_t *units,
                               size_t count, char out[ISERE_UNITS_TEXT_MAX])
{
    size_t i = 0, at = ISERE_UNITS_TEXT_MAX, start;
    /* 0 is divisible by all units, but "0G" would be odd. */
    while (i + 1 < count && (value == 0 || value % units[i].factor != 0)) {
        i++;
    }
    /* The number from its end, then the suffix, moved to the front. */
    value /= units[i].factor;
    do {
        out[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    start = ISERE_UNITS_TEXT_MAX - at;
    memmove(out, out + at, start);
    memcpy(out + start, units[i].suffix, strlen(units[i].suffix) + 1);
    return out;
}

const char *isere_units_format_size(uint64_t bytes,
                                    char out[ISERE_UNITS_TEXT_MAX])
{
    return format_unit(bytes, size_units, SIZE_UNITS, out);
}

const char *isere_units_format_time(uint64_t milliseconds,
                                    char out[ISERE_UNITS_TEXT_MAX])
{
    return format_unit(milliseconds, time_units, TIME_UNITS, out);
}
