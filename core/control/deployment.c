/* Deployments: from a document to a function that can be served. */
#include "core/control/deployment.h"
#include "core/code/bundle.h"
#include "core/code/compile.h"
#include "core/control/package_read.h"
#include "core/control/settings.h"
#include "core/heap/fault.h"
#include "core/isolate/function.h"
#include "core/util/sha256.h"
#include "core/util/text.h"
#include <stdio.h>

/* Room for the routes that a function has when its document has none. */
enum { DEFAULT_ROUTES = 2, DEFAULT_ROUTE_MAX = 64 };

/* What is being made, and what it is made from. */
typedef struct making {
    const isere_port_t *port;
    const isere_function_config_t *config;
    const char *name;
    uint32_t version;
    isere_package_t *document;
    isere_deployment_t *deployment;
    isere_fault_t *fault;
    bool blank;
} making_t;

/* ---- routes ---- */

/* Writes the default routes and returns how many. */
static size_t default_routes(const char *name,
                             char out[DEFAULT_ROUTES][DEFAULT_ROUTE_MAX])
{
    if (strcmp(name, "default") == 0) {
        snprintf(out[0], DEFAULT_ROUTE_MAX, "$default");
        return 1;
    }
    snprintf(out[0], DEFAULT_ROUTE_MAX, "ANY /%s", name);
    snprintf(out[1], DEFAULT_ROUTE_MAX, "ANY /%s/{path+}", name);
    return 2;
}

/* Allocates the deployment, with its routes behind it. */
static int allocate(making_t *m)
{
    char defaults[DEFAULT_ROUTES][DEFAULT_ROUTE_MAX];
    const char *texts[DEFAULT_ROUTES] = {defaults[0], defaults[1]};
    const char *const *routes = texts;
    size_t count = m->document->nroutes;
    if (count > 0) {
        routes = m->document->routes;
    } else {
        count = default_routes(m->name, defaults);
    }
    size_t size = sizeof(isere_deployment_t) + (count + 1) * sizeof(char *);
    for (size_t i = 0; i < count; i++) {
        size += strlen(routes[i]) + 1;
    }
    isere_deployment_t *d = isere_alloc(m->port, size);
    if (!d) {
        isere_fault_set(m->fault, "not enough memory for the function");
        return ISERE_ERR_NOMEM;
    }
    memset(d, 0, size);
    const char **list = (const char **)(d + 1);
    char *text = (char *)(list + count + 1);
    for (size_t i = 0; i < count; i++) {
        size_t len = strlen(routes[i]) + 1;
        list[i] = memcpy(text, routes[i], len);
        text += len;
    }
    d->routes = list;
    d->nroutes = count;
    m->deployment = d;
    return 0;
}

/* ---- code ---- */

/* Only reads: compiling may be abandoned in here. */
static int load(void *ctx, const char *name, isere_slice_t *source)
{
    const isere_package_t *d = ctx;
    for (size_t i = 0; i < d->nfiles; i++) {
        if (isere_slice_is(d->files[i].name, name)) {
            *source = d->files[i].source;
            return 0;
        }
    }
    return ISERE_ERR_NOENT;
}

static int load_nothing(void *ctx, const char *name, isere_slice_t *source)
{
    (void)ctx;
    (void)name;
    *source = isere_slice("");
    return 0;
}

static int compile(making_t *m)
{
    isere_loader_t loader = {m->document, m->blank ? load_nothing : load};
    isere_deployment_t *d = m->deployment;
    return isere__compile_within(m->port, &loader, m->document->main.ptr, "",
                                 m->config->init_timeout_ms, false, &d->code,
                                 &d->code_size, m->fault);
}

/* ---- the function ---- */

static size_t count_texts(const char *const *texts)
{
    size_t count = 0;
    while (texts && texts[count]) {
        count++;
    }
    return count;
}

static void configure(const making_t *m, isere_function_config_t *config,
                      const char **env)
{
    const isere_package_t *document = m->document;
    size_t count = count_texts(config->env);
    if (count > 0) {
        memcpy(env, config->env, count * sizeof(*env));
    }
    for (size_t i = 0; i < document->nenv; i++) {
        env[count + i] = document->env[i];
    }
    env[count + document->nenv] = NULL;
    config->env = env;
    if (document->memory > 0) {
        config->memory_bytes = (size_t)document->memory;
    }
    if (document->timeout_ms > 0) {
        config->timeout_ms = document->timeout_ms;
    }
    if (document->has_payload) {
        config->payload = document->payload;
    }
}

static int create_function(making_t *m)
{
    const isere_port_t *port = m->port;
    isere_deployment_t *d = m->deployment;
    isere_function_config_t config = *m->config;
    char version[16];
    size_t nenv = count_texts(config.env) + m->document->nenv;
    const char **env = isere_alloc(port, (nenv + 1) * sizeof(*env));
    if (!env) {
        isere_fault_set(m->fault, "not enough memory for the function");
        return ISERE_ERR_NOMEM;
    }
    configure(m, &config, env);
    snprintf(version, sizeof(version), "%u", (unsigned)d->version);
    config.name = d->name;
    config.version = version;
    int error = isere_function_create(port, d->code, d->code_size, &config,
                                      &d->function, m->fault);
    isere_free(port, env);
    return error;
}

/* Texts that the function has a copy of anyway. */
static void borrow_texts(making_t *m)
{
    isere_deployment_t *d = m->deployment;
    const isere_function_t *function = d->function;
    size_t count = count_texts(function->config.env);
    d->main = isere_bundle_name(&function->bundle, 0);
    d->env = function->config.env + (count - m->document->nenv);
}

/* All but the code and the function. */
static int begin(making_t *m, const char *sha256, size_t bytes)
{
    int error = allocate(m);
    if (error) {
        return error;
    }
    isere_deployment_t *d = m->deployment;
    atomic_init(&d->references, 1);
    d->port = *m->port;
    d->version = m->version;
    d->blank = m->blank;
    d->bytes = bytes;
    snprintf(d->name, sizeof(d->name), "%s", m->name);
    isere_text_copy(d->sha256, sizeof(d->sha256), isere_slice(sha256));
    isere_text_copy(d->source, sizeof(d->source), m->document->source);
    return 0;
}

/* The code is there. */
static int end(making_t *m)
{
    int error = create_function(m);
    if (!error) {
        borrow_texts(m);
    }
    return error;
}

/* Whose code the engine reads, for what survives a fault. */
static void note(const making_t *m, bool works)
{
    const isere_port_t *port = m->port;
    char text[16];
    if (port->exec_note) {
        snprintf(text, sizeof(text), "%lu", (unsigned long)m->version);
        port->exec_note(port->ctx, works ? m->name : NULL, works ? text : NULL);
    }
}

/* It is made, or not at all. */
static int finish(making_t *m, int error, isere_deployment_t **deployment)
{
    isere__package_drop(m->port, m->document);
    if (error) {
        isere_deployment_release(m->deployment);
        return error;
    }
    *deployment = m->deployment;
    return 0;
}

static int make(making_t *m, const isere_store_document_t *document)
{
    char sha256[65];
    size_t bytes = 0;
    for (size_t i = 0; i < m->document->nfiles; i++) {
        bytes += m->document->files[i].source.len;
    }
    isere_sha256_hex(document->sha256, sha256);
    int error = begin(m, sha256, bytes);
    if (!error) {
        error = compile(m);
    }
    return error ? error : end(m);
}

static int create(making_t *m, const isere_store_document_t *document,
                  isere_deployment_t **deployment)
{
    note(m, true);
    int error = isere__package_read(
        m->port, isere_slice_of(document->text, document->size), NULL,
        &m->document, m->fault);
    if (!error) {
        error = finish(m, make(m, document), deployment);
    }
    note(m, false);
    return error;
}

int isere_deployment_create(const isere_port_t *port, const char *name,
                            uint32_t version,
                            const isere_store_document_t *document,
                            const isere_function_config_t *config,
                            isere_deployment_t **deployment,
                            isere_fault_t *fault)
{
    making_t m = {
        .port = port,
        .config = config,
        .name = name,
        .version = version,
        .fault = fault,
    };
    return create(&m, document, deployment);
}

int isere_deployment_create_blank(const isere_port_t *port, const char *name,
                                  uint32_t version,
                                  const isere_store_document_t *document,
                                  const isere_function_config_t *config,
                                  isere_deployment_t **deployment,
                                  isere_fault_t *fault)
{
    making_t m = {
        .port = port,
        .config = config,
        .name = name,
        .version = version,
        .fault = fault,
        .blank = true,
    };
    return create(&m, document, deployment);
}

static int restore(making_t *m, isere_deployment_code_t *code, size_t bytes)
{
    int error = begin(m, code->sha256, bytes);
    if (error) {
        return error;
    }
    m->deployment->code = code->bundle;
    m->deployment->code_size = code->bundle_size;
    code->bundle = NULL;
    return end(m);
}

int isere_deployment_restore(const isere_port_t *port, const char *name,
                             uint32_t version, isere_deployment_code_t *code,
                             const isere_function_config_t *config,
                             isere_deployment_t **deployment,
                             isere_fault_t *fault)
{
    making_t m = {
        .port = port,
        .config = config,
        .name = name,
        .version = version,
        .fault = fault,
    };
    size_t bytes;
    int error = isere_settings_decode(port, code->settings, code->settings_size,
                                      &m.document, &bytes);
    if (!error) {
        note(&m, true);
        error = finish(&m, restore(&m, code, bytes), deployment);
        note(&m, false);
    }
    return error;
}

int isere_deployment_check(const isere_port_t *port,
                           const isere_deployment_t *deployment,
                           isere_fault_t *fault)
{
    isere_instance_t *instance;
    isere_fault_set(fault, "");
    int error =
        isere_instance_create(port, deployment->function, &instance, fault);
    if (!error) {
        isere_instance_destroy(instance);
    } else if (!fault->message[0]) {
        isere_fault_set(fault, "not enough memory for an instance");
    }
    return error;
}

isere_deployment_t *isere_deployment_hold(isere_deployment_t *deployment)
{
    if (deployment) {
        atomic_fetch_add_explicit(&deployment->references, 1,
                                  memory_order_relaxed);
    }
    return deployment;
}

void isere_deployment_release(isere_deployment_t *deployment)
{
    /* The last one must see what all others did to it before. */
    if (!deployment || atomic_fetch_sub_explicit(&deployment->references, 1,
                                                 memory_order_acq_rel) != 1) {
        return;
    }
    isere_port_t port = deployment->port;
    isere_stats_t *stats = deployment->stats;
    if (stats && atomic_fetch_sub(&stats->references, 1) == 1) {
        isere_free(&port, stats);
    }
    if (deployment->code) {
        isere_function_destroy(deployment->function);
    }
    isere_free(&port, deployment->code);
    isere_free(&port, deployment);
}
