/*
 * Deployments: compiles a package to a function that can be served.
 *
 * Making one needs the compiler's heap (ISERE_COMPILE_MEMORY), so what is
 * large is given back as early as can be: the stored text when the package is
 * read, the package when the code is there.
 */
#include "core/deploy/deployment.h"
#include "core/code/bundle.h"
#include "core/code/compile.h"
#include "core/deploy/package/settings.h"
#include "core/deploy/package/stored.h"
#include "core/heap/fault.h"
#include "core/isolate/function.h"
#include "core/util/encode/sha256.h"
#include "core/util/text.h"
#include <stdio.h>

/* Room for the routes that a function has when its package has none. */
enum { DEFAULT_ROUTES = 2, DEFAULT_ROUTE_MAX = 64 };

/* What is being made, and what it is made of. */
typedef struct making {
    const isere_port_t *port;
    const isere_deployment_parts_t *parts;
    isere_deployment_t *deployment;
    isere_fault_t *fault;
} making_t;

/* ---- routes ---- */

/* Writes the routes of a function whose package names none: all paths below
 * its name, or, of the function "default", all paths that no other function
 * has. */
static void default_routes(const char *name, bool is_default,
                           char out[DEFAULT_ROUTES][DEFAULT_ROUTE_MAX])
{
    if (is_default) {
        snprintf(out[0], DEFAULT_ROUTE_MAX, "$default");
    } else {
        snprintf(out[0], DEFAULT_ROUTE_MAX, "ANY /%s", name);
        snprintf(out[1], DEFAULT_ROUTE_MAX, "ANY /%s/{path+}", name);
    }
}

/* Allocates the deployment, with its routes behind it: they live as long as it
 * does, and one block costs less on a device than many. The list ends with
 * NULL, for those that only walk through it. */
static int allocate(making_t *m)
{
    char defaults[DEFAULT_ROUTES][DEFAULT_ROUTE_MAX];
    const char *texts[DEFAULT_ROUTES] = {defaults[0], defaults[1]};
    const char *const *routes = texts;
    size_t count = m->parts->package->nroutes;
    if (count > 0) {
        routes = m->parts->package->routes;
    } else {
        bool is_default = strcmp(m->parts->name, "default") == 0;
        default_routes(m->parts->name, is_default, defaults);
        count = is_default ? 1 : DEFAULT_ROUTES;
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

/* The compiler's loader. Only reads: compiling may be abandoned in here by a
 * longjmp (a timeout or a crash, see exec_run), and then the package must be
 * whole, since its owner still frees it. */
static int load(void *ctx, const char *name, isere_slice_t *source)
{
    const isere_package_t *package = ctx;
    for (size_t i = 0; i < package->nfiles; i++) {
        if (isere_slice_is(package->files[i].name, name)) {
            *source = package->files[i].source;
            return 0;
        }
    }
    return ISERE_ERR_NOENT;
}

/* For blank ones: imports find their files, and none of them has code. */
static int load_nothing(void *ctx, const char *name, isere_slice_t *source)
{
    (void)ctx;
    (void)name;
    *source = isere_slice(""); /* with its NUL */
    return 0;
}

/* What isere__kept_record_make will need for the deployment. */
static size_t settings_size(const making_t *m)
{
    return isere_settings_size(&(isere_settings_t){
        .routes = m->deployment->routes,
        .nroutes = m->deployment->nroutes,
        .env = m->parts->package->env,
        .nenv = m->parts->package->nenv,
        .handler = m->parts->package->calls.handler.len > 0
                       ? m->parts->package->calls.handler.ptr
                       : m->parts->config->handler,
        .cors = m->parts->package->calls.cors,
    });
}

static int compile_with(making_t *m, const isere_compile_options_t *options)
{
    isere_deployment_t *d = m->deployment;
    int error =
        isere_compile_with(m->port, options, &d->code, &d->code_size, m->fault);
    if (!error && options->sink && options->sink->code) {
        d->code = (void *)options->sink->code;
        d->flash.has_code = true;
    }
    return error;
}

/* An instance's memory is enough for most functions, and can be had without
 * giving up more than one. If it is not, all that there is. */
static int compile(making_t *m)
{
    const isere_deployment_parts_t *parts = m->parts;
    isere_loader_t loader = {(void *)parts->package,
                             parts->blank ? load_nothing : load};
    const size_t most = ISERE_COMPILE_MOST;
    size_t first = most > 0 ? parts->config->memory_bytes : 0;
    isere_compile_options_t options = {
        .loader = &loader,
        .main_name = parts->package->main.ptr,
        .prefix = "",
        .timeout_ms = parts->config->init_timeout_ms,
        .memory = first,
        .in_place = parts->package->has_nuls,
        .sink = parts->sink,
    };
    if (parts->sink) {
        parts->sink->more = settings_size(m);
    }
    int error = compile_with(m, &options);
    if (error == ISERE_ERR_LIMIT && most > first) {
        options.memory = most;
        options.least = first;
        error = compile_with(m, &options);
    }
    return error;
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

/* What the package gives goes before what the server has for all functions; of
 * two variables of the same name the last one counts, which is the package's.
 */
static void configure(const making_t *m, isere_function_config_t *config,
                      const char **env)
{
    const isere_package_t *package = m->parts->package;
    size_t count = count_texts(config->env);
    if (count > 0) {
        memcpy(env, config->env, count * sizeof(*env));
    }
    for (size_t i = 0; i < package->nenv; i++) {
        env[count + i] = package->env[i];
    }
    env[count + package->nenv] = NULL;
    config->env = env;
    if (package->memory > 0) {
        config->memory_bytes = (size_t)package->memory;
    }
    if (package->timeout_ms > 0) {
        config->timeout_ms = package->timeout_ms;
    }
    if (package->has_payload) {
        config->payload = package->payload;
    }
    if (package->calls.handler.len > 0) {
        config->handler = package->calls.handler.ptr;
    }
    if (package->calls.cors) {
        config->cors = package->calls.cors;
    }
}

/* The function copies what it is given, so the list is needed for the call
 * only. The version is what handlers see as their function's version. */
static int create_function(making_t *m)
{
    const isere_port_t *port = m->port;
    isere_deployment_t *d = m->deployment;
    isere_function_config_t config = *m->parts->config;
    char version[16];
    size_t nenv = count_texts(config.env) + m->parts->package->nenv;
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

/* Texts that the function has a copy of anyway: the name of the main module is
 * the first of the bundle, and the package's variables are the last of the
 * function's. */
static void borrow_texts(making_t *m)
{
    isere_deployment_t *d = m->deployment;
    const isere_function_t *function = d->function;
    size_t count = count_texts(function->config.env);
    d->main = isere_bundle_name(&function->bundle, 0);
    d->env = function->config.env + (count - m->parts->package->nenv);
}

/* All but the code and the function. The source says where a package came from;
 * it is cut to what a fingerprint has. */
static int begin(making_t *m)
{
    const isere_deployment_parts_t *parts = m->parts;
    const isere_package_t *package = parts->package;
    int error = allocate(m);
    if (error) {
        return error;
    }
    isere_deployment_t *d = m->deployment;
    atomic_init(&d->references, 1);
    d->port = *m->port;
    d->version = parts->version;
    d->previous = parts->previous;
    d->blank = parts->blank;
    d->bytes = package->bytes;
    snprintf(d->name, sizeof(d->name), "%s", parts->name);
    isere_sha256_hex(package->sha256, d->sha256);
    isere_text_copy(d->source, sizeof(d->source), package->source);
    return 0;
}

/* The code that was kept, or that of the sources. */
static int get_code(making_t *m)
{
    const isere_deployment_parts_t *parts = m->parts;
    if (!parts->code) {
        return compile(m);
    }
    m->deployment->code = parts->code;
    m->deployment->code_size = parts->code_size;
    m->deployment->flash.has_code = parts->in_flash;
    return 0;
}

/* Kept code belongs to this call from the beginning, also when it fails before
 * the code is in the deployment: then it is freed here, and later by the
 * deployment. */
static int make(making_t *m)
{
    int error = begin(m);
    if (error) {
        isere_deployment_drop_code(m->port, m->parts);
        return error;
    }
    error = get_code(m);
    if (!error) {
        error = create_function(m);
    }
    if (!error) {
        borrow_texts(m);
    }
    return error;
}

/* ---- making it ---- */

/* Whose code the engine reads, for what survives a fault. */
static void note(const isere_port_t *port,
                 const isere_deployment_parts_t *parts, bool works)
{
    char text[16];
    if (port->exec_note) {
        snprintf(text, sizeof(text), "%lu", (unsigned long)parts->version);
        port->exec_note(port->ctx, works ? parts->name : NULL,
                        works ? text : NULL);
    }
}

/* It is made, or not at all: what is half made is released like a whole one,
 * since all that is not there yet is zero. */
static int create(const isere_port_t *port,
                  const isere_deployment_parts_t *parts,
                  isere_deployment_t **deployment, isere_fault_t *fault)
{
    making_t m = {.port = port, .parts = parts, .fault = fault};
    int error = make(&m);
    if (error) {
        isere_deployment_release(m.deployment);
        return error;
    }
    *deployment = m.deployment;
    return 0;
}

int isere_deployment_create(const isere_port_t *port,
                            const isere_deployment_parts_t *parts,
                            isere_deployment_t **deployment,
                            isere_fault_t *fault)
{
    note(port, parts, true);
    int error = create(port, parts, deployment, fault);
    note(port, parts, false);
    return error;
}

/* The text is gone when the package is there: both are large. */
static int read_stored(const isere_port_t *port, const isere_store_t *store,
                       const isere_deployment_parts_t *parts,
                       isere_package_t **package, isere_fault_t *fault)
{
    isere_stored_t stored;
    isere_fault_set(fault, "");
    int error = isere_stored_read(port, store, parts->extents, parts->name,
                                  parts->version, &stored);
    if (error) {
        return error;
    }
    error = isere_package_read_stored(port, stored.text, stored.sha256,
                                      parts->extents, package, fault);
    isere_stored_drop(port, &stored);
    return error;
}

int isere_deployment_load(const isere_port_t *port, const isere_store_t *store,
                          const isere_deployment_parts_t *parts,
                          isere_deployment_t **deployment, isere_fault_t *fault)
{
    isere_deployment_parts_t complete = *parts;
    isere_package_t *package;
    note(port, parts, true);
    int error = read_stored(port, store, parts, &package, fault);
    if (!error) {
        complete.package = package;
        error = create(port, &complete, deployment, fault);
        isere_package_drop(port, package);
    }
    note(port, parts, false);
    return error;
}

/* ---- its life ---- */

/* The init phase runs the author's code, so it decides whether a version is
 * any good before one request depends on it. Its heap is as large as an
 * instance's; nothing of it is kept. */
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

size_t isere_deployment_memory(const isere_deployment_t *deployment)
{
    return deployment->function->config.memory_bytes;
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
    } else if (deployment->released) {
        deployment->released(deployment->released_arg, deployment->function);
    }
    isere_flash_image_release(&deployment->flash.image);
    if (deployment->flash.code) {
        isere_extents_release(deployment->flash.code);
    }
    isere_free(&port, deployment->flash.has_code ? NULL : deployment->code);
    isere_free(&port, deployment);
}
