/*
 * Header fields of a response. Names must be tokens and values field content
 * (RFC 9110 section 5.5), so that nothing that a handler passes on from a
 * client can end a field line or the header section.
 */
#include "core/code/js.h"
#include "core/http/chars.h"
#include "core/lambda/response/response_decoder.h"
#include "core/util/ascii.h"
#include "core/web/web.h"
#include "isere/error.h"

/* Room behind the field text; NULL with the exception pending. */
static char *reserve(isere_decoder_t *d, size_t len)
{
    if (d->text_cap - d->text_len < len) {
        size_t cap = (d->text_len + len) * 2;
        char *ptr = js_realloc(d->ctx, d->response->field_text, cap);
        if (!ptr) {
            return NULL;
        }
        d->response->field_text = ptr;
        d->text_cap = cap;
    }
    return d->response->field_text + d->text_len;
}

/*
 * Writes a UTF-8 text as ISO 8859-1, one byte for each character up to
 * U+00FF; returns -1 at one above that, which must not be narrowed to some
 * other character (U+010A would become a newline).
 */
static long narrow(isere_slice_t text, char *out)
{
    size_t n = 0;
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c >= 0x80) {
            if (c > 0xC3 || i + 1 >= text.len) {
                return -1;
            }
            i++;
            c = (unsigned char)((c & 3) << 6 | (text.ptr[i] & 0x3F));
        }
        out[n++] = (char)c;
    }
    return (long)n;
}

/* Appends a value's bytes, trimmed, to the field text. */
static int append_value(isere_decoder_t *d, isere_slice_t name,
                        isere_slice_t text, isere_slice_t *value)
{
    char *out = reserve(d, text.len + 1);
    if (!out) {
        return isere__response_threw(d, "a header");
    }
    long len = narrow(text, out);
    if (len < 0) {
        return isere__response_malformed(
            d, "the value of header %s has a character above U+00FF", name);
    }
    *value = isere_http_trim(isere_slice_of(out, (size_t)len));
    if (!isere_http_all(*value, ISERE_HTTP_VALUE)) {
        return isere__response_malformed(
            d, "the value of header %s has a control character", name);
    }
    d->text_len += (size_t)len + 1;
    return 0;
}

/* Fields that are the server's own business. Told apart by their lengths: most
 * names are compared with none of them. */
static bool is_dropped(isere_slice_t name)
{
    const char *dropped = NULL;
    switch (name.len) {
    case 4:
        dropped = "date";
        break;
    case 6:
        dropped = "server";
        break;
    case 10:
        dropped = "connection";
        break;
    case 14:
        dropped = "content-length";
        break;
    case 16:
        dropped = "isere-request-id";
        break;
    case 17:
        dropped = "transfer-encoding";
        break;
    default:
        break;
    }
    return dropped && isere_ascii_equal(name, isere_slice(dropped));
}

/*
 * The text of a string, number or boolean, to be freed; NULL with *result set
 * for anything else. No user code: those are primitive values.
 */
static const char *scalar_text(isere_decoder_t *d, isere_slice_t name,
                               JSValueConst value, size_t *len, int *result)
{
    const char *text;
    if (!JS_IsString(value) && !JS_IsNumber(value) && !JS_IsBool(value)) {
        *result = isere__response_malformed(
            d, "the value of header %s is not a string, number or boolean",
            name);
        return NULL;
    }
    text = JS_ToCStringLen(d->ctx, len, value);
    *result = text ? 0 : isere__response_threw(d, "a header");
    return text;
}

static bool is_nothing(JSValueConst value)
{
    return JS_IsNull(value) || JS_IsUndefined(value);
}

/* Adds one field line of a scalar value; null and undefined add none. */
static int add_field(isere_decoder_t *d, isere_slice_t name, JSValueConst value)
{
    isere_slice_t stored;
    isere_response_t *response = d->response;
    size_t len;
    int result;
    if (is_nothing(value)) {
        return 0;
    }
    if (++d->given > ISERE_MAX_RESPONSE_FIELDS) {
        return isere__response_malformed(d, "too many header fields",
                                         isere_slice(""));
    }
    const char *text = scalar_text(d, name, value, &len, &result);
    if (!text) {
        return result;
    }
    size_t name_at = d->text_len;
    char *out = reserve(d, name.len + len + 1);
    if (!out) {
        JS_FreeCString(d->ctx, text);
        return isere__response_threw(d, "a header");
    }
    memcpy(out, name.ptr, name.len);
    d->text_len += name.len;
    result = append_value(d, name, isere_slice_of(text, len), &stored);
    JS_FreeCString(d->ctx, text);
    if (result != 0 || is_dropped(name)) {
        return result;
    }
    result = isere__response_reserve_field(d);
    if (result != 0) {
        return result;
    }
    unsigned i = response->nfields++;
    d->offsets[i].name = (uint32_t)name_at;
    d->offsets[i].value = (uint32_t)(stored.ptr - response->field_text);
    response->fields[i].name.len = name.len;
    response->fields[i].value.len = stored.len;
    d->has_type =
        d->has_type || isere_ascii_equal(name, isere_slice("content-type"));
    return 0;
}

/* The second block has room for all: two sizes are enough. One more than the
 * limit, for the default content type. */
int isere__response_reserve_field(isere_decoder_t *d)
{
    isere_response_t *response = d->response;
    size_t size = (ISERE_MAX_RESPONSE_FIELDS + 1) * sizeof *response->fields;
    if (response->nfields < d->capacity) {
        return 0;
    }
    response->many = js_malloc(d->ctx, size);
    if (!response->many) {
        return isere__response_threw(d, "a header");
    }
    memcpy(response->many, response->few, sizeof response->few);
    response->fields = response->many;
    d->capacity = ISERE_MAX_RESPONSE_FIELDS + 1;
    return 0;
}

/* The length of an array, or -1 with *result set. A length beyond the limit is
 * refused before any element is read: a proxy can claim any length. */
static long array_length(isere_decoder_t *d, JSValueConst array, int *result)
{
    double number;
    JSValue length = JS_GetPropertyStr(d->ctx, array, "length");
    if (JS_IsException(length)) {
        *result = isere__response_threw(d, "reading a header's values");
        return -1;
    }
    if (!JS_IsNumber(length) || JS_ToFloat64(d->ctx, &number, length) < 0 ||
        !(number >= 0 && number <= ISERE_MAX_RESPONSE_FIELDS)) {
        JS_FreeValue(d->ctx, length);
        *result = isere__response_malformed(d, "too many header fields",
                                            isere_slice(""));
        return -1;
    }
    return (long)number;
}

/* Adds one field line for each element. */
static int add_elements(isere_decoder_t *d, isere_slice_t name,
                        JSValueConst array)
{
    int result = 0;
    long length = array_length(d, array, &result);
    for (long i = 0; i < length && result == 0; i++) {
        JSValue element = JS_GetPropertyUint32(d->ctx, array, (uint32_t)i);
        if (JS_IsException(element)) {
            return isere__response_threw(d, "reading a header's values");
        }
        result = add_field(d, name, element);
        JS_FreeValue(d->ctx, element);
    }
    return result;
}

/* Adds the lines of a field whose value is a scalar or an array. */
static int add_value(isere_decoder_t *d, isere_slice_t name, JSValueConst value)
{
    int array = JS_IsArray(d->ctx, value);
    if (array < 0) {
        return isere__response_threw(d, "reading a header's values");
    }
    return array ? add_elements(d, name, value) : add_field(d, name, value);
}

/* ---- the same name again ---- */

static isere_slice_t stored_name(const isere_decoder_t *d, unsigned i)
{
    return isere_slice_of(d->response->field_text + d->offsets[i].name,
                          d->response->fields[i].name.len);
}

static bool same_bytes(isere_slice_t a, isere_slice_t b)
{
    return a.len == b.len && memcmp(a.ptr, b.ptr, a.len) == 0;
}

static bool same_value(const isere_decoder_t *d, unsigned a, unsigned b)
{
    const isere_response_field_t *fields = d->response->fields;
    const char *text = d->response->field_text;
    return same_bytes(
        isere_slice_of(text + d->offsets[a].value, fields[a].value.len),
        isere_slice_of(text + d->offsets[b].value, fields[b].value.len));
}

static void remove_field(isere_decoder_t *d, unsigned i)
{
    isere_response_t *response = d->response;
    unsigned after = --response->nfields - i;
    memmove(&response->fields[i], &response->fields[i + 1],
            after * sizeof response->fields[0]);
    memmove(&d->offsets[i], &d->offsets[i + 1], after * sizeof d->offsets[0]);
}

/* Fields that can have one value only (RFC 9110), which handlers tend to name
 * in both objects. */
static bool is_single(isere_slice_t name)
{
    static const isere_slice_t names[] = {
        ISERE_SLICE("content-type"),        ISERE_SLICE("location"),
        ISERE_SLICE("content-disposition"), ISERE_SLICE("etag"),
        ISERE_SLICE("last-modified"),       ISERE_SLICE("retry-after")};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (isere_ascii_equal(name, names[i])) {
            return true;
        }
    }
    return false;
}

/*
 * Whether the earlier field `i` stays beside the new one of that name. Cookies
 * do, in any spelling: old handlers vary it to send several. So does what
 * headers has of a name, beside the values in multiValueHeaders, as on API
 * Gateway.
 */
static bool adds_to(const isere_decoder_t *d, unsigned i, isere_slice_t name)
{
    if (isere_ascii_equal(name, isere_slice("set-cookie"))) {
        return true;
    }
    return i < d->first_multi && same_bytes(stored_name(d, i), name) &&
           !is_single(name);
}

/*
 * Fields from `from` on are the lines of one property. Earlier ones of that
 * name, in whatever spelling, go: the last one wins, since one field line is
 * what recipients expect, and which of two they take is up to them. A pair that
 * is in both objects is sent once.
 */
static void settle_repeated(isere_decoder_t *d, unsigned from)
{
    const isere_response_t *response = d->response;
    unsigned i = 0;
    while (i < from && from < response->nfields) {
        isere_slice_t name = stored_name(d, from);
        bool goes = isere_ascii_equal(stored_name(d, i), name);
        if (goes && adds_to(d, i, name)) {
            goes = false;
            for (unsigned j = from; j < response->nfields && !goes; j++) {
                goes = i < d->first_multi && from >= d->first_multi &&
                       same_value(d, i, j);
            }
        }
        if (!goes) {
            i++;
            continue;
        }
        remove_field(d, i);
        from--;
        d->first_multi -= i < d->first_multi;
    }
}

/* One property of headers or multiValueHeaders; `known`, or NULL for one that
 * is to be read. */
static int add_property(isere_decoder_t *d, JSValueConst headers, JSAtom atom,
                        const JSValueConst *known)
{
    JSContext *ctx = d->ctx;
    JSValue key = JS_AtomToString(ctx, atom);
    JSValue value = JS_UNDEFINED;
    size_t len;
    const char *text =
        JS_IsException(key) ? NULL : JS_ToCStringLen(ctx, &len, key);
    int result;
    JS_FreeValue(ctx, key);
    if (!text) {
        return isere__response_threw(d, "a header");
    }
    isere_slice_t name = isere_slice_of(text, len);
    unsigned before = d->response->nfields;
    if (len == 0 || !isere_http_all(name, ISERE_HTTP_TOKEN)) {
        result = isere__response_malformed(
            d, "the header name \"%s\" is not a valid token", name);
        goto done;
    }
    if (known) {
        result = add_field(d, name, *known);
        goto done;
    }
    value = JS_GetProperty(ctx, headers, atom);
    result = JS_IsException(value)
                 ? isere__response_threw(d, "reading a header")
                 : add_value(d, name, value);
done:
    if (result == 0) {
        settle_repeated(d, before);
    }
    JS_FreeValue(ctx, value);
    JS_FreeCString(ctx, text);
    return result;
}

/* Any object: its names are listed first, then its properties read. */
static int add_listed(isere_decoder_t *d, JSValueConst headers)
{
    JSPropertyEnum *names;
    uint32_t count;
    int result = 0;
    int array = JS_IsArray(d->ctx, headers);
    if (array < 0) {
        return isere__response_threw(d, "reading headers");
    }
    if (array || !JS_IsObject(headers)) {
        return isere__response_malformed(d, "headers is not an object",
                                         isere_slice(""));
    }
    if (JS_GetOwnPropertyNames(d->ctx, &names, &count, headers,
                               JS_GPN_STRING_MASK | JS_GPN_ENUM_ONLY) < 0) {
        return isere__response_threw(d, "reading headers");
    }
    for (uint32_t i = 0; i < count && result == 0; i++) {
        result = add_property(d, headers, names[i].atom, NULL);
    }
    isere_js_free_names(d->ctx, names, count);
    return result;
}

/* Whether it is an object of names and scalars, so that reading one of them
 * runs no code that could change the others. */
static bool is_flat(JSContext *ctx, JSValueConst headers)
{
    uint32_t position = 0;
    JSAtom name;
    JSValueConst value;
    int found;
    while ((found = JS_NextPlainProperty(ctx, headers, &position, &name,
                                         &value)) > 0) {
        if (JS_IsObject(value)) {
            return false;
        }
    }
    return found == 0;
}

static int add_flat(isere_decoder_t *d, JSValueConst headers)
{
    uint32_t position = 0;
    JSAtom name;
    JSValueConst value;
    int result = 0;
    while (result == 0 && JS_NextPlainProperty(d->ctx, headers, &position,
                                               &name, &value) > 0) {
        result = add_property(d, headers, name, &value);
    }
    return result;
}

/* Of an object that has no properties: a Map is taken for that of its entries;
 * others would be ignored without a word. */
static int add_entries(isere_decoder_t *d, JSValueConst headers)
{
    JSValue entries;
    int found = isere_web_entries(d->ctx, headers, &entries);
    if (found < 0) {
        return isere__response_threw(d, "reading headers");
    }
    if (found > 0) {
        return isere__response_malformed(
            d,
            "headers has no properties: give an object, { name: value }, as "
            "Object.fromEntries(headers) makes of what has entries",
            isere_slice(""));
    }
    int result = JS_IsObject(entries) ? add_listed(d, entries) : 0;
    JS_FreeValue(d->ctx, entries);
    return result;
}

int isere__response_headers(isere_decoder_t *d, JSValueConst headers)
{
    unsigned before = d->given;
    if (is_nothing(headers)) {
        return 0;
    }
    int result = is_flat(d->ctx, headers) ? add_flat(d, headers)
                                          : add_listed(d, headers);
    return result == 0 && d->given == before ? add_entries(d, headers) : result;
}

int isere__response_multi_headers(isere_decoder_t *d, JSValueConst headers)
{
    d->first_multi = d->response->nfields;
    return isere__response_headers(d, headers);
}

/* Each element is a Set-Cookie field of its own: they can't be joined (RFC 6265
 * section 3). */
int isere__response_cookies(isere_decoder_t *d, JSValueConst cookies)
{
    int array = JS_IsArray(d->ctx, cookies);
    if (array < 0) {
        return isere__response_threw(d, "reading cookies");
    }
    if (is_nothing(cookies)) {
        return 0;
    }
    if (!array) {
        return isere__response_malformed(d, "cookies is not an array",
                                         isere_slice(""));
    }
    return add_elements(d, isere_slice("Set-Cookie"), cookies);
}

int isere__response_field(isere_decoder_t *d, isere_slice_t name,
                          JSValueConst value)
{
    return add_field(d, name, value);
}

void isere__response_end_fields(isere_decoder_t *d)
{
    isere_response_t *response = d->response;
    for (unsigned i = 0; i < response->nfields; i++) {
        isere_response_field_t *field = &response->fields[i];
        field->name.ptr = response->field_text + d->offsets[i].name;
        field->value.ptr = response->field_text + d->offsets[i].value;
    }
}
