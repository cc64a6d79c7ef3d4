/*
 * A change of one function: from checking it to the catalog that has it.
 *
 * Until isere_plan_commit nothing of a plan is visible, and dropping it undoes
 * it. The commit writes the store first, then publishes: no version is served,
 * or reported as deployed, that a power cut could take back.
 */
#include "core/deploy/plan.h"
#include "core/deploy/kept/flashed.h"
#include "core/deploy/kept/kept.h"
#include "core/heap/fault.h"

/* ---- what it will be ---- */

/* All zero, so that a plan may be dropped at any point of its making. */
static void begin(isere_plan_t *plan, isere_plan_kind_t kind,
                  isere_registry_t *registry, const isere_port_t *port)
{
    memset(plan, 0, sizeof(*plan));
    plan->kind = kind;
    plan->registry = registry;
    plan->port = port;
}

int isere_plan_deploy(isere_plan_t *plan, isere_registry_t *registry,
                      const isere_port_t *port, const char *name)
{
    begin(plan, ISERE_PLAN_DEPLOY, registry, port);
    return isere_store_plan_put(&registry->store, name, &plan->store);
}

int isere_plan_rollback(isere_plan_t *plan, isere_registry_t *registry,
                        const isere_port_t *port, const char *name)
{
    begin(plan, ISERE_PLAN_ROLLBACK, registry, port);
    return isere_store_plan_rollback(&registry->store, name, &plan->store);
}

void isere_plan_fill(isere_plan_t *plan, isere_registry_t *registry,
                     const isere_port_t *port, const isere_deployment_t *blank)
{
    isere_store_manifest_t *after = &plan->store.after;
    begin(plan, ISERE_PLAN_FILL, registry, port);
    memcpy(after->name, blank->name, sizeof(after->name));
    after->current = blank->version;
    after->previous = blank->previous;
}

void isere_plan_remove(isere_plan_t *plan, isere_registry_t *registry,
                       const isere_port_t *port, const char *name)
{
    isere_store_manifest_t *after = &plan->store.after;
    begin(plan, ISERE_PLAN_REMOVE, registry, port);
    memcpy(after->name, name, strlen(name));
}

/* ---- its deployment ---- */

static isere_deployment_parts_t parts_of(const isere_plan_t *plan)
{
    return (isere_deployment_parts_t){
        .name = plan->store.after.name,
        .version = plan->store.after.current,
        .previous = plan->store.after.previous,
        .config = &plan->registry->config.defaults,
        .extents = plan->registry->extents,
    };
}

static void drop_deployment(isere_plan_t *plan)
{
    isere_deployment_release(plan->deployment);
    plan->deployment = NULL;
    if (plan->code) {
        isere_extents_abort(plan->code);
        isere_free(plan->port, plan->code);
        plan->code = NULL;
    }
}

/* Where there is flash the code goes there, in pieces: no memory but that of
 * the compiler has all of it. Without memory for the writer it goes to a block.
 */
static isere_compile_sink_t *make_sink(isere_plan_t *plan,
                                       isere_flashed_sink_t *sink)
{
    if (isere_registry_has_flash(plan->registry)) {
        plan->code = isere_alloc(plan->port, sizeof(*plan->code));
    }
    return isere__flashed_sink(sink, plan->registry, plan->store.after.name,
                               plan->code);
}

/* In memory an instance needs more of it than with an image. */
static int check_in_memory(isere_plan_t *plan, isere_fault_t *fault)
{
    const isere_deployment_t *d = plan->deployment;
    int error = isere_deployment_check(plan->port, d, fault);
    if (error == ISERE_ERR_HANDLER && d->flash.tried &&
        strstr(fault->message, "out of memory")) {
        isere_fault_hint(fault, ". With an image in flash it would need less; "
                                "there is none: see the log");
    }
    return error;
}

/* The init phase decides whether a deployment is any good. It is run before
 * anything is stored: a version that can't start must not be the one that a
 * restart finds. Where an image is made of it, it is not run once more. */
static int check(isere_plan_t *plan, isere_fault_t *fault)
{
    if (plan->code) {
        isere__flashed_stage(plan->port, plan->deployment, plan->code);
    }
    int error =
        isere__flashed_try(plan->registry, plan->port, plan->deployment, fault);
    if (error == ISERE_ERR_INVAL) {
        error = check_in_memory(plan, fault);
    }
    if (error) {
        drop_deployment(plan);
    }
    return error;
}

/* The limits are those of deploying: a package that is stored already is not
 * held to them, since they may have been lowered since. */
static int read_package(const isere_plan_t *plan,
                        const isere_package_body_t *body,
                        isere_package_t **package, isere_fault_t *fault)
{
    const isere_registry_config_t *config = &plan->registry->config;
    const isere_package_limits_t limits = {
        .memory_min = config->memory_min,
        .memory_max = config->memory_max,
        .timeout_max_ms = config->timeout_max_ms,
        .file_max = plan->registry->extents ? config->sizes.file : 0,
        .extents = plan->registry->extents,
    };
    return body->is_source
               ? isere_package_read_source(plan->port, plan->store.after.name,
                                           body, package, fault)
               : isere_package_read(plan->port, body->bytes, &limits, package,
                                    fault);
}

/* The text is made when the compiler's heap is gone, and the package goes
 * before the init phase has its own: on a device there is no room for all. */
static int compile(isere_plan_t *plan, const isere_package_t *package,
                   isere_fault_t *fault)
{
    isere_deployment_parts_t parts = parts_of(plan);
    isere_flashed_sink_t sink;
    parts.package = package;
    parts.sink = make_sink(plan, &sink);
    int error =
        isere_deployment_create(plan->port, &parts, &plan->deployment, fault);
    if (!error) {
        error = isere_stored_write(plan->port, package, plan->registry->extents,
                                   &plan->text, fault);
    }
    if (error) {
        drop_deployment(plan);
    }
    return error;
}

/* A package that says nothing of variables leaves those that there are: they
 * are often secrets, which whoever deploys the next version need not have. Only
 * this thread changes the catalog, so they stay there for as long as the
 * package. */
static void keep_env(isere_plan_t *plan, isere_package_t *package)
{
    const isere_catalog_entry_t *entry =
        isere_catalog_find(plan->registry->catalog, plan->store.after.name);
    const isere_deployment_t *old = entry ? entry->deployment : NULL;
    plan->kept_env = !package->has_env && old && old->env[0];
    if (plan->kept_env) {
        isere_package_set_env(package, old->env);
    }
}

/* The package is dropped before the init phase, with `body` still borrowed
 * from the request. */
int isere_plan_compile(isere_plan_t *plan, const isere_package_body_t *body,
                       isere_fault_t *fault)
{
    isere_package_t *package;
    int error = read_package(plan, body, &package, fault);
    if (error) {
        return error;
    }
    keep_env(plan, package);
    error = compile(plan, package, fault);
    isere_package_drop(plan->port, package);
    if (!error) {
        error = check(plan, fault);
    }
    if (error) {
        isere_stored_drop(plan->port, &plan->text);
    }
    return error;
}

int isere_plan_load(isere_plan_t *plan, isere_fault_t *fault)
{
    isere_deployment_parts_t parts = parts_of(plan);
    isere_flashed_sink_t sink;
    parts.sink = make_sink(plan, &sink);
    int error = isere_deployment_load(plan->port, &plan->registry->store,
                                      &parts, &plan->deployment, fault);
    if (error) {
        drop_deployment(plan);
        return error;
    }
    return check(plan, fault);
}

/* ---- its end ---- */

/* A version that is no larger than the one it replaces takes nothing away. */
static bool is_larger(const isere_plan_t *plan)
{
    const isere_catalog_entry_t *entry =
        isere_catalog_find(plan->registry->catalog, plan->store.after.name);
    const isere_deployment_t *old = entry ? entry->deployment : NULL;
    return plan->deployment &&
           (!old || plan->deployment->code_size > old->code_size);
}

/* The reserve is looked for with all in place: the version, the one before it,
 * and both catalogs. */
int isere_plan_place(isere_plan_t *plan, isere_fault_t *fault)
{
    int error = isere__catalog_change(plan->registry, plan->store.after.name,
                                      plan->deployment, &plan->next, fault);
    if (!error && is_larger(plan) &&
        !isere__registry_has_reserve(plan->registry, fault)) {
        error = ISERE_ERR_LIMIT; /* the next catalog is dropped with the plan */
    }
    return error;
}

static int change_store(const isere_plan_t *plan)
{
    const isere_store_t *store = &plan->registry->store;
    int error;
    switch (plan->kind) {
    case ISERE_PLAN_DEPLOY:
        return isere_store_put(store, &plan->store, plan->text.text,
                               plan->text.sha256);
    case ISERE_PLAN_ROLLBACK:
        return isere_store_rollback(store, &plan->store);
    case ISERE_PLAN_REMOVE:
        error = isere_store_remove(store, plan->store.after.name);
        /* Somebody else may have removed it from the medium. */
        return error == ISERE_ERR_NOENT ? 0 : error;
    default:
        return 0;
    }
}

/* The store is the last thing that may fail. Kept code is written after the
 * catalog is published and may be lost: the next start compiles then. */
int isere_plan_commit(isere_plan_t *plan)
{
    int error = change_store(plan);
    if (error) {
        return error;
    }
    plan->generation = isere__registry_publish(plan->registry, plan->next);
    plan->next = NULL;
    if (plan->deployment) {
        isere__kept_save(plan->registry, plan->deployment);
        if (plan->code) {
            isere__flashed_commit(plan->registry, plan->deployment, plan->code);
        }
    } else {
        isere__kept_drop(plan->registry, plan->store.after.name);
        isere__flashed_drop(plan->registry, plan->store.after.name);
    }
    return 0;
}

/* What was published or is part of the catalog has another reference by now,
 * and its code is committed. The image of what was not goes with it. */
void isere_plan_drop(isere_plan_t *plan)
{
    isere_catalog_release(plan->next);
    if (plan->deployment && !plan->generation) {
        isere_flash_image_remove(&plan->deployment->flash.image);
    }
    drop_deployment(plan);
    isere_stored_drop(plan->port, &plan->text);
}
