/*
 * Internal to URLSearchParams: what its two files share. Thread: the one that
 * runs the context.
 */
#ifndef ISERE_CORE_WEB_URL_URL_SEARCH_PARAMS_H
#define ISERE_CORE_WEB_URL_URL_SEARCH_PARAMS_H

#include "core/web/url/url.h"

/* Symbol.iterator as it was at installation; the caller frees it. */
JSValue isere__url_iterator_symbol(JSContext *ctx);

/* %IteratorPrototype%, which the prototypes of iterators inherit from; the
 * caller frees it. */
JSValue isere__url_iterator_prototype(JSContext *ctx);

/*
 * Appends what the constructor's argument holds: pairs of an iterable, the
 * properties of any other object, or a query string. 0, or -1 with an
 * exception pending (the list then holds some of it).
 */
int isere__url_search_params_fill(JSContext *ctx, isere_url_params_t *list,
                                  JSValueConst init);

#endif
