/*
 * Lists of header fields (Fetch section 2.2), which a Headers object and its
 * Request or Response share. In the JavaScript heap; nothing here runs a
 * handler's code. Thread: the one that runs the context.
 */
#ifndef ISERE_CORE_WEB_FETCH_HEADER_LIST_H
#define ISERE_CORE_WEB_FETCH_HEADER_LIST_H

#include "isere/slice.h"
#include "quickjs.h"
#include <stdbool.h>

typedef struct isere_header {
    struct isere_header *next;
    JSValue value; /* a string, owned */
    uint32_t len;
    char name[]; /* as it was given */
} isere_header_t;

typedef struct isere_header_list {
    isere_header_t *first;
    isere_header_t *last;
    uint32_t users;
    uint32_t changes; /* for iterators */
    bool fixed;       /* the guard "immutable" */
} isere_header_list_t;

static inline isere_slice_t isere_header_name(const isere_header_t *header)
{
    return isere_slice_of(header->name, header->len);
}

/* An empty list with one user; NULL with an exception pending. */
isere_header_list_t *isere__header_list_new(JSContext *ctx);

/* One user more, and one less: the last one frees it. NULL is fine. */
isere_header_list_t *isere__header_list_share(isere_header_list_t *list);
void isere__header_list_drop(JSRuntime *rt, isere_header_list_t *list);

/* Adds a field at the end; takes the value. 0, or -1 with an exception
 * pending. */
int isere__header_list_put(JSContext *ctx, isere_header_list_t *list,
                           isere_slice_t name, JSValue value);

/* The value of the first field of that name becomes this one (taken), and all
 * others of the name go; adds one where there is none. 0, or -1. */
int isere__header_list_set(JSContext *ctx, isere_header_list_t *list,
                           isere_slice_t name, JSValue value);

void isere__header_list_remove(JSContext *ctx, isere_header_list_t *list,
                               isere_slice_t name);

bool isere__header_list_has(const isere_header_list_t *list,
                            isere_slice_t name);

/* The values of a name, joined with ", ", the caller's; JS_NULL when there is
 * none, JS_EXCEPTION when out of memory. */
JSValue isere__header_list_get(JSContext *ctx, const isere_header_list_t *list,
                               isere_slice_t name);

/* Adds all fields of another list. 0, or -1 with an exception pending. */
int isere__header_list_add_all(JSContext *ctx, isere_header_list_t *list,
                               const isere_header_list_t *from);

/* A field as Headers shows it. */
typedef struct isere_header_entry {
    JSValue name; /* in lower case */
    JSValue value;
} isere_header_entry_t;

/* "Sort and combine" (Fetch section 2.2.2): *count entries, which
 * isere__header_list_free_entries frees; NULL with an exception pending, or
 * when there are none. */
isere_header_entry_t *
isere__header_list_entries(JSContext *ctx, const isere_header_list_t *list,
                           uint32_t *count);
void isere__header_list_free_entries(JSRuntime *rt,
                                     isere_header_entry_t *entries,
                                     uint32_t count);

#endif
