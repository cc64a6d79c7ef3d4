/* unicode_locale_id of Unicode Technical Standard 35, without the grandfathered
 * tags, as ECMA-402 section 6.2.1 asks for. */
#include "core/web/locale/locale.h"

typedef struct parts {
    isere_slice_t rest;
    isere_slice_t part; /* the one before `rest`, empty at the end */
} parts_t;

static bool is_alpha(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* ASCII only: tolower depends on the process's locale. */
static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

/* Tags have no case. */
static bool same(isere_slice_t a, isere_slice_t b)
{
    if (a.len != b.len) {
        return false;
    }
    for (size_t i = 0; i < a.len; i++) {
        if (lower(a.ptr[i]) != lower(b.ptr[i])) {
            return false;
        }
    }
    return true;
}

/* Takes the part up to the next '-'. At the end it is empty, which no test
 * accepts. */
static void next(parts_t *p)
{
    const char *dash =
        p->rest.len > 0 ? memchr(p->rest.ptr, '-', p->rest.len) : NULL;
    size_t len = dash ? (size_t)(dash - p->rest.ptr) : p->rest.len;
    p->part = isere_slice_of(p->rest.ptr, len);
    len += dash != NULL;
    p->rest = isere_slice_of(p->rest.ptr + len, p->rest.len - len);
}

/* From `min` to `max` letters, or (`digits`) letters and digits. */
static bool is_word(isere_slice_t s, size_t min, size_t max, bool digits)
{
    for (size_t i = 0; i < s.len; i++) {
        if (!is_alpha(s.ptr[i]) && !(digits && is_digit(s.ptr[i]))) {
            return false;
        }
    }
    return s.len >= min && s.len <= max;
}

/* ISO 3166-1 letters, or the three digits of UN M.49. */
static bool is_region(isere_slice_t s)
{
    return is_word(s, 2, 2, false) ||
           (s.len == 3 && is_digit(s.ptr[0]) && is_digit(s.ptr[1]) &&
            is_digit(s.ptr[2]));
}

/* Five to eight characters, or four that begin with a digit ("1996"). */
static bool is_variant(isere_slice_t s)
{
    return is_word(s, 5, 8, true) ||
           (is_word(s, 4, 4, true) && is_digit(s.ptr[0]));
}

/* Whether one of the parts that begin at `from` and end before `s` is the same.
 */
static bool came_before(isere_slice_t s, const char *from, size_t min_len)
{
    parts_t p = {.rest = isere_slice_of(from, (size_t)(s.ptr - from))};
    while (p.rest.len > 0) {
        next(&p);
        if (p.part.len >= min_len && same(p.part, s)) {
            return true;
        }
    }
    return false;
}

/* None may come twice. */
static bool skip_variants(parts_t *p)
{
    const char *from = p->part.ptr;
    while (is_variant(p->part)) {
        if (came_before(p->part, from, 1)) {
            return false;
        }
        next(p);
    }
    return true;
}

/* One extension, from its single letter or digit on: "u-nu-latn", "x-a". */
static bool skip_extension(parts_t *p, isere_locale_tag_t *tag)
{
    bool private = lower(p->part.ptr[0]) == 'x';
    size_t count = 0;
    tag->extended = tag->extended || lower(p->part.ptr[0]) == 'u';
    next(p);
    while (is_word(p->part, private ? 1 : 2, 8, true)) {
        next(p);
        count++;
    }
    return count > 0 && (!private || p->part.len == 0);
}

/* language ["-" script] ["-" region] *("-" variant) *("-" extension): each part
 * is told by its length and characters, in this order. */
bool isere__locale_tag_is_valid(isere_slice_t tag, isere_locale_tag_t *kind)
{
    parts_t p = {.rest = tag};
    *kind = (isere_locale_tag_t){false, false};
    if (tag.len == 0 || tag.ptr[tag.len - 1] == '-') {
        return false;
    }
    next(&p);
    if (!is_word(p.part, 2, 8, false) || p.part.len == 4) {
        return false;
    }
    kind->american = same(p.part, isere_slice("en"));
    next(&p);
    if (is_word(p.part, 4, 4, false)) {
        kind->american = kind->american && same(p.part, isere_slice("Latn"));
        next(&p); /* the script */
    }
    if (is_region(p.part)) {
        kind->american = kind->american && same(p.part, isere_slice("US"));
        next(&p);
    }
    if (!skip_variants(&p)) {
        return false;
    }
    const char *from = p.part.ptr;
    /* Extensions: each singleton once, private use (x-) last. */
    while (is_word(p.part, 1, 1, true)) {
        if (came_before(p.part, from, 1) || !skip_extension(&p, kind)) {
            return false;
        }
    }
    return p.part.len == 0 && p.rest.len == 0;
}
