/* A growing text in the JavaScript heap, and strings of ISO 8859-1. */
#include "core/code/js_text.h"
#include <string.h>

isere_js_text_t isere_js_text_begin(JSContext *ctx)
{
    isere_js_text_t text = {ctx, NULL, 0, 0, false};
    return text;
}

/* Once failed, always failed: callers add piece by piece and look at the
 * end. */
char *isere_js_text_reserve(isere_js_text_t *text, size_t len)
{
    if (text->failed) {
        return NULL;
    }
    if (text->cap - text->len < len) {
        size_t cap = (text->len + len) * 2;
        char *ptr = js_realloc(text->ctx, text->ptr, cap);
        if (!ptr) {
            text->failed = true;
            return NULL;
        }
        text->ptr = ptr;
        text->cap = cap;
    }
    return text->ptr + text->len;
}

void isere_js_text_add(isere_js_text_t *text, isere_slice_t bytes)
{
    char *out = bytes.len > 0 ? isere_js_text_reserve(text, bytes.len) : NULL;
    if (out) {
        memcpy(out, bytes.ptr, bytes.len);
        text->len += bytes.len;
    }
}

/* Two bytes for each are the most: U+0080 to U+00FF (RFC 3629 section 3). */
void isere_js_text_add_latin1(isere_js_text_t *text, isere_slice_t bytes)
{
    char *out =
        bytes.len > 0 ? isere_js_text_reserve(text, 2 * bytes.len) : NULL;
    if (!out) {
        return;
    }
    for (size_t i = 0; i < bytes.len; i++) {
        unsigned char c = (unsigned char)bytes.ptr[i];
        if (c >= 0x80) {
            text->ptr[text->len++] = (char)(0xC0 | c >> 6);
            c = 0x80 | (c & 0x3F);
        }
        text->ptr[text->len++] = (char)c;
    }
}

JSValue isere_js_text_string(isere_js_text_t *text)
{
    if (text->failed) {
        return JS_EXCEPTION;
    }
    JSValue string =
        JS_NewStringLen(text->ctx, text->len ? text->ptr : "", text->len);
    text->len = 0;
    return string;
}

void isere_js_text_free(isere_js_text_t *text)
{
    js_free(text->ctx, text->ptr);
    text->ptr = NULL;
}

/* No early return: fields are short, and nearly all are ASCII. */
static bool is_ascii(isere_slice_t s)
{
    unsigned char bits = 0;
    for (size_t i = 0; i < s.len; i++) {
        bits |= (unsigned char)s.ptr[i];
    }
    return bits < 0x80;
}

/* ISO 8859-1 and not UTF-8: bytes above 127 in a field have no encoding of
 * their own (RFC 9110 section 5.5), and so none is lost. */
JSValue isere_js_text_latin1(JSContext *ctx, isere_slice_t bytes)
{
    if (is_ascii(bytes)) {
        return JS_NewStringLen(ctx, bytes.len ? bytes.ptr : "", bytes.len);
    }
    isere_js_text_t text = isere_js_text_begin(ctx);
    isere_js_text_add_latin1(&text, bytes);
    JSValue string = isere_js_text_string(&text);
    isere_js_text_free(&text);
    return string;
}
