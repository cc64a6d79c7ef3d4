/* TextEncoder and TextDecoder (WHATWG Encoding): what both need. */
#include "core/web/text/text_encoding.h"
#include "core/web/web.h"

void isere__text_encoding_register_classes(void)
{
    isere__text_encoder_register_class();
    isere__text_decoder_register_class();
}

/* Classes are the runtime's, so each heap registers its own; only their numbers
 * are the process's. */
int isere__text_encoding_install(JSContext *ctx, JSValueConst global)
{
    if (isere__text_encoder_install(ctx, global) < 0) {
        return -1;
    }
    return isere__text_decoder_install(ctx, global);
}

/* As Web IDL's "internally create a new object": the prototype of new.target,
 * where it is an object (subclasses), else the class's own. */
JSValue isere__text_encoding_construct(JSContext *ctx, JSValueConst target,
                                       JSClassID class_id)
{
    JSValue prototype = JS_GetPropertyStr(ctx, target, "prototype");
    JSValue object;
    if (JS_IsException(prototype)) {
        return prototype;
    }
    object = JS_IsObject(prototype)
                 ? JS_NewObjectProtoClass(ctx, prototype, class_id)
                 : JS_NewObjectClass(ctx, (int)class_id);
    JS_FreeValue(ctx, prototype);
    return object;
}

/* Constructors are not enumerable on the global object (ECMA-262 section
 * 17). */
int isere__text_encoding_install_class(JSContext *ctx, JSValueConst global,
                                       JSClassID class_id,
                                       const JSClassDef *def,
                                       JSCFunction *constructor, int nparams,
                                       const JSCFunctionListEntry *members,
                                       int nmembers)
{
    JSValue prototype, function;
    if (JS_NewClass(JS_GetRuntime(ctx), class_id, def) < 0) {
        return -1;
    }
    prototype = JS_NewObject(ctx);
    if (JS_IsException(prototype)) {
        return -1;
    }
    JS_SetPropertyFunctionList(ctx, prototype, members, nmembers);
    function = JS_NewCFunction2(ctx, constructor, def->class_name, nparams,
                                JS_CFUNC_constructor, 0);
    if (JS_IsException(function)) {
        JS_FreeValue(ctx, prototype);
        return -1;
    }
    JS_SetConstructor(ctx, function, prototype);
    JS_SetClassProto(ctx, class_id, prototype);
    return JS_DefinePropertyValueStr(ctx, global, def->class_name, function,
                                     JS_PROP_WRITABLE | JS_PROP_CONFIGURABLE) <
                   0
               ? -1
               : 0;
}
