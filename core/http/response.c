/* Writing a response's status line and header section. */
#include "core/http/response.h"
#include "core/http/chars.h"

/* A buffer that counts on after it is full: the caller learns how much room it
 * would have taken. */
typedef struct out {
    char *buf;
    size_t cap;
    size_t len;
} out_t;

static void put_part(out_t *out, const char *bytes, size_t len)
{
    if (out->len < out->cap) {
        size_t room = out->cap - out->len;
        memcpy(out->buf + out->len, bytes, len < room ? len : room);
    }
    out->len += len;
}

/* Inline, so that copying a constant becomes a few moves. */
static inline void put(out_t *out, const char *bytes, size_t len)
{
    if (out->len < out->cap && len <= out->cap - out->len) {
        memcpy(out->buf + out->len, bytes, len);
        out->len += len;
    } else {
        put_part(out, bytes, len);
    }
}

static void put_slice(out_t *out, isere_slice_t s)
{
    if (s.len > 0) {
        put(out, s.ptr, s.len);
    }
}

#define PUT(out, literal) put(out, literal, sizeof(literal) - 1)

static void put_number(out_t *out, uint64_t value)
{
    char digits[20];
    size_t at = sizeof(digits);
    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    put(out, digits + at, sizeof(digits) - at);
}

/* RFC 9110 section 9.3.6: a 2xx to CONNECT makes the connection a tunnel. */
static bool is_tunnel(const isere_http_response_head_t *head)
{
    return head->to_connect && head->status >= 200 && head->status < 300;
}

bool isere_http_response_has_body(const isere_http_response_head_t *head)
{
    return head->status >= 200 && head->status != 204 && head->status != 205 &&
           head->status != 304 && !head->to_head && !is_tunnel(head);
}

/*
 * RFC 9110 section 8.6: none with 1xx and 204, none with a 2xx to CONNECT;
 * with 304 it would be that of the 200, which nobody knows. 205 has no
 * content, and says so with a 0 (section 15.3.6).
 */
static void put_length(out_t *out, const isere_http_response_head_t *head)
{
    if (head->status < 200 || head->status == 204 || head->status == 304 ||
        is_tunnel(head) || head->until_close) {
        return;
    }
    if (head->chunked) {
        PUT(out, "Transfer-Encoding: chunked\r\n");
        return;
    }
    PUT(out, "Content-Length: ");
    put_number(out, head->status == 205 ? 0 : head->content_length);
    PUT(out, "\r\n");
}

/*
 * RFC 9112 section 9.6: a close is announced. Section 9.3: staying open is the
 * default in 1.1, and must be said to a client of 1.0, which had asked for it.
 */
static void put_connection(out_t *out, const isere_http_response_head_t *head)
{
    if (!head->keep_alive) {
        PUT(out, "Connection: close\r\n");
    } else if (head->to_http_1_0) {
        PUT(out, "Connection: keep-alive\r\n");
    }
}

/* Two policies in one answer would be none. */
static bool is_cors(isere_slice_t name)
{
    static const char front[] = "access-control-";
    return name.len > sizeof(front) - 1 &&
           isere_http_equals(isere_slice_of(name.ptr, sizeof(front) - 1),
                             front);
}

static void put_fields(out_t *out, const isere_http_header_t *fields,
                       size_t count, bool without_cors)
{
    for (size_t i = 0; i < count; i++) {
        if (without_cors && is_cors(fields[i].name)) {
            continue;
        }
        put_slice(out, fields[i].name);
        PUT(out, ": ");
        put_slice(out, fields[i].value);
        PUT(out, "\r\n");
    }
}

size_t isere_http_response_write(char *buf, size_t cap,
                                 const isere_http_response_head_t *head)
{
    out_t out = {buf, cap, 0};
    /* Always 1.1, to 1.0 clients too: it is what we conform to, RFC 9110
     * section 2.5. The space stays without a phrase, RFC 9112 section 4. */
    if (head->status == 200) {
        PUT(&out, "HTTP/1.1 200 OK");
    } else {
        PUT(&out, "HTTP/1.1 ");
        put_number(&out, (uint64_t)head->status);
        PUT(&out, " ");
        put_slice(&out, isere_slice(isere_http_reason(head->status)));
    }
    PUT(&out, "\r\nDate: ");
    put_slice(&out, head->date);
    PUT(&out, "\r\nServer: isere\r\n");
    if (head->request_id.len > 0) {
        PUT(&out, "Isere-Request-Id: ");
        put_slice(&out, head->request_id);
        PUT(&out, "\r\n");
    }
    put_length(&out, head);
    put_connection(&out, head);
    put_fields(&out, head->headers, head->nheaders, head->has_cors);
    put_fields(&out, head->cors, head->ncors, false);
    PUT(&out, "\r\n");
    return out.len;
}

/* The IANA HTTP Status Code Registry. */
typedef struct phrase {
    uint16_t status;
    const char *text;
} phrase_t;

/* Sorted by status, for the search below. */
static const phrase_t phrases[] = {
    {100, "Continue"},
    {101, "Switching Protocols"},
    {102, "Processing"},
    {103, "Early Hints"},
    {104, "Upload Resumption Supported"},
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {203, "Non-Authoritative Information"},
    {204, "No Content"},
    {205, "Reset Content"},
    {206, "Partial Content"},
    {207, "Multi-Status"},
    {208, "Already Reported"},
    {226, "IM Used"},
    {300, "Multiple Choices"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {305, "Use Proxy"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {402, "Payment Required"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {407, "Proxy Authentication Required"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {416, "Range Not Satisfiable"},
    {417, "Expectation Failed"},
    {421, "Misdirected Request"},
    {422, "Unprocessable Content"},
    {423, "Locked"},
    {424, "Failed Dependency"},
    {425, "Too Early"},
    {426, "Upgrade Required"},
    {428, "Precondition Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {451, "Unavailable For Legal Reasons"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
    {506, "Variant Also Negotiates"},
    {507, "Insufficient Storage"},
    {508, "Loop Detected"},
    {510, "Not Extended"},
    {511, "Network Authentication Required"},
};

const char *isere_http_reason(int status)
{
    size_t low = 0;
    size_t high = sizeof(phrases) / sizeof(phrases[0]);
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (phrases[middle].status == status) {
            return phrases[middle].text;
        }
        if (phrases[middle].status < status) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return "";
}
