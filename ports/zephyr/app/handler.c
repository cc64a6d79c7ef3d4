/* Finds the firmware's handler: in a flash partition, in a file (native_sim),
 * or in the firmware itself as bytecode or as source. */
#include "ports/zephyr/app/handler.h"
#include <zephyr/devicetree.h>
#include <zephyr/kernel.h>
#include <zephyr/logging/log.h>
#include <zephyr/storage/flash_map.h>
#include <zephyr/sys/byteorder.h>

LOG_MODULE_DECLARE(isere, CONFIG_ISERE_LOG_LEVEL);

#ifdef CONFIG_ARCH_POSIX

#include "ports/zephyr/sim/options.h"
#include "ports/zephyr/sim/sim.h"

static bool find_elsewhere(isere_slice_t *code, isere_fault_t *fault)
{
    const char *file = isere_options_handler();
    ARG_UNUSED(fault);
    const void *data;
    size_t size;
    if (!file) {
        return false;
    }
    if (isere_sim_read(file, &data, &size) != 0) {
        /* Goes on with no bytes, which are refused as bytecode: serving the
         * built-in handler instead would be a surprise. */
        LOG_ERR("cannot read %s", file);
    }
    *code = isere_slice_of(data, size);
    return true;
}

#elif FIXED_PARTITION_EXISTS(handler_partition)

#define PARTITION DT_NODELABEL(handler_partition)
/* The memory that the partition's offset counts from. (Not Zephyr's
 * DT_MTD_FROM_FIXED_PARTITION: where flash has a controller, it is that.) */
#define MEMORY DT_GPARENT(PARTITION)

/* It must be memory-mapped, like the flash that the firmware runs from. */
BUILD_ASSERT(DT_SAME_NODE(MEMORY, DT_CHOSEN(zephyr_flash)));

static bool find_elsewhere(isere_slice_t *code, isere_fault_t *fault)
{
    const uint8_t *start = (const uint8_t *)DT_REG_ADDR(MEMORY) +
                           FIXED_PARTITION_OFFSET(handler_partition);
    static const uint8_t magic[] = {0x89, 'i', 's', 'e', 'r', 'e'};
    enum { AT_SIZE = 16 }; /* docs/bytecode.md */
    isere_function_config_t config;
    if (memcmp(start, magic, sizeof(magic)) != 0) {
        return false;
    }
    uint32_t size = sys_get_le32(start + AT_SIZE);
    /* Before anything else is read: the size comes from the flash. */
    if (size > DT_REG_SIZE(PARTITION)) {
        LOG_ERR("the handler partition is not used: its handler is damaged");
        return false;
    }
    isere_function_config_init(&config);
    if (isere_function_config_read(&config, start, size, fault) != 0) {
        LOG_ERR("the handler partition is not used: %s", fault->message);
        /* The built-in handler is served instead; its own faults come here. */
        memset(fault, 0, sizeof(*fault));
        return false;
    }
    *code = isere_slice_of((const char *)start, size);
    return true;
}

#else

static bool find_elsewhere(isere_slice_t *code, isere_fault_t *fault)
{
    ARG_UNUSED(code);
    ARG_UNUSED(fault);
    return false;
}

#endif

#ifdef CONFIG_ISERE_HANDLER_SOURCE

static const struct source {
    const char *name;
    const char *text;
    size_t length;
} sources[] = {
#include <isere_sources.inc>
};

static int load(void *ctx, const char *name, isere_slice_t *source)
{
    ARG_UNUSED(ctx);
    for (size_t i = 0; i < ARRAY_SIZE(sources); i++) {
        if (strcmp(sources[i].name, name) == 0) {
            *source = isere_slice_of(sources[i].text, sources[i].length);
            return 0;
        }
    }
    return ISERE_ERR_NOENT;
}

struct compilation {
    const isere_port_t *port;
    isere_slice_t *code;
    isere_fault_t *fault;
    int error;
};

static void compile(void *arg)
{
    static const isere_loader_t loader = {.load = load};
    struct compilation *c = arg;
    void *bytes;
    size_t size;
    c->error = isere_compile(c->port, &loader, sources[0].name, "", &bytes,
                             &size, c->fault);
    if (!c->error) {
        *c->code = isere_slice_of(bytes, size);
    }
}

/* Compiles on the stack for JavaScript: main's is too small. */
static int find_embedded(const isere_port_t *port, isere_slice_t *code,
                         isere_fault_t *fault)
{
    struct compilation c = {.port = port, .code = code, .fault = fault};
    /* The source is the firmware's own, so compiling it has no deadline. The
     * bytecode is never freed: the function borrows it. */
    port->exec_run(port->ctx, compile, &c, UINT64_MAX);
    return c.error;
}

#else

static int find_embedded(const isere_port_t *port, isere_slice_t *code,
                         isere_fault_t *fault)
{
    /* const: it stays in flash, and takes no RAM. */
    static const uint8_t embedded[] __aligned(8) = {
#include <isere_handler.inc>
    };
    ARG_UNUSED(port);
    ARG_UNUSED(fault);
    *code = isere_slice_of((const char *)embedded, sizeof(embedded));
    return 0;
}

#endif

int isere_handler_find(const isere_port_t *port, isere_slice_t *code,
                       isere_fault_t *fault)
{
    return find_elsewhere(code, fault) ? 0 : find_embedded(port, code, fault);
}
