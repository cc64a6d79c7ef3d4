/*
 * What may be the name or value of a header field, and a reason phrase. Thread:
 * the one that runs the context.
 */
#ifndef ISERE_CORE_WEB_FETCH_FIELD_H
#define ISERE_CORE_WEB_FETCH_FIELD_H

#include "isere/slice.h"
#include "quickjs.h"
#include <stdbool.h>

/* A token (RFC 9110 section 5.6.2): also what a method is. */
bool isere__field_is_name(isere_slice_t text);

/* A string without white space around it ("normalize", Fetch section 2.2), the
 * caller's: JS_UNDEFINED when it has a character that no value may have,
 * JS_EXCEPTION when out of memory. */
JSValue isere__field_value(JSContext *ctx, JSValueConst string);

/* Whether UTF-8 may stand behind a status (RFC 9112 section 4). */
bool isere__field_is_reason(isere_slice_t text);

#endif
