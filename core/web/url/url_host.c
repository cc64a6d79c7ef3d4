/* Hosts of URLs (section 3.5 of the URL standard), but for IPv6. */
#include "core/web/url/url_builder.h"
#include "core/web/url/url_codes.h"

/* The host of a scheme that nobody knows: no domain, no address, just text. */
static int put_opaque_host(isere_url_builder_t *b, isere_slice_t host)
{
    for (size_t i = 0; i < host.len; i++) {
        uint8_t c = (uint8_t)host.ptr[i];
        /* Tab, CR and LF, forbidden too, were removed from all input. */
        if (c == 0 || isere__url_has(c, ISERE_URL_FORBIDDEN_HOST)) {
            return ISERE_ERR_INVAL;
        }
    }
    isere__url_put_encoded(b, host, ISERE_URL_C0_CONTROL);
    return 0;
}

/* Domains */

/* Percent-decodes one byte at *i and moves on. */
static uint8_t next_byte(isere_slice_t text, size_t *i)
{
    uint8_t c = (uint8_t)text.ptr[(*i)++];
    if (c == '%' && text.len - *i >= 2) {
        int high = isere__url_hex((uint8_t)text.ptr[*i]);
        int low = isere__url_hex((uint8_t)text.ptr[*i + 1]);
        if (high >= 0 && low >= 0) {
            *i += 2;
            return (uint8_t)(high * 16 + low);
        }
    }
    return c;
}

/* IPv4 */

/*
 * The "IPv4 number parser": decimal, octal after 0, hexadecimal after 0x (all
 * three are what inet_aton takes, so filters must see the result). Returns
 * false when it is no number; too large ones become UINT32_MAX + 1, which is
 * refused later but is still a number.
 */
static bool ipv4_number(const char *p, size_t len, uint64_t *value)
{
    unsigned base = 10;
    if (len == 0) {
        return false;
    }
    if (len >= 2 && p[0] == '0') {
        bool hex = p[1] == 'x' || p[1] == 'X';
        base = hex ? 16 : 8;
        p += hex ? 2 : 1;
        len -= hex ? 2 : 1;
    }
    *value = 0;
    for (size_t i = 0; i < len; i++) {
        int digit = isere__url_hex((uint8_t)p[i]);
        if (digit < 0 || (unsigned)digit >= base) {
            return false;
        }
        *value = *value * base + (unsigned)digit;
        if (*value > UINT32_MAX) {
            *value = (uint64_t)UINT32_MAX + 1;
        }
    }
    return true;
}

/* The last label; a single empty one at the end does not count. */
static isere_slice_t last_label(const char *p, size_t len)
{
    if (len > 0 && p[len - 1] == '.') {
        len--;
    }
    size_t start = len;
    while (start > 0 && p[start - 1] != '.') {
        start--;
    }
    return isere_slice_of(p + start, len - start);
}

/* The "ends in a number checker": such a host is an IPv4 address or invalid,
 * never a domain. So "1.2.3.foo" is a domain and "foo.0x1" is not. */
static bool ends_in_number(const char *p, size_t len)
{
    isere_slice_t last = last_label(p, len);
    uint64_t value;
    size_t digits = 0;
    while (digits < last.len &&
           isere__url_is_digit((uint8_t)last.ptr[digits])) {
        digits++;
    }
    return last.len > 0 &&
           (digits == last.len || ipv4_number(last.ptr, last.len, &value));
}

/* The "IPv4 parser". */
static bool parse_ipv4(const char *p, size_t len, uint32_t *address)
{
    uint64_t numbers[4];
    size_t count = 0;
    const char *end = p + len;
    if (len > 0 && end[-1] == '.') {
        end--;
    }
    for (;;) {
        const char *dot = memchr(p, '.', (size_t)(end - p));
        const char *stop = dot ? dot : end;
        if (count == 4 ||
            !ipv4_number(p, (size_t)(stop - p), &numbers[count])) {
            return false;
        }
        count++;
        if (!dot) {
            break;
        }
        p = dot + 1;
    }
    /* The last number fills all the bytes that the others left. */
    uint64_t value = numbers[count - 1];
    if (value >= (uint64_t)1 << (8 * (5 - count))) {
        return false;
    }
    for (size_t i = 0; i + 1 < count; i++) {
        if (numbers[i] > 255) {
            return false;
        }
        value += numbers[i] << (8 * (3 - i));
    }
    *address = (uint32_t)value;
    return true;
}

static void put_ipv4(isere_url_builder_t *b, uint32_t address)
{
    for (int shift = 24; shift >= 0; shift -= 8) {
        isere__url_put_number(b, (address >> shift) & 255, 10);
        if (shift > 0) {
            isere__url_put(b, '.');
        }
    }
}

/*
 * Writes the percent-decoded domain in lower case. For a domain in ASCII that
 * is all that "domain to ASCII" does, labels in Punycode (xn--) included;
 * others would need IDNA's tables and are refused.
 */
static int put_domain(isere_url_builder_t *b, isere_slice_t host)
{
    uint32_t start = b->url.len;
    for (size_t i = 0; i < host.len;) {
        uint8_t c = next_byte(host, &i);
        if (isere__url_is_control(c) ||
            isere__url_has(c, ISERE_URL_FORBIDDEN_DOMAIN)) {
            return ISERE_ERR_INVAL;
        }
        isere__url_put(b, (char)isere__url_lower(c));
    }
    if (b->error) {
        return 0;
    }
    const char *domain = b->url.href + start;
    size_t len = b->url.len - start;
    if (len == 0) {
        return ISERE_ERR_INVAL;
    }
    if (ends_in_number(domain, len)) {
        uint32_t address;
        if (!parse_ipv4(domain, len, &address)) {
            return ISERE_ERR_INVAL;
        }
        b->url.len = start;
        put_ipv4(b, address);
    }
    return 0;
}

int isere__url_put_host(isere_url_builder_t *b, isere_slice_t host,
                        bool special)
{
    if (host.len > 0 && host.ptr[0] == '[') {
        if (host.len < 2 || host.ptr[host.len - 1] != ']') {
            return ISERE_ERR_INVAL;
        }
        return isere__url_put_ipv6(b,
                                   isere_slice_of(host.ptr + 1, host.len - 2));
    }
    return special ? put_domain(b, host) : put_opaque_host(b, host);
}

int isere__url_put_file_host(isere_url_builder_t *b, isere_slice_t host)
{
    int error = isere__url_put_host(b, host, true);
    if (error || b->error) {
        return error;
    }
    isere_slice_t text = {b->url.href + b->url.host_start,
                          b->url.len - b->url.host_start};
    if (isere_slice_is(text, "localhost")) {
        b->url.len = b->url.host_start;
    }
    b->url.host_end = b->url.path_start = b->url.len;
    return 0;
}
