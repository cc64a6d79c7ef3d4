/* The forms of the URLSearchParams constructor's argument (section 6.2): an
 * iterable of pairs, a record, or a query string. All of it runs the handler's
 * code, which may throw anywhere. */
#include "core/web/iterate.h"
#include "core/web/url/url_search_params.h"

/* Appends a pair given as values, which become strings in this order (a handler
 * can see it). 0, or -1 with an exception pending. */
static int append_values(JSContext *ctx, isere_url_params_t *list,
                         JSValueConst name, JSValueConst value)
{
    isere_url_memory_t memory = isere__url_memory(ctx);
    isere_url_string_t name_text;
    isere_url_string_t value_text;
    if (isere__url_string_get(ctx, name, &name_text) < 0) {
        return -1;
    }
    if (isere__url_string_get(ctx, value, &value_text) < 0) {
        isere__url_string_free(ctx, &name_text);
        return -1;
    }
    int error = isere__url_params_append(&memory, list, name_text.text,
                                         value_text.text);
    isere__url_string_free(ctx, &name_text);
    isere__url_string_free(ctx, &value_text);
    if (error) {
        isere__url_throw(ctx, error);
        return -1;
    }
    return 0;
}

/* Iterables */

/* An iterable of two, as ["name", "value"]. */
static int append_item(JSContext *ctx, isere_url_params_t *list,
                       JSValueConst item)
{
    JSValue members[2];
    if (isere__iterate_pair(ctx, item, "each query pair must have two items",
                            members) < 0) {
        return -1;
    }
    int error = append_values(ctx, list, members[0], members[1]);
    JS_FreeValue(ctx, members[0]);
    JS_FreeValue(ctx, members[1]);
    return error;
}

/* The list keeps what was read before a failure: the caller drops it. */
static int fill_from_iterable(JSContext *ctx, isere_url_params_t *list,
                              JSValueConst init, JSValueConst method)
{
    isere_iteration_t it;
    JSValue item;
    int step;
    if (isere__iterate_open(ctx, init, method, &it) < 0) {
        return -1;
    }
    while ((step = isere__iterate_step(ctx, &it, &item)) > 0) {
        int error = append_item(ctx, list, item);
        JS_FreeValue(ctx, item);
        if (error < 0) {
            step = -1;
            break;
        }
    }
    isere__iterate_close(ctx, &it);
    return step;
}

/* Records */

/*
 * Lone surrogates can make two keys of a record the same. Then the last value
 * counts, in the place of the first: merges the last pair with its like.
 */
static int merge_last(JSContext *ctx, isere_url_params_t *list)
{
    isere_url_memory_t memory = isere__url_memory(ctx);
    uint32_t last = list->count - 1;
    isere_slice_t name = isere__url_params_name(list, last);
    uint32_t first = isere__url_params_find(list, 0, name);
    if (first == last) {
        return 0;
    }
    int error = isere__url_params_replace(&memory, list, first,
                                          isere__url_params_value(list, last));
    if (error) {
        isere__url_throw(ctx, error);
        return -1;
    }
    isere__url_params_remove(&memory, list, last, name, NULL);
    return 0;
}

/* Whether a name holds U+FFFD, as one made of lone surrogates does. */
static bool has_replacement(isere_slice_t name)
{
    for (size_t i = 0; i + 2 < name.len; i++) {
        if (memcmp(name.ptr + i, "\xef\xbf\xbd", 3) == 0) {
            return true;
        }
    }
    return false;
}

/* Appends one property, unless it is gone or not enumerable. Getters ran since
 * the names were listed: the property may be gone, or hidden. */
static int append_property(JSContext *ctx, isere_url_params_t *list,
                           JSValueConst init, JSAtom key)
{
    int found = isere__iterate_has_property(ctx, init, key);
    if (found <= 0) {
        return found;
    }
    /* A symbol can't become a string: that throws, as it should. */
    JSValue symbol_or_name = JS_AtomToValue(ctx, key);
    JSValue name = JS_ToString(ctx, symbol_or_name);
    JS_FreeValue(ctx, symbol_or_name);
    if (JS_IsException(name)) {
        return -1;
    }
    JSValue value = JS_GetProperty(ctx, init, key);
    int error =
        JS_IsException(value) ? -1 : append_values(ctx, list, name, value);
    JS_FreeValue(ctx, value);
    JS_FreeValue(ctx, name);
    if (error == 0 &&
        has_replacement(isere__url_params_name(list, list->count - 1))) {
        error = merge_last(ctx, list);
    }
    return error;
}

/* Web IDL's record: own enumerable properties, in their order; a symbol is an
 * error. */
static int fill_from_record(JSContext *ctx, isere_url_params_t *list,
                            JSValueConst init)
{
    JSPropertyEnum *keys;
    uint32_t count;
    int error = 0;
    if (JS_GetOwnPropertyNames(ctx, &keys, &count, init,
                               JS_GPN_STRING_MASK | JS_GPN_SYMBOL_MASK) < 0) {
        return -1;
    }
    for (uint32_t i = 0; i < count; i++) {
        error = error ? error : append_property(ctx, list, init, keys[i].atom);
        JS_FreeAtom(ctx, keys[i].atom);
    }
    js_free(ctx, keys);
    return error;
}

/* One '?' at the start is dropped, so that location.search can be passed on. */
static int fill_from_string(JSContext *ctx, isere_url_params_t *list,
                            JSValueConst init)
{
    isere_url_memory_t memory = isere__url_memory(ctx);
    isere_url_string_t string;
    if (isere__url_string_get(ctx, init, &string) < 0) {
        return -1;
    }
    isere_slice_t query = string.text;
    if (query.len > 0 && query.ptr[0] == '?') {
        query.ptr++;
        query.len--;
    }
    int error = isere__url_params_parse(&memory, list, query);
    isere__url_string_free(ctx, &string);
    if (error) {
        isere__url_throw(ctx, error);
        return -1;
    }
    return 0;
}

/* By Symbol.iterator and not by class: Web IDL's union of a sequence, a record
 * and a string. Another URLSearchParams is an iterable. */
int isere__url_search_params_fill(JSContext *ctx, isere_url_params_t *list,
                                  JSValueConst init)
{
    if (!JS_IsObject(init)) {
        return fill_from_string(ctx, list, init);
    }
    JSValue method = isere__iterate_method(ctx, init);
    if (JS_IsException(method)) {
        return -1;
    }
    int error = JS_IsUndefined(method)
                    ? fill_from_record(ctx, list, init)
                    : fill_from_iterable(ctx, list, init, method);
    JS_FreeValue(ctx, method);
    return error;
}
