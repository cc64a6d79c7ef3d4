/* What the files of core/web/lazy share. */
#ifndef ISERE_CORE_WEB_LAZY_LAZY_INTERNAL_H
#define ISERE_CORE_WEB_LAZY_LAZY_INTERNAL_H

#include "core/web/lazy/lazy.h"

/* What a part has, loaded if need be. */
JSValue isere__lazy_load(JSContext *ctx, isere_lazy_part_t part);

/* compression.c: the functions of js/web/compression.js. */
JSValue isere__lazy_compression(JSContext *ctx);

/* native.c: adds the functions in C that parts are given. */
void isere__lazy_add_native(JSContext *ctx, JSValueConst object);

#endif
