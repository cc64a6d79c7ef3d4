/* Reads JSON where it lies: members, strings, whole numbers. */
#include "core/util/json_read.h"
#include "core/util/utf8.h"

static const char *skip_space(const char *at)
{
    while (*at == ' ' || *at == '\t' || *at == '\n' || *at == '\r') {
        at++;
    }
    return at;
}

const char *isere_json_value(const char *text)
{
    return skip_space(text);
}

static const char *skip_string(const char *at)
{
    for (at++; *at != '"'; at++) {
        at += *at == '\\';
    }
    return at + 1;
}

/* The next byte that a number or a word can't have. */
static const char *skip_word(const char *at)
{
    while ((*at >= '0' && *at <= '9') || (*at >= 'a' && *at <= 'z') ||
           *at == '-' || *at == '+' || *at == '.' || *at == 'E') {
        at++;
    }
    return at;
}

/* Brackets in strings are skipped with them, so counting is enough. */
const char *isere_json_skip(const char *value)
{
    size_t depth = 0;
    do {
        switch (*value) {
        case '{':
        case '[':
            depth++;
            value++;
            break;
        case '}':
        case ']':
            depth--;
            value++;
            break;
        case '"':
            value = skip_string(value);
            break;
        case ',':
        case ':':
            value++;
            break;
        default:
            value = skip_word(value);
        }
        value = depth > 0 ? skip_space(value) : value;
    } while (depth > 0);
    return value;
}

/* `at` is the opening bracket, a comma, or the closing bracket. */
bool isere_json_next(isere_json_each_t *each)
{
    const char *at = each->at;
    if (*at == '}' || *at == ']') {
        return false;
    }
    bool is_first = *at != ',';
    at = skip_space(at + 1);
    if (is_first) {
        each->name = *each->at == '{' ? at : NULL;
    }
    if (*at == '}' || *at == ']') {
        each->at = at;
        return false;
    }
    if (each->name) {
        each->name = at;
        at = skip_space(skip_space(skip_string(at)) + 1);
    }
    each->value = at;
    each->at = skip_space(isere_json_skip(at));
    return true;
}

/* ---- strings ---- */

isere_json_text_t isere_json_text(const char *string)
{
    return (isere_json_text_t){.at = string + 1};
}

static unsigned hex4(const char *at)
{
    unsigned value = 0;
    for (int i = 0; i < 4; i++) {
        char c = at[i];
        value =
            value * 16 + (unsigned)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
    }
    return value;
}

/* Behind "\u". Two escapes may make one character. */
static uint32_t read_unicode(isere_json_text_t *t)
{
    uint32_t c = hex4(t->at);
    t->at += 4;
    if (c < 0xd800 || c > 0xdfff) {
        return c;
    }
    if (c < 0xdc00 && t->at[0] == '\\' && t->at[1] == 'u') {
        uint32_t low = hex4(t->at + 2);
        if (low >= 0xdc00 && low <= 0xdfff) {
            t->at += 6;
            return 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
        }
    }
    t->lone = true;
    return c;
}

/* Behind the backslash. */
static uint32_t read_escape(isere_json_text_t *t)
{
    char c = *t->at++;
    switch (c) {
    case 'b':
        return '\b';
    case 'f':
        return '\f';
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    case 'u':
        return read_unicode(t);
    default:
        return (unsigned char)c;
    }
}

/* Whole characters only: so two strings with the same ones are cut at the same
 * places. */
size_t isere_json_text_next(isere_json_text_t *t, char *buf, size_t size)
{
    size_t len = 0;
    while (len + 4 <= size && *t->at != '"') {
        if (*t->at == '\\') {
            t->at++;
            len += isere_utf8_encode(read_escape(t), buf + len);
            continue;
        }
        do {
            buf[len++] = *t->at++;
        } while (((unsigned char)*t->at & 0xc0) == 0x80);
    }
    return len;
}

size_t isere_json_text_len(const char *string)
{
    isere_json_text_t t = isere_json_text(string);
    char buf[32];
    size_t len = 0, n;
    while ((n = isere_json_text_next(&t, buf, sizeof(buf))) > 0) {
        len += n;
    }
    return len;
}

bool isere_json_text_equals(const char *a, const char *b)
{
    isere_json_text_t s = isere_json_text(a), t = isere_json_text(b);
    char x[32], y[32];
    size_t n;
    do {
        n = isere_json_text_next(&s, x, sizeof(x));
        if (n != isere_json_text_next(&t, y, sizeof(y)) ||
            memcmp(x, y, n) != 0) {
            return false;
        }
    } while (n > 0);
    return true;
}

/* ---- numbers ---- */

/* 10^-TINY and less is 0, as it is to everybody who calculates with doubles. */
enum { TINY = 400 };

/* A number as digits * 10^exponent, exactly. */
typedef struct decimal {
    uint64_t digits;
    int64_t exponent;
} decimal_t;

/* More digits than fit are too many, or they are zeros; else the number is not
 * whole or very large, which is kept. */
static void add_digit(decimal_t *d, char c, bool behind_point, bool *lost)
{
    if (d->digits > UINT64_MAX / 10 - 1) {
        *lost |= c != '0';
        d->exponent += !behind_point;
        return;
    }
    d->digits = d->digits * 10 + (uint64_t)(c - '0');
    d->exponent -= behind_point;
}

static const char *read_digits(decimal_t *d, const char *at, bool behind_point,
                               bool *lost)
{
    for (; *at >= '0' && *at <= '9'; at++) {
        add_digit(d, *at, behind_point, lost);
    }
    return at;
}

static int64_t read_exponent(const char *at)
{
    const int64_t most = 1000000000;
    bool negative = *at == '-';
    int64_t value = 0;
    at += *at == '-' || *at == '+';
    for (; *at >= '0' && *at <= '9'; at++) {
        value = value < most ? value * 10 + (*at - '0') : value;
    }
    return negative ? -value : value;
}

bool isere_json_amount(const char *number, uint64_t *amount)
{
    const uint64_t most = (uint64_t)1 << 53; /* exact for everybody up to there
                                              */
    decimal_t d = {0, 0};
    bool lost = false;
    bool negative = *number == '-';
    const char *at = read_digits(&d, number + negative, false, &lost);
    if (*at == '.') {
        at = read_digits(&d, at + 1, true, &lost);
    }
    if (*at == 'e' || *at == 'E') {
        d.exponent += read_exponent(at + 1);
    }
    if (d.digits == 0 || d.exponent < -TINY) {
        *amount = 0;
        return true;
    }
    for (; d.exponent < 0 && d.digits % 10 == 0; d.exponent++) {
        d.digits /= 10;
    }
    for (; d.exponent > 0 && d.digits < most; d.exponent--) {
        d.digits *= 10;
    }
    *amount = d.digits < most ? d.digits : UINT64_MAX;
    return !negative && d.exponent >= 0 && (!lost || d.digits >= most);
}
