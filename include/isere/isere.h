/*
 * isère: run JavaScript request handlers, each request in a pristine heap.
 *
 * Four things, each built on those before:
 *
 *   isere_function_t  code and its limits; immutable, shared between threads
 *   isere_instance_t  a heap with that function in it, for direct invocations
 *   isere_registry_t  what is served: one function, or many (registry.h)
 *   isere_server_t    an HTTP server for a registry: one event loop
 *
 * The system below is an isere_port_t; on Linux isere/linux.h makes one.
 *
 * Errors: functions return 0 or a negative ISERE_ERR_* code (error.h); an
 * isere_fault_t says what is wrong with a handler, and where.
 * Threads: see each function. Different objects never share mutable state,
 * except that instances and servers use their function (read-only) and
 * servers of a process its limits (atomic counters).
 */
#ifndef ISERE_ISERE_H
#define ISERE_ISERE_H

#include "isere/error.h"
#include "isere/native.h"
#include "isere/port.h"
#include "isere/slice.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What is wrong with a handler, and where. Texts are cut to fit. */
typedef struct isere_fault {
    char message[512]; /* "SyntaxError: unexpected token…"; "" when none */
    char file[160];    /* module name, "" when unknown */
    int line;          /* from 1; 0 when unknown */
    int column;        /* from 1; 0 when unknown */
    char stack[1024];  /* stack trace, lines separated by \n; may be "" */
} isere_fault_t;

/* ---- Functions ------------------------------------------------------- */

/*
 * Where modules come from when a function is compiled from source: `load`
 * hands out a module by its name relative to the function's folder
 * ("handler.js", "lib/text.js"; never absolute, never with ".."). It returns
 * 0 with *source (borrowed until the compilation ends) or ISERE_ERR_NOENT,
 * ISERE_ERR_LIMIT (too large), ISERE_ERR_IO.
 */
typedef struct isere_loader {
    void *ctx;
    int (*load)(void *ctx, const char *name, isere_slice_t *source);
} isere_loader_t;

/* Which event the handler gets; docs/handler.md describes them. */
typedef enum isere_payload {
    ISERE_PAYLOAD_ISERE,
    ISERE_PAYLOAD_1_0, /* API Gateway REST proxy event */
    ISERE_PAYLOAD_2_0, /* API Gateway HTTP API event */
} isere_payload_t;

/* What a request starts in. Serve with the first only: the others are for
 * comparison in benchmarks. */
typedef enum isere_isolation {
    ISERE_ISOLATION_SNAPSHOT, /* the heap as the init phase left it */
    ISERE_ISOLATION_NONE,     /* the heap as the last request left it */
    ISERE_ISOLATION_FRESH,    /* a new heap with an init phase of its own;
                                 servers only */
} isere_isolation_t;

typedef struct isere_function_config {
    const char *name;    /* context.functionName; default "handler" */
    const char *version; /* context.functionVersion; "$LATEST" */
    isere_payload_t payload;
    /* The export that is the handler: NULL for `handler`, else the default
     * one. */
    const char *handler;
    /* Requests from other origins: NULL for none, or a policy, the six lines of
     * core/util/cors.h. Not checked. */
    const char *cors;
    /* process.env: NAME=VALUE, ended by NULL; a later one overrides an earlier
     * one, and all override NODE_ENV=production. */
    const char *const *env;
    /* More of process.env, which env overrides: NAME=VALUE texts, each ended by
     * NUL, the last one by two. NULL for none, the default. */
    const char *env_block;
    size_t memory_bytes;      /* of one heap, engine included; default 16 MB */
    size_t stack_bytes;       /* of JavaScript calls; default 1 MB, for more
                                 than 1,000 of them. The thread needs 512 KB
                                 more than that: lower it for a thread that
                                 has less */
    uint32_t timeout_ms;      /* of one invocation; default 3 s */
    uint32_t init_timeout_ms; /* of the init phase; default 10 s */
    isere_isolation_t isolation; /* default SNAPSHOT */
    /* C functions that handlers can import, ended by NULL; native.h says how
     * to write them. NULL for none, the default. Not copied. */
    const isere_native_module_t *const *modules;
} isere_function_config_t;

typedef struct isere_function isere_function_t;

/* Sets the defaults above: a configuration begins with this. Any thread. */
void isere_function_config_init(isere_function_config_t *config);

/*
 * Copies the settings of a .bin file (isere build --name, --env, --payload,
 * --timeout) to *config, which has been initialised: call this before you set
 * what overrides them. Texts are borrowed from the code. Code without settings
 * changes nothing. Returns 0, or ISERE_ERR_INVAL with *fault when the code is
 * damaged, or of another engine or format version.
 * Any thread.
 */
int isere_function_config_read(isere_function_config_t *config,
                               const void *code, size_t size,
                               isere_fault_t *fault);

/*
 * Compiles `main_name` and what it imports to bytecode, in the format of
 * `isere build` (docs/bytecode.md). `prefix` is put before module names in
 * errors and stack traces ("js/"), "" for none. *code is owned by the caller,
 * released with isere_free. Runs no handler code.
 * Returns 0; ISERE_ERR_HANDLER with *fault filled when the source is at
 * fault; ISERE_ERR_NOMEM.
 * Thread: the port's.
 */
int isere_compile(const isere_port_t *port, const isere_loader_t *loader,
                  const char *main_name, const char *prefix, void **code,
                  size_t *size, isere_fault_t *fault);

/*
 * A function from bytecode of isere_compile or `isere build`, which is borrowed
 * and must not change until the function is destroyed: instances run it in
 * place, and it may lie in read-only memory such as flash. Bytecode is trusted:
 * it must come from you. The configuration is copied; settings in the bytecode
 * are ignored (isere_function_config_read reads them). Returns 0;
 * ISERE_ERR_INVAL with *fault when the bytecode is damaged, or of another
 * engine or format version, or a native module's table is wrong;
 * ISERE_ERR_LIMIT when native modules have too many functions; ISERE_ERR_NOMEM.
 * Thread: the port's; the function may then be used from any thread.
 */
int isere_function_create(const isere_port_t *port, const void *code,
                          size_t size, const isere_function_config_t *config,
                          isere_function_t **function, isere_fault_t *fault);

/* Releases a function that nothing uses any more. NULL is fine. Same port
 * memory as at creation; any thread. */
void isere_function_destroy(isere_function_t *function);

/* The function's name, valid until the function is destroyed. It is the same
 * pointer at each call, which the port's exec_note gets while the function
 * runs. Any thread. */
const char *isere_function_name(const isere_function_t *function);

/* ---- Direct invocations ---------------------------------------------- */

typedef struct isere_instance isere_instance_t;

/* A request made by a program. A zeroed member means GET, "/" or nothing. */
typedef struct isere_request {
    isere_slice_t method;
    isere_slice_t target; /* path and query */
    const isere_field_t *fields;
    size_t nfields;
    isere_slice_t body;
    isere_slice_t event_json; /* instead of all the above: the event itself */
} isere_request_t;

/* The result of an invocation. All slices are valid until the next call with
 * the same instance. */
typedef struct isere_result {
    int status;
    const isere_field_t *fields;
    size_t nfields;
    isere_slice_t body;
    bool body_is_text;  /* UTF-8 */
    const char *error;  /* NULL, or the Isere-Error word: "exception", … */
    const char *reason; /* what went wrong, for people; "" when nothing */
} isere_result_t;

/*
 * Makes a heap for the function and runs its init phase to the end, waiting
 * for its timers. Returns 0; ISERE_ERR_HANDLER with *fault filled when the
 * init phase fails; ISERE_ERR_NOMEM; ISERE_ERR_INVAL with
 * ISERE_ISOLATION_FRESH.
 * Thread: the port's, as for the two below.
 */
int isere_instance_create(const isere_port_t *port,
                          const isere_function_t *function,
                          isere_instance_t **instance, isere_fault_t *fault);

/*
 * Invokes the handler in a pristine heap and waits for the answer, at most
 * the function's timeout. Always fills *result when it returns 0; a handler
 * at fault is a result with `error` set, and the instance stays usable.
 * Returns ISERE_ERR_INVAL when the request is invalid (a method or field name
 * that is not a token, a target with spaces, too many fields), or
 * ISERE_ERR_NOMEM.
 */
int isere_instance_invoke(isere_instance_t *instance,
                          const isere_request_t *request,
                          isere_result_t *result);

void isere_instance_destroy(isere_instance_t *instance);

/* ---- Server ---------------------------------------------------------- */

typedef struct isere_server isere_server_t;

/* Counters and limits that the servers of one process share, up to
 * ISERE_SERVERS_MAX of them. */
#define ISERE_SERVERS_MAX 256
typedef struct isere_limits isere_limits_t;

typedef struct isere_limits_config {
    uint32_t max_head;           /* bytes, default 8 KB */
    uint32_t max_body;           /* bytes, default 1 MB */
    size_t max_buffer;           /* bytes of the requests in progress in
                                    the process, default 64 MB; never less
                                    than one request needs */
    uint32_t header_timeout_ms;  /* default 10 s */
    uint32_t request_timeout_ms; /* default 30 s */
    uint32_t idle_timeout_ms;    /* default 60 s */
    uint32_t max_connections;    /* in the process, default 10,000 */
    uint32_t max_instances;      /* in the process, default 1,024 */
    uint32_t max_queue;          /* waiting requests in the process, 1,024 */
    bool access_log;             /* a log line for each request; default off */
} isere_limits_config_t;

/* The defaults above. Any thread. */
void isere_limits_config_init(isere_limits_config_t *config);

/*
 * Limits that servers share. NULL when out of memory. The port lends only its
 * memory functions. Servers with the same limits know each other: destroy them
 * only when all have returned from run, and the limits after them.
 */
isere_limits_t *isere_limits_create(const isere_port_t *port,
                                    const isere_limits_config_t *config);
void isere_limits_destroy(isere_limits_t *limits);

/* What is served, see registry.h. */
typedef struct isere_registry isere_registry_t;

/*
 * A server for all functions of the registry, on a listening socket, which the
 * server owns from now on, also when this fails. Instances are created when
 * they are first needed. Limits and registry must outlive the server; servers
 * with the same limits must have the same registry. Where the registry keeps
 * log lines the port is copied, and its ctx borrowed. Returns 0;
 * ISERE_ERR_LIMIT when there are ISERE_SERVERS_MAX already; ISERE_ERR_NOMEM.
 * Thread: the port's, as for warm_up, run and destroy.
 */
int isere_server_create(const isere_port_t *port, isere_limits_t *limits,
                        isere_socket_t listener, isere_registry_t *registry,
                        isere_server_t **out_server);

/*
 * Makes the first instance of the registry's built-in function, and runs its
 * init phase to the end: its errors are then known before the first request.
 * Before run. Returns 0, also when there is no such function; ISERE_ERR_HANDLER
 * or ISERE_ERR_CRASH with *fault; ISERE_ERR_LIMIT when all instances are in
 * use; ISERE_ERR_NOMEM; ISERE_ERR_IO.
 */
int isere_server_warm_up(isere_server_t *server, isere_fault_t *fault);

/*
 * Serves until isere_server_stop. Returns 0 after a graceful stop, or
 * ISERE_ERR_IO when polling fails.
 */
int isere_server_run(isere_server_t *server);

/*
 * Asks the server to stop accepting, to let requests that have begun finish
 * (at most the function's timeout and a second) and to return from run. Any
 * thread; not a signal handler.
 */
void isere_server_stop(isere_server_t *server);

/* Closes everything and releases the server. NULL is fine. */
void isere_server_destroy(isere_server_t *server);

/* The version of isère, "0.1.0". Any thread. */
const char *isere_version(void);

#ifdef __cplusplus
}
#endif

#endif
