/*
 * Finds the route of a request: walks down the trie, the most specific child
 * first, and goes back where that led nowhere. A node has at most three
 * children for a segment (the literal, {name}, {name+}), and the last is an
 * end. So the walk is at most ISERE_ROUTE_SEGMENTS_MAX deep, visits no node
 * twice, and only nodes of routes that begin like the path.
 */
#include "core/route/route_internal.h"

typedef struct search {
    const isere_routes_t *routes;
    isere_slice_t method;
    isere_slice_t segments[ISERE_ROUTE_SEGMENTS_MAX];
    uint32_t hashes[ISERE_ROUTE_SEGMENTS_MAX];
    unsigned nsegments; /* ISERE_ROUTE_SEGMENTS_MAX + 1: that or more */
    char *allow;        /* methods of routes that have the path */
    size_t allow_size;
    isere__route_cost_t *cost;
} search_t;

/* Once for a request: the walk may go back, and then asks for the same
 * segments and hashes again. */
static void split(search_t *s, isere_slice_t rest)
{
    isere_slice_t segment;
    s->nsegments = 0;
    while (s->nsegments <= ISERE_ROUTE_SEGMENTS_MAX &&
           isere__route_next(&rest, &segment)) {
        if (s->nsegments < ISERE_ROUTE_SEGMENTS_MAX) {
            s->segments[s->nsegments] = segment;
            s->hashes[s->nsegments] = isere__route_hash(segment);
        }
        s->nsegments++;
    }
}

/* The order of two methods, by bytes: they are case-sensitive (RFC 9110,
 * 9.1). */
static int compare(isere_slice_t a, isere_slice_t b)
{
    size_t len = a.len < b.len ? a.len : b.len;
    int order = len > 0 ? memcmp(a.ptr, b.ptr, len) : 0;
    return order ? order : (a.len > b.len) - (a.len < b.len);
}

/* Puts a method in its place in the list, once; no more when it is full.
 * Sorted, so that the Allow of a response (RFC 9110, 10.2.1) does not depend
 * on the order of deploys. */
static void allow(search_t *s, isere_slice_t method)
{
    size_t used = strlen(s->allow);
    size_t at = 0;
    while (at < used) {
        isere_slice_t other =
            isere_slice_of(s->allow + at, strcspn(s->allow + at, ","));
        int order = compare(other, method);
        if (order == 0) {
            return;
        }
        if (order > 0) {
            break;
        }
        at += other.len + 2;
    }
    size_t more = method.len + (used > 0 ? 2 : 0);
    if (used + more >= s->allow_size) {
        return;
    }
    if (at < used) { /* "METHOD, " before the next one */
        memmove(s->allow + at + more, s->allow + at, used - at);
        memcpy(s->allow + at + method.len, ", ", 2);
    } else if (used > 0) { /* ", METHOD" behind the last one */
        memcpy(s->allow + used, ", ", 2);
        at = used + 2;
    }
    memcpy(s->allow + at, method.ptr, method.len);
    s->allow[used + more] = '\0';
}

/* How well a route's method suits the request's; 0: not at all. RFC 9110
 * section 9.3.2: HEAD asks for what GET would answer, without the body. */
static int suits(const search_t *s, isere_slice_t method)
{
    if (compare(method, s->method) == 0) {
        return 3;
    }
    if (isere_slice_is(s->method, "HEAD") && isere_slice_is(method, "GET")) {
        return 2;
    }
    return isere_slice_is(method, "ANY");
}

/* Of the routes with one path that whose method suits best, or none. */
static uint32_t choose(search_t *s, uint32_t first)
{
    const isere__route_entry_t *entries = s->routes->entries;
    uint32_t best = ISERE_ROUTE_NONE;
    int most = 0;
    for (uint32_t i = first; i != ISERE_ROUTE_NONE; i = entries[i].next) {
        int much =
            suits(s, isere_slice_of(entries[i].text, entries[i].method_len));
        if (much > most) {
            best = i;
            most = much;
        }
    }
    /* Only on the way to a 405. The walk goes on, so methods of all routes
     * that have the path come together. */
    for (uint32_t i = first; most == 0 && i != ISERE_ROUTE_NONE;
         i = entries[i].next) {
        isere_slice_t method =
            isere_slice_of(entries[i].text, entries[i].method_len);
        allow(s, method);
        if (isere_slice_is(method, "GET")) {
            allow(s, isere_slice("HEAD"));
        }
    }
    return best;
}

static uint32_t walk(search_t *s, uint32_t index, unsigned depth)
{
    const isere__route_node_t *node = &s->routes->nodes[index];
    s->cost->nodes++;
    if (depth == s->nsegments) {
        return choose(s, node->first);
    }
    if (depth == ISERE_ROUTE_SEGMENTS_MAX) {
        return ISERE_ROUTE_NONE; /* no route is that long */
    }
    isere_slice_t segment = s->segments[depth];
    uint32_t slot = isere__route_slot(s->routes, index, segment,
                                      s->hashes[depth], &s->cost->probes);
    uint32_t literal = s->routes->slots[slot];
    uint32_t found = literal ? walk(s, literal, depth + 1) : ISERE_ROUTE_NONE;
    /* An empty segment (two slashes in a row) is no value for {name}. */
    if (found == ISERE_ROUTE_NONE && node->parameter && segment.len > 0) {
        found = walk(s, node->parameter, depth + 1);
    }
    if (found == ISERE_ROUTE_NONE && node->greedy) {
        s->cost->nodes++;
        found = choose(s, s->routes->nodes[node->greedy].first);
    }
    return found;
}

/* Names from the route, values from the path. Both are borrowed: from the
 * table, and from the request's head. */
static void take_parameters(const search_t *s, const char *text,
                            const char *end, isere_route_match_t *match)
{
    isere_slice_t rest = isere_slice(strchr(text, '/'));
    isere_slice_t segment;
    for (unsigned i = 0; isere__route_next(&rest, &segment); i++) {
        /* Both have room for what is read: the check of routes has counted
         * segments and parameters. */
        isere_path_parameter_t parameter = {.value = s->segments[i]};
        isere__route_kind_t kind = isere__route_kind(segment, &parameter.name);
        if (kind == ISERE_ROUTE_GREEDY) {
            parameter.value.len = (size_t)(end - parameter.value.ptr);
        }
        if (kind != ISERE_ROUTE_LITERAL) {
            match->parameters[match->nparameters++] = parameter;
        }
    }
}

int isere_routes__match(const isere_routes_t *routes, isere_slice_t method,
                        isere_slice_t path, isere_route_match_t *match,
                        isere__route_cost_t *cost)
{
    search_t s = {.routes = routes,
                  .method = method,
                  .allow = match->allow,
                  .allow_size = sizeof(match->allow),
                  .cost = cost};
    uint32_t found = ISERE_ROUTE_NONE;
    match->owner = NULL;
    match->key = NULL;
    match->nparameters = 0;
    match->allow[0] = '\0';
    if (path.len == 0) {
        path = isere_slice("/");
    }
    if (path.ptr[0] == '/') { /* not "*" */
        split(&s, path);
        found = walk(&s, 0, 0);
    }
    if (found != ISERE_ROUTE_NONE) {
        const char *text = routes->entries[found].text;
        take_parameters(&s, text, path.ptr + path.len, match);
    } else if (routes->fallback != ISERE_ROUTE_NONE) {
        found = routes->fallback;
    } else {
        return match->allow[0] ? ISERE_ERR_INVAL : ISERE_ERR_NOENT;
    }
    match->owner = routes->entries[found].owner;
    match->key = routes->entries[found].text;
    match->allow[0] = '\0';
    return 0;
}

int isere_routes_match(const isere_routes_t *routes, isere_slice_t method,
                       isere_slice_t path, isere_route_match_t *match)
{
    isere__route_cost_t cost = {0, 0};
    return isere_routes__match(routes, method, path, match, &cost);
}
