/*
 * The header fields that decide about the message and the connection: where
 * the body ends (RFC 9112 section 6), whether the connection stays open
 * (section 9.3), Host (section 3.2) and Expect (RFC 9110 section 10.1.1).
 */
#include "core/http/chars.h"
#include "core/http/parser_internal.h"

/* RFC 9112 section 3.2: more than one or an invalid one must get 400. One that
 * stands beside an authority in the target is replaced by that, section
 * 3.2.2. */
static int take_host(isere_http_parser_t *p, isere_http_request_t *r,
                     isere_http_field_t *field)
{
    isere_span_t value = field->value;
    if (p->seen & SEEN_HOST) {
        return isere__parser_bad(p, 400, "more than one Host field");
    }
    p->seen |= SEEN_HOST;
    /* Empty is valid: it is for targets without an authority. */
    if (value.len > 0 &&
        !isere__target_is_authority(isere_http_slice(r, value), false)) {
        return isere__parser_bad(p, 400, "invalid Host field");
    }
    if (p->seen & SEEN_AUTHORITY) {
        field->value = r->authority;
    } else {
        r->authority = value;
    }
    return 0;
}

/*
 * RFC 9110 section 8.6: 1*DIGIT. Several equal values may be folded into one
 * or refused; since others may pick another one, they are refused. So are
 * values beyond 64 bits, which others may cut off.
 */
static int take_length(isere_http_parser_t *p, isere_slice_t value)
{
    uint64_t length = 0;
    if (p->seen & SEEN_LENGTH) {
        return isere__parser_bad(p, 400, "more than one Content-Length field");
    }
    p->seen |= SEEN_LENGTH;
    if (value.len == 0 || !isere_http_all(value, ISERE_HTTP_DIGIT)) {
        return isere__parser_bad(p, 400, "Content-Length is not a number");
    }
    for (size_t i = 0; i < value.len; i++) {
        unsigned digit = isere_http_hex(value.ptr[i]);
        if (length > (UINT64_MAX - digit) / 10) {
            return isere__parser_bad(p, 400, "Content-Length is out of range");
        }
        length = length * 10 + digit;
    }
    p->content_length = length;
    return 0;
}

/*
 * RFC 9112 section 6.1 and 7: codings in the order they were applied. Several
 * fields are one list. Only the codings are noted here; isere__framing_end
 * judges them, when the list is complete.
 */
static int take_codings(isere_http_parser_t *p, isere_slice_t value)
{
    isere_slice_t coding;
    p->seen |= SEEN_CODING;
    while (isere_http_next(&value, &coding)) {
        bool chunked = isere_http_equals(coding, "chunked");
        if (coding.len == 0 ||
            !isere_http_is(coding.ptr[0], ISERE_HTTP_TOKEN)) {
            return isere__parser_bad(p, 400, "malformed Transfer-Encoding");
        }
        if (p->seen & SEEN_CHUNKED) {
            /* must be the last, and only once: section 6.1 */
            return isere__parser_bad(p, 400, "chunked is not the last coding");
        }
        p->seen |= chunked ? SEEN_CHUNKED : SEEN_UNKNOWN_CODING;
    }
    return 0;
}

/* RFC 9110 section 7.6.1; only two options mean something to us. */
static void take_connection(isere_http_parser_t *p, isere_slice_t value)
{
    isere_slice_t option;
    while (isere_http_next(&value, &option)) {
        if (isere_http_equals(option, "close")) {
            p->seen |= SEEN_CLOSE;
        } else if (isere_http_equals(option, "keep-alive")) {
            p->seen |= SEEN_KEEP_ALIVE;
        }
    }
}

/* RFC 9110 section 10.1.1. */
static void take_expect(isere_http_parser_t *p, isere_slice_t value)
{
    isere_slice_t expectation;
    while (isere_http_next(&value, &expectation)) {
        if (isere_http_equals(expectation, "100-continue")) {
            p->seen |= SEEN_CONTINUE;
        } else if (expectation.len > 0) {
            p->seen |= SEEN_EXPECTATION;
        }
    }
}

int isere__framing_field(isere_http_parser_t *p, isere_http_request_t *r,
                         isere_http_field_t *field)
{
    isere_slice_t name = isere_http_slice(r, field->name);
    isere_slice_t value = isere_http_slice(r, field->value);
    /* The length tells most fields apart without a comparison. */
    switch (name.len) {
    case sizeof("host") - 1:
        if (isere_http_equals(name, "host")) {
            return take_host(p, r, field);
        }
        break;
    case sizeof("expect") - 1:
        if (isere_http_equals(name, "expect")) {
            take_expect(p, value);
        }
        break;
    case sizeof("connection") - 1:
        if (isere_http_equals(name, "connection")) {
            take_connection(p, value);
        }
        break;
    case sizeof("content-length") - 1:
        if (isere_http_equals(name, "content-length")) {
            return take_length(p, value);
        }
        break;
    case sizeof("transfer-encoding") - 1:
        if (isere_http_equals(name, "transfer-encoding")) {
            return take_codings(p, value);
        }
        break;
    default:
        break;
    }
    return 0;
}

/* RFC 9112 section 6.3: the cases where the length cannot be relied on. */
static int check_framing(isere_http_parser_t *p, const isere_http_request_t *r)
{
    if (!(p->seen & SEEN_CODING)) {
        return 0;
    }
    if (p->seen & SEEN_LENGTH) {
        return isere__parser_bad(p, 400,
                                 "both Content-Length and Transfer-Encoding");
    }
    if (r->minor == 0) {
        /* section 6.1: its framing must be treated as faulty */
        return isere__parser_bad(p, 400, "Transfer-Encoding in HTTP/1.0");
    }
    if (!(p->seen & SEEN_CHUNKED)) {
        return isere__parser_bad(p, 400, "the last coding is not chunked");
    }
    if (p->seen & SEEN_UNKNOWN_CODING) {
        return isere__parser_bad(p, 501, "unknown transfer coding");
    }
    return 0;
}

/* RFC 9112 section 9.3. CONNECT would make the rest a tunnel if it succeeded:
 * nothing after it may be taken for a request. */
static bool persists(const isere_http_parser_t *p,
                     const isere_http_request_t *r)
{
    if ((p->seen & SEEN_CLOSE) || p->is_connect) {
        return false;
    }
    return r->minor > 0 || (p->seen & SEEN_KEEP_ALIVE);
}

/* Here and not while fields come in, since their order is free. What smuggles
 * requests past a proxy (two lengths, a coding that only one side knows) is
 * refused before a byte of the body is read. */
int isere__framing_end(isere_http_parser_t *p, isere_http_request_t *r)
{
    if (r->minor > 0 && !(p->seen & SEEN_HOST)) {
        return isere__parser_bad(p, 400, "no Host field"); /* section 3.2 */
    }
    int error = check_framing(p, r);
    if (error != 0) {
        return error;
    }
    if (p->seen & SEEN_EXPECTATION) {
        return isere__parser_bad(p, 417, "unknown expectation");
    }
    if (p->content_length > p->limits.max_body) {
        return isere__parser_bad(p, 413, "body too large");
    }
    p->chunked = (p->seen & SEEN_CODING) != 0;
    p->keep_alive = persists(p, r);
    /* HTTP/1.0 has no 100-continue: it must be ignored there. */
    bool has_body = p->chunked || p->content_length > 0;
    p->expect_continue = has_body && r->minor > 0 && (p->seen & SEEN_CONTINUE);
    p->head_complete = true;
    p->state = !has_body    ? STATE_DONE
               : p->chunked ? STATE_CHUNK_SIZE
                            : STATE_BODY;
    p->budget = p->limits.max_head;
    p->digits = 0;
    p->lines = 0;
    return 0;
}
