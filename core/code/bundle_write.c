/* Writing bundles, from modules or from another bundle with other settings. */
#include "core/code/bundle.h"
#include "core/code/bundle_format.h"
#include <stdlib.h>

static void put16(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)v;
    p[1] = (uint8_t)(v >> 8);
}

static void put32(uint8_t *p, uint32_t v)
{
    put16(p, v);
    put16(p + 2, v >> 16);
}

/* ---- a bundle is put together twice: to count its bytes, to write them ----
 */

/* One code path for both passes: they can't disagree about the size. */
typedef struct sink {
    uint8_t *bytes; /* NULL: only count */
    size_t size;
} sink_t;

static void put_bytes(sink_t *sink, const void *bytes, size_t len)
{
    if (sink->bytes && len > 0) {
        memcpy(sink->bytes + sink->size, bytes, len);
    }
    sink->size += len;
}

static void put_padding(sink_t *sink)
{
    sink->size = isere__bundle_pad4(sink->size); /* the block was cleared */
}

static void put_number(sink_t *sink, uint32_t v)
{
    uint8_t bytes[4];
    put32(bytes, v);
    put_bytes(sink, bytes, sizeof(bytes));
}

static void put_text(sink_t *sink, const char *text)
{
    put_bytes(sink, text, strlen(text) + 1);
}

/* The empty text at the end included. */
static size_t env_size(const char *const *env)
{
    size_t size = 1;
    for (; *env; env++) {
        size += strlen(*env) + 1;
    }
    return size;
}

static bool has_env(const isere_bundle_settings_t *s)
{
    return s->env && s->env[0];
}

/* In the order of their kinds, which bundle.c insists on. */
static void put_settings(sink_t *sink, const isere_bundle_settings_t *s)
{
    if (s->name) {
        put_number(sink, ISERE_SETTING_NAME);
        put_number(sink, (uint32_t)strlen(s->name) + 1);
        put_text(sink, s->name);
        put_padding(sink);
    }
    if (has_env(s)) {
        put_number(sink, ISERE_SETTING_ENV);
        put_number(sink, (uint32_t)env_size(s->env));
        for (const char *const *env = s->env; *env; env++) {
            put_text(sink, *env);
        }
        put_text(sink, "");
        put_padding(sink);
    }
    if (s->has_payload) {
        put_number(sink, ISERE_SETTING_PAYLOAD);
        put_number(sink, 4);
        put_number(sink, (uint32_t)s->payload);
    }
    if (s->has_timeout) {
        put_number(sink, ISERE_SETTING_TIMEOUT);
        put_number(sink, 4);
        put_number(sink, s->timeout_ms);
    }
}

/* All but the header, which holds the size and the checksum of the rest. The
 * order is that of docs/bytecode.md. */
static void put_entries(sink_t *sink, const isere_bundle_parts_t *parts)
{
    sink->size = ISERE_BUNDLE_HEADER;
    put_text(sink, parts->root);
    put_padding(sink);
    for (unsigned i = 0; i < parts->count; i++) {
        put_number(sink, (uint32_t)strlen(parts->names[i]) + 1);
        put_text(sink, parts->names[i]);
        put_padding(sink);
    }
    put_settings(sink, &parts->settings);
    put_bytes(sink, parts->code, parts->code_size);
    put_padding(sink);
}

/* Last of all: the checksum covers everything behind it. */
static void put_header(uint8_t *p, size_t size,
                       const isere_bundle_parts_t *parts)
{
    static const uint8_t magic[8] = {0x89, 'i', 's', 'e', 'r', 'e', 0x0d, 0x0a};
    const isere_bundle_settings_t *s = &parts->settings;
    memcpy(p, magic, sizeof(magic));
    put16(p + ISERE_BUNDLE_AT_VERSION, ISERE_BUNDLE_VERSION);
    put16(p + ISERE_BUNDLE_AT_MODULES, parts->count);
    put32(p + ISERE_BUNDLE_AT_ENGINE, isere__bundle_engine_id());
    put32(p + ISERE_BUNDLE_AT_SIZE, (uint32_t)size);
    put16(p + ISERE_BUNDLE_AT_ROOT_LEN, (uint32_t)strlen(parts->root) + 1);
    put16(p + ISERE_BUNDLE_AT_SETTINGS,
          (uint32_t)((s->name != NULL) + has_env(s) + s->has_payload +
                     s->has_timeout));
    put32(p + ISERE_BUNDLE_AT_CODE_LEN, (uint32_t)parts->code_size);
    put32(p + ISERE_BUNDLE_AT_CHECKSUM, isere__bundle_checksum(p, size));
}

/* ---- limits ---- */

/* The same limits as in bundle.c: what is written must open. */
static int check_settings(const isere_bundle_settings_t *s)
{
    if (s->name && (!*s->name || strlen(s->name) >= ISERE_BUNDLE_NAME_MAX)) {
        return *s->name ? ISERE_ERR_LIMIT : ISERE_ERR_INVAL;
    }
    for (const char *const *env = s->env; env && *env; env++) {
        const char *equals = strchr(*env, '=');
        if (!equals || equals == *env) {
            return ISERE_ERR_INVAL;
        }
    }
    if ((s->has_payload && (unsigned)s->payload > ISERE_PAYLOAD_2_0) ||
        (s->has_timeout &&
         (s->timeout_ms < 1 || s->timeout_ms > ISERE_BUNDLE_TIMEOUT_MAX))) {
        return ISERE_ERR_INVAL;
    }
    return 0;
}

static int check_parts(const isere_bundle_parts_t *parts)
{
    if (parts->count > UINT16_MAX ||
        strlen(parts->root) + 1 > ISERE_BUNDLE_TEXT_MAX) {
        return ISERE_ERR_LIMIT;
    }
    for (unsigned i = 0; i < parts->count; i++) {
        if (strlen(parts->names[i]) + 1 > ISERE_BUNDLE_TEXT_MAX) {
            return ISERE_ERR_LIMIT;
        }
    }
    return check_settings(&parts->settings);
}

/* The size can wrap around on 32-bit targets, where it then is less than that
 * of the code. */
int isere_bundle_write(const isere_port_t *port,
                       const isere_bundle_parts_t *parts, void **bytes,
                       size_t *size)
{
    sink_t sink = {NULL, 0};
    int error = check_parts(parts);
    if (error) {
        return error;
    }
    put_entries(&sink, parts);
    if (sink.size > UINT32_MAX || sink.size < parts->code_size) {
        return ISERE_ERR_LIMIT;
    }
    *size = sink.size;
    sink.bytes = isere_alloc(port, *size);
    if (!sink.bytes) {
        return ISERE_ERR_NOMEM;
    }
    memset(sink.bytes, 0, *size);
    put_entries(&sink, parts);
    put_header(sink.bytes, *size, parts);
    *bytes = sink.bytes;
    return 0;
}

/* The code is copied as it is: settings are not part of it, so nothing is
 * compiled again. */
int isere_bundle_rewrite(const isere_port_t *port, const void *old,
                         const isere_bundle_settings_t *settings, void **bytes,
                         size_t *size)
{
    isere_bundle_t bundle;
    const char *reason;
    int error = isere_bundle_open(&bundle, old, *size, &reason);
    if (error) {
        return error;
    }
    const char **names = isere_alloc(port, bundle.nmodules * sizeof(char *));
    if (!names) {
        return ISERE_ERR_NOMEM;
    }
    for (unsigned i = 0; i < bundle.nmodules; i++) {
        names[i] = isere_bundle_name(&bundle, i);
    }
    isere_bundle_parts_t parts = {
        .root = bundle.root,
        .names = names,
        .count = bundle.nmodules,
        .code = bundle.code,
        .code_size = bundle.code_size,
        .settings = *settings,
    };
    error = isere_bundle_write(port, &parts, bytes, size);
    isere_free(port, names);
    return error;
}
