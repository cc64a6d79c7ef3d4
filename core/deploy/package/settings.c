/*
 * The settings of a deployment as bytes: little-endian numbers at fixed
 * offsets, then the texts of routes and variables, each ended by NUL.
 *
 * They stand with kept code, where a package would have to be parsed else,
 * which takes a heap. What is read may have been written by a program that was
 * about to crash, so it is checked as strictly as a package that a client
 * sends.
 */
#include "core/deploy/package/settings.h"
#include "core/route/route.h"
#include "core/util/cors.h"
#include "core/util/names/env_name.h"
#include "core/util/names/export_name.h"

enum { HAS_HANDLER = 1, HAS_CORS = 2 };

/* Where things are, in bytes. All places are fixed but for the texts, so sizes
 * can be checked before anything is read. */
enum {
    AT_SOURCES = 0,
    AT_MEMORY = 8,
    AT_TIMEOUT = 16,
    AT_PAYLOAD = 20,
    AT_ROUTES = 21,
    AT_ENV = 22,
    AT_MORE = 23, /* which texts follow: HAS_HANDLER, HAS_CORS */
    AT_SOURCE = 24,
    AT_TEXTS = 32,
};

static void put(uint8_t *p, uint64_t v, unsigned size)
{
    for (unsigned i = 0; i < size; i++) {
        p[i] = (uint8_t)(v >> (8 * i));
    }
}

static uint64_t get(const uint8_t *p, unsigned size)
{
    uint64_t v = 0;
    for (unsigned i = 0; i < size; i++) {
        v |= (uint64_t)p[i] << (8 * i);
    }
    return v;
}

/* ---- writing ---- */

static size_t texts_size(const char *const *texts, size_t count)
{
    size_t size = 0;
    for (size_t i = 0; i < count; i++) {
        size += strlen(texts[i]) + 1;
    }
    return size;
}

size_t isere_settings_size(const isere_settings_t *s)
{
    return AT_TEXTS + texts_size(s->routes, s->nroutes) +
           texts_size(s->env, s->nenv) +
           texts_size(&s->handler, s->handler ? 1 : 0) +
           texts_size(&s->cors, s->cors ? 1 : 0);
}

/* Returns where the next text goes. */
static uint8_t *put_texts(uint8_t *out, const char *const *texts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t size = strlen(texts[i]) + 1;
        memcpy(out, texts[i], size);
        out += size;
    }
    return out;
}

/* The counts fit a byte: a package has at most 64 of each. */
void isere_settings_encode(const isere_settings_t *s, uint8_t *out)
{
    memset(out, 0, AT_TEXTS);
    put(out + AT_SOURCES, s->sources, 8);
    put(out + AT_MEMORY, s->memory, 8);
    put(out + AT_TIMEOUT, s->timeout_ms, 4);
    out[AT_PAYLOAD] = (uint8_t)s->payload;
    out[AT_ROUTES] = (uint8_t)s->nroutes;
    out[AT_ENV] = (uint8_t)s->nenv;
    out[AT_MORE] =
        (uint8_t)((s->handler ? HAS_HANDLER : 0) | (s->cors ? HAS_CORS : 0));
    if (s->source[0]) {
        memcpy(out + AT_SOURCE, s->source, ISERE_PACKAGE_SOURCE_LEN);
    }
    out = put_texts(out + AT_TEXTS, s->routes, s->nroutes);
    out = put_texts(out, s->env, s->nenv);
    out = put_texts(out, &s->handler, s->handler ? 1 : 0);
    (void)put_texts(out, &s->cors, s->cors ? 1 : 0);
}

/* ---- reading ---- */

/* The texts that are left to be read; they lie behind the package. */
typedef struct texts {
    const char *at;
    size_t left;
} texts_t;

/* The next text, or NULL when no NUL ends it: nothing behind the block is ever
 * looked at. */
static const char *take(texts_t *t)
{
    const char *text = t->at;
    const char *end = t->left > 0 ? memchr(text, 0, t->left) : NULL;
    if (!end) {
        return NULL;
    }
    t->left -= (size_t)(end + 1 - text);
    t->at = end + 1;
    return text;
}

/* Only canonical routes are written, so any other text is damage. */
static bool is_route(const char *text)
{
    char canonical[ISERE_ROUTE_TEXT_MAX];
    const char *reason;
    return text &&
           isere_route_check(isere_slice(text), canonical, &reason) == 0 &&
           strcmp(text, canonical) == 0;
}

static bool is_variable(const char *text)
{
    const char *equals = text ? strchr(text, '=') : NULL;
    return equals && isere_env_name_is_valid(
                         isere_slice_of(text, (size_t)(equals - text)));
}

/* All texts, and nothing behind them. */
static bool read_texts(isere_package_t *p, texts_t *t, unsigned more)
{
    for (size_t i = 0; i < p->nroutes; i++) {
        p->routes[i] = take(t);
        if (!is_route(p->routes[i])) {
            return false;
        }
    }
    for (size_t i = 0; i < p->nenv; i++) {
        p->env[i] = take(t);
        if (!is_variable(p->env[i])) {
            return false;
        }
    }
    if (more & HAS_HANDLER) {
        const char *handler = take(t);
        p->calls.handler = isere_slice(handler);
        if (!handler || !isere_export_name_is_valid(p->calls.handler)) {
            return false;
        }
    }
    if (more & HAS_CORS) {
        isere_cors_part_t part;
        p->calls.cors = take(t);
        if (!p->calls.cors ||
            isere_cors_problem(isere_slice(p->calls.cors), &part)) {
            return false;
        }
    }
    return t->left == 0;
}

/* The fingerprint, or all zeros. */
static bool is_source(const char *text)
{
    static const char digits[] = "0123456789abcdef";
    size_t n = 0;
    if (text[0] == 0) {
        return get((const uint8_t *)text, ISERE_PACKAGE_SOURCE_LEN) == 0;
    }
    while (n < ISERE_PACKAGE_SOURCE_LEN && text[n] && strchr(digits, text[n])) {
        n++;
    }
    return n == ISERE_PACKAGE_SOURCE_LEN;
}

/* The bytes are copied behind the struct first, and all pointers lead there:
 * the package does not need what it was read from. Counts are compared with
 * the arrays before read_texts fills them. */
static bool read(isere_package_t *p, const uint8_t *bytes, size_t size)
{
    uint64_t length = get(bytes + AT_SOURCES, 8);
    char *texts = (char *)(p + 1);
    texts_t t = {texts + AT_TEXTS, size - AT_TEXTS};
    memcpy(texts, bytes, size);
    p->bytes = (size_t)length;
    p->memory = get(bytes + AT_MEMORY, 8);
    p->timeout_ms = (uint32_t)get(bytes + AT_TIMEOUT, 4);
    p->has_payload = true;
    p->payload = (isere_payload_t)bytes[AT_PAYLOAD];
    p->nroutes = bytes[AT_ROUTES];
    p->nenv = bytes[AT_ENV];
    if (bytes[AT_SOURCE] != 0) {
        p->source = isere_slice_of(texts + AT_SOURCE, ISERE_PACKAGE_SOURCE_LEN);
    }
    return length <= SIZE_MAX && p->memory <= SIZE_MAX &&
           bytes[AT_PAYLOAD] <= ISERE_PAYLOAD_2_0 &&
           p->nroutes <= ISERE_PACKAGE_ROUTES_MAX &&
           p->nenv <= ISERE_PACKAGE_ENV_MAX &&
           bytes[AT_MORE] <= (HAS_HANDLER | HAS_CORS) &&
           is_source(texts + AT_SOURCE) && read_texts(p, &t, bytes[AT_MORE]);
}

/* Nothing of it is used when one part is wrong. */
int isere_settings_decode(const isere_port_t *port, const void *bytes,
                          size_t size, isere_package_t **package)
{
    if (size < AT_TEXTS) {
        return ISERE_ERR_INVAL;
    }
    isere_package_t *p = isere__package_make(port, size);
    if (!p) {
        return ISERE_ERR_NOMEM;
    }
    if (!read(p, bytes, size)) {
        isere_package_drop(port, p);
        return ISERE_ERR_INVAL;
    }
    *package = p;
    return 0;
}
