/*
 * What the commands that talk to a server have in common: which server and
 * token, one call of its admin API (docs/api.md), and what is said when it
 * fails. Texts of a server are escaped wherever they are shown, and the token
 * never is. Thread: one, which makes and releases it.
 */
#ifndef ISERE_APPS_ISERE_CLIENT_REMOTE_H
#define ISERE_APPS_ISERE_CLIENT_REMOTE_H

#include "apps/isere/args/args.h"
#include "apps/isere/client/client.h"
#include "apps/isere/client/reply.h"
#include "isere/isere.h"
#include "ports/linux/out.h"

/* Takes the next bytes of an answer that is shown as it comes; false ends the
 * call. */
typedef bool isere_remote_stream_fn(void *arg, isere_slice_t bytes);

typedef struct isere_remote {
    const isere_args_t *args;
    isere_port_t port;
    isere_client_url_t url;
    isere_client_response_t response; /* of the last call */
    isere_out_t body;                 /* the same: its text, in memory */
    isere_reply_t reply;              /* the same: what that says */
    bool is_object;                   /* the text is a JSON object */
    const char *token_from;           /* NULL: there is no token */
    char token[68];                   /* with its NUL, and one too many */
    isere_remote_stream_fn *stream;   /* takes answers with status 200 */
    void *arg;
    bool patient; /* once it has answered: see lost */
    bool lost;    /* the last call's connection was, which was not said */
} isere_remote_t;

/*
 * Reads the address and the token of --to and --token-file, or of ISERE_URL
 * and ISERE_TOKEN. Returns ISERE_EXIT_OK, or another after saying on stderr
 * why (nothing to close then).
 */
int isere_remote_open(isere_remote_t *remote, const isere_args_t *args);
void isere_remote_close(isere_remote_t *remote);

typedef struct isere_remote_call {
    const char *method;
    const char *function; /* /_isere/v1/functions/NAME; NULL: see rest */
    const char *rest;     /* behind that, or behind /_isere/v1 */
    const char *type;     /* of the body; NULL: there is none */
    isere_slice_t body;
    void (*progress)(size_t arrived, size_t all); /* of the body, or NULL */
} isere_remote_call_t;

/*
 * Makes a call. Returns true when there is an answer, whatever its status:
 * 2xx has a JSON object in `reply` (but 204, and what went to `stream`).
 * False after saying on stderr what went wrong, unless `lost` is set.
 */
bool isere_remote_call(isere_remote_t *remote, const isere_remote_call_t *call);

/* Whether the last call was answered with 2xx; else says on stderr what the
 * server has against it. */
bool isere_remote_is_fine(isere_remote_t *remote);

/* The last answer's text to stdout, for --json: ISERE_EXIT_*. */
int isere_remote_print_json(isere_remote_t *remote);

/* What deploy and rollback answer, to stdout: ISERE_EXIT_*. */
int isere_remote_print_version(isere_remote_t *remote);

/* One line on stderr, "isere: ...", controls escaped. */
void isere_remote_say(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

/* The same about the command line, or what stands in for it, as args.c does:
 * ISERE_EXIT_USAGE. */
int isere_remote_usage(const isere_args_t *args, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The first while somebody watches: stderr is a terminal. */
void isere_remote_progress(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

/* Flushes what went to stdout; ISERE_EXIT_*, after saying when that fails. */
int isere_remote_finish(isere_out_t *out);

#endif
