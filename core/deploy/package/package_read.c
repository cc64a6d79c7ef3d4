/*
 * Reads packages with the engine's JSON.parse, in a heap of its own. All that
 * is taken out of the result are own properties, and no code runs: "__proto__"
 * is a name like any other.
 *
 * What a client sends may be anything, and the engine may crash or never end
 * over it. So it runs within the port's exec_run, which may abandon it with a
 * longjmp at any point: then the heap is given back as a whole, and the
 * package's block, which only this reader writes to, is dropped by its owner.
 * Nothing else is allocated in between.
 */
#include "core/code/engine.h"
#include "core/code/js.h"
#include "core/deploy/package/package.h"
#include "core/heap/fault.h"
#include "core/isere_config.h"
#include "core/route/route.h"
#include "core/util/names/env_name.h"
#include "core/util/names/payload.h"
#include "core/util/names/units.h"
#include "core/util/text.h"
#include "core/util/utf8.h"
#include "core/util/writer.h"
#include <stdarg.h>
#include <stdio.h>

enum {
    READ_TIMEOUT_MS = 5000, /* a megabyte takes some milliseconds */
    SHOWN = 48,             /* bytes of a name in a message */
};

/* All that reading one package needs. It lies outside the heap, so that it is
 * whole when the heap is gone. */
typedef struct reader {
    isere_heap_t heap;
    isere_slice_t json;
    const isere_package_limits_t *limits; /* NULL: of memory and time, none */
    isere_package_t *package;
    char *at; /* where the next text goes */
    size_t left;
    /* What is looked at, for messages: "files": "a.js" */
    char where[6 * SHOWN + 32];
    bool has_main;
    bool has_files;
    isere_fault_t *fault;
    int error;
} reader_t;

/* ---- what is wrong ---- */

/* All of these return false, for `return bad(...)`. */
__attribute__((format(printf, 2, 3))) static bool bad(reader_t *r,
                                                      const char *format, ...)
{
    char text[sizeof(r->fault->message)];
    va_list list;
    va_start(list, format);
    vsnprintf(text, sizeof(text), format, list);
    va_end(list);
    isere_fault_set(r->fault, text);
    r->error = ISERE_ERR_INVAL;
    return false;
}

/* The same about what is looked at. */
static bool bad_value(reader_t *r, const char *problem)
{
    return bad(r, "%s: %s", r->where, problem);
}

/* For whatever the engine failed at: with JSON that was parsed it fails at
 * nothing else. The message says how much memory there is, since a smaller
 * package would do. */
static bool out_of_memory(reader_t *r)
{
    char size[ISERE_UNITS_TEXT_MAX];
    (void)bad(r, "not enough memory to read the package: the limit is %s",
              isere_units_format_size(ISERE_COMPILE_MEMORY, size));
    r->error = ISERE_ERR_NOMEM;
    return false;
}

/* The engine throws a SyntaxError with the place; its class says nothing new
 * to a client. An allocation that failed is looked for first, as the engine
 * throws for that, too. */
static bool bad_json(reader_t *r)
{
    isere_fault_t thrown;
    const char *problem = thrown.message;
    static const char kind[] = "SyntaxError: ";
    if (r->heap.arena->failed > 0) {
        return out_of_memory(r);
    }
    isere_js_fault(r->heap.ctx, JS_GetException(r->heap.ctx), &thrown);
    if (strncmp(problem, kind, sizeof(kind) - 1) == 0) {
        problem += sizeof(kind) - 1;
    }
    if (strcmp(problem, "stack overflow") == 0) {
        problem = "it is nested too deeply";
    }
    (void)bad(r, "the package is not JSON: %s", problem);
    r->fault->line = thrown.line;
    r->fault->column = thrown.column;
    return false;
}

/* ---- where ---- */

static void at_member(reader_t *r, const char *member)
{
    snprintf(r->where, sizeof(r->where), "\"%s\"", member);
}

static void at_item(reader_t *r, const char *member, unsigned index)
{
    snprintf(r->where, sizeof(r->where), "\"%s\"[%u]", member, index);
}

/* `member` may be NULL. Names may hold anything: they are cut and escaped. */
static void at_name(reader_t *r, const char *member, isere_slice_t name)
{
    char shown[SHOWN + 1];
    char quoted[6 * SHOWN + 3];
    isere_writer_t w = isere_writer_begin(quoted, sizeof(quoted) - 1);
    size_t len = isere_text_copy(shown, sizeof(shown), name);
    isere_utf8_replace_surrogates(shown, len);
    isere_writer_json(&w, isere_slice_of(shown, len));
    quoted[w.len] = '\0';
    snprintf(r->where, sizeof(r->where), "%s%s%s%s%s", member ? "\"" : "",
             member ? member : "", member ? "\": " : "", quoted,
             name.len > SHOWN ? " (cut)" : "");
}

/* ---- texts ---- */

/*
 * Appends a text and a NUL to the package's block. That has the JSON's size:
 * a text is never longer than its JSON form, which has two quotes as well; and
 * the canonical text of a route is never longer than the route.
 */
static bool put(reader_t *r, const char *bytes, size_t len, isere_slice_t *out)
{
    if (len >= r->left) {
        return out_of_memory(r);
    }
    if (len > 0) {
        memcpy(r->at, bytes, len);
    }
    r->at[len] = '\0';
    *out = isere_slice_of(r->at, len);
    r->at += len + 1;
    r->left -= len + 1;
    return true;
}

/* The engine's copy of the string is given back at once: only the block's one
 * is kept. */
static bool put_string(reader_t *r, JSValueConst string, isere_slice_t *out)
{
    size_t len;
    const char *bytes = JS_ToCStringLen(r->heap.ctx, &len, string);
    if (!bytes) {
        return out_of_memory(r);
    }
    bool fits = put(r, bytes, len, out);
    JS_FreeCString(r->heap.ctx, bytes);
    return fits;
}

/* A value that must be a text of characters. */
static bool take_text(reader_t *r, JSValueConst value, isere_slice_t *out)
{
    if (!JS_IsString(value)) {
        return bad_value(r, "must be a string");
    }
    if (!put_string(r, value, out)) {
        return false;
    }
    /* Half of a surrogate pair is three bytes that UTF-8 does not have. */
    return isere_utf8_valid(out->ptr, out->len) ||
           bad_value(r, "contains a lone surrogate, which is not a character");
}

/* ---- objects ---- */

typedef bool member_fn(reader_t *r, isere_slice_t name, JSValueConst value);

static bool take_member(reader_t *r, JSValueConst object, JSAtom atom,
                        member_fn *take)
{
    JSContext *ctx = r->heap.ctx;
    isere_slice_t name;
    JSValue text = JS_AtomToString(ctx, atom);
    if (JS_IsException(text)) {
        return out_of_memory(r);
    }
    /* It is an own property: this looks at no prototype. */
    JSValue value = JS_GetProperty(ctx, object, atom);
    bool taken = put_string(r, text, &name) && take(r, name, value);
    JS_FreeValue(ctx, text);
    JS_FreeValue(ctx, value);
    return taken;
}

/* Calls `take` for each member, in the order of the JSON; names that are array
 * indices come first, as in every object. All atoms are given back, also after
 * an error: the heap may be used on. */
static bool each_member(reader_t *r, JSValueConst object, member_fn *take)
{
    JSContext *ctx = r->heap.ctx;
    JSPropertyEnum *members;
    uint32_t count;
    if (JS_GetOwnPropertyNames(ctx, &members, &count, object,
                               JS_GPN_STRING_MASK)) {
        return out_of_memory(r);
    }
    bool taken = true;
    for (uint32_t i = 0; i < count && taken; i++) {
        taken = take_member(r, object, members[i].atom, take);
    }
    for (uint32_t i = 0; i < count; i++) {
        JS_FreeAtom(ctx, members[i].atom);
    }
    js_free(ctx, members);
    return taken;
}

static bool is_object(reader_t *r, JSValueConst value)
{
    return JS_IsObject(value) && JS_IsArray(r->heap.ctx, value) == 0;
}

/* ---- the members ---- */

static bool take_main(reader_t *r, JSValueConst value)
{
    r->has_main = true;
    return take_text(r, value, &r->package->main);
}

/* The name is checked before its source is copied: a message about it then
 * costs nothing. */
static bool take_file(reader_t *r, isere_slice_t name, JSValueConst value)
{
    isere_package_t *p = r->package;
    const char *problem = isere__package_file_name_problem(name);
    at_name(r, "files", name);
    if (problem) {
        return bad(r, "%s: the name %s", r->where, problem);
    }
    if (p->nfiles == ISERE_PACKAGE_FILES_MAX) {
        return bad(r, "\"files\": has more than %d", ISERE_PACKAGE_FILES_MAX);
    }
    isere_package_file_t *file = &p->files[p->nfiles++];
    file->name = name;
    if (!take_text(r, value, &file->source)) {
        return false;
    }
    p->bytes += file->source.len;
    return true;
}

static bool take_files(reader_t *r, JSValueConst value)
{
    r->has_files = true;
    return is_object(r, value)
               ? each_member(r, value, take_file)
               : bad_value(r, "must be an object: {\"NAME\": \"SOURCE\"}");
}

/* A route is stored in its canonical form, so that two that mean the same are
 * found equal, here and in the catalog. */
static bool take_route(reader_t *r, uint32_t index, JSValueConst value)
{
    isere_package_t *p = r->package;
    char canonical[ISERE_ROUTE_TEXT_MAX];
    const char *reason;
    isere_slice_t text = {0};
    at_item(r, "routes", index);
    if (!take_text(r, value, &text)) {
        return false;
    }
    if (isere_route_check(text, canonical, &reason)) {
        return bad_value(r, reason);
    }
    for (size_t i = 0; i < p->nroutes; i++) {
        if (strcmp(p->routes[i], canonical) == 0) {
            return bad(r, "%s: repeats \"routes\"[%u]", r->where, (unsigned)i);
        }
    }
    /* In the place of what was sent. */
    r->left += text.len + 1;
    r->at -= text.len + 1;
    if (!put(r, canonical, strlen(canonical), &text)) {
        return false;
    }
    p->routes[p->nroutes++] = text.ptr;
    return true;
}

static bool take_routes(reader_t *r, JSValueConst value)
{
    JSContext *ctx = r->heap.ctx;
    uint32_t count = 0;
    if (!JS_IsObject(value) || is_object(r, value)) {
        return bad_value(r, "must be an array: [\"GET /path\"]");
    }
    JSValue length = JS_GetPropertyStr(ctx, value, "length");
    if (JS_ToUint32(ctx, &count, length)) {
        return out_of_memory(r);
    }
    if (count > ISERE_PACKAGE_ROUTES_MAX) {
        return bad(r, "\"routes\": has more than %d", ISERE_PACKAGE_ROUTES_MAX);
    }
    bool taken = true;
    for (uint32_t i = 0; i < count && taken; i++) {
        JSValue item = JS_GetPropertyUint32(ctx, value, i);
        taken = take_route(r, i, item);
        JS_FreeValue(ctx, item);
    }
    return taken;
}

/* The value was put right behind the name, so with "=" in the place of the NUL
 * between them both are NAME=VALUE without another copy. */
static bool take_variable(reader_t *r, isere_slice_t name, JSValueConst value)
{
    isere_package_t *p = r->package;
    isere_slice_t text;
    at_name(r, "env", name);
    if (!isere_env_name_is_valid(name)) {
        return bad_value(r, "must be letters, digits and '_', and not begin "
                            "with a digit");
    }
    if (p->nenv == ISERE_PACKAGE_ENV_MAX) {
        return bad(r, "\"env\": has more than %d", ISERE_PACKAGE_ENV_MAX);
    }
    if (!take_text(r, value, &text)) {
        return false;
    }
    if (memchr(text.ptr, 0, text.len)) {
        return bad_value(r, "must not contain a NUL character");
    }
    /* The value lies right behind the name's NUL: NAME=VALUE. */
    char *entry = r->at - 1 - text.len - 1 - name.len;
    entry[name.len] = '=';
    p->env[p->nenv++] = entry;
    return true;
}

static bool take_env(reader_t *r, JSValueConst value)
{
    return is_object(r, value)
               ? each_member(r, value, take_variable)
               : bad_value(r, "must be an object: {\"NAME\": \"VALUE\"}");
}

/* A number, or a text that `parse` reads; false when it is neither. What does
 * not fit is UINT64_MAX. */
static bool is_amount(reader_t *r, JSValueConst value,
                      int (*parse)(isere_slice_t text, uint64_t *amount),
                      uint64_t *amount)
{
    const double most = 9007199254740992.0; /* 2^53: exact up to there */
    double number = 0;
    isere_slice_t text;
    if (JS_IsString(value)) {
        if (!put_string(r, value, &text)) {
            return false;
        }
        int error = parse(text, amount);
        if (error == ISERE_ERR_LIMIT) {
            *amount = UINT64_MAX;
        }
        return error != ISERE_ERR_INVAL;
    }
    if (!JS_IsNumber(value)) {
        return false;
    }
    (void)JS_ToFloat64(r->heap.ctx, &number, value); /* a number: can't fail */
    if (!(number >= 0)) {
        return false;
    }
    *amount = number < most ? (uint64_t)number : UINT64_MAX;
    return number >= most || (double)*amount == number;
}

/* Without limits (a stored package) everything goes: the server's may have
 * been lowered since, and that must not end a function that is served. */
static bool take_memory(reader_t *r, JSValueConst value)
{
    char min[ISERE_UNITS_TEXT_MAX], max[ISERE_UNITS_TEXT_MAX];
    uint64_t least = r->limits ? r->limits->memory_min : 1;
    uint64_t most = r->limits ? r->limits->memory_max : SIZE_MAX;
    uint64_t *memory = &r->package->memory;
    if (!is_amount(r, value, isere_units_parse_size, memory)) {
        return r->error ? false
                        : bad_value(r, "must be a whole number of bytes, or a "
                                       "size such as \"512K\" or \"16M\"");
    }
    return (*memory >= least && *memory <= most) ||
           bad(r, "%s: must be from %s to %s", r->where,
               isere_units_format_size(least, min),
               isere_units_format_size(most, max));
}

static bool take_timeout(reader_t *r, JSValueConst value)
{
    char max[ISERE_UNITS_TEXT_MAX];
    uint64_t most = r->limits ? r->limits->timeout_max_ms : UINT32_MAX;
    uint64_t timeout = 0;
    if (!is_amount(r, value, isere_units_parse_time, &timeout)) {
        return r->error ? false
                        : bad_value(r, "must be a whole number of "
                                       "milliseconds, or a time such as "
                                       "\"500ms\" or \"3s\"");
    }
    r->package->timeout_ms = (uint32_t)timeout;
    return (timeout >= 1 && timeout <= most) ||
           bad(r, "%s: must be from 1ms to %s", r->where,
               isere_units_format_time(most, max));
}

static bool take_payload(reader_t *r, JSValueConst value)
{
    isere_package_t *p = r->package;
    isere_slice_t text = isere_slice("");
    if (JS_IsString(value) && !put_string(r, value, &text)) {
        return false;
    }
    for (int i = 0; isere_payload_names[i]; i++) {
        if (isere_slice_is(text, isere_payload_names[i])) {
            p->has_payload = true;
            p->payload = (isere_payload_t)i;
            return true;
        }
    }
    return bad_value(r, "must be \"isere\", \"1.0\" or \"2.0\"");
}

/* A fingerprint only: a path would tell of the machine that it is from. */
static bool take_source(reader_t *r, JSValueConst value)
{
    static const char digits[] = "0123456789abcdef";
    isere_slice_t text = isere_slice("");
    if (JS_IsString(value) && !put_string(r, value, &text)) {
        return false;
    }
    if (text.len != ISERE_PACKAGE_SOURCE_LEN ||
        strspn(text.ptr, digits) != ISERE_PACKAGE_SOURCE_LEN) {
        return bad_value(r, "must be 8 hexadecimal digits in lower case");
    }
    r->package->source = text;
    return true;
}

/* ---- the package ---- */

static bool take_top(reader_t *r, isere_slice_t name, JSValueConst value)
{
    static const struct {
        const char *name;
        bool (*take)(reader_t *r, JSValueConst value);
    } members[] = {
        {"main", take_main},       {"files", take_files},
        {"routes", take_routes},   {"env", take_env},
        {"memory", take_memory},   {"timeout", take_timeout},
        {"payload", take_payload}, {"source", take_source},
    };
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        if (isere_slice_is(name, members[i].name)) {
            at_member(r, members[i].name);
            return members[i].take(r, value);
        }
    }
    at_name(r, NULL, name);
    return bad_value(r, "is unknown: a package has main, files, "
                        "routes, env, memory, timeout, payload and source");
}

/* The order of members is the sender's, so this can be checked at the end
 * only. */
static bool check_main(reader_t *r)
{
    const isere_package_t *p = r->package;
    if (!r->has_main || !r->has_files) {
        at_member(r, r->has_main ? "files" : "main");
        return bad_value(r, "is missing");
    }
    for (size_t i = 0; i < p->nfiles; i++) {
        if (p->files[i].name.len == p->main.len &&
            memcmp(p->files[i].name.ptr, p->main.ptr, p->main.len) == 0) {
            return true;
        }
    }
    at_name(r, "main", p->main);
    return bad_value(r, "is not in \"files\"");
}

/* The copy of the text lies in the heap, which is limited, and is gone before
 * anything is taken out of the result. */
static JSValue parse(reader_t *r)
{
    JSContext *ctx = r->heap.ctx;
    /* The engine wants a NUL behind it. */
    char *text = js_malloc(ctx, r->json.len + 1);
    if (!text) {
        return JS_EXCEPTION;
    }
    if (r->json.len > 0) {
        memcpy(text, r->json.ptr, r->json.len);
    }
    text[r->json.len] = '\0';
    JSValue value = JS_ParseJSON(ctx, text, r->json.len, "package");
    js_free(ctx, text);
    return value;
}

/* A tree of the whole package, once: it is walked through right away, and
 * nothing of it outlives the heap. */
static void read_json(void *arg)
{
    reader_t *r = arg;
    JSValue value = parse(r);
    if (JS_IsException(value)) {
        (void)bad_json(r);
    } else if (!is_object(r, value)) {
        (void)bad(r, "the package must be a JSON object");
    } else {
        (void)(each_member(r, value, take_top) && check_main(r));
    }
}

static void run(void *arg)
{
    reader_t *r = arg;
    /* Here, since a port may run this on a stack of its own. */
    JS_UpdateStackTop(r->heap.rt);
    if (!isere_heap_run(&r->heap, read_json, r)) {
        (void)out_of_memory(r);
    }
}

/* What was read until then counts for nothing, and a message that was begun is
 * not to be trusted either. */
static void crashed(reader_t *r, const isere_port_t *port)
{
    memset(r->fault, 0, sizeof(*r->fault));
    isere_fault_describe_crash(port, "reading the package crashed",
                               r->fault->message, sizeof(r->fault->message));
    r->error = ISERE_ERR_CRASH;
}

static void read_in_heap(reader_t *r, const isere_port_t *port)
{
    uint64_t deadline =
        port->monotonic_us(port->ctx) + (uint64_t)READ_TIMEOUT_MS * 1000;
    int error = isere_engine_init(&r->heap, port, ISERE_COMPILE_MEMORY,
                                  ISERE_COMPILE_STACK);
    if (error == ISERE_ERR_CRASH) {
        crashed(r, port);
        return;
    }
    if (error) {
        (void)out_of_memory(r);
        return;
    }
    /* What is abandoned has written to the block and to the heap only. */
    error = port->exec_run(port->ctx, run, r, deadline);
    if (error == ISERE_ERR_CRASH) {
        crashed(r, port);
    } else if (error) {
        (void)bad(r, "reading the package took longer than %d ms",
                  READ_TIMEOUT_MS);
    }
    isere_heap_deinit(&r->heap);
}

/* What each of the ways to read a package ends with. */
static int finish(const isere_port_t *port, isere_package_t *made, int error,
                  isere_package_t **package)
{
    if (error) {
        isere_package_drop(port, made);
    } else {
        *package = made;
    }
    return error;
}

/* Reads JSON into r->package. */
static int read(reader_t *r, const isere_port_t *port)
{
    isere_fault_set(r->fault, "");
    if (r->json.len > 0 && !isere_utf8_valid(r->json.ptr, r->json.len)) {
        (void)bad(r, "the package is not UTF-8");
        return r->error;
    }
    r->package = isere__package_make(port, r->json.len);
    if (!r->package) {
        isere_fault_set(r->fault, "not enough memory to read the package");
        return ISERE_ERR_NOMEM;
    }
    r->at = (char *)(r->package + 1);
    r->left = r->json.len;
    r->package->has_nuls = true;
    read_in_heap(r, port);
    return r->error;
}

int isere_package_read(const isere_port_t *port, isere_slice_t json,
                       const isere_package_limits_t *limits,
                       isere_package_t **package, isere_fault_t *fault)
{
    reader_t r = {.json = json, .limits = limits, .fault = fault};
    int error = read(&r, port);
    if (!error) {
        isere__package_seal(r.package);
    }
    return finish(port, r.package, error, package);
}

/* The text is hashed no second time: the store compared it with its SHA-256,
 * and what was normalised normalises to itself. */
int isere_package_read_stored(const isere_port_t *port, isere_slice_t text,
                              const uint8_t sha256[ISERE_SHA256_SIZE],
                              isere_package_t **package, isere_fault_t *fault)
{
    reader_t r = {.json = text, .fault = fault};
    int error = read(&r, port);
    if (!error) {
        r.package->text_size = text.len;
        memcpy(r.package->sha256, sha256, sizeof(r.package->sha256));
    }
    return finish(port, r.package, error, package);
}

/* One module needs no JSON, so no heap: a struct is filled in. It is sealed as
 * the same package sent as JSON would be, and has the same SHA-256. */
int isere_package_read_source(const isere_port_t *port, const char *name,
                              const isere_package_body_t *body,
                              isere_package_t **package, isere_fault_t *fault)
{
    isere_slice_t source = body->bytes;
    size_t room = strlen(name) + sizeof(".js");
    isere_fault_set(fault, "");
    if (source.len > 0 && !isere_utf8_valid(source.ptr, source.len)) {
        isere_fault_set(fault, "the source is not UTF-8");
        return ISERE_ERR_INVAL;
    }
    isere_package_t *p = isere__package_make(port, room);
    if (!p) {
        isere_fault_set(fault, "not enough memory to read the source");
        return ISERE_ERR_NOMEM;
    }
    char *file = (char *)(p + 1);
    snprintf(file, room, "%s.js", name);
    p->main = isere_slice(file);
    p->files[0].name = p->main;
    p->files[0].source = source;
    p->nfiles = 1;
    p->bytes = source.len;
    p->has_nuls = body->has_nul;
    isere__package_seal(p);
    *package = p;
    return 0;
}
