/* The core's compile-time limits as the firmware has them: the defaults of
 * ports/zephyr/Kconfig. */
#ifndef ISERE_BENCH_CONFIG_H
#define ISERE_BENCH_CONFIG_H

#define ISERE_ARENA_RESERVE 4096
#define ISERE_IN_FIRST 1024
#define ISERE_OUT_FIRST 512
#define ISERE_EVENTS 4
#define ISERE_OUT_HIGH 2048
#define ISERE_SHARE_SNAPSHOTS 1

#endif
