/* Reading the lines of a request, byte by byte, from wherever the last call
 * stopped. parser_internal.h shows how a message passes through the states. */
#include "core/http/chars.h"
#include "core/http/parser_internal.h"

/* Empty lines before a request line that are skipped. RFC 9112 section 2.2
 * asks for at least one; a second does no harm either. */
#define MAX_EMPTY_LINES 2

/* Never kept alive: where this request ends, and the next one begins, is a
 * guess by now. */
int isere__parser_bad(isere_http_parser_t *p, uint16_t status,
                      const char *reason)
{
    p->status = status;
    p->reason = reason;
    p->keep_alive = false;
    return ISERE_HTTP_BAD;
}

static uint32_t smaller(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* Moves pos past all bytes of the classes in `mask`, up to `stop`. Returns
 * whether it found a byte that is of none. */
static bool skip(const isere_http_scan_t *s, uint32_t stop, unsigned mask)
{
    uint32_t pos = s->parser->pos;
    const char *buf = s->buf;
    while (pos < stop && isere_http_is(buf[pos], mask)) {
        pos++;
    }
    s->parser->pos = pos;
    return pos < stop;
}

/* Starts an element at pos. */
static void begin(isere_http_parser_t *p, uint8_t state)
{
    p->mark = p->pos;
    p->state = state;
}

/* The element from mark to pos. */
static isere_span_t element(const isere_http_parser_t *p)
{
    isere_span_t span = {p->mark, p->pos - p->mark};
    return span;
}

/* -- the request line, RFC 9112 section 3 -------------------------------- */

static int read_start(const isere_http_scan_t *s)
{
    isere_http_parser_t *p = s->parser;
    if (s->buf[p->pos] != '\r') {
        p->started = true;
        begin(p, STATE_METHOD);
        return 0;
    }
    if (p->digits == MAX_EMPTY_LINES) {
        return isere__parser_bad(p, 400, "empty lines before the request");
    }
    p->digits++;
    p->pos++;
    p->state = STATE_START_LF;
    return 0;
}

/* method = token, RFC 9110 section 9.1; then exactly one space: others may
 * split the line elsewhere when there is more (RFC 9112 section 3). */
static int read_method(const isere_http_scan_t *s, uint32_t stop)
{
    isere_http_parser_t *p = s->parser;
    if (!skip(s, stop, ISERE_HTTP_TOKEN)) {
        return 0;
    }
    isere_span_t method = element(p);
    if (s->buf[p->pos] != ' ' || method.len == 0) {
        return isere__parser_bad(p, 400, "method is not a token");
    }
    isere_slice_t name = isere_slice_of(s->buf + method.off, method.len);
    s->request->method = method;
    /* Methods are case-sensitive, RFC 9110 section 9.1. */
    p->is_head = isere_slice_is(name, "HEAD");
    p->is_connect = isere_slice_is(name, "CONNECT");
    p->pos++;
    begin(p, STATE_TARGET);
    return 0;
}

static int end_target(const isere_http_scan_t *s)
{
    isere_http_parser_t *p = s->parser;
    s->request->target = element(p);
    p->pos++;
    begin(p, STATE_VERSION);
    return 0;
}

/* The target up to its '?'. Its form is looked at when the line is there. */
static int read_target(const isere_http_scan_t *s, uint32_t stop)
{
    isere_http_parser_t *p = s->parser;
    if (!skip(s, stop, ISERE_HTTP_PATH)) {
        return 0;
    }
    char c = s->buf[p->pos];
    isere_span_t none = {p->pos, 0};
    s->request->path = element(p);
    s->request->query = none;
    if (c == '?' && p->pos > p->mark) {
        p->pos++;
        s->request->query.off = p->pos;
        p->state = STATE_QUERY;
        return 0;
    }
    if (c == ' ' && p->pos > p->mark) {
        return end_target(s);
    }
    return isere__parser_bad(p, 400, "invalid request target");
}

static int read_query(const isere_http_scan_t *s, uint32_t stop)
{
    isere_http_parser_t *p = s->parser;
    if (!skip(s, stop, ISERE_HTTP_QUERY)) {
        return 0;
    }
    if (s->buf[p->pos] != ' ') {
        return isere__parser_bad(p, 400, "invalid request target");
    }
    s->request->query.len = p->pos - s->request->query.off;
    return end_target(s);
}

/* HTTP-version, RFC 9112 section 2.3: case-sensitive, one digit each. */
static int read_version(const isere_http_scan_t *s, uint32_t stop)
{
    static const char form[] = "HTTP/d.d\r";
    isere_http_parser_t *p = s->parser;
    while (p->pos < stop) {
        char wanted = form[p->pos - p->mark];
        char c = s->buf[p->pos];
        if (wanted == 'd' ? !isere_http_is(c, ISERE_HTTP_DIGIT) : c != wanted) {
            return isere__parser_bad(p, 400, "invalid request line");
        }
        p->pos++;
        if (wanted == '\r') {
            p->state = STATE_LINE_LF;
            return 0;
        }
    }
    return 0;
}

/*
 * The request line is there. A higher minor version is to be read as the
 * highest known one (RFC 9110 section 2.5), another major version is a
 * protocol we do not speak.
 */
static int end_request_line(const isere_http_scan_t *s)
{
    isere_http_parser_t *p = s->parser;
    if (s->buf[p->mark + 5] != '1') {
        return isere__parser_bad(p, 505, "HTTP version is not 1.x");
    }
    s->request->minor = s->buf[p->mark + 7] == '0' ? 0 : 1;
    p->state = STATE_FIELD_START;
    return isere__target_split(p, s->request);
}

/* -- field lines, RFC 9112 section 5 ------------------------------------- */

/* Trailers are checked like fields, and dropped: RFC 9110 section 6.5.1. */
static bool in_trailers(const isere_http_parser_t *p)
{
    return p->head_complete;
}

static int read_field_start(const isere_http_scan_t *s)
{
    isere_http_parser_t *p = s->parser;
    char c = s->buf[p->pos];
    if (c == '\r') {
        p->pos++;
        p->state = STATE_END_LF;
        return 0;
    }
    if (isere_http_is_space(c)) {
        /* obs-fold, section 5.2; before the first field, section 2.2 */
        return isere__parser_bad(p, 400, "line begins with white space");
    }
    if (!isere_http_is(c, ISERE_HTTP_TOKEN)) {
        return isere__parser_bad(p, 400, "invalid field name");
    }
    if (p->lines == ISERE_MAX_FIELDS) {
        return isere__parser_bad(p, 431, "too many header fields");
    }
    begin(p, STATE_FIELD_NAME);
    return 0;
}

static int read_field_name(const isere_http_scan_t *s, uint32_t stop)
{
    isere_http_parser_t *p = s->parser;
    if (!skip(s, stop, ISERE_HTTP_TOKEN)) {
        return 0;
    }
    char c = s->buf[p->pos];
    if (isere_http_is_space(c)) {
        /* section 5.1: this must be refused, it has been used to smuggle */
        return isere__parser_bad(p, 400, "white space before a field's colon");
    }
    if (c != ':') {
        return isere__parser_bad(p, 400, "invalid field name");
    }
    if (!in_trailers(p)) {
        s->request->fields[p->lines].name = element(p);
    }
    p->pos++;
    p->state = STATE_FIELD_SPACE;
    return 0;
}

static int read_field_space(const isere_http_scan_t *s, uint32_t stop)
{
    isere_http_parser_t *p = s->parser;
    while (p->pos < stop && isere_http_is_space(s->buf[p->pos])) {
        p->pos++;
    }
    if (p->pos < stop) {
        begin(p, STATE_FIELD_VALUE);
    }
    return 0;
}

/* RFC 9110 section 5.5: NUL, CR and LF must be refused; other controls may. */
static int read_field_value(const isere_http_scan_t *s, uint32_t stop)
{
    isere_http_parser_t *p = s->parser;
    if (!skip(s, stop, ISERE_HTTP_VALUE)) {
        return 0;
    }
    if (s->buf[p->pos] != '\r') {
        return isere__parser_bad(p, 400, "control character in a field value");
    }
    if (!in_trailers(p)) {
        isere_span_t value = element(p);
        while (value.len > 0 &&
               isere_http_is_space(s->buf[value.off + value.len - 1])) {
            value.len--;
        }
        s->request->fields[p->lines].value = value;
    }
    p->pos++;
    p->state = STATE_FIELD_LF;
    return 0;
}

/* Acted on at once, so that a Host or length that is refused need not wait for
 * the rest of the head. */
static int end_field(const isere_http_scan_t *s)
{
    isere_http_parser_t *p = s->parser;
    p->state = STATE_FIELD_START;
    p->lines++;
    if (in_trailers(p)) {
        return 0;
    }
    s->request->nfields = p->lines;
    return isere__framing_field(p, s->request,
                                &s->request->fields[p->lines - 1]);
}

/* The empty line after the fields: of the head, or of the trailers. */
static int end_fields(const isere_http_scan_t *s)
{
    isere_http_parser_t *p = s->parser;
    if (in_trailers(p)) {
        p->state = STATE_DONE;
        return 0;
    }
    s->request->body.off = p->pos;
    p->state = STATE_BODY;
    return isere__framing_end(p, s->request);
}

/* RFC 9112 section 2.2 lets a recipient take a lone LF for a line's end, and
 * forbids to take a lone CR for one. We take neither. */
static int read_lf(const isere_http_scan_t *s)
{
    isere_http_parser_t *p = s->parser;
    if (s->buf[p->pos] != '\n') {
        return isere__parser_bad(p, 400, "CR without LF");
    }
    p->pos++;
    switch (p->state) {
    case STATE_START_LF:
        p->state = STATE_START;
        return 0;
    case STATE_LINE_LF:
        return end_request_line(s);
    case STATE_FIELD_LF:
        return end_field(s);
    default:
        return end_fields(s);
    }
}

static int read_element(const isere_http_scan_t *s, uint32_t stop)
{
    switch (s->parser->state) {
    case STATE_START:
        return read_start(s);
    case STATE_METHOD:
        return read_method(s, stop);
    case STATE_TARGET:
        return read_target(s, stop);
    case STATE_QUERY:
        return read_query(s, stop);
    case STATE_VERSION:
        return read_version(s, stop);
    case STATE_FIELD_START:
        return read_field_start(s);
    case STATE_FIELD_NAME:
        return read_field_name(s, stop);
    case STATE_FIELD_SPACE:
        return read_field_space(s, stop);
    case STATE_FIELD_VALUE:
        return read_field_value(s, stop);
    default:
        return read_lf(s);
    }
}

static int too_large(isere_http_parser_t *p)
{
    if (p->state <= STATE_LINE_LF) {
        /* RFC 9112 section 3 */
        return isere__parser_bad(p, 414, "request line too long");
    }
    /* RFC 6585 section 5 */
    return isere__parser_bad(p, 431, "header section too long");
}

/*
 * Reads lines of the head or the trailers. What does not end within the budget
 * is refused as soon as the budget is used up, so that the outcome does not
 * depend on how the bytes arrive.
 */
static int read_lines(const isere_http_scan_t *s)
{
    isere_http_parser_t *p = s->parser;
    uint32_t from = p->pos;
    uint32_t stop = from + smaller(s->end - from, p->budget);
    while (p->pos < stop && p->state < STATE_LINES_END) {
        int error = read_element(s, stop);
        if (error != 0) {
            return error;
        }
    }
    if (p->state >= STATE_LINES_END) {
        return 0;
    }
    p->budget -= p->pos - from;
    return p->budget == 0 ? too_large(p) : 0;
}

/* -- the whole message --------------------------------------------------- */

/* Content-Length bytes, RFC 9112 section 6.2. They stay where they are. */
static void read_body(const isere_http_scan_t *s)
{
    isere_http_parser_t *p = s->parser;
    isere_span_t *body = &s->request->body;
    uint32_t length = (uint32_t)p->content_length; /* <= max_body */
    body->len = smaller(s->end - body->off, length);
    p->pos = body->off + body->len;
    if (body->len == length) {
        p->state = STATE_DONE;
    }
}

/* Chunks and trailers, RFC 9112 section 7.1. */
static int read_chunked(const isere_http_scan_t *s)
{
    isere_http_parser_t *p = s->parser;
    if (p->state > STATE_BODY) {
        int error = isere__chunked_feed(s);
        if (error != 0) {
            return error;
        }
    }
    return p->state < STATE_LINES_END ? read_lines(s) : 0;
}

static int read_message(const isere_http_scan_t *s)
{
    isere_http_parser_t *p = s->parser;
    if (!p->head_complete) {
        int error = read_lines(s);
        if (error != 0 || !p->head_complete) {
            return error;
        }
    }
    if (p->state == STATE_DONE) {
        return 0;
    }
    if (p->chunked) {
        return read_chunked(s);
    }
    read_body(s);
    return 0;
}

void isere_http_parser_init(isere_http_parser_t *parser,
                            const isere_http_limits_t *limits)
{
    /* Keeps every offset within 32 bits. */
    const uint32_t most = UINT32_MAX - 16;
    memset(parser, 0, sizeof(*parser));
    parser->limits.max_head = smaller(limits->max_head, most);
    parser->limits.max_body =
        smaller(limits->max_body, most - parser->limits.max_head);
    parser->budget = parser->limits.max_head;
    parser->state = STATE_START;
}

int isere_http_parser_feed(isere_http_parser_t *parser,
                           isere_http_request_t *request, char *buf,
                           size_t *len)
{
    isere_http_parser_t *p = parser;
    uint32_t end = *len < UINT32_MAX ? (uint32_t)*len : UINT32_MAX;
    isere_http_scan_t scan = {p, request, buf, end};
    request->base = buf;
    if (p->status != 0) {
        return ISERE_HTTP_BAD;
    }
    if (p->state != STATE_DONE && read_message(&scan) != 0) {
        return ISERE_HTTP_BAD;
    }
    if (p->state == STATE_DONE) {
        p->consumed = p->pos;
        return ISERE_HTTP_COMPLETE;
    }
    if (p->chunked && p->head_complete) {
        /* All raw bytes are used up: the next ones go right after the part of
         * the body that is decoded. */
        p->pos = request->body.off + request->body.len;
        *len = p->pos;
    }
    return ISERE_HTTP_NEED_MORE;
}

size_t isere_http_parser_wanted(const isere_http_parser_t *parser,
                                const isere_http_request_t *request)
{
    if (parser->state == STATE_BODY) {
        return (size_t)(parser->content_length - request->body.len);
    }
    if (parser->state == STATE_CHUNK_DATA) {
        /* The chunk, its line end, and the last chunk: CRLF "0" CRLF CRLF. */
        return (size_t)parser->chunk_left + 7;
    }
    return 1;
}

/* A body that came with its head may be there as a whole already. */
int isere_http_parser_limit_body(isere_http_parser_t *parser,
                                 const isere_http_request_t *request,
                                 uint32_t max_body)
{
    uint64_t known = (uint64_t)request->body.len + parser->chunk_left;
    if (parser->content_length > max_body || known > max_body) {
        return isere__parser_bad(parser, 413, "body too large");
    }
    parser->limits.max_body = smaller(parser->limits.max_body, max_body);
    return ISERE_HTTP_NEED_MORE;
}

/* What is still to come is counted from here on. After NEED_MORE no raw bytes
 * lie behind the body, of chunks either. */
void isere_http_parser_drop_body(isere_http_parser_t *parser,
                                 isere_http_request_t *request, size_t *len)
{
    isere_http_parser_t *p = parser;
    isere_span_t *body = &request->body;
    p->limits.max_body -= body->len;
    if (p->state != STATE_DONE) {
        p->content_length -= p->chunked ? 0 : body->len;
        p->pos = body->off;
        *len = body->off;
    }
    body->len = 0;
}
