/* Statistics of a function: atomic counters that all servers update and metrics
 * read. */
#include "core/deploy/stats.h"
#include <limits.h>

/* From what a small handler takes on Linux to a device's time limits. */
const uint32_t isere_stats_bounds_us[ISERE_STATS_BUCKETS] = {
    100,   250,   500,    1000,   2500,    5000,
    10000, 25000, 100000, 500000, 2500000, 10000000,
};

static unsigned long add(atomic_ulong *counter, unsigned long value)
{
    return atomic_fetch_add_explicit(counter, value, memory_order_relaxed);
}

static unsigned long get(const atomic_ulong *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

static unsigned bucket_of(unsigned long us)
{
    unsigned i = 0;
    while (i < ISERE_STATS_BUCKETS && us > isere_stats_bounds_us[i]) {
        i++;
    }
    return i;
}

/* The sum before the addition tells whether it wrapped; exactly one thread
 * sees that, and counts the carry. */
static void add_duration(isere_stats_t *stats, unsigned long us)
{
    if (add(&stats->duration_us, us) > ULONG_MAX - us) {
        add(&stats->duration_overflow, 1);
    }
}

/* A maximum without a lock: a thread that loses the race looks again whether
 * its value is still the highest. */
static void raise_to(atomic_ulong *highest, unsigned long value)
{
    unsigned long seen = get(highest);
    while (seen < value && !atomic_compare_exchange_weak_explicit(
                               highest, &seen, value, memory_order_relaxed,
                               memory_order_relaxed)) {
    }
}

void isere_stats_count(isere_stats_t *stats, int kind, uint64_t duration_us,
                       size_t peak)
{
    /* 71 minutes where it has 32 bits: every request counts, so the arithmetic
     * is that of one word. */
    unsigned long us =
        duration_us > ULONG_MAX ? ULONG_MAX : (unsigned long)duration_us;
    add(&stats->requests, 1);
    if (kind >= 0 && kind < ISERE_ERROR_KINDS) {
        add(&stats->errors[kind], 1);
    }
    add(&stats->buckets[bucket_of(us)], 1);
    add_duration(stats, us);
    raise_to(&stats->heap_peak, (unsigned long)peak);
}

/* The words are added to one after the other, so the high one is read twice:
 * if it changed meanwhile, the low one may be from before or after the carry.
 */
uint64_t isere_stats_duration_us(const isere_stats_t *stats)
{
    unsigned long high;
    unsigned long low;
    do {
        high = get(&stats->duration_overflow);
        low = get(&stats->duration_us);
    } while (high != get(&stats->duration_overflow));
#if ULONG_MAX > 0xffffffff
    return low; /* full after 500,000 years */
#else
    return (uint64_t)high << 32 | low;
#endif
}
