/*
 * The supervisor: a process that keeps the listening sockets and has the server
 * as its child. When a fault that could not be contained ends the server, it
 * starts another one on the same sockets: connections wait meanwhile.
 *
 * It serves nothing, runs no JavaScript and reads nothing from outside. The
 * kernel ends the server when the supervisor is gone, however that came.
 */
#ifndef ISERE_APPS_ISERE_SUPERVISOR_SUPERVISOR_H
#define ISERE_APPS_ISERE_SUPERVISOR_SUPERVISOR_H

#include "apps/isere/args/args.h"
#include "apps/isere/supervisor/listeners.h"

/* A server's life in a process of its own: an ISERE_EXIT_*. */
typedef int isere_serve_fn(const isere_args_t *args,
                           isere_listeners_t *listeners);

/*
 * Runs `serve` in child processes until one ends by itself, and returns its
 * exit code; or, after a signal to stop that ended the child at once, ends in
 * the same way. The calling thread is the only one.
 */
int isere_supervisor_run(const isere_args_t *args, isere_listeners_t *listeners,
                         isere_serve_fn *serve);

/* In the server: after the first signal to stop, another one ends the program
 * at once, unless it is the first one again: sent to both processes, or passed
 * on. */
void isere_supervisor_stop_again(void);

#endif
