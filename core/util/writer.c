/* Text in pieces: numbers, times, base64, and strings as JSON has them. */
#include "core/util/writer.h"
#include "core/util/encode/base64.h"
#include "core/util/json_escape.h"
#include "core/util/utf8.h"
#include <stdarg.h>
#include <stdio.h>

static const isere_slice_t quote = ISERE_SLICE("\"");
static const isere_slice_t ellipsis = ISERE_SLICE("...");

void isere_writer_flush(isere_writer_t *text)
{
    text->take(text->arg, isere_slice_of(text->buf, text->len));
    text->len = 0;
}

/* As much as there is room for, again and again. */
static void stream(isere_writer_t *text, isere_slice_t bytes)
{
    while (bytes.len > 0) {
        size_t room = text->size - text->len;
        size_t part = bytes.len < room ? bytes.len : room;
        memcpy(text->buf + text->len, bytes.ptr, part);
        text->len += part;
        bytes = isere_slice_of(bytes.ptr + part, bytes.len - part);
        if (text->len == text->size) {
            isere_writer_flush(text);
        }
    }
}

void isere_writer_put(isere_writer_t *text, isere_slice_t bytes)
{
    if (text->take) {
        stream(text, bytes);
        /* Whole or not at all, and nothing behind a gap. */
    } else if (text->full || bytes.len > text->size - text->len) {
        text->full = true;
    } else if (bytes.len > 0) {
        memcpy(text->buf + text->len, bytes.ptr, bytes.len);
        text->len += bytes.len;
    }
}

void isere_writer_puts(isere_writer_t *text, const char *string)
{
    isere_writer_put(text, isere_slice(string));
}

void isere_writer_printf(isere_writer_t *text, const char *format, ...)
{
    char piece[128];
    va_list args;
    va_start(args, format);
    vsnprintf(piece, sizeof(piece), format, args);
    va_end(args);
    isere_writer_puts(text, piece);
}

/* ---- numbers ---- */

/* UINT64_MAX, 18446744073709551615, has 20 digits. */
enum { DIGITS_MAX = 20 };

/* Writes the digits of a value before `end`, at least `least` of them; where
 * they begin. */
static char *digits_before(char *end, uint64_t value, unsigned least)
{
    char *p = end;
    while (value > 0 || end - p < (ptrdiff_t)least) {
        *--p = (char)('0' + value % 10);
        value /= 10;
    }
    return p;
}

void isere_writer_number(isere_writer_t *text, uint64_t value)
{
    char digits[DIGITS_MAX];
    char *end = digits + sizeof(digits);
    char *p = digits_before(end, value, 1);
    isere_writer_put(text, isere_slice_of(p, (size_t)(end - p)));
}

void isere_writer_fixed(isere_writer_t *text, uint64_t value, unsigned decimals)
{
    /* 19 decimals and a digit before them fill DIGITS_MAX; one more is for
     * the point. */
    char digits[DIGITS_MAX + 1];
    char *end = digits + sizeof(digits);
    char *p = digits_before(end, value, decimals + 1);
    char *point = end - decimals;
    /* One to the left, to make room for the point. */
    memmove(p - 1, p, (size_t)(point - p));
    p--;
    *--point = '.';
    while (end[-1] == '0') {
        end--;
    }
    if (end[-1] == '.') {
        end--;
    }
    isere_writer_put(text, isere_slice_of(p, (size_t)(end - p)));
}

/* ---- time ---- */

#define SECOND_US 1000000
#define DAY_S 86400u
#define FIRST_US (INT64_C(-62167219200) * SECOND_US) /* year 0 */
#define LAST_US (INT64_C(253402300800) * SECOND_US - 1)

/* yyyy-mm-dd of a day counted from 0000-01-01. Counted in eras of 400 years
 * that begin in March, so that the leap day is the last of its year. The 60
 * days before the first era belong to one more in front of it. The formulas
 * are those of civil.c, in 32 bits: each log line has a time, and a Cortex-M
 * divides 64 bits in software. */
static void day_before(char *end, uint32_t day)
{
    enum { ERA = 146097, JANUARY_FEBRUARY = 60 };
    uint32_t days = day + ERA - JANUARY_FEBRUARY;
    uint32_t in_era = days % ERA;
    uint32_t year =
        (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
    uint32_t in_year = in_era - (365 * year + year / 4 - year / 100);
    uint32_t month = (5 * in_year + 2) / 153; /* 0 is March */
    year += days / ERA * 400 + (month >= 10) - 400;
    digits_before(end, in_year - (153 * month + 2) / 5 + 1, 2);
    digits_before(end - 3, month < 10 ? month + 3 : month - 9, 2);
    digits_before(end - 6, year, 4);
}

void isere_writer_time(isere_writer_t *text, int64_t wall_us)
{
    char out[] = "yyyy-mm-ddThh:mm:ss.mmmZ";
    /* A clock may be set to anything; the text has room for four digits. */
    int64_t t = wall_us < FIRST_US ? FIRST_US : wall_us;
    uint64_t since = (uint64_t)((t > LAST_US ? LAST_US : t) - FIRST_US);
    uint64_t seconds = since / SECOND_US;
    uint32_t in_day = (uint32_t)(seconds % DAY_S);
    day_before(out + 10, (uint32_t)(seconds / DAY_S));
    digits_before(out + 13, in_day / 3600, 2);
    digits_before(out + 16, in_day / 60 % 60, 2);
    digits_before(out + 19, in_day % 60, 2);
    digits_before(out + 23, since % SECOND_US / 1000, 3);
    isere_writer_put(text, isere_slice_of(out, sizeof(out) - 1));
}

/* ---- JSON strings ---- */

/* What is escaped besides C0 controls. Not every terminal and reader of
 * lines stops at C0: U+009B begins a control sequence, and U+2028 ends a
 * line. */
enum {
    QUOTED = 1, /* '"' and '\\' */
    LINE = 2,   /* DEL, C1 controls, U+2028 and U+2029 */
};

/* Whether a byte stands for itself, and for a whole character. */
static bool is_plain(unsigned char c, unsigned style)
{
    if (c < 0x20 || c >= 0x7f) {
        return c == 0x7f && !(style & LINE);
    }
    return !(style & QUOTED) || (c != '"' && c != '\\');
}

static size_t plain_run(const unsigned char *p, size_t len, unsigned style)
{
    size_t run = 0;
    while (run < len && is_plain(p[run], style)) {
        run++;
    }
    return run;
}

static bool ends_lines(uint32_t c)
{
    return c < 0xa0 || c == 0x2028 || c == 0x2029;
}

/* Writes the character that begins at p, which is not a plain one; its length
 * in *used. Returns how many bytes were written, 6 at most. */
static size_t encode_character(char out[6], const unsigned char *p, size_t len,
                               unsigned style, size_t *used)
{
    if (*p < 0x80) {
        *used = 1;
        return isere_json_escape(*p, out);
    }
    uint32_t c = isere_utf8_decode(p, len, used);
    return (style & LINE) && ends_lines(c) ? isere_json_escape(c, out)
                                           : isere_utf8_encode(c, out);
}

/* What is between the quotes, as far as it fits. */
static void put_inside(isere_writer_t *text, isere_slice_t string,
                       unsigned style)
{
    const unsigned char *p = (const unsigned char *)string.ptr;
    size_t at = 0;
    while (at < string.len && !text->full) {
        size_t used = plain_run(p + at, string.len - at, style);
        size_t room = text->take ? SIZE_MAX : text->size - text->len;
        if (used > 0) {
            size_t fits = used < room ? used : room;
            isere_writer_put(text, isere_slice_of(p + at, fits));
            text->full = fits < used;
        } else {
            char out[6];
            size_t len =
                encode_character(out, p + at, string.len - at, style, &used);
            /* Whole or not at all: half an escape would not be JSON. */
            isere_writer_put(text, isere_slice_of(out, len));
        }
        at += used;
    }
}

static void put_quoted(isere_writer_t *text, isere_slice_t string,
                       unsigned style)
{
    isere_writer_put(text, quote);
    put_inside(text, string, style);
    isere_writer_put(text, quote);
}

void isere_writer_json(isere_writer_t *text, isere_slice_t string)
{
    put_quoted(text, string, QUOTED);
}

void isere_writer_json_line(isere_writer_t *text, isere_slice_t string)
{
    put_quoted(text, string, QUOTED | LINE);
}

void isere_writer_line(isere_writer_t *text, isere_slice_t string)
{
    put_inside(text, string, LINE);
}

void isere_writer_json_cut(isere_writer_t *text, isere_slice_t string,
                           size_t room)
{
    /* A copy, so that a first try that does not fit leaves no trace: what is
     * behind `len` is not part of the text. */
    isere_writer_t inner = *text;
    size_t start = text->len;
    size_t behind = room + quote.len + ellipsis.len;
    isere_writer_json(&inner, string);
    if (!inner.full && inner.size - inner.len >= room) {
        *text = inner;
        return;
    }
    if (text->full || text->size - start < quote.len + behind) {
        text->full = true;
        return;
    }
    isere_writer_back(&inner, start);
    inner.size = text->size - behind;
    isere_writer_put(&inner, quote);
    put_inside(&inner, string, QUOTED);
    text->len = inner.len;
    isere_writer_put(text, ellipsis);
    isere_writer_put(text, quote);
}

size_t isere_writer_cut(isere_slice_t text, size_t max)
{
    size_t len = max;
    if (text.len <= max) {
        return text.len;
    }
    /* No character has more than three continuation bytes. If all four are
     * such, this is not UTF-8, and may be cut anywhere. */
    for (int i = 0; i < 4 && len > 0; i++, len--) {
        if (((unsigned char)text.ptr[len] & 0xc0) != 0x80) {
            return len;
        }
    }
    return max;
}

void isere_writer_base64(isere_writer_t *text, isere_slice_t bytes)
{
    /* Encoded where it is to be, in one go; so a writer with `take` is
     * refused what its whole buffer could not hold. */
    size_t len = ISERE_BASE64_ENCODED(bytes.len);
    if (text->full || len > text->size - text->len) {
        text->full = true;
        return;
    }
    text->len +=
        isere_base64_encode(bytes.ptr, bytes.len, text->buf + text->len);
}
