/* Response heads: every rule of which fields go out, and every buffer size. */

#include "core/http/response.h"
#include "tests/unit/support/unit.h"

#define DATE "Sun, 06 Nov 1994 08:49:37 GMT"
#define COMMON "Date: " DATE "\r\nServer: isere\r\n"

static isere_http_response_head_t plain(int status)
{
    isere_http_response_head_t head = {.status = status,
                                       .keep_alive = true,
                                       .content_length = 12,
                                       .date = ISERE_SLICE(DATE)};
    return head;
}

/* Writes into every buffer size up to the one that fits; the heap's own red
 * zones notice a byte too many. */
static void check(const isere_http_response_head_t *head, const char *expected)
{
    size_t len = strlen(expected);
    assert_int_equal(isere_http_response_write(NULL, 0, head), len);
    for (size_t cap = 1; cap <= len + 1; cap++) {
        char *buf = malloc(cap);
        assert_int_equal(isere_http_response_write(buf, cap, head), len);
        assert_memory_equal(buf, expected, cap < len ? cap : len);
        free(buf);
    }
}

static void test_fields(void **state)
{
    (void)state;
    isere_http_response_head_t head = plain(200);
    check(&head, "HTTP/1.1 200 OK\r\n" COMMON "Content-Length: 12\r\n\r\n");
    const isere_http_header_t headers[] = {
        {ISERE_SLICE("Content-Type"), ISERE_SLICE("text/plain")},
        {ISERE_SLICE("X-Empty"), {NULL, 0}},
        {ISERE_SLICE("Set-Cookie"), ISERE_SLICE("a=b")},
        {ISERE_SLICE("Set-Cookie"), ISERE_SLICE("c=d")},
    };
    head.headers = headers;
    head.nheaders = 4;
    head.content_length = UINT64_MAX;
    check(&head, "HTTP/1.1 200 OK\r\n" COMMON
                 "Content-Length: 18446744073709551615\r\n"
                 "Content-Type: text/plain\r\nX-Empty: \r\n"
                 "Set-Cookie: a=b\r\nSet-Cookie: c=d\r\n\r\n");
}

static void test_request_id(void **state)
{
    (void)state;
    isere_http_response_head_t head = plain(200);
    head.request_id = isere_slice("abc-1");
    check(&head, "HTTP/1.1 200 OK\r\n" COMMON
                 "Isere-Request-Id: abc-1\r\nContent-Length: 12\r\n\r\n");
}

static void test_connection(void **state)
{
    (void)state;
    isere_http_response_head_t head = plain(404);
    head.keep_alive = false;
    check(&head, "HTTP/1.1 404 Not Found\r\n" COMMON
                 "Content-Length: 12\r\nConnection: close\r\n\r\n");
    head.to_http_1_0 = true;
    check(&head, "HTTP/1.1 404 Not Found\r\n" COMMON
                 "Content-Length: 12\r\nConnection: close\r\n\r\n");
    head.keep_alive = true;
    check(&head, "HTTP/1.1 404 Not Found\r\n" COMMON
                 "Content-Length: 12\r\nConnection: keep-alive\r\n\r\n");
}

static void test_bodies(void **state)
{
    (void)state;
    isere_http_response_head_t head = plain(200);
    assert_true(isere_http_response_has_body(&head));
    head.to_head = true;
    assert_false(isere_http_response_has_body(&head));
    check(&head, "HTTP/1.1 200 OK\r\n" COMMON "Content-Length: 12\r\n\r\n");
    head = plain(204);
    assert_false(isere_http_response_has_body(&head));
    check(&head, "HTTP/1.1 204 No Content\r\n" COMMON "\r\n");
    head = plain(304);
    assert_false(isere_http_response_has_body(&head));
    check(&head, "HTTP/1.1 304 Not Modified\r\n" COMMON "\r\n");
    head = plain(205);
    assert_false(isere_http_response_has_body(&head));
    check(&head,
          "HTTP/1.1 205 Reset Content\r\n" COMMON "Content-Length: 0\r\n\r\n");
    head = plain(200);
    head.to_connect = true;
    assert_false(isere_http_response_has_body(&head));
    check(&head, "HTTP/1.1 200 OK\r\n" COMMON "\r\n");
    head.status = 403;
    assert_true(isere_http_response_has_body(&head));
    check(&head,
          "HTTP/1.1 403 Forbidden\r\n" COMMON "Content-Length: 12\r\n\r\n");
}

static void test_reasons(void **state)
{
    (void)state;
    static const struct {
        int status;
        const char *reason;
    } examples[] = {
        {100, "Continue"},
        {101, "Switching Protocols"},
        {200, "OK"},
        {201, "Created"},
        {226, "IM Used"},
        {299, ""},
        {301, "Moved Permanently"},
        {308, "Permanent Redirect"},
        {306, ""},
        {400, "Bad Request"},
        {408, "Request Timeout"},
        {413, "Content Too Large"},
        {414, "URI Too Long"},
        {418, ""},
        {422, "Unprocessable Content"},
        {431, "Request Header Fields Too Large"},
        {451, "Unavailable For Legal Reasons"},
        {500, "Internal Server Error"},
        {502, "Bad Gateway"},
        {503, "Service Unavailable"},
        {504, "Gateway Timeout"},
        {511, "Network Authentication Required"},
        {599, ""},
        {99, ""},
        {0, ""},
        {-1, ""},
        {600, ""},
        {65736, ""},
    };
    for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
        assert_string_equal(isere_http_reason(examples[i].status),
                            examples[i].reason);
    }
    isere_http_response_head_t head = plain(299);
    check(&head, "HTTP/1.1 299 \r\n" COMMON "Content-Length: 12\r\n\r\n");
}

/* All registered ones are found: the table is in order. */
static void test_reasons_are_all_found(void **state)
{
    (void)state;
    int found = 0;
    for (int status = 100; status < 600; status++) {
        found += isere_http_reason(status)[0] != '\0';
    }
    assert_int_equal(found, 62);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_request_id),
        cmocka_unit_test(test_connection),
        cmocka_unit_test(test_bodies),
        cmocka_unit_test(test_reasons),
        cmocka_unit_test(test_reasons_are_all_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
