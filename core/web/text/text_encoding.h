/* What TextEncoder and TextDecoder share. Internal to this folder. */
#ifndef ISERE_CORE_WEB_TEXT_TEXT_ENCODING_H
#define ISERE_CORE_WEB_TEXT_TEXT_ENCODING_H

#include "quickjs.h"

/* A new object for `new target(...)`; JS_EXCEPTION when that fails. */
JSValue isere__text_encoding_construct(JSContext *ctx, JSValueConst target,
                                       JSClassID class_id);

/* Defines a global class with its prototype. 0, or -1 with an exception
 * pending. */
int isere__text_encoding_install_class(JSContext *ctx, JSValueConst global,
                                       JSClassID class_id,
                                       const JSClassDef *def,
                                       JSCFunction *constructor, int nparams,
                                       const JSCFunctionListEntry *members,
                                       int nmembers);

/* The two classes; each is installed like a global of web.h. */
void isere__text_encoder_register_class(void);
int isere__text_encoder_install(JSContext *ctx, JSValueConst global);
void isere__text_decoder_register_class(void);
int isere__text_decoder_install(JSContext *ctx, JSValueConst global);

#endif
