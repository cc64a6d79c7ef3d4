/*
 * A small HTTP/1.1 client for the commands that talk to a server: one request
 * on a connection of its own, over plain TCP. Redirects are not followed: the
 * request carries a token, which is for the server that was named only.
 * Blocks; any thread.
 */
#ifndef ISERE_APPS_ISERE_CLIENT_CLIENT_H
#define ISERE_APPS_ISERE_CLIENT_CLIENT_H

#include "apps/isere/client/client_response.h"

/* Where a server is. */
typedef struct isere_client_url {
    char host[256];      /* a name or an address, without brackets */
    char port[8];        /* decimal */
    char authority[272]; /* as the Host field has it: [::1]:8080 */
} isere_client_url_t;

/*
 * Reads http://HOST[:PORT][/]. Returns NULL, or why that can't be used, a
 * constant text in English.
 */
const char *isere_client_url_parse(isere_client_url_t *url, const char *text);

typedef struct isere_client_request {
    const isere_client_url_t *url;
    const char *method;
    const char *target; /* path and query, encoded */
    const char *token;  /* NULL: none */
    const char *type;   /* of the body; NULL: there is no body */
    isere_slice_t body;
    int connect_ms; /* for each address of the host */
    int head_ms;    /* the same as silence_ms until the status line has come;
                       0: silence_ms */
    int silence_ms; /* longest time in which nothing comes or goes; -1: none */
    /* Told about once a second how much of the body has arrived at the server,
     * and at once when all has. NULL: nobody wants to know. */
    void (*progress)(size_t arrived, size_t all);
} isere_client_request_t;

/* Room for why a call failed. */
#define ISERE_CLIENT_REASON_MAX 512

/*
 * Sends the request and receives the answer, whose body goes to
 * response->body. Initialise the response before. Returns 0 with a response
 * that is DONE or LEFT, or ISERE_ERR_IO with `reason`, which names the
 * server; ISERE_ERR_TIMEOUT when the whole request was sent, so that the server
 * may have done what it asks for. An answer that comes while the request is
 * still being sent counts: so is a body refused that is too long.
 */
int isere_client_call(const isere_client_request_t *request,
                      isere_client_response_t *response,
                      char reason[ISERE_CLIENT_REASON_MAX]);

#endif
