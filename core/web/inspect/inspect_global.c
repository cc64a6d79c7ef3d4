/* Objects of the web's globals: their own part says what is shown of them, in
 * JavaScript (js/web) or in C. */
#include "core/web/inspect/inspect_internal.h"
#include "core/web/lazy/lazy.h"

/* No code of a handler's runs: parts read their private fields. */
static JSValue show(isere_inspect_t *i, JSValueConst object)
{
    if (isere__intrinsics_kind(i->in, object) != ISERE_KIND_OBJECT &&
        !isere__inspect_fetch_is_library(object)) {
        return isere__inspect_fetch(i->ctx, object);
    }
    return isere_lazy_is_loaded(i->ctx, ISERE_LAZY_BASE)
               ? isere_lazy_call(i->ctx, ISERE_LAZY_BASE, "show", 1, &object)
               : JS_UNDEFINED;
}

bool isere__inspect_global(isere_inspect_t *i, isere_inspect_list_t *list,
                           JSValueConst object)
{
    JSValue shown = show(i, object);
    bool is_global = JS_IsObject(shown);
    i->failed |= JS_IsException(shown);
    if (is_global) {
        isere__inspect_properties(i, shown, NULL, false, list);
    }
    JS_FreeValue(i->ctx, shown);
    return is_global;
}
