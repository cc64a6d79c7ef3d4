/*
 * Jobs that change or read the store: deploy, roll back, release, remove,
 * files.
 *
 * A deploy in the order that makes it safe: the package is checked, compiled
 * and its init phase run; its routes are tried in a catalog that nobody sees
 * yet; the store keeps it; and then, as nothing can fail any more, the catalog
 * is published (plan.h). So what fails changes nothing, and what was answered
 * is kept.
 */
#include "core/deploy/deploy.h"
#include "core/deploy/kept/index.h"
#include "core/deploy/kept/kept.h"
#include "core/deploy/plan.h"
#include "core/deploy/quarantine/faults.h"
#include "core/deploy/summary.h"
#include "core/util/log.h"
#include "core/util/text.h"
#include <stdio.h>

/* ---- answers ---- */

typedef void put_fn(isere_writer_t *text, const void *arg);

/* Makes a text of a length that is not known before, in place of the one that
 * there may be: an answer that was prepared is replaced when the change fails
 * after all. */
static void answer(isere_job_t *job, isere_job_outcome_t outcome, put_fn *put,
                   const void *arg)
{
    const isere_port_t *port = &job->registry->port;
    isere_free(port, job->text);
    job->outcome = outcome;
    job->text =
        isere_summary_text(&job->registry->port, put, arg, &job->text_size);
}

/* Message, file, line, column and stack, as far as they are known: what a
 * command line or an editor needs to lead the author to the place. */
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

static void fail(isere_job_t *job, isere_job_outcome_t outcome,
                 const char *message)
{
    isere_fault_t *fault = &job->fault;
    if (message) {
        memset(fault, 0, sizeof(*fault));
        isere_text_copy(fault->message, sizeof(fault->message),
                        isere_slice(message));
    }
    answer(job, outcome, put_fault, fault);
}

/* Errors of the store and of memory: not the caller's fault, so another request
 * would not do better. */
static void fail_with(isere_job_t *job, int error)
{
    switch (error) {
    case ISERE_ERR_LIMIT:
        fail(job, ISERE_OUTCOME_STORE_FULL,
             "the store is full: nothing was changed");
        break;
    case ISERE_ERR_NOMEM:
        fail(job, ISERE_OUTCOME_NO_MEMORY,
             "not enough memory at the moment: try again");
        break;
    case ISERE_ERR_NOENT:
        fail(job, ISERE_OUTCOME_NO_FUNCTION,
             "there is no function of that name");
        break;
    case ISERE_ERR_INVAL:
        fail(job, ISERE_OUTCOME_DAMAGED,
             "the function's stored data is damaged");
        break;
    default:
        fail(job, ISERE_OUTCOME_IO_ERROR, "the store can't be read or written");
        break;
    }
}

static void put_summary(isere_writer_t *text, const void *arg)
{
    isere_summary_put(text, arg);
}

/* One line for each change that is visible: the log then says which version
 * answered a request. */
static void log_done(isere_job_t *job, const isere_port_t *port,
                     const char *what, uint32_t version)
{
    char text[96];
    snprintf(text, sizeof(text), "%s %s, version %lu", what, job->name,
             (unsigned long)version);
    isere_log_record_t record = {
        .level = ISERE_LOG_INFO,
        .function = isere_slice(job->name),
        .message = isere_slice(text),
    };
    isere_log(port, &record);
}

/* ---- making a deployment ---- */

/* Whether it is worth another attempt. That begins anew, with nothing in
 * memory: what was there already might lie in the middle of what became free.
 * The compiler takes what there is, so more of it may be enough. */
static bool made_room(const isere_job_t *job, int error)
{
    return (error == ISERE_ERR_NOMEM || error == ISERE_ERR_LIMIT) &&
           job->reclaim && job->reclaim(job->reclaim_arg);
}

/* Of what the store has. */
static int load(isere_job_t *job, isere_plan_t *plan)
{
    int error;
    do {
        error = isere_plan_load(plan, &job->fault);
    } while (made_room(job, error));
    return error;
}

/* The function is at fault, or memory is short. */
static void fail_to_prepare(isere_job_t *job, int error)
{
    if (error == ISERE_ERR_LIMIT) {
        /* More than the compiler's memory holds. */
        fail(job, ISERE_OUTCOME_TOO_LARGE, NULL);
    } else if (error == ISERE_ERR_HANDLER || error == ISERE_ERR_INVAL) {
        fail(job, ISERE_OUTCOME_INVALID, NULL);
    } else if (error == ISERE_ERR_CRASH) {
        fail(job, ISERE_OUTCOME_CRASHED,
             job->fault.message[0] ? NULL : "the server crashed");
    } else if (error == ISERE_ERR_IO && job->fault.message[0]) {
        fail(job, ISERE_OUTCOME_IO_ERROR, NULL); /* the flash beside it */
    } else {
        fail_with(job, error);
    }
}

/* The same of a version that ran once: the function is at fault now, or (with
 * no message) the store is. */
static void fail_to_start(isere_job_t *job, int error)
{
    bool is_its_own = job->fault.message[0] && error != ISERE_ERR_NOMEM;
    if (is_its_own && error != ISERE_ERR_CRASH) {
        fail(job, ISERE_OUTCOME_CONFLICT, NULL);
    } else if (error == ISERE_ERR_CRASH) {
        fail_to_prepare(job, error);
    } else {
        fail_with(job, error);
    }
}

/* ---- carrying it out ---- */

/* The answer to what can't fail once it is stored: made before that, since a
 * client that is told of a failure would deploy again what is served already.
 */
static int prepare_answer(isere_job_t *job, isere_job_outcome_t outcome,
                          const isere_summary_t *summary)
{
    answer(job, outcome, put_summary, summary);
    return job->text ? 0 : ISERE_ERR_NOMEM;
}

/* Places and commits a plan; without a summary the answer has no text. The
 * order is the promise of this file: a conflict of routes and lack of memory
 * are found before the store changes, and the store changes before anybody
 * sees the catalog. */
static void carry_out(isere_job_t *job, isere_plan_t *plan,
                      isere_job_outcome_t outcome,
                      const isere_summary_t *summary)
{
    int error = isere_plan_place(plan, &job->fault);
    if (error == ISERE_ERR_INUSE || error == ISERE_ERR_LIMIT) {
        fail(job,
             error == ISERE_ERR_INUSE ? ISERE_OUTCOME_CONFLICT
                                      : ISERE_OUTCOME_STORE_FULL,
             NULL);
        return;
    }
    if (!error && summary) {
        error = prepare_answer(job, outcome, summary);
    }
    if (!error) {
        error = isere_plan_commit(plan);
    }
    if (error) {
        fail_with(job, error);
        return;
    }
    job->outcome = outcome;
    job->generation = plan->generation;
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

static void deploy_compiled(isere_job_t *job, isere_plan_t *plan)
{
    const isere_catalog_entry_t *entry =
        isere_catalog_find(job->registry->catalog, job->name);
    const isere_deployment_t *old = entry ? entry->deployment : NULL;
    const isere_deployment_t *d = plan->deployment;
    const isere_summary_t summary = {
        .deployment = d,
        .replaced = old && is_other(old, d) ? old : NULL,
        .kept_env = plan->kept_env,
    };
    carry_out(job, plan, entry ? ISERE_OUTCOME_DONE : ISERE_OUTCOME_CREATED,
              &summary);
    if (plan->generation) {
        log_done(job, plan->port, "deployed", d->version);
    }
}

/* Every deploy is counted as one that succeeded or failed, also where it
 * failed before there was a plan. */
static void deploy(isere_job_t *job, const isere_port_t *port)
{
    isere_registry_t *registry = job->registry;
    isere_plan_t plan;
    int error = isere_plan_deploy(&plan, registry, port, job->name);
    if (error) {
        fail_with(job, error);
    } else {
        do {
            error = isere_plan_compile(&plan, &job->body, &job->fault);
        } while (made_room(job, error));
        if (error) {
            fail_to_prepare(job, error);
        } else {
            deploy_compiled(job, &plan);
        }
    }
    isere_plan_drop(&plan);
    atomic_fetch_add(isere_deploy_has_failed(job) ? &registry->deploys_failed
                                                  : &registry->deploys_ok,
                     1);
}

/* ---- rolling back ---- */

static void roll_back_loaded(isere_job_t *job, isere_plan_t *plan)
{
    const isere_deployment_t *d = plan->deployment;
    carry_out(job, plan, ISERE_OUTCOME_DONE,
              &(isere_summary_t){.deployment = d});
    if (plan->generation) {
        log_done(job, plan->port, "rolled back", d->version);
    }
}

static void roll_back(isere_job_t *job, const isere_port_t *port)
{
    isere_plan_t plan;
    int error = isere_plan_rollback(&plan, job->registry, port, job->name);
    if (error == ISERE_ERR_NOENT && plan.store.before.current != 0) {
        fail(job, ISERE_OUTCOME_CONFLICT,
             "there is no version before this one");
    } else if (error) {
        fail_with(job, error);
    } else {
        error = load(job, &plan);
        if (error) {
            fail_to_start(job, error);
        } else {
            roll_back_loaded(job, &plan);
        }
    }
    isere_plan_drop(&plan);
}

/* ---- removing ---- */

static void remove_function(isere_job_t *job, const isere_port_t *port)
{
    isere_plan_t plan;
    const isere_catalog_entry_t *entry =
        isere_catalog_find(job->registry->catalog, job->name);
    if (!entry) {
        fail_with(job, ISERE_ERR_NOENT);
        return;
    }
    uint32_t version = entry->version;
    isere_plan_remove(&plan, job->registry, port, job->name);
    carry_out(job, &plan, ISERE_OUTCOME_REMOVED, NULL);
    if (plan.generation) {
        log_done(job, port, "removed", version);
    }
    isere_plan_drop(&plan);
}

/* ---- ending a quarantine ---- */

/* The same version, with its code. Nothing of the store changes, so there is
 * nothing to undo when it fails. */
static int fill(isere_job_t *job, const isere_port_t *port,
                const isere_deployment_t *blank)
{
    isere_plan_t plan;
    isere_plan_fill(&plan, job->registry, port, blank);
    int error = load(job, &plan);
    if (!error) {
        error = isere_plan_place(&plan, &job->fault);
    }
    if (!error) {
        error = isere_plan_commit(&plan);
        job->generation = plan.generation;
    }
    isere_plan_drop(&plan);
    return error;
}

int isere__deploy_ready(isere_job_t *job, const isere_port_t *port)
{
    const isere_catalog_entry_t *entry =
        isere_catalog_find_any(job->registry->catalog, job->name);
    return entry && entry->deployment && entry->deployment->blank
               ? fill(job, port, entry->deployment)
               : 0;
}

/* The code is made ready before the crashes are forgotten: a function that
 * does not start stays quarantined, and the command says why. */
static void release(isere_job_t *job, const isere_port_t *port)
{
    isere_registry_t *registry = job->registry;
    const isere_catalog_entry_t *entry =
        isere_catalog_find_any(registry->catalog, job->name);
    if (!entry || !entry->deployment) {
        fail(job, ISERE_OUTCOME_NO_FUNCTION,
             "no function of that name is served");
        return;
    }
    char why[256];
    bool was = isere__faults_describe(registry, job->name, why, sizeof(why));
    uint32_t version = entry->version;
    int error = isere__deploy_ready(job, port);
    if (error) {
        fail_to_start(job, error);
        return;
    }
    entry = isere_catalog_find_any(registry->catalog, job->name);
    error = prepare_answer(
        job, ISERE_OUTCOME_DONE,
        &(isere_summary_t){.deployment = entry->deployment, .released = &was});
    if (!error) {
        error = isere__faults_release(registry, port, job->name);
    }
    if (error) {
        fail_with(job, error);
    } else {
        log_done(job, port, "released", version);
    }
}

/* ---- reading ---- */

static int read_current(isere_job_t *job, isere_store_package_t *package)
{
    const isere_store_t *store = &job->registry->store;
    isere_store_manifest_t manifest;
    int error = isere_store_manifest(store, job->name, &manifest);
    return error
               ? error
               : isere_store_read(store, job->name, manifest.current, package);
}

/* What was stored is returned as it is, so the text is not parsed again, and
 * its checksum was verified by the store. */
static void read_files(isere_job_t *job)
{
    isere_store_package_t package;
    int error = read_current(job, &package);
    if (error) {
        fail_with(job, error);
        return;
    }
    job->outcome = ISERE_OUTCOME_DONE;
    job->text = package.text;
    job->text_size = package.size;
}

void isere_deploy_run(isere_job_t *job, const isere_port_t *port)
{
    isere_port_t tapped = *port;
    isere_registry_tap(job->registry, &tapped);
    switch (job->kind) {
    case ISERE_JOB_DEPLOY:
        deploy(job, &tapped);
        break;
    case ISERE_JOB_ROLLBACK:
        roll_back(job, &tapped);
        break;
    case ISERE_JOB_RELEASE:
        release(job, &tapped);
        break;
    case ISERE_JOB_REMOVE:
        remove_function(job, &tapped);
        break;
    default:
        read_files(job);
        return;
    }
    /* What a version did that is gone is forgotten; if not on the medium, then
     * when it is read again. */
    (void)isere__faults_save(job->registry, &tapped);
    isere__index_save(job->registry);
}
