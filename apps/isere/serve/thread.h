/* Threads with a stack of a given size. */
#ifndef ISERE_APPS_ISERE_SERVE_THREAD_H
#define ISERE_APPS_ISERE_SERVE_THREAD_H

#include <pthread.h>
#include <stddef.h>

/*
 * Starts a thread with `script_stack` bytes of stack for JavaScript calls and
 * enough for everything else, the compiler included. Returns 0, or
 * ISERE_ERR_NOMEM after saying on stderr why it did not start.
 */
int isere_thread_start(pthread_t *thread, size_t script_stack,
                       void *(*run)(void *arg), void *arg);

#endif
