/* What a server serves, opened from the command line: with a store its folder,
 * the token and the thread that changes it; without one, just the function. */
#include "apps/isere/serve/served.h"
#include "apps/isere/serve/token.h"
#include "apps/isere/serve/workers.h"
#include "apps/isere/supervisor/kept_blobs.h"
#include "isere/linux.h"
#include "ports/linux/shared.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

/* The ring that `isere logs` reads: some two thousand lines. */
enum { LOG_BYTES = 256 * 1024, PATH_BYTES = 4096 };

static int complain(const char *path, int error)
{
    /* errno is 0 when the error is not the system's. */
    const char *why = error == ISERE_ERR_INUSE
                          ? "another isere process is using it"
                      : errno ? strerror(errno)
                              : isere_strerror(error);
    fprintf(stderr, "isere: the store %s: %s\n", path, why);
    return error;
}

/* A file of the store. False when the path is too long. */
static bool join(char path[PATH_BYTES], const char *folder, const char *name)
{
    return snprintf(path, PATH_BYTES, "%s/%s", folder, name) < PATH_BYTES;
}

/* A server that was restarted creates nothing: what is missing may come back,
 * such as a volume that is not mounted at the moment. An empty store in its
 * place would serve nothing, and hide the cause. */
static bool is_missing(const char *path)
{
    struct stat info;
    errno = 0;
    return isere_shared_is_restart() && stat(path, &info) != 0;
}

/* The folder of functions is made by the port; its parent, --store itself,
 * here. */
static int open_store(const isere_args_t *args, isere_served_t *p)
{
    const struct timespec step = {.tv_nsec = 10 * 1000000};
    char path[PATH_BYTES];
    int error;
    if (!join(path, args->serve.store, "functions")) {
        errno = ENAMETOOLONG;
        return complain(args->serve.store, ISERE_ERR_INVAL);
    }
    if (is_missing(path)) {
        return complain(args->serve.store, ISERE_ERR_IO);
    }
    /* Only for its owner: sources, environments and the token are in it. */
    if (mkdir(args->serve.store, 0700) != 0 && errno != EEXIST) {
        return complain(args->serve.store, ISERE_ERR_IO);
    }
    errno = 0;
    error = isere_linux_blobs_open(&p->blobs, path);
    /* A server whose supervisor was just killed has it for a moment longer.
     * 300 ms in all: a store that another server uses is soon reported. */
    for (int i = 0; i < 30 && error == ISERE_ERR_INUSE; i++) {
        nanosleep(&step, NULL);
        error = isere_linux_blobs_open(&p->blobs, path);
    }
    p->has_blobs = error == 0;
    return error ? complain(args->serve.store, error) : 0;
}

static int load_token(const isere_args_t *args, char *token)
{
    char joined[PATH_BYTES];
    const char *path = args->token_file ? args->token_file : joined;
    if (!args->token_file && !join(joined, args->serve.store, "token")) {
        errno = ENAMETOOLONG;
        return complain(args->serve.store, ISERE_ERR_INVAL);
    }
    if (is_missing(path)) {
        fprintf(stderr, "isere: the token file %s: %s\n", path,
                strerror(errno));
        return ISERE_ERR_IO;
    }
    return isere_token_load(path, token);
}

/* The next fault that ended a server before this one. It is counted as reported
 * at once, so that the next server is not told again, however this one ends. */
static bool next_fault(void *ctx, isere_fault_report_t *report)
{
    isere_shared_t *shared = isere_shared();
    const isere_death_t *death;
    /* Counters, not positions: they only grow, and the ring keeps the last
     * ones. */
    unsigned left = shared ? shared->deaths_count - shared->reported : 0;
    (void)ctx;
    if (left == 0) {
        return false;
    }
    if (left > ISERE_SHARED_DEATHS) { /* the others were overwritten */
        shared->reported = shared->deaths_count - ISERE_SHARED_DEATHS;
    }
    death = &shared->deaths[shared->reported++ % ISERE_SHARED_DEATHS];
    *report = (isere_fault_report_t){
        .name = death->name,
        .version = (uint32_t)strtoul(death->version, NULL, 10),
        .where = death->where,
        .at_s = death->wall_s,
    };
    return true;
}

static unsigned long crashes(void *ctx, const char *name)
{
    (void)ctx;
    return isere_shared_crashes(name);
}

/* Settings of functions whose packages have none, and the store's limits. */
static void configure(const isere_args_t *args, isere_registry_config_t *config)
{
    isere_function_config_t *defaults = &config->defaults;
    isere_registry_config_init(config);
    config->log_bytes = LOG_BYTES;
    config->log_level = (isere_log_level_t)args->log_level;
    config->memory_max = (size_t)2048 * 1024 * 1024;
    config->restarts = isere_shared() ? isere_shared()->restarts : 0;
    config->next_fault = next_fault;
    config->crashes = crashes;
    defaults->env = args->settings.env;
    defaults->payload = (isere_payload_t)args->settings.payload;
    defaults->memory_bytes = (size_t)args->settings.memory;
    defaults->stack_bytes = (size_t)args->settings.stack;
    defaults->timeout_ms = (uint32_t)args->settings.timeout;
    defaults->init_timeout_ms = (uint32_t)args->settings.init_timeout;
}

static int create_registry(const isere_port_t *port, const isere_args_t *args,
                           isere_served_t *p)
{
    isere_registry_config_t config;
    configure(args, &config);
    /* Without a supervisor there is nothing to keep code for. */
    p->has_kept = isere_kept_blobs_open(&p->kept);
    config.kept = p->has_kept ? &p->kept : NULL;
    isere_jobs_configure(p->jobs, &config);
    errno = 0;
    int error = isere_registry_create(port, &p->blobs, &config, &p->registry);
    return error ? complain(args->serve.store, error) : 0;
}

/* The token is on the stack for no longer than needed. */
static int create(const isere_port_t *port, const isere_args_t *args,
                  isere_served_t *p)
{
    char token[ISERE_TOKEN_LEN + 1];
    const isere_admin_config_t config = {
        .token = token,
        .host_names = args->serve.hosts.items,
    };
    int error = load_token(args, token);
    if (error == 0) {
        error = isere_jobs_start(args, &p->jobs);
    }
    if (error == 0) {
        error = create_registry(port, args, p);
    }
    if (error == 0) {
        error = isere_admin_create(port, p->registry, &config, &p->admin);
        error = error ? complain(args->serve.store, error) : 0;
    }
    /* The admin object has a copy. */
    explicit_bzero(token, sizeof(token));
    return error;
}

int isere_served_open(const isere_port_t *port, const isere_args_t *args,
                      isere_served_t *served)
{
    int error;
    memset(served, 0, sizeof(*served));
    error = open_store(args, served);
    if (error == 0) {
        error = create(port, args, served);
    }
    if (error != 0) {
        /* First the thread, or it would use what is freed next. */
        if (served->jobs) {
            isere_jobs_stop(served->jobs);
        }
        isere_served_close(served);
    }
    return error;
}

static void lock(void *ctx)
{
    pthread_mutex_lock(ctx);
}

static void unlock(void *ctx)
{
    pthread_mutex_unlock(ctx);
}

int isere_served_open_one(const isere_port_t *port,
                          const isere_function_t *function,
                          isere_served_t *served)
{
    isere_registry_config_t config;
    memset(served, 0, sizeof(*served));
    isere_registry_config_init_one(&config, function);
    /* With a store the jobs' thread has this mutex. Here the watching thread
     * and the workers share the registry. */
    pthread_mutex_init(&served->lock, NULL);
    config.quarantine_s = ISERE_WORKERS_QUARANTINE_S;
    config.lock = lock;
    config.unlock = unlock;
    config.ctx = &served->lock;
    int error = isere_registry_create(port, NULL, &config, &served->registry);
    if (error) {
        fputs("isere: not enough memory to start\n", stderr);
        pthread_mutex_destroy(&served->lock);
    }
    return error;
}

void isere_served_close(isere_served_t *served)
{
    /* In this order: the admin object uses the registry, which locks with
     * the jobs' mutex and calls both kinds of blobs. No job is running or
     * queued any more. */
    isere_admin_destroy(served->admin);
    isere_registry_destroy(served->registry);
    if (served->jobs) {
        isere_jobs_destroy(served->jobs);
    }
    if (served->has_kept) {
        isere_kept_blobs_close(&served->kept);
    }
    if (served->has_blobs) {
        isere_linux_blobs_close(&served->blobs);
    }
}
