/*
 * Counts instructions, on QEMU's mps2-an505 with `-icount shift=0`: there one
 * instruction takes one nanosecond of the board's time, and SysTick counts the
 * 20 MHz of its processor: a tick is 50 instructions. A count begins at the
 * edge of a tick, and its end is found by waiting for the next edge, so it is
 * exact to a few instructions, and the same in every run.
 */
#ifndef ISERE_BENCH_COUNT_H
#define ISERE_BENCH_COUNT_H

#include <stdbool.h>
#include <stdint.h>

/* Starts SysTick, finds out what counting itself costs. False when something
 * of a known length is not counted right: then this is not that machine. */
bool count_init(void);

/* Begins; nothing else may use SysTick. */
void count_begin(void);

/* Ends: instructions since count_begin, at most 800 million. */
uint32_t count_end(void);

#endif
