/* Objects of globals in JavaScript (js/web), as Blob and Event: their own part
 * says what is shown of them. */
#include "core/web/inspect/inspect_internal.h"
#include "core/web/lazy/lazy.h"

/* What the part's own code says is a plain object. No code of a handler's runs:
 * parts read their private fields. */
bool isere__inspect_global(isere_inspect_t *i, isere_inspect_list_t *list,
                           JSValueConst object)
{
    if (isere__intrinsics_kind(i->in, object) != ISERE_KIND_OBJECT ||
        !isere_lazy_is_loaded(i->ctx, ISERE_LAZY_BASE)) {
        return false;
    }
    JSValue shown =
        isere_lazy_call(i->ctx, ISERE_LAZY_BASE, "show", 1, &object);
    bool is_global = JS_IsObject(shown);
    i->failed |= JS_IsException(shown);
    if (is_global) {
        isere__inspect_properties(i, shown, NULL, false, list);
    }
    JS_FreeValue(i->ctx, shown);
    return is_global;
}
