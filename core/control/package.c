/* Normalised documents: always the same text for the same deployment. */
#include "core/control/package.h"
#include "core/control/package_read.h"
#include "core/heap/fault.h"
#include "core/util/utf8.h"
#include <stdio.h>

typedef struct writer {
    char *out; /* NULL: only counts */
    size_t len;
} writer_t;

static void put(writer_t *w, const char *text)
{
    size_t len = strlen(text);
    if (w->out) {
        memcpy(w->out + w->len, text, len);
    }
    w->len += len;
}

static void put_string(writer_t *w, isere_slice_t text)
{
    w->len += isere__package_string(w->out ? w->out + w->len : NULL, text);
}

static void put_number(writer_t *w, const char *member, uint64_t number)
{
    char text[64];
    if (number > 0) {
        snprintf(text, sizeof(text), ",\"%s\":%llu", member,
                 (unsigned long long)number);
        put(w, text);
    }
}

static void put_routes(writer_t *w, const isere_package_t *d)
{
    for (size_t i = 0; i < d->nroutes; i++) {
        put(w, i == 0 ? ",\"routes\":[" : ",");
        put_string(w, isere_slice(d->routes[i]));
    }
    put(w, d->nroutes > 0 ? "]" : "");
}

static void put_env(writer_t *w, const isere_package_t *d)
{
    for (size_t i = 0; i < d->nenv; i++) {
        size_t name = strcspn(d->env[i], "=");
        put(w, i == 0 ? ",\"env\":{" : ",");
        put_string(w, isere_slice_of(d->env[i], name));
        put(w, ":");
        put_string(w, isere_slice(d->env[i] + name + 1));
    }
    put(w, d->nenv > 0 ? "}" : "");
}

static void put_document(writer_t *w, const isere_package_t *d)
{
    put(w, "{\"main\":");
    put_string(w, d->main);
    for (size_t i = 0; i < d->nfiles; i++) {
        put(w, i == 0 ? ",\"files\":{" : ",");
        put_string(w, d->files[i].name);
        put(w, ":");
        put_string(w, d->files[i].source);
    }
    put(w, "}");
    put_routes(w, d);
    put_env(w, d);
    put_number(w, "memory", d->memory);
    put_number(w, "timeout", d->timeout_ms);
    if (d->has_payload) {
        put(w, ",\"payload\":\"");
        put(w, isere_package_payloads[d->payload]);
        put(w, "\"");
    }
    if (d->source.len > 0) {
        put(w, ",\"source\":");
        put_string(w, d->source);
    }
    put(w, "}");
}

static int write_document(const isere_port_t *port, const isere_package_t *d,
                          char **text, size_t *size, isere_fault_t *fault)
{
    writer_t w = {0};
    put_document(&w, d);
    w.out = port->heap_map(port->ctx, w.len + 1);
    if (!w.out) {
        isere_fault_set(fault, "not enough memory for the document");
        return ISERE_ERR_NOMEM;
    }
    w.len = 0;
    put_document(&w, d);
    w.out[w.len] = '\0';
    *text = w.out;
    *size = w.len;
    return 0;
}

static int read_source(const isere_port_t *port, const char *name,
                       isere_slice_t source, isere_package_t **document,
                       isere_fault_t *fault)
{
    size_t room = strlen(name) + sizeof(".js");
    isere_fault_set(fault, "");
    if (source.len > 0 && !isere_utf8_valid(source.ptr, source.len)) {
        isere_fault_set(fault, "the source is not UTF-8");
        return ISERE_ERR_INVAL;
    }
    isere_package_t *d = isere__package_make(port, room);
    if (!d) {
        isere_fault_set(fault, "not enough memory to read the source");
        return ISERE_ERR_NOMEM;
    }
    char *file = (char *)(d + 1);
    snprintf(file, room, "%s.js", name);
    d->main = isere_slice(file);
    d->files[0].name = d->main;
    d->files[0].source = source;
    d->nfiles = 1;
    *document = d;
    return 0;
}

int isere_package_normalise(const isere_port_t *port, const char *name,
                            isere_slice_t body, bool is_source,
                            const isere_package_limits_t *limits, char **text,
                            size_t *size, isere_fault_t *fault)
{
    isere_package_t *document;
    int error = is_source
                    ? read_source(port, name, body, &document, fault)
                    : isere__package_read(port, body, limits, &document, fault);
    if (!error) {
        error = write_document(port, document, text, size, fault);
        isere__package_drop(port, document);
    }
    return error;
}

void isere_package_free(const isere_port_t *port, char *text, size_t size)
{
    port->heap_unmap(port->ctx, text, size + 1);
}
