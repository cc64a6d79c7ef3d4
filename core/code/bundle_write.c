/* Writing bundles, from modules or from another bundle with other settings. */
#include "core/code/bundle.h"
#include "core/code/bundle_format.h"
#include "core/util/names/export_name.h"

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

/* ---- a bundle is put together twice: for its size and checksum, which its
 * header has, and to be written ---- */

/* One code path for both passes: they can't disagree. */
typedef struct sink {
    isere_bundle_put_fn *put; /* NULL: only size and checksum are wanted */
    void *arg;
    size_t size;
    uint32_t checksum;
    int error; /* of the first call that failed */
} sink_t;

static int take(void *arg, const void *bytes, size_t len)
{
    sink_t *sink = arg;
    sink->size += len;
    if (!sink->put) {
        sink->checksum = isere_crc32(sink->checksum, bytes, len);
    } else if (!sink->error) {
        sink->error = sink->put(sink->arg, bytes, len);
    }
    return sink->error;
}

static void put_bytes(sink_t *sink, const void *bytes, size_t len)
{
    if (len > 0) {
        (void)take(sink, bytes, len);
    }
}

static void put_padding(sink_t *sink)
{
    put_bytes(sink, "\0\0", isere__bundle_pad4(sink->size) - sink->size);
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
    if (s->handler) {
        put_number(sink, ISERE_SETTING_HANDLER);
        put_number(sink, (uint32_t)strlen(s->handler) + 1);
        put_text(sink, s->handler);
        put_padding(sink);
    }
}

static void put_code(sink_t *sink, const isere_bundle_parts_t *parts)
{
    size_t begin = sink->size;
    if (!parts->write_code) {
        put_bytes(sink, parts->code, parts->code_size);
        return;
    }
    int error = parts->write_code(parts->code_arg, take, sink);
    if (!error && sink->size - begin != parts->code_size) {
        error = ISERE_ERR_INVAL;
    }
    sink->error = sink->error ? sink->error : error;
}

/* The header's last part, and what follows it: what the checksum covers. The
 * order is that of docs/bytecode.md. */
static void put_entries(sink_t *sink, const isere_bundle_parts_t *parts)
{
    const isere_bundle_settings_t *s = &parts->settings;
    uint8_t header[ISERE_BUNDLE_HEADER];
    put16(header + ISERE_BUNDLE_AT_ROOT_LEN, (uint32_t)strlen(parts->root) + 1);
    put16(header + ISERE_BUNDLE_AT_SETTINGS,
          (uint32_t)((s->name != NULL) + has_env(s) + s->has_payload +
                     s->has_timeout + (s->handler != NULL)));
    put32(header + ISERE_BUNDLE_AT_CODE_LEN, (uint32_t)parts->code_size);
    sink->size = ISERE_BUNDLE_AT_ROOT_LEN;
    put_bytes(sink, header + ISERE_BUNDLE_AT_ROOT_LEN,
              ISERE_BUNDLE_HEADER - ISERE_BUNDLE_AT_ROOT_LEN);
    put_text(sink, parts->root);
    put_padding(sink);
    for (unsigned i = 0; i < parts->count; i++) {
        put_number(sink, (uint32_t)strlen(parts->names[i]) + 1);
        put_text(sink, parts->names[i]);
        put_padding(sink);
    }
    put_settings(sink, s);
    put_code(sink, parts);
    put_padding(sink);
}

/* Its first part, which has the size and the checksum of the rest. */
static void put_header(sink_t *sink, const isere_bundle_parts_t *parts)
{
    static const uint8_t magic[8] = {0x89, 'i', 's', 'e', 'r', 'e', 0x0d, 0x0a};
    uint8_t p[ISERE_BUNDLE_AT_ROOT_LEN];
    memcpy(p, magic, sizeof(magic));
    put16(p + ISERE_BUNDLE_AT_VERSION, ISERE_BUNDLE_VERSION);
    put16(p + ISERE_BUNDLE_AT_MODULES, parts->count);
    put32(p + ISERE_BUNDLE_AT_ENGINE, isere__bundle_engine_id());
    put32(p + ISERE_BUNDLE_AT_SIZE, (uint32_t)parts->size);
    put32(p + ISERE_BUNDLE_AT_CHECKSUM, parts->checksum);
    put_bytes(sink, p, sizeof(p));
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
    if (s->handler && !isere_export_name_is_valid(isere_slice(s->handler))) {
        return ISERE_ERR_INVAL;
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

/* ---- writing ---- */

/* The size can wrap around on 32-bit targets, where it then is less than that
 * of the code. */
int isere_bundle_measure(isere_bundle_parts_t *parts)
{
    sink_t sink = {.put = NULL};
    int error = check_parts(parts);
    if (error) {
        return error;
    }
    put_entries(&sink, parts);
    if (sink.size > UINT32_MAX || sink.size < parts->code_size) {
        return ISERE_ERR_LIMIT;
    }
    parts->size = sink.size;
    parts->checksum = sink.checksum;
    return sink.error;
}

int isere_bundle_put(const isere_bundle_parts_t *parts,
                     isere_bundle_put_fn *put, void *arg)
{
    sink_t sink = {.put = put, .arg = arg};
    put_header(&sink, parts);
    put_entries(&sink, parts);
    return sink.error;
}

static int put_in_memory(void *arg, const void *bytes, size_t size)
{
    uint8_t **at = arg;
    memcpy(*at, bytes, size);
    *at += size;
    return 0;
}

int isere_bundle_write(const isere_port_t *port,
                       const isere_bundle_parts_t *parts, void **bytes,
                       size_t *size)
{
    isere_bundle_parts_t measured = *parts;
    int error = isere_bundle_measure(&measured);
    uint8_t *block = error ? NULL : isere_alloc(port, measured.size);
    if (!block) {
        return error ? error : ISERE_ERR_NOMEM;
    }
    uint8_t *at = block;
    error = isere_bundle_put(&measured, put_in_memory, &at);
    if (error) {
        isere_free(port, block);
        return error;
    }
    *bytes = block;
    *size = measured.size;
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
