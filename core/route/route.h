/*
 * Routes, written as on API Gateway: `GET /pets/{id}`, `ANY /files/{path+}`,
 * `$default`.
 *
 * A table is built once from all claims of all functions and never changes; it
 * may be used from any thread. A match costs what the path has segments, not
 * what there are routes: the segments are looked up in a hash table.
 *
 * Which route takes a request: of those whose method and path both match, the
 * most specific, compared segment by segment from the left: a literal before
 * `{name}` before `{name+}`; then a method before ANY. A GET route takes HEAD,
 * too, where its path has no HEAD route (RFC 9110 section 9.3.2). `$default`
 * comes last, and takes whatever is left, of any path and method.
 *
 * A path is split at '/' as it was sent: nothing is decoded or removed before,
 * so %2F does not split it, and `..` and `//` mean nothing. Literals are
 * compared with the decoded segment. `{name}` takes one segment that is not
 * empty. `{name+}`, always the last, takes the rest of the path, slashes and
 * all, but not an empty one. A trailing slash is ignored but by `{name+}`:
 * so `/pets/` goes where `/pets` goes, also where there are `/pets/{id+}` and
 * `/{all+}`. An empty path counts as `/`.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html
 */
#ifndef ISERE_CORE_ROUTE_ROUTE_H
#define ISERE_CORE_ROUTE_ROUTE_H

#include "core/http/request.h"
#include "core/isere_config.h"
#include "isere/port.h"

enum {
    ISERE_ROUTE_TEXT_MAX = 256,    /* of one route, with its NUL */
    ISERE_ROUTE_SEGMENTS_MAX = 16, /* of one route */
    ISERE_ROUTE_METHOD_MAX = 32,   /* letters of a method */
    ISERE_ROUTE_NAME_MAX = 64,     /* bytes of a parameter's name */
};

typedef struct isere_routes isere_routes_t;

/*
 * Checks a route and writes its canonical text (method in upper case, one
 * space, no trailing slash but in "/"): 0, or ISERE_ERR_INVAL with *reason, a
 * constant English text, and nothing of use in `canonical`. Any thread.
 *
 * A method is letters, or ANY. A literal segment is what a request may have
 * there (RFC 3986 pchar; all else percent-encoded), but not empty, `.` or `..`.
 * Names of parameters have letters, digits and `._-`. Refused too: a path that
 * begins with /_isere, and more than ISERE_MAX_PATH_PARAMETERS parameters or
 * two of the same name.
 */
int isere_route_check(isere_slice_t text, char canonical[ISERE_ROUTE_TEXT_MAX],
                      const char **reason);

/* A route and who it belongs to. */
typedef struct isere_route_claim {
    const char *text; /* from isere_route_check; borrowed by the table */
    void *owner;
} isere_route_claim_t;

/*
 * Builds the table, in one block of the port's memory. Two claims of the same
 * route (also `/a/{x}` and `/a/{y}`, or `/a` and `/%61`, with the same method;
 * whoever they belong to) are a conflict: ISERE_ERR_INUSE with the indices of
 * both in `conflict`, the smaller first. Else 0 with *routes, or
 * ISERE_ERR_NOMEM. The claims themselves, but not their texts, may go
 * afterwards. Thread: the port's.
 */
int isere_routes_create(const isere_port_t *port,
                        const isere_route_claim_t *claims, size_t count,
                        isere_routes_t **routes, size_t conflict[2]);

/* NULL is fine. Any thread that may use the port's memory. */
void isere_routes_destroy(isere_routes_t *routes);

typedef struct isere_route_match {
    void *owner;
    const char *key; /* the route's text, as events have it in routeKey */
    /* Names lie in the route's text, values in the path, still encoded. */
    isere_path_parameter_t
        parameters[ISERE_MAX_PATH_PARAMETERS ? ISERE_MAX_PATH_PARAMETERS : 1];
    size_t nparameters;
    char allow[96]; /* with ISERE_ERR_INVAL: methods for the Allow field */
} isere_route_match_t;

/*
 * Finds the route of a request; `path` is as sent, without the query, `method`
 * as sent too. Returns 0 with *match; ISERE_ERR_NOENT when no route has that
 * path; ISERE_ERR_INVAL when some have, but not with that method: match->allow
 * has theirs, sorted, separated by ", " (those that there is room for).
 * Allocates nothing. Any thread; the match is valid as long as the table, the
 * texts that it was made of, and the path.
 */
int isere_routes_match(const isere_routes_t *routes, isere_slice_t method,
                       isere_slice_t path, isere_route_match_t *match);

#endif
