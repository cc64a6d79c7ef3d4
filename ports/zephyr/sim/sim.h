/*
 * What native_sim needs of the Linux host. sim.c is compiled for the host, the
 * rest of the port for Zephyr: no other header is shared.
 */
#ifndef ISERE_PORTS_ZEPHYR_SIM_SIM_H
#define ISERE_PORTS_ZEPHYR_SIM_SIM_H

#include <stddef.h>
#include <stdint.h>

/* The host's clocks. */
uint64_t isere_sim_monotonic_us(void);
int64_t isere_sim_wall_us(void);

/* Random bytes of the host. 0 or -1. */
int isere_sim_random(void *buf, size_t len);

/* Executions, as in isere/port.h: with a signal of the host, since the
 * simulated time stands still while code runs. init returns 0 or -1. */
int isere_sim_exec_init(void);
int isere_sim_exec_run(void (*fn)(void *arg), void *arg, uint64_t deadline_us);
void isere_sim_exec_describe(char *text, size_t size); /* the last fault */
void isere_sim_exec_hold(void);
void isere_sim_exec_release(void);

/* Reads a whole file into memory that is never freed. 0 or -1. */
int isere_sim_read(const char *path, const void **data, size_t *size);

#endif
