/*
 * Reads packages from their JSON, where it lies: on a device that is flash, and
 * there would be no memory for a tree of it. It is checked as a whole first;
 * then the members are taken one after the other, in the order in which an
 * object has them: that of the text, but names that are array indices come
 * first. Of two with the same name the last one counts, in the place of the
 * first.
 *
 * Sources are most of a package. They go to the block with the other texts or,
 * when they are too large for memory, to flash.
 */
#include "core/deploy/package/members.h"
#include "core/heap/fault.h"
#include "core/isere_config.h"
#include "core/route/route.h"
#include "core/util/cors.h"
#include "core/util/json_check.h"
#include "core/util/json_read.h"
#include "core/util/names/env_name.h"
#include "core/util/names/export_name.h"
#include "core/util/names/payload.h"
#include "core/util/names/units.h"
#include "core/util/text.h"
#include "core/util/utf8.h"
#include "core/util/writer.h"
#include <stdarg.h>
#include <stdio.h>

enum {
    SHOWN = 48, /* bytes of a name in a message */
};

/* All that reading one package needs; not on the stack, which is small on a
 * device. */
typedef struct reader {
    isere_slice_t json;
    const isere_package_limits_t *limits; /* NULL: of memory and time, none */
    isere_extents_t *extents;             /* for sources; NULL: the block */
    isere_package_t *package;
    char *at; /* where the next text goes */
    size_t left;
    /* What is looked at, for messages: "files": "a.js" */
    char where[6 * SHOWN + 32];
    isere_members_t top;
    isere_members_t inner; /* of "files" or "env" */
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

static bool out_of_memory(reader_t *r)
{
    (void)bad(r, "not enough memory to read the package");
    r->error = ISERE_ERR_NOMEM;
    return false;
}

/* Names what was not expected: a word, or one character. */
static bool bad_json(reader_t *r, const isere_json_error_t *wrong)
{
    const char *end = r->json.ptr + r->json.len;
    const char *p = wrong->at;
    if (wrong->message == isere_json_too_deep) {
        (void)bad(r, "the package is not JSON: it is nested too deeply");
    } else if (p == end) {
        (void)bad(r, "the package is not JSON: Unexpected end of JSON input");
    } else if ((unsigned char)*p < 0x20 || *p == 0x7f) {
        (void)bad(r, "the package is not JSON: %s", wrong->message);
    } else {
        size_t len = 1;
        while (p + len < end && len < SHOWN &&
               ((unsigned char)p[len] & 0xc0) == 0x80) {
            len++;
        }
        (void)bad(r, "the package is not JSON: unexpected token: '%.*s'",
                  (int)len, p);
    }
    r->fault->line = wrong->line;
    r->fault->column = wrong->column;
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
 * Texts are appended to the package's block, with a NUL. It has the JSON's
 * size: a text is never longer than its JSON form, which has two quotes as
 * well; and the canonical text of a route is never longer than the route.
 */
static bool end_text(reader_t *r, size_t len, isere_slice_t *out)
{
    if (len >= r->left) {
        return out_of_memory(r);
    }
    r->at[len] = '\0';
    *out = isere_slice_of(r->at, len);
    r->at += len + 1;
    r->left -= len + 1;
    return true;
}

/* *lone: it is not text. */
static bool put_string(reader_t *r, const char *string, isere_slice_t *out,
                       bool *lone)
{
    isere_json_text_t text = isere_json_text(string);
    char piece[64];
    size_t len = 0, n;
    while ((n = isere_json_text_next(&text, piece, sizeof(piece))) > 0) {
        if (len + n >= r->left) {
            return out_of_memory(r);
        }
        memcpy(r->at + len, piece, n);
        len += n;
    }
    *lone = text.lone;
    return end_text(r, len, out);
}

/* A value that must be a text of characters. */
static bool take_text(reader_t *r, const char *value, isere_slice_t *out)
{
    bool lone;
    if (*value != '"') {
        return bad_value(r, "must be a string");
    }
    if (!put_string(r, value, out, &lone)) {
        return false;
    }
    return !lone ||
           bad_value(r, "contains a lone surrogate, which is not a character");
}

/* ---- objects ---- */

/* Calls `take` for each member. `what` has too many when there are more. */
static bool each_member(reader_t *r, const char *object, const char *what,
                        bool (*take)(reader_t *r, const isere_member_t *member,
                                     isere_slice_t name))
{
    isere__members_find(&r->inner, object);
    for (size_t i = 0; i < r->inner.count; i++) {
        const isere_member_t *member = &r->inner.list[i];
        isere_slice_t name;
        bool lone;
        if (!put_string(r, member->name, &name, &lone) ||
            !take(r, member, name)) {
            return false;
        }
    }
    return !r->inner.more ||
           bad(r, "\"%s\": has more than %d", what, ISERE_MEMBERS_MAX);
}

/* ---- the members ---- */

static bool take_main(reader_t *r, const char *value)
{
    return take_text(r, value, &r->package->main);
}

/* What fails here is not the package's fault. */
static bool bad_flash(reader_t *r, int error)
{
    (void)bad(r, error == ISERE_ERR_LIMIT ? "no room in flash for the package"
                                          : "the flash can't be written");
    r->error = error == ISERE_ERR_LIMIT ? ISERE_ERR_NOMEM : ISERE_ERR_IO;
    return false;
}

/* A source and its NUL. It is not read before all are there. */
static bool stage_source(reader_t *r, const char *value, isere_slice_t *out)
{
    isere_extent_writer_t *writer = r->package->staged;
    isere_json_text_t text = isere_json_text(value);
    size_t from = writer->size;
    char piece[128];
    size_t n;
    do {
        n = isere_json_text_next(&text, piece, sizeof(piece));
        int error =
            isere_extents_append(writer, n > 0 ? piece : "", n > 0 ? n : 1);
        if (error) {
            return bad_flash(r, error);
        }
    } while (n > 0);
    *out = isere_slice_of((const char *)isere_extents_written(writer) + from,
                          writer->size - from - 1);
    return !text.lone ||
           bad_value(r, "contains a lone surrogate, which is not a character");
}

static bool take_source_text(reader_t *r, const char *value, isere_slice_t *out)
{
    char size[ISERE_UNITS_TEXT_MAX];
    size_t most = r->limits ? r->limits->file_max : 0;
    if (*value != '"') {
        return bad_value(r, "must be a string");
    }
    if (most > 0 && isere_json_text_len(value) > most) {
        return bad(r, "%s: may have at most %s", r->where,
                   isere_units_format_size(most, size));
    }
    return r->package->staged ? stage_source(r, value, out)
                              : take_text(r, value, out);
}

/* The name is checked before its source is copied: a message about it then
 * costs nothing. */
static bool take_file(reader_t *r, const isere_member_t *member,
                      isere_slice_t name)
{
    isere_package_t *p = r->package;
    const char *problem = isere__package_file_name_problem(name);
    at_name(r, "files", name);
    if (problem) {
        return bad(r, "%s: the name %s", r->where, problem);
    }
    isere_package_file_t *file = &p->files[p->nfiles++];
    file->name = name;
    if (!take_source_text(r, member->value, &file->source)) {
        return false;
    }
    p->bytes += file->source.len;
    return true;
}

static bool take_files(reader_t *r, const char *value)
{
    return *value == '{'
               ? each_member(r, value, "files", take_file)
               : bad_value(r, "must be an object: {\"NAME\": \"SOURCE\"}");
}

/* A route is stored in its canonical form, so that two that mean the same are
 * found equal, here and in the catalog. */
static bool take_route(reader_t *r, unsigned index, const char *value)
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
    size_t len = strlen(canonical);
    memcpy(r->at, canonical, len);
    if (!end_text(r, len, &text)) {
        return false;
    }
    p->routes[p->nroutes++] = text.ptr;
    return true;
}

static bool take_routes(reader_t *r, const char *value)
{
    isere_json_each_t each = {.at = value};
    unsigned count = 0;
    if (*value != '[') {
        return bad_value(r, "must be an array: [\"GET /path\"]");
    }
    while (isere_json_next(&each)) {
        count++;
    }
    if (count > ISERE_PACKAGE_ROUTES_MAX) {
        return bad(r, "\"routes\": has more than %d", ISERE_PACKAGE_ROUTES_MAX);
    }
    each.at = value;
    for (unsigned i = 0; isere_json_next(&each); i++) {
        if (!take_route(r, i, each.value)) {
            return false;
        }
    }
    return true;
}

/* The value was put right behind the name, so with "=" in the place of the NUL
 * between them both are NAME=VALUE without another copy. */
static bool take_variable(reader_t *r, const isere_member_t *member,
                          isere_slice_t name)
{
    isere_package_t *p = r->package;
    isere_slice_t text = isere_slice("");
    at_name(r, "env", name);
    if (!isere_env_name_is_valid(name)) {
        return bad_value(r, "must be letters, digits and '_', and not begin "
                            "with a digit");
    }
    if (!take_text(r, member->value, &text)) {
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

static bool take_env(reader_t *r, const char *value)
{
    r->package->has_env = true;
    return *value == '{'
               ? each_member(r, value, "env", take_variable)
               : bad_value(r, "must be an object: {\"NAME\": \"VALUE\"}");
}

/* A number, or a text that `parse` reads; false when it is neither. What does
 * not fit is UINT64_MAX. */
static bool is_amount(reader_t *r, const char *value,
                      int (*parse)(isere_slice_t text, uint64_t *amount),
                      uint64_t *amount)
{
    isere_slice_t text;
    bool lone;
    if (*value == '"') {
        if (!put_string(r, value, &text, &lone)) {
            return false;
        }
        int error = parse(text, amount);
        if (error == ISERE_ERR_LIMIT) {
            *amount = UINT64_MAX;
        }
        return error != ISERE_ERR_INVAL;
    }
    return (*value == '-' || (*value >= '0' && *value <= '9')) &&
           isere_json_amount(value, amount);
}

/* Without limits (a stored package) everything goes: the server's may have
 * been lowered since, and that must not end a function that is served. */
static bool take_memory(reader_t *r, const char *value)
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

static bool take_timeout(reader_t *r, const char *value)
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

static bool take_payload(reader_t *r, const char *value)
{
    isere_package_t *p = r->package;
    isere_slice_t text = isere_slice("");
    bool lone;
    if (*value == '"' && !put_string(r, value, &text, &lone)) {
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
static bool take_source(reader_t *r, const char *value)
{
    static const char digits[] = "0123456789abcdef";
    isere_slice_t text = isere_slice("");
    bool lone;
    if (*value == '"' && !put_string(r, value, &text, &lone)) {
        return false;
    }
    if (text.len != ISERE_PACKAGE_SOURCE_LEN ||
        strspn(text.ptr, digits) != ISERE_PACKAGE_SOURCE_LEN) {
        return bad_value(r, "must be 8 hexadecimal digits in lower case");
    }
    r->package->source = text;
    return true;
}

static bool take_handler(reader_t *r, const char *value)
{
    if (!take_text(r, value, &r->package->calls.handler)) {
        return false;
    }
    return isere_export_name_is_valid(r->package->calls.handler) ||
           bad_value(r,
                     "must be the name of an export: " ISERE_EXPORT_NAME_RULE);
}

/* The policy is put where its JSON's texts would go: it is never longer. */
static bool take_cors(reader_t *r, const char *value)
{
    char where[64];
    size_t len;
    const char *problem = isere_cors_read(value, r->at, r->left, &len, where);
    isere_slice_t text;
    if (problem) {
        return bad(r, "\"cors\"%s: %s", where, problem);
    }
    if (!end_text(r, len, &text)) {
        return false;
    }
    r->package->calls.cors = text.ptr;
    return true;
}

/* ---- the package ---- */

static bool take_top(reader_t *r, const isere_member_t *member)
{
    static const struct {
        const char *name;
        bool (*take)(reader_t *r, const char *value);
    } members[] = {
        {"main", take_main},       {"files", take_files},
        {"routes", take_routes},   {"env", take_env},
        {"memory", take_memory},   {"timeout", take_timeout},
        {"payload", take_payload}, {"source", take_source},
        {"handler", take_handler}, {"cors", take_cors},
    };
    isere_slice_t name;
    bool lone;
    if (!put_string(r, member->name, &name, &lone)) {
        return false;
    }
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        if (isere_slice_is(name, members[i].name)) {
            at_member(r, members[i].name);
            return members[i].take(r, member->value);
        }
    }
    at_name(r, NULL, name);
    return bad_value(
        r, "is unknown: a package has main, files, "
           "routes, env, memory, timeout, payload, source, handler and cors");
}

/* The order of members is the sender's, so this can be checked at the end
 * only. */
static bool check_main(reader_t *r)
{
    const isere_package_t *p = r->package;
    bool has_main = isere__members_value(&r->top, "\"main\"");
    if (!has_main || !isere__members_value(&r->top, "\"files\"")) {
        at_member(r, has_main ? "files" : "main");
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

/* Bytes of the strings in "files": what needs no room in the block when they go
 * to flash. Those that count are never longer than what stands there. */
static size_t staged_size(reader_t *r)
{
    const char *files = isere__members_value(&r->top, "\"files\"");
    size_t size = 0;
    r->inner.count = 0;
    if (files && *files == '{') {
        isere__members_find(&r->inner, files);
    }
    for (size_t i = 0; i < r->inner.count; i++) {
        const char *value = r->inner.list[i].value;
        size += *value == '"' ? (size_t)(isere_json_skip(value) - value) : 0;
    }
    return size;
}

/* Where sources go. */
static bool begin_stage(reader_t *r, const isere_port_t *port, size_t size)
{
    isere_extent_writer_t *writer = isere_alloc(port, sizeof(*writer));
    if (!writer) {
        return out_of_memory(r);
    }
    r->package->staged = writer;
    int error = isere_extents_begin_scratch(r->extents, size, writer);
    return error == 0 || bad_flash(r, error);
}

static bool read_members(reader_t *r)
{
    for (size_t i = 0; i < r->top.count; i++) {
        if (!take_top(r, &r->top.list[i])) {
            return false;
        }
    }
    return check_main(r);
}

/* JSON that is known to be an object. */
static bool read_object(reader_t *r, const isere_port_t *port)
{
    isere__members_find(&r->top, isere_json_value(r->json.ptr));
    size_t staged = r->extents ? staged_size(r) : 0;
    size_t room = r->json.len - staged;
    r->package = isere__package_make(port, room);
    if (!r->package) {
        return out_of_memory(r);
    }
    r->package->has_nuls = true;
    r->at = (char *)(r->package + 1);
    r->left = room;
    if (staged > 0 && !begin_stage(r, port, staged)) {
        return false;
    }
    if (!read_members(r)) {
        return false;
    }
    int error = staged > 0 ? isere_extents_end(r->package->staged) : 0;
    return error == 0 || bad_flash(r, error);
}

static bool read_json(reader_t *r, const isere_port_t *port)
{
    isere_json_error_t wrong;
    if (r->json.len > 0 && !isere_utf8_valid(r->json.ptr, r->json.len)) {
        return bad(r, "the package is not UTF-8");
    }
    if (!isere_json_check_value(r->json, &wrong)) {
        return bad_json(r, &wrong);
    }
    return *isere_json_value(r->json.ptr) == '{'
               ? read_object(r, port)
               : bad(r, "the package must be a JSON object");
}

/* Small ones lie in memory: flash is for what does not fit there, as it wears.
 */
static int read(const isere_port_t *port, isere_slice_t json,
                const isere_package_limits_t *limits, isere_extents_t *extents,
                isere_package_t **package, isere_fault_t *fault)
{
    isere_fault_set(fault, "");
    reader_t *r = port->heap_map(port->ctx, sizeof(*r));
    if (!r) {
        isere_fault_set(fault, "not enough memory to read the package");
        return ISERE_ERR_NOMEM;
    }
    memset(r, 0, sizeof(*r));
    r->json = json;
    r->limits = limits;
    r->extents = json.len > ISERE_PACKAGE_IN_MEMORY ? extents : NULL;
    r->fault = fault;
    (void)read_json(r, port);
    int error = r->error;
    if (error) {
        isere_package_drop(port, r->package);
    } else {
        *package = r->package;
    }
    port->heap_unmap(port->ctx, r, sizeof(*r));
    return error;
}

int isere_package_read(const isere_port_t *port, isere_slice_t json,
                       const isere_package_limits_t *limits,
                       isere_package_t **package, isere_fault_t *fault)
{
    int error = read(port, json, limits, limits->extents, package, fault);
    if (!error) {
        isere__package_seal(*package);
    }
    return error;
}

/* The text is hashed no second time: the store compared it with its SHA-256,
 * and what was normalised normalises to itself. */
int isere_package_read_stored(const isere_port_t *port, isere_slice_t text,
                              const uint8_t sha256[ISERE_SHA256_SIZE],
                              isere_extents_t *extents,
                              isere_package_t **package, isere_fault_t *fault)
{
    int error = read(port, text, NULL, extents, package, fault);
    if (!error) {
        (*package)->text_size = text.len;
        memcpy((*package)->sha256, sha256, ISERE_SHA256_SIZE);
    }
    return error;
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
