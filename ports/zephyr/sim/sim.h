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
 * simulated time stands still while code runs. Each thread has a number, from
 * 0, and calls these itself. init returns 0 or -1. */
enum { ISERE_SIM_THREADS = 2 };
int isere_sim_exec_init(int thread);
int isere_sim_exec_run(int thread, void (*fn)(void *arg), void *arg,
                       uint64_t deadline_us);
void isere_sim_exec_describe(int thread, char *text,
                             size_t size); /* the last fault */
void isere_sim_exec_hold(int thread);
void isere_sim_exec_release(int thread);

/* Reads a whole file into memory that is never freed. 0 or -1. */
int isere_sim_read(const char *path, const void **data, size_t *size);

#endif
