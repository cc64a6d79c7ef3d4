#include "bench/arm/count.h"

enum {
    PER_TICK = 50,
    MASK = 0xffffff,
    WAIT_LOOP = 4, /* instructions of a turn of wait_edge's loop */
    TOLERANCE = 8,
};

typedef struct systick {
    volatile uint32_t control;
    volatile uint32_t reload;
    volatile uint32_t current;
} systick_t;

static systick_t *const systick = (systick_t *)0xe000e010u;
static uint32_t began;
static uint32_t overhead;

/* Returns at the next tick: how many turns that took. */
static uint32_t wait_edge(void)
{
    uint32_t turns = 0;
    uint32_t first = systick->current;
    uint32_t now;
    __asm__ volatile("1: adds %0, #1\n"
                     "   ldr  %1, [%2]\n"
                     "   cmp  %1, %3\n"
                     "   beq  1b\n"
                     : "+&l"(turns), "=&l"(now)
                     : "l"(&systick->current), "l"(first)
                     : "cc", "memory");
    return turns;
}

void count_begin(void)
{
    (void)wait_edge();
    began = systick->current;
}

uint32_t count_end(void)
{
    uint32_t now = systick->current;
    uint32_t turns = wait_edge();
    uint32_t rest = turns * WAIT_LOOP;
    uint32_t total = ((began - now) & MASK) * PER_TICK + PER_TICK - rest;
    return total > overhead ? total - overhead : 0;
}

/* 3 * turns instructions, and a few around them. */
static void run_known(uint32_t turns)
{
    __asm__ volatile("1: nop\n"
                     "   subs %0, #1\n"
                     "   bne  1b\n"
                     : "+l"(turns)
                     :
                     : "cc");
}

bool count_init(void)
{
    systick->reload = MASK;
    systick->current = 0;
    systick->control = 5; /* on, the processor's clock, no interrupt */
    overhead = 0;
    count_begin();
    overhead = count_end();
    for (uint32_t turns = 1000; turns <= 1000000; turns *= 10) {
        count_begin();
        run_known(turns);
        uint32_t counted = count_end();
        if (counted + TOLERANCE < 3 * turns ||
            counted > 3 * turns + TOLERANCE) {
            return false;
        }
    }
    return true;
}
