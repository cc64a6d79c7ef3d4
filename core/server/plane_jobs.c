/*
 * Calls that change or read the store: jobs for the thread that does such work.
 *
 * A job belongs to its server until that one is gone.
 */
#include "core/server/plane_internal.h"

struct isere_job {
    isere_job_t *next;
    isere_server_t *server;         /* under the registry's lock; NULL: gone */
    isere_connection_t *connection; /* NULL: it was closed */
    atomic_bool done;
    char *body; /* a copy, where another thread works with it */
    isere_work_t work;
};

static void free_job(const isere_port_t *port, isere_job_t *job)
{
    isere_free(port, job->work.text);
    isere_free(port, job->body);
    isere_free(port, job);
}

/* On the thread that works. The server may be gone meanwhile; it is when there
 * is no port. */
static void run_job(void *arg, const isere_port_t *port)
{
    isere_job_t *job = arg;
    isere_registry_t *registry = job->work.registry;
    if (port) {
        isere__control_work(&job->work, port);
    }
    isere_registry_lock(registry);
    const isere_server_t *server = job->server;
    if (server) {
        atomic_store(&job->done, true);
        server->port->poll_wake(server->port->ctx);
    }
    isere_registry_unlock(registry);
    if (!server) {
        free_job(&registry->port, job);
    }
}

static bool give_up_idle(void *arg)
{
    return isere_pool_give_up_oldest(arg, NULL, 0);
}

/* Where another thread does the work, it has its own copy of the body: the
 * connection may be closed before. */
static bool set_body(isere_connection_t *c, isere_job_t *job)
{
    isere_server_t *server = c->server;
    const isere_http_request_t *request = &c->exchange->request;
    isere_slice_t body = isere_http_slice(request, request->body);
    if (server->serving.registry->config.run && body.len > 0) {
        job->body = isere_alloc(server->port, body.len);
        if (!job->body) {
            return false;
        }
        memcpy(job->body, body.ptr, body.len);
        body.ptr = job->body;
    } else {
        job->work.reclaim = give_up_idle;
        job->work.reclaim_arg = server;
    }
    job->work.body = body;
    return true;
}

static isere_job_t *make_job(isere_connection_t *c, const isere_call_t *call)
{
    const isere_port_t *port = c->server->port;
    isere_job_t *job = isere_alloc(port, sizeof(*job));
    if (!job) {
        return NULL;
    }
    memset(job, 0, sizeof(*job));
    job->server = c->server;
    job->connection = c;
    job->work.registry = c->server->serving.registry;
    job->work.kind = call->kind;
    job->work.is_source = call->is_source;
    memcpy(job->work.name, call->name, sizeof(call->name));
    if (!set_body(c, job)) {
        free_job(port, job);
        return NULL;
    }
    return job;
}

/* The client has left: nobody waits for the outcome. */
static void forget(isere_connection_t *c)
{
    isere_job_t *job = c->exchange->work;
    job->connection = NULL;
}

void isere__plane_start_job(isere_connection_t *c, const isere_call_t *call)
{
    isere_server_t *server = c->server;
    const isere_registry_config_t *config = &server->serving.registry->config;
    isere_job_t *job = make_job(c, call);
    if (!job) {
        isere__plane_no_memory(c);
        return;
    }
    if (!config->run) {
        run_job(job, server->port);
        isere__clock_update(&server->clock, server->port);
    } else if (config->run(config->ctx, run_job, job) != 0) {
        free_job(server->port, job);
        isere__plane_refuse(c, 503, "too many changes at once: try again");
        return;
    }
    job->next = server->plane.jobs;
    server->plane.jobs = job;
    c->exchange->work = job;
    isere__connection_work(c, forget);
}

static void answer_job(isere_connection_t *c, isere_job_t *job)
{
    isere_work_t *work = &job->work;
    char *text = work->text;
    work->text = NULL;
    if (work->status == 204) {
        isere_plane_fields_t fields = {.count = 0};
        isere__plane_field(&fields, "Cache-Control", "no-store");
        isere__plane_answer_text(c, 204, &fields, isere_slice(""));
    } else if (text) {
        isere__plane_answer_owned(c, work->status, text, work->text_size);
    } else if (work->status == 0) {
        isere__plane_refuse(c, 503, "the server stops: nothing was changed");
    } else {
        isere__plane_no_memory(c);
    }
    isere_request_advance(c);
}

/* Whether this server has what the job changed. The others take it over before
 * their next request, also one that is in a handler for long. */
static bool counts(const isere_server_t *server, const isere_job_t *job)
{
    return atomic_load(&server->serving.generation) >= job->work.generation;
}

static void finish_jobs(isere_server_t *server)
{
    isere_job_t **link = &server->plane.jobs;
    while (*link) {
        isere_job_t *job = *link;
        isere_connection_t *c = job->connection;
        if (!atomic_load(&job->done) || !counts(server, job)) {
            link = &job->next;
            continue;
        }
        *link = job->next;
        if (c) {
            answer_job(c, job);
            link = &server->plane.jobs; /* there may be new ones */
        }
        free_job(server->port, job);
    }
}

void isere__plane_turn(void *ctx)
{
    isere_server_t *server = ctx;
    struct isere_plane *p = &server->plane;
    if (p->jobs) {
        finish_jobs(server);
    }
    if (server->followers) {
        unsigned long seq = atomic_load_explicit(
            &server->serving.registry->log_seq, memory_order_relaxed);
        if (seq != p->log_seq) {
            isere_request_wake_streams(server);
        }
        p->log_seq = seq;
    }
}

void isere__plane_detach(void *ctx)
{
    isere_server_t *server = ctx;
    isere_registry_t *registry = server->serving.registry;
    isere_registry_lock(registry);
    while (server->plane.jobs) {
        isere_job_t *job = server->plane.jobs;
        server->plane.jobs = job->next;
        job->server = NULL;
        if (atomic_load(&job->done)) {
            free_job(server->port, job);
        }
    }
    isere_registry_unlock(registry);
}
