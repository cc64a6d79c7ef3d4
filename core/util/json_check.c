/* Checks JSON without building anything, for texts that the engine parses
 * later: the error has a line and a column here. */
#include "core/util/json_check.h"
#include <stdint.h>

/* Nobody's configuration is nested like that; a hostile one is. */
#define MAX_DEPTH 512 /* nested arrays and objects */

const char isere_json_too_deep[] = "values are nested too deeply";

typedef struct scanner {
    const char *at;
    const char *end;
    const char *message;
    int depth;
    uint8_t objects[MAX_DEPTH / 8]; /* a bit for each level: not an array */
} scanner_t;

/* The first failure counts; what follows is a consequence. */
static bool fail(scanner_t *s, const char *message)
{
    if (!s->message) {
        s->message = message;
    }
    return false;
}

/* The next character, 0 at the end (a NUL is valid nowhere). */
static char peek(const scanner_t *s)
{
    return s->at < s->end ? *s->at : '\0';
}

/* The four characters of RFC 8259, section 2. JavaScript's other white space
 * is none in JSON. */
static void skip_space(scanner_t *s)
{
    while (s->at < s->end && (*s->at == ' ' || *s->at == '\t' ||
                              *s->at == '\n' || *s->at == '\r')) {
        s->at++;
    }
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_hex(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* Behind a backslash. Lone surrogates are allowed: they are well-formed JSON,
 * and what becomes of them is the reader's business. */
static bool scan_escape(scanner_t *s)
{
    char c = peek(s);
    if (c == 'u') {
        for (int i = 1; i <= 4; i++) {
            if (s->end - s->at <= i || !is_hex(s->at[i])) {
                return fail(s, "\\u needs four hexadecimal digits");
            }
        }
        s->at += 5;
        return true;
    }
    /* strchr would find its own NUL. */
    if (c == '\0' || !strchr("\"\\/bfnrt", c)) {
        return fail(s, "unknown escape in a string");
    }
    s->at++;
    return true;
}

/* Bytes above 0x7f pass unseen: whatever they are, they can't hide a quote
 * or a backslash, which are ASCII. */
static bool scan_string(scanner_t *s)
{
    if (peek(s) != '"') {
        return fail(s, "a string in double quotes is expected");
    }
    s->at++;
    while (s->at < s->end && *s->at != '"') {
        /* A newline, most likely: naming the line where it was forgotten helps
         * more than "a control character". */
        if ((unsigned char)*s->at < 0x20) {
            return fail(s, "a string is not closed on its line");
        }
        if (*s->at++ == '\\' && !scan_escape(s)) {
            return false;
        }
    }
    if (s->at == s->end) {
        return fail(s, "a string is not closed");
    }
    s->at++;
    return true;
}

static bool scan_digits(scanner_t *s)
{
    if (!is_digit(peek(s))) {
        return fail(s, "a digit is expected");
    }
    while (is_digit(peek(s))) {
        s->at++;
    }
    return true;
}

/* RFC 8259, section 6. No leading zeros, no '+', digits on both sides of a
 * point. Of 01 only the 0 is taken; the 1 fails where a comma is expected. */
static bool scan_number(scanner_t *s)
{
    if (peek(s) == '-') {
        s->at++;
    }
    if (peek(s) == '0') {
        s->at++;
    } else if (!scan_digits(s)) {
        return false;
    }
    if (peek(s) == '.') {
        s->at++;
        if (!scan_digits(s)) {
            return false;
        }
    }
    if (peek(s) == 'e' || peek(s) == 'E') {
        s->at++;
        if (peek(s) == '+' || peek(s) == '-') {
            s->at++;
        }
        return scan_digits(s);
    }
    return true;
}

static bool scan_word(scanner_t *s, const char *word)
{
    size_t len = strlen(word);
    if ((size_t)(s->end - s->at) < len || memcmp(s->at, word, len) != 0) {
        return fail(s, "a value is expected");
    }
    s->at += len;
    return true;
}

/* ---- values in values ---- */

/* A list of what is open, and no recursion: a level costs a bit, and no stack.
 */
static bool in_object(const scanner_t *s)
{
    int level = s->depth - 1;
    return s->objects[level / 8] >> level % 8 & 1;
}

static bool open_value(scanner_t *s)
{
    int level = s->depth;
    uint8_t bit = (uint8_t)(1 << level % 8);
    if (level == MAX_DEPTH) {
        return fail(s, isere_json_too_deep);
    }
    s->depth++;
    s->objects[level / 8] &= (uint8_t)~bit;
    s->objects[level / 8] |= *s->at == '{' ? bit : 0;
    s->at++;
    return true;
}

/* Whether the innermost value ends here; then it is closed. */
static bool closes(scanner_t *s)
{
    skip_space(s);
    if (s->depth == 0 || peek(s) != (in_object(s) ? '}' : ']')) {
        return false;
    }
    s->at++;
    s->depth--;
    return true;
}

/* What stands before a value: in an array nothing. */
static bool scan_name(scanner_t *s)
{
    if (!in_object(s)) {
        return true;
    }
    skip_space(s);
    if (!scan_string(s)) {
        return false;
    }
    skip_space(s);
    if (peek(s) != ':') {
        return fail(s, "':' is expected");
    }
    s->at++;
    return true;
}

static bool scan_scalar(scanner_t *s)
{
    switch (peek(s)) {
    case '"':
        return scan_string(s);
    case 't':
        return scan_word(s, "true");
    case 'f':
        return scan_word(s, "false");
    case 'n':
        return scan_word(s, "null");
    default:
        return is_digit(peek(s)) || peek(s) == '-'
                   ? scan_number(s)
                   : fail(s, "a value is expected");
    }
}

/* Between two values of one that is open. */
static bool scan_comma(scanner_t *s)
{
    if (peek(s) != ',') {
        return fail(s, in_object(s) ? "',' or '}' is expected"
                                    : "',' or ']' is expected");
    }
    s->at++;
    return true;
}

static bool scan_value(scanner_t *s)
{
    for (;;) {
        skip_space(s);
        if (peek(s) == '{' || peek(s) == '[') {
            if (!open_value(s)) {
                return false;
            }
            if (!closes(s)) {
                if (!scan_name(s)) {
                    return false;
                }
                continue;
            }
        } else if (!scan_scalar(s)) {
            return false;
        }
        while (closes(s)) {
            /* what is around it ends with it */
        }
        if (s->depth == 0) {
            return true;
        }
        if (!scan_comma(s) || !scan_name(s)) {
            return false;
        }
    }
}

/* ---- the text ---- */

/* Counted from the start, once and for failures alone, so the scanner keeps no
 * line. */
static void describe(const scanner_t *s, isere_slice_t text,
                     isere_json_error_t *error)
{
    *error = (isere_json_error_t){s->message, 1, 1, s->at};
    for (const char *p = text.ptr; s->message && p < s->at; p++) {
        error->column++;
        if (*p == '\n') {
            error->line++;
            error->column = 1;
        }
    }
}

static void scan_end(scanner_t *s)
{
    skip_space(s);
    if (s->at < s->end) {
        fail(s, "nothing may follow the object");
    }
}

bool isere_json_check_value(isere_slice_t text, isere_json_error_t *error)
{
    scanner_t s = {.at = text.ptr, .end = text.ptr + text.len};
    if (scan_value(&s)) {
        scan_end(&s);
    }
    describe(&s, text, error);
    return !s.message;
}

bool isere_json_check_object(isere_slice_t text, isere_json_error_t *error)
{
    scanner_t s = {.at = text.ptr, .end = text.ptr + text.len};
    skip_space(&s);
    if (peek(&s) != '{') {
        fail(&s, s.at == s.end ? "it is empty" : "it must be an object");
    } else if (scan_value(&s)) {
        scan_end(&s);
    }
    describe(&s, text, error);
    return !s.message;
}
