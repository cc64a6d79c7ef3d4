/* Starts threads that run JavaScript: the system's default stack may be smaller
 * than what --stack allows a handler. */
#include "apps/isere/serve/thread.h"
#include "isere/error.h"
#include <stdio.h>
#include <string.h>

/* For our own calls, and the compiler's. */
#define OWN_STACK (2u << 20)

int isere_thread_start(pthread_t *thread, size_t script_stack,
                       void *(*run)(void *arg), void *arg)
{
    pthread_attr_t attributes;
    int error;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, script_stack + OWN_STACK);
    error = pthread_create(thread, &attributes, run, arg);
    pthread_attr_destroy(&attributes);
    if (error != 0) {
        fprintf(stderr, "isere: cannot start a thread: %s\n", strerror(error));
        return ISERE_ERR_NOMEM;
    }
    return 0;
}
