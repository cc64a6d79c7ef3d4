/* The list behind URLSearchParams: pairs, their encoded form, sorting. No
 * JavaScript. */
#include "core/web/url/url_params.h"
#include "core/util/encode/percent.h"
#include "core/util/utf8.h"
#include "core/web/url/url_codes.h"

/* A block for nothing, too: NULL means that memory ran out. */
static void *allocate(const isere_url_memory_t *memory, size_t size)
{
    return isere__url_resize(memory, NULL, size > 0 ? size : 1);
}

static void release(const isere_url_memory_t *memory, void *block)
{
    if (block) {
        isere__url_resize(memory, block, 0);
    }
}

static bool same(isere_slice_t a, isere_slice_t b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

void isere__url_params_clear(const isere_url_memory_t *memory,
                             isere_url_params_t *list)
{
    for (uint32_t i = 0; i < list->count; i++) {
        release(memory, list->pairs[i].text);
    }
    release(memory, list->pairs);
    memset(list, 0, sizeof(*list));
}

/* Makes room for one more pair. By half, so that appending n pairs takes time
 * linear in n. */
static int grow(const isere_url_memory_t *memory, isere_url_params_t *list)
{
    if (list->count < list->room) {
        return 0;
    }
    uint32_t room = list->room + list->room / 2 + 2;
    if (room > ISERE_URL_MAX / sizeof(isere_url_pair_t)) {
        return ISERE_ERR_LIMIT;
    }
    void *pairs =
        isere__url_resize(memory, list->pairs, room * sizeof(isere_url_pair_t));
    if (!pairs) {
        return ISERE_ERR_NOMEM;
    }
    list->pairs = pairs;
    list->room = room;
    return 0;
}

/* Joins name and value in one block: half the blocks, and half the overhead of
 * each. */
static int make_pair(const isere_url_memory_t *memory, isere_slice_t name,
                     isere_slice_t value, isere_url_pair_t *pair)
{
    if (name.len > ISERE_URL_MAX || value.len > ISERE_URL_MAX) {
        return ISERE_ERR_LIMIT;
    }
    pair->text = allocate(memory, name.len + value.len);
    if (!pair->text) {
        return ISERE_ERR_NOMEM;
    }
    if (name.len > 0) {
        memcpy(pair->text, name.ptr, name.len);
    }
    if (value.len > 0) {
        memcpy(pair->text + name.len, value.ptr, value.len);
    }
    pair->name_len = (uint32_t)name.len;
    pair->value_len = (uint32_t)value.len;
    return 0;
}

/* Room in the list comes first: then nothing has to be undone. */
int isere__url_params_append(const isere_url_memory_t *memory,
                             isere_url_params_t *list, isere_slice_t name,
                             isere_slice_t value)
{
    isere_url_pair_t pair;
    int error = grow(memory, list);
    error = error ? error : make_pair(memory, name, value, &pair);
    if (!error) {
        list->pairs[list->count++] = pair;
    }
    return error;
}

/* Parsing and serialising */

/* Replaces ill-formed UTF-8, which percent-decoding can give, by U+FFFD ("UTF-8
 * decode without BOM" of section 5.1). */
static int repair_pair(const isere_url_memory_t *memory, isere_url_pair_t *pair)
{
    const char *value = pair->text + pair->name_len;
    if (isere_utf8_valid(pair->text, pair->name_len) &&
        isere_utf8_valid(value, pair->value_len)) {
        return 0;
    }
    size_t name_len = isere_utf8_repair(pair->text, pair->name_len, NULL);
    size_t value_len = isere_utf8_repair(value, pair->value_len, NULL);
    char *text = allocate(memory, name_len + value_len);
    if (!text) {
        return ISERE_ERR_NOMEM;
    }
    isere_utf8_repair(pair->text, pair->name_len, text);
    isere_utf8_repair(value, pair->value_len, text + name_len);
    release(memory, pair->text);
    pair->text = text;
    pair->name_len = (uint32_t)name_len;
    pair->value_len = (uint32_t)value_len;
    return 0;
}

/* The block is made with the encoded text and decoded in place: its length is
 * only known afterwards. */
static int parse_pair(const isere_url_memory_t *memory,
                      isere_url_params_t *list, const char *p, size_t len)
{
    const char *equals = memchr(p, '=', len);
    size_t name_len = equals ? (size_t)(equals - p) : len;
    const char *value = equals ? equals + 1 : p + len;
    size_t value_len = (size_t)(p + len - value);
    isere_url_pair_t pair;
    int error = grow(memory, list);
    error = error ? error
                  : make_pair(memory, isere_slice_of(p, name_len),
                              isere_slice_of(value, value_len), &pair);
    if (error) {
        return error;
    }
    /* In place: decoding never makes text longer. */
    size_t n = isere_percent_decode(pair.text, name_len, true, pair.text);
    size_t v = isere_percent_decode(pair.text + name_len, value_len, true,
                                    pair.text + name_len);
    /* Both shrank: the value goes right behind its name again. */
    memmove(pair.text + n, pair.text + name_len, v);
    pair.name_len = (uint32_t)n;
    pair.value_len = (uint32_t)v;
    error = repair_pair(memory, &pair);
    if (error) {
        release(memory, pair.text);
        return error;
    }
    list->pairs[list->count++] = pair;
    return 0;
}

/* "a", "a=" and "a=1" are pairs, "" is none; "=1" has an empty name (section
 * 5.1). */
int isere__url_params_parse(const isere_url_memory_t *memory,
                            isere_url_params_t *list, isere_slice_t query)
{
    const char *p = query.len > 0 ? query.ptr : "";
    const char *end = p + query.len;
    int error = query.len > ISERE_URL_MAX ? ISERE_ERR_LIMIT : 0;
    while (!error && p < end) {
        const char *stop = memchr(p, '&', (size_t)(end - p));
        stop = stop ? stop : end;
        if (stop > p) {
            error = parse_pair(memory, list, p, (size_t)(stop - p));
        }
        p = stop + (stop < end);
    }
    return error;
}

/* Writes the encoded form of a text, or only counts with `out` NULL: all but
 * letters, digits and "*-._" is encoded, and a space is '+' (section 5.2). */
static size_t encode(isere_slice_t text, char *out)
{
    static const char hex[] = "0123456789ABCDEF";
    size_t n = 0;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = (uint8_t)text.ptr[i];
        bool plain = c == ' ' || isere__url_has(c, ISERE_URL_FORM_SAFE);
        if (out && plain) {
            out[n] = c == ' ' ? '+' : (char)c;
        } else if (out) {
            out[n] = '%';
            out[n + 1] = hex[c >> 4];
            out[n + 2] = hex[c & 15];
        }
        n += plain ? 1 : 3;
    }
    return n;
}

/* Writes all pairs, or only counts; 64 bits hold any sum. */
static uint64_t encode_all(const isere_url_params_t *list, char *out)
{
    uint64_t n = 0;
    for (uint32_t i = 0; i < list->count; i++) {
        if (out && i > 0) {
            out[n] = '&';
        }
        n += i > 0;
        n += encode(isere__url_params_name(list, i), out ? out + n : NULL);
        if (out) {
            out[n] = '=';
        }
        n++;
        n += encode(isere__url_params_value(list, i), out ? out + n : NULL);
    }
    return n;
}

/* Counted first, then written: one block of the exact size. */
int isere__url_params_serialise(const isere_url_memory_t *memory,
                                const isere_url_params_t *list, char **text,
                                size_t *len)
{
    uint64_t n = encode_all(list, NULL);
    *text = NULL;
    *len = 0;
    if (n == 0) {
        return 0;
    }
    if (n > ISERE_URL_MAX) {
        return ISERE_ERR_LIMIT;
    }
    *text = allocate(memory, (size_t)n);
    if (!*text) {
        return ISERE_ERR_NOMEM;
    }
    encode_all(list, *text);
    *len = (size_t)n;
    return 0;
}

/* The list */

isere_slice_t isere__url_params_name(const isere_url_params_t *list, uint32_t i)
{
    return isere_slice_of(list->pairs[i].text, list->pairs[i].name_len);
}

isere_slice_t isere__url_params_value(const isere_url_params_t *list,
                                      uint32_t i)
{
    const isere_url_pair_t *pair = &list->pairs[i];
    return isere_slice_of(pair->text + pair->name_len, pair->value_len);
}

/* A walk: a table would cost more than it saves for the dozen pairs that
 * queries have. */
uint32_t isere__url_params_find(const isere_url_params_t *list, uint32_t from,
                                isere_slice_t name)
{
    while (from < list->count &&
           !same(isere__url_params_name(list, from), name)) {
        from++;
    }
    return from;
}

/* In place: pairs that stay move to the front, in their order. */
void isere__url_params_remove(const isere_url_memory_t *memory,
                              isere_url_params_t *list, uint32_t from,
                              isere_slice_t name, const isere_slice_t *value)
{
    uint32_t kept = from;
    for (uint32_t i = from; i < list->count; i++) {
        if (same(isere__url_params_name(list, i), name) &&
            (!value || same(isere__url_params_value(list, i), *value))) {
            release(memory, list->pairs[i].text);
            continue;
        }
        list->pairs[kept++] = list->pairs[i];
    }
    list->count = kept < list->count ? kept : list->count;
}

/* The order of pairs is the handler's: a new value does not move it. */
int isere__url_params_replace(const isere_url_memory_t *memory,
                              isere_url_params_t *list, uint32_t i,
                              isere_slice_t value)
{
    isere_url_pair_t pair;
    int error =
        make_pair(memory, isere__url_params_name(list, i), value, &pair);
    if (!error) {
        release(memory, list->pairs[i].text);
        list->pairs[i] = pair;
    }
    return error;
}

/*
 * Order of two names as UTF-16 code units. Bytes of UTF-8 are in that order
 * too, except that what lies beyond U+FFFF (lead bytes from 0xF0) is written
 * with surrogates, which come before U+E000 to U+FFFF (lead 0xEE and 0xEF).
 */
static bool comes_before(const isere_url_pair_t *a, const isere_url_pair_t *b)
{
    uint32_t len = a->name_len < b->name_len ? a->name_len : b->name_len;
    for (uint32_t i = 0; i < len; i++) {
        uint8_t x = (uint8_t)a->text[i];
        uint8_t y = (uint8_t)b->text[i];
        if (x == y) {
            continue;
        }
        if ((x >= 0xf0) != (y >= 0xf0) && x >= 0xee && y >= 0xee) {
            return x >= 0xf0;
        }
        return x < y;
    }
    return a->name_len < b->name_len;
}

/* Merges two sorted runs of `from`, next to each other, into `to`. The left one
 * wins a tie: the sort is stable. */
static void merge(const isere_url_pair_t *from, uint32_t middle, uint32_t end,
                  isere_url_pair_t *to)
{
    uint32_t left = 0;
    uint32_t right = middle;
    for (uint32_t i = 0; i < end; i++) {
        bool take_right =
            left == middle ||
            (right < end && comes_before(&from[right], &from[left]));
        to[i] = take_right ? from[right++] : from[left++];
    }
}

/* Merge sort from the bottom up: no recursion, and time that no input can make
 * quadratic. Runs go back and forth between the list and a second block. */
int isere__url_params_sort(const isere_url_memory_t *memory,
                           isere_url_params_t *list)
{
    uint32_t count = list->count;
    if (count < 2) {
        return 0;
    }
    size_t size = count * sizeof(isere_url_pair_t);
    isere_url_pair_t *other = allocate(memory, size);
    if (!other) {
        return ISERE_ERR_NOMEM;
    }
    isere_url_pair_t *from = list->pairs;
    isere_url_pair_t *to = other;
    for (uint32_t run = 1; run < count; run *= 2) {
        for (uint32_t i = 0; i < count; i += 2 * run) {
            uint32_t left = count - i;
            merge(from + i, left < run ? left : run,
                  left < 2 * run ? left : 2 * run, to + i);
        }
        isere_url_pair_t *swap = from;
        from = to;
        to = swap;
    }
    if (from != list->pairs) {
        memcpy(list->pairs, from, size);
    }
    release(memory, other);
    return 0;
}
