/*
 * What Headers, Request and Response (js/web) have in C.
 */
#ifndef ISERE_CORE_WEB_FETCH_FIELDS_H
#define ISERE_CORE_WEB_FETCH_FIELDS_H

#include "quickjs.h"

/* Adds them to what the globals in JavaScript are given; a failure leaves an
 * exception pending. */
void isere__fields_add_native(JSContext *ctx, JSValueConst object);

#endif
