/*
 * The registry: what the servers of a process serve. That is a function that is
 * part of the program, or the functions of a store with their routes, or both.
 * isere/admin.h changes it over HTTP.
 *
 *     isere_registry_create_one(&port, function, &registry);
 *     isere_server_create(&port, limits, listener, registry, &server);
 *     isere_server_run(server);
 *
 * One registry belongs to all servers with the same limits. It is created
 * before and destroyed after them.
 */
#ifndef ISERE_REGISTRY_H
#define ISERE_REGISTRY_H

#include "isere/blobs.h"
#include "isere/flash.h"
#include "isere/isere.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The name of the function that is part of the program: no function of a store
 * can have it. */
#define ISERE_BUILT_IN_NAME "$built-in"

/* A job of the registry. `port` is that of the thread that does it; NULL if it
 * will not be done: then it only releases what belongs to it. */
typedef void isere_registry_job_fn(void *arg, const isere_port_t *port);

/* Nothing uses the function any more: it may be destroyed. From any thread. */
typedef void isere_released_fn(void *arg, const isere_function_t *function);

/* A fault of ours, in the engine or below it, while a function ran. */
typedef struct isere_fault_report {
    const char *name;  /* of the function */
    uint32_t version;  /* 0: the one that is served */
    const char *where; /* for people: what happened, in a few words */
    int64_t at_s;      /* seconds of a clock that continues over restarts */
} isere_fault_report_t;

/* Most bytes of a package that goes to flash, and of each of its files. */
typedef struct isere_package_sizes {
    uint32_t package;
    uint32_t file;
} isere_package_sizes_t;

typedef struct isere_registry_config {
    /* Settings that a function's package does not have: memory, stack, time
     * limits, payload, native modules. Name and version are ignored; a
     * package's variables override these. What it points to is not copied. */
    isere_function_config_t defaults;
    /* Bytes of the port's other memory that deployed functions leave to
     * requests and to the admin API: a deploy that would leave less in one
     * block is refused. 0, the default: where memory does not run out. */
    size_t reserve_bytes;
    size_t memory_min; /* bytes that a package may ask for */
    size_t memory_max;
    uint32_t timeout_max_ms;     /* the longest that it may ask for */
    size_t log_bytes;            /* ring of recent log lines, from 1024; 0:
                                    none */
    isere_log_level_t log_level; /* kept in it: this and more severe */
    /* A function with this many faults (at most 8; 0: never) within this many
     * seconds is quarantined: its requests get 503 until another version of it
     * is deployed or it is released. */
    unsigned faults;
    uint32_t fault_window_s;
    uint32_t quarantine_s; /* at most; 0, the default: without limit */
    /* How often the program was restarted after a fault, for the metrics. */
    uint32_t restarts;
    /*
     * What ended the program before this start, for isere_registry_create
     * alone. next_fault gives one fault after the other, each valid until the
     * next call, and returns false after the last one. They are counted before
     * any function is made ready, since a function may end the program then.
     * crashes says how often a function has crashed so far, for the metrics.
     * NULL: nothing.
     */
    bool (*next_fault)(void *ctx, isere_fault_report_t *report);
    unsigned long (*crashes)(void *ctx, const char *name);
    /*
     * Where compiled code is kept for the next start of the same program with
     * the same configuration, which then need not compile; a crash may lose it.
     * Only this program may be able to write to it: what is read is checked for
     * damage, but bytecode is not verified. Borrowed; used like `blobs`. NULL,
     * the default: every start compiles.
     */
    const isere_blobs_t *kept;
    /* Flash for what is made of functions, and for a package that is being
     * sent. Only with one server; with `run` it has a lock. Borrowed. NULL,
     * the default: there is none. */
    const isere_flash_t *flash;
    isere_package_sizes_t sizes;
    /* The function that is part of the program: it gets the requests that match
     * no route. Borrowed. NULL: they get 404. */
    const isere_function_t *built_in;

    /*
     * Does a job on another thread, one after the other: compiling, init phases
     * and writing to the store then delay no request. Returns 0, or
     * ISERE_ERR_LIMIT when too many jobs wait already. NULL: the server's
     * thread does it, and idle instances make room in memory.
     */
    int (*run)(void *ctx, isere_registry_job_fn *job, void *arg);
    /* A lock, for short times; NULL when there is one thread only. */
    void (*lock)(void *ctx);
    void (*unlock)(void *ctx);
    /* Optional, with `run`, where memory for instances is short: how many of
     * them jobs have the memory of from now on. It is told before they use
     * it, and when they do not any more. */
    void (*lend)(void *ctx, unsigned instances);
    void *ctx;
} isere_registry_config_t;

/* Sets the defaults: those of isere_function_config_init, memory up to 16 MB,
 * time limits up to 24 hours, packages of 128 KB with files of 64 KB where
 * there is a flash, a ring of 64 KB for level info and above, 3 faults within
 * 60 seconds. Any thread. */
void isere_registry_config_init(isere_registry_config_t *config);

/* The same for one function: it is built in, its settings are the defaults, and
 * no log lines are kept. Any thread. */
void isere_registry_config_init_one(isere_registry_config_t *config,
                                    const isere_function_t *function);

/*
 * Opens the store, if `blobs` is not NULL, and makes its functions ready:
 * compiled, not yet started. A function for which that fails is logged and
 * listed as broken; the others are served. A quarantined one is made ready only
 * when it is released. `port` lends its memory functions for good, and the
 * others during the call; `blobs` is borrowed. Returns 0 with *registry;
 * ISERE_ERR_IO when the store can't be read; ISERE_ERR_NOMEM; ISERE_ERR_INVAL
 * for log_bytes from 1 to 1023. Thread: the port's.
 */
int isere_registry_create(const isere_port_t *port, const isere_blobs_t *blobs,
                          const isere_registry_config_t *config,
                          isere_registry_t **registry);

/* A registry of one function and nothing else. */
int isere_registry_create_one(const isere_port_t *port,
                              const isere_function_t *function,
                              isere_registry_t **registry);

/*
 * Replaces the built-in function: requests that have begun finish in the old
 * one, all later ones see the new one. First the new one's init phase runs to
 * its end on this thread, in an instance of its own; if it fails, nothing
 * changes, and *fault says why. `released` is called with the function when
 * nothing uses it any more: after another one was set, at the latest when the
 * registry is destroyed. NULL for nothing. Returns 0; ISERE_ERR_HANDLER;
 * ISERE_ERR_CRASH; ISERE_ERR_NOMEM.
 * Thread: `port`'s, which must be the one that does the registry's jobs, if
 * there is one.
 */
int isere_registry_set_built_in(isere_registry_t *registry,
                                const isere_port_t *port,
                                const isere_function_t *function,
                                isere_released_fn *released, void *arg,
                                isere_fault_t *fault);

/* Releases it. Its servers must be gone, and no job may run. NULL is fine. */
void isere_registry_destroy(isere_registry_t *registry);

/* Also sends a port's log records to the log that clients read, if there is
 * one. `port` is the calling thread's; call this before it logs anything. */
void isere_registry_tap(isere_registry_t *registry, isere_port_t *port);

/*
 * Runs the init phase of the built-in function, to see whether it is good;
 * unless the flash has an image of what it made. Returns 0, or the error with
 * *fault. While nothing is served yet; thread: the port's.
 */
int isere_registry_try_built_in(isere_registry_t *registry,
                                const isere_port_t *port, isere_fault_t *fault);

/* How many functions there are, including broken ones. Any thread. */
size_t isere_registry_count(isere_registry_t *registry);

/*
 * Counts a fault, and quarantines the function when there were too many. The
 * thread that does the registry's jobs writes it to the store. The server
 * itself reports faults that the port contained (exec_run); those that ended
 * the program before are better reported by the configuration's next_fault.
 * Returns whether the function is quarantined now. A fault of a version that is
 * not served any more, or of an unknown function, is only logged. `port` is the
 * calling thread's; any thread.
 */
bool isere_registry_report_fault(isere_registry_t *registry,
                                 const isere_port_t *port,
                                 const isere_fault_report_t *report);

/* The time of the last remembered fault, in seconds, as it was reported. 0 when
 * there is none. Any thread. */
int64_t isere_registry_last_fault_s(isere_registry_t *registry);

/* Whether a function is quarantined. Any thread. */
bool isere_registry_is_quarantined(isere_registry_t *registry,
                                   const char *name);

/*
 * Forgets all faults of a function: it is served again. Returns 0, or
 * ISERE_ERR_LIMIT or ISERE_ERR_IO when the store can't be written, or the error
 * when it can't be made ready (it then stays quarantined). For the thread that
 * does the registry's jobs, or before servers start.
 */
int isere_registry_release(isere_registry_t *registry, const isere_port_t *port,
                           const char *name);

#ifdef __cplusplus
}
#endif

#endif
