/*
 * Parses a request into a call of the admin API, and refuses what is invalid or
 * not allowed.
 *
 * Whoever can use the endpoint owns the server, and any page that a person
 * looks at can make a browser send requests. So three things are checked:
 * Host, against DNS rebinding; Origin, against pages of other sites; and the
 * token. Without it every path but health and the dashboard gets 401, so
 * nobody learns what is there.
 */
#include "core/admin/call.h"
#include "core/admin/admin.h"
#include "core/http/chars.h"
#include "core/http/query.h"
#include "core/util/ascii.h"
#include "core/util/encode/percent.h"
#include "core/util/text.h"

#define ROOT "/_isere"

/* "/_isere" and what is below it, but not "/_isereX", which is a function's. */
bool isere__call_is_path(isere_slice_t path)
{
    size_t len = sizeof(ROOT) - 1;
    return path.len >= len && memcmp(path.ptr, ROOT, len) == 0 &&
           (path.len == len || path.ptr[len] == '/');
}

static void refuse(isere_call_t *call, int status, const char *message)
{
    call->kind = ISERE_CALL_REFUSED;
    call->status = status;
    call->message = message;
}

static bool equals(isere_slice_t a, const char *b)
{
    return a.len == strlen(b) && memcmp(a.ptr, b, a.len) == 0;
}

/* ---- where it comes from ---- */

/* The host of host[:port], without brackets around an IPv6 address. */
static isere_slice_t host_of(isere_slice_t authority, bool *is_v6)
{
    const char *end;
    *is_v6 = authority.len > 0 && authority.ptr[0] == '[';
    if (*is_v6) {
        end = memchr(authority.ptr, ']', authority.len);
        return end ? isere_slice_of(authority.ptr + 1,
                                    (size_t)(end - authority.ptr) - 1)
                   : isere_slice("");
    }
    end = authority.len > 0 ? memchr(authority.ptr, ':', authority.len) : NULL;
    return isere_slice_of(authority.ptr,
                          end ? (size_t)(end - authority.ptr) : authority.len);
}

/* Four decimal numbers: a name that a browser takes for an address is one. */
static bool is_v4(isere_slice_t host)
{
    unsigned dots = 0, digits = 0, value = 0;
    for (size_t i = 0; i < host.len; i++) {
        char c = host.ptr[i];
        if (c == '.' && digits > 0) {
            dots++;
            digits = 0;
            value = 0;
        } else if (isere_http_is(c, ISERE_HTTP_DIGIT) && digits < 3) {
            digits++;
            value = value * 10 + (unsigned)(c - '0');
        } else {
            return false;
        }
        if (value > 255) {
            return false;
        }
    }
    return dots == 3 && digits > 0;
}

/* Digits, colons and dots: enough, as a name that leads to another address has
 * neither a colon nor brackets. */
static bool is_v6_text(isere_slice_t host)
{
    size_t colons = 0;
    for (size_t i = 0; i < host.len; i++) {
        char c = host.ptr[i];
        colons += c == ':';
        if (c != ':' && c != '.' && !isere_http_is(c, ISERE_HTTP_HEX)) {
            return false;
        }
    }
    return colons >= 2;
}

/*
 * A page of another site may have its name point to our address (DNS
 * rebinding), and then the browser takes us for that site. It can't make the
 * browser send an address, or a name that we were told, in Host.
 */
static bool is_our_host(const isere_admin_t *admin, isere_slice_t authority)
{
    const char *const *name = admin->host_names;
    bool is_v6;
    isere_slice_t host = host_of(authority, &is_v6);
    if (is_v6) {
        return is_v6_text(host);
    }
    if (is_v4(host) || isere_http_equals(host, "localhost")) {
        return true;
    }
    for (; name && *name; name++) {
        if (isere_ascii_equal(host, isere_slice(*name))) {
            return true;
        }
    }
    return false;
}

/* Browsers say where a page comes from that sends a request to elsewhere. */
static bool is_our_origin(isere_slice_t origin, isere_slice_t authority)
{
    static const char scheme[] = "http://";
    size_t len = sizeof(scheme) - 1;
    return !origin.ptr ||
           (origin.len == len + authority.len &&
            memcmp(origin.ptr, scheme, len) == 0 &&
            isere_ascii_equal(isere_slice_of(origin.ptr + len, authority.len),
                              authority));
}

/* Without an early end: the time must not tell how many of its characters were
 * right. */
bool isere__call_token_equals(const char token[ISERE_TOKEN_LEN],
                              isere_slice_t given)
{
    unsigned differs = given.len != ISERE_TOKEN_LEN;
    for (size_t i = 0; i < given.len; i++) {
        differs |= (unsigned)((unsigned char)token[i % ISERE_TOKEN_LEN] ^
                              (unsigned char)given.ptr[i]);
    }
    return differs == 0;
}

/* RFC 6750 section 2.1. With two Authorization fields it would depend on the
 * reader which one counts, so there must be one. */
static bool has_token(const isere_admin_t *admin,
                      const isere_http_request_t *request)
{
    static const char scheme[] = "bearer ";
    size_t len = sizeof(scheme) - 1, count = 0;
    isere_slice_t value = isere_http_field(request, "authorization");
    for (size_t i = 0; i < request->nfields; i++) {
        isere_span_t name = request->fields[i].name;
        count +=
            isere_http_equals(isere_http_slice(request, name), "authorization");
    }
    return count == 1 && value.len > len &&
           isere_http_equals(isere_slice_of(value.ptr, len), scheme) &&
           isere__call_token_equals(
               admin->token, isere_http_trim(isere_slice_of(value.ptr + len,
                                                            value.len - len)));
}

/* ---- what is asked for ---- */

enum { GET = 1, PUT = 2, POST = 4, DELETE = 8 };

/* A path and what its methods do. All calls stand in one table, which
 * docs/api.md and the OpenAPI description agree with. */
typedef struct place {
    const char *path; /* * stands for a function's name */
    const char *allow;
    unsigned methods;
    isere_call_kind_t kinds[4]; /* of each method, in the order above */
} place_t;

static const place_t places[] = {
    {"/", "GET, HEAD", GET, {ISERE_CALL_PAGE}},
    {"/health", "GET, HEAD", GET, {ISERE_CALL_HEALTH}},
    {"/metrics", "GET, HEAD", GET, {ISERE_CALL_METRICS}},
    {"/v1/logs", "GET, HEAD", GET, {ISERE_CALL_LOGS}},
    {"/v1/functions", "GET, HEAD", GET, {ISERE_CALL_LIST}},
    {"/v1/functions/*",
     "DELETE, GET, HEAD, PUT",
     GET | PUT | DELETE,
     {ISERE_CALL_DESCRIBE, ISERE_CALL_DEPLOY, 0, ISERE_CALL_REMOVE}},
    {"/v1/functions/*/files", "GET, HEAD", GET, {ISERE_CALL_FILES}},
    {"/v1/functions/*/rollback", "POST", POST, {0, 0, ISERE_CALL_ROLLBACK}},
    {"/v1/functions/*/release", "POST", POST, {0, 0, ISERE_CALL_RELEASE}},
    {"/v1/functions/*/invoke", "POST", POST, {0, 0, ISERE_CALL_INVOKE}},
};

/* Whether `path` is the place; *name is what stands at its star. */
static bool is_at(const place_t *place, isere_slice_t path, isere_slice_t *name)
{
    const char *star = strchr(place->path, '*');
    *name = isere_slice("");
    if (!star) {
        return equals(path, place->path);
    }
    size_t before = (size_t)(star - place->path);
    if (path.len < before || memcmp(path.ptr, place->path, before) != 0) {
        return false;
    }
    isere_slice_t rest = isere_slice_of(path.ptr + before, path.len - before);
    const char *slash = rest.len > 0 ? memchr(rest.ptr, '/', rest.len) : NULL;
    size_t len = slash ? (size_t)(slash - rest.ptr) : rest.len;
    *name = isere_slice_of(rest.ptr, len);
    return equals(isere_slice_of(rest.ptr + len, rest.len - len), star + 1);
}

/* HEAD is GET whose answer has no body; the server leaves that out. */
static int method_index(isere_slice_t method)
{
    static const char *const methods[] = {"GET", "PUT", "POST", "DELETE"};
    for (int i = 0; i < 4; i++) {
        if (equals(method, methods[i])) {
            return i;
        }
    }
    return equals(method, "HEAD") ? 0 : -1;
}

/* A name may go into paths of the store, so it is checked before anything
 * looks at it. The function that is part of the program can be released, and
 * no more. */
static bool is_name(const place_t *place, isere_slice_t name)
{
    return isere_function_name_is_valid(name) ||
           (place->kinds[2] == ISERE_CALL_RELEASE &&
            equals(name, ISERE_BUILT_IN_NAME));
}

static const place_t *find_place(isere_slice_t path, isere_call_t *call)
{
    isere_slice_t name;
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        if (!is_at(&places[i], path, &name)) {
            continue;
        }
        if (strchr(places[i].path, '*') && !is_name(&places[i], name)) {
            refuse(call, 400,
                   "a function's name has 1 to 32 characters of a-z, 0-9 "
                   "and -");
            return NULL;
        }
        isere_text_copy(call->name, sizeof(call->name), name);
        return &places[i];
    }
    refuse(call, 404, "no call has this path: docs/api.md lists the calls");
    return NULL;
}

/* ---- details of some calls ---- */

/* The essence of a media type, RFC 9110 section 8.3.1. */
static bool is_type(isere_slice_t field, const char *lower)
{
    const char *end = field.len > 0 ? memchr(field.ptr, ';', field.len) : NULL;
    isere_slice_t essence =
        isere_slice_of(field.ptr, end ? (size_t)(end - field.ptr) : field.len);
    return isere_http_equals(isere_http_trim(essence), lower);
}

/* The type says how the body is to be read. A form of another site can't send
 * either of them without asking the server first (CORS). */
static void read_deploy(const isere_http_request_t *request, isere_call_t *call)
{
    isere_slice_t type = isere_http_field(request, "content-type");
    call->is_source = is_type(type, "text/javascript") ||
                      is_type(type, "application/javascript");
    if (!call->is_source && !is_type(type, "application/json")) {
        refuse(call, 415,
               "the Content-Type must be text/javascript, for one module, or "
               "application/json");
    }
}

static bool read_level(isere_slice_t value, isere_log_level_t *level)
{
    static const char *const names[] = {"error", "warn", "info", "debug"};
    for (int i = 0; i < 4; i++) {
        if (equals(value, names[i])) {
            *level = (isere_log_level_t)i;
            return true;
        }
    }
    return false;
}

/* What is unknown is refused: a filter with a typing error would show all
 * lines, and look as if it worked. */
static void read_logs(const isere_http_request_t *request, isere_call_t *call)
{
    isere_slice_t rest = isere_http_slice(request, request->query);
    isere_slice_t name, value;
    call->level = ISERE_LOG_DEBUG;
    while (isere_http_query_next(&rest, &name, &value)) {
        if (equals(name, "follow")) {
            call->follow = !equals(value, "0");
        } else if (equals(name, "level")) {
            if (!read_level(value, &call->level)) {
                refuse(call, 400, "level must be error, warn, info or debug");
                return;
            }
        } else if (equals(name, "function")) {
            if (!isere_function_name_is_valid(value)) {
                refuse(call, 400, "function must be a function's name");
                return;
            }
            isere_text_copy(call->name, sizeof(call->name), value);
        } else {
            refuse(call, 400,
                   "the only parameters are follow, function and level");
            return;
        }
    }
}

static void read_details(const isere_http_request_t *request,
                         isere_call_t *call)
{
    if (call->kind == ISERE_CALL_DEPLOY) {
        read_deploy(request, call);
    } else if (call->kind == ISERE_CALL_LOGS) {
        read_logs(request, call);
    }
}

/* ---- all of it ---- */

/* 405 says which methods there are, RFC 9110 section 15.5.6. */
static void read_place(const isere_http_request_t *request, isere_slice_t path,
                       isere_call_t *call)
{
    int method = method_index(isere_http_slice(request, request->method));
    const place_t *place = find_place(path, call);
    if (!place) {
        return;
    }
    if (method < 0 || !(place->methods & (1u << method))) {
        refuse(call, 405, "the method is not allowed here");
        call->allow = place->allow;
        return;
    }
    call->kind = place->kinds[method];
}

void isere__call_read(const isere_admin_t *admin,
                      const isere_http_request_t *request, isere_call_t *call)
{
    size_t root = sizeof(ROOT) - 1;
    isere_slice_t path = isere_http_path(request);
    isere_slice_t authority = isere_http_slice(request, request->authority);
    memset(call, 0, sizeof(*call));
    if (!is_our_host(admin, authority)) {
        refuse(call, 403,
               "Host must be an address, localhost or a name of this server");
        return;
    }
    if (!is_our_origin(isere_http_field(request, "origin"), authority)) {
        refuse(call, 403, "requests from pages of another origin are refused");
        return;
    }
    if (path.len == root) {
        refuse(call, 308, "the dashboard is at /_isere/");
        return;
    }
    read_place(request, isere_slice_of(path.ptr + root, path.len - root), call);
    bool open =
        call->kind == ISERE_CALL_HEALTH || call->kind == ISERE_CALL_PAGE;
    /* A client without the token learns nothing of what is here. */
    if (!open && !has_token(admin, request)) {
        refuse(call, 401,
               "the server's token is required: Authorization: Bearer TOKEN");
        return;
    }
    read_details(request, call);
}
