/*
 * Checks routes as people write them, and brings them into the one form in
 * which they are kept: METHOD in capitals, one space, the path without a slash
 * at its end. Two routes are the same exactly when their canonical texts are.
 * Its messages are for the authors of packages.
 */
#include "core/http/chars.h"
#include "core/route/route_internal.h"

#define TEXT(number) #number
#define NUMBER(macro) TEXT(macro)

/* What was seen of a path so far. */
typedef struct path {
    isere_slice_t text;
    size_t segments;
    size_t parameters;
    bool greedy;
} path_t;

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_name(isere_slice_t name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        if (!is_letter(c) && !isere_http_is(c, ISERE_HTTP_DIGIT) && c != '.' &&
            c != '_' && c != '-') {
            return false;
        }
    }
    return name.len > 0;
}

/* Whether the path has a parameter of that name before `name` itself.
 * Quadratic, in at most ISERE_ROUTE_SEGMENTS_MAX segments. */
static bool is_repeated(isere_slice_t path, isere_slice_t name)
{
    isere_slice_t segment;
    while (isere__route_next(&path, &segment) && segment.ptr + 1 < name.ptr) {
        isere_slice_t other;
        if (isere__route_kind(segment, &other) != ISERE_ROUTE_LITERAL &&
            other.len == name.len &&
            memcmp(other.ptr, name.ptr, name.len) == 0) {
            return true;
        }
    }
    return false;
}

/* {name} or {name+}; the segment begins with a brace. The names become members
 * of an object (pathParameters), so none may come twice. */
static const char *check_parameter(path_t *path, isere_slice_t segment)
{
    isere_slice_t name;
    if (segment.ptr[segment.len - 1] != '}') {
        return "a parameter must be a whole segment, as in /{name}/";
    }
    if (isere__route_kind(segment, &name) == ISERE_ROUTE_LITERAL) {
        return "a parameter has no name"; /* {} */
    }
    path->greedy = isere__route_kind(segment, &name) == ISERE_ROUTE_GREEDY;
    if (!is_name(name)) {
        return name.len == 0 ? "a parameter has no name"
                             : "a parameter's name may have only letters, "
                               "digits and . _ -";
    }
    if (name.len > ISERE_ROUTE_NAME_MAX) {
        return "a parameter's name is longer than 64 characters";
    }
    if (path->parameters == ISERE_MAX_PATH_PARAMETERS) {
        return "more than " NUMBER(ISERE_MAX_PATH_PARAMETERS) " parameters";
    }
    path->parameters++;
    return is_repeated(path->text, name) ? "two parameters have the same name"
                                         : NULL;
}

/* The characters of a literal segment: those that a request's path may have
 * (RFC 3986, 3.3), so no route is out of reach. */
static const char *check_characters(isere_slice_t segment)
{
    for (size_t i = 0; i < segment.len; i++) {
        char c = segment.ptr[i];
        if (c == '{' || c == '}') {
            return "a parameter must be a whole segment, as in /{name}/";
        }
        if (c == '?' || c == '#') {
            return "a route can't have a query or a fragment";
        }
        if (!isere_http_is(c, ISERE_HTTP_PATH)) {
            return "a character that must be percent-encoded in a path";
        }
        if (c == '%' && (segment.len - i < 3 ||
                         !isere_http_all(isere_slice_of(segment.ptr + i + 1, 2),
                                         ISERE_HTTP_HEX))) {
            return "a % without two hexadecimal digits";
        }
    }
    return NULL;
}

/* What other routers take for a parameter. Here it would match itself alone,
 * which nobody can have meant. */
static const char *check_spelling(isere_slice_t segment)
{
    if (segment.len > 1 && segment.ptr[0] == ':' && is_letter(segment.ptr[1])) {
        return "a parameter is written /{name}, not /:name";
    }
    if (isere_slice_is(segment, "*") || isere_slice_is(segment, "**")) {
        return "the rest of a path is written /{name+}, not /*";
    }
    return NULL;
}

/* Clients resolve . and .. also when encoded: no request would get there. */
static bool is_dots(isere_slice_t segment)
{
    return isere__route_same(segment, isere_slice(".")) ||
           isere__route_same(segment, isere_slice(".."));
}

/* Whether the decoded segment begins with _isere: a function that had such a
 * path would stand in for the management of the server. */
static bool is_reserved(isere_slice_t segment)
{
    for (const char *p = "_isere"; *p != '\0'; p++) {
        if (segment.len == 0 ||
            isere__route_byte(&segment) != (unsigned char)*p) {
            return false;
        }
    }
    return true;
}

static const char *check_segment(path_t *path, isere_slice_t segment)
{
    if (segment.len == 0) {
        return "an empty segment: two slashes in a row";
    }
    if (path->greedy) {
        return "{name+} must be the last segment";
    }
    if (path->segments++ == ISERE_ROUTE_SEGMENTS_MAX) {
        return "more than 16 segments";
    }
    if (segment.ptr[0] == '{') {
        return check_parameter(path, segment);
    }
    const char *wrong = check_characters(segment);
    wrong = wrong ? wrong : check_spelling(segment);
    if (wrong) {
        return wrong;
    }
    if (is_dots(segment)) {
        return "a segment that is . or ..";
    }
    if (path->segments == 1 && is_reserved(segment)) {
        return "paths that begin with /_isere are reserved";
    }
    return NULL;
}

/* NULL, or what is wrong with a path. */
static const char *check_path(isere_slice_t text)
{
    path_t path = {.text = text};
    isere_slice_t rest = text;
    isere_slice_t segment;
    const char *wrong = NULL;
    if (text.len == 0 || text.ptr[0] != '/') {
        return "the path must begin with /";
    }
    while (!wrong && isere__route_next(&rest, &segment)) {
        wrong = check_segment(&path, segment);
    }
    return wrong;
}

/* How many of the first characters are letters: the method. */
static size_t method_length(isere_slice_t text)
{
    size_t len = 0;
    while (len < text.len && is_letter(text.ptr[len])) {
        len++;
    }
    return len;
}

_Static_assert(ISERE_ROUTE_SEGMENTS_MAX == 16 && ISERE_ROUTE_NAME_MAX == 64 &&
                   ISERE_ROUTE_METHOD_MAX == 32 && ISERE_ROUTE_TEXT_MAX == 256,
               "the texts of the reasons say these numbers");

/* `canonical` is written last, when nothing can fail any more. */
static const char *check(isere_slice_t text, char *canonical)
{
    size_t method = method_length(text);
    size_t start = method;
    if (isere_slice_is(text, ISERE_ROUTE_DEFAULT)) {
        memcpy(canonical, ISERE_ROUTE_DEFAULT, sizeof(ISERE_ROUTE_DEFAULT));
        return NULL;
    }
    while (start < text.len && text.ptr[start] == ' ') {
        start++;
    }
    if (method == 0 || start == method) {
        return "a route is a method and a path, as in GET /pets, or $default";
    }
    if (method > ISERE_ROUTE_METHOD_MAX) {
        return "the method is longer than 32 letters";
    }
    isere_slice_t path = isere_slice_of(text.ptr + start, text.len - start);
    const char *wrong = check_path(path);
    if (wrong) {
        return wrong;
    }
    /* Requests with and without it match the same routes. */
    if (path.len > 1 && path.ptr[path.len - 1] == '/') {
        path.len--;
    }
    if (method + 1 + path.len >= ISERE_ROUTE_TEXT_MAX) {
        return "the route is longer than 255 characters";
    }
    for (size_t i = 0; i < method; i++) {
        canonical[i] = (char)(text.ptr[i] & ~0x20); /* letters only */
    }
    canonical[method] = ' ';
    memcpy(canonical + method + 1, path.ptr, path.len);
    canonical[method + 1 + path.len] = '\0';
    return NULL;
}

int isere_route_check(isere_slice_t text, char canonical[ISERE_ROUTE_TEXT_MAX],
                      const char **reason)
{
    const char *wrong = check(text, canonical);
    if (!wrong) {
        return 0;
    }
    *reason = wrong;
    return ISERE_ERR_INVAL;
}
