/*
 * Calls that change or read the store: each becomes a job for the registry's
 * thread, and its outcome becomes an HTTP status here. core/deploy knows
 * outcomes, not statuses.
 */
#include "core/admin/jobs.h"
#include "core/admin/reply.h"
#include "core/admin/stage.h"
#include "core/deploy/deploy.h"
#include "core/util/log.h"
#include <stdio.h>

/* A call under way on two threads. The server's list owns it while there is a
 * server; `done` and `lent` are the only fields that both sides use without the
 * lock. `done` is set last by the thread that works, so all it wrote to `work`
 * is there. */
struct isere_admin_job {
    isere_admin_job_t *next;
    isere_admin_side_t *side;       /* under the registry's lock; NULL: the
                                       server is gone */
    isere_connection_t *connection; /* NULL: it was closed */
    atomic_bool done;
    /* Instances whose memory it asked for, and those that the server gave. */
    atomic_uint wanted;
    atomic_uint lent;
    unsigned most;            /* that there are */
    const isere_port_t *port; /* of the thread that works */
    char *body;               /* a copy, where another thread works with it */
    isere_stage_t *stage;     /* or where it is in flash */
    isere_job_t work;
};

static void free_job(const isere_port_t *port, isere_admin_job_t *job)
{
    isere__stage_free(port, job->stage);
    isere_free(port, job->work.text);
    isere_free(port, job->body);
    isere_free(port, job);
}

/* ---- what became of it ---- */

/* RFC 9110 section 15; 507 is RFC 4918 section 11.5. A failure that another
 * request would not meet is a 4xx, one that it would is a 5xx. */
static int status_of(isere_job_outcome_t outcome)
{
    static const short statuses[] = {
        [ISERE_OUTCOME_NOT_DONE] = 503,   [ISERE_OUTCOME_DONE] = 200,
        [ISERE_OUTCOME_CREATED] = 201,    [ISERE_OUTCOME_REMOVED] = 204,
        [ISERE_OUTCOME_INVALID] = 400,    [ISERE_OUTCOME_NO_FUNCTION] = 404,
        [ISERE_OUTCOME_CONFLICT] = 409,   [ISERE_OUTCOME_TOO_LARGE] = 413,
        [ISERE_OUTCOME_CRASHED] = 500,    [ISERE_OUTCOME_DAMAGED] = 500,
        [ISERE_OUTCOME_IO_ERROR] = 500,   [ISERE_OUTCOME_NO_MEMORY] = 503,
        [ISERE_OUTCOME_STORE_FULL] = 507,
    };
    return statuses[outcome];
}

/* Changes that failed are logged, too, since the answer may reach a client that
 * keeps nothing. Reading files changes nothing. */
static void log_failed(const isere_job_t *work, const isere_port_t *port)
{
    static const char *const doing[] = {
        [ISERE_JOB_DEPLOY] = "deploying",
        [ISERE_JOB_REMOVE] = "removing",
        [ISERE_JOB_ROLLBACK] = "rolling back",
        [ISERE_JOB_RELEASE] = "releasing",
    };
    const isere_fault_t *fault = &work->fault;
    char text[sizeof(fault->message) + 96];
    isere_port_t tapped = *port;
    if (work->kind == ISERE_JOB_FILES || !isere_deploy_has_failed(work)) {
        return;
    }
    isere_registry_tap(work->registry, &tapped);
    snprintf(text, sizeof(text), "%s %s failed with %d: %s", doing[work->kind],
             work->name, status_of(work->outcome), fault->message);
    isere_log_record_t record = {
        .level = ISERE_LOG_WARN,
        .function = isere_slice(work->name),
        .message = isere_slice(text),
    };
    isere_log(&tapped, &record);
}

/* ---- room ---- */

/* Where memory for instances is short, a job has the memory of one, and the
 * server goes on with the others. It gives up an idle one, or the first that
 * becomes idle. */

static bool wakes(isere_admin_job_t *job)
{
    isere_registry_t *registry = job->work.registry;
    isere_registry_lock(registry);
    const isere_admin_side_t *side = job->side;
    if (side) {
        const isere_port_t *woken = isere_server_port(side->server);
        woken->poll_wake(woken->ctx);
    }
    isere_registry_unlock(registry);
    return side != NULL;
}

/* On the thread that works: waits for one instance more. False when it has all
 * that there are, or the server is gone. */
static bool ask_for_room(void *arg)
{
    enum { PATIENCE_US = 5000 }; /* then the server is asked once more */
    isere_admin_job_t *job = arg;
    const isere_port_t *port = job->port;
    unsigned wanted = atomic_load(&job->wanted) + 1;
    bool waits = wanted <= job->most;
    if (waits) {
        atomic_store(&job->wanted, wanted);
    }
    while (waits && atomic_load(&job->lent) < wanted) {
        isere_poll_event_t event;
        waits = wakes(job);
        if (waits) {
            (void)port->poll_wait(port->ctx, &event, 1, PATIENCE_US);
        }
    }
    return waits;
}

/* On the server's thread, in each turn. */
static void give_room(const isere_admin_side_t *side, isere_admin_job_t *job)
{
    const isere_registry_config_t *config = &side->admin->registry->config;
    unsigned lent = atomic_load(&job->lent);
    if (lent < atomic_load(&job->wanted) && isere_server_lend(side->server)) {
        config->lend(config->ctx, lent + 1);
        atomic_store(&job->lent, lent + 1);
    }
}

/* With the registry's lock. */
static void return_room(const isere_admin_side_t *side, isere_admin_job_t *job)
{
    const isere_registry_config_t *config = &side->admin->registry->config;
    unsigned lent = atomic_load(&job->lent);
    if (lent > 0) {
        config->lend(config->ctx, 0);
        isere_server_take_back(side->server, lent);
    }
}

static bool needs_room(const isere_job_t *work)
{
    return work->registry->config.lend && work->kind != ISERE_JOB_REMOVE &&
           work->kind != ISERE_JOB_FILES;
}

/* ---- doing it ---- */

/* On the thread that works. No port means that the program ends and the job is
 * not done. Its server may have gone before or meanwhile: the side that finds
 * the other one gone frees the job, and the lock decides which side that is. */
static void run_job(void *arg, const isere_port_t *port)
{
    isere_admin_job_t *job = arg;
    isere_registry_t *registry = job->work.registry;
    job->port = port;
    if (port && (!needs_room(&job->work) || ask_for_room(job))) {
        isere_deploy_run(&job->work, port);
        log_failed(&job->work, port);
    }
    isere_registry_lock(registry);
    const isere_admin_side_t *side = job->side;
    if (side) {
        const isere_port_t *woken = isere_server_port(side->server);
        return_room(side, job);
        atomic_store(&job->done, true);
        woken->poll_wake(woken->ctx);
    }
    isere_registry_unlock(registry);
    if (!side) {
        free_job(isere_registry_port(registry), job);
    }
}

/* Where the server's thread does the work, it can make room: an idle instance
 * has the memory that a compiler's heap takes. */
static bool give_up_idle(void *arg)
{
    return isere_server_make_room(arg);
}

static void set_reclaim(const isere_admin_side_t *side, isere_admin_job_t *job)
{
    const isere_registry_t *registry = side->admin->registry;
    if (!isere_registry_has_thread(registry)) {
        job->work.reclaim = give_up_idle;
        job->work.reclaim_arg = side->server;
    } else if (needs_room(&job->work)) {
        job->work.reclaim = ask_for_room;
        job->work.reclaim_arg = job;
        job->most = isere_server_instances(side->server);
    }
}

/* Where another thread does the work, it has its own copy of the body: the
 * connection may be closed before. What is in flash is the job's anyway. */
static bool set_body(const isere_admin_side_t *side, isere_slice_t body,
                     bool staged, isere_admin_job_t *job)
{
    if (isere_registry_has_thread(side->admin->registry) && body.len > 0 &&
        !staged) {
        job->body = isere_alloc(isere_server_port(side->server), body.len);
        if (!job->body) {
            return false;
        }
        memcpy(job->body, body.ptr, body.len);
        body.ptr = job->body;
    }
    job->work.body.bytes = body;
    return true;
}

static isere_job_kind_t kind_of(const isere_call_t *call)
{
    switch (call->kind) {
    case ISERE_CALL_DEPLOY:
        return ISERE_JOB_DEPLOY;
    case ISERE_CALL_ROLLBACK:
        return ISERE_JOB_ROLLBACK;
    case ISERE_CALL_RELEASE:
        return ISERE_JOB_RELEASE;
    case ISERE_CALL_REMOVE:
        return ISERE_JOB_REMOVE;
    default:
        return ISERE_JOB_FILES;
    }
}

static isere_admin_job_t *make_job(isere_admin_side_t *side,
                                   isere_connection_t *c,
                                   const isere_call_t *call, isere_slice_t body)
{
    const isere_port_t *port = isere_server_port(side->server);
    isere_admin_job_t *job = isere_alloc(port, sizeof(*job));
    if (!job) {
        return NULL;
    }
    memset(job, 0, sizeof(*job));
    job->side = side;
    job->connection = c;
    job->work.registry = side->admin->registry;
    job->work.kind = kind_of(call);
    job->work.body.is_source = call->is_source;
    memcpy(job->work.name, call->name, sizeof(call->name));
    set_reclaim(side, job);
    isere_stage_t *stage = isere_exchange_work(c);
    if (!set_body(side, body, stage != NULL, job)) {
        free_job(port, job);
        return NULL;
    }
    /* From here on it is the job's, and the connection may go. */
    job->stage = stage;
    job->work.body.has_nul = stage != NULL;
    return job;
}

/* The client has left. The job is done all the same: a change is not undone
 * because nobody reads the answer. */
static void forget(isere_connection_t *c)
{
    isere_admin_job_t *job = isere_exchange_work(c);
    job->connection = NULL;
}

/* Answered by isere__jobs_turn in any case, also where the work is done before
 * this returns: the server must have the new catalog first. */
void isere__jobs_start(isere_admin_side_t *side, isere_connection_t *c,
                       const isere_call_t *call)
{
    isere_registry_t *registry = side->admin->registry;
    const isere_port_t *port = isere_server_port(side->server);
    const isere_http_request_t *request = isere_exchange_request(c);
    isere_slice_t body = isere_http_slice(request, request->body);
    isere_stage_t *stage = isere_exchange_work(c);
    if (stage && isere__stage_end(stage, &body) != 0) {
        isere__stage_refuse(c);
        return;
    }
    isere_admin_job_t *job = make_job(side, c, call, body);
    if (!job) {
        isere__reply_no_memory(c);
        return;
    }
    if (!isere_registry_has_thread(registry)) {
        run_job(job, port);
        isere_server_was_busy(side->server);
    } else if (isere_registry_run(registry, run_job, job) != 0) {
        job->stage = NULL; /* the answer gives it up */
        free_job(port, job);
        isere__reply_refuse(c, 503, "too many changes at once: try again");
        return;
    }
    job->next = side->jobs;
    side->jobs = job;
    isere_exchange_wait(c, job, forget);
}

/* The text is missing when there was no memory for it: then that is the
 * answer. A job that failed for lack of memory changed nothing. */
static void answer_job(isere_connection_t *c, isere_admin_job_t *job)
{
    isere_job_t *work = &job->work;
    char *text = work->text;
    int status = status_of(work->outcome);
    work->text = NULL; /* the answer's from now on */
    if (work->outcome == ISERE_OUTCOME_REMOVED) {
        isere_reply_fields_t fields = {.count = 0};
        isere__reply_field(&fields, "Cache-Control", isere_slice("no-store"));
        isere__reply_text(c, status, &fields, isere_slice(""));
    } else if (text) {
        isere__reply_owned(c, status, text, work->text_size);
    } else if (work->outcome == ISERE_OUTCOME_NOT_DONE) {
        isere__reply_refuse(c, status, "the server stops: nothing was changed");
    } else {
        isere__reply_no_memory(c);
    }
    isere_request_advance(c);
}

/* Whether this server has what the job changed. The others take it over before
 * their next request, also one that is in a handler for long. */
static bool counts(const isere_admin_side_t *side, const isere_admin_job_t *job)
{
    return isere_server_generation(side->server) >= job->work.generation;
}

void isere__jobs_turn(isere_admin_side_t *side)
{
    isere_admin_job_t **link = &side->jobs;
    while (*link) {
        isere_admin_job_t *job = *link;
        isere_connection_t *c = job->connection;
        if (!atomic_load(&job->done) || !counts(side, job)) {
            give_room(side, job);
            link = &job->next;
            continue;
        }
        *link = job->next;
        if (c) {
            answer_job(c, job);
            link = &side->jobs; /* there may be new ones */
        }
        free_job(isere_server_port(side->server), job);
    }
}

/* Under the lock, so that a job is either done and freed here, or finds no
 * server and frees itself. */
void isere__jobs_detach(isere_admin_side_t *side)
{
    isere_registry_t *registry = side->admin->registry;
    isere_registry_lock(registry);
    while (side->jobs) {
        isere_admin_job_t *job = side->jobs;
        side->jobs = job->next;
        job->side = NULL;
        isere_server_take_back(side->server, atomic_load(&job->lent));
        if (atomic_load(&job->done)) {
            free_job(isere_server_port(side->server), job);
        }
    }
    isere_registry_unlock(registry);
}
