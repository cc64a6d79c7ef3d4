/* The core's compile-time limits from Kconfig; core/isere_config.h includes it
 * and checks the ranges. */
#ifndef ISERE_PORTS_ZEPHYR_CONFIG_H
#define ISERE_PORTS_ZEPHYR_CONFIG_H

#define ISERE_MAX_FIELDS CONFIG_ISERE_MAX_FIELDS
#define ISERE_MAX_RESPONSE_FIELDS CONFIG_ISERE_MAX_RESPONSE_FIELDS
#define ISERE_MAX_PATH_PARAMETERS CONFIG_ISERE_MAX_PATH_PARAMETERS
#define ISERE_ARENA_RESERVE CONFIG_ISERE_ARENA_RESERVE
#define ISERE_COMPILE_MEMORY ((size_t)CONFIG_ISERE_COMPILE_MEMORY * 1024)
#define ISERE_COMPILE_STACK ((size_t)CONFIG_ISERE_STACK * 1024)
#define ISERE_IN_FIRST CONFIG_ISERE_IN_FIRST
#define ISERE_OUT_HIGH CONFIG_ISERE_OUT_HIGH

/* Zephyr's TCP can't end one direction: the client sees the end of an answer
 * only when the connection is closed, and a place is taken until then. */
#define ISERE_LINGER_MS 100

#ifdef CONFIG_ISERE_CHECK_RESTORE
#define ISERE_CHECK_RESTORE 1
#endif
#ifdef CONFIG_ISERE_SHARE_SNAPSHOTS
#define ISERE_SHARE_SNAPSHOTS 1
#endif

#endif
