/* Names and values of header fields, and reason phrases, as Fetch wants them.
 */
#include "core/web/fetch/field.h"
#include "core/http/chars.h"

bool isere__field_is_name(isere_slice_t text)
{
    return text.len > 0 && isere_http_all(text, ISERE_HTTP_TOKEN);
}

static bool is_trimmed(char c)
{
    return isere_http_is_space(c) || c == '\r' || c == '\n';
}

/* Whether text in UTF-8 has only characters up to U+00FF, none of them NUL, CR
 * or LF. */
static bool is_value(isere_slice_t text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c == 0 || c == '\r' || c == '\n' || c > 0xC3) {
            return false;
        }
    }
    return true;
}

JSValue isere__field_value(JSContext *ctx, JSValueConst string)
{
    size_t len;
    const char *text = JS_ToCStringLen(ctx, &len, string);
    if (!text) {
        return JS_EXCEPTION;
    }
    isere_slice_t value = isere_slice_of(text, len);
    while (value.len > 0 && is_trimmed(*value.ptr)) {
        value.ptr++;
        value.len--;
    }
    while (value.len > 0 && is_trimmed(value.ptr[value.len - 1])) {
        value.len--;
    }
    JSValue result = JS_UNDEFINED;
    if (is_value(value)) {
        result = value.len == len ? JS_DupValue(ctx, string)
                                  : JS_NewStringLen(ctx, value.ptr, value.len);
    }
    JS_FreeCString(ctx, text);
    return result;
}

bool isere__field_is_reason(isere_slice_t text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c == 0x7F || (c < ' ' && c != '\t')) {
            return false;
        }
    }
    return is_value(text);
}
