/* Names of modules: import specifiers resolved as paths, and native modules. */
#include "core/code/module_name.h"
#include "isere/error.h"
#include <stdbool.h>
#include <string.h>

/* Bare specifiers ("lodash") and URLs are refused: there is no folder of
 * packages, and nothing is fetched. */
static bool is_relative(const char *s)
{
    return strncmp(s, "./", 2) == 0 || strncmp(s, "../", 3) == 0;
}

/* The length of a path without its last part, the '/' included. */
static size_t folder_length(const char *path, size_t len)
{
    while (len > 0 && path[len - 1] != '/') {
        len--;
    }
    return len;
}

/* As in a URL (RFC 3986 section 5.2.4), but a ".." that leads out of the root
 * is an error there instead of being dropped: files outside of the function's
 * folder are not the function's. */
int isere_module_name_resolve(const char *root, const char *base,
                              const char *specifier, char *out, size_t size)
{
    if (!is_relative(specifier)) {
        return ISERE_ERR_INVAL;
    }
    size_t root_len = strlen(root);
    size_t len = folder_length(base, strlen(base));
    if (len < root_len || len >= size) {
        return len < root_len ? ISERE_ERR_NOENT : ISERE_ERR_LIMIT;
    }
    memcpy(out, base, len);
    const char *p = specifier;
    while (*p) {
        size_t part = strcspn(p, "/");
        bool last = p[part] == 0;
        if (part == 2 && p[0] == '.' && p[1] == '.') {
            /* The check that keeps a function in its folder. `len` never falls
             * below the root's length, so no later part can undo it. */
            if (len == root_len) {
                return ISERE_ERR_NOENT;
            }
            len = folder_length(out, len - 1);
        } else if (part > 0 && !(part == 1 && p[0] == '.')) {
            if (part + 2 > size - len) {
                return ISERE_ERR_LIMIT;
            }
            memcpy(out + len, p, part);
            len += part;
            if (!last) {
                out[len++] = '/';
            }
        }
        p += last ? part : part + 1;
    }
    if (len == 0 || out[len - 1] == '/') {
        return ISERE_ERR_INVAL; /* names a folder */
    }
    out[len] = 0;
    return 0;
}

int isere_module_name_native(const char *specifier)
{
    static const char characters[] = "abcdefghijklmnopqrstuvwxyz0123456789-_";
    static const char prefix[] = "isere:";
    if (strncmp(specifier, prefix, sizeof(prefix) - 1) != 0) {
        return 0;
    }
    const char *name = specifier + sizeof(prefix) - 1;
    size_t len = strspn(name, characters);
    return len >= 1 && len <= 32 && name[len] == 0 ? 1 : ISERE_ERR_INVAL;
}
