/* What the bindings of URL and URLSearchParams to QuickJS share: memory,
 * strings, errors and class definitions. */
#include "core/web/url/url.h"

/* Two forms, since finalizers have no context. The first one throws when out of
 * memory. */
static void *resize(void *ctx, void *ptr, size_t size)
{
    if (size == 0) {
        js_free(ctx, ptr);
        return NULL;
    }
    return js_realloc(ctx, ptr, size);
}

static void *resize_rt(void *rt, void *ptr, size_t size)
{
    if (size == 0) {
        js_free_rt(rt, ptr);
        return NULL;
    }
    return js_realloc_rt(rt, ptr, size);
}

isere_url_memory_t isere__url_memory(JSContext *ctx)
{
    isere_url_memory_t memory = {resize, ctx};
    return memory;
}

isere_url_memory_t isere__url_memory_rt(JSRuntime *rt)
{
    isere_url_memory_t memory = {resize_rt, rt};
    return memory;
}

/* "Invalid URL" is what Node says, and handlers compare it. */
JSValue isere__url_throw(JSContext *ctx, int error)
{
    if (error == ISERE_ERR_INVAL) {
        return JS_ThrowTypeError(ctx, "Invalid URL");
    }
    if (error == ISERE_ERR_LIMIT) {
        return JS_ThrowRangeError(ctx, "URL too long");
    }
    return JS_EXCEPTION; /* js_realloc has thrown */
}

/* Strings */

/* Finds a surrogate, which QuickJS writes as three bytes (ED A0 80 to ED BF BF)
 * when it is alone. */
static const char *find_surrogate(const char *p, const char *end)
{
    while (p < end && (p = memchr(p, 0xed, (size_t)(end - p))) != NULL) {
        if (end - p >= 3 && (unsigned char)p[1] >= 0xa0) {
            return p;
        }
        p++;
    }
    return NULL;
}

/* The engine's UTF-8 is used where it lies; only text with lone surrogates is
 * copied, and they become U+FFFD (Web IDL, USVString). */
int isere__url_string_get(JSContext *ctx, JSValueConst value,
                          isere_url_string_t *string)
{
    string->repaired = NULL;
    string->cstring = JS_ToCStringLen(ctx, &string->text.len, value);
    if (!string->cstring) {
        return -1;
    }
    string->text.ptr = string->cstring;
    const char *end = string->cstring + string->text.len;
    const char *found = find_surrogate(string->cstring, end);
    if (!found) {
        return 0;
    }
    string->repaired = js_malloc(ctx, string->text.len);
    if (!string->repaired) {
        JS_FreeCString(ctx, string->cstring);
        return -1;
    }
    memcpy(string->repaired, string->cstring, string->text.len);
    for (; found; found = find_surrogate(found + 3, end)) {
        /* U+FFFD is three bytes, too. */
        memcpy(string->repaired + (found - string->cstring), "\xef\xbf\xbd", 3);
    }
    string->text.ptr = string->repaired;
    return 0;
}

void isere__url_string_free(JSContext *ctx, isere_url_string_t *string)
{
    JS_FreeCString(ctx, string->cstring);
    js_free(ctx, string->repaired);
}

JSValue isere__url_new_string(JSContext *ctx, isere_slice_t text)
{
    return JS_NewStringLen(ctx, text.len > 0 ? text.ptr : "", text.len);
}

JSValue isere__url_normalise(JSContext *ctx, JSValueConst value,
                             bool *has_credentials)
{
    isere_url_memory_t memory = isere__url_memory(ctx);
    isere_url_string_t text;
    isere_url_t url;
    JSValue href = JS_EXCEPTION;
    if (isere__url_string_get(ctx, value, &text) < 0) {
        return JS_EXCEPTION;
    }
    int error = isere__url_parse(&memory, text.text, NULL, &url);
    if (!error) {
        href = isere__url_new_string(ctx, isere__url_href(&url));
        if (has_credentials) {
            *has_credentials = isere__url_username(&url).len > 0 ||
                               isere__url_password(&url).len > 0;
        }
        isere__url_free(&memory, &url);
    } else if (error == ISERE_ERR_INVAL) {
        JS_ThrowTypeError(
            ctx, "'%.*s' is no URL: it must be whole, as http://HOST/path",
            text.text.len > 80 ? 80 : (int)text.text.len, text.text.ptr);
    } else {
        isere__url_throw(ctx, error);
    }
    isere__url_string_free(ctx, &text);
    return href;
}
