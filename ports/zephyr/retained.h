/*
 * What outlasts a reset, in memory that a reset leaves as it is: which
 * functions run, and how the device ended when it did not mean to. Power that
 * is cut off takes it along.
 *
 * The memory may hold anything when the device starts; what is believed of it
 * has a checksum. This file knows no system, so that it can be tested on any.
 *
 * Times are counted in steps of 2^20 microseconds, "ticks" here: a little more
 * than a second, and a shift instead of a division.
 *
 * Thread: the server's; enter and leave are each thread's own, and
 * isere_retained_fault is called by whoever finds the fault, when nothing else
 * runs any more.
 */
#ifndef ISERE_PORTS_ZEPHYR_RETAINED_H
#define ISERE_PORTS_ZEPHYR_RETAINED_H

#include "isere/port.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ISERE_RETAINED_TICK_BITS 20

enum {
    ISERE_RETAINED_FAULTS = 4, /* that are remembered */
    ISERE_RETAINED_NAME = 36,  /* a function's name and its NUL, whole words */
};

/* In which thread a function runs. */
typedef enum isere_retained_thread {
    ISERE_RETAINED_SERVER, /* or in an interrupt, or in a thread of others */
    ISERE_RETAINED_JOBS,
    ISERE_RETAINED_BESIDE, /* an execution that goes on beside the server */
    ISERE_RETAINED_THREADS,
} isere_retained_thread_t;

/* Why the device starts, as far as the hardware tells. */
typedef enum isere_reset {
    ISERE_RESET_POWER,    /* power was off, or too low */
    ISERE_RESET_WATCHDOG, /* the watchdog's: nobody may have noted it */
    ISERE_RESET_OTHER,    /* software, a button, a debugger, unknown */
} isere_reset_t;

/* What ended the device. */
typedef enum isere_retained_kind {
    ISERE_RETAINED_NONE,
    ISERE_RETAINED_WATCHDOG,
    ISERE_RETAINED_STACK,
    ISERE_RETAINED_MEMORY,
    ISERE_RETAINED_BUS,
    ISERE_RETAINED_USAGE,
    ISERE_RETAINED_PANIC, /* an assertion, abort() */
    ISERE_RETAINED_EXCEPTION,
} isere_retained_kind_t;

typedef struct isere_retained_cause {
    uint32_t kind; /* isere_retained_kind_t */
    uint32_t pc;   /* 0: not known */
    uint32_t lr;
    uint32_t starting; /* 1: before anything was served */
} isere_retained_cause_t;

/* A fault while a function ran. */
typedef struct isere_retained_fault {
    char name[ISERE_RETAINED_NAME];
    uint32_t version;
    uint32_t at; /* ticks */
    uint32_t reported;
    isere_retained_cause_t cause;
} isere_retained_fault_t;

/* What a thread runs. */
typedef struct isere_retained_run {
    char name[ISERE_RETAINED_NAME];
    uint32_t version;
    uint32_t check; /* of name and version */
    uint32_t on;    /* a function runs */
} isere_retained_run_t;

/* All of it is words: no padding that a checksum would have to be told of. */
typedef struct isere_retained {
    uint32_t magic;
    /* Changes at a fault and at a start only. */
    uint32_t crc;      /* from `base` up to `ticks` */
    uint32_t base;     /* ticks before this start */
    uint32_t restarts; /* after a fault, since power came */
    uint32_t count;    /* of faults, the last one last */
    isere_retained_fault_t faults[ISERE_RETAINED_FAULTS];
    isere_retained_cause_t cause; /* of the end to come; kind 0 till then */
    uint32_t thread;              /* that it happened in */
    /* Changes all the time. */
    uint32_t ticks; /* since this start */
    uint32_t not_ticks;
    uint32_t state; /* of the device: starting or serving */
    isere_retained_run_t runs[ISERE_RETAINED_THREADS];
} isere_retained_t;

/* How the device ended before this start. */
typedef struct isere_restart {
    isere_retained_cause_t cause;   /* kind 0: nothing to tell */
    char name[ISERE_RETAINED_NAME]; /* of the function that ran, or empty */
    uint32_t version;
    bool damaged; /* something was kept, and is not what it was */
} isere_restart_t;

/*
 * At the start, before anything else here: reads what was kept, adds the fault
 * to the others when a function ran, and begins anew. Where nothing was kept,
 * or it is damaged, or power was off, all is forgotten.
 */
void isere_retained_begin(isere_retained_t *r, isere_reset_t reset,
                          isere_restart_t *restart);

/* A function's code runs in a thread. The version is a text in decimal digits;
 * anything else stands for 0. */
void isere_retained_enter(isere_retained_t *r, isere_retained_thread_t thread,
                          const char *name, const char *version);

/* It goes on in another thread. */
void isere_retained_move(isere_retained_t *r, isere_retained_thread_t from,
                         isere_retained_thread_t to);

/* It does not any more. */
void isere_retained_leave(isere_retained_t *r, isere_retained_thread_t thread);

/* The start has come to its end. */
void isere_retained_serving(isere_retained_t *r);

/* How long the device has been up. */
static inline void isere_retained_tick(isere_retained_t *r, uint64_t up_us)
{
    uint32_t ticks = (uint32_t)(up_us >> ISERE_RETAINED_TICK_BITS);
    r->ticks = ticks;
    r->not_ticks = ~ticks;
}

/* The device ends by this, in that thread. Only the first one counts. */
void isere_retained_fault(isere_retained_t *r, isere_retained_thread_t thread,
                          isere_retained_kind_t kind, uint32_t pc, uint32_t lr);

/* Lets time begin at `at_s` seconds at least. Of use when no fault is
 * remembered: what is known of faults elsewhere is older. */
void isere_retained_begin_at(isere_retained_t *r, int64_t at_s);

/* Seconds since time began here, of a tick since then. */
int64_t isere_retained_seconds(uint32_t ticks);

/* The next fault that nobody was told of, or NULL. It counts as told. */
const isere_retained_fault_t *isere_retained_next(isere_retained_t *r);

/* Whether `faults` of that name fell within `window_s` seconds. */
bool isere_retained_breaks_rule(const isere_retained_t *r, const char *name,
                                uint32_t faults, uint32_t window_s);

/*
 * For people, with a NUL: "memory fault at 0x1000abcd, called from 0x1000cdef".
 * At most `size` bytes.
 */
void isere_retained_describe(const isere_retained_cause_t *cause, char *text,
                             size_t size);

#endif
