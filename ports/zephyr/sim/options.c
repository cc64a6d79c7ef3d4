/* Options of the firmware as a program of the host (native_sim): where it
 * listens and what it serves. */
#include "ports/zephyr/sim/options.h"
#include <cmdline.h>
#include <posix_native_task.h>
#include <zephyr/toolchain.h>

static uint32_t port; /* UINT32_MAX: not given */
static char *handler;

static void add_options(void)
{
    /* Zephyr's type has no const, but does not write to its texts. */
    static struct args_struct_t options[] = {
        {
            .option = (char *)"port",
            .name = (char *)"N",
            .type = 'u',
            .dest = (void *)&port,
            .descript = (char *)"TCP port to listen on; 0 picks a free one",
        },
        {
            .option = (char *)"handler",
            .name = (char *)"FILE.bin",
            .type = 's',
            .dest = (void *)&handler,
            .descript = (char *)"Bytecode made by `isere build`, served "
                                "instead of the handler in the firmware",
        },
        ARG_TABLE_ENDMARKER,
    };
    native_add_command_line_opts(options);
}

/* Zephyr's macro declares a function without a prototype. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wstrict-prototypes"
NATIVE_TASK(add_options, PRE_BOOT_1, 1);
#pragma GCC diagnostic pop

uint16_t isere_options_port(void)
{
    return port > UINT16_MAX ? CONFIG_ISERE_PORT : (uint16_t)port;
}

const char *isere_options_handler(void)
{
    return handler;
}
