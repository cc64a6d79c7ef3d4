/* Finds the names of Node's globals in a JavaScript text, module by module:
 * one that asks `typeof Buffer` has a way without it, which costs less. */
#include "apps/isere/node/node_need.h"
#include <ctype.h>
#include <stdbool.h>
#include <string.h>

static const struct global {
    const char *name;
    int bit;
} globals[] = {
    {"Buffer", ISERE_NODE_BUFFER},
    {"process", ISERE_NODE_PROCESS},
    {"setImmediate", ISERE_NODE_IMMEDIATE},
    {"clearImmediate", ISERE_NODE_IMMEDIATE},
};

static bool is_name_char(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '$';
}

/* "typeof " stands before it. */
static bool is_asked_for(const char *text, const char *at)
{
    return at - text >= 7 && strncmp(at - 7, "typeof ", 7) == 0;
}

/* "NAME = ", and no comparison. */
static bool is_assigned(const char *rest)
{
    while (is_name_char(*rest) || *rest == '.') {
        rest++;
    }
    rest += strspn(rest, " |?&");
    return rest[0] == '=' && rest[1] != '=';
}

/* `process.env` is there without Node, to be read. A name alone may be anything
 * else, as the key of an object. */
static bool is_more_than_env(const char *rest)
{
    bool is_env = strncmp(rest, ".env", 4) == 0 && !is_name_char(rest[4]);
    return *rest == '.' && (!is_env || is_assigned(rest + 4));
}

/* Adds what a module uses to `used`, and what it asks for to `asked`. */
static void look_at(const char *text, const char *at, size_t len, int *used,
                    int *asked)
{
    for (size_t i = 0; i < sizeof(globals) / sizeof(globals[0]); i++) {
        const struct global *global = &globals[i];
        if (strlen(global->name) != len ||
            strncmp(at, global->name, len) != 0) {
            continue;
        }
        if (is_asked_for(text, at)) {
            *asked |= global->bit;
        } else if (global->bit != ISERE_NODE_PROCESS ||
                   is_more_than_env(at + len)) {
            *used |= global->bit;
        }
    }
}

int isere_node_need(const char *text)
{
    int need = 0, used = 0, asked = 0;
    const char *at = text;
    while (*at) {
        size_t len = 0;
        while (is_name_char(at[len])) {
            len++;
        }
        if (len > 0) {
            /* A member of something has the name too. */
            if (at == text || at[-1] != '.' ||
                (at - text > 1 && at[-2] == '.')) {
                look_at(text, at, len, &used, &asked);
            }
            at += len;
            continue;
        }
        if (strncmp(at, "\n// ", 4) == 0) {
            need |= used & ~asked;
            used = asked = 0;
        }
        at++;
    }
    return need | (used & ~asked);
}
