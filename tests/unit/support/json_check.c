#include "tests/unit/support/json_check.h"
#include "core/util/utf8.h"
#include <string.h>

enum { DEPTH = 16 };

typedef struct input {
    const char *p;
    const char *end;
} input_t;

static bool value(input_t *in, int depth);

static bool peek(const input_t *in, const char *set)
{
    return in->p < in->end && *in->p && strchr(set, *in->p);
}

static bool take(input_t *in, const char *set)
{
    if (!peek(in, set)) {
        return false;
    }
    in->p++;
    return true;
}

static void space(input_t *in)
{
    while (take(in, " \t\r\n")) {
    }
}

static bool digits(input_t *in)
{
    if (!take(in, "0123456789")) {
        return false;
    }
    while (take(in, "0123456789")) {
    }
    return true;
}

static bool number(input_t *in)
{
    take(in, "-");
    if (!take(in, "0") && !digits(in)) {
        return false;
    }
    if (take(in, ".") && !digits(in)) {
        return false;
    }
    if (take(in, "eE")) {
        take(in, "+-");
        return digits(in);
    }
    return true;
}

static bool string(input_t *in)
{
    if (!take(in, "\"")) {
        return false;
    }
    while (in->p < in->end && *in->p != '"') {
        unsigned char c = (unsigned char)*in->p++;
        if (c < 0x20) {
            return false;
        }
        if (c == '\\' && take(in, "u")) {
            for (int i = 0; i < 4; i++) {
                if (!take(in, "0123456789abcdefABCDEF")) {
                    return false;
                }
            }
        } else if (c == '\\' && !take(in, "\"\\/bfnrt")) {
            return false;
        }
    }
    return take(in, "\"");
}

static bool word(input_t *in, const char *text)
{
    size_t len = strlen(text);
    if ((size_t)(in->end - in->p) < len || memcmp(in->p, text, len) != 0) {
        return false;
    }
    in->p += len;
    return true;
}

/* Members or elements up to `close`. */
static bool list(input_t *in, const char *close, int depth)
{
    bool object = *close == '}';
    in->p++;
    space(in);
    if (take(in, close)) {
        return true;
    }
    do {
        space(in);
        if (object) {
            if (!string(in)) {
                return false;
            }
            space(in);
            if (!take(in, ":")) {
                return false;
            }
        }
        if (!value(in, depth)) {
            return false;
        }
    } while (take(in, ","));
    return take(in, close);
}

static bool value(input_t *in, int depth)
{
    bool good;
    space(in);
    if (depth == 0) {
        return false;
    }
    if (peek(in, "{")) {
        good = list(in, "}", depth - 1);
    } else if (peek(in, "[")) {
        good = list(in, "]", depth - 1);
    } else if (peek(in, "\"")) {
        good = string(in);
    } else if (peek(in, "-0123456789")) {
        good = number(in);
    } else {
        good = word(in, "true") || word(in, "false") || word(in, "null");
    }
    space(in);
    return good;
}

bool isere_json_check(const char *text, size_t len)
{
    input_t in = {text, text + len};
    return isere_utf8_valid(text, len) && value(&in, DEPTH) && in.p == in.end;
}
