/* Objects with lazy properties, made from tables. */
#include "core/lambda/event/lazy.h"
#include "core/code/js.h"
#include "core/lambda/event/event_common.h"
#include "core/web/host.h"

/* `value` is the first member of the table's entry. Which invocation runs is
 * looked up only now: the object may be older. */
JSValue isere__lazy_make(JSContext *ctx, const JSLazyValue *value)
{
    const isere_lazy_t *lazy = (const isere_lazy_t *)(const void *)value;
    return isere_js_settle(ctx, lazy->make(ctx, isere_host_lambda(ctx)));
}

/* Objects within objects are made at once: they are cheap, since their own
 * values are lazy. */
static void put(isere_object_t *object, const isere_lazy_t *field)
{
    JSContext *ctx = object->ctx;
    JSAtom name = JS_NewAtom(ctx, field->name);
    if (!field->make || name == JS_ATOM_NULL || object->failed) {
        isere__event_object_put_atom(
            object, name,
            field->fields ? isere__lazy_object(ctx, field->fields) : JS_NULL);
    } else if (JS_DefineLazyProperty(ctx, object->value, name, &field->value,
                                     JS_PROP_C_W_E) < 0) {
        object->failed = true;
    }
    JS_FreeAtom(ctx, name);
}

/* Tables hold tables only where their authors wrote them. */
/* NOLINTNEXTLINE(misc-no-recursion) */
JSValue isere__lazy_object(JSContext *ctx, const isere_lazy_t *fields)
{
    isere_object_t object = isere__event_object_begin(ctx);
    int count = 0;
    while (fields[count].name) {
        count++;
    }
    /* Else the object's shape would be copied again and again while it
     * grows. */
    JS_ReserveProperties(ctx, object.value, count);
    for (int i = 0; i < count; i++) {
        put(&object, &fields[i]);
    }
    return isere__event_object_end(&object);
}
