#include "ports/zephyr/options.h"
#include <cmdline.h>
#include <posix_native_task.h>
#include <zephyr/toolchain.h>

static uint32_t port; /* UINT32_MAX: not given */
static char *handler;

static void add_options(void)
{
    static struct args_struct_t options[] = {
        {
            .option = "port",
            .name = "N",
            .type = 'u',
            .dest = (void *)&port,
            .descript = "TCP port to listen on; 0 takes a free one",
        },
        {
            .option = "handler",
            .name = "FILE.bin",
            .type = 's',
            .dest = (void *)&handler,
            .descript = "Bytecode made by `isere build`, to be served instead "
                        "of the handler in the firmware",
        },
        ARG_TABLE_ENDMARKER,
    };
    native_add_command_line_opts(options);
}

NATIVE_TASK(add_options, PRE_BOOT_1, 1);

uint16_t isere_option_port(void)
{
    return port > UINT16_MAX ? CONFIG_ISERE_PORT : (uint16_t)port;
}

const char *isere_option_handler(void)
{
    return handler;
}
