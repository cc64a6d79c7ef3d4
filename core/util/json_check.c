/* Checks JSON without building anything, for texts that the engine parses
 * later: the error has a line and a column here. */
#include "core/util/json_check.h"
#include <stdint.h>

/* A level takes three calls of the thread's own stack. Nobody's
 * configuration is nested like that; a hostile one is. */
#define MAX_DEPTH 512 /* nested arrays and objects; bounds our recursion */

typedef struct scanner {
    const char *at;
    const char *end;
    const char *message;
    int depth;
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

static bool scan_value(scanner_t *s);

/* One element of an array, or a name and its value. */
static bool scan_member(scanner_t *s, bool is_object)
{
    if (is_object) {
        skip_space(s);
        if (!scan_string(s)) {
            return false;
        }
        skip_space(s);
        if (peek(s) != ':') {
            return fail(s, "':' is expected");
        }
        s->at++;
    }
    return scan_value(s);
}

/* Between brackets. `at` is the opening one. */
static bool scan_members(scanner_t *s, bool is_object)
{
    const char close = is_object ? '}' : ']';
    s->at++;
    skip_space(s);
    if (peek(s) == close) {
        s->at++;
        return true;
    }
    while (scan_member(s, is_object)) {
        skip_space(s);
        if (peek(s) == close) {
            s->at++;
            return true;
        }
        if (peek(s) != ',') {
            return fail(s, is_object ? "',' or '}' is expected"
                                     : "',' or ']' is expected");
        }
        s->at++;
    }
    return false;
}

static bool scan_value(scanner_t *s)
{
    bool valid;
    skip_space(s);
    switch (peek(s)) {
    case '{':
    case '[':
        if (s->depth == MAX_DEPTH) {
            return fail(s, "values are nested too deeply");
        }
        s->depth++;
        valid = scan_members(s, peek(s) == '{');
        s->depth--;
        return valid;
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

bool isere_json_check_object(isere_slice_t text, isere_json_error_t *error)
{
    scanner_t s = {.at = text.ptr, .end = text.ptr + text.len};
    skip_space(&s);
    if (peek(&s) != '{') {
        fail(&s, s.at == s.end ? "it is empty" : "it must be an object");
    } else if (scan_value(&s)) {
        skip_space(&s);
        if (s.at < s.end) {
            fail(&s, "nothing may follow the object");
        }
    }
    error->message = s.message;
    error->line = 1;
    error->column = 1;
    /* Counted from the start, once and for failures alone, so the scanner
     * keeps no line. */
    for (const char *p = text.ptr; s.message && p < s.at; p++) {
        error->column++;
        if (*p == '\n') {
            error->line++;
            error->column = 1;
        }
    }
    return !s.message;
}
