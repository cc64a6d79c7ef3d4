/* The server's URL as the user gives it, http://HOST[:PORT], into its parts. */
#include "apps/isere/client/client.h"
#include "core/http/chars.h"
#include <stdio.h>
#include <strings.h>

/* The host up to `end`, in brackets when it is an IPv6 address. */
static const char *read_host(isere_client_url_t *url, const char *text,
                             const char **end)
{
    bool is_v6 = *text == '[';
    size_t len;
    /* Brackets are part of the URL, not of the address that getaddrinfo
     * gets. */
    text += is_v6;
    len = strcspn(text, is_v6 ? "]" : ":");
    if (len == 0) {
        return "has no host";
    }
    if (len >= sizeof(url->host)) {
        return "has a host that is too long";
    }
    if (is_v6 ? text[len] != ']' ||
                    strspn(text, "0123456789abcdefABCDEF:.") != len
              : !isere_http_all(isere_slice_of(text, len), ISERE_HTTP_HOST)) {
        return "has an invalid host";
    }
    memcpy(url->host, text, len);
    url->host[len] = '\0';
    *end = text + len + is_v6;
    return NULL;
}

static const char *read_port(isere_client_url_t *url, const char *text)
{
    unsigned port = 0;
    if (*text == '\0') {
        text = ":80";
    }
    /* ':' and five digits at most, so that `port` can't overflow. */
    if (*text != ':' || text[1] == '\0' || strlen(text) > 6) {
        return "has an invalid port";
    }
    for (const char *p = text + 1; *p; p++) {
        if (!isere_http_is(*p, ISERE_HTTP_DIGIT)) {
            return "has an invalid port";
        }
        port = port * 10 + (unsigned)(*p - '0');
    }
    if (port == 0 || port > 65535) {
        return "has an invalid port";
    }
    snprintf(url->port, sizeof(url->port), "%u", port);
    return NULL;
}

const char *isere_client_url_parse(isere_client_url_t *url, const char *text)
{
    static const char scheme[] = "http://";
    char rest[sizeof(url->authority)];
    const char *wrong, *end;
    size_t len;
    /* Without TLS in the program, sending the token in the clear to a server
     * that the user believes to be protected would be worse than an error. */
    if (strncasecmp(text, "https://", 8) == 0) {
        return "is https, which isere does not support: use http://, or a "
               "tunnel";
    }
    if (strncasecmp(text, scheme, sizeof(scheme) - 1) != 0) {
        return "does not begin with http://";
    }
    text += sizeof(scheme) - 1;
    /* The authority ends there: RFC 3986, section 3.2. */
    len = strcspn(text, "/?#");
    /* A password in a URL would end up in histories and process lists. */
    if (memchr(text, '@', len)) {
        return "has a user name, which is not supported";
    }
    if (text[len] && strcmp(text + len, "/") != 0) {
        return "has a path: give only the server, http://HOST[:PORT]";
    }
    if (len >= sizeof(rest)) {
        return "has a host that is too long";
    }
    memcpy(rest, text, len);
    rest[len] = '\0';
    wrong = read_host(url, rest, &end);
    if (!wrong) {
        wrong = read_port(url, end);
    }
    if (!wrong) {
        /* As it was given: a server may look for its very name. */
        memcpy(url->authority, rest, len + 1);
    }
    return wrong;
}
