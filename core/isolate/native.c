/* Native modules: C functions that handlers import as "isere:NAME". Arguments
 * are read before the call and the result is kept until after it, so that the C
 * function never meets an exception of the engine half way. */
#include "core/isolate/native.h"
#include "core/code/js.h"
#include "core/code/module_name.h"
#include "core/heap/fault.h"
#include "core/isolate/isolate_internal.h"
#include "core/util/utf8.h"
#include <math.h>
#include <stdio.h>

enum {
    MAX_FUNCTIONS = INT16_MAX, /* of all modules: the engine keeps 16 bits */
    FEW_ARGUMENTS = 8,         /* that need no memory */
};

typedef const isere_native_module_t *const *modules_t;

/* The tables are the program's: constant, and outside of the heap. */
static modules_t modules_of(JSContext *ctx)
{
    return isere__isolate_realm(ctx)->isolate->function->config.modules;
}

/* ---- calling ---- */

/* An argument, read before the call: what can fail has failed by then, and a
 * function that acts on the world is not left with half its arguments. */
typedef struct argument {
    isere_native_type_t type;
    JSValueConst value;
    uint8_t *bytes; /* of a text or bytes */
    size_t len;
} argument_t;

struct isere_native_call {
    JSContext *ctx;
    size_t count;
    argument_t *arguments;
    argument_t few[FEW_ARGUMENTS];
    JSValue result; /* or what is thrown */
    bool thrown;
    bool failed; /* the engine's own exception is pending */
};

/* Lone surrogates become U+FFFD in place: both take three bytes. */
static int read_text(JSContext *ctx, argument_t *a)
{
    const char *text = JS_ToCStringLen(ctx, &a->len, a->value);
    if (!text) {
        return -1;
    }
    /* Text with surrogates is a copy that the engine made for us. */
    a->bytes = (uint8_t *)text;
    isere_utf8_replace_surrogates((char *)a->bytes, a->len);
    return 0;
}

/* An object that holds no bytes is passed as "other": reading its properties
 * would run user code. */
static int read_object(JSContext *ctx, argument_t *a)
{
    int found = isere_web_bytes(ctx, a->value, &a->bytes, &a->len);
    a->type = found > 0 ? ISERE_NATIVE_BYTES : ISERE_NATIVE_OTHER;
    return found < 0 ? -1 : 0;
}

static int read_argument(JSContext *ctx, argument_t *a, JSValueConst value)
{
    a->value = value;
    a->type = ISERE_NATIVE_OTHER;
    if (JS_IsString(value)) {
        a->type = ISERE_NATIVE_TEXT;
        return read_text(ctx, a);
    }
    if (JS_IsObject(value)) {
        return read_object(ctx, a);
    }
    if (JS_IsNumber(value)) {
        a->type = ISERE_NATIVE_NUMBER;
    } else if (JS_IsBool(value)) {
        a->type = ISERE_NATIVE_BOOLEAN;
    } else if (JS_IsNull(value)) {
        a->type = ISERE_NATIVE_NULL;
    } else if (JS_IsUndefined(value)) {
        a->type = ISERE_NATIVE_UNDEFINED;
    }
    return 0;
}

static void free_arguments(isere_native_call_t *call)
{
    for (size_t i = 0; i < call->count; i++) {
        const argument_t *a = &call->arguments[i];
        if (a->type == ISERE_NATIVE_TEXT && a->bytes) {
            JS_FreeCString(call->ctx, (const char *)a->bytes);
        }
    }
    if (call->arguments != call->few) {
        js_free(call->ctx, call->arguments);
    }
}

/* `count` goes up before the argument is read: one that failed has a type but
 * no bytes, which free_arguments skips. */
static int read_arguments(isere_native_call_t *call, int argc,
                          JSValueConst *argv)
{
    call->arguments = call->few;
    if (argc > FEW_ARGUMENTS) {
        call->arguments =
            js_mallocz(call->ctx, (size_t)argc * sizeof(argument_t));
        if (!call->arguments) {
            return -1;
        }
    }
    for (int i = 0; i < argc; i++) {
        call->count++;
        if (read_argument(call->ctx, &call->arguments[i], argv[i])) {
            free_arguments(call);
            return -1;
        }
    }
    return 0;
}

/* The function of that number, counted through all modules. Function objects
 * hold a number: a pointer to the C function would be an address of the program
 * in the heap, and so in the snapshot. */
static const isere_native_function_t *
find_function(modules_t modules, int number,
              const isere_native_module_t **module)
{
    for (; *modules; modules++) {
        const isere_native_function_t *f = (*modules)->functions;
        while (f->name && number > 0) {
            f++;
            number--;
        }
        if (f->name) {
            *module = *modules;
            return f;
        }
    }
    return NULL;
}

/* The execution is held: C code that is abandoned half way could leave a lock
 * or a device in any state. A native function that takes too long therefore
 * delays the deadline. */
static JSValue call_function(JSContext *ctx, JSValueConst this_value, int argc,
                             JSValueConst *argv, int number)
{
    (void)this_value;
    const isere_port_t *port = isere__isolate_realm(ctx)->isolate->port;
    const isere_native_module_t *module = NULL;
    const isere_native_function_t *function =
        find_function(modules_of(ctx), number, &module);
    isere_native_call_t call = {.ctx = ctx, .result = JS_UNDEFINED};
    if (read_arguments(&call, argc, argv)) {
        return isere_js_settle(ctx, JS_EXCEPTION);
    }
    port->exec_hold(port->ctx);
    function->call(&call, module->ctx);
    port->exec_release(port->ctx);
    free_arguments(&call);
    if (call.failed) {
        JS_FreeValue(ctx, call.result);
        return JS_EXCEPTION;
    }
    return call.thrown ? JS_Throw(ctx, call.result) : call.result;
}

/* ---- arguments ---- */

static const argument_t *argument(const isere_native_call_t *call, size_t index,
                                  isere_native_type_t type)
{
    if (index >= call->count || call->arguments[index].type != type) {
        return NULL;
    }
    return &call->arguments[index];
}

size_t isere_native_count(const isere_native_call_t *call)
{
    return call->count;
}

isere_native_type_t isere_native_type(const isere_native_call_t *call,
                                      size_t index)
{
    return index < call->count ? call->arguments[index].type
                               : ISERE_NATIVE_UNDEFINED;
}

bool isere_native_number(const isere_native_call_t *call, size_t index,
                         double *value)
{
    const argument_t *a = argument(call, index, ISERE_NATIVE_NUMBER);
    /* Of a number this neither fails nor runs code. */
    return a && JS_ToFloat64(call->ctx, value, a->value) == 0;
}

/* 2^53 - 1: beyond it a double does not hold every integer. */
bool isere_native_integer(const isere_native_call_t *call, size_t index,
                          int64_t *value)
{
    double number;
    if (!isere_native_number(call, index, &number) ||
        !(fabs(number) <= 9007199254740991.0) || number != trunc(number)) {
        return false;
    }
    *value = (int64_t)number;
    return true;
}

bool isere_native_boolean(const isere_native_call_t *call, size_t index,
                          bool *value)
{
    const argument_t *a = argument(call, index, ISERE_NATIVE_BOOLEAN);
    if (a) {
        *value = JS_VALUE_GET_BOOL(a->value);
    }
    return a != NULL;
}

bool isere_native_text(const isere_native_call_t *call, size_t index,
                       isere_slice_t *value)
{
    const argument_t *a = argument(call, index, ISERE_NATIVE_TEXT);
    if (a) {
        *value = isere_slice_of(a->bytes, a->len);
    }
    return a != NULL;
}

/* Writes the same byte back; volatile, so that the compiler keeps the write. */
static void rewrite(volatile uint8_t *p)
{
    uint8_t byte = *p;
    *p = byte;
}

/* What the kernel or a device writes into these bytes goes past the guard of
 * the heap, or fails at it: a write to each of its units opens them. */
static void open_bytes(JSContext *ctx, uint8_t *bytes, size_t len)
{
    size_t unit = isere__isolate_realm(ctx)->isolate->port->guard_unit;
    if (unit > 0 && len > 0) {
        for (size_t at = 0; at < len; at += unit) {
            rewrite(bytes + at);
        }
        rewrite(bytes + len - 1);
    }
}

bool isere_native_bytes(const isere_native_call_t *call, size_t index,
                        uint8_t **bytes, size_t *len)
{
    const argument_t *a = argument(call, index, ISERE_NATIVE_BYTES);
    if (a) {
        open_bytes(call->ctx, a->bytes, a->len);
        *bytes = a->bytes;
        *len = a->len;
    }
    return a != NULL;
}

uint32_t isere_native_remaining_ms(const isere_native_call_t *call)
{
    return isere_host_remaining_ms(call->ctx);
}

/* ---- the result ---- */

/* Takes ownership of the value. An earlier result is freed: the last call
 * counts. */
static void set_result(isere_native_call_t *call, JSValue value)
{
    value = isere_js_settle(call->ctx, value);
    if (JS_IsException(value)) {
        call->failed = true;
        return;
    }
    JS_FreeValue(call->ctx, call->result);
    call->result = value;
}

static bool is_settled(const isere_native_call_t *call)
{
    return call->failed || call->thrown;
}

/* JS_NewStringLen trusts its input; what is ill-formed becomes U+FFFD first, as
 * everywhere on the web. */
static JSValue new_text(JSContext *ctx, isere_slice_t text)
{
    if (isere_utf8_valid(text.ptr, text.len)) {
        return JS_NewStringLen(ctx, text.ptr ? text.ptr : "", text.len);
    }
    char *repaired =
        js_malloc(ctx, isere_utf8_repair(text.ptr, text.len, NULL));
    if (!repaired) {
        return JS_EXCEPTION;
    }
    size_t len = isere_utf8_repair(text.ptr, text.len, repaired);
    JSValue value = JS_NewStringLen(ctx, repaired, len);
    js_free(ctx, repaired);
    return value;
}

/* A copy: the C function's memory may go when it returns. */
static JSValue new_bytes(JSContext *ctx, const void *bytes, size_t len)
{
    JSValue arguments[3] = {JS_UNDEFINED, JS_UNDEFINED, JS_UNDEFINED};
    arguments[0] = JS_NewArrayBufferCopy(ctx, len ? bytes : "", len);
    if (JS_IsException(arguments[0])) {
        return JS_EXCEPTION;
    }
    JSValue array = JS_NewTypedArray(ctx, 3, arguments, JS_TYPED_ARRAY_UINT8);
    JS_FreeValue(ctx, arguments[0]);
    return array;
}

/* The message is defined, not set: no setter on Error.prototype runs. */
static JSValue new_error(JSContext *ctx, const char *message)
{
    JSValue text = new_text(ctx, isere_slice(message));
    JSValue error = JS_IsException(text) ? JS_EXCEPTION : JS_NewError(ctx);
    if (JS_IsException(error)) {
        JS_FreeValue(ctx, text);
        return JS_EXCEPTION;
    }
    if (JS_DefinePropertyValueStr(ctx, error, "message", text,
                                  JS_PROP_WRITABLE | JS_PROP_CONFIGURABLE) <
        0) {
        JS_FreeValue(ctx, error);
        return JS_EXCEPTION;
    }
    return error;
}

/* For all of these: the last value counts, until something was thrown or
 * failed. */
void isere_native_return_number(isere_native_call_t *call, double value)
{
    if (!is_settled(call)) {
        set_result(call, JS_NewFloat64(call->ctx, value));
    }
}

void isere_native_return_integer(isere_native_call_t *call, int64_t value)
{
    if (!is_settled(call)) {
        set_result(call, JS_NewInt64(call->ctx, value));
    }
}

void isere_native_return_boolean(isere_native_call_t *call, bool value)
{
    if (!is_settled(call)) {
        set_result(call, JS_NewBool(call->ctx, value));
    }
}

void isere_native_return_null(isere_native_call_t *call)
{
    if (!is_settled(call)) {
        set_result(call, JS_NULL);
    }
}

void isere_native_return_text(isere_native_call_t *call, isere_slice_t text)
{
    if (!is_settled(call)) {
        set_result(call, new_text(call->ctx, text));
    }
}

void isere_native_return_bytes(isere_native_call_t *call, const void *bytes,
                               size_t len)
{
    if (!is_settled(call)) {
        set_result(call, new_bytes(call->ctx, bytes, len));
    }
}

void isere_native_throw(isere_native_call_t *call, const char *message)
{
    if (!call->failed) {
        set_result(call, new_error(call->ctx, message));
        call->thrown = true;
    }
}

/* ---- modules of the engine ---- */

/* The module of that name and the number of its first function. */
static const isere_native_module_t *find_module(modules_t modules,
                                                const char *name, int *first)
{
    *first = 0;
    for (; modules && *modules; modules++) {
        if (strcmp((*modules)->name, name) == 0) {
            return *modules;
        }
        for (const isere_native_function_t *f = (*modules)->functions; f->name;
             f++) {
            (*first)++;
        }
    }
    return NULL;
}

/* Numbers go on from module to module, as find_function counts them. */
static int fill_module(JSContext *ctx, JSModuleDef *m, const char *name)
{
    int number;
    const isere_native_module_t *module =
        find_module(modules_of(ctx), name, &number);
    for (const isere_native_function_t *f = module->functions; f->name; f++) {
        JSValue function = JS_NewCFunctionMagic(
            ctx, call_function, f->name, 0, JS_CFUNC_generic_magic, number++);
        if (JS_IsException(function) ||
            JS_SetModuleExport(ctx, m, f->name, function)) {
            return -1;
        }
    }
    return 0;
}

/* The engine calls this when the module is evaluated. */
static int init_module(JSContext *ctx, JSModuleDef *m)
{
    JSAtom atom = JS_GetModuleName(ctx, m);
    const char *name = JS_AtomToCString(ctx, atom);
    JS_FreeAtom(ctx, atom);
    if (!name) {
        return -1;
    }
    int result = fill_module(ctx, m, name);
    JS_FreeCString(ctx, name);
    return result;
}

/* "isere:a, isere:b", or "none"; cut to fit. */
static void list_modules(modules_t modules, char *text, size_t size)
{
    size_t len = 0;
    text[0] = 0;
    for (; modules && *modules && len < size; modules++) {
        len += (size_t)snprintf(text + len, size - len, "%s%s", len ? ", " : "",
                                (*modules)->name);
    }
    if (len == 0) {
        snprintf(text, size, "none");
    }
}

/* Exports have to be named before the module is evaluated; init_module fills
 * them in then. */
JSModuleDef *isere__native_load(JSContext *ctx, const char *name)
{
    int first;
    modules_t modules = modules_of(ctx);
    const isere_native_module_t *module = find_module(modules, name, &first);
    if (!module) {
        char list[160];
        list_modules(modules, list, sizeof(list));
        JS_ThrowReferenceError(
            ctx, "this isère has no native module '%s'; it has: %s", name,
            list);
        return NULL;
    }
    JSModuleDef *m = JS_NewCModule(ctx, name, init_module);
    for (const isere_native_function_t *f = module->functions; m && f->name;
         f++) {
        if (JS_AddModuleExport(ctx, m, f->name)) {
            return NULL;
        }
    }
    return m;
}

/* ---- the tables ---- */

static int check_failed(isere_fault_t *fault, int error, const char *what,
                        const char *name)
{
    char text[160];
    snprintf(text, sizeof(text), "the native module '%.60s' %s", name, what);
    isere_fault_set(fault, text);
    return error;
}

/* Quadratic, once for each function of a program. */
static bool has_twice(const isere_native_function_t *functions)
{
    for (const isere_native_function_t *f = functions; f->name; f++) {
        for (const isere_native_function_t *g = functions; g < f; g++) {
            if (strcmp(f->name, g->name) == 0) {
                return true;
            }
        }
    }
    return false;
}

/* Mistakes of the program's author, found when a function is made rather than
 * when a handler imports the module. */
int isere__native_check(const isere_native_module_t *const *modules,
                        isere_fault_t *fault)
{
    int count = 0;
    int first;
    for (modules_t m = modules; m && *m; m++) {
        const char *name = (*m)->name;
        if (isere_module_name_native(name) != 1) {
            return check_failed(fault, ISERE_ERR_INVAL,
                                "has an invalid name: it must be 'isere:' and "
                                "1 to 32 of a-z, 0-9, '-' and '_'",
                                name);
        }
        if (!(*m)->functions) {
            return check_failed(fault, ISERE_ERR_INVAL, "has no functions",
                                name);
        }
        if (find_module(modules, name, &first) != *m ||
            has_twice((*m)->functions)) {
            return check_failed(fault, ISERE_ERR_INVAL,
                                "or one of its functions is defined twice",
                                name);
        }
        for (const isere_native_function_t *f = (*m)->functions; f->name; f++) {
            if (!f->call) {
                return check_failed(fault, ISERE_ERR_INVAL,
                                    "has a function without code", name);
            }
            if (++count > MAX_FUNCTIONS) {
                return check_failed(fault, ISERE_ERR_LIMIT,
                                    "has too many functions", name);
            }
        }
    }
    return 0;
}
