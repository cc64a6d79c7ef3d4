/*
 * The response decoder. The input is JSON that becomes the handler's value;
 * strings that begin with '@' are turned into values JSON has none for. What
 * comes out must be safe to write to a client whatever went in.
 */
#include "core/http/chars.h"
#include "core/isolate/isolate_internal.h"
#include "core/lambda/response/response.h"
#include "core/util/utf8.h"
#include "isere/error.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

/* "@b.." bytes, "@f" a function, "@p" a proxy, and so on. */
static const char revive[] =
    "(text => JSON.parse(text, (k, v) => {"
    "  if (typeof v !== 'string' || v[0] !== '@') return v;"
    "  const rest = v.slice(2);"
    "  switch (v[1]) {"
    "  case 'b': return Uint8Array.from(rest, c => c.charCodeAt(0));"
    "  case 'w': return Uint16Array.from(rest, c => c.charCodeAt(0));"
    "  case 'a': return new ArrayBuffer(rest.length);"
    "  case 'd': return new DataView(new ArrayBuffer(4));"
    "  case 'f': return () => rest;"
    "  case 's': return Symbol(rest);"
    "  case 'n': return NaN;"
    "  case 'i': return BigInt(rest.length);"
    "  case 'l': return new Array(rest.length * 97);"
    "  case 'p': return new Proxy([rest], {});"
    "  case 't': return { toJSON() { throw rest } };"
    "  case 'j': return { toJSON() { return rest } };"
    "  case 'e': return new Proxy({}, { ownKeys() { throw Error(rest) } });"
    "  default: return v;"
    "  } }))";

static void check_field(const isere_response_field_t *field)
{
    require(field->name.len > 0);
    require(isere_http_all(field->name, ISERE_HTTP_TOKEN));
    for (size_t i = 0; i < field->value.len; i++) {
        unsigned char c = (unsigned char)field->value.ptr[i];
        require(c >= 0x20 || c == '\t');
        require(c != 0x7F);
    }
    require(field->value.len == 0 ||
            (!isere_http_is_space(field->value.ptr[0]) &&
             !isere_http_is_space(field->value.ptr[field->value.len - 1])));
    require(!isere_http_equals(field->name, "content-length"));
    require(!isere_http_equals(field->name, "transfer-encoding"));
    require(!isere_http_equals(field->name, "connection"));
}

static void check_response(const isere_response_t *r)
{
    unsigned sum = 0;
    require(r->status >= 200 && r->status <= 599);
    require(r->nfields <= ISERE_MAX_RESPONSE_FIELDS + r->default_type);
    for (unsigned i = 0; i < r->nfields; i++) {
        check_field(&r->fields[i]);
    }
    /* Every byte can be read. */
    for (size_t i = 0; i < r->body.len; i++) {
        sum += (unsigned char)r->body.ptr[i];
    }
    require(sum <= 255 * r->body.len);
    require(!r->body_is_text || isere_utf8_valid(r->body.ptr, r->body.len));
}

static void decode(JSContext *ctx, const isere_names_t *names,
                   JSValueConst value)
{
    isere_response_t response;
    char reason[ISERE_RESPONSE_REASON_MAX];
    int result = isere_response_decode(ctx, names, value, &response, reason);
    require(memchr(reason, '\0', sizeof reason) != NULL);
    require(isere_utf8_valid(reason, strlen(reason)));
    if (result == 0) {
        check_response(&response);
        isere_response_free(ctx, &response);
    } else if (result == ISERE_ERR_HANDLER) {
        require(reason[0] != '\0');
    } else {
        require(result == ISERE_ERR_LIMIT && JS_HasException(ctx));
        JS_FreeValue(ctx, JS_GetException(ctx));
    }
    require(!JS_HasException(ctx));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    JSRuntime *rt = JS_NewRuntime();
    JSContext *ctx = JS_NewContext(rt);
    isere_names_t names;
    isere_realm_t realm = {0}; /* where the decoder finds the intrinsics */
    JS_SetContextOpaque(ctx, &realm);
    require(isere__intrinsics_init(ctx, &realm.api.intrinsics) == 0);
    JSValue make = JS_Eval(ctx, revive, sizeof revive - 1, "revive", 0);
    JSValue text = JS_NewStringLen(ctx, (const char *)data, size);
    JSValue value = JS_Call(ctx, make, JS_UNDEFINED, 1, &text);
    if (JS_IsException(value)) {
        /* No JSON: the text itself is a response, too. */
        JS_FreeValue(ctx, JS_GetException(ctx));
        value = JS_DupValue(ctx, text);
    }
    require(isere__lambda_names_init(ctx, &names) == 0);
    decode(ctx, &names, value);
    isere__lambda_names_deinit(ctx, &names);
    isere__intrinsics_deinit(ctx, &realm.api.intrinsics);
    JS_FreeValue(ctx, value);
    JS_FreeValue(ctx, text);
    JS_FreeValue(ctx, make);
    JS_FreeContext(ctx);
    JS_FreeRuntime(rt);
    return 0;
}
