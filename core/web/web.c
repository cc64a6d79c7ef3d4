/* Installing all globals into a context, and what several of them need: plain
 * objects, the bytes behind a buffer or view. */
#include "core/web/web.h"
#include "core/web/fetch/classes.h"
#include "core/web/timers.h"
#include <string.h>

void isere_web_register_classes(void)
{
    isere__text_encoding_register_classes();
    isere__url_register_classes();
    isere__timers_register_class();
    isere__fetch_register_classes();
}

/* The order does not matter to them; the first failure ends it, since the heap
 * is too small then. */
int isere_web_install(JSContext *ctx)
{
    typedef int install_t(JSContext *, JSValueConst);
    static install_t *const installers[] = {
        isere__console_install,       isere__timers_install,
        isere__microtask_install,     isere__structured_clone_install,
        isere__text_encoding_install, isere__base64_install,
        isere__url_install,           isere__performance_install,
        isere__crypto_install,        isere__math_install,
        isere__process_install,       isere__locale_install,
        isere__lazy_install,
    };
    isere_web_state_t *state = isere_host_web_state(ctx);
    JSValue global = JS_GetGlobalObject(ctx);
    int result = isere__intrinsics_init(ctx, &state->intrinsics);
    for (size_t i = 0; i < sizeof(installers) / sizeof(*installers); i++) {
        /* JS_SetPropertyFunctionList tells of a lack of memory only by the
         * exception that it leaves. */
        if (result < 0 || JS_HasException(ctx)) {
            break;
        }
        result = installers[i](ctx, global);
    }
    JS_FreeValue(ctx, global);
    return result < 0 || JS_HasException(ctx) ? -1 : 0;
}

void isere_web_uninstall(JSContext *ctx)
{
    isere_web_state_t *state = isere_host_web_state(ctx);
    isere_timers_clear(ctx);
    for (int i = 0; i < 2; i++) {
        JS_FreeValue(ctx, state->console_tables[i]);
        state->console_tables[i] = JS_UNDEFINED;
    }
    JS_FreeValue(ctx, state->parts);
    state->parts = JS_UNDEFINED;
    isere__intrinsics_deinit(ctx, &state->intrinsics);
}

int isere__web_define_object(JSContext *ctx, JSValueConst global,
                             const char *name,
                             const JSCFunctionListEntry *members, int count)
{
    JSValue object = JS_NewObject(ctx);
    if (JS_IsException(object)) {
        return -1;
    }
    JS_SetPropertyFunctionList(ctx, object, members, count);
    if (JS_HasException(ctx)) {
        JS_FreeValue(ctx, object);
        return -1;
    }
    return JS_DefinePropertyValueStr(ctx, global, name, object,
                                     JS_PROP_WRITABLE | JS_PROP_CONFIGURABLE) <
                   0
               ? -1
               : 0;
}

/* The window of a DataView onto its buffer. Through the getters taken at the
 * start: QuickJS has no C function for DataViews. */
static JSValue view_buffer(JSContext *ctx, const isere_intrinsics_t *in,
                           JSValueConst view, size_t *offset, size_t *len)
{
    double from, size;
    if (isere__intrinsics_number(ctx, in, ISERE_IN_DATA_VIEW_BYTE_OFFSET, view,
                                 &from) < 0 ||
        isere__intrinsics_number(ctx, in, ISERE_IN_DATA_VIEW_BYTE_LENGTH, view,
                                 &size) < 0) {
        return JS_EXCEPTION;
    }
    *offset = (size_t)from;
    *len = (size_t)size;
    return isere__intrinsics_call(ctx, in, ISERE_IN_DATA_VIEW_BUFFER, view, 0,
                                  NULL);
}

/* By the class of the object, never by its properties: those are the
 * handler's. What is found is valid until the handler's code runs again: it
 * may detach or resize the buffer. */
int isere_web_bytes(JSContext *ctx, JSValueConst value, uint8_t **bytes,
                    size_t *len)
{
    const isere_intrinsics_t *in = &isere_host_web_state(ctx)->intrinsics;
    isere_kind_t kind = isere__intrinsics_kind(in, value);
    size_t offset = 0;
    size_t size;
    JSValue buffer;
    if (kind == ISERE_KIND_ARRAY_BUFFER) {
        *bytes = JS_GetArrayBuffer(ctx, len, value);
        /* NULL without an exception is a buffer without bytes. */
        return *bytes || !JS_HasException(ctx) ? 1 : -1;
    }
    if (kind >= ISERE_KIND_TYPED_ARRAY) {
        buffer = JS_GetTypedArrayBuffer(ctx, value, &offset, len, NULL);
    } else if (kind == ISERE_KIND_DATA_VIEW) {
        buffer = view_buffer(ctx, in, value, &offset, len);
    } else {
        return 0;
    }
    if (JS_IsException(buffer)) {
        return -1;
    }
    *bytes = JS_GetArrayBuffer(ctx, &size, buffer);
    /* The view keeps its buffer alive. */
    JS_FreeValue(ctx, buffer);
    if (!*bytes && JS_HasException(ctx)) {
        return -1;
    }
    if (*bytes) {
        *bytes += offset;
    }
    return 1;
}

/* Whether the pending exception says so; it is taken away then. The engine has
 * no other way to ask. */
static bool take_detached(JSContext *ctx)
{
    JSValue exception = JS_GetException(ctx);
    JSValue message = JS_UNDEFINED;
    const char *text = NULL;
    if (JS_IsError(ctx, exception)) {
        message = JS_GetPropertyStr(ctx, exception, "message");
        text = JS_ToCString(ctx, message);
    }
    bool detached = text && strcmp(text, "ArrayBuffer is detached") == 0;
    JS_FreeCString(ctx, text);
    JS_FreeValue(ctx, message);
    if (detached) {
        JS_FreeValue(ctx, exception);
    } else {
        JS_Throw(ctx, exception);
    }
    return detached;
}

int isere__web_bytes_if_any(JSContext *ctx, JSValueConst value, uint8_t **bytes,
                            size_t *len)
{
    int found = isere_web_bytes(ctx, value, bytes, len);
    if (found < 0 && take_detached(ctx)) {
        *bytes = NULL;
        *len = 0;
        return 1;
    }
    return found;
}
