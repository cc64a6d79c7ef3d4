/* Reads a time zone file: finds the offset at a time in its table, or by the
 * rule at its end. Every count and index is checked before use. */
#include "core/util/time/tzif.h"
#include "isere/error.h"

#define HEADER_SIZE 44
#define COUNT_MAX 65536     /* of anything; real files have a few hundred */
#define OFFSET_MIN (-89999) /* RFC 9636 section 3.2, utoff */
#define OFFSET_MAX 93599

/* The counts of a header, and where its block's parts begin. */
typedef struct block {
    uint32_t isut, isstd, leap, times, types, chars;
    const unsigned char *time, *index, *type, *abbreviations;
} block_t;

static uint32_t big32(const unsigned char *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 |
           p[3];
}

static int64_t big64(const unsigned char *p)
{
    return (int64_t)((uint64_t)big32(p) << 32 | big32(p + 4));
}

/* Reads a header and finds the parts; times take `width` bytes each. Returns
 * the size of both, 0 when they don't fit in `len`. */
static size_t read_block(block_t *block, const unsigned char *p, size_t len,
                         size_t width)
{
    /* Version 1 has times of 32 bits only, which end in 2038. */
    if (len < HEADER_SIZE || memcmp(p, "TZif", 4) != 0 || p[4] < '2') {
        return 0;
    }
    uint32_t *counts[] = {&block->isut,  &block->isstd, &block->leap,
                          &block->times, &block->types, &block->chars};
    for (size_t i = 0; i < 6; i++) {
        *counts[i] = big32(p + 20 + 4 * i);
        /* Then no sum below overflows, not even in 32 bits. */
        if (*counts[i] > COUNT_MAX) {
            return 0;
        }
    }
    size_t at = HEADER_SIZE;
    block->time = p + at;
    at += block->times * width;
    block->index = p + at;
    at += block->times;
    block->type = p + at;
    at += (size_t)block->types * 6;
    block->abbreviations = p + at;
    at += block->chars + block->leap * (width + 4) + block->isstd + block->isut;
    return at <= len ? at : 0;
}

/* How many transitions are not after `at_s`. They are sorted; if a file's
 * are not, the search ends all the same, with some type of the file. */
static uint32_t count_until(const block_t *block, int64_t at_s)
{
    uint32_t low = 0;
    uint32_t high = block->times;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (big64(block->time + (size_t)middle * 8) <= at_s) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static int read_type(const block_t *block, uint32_t index,
                     isere_zone_time_t *out)
{
    if (index >= block->types) {
        return ISERE_ERR_INVAL;
    }
    const unsigned char *type = block->type + (size_t)index * 6;
    uint32_t begin = type[5];
    int32_t offset = (int32_t)big32(type);
    if (offset < OFFSET_MIN || offset > OFFSET_MAX || begin >= block->chars) {
        return ISERE_ERR_INVAL;
    }
    const unsigned char *name = block->abbreviations + begin;
    /* The NUL must be within the block, too. */
    const unsigned char *end = memchr(name, 0, block->chars - begin);
    if (!end || end - name >= ISERE_ZONE_ABBREVIATION_MAX) {
        return ISERE_ERR_INVAL;
    }
    memcpy(out->abbreviation, name, (size_t)(end - name) + 1);
    out->offset_s = offset;
    out->dst = type[4] != 0;
    return 0;
}

/* The text between two newlines after the last block. */
static int find_footer(const unsigned char *p, size_t len, isere_slice_t *rule)
{
    const unsigned char *end =
        len > 1 && p[0] == '\n' ? memchr(p + 1, '\n', len - 1) : NULL;
    if (!end) {
        return ISERE_ERR_INVAL;
    }
    *rule = isere_slice_of(p + 1, (size_t)(end - p) - 1);
    return 0;
}

int isere_tzif_at(isere_slice_t file, int64_t at_s, isere_zone_time_t *out)
{
    const unsigned char *p = (const unsigned char *)file.ptr;
    block_t block;
    isere_slice_t rule;
    /* The first block has times of 32 bits, for readers of version 1. */
    size_t first = read_block(&block, p, file.len, 4);
    size_t second =
        first ? read_block(&block, p + first, file.len - first, 8) : 0;
    /* Files that count leap seconds are refused: time values in JavaScript
     * have none (ECMA-262, 21.4.1). */
    if (second == 0 || block.leap != 0 ||
        find_footer(p + first + second, file.len - first - second, &rule)) {
        return ISERE_ERR_INVAL;
    }
    uint32_t past = count_until(&block, at_s);
    /* Behind the last transition the rule holds for ever. */
    if (past == block.times && rule.len > 0) {
        return isere_posix_tz_at(rule, at_s, out);
    }
    /* Before the first transition type 0 holds (RFC 9636, 3.2). */
    return read_type(&block, past > 0 ? block.index[past - 1] : 0, out);
}
