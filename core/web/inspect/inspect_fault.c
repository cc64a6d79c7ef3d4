/* Turns a thrown value into the fault that the function's author sees. */
#include "core/heap/fault.h"
#include "core/util/text.h"
#include "core/web/inspect/inspect.h"
#include "core/web/web.h"

void isere_inspect_fault(JSContext *ctx, JSValueConst thrown,
                         isere_fault_t *fault)
{
    memset(fault, 0, sizeof(*fault));
    isere_slice_t text;
    char *inspected = isere_inspect_text(ctx, thrown, &text.len);
    if (!inspected) {
        /* Of what may have stopped it, memory is the likely one: a deadline is
         * the caller's to report. */
        JS_FreeValue(ctx, JS_GetException(ctx));
        isere_fault_set(fault, "out of memory");
        return;
    }
    text.ptr = inspected;
    /* An error without a stack stands in brackets. */
    if (JS_IsError(ctx, thrown) && text.len > 2 && text.ptr[0] == '[' &&
        text.ptr[text.len - 1] == ']') {
        text.ptr++;
        text.len -= 2;
    }
    isere_fault_take_text(fault, text);
    if (!JS_IsError(ctx, thrown)) {
        char said[sizeof(fault->message)]; /* a bare value says little */
        isere_text_copy(said, sizeof(said), isere_slice(fault->message));
        static const isere_slice_t threw = ISERE_SLICE("threw ");
        memcpy(fault->message, threw.ptr, threw.len);
        isere_text_copy(fault->message + threw.len,
                        sizeof(fault->message) - threw.len, isere_slice(said));
    }
    js_free(ctx, inspected);
}
