/*
 * The request parser, by tables. Every message is parsed whole, at each way
 * to cut it in two, byte by byte, and with further bytes behind it, always in
 * a buffer that ends right before an unmapped page and moves between calls.
 * All outcomes must be the same to the last bit.
 */
#define _DEFAULT_SOURCE

#include "core/http/chars.h"
#include "core/http/parser.h"
#include "tests/unit/support/unit.h"

#if __has_include(<sys/mman.h>)
#include <sys/mman.h>
#include <unistd.h>
#define HAVE_GUARD_PAGE 1
#else
#define HAVE_GUARD_PAGE 0
#endif

#define CAPACITY 65536
#define OUTCOME 8192

static char *guard; /* CAPACITY bytes before it can be used, none after */

/* -- one connection ------------------------------------------------------ */

typedef struct connection {
    isere_http_parser_t parser;
    isere_http_request_t request;
    char bytes[CAPACITY];
    size_t len;
    int result;
} connection_t;

static const isere_http_limits_t default_limits = {2048, 4096};

static void open_connection(connection_t *c, const isere_http_limits_t *limits)
{
    isere_http_parser_init(&c->parser, limits);
    memset(&c->request, 0xa5, sizeof(c->request));
    c->len = 0;
    c->result = ISERE_HTTP_NEED_MORE;
}

static void arrive(connection_t *c, const char *bytes, size_t len)
{
    memcpy(c->bytes + c->len, bytes, len);
    c->len += len;
    char *buf = guard - c->len;
    memcpy(buf, c->bytes, c->len);
    size_t left = c->len;
    c->result = isere_http_parser_feed(&c->parser, &c->request, buf, &left);
    assert_true(left <= c->len);
    memcpy(c->bytes, buf, left);
    c->len = left;
    c->request.base = c->bytes;
}

static void add(char *out, const char *label, isere_slice_t s)
{
    size_t at = strlen(out);
    snprintf(out + at, OUTCOME - at, "%s%.*s", label, (int)s.len,
             s.len ? s.ptr : "");
}

static void add_span(char *out, const char *label, const connection_t *c,
                     isere_span_t span)
{
    assert_true(span.off <= c->len && span.len <= c->len - span.off);
    add(out, label, isere_http_slice(&c->request, span));
}

/* All that a caller can see, as one text. */
static void describe(const connection_t *c, char *out)
{
    const isere_http_parser_t *p = &c->parser;
    out[0] = '\0';
    if (c->result == ISERE_HTTP_BAD) {
        snprintf(out, OUTCOME, "%u %s", p->status, p->reason);
        assert_false(p->keep_alive);
        return;
    }
    if (c->result == ISERE_HTTP_NEED_MORE) {
        snprintf(out, OUTCOME, "more%s%s%s", p->started ? " started" : "",
                 p->head_complete ? " head" : "",
                 p->expect_continue ? " continue" : "");
        return;
    }
    const isere_http_request_t *r = &c->request;
    assert_true(p->head_complete);
    add_span(out, "", c, r->method);
    add_span(out, " ", c, r->target);
    add(out, " ", isere_http_path(r));
    add_span(out, " [", c, r->query);
    add_span(out, "] <", c, r->authority);
    add(out, r->minor ? "> 1.1" : "> 1.0", isere_slice(""));
    add(out, p->keep_alive ? " keep" : " close", isere_slice(""));
    add(out, p->expect_continue ? " continue" : "", isere_slice(""));
    add(out, p->is_head ? " head" : "", isere_slice(""));
    add(out, p->chunked ? " chunked" : "", isere_slice(""));
    add(out, "\n", isere_slice(""));
    for (unsigned i = 0; i < r->nfields; i++) {
        add_span(out, "", c, r->fields[i].name);
        add_span(out, "=", c, r->fields[i].value);
        add(out, "\n", isere_slice(""));
    }
    add_span(out, "{", c, r->body);
    add(out, "}", isere_slice(""));
    assert_true(p->consumed <= c->len);
    add(out, "", isere_slice_of(c->bytes + p->consumed, c->len - p->consumed));
}

/* -- the ways a message can arrive --------------------------------------- */

/* Two pieces, cut at `cut`. */
static void parse_cut(connection_t *c, const isere_http_limits_t *limits,
                      const char *bytes, size_t len, size_t cut)
{
    open_connection(c, limits);
    arrive(c, bytes, cut);
    if (c->result == ISERE_HTTP_NEED_MORE) {
        arrive(c, bytes + cut, len - cut);
    } else if (c->result == ISERE_HTTP_COMPLETE) {
        /* What follows is not looked at, but must stay. */
        memcpy(c->bytes + c->len, bytes + cut, len - cut);
        c->len += len - cut;
    }
}

static void parse_bytewise(connection_t *c, const isere_http_limits_t *limits,
                           const char *bytes, size_t len)
{
    size_t i = 0;
    open_connection(c, limits);
    for (; i < len && c->result == ISERE_HTTP_NEED_MORE; i++) {
        arrive(c, bytes + i, 1);
    }
    if (c->result == ISERE_HTTP_COMPLETE) {
        memcpy(c->bytes + c->len, bytes + i, len - i);
        c->len += len - i;
    }
}

/* Parses in all ways; the common outcome is in `outcome`. */
static void parse_all(const isere_http_limits_t *limits, const char *bytes,
                      size_t len, char *outcome)
{
    static connection_t c;
    static char other[OUTCOME];
    parse_cut(&c, limits, bytes, len, len);
    describe(&c, outcome);
    for (size_t cut = 0; cut < len; cut++) {
        parse_cut(&c, limits, bytes, len, cut);
        describe(&c, other);
        assert_string_equal(other, outcome);
    }
    parse_bytewise(&c, limits, bytes, len);
    describe(&c, other);
    assert_string_equal(other, outcome);
    /* A verdict is final. */
    int verdict = c.result;
    if (verdict != ISERE_HTTP_NEED_MORE) {
        arrive(&c, "", 0);
        assert_int_equal(c.result, verdict);
    }
}

typedef struct example {
    const char *bytes;
    size_t len;
    const char *outcome;
} example_t;

/* A literal may hold NUL. */
#define EXAMPLE(literal, outcome)                                              \
    {                                                                          \
        (literal), sizeof(literal) - 1, (outcome)                              \
    }

/* An outcome that ends with '*' needs to match up to there only. */
static void check(const isere_http_limits_t *limits, const example_t *e)
{
    static char outcome[OUTCOME];
    parse_all(limits, e->bytes, e->len, outcome);
    size_t n = strlen(e->outcome);
    bool matches = n > 0 && e->outcome[n - 1] == '*'
                       ? strncmp(outcome, e->outcome, n - 1) == 0
                       : strcmp(outcome, e->outcome) == 0;
    if (!matches) {
        fail_msg("message:\n%s\nexpected:\n%s\nis:\n%s", e->bytes, e->outcome,
                 outcome);
    }
}

#define CHECK_ALL(limits, examples)                                            \
    for (size_t i_ = 0; i_ < sizeof(examples) / sizeof((examples)[0]); i_++) { \
        check((limits), &(examples)[i_]);                                      \
    }

#define H "Host: x\r\n"
#define G "GET / HTTP/1.1\r\n"
#define P "POST / HTTP/1.1\r\n" H
#define C P "Transfer-Encoding: chunked\r\n\r\n"

/* -- accepted ------------------------------------------------------------ */

static void test_requests(void **state)
{
    static const example_t examples[] = {
        EXAMPLE("", "more"),
        EXAMPLE("\r\n", "more"),
        EXAMPLE("\r\n\r\nG", "more started"),
        EXAMPLE(G H, "more started"),
        EXAMPLE(G H "\r", "more started"),
        EXAMPLE(G H "\r\n", "GET / / [] <x> 1.1 keep\nHost=x\n{}"),
        EXAMPLE("\r\n" G H "\r\n", "GET / / [] <x> 1.1 keep\nHost=x\n{}"),
        EXAMPLE("\r\n\r\n" G H "\r\n", "GET / / [] <x> 1.1 keep\nHost=x\n{}"),
        EXAMPLE(G H "\r\n" G H "\r\n",
                "GET / / [] <x> 1.1 keep\nHost=x\n{}" G H "\r\n"),
        EXAMPLE(G H "\r\n\r\n\r\n",
                "GET / / [] <x> 1.1 keep\nHost=x\n{}\r\n\r\n"),
        EXAMPLE("GET /a/b%20c%zz?x=1&y[]=%%2 HTTP/1.1\r\n" H "\r\n",
                "GET /a/b%20c%zz?x=1&y[]=%%2 /a/b%20c%zz [x=1&y[]=%%2] <x> "
                "1.1 keep\nHost=x\n{}"),
        EXAMPLE("GET /? HTTP/1.1\r\n" H "\r\n",
                "GET /? / [] <x> 1.1 keep\nHost=x\n{}"),
        EXAMPLE("GET //a//../?b?c/d HTTP/1.1\r\n" H "\r\n",
                "GET //a//../?b?c/d //a//../ [b?c/d] <x> 1.1 keep\n"
                "Host=x\n{}"),
        EXAMPLE("GET /a?q={a|b}\\^` HTTP/1.1\r\n" H "\r\n",
                "GET /a?q={a|b}\\^` /a [q={a|b}\\^`] <x> 1.1 keep\n"
                "Host=x\n{}"),
        EXAMPLE("!#$%&'*+-.^_`|~09azAZ /:@!$&'()*+,;=-._~ HTTP/1.1\r\n" H
                "\r\n",
                "!#$%&'*+-.^_`|~09azAZ /:@!$&'()*+,;=-._~ "
                "/:@!$&'()*+,;=-._~ [] <x> 1.1 keep\nHost=x\n{}"),
        EXAMPLE("HEAD / HTTP/1.1\r\n" H "\r\n",
                "HEAD / / [] <x> 1.1 keep head\nHost=x\n{}"),
        EXAMPLE("head / HTTP/1.1\r\n" H "\r\n",
                "head / / [] <x> 1.1 keep\nHost=x\n{}"),
        /* values: white space around, inside, none, and obs-text */
        EXAMPLE(G "Host:x\r\nA: \t b \t c \t \r\nB:\r\nC: \t \r\nd:\xc3\xa9\r\n"
                  "\r\n",
                "GET / / [] <x> 1.1 keep\nHost=x\nA=b \t c\nB=\nC=\n"
                "d=\xc3\xa9\n{}"),
        EXAMPLE(G "Host:\r\n\r\n", "GET / / [] <> 1.1 keep\nHost=\n{}"),
        EXAMPLE(G "hOsT: [::1]:80\r\n\r\n",
                "GET / / [] <[::1]:80> 1.1 keep\nhOsT=[::1]:80\n{}"),
        EXAMPLE(G "Host: a_b-c.%41~:\r\n\r\n",
                "GET / / [] <a_b-c.%41~:> 1.1 keep\nHost=a_b-c.%41~:\n{}"),
        /* bodies with a length */
        EXAMPLE(P "Content-Length: 0\r\n\r\nrest",
                "POST / / [] <x> 1.1 keep\nHost=x\nContent-Length=0\n{}rest"),
        EXAMPLE(P "content-length: 0005\r\n\r\nabcdefg",
                "POST / / [] <x> 1.1 keep\nHost=x\ncontent-length=0005\n"
                "{abcde}fg"),
        EXAMPLE(P "Content-Length: 5\r\n\r\nabcd", "more started head"),
        EXAMPLE(P "Content-Length: 5\r\nExpect: 100-Continue\r\n\r\n",
                "more started head continue"),
        EXAMPLE(P "Expect: 100-continue\r\n\r\n",
                "POST / / [] <x> 1.1 keep\nHost=x\nExpect=100-continue\n{}"),
        EXAMPLE("POST / HTTP/1.0\r\nExpect: 100-continue\r\n"
                "Content-Length: 1\r\n\r\n",
                "more started head"),
    };
    (void)state;
    CHECK_ALL(&default_limits, examples);
}

static void test_targets(void **state)
{
    static const example_t examples[] = {
        EXAMPLE("GET http://h:81/a?b HTTP/1.1\r\n" H "\r\n",
                "GET http://h:81/a?b /a [b] <h:81> 1.1 keep\nHost=h:81\n{}"),
        EXAMPLE("GET HTTPS://h HTTP/1.1\r\n" H "\r\n",
                "GET HTTPS://h / [] <h> 1.1 keep\nHost=h\n{}"),
        EXAMPLE("GET http://h?q/r HTTP/1.1\r\n" H "\r\n",
                "GET http://h?q/r / [q/r] <h> 1.1 keep\nHost=h\n{}"),
        EXAMPLE("GET http://[::1]/ HTTP/1.1\r\n" H "\r\n",
                "GET http://[::1]/ / [] <[::1]> 1.1 keep\nHost=[::1]\n{}"),
        EXAMPLE("GET http:/// HTTP/1.1\r\n", "400 invalid host*"),
        EXAMPLE("GET http:// HTTP/1.1\r\n", "400 invalid host*"),
        EXAMPLE("GET http://:80/ HTTP/1.1\r\n", "400 invalid host*"),
        EXAMPLE("GET http://u@h/ HTTP/1.1\r\n", "400 invalid host*"),
        EXAMPLE("GET http://h:x/ HTTP/1.1\r\n", "400 invalid host*"),
        EXAMPLE("GET http://h|/ HTTP/1.1\r\n", "400 invalid host*"),
        EXAMPLE("GET http:/h/ HTTP/1.1\r\n", "400 invalid form*"),
        EXAMPLE("GET ftp://h/ HTTP/1.1\r\n", "400 invalid form*"),
        EXAMPLE("GET a HTTP/1.1\r\n", "400 invalid form*"),
        EXAMPLE("GET h:80 HTTP/1.1\r\n", "400 invalid form*"),
        EXAMPLE("GET *a HTTP/1.1\r\n", "400 invalid form*"),
        EXAMPLE("GET * HTTP/1.1\r\n", "400 target '*'*"),
        EXAMPLE("OPTIONS * HTTP/1.1\r\n" H "\r\n",
                "OPTIONS * * [] <x> 1.1 keep\nHost=x\n{}"),
        EXAMPLE("OPTIONS *? HTTP/1.1\r\n" H "\r\n", "400 invalid form*"),
        EXAMPLE("CONNECT h:443 HTTP/1.1\r\n" H "\r\nx",
                "CONNECT h:443 / [] <h:443> 1.1 close\nHost=h:443\n{}x"),
        EXAMPLE("CONNECT h HTTP/1.1\r\n", "400 CONNECT*"),
        EXAMPLE("CONNECT h: HTTP/1.1\r\n", "400 CONNECT*"),
        EXAMPLE("CONNECT :1 HTTP/1.1\r\n", "400 CONNECT*"),
        EXAMPLE("CONNECT h:1?a HTTP/1.1\r\n", "400 CONNECT*"),
        EXAMPLE("CONNECT / HTTP/1.1\r\n", "400 CONNECT*"),
        EXAMPLE("CONNECT h:65536 HTTP/1.1\r\n", "400 CONNECT*"),
        EXAMPLE("GET ?a HTTP/1.1\r\n", "400 invalid request target"),
        EXAMPLE("GET /a#b HTTP/1.1\r\n", "400 invalid request target"),
        EXAMPLE("GET /?a#b HTTP/1.1\r\n", "400 invalid request target"),
        EXAMPLE("GET /\xc3\xa9 HTTP/1.1\r\n", "400 invalid request target"),
        EXAMPLE("GET /\x7f HTTP/1.1\r\n", "400 invalid request target"),
        EXAMPLE("GET /\0 HTTP/1.1\r\n", "400 invalid request target"),
        EXAMPLE("GET /\t HTTP/1.1\r\n", "400 invalid request target"),
        EXAMPLE("GET /a\\b HTTP/1.1\r\n", "400 invalid request target"),
        EXAMPLE("GET /\"<> HTTP/1.1\r\n", "400 invalid request target"),
    };
    (void)state;
    CHECK_ALL(&default_limits, examples);
}

static void test_versions_and_persistence(void **state)
{
    static const example_t examples[] = {
        EXAMPLE("GET / HTTP/1.0\r\n\r\n", "GET / / [] <> 1.0 close\n{}"),
        EXAMPLE("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n",
                "GET / / [] <> 1.0 keep\n*"),
        EXAMPLE("GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n",
                "GET / / [] <> 1.0 close\n*"),
        EXAMPLE(G H "Connection: CLOSE\r\n\r\n", "GET / / [] <x> 1.1 close\n*"),
        EXAMPLE(G H "Connection: a,, \tclose ,b\r\n\r\n",
                "GET / / [] <x> 1.1 close\n*"),
        EXAMPLE(G H "Connection: keep-alive\r\nConnection: close\r\n\r\n",
                "GET / / [] <x> 1.1 close\n*"),
        EXAMPLE(G H "Connection: closed, xclose\r\n\r\n",
                "GET / / [] <x> 1.1 keep\n*"),
        EXAMPLE(G H "Connection:\r\n\r\n", "GET / / [] <x> 1.1 keep\n*"),
        EXAMPLE("GET / HTTP/1.9\r\n" H "\r\n", "GET / / [] <x> 1.1 keep\n*"),
        EXAMPLE("GET / HTTP/0.9\r\n" H "\r\n", "505*"),
        EXAMPLE("GET / HTTP/2.0\r\n" H "\r\n", "505*"),
        EXAMPLE("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "505*"),
        EXAMPLE("GET / HTTP/1.10\r\n", "400 invalid request line"),
        EXAMPLE("GET / HTTP/11\r\n", "400 invalid request line"),
        EXAMPLE("GET / HTTP/1,1\r\n", "400 invalid request line"),
        EXAMPLE("GET / http/1.1\r\n", "400 invalid request line"),
        EXAMPLE("GET / HTTPS/1.1\r\n", "400 invalid request line"),
        EXAMPLE("GET / \r\n", "400 invalid request line"),
        EXAMPLE("GET / HTTP/1.1 \r\n", "400 invalid request line"),
        EXAMPLE("GET / HTTP/1.1\n", "400 invalid request line"),
        EXAMPLE("GET / HTTP/1.1\rH", "400 CR without LF"),
    };
    (void)state;
    CHECK_ALL(&default_limits, examples);
}

/* -- refused ------------------------------------------------------------- */

static void test_malformed(void **state)
{
    static const example_t examples[] = {
        EXAMPLE("\n" G, "400 method*"),
        EXAMPLE("\r" G, "400 CR without LF"),
        EXAMPLE("\r\n\r\n\r\n" G, "400 empty lines*"),
        EXAMPLE(" " G, "400 method*"),
        EXAMPLE("GE(T / HTTP/1.1\r\n", "400 method*"),
        EXAMPLE("G\xc3\xa9T / HTTP/1.1\r\n", "400 method*"),
        EXAMPLE("\x16\x03\x01\x02", "400 method*"),
        EXAMPLE("GET\t/ HTTP/1.1\r\n", "400 method*"),
        EXAMPLE("GET\r\n", "400 method*"),
        EXAMPLE("GET  / HTTP/1.1\r\n", "400 invalid request target"),
        EXAMPLE("GET /  HTTP/1.1\r\n", "400 invalid request line"),
        EXAMPLE("GET /\r\n", "400 invalid request target"),
        EXAMPLE(G "\r\n", "400 no Host field"),
        EXAMPLE(G H H "\r\n", "400 more than one Host field"),
        EXAMPLE(G H "host: y\r\n\r\n", "400 more than one Host field"),
        EXAMPLE("GET / HTTP/1.0\r\n" H H "\r\n", "400 more than one Host*"),
        EXAMPLE("GET / HTTP/1.0\r\nHost: a/b\r\n", "400 invalid Host field"),
        EXAMPLE(G "Host: a b\r\n", "400 invalid Host field"),
        EXAMPLE(G "Host: a/b\r\n", "400 invalid Host field"),
        EXAMPLE(G "Host: u@a\r\n", "400 invalid Host field"),
        EXAMPLE(G "Host: a:b\r\n", "400 invalid Host field"),
        EXAMPLE(G "Host: a:1:2\r\n", "400 invalid Host field"),
        EXAMPLE(G "Host: a:70000\r\n", "400 invalid Host field"),
        EXAMPLE(G "Host: :80\r\n", "400 invalid Host field"),
        EXAMPLE(G "Host: [::1\r\n", "400 invalid Host field"),
        EXAMPLE(G "Host: [::1]x\r\n", "400 invalid Host field"),
        EXAMPLE(G "Host: []\r\n", "400 invalid Host field"),
        EXAMPLE(G "Host: [g::1]\r\n", "400 invalid Host field"),
        EXAMPLE(G "Host: a%4\r\n", "400 invalid Host field"),
        EXAMPLE(G "Host: a%4g\r\n", "400 invalid Host field"),
        EXAMPLE(G "Host: \xc3\xa9\r\n", "400 invalid Host field"),
        EXAMPLE(G " " H "\r\n", "400 line begins with white space"),
        EXAMPLE(G H " fold\r\n\r\n", "400 line begins with white space"),
        EXAMPLE(G H "\tfold\r\n\r\n", "400 line begins with white space"),
        EXAMPLE(G "Host : x\r\n", "400 white space before a field's colon"),
        EXAMPLE(G "Host\t: x\r\n", "400 white space before a field's colon"),
        EXAMPLE(G H ": x\r\n", "400 invalid field name"),
        EXAMPLE(G H "a\r\n", "400 invalid field name"),
        EXAMPLE(G H "a(b: c\r\n", "400 invalid field name"),
        EXAMPLE(G H "a\0b: c\r\n", "400 invalid field name"),
        EXAMPLE(G H "\xc3\xa9: c\r\n", "400 invalid field name"),
        EXAMPLE(G H "a: b\0c\r\n", "400 control character*"),
        EXAMPLE(G H "a: b\x01\r\n", "400 control character*"),
        EXAMPLE(G H "a: b\x7f\r\n", "400 control character*"),
        EXAMPLE(G H "a: b\nc: d\r\n", "400 control character*"),
        EXAMPLE(G H "a: b\rc: d\r\n", "400 CR without LF"),
        EXAMPLE(G H "a: b\r\r\n", "400 CR without LF"),
        EXAMPLE(G H "a:\r\n\n", "400 invalid field name"),
        EXAMPLE(G H "\rX", "400 CR without LF"),
        EXAMPLE(G H "Expect: tea\r\n\r\n", "417*"),
        EXAMPLE(G H "Expect: 100-continue, tea\r\n\r\n", "417*"),
        EXAMPLE(G H "Expect: tea\r\nExpect: 100-continue\r\n\r\n", "417*"),
    };
    (void)state;
    CHECK_ALL(&default_limits, examples);
}

static void test_smuggling(void **state)
{
    static const example_t examples[] = {
        EXAMPLE(P "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
                "400 both*"),
        EXAMPLE(P "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n",
                "400 both*"),
        EXAMPLE(P "Content-Length: 3\r\nContent-Length: 4\r\n\r\n",
                "400 more than one*"),
        EXAMPLE(P "Content-Length: 3\r\ncontent-length: 3\r\n\r\n",
                "400 more than one*"),
        EXAMPLE(P "Content-Length: 3, 3\r\n\r\n", "400 Content-Length is*"),
        EXAMPLE(P "Content-Length: +3\r\n\r\n", "400 Content-Length is*"),
        EXAMPLE(P "Content-Length: -3\r\n\r\n", "400 Content-Length is*"),
        EXAMPLE(P "Content-Length: 3 3\r\n\r\n", "400 Content-Length is*"),
        EXAMPLE(P "Content-Length: 0x3\r\n\r\n", "400 Content-Length is*"),
        EXAMPLE(P "Content-Length: 3.0\r\n\r\n", "400 Content-Length is*"),
        EXAMPLE(P "Content-Length: 1e1\r\n\r\n", "400 Content-Length is*"),
        EXAMPLE(P "Content-Length: \"3\"\r\n\r\n", "400 Content-Length is*"),
        EXAMPLE(P "Content-Length:\r\n\r\n", "400 Content-Length is*"),
        EXAMPLE(P "Content-Length: 18446744073709551616\r\n\r\n",
                "400 Content-Length is out*"),
        EXAMPLE(P "Content-Length: 99999999999999999999999\r\n\r\n",
                "400 Content-Length is out*"),
        EXAMPLE(P "Content-Length: 18446744073709551615\r\n\r\n", "413*"),
        EXAMPLE(P "Content-Length: 4294967296\r\n\r\n", "413*"),
        EXAMPLE(P "Content-Length : 3\r\n\r\n", "400 white space*"),
        EXAMPLE(P "Transfer-Encoding : chunked\r\n\r\n", "400 white space*"),
        EXAMPLE(P "Transfer-Encoding:\r\n chunked\r\n\r\n", "400*"),
        EXAMPLE(P "Transfer-Encoding: \x0b"
                  "chunked\r\n\r\n",
                "400 control*"),
        EXAMPLE(P "Transfer-Encoding:\r\n\r\n", "400 malformed*"),
        EXAMPLE(P "Transfer-Encoding: chunked,\r\n\r\n", "400 malformed*"),
        EXAMPLE(P "Transfer-Encoding: ,chunked\r\n\r\n", "400 malformed*"),
        EXAMPLE(P "Transfer-Encoding: \"chunked\"\r\n\r\n", "400 malformed*"),
        EXAMPLE(P "Transfer-Encoding: xchunked\r\n\r\n", "400 the last*"),
        EXAMPLE(P "Transfer-Encoding: chunkedx\r\n\r\n", "400 the last*"),
        EXAMPLE(P "Transfer-Encoding: chun ked\r\n\r\n", "400 the last*"),
        EXAMPLE(P "Transfer-Encoding: chunked;q=1\r\n\r\n", "400 the last*"),
        EXAMPLE(P "Transfer-Encoding: gzip\r\n\r\n", "400 the last*"),
        EXAMPLE(P "Transfer-Encoding: identity\r\n\r\n", "400 the last*"),
        EXAMPLE(P "Transfer-Encoding: chunked, gzip\r\n\r\n", "400 chunked*"),
        EXAMPLE(P "Transfer-Encoding: chunked, chunked\r\n\r\n",
                "400 chunked*"),
        EXAMPLE(P "Transfer-Encoding: chunked\r\n"
                  "Transfer-Encoding: chunked\r\n\r\n",
                "400 chunked*"),
        EXAMPLE(P "Transfer-Encoding: chunked\r\n"
                  "Transfer-Encoding: identity\r\n\r\n",
                "400 chunked*"),
        EXAMPLE(P "Transfer-Encoding: gzip, chunked\r\n\r\n", "501*"),
        EXAMPLE(P "Transfer-Encoding: identity\r\n"
                  "Transfer-Encoding: chunked\r\n\r\n",
                "501*"),
        EXAMPLE("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
                "400 Transfer-Encoding in*"),
        EXAMPLE(P "Transfer-Encoding: CHUNKED\r\n\r\n0\r\n\r\n",
                "POST / / [] <x> 1.1 keep chunked\n*"),
        EXAMPLE(P "Transfer_Encoding: chunked\r\nContent-Length: 1\r\n\r\nab",
                "POST / / [] <x> 1.1 keep\nHost=x\n"
                "Transfer_Encoding=chunked\nContent-Length=1\n{a}b"),
    };
    (void)state;
    CHECK_ALL(&default_limits, examples);
}

/* -- chunks -------------------------------------------------------------- */

#define OK                                                                     \
    "POST / / [] <x> 1.1 keep chunked\nHost=x\nTransfer-Encoding=chunked\n"

static void test_chunks(void **state)
{
    static const example_t examples[] = {
        EXAMPLE(C, "more started head"),
        EXAMPLE(C "0\r\n\r\n", OK "{}"),
        EXAMPLE(C "0\r\n\r\nrest", OK "{}rest"),
        EXAMPLE(C "3\r\nabc\r\n0\r\n\r\n" G, OK "{abc}" G),
        EXAMPLE(C "1\r\na\r\n2\r\nbc\r\n00a\r\n0123456789\r\n000\r\n\r\n",
                OK "{abc0123456789}"),
        EXAMPLE(C "A\r\n\r\n0\r\n\r\n0\r\n\r\n0\r\n\r\n",
                OK "{\r\n0\r\n\r\n0\r\n}"),
        EXAMPLE(C "1;a\r\nx\r\n1;a=b\r\ny\r\n1;a=\"b;\\\"\r\n\";c\r\n", "400*"),
        EXAMPLE(C "1;a\r\nx\r\n1;a=b;c=d\r\ny\r\n1 ; a = \"b;\\\" \t\" ; c\r\n"
                  "z\r\n0;z\r\n\r\n",
                OK "{xyz}"),
        EXAMPLE(C "0\r\nA: b\r\nC:\r\n\r\nrest", OK "{}rest"),
        EXAMPLE(C "1\r\nx\r\n0\r\nContent-Length: 5\r\nHost: y\r\n\r\n",
                OK "{x}"),
        EXAMPLE(C "\r\n", "400 chunk without*"),
        EXAMPLE(C ";a\r\n", "400 chunk without*"),
        EXAMPLE(C " 1\r\n", "400 chunk without*"),
        EXAMPLE(C "-1\r\n", "400 chunk without*"),
        EXAMPLE(C "g\r\n", "400 chunk without*"),
        EXAMPLE(C "0x1\r\n", "400 malformed chunk"),
        EXAMPLE(C "1\nx\r\n", "400 malformed chunk"),
        EXAMPLE(C "1\rx\r\n", "400 malformed chunk"),
        EXAMPLE(C "1 \r\nx\r\n", "400 malformed chunk ext*"),
        EXAMPLE(C "1\t\r\nx\r\n", "400 malformed chunk ext*"),
        EXAMPLE(C "1\r\nxy\r\n", "400 malformed chunk"),
        EXAMPLE(C "2\r\nx\r\n0\r\n", "400 malformed chunk"),
        EXAMPLE(C "1\r\nx\n0\r\n", "400 malformed chunk"),
        EXAMPLE(C "1\r\nx\r0", "400 malformed chunk"),
        EXAMPLE(C "1\r\nx0\r\n", "400 malformed chunk"),
        EXAMPLE(C "1;\r\n", "400 malformed chunk ext*"),
        EXAMPLE(C "1;=\r\n", "400 malformed chunk ext*"),
        EXAMPLE(C "1;a=\r\n", "400 malformed chunk ext*"),
        EXAMPLE(C "1;a=b \r\n", "400 malformed chunk ext*"),
        EXAMPLE(C "1;a b\r\n", "400 malformed chunk ext*"),
        EXAMPLE(C "1;a\nx\r\n", "400 malformed chunk ext*"),
        EXAMPLE(C "1;a=\"b\r\n", "400 malformed chunk ext*"),
        EXAMPLE(C "1;a=\"b\"c\r\n", "400 malformed chunk ext*"),
        EXAMPLE(C "1;a=\"\\\n\"\r\n", "400 malformed chunk ext*"),
        EXAMPLE(C "1;a=b=c\r\n", "400 malformed chunk ext*"),
        EXAMPLE(C "1;a=b\"c\"\r\n", "400 malformed chunk ext*"),
        EXAMPLE(C "00000000000000001\r\n", "400 chunk size has*"),
        EXAMPLE(C "FFFFFFFFFFFFFFFF\r\n", "413*"),
        EXAMPLE(C "10000000000000001\r\n", "413*"),
        EXAMPLE(C "0\r\nA : b\r\n\r\n", "400 white space*"),
        EXAMPLE(C "0\r\nA: b\n\r\n", "400 control*"),
        EXAMPLE(C "0\r\n A: b\r\n\r\n", "400 line begins*"),
        EXAMPLE(C "0\r\nA: b\r\n fold\r\n\r\n", "400 line begins*"),
        EXAMPLE(C "0\r\nA\r\n\r\n", "400 invalid field name"),
        EXAMPLE(C "0\r\n\rx", "400 CR without LF"),
        EXAMPLE(C "0\r\n0\r\n\r\n", "400 invalid field name"),
    };
    (void)state;
    CHECK_ALL(&default_limits, examples);
}

/* -- limits -------------------------------------------------------------- */

/* `before`, then `count` times `fill`, then `after`. */
static size_t build(char *out, const char *before, const char *fill,
                    size_t count, const char *after)
{
    size_t len = strlen(before);
    memcpy(out, before, len);
    for (size_t i = 0; i < count; i++) {
        memcpy(out + len, fill, strlen(fill));
        len += strlen(fill);
    }
    memcpy(out + len, after, strlen(after));
    return len + strlen(after);
}

static void check_built(const isere_http_limits_t *limits, const char *before,
                        const char *fill, size_t count, const char *after,
                        const char *outcome)
{
    static char message[CAPACITY];
    example_t e = {message, build(message, before, fill, count, after),
                   outcome};
    message[e.len] = '\0';
    check(limits, &e);
}

static void test_head_limits(void **state)
{
    (void)state;
    isere_http_limits_t limits = {200, 100};
    size_t around = strlen("GET / HTTP/1.1\r\n" H "\r\n");
    check_built(&limits, "GET /", "a", 200 - around, " HTTP/1.1\r\n" H "\r\n",
                "GET /aaa*");
    check_built(&limits, "GET /", "a", 201 - around, " HTTP/1.1\r\n" H "\r\n",
                "431*");
    around = strlen("GET / HTTP/1.1\r\n");
    check_built(&limits, "GET /", "a", 199 - around, " HTTP/1.1\r\n" H "\r\n",
                "431*");
    check_built(&limits, "GET /", "a", 200 - around, " HTTP/1.1\r\n" H "\r\n",
                "431*");
    check_built(&limits, "GET /", "a", 201 - around, " HTTP/1.1\r\n" H "\r\n",
                "414*");
    check_built(&limits, "GET /?", "a", 300, " HTTP/1.1\r\n" H "\r\n", "414*");
    check_built(&limits, "", "A", 300, "", "414*");
    check_built(&limits, G H "a: ", "b", 300, "\r\n\r\n", "431*");
    check_built(&limits, G H, "b", 300, ": c\r\n\r\n", "431*");
    check_built(&limits, G H "a:", " ", 300, "\r\n\r\n", "431*");
    /* an error before the limit counts, one behind it does not */
    around = strlen(G H "a: ");
    check_built(&limits, G H "a: ", "b", 199 - around, "\x01", "400 control*");
    check_built(&limits, G H "a: ", "b", 200 - around, "\x01", "431*");
    limits.max_head = 0;
    check_built(&limits, "G", "", 0, "", "414*");
}

static void test_field_limit(void **state)
{
    (void)state;
    check_built(&default_limits, G H, "a: b\r\n", ISERE_MAX_FIELDS - 1, "\r\n",
                "GET / / [] <x> 1.1 keep\nHost=x\na=b\na=b\n*");
    check_built(&default_limits, G H, "a: b\r\n", ISERE_MAX_FIELDS, "\r\n",
                "431 too many*");
    check_built(&default_limits, C "0\r\n", "a: b\r\n", ISERE_MAX_FIELDS,
                "\r\n", OK "{}");
    check_built(&default_limits, C "0\r\n", "a: b\r\n", ISERE_MAX_FIELDS + 1,
                "\r\n", "431 too many*");
}

static void test_body_limits(void **state)
{
    (void)state;
    isere_http_limits_t limits = {200, 20};
    const char *big = "413 body too large";
    check_built(&limits, P "Content-Length: 20\r\n\r\n", "a", 20, "",
                "POST / / [] <x> 1.1 keep\nHost=x\nContent-Length=20\n"
                "{aaaaaaaaaaaaaaaaaaaa}");
    check_built(&limits, P "Content-Length: 21\r\n\r\n", "a", 21, "", big);
    check_built(&limits, P "Content-Length: 21\r\n\r\n", "a", 0, "", big);
    check_built(&limits, P "Content-Length: 21\r\nExpect: 100-continue\r\n\r\n",
                "a", 0, "", big);
    check_built(&limits, C, "1\r\na\r\n", 20, "0\r\n\r\n",
                OK "{aaaaaaaaaaaaaaaaaaaa}");
    check_built(&limits, C, "1\r\na\r\n", 20, "1", big);
    check_built(&limits, C "14\r\n", "a", 20, "\r\n0\r\n\r\n",
                OK "{aaaaaaaaaaaaaaaaaaaa}");
    check_built(&limits, C "15", "a", 0, "", big);
    check_built(&limits, C "1\r\na\r\n14", "a", 0, "", big);
    limits.max_body = 0;
    check_built(&limits, C "0\r\n\r\n", "", 0, "", OK "{}");
    check_built(&limits, C "1", "", 0, "", big);
    check_built(&limits, P "Content-Length: 1\r\n\r\n", "", 0, "", big);
}

static void test_chunk_overhead(void **state)
{
    (void)state;
    isere_http_limits_t limits = {100, 1000};
    /* Counted: an extension from behind its ';' to its CR, then all bytes of
     * the trailers with the last empty line. */
    check_built(&limits, C "1;", "a", 97, "\r\nx\r\n0\r\n\r\n", OK "{x}");
    check_built(&limits, C "1;", "a", 98, "\r\nx\r\n0\r\n\r\n", "431*");
    check_built(&limits, C "1;", "a", 100, "\r\nx\r\n0\r\n\r\n",
                "413 chunk ext*");
    check_built(&limits, C, "1;a\r\nx\r\n", 49, "0\r\n\r\n", OK "{xxx*");
    check_built(&limits, C, "1;a\r\nx\r\n", 51, "0\r\n\r\n", "413 chunk ext*");
    /* trailers */
    check_built(&limits, C "0\r\nT: ", "a", 93, "\r\n\r\n", OK "{}");
    check_built(&limits, C "0\r\nT: ", "a", 94, "\r\n\r\n", "431*");
    /* both share the budget */
    check_built(&limits, C "0;aaaaaaaaa\r\nT: ", "a", 90, "\r\n\r\n", "431*");
}

/* -- long streams -------------------------------------------------------- */

/* 256 KiB in chunks of one byte must fit into a buffer that is one byte
 * larger than the limits say. One and a half million calls: anything that grew
 * with what is already there would not end within the test's time. */
static void test_tiny_chunks_in_a_tight_buffer(void **state)
{
    (void)state;
    enum { HEAD = sizeof(C) - 1, BODY = 1 << 18 };
    isere_http_limits_t limits = {HEAD, BODY};
    size_t room = HEAD + BODY + 1;
    char *buf = malloc(room);
    isere_http_parser_t parser;
    isere_http_request_t request;
    isere_http_parser_init(&parser, &limits);
    memcpy(buf, C, HEAD);
    size_t len = HEAD;
    int result = isere_http_parser_feed(&parser, &request, buf, &len);
    assert_int_equal(result, ISERE_HTTP_NEED_MORE);
    for (size_t i = 0; i < (size_t)BODY * 6 + 5; i++) {
        static const char chunk[] = "1\r\na\r\n";
        static const char last[] = "0\r\n\r\n";
        size_t at = i - (size_t)BODY * 6;
        buf[len] = i < (size_t)BODY * 6 ? chunk[i % 6] : last[at];
        if (i % 6 == 3 && i < (size_t)BODY * 6) {
            buf[len] = (char)('a' + i / 6 % 26);
        }
        assert_int_equal(result, ISERE_HTTP_NEED_MORE);
        len++;
        assert_true(len <= room);
        result = isere_http_parser_feed(&parser, &request, buf, &len);
    }
    assert_int_equal(result, ISERE_HTTP_COMPLETE);
    assert_int_equal(request.body.len, BODY);
    for (size_t i = 0; i < BODY; i++) {
        assert_int_equal(buf[request.body.off + i], 'a' + (int)(i % 26));
    }
    free(buf);
}

static void test_pipeline(void **state)
{
    (void)state;
    static char bytes[CAPACITY];
    size_t count = 500;
    size_t len =
        build(bytes, "", C "3\r\nabc\r\n0\r\n\r\n" G H "\r\n", count, "");
    isere_http_parser_t parser;
    isere_http_request_t request;
    size_t at = 0;
    for (size_t i = 0; i < 2 * count; i++) {
        size_t left = len - at;
        isere_http_parser_init(&parser, &default_limits);
        assert_int_equal(
            isere_http_parser_feed(&parser, &request, bytes + at, &left),
            ISERE_HTTP_COMPLETE);
        assert_int_equal(left, len - at);
        assert_true(isere_slice_is(isere_http_slice(&request, request.body),
                                   i % 2 == 0 ? "abc" : ""));
        at += parser.consumed;
    }
    assert_int_equal(at, len);
}

static void test_wanted(void **state)
{
    static connection_t c;
    (void)state;
    static const struct {
        const char *bytes;
        size_t wanted;
    } examples[] = {
        {"", 1},
        {G H, 1},
        {P "Content-Length: 10\r\n\r\n", 10},
        {P "Content-Length: 10\r\n\r\nabc", 7},
        {C, 1},
        {C "a\r\n", 17},
        {C "a\r\nabc", 14},
        {C "a\r\n0123456789", 1},
    };
    for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
        open_connection(&c, &default_limits);
        arrive(&c, examples[i].bytes, strlen(examples[i].bytes));
        assert_int_equal(c.result, ISERE_HTTP_NEED_MORE);
        assert_int_equal(isere_http_parser_wanted(&c.parser, &c.request),
                         examples[i].wanted);
    }
}

static void test_lookup(void **state)
{
    static connection_t c;
    (void)state;
    open_connection(&c, &default_limits);
    static const char bytes[] = G H "X-A: 1\r\nx-a: 2\r\nEmpty:\r\n\r\n";
    arrive(&c, bytes, sizeof(bytes) - 1);
    assert_true(isere_slice_is(isere_http_field(&c.request, "host"), "x"));
    assert_true(isere_slice_is(isere_http_field(&c.request, "x-a"), "1"));
    assert_null(isere_http_field(&c.request, "x-").ptr);
    assert_null(isere_http_field(&c.request, "x-ab").ptr);
    assert_non_null(isere_http_field(&c.request, "empty").ptr);
    assert_int_equal(isere_http_field(&c.request, "empty").len, 0);
}

/* -- character classes, against the grammars as written ------------------ */

static bool among(int c, const char *set)
{
    return c != 0 && strchr(set, c) != NULL;
}

static void test_characters(void **state)
{
    (void)state;
    for (int c = 0; c < 256; c++) {
        bool digit = c >= '0' && c <= '9';
        bool hex = digit || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
        bool alnum = digit || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        bool host = alnum || among(c, "-._~!$&'()*+,;=");
        bool text = c == '\t' || (c >= ' ' && c != 0x7f);
        unsigned expected = 0;
        expected |= alnum || among(c, "!#$%&'*+-.^_`|~") ? ISERE_HTTP_TOKEN : 0;
        expected |= text ? ISERE_HTTP_VALUE : 0;
        expected |= host || among(c, "%:@/[]|^") ? ISERE_HTTP_PATH : 0;
        expected |= host || among(c, "%:@/?[]|^\\`{}") ? ISERE_HTTP_QUERY : 0;
        expected |= host ? ISERE_HTTP_HOST : 0;
        expected |= hex ? ISERE_HTTP_HEX : 0;
        expected |= text && !among(c, "\"\\") ? ISERE_HTTP_QDTEXT : 0;
        expected |= digit ? ISERE_HTTP_DIGIT : 0;
        assert_int_equal(isere_http_chars[c], expected);
    }
    assert_int_equal(isere_http_hex('9'), 9);
    assert_int_equal(isere_http_hex('a'), 10);
    assert_int_equal(isere_http_hex('F'), 15);
}

#if HAVE_GUARD_PAGE
static int set_up(void **state)
{
    (void)state;
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    char *map = mmap(NULL, CAPACITY + page, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (map == MAP_FAILED) {
        return -1;
    }
    guard = map + CAPACITY;
    return mprotect(guard, page, PROT_NONE);
}
#else
/* On a microcontroller: the same tests, in plain memory. */
static int set_up(void **state)
{
    static char memory[CAPACITY];
    (void)state;
    guard = memory + CAPACITY;
    return 0;
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_requests),
        cmocka_unit_test(test_targets),
        cmocka_unit_test(test_versions_and_persistence),
        cmocka_unit_test(test_malformed),
        cmocka_unit_test(test_smuggling),
        cmocka_unit_test(test_chunks),
        cmocka_unit_test(test_head_limits),
        cmocka_unit_test(test_field_limit),
        cmocka_unit_test(test_body_limits),
        cmocka_unit_test(test_chunk_overhead),
        cmocka_unit_test(test_tiny_chunks_in_a_tight_buffer),
        cmocka_unit_test(test_pipeline),
        cmocka_unit_test(test_wanted),
        cmocka_unit_test(test_lookup),
        cmocka_unit_test(test_characters),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
