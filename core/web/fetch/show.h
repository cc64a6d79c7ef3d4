/*
 * What console shows of Headers, Request and Response. Thread: the one that
 * runs the context.
 */
#ifndef ISERE_CORE_WEB_FETCH_SHOW_H
#define ISERE_CORE_WEB_FETCH_SHOW_H

#include "quickjs.h"

/* An object with what is shown of one of these, the caller's; JS_UNDEFINED for
 * other values, JS_EXCEPTION when out of memory. Calls no user code. */
JSValue isere_fetch_show(JSContext *ctx, JSValueConst value);

#endif
