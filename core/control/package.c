/* Packages in memory, and their normalised text: always the same text for the
 * same deployment, so that its SHA-256 tells whether something has changed. */
#include "core/control/package.h"
#include "core/heap/fault.h"
#include "core/util/json_escape.h"
#include <stdio.h>

const char *const isere_package_payloads[] = {
    [ISERE_PAYLOAD_ISERE] = "isere",
    [ISERE_PAYLOAD_1_0] = "1.0",
    [ISERE_PAYLOAD_2_0] = "2.0",
    NULL,
};

/* ---- the block ---- */

isere_package_t *isere__package_make(const isere_port_t *port, size_t room)
{
    size_t size = sizeof(isere_package_t) + room;
    isere_package_t *package = port->heap_map(port->ctx, size);
    if (package) {
        memset(package, 0, sizeof(*package));
        package->block = size;
    }
    return package;
}

void isere_package_drop(const isere_port_t *port, isere_package_t *package)
{
    if (package) {
        port->heap_unmap(port->ctx, package, package->block);
    }
}

/* ---- the normalised text ---- */

/* Where it goes: to memory, or through a hash. Either way it is counted. */
typedef struct writer {
    char *out;            /* NULL: not kept */
    isere_sha256_t *hash; /* NULL: not hashed */
    size_t len;
} writer_t;

static void put_bytes(writer_t *w, const char *bytes, size_t len)
{
    if (w->out && len > 0) {
        memcpy(w->out + w->len, bytes, len);
    }
    if (w->hash) {
        isere_sha256_add(w->hash, bytes, len);
    }
    w->len += len;
}

static void put(writer_t *w, const char *text)
{
    put_bytes(w, text, strlen(text));
}

static bool has_escape(unsigned char c)
{
    return c < 0x20 || c == '"' || c == '\\';
}

/* Texts of a package are UTF-8: all else stands for itself. */
static void put_string(writer_t *w, isere_slice_t text)
{
    size_t start = 0;
    put(w, "\"");
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (has_escape(c)) {
            char escaped[6];
            put_bytes(w, text.ptr + start, i - start);
            put_bytes(w, escaped, isere_json_escape(c, escaped));
            start = i + 1;
        }
    }
    put_bytes(w, text.ptr + start, text.len - start);
    put(w, "\"");
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

static void put_routes(writer_t *w, const isere_package_t *p)
{
    for (size_t i = 0; i < p->nroutes; i++) {
        put(w, i == 0 ? ",\"routes\":[" : ",");
        put_string(w, isere_slice(p->routes[i]));
    }
    put(w, p->nroutes > 0 ? "]" : "");
}

static void put_env(writer_t *w, const isere_package_t *p)
{
    for (size_t i = 0; i < p->nenv; i++) {
        size_t name = strcspn(p->env[i], "=");
        put(w, i == 0 ? ",\"env\":{" : ",");
        put_string(w, isere_slice_of(p->env[i], name));
        put(w, ":");
        put_string(w, isere_slice(p->env[i] + name + 1));
    }
    put(w, p->nenv > 0 ? "}" : "");
}

static void put_package(writer_t *w, const isere_package_t *p)
{
    put(w, "{\"main\":");
    put_string(w, p->main);
    for (size_t i = 0; i < p->nfiles; i++) {
        put(w, i == 0 ? ",\"files\":{" : ",");
        put_string(w, p->files[i].name);
        put(w, ":");
        put_string(w, p->files[i].source);
    }
    put(w, "}");
    put_routes(w, p);
    put_env(w, p);
    put_number(w, "memory", p->memory);
    put_number(w, "timeout", p->timeout_ms);
    if (p->has_payload) {
        put(w, ",\"payload\":\"");
        put(w, isere_package_payloads[p->payload]);
        put(w, "\"");
    }
    if (p->source.len > 0) {
        put(w, ",\"source\":");
        put_string(w, p->source);
    }
    put(w, "}");
}

void isere__package_seal(isere_package_t *package)
{
    isere_sha256_t hash;
    writer_t w = {.hash = &hash};
    isere_sha256_begin(&hash);
    put_package(&w, package);
    isere_sha256_end(&hash, package->sha256);
    package->text_size = w.len;
}

int isere_package_text(const isere_port_t *port, const isere_package_t *package,
                       char **text, isere_fault_t *fault)
{
    writer_t w = {0};
    w.out = port->heap_map(port->ctx, package->text_size + 1);
    if (!w.out) {
        isere_fault_set(fault, "not enough memory for the package");
        return ISERE_ERR_NOMEM;
    }
    put_package(&w, package);
    w.out[w.len] = '\0';
    *text = w.out;
    return 0;
}

void isere_package_free_text(const isere_port_t *port, char *text, size_t size)
{
    if (text) {
        port->heap_unmap(port->ctx, text, size + 1);
    }
}
