/*
 * Routes, written as on API Gateway: `GET /pets/{id}`, `ANY /files/{path+}`,
 * `$default`.
 *
 * A table is built once from all claims of all functions and never changes; it
 * may be used from any thread. A match costs what the path has segments, not
 * what there are routes.
 *
 * Which route takes a request: of those whose method and path both match, the
 * most specific, compared segment by segment from the left: a literal before
 * `{name}` before `{name+}`; then a method before ANY. `$default` comes last. A
 * trailing slash is ignored when nothing matches with it. Literals are compared
 * with the decoded segment; `{name}` takes one segment that is not empty,
 * `{name+}`, always the last, one or more, with slashes.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html
 */
#ifndef ISERE_CORE_ROUTE_ROUTE_H
#define ISERE_CORE_ROUTE_ROUTE_H

#include "core/lambda/invocation.h"
#include "isere/port.h"

enum {
    ISERE_ROUTE_TEXT_MAX = 256,    /* of one route, with its NUL */
    ISERE_ROUTE_SEGMENTS_MAX = 16, /* of one route */
};

typedef struct isere_routes isere_routes_t;

/*
 * Checks a route and writes its canonical text (method in upper case, one
 * space, no trailing slash but in "/"): 0, or ISERE_ERR_INVAL with *reason, a
 * constant English text. Refused too: what begins with /_isere, and more than
 * ISERE_MAX_PATH_PARAMETERS parameters or two of the same name.
 */
int isere_route_check(isere_slice_t text, char canonical[ISERE_ROUTE_TEXT_MAX],
                      const char **reason);

/* A route and who it belongs to. */
typedef struct isere_route_claim {
    const char *text; /* canonical; borrowed by the table */
    void *owner;
} isere_route_claim_t;

/*
 * Builds the table. Two claims of the same route (also `/a/{x}` and `/a/{y}`,
 * with the same method) are a conflict: ISERE_ERR_INUSE with the indices of
 * both in `conflict`. Else 0 with *routes, or ISERE_ERR_NOMEM.
 */
int isere_routes_create(const isere_port_t *port,
                        const isere_route_claim_t *claims, size_t count,
                        isere_routes_t **routes, size_t conflict[2]);

/* NULL is fine. */
void isere_routes_destroy(isere_routes_t *routes);

typedef struct isere_route_match {
    void *owner;
    const char *key; /* the route's text, as events have it in routeKey */
    isere_path_parameter_t parameters[ISERE_MAX_PATH_PARAMETERS];
    size_t nparameters; /* names lie in the table, values in the path */
    char allow[96];     /* with ISERE_ERR_INVAL: methods for the Allow field */
} isere_route_match_t;

/*
 * Finds the route of a request; `path` is as sent, without the query. Returns
 * 0 with *match; ISERE_ERR_NOENT when no route has that path;
 * ISERE_ERR_INVAL when some have, but not with that method: see match->allow.
 * Allocates nothing.
 */
int isere_routes_match(const isere_routes_t *routes, isere_slice_t method,
                       isere_slice_t path, isere_route_match_t *match);

#endif
