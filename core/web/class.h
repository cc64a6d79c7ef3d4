/*
 * What classes in C share: making objects, and defining constructors and
 * prototypes as Web IDL wants them. Thread: the one that runs the context.
 */
#ifndef ISERE_CORE_WEB_CLASS_H
#define ISERE_CORE_WEB_CLASS_H

#include "quickjs.h"

/* Throws a TypeError and returns -1 when fewer arguments came than needed. */
int isere__class_check_args(JSContext *ctx, int argc, int needed);

/*
 * An object of the class with the prototype that `new_target` asks for, or
 * the class's own for undefined.
 */
JSValue isere__class_new_object(JSContext *ctx, JSValueConst new_target,
                                JSClassID class_id);

/* A class: its constructor with static and prototype members. */
typedef struct isere_class {
    JSClassID id;
    const JSClassDef *def;
    JSCFunction *constructor;
    int length; /* of the constructor */
    const JSCFunctionListEntry *members;
    int member_count;
    const JSCFunctionListEntry *statics;
    int static_count;
} isere_class_t;

/* Registers it where that was not done, and adds it to an object under its
 * name. 0, or -1 with an exception pending. */
int isere__class_define(JSContext *ctx, JSValueConst global,
                        const isere_class_t *class);

/* Registers a class in a runtime. A second context finds it registered. 0 or
 * -1. */
int isere__class_register(JSRuntime *rt, JSClassID id, const JSClassDef *def);

/* Makes the prototype of an iterator's class; `parent` is %IteratorPrototype%.
 * 0, or -1 with an exception pending. */
int isere__class_define_iterator(JSContext *ctx, JSClassID id,
                                 JSValueConst parent,
                                 const JSCFunctionListEntry *members,
                                 int count);

/* Entries of function lists as Web IDL wants them: enumerable. */
#define ISERE_CLASS_METHOD(name, length, function, magic)                      \
    {                                                                          \
        name, JS_PROP_C_W_E, JS_DEF_CFUNC, magic, .u = {                       \
            .func = {length,                                                   \
                     JS_CFUNC_generic_magic,                                   \
                     {.generic_magic = function}}                              \
        }                                                                      \
    }
#define ISERE_CLASS_ACCESSOR(name, getter_, setter_, magic)                    \
    {                                                                          \
        name, JS_PROP_CONFIGURABLE | JS_PROP_ENUMERABLE, JS_DEF_CGETSET_MAGIC, \
            magic, .u = {                                                      \
                .getset = {.get = {.getter_magic = getter_},                   \
                           .set = {.setter_magic = setter_}}                   \
            }                                                                  \
    }

#endif
