/*
 * A deployment: one version of a function, ready to be served. Immutable once
 * it is made, counted, shared by all servers of the process.
 */
#ifndef ISERE_CORE_CONTROL_DEPLOYMENT_H
#define ISERE_CORE_CONTROL_DEPLOYMENT_H

#include "core/control/package.h"
#include "core/control/stats.h"
#include "core/store/store.h"
#include <stdatomic.h>

/* Of the document's "source", with its NUL. */
#define ISERE_DEPLOYMENT_SOURCE_MAX 9

/* What was made of a document, to be kept. */
typedef struct isere_deployment_code {
    char sha256[65];      /* as the deployment's */
    const void *settings; /* isere_settings_encode */
    size_t settings_size;
    void *bundle; /* port memory */
    size_t bundle_size;
} isere_deployment_code_t;

typedef struct isere_deployment {
    atomic_uint references;
    isere_port_t port; /* for its memory functions */
    char name[ISERE_FUNCTION_NAME_MAX];
    uint32_t version;
    uint32_t previous;                        /* 0: none */
    char sha256[65];                          /* hexadecimal, of the document */
    char source[ISERE_DEPLOYMENT_SOURCE_MAX]; /* as in the document, or empty
                                               */
    size_t bytes;                             /* of all sources */
    const char *main;
    const char *const *routes; /* canonical, ended by NULL; the default ones
                                  where the document has none */
    size_t nroutes;
    const char *const *env; /* NAME=VALUE, ended by NULL; only the document's */
    isere_function_t *function; /* its config has memory, timeout, payload */
    void *code; /* bytecode; NULL: the function is the program's */
    size_t code_size;
    bool blank;           /* made by isere_deployment_create_blank */
    isere_stats_t *stats; /* of the name; set by the control plane, which
                             counts its references; NULL until then */
} isere_deployment_t;

/*
 * Makes a deployment from a normalised document (`document` with its SHA-256,
 * in whatever memory its text lies): compiles its main module and what that
 * imports, within `config`'s init_timeout_ms. `config` has what the
 * document does not say (memory, stack, timeout, init_timeout, env, native
 * modules). Runs no code of the handler. Returns 0 with *deployment, which has
 * one reference; ISERE_ERR_HANDLER with *fault (message, file, line, column,
 * stack) when the source is at fault or takes too long to compile;
 * ISERE_ERR_INVAL with *fault when the document (with its routes) is damaged;
 * ISERE_ERR_LIMIT with fault->message when the compiler's own memory
 * (ISERE_COMPILE_MEMORY) is too small for the source; ISERE_ERR_NOMEM with
 * fault->message. All is copied but native modules.
 * The engine's file names are the document's ("hello.js", "lib/a.js").
 * Thread: the port's.
 */
int isere_deployment_create(const isere_port_t *port, const char *name,
                            uint32_t version,
                            const isere_store_document_t *document,
                            const isere_function_config_t *config,
                            isere_deployment_t **deployment,
                            isere_fault_t *fault);

/* The same for one that is not to run, since its code may be what ended the
 * program: it has an empty module in the place of each of its files. */
int isere_deployment_create_blank(const isere_port_t *port, const char *name,
                                  uint32_t version,
                                  const isere_store_document_t *document,
                                  const isere_function_config_t *config,
                                  isere_deployment_t **deployment,
                                  isere_fault_t *fault);

/*
 * The same as isere_deployment_create, of code that was kept, whose sha256 and
 * settings are as the document's: nothing is compiled. The bundle is taken, and
 * code->bundle NULL then, unless the settings are damaged. Returns 0;
 * ISERE_ERR_INVAL when settings or bundle are damaged; ISERE_ERR_NOMEM.
 */
int isere_deployment_restore(const isere_port_t *port, const char *name,
                             uint32_t version, isere_deployment_code_t *code,
                             const isere_function_config_t *config,
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

/* One reference more, or one less: the last one releases it. Any thread. NULL
 * is fine. */
isere_deployment_t *isere_deployment_hold(isere_deployment_t *deployment);
void isere_deployment_release(isere_deployment_t *deployment);

#endif
