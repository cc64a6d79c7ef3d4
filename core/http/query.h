/*
 * Splitting query strings and Cookie fields into their parts. Views into the
 * input, nothing decoded. Pure functions; any thread.
 */
#ifndef ISERE_CORE_HTTP_QUERY_H
#define ISERE_CORE_HTTP_QUERY_H

#include "isere/slice.h"

/*
 * Takes the next name=value off the front of `rest` (a query string without
 * '?'), as application/x-www-form-urlencoded parsing does (WHATWG URL section
 * 5.1): parts are separated by '&', empty parts skipped, the first '=' ends
 * the name, and a part without one has an empty value. Returns false, with
 * `rest` empty, when no part is left.
 */
bool isere_http_query_next(isere_slice_t *rest, isere_slice_t *name,
                           isere_slice_t *value);

/*
 * Takes the next cookie off the front of `rest` (the value of a Cookie field,
 * RFC 6265 section 4.2.1): separated by ';', without the blanks around it,
 * empty ones skipped. Returns false, with `rest` empty, when none is left.
 */
bool isere_http_cookie_next(isere_slice_t *rest, isere_slice_t *cookie);

#endif
