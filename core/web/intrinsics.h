/*
 * The builtins that core/web relies on, taken from a context before any
 * user code ran. Handlers may replace or delete every global and every method
 * on a prototype; what was taken here keeps working.
 */
#ifndef ISERE_CORE_WEB_INTRINSICS_H
#define ISERE_CORE_WEB_INTRINSICS_H

#include "quickjs.h"
#include <stdbool.h>

/* What sort of object a value is, whatever its prototype says. */
typedef enum isere_kind {
    ISERE_KIND_OTHER, /* not an object, or a class not listed here */
    ISERE_KIND_OBJECT,
    ISERE_KIND_ARRAY,
    ISERE_KIND_ERROR,
    ISERE_KIND_NUMBER, /* boxed primitives, in the order of their valueOf */
    ISERE_KIND_STRING,
    ISERE_KIND_BOOLEAN,
    ISERE_KIND_SYMBOL,
    ISERE_KIND_BIGINT,
    ISERE_KIND_DATE,
    ISERE_KIND_REGEXP,
    ISERE_KIND_MAP,
    ISERE_KIND_SET,
    ISERE_KIND_WEAKMAP,
    ISERE_KIND_WEAKSET,
    ISERE_KIND_PROMISE,
    ISERE_KIND_PROXY,
    ISERE_KIND_ARRAY_BUFFER,
    ISERE_KIND_DATA_VIEW,
    ISERE_KIND_NATIVE_FUNCTION,
    ISERE_KIND_TYPED_ARRAY, /* plus JSTypedArrayEnum; must be last */
} isere_kind_t;

#define ISERE_TYPED_ARRAYS (JS_TYPED_ARRAY_FLOAT64 + 1)

/* Class ids of builtins are below this; those of hosts may be above. */
#define ISERE_BUILTIN_CLASSES 64

typedef enum isere_intrinsic {
    ISERE_IN_MAP,
    ISERE_IN_MAP_ENTRIES,
    ISERE_IN_MAP_SIZE,
    ISERE_IN_MAP_SET,
    ISERE_IN_SET,
    ISERE_IN_SET_VALUES,
    ISERE_IN_SET_SIZE,
    ISERE_IN_SET_ADD,
    ISERE_IN_DATE_GET_TIME,
    ISERE_IN_DATE_TO_ISO_STRING,
    ISERE_IN_REGEXP,
    ISERE_IN_REGEXP_SOURCE,
    ISERE_IN_REGEXP_HAS_INDICES, /* the flags, in the order they print */
    ISERE_IN_REGEXP_GLOBAL,
    ISERE_IN_REGEXP_IGNORE_CASE,
    ISERE_IN_REGEXP_MULTILINE,
    ISERE_IN_REGEXP_DOT_ALL,
    ISERE_IN_REGEXP_UNICODE,
    ISERE_IN_REGEXP_STICKY,
    ISERE_IN_NUMBER_VALUE_OF, /* the order of the boxed kinds */
    ISERE_IN_STRING_VALUE_OF,
    ISERE_IN_BOOLEAN_VALUE_OF,
    ISERE_IN_SYMBOL_VALUE_OF,
    ISERE_IN_BIGINT_VALUE_OF,
    ISERE_IN_DATA_VIEW,
    ISERE_IN_DATA_VIEW_BUFFER,
    ISERE_IN_DATA_VIEW_BYTE_LENGTH,
    ISERE_IN_DATA_VIEW_BYTE_OFFSET,
    ISERE_IN_OBJECT,
    ISERE_IN_TO_STRING_TAG, /* a symbol */
    ISERE_IN_EVAL_ERROR_PROTOTYPE,
    ISERE_IN_RANGE_ERROR_PROTOTYPE,
    ISERE_IN_REFERENCE_ERROR_PROTOTYPE,
    ISERE_IN_SYNTAX_ERROR_PROTOTYPE,
    ISERE_IN_TYPE_ERROR_PROTOTYPE,
    ISERE_IN_URI_ERROR_PROTOTYPE,
    ISERE_IN_MAP_NEXT, /* of the iterators that ENTRIES and VALUES give */
    ISERE_IN_SET_NEXT,
    ISERE_IN_COUNT,
} isere_intrinsic_t;

typedef struct isere_intrinsics {
    uint8_t kinds[ISERE_BUILTIN_CLASSES]; /* isere_kind_t by class id */
    JSValue values[ISERE_IN_COUNT];       /* owned */
} isere_intrinsics_t;

/* Fills the table from a context without user code. 0, or -1 with an
 * exception pending. */
int isere__intrinsics_init(JSContext *ctx, isere_intrinsics_t *in);

/* Gives the table's references back. */
void isere__intrinsics_deinit(JSContext *ctx, isere_intrinsics_t *in);

/* The sort of a value. A typed array gives ISERE_KIND_TYPED_ARRAY and above. */
isere_kind_t isere__intrinsics_kind(const isere_intrinsics_t *in,
                                    JSValueConst value);

/* Calls an intrinsic method or getter; JS_EXCEPTION as JS_Call. */
JSValue isere__intrinsics_call(JSContext *ctx, const isere_intrinsics_t *in,
                               isere_intrinsic_t which, JSValueConst self,
                               int argc, JSValueConst *argv);

/* A getter's value as a number, for sizes and times; 0, or -1 with an
 * exception pending. */
int isere__intrinsics_number(JSContext *ctx, const isere_intrinsics_t *in,
                             isere_intrinsic_t which, JSValueConst self,
                             double *number);

/*
 * The next member of a Map's or Set's iterator into members[0] and, for a
 * Map, members[1] (both owned by the caller). 1, 0 at the end, -1 with an
 * exception pending.
 */
int isere__intrinsics_next(JSContext *ctx, const isere_intrinsics_t *in,
                           bool is_map, JSValueConst iterator,
                           JSValue members[2]);

#endif
