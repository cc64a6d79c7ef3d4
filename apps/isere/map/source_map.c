/* Reads "mappings" of a source map: numbers in base 64, each the difference to
 * the one before, in segments of a generated and an original place. */
#include "apps/isere/map/source_map.h"
#include "core/util/json_check.h"
#include "core/util/json_read.h"
#include "core/util/utf8.h"
#include "ports/linux/out.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool isere_source_map_check(isere_slice_t map)
{
    isere_json_error_t wrong;
    return isere_utf8_valid(map.ptr, map.len) &&
           isere_json_check_object(map, &wrong);
}

/* The value of a member of the map; NULL: it has none that begins with
 * `first`. */
static const char *find_member(const char *map, const char *name, char first)
{
    isere_json_each_t member = {.at = isere_json_value(map)};
    while (isere_json_next(&member)) {
        if (isere_json_text_equals(member.name, name) &&
            *member.value == first) {
            return member.value;
        }
    }
    return NULL;
}

static int digit_of(char c)
{
    static const char digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c ? strchr(digits, c) : NULL;
    return at ? (int)(at - digits) : -1;
}

/* Adds the next number to *value; false at the end of the segment. */
static bool add_number(const char **at, int *value)
{
    uint32_t number = 0;
    int shift = 0, digit;
    if (digit_of(**at) < 0) {
        return false;
    }
    do {
        digit = digit_of(*(*at)++);
        if (digit < 0 || shift > 25) {
            return false;
        }
        number |= (uint32_t)(digit & 31) << shift;
        shift += 5;
    } while (digit & 32);
    /* Modulo 2^32, whatever the map says. */
    *value = (int)((uint32_t)*value +
                   (number & 1 ? 0 - (number >> 1) : number >> 1));
    return true;
}

typedef struct segment {
    int column; /* in the bundle; all count from 0 */
    int source, line, original;
} segment_t;

/* Reads a segment, whose numbers are added to *now, and goes behind what ends
 * it. Whether it has an original place. */
static bool read_segment(const char **at, segment_t *now)
{
    int name = 0;
    bool has_source =
        add_number(at, &now->column) && add_number(at, &now->source) &&
        add_number(at, &now->line) && add_number(at, &now->original);
    while (add_number(at, &name)) {
    }
    /* Also what is no number at all, or the end is never reached. */
    while (**at && !strchr("\",;", **at)) {
        (*at)++;
    }
    *at += **at == ',';
    return has_source;
}

/* Finds the segment that a place is in, or the first of its line. */
static bool find_segment(const char *at, int line, int column, segment_t *found)
{
    segment_t now = {0};
    bool any = false;
    while (*at && *at != '"' && line > 0) {
        if (*at == ';') {
            line--;
            now.column = 0;
            at++;
        } else if (read_segment(&at, &now) && line == 1) {
            if (any && now.column > column - 1) {
                return true;
            }
            *found = now;
            any = true;
        }
    }
    return any;
}

/* Writes the name of a source; false: there is none of that number. */
static bool name_source(const char *map, int number, char *name, size_t size)
{
    const char *sources = find_member(map, "\"sources\"", '[');
    isere_json_each_t item = {.at = sources};
    size_t len = 0, n;
    do {
        if (!sources || number < 0 || !isere_json_next(&item)) {
            return false;
        }
    } while (number-- > 0);
    if (*item.value != '"') {
        return false;
    }
    isere_json_text_t text = isere_json_text(item.value);
    while (len + 5 < size &&
           (n = isere_json_text_next(&text, name + len, size - len - 1)) > 0) {
        len += n;
    }
    name[len] = '\0';
    return len > 0;
}

bool isere_source_map_find(const char *map, int line, int column,
                           isere_source_place_t *place)
{
    const char *mappings = find_member(map, "\"mappings\"", '"');
    segment_t found = {0};
    if (!mappings || !find_segment(mappings + 1, line, column, &found) ||
        found.line < 0 || found.original < 0 || found.line > (1 << 28) ||
        found.original > (1 << 28)) {
        return false;
    }
    place->line = found.line + 1;
    place->column = found.original + 1;
    return name_source(map, found.source, place->file, sizeof(place->file));
}

/* ---- in texts ---- */

/* Reads ":NUMBER"; false when there is none. */
static bool take_number(const char **at, const char *end, int *number)
{
    const char *c = *at;
    int digits = 0;
    if (c == end || *c++ != ':') {
        return false;
    }
    for (*number = 0; c < end && isdigit((unsigned char)*c) && digits < 8;
         digits++) {
        *number = *number * 10 + (*c++ - '0');
    }
    *at = c;
    return digits > 0;
}

/* Where "NAME:LINE:COLUMN" begins; *behind is what follows it. */
static const char *next_place(const char *from, const char *end,
                              const char *name, const char **behind, int *line,
                              int *column)
{
    size_t len = strlen(name);
    const char *at = from;
    while ((at = memmem(at, (size_t)(end - at), name, len))) {
        *behind = at + len;
        if (take_number(behind, end, line) &&
            take_number(behind, end, column)) {
            return at;
        }
        at += len;
    }
    return NULL;
}

char *isere_source_map_text(const char *map, const char *name,
                            isere_slice_t text)
{
    const char *from = text.ptr, *end = text.ptr + text.len, *at, *behind;
    isere_source_place_t place;
    int line = 0, column = 0;
    bool changed = false;
    isere_out_t out;
    isere_out_memory(&out);
    while ((at = next_place(from, end, name, &behind, &line, &column))) {
        char numbers[32];
        bool found = isere_source_map_find(map, line, column, &place);
        isere_out_bytes(&out, from, (size_t)((found ? at : behind) - from));
        if (found) {
            snprintf(numbers, sizeof(numbers), ":%d:%d", place.line,
                     place.column);
            isere_out_text(&out, place.file);
            isere_out_text(&out, numbers);
        }
        changed |= found;
        from = behind;
    }
    isere_out_bytes(&out, from, (size_t)(end - from));
    isere_out_bytes(&out, "", 1);
    if (out.failed || !changed) {
        free(out.buffer);
        return NULL;
    }
    return out.buffer;
}
