/*
 * Calls that change or read the store: deploy, roll back, remove, files.
 *
 * A deploy in the order that makes it safe: the package is checked, compiled
 * and its init phase run; its routes are tried in a catalog that nobody sees
 * yet; the store keeps it; and then, as nothing can fail any more, the catalog
 * is published (plan.h). So what fails changes nothing, and what was answered
 * is kept.
 */
#include "core/control/plan.h"
#include "core/util/log.h"
#include "core/util/text.h"
#include <stdio.h>

/* ---- answers ---- */

typedef void put_fn(isere_writer_t *text, const void *arg);

/* Makes a text of a length that is not known before, in place of the one that
 * there may be. */
static void answer(isere_work_t *work, int status, put_fn *put, const void *arg)
{
    const isere_port_t *port = &work->registry->port;
    isere_free(port, work->text);
    work->status = status;
    work->text =
        isere__control_text(&work->registry->port, put, arg, &work->text_size);
}

static void put_fault(isere_writer_t *text, const void *arg)
{
    const isere_fault_t *fault = arg;
    isere_writer_puts(text, "{\"message\":");
    isere_writer_json(text, isere_slice(fault->message));
    if (fault->file[0]) {
        isere_writer_puts(text, ",\"file\":");
        isere_writer_json(text, isere_slice(fault->file));
    }
    if (fault->line > 0) {
        isere_writer_printf(text, ",\"line\":%d,\"column\":%d", fault->line,
                            fault->column);
    }
    if (fault->stack[0]) {
        isere_writer_puts(text, ",\"stack\":");
        isere_writer_json(text, isere_slice(fault->stack));
    }
    isere_writer_puts(text, "}");
}

static void fail(isere_work_t *work, int status, const char *message)
{
    isere_fault_t *fault = &work->fault;
    if (message) {
        memset(fault, 0, sizeof(*fault));
        isere_text_copy(fault->message, sizeof(fault->message),
                        isere_slice(message));
    }
    answer(work, status, put_fault, fault);
}

/* What an error of the store or of memory means to the caller: 5xx, since
 * another request would not do better. */
static void fail_with(isere_work_t *work, int error)
{
    switch (error) {
    case ISERE_ERR_LIMIT:
        fail(work, 507, "the store is full: nothing was changed");
        break;
    case ISERE_ERR_NOMEM:
        fail(work, 503, "not enough memory at the moment: try again");
        break;
    case ISERE_ERR_NOENT:
        fail(work, 404, "there is no function of that name");
        break;
    case ISERE_ERR_INVAL:
        fail(work, 500, "the function's stored data is damaged");
        break;
    default:
        fail(work, 500, "the store can't be read or written");
        break;
    }
}

static void put_summary(isere_writer_t *text, const void *arg)
{
    isere__control_put_summary(text, arg);
}

static void log_done(isere_work_t *work, const isere_port_t *port,
                     const char *what, uint32_t version)
{
    char text[96];
    snprintf(text, sizeof(text), "%s %s, version %lu", what, work->name,
             (unsigned long)version);
    isere_log_record_t record = {
        .level = ISERE_LOG_INFO,
        .function = isere_slice(work->name),
        .message = isere_slice(text),
    };
    isere_log(port, &record);
}

/* ---- making a deployment ---- */

/* Whether it is worth another attempt. That begins anew, with nothing in
 * memory: what was there already might lie in the middle of what became free.
 */
static bool made_room(const isere_work_t *work, int error)
{
    return error == ISERE_ERR_NOMEM && work->reclaim &&
           work->reclaim(work->reclaim_arg);
}

/* Of what the store has. */
static int load(isere_work_t *work, isere_plan_t *plan)
{
    int error;
    do {
        error = isere_plan_load(plan, &work->fault);
    } while (made_room(work, error));
    return error;
}

/* The function is at fault, or memory is short. */
static void fail_to_prepare(isere_work_t *work, int error)
{
    if (error == ISERE_ERR_LIMIT) {
        fail(work, 413, NULL); /* more than the compiler's memory holds */
    } else if (error == ISERE_ERR_HANDLER || error == ISERE_ERR_INVAL) {
        fail(work, 400, NULL);
    } else if (error == ISERE_ERR_CRASH) {
        fail(work, 500, work->fault.message[0] ? NULL : "the server crashed");
    } else {
        fail_with(work, error);
    }
}

/* The same of a version that ran once: the function is at fault now, or (with
 * no message) the store is. */
static void fail_to_start(isere_work_t *work, int error)
{
    bool is_its_own = work->fault.message[0] && error != ISERE_ERR_NOMEM;
    if (is_its_own && error != ISERE_ERR_CRASH) {
        fail(work, 409, NULL);
    } else if (error == ISERE_ERR_CRASH) {
        fail_to_prepare(work, error);
    } else {
        fail_with(work, error);
    }
}

/* ---- carrying it out ---- */

/* The answer to what can't fail once it is stored: made before that. */
static int prepare_answer(isere_work_t *work, int status,
                          const isere_summary_t *summary)
{
    answer(work, status, put_summary, summary);
    return work->text ? 0 : ISERE_ERR_NOMEM;
}

/* Places and commits a plan. Without a summary nothing is said about it. */
static void carry_out(isere_work_t *work, isere_plan_t *plan, int status,
                      const isere_summary_t *summary)
{
    int error = isere_plan_place(plan, &work->fault);
    if (error == ISERE_ERR_INUSE) {
        fail(work, 409, NULL);
        return;
    }
    if (!error && summary) {
        error = prepare_answer(work, status, summary);
    }
    if (!error) {
        error = isere_plan_commit(plan);
    }
    if (error) {
        fail_with(work, error);
        return;
    }
    work->status = status;
    work->generation = plan->generation;
}

/* ---- deploying ---- */

/* Whether it may be another function of the same name: its main file has
 * another name, or both say that they are from different places. */
static bool is_other(const isere_deployment_t *old, const isere_deployment_t *d)
{
    return strcmp(old->main, d->main) != 0 ||
           (old->source[0] && d->source[0] &&
            strcmp(old->source, d->source) != 0);
}

static void deploy_compiled(isere_work_t *work, isere_plan_t *plan)
{
    const isere_catalog_entry_t *entry =
        isere_catalog_find(work->registry->catalog, work->name);
    const isere_deployment_t *old = entry ? entry->deployment : NULL;
    const isere_deployment_t *d = plan->deployment;
    const isere_summary_t summary = {
        .deployment = d,
        .replaced = old && is_other(old, d) ? old : NULL,
    };
    carry_out(work, plan, entry ? 200 : 201, &summary);
    if (plan->generation) {
        log_done(work, plan->port, "deployed", d->version);
    }
}

static void deploy(isere_work_t *work, const isere_port_t *port)
{
    isere_registry_t *registry = work->registry;
    isere_plan_t plan;
    int error = isere_plan_deploy(&plan, registry, port, work->name);
    if (error) {
        fail_with(work, error);
    } else {
        do {
            error = isere_plan_compile(&plan, work->body, work->is_source,
                                       &work->fault);
        } while (made_room(work, error));
        if (error) {
            fail_to_prepare(work, error);
        } else {
            deploy_compiled(work, &plan);
        }
    }
    isere_plan_drop(&plan);
    atomic_fetch_add(work->status < 300 ? &registry->deploys_ok
                                        : &registry->deploys_failed,
                     1);
}

/* ---- rolling back ---- */

static void roll_back_loaded(isere_work_t *work, isere_plan_t *plan)
{
    const isere_deployment_t *d = plan->deployment;
    carry_out(work, plan, 200, &(isere_summary_t){.deployment = d});
    if (plan->generation) {
        log_done(work, plan->port, "rolled back", d->version);
    }
}

static void roll_back(isere_work_t *work, const isere_port_t *port)
{
    isere_plan_t plan;
    int error = isere_plan_rollback(&plan, work->registry, port, work->name);
    if (error == ISERE_ERR_NOENT && plan.store.before.current != 0) {
        fail(work, 409, "there is no version before this one");
    } else if (error) {
        fail_with(work, error);
    } else {
        error = load(work, &plan);
        if (error) {
            fail_to_start(work, error);
        } else {
            roll_back_loaded(work, &plan);
        }
    }
    isere_plan_drop(&plan);
}

/* ---- removing ---- */

static void remove_function(isere_work_t *work, const isere_port_t *port)
{
    isere_plan_t plan;
    const isere_catalog_entry_t *entry =
        isere_catalog_find(work->registry->catalog, work->name);
    if (!entry) {
        fail_with(work, ISERE_ERR_NOENT);
        return;
    }
    uint32_t version = entry->version;
    isere_plan_remove(&plan, work->registry, port, work->name);
    carry_out(work, &plan, 204, NULL);
    if (plan.generation) {
        log_done(work, port, "removed", version);
    }
    isere_plan_drop(&plan);
}

/* ---- ending a quarantine ---- */

/* The same version, with its code. */
static int fill(isere_work_t *work, const isere_port_t *port,
                const isere_deployment_t *blank)
{
    isere_plan_t plan;
    isere_plan_fill(&plan, work->registry, port, blank);
    int error = load(work, &plan);
    if (!error) {
        error = isere_plan_place(&plan, &work->fault);
    }
    if (!error) {
        error = isere_plan_commit(&plan);
        work->generation = plan.generation;
    }
    isere_plan_drop(&plan);
    return error;
}

int isere__control_ready(isere_work_t *work, const isere_port_t *port)
{
    const isere_catalog_entry_t *entry =
        isere_catalog_find_any(work->registry->catalog, work->name);
    return entry && entry->deployment && entry->deployment->blank
               ? fill(work, port, entry->deployment)
               : 0;
}

static void release(isere_work_t *work, const isere_port_t *port)
{
    isere_registry_t *registry = work->registry;
    const isere_catalog_entry_t *entry =
        isere_catalog_find_any(registry->catalog, work->name);
    if (!entry || !entry->deployment) {
        fail(work, 404, "no function of that name is served");
        return;
    }
    char why[256];
    bool was = isere__faults_describe(registry, work->name, why, sizeof(why));
    uint32_t version = entry->version;
    int error = isere__control_ready(work, port);
    if (error) {
        fail_to_start(work, error);
        return;
    }
    entry = isere_catalog_find_any(registry->catalog, work->name);
    error = prepare_answer(
        work, 200,
        &(isere_summary_t){.deployment = entry->deployment, .released = &was});
    if (!error) {
        error = isere__faults_release(registry, port, work->name);
    }
    if (error) {
        fail_with(work, error);
    } else {
        log_done(work, port, "released", version);
    }
}

/* ---- reading ---- */

static int read_current(isere_work_t *work, isere_store_package_t *package)
{
    const isere_store_t *store = &work->registry->store;
    isere_store_manifest_t manifest;
    int error = isere_store_manifest(store, work->name, &manifest);
    return error
               ? error
               : isere_store_read(store, work->name, manifest.current, package);
}

static void read_files(isere_work_t *work)
{
    isere_store_package_t package;
    int error = read_current(work, &package);
    if (error) {
        fail_with(work, error);
        return;
    }
    work->status = 200;
    work->text = package.text;
    work->text_size = package.size;
}

/* The log also has the changes that failed. */
static void log_failed(const isere_work_t *work, const isere_port_t *port)
{
    const isere_fault_t *fault = &work->fault;
    char text[sizeof(fault->message) + 96];
    snprintf(text, sizeof(text), "%s %s failed with %d: %s",
             work->kind == ISERE_CALL_DEPLOY     ? "deploying"
             : work->kind == ISERE_CALL_ROLLBACK ? "rolling back"
             : work->kind == ISERE_CALL_RELEASE  ? "releasing"
                                                 : "removing",
             work->name, work->status, fault->message);
    isere_log_record_t record = {
        .level = ISERE_LOG_WARN,
        .function = isere_slice(work->name),
        .message = isere_slice(text),
    };
    isere_log(port, &record);
}

void isere__control_work(isere_work_t *work, const isere_port_t *port)
{
    isere_port_t tapped = *port;
    isere_registry_tap(work->registry, &tapped);
    switch (work->kind) {
    case ISERE_CALL_DEPLOY:
        deploy(work, &tapped);
        break;
    case ISERE_CALL_ROLLBACK:
        roll_back(work, &tapped);
        break;
    case ISERE_CALL_RELEASE:
        release(work, &tapped);
        break;
    case ISERE_CALL_REMOVE:
        remove_function(work, &tapped);
        break;
    default:
        read_files(work);
        return;
    }
    if (work->status >= 300) {
        log_failed(work, &tapped);
    }
    /* What a version did that is gone is forgotten; if not on the medium, then
     * when it is read again. */
    (void)isere__faults_save(work->registry, &tapped);
}
