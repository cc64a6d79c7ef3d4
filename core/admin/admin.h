/*
 * The object behind isere/admin.h, what it has of each server, and answers that
 * its files share.
 *
 *   admin.c    life, and which call goes where
 *   call.c     from a request to a call, or why it is refused
 *   streams.c  metrics and log lines: answers that are made while they are sent
 *   jobs.c     what reads or changes the store, done by the thread for such
 * work invoke.c   direct invocations reply.c    answers that are there at once
 *   metrics.c  the Prometheus text format
 *   page.c     the dashboard
 *
 * It uses the server through core/server/exchange.h, and what is deployed
 * through the registry.
 */
#ifndef ISERE_CORE_ADMIN_ADMIN_H
#define ISERE_CORE_ADMIN_ADMIN_H

#include "core/admin/call.h"
#include "core/server/exchange.h"
#include "isere/admin.h"

struct isere_admin {
    isere_port_t port; /* for its memory functions */
    isere_registry_t *registry;
    char token[ISERE_TOKEN_LEN + 1];
    const char *const *host_names;
};

typedef struct isere_admin_job isere_admin_job_t;

/* What it has of one server. */
typedef struct isere_admin_side {
    isere_admin_t *admin;
    isere_server_t *server;
    isere_admin_job_t *jobs; /* not answered yet */
    unsigned log_streams;    /* that follow the log */
    unsigned long log_seq;   /* what they have been told of */
} isere_admin_side_t;

#endif
