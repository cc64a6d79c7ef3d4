#include "core/js/bundle.h"
#include "core/util/crc32.h"

/*
 * All numbers are little-endian.
 *
 *   0  magic        8 bytes: 0x89 "isere" 0x0d 0x0a
 *   8  version      u16
 *  10  modules      u16
 *  12  engine       u32, CRC-32 of ENGINE
 *  16  size         u32, of the whole bundle
 *  20  checksum     u32, CRC-32 of all bytes from 24
 *  24  root length  u16, with its NUL; then 6 zero bytes
 *  32  root, padded to 4
 *      for each module: name length u32 (with its NUL), code length u32,
 *      name padded to 4, code padded to 4
 */
enum {
    VERSION = 1,
    AT_VERSION = 8,
    AT_MODULES = 10,
    AT_ENGINE = 12,
    AT_SIZE = 16,
    AT_CHECKSUM = 20,
    AT_ROOT_LEN = 24,
    HEADER = 32,
    MODULE_HEADER = 8,
    NAME_MAX_LEN = 1024,
};

/* Bytecode fits exactly one engine build; the suffix counts our patches that
 * change what bytecode means. */
#define ENGINE "quickjs-2025-04-26+0"

static const uint8_t magic[8] = {0x89, 'i', 's', 'e', 'r', 'e', 0x0d, 0x0a};

static uint16_t get16(const uint8_t *p)
{
    return (uint16_t)(p[0] | p[1] << 8);
}

static uint32_t get32(const uint8_t *p)
{
    return (uint32_t)get16(p) | (uint32_t)get16(p + 2) << 16;
}

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

static size_t pad4(size_t n)
{
    return (n + 3) & ~(size_t)3;
}

static uint32_t engine_id(void)
{
    return isere_crc32(0, ENGINE, sizeof(ENGINE) - 1);
}

bool isere_bundle_detect(const void *bytes, size_t size)
{
    return size >= sizeof(magic) && memcmp(bytes, magic, sizeof(magic)) == 0;
}

/* Reads the module entry at `offset`; returns where the next begins, or 0 when
 * it does not fit into the bundle. */
static size_t read_module(const isere_bundle_t *b, size_t offset,
                          isere_bundle_module_t *module)
{
    if (offset > b->size || b->size - offset < MODULE_HEADER) {
        return 0;
    }
    size_t name_len = get32(b->bytes + offset);
    size_t code_len = get32(b->bytes + offset + 4);
    size_t name = offset + MODULE_HEADER;
    if (name_len == 0 || name_len > NAME_MAX_LEN ||
        pad4(name_len) > b->size - name) {
        return 0;
    }
    size_t code = name + pad4(name_len);
    if (code_len > b->size - code || pad4(code_len) > b->size - code ||
        b->bytes[name + name_len - 1] != 0) {
        return 0;
    }
    module->name = (const char *)b->bytes + name;
    module->code = b->bytes + code;
    module->code_size = code_len;
    return code + pad4(code_len);
}

static size_t first_module(const isere_bundle_t *b)
{
    return HEADER + pad4(get16(b->bytes + AT_ROOT_LEN));
}

static const char *check_header(const uint8_t *p, size_t size)
{
    if (!isere_bundle_detect(p, size)) {
        return "not a bytecode file of isère";
    }
    if (size < HEADER || get32(p + AT_SIZE) != size) {
        return "the bytecode file is cut off or damaged";
    }
    if (get16(p + AT_VERSION) != VERSION) {
        return "the bytecode file has another format version: build it again "
               "with this version of isère";
    }
    if (get32(p + AT_ENGINE) != engine_id()) {
        return "the bytecode file was made for another engine: build it again "
               "with this version of isère";
    }
    if (isere_crc32(0, p + HEADER - 8, size - HEADER + 8) !=
        get32(p + AT_CHECKSUM)) {
        return "the bytecode file is damaged: its checksum does not match";
    }
    return NULL;
}

/* The checksum matched, so this only fails for a file made on purpose. */
static bool check_entries(const isere_bundle_t *b)
{
    size_t root_len = get16(b->bytes + AT_ROOT_LEN);
    if (root_len == 0 || root_len > b->size - HEADER ||
        b->bytes[HEADER + root_len - 1] != 0 || b->nmodules == 0) {
        return false;
    }
    size_t offset = first_module(b);
    for (unsigned i = 0; i < b->nmodules; i++) {
        isere_bundle_module_t module;
        offset = read_module(b, offset, &module);
        if (!offset) {
            return false;
        }
    }
    return offset == b->size;
}

int isere_bundle_open(isere_bundle_t *b, const void *bytes, size_t size,
                      const char **reason)
{
    *reason = check_header(bytes, size);
    if (*reason) {
        return ISERE_ERR_INVAL;
    }
    b->bytes = bytes;
    b->size = size;
    b->nmodules = get16(b->bytes + AT_MODULES);
    b->root = (const char *)b->bytes + HEADER;
    if (!check_entries(b)) {
        *reason = "the bytecode file is damaged: its entries do not add up";
        return ISERE_ERR_INVAL;
    }
    return 0;
}

bool isere_bundle_module(const isere_bundle_t *b, unsigned index,
                         isere_bundle_module_t *module)
{
    if (index >= b->nmodules) {
        return false;
    }
    size_t offset = first_module(b);
    for (unsigned i = 0; i <= index; i++) {
        offset = read_module(b, offset, module);
    }
    return true;
}

bool isere_bundle_find(const isere_bundle_t *b, const char *name,
                       isere_bundle_module_t *module)
{
    size_t offset = first_module(b);
    for (unsigned i = 0; i < b->nmodules; i++) {
        offset = read_module(b, offset, module);
        if (strcmp(module->name, name) == 0) {
            return true;
        }
    }
    return false;
}

static size_t bundle_size(const isere_bundle_module_t *modules, unsigned count,
                          const char *root)
{
    size_t size = HEADER + pad4(strlen(root) + 1);
    for (unsigned i = 0; i < count; i++) {
        size += MODULE_HEADER + pad4(strlen(modules[i].name) + 1) +
                pad4(modules[i].code_size);
    }
    return size;
}

static uint8_t *put_module(uint8_t *p, const isere_bundle_module_t *m)
{
    size_t name_len = strlen(m->name) + 1;
    put32(p, (uint32_t)name_len);
    put32(p + 4, (uint32_t)m->code_size);
    p += MODULE_HEADER;
    memcpy(p, m->name, name_len);
    p += pad4(name_len);
    memcpy(p, m->code, m->code_size);
    return p + pad4(m->code_size);
}

int isere_bundle_write(const isere_port_t *port,
                       const isere_bundle_module_t *modules, unsigned count,
                       const char *root, void **bytes, size_t *size)
{
    size_t root_len = strlen(root) + 1;
    if (count > UINT16_MAX || root_len > NAME_MAX_LEN) {
        return ISERE_ERR_LIMIT;
    }
    for (unsigned i = 0; i < count; i++) {
        if (strlen(modules[i].name) + 1 > NAME_MAX_LEN) {
            return ISERE_ERR_LIMIT;
        }
    }
    *size = bundle_size(modules, count, root);
    if (*size > UINT32_MAX) {
        return ISERE_ERR_LIMIT;
    }
    uint8_t *p = port->resize(port->ctx, NULL, *size);
    if (!p) {
        return ISERE_ERR_NOMEM;
    }
    memset(p, 0, *size);
    memcpy(p, magic, sizeof(magic));
    put16(p + AT_VERSION, VERSION);
    put16(p + AT_MODULES, count);
    put32(p + AT_ENGINE, engine_id());
    put32(p + AT_SIZE, (uint32_t)*size);
    put16(p + AT_ROOT_LEN, (uint32_t)root_len);
    memcpy(p + HEADER, root, root_len);
    uint8_t *entry = p + HEADER + pad4(root_len);
    for (unsigned i = 0; i < count; i++) {
        entry = put_module(entry, &modules[i]);
    }
    put32(p + AT_CHECKSUM, isere_crc32(0, p + HEADER - 8, *size - HEADER + 8));
    *bytes = p;
    return 0;
}
