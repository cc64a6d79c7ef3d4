/* Lists of header fields: linked, in the order in which they came, names
 * compared without regard to case. */
#include "core/web/fetch/header_list.h"
#include "core/util/ascii.h"
#include <string.h>

isere_header_list_t *isere__header_list_new(JSContext *ctx)
{
    isere_header_list_t *list = js_mallocz(ctx, sizeof(*list));
    if (list) {
        list->users = 1;
    }
    return list;
}

isere_header_list_t *isere__header_list_share(isere_header_list_t *list)
{
    list->users++;
    return list;
}

static void free_header(JSRuntime *rt, isere_header_t *header)
{
    JS_FreeValueRT(rt, header->value);
    js_free_rt(rt, header);
}

void isere__header_list_drop(JSRuntime *rt, isere_header_list_t *list)
{
    if (!list || --list->users > 0) {
        return;
    }
    while (list->first) {
        isere_header_t *header = list->first;
        list->first = header->next;
        free_header(rt, header);
    }
    js_free_rt(rt, list);
}

int isere__header_list_put(JSContext *ctx, isere_header_list_t *list,
                           isere_slice_t name, JSValue value)
{
    isere_header_t *header = js_malloc(ctx, sizeof(*header) + name.len);
    if (!header) {
        JS_FreeValue(ctx, value);
        return -1;
    }
    header->next = NULL;
    header->value = value;
    header->len = (uint32_t)name.len;
    memcpy(header->name, name.ptr, name.len);
    if (list->last) {
        list->last->next = header;
    } else {
        list->first = header;
    }
    list->last = header;
    list->changes++;
    return 0;
}

static isere_header_t *find(isere_header_t *from, isere_slice_t name)
{
    while (from && !isere_ascii_equal(isere_header_name(from), name)) {
        from = from->next;
    }
    return from;
}

/* Takes out the fields of a name behind `before`, which is NULL for all. */
static void remove_behind(JSContext *ctx, isere_header_list_t *list,
                          isere_header_t *before, isere_slice_t name)
{
    isere_header_t **link = before ? &before->next : &list->first;
    list->last = before;
    while (*link) {
        isere_header_t *header = *link;
        if (isere_ascii_equal(isere_header_name(header), name)) {
            *link = header->next;
            free_header(JS_GetRuntime(ctx), header);
        } else {
            list->last = header;
            link = &header->next;
        }
    }
    list->changes++;
}

int isere__header_list_set(JSContext *ctx, isere_header_list_t *list,
                           isere_slice_t name, JSValue value)
{
    isere_header_t *header = find(list->first, name);
    if (!header) {
        return isere__header_list_put(ctx, list, name, value);
    }
    JS_FreeValue(ctx, header->value);
    header->value = value;
    remove_behind(ctx, list, header, name);
    return 0;
}

void isere__header_list_remove(JSContext *ctx, isere_header_list_t *list,
                               isere_slice_t name)
{
    remove_behind(ctx, list, NULL, name);
}

bool isere__header_list_has(const isere_header_list_t *list, isere_slice_t name)
{
    return find(list->first, name) != NULL;
}

/* "a, b"; both are borrowed. */
static JSValue join(JSContext *ctx, JSValueConst a, JSValueConst b)
{
    size_t alen;
    size_t blen;
    JSValue joined = JS_EXCEPTION;
    const char *atext = JS_ToCStringLen(ctx, &alen, a);
    const char *btext = JS_ToCStringLen(ctx, &blen, b);
    char *text = atext && btext ? js_malloc(ctx, alen + 2 + blen) : NULL;
    if (text) {
        memcpy(text, atext, alen);
        memcpy(text + alen, ", ", 2);
        memcpy(text + alen + 2, btext, blen);
        joined = JS_NewStringLen(ctx, text, alen + 2 + blen);
    }
    js_free(ctx, text);
    JS_FreeCString(ctx, atext);
    JS_FreeCString(ctx, btext);
    return joined;
}

/* Joined to *all, which is replaced, or freed when out of memory. */
static void join_to(JSContext *ctx, JSValue *all, JSValueConst more)
{
    JSValue joined = join(ctx, *all, more);
    JS_FreeValue(ctx, *all);
    *all = joined;
}

JSValue isere__header_list_get(JSContext *ctx, const isere_header_list_t *list,
                               isere_slice_t name)
{
    JSValue all = JS_NULL;
    isere_header_t *header = find(list->first, name);
    for (; header && !JS_IsException(all); header = find(header->next, name)) {
        if (JS_IsNull(all)) {
            all = JS_DupValue(ctx, header->value);
        } else {
            join_to(ctx, &all, header->value);
        }
    }
    return all;
}

int isere__header_list_add_all(JSContext *ctx, isere_header_list_t *list,
                               const isere_header_list_t *from)
{
    int error = 0;
    /* Up to its last one: it may be the list itself. */
    const isere_header_t *last = from->last;
    const isere_header_t *header = from->first;
    while (header && error == 0) {
        error = isere__header_list_put(ctx, list, isere_header_name(header),
                                       JS_DupValue(ctx, header->value));
        header = header == last ? NULL : header->next;
    }
    return error;
}

/* ---- sorted ---- */

/* As the bytes of their names in lower case. */
static int compare(const isere_header_t *a, const isere_header_t *b)
{
    uint32_t len = a->len < b->len ? a->len : b->len;
    for (uint32_t i = 0; i < len; i++) {
        int difference = (unsigned char)isere_ascii_lower(a->name[i]) -
                         (unsigned char)isere_ascii_lower(b->name[i]);
        if (difference != 0) {
            return difference;
        }
    }
    return (a->len > b->len) - (a->len < b->len);
}

/* Stable, and quick for the few fields that there are. NULL when out of memory,
 * or of an empty list. */
static const isere_header_t **
sort(JSContext *ctx, const isere_header_list_t *list, uint32_t *count)
{
    uint32_t n = 0;
    for (const isere_header_t *h = list->first; h; h = h->next) {
        n++;
    }
    *count = n;
    const isere_header_t **all =
        n ? js_malloc(ctx, n * sizeof(const isere_header_t *)) : NULL;
    n = 0;
    for (const isere_header_t *h = all ? list->first : NULL; h; h = h->next) {
        uint32_t at = n++;
        for (; at > 0 && compare(all[at - 1], h) > 0; at--) {
            all[at] = all[at - 1];
        }
        all[at] = h;
    }
    return all;
}

static JSValue lower_name(JSContext *ctx, const isere_header_t *header)
{
    char few[32];
    char *text = header->len <= sizeof(few) ? few : js_malloc(ctx, header->len);
    if (!text) {
        return JS_EXCEPTION;
    }
    for (uint32_t i = 0; i < header->len; i++) {
        text[i] = isere_ascii_lower(header->name[i]);
    }
    JSValue name = JS_NewStringLen(ctx, text, header->len);
    if (text != few) {
        js_free(ctx, text);
    }
    return name;
}

/* Set-Cookie is the one whose values can't be joined. */
static bool is_cookie(const isere_header_t *header)
{
    return isere_ascii_equal(isere_header_name(header),
                             isere_slice("set-cookie"));
}

isere_header_entry_t *
isere__header_list_entries(JSContext *ctx, const isere_header_list_t *list,
                           uint32_t *count)
{
    uint32_t sorted;
    *count = 0;
    const isere_header_t **all = sort(ctx, list, &sorted);
    isere_header_entry_t *entries =
        all ? js_malloc(ctx, sorted * sizeof(*entries)) : NULL;
    bool failed = false;
    for (uint32_t i = 0; entries && i < sorted && !failed; i++) {
        if (i > 0 && compare(all[i - 1], all[i]) == 0 && !is_cookie(all[i])) {
            join_to(ctx, &entries[*count - 1].value, all[i]->value);
            failed = JS_IsException(entries[*count - 1].value);
            continue;
        }
        isere_header_entry_t *entry = &entries[(*count)++];
        entry->name = lower_name(ctx, all[i]);
        entry->value = JS_DupValue(ctx, all[i]->value);
        failed = JS_IsException(entry->name);
    }
    js_free(ctx, all);
    if (failed) {
        isere__header_list_free_entries(JS_GetRuntime(ctx), entries, *count);
        *count = 0;
        return NULL;
    }
    return entries;
}

void isere__header_list_free_entries(JSRuntime *rt,
                                     isere_header_entry_t *entries,
                                     uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        JS_FreeValueRT(rt, entries[i].name);
        JS_FreeValueRT(rt, entries[i].value);
    }
    js_free_rt(rt, entries);
}
