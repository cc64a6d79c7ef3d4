/*
 * Routes. Any text: what is accepted is canonical, and stays as it is when it
 * is checked again. Any table and path: the same route, parameters and methods
 * as a matcher that looks at all routes and compares those that fit in pairs.
 *
 * The input is read as choices: routes of few different parts, so that they
 * have much in common, then requests of the same parts.
 */
#include "core/route/route.h"
#include "core/util/encode/percent.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ROUTES_MAX = 48, REQUESTS_MAX = 16, PARTS_MAX = 20 };

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

static void *resize(void *ctx, void *ptr, size_t size)
{
    (void)ctx;
    if (size == 0) {
        free(ptr);
        return NULL;
    }
    return realloc(ptr, size);
}

/* Choices */

typedef struct choices {
    const uint8_t *data;
    size_t size;
} choices_t;

/* A number below n; 0 when the input is used up. */
static unsigned choose(choices_t *c, unsigned n)
{
    if (c->size == 0) {
        return 0;
    }
    c->size--;
    return *c->data++ % n;
}

static const char *const methods[] = {"GET",    "PUT", "ANY", "POST",
                                      "DELETE", "get", "G",   "HEAD"};
static const char *const parts[] = {
    "a",     "b",     "{x}",  "{y}",  "{z}", "{x+}", "{p+}", "%61",
    "a%2Fb", "A%2fb", "%2e",  "..",   "",    "c%",   "{",    "_isere",
    "aa",    "%7bx}", "%00a", "a%62", "+",   "%%61", "}",    "{a}b",
};

/* At most 16 parts and then some; texts are shorter than 256 bytes. */
static void make_path(choices_t *c, char *out, unsigned kinds)
{
    unsigned count = choose(c, PARTS_MAX);
    *out = '\0';
    for (unsigned i = 0; i < count; i++) {
        strcat(out, "/");
        strcat(out, parts[choose(c, kinds)]);
    }
    if (count == 0 || choose(c, 4) == 0) {
        strcat(out, "/");
    }
}

static const char *make_method(choices_t *c)
{
    return methods[choose(c, sizeof(methods) / sizeof(methods[0]))];
}

/* The reference: nothing shared with the matcher but the checked texts. */

typedef struct split {
    isere_slice_t segments[256];
    size_t count;
    bool slash; /* a trailing one */
    isere_slice_t path;
} split_t;

static void split(isere_slice_t path, split_t *out)
{
    out->count = 0;
    out->path = path;
    size_t start = 1;
    for (size_t i = 1; i <= path.len; i++) {
        if (i == path.len || path.ptr[i] == '/') {
            out->segments[out->count++] =
                isere_slice_of(path.ptr + start, i - start);
            start = i + 1;
        }
    }
    out->slash = out->segments[out->count - 1].len == 0;
    out->count -= out->slash;
}

static bool same_decoded(isere_slice_t a, isere_slice_t b)
{
    char x[256];
    char y[256];
    require(a.len <= sizeof(x) && b.len <= sizeof(y));
    size_t n = isere_percent_decode(a.ptr, a.len, false, x);
    size_t m = isere_percent_decode(b.ptr, b.len, false, y);
    return n == m && memcmp(x, y, n) == 0;
}

/* 0 literal, 1 {name}, 2 {name+} */
static int kind_of(isere_slice_t s)
{
    if (s.len < 3 || s.ptr[0] != '{') {
        return 0;
    }
    return s.ptr[s.len - 2] == '+' ? 2 : 1;
}

static void split_route(const char *text, split_t *out)
{
    const char *path = strchr(text, ' ') + 1;
    split(isere_slice(path), out);
}

static bool is_default(const char *text)
{
    return strcmp(text, "$default") == 0;
}

static bool path_fits(const char *text, const split_t *request)
{
    split_t route;
    split_route(text, &route);
    for (size_t i = 0; i < route.count; i++) {
        int kind = kind_of(route.segments[i]);
        if (i >= request->count) {
            return false;
        }
        if (kind == 2) {
            return true; /* the last; the rest is not empty */
        }
        if (kind == 1
                ? request->segments[i].len == 0
                : !same_decoded(route.segments[i], request->segments[i])) {
            return false;
        }
    }
    return route.count == request->count;
}

static isere_slice_t method_of(const char *text)
{
    return isere_slice_of(text, strcspn(text, " "));
}

/* How well a route's method fits: not at all, as ANY, as GET to HEAD, as it is.
 */
static int method_fits(const char *text, const char *method)
{
    if (isere_slice_is(method_of(text), method)) {
        return 3;
    }
    if (strcmp(method, "HEAD") == 0 && isere_slice_is(method_of(text), "GET")) {
        return 2;
    }
    return isere_slice_is(method_of(text), "ANY");
}

/* Whether a is more specific than b; both fit the same request. */
static bool before(const char *a, const char *b, const char *method)
{
    split_t x;
    split_t y;
    split_route(a, &x);
    split_route(b, &y);
    for (size_t i = 0; i < x.count && i < y.count; i++) {
        int k = kind_of(x.segments[i]);
        int l = kind_of(y.segments[i]);
        if (k != l) {
            return k < l;
        }
    }
    require(x.count == y.count); /* else they could not both fit */
    return method_fits(a, method) > method_fits(b, method);
}

/* Whether two routes are in conflict. */
static bool twins(const char *a, const char *b)
{
    split_t x;
    split_t y;
    if (is_default(a) || is_default(b)) {
        return is_default(a) && is_default(b);
    }
    isere_slice_t method = method_of(b);
    split_route(a, &x);
    split_route(b, &y);
    if (x.count != y.count || method.len != method_of(a).len ||
        memcmp(a, method.ptr, method.len) != 0) {
        return false;
    }
    for (size_t i = 0; i < x.count; i++) {
        int kind = kind_of(x.segments[i]);
        if (kind != kind_of(y.segments[i]) ||
            (kind == 0 && !same_decoded(x.segments[i], y.segments[i]))) {
            return false;
        }
    }
    return true;
}

typedef struct table {
    char texts[ROUTES_MAX][ISERE_ROUTE_TEXT_MAX];
    isere_route_claim_t claims[ROUTES_MAX];
    size_t count;
} table_t;

static const char *best_of(const table_t *table, const char *method,
                           const split_t *request)
{
    const char *best = NULL;
    for (size_t i = 0; i < table->count; i++) {
        const char *text = table->texts[i];
        if (!is_default(text) && path_fits(text, request) &&
            method_fits(text, method) &&
            (!best || before(text, best, method))) {
            best = text;
        }
    }
    for (size_t i = 0; !best && i < table->count; i++) {
        best = is_default(table->texts[i]) ? table->texts[i] : NULL;
    }
    return best;
}

/* Checks */

static void check_parameters(const isere_route_match_t *match,
                             const split_t *request)
{
    split_t route;
    size_t n = 0;
    if (is_default(match->key)) {
        require(match->nparameters == 0);
        return;
    }
    split_route(match->key, &route);
    for (size_t i = 0; i < route.count; i++) {
        isere_slice_t s = route.segments[i];
        int kind = kind_of(s);
        if (kind == 0) {
            continue;
        }
        require(n < match->nparameters);
        const isere_path_parameter_t *p = &match->parameters[n++];
        isere_slice_t value = request->segments[i];
        const char *end = request->path.ptr + request->path.len;
        value.len = kind == 2 ? (size_t)(end - value.ptr) : value.len;
        require(p->name.ptr == s.ptr + 1 &&
                p->name.len == s.len - (size_t)(kind == 2 ? 3 : 2));
        require(p->value.ptr == value.ptr && p->value.len == value.len);
        require(value.len > 0);
    }
    require(n == match->nparameters);
}

/* The methods are sorted, each once, and those of the routes that fit; HEAD is
 * there where GET is. */
static void check_allow(const table_t *table, const split_t *request,
                        const char *allow)
{
    char wanted[256] = "";
    /* In order, with separators; "get" is GET by now, and ANY would fit. */
    static const char *const sorted[] = {"DELETE", "G",    "GET",
                                         "HEAD",   "POST", "PUT"};
    for (size_t m = 0; m < sizeof(sorted) / sizeof(sorted[0]); m++) {
        for (size_t i = 0; i < table->count; i++) {
            const char *text = table->texts[i];
            if (!is_default(text) && path_fits(text, request) &&
                method_fits(text, sorted[m]) > 1) {
                strcat(wanted, *wanted ? ", " : "");
                strcat(wanted, sorted[m]);
                break;
            }
        }
    }
    require(strcmp(allow, wanted) == 0);
}

static void check_request(const table_t *table, const isere_routes_t *routes,
                          choices_t *c)
{
    char path[512];
    const char *method = make_method(c);
    isere_route_match_t match;
    split_t request;
    make_path(c, path, sizeof(parts) / sizeof(parts[0]));
    /* Exact sizes, so that the sanitizer sees a byte too many. */
    size_t len = strlen(path);
    char *copy = malloc(len);
    memcpy(copy, path, len);
    split(isere_slice_of(copy, len), &request);
    const char *best = best_of(table, method, &request);
    int error =
        isere_routes_match(routes, isere_slice(method), request.path, &match);
    if (best) {
        require(error == 0 && match.key == best && match.owner == best);
        require(match.allow[0] == '\0');
        check_parameters(&match, &request);
    } else {
        require(error == (match.allow[0] ? ISERE_ERR_INVAL : ISERE_ERR_NOENT));
        require(!match.key && !match.owner && match.nparameters == 0);
        check_allow(table, &request, match.allow);
    }
    free(copy);
}

/* Adds a route of chosen parts when it is one. */
static void add_route(table_t *table, choices_t *c)
{
    char path[512];
    char text[600];
    const char *reason = NULL;
    const char *method = make_method(c);
    make_path(c, path, choose(c, 4) ? 8 : sizeof(parts) / sizeof(parts[0]));
    snprintf(text, sizeof(text), "%s %s", method, path);
    if (choose(c, 32) == 31) {
        strcpy(text, "$default");
    }
    char *canonical = table->texts[table->count];
    int error = isere_route_check(isere_slice(text), canonical, &reason);
    require(error == 0 ? reason == NULL : reason != NULL);
    if (error == 0) {
        isere_route_claim_t claim = {canonical, canonical};
        table->claims[table->count++] = claim;
    }
}

/* What the reference says of conflicts; takes the later one out. */
static bool resolve(table_t *table, size_t a, size_t b)
{
    require(a < b && b < table->count);
    for (size_t j = 0; j <= b; j++) {
        for (size_t i = 0; i < j; i++) {
            if (twins(table->texts[i], table->texts[j])) {
                require(i == a && j == b);
                table->count--;
                memmove(table->texts[b], table->texts[table->count],
                        sizeof(table->texts[b]));
                return true;
            }
        }
    }
    return false;
}

static isere_routes_t *build(table_t *table)
{
    isere_port_t port = {.resize = resize};
    isere_routes_t *routes = NULL;
    size_t conflict[2];
    int error;
    while ((error = isere_routes_create(&port, table->claims, table->count,
                                        &routes, conflict)) ==
           ISERE_ERR_INUSE) {
        require(resolve(table, conflict[0], conflict[1]));
    }
    require(error == 0);
    for (size_t j = 1; j < table->count; j++) {
        for (size_t i = 0; i < j; i++) {
            require(!twins(table->texts[i], table->texts[j]));
        }
    }
    return routes;
}

/* Any bytes as a route, and as the method and path of a request. */
static void check_text(const isere_routes_t *routes, const uint8_t *data,
                       size_t size)
{
    char first[ISERE_ROUTE_TEXT_MAX];
    char second[ISERE_ROUTE_TEXT_MAX];
    const char *reason = NULL;
    isere_route_match_t match;
    char *text = malloc(size + (size == 0));
    if (size > 0) {
        memcpy(text, data, size);
    }
    isere_slice_t whole = isere_slice_of(text, size);
    if (isere_route_check(whole, first, &reason) == 0) {
        require(isere_route_check(isere_slice(first), second, &reason) == 0);
        require(strcmp(first, second) == 0);
        require(strlen(first) <= size);
    } else {
        require(reason != NULL);
    }
    isere_routes_match(routes, whole, whole, &match);
    if (size > 0) {
        text[0] = '/';
        isere_routes_match(routes, isere_slice("GET"), whole, &match);
    }
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static table_t table;
    choices_t c = {data, size};
    unsigned nroutes = choose(&c, ROUTES_MAX);
    table.count = 0;
    for (unsigned i = 0; i < nroutes; i++) {
        add_route(&table, &c);
    }
    isere_routes_t *routes = build(&table);
    unsigned nrequests = 1 + choose(&c, REQUESTS_MAX);
    for (unsigned i = 0; i < nrequests; i++) {
        check_request(&table, routes, &c);
    }
    check_text(routes, data, size);
    isere_routes_destroy(routes);
    return 0;
}
