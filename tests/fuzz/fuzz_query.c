/*
 * Query strings, cookies and percent-coding: whatever the bytes, the parts
 * are views into the input, in order, and decoding stays within its bounds.
 */
#include "core/http/query.h"
#include "core/util/encode/percent.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

/* Parts lie in the input, one behind the other. */
static void check_inside(isere_slice_t whole, const char **from,
                         isere_slice_t part)
{
    require(part.ptr >= *from && part.ptr + part.len <= whole.ptr + whole.len);
    *from = part.ptr + part.len;
}

static void check_query(isere_slice_t whole)
{
    isere_slice_t rest = whole;
    isere_slice_t name;
    isere_slice_t value;
    const char *from = whole.ptr;
    while (isere_http_query_next(&rest, &name, &value)) {
        check_inside(whole, &from, name);
        check_inside(whole, &from, value);
        require(!memchr(name.ptr, '=', name.len));
        require(!memchr(name.ptr, '&', name.len));
        require(!memchr(value.ptr, '&', value.len));
    }
    require(rest.len == 0);
}

static void check_cookies(isere_slice_t whole)
{
    isere_slice_t rest = whole;
    isere_slice_t cookie;
    const char *from = whole.ptr;
    while (isere_http_cookie_next(&rest, &cookie)) {
        check_inside(whole, &from, cookie);
        require(cookie.len > 0 && !memchr(cookie.ptr, ';', cookie.len));
        require(cookie.ptr[0] != ' ' && cookie.ptr[cookie.len - 1] != ' ');
    }
    require(rest.len == 0);
}

static void check_percent(const char *text, size_t size)
{
    /* Exact sizes, so that the sanitizer sees a byte too many. */
    char *encoded = malloc(3 * size + 1);
    size_t len = isere_percent_encode(text, size, encoded);
    char *decoded = malloc(len + 1);
    require(len <= 3 * size);
    require(isere_percent_decode(encoded, len, true, decoded) == size);
    require(size == 0 || memcmp(decoded, text, size) == 0);
    free(decoded);
    decoded = malloc(size + 1);
    len = isere_percent_decode(text, size, false, decoded);
    require(len <= size && (size - len) % 2 == 0);
    free(decoded);
    free(encoded);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    if (size > 0) {
        memcpy(text, data, size);
    }
    check_query(isere_slice_of(text, size));
    check_cookies(isere_slice_of(text, size));
    check_percent(text, size);
    free(text);
    return 0;
}
