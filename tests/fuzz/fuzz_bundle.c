/* Opening bundles: whatever the bytes are, it refuses them or all that it hands
 * out lies within them and is what it says. No bytecode is run. */
#include "core/code/bundle.h"
#include "core/code/bundle_format.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool right)
{
    if (!right) {
        abort();
    }
}

/* The length of a text that must end within the bundle. */
static size_t text_len(const isere_bundle_t *b, const char *text)
{
    size_t at = (size_t)((const uint8_t *)text - b->bytes);
    check(at < b->size);
    const void *end = memchr(text, 0, b->size - at);
    check(end != NULL);
    return (size_t)((const char *)end - text);
}

static void check_config(const isere_bundle_t *b)
{
    isere_function_config_t config;
    isere_function_config_init(&config);
    const char *preset = config.name;
    isere_bundle_configure(b, &config);
    if (config.name != preset) {
        size_t len = text_len(b, config.name);
        check(len > 0 && len < ISERE_BUNDLE_NAME_MAX);
    }
    for (const char *text = config.env_block; text && *text;) {
        size_t len = text_len(b, text);
        check(memchr(text + 1, '=', len - 1) != NULL);
        text += len + 1;
    }
    check((unsigned)config.payload <= ISERE_PAYLOAD_2_0);
    check(config.timeout_ms >= 1 &&
          config.timeout_ms <= ISERE_BUNDLE_TIMEOUT_MAX);
}

static void open_bundle(const uint8_t *bytes, size_t size)
{
    isere_bundle_t b;
    const char *reason = NULL;
    if (isere_bundle_open(&b, bytes, size, &reason) != 0) {
        check(reason != NULL);
        return;
    }
    check(b.nmodules > 0 && isere_bundle_name(&b, b.nmodules) == NULL);
    (void)text_len(&b, b.root);
    for (unsigned i = 0; i < b.nmodules; i++) {
        const char *name = isere_bundle_name(&b, i);
        check(text_len(&b, name) < ISERE_BUNDLE_TEXT_MAX);
        int found = isere_bundle_find(&b, name);
        check(found >= 0 && (unsigned)found <= i);
    }
    size_t at = (size_t)(b.code - bytes);
    check(at <= size && b.code_size <= size - at);
    check_config(&b);
}

static void put(uint8_t *p, uint32_t v, int len)
{
    for (int i = 0; i < len; i++) {
        p[i] = (uint8_t)(v >> (8 * i));
    }
}

/* So that what the checksum guards is reached. */
static void mend(uint8_t *p, size_t size)
{
    static const uint8_t magic[8] = {0x89, 'i', 's', 'e', 'r', 'e', 0x0d, 0x0a};
    memcpy(p, magic, sizeof(magic));
    put(p + ISERE_BUNDLE_AT_VERSION, ISERE_BUNDLE_VERSION, 2);
    put(p + ISERE_BUNDLE_AT_ENGINE, isere__bundle_engine_id(), 4);
    put(p + ISERE_BUNDLE_AT_SIZE, (uint32_t)size, 4);
    put(p + ISERE_BUNDLE_AT_CHECKSUM, isere__bundle_checksum(p, size), 4);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1);
    check(copy != NULL);
    if (size > 0) {
        memcpy(copy, data, size);
    }
    open_bundle(copy, size);
    if (size >= ISERE_BUNDLE_HEADER) {
        mend(copy, size);
        open_bundle(copy, size);
    }
    free(copy);
    return 0;
}
