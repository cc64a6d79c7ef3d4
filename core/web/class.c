/* Classes in C as Web IDL wants them: their objects, constructors, prototypes
 * and iterators. */
#include "core/web/class.h"

/* Web IDL: too few arguments are a TypeError before any of them is looked
 * at. */
int isere__class_check_args(JSContext *ctx, int argc, int needed)
{
    if (argc >= needed) {
        return 0;
    }
    JS_ThrowTypeError(ctx, "%d argument%s required, but only %d present",
                      needed, needed == 1 ? "" : "s", argc);
    return -1;
}

JSValue isere__class_new_object(JSContext *ctx, JSValueConst new_target,
                                JSClassID class_id)
{
    if (JS_IsUndefined(new_target)) {
        return JS_NewObjectClass(ctx, (int)class_id);
    }
    JSValue proto = JS_GetPropertyStr(ctx, new_target, "prototype");
    if (JS_IsException(proto)) {
        return proto;
    }
    if (!JS_IsObject(proto)) {
        JS_FreeValue(ctx, proto);
        return JS_NewObjectClass(ctx, (int)class_id);
    }
    JSValue object = JS_NewObjectProtoClass(ctx, proto, class_id);
    JS_FreeValue(ctx, proto);
    return object;
}

/* A runtime may have more than one context; classes are the runtime's. */
int isere__class_register(JSRuntime *rt, JSClassID id, const JSClassDef *def)
{
    return JS_IsRegisteredClass(rt, id) ? 0 : JS_NewClass(rt, id, def);
}

/* Inherits from %IteratorPrototype%, so that for-of and the iterator helpers
 * work. */
int isere__class_define_iterator(JSContext *ctx, JSClassID id,
                                 JSValueConst parent,
                                 const JSCFunctionListEntry *members, int count)
{
    JSValue proto = JS_NewObjectProto(ctx, parent);
    if (JS_IsException(proto)) {
        return -1;
    }
    JS_SetPropertyFunctionList(ctx, proto, members, count);
    JS_SetClassProto(ctx, id, proto);
    return 0;
}

/* As Web IDL wants it: methods are enumerable (class.h), the constructor is
 * not. */
int isere__class_define(JSContext *ctx, JSValueConst global,
                        const isere_class_t *class)
{
    const char *name = class->def->class_name;
    JSRuntime *rt = JS_GetRuntime(ctx);
    if (isere__class_register(rt, class->id, class->def) < 0) {
        return -1;
    }
    JSValue proto = JS_NewObject(ctx);
    if (JS_IsException(proto)) {
        return -1;
    }
    JS_SetPropertyFunctionList(ctx, proto, class->members, class->member_count);
    JSValue constructor = JS_NewCFunction2(
        ctx, class->constructor, name, class->length, JS_CFUNC_constructor, 0);
    if (JS_IsException(constructor)) {
        JS_FreeValue(ctx, proto);
        return -1;
    }
    JS_SetPropertyFunctionList(ctx, constructor, class->statics,
                               class->static_count);
    JS_SetConstructor(ctx, constructor, proto);
    JS_SetClassProto(ctx, class->id, proto);
    int defined =
        JS_DefinePropertyValueStr(ctx, global, name, constructor,
                                  JS_PROP_WRITABLE | JS_PROP_CONFIGURABLE);
    return defined < 0 ? -1 : 0;
}
