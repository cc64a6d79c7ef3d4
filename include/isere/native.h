/*
 * Native modules: C functions that handlers can call.
 *
 *     import { read } from 'isere:temperature'
 *
 *     static void read_sensor(isere_native_call_t *call, void *ctx)
 *     {
 *         isere_native_return_number(call, sensor_celsius(ctx));
 *     }
 *     static const isere_native_function_t functions[] = {
 *         {"read", read_sensor}, {NULL, NULL}};
 *     static const isere_native_module_t temperature = {
 *         "isere:temperature", functions, NULL};
 *     static const isere_native_module_t *const modules[] = {
 *         &temperature, NULL};
 *     config.modules = modules;           // of an isere_function_config_t
 *
 * Ownership: tables and `ctx` are the program's, and must not change until
 * every function that was made with them is destroyed. They may lie in flash.
 *
 * Threads: a function is called by the thread that runs the handler. When
 * several threads serve it (workers of a server on Linux), it is called by
 * several at once: it must lock what it shares.
 *
 * Time: a native function is never abandoned half way, also when the deadline
 * of the invocation passes meanwhile: the invocation ends when it returns. So
 * one that blocks delays the deadline, the thread and every other request
 * there. It should take microseconds; one that takes longer must check
 * isere_native_remaining_ms.
 *
 * State: handlers start each request with a pristine heap. What a native
 * function keeps (in ctx, in a device) lies outside of it: it outlives the
 * request and is seen by the next one, also of other clients. It must not keep
 * pointers to arguments: they are gone when it returns.
 *
 * A native function must not call isère for the instance or the server that
 * calls it, and must return: no longjmp, no C++ exception.
 */
#ifndef ISERE_NATIVE_H
#define ISERE_NATIVE_H

#include "isere/slice.h"
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One call: its arguments and its result. Valid until the function returns. */
typedef struct isere_native_call isere_native_call_t;

typedef void isere_native_fn(isere_native_call_t *call, void *ctx);

typedef struct isere_native_function {
    const char *name; /* what handlers import: a JavaScript identifier */
    isere_native_fn *call;
} isere_native_function_t;

typedef struct isere_native_module {
    const char *name; /* "isere:" and 1 to 32 of a-z, 0-9, '-' and '_' */
    const isere_native_function_t *functions; /* ended by a NULL name */
    void *ctx;                                /* handed to each of them */
} isere_native_module_t;

/* ---- Arguments ------------------------------------------------------- */

/* Arguments are numbered from 0; those that were not given are undefined.
 * Reading one runs no JavaScript, and fails only if it has another type. */

typedef enum isere_native_type {
    ISERE_NATIVE_UNDEFINED,
    ISERE_NATIVE_NULL,
    ISERE_NATIVE_BOOLEAN,
    ISERE_NATIVE_NUMBER,
    ISERE_NATIVE_TEXT,  /* a string */
    ISERE_NATIVE_BYTES, /* an ArrayBuffer, a typed array or a DataView */
    ISERE_NATIVE_OTHER, /* objects, functions, symbols, BigInts */
} isere_native_type_t;

/* How many arguments were given. */
size_t isere_native_count(const isere_native_call_t *call);

isere_native_type_t isere_native_type(const isere_native_call_t *call,
                                      size_t index);

/*
 * Each puts the argument into *value and returns true when it has that type;
 * otherwise it returns false and *value stays as it was: nothing is converted.
 * An integer is a number without a fraction, from -(2^53 - 1) to 2^53 - 1.
 */
bool isere_native_number(const isere_native_call_t *call, size_t index,
                         double *value);
bool isere_native_integer(const isere_native_call_t *call, size_t index,
                          int64_t *value);
bool isere_native_boolean(const isere_native_call_t *call, size_t index,
                          bool *value);

/* The same for a string, as UTF-8 (a lone surrogate becomes U+FFFD), with a
 * NUL behind it that its length does not count. Valid until the function
 * returns. */
bool isere_native_text(const isere_native_call_t *call, size_t index,
                       isere_slice_t *value);

/* The same for bytes: those of the handler itself, which may be written to,
 * also by system calls and devices. Valid until the function returns. */
bool isere_native_bytes(const isere_native_call_t *call, size_t index,
                        uint8_t **bytes, size_t *len);

/* Milliseconds until the invocation's deadline, 0 when it has passed. */
uint32_t isere_native_remaining_ms(const isere_native_call_t *call);

/* ---- The result ------------------------------------------------------ */

/*
 * Without any of these the result is undefined; of several the last one counts,
 * but isere_native_throw overrides all others. Their arguments are copied. When
 * one of them runs out of the handler's memory, the call throws.
 */
void isere_native_return_number(isere_native_call_t *call, double value);
void isere_native_return_boolean(isere_native_call_t *call, bool value);
void isere_native_return_null(isere_native_call_t *call);

/* A number; beyond 2^53 - 1 it is the nearest one that can be represented. */
void isere_native_return_integer(isere_native_call_t *call, int64_t value);

/* A string from UTF-8; invalid UTF-8 becomes U+FFFD. */
void isere_native_return_text(isere_native_call_t *call, isere_slice_t text);

/* A Uint8Array with a copy of the bytes. */
void isere_native_return_bytes(isere_native_call_t *call, const void *bytes,
                               size_t len);

/* Throws an Error with this message (UTF-8) in the handler, once the function
 * returns. */
void isere_native_throw(isere_native_call_t *call, const char *message);

#ifdef __cplusplus
}
#endif

#endif
