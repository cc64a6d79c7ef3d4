/*
 * The thread that does the control plane's work: compiling, init phases, the
 * store. One job after the other, while the workers serve.
 */
#ifndef ISERE_APPS_ISERE_SERVE_DEPLOYER_H
#define ISERE_APPS_ISERE_SERVE_DEPLOYER_H

#include "apps/isere/args/args.h"
#include "isere/registry.h"

typedef struct isere_deployer isere_deployer_t;

/* Starts the thread. 0, or ISERE_ERR_* after saying on stderr what is wrong. */
int isere_deployer_start(const isere_args_t *args, isere_deployer_t **deployer);

/* Gives a registry this thread for its work, and a lock. */
void isere_deployer_configure(isere_deployer_t *deployer,
                              isere_registry_config_t *config);

/*
 * Ends the thread when it is not in the middle of a piece of work; pieces that
 * wait are not begun. Returns false when it is: then it uses all that was given
 * to it on, and only the end of the process ends it.
 */
bool isere_deployer_stop(isere_deployer_t *deployer);

/* After a stop that returned true, when the servers are gone, but before the
 * registry is. */
void isere_deployer_destroy(isere_deployer_t *deployer);

#endif
