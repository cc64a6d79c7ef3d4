/* Header fields, cookies, query and path parameters for event_common.h. Names
 * may repeat; `merge` says which value counts, or how they are joined. */
#include "core/http/chars.h"
#include "core/http/query.h"
#include "core/lambda/event/event_common.h"
#include "core/util/ascii.h"

static isere_slice_t name_of(const isere_http_request_t *request, unsigned i)
{
    return isere_http_slice(request, request->fields[i].name);
}

static isere_slice_t value_of(const isere_http_request_t *request, unsigned i)
{
    return isere_http_slice(request, request->fields[i].value);
}

/* The next field from `i` on with that name; nfields when there is none. */
static unsigned find_field(const isere_http_request_t *request, unsigned i,
                           isere_slice_t name)
{
    while (i < request->nfields &&
           !isere_ascii_equal(name_of(request, i), name)) {
        i++;
    }
    return i;
}

/* The atom of a name (a token, so ASCII): in lower case, or as it was sent
 * where the last field of a name wins, as REST APIs have it. */
static JSAtom name_atom(isere_js_text_t *text, isere_slice_t name,
                        isere_merge_t merge)
{
    if (merge == ISERE_MERGE_LAST) {
        return JS_NewAtomLen(text->ctx, name.ptr, name.len);
    }
    char *out = isere_js_text_reserve(text, name.len);
    if (!out) {
        return JS_ATOM_NULL;
    }
    for (size_t i = 0; i < name.len; i++) {
        out[i] = isere_ascii_lower(name.ptr[i]);
    }
    return JS_NewAtomLen(text->ctx, out, name.len);
}

/* The value of all fields with the name of the i-th. Cookies are joined with ";
 * ", the separator within a Cookie field (RFC 9113 section 8.2.3). */
static JSValue merged_field(isere_js_text_t *text,
                            const isere_http_request_t *request, unsigned i,
                            isere_merge_t merge)
{
    isere_slice_t name = name_of(request, i);
    const char *separator = isere_http_equals(name, "cookie") ? "; "
                            : merge == ISERE_MERGE_COMMA      ? ","
                                                              : ", ";
    unsigned next = find_field(request, i + 1, name);
    if (next == request->nfields) {
        return isere_js_text_latin1(text->ctx, value_of(request, i));
    }
    isere_js_text_add_latin1(text, value_of(request, i));
    for (; next < request->nfields;
         next = find_field(request, next + 1, name)) {
        if (merge == ISERE_MERGE_LAST) {
            text->len = 0;
        } else {
            isere_js_text_add(text, isere_slice(separator));
        }
        isere_js_text_add_latin1(text, value_of(request, next));
    }
    return isere_js_text_string(text);
}

/* Quadratic, with at most ISERE_MAX_FIELDS: a table would cost more. */
JSValue isere__event_headers(JSContext *ctx,
                             const isere_http_request_t *request,
                             isere_merge_t merge)
{
    isere_js_text_t text = isere_js_text_begin(ctx);
    isere_object_t headers = isere__event_object_begin(ctx);
    for (unsigned i = 0; i < request->nfields && !headers.failed; i++) {
        isere_slice_t name = name_of(request, i);
        if (find_field(request, 0, name) < i) {
            continue; /* done with the first of that name */
        }
        JSAtom atom = name_atom(&text, name, merge);
        isere__event_object_put_atom(&headers, atom,
                                     merged_field(&text, request, i, merge));
        JS_FreeAtom(ctx, atom);
    }
    isere_js_text_free(&text);
    return isere__event_object_end(&headers);
}

/* In the order in which they were sent. */
static JSValue field_list(JSContext *ctx, const isere_http_request_t *request,
                          unsigned i)
{
    isere_list_t list = isere__event_list_begin(ctx);
    isere_slice_t name = name_of(request, i);
    for (; i < request->nfields; i = find_field(request, i + 1, name)) {
        isere__event_list_add(&list,
                              isere_js_text_latin1(ctx, value_of(request, i)));
    }
    return isere__event_list_end(&list);
}

JSValue isere__event_multi_headers(JSContext *ctx,
                                   const isere_http_request_t *request)
{
    isere_object_t headers = isere__event_object_begin(ctx);
    for (unsigned i = 0; i < request->nfields && !headers.failed; i++) {
        isere_slice_t name = name_of(request, i);
        if (find_field(request, 0, name) < i) {
            continue;
        }
        JSAtom atom = JS_NewAtomLen(ctx, name.ptr, name.len);
        isere__event_object_put_atom(&headers, atom,
                                     field_list(ctx, request, i));
        JS_FreeAtom(ctx, atom);
    }
    return isere__event_object_end(&headers);
}

bool isere__event_has_cookies(const isere_http_request_t *request)
{
    isere_slice_t cookie_name = isere_slice("cookie");
    unsigned i = find_field(request, 0, cookie_name);
    for (; i < request->nfields; i = find_field(request, i + 1, cookie_name)) {
        isere_slice_t rest = value_of(request, i);
        isere_slice_t cookie;
        if (isere_http_cookie_next(&rest, &cookie)) {
            return true;
        }
    }
    return false;
}

/* All Cookie fields together: HTTP/2 proxies split them (RFC 9113 section
 * 8.2.3). */
JSValue isere__event_cookies(JSContext *ctx,
                             const isere_http_request_t *request)
{
    isere_list_t list = isere__event_list_begin(ctx);
    isere_slice_t cookie_name = isere_slice("cookie");
    unsigned i = find_field(request, 0, cookie_name);
    for (; i < request->nfields; i = find_field(request, i + 1, cookie_name)) {
        isere_slice_t rest = value_of(request, i);
        isere_slice_t cookie;
        while (isere_http_cookie_next(&rest, &cookie)) {
            isere__event_list_add(&list, isere_js_text_latin1(ctx, cookie));
        }
    }
    return isere__event_list_end(&list);
}

/*
 * Query parameters. Names are interned as atoms, so equal names are equal
 * numbers; a hash table over them finds the first parameter of a name, and
 * parameters of one name are linked in order. Both tables live in one block
 * of the heap. `0` ends a list: indices are counted from 1.
 */
typedef struct parameter {
    JSAtom name;
    JSValue value;
    uint32_t next;  /* the next one of the same name */
    uint32_t tail;  /* of the first: the last of the same name */
    uint32_t chain; /* of the first: the next name in the same bucket */
    bool first;
} parameter_t;

typedef struct parameters {
    isere_js_text_t text;
    uint32_t count;
    uint32_t mask;
    parameter_t *items; /* count + 1 of them, the first unused */
    uint32_t *buckets;  /* mask + 1 of them */
} parameters_t;

static uint32_t count_parameters(isere_slice_t query)
{
    isere_slice_t name;
    isere_slice_t value;
    uint32_t count = 0;
    while (isere_http_query_next(&query, &name, &value)) {
        count++;
    }
    return count;
}

/* A table and not a walk: a query may have thousands of parameters, and each
 * would be compared with all before it. A power of two of buckets, at least one
 * for each parameter. */
static int allocate_tables(JSContext *ctx, parameters_t *p, uint32_t count)
{
    uint32_t buckets = 1;
    while (buckets < count) {
        buckets *= 2;
    }
    p->mask = buckets - 1;
    p->items = js_mallocz(ctx, (count + 1) * sizeof *p->items +
                                   buckets * sizeof *p->buckets);
    if (!p->items) {
        return -1;
    }
    p->buckets = (uint32_t *)(p->items + count + 1);
    return 0;
}

/* Links the index-th parameter behind the others of its name. */
static void link_parameter(parameters_t *p, uint32_t index)
{
    parameter_t *item = &p->items[index];
    uint32_t *bucket = &p->buckets[item->name & p->mask];
    uint32_t i = *bucket;
    while (i != 0 && p->items[i].name != item->name) {
        i = p->items[i].chain;
    }
    /* The first of its name: it stands for the name in the bucket. */
    if (i == 0) {
        item->first = true;
        item->tail = index;
        item->chain = *bucket;
        *bucket = index;
        return;
    }
    p->items[p->items[i].tail].next = index;
    p->items[i].tail = index;
}

/* Decoded before they are compared: "a" and "%61" are one name. */
static int add_parameter(JSContext *ctx, parameters_t *p, isere_slice_t name,
                         isere_slice_t value)
{
    JSValue key = isere__event_text_decoded(&p->text, name, true);
    JSAtom atom = JS_IsException(key) ? JS_ATOM_NULL : JS_ValueToAtom(ctx, key);
    JS_FreeValue(ctx, key);
    if (atom == JS_ATOM_NULL) {
        return -1;
    }
    JSValue decoded = isere__event_text_decoded(&p->text, value, true);
    if (JS_IsException(decoded)) {
        JS_FreeAtom(ctx, atom);
        return -1;
    }
    p->count++;
    p->items[p->count].name = atom;
    p->items[p->count].value = decoded;
    link_parameter(p, p->count);
    return 0;
}

/* Atoms and values are counted references: in a heap that is kept warm they
 * would leak. */
static void free_parameters(JSContext *ctx, parameters_t *p)
{
    for (uint32_t i = 1; i <= p->count; i++) {
        JS_FreeAtom(ctx, p->items[i].name);
        JS_FreeValue(ctx, p->items[i].value);
    }
    js_free(ctx, p->items);
    isere_js_text_free(&p->text);
}

static int add_string(isere_js_text_t *text, JSValueConst string)
{
    size_t len;
    const char *bytes = JS_ToCStringLen(text->ctx, &len, string);
    if (!bytes) {
        return -1;
    }
    isere_js_text_add(text, isere_slice_of(bytes, len));
    JS_FreeCString(text->ctx, bytes);
    return 0;
}

/* The one value of the parameters linked from the index-th on. Joined by commas
 * without escaping, as API Gateway does: whoever needs them apart reads the
 * multiValue map. */
static JSValue merged_parameter(JSContext *ctx, parameters_t *p, uint32_t index,
                                isere_merge_t merge)
{
    const parameter_t *first = &p->items[index];
    if (merge == ISERE_MERGE_LAST || first->next == 0) {
        return JS_DupValue(ctx, p->items[first->tail].value);
    }
    for (uint32_t i = index; i != 0; i = p->items[i].next) {
        if (i != index) {
            isere_js_text_add(&p->text, isere_slice(","));
        }
        if (add_string(&p->text, p->items[i].value) < 0) {
            return JS_EXCEPTION;
        }
    }
    return isere_js_text_string(&p->text);
}

static JSValue parameter_list(JSContext *ctx, const parameters_t *p,
                              uint32_t index)
{
    isere_list_t list = isere__event_list_begin(ctx);
    for (; index != 0; index = p->items[index].next) {
        isere__event_list_add(&list, JS_DupValue(ctx, p->items[index].value));
    }
    return isere__event_list_end(&list);
}

/* Properties come in the order of each name's first parameter. */
static JSValue build_single(JSContext *ctx, parameters_t *p,
                            isere_merge_t merge)
{
    isere_object_t object = isere__event_object_begin(ctx);
    for (uint32_t i = 1; i <= p->count && !object.failed; i++) {
        if (p->items[i].first) {
            isere__event_object_put_atom(&object, p->items[i].name,
                                         merged_parameter(ctx, p, i, merge));
        }
    }
    return isere__event_object_end(&object);
}

static JSValue build_multi(JSContext *ctx, const parameters_t *p)
{
    isere_object_t object = isere__event_object_begin(ctx);
    for (uint32_t i = 1; i <= p->count && !object.failed; i++) {
        if (p->items[i].first) {
            isere__event_object_put_atom(&object, p->items[i].name,
                                         parameter_list(ctx, p, i));
        }
    }
    return isere__event_object_end(&object);
}

/* Counted first, so that there is one allocation. Null and not an empty object
 * where there are none, as API Gateway has it. */
static JSValue parse_query(JSContext *ctx, isere_slice_t query, bool multi,
                           isere_merge_t merge)
{
    parameters_t p = {isere_js_text_begin(ctx), 0, 0, NULL, NULL};
    uint32_t count = count_parameters(query);
    isere_slice_t name;
    isere_slice_t value;
    int result = 0;
    if (count == 0) {
        return JS_NULL;
    }
    if (allocate_tables(ctx, &p, count) < 0) {
        return JS_EXCEPTION;
    }
    while (result == 0 && isere_http_query_next(&query, &name, &value)) {
        result = add_parameter(ctx, &p, name, value);
    }
    JSValue object = result < 0 ? JS_EXCEPTION
                     : multi    ? build_multi(ctx, &p)
                                : build_single(ctx, &p, merge);
    free_parameters(ctx, &p);
    return object;
}

JSValue isere__event_query(JSContext *ctx, isere_slice_t query,
                           isere_merge_t merge)
{
    return parse_query(ctx, query, false, merge);
}

JSValue isere__event_multi_query(JSContext *ctx, isere_slice_t query)
{
    return parse_query(ctx, query, true, ISERE_MERGE_COMMA);
}

/* '+' stays: only in queries does it mean a space. */
JSValue isere__event_path_parameters(JSContext *ctx,
                                     const isere_invocation_t *invocation)
{
    if (invocation->npath_parameters == 0) {
        return JS_NULL;
    }
    isere_js_text_t text = isere_js_text_begin(ctx);
    isere_object_t object = isere__event_object_begin(ctx);
    for (size_t i = 0; i < invocation->npath_parameters; i++) {
        const isere_path_parameter_t *p = &invocation->path_parameters[i];
        JSAtom name = JS_NewAtomLen(ctx, p->name.ptr, p->name.len);
        isere__event_object_put_atom(
            &object, name, isere__event_text_decoded(&text, p->value, false));
        JS_FreeAtom(ctx, name);
    }
    isere_js_text_free(&text);
    return isere__event_object_end(&object);
}
