/*
 * A deployment: one version of a function, ready to be served. Immutable once
 * it is made, counted, shared by all servers of the process.
 */
#ifndef ISERE_CORE_DEPLOY_DEPLOYMENT_H
#define ISERE_CORE_DEPLOY_DEPLOYMENT_H

#include "core/code/compile.h"
#include "core/deploy/package/package.h"
#include "core/deploy/stats.h"
#include "core/isolate/image/flash_image.h"
#include "core/store/store.h"
#include "isere/registry.h"
#include <stdatomic.h>

/* Of the package's "source", with its NUL. */
#define ISERE_DEPLOYMENT_SOURCE_MAX 9

/* What of a deployment lies in flash. All zero: nothing. */
typedef struct isere_deployment_flash {
    bool has_code;             /* the code lies there */
    isere_extent_t *code;      /* held */
    isere_flash_image_t image; /* of its heap; the thread that runs it */
    bool tried;                /* to make one */
    size_t room; /* that would be more than there was for one; 0: there was
                    enough */
} isere_deployment_flash_t;

typedef struct isere_deployment {
    atomic_uint references;
    isere_port_t port; /* for its memory functions */
    char name[ISERE_FUNCTION_NAME_MAX];
    uint32_t version;
    uint32_t previous;                        /* 0: none */
    char sha256[65];                          /* hexadecimal, of the package */
    char source[ISERE_DEPLOYMENT_SOURCE_MAX]; /* as in the package, or empty
                                               */
    size_t bytes;                             /* of all sources */
    const char *main;
    const char *const *routes; /* canonical, ended by NULL; the default ones
                                  where the package has none */
    size_t nroutes;
    const char *const *env; /* NAME=VALUE, ended by NULL; only the package's */
    isere_function_t *function; /* its config has memory, timeout, payload */
    void *code; /* bytecode; NULL: the function is the program's */
    size_t code_size;
    bool blank; /* its files were taken for empty ones */
    isere_deployment_flash_t flash;
    /* Of one that the program brought: called with the function at the end. */
    isere_released_fn *released;
    void *released_arg;
    isere_stats_t *stats; /* of the name; set by the admin API, which
                             counts its references; NULL until then */
} isere_deployment_t;

/* What a deployment is made of. Pointers inside are borrowed, and all that they
 * point to is copied, but native modules and `code`. */
typedef struct isere_deployment_parts {
    const char *name;
    uint32_t version;
    uint32_t previous; /* 0: none */
    /* What the package does not say: memory, stack, timeout, init_timeout, env,
     * native modules. */
    const isere_function_config_t *config;
    const isere_package_t *package;
    isere_extents_t *extents;   /* for what is too large for memory, or NULL */
    isere_compile_sink_t *sink; /* takes compiled code to flash, with room for
                                   the deployment's settings; or NULL */
    /* It is not to run, since its code may be what ended the program: it has an
     * empty module in the place of each of its files. */
    bool blank;
    /* Bytecode that was kept, in memory of the port: taken, also when it fails.
     * NULL: it is compiled. */
    void *code;
    size_t code_size;
    bool in_flash; /* the code lies there: it is borrowed */
} isere_deployment_parts_t;

/* Releases the code of parts that no deployment is made of. */
static inline void
isere_deployment_drop_code(const isere_port_t *port,
                           const isere_deployment_parts_t *parts)
{
    isere_free(port, parts->in_flash ? NULL : parts->code);
}

/*
 * Makes a deployment: compiles the main module of its package and what that
 * imports, within the config's init_timeout_ms, unless there is code of it.
 * Runs no code of the handler. Returns 0 with *deployment, which has one
 * reference; ISERE_ERR_HANDLER with *fault (message, file, line, column, stack)
 * when the source is at fault or takes too long to compile; ISERE_ERR_LIMIT
 * with fault->message when the compiler's own memory (ISERE_COMPILE_MEMORY) is
 * too small for the source; ISERE_ERR_NOMEM with fault->message;
 * ISERE_ERR_INVAL when the code is damaged.
 * The engine's file names are the package's ("hello.js", "lib/a.js").
 * Thread: the port's.
 */
int isere_deployment_create(const isere_port_t *port,
                            const isere_deployment_parts_t *parts,
                            isere_deployment_t **deployment,
                            isere_fault_t *fault);

/*
 * The same of the package that the store has of that version; parts->package is
 * not looked at. Also returns what isere_store_read does, without a message,
 * and ISERE_ERR_INVAL with fault->message when the text that is there is not a
 * package.
 */
int isere_deployment_load(const isere_port_t *port, const isere_store_t *store,
                          const isere_deployment_parts_t *parts,
                          isere_deployment_t **deployment,
                          isere_fault_t *fault);

/*
 * Runs the init phase in an instance of its own, which is given back. Returns
 * 0; ISERE_ERR_HANDLER with *fault; ISERE_ERR_NOMEM with fault->message. Waits
 * with the port's poll_wait when the init phase has timers. Thread: the port's.
 */
int isere_deployment_check(const isere_port_t *port,
                           const isere_deployment_t *deployment,
                           isere_fault_t *fault);

/* Bytes that a heap of its function may have. */
size_t isere_deployment_memory(const isere_deployment_t *deployment);

/* One reference more, or one less: the last one releases it. Any thread. NULL
 * is fine. */
isere_deployment_t *isere_deployment_hold(isere_deployment_t *deployment);
void isere_deployment_release(isere_deployment_t *deployment);

#endif
