/* The parser of responses: a state machine over single bytes for the head and
 * the framing of chunks; data is handed on in blocks. Strict, since a server
 * that is not one of ours may answer. */
#include "apps/isere/client/client_response.h"
#include "core/http/chars.h"

#define MAX_SIZE_DIGITS 15 /* hexadecimal: below 2^60 */

/* Where the parser is. */
enum {
    STEP_HEAD,
    STEP_LENGTH, /* in a body of known length */
    STEP_CLOSE,  /* in a body that ends with the connection */
    STEP_SIZE,   /* in a chunk's size */
    STEP_EXTENSION,
    STEP_SIZE_LF,
    STEP_CHUNK, /* in a chunk's data */
    STEP_CHUNK_CR,
    STEP_CHUNK_LF,
    STEP_TRAILER_START, /* at the start of a line */
    STEP_TRAILER,
    STEP_TRAILER_LF,
    STEP_END_LF,
};

/* The first error stays: feeding more changes nothing. */
static isere_client_state_t bad(isere_client_response_t *r, const char *reason)
{
    r->reason = reason;
    r->state = ISERE_CLIENT_BAD;
    return r->state;
}

static isere_client_state_t done(isere_client_response_t *r)
{
    r->state = ISERE_CLIENT_DONE;
    return r->state;
}

void isere_client_response_init(isere_client_response_t *r,
                                isere_client_body_fn *body, void *arg)
{
    /* The head is large and is only read as far as it was written. */
    memset(r, 0, offsetof(isere_client_response_t, head));
    r->body = body;
    r->arg = arg;
}

/* ---- the head ---- */

/* "HTTP/1.1 200 OK"; the reason phrase has no meaning (RFC 9112, section 4).
 * It may be empty, but the space before it is there. */
static bool read_status(isere_client_response_t *r, isere_slice_t line)
{
    const char *p = line.ptr;
    /* The seven bytes before the version were compared as they came. */
    if (line.len < 13 || (p[7] != '0' && p[7] != '1') || p[8] != ' ' ||
        p[12] != ' ' || !isere_http_all(line, ISERE_HTTP_VALUE)) {
        return false;
    }
    for (int i = 9; i < 12; i++) {
        if (!isere_http_is(p[i], ISERE_HTTP_DIGIT)) {
            return false;
        }
    }
    r->http_1_0 = p[7] == '0';
    r->status = (p[9] - '0') * 100 + (p[10] - '0') * 10 + (p[11] - '0');
    return r->status >= 100 && r->status <= 599;
}

/* Content-Length: digits and nothing else, once. */
static bool read_length(isere_client_response_t *r, isere_slice_t value)
{
    /* 18 digits can't overflow 64 bits. A second field, even one with the same
     * value, is refused: RFC 9112, section 6.3, allows both. */
    if (r->has_length || value.len == 0 || value.len > 18 ||
        !isere_http_all(value, ISERE_HTTP_DIGIT)) {
        return false;
    }
    r->has_length = true;
    for (size_t i = 0; i < value.len; i++) {
        r->left = r->left * 10 + (unsigned)(value.ptr[i] - '0');
    }
    return true;
}

/* We asked for no other coding, and could not decode it. With HTTP/1.0 the
 * framing is faulty (section 6.1). */
static bool read_coding(isere_client_response_t *r, isere_slice_t value)
{
    if (r->is_chunked || r->http_1_0 || !isere_http_equals(value, "chunked")) {
        return false;
    }
    r->is_chunked = true;
    return true;
}

static void read_type(isere_client_response_t *r, isere_slice_t value)
{
    const char *end = value.len > 0 ? memchr(value.ptr, ';', value.len) : NULL;
    if (end) {
        value.len = (size_t)(end - value.ptr);
    }
    r->type = isere_http_trim(value);
}

static const char *read_field(isere_client_response_t *r, isere_slice_t line)
{
    const char *colon = memchr(line.ptr, ':', line.len);
    isere_slice_t name, value;
    if (!colon || colon == line.ptr) {
        return "a header field has no name";
    }
    name = isere_slice_of(line.ptr, (size_t)(colon - line.ptr));
    value = isere_http_trim(
        isere_slice_of(colon + 1, line.len - (size_t)(colon + 1 - line.ptr)));
    if (!isere_http_all(name, ISERE_HTTP_TOKEN) ||
        !isere_http_all(value, ISERE_HTTP_VALUE)) {
        return "a header field is malformed";
    }
    if (isere_http_equals(name, "content-length")) {
        return read_length(r, value) ? NULL : "its Content-Length is malformed";
    }
    if (isere_http_equals(name, "transfer-encoding")) {
        return read_coding(r, value) ? NULL
                                     : "its Transfer-Encoding is not chunked";
    }
    if (isere_http_equals(name, "content-type")) {
        read_type(r, value);
    } else if (isere_http_equals(name, "location")) {
        r->location = value;
    }
    return NULL;
}

/* How the body ends: RFC 9112 section 6.3. HEAD is never sent. Where the
 * connection ends the body, a cut can't be told from the end: the reader of
 * the JSON notices. */
static isere_client_state_t begin_body(isere_client_response_t *r)
{
    if (r->status == 204 || r->status == 304) {
        return done(r);
    }
    if (r->is_chunked) {
        r->step = STEP_SIZE;
    } else if (r->has_length) {
        r->step = STEP_LENGTH;
        return r->left == 0 ? done(r) : ISERE_CLIENT_MORE;
    } else {
        r->step = STEP_CLOSE;
    }
    return ISERE_CLIENT_MORE;
}

/* An interim (1xx) response is skipped; the final one follows. */
static isere_client_state_t skip_interim(isere_client_response_t *r)
{
    unsigned interims = r->interims + 1;
    /* The counter lives through the reset that follows: a server that sends
     * interim responses for ever must not keep us busy for ever. */
    if (r->status == 101 || interims > ISERE_CLIENT_MAX_INTERIM) {
        r->status = 0;
        return bad(r, "it begins with too many interim responses");
    }
    isere_client_response_init(r, r->body, r->arg);
    r->interims = interims;
    return ISERE_CLIENT_MORE;
}

/* The head is complete, with the empty line that ends it. */
static isere_client_state_t read_head(isere_client_response_t *r)
{
    const char *line = r->head;
    const char *end = r->head + r->head_len - 2;
    const char *wrong = NULL;
    while (line < end && !wrong) {
        const char *cr = memchr(line, '\r', (size_t)(end - line));
        isere_slice_t text = isere_slice_of(line, (size_t)(cr - line));
        /* A bare CR ends a line for some parsers and not for others, which is
         * how responses are smuggled. */
        if (cr[1] != '\n') {
            wrong = "a line of its head does not end in CRLF";
        } else if (line == r->head) {
            wrong =
                read_status(r, text) ? NULL : "its status line is malformed";
        } else {
            wrong = read_field(r, text);
        }
        line = cr + 2;
    }
    /* RFC 9112, section 6.3: a message with both may be an attack, and no
     * server of ours sends it. */
    if (!wrong && r->is_chunked && r->has_length) {
        wrong = "it has both a Content-Length and a Transfer-Encoding";
    }
    if (wrong) {
        r->status = 0;
        return bad(r, wrong);
    }
    return r->status < 200 ? skip_interim(r) : begin_body(r);
}

/* One byte of the head. What is not HTTP (an SSH server, say) is noticed at the
 * first wrong byte, not only when the peer closes the connection. */
static isere_client_state_t take_head(isere_client_response_t *r, char c)
{
    static const isere_slice_t start = ISERE_SLICE("HTTP/1.");
    if (r->head_len < start.len && c != start.ptr[r->head_len]) {
        return bad(r, "it is not HTTP/1.1");
    }
    if (r->head_len == sizeof(r->head)) {
        return bad(r, "its head is too long");
    }
    r->head[r->head_len++] = c;
    if (c == '\n' && r->head_len >= 4 &&
        memcmp(r->head + r->head_len - 4, "\r\n\r\n", 4) == 0) {
        return read_head(r);
    }
    return ISERE_CLIENT_MORE;
}

/* ---- chunks ---- */

static isere_client_state_t take_size(isere_client_response_t *r, char c)
{
    if (isere_http_is(c, ISERE_HTTP_HEX) && r->digits < MAX_SIZE_DIGITS) {
        r->left = r->left * 16 + isere_http_hex(c);
        r->digits++;
        return ISERE_CLIENT_MORE;
    }
    if (r->digits == 0 || (c != ';' && c != '\r')) {
        return bad(r, "the size of a chunk is malformed");
    }
    r->step = c == '\r' ? STEP_SIZE_LF : STEP_EXTENSION;
    return ISERE_CLIENT_MORE;
}

/* The rest of a line that is ignored: a chunk's extension, or a trailer. */
static isere_client_state_t take_rest(isere_client_response_t *r, char c,
                                      int next)
{
    if (c == '\r') {
        r->step = next;
        return ISERE_CLIENT_MORE;
    }
    if (!isere_http_is(c, ISERE_HTTP_VALUE)) {
        return bad(r, "a line of its chunks is malformed");
    }
    /* Extensions and trailers are skipped, not kept, but a line that never ends
     * would be read for ever. */
    if (++r->line > ISERE_CLIENT_MAX_LINE) {
        return bad(r, "a line of its chunks is too long");
    }
    return ISERE_CLIENT_MORE;
}

static isere_client_state_t expect(isere_client_response_t *r, char c,
                                   char wanted, int next)
{
    if (c != wanted) {
        return bad(r, "a chunk does not end where it should");
    }
    r->step = next;
    return ISERE_CLIENT_MORE;
}

static isere_client_state_t begin_chunk(isere_client_response_t *r, char c)
{
    r->digits = 0;
    r->line = 0;
    return expect(r, c, '\n', r->left > 0 ? STEP_CHUNK : STEP_TRAILER_START);
}

/* One byte between the data of chunks. */
static isere_client_state_t take_framing(isere_client_response_t *r, char c)
{
    switch (r->step) {
    case STEP_HEAD:
        return take_head(r, c);
    case STEP_SIZE:
        return take_size(r, c);
    case STEP_EXTENSION:
        return take_rest(r, c, STEP_SIZE_LF);
    case STEP_SIZE_LF:
        return begin_chunk(r, c);
    case STEP_CHUNK_CR:
        return expect(r, c, '\r', STEP_CHUNK_LF);
    case STEP_CHUNK_LF:
        return expect(r, c, '\n', STEP_SIZE);
    case STEP_TRAILER_START:
        if (c == '\r') {
            r->step = STEP_END_LF;
            return ISERE_CLIENT_MORE;
        }
        r->step = STEP_TRAILER;
        return take_rest(r, c, STEP_TRAILER_LF);
    case STEP_TRAILER:
        return take_rest(r, c, STEP_TRAILER_LF);
    case STEP_TRAILER_LF:
        return expect(r, c, '\n', STEP_TRAILER_START);
    default: /* STEP_END_LF */
        return expect(r, c, '\n', STEP_END_LF) == ISERE_CLIENT_BAD ? r->state
                                                                   : done(r);
    }
}

/* ---- the body ---- */

static bool is_data(const isere_client_response_t *r)
{
    return r->step == STEP_LENGTH || r->step == STEP_CLOSE ||
           r->step == STEP_CHUNK;
}

/* Passes on what belongs to the body; returns how much that was. */
static size_t take_data(isere_client_response_t *r, isere_slice_t bytes)
{
    if (r->step != STEP_CLOSE && bytes.len > r->left) {
        bytes.len = (size_t)r->left;
    }
    /* The caller has seen enough. */
    if (r->body && !r->body(r, bytes)) {
        r->state = ISERE_CLIENT_LEFT;
        return bytes.len;
    }
    if (r->step == STEP_CLOSE) {
        return bytes.len;
    }
    r->left -= bytes.len;
    if (r->left == 0 && r->step == STEP_CHUNK) {
        r->step = STEP_CHUNK_CR;
    } else if (r->left == 0) {
        done(r);
    }
    return bytes.len;
}

isere_client_state_t isere_client_response_feed(isere_client_response_t *r,
                                                isere_slice_t bytes)
{
    while (bytes.len > 0 && r->state == ISERE_CLIENT_MORE) {
        size_t used = 1;
        if (is_data(r)) {
            used = take_data(r, bytes);
        } else {
            take_framing(r, *bytes.ptr);
        }
        bytes.ptr += used;
        bytes.len -= used;
    }
    return r->state;
}

isere_client_state_t isere_client_response_end(isere_client_response_t *r)
{
    if (r->state != ISERE_CLIENT_MORE) {
        return r->state;
    }
    if (r->step == STEP_CLOSE) {
        return done(r);
    }
    if (r->step == STEP_HEAD && r->head_len == 0) {
        return bad(r, "the connection was closed without one");
    }
    return bad(r, "it was cut short");
}
