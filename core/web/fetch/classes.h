/*
 * Headers, Request and Response as a whole. They cost a heap their names until
 * one of them is touched. Thread: the one that runs the context.
 */
#ifndef ISERE_CORE_WEB_FETCH_CLASSES_H
#define ISERE_CORE_WEB_FETCH_CLASSES_H

#include "quickjs.h"

/* Allocates class ids; see isere_web_register_classes. */
void isere__fetch_register_classes(void);

/* Makes the classes known to a runtime. 0, or -1 when out of memory. */
int isere__fetch_register_in(JSRuntime *rt);

/* An object that has the three, for core/web/lazy. */
JSValue isere__fetch_make(JSContext *ctx);

#endif
