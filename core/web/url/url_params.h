/*
 * The list behind URLSearchParams, without JavaScript: names and values as
 * well-formed UTF-8, and its application/x-www-form-urlencoded form (section
 * 5 of the URL standard). Memory as in url_parser.h. Functions return 0,
 * ISERE_ERR_NOMEM or ISERE_ERR_LIMIT where they may fail, and then leave the
 * list as it was unless they say otherwise.
 */
#ifndef ISERE_CORE_WEB_URL_URL_PARAMS_H
#define ISERE_CORE_WEB_URL_URL_PARAMS_H

#include "core/web/url/url_parser.h"

/* A name and the value right behind it, in one block that the list owns. */
typedef struct isere_url_pair {
    char *text;
    uint32_t name_len;
    uint32_t value_len;
} isere_url_pair_t;

typedef struct isere_url_params {
    isere_url_pair_t *pairs;
    uint32_t count;
    uint32_t room;
} isere_url_params_t;

/* Frees the list's memory and leaves it empty. A zeroed list is empty. */
void isere__url_params_clear(const isere_url_memory_t *memory,
                             isere_url_params_t *list);

/* Appends a copy. */
int isere__url_params_append(const isere_url_memory_t *memory,
                             isere_url_params_t *list, isere_slice_t name,
                             isere_slice_t value);

/* Appends what a query string, without its "?", holds. On failure the pairs
 * before the one that failed are in the list. */
int isere__url_params_parse(const isere_url_memory_t *memory,
                            isere_url_params_t *list, isere_slice_t query);

/* The encoded form: *text is the caller's to free (NULL when it is empty). */
int isere__url_params_serialise(const isere_url_memory_t *memory,
                                const isere_url_params_t *list, char **text,
                                size_t *len);

isere_slice_t isere__url_params_name(const isere_url_params_t *list,
                                     uint32_t i);
isere_slice_t isere__url_params_value(const isere_url_params_t *list,
                                      uint32_t i);

/* The first pair of that name at or after `from`; `count` when none is. */
uint32_t isere__url_params_find(const isere_url_params_t *list, uint32_t from,
                                isere_slice_t name);

/* Removes the pairs of that name, from index `from` on; with `value` not NULL
 * only those that have it. */
void isere__url_params_remove(const isere_url_memory_t *memory,
                              isere_url_params_t *list, uint32_t from,
                              isere_slice_t name, const isere_slice_t *value);

/* Replaces the value of the pair at an index. */
int isere__url_params_replace(const isere_url_memory_t *memory,
                              isere_url_params_t *list, uint32_t i,
                              isere_slice_t value);

/* Sorts by name as UTF-16 code units, stably. */
int isere__url_params_sort(const isere_url_memory_t *memory,
                           isere_url_params_t *list);

#endif
