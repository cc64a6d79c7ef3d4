/*
 * Texts that are put together in the JavaScript heap. Nothing here calls user
 * code. Thread: the one that runs the context.
 */
#ifndef ISERE_CORE_CODE_JS_TEXT_H
#define ISERE_CORE_CODE_JS_TEXT_H

#include "isere/slice.h"
#include "quickjs.h"
#include <stdbool.h>

/* A growing text. */
typedef struct isere_js_text {
    JSContext *ctx;
    char *ptr;
    size_t len;
    size_t cap;
    bool failed; /* out of memory; the exception is pending */
} isere_js_text_t;

isere_js_text_t isere_js_text_begin(JSContext *ctx);
void isere_js_text_add(isere_js_text_t *text, isere_slice_t bytes);
/* Bytes as ISO 8859-1, which is what field values are (RFC 9110 section 5.5),
 * appended as UTF-8. */
void isere_js_text_add_latin1(isere_js_text_t *text, isere_slice_t bytes);
/* Room for `len` more bytes, to be counted in by the caller; NULL when out
 * of memory. */
char *isere_js_text_reserve(isere_js_text_t *text, size_t len);
/* The string of what was added since the text was empty, which it is again.
 * It must be well-formed UTF-8. */
JSValue isere_js_text_string(isere_js_text_t *text);
void isere_js_text_free(isere_js_text_t *text);

/* The string of ISO 8859-1 bytes. */
JSValue isere_js_text_latin1(JSContext *ctx, isere_slice_t bytes);

#endif
