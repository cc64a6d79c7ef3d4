/*
 * URLs of requests that need no parser: nearly all. Pure functions; any thread.
 */
#ifndef ISERE_CORE_WEB_URL_URL_NORMAL_H
#define ISERE_CORE_WEB_URL_URL_NORMAL_H

#include "isere/slice.h"
#include <stdbool.h>

/*
 * Whether "http://HOST PATH?QUERY" is in its normal form for certain, so that
 * the URL parser (WHATWG URL section 4.4) would give the same text. `host` is
 * that of a Host field, with its port if there is one; `path` and `query`
 * (without '?') are those of a request's target. False says nothing.
 */
bool isere__url_is_normal(isere_slice_t host, isere_slice_t path,
                          isere_slice_t query);

#endif
