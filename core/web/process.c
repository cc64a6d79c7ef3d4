/* process.env: the function's environment, frozen. It is filled apart, as an
 * engine may be made before it has a function. */
#include "core/web/web.h"

#include <string.h>

static bool same_name(const char *a, const char *b, size_t len)
{
    return strncmp(a, b, len) == 0 && b[len] == '=';
}

/* Whether a later entry gives the same name; the last one counts. Quadratic, in
 * the init phase only, over some dozens of entries. */
static bool is_given_again(JSContext *ctx, size_t index, size_t name_len)
{
    const char *entry = isere_host_env(ctx, index);
    const char *later;
    while ((later = isere_host_env(ctx, ++index)) != NULL) {
        if (same_name(entry, later, name_len)) {
            return true;
        }
    }
    return false;
}

/* Not writable: what a request sets would be gone with it, so it fails at once
 * (in strict mode, which modules are). */
static int define_variable(JSContext *ctx, JSValueConst env, const char *entry,
                           size_t name_len)
{
    JSAtom name = JS_NewAtomLen(ctx, entry, name_len);
    int result;
    if (name == JS_ATOM_NULL) {
        return -1;
    }
    result = JS_DefinePropertyValue(ctx, env, name,
                                    JS_NewString(ctx, entry + name_len + 1),
                                    JS_PROP_ENUMERABLE);
    JS_FreeAtom(ctx, name);
    return result;
}

/* Fills and freezes `env`. Frozen: all handlers of a heap see the same
 * environment, and none can change it. */
static int fill(JSContext *ctx, JSValueConst env)
{
    const char *entry;
    for (size_t i = 0; (entry = isere_host_env(ctx, i)) != NULL; i++) {
        const char *equals = strchr(entry, '=');
        size_t name_len;
        /* An entry without a name is none. */
        if (!equals) {
            continue;
        }
        name_len = (size_t)(equals - entry);
        if (!is_given_again(ctx, i, name_len) &&
            define_variable(ctx, env, entry, name_len) < 0) {
            return -1;
        }
    }
    return JS_PreventExtensions(ctx, env);
}

int isere__process_install(JSContext *ctx, JSValueConst global)
{
    JSValue process = JS_NewObject(ctx);
    JSValue env = JS_NewObject(ctx);
    if (JS_IsException(process) || JS_IsException(env)) {
        JS_FreeValue(ctx, process);
        JS_FreeValue(ctx, env);
        return -1;
    }
    if (JS_DefinePropertyValueStr(ctx, process, "env", env,
                                  JS_PROP_ENUMERABLE) < 0) {
        JS_FreeValue(ctx, process);
        return -1;
    }
    if (JS_DefinePropertyValueStr(ctx, global, "process", process,
                                  JS_PROP_WRITABLE | JS_PROP_CONFIGURABLE) <
        0) {
        return -1;
    }
    return 0;
}

int isere_web_set_env(JSContext *ctx)
{
    JSValue global = JS_GetGlobalObject(ctx);
    JSValue process = JS_GetPropertyStr(ctx, global, "process");
    JSValue env = JS_GetPropertyStr(ctx, process, "env");
    int result = JS_IsObject(env) && fill(ctx, env) >= 0 ? 0 : -1;
    JS_FreeValue(ctx, env);
    JS_FreeValue(ctx, process);
    JS_FreeValue(ctx, global);
    return result;
}
