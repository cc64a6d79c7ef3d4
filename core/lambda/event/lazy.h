/*
 * Objects with lazy properties, described by constant tables.
 */
#ifndef ISERE_CORE_LAMBDA_EVENT_LAZY_H
#define ISERE_CORE_LAMBDA_EVENT_LAZY_H

#include "core/lambda/lambda.h"

/*
 * Makes the value of a property for the invocation that runs; JS_EXCEPTION
 * when out of memory. Calls no user code: it may run wherever a property is
 * read.
 */
typedef JSValue isere_make_t(JSContext *ctx, isere_lambda_t *lambda);

/* One property. A table of them ends with a NULL name. */
typedef struct isere_lazy {
    JSLazyValue value; /* what the engine calls */
    const char *name;
    isere_make_t *make;              /* NULL: its value is an object, or null */
    const struct isere_lazy *fields; /* ... with these, made at once */
} isere_lazy_t;

#define ISERE_LAZY(name, make)                                                 \
    {                                                                          \
        {isere__lazy_make}, name, make, NULL                                   \
    }
#define ISERE_LAZY_OBJECT(name, fields)                                        \
    {                                                                          \
        {NULL}, name, NULL, fields                                             \
    }
#define ISERE_LAZY_NULL(name)                                                  \
    {                                                                          \
        {NULL}, name, NULL, NULL                                               \
    }
#define ISERE_LAZY_END                                                         \
    {                                                                          \
        {NULL}, NULL, NULL, NULL                                               \
    }

/* For the tables above: finds the invocation and calls `make`. */
JSValue isere__lazy_make(JSContext *ctx, const JSLazyValue *value);

/* The object. JS_EXCEPTION when out of memory. */
JSValue isere__lazy_object(JSContext *ctx, const isere_lazy_t *fields);

#endif
