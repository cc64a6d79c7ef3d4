/* Bundles: checking and reading them. bundle_write.c writes them. */
#include "core/code/bundle.h"
#include "core/code/bundle_format.h"
#include "core/util/encode/crc32.h"
#include "core/util/names/export_name.h"

/* Like PNG's: not ASCII at first, so that no text is taken for a bundle, and a
 * line end that a transfer as text would change. */
static const uint8_t magic[8] = {0x89, 'i', 's', 'e', 'r', 'e', 0x0d, 0x0a};

/* Byte by byte: entries are aligned to 4 within the file, but the file may lie
 * anywhere, and the machine may be big-endian. */
static uint16_t get16(const uint8_t *p)
{
    return (uint16_t)(p[0] | p[1] << 8);
}

static uint32_t get32(const uint8_t *p)
{
    return (uint32_t)get16(p) | (uint32_t)get16(p + 2) << 16;
}

bool isere_bundle_detect(const void *bytes, size_t size)
{
    return size >= sizeof(magic) && memcmp(bytes, magic, sizeof(magic)) == 0;
}

/* ---- walking the entries ---- */

/* Where the walk stands; `left` counts down to the end of the bundle. */
typedef struct walk {
    const uint8_t *at;
    size_t left;
} walk_t;

/* A block of `len` bytes and its padding; NULL when it leads out. `len` is from
 * the file: it is compared before it is padded, which could overflow. */
static const uint8_t *take(walk_t *w, size_t len)
{
    const uint8_t *at = w->at;
    if (len > w->left || isere__bundle_pad4(len) > w->left) {
        return NULL;
    }
    w->at += isere__bundle_pad4(len);
    w->left -= isere__bundle_pad4(len);
    return at;
}

static bool ends_with_nul(const uint8_t *text, size_t len)
{
    return len > 0 && text[len - 1] == 0;
}

/* A text with its NUL behind its length. */
static const char *take_name(walk_t *w)
{
    const uint8_t *head = take(w, 4);
    size_t len = head ? get32(head) : 0;
    if (len > ISERE_BUNDLE_TEXT_MAX) {
        return NULL;
    }
    const uint8_t *name = take(w, len);
    return name && ends_with_nul(name, len) ? (const char *)name : NULL;
}

typedef struct setting {
    uint32_t kind;
    const uint8_t *value;
    size_t len;
} setting_t;

static bool take_setting(walk_t *w, setting_t *setting)
{
    const uint8_t *head = take(w, 8);
    if (!head) {
        return false;
    }
    setting->kind = get32(head);
    setting->len = get32(head + 4);
    setting->value = take(w, setting->len);
    return setting->value != NULL;
}

/* ---- opening ---- */

/* From general to special: what a user sees for a file of another program, of
 * another version, of a build with another engine, or for a damaged one. The
 * checksum comes last, since its place depends on the version. */
static const char *check_header(const uint8_t *p, size_t size)
{
    if (!isere_bundle_detect(p, size)) {
        return "not a bytecode file of isère";
    }
    if (size < ISERE_BUNDLE_HEADER || get32(p + ISERE_BUNDLE_AT_SIZE) != size) {
        return "the bytecode file is cut off or damaged";
    }
    if (get16(p + ISERE_BUNDLE_AT_VERSION) != ISERE_BUNDLE_VERSION) {
        return "the bytecode file has another format version: build it again "
               "with this version of isère";
    }
    if (get32(p + ISERE_BUNDLE_AT_ENGINE) != isere__bundle_engine_id()) {
        return "the bytecode file was made for another engine: build it again "
               "with this version of isère";
    }
    if (isere__bundle_checksum(p, size) !=
        get32(p + ISERE_BUNDLE_AT_CHECKSUM)) {
        return "the bytecode file is damaged: its checksum does not match";
    }
    return NULL;
}

/* NAME=VALUE texts, each ended by NUL, and one more NUL. The two NULs at the
 * end are checked first: they bound every strlen below. */
static bool check_env(const uint8_t *p, size_t len)
{
    if (len < 2 || p[len - 1] != 0 || p[len - 2] != 0) {
        return false;
    }
    const char *text = (const char *)p;
    while (*text) {
        size_t text_len = strlen(text);
        const char *equals = memchr(text, '=', text_len);
        if (!equals || equals == text) {
            return false;
        }
        text += text_len + 1;
    }
    /* No text is empty, so the first empty one must be the end. */
    return (size_t)(text - (const char *)p) == len - 1;
}

static bool check_setting(const setting_t *s)
{
    switch (s->kind) {
    case ISERE_SETTING_NAME:
        return s->len >= 2 && s->len <= ISERE_BUNDLE_NAME_MAX &&
               memchr(s->value, 0, s->len) == s->value + s->len - 1;
    case ISERE_SETTING_ENV:
        return check_env(s->value, s->len);
    case ISERE_SETTING_PAYLOAD:
        return s->len == 4 && get32(s->value) <= ISERE_PAYLOAD_2_0;
    case ISERE_SETTING_TIMEOUT:
        return s->len == 4 && get32(s->value) >= 1 &&
               get32(s->value) <= ISERE_BUNDLE_TIMEOUT_MAX;
    case ISERE_SETTING_HANDLER:
        return s->len >= 2 && s->value[s->len - 1] == 0 &&
               isere_export_name_is_valid(
                   isere_slice_of((const char *)s->value, s->len - 1));
    default:
        return false;
    }
}

/* Kinds ascend, which also says that none comes twice. */
static bool open_settings(isere_bundle_t *b, walk_t *w)
{
    uint32_t last = 0;
    b->settings = w->at;
    for (unsigned i = 0; i < b->nsettings; i++) {
        setting_t setting;
        if (!take_setting(w, &setting) || setting.kind <= last ||
            !check_setting(&setting)) {
            return false;
        }
        last = setting.kind;
    }
    return true;
}

/* The checksum matched, so this only fails for a file made on purpose: no
 * length in it is believed. */
static bool open_entries(isere_bundle_t *b)
{
    walk_t w = {b->bytes + ISERE_BUNDLE_HEADER, b->size - ISERE_BUNDLE_HEADER};
    size_t root_len = get16(b->bytes + ISERE_BUNDLE_AT_ROOT_LEN);
    const uint8_t *root = take(&w, root_len);
    if (!root || !ends_with_nul(root, root_len) || b->nmodules == 0) {
        return false;
    }
    b->root = (const char *)root;
    b->names = w.at;
    for (unsigned i = 0; i < b->nmodules; i++) {
        if (!take_name(&w)) {
            return false;
        }
    }
    if (!open_settings(b, &w)) {
        return false;
    }
    b->code_size = get32(b->bytes + ISERE_BUNDLE_AT_CODE_LEN);
    b->code = take(&w, b->code_size);
    return b->code && w.left == 0;
}

int isere_bundle_open(isere_bundle_t *b, const void *bytes, size_t size,
                      const char **reason)
{
    *reason = check_header(bytes, size);
    if (*reason) {
        return ISERE_ERR_INVAL;
    }
    memset(b, 0, sizeof(*b));
    b->bytes = bytes;
    b->size = size;
    b->nmodules = get16(b->bytes + ISERE_BUNDLE_AT_MODULES);
    b->nsettings = get16(b->bytes + ISERE_BUNDLE_AT_SETTINGS);
    if (!open_entries(b)) {
        *reason = "the bytecode file is damaged: its entries do not add up";
        return ISERE_ERR_INVAL;
    }
    return 0;
}

/* ---- what is in an open bundle ---- */

static walk_t walk_from(const isere_bundle_t *b, const uint8_t *at)
{
    return (walk_t){at, (size_t)(b->bytes + b->size - at)};
}

/* Names are walked each time, not indexed: a table would need memory, and
 * functions have few modules. */
const char *isere_bundle_name(const isere_bundle_t *b, unsigned index)
{
    const char *name = NULL;
    walk_t w = walk_from(b, b->names);
    for (unsigned i = 0; i <= index && index < b->nmodules; i++) {
        name = take_name(&w);
    }
    return name;
}

int isere_bundle_find(const isere_bundle_t *b, const char *name)
{
    walk_t w = walk_from(b, b->names);
    for (int i = 0; i < b->nmodules; i++) {
        /* It was checked when the bundle was opened. */
        if (strcmp(take_name(&w), name) == 0) {
            return i;
        }
    }
    return -1;
}

void isere_bundle_configure(const isere_bundle_t *b,
                            isere_function_config_t *config)
{
    walk_t w = walk_from(b, b->settings);
    setting_t setting;
    for (unsigned i = 0; i < b->nsettings && take_setting(&w, &setting); i++) {
        switch (setting.kind) {
        case ISERE_SETTING_NAME:
            config->name = (const char *)setting.value;
            break;
        case ISERE_SETTING_ENV:
            config->env_block = (const char *)setting.value;
            break;
        case ISERE_SETTING_PAYLOAD:
            config->payload = (isere_payload_t)get32(setting.value);
            break;
        case ISERE_SETTING_TIMEOUT:
            config->timeout_ms = get32(setting.value);
            break;
        default: /* none but these got through isere_bundle_open */
            config->handler = (const char *)setting.value;
        }
    }
}

/* LEB128, as the engine writes numbers. */
static bool take_number(const uint8_t **at, const uint8_t *end,
                        uint32_t *number)
{
    *number = 0;
    for (unsigned shift = 0; *at < end && shift < 32; shift += 7) {
        uint8_t byte = *(*at)++;
        *number |= (uint32_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            return true;
        }
    }
    return false;
}

/* The engine's table of names comes first: a version, how many there are, and
 * for each its length, the lowest bit of which says that characters have two
 * bytes. */
int isere_bundle_names(const isere_bundle_t *bundle,
                       int (*fn)(void *arg, const char *name, size_t len),
                       void *arg)
{
    const uint8_t *at = bundle->code + 1;
    const uint8_t *end = bundle->code + bundle->code_size;
    uint32_t count, len;
    int result = 0;
    if (bundle->code_size == 0 || !take_number(&at, end, &count)) {
        return 0;
    }
    for (; count > 0 && result == 0 && take_number(&at, end, &len); count--) {
        size_t size = (size_t)(len >> 1) << (len & 1);
        if (size > (size_t)(end - at)) {
            break;
        }
        if ((len & 1) == 0) {
            result = fn(arg, (const char *)at, size);
        }
        at += size;
    }
    return result;
}
