/* What memory keeps over a reset: written by handlers of faults, read at the
 * next start. It may contain anything after power-on, so all of it is
 * checked. */
#include "ports/zephyr/retained.h"
#include "core/util/encode/crc32.h"
#include <stdio.h>
#include <string.h>

#define MAGIC 0x69737232u /* "isr2": the layout's version is part of it */
/* Values of `state` and of `on`, which no single wrong bit turns into each
 * other, or into 0. */
#define STARTING 0x53544100u
#define SERVING 0x53525600u
#define RUNS 0x52554ea5u
#define MICROSECONDS 1000000

_Static_assert(sizeof(isere_retained_t) % 4 == 0, "whole words");

/* All but what changes with every invocation and every tick. */
static uint32_t checksum(const isere_retained_t *r)
{
    const char *from = (const char *)&r->base;
    const char *to = (const char *)&r->ticks;
    return isere_crc32(0, from, (size_t)(to - from));
}

static void seal(isere_retained_t *r)
{
    r->crc = checksum(r);
}

/* ---- what runs ---- */

/* A step of FNV-1a. */
static uint32_t mix(uint32_t hash, uint32_t value)
{
    return (hash ^ value) * 16777619u;
}

static uint32_t number_of(const char *version)
{
    uint32_t number = 0;
    for (; version && *version; version++) {
        if (*version < '0' || *version > '9') {
            return 0;
        }
        number = number * 10 + (uint32_t)(*version - '0');
    }
    return number;
}

/* Called before every invocation, so it must be cheap: a CRC would take as long
 * as a small handler. */
void isere_retained_enter(isere_retained_t *r, isere_retained_thread_t thread,
                          const char *name, const char *version)
{
    isere_retained_run_t *run = &r->runs[thread];
    uint32_t number = number_of(version);
    uint32_t hash = mix(MAGIC, number);
    unsigned i = 0;
    for (; name[i] && i + 1 < sizeof(run->name); i++) {
        run->name[i] = name[i];
        hash = mix(hash, (unsigned char)name[i]);
    }
    run->name[i] = 0;
    run->version = number;
    run->check = hash;
    /* Last: until then nobody is blamed, so a half-written name never is. */
    run->on = RUNS;
}

void isere_retained_leave(isere_retained_t *r, isere_retained_thread_t thread)
{
    r->runs[thread].on = 0;
}

/* What is there counts from the last word on. */
void isere_retained_move(isere_retained_t *r, isere_retained_thread_t from,
                         isere_retained_thread_t to)
{
    isere_retained_run_t run = r->runs[from];
    isere_retained_run_t *moved = &r->runs[to];
    moved->on = 0;
    memcpy(moved->name, run.name, sizeof(moved->name));
    moved->version = run.version;
    moved->check = run.check;
    moved->on = run.on;
    r->runs[from].on = 0;
}

void isere_retained_serving(isere_retained_t *r)
{
    r->state = SERVING;
}

static bool starts(const isere_retained_t *r)
{
    return r->state == STARTING;
}

static bool is_sound(const isere_retained_run_t *run)
{
    uint32_t hash = mix(MAGIC, run->version);
    unsigned i = 0;
    for (; i < sizeof(run->name) && run->name[i]; i++) {
        hash = mix(hash, (unsigned char)run->name[i]);
    }
    /* A wild write over the name must not blame a function that did not run. */
    return i < sizeof(run->name) && hash == run->check;
}

/* ---- the end ---- */

void isere_retained_fault(isere_retained_t *r, isere_retained_thread_t thread,
                          isere_retained_kind_t kind, uint32_t pc, uint32_t lr)
{
    /* The first cause counts: a fault in the handler of a fault is a
     * consequence. */
    if (r->cause.kind != ISERE_RETAINED_NONE) {
        return;
    }
    /* In a handler of a fault, perhaps on what is left of a stack: nothing
     * is allocated, logged or waited for here. */
    r->cause.kind = (uint32_t)kind;
    r->cause.pc = pc;
    r->cause.lr = lr;
    r->cause.starting = starts(r);
    r->thread = thread;
    seal(r);
}

/* ---- the start ---- */

static void forget_all(isere_retained_t *r)
{
    memset(r, 0, sizeof(*r));
    r->magic = MAGIC;
}

static bool is_kept(const isere_retained_t *r)
{
    return r->crc == checksum(r) && r->count <= ISERE_RETAINED_FAULTS &&
           r->cause.kind <= ISERE_RETAINED_EXCEPTION &&
           r->thread < ISERE_RETAINED_THREADS;
}

static void add_fault(isere_retained_t *r, const isere_restart_t *restart)
{
    /* The oldest is dropped. Quarantine counts recent faults, so it is
     * missed least. */
    if (r->count == ISERE_RETAINED_FAULTS) {
        r->count--;
        memmove(r->faults, r->faults + 1, r->count * sizeof(r->faults[0]));
    }
    isere_retained_fault_t *fault = &r->faults[r->count++];
    memset(fault, 0, sizeof(*fault));
    memcpy(fault->name, restart->name, sizeof(fault->name));
    fault->version = restart->version;
    fault->at = r->base;
    fault->cause = restart->cause;
}

/* What the thread ran that is to blame. A watchdog that noted nothing found the
 * server stuck: in its own function, or behind the jobs', or behind the one
 * that goes on beside it. */
static const isere_retained_run_t *culprit_of(const isere_retained_t *r)
{
    bool noted = r->cause.kind != ISERE_RETAINED_NONE;
    uint32_t thread =
        noted                                       ? r->thread
        : r->runs[ISERE_RETAINED_SERVER].on == RUNS ? ISERE_RETAINED_SERVER
        : r->runs[ISERE_RETAINED_JOBS].on == RUNS   ? ISERE_RETAINED_JOBS
                                                    : ISERE_RETAINED_BESIDE;
    return &r->runs[thread];
}

/* Finds out how the last run ended. A function is named if its code ran then.
 */
static void examine(const isere_retained_t *r, isere_reset_t reset,
                    isere_restart_t *restart)
{
    const isere_retained_run_t *run = culprit_of(r);
    restart->cause = r->cause;
    if (r->cause.kind == ISERE_RETAINED_NONE && reset == ISERE_RESET_WATCHDOG) {
        restart->cause.kind = ISERE_RETAINED_WATCHDOG;
        restart->cause.starting = starts(r);
    }
    if (restart->cause.kind != ISERE_RETAINED_NONE && run->on == RUNS) {
        if (is_sound(run)) {
            memcpy(restart->name, run->name, strlen(run->name));
            restart->version = run->version;
        } else {
            restart->damaged = true;
        }
    }
}

void isere_retained_begin(isere_retained_t *r, isere_reset_t reset,
                          isere_restart_t *restart)
{
    memset(restart, 0, sizeof(*restart));
    if (r->magic != MAGIC || reset == ISERE_RESET_POWER) {
        forget_all(r);
    } else if (!is_kept(r)) {
        restart->damaged = true;
        forget_all(r);
    } else {
        /* Ticks change too often for a checksum: their complement vouches
         * for them. Time must go on over resets, or old faults would count
         * as new. */
        if (r->ticks == ~r->not_ticks) {
            r->base += r->ticks + 1; /* and what the start took */
        }
        examine(r, reset, restart);
        r->restarts += restart->cause.kind != ISERE_RETAINED_NONE;
        if (restart->name[0]) {
            add_fault(r, restart);
        }
    }
    memset(&r->cause, 0, sizeof(r->cause));
    r->thread = 0;
    r->state = STARTING;
    for (unsigned i = 0; i < ISERE_RETAINED_THREADS; i++) {
        r->runs[i].on = 0;
    }
    isere_retained_tick(r, 0);
    seal(r);
}

/* ---- faults ---- */

int64_t isere_retained_seconds(uint32_t ticks)
{
    return ((int64_t)ticks << ISERE_RETAINED_TICK_BITS) / MICROSECONDS;
}

void isere_retained_begin_at(isere_retained_t *r, int64_t at_s)
{
    uint64_t ticks = ((uint64_t)(at_s > 0 ? at_s : 0) * MICROSECONDS >>
                      ISERE_RETAINED_TICK_BITS) +
                     1;
    /* Never backwards, and never while faults are remembered, whose times
     * are counted from the base. Half of the range is left for the device to
     * run. */
    if (r->count == 0 && r->base < ticks && ticks < UINT32_MAX / 2) {
        r->base = (uint32_t)ticks;
        seal(r);
    }
}

const isere_retained_fault_t *isere_retained_next(isere_retained_t *r)
{
    for (uint32_t i = 0; i < r->count; i++) {
        if (!r->faults[i].reported) {
            r->faults[i].reported = 1;
            seal(r);
            return &r->faults[i];
        }
    }
    return NULL;
}

bool isere_retained_breaks_rule(const isere_retained_t *r, const char *name,
                                uint32_t faults, uint32_t window_s)
{
    uint32_t found = 0;
    int64_t last = 0;
    for (uint32_t i = r->count; i > 0 && faults > 0; i--) {
        const isere_retained_fault_t *fault = &r->faults[i - 1];
        if (strncmp(fault->name, name, sizeof(fault->name)) == 0) {
            int64_t at = isere_retained_seconds(fault->at);
            last = found == 0 ? at : last;
            if (last - at > window_s) {
                return false;
            }
            if (++found == faults) {
                return true;
            }
        }
    }
    return false;
}

/* ---- for people ---- */

void isere_retained_describe(const isere_retained_cause_t *cause, char *text,
                             size_t size)
{
    static const char *const kinds[] = {
        [ISERE_RETAINED_NONE] = "nothing",
        [ISERE_RETAINED_WATCHDOG] = "the watchdog",
        [ISERE_RETAINED_STACK] = "stack overflow",
        [ISERE_RETAINED_MEMORY] = "memory fault",
        [ISERE_RETAINED_BUS] = "bus fault",
        [ISERE_RETAINED_USAGE] = "usage fault",
        [ISERE_RETAINED_PANIC] = "panic",
        [ISERE_RETAINED_EXCEPTION] = "exception",
    };
    const char *kind =
        kinds[cause->kind <= ISERE_RETAINED_EXCEPTION ? cause->kind : 0];
    const char *when = cause->starting ? ", while it started" : "";
    if (cause->pc) {
        snprintf(text, size, "%s at 0x%08lx, called from 0x%08lx%s", kind,
                 (unsigned long)cause->pc, (unsigned long)cause->lr, when);
    } else {
        snprintf(text, size, "%s%s", kind, when);
    }
}
