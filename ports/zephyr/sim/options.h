/* What native_sim's command line can change. On a device there is none: the
 * port is Kconfig's and no file is named. */
#ifndef ISERE_PORTS_ZEPHYR_SIM_OPTIONS_H
#define ISERE_PORTS_ZEPHYR_SIM_OPTIONS_H

#include <stddef.h>
#include <stdint.h>

#ifdef CONFIG_ARCH_POSIX

/* --port, or CONFIG_ISERE_PORT. */
uint16_t isere_options_port(void);

/* --handler: a file of bytecode; NULL when there is none. */
const char *isere_options_handler(void);

#else

static inline uint16_t isere_options_port(void)
{
    return CONFIG_ISERE_PORT;
}

#endif

#endif
