/* The entries of a Map as an object, for those who give a Map where an object
 * is asked for. */
#include "core/web/web.h"

/* Takes over both. Keys become texts, as Object.fromEntries makes them. */
static int define(JSContext *ctx, JSValueConst object, JSValue members[2])
{
    JSAtom name = JS_ValueToAtom(ctx, members[0]);
    JS_FreeValue(ctx, members[0]);
    if (name == JS_ATOM_NULL) {
        JS_FreeValue(ctx, members[1]);
        return -1;
    }
    int result =
        JS_DefinePropertyValue(ctx, object, name, members[1], JS_PROP_C_W_E);
    JS_FreeAtom(ctx, name);
    return result < 0 ? -1 : 0;
}

static int copy_map(JSContext *ctx, const isere_intrinsics_t *in,
                    JSValueConst map, JSValueConst object)
{
    JSValue iterator =
        isere__intrinsics_call(ctx, in, ISERE_IN_MAP_ENTRIES, map, 0, NULL);
    JSValue members[2];
    int found = JS_IsException(iterator) ? -1 : 1;
    while (found > 0) {
        found = isere__intrinsics_next(ctx, in, true, iterator, members);
        if (found > 0 && define(ctx, object, members) < 0) {
            found = -1;
        }
    }
    JS_FreeValue(ctx, iterator);
    return found;
}

int isere_web_entries(JSContext *ctx, JSValueConst value, JSValue *entries)
{
    const isere_intrinsics_t *in = &isere_host_web_state(ctx)->intrinsics;
    *entries = JS_UNDEFINED;
    switch (isere__intrinsics_kind(in, value)) {
    case ISERE_KIND_MAP:
        break;
    case ISERE_KIND_OBJECT:
    case ISERE_KIND_ERROR:
    case ISERE_KIND_PROXY:
        return 0;
    default:
        return 1;
    }
    JSValue object = JS_NewObject(ctx);
    if (JS_IsException(object) || copy_map(ctx, in, value, object) < 0) {
        JS_FreeValue(ctx, object);
        return -1;
    }
    *entries = object;
    return 0;
}
