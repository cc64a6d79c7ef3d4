/* Packages in memory, and their normalised text: the same package always has
 * the same text, so its SHA-256 shows whether something changed. */
#include "core/deploy/package/package.h"
#include "core/util/cors.h"
#include "core/util/names/payload.h"

/* ---- the block ---- */

/* One block from where heaps lie, as a package may be as large as one, and the
 * port's other memory on a device is small. It goes as a whole: a reader that
 * is abandoned leaks nothing. */
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
    if (package && package->staged) {
        isere_extents_abort(package->staged);
        isere_free(port, package->staged);
    }
    if (package) {
        port->heap_unmap(port->ctx, package, package->block);
    }
}

/* ---- the normalised text ---- */

/* 0 stands for "not given". */
static void put_number(isere_writer_t *w, const char *member, uint64_t number)
{
    if (number > 0) {
        isere_writer_puts(w, member);
        isere_writer_number(w, number);
    }
}

static void put_routes(isere_writer_t *w, const isere_package_t *p)
{
    for (size_t i = 0; i < p->nroutes; i++) {
        isere_writer_puts(w, i == 0 ? ",\"routes\":[" : ",");
        isere_writer_json(w, isere_slice(p->routes[i]));
    }
    isere_writer_puts(w, p->nroutes > 0 ? "]" : "");
}

/* The struct has NAME=VALUE, as functions take it; the first "=" ends the
 * name, since no name has one. */
static void put_env(isere_writer_t *w, const isere_package_t *p)
{
    for (size_t i = 0; i < p->nenv; i++) {
        size_t name = strcspn(p->env[i], "=");
        isere_writer_puts(w, i == 0 ? ",\"env\":{" : ",");
        isere_writer_json(w, isere_slice_of(p->env[i], name));
        isere_writer_puts(w, ":");
        isere_writer_json(w, isere_slice(p->env[i] + name + 1));
    }
    isere_writer_puts(w, p->nenv > 0 ? "}" : "");
}

/* The order of members is fixed for good: another one would give every stored
 * package another SHA-256, and each client that compares them would deploy
 * again. */
void isere__package_put(isere_writer_t *w, const isere_package_t *p)
{
    isere_writer_puts(w, "{\"main\":");
    isere_writer_json(w, p->main);
    for (size_t i = 0; i < p->nfiles; i++) {
        isere_writer_puts(w, i == 0 ? ",\"files\":{" : ",");
        isere_writer_json(w, p->files[i].name);
        isere_writer_puts(w, ":");
        isere_writer_json(w, p->files[i].source);
    }
    isere_writer_puts(w, "}");
    put_routes(w, p);
    put_env(w, p);
    put_number(w, ",\"memory\":", p->memory);
    put_number(w, ",\"timeout\":", p->timeout_ms);
    if (p->has_payload) {
        isere_writer_puts(w, ",\"payload\":\"");
        isere_writer_puts(w, isere_payload_names[p->payload]);
        isere_writer_puts(w, "\"");
    }
    if (p->source.len > 0) {
        isere_writer_puts(w, ",\"source\":");
        isere_writer_json(w, p->source);
    }
    if (p->calls.handler.len > 0) {
        isere_writer_puts(w, ",\"handler\":");
        isere_writer_json(w, p->calls.handler);
    }
    if (p->calls.cors) {
        isere_writer_puts(w, ",\"cors\":");
        isere_cors_put_json(w, p->calls.cors);
    }
    isere_writer_puts(w, "}");
}

/* The text is hashed while it is written, in pieces that are thrown away: it
 * is as long as the package, and at this time there is no room for both. */
typedef struct seal {
    isere_sha256_t hash;
    size_t size;
} seal_t;

static void take(void *arg, isere_slice_t text)
{
    seal_t *seal = arg;
    isere_sha256_add(&seal->hash, text.ptr, text.len);
    seal->size += text.len;
}

void isere__package_seal(isere_package_t *package)
{
    char buf[128];
    seal_t seal = {.size = 0};
    isere_writer_t w = isere_writer_stream(buf, sizeof(buf), take, &seal);
    isere_sha256_begin(&seal.hash);
    isere__package_put(&w, package);
    isere_writer_flush(&w);
    isere_sha256_end(&seal.hash, package->sha256);
    package->text_size = seal.size;
}

void isere_package_set_env(isere_package_t *package, const char *const *env)
{
    package->nenv = 0;
    while (env[package->nenv]) {
        package->env[package->nenv] = env[package->nenv];
        package->nenv++;
    }
    isere__package_seal(package);
}
