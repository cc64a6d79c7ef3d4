/* Direct invocations (isere_instance_* of isere.h): one isolate, one call at a
 * time, waiting for its end. */
#include "core/http/chars.h"
#include "core/http/parser.h"
#include "core/isolate/function.h"
#include "core/isolate/isolate.h"
#include "core/util/encode/uuid.h"
#include <stdio.h>

struct isere_instance {
    const isere_port_t *port;
    const isere_function_t *function;
    isere_isolate_t *isolate;
    isere_http_parser_t parser;
    isere_http_request_t request;
    char *text; /* the request as HTTP, or the event */
    unsigned long count;
};

/* Resumes the isolate until it waits and runs no more, and sleeps in between:
 * poll_wait with no sockets is the port's way to sleep. */
static void wait_for(isere_instance_t *i)
{
    const isere_port_t *port = i->port;
    isere_poll_event_t event;
    while (isere_isolate_state(i->isolate) == ISERE_ISOLATE_WAITING ||
           isere_isolate_state(i->isolate) == ISERE_ISOLATE_RUNNING) {
        uint64_t due = isere_isolate_wakeup_us(i->isolate);
        uint64_t now = port->monotonic_us(port->ctx);
        if (due > now) {
            port->poll_wait(port->ctx, &event, 1, due - now);
        }
        isere_isolate_resume(i->isolate);
    }
}

/* An isolate whose init phase has ended. */
static int make_isolate(isere_instance_t *i, isere_fault_t *fault)
{
    i->isolate = isere_isolate_create(i->port, i->function);
    if (!i->isolate) {
        return ISERE_ERR_NOMEM;
    }
    isere_isolate_start(i->isolate, fault);
    wait_for(i);
    return isere_isolate_state(i->isolate) == ISERE_ISOLATE_READY
               ? 0
               : isere_isolate_failure(i->isolate);
}

/* In the place of one that crashed, or that could not be replaced then. The
 * fault takes 1.7 KB: too much for a device's stack. */
static int replace_isolate(isere_instance_t *i)
{
    const isere_port_t *port = i->port;
    isere_fault_t *fault = isere_alloc(port, sizeof(*fault));
    if (!fault) {
        return ISERE_ERR_NOMEM;
    }
    isere_isolate_destroy(i->isolate);
    i->isolate = NULL;
    int error = make_isolate(i, fault);
    isere_free(port, fault);
    return error;
}

/* Without a snapshot (ISERE_ISOLATION_FRESH) an instance could be used once. */
int isere_instance_create(const isere_port_t *port,
                          const isere_function_t *function,
                          isere_instance_t **instance, isere_fault_t *fault)
{
    memset(fault, 0, sizeof(*fault));
    if (function->config.isolation == ISERE_ISOLATION_FRESH) {
        return ISERE_ERR_INVAL; /* it has no heap to go back to */
    }
    isere_instance_t *i = isere_alloc(port, sizeof(*i));
    if (!i) {
        return ISERE_ERR_NOMEM;
    }
    memset(i, 0, sizeof(*i));
    i->port = port;
    i->function = function;
    int error = make_isolate(i, fault);
    if (error) {
        isere_instance_destroy(i);
        return error;
    }
    *instance = i;
    return 0;
}

/* ---- a request of a program becomes one of HTTP, so that the one strict
 * parser checks it ---- */

/* Fields that the caller gives are not added a second time. */
static bool has_field(const isere_request_t *r, const char *lower)
{
    for (size_t i = 0; i < r->nfields; i++) {
        if (isere_http_equals(r->fields[i].name, lower)) {
            return true;
        }
    }
    return false;
}

/* 128: the method and target by default, the version, Host and
 * Content-Length. */
static size_t request_size(const isere_request_t *r)
{
    size_t size = r->method.len + r->target.len + r->body.len + 128;
    for (size_t i = 0; i < r->nfields; i++) {
        size += r->fields[i].name.len + r->fields[i].value.len + 4;
    }
    return size;
}

static char *put(char *p, isere_slice_t s)
{
    if (s.len > 0) {
        memcpy(p, s.ptr, s.len);
    }
    return p + s.len;
}

static char *put_text(char *p, const char *text)
{
    return put(p, isere_slice(text));
}

/* What the caller leaves out gets a default that parses: GET, "/", Host,
 * Content-Length. */
static size_t write_request(const isere_request_t *r, char *text)
{
    char length[48];
    char *p = put(text, r->method.len ? r->method : isere_slice("GET"));
    p = put_text(p, " ");
    p = put(p, r->target.len ? r->target : isere_slice("/"));
    p = put_text(p, " HTTP/1.1\r\n");
    if (!has_field(r, "host")) {
        p = put_text(p, "Host: localhost\r\n");
    }
    for (size_t i = 0; i < r->nfields; i++) {
        p = put(p, r->fields[i].name);
        p = put_text(p, ": ");
        p = put(p, r->fields[i].value);
        p = put_text(p, "\r\n");
    }
    if (r->body.len > 0 && !has_field(r, "content-length")) {
        snprintf(length, sizeof(length), "Content-Length: %lu\r\n",
                 (unsigned long)r->body.len);
        p = put_text(p, length);
    }
    p = put_text(p, "\r\n");
    p = put(p, r->body);
    return (size_t)(p - text);
}

/* The parser must stop exactly at the end of the text. Else Content-Length
 * disagrees with the body, or a value contains a line of its own. */
static int parse_request(isere_instance_t *i, const isere_request_t *r)
{
    size_t len = write_request(r, i->text);
    isere_http_limits_t limits = {UINT32_MAX / 4, UINT32_MAX / 4};
    isere_http_parser_init(&i->parser, &limits);
    size_t all = len;
    int result = isere_http_parser_feed(&i->parser, &i->request, i->text, &len);
    i->request.base = i->text;
    return result == ISERE_HTTP_COMPLETE && i->parser.consumed == all
               ? 0
               : ISERE_ERR_INVAL;
}

/* ---- invoking ---- */

/* An id for each invocation: a random UUID where the port has randomness. */
static void make_id(isere_instance_t *i, char *out)
{
    unsigned char bytes[ISERE_UUID_BYTES] = {0};
    if (i->port->random(i->port->ctx, bytes, sizeof(bytes))) {
        memcpy(bytes, &i->count, sizeof(i->count));
    }
    i->count++;
    isere_uuid_format(bytes, out);
}

static bool fits_line(isere_slice_t s)
{
    return !s.len || (!memchr(s.ptr, '\r', s.len) &&
                      !memchr(s.ptr, '\n', s.len) && !memchr(s.ptr, 0, s.len));
}

/* No part may contain what ends its line or its place in the line; the parser
 * checks the rest. */
static bool is_sound(const isere_request_t *r)
{
    if (!isere_http_all(r->method, ISERE_HTTP_TOKEN) || !fits_line(r->target) ||
        (r->target.len > 0 && memchr(r->target.ptr, ' ', r->target.len))) {
        return false;
    }
    for (size_t i = 0; i < r->nfields; i++) {
        if (r->fields[i].name.len == 0 ||
            !isere_http_all(r->fields[i].name, ISERE_HTTP_TOKEN) ||
            !fits_line(r->fields[i].value)) {
            return false;
        }
    }
    return true;
}

/* The text stays allocated for the next call: invocations of a size in a row
 * allocate once. */
static int prepare(isere_instance_t *i, const isere_request_t *r,
                   isere_invocation_t *inv)
{
    const isere_port_t *port = i->port;
    if (!r->event_json.ptr && !is_sound(r)) {
        return ISERE_ERR_INVAL;
    }
    size_t size = r->event_json.ptr ? r->event_json.len + 1 : request_size(r);
    char *text = isere_resize(port, i->text, size);
    if (!text) {
        return ISERE_ERR_NOMEM;
    }
    i->text = text;
    memset(inv, 0, sizeof(*inv));
    inv->source_ip = "127.0.0.1";
    inv->route_key = "$default";
    inv->received_us = port->wall_us(port->ctx);
    inv->deadline_us =
        port->monotonic_us(port->ctx) + isere_function_timeout_us(i->function);
    make_id(i, inv->request_id);
    if (r->event_json.ptr) {
        memcpy(text, r->event_json.ptr, r->event_json.len);
        text[r->event_json.len] = 0;
        inv->event_json = isere_slice_of(text, r->event_json.len);
        return 0;
    }
    inv->request = &i->request;
    return parse_request(i, r);
}

/* Borrowed from the isolate, until the next call or destroy. */
static void fill_result(const isere_isolate_t *isolate, isere_result_t *result)
{
    const isere_error_answer_t *error = isere_isolate_error(isolate);
    memset(result, 0, sizeof(*result));
    result->reason = isere_isolate_reason(isolate);
    if (error) {
        static const isere_field_t type = {ISERE_SLICE("Content-Type"),
                                           ISERE_SLICE("application/json")};
        result->status = error->status;
        result->error = error->word.ptr;
        result->fields = &type;
        result->nfields = 1;
        result->body = error->body;
        result->body_is_text = true;
        return;
    }
    const isere_response_t *response = isere_isolate_response(isolate);
    result->status = response->status;
    result->fields = response->fields;
    result->nfields = response->nfields;
    result->body = response->body;
    result->body_is_text = response->body_is_text;
}

/* The heap is restored when the next call comes, not at the end of this one:
 * the result lies in it. */
int isere_instance_invoke(isere_instance_t *i, const isere_request_t *request,
                          isere_result_t *result)
{
    isere_invocation_t invocation;
    int error = 0;
    if (!i->isolate || isere_isolate_has_crashed(i->isolate) ||
        isere_isolate_state(i->isolate) == ISERE_ISOLATE_FAILED) {
        error = replace_isolate(i);
    } else if (isere_isolate_state(i->isolate) == ISERE_ISOLATE_COMPLETE) {
        isere_isolate_reset(i->isolate);
    }
    error = error ? error : prepare(i, request, &invocation);
    if (error) {
        return error;
    }
    isere_isolate_invoke(i->isolate, &invocation);
    wait_for(i);
    fill_result(i->isolate, result);
    return 0;
}

void isere_instance_destroy(isere_instance_t *i)
{
    if (i) {
        const isere_port_t *port = i->port;
        isere_isolate_destroy(i->isolate);
        isere_free(port, i->text);
        isere_free(port, i);
    }
}
