/*
 * A strict parser for the answers of an HTTP/1.1 server (RFC 9112), fed with
 * bytes as they come. It knows no sockets and allocates nothing: the head is
 * kept in the struct, the body is handed on in pieces.
 *
 * Nothing that a server sends is trusted. The head has a limit, interim
 * answers and trailers too; what could be read in two ways is refused. The
 * body has no limit here: whoever takes the pieces knows how much is too much.
 * Thread: one at a time.
 */
#ifndef ISERE_APPS_ISERE_CLIENT_CLIENT_RESPONSE_H
#define ISERE_APPS_ISERE_CLIENT_CLIENT_RESPONSE_H

#include "isere/slice.h"
#include <stdint.h>

/* What the two functions below return. */
typedef enum isere_client_state {
    ISERE_CLIENT_BAD = -1, /* not an answer: see reason */
    ISERE_CLIENT_MORE = 0, /* fine so far, but not all there */
    ISERE_CLIENT_DONE = 1, /* the answer and its body were there */
    ISERE_CLIENT_LEFT = 2, /* the taker of the body has had enough */
} isere_client_state_t;

/* Takes the next bytes of the body, which are gone after the call; false ends
 * the parsing. Called only when status and fields are known. */
struct isere_client_response;
typedef bool isere_client_body_fn(struct isere_client_response *response,
                                  isere_slice_t bytes);

enum {
    ISERE_CLIENT_MAX_HEAD = 16384, /* bytes of status line and fields */
    ISERE_CLIENT_MAX_LINE = 8192,  /* bytes of a chunk's first line, and of all
                                      trailers */
    ISERE_CLIENT_MAX_INTERIM = 8,  /* 1xx answers before the real one */
};

typedef struct isere_client_response {
    isere_client_body_fn *body; /* the caller's; NULL drops the body */
    void *arg;                  /* the caller's */

    /* Results, valid as soon as status is not 0. Slices lie in `head`. */
    int status;             /* 200 to 599 */
    isere_slice_t type;     /* Content-Type, without parameters; may be empty */
    isere_slice_t location; /* Location; may be empty */
    const char *reason;     /* BAD: why, a constant text in English */

    /* Private. */
    isere_client_state_t state;
    int step;          /* where the parser is in the message */
    unsigned interims; /* 1xx answers so far */
    unsigned digits;   /* of the chunk size, so far */
    size_t line;       /* bytes of the line, or the trailers, so far */
    uint64_t left;     /* bytes of the body or chunk still to come */
    bool http_1_0, has_length, is_chunked;
    size_t head_len;
    char head[ISERE_CLIENT_MAX_HEAD];
} isere_client_response_t;

/* Makes the parser ready for one answer. */
void isere_client_response_init(isere_client_response_t *response,
                                isere_client_body_fn *body, void *arg);

/* Parses the next bytes of the connection. What follows the answer is not
 * looked at. Once it is not MORE, further calls return the same. */
isere_client_state_t
isere_client_response_feed(isere_client_response_t *response,
                           isere_slice_t bytes);

/* The server has closed the connection: DONE if that is a proper end of the
 * answer, else BAD, or what was returned before. */
isere_client_state_t
isere_client_response_end(isere_client_response_t *response);

#endif
