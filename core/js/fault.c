#include "core/js/fault.h"
#include "core/api/api.h"
#include "core/util/text.h"
#include <stdio.h>
#include <stdlib.h>

void isere_fault_set(isere_fault_t *fault, const char *message)
{
    memset(fault, 0, sizeof(*fault));
    isere_text_copy(fault->message, sizeof(fault->message),
                    isere_slice(message));
}

/* Reads ":LINE:COLUMN" at the end of `place` and cuts it off. */
static void take_position(isere_slice_t *place, int *line, int *column)
{
    int numbers[2] = {0, 0};
    size_t len = place->len;
    for (int i = 0; i < 2; i++) {
        size_t end = len;
        while (len > 0 && place->ptr[len - 1] >= '0' &&
               place->ptr[len - 1] <= '9') {
            len--;
        }
        if (len == end || len == 0 || place->ptr[len - 1] != ':') {
            return;
        }
        numbers[i] = atoi(place->ptr + len);
        len--;
    }
    *column = numbers[0];
    *line = numbers[1];
    place->len = len;
}

/* "    at name (file:line:column)" or "    at file:line:column" */
static void take_place(isere_fault_t *fault, isere_slice_t line)
{
    static const isere_slice_t at = ISERE_SLICE("    at ");
    if (line.len <= at.len || memcmp(line.ptr, at.ptr, at.len) != 0) {
        return;
    }
    line.ptr += at.len;
    line.len -= at.len;
    const char *open = memchr(line.ptr, '(', line.len);
    if (open) {
        size_t before = (size_t)(open + 1 - line.ptr);
        line.ptr += before;
        line.len -= before;
        if (line.len > 0 && line.ptr[line.len - 1] == ')') {
            line.len--;
        }
    }
    take_position(&line, &fault->line, &fault->column);
    if (fault->line > 0) {
        isere_text_copy(fault->file, sizeof(fault->file), line);
    }
}

/* Splits "message\n    at ...\n    at ..." */
static void take_text(isere_fault_t *fault, isere_slice_t text)
{
    isere_slice_t message = text;
    const char *stack = isere_text_find(text, "\n    at ");
    if (stack) {
        message.len = (size_t)(stack - text.ptr);
        isere_slice_t rest =
            isere_slice_of(stack + 1, text.len - message.len - 1);
        isere_text_copy(fault->stack, sizeof(fault->stack), rest);
        const char *end = memchr(rest.ptr, '\n', rest.len);
        if (end) {
            rest.len = (size_t)(end - rest.ptr);
        }
        take_place(fault, rest);
    }
    isere_text_copy(fault->message, sizeof(fault->message), message);
}

void isere_fault_from(JSContext *ctx, JSValueConst thrown, isere_fault_t *fault)
{
    memset(fault, 0, sizeof(*fault));
    isere_slice_t text;
    char *inspected = isere_api_inspect(ctx, thrown, &text.len);
    if (!inspected) {
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
    take_text(fault, text);
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

/* "Name: message" and the stack, by ordinary property reads. */
void isere_fault_from_engine(JSContext *ctx, JSValueConst thrown,
                             isere_fault_t *fault)
{
    memset(fault, 0, sizeof(*fault));
    JSValue stack = JS_GetPropertyStr(ctx, thrown, "stack");
    const char *message = JS_ToCString(ctx, thrown);
    const char *lines = JS_IsString(stack) ? JS_ToCString(ctx, stack) : NULL;
    if (!message) {
        isere_fault_set(fault, "out of memory");
        return;
    }
    isere_text_copy(fault->message, sizeof(fault->message),
                    isere_slice(message));
    if (lines) {
        isere_slice_t first = isere_slice_of(lines, strcspn(lines, "\n"));
        isere_text_copy(fault->stack, sizeof(fault->stack), isere_slice(lines));
        take_place(fault, first);
    }
    JS_FreeCString(ctx, message);
    if (lines) {
        JS_FreeCString(ctx, lines);
    }
    JS_FreeValue(ctx, stack);
}

void isere_fault_hint(isere_fault_t *fault, const char *hint)
{
    size_t len = strlen(fault->message);
    size_t hint_len = strlen(hint);
    if (len + hint_len < sizeof(fault->message)) {
        memcpy(fault->message + len, hint, hint_len + 1);
    }
}
