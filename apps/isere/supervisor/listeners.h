/*
 * The sockets that the workers listen on, one for each.
 */
#ifndef ISERE_APPS_ISERE_SUPERVISOR_LISTENERS_H
#define ISERE_APPS_ISERE_SUPERVISOR_LISTENERS_H

#include "apps/isere/args/args.h"
#include "isere/isere.h"

typedef struct isere_listeners {
    unsigned count; /* of workers */
    uint16_t port;
    isere_socket_t sockets[ISERE_SERVERS_MAX]; /* negative: none any more */
} isere_listeners_t;

/* Opens them, as the command line says; returns 0, or ISERE_ERR_* after saying
 * on stderr what is wrong. */
int isere_listeners_open(const isere_args_t *args,
                         isere_listeners_t *listeners);

/* Closes those that are still there, in this process. */
void isere_listeners_close(isere_listeners_t *listeners);

#endif
