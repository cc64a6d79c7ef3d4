/*
 * Our request parser and llhttp 8.1 (strict mode), on the same bytes.
 *
 * Accepted or refused, method, target, fields, body and where the message
 * ends: all must be the same, or the difference must be one of those listed
 * and explained here (docs/http.md, "Where we differ from llhttp"). What is
 * not listed aborts.
 */
#include "core/http/chars.h"
#include "core/http/parser.h"
#include "llhttp.h"
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MAX_INPUT 4096

typedef struct text {
    char bytes[MAX_INPUT];
    size_t len;
} text_t;

/* What llhttp made of the bytes. */
typedef struct theirs {
    bool headers_complete;
    bool chunk; /* has read a chunk's first line */
    bool complete;
    size_t end; /* of the message, when complete */
    llhttp_errno_t error;
    text_t method;
    text_t target;
    text_t fields; /* name ':' value '\n' … */
    text_t body;
    bool upgrade;
    int minor;
    int major;
    bool keep_alive;
} theirs_t;

static theirs_t theirs;

static void append(text_t *text, const char *bytes, size_t len)
{
    if (len > sizeof(text->bytes) - text->len) {
        abort();
    }
    memcpy(text->bytes + text->len, bytes, len);
    text->len += len;
}

static int on_method(llhttp_t *p, const char *at, size_t len)
{
    (void)p;
    append(&theirs.method, at, len);
    return 0;
}

static int on_url(llhttp_t *p, const char *at, size_t len)
{
    (void)p;
    append(&theirs.target, at, len);
    return 0;
}

static int on_bytes_of_field(llhttp_t *p, const char *at, size_t len)
{
    (void)p;
    if (!theirs.headers_complete) {
        append(&theirs.fields, at, len);
    }
    return 0;
}

static int on_name_complete(llhttp_t *p)
{
    return on_bytes_of_field(p, ":", 1);
}

static int on_value_complete(llhttp_t *p)
{
    /* llhttp leaves white space at a value's end. */
    text_t *f = &theirs.fields;
    while (!theirs.headers_complete && f->len > 0 &&
           isere_http_is_space(f->bytes[f->len - 1])) {
        f->len--;
    }
    return on_bytes_of_field(p, "\n", 1);
}

static int on_headers_complete(llhttp_t *p)
{
    theirs.headers_complete = true;
    theirs.upgrade = p->upgrade;
    theirs.major = p->http_major;
    theirs.minor = p->http_minor;
    theirs.keep_alive = llhttp_should_keep_alive(p);
    return 0;
}

static int on_body(llhttp_t *p, const char *at, size_t len)
{
    (void)p;
    append(&theirs.body, at, len);
    return 0;
}

static int on_chunk_header(llhttp_t *p)
{
    (void)p;
    theirs.chunk = true;
    return 0;
}

static int on_message_complete(llhttp_t *p)
{
    (void)p;
    theirs.complete = true;
    return HPE_PAUSED;
}

static void parse_theirs(const char *data, size_t size)
{
    llhttp_settings_t settings;
    llhttp_t parser;
    llhttp_settings_init(&settings);
    settings.on_method = on_method;
    settings.on_url = on_url;
    settings.on_header_field = on_bytes_of_field;
    settings.on_header_field_complete = on_name_complete;
    settings.on_header_value = on_bytes_of_field;
    settings.on_header_value_complete = on_value_complete;
    settings.on_headers_complete = on_headers_complete;
    settings.on_body = on_body;
    settings.on_chunk_header = on_chunk_header;
    settings.on_message_complete = on_message_complete;
    memset(&theirs, 0, sizeof(theirs));
    llhttp_init(&parser, HTTP_REQUEST, &settings);
    theirs.error = llhttp_execute(&parser, data, size);
    if (theirs.complete) {
        theirs.end = (size_t)(llhttp_get_error_pos(&parser) - data);
        theirs.error = HPE_OK;
    }
}

/* What our parser made of them. */
typedef struct ours {
    int result;
    isere_http_parser_t parser;
    isere_http_request_t request;
    char buf[MAX_INPUT];
} ours_t;

static ours_t ours;
static const char *original; /* the bytes as they came */
static size_t original_len;

static void parse_ours(const char *data, size_t size)
{
    const isere_http_limits_t limits = {MAX_INPUT + 1, MAX_INPUT};
    size_t len = size;
    original = data;
    original_len = size;
    memset(&ours.request, 0, sizeof(ours.request));
    memcpy(ours.buf, data, size);
    isere_http_parser_init(&ours.parser, &limits);
    ours.result =
        isere_http_parser_feed(&ours.parser, &ours.request, ours.buf, &len);
}

/* -- the explained differences ------------------------------------------- */

/*
 * What we refuse and llhttp takes, or does not refuse yet: by our reason. What
 * is not here both refuse, such as both Content-Length and Transfer-Encoding,
 * and chunked that is not the last coding.
 */
static const char *const stricter[] = {
    /* Line ends: llhttp takes a lone LF behind the request line and for the
     * empty line behind the fields, and any mix of CR and LF before a request.
     */
    "method is not a token",
    "empty lines before the request",
    "invalid field name", /* also an empty one, which llhttp takes */
    /* Request line: several spaces, any printable target, versions 0.9 and
     * 2.0 or none, any scheme, and any form of target with any method. */
    "invalid request line",
    "invalid request target",
    "HTTP version is not 1.x",
    "invalid form of request target",
    "invalid host in request target",
    "target '*' is for OPTIONS only",
    "CONNECT without host and port",
    /* Fields: llhttp unfolds obsolete folding, and leaves Host, Expect and
     * the number of fields to the program that uses it. */
    "line begins with white space",
    "no Host field",
    "more than one Host field",
    "invalid Host field",
    "unknown expectation",
    "too many header fields",
    "body too large",
    /* Framing: llhttp continues folded lengths and looks only at the end of
     * the list of codings, in any version. */
    "Content-Length is not a number",
    "more than one Content-Length field",
    "malformed Transfer-Encoding",
    "unknown transfer coding",
    "Transfer-Encoding in HTTP/1.0",
    /* Chunks: llhttp takes empty extensions, names and values, quotes inside
     * of a value, and any number of zeros. */
    "malformed chunk extension",
    "chunk size has too many digits",
    NULL,
};

/* Whether a tab stands on the line of a field of that name. */
static bool tab_in(const char *field)
{
    const isere_http_request_t *r = &ours.request;
    for (unsigned i = 0; i < r->nfields; i++) {
        isere_slice_t name = isere_http_slice(r, r->fields[i].name);
        const char *p = name.ptr + name.len;
        while (isere_http_equals(name, field) && *p != '\r') {
            if (*p++ == '\t') {
                return true;
            }
        }
    }
    return false;
}

static bool explained_refusal(void)
{
    if (!theirs.headers_complete) {
        /* llhttp judges some fields at the head's end: no verdict yet. */
        return true;
    }
    if (strcmp(ours.parser.reason, "CR without LF") == 0) {
        return !ours.parser.started;
    }
    if (strcmp(ours.parser.reason, "chunked is not the last coding") == 0) {
        /* llhttp does not know chunked again when a tab follows. */
        return tab_in("transfer-encoding");
    }
    for (size_t i = 0; stricter[i] != NULL; i++) {
        if (strcmp(stricter[i], ours.parser.reason) == 0) {
            return true;
        }
    }
    return false;
}

/* Methods that llhttp takes before HTTP/1.1. */
static bool method_known_to_llhttp(void)
{
#define NAME(number, name, string) #string,
    static const char *const names[] = {HTTP_METHOD_MAP(NAME) NULL};
#undef NAME
    isere_slice_t method = isere_http_slice(&ours.request, ours.request.method);
    for (size_t i = 0; names[i] != NULL; i++) {
        /* SOURCE is in its list for another protocol, ICE. */
        if (strcmp(names[i], "SOURCE") != 0 &&
            isere_slice_is(method, names[i])) {
            return true;
        }
    }
    return false;
}

/* Whether a Connection field lists the option. */
static bool connection_lists(const char *wanted)
{
    const isere_http_request_t *r = &ours.request;
    for (unsigned i = 0; i < r->nfields; i++) {
        isere_slice_t name = isere_http_slice(r, r->fields[i].name);
        isere_slice_t list = isere_http_slice(r, r->fields[i].value);
        isere_slice_t option;
        while (isere_http_equals(name, "connection") &&
               isere_http_next(&list, &option)) {
            if (isere_http_equals(option, wanted)) {
                return true;
            }
        }
    }
    return false;
}

/*
 * Whether the connection stays open: llhttp does not take a tab for white
 * space around an option, reads Proxy-Connection, which no standard has, like
 * Connection, and ignores close in HTTP/1.0 beside keep-alive, where it must
 * win: RFC 9112 section 9.3.
 */
static bool explained_keep_alive(void)
{
    const isere_http_request_t *r = &ours.request;
    if (r->minor == 0 && theirs.keep_alive && connection_lists("close") &&
        connection_lists("keep-alive")) {
        return true;
    }
    return tab_in("connection") ||
           isere_http_field(r, "proxy-connection").ptr != NULL;
}

/* What llhttp refuses and we do not, by its error. */
static bool explained_acceptance(void)
{
    const isere_http_request_t *r = &ours.request;
    if (!ours.parser.head_complete) {
        /* We judge a request line's target and a field's value when the line
         * is complete, llhttp byte by byte. No verdict yet. */
        return ours.result == ISERE_HTTP_NEED_MORE;
    }
    char minor = r->base[r->target.off + r->target.len + 8];
    switch (theirs.error) {
    case HPE_INVALID_METHOD:
    case HPE_INVALID_CONSTANT:
        /* Any token is a method: RFC 9110 section 9.1. */
        return !method_known_to_llhttp();
    case HPE_INVALID_VERSION:
        /* 1.2 to 1.9 are read as 1.1: RFC 9110 section 2.5. */
        return minor >= '2' && minor <= '9';
    case HPE_STRICT:
    case HPE_INVALID_CHUNK_SIZE:
        /* llhttp 8.1 does not know an extension behind one with a plain value,
         * white space around '=' and ';' (which may still come), and escapes in
         * a quoted value: RFC 9112 section 7.1.1. */
        return ours.parser.chunked && theirs.headers_complete &&
               (memchr(original + r->body.off, ';',
                       original_len - r->body.off) != NULL ||
                isere_http_is_space(original[original_len - 1]));
    case HPE_INVALID_CONTENT_LENGTH:
    case HPE_INVALID_TRANSFER_ENCODING:
    case HPE_UNEXPECTED_CONTENT_LENGTH:
        if (!theirs.chunk) {
            /* OWS includes the tab: RFC 9110 section 5.6.3. */
            return tab_in("content-length") || tab_in("transfer-encoding");
        }
        /* Trailers cannot change the framing, and are dropped: RFC 9110
         * section 6.5.1. llhttp reads them like header fields. */
        return ours.parser.chunked;
    default:
        return false;
    }
}

/* -- the comparison ------------------------------------------------------ */

static void fail(const char *what)
{
    fprintf(stderr, "DIFFERENCE: %s; ours %d %u %s; llhttp %s%s\n", what,
            ours.result, ours.parser.status,
            ours.parser.reason ? ours.parser.reason : "",
            llhttp_errno_name(theirs.error),
            theirs.complete ? " complete" : "");
    abort();
}

static void same(const char *what, isere_slice_t ours_, const text_t *theirs_)
{
    if (ours_.len != theirs_->len ||
        memcmp(ours_.ptr, theirs_->bytes, ours_.len) != 0) {
        fail(what);
    }
}

static void compare_heads(void)
{
    static text_t fields;
    const isere_http_request_t *r = &ours.request;
    same("method", isere_http_slice(r, r->method), &theirs.method);
    same("target", isere_http_slice(r, r->target), &theirs.target);
    fields.len = 0;
    for (unsigned i = 0; i < r->nfields; i++) {
        isere_slice_t name = isere_http_slice(r, r->fields[i].name);
        isere_slice_t value = isere_http_slice(r, r->fields[i].value);
        append(&fields, name.ptr, name.len);
        append(&fields, ":", 1);
        append(&fields, value.ptr, value.len);
        append(&fields, "\n", 1);
    }
    /* We put a target's authority in the place of Host, RFC 9112 section
     * 3.2.2; llhttp leaves that to the program. */
    if (r->authority.len == 0 ||
        r->authority.off >= r->target.off + r->target.len) {
        same("fields", isere_slice_of(fields.bytes, fields.len),
             &theirs.fields);
    }
    if (theirs.major != 1 || theirs.minor != r->minor) {
        fail("version");
    }
}

static void compare(void)
{
    const isere_http_request_t *r = &ours.request;
    bool refused = theirs.error != HPE_OK;
    if (isere_slice_is(isere_http_slice(r, r->method), "PRI")) {
        /* A method like any other, as RFC 9110 section 9.1 has it. llhttp takes
         * all that begins so for HTTP/2, and waits for the rest of that
         * protocol's first bytes, whatever the version says. */
        return;
    }
    if (ours.result == ISERE_HTTP_BAD) {
        /* llhttp does not look at the body after CONNECT and Upgrade, nor at
         * whether the codings tell its length. */
        bool body_ignored =
            theirs.upgrade &&
            (ours.parser.head_complete ||
             strcmp(ours.parser.reason, "the last coding is not chunked") == 0);
        if (!refused && !body_ignored && !explained_refusal()) {
            fail("only we refuse");
        }
        return;
    }
    if (refused) {
        if (!explained_acceptance()) {
            fail("only llhttp refuses");
        }
        return;
    }
    if (theirs.upgrade) {
        /* CONNECT, or Connection: upgrade with Upgrade: llhttp ends the
         * message there, we ignore Upgrade (RFC 9110 section 7.8) and never
         * open a tunnel. The heads must still be the same. */
        compare_heads();
        return;
    }
    if (ours.parser.head_complete != theirs.headers_complete) {
        fail("where the head ends");
    }
    if (ours.parser.head_complete) {
        compare_heads();
        same("body", isere_http_slice(r, r->body), &theirs.body);
        if (ours.parser.keep_alive != theirs.keep_alive &&
            !explained_keep_alive()) {
            fail("keep-alive");
        }
    }
    if ((ours.result == ISERE_HTTP_COMPLETE) != theirs.complete) {
        fail("completeness");
    }
    if (theirs.complete && theirs.end != ours.parser.consumed) {
        fail("where the message ends");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > MAX_INPUT / 2) {
        return 0;
    }
    parse_ours((const char *)data, size);
    parse_theirs((const char *)data, size);
    compare();
    return 0;
}
