/* The guard of heaps with the memory protection unit of Armv8-M (Arm DDI 0553):
 * how it learns which gaps to close is in mpu.h. */
#include "ports/cortex_m/mpu.h"

/* The registers of the unit. */
typedef struct mpu {
    uint32_t type;
    uint32_t ctrl;
    uint32_t rnr;
    uint32_t rbar;
    uint32_t rlar;
    uint32_t others[7];
    uint32_t mair0;
} mpu_t;

/* The addresses are the architecture's, the same in every Armv8-M core. */
#define MPU ((volatile mpu_t *)0xE000ED90u)
#define CFSR (*(volatile uint32_t *)0xE000ED28u)
#define MMFAR (*(volatile uint32_t *)0xE000ED34u)

enum {
    CTRL_ENABLE = 1,
    CTRL_DEFAULT_MAP = 4,
    RBAR_NEVER_EXECUTE = 1,
    RBAR_READ_ONLY = 2 << 1, /* by privileged code alone, as all is here */
    RLAR_ENABLE = 1,
    CFSR_ACCESS = 1 << 1,
    CFSR_ADDRESS_VALID = 1 << 7,
    CFSR_MEMORY = 0xff,
    NORMAL_UNCACHED = 0x44, /* as RAM is without a cache */
    SMALLEST = 2,           /* units: a gap must be worth its region */
};

typedef struct gap {
    uint32_t first; /* units */
    uint32_t count;
    bool closed;
} gap_t;

static struct {
    unsigned first_region;
    unsigned regions;
    isere_guard_t *guard; /* whose gaps are closed */
    gap_t gaps[ISERE_MPU_GAPS];
    bool changed;      /* a gap was opened since they were chosen */
    size_t size;       /* of the heaps that it was learned from */
    uint32_t restores; /* since learning began */
    unsigned long faults;
    uint32_t learned[ISERE_MPU_UNITS / 32]; /* units that were written to */
} mpu;

/* The frozen parts that have a region. */
static struct {
    unsigned first_region;
    const void *starts[ISERE_MPU_FROZEN]; /* NULL: the region is not used */
} frozen;

/* What follows must see the new regions: barriers for data, then for
 * instructions. Without them a store that is on its way would still meet the
 * old ones. */
static void synchronize(void)
{
    __asm__ volatile("dsb\n\tisb" ::: "memory");
}

/* ---- bits ---- */

static bool is_set(const uint32_t *bits, uint32_t i)
{
    return bits[i / 32] >> (i % 32) & 1;
}

/* Sets or clears the bits from `first` on. */
static void put_bits(uint32_t *bits, uint32_t first, uint32_t count, bool set)
{
    for (uint32_t i = first; i < first + count; i++) {
        uint32_t bit = UINT32_C(1) << (i % 32);
        bits[i / 32] = set ? bits[i / 32] | bit : bits[i / 32] & ~bit;
    }
}

/* ---- regions ---- */

static void set_region(unsigned i, uintptr_t start, size_t size)
{
    MPU->rnr = i;
    /* Off while it changes: a half-set region could cover anything. */
    MPU->rlar = 0;
    if (size > 0) {
        MPU->rbar = (uint32_t)start | RBAR_READ_ONLY | RBAR_NEVER_EXECUTE;
        MPU->rlar = ((uint32_t)(start + size - 1) & ~31u) | RLAR_ENABLE;
    }
}

static void open_gap(unsigned i)
{
    gap_t *gap = &mpu.gaps[i];
    put_bits(mpu.guard->open, gap->first, gap->count, true);
    set_region(mpu.first_region + i, 0, 0);
    gap->closed = false;
    mpu.changed = true;
}

static void open_all(void)
{
    for (unsigned i = 0; i < mpu.regions; i++) {
        if (mpu.gaps[i].closed) {
            open_gap(i);
        }
    }
    synchronize();
}

static void close_gap(unsigned i)
{
    gap_t *gap = &mpu.gaps[i];
    set_region(mpu.first_region + i,
               (uintptr_t)mpu.guard->start + gap->first * ISERE_MPU_UNIT,
               gap->count * ISERE_MPU_UNIT);
    put_bits(mpu.guard->open, gap->first, gap->count, false);
    gap->closed = true;
}

/* ---- learning ---- */

/* Keeps the gap if it is larger than the smallest of those kept so far. */
static void offer_gap(uint32_t first, uint32_t count)
{
    unsigned smallest = 0;
    for (unsigned i = 1; i < mpu.regions; i++) {
        if (mpu.gaps[i].count < mpu.gaps[smallest].count) {
            smallest = i;
        }
    }
    if (count >= SMALLEST && count > mpu.gaps[smallest].count) {
        mpu.gaps[smallest] = (gap_t){first, count, false};
    }
}

/* Finds the largest runs of units that were not written to so far. */
static void find_gaps(uint32_t units)
{
    for (unsigned i = 0; i < mpu.regions; i++) {
        mpu.gaps[i] = (gap_t){0, 0, false};
    }
    for (uint32_t at = 0; at < units;) {
        uint32_t first = at;
        while (at < units && !is_set(mpu.learned, at)) {
            at++;
        }
        offer_gap(first, at - first);
        while (at < units && is_set(mpu.learned, at)) {
            at++;
        }
    }
}

static void forget(size_t size)
{
    put_bits(mpu.learned, 0, ISERE_MPU_UNITS, false);
    mpu.size = size;
    mpu.restores = 0;
    mpu.changed = true;
}

/* Regions are expensive to change, so this happens only after a fault, or for
 * another heap. */
static void choose_gaps(void)
{
    open_all();
    find_gaps((uint32_t)(mpu.guard->size / ISERE_MPU_UNIT));
    for (unsigned i = 0; i < mpu.regions; i++) {
        if (mpu.gaps[i].count > 0) {
            close_gap(i);
        }
    }
    synchronize();
    mpu.changed = false;
}

static void guard_heap(void *ctx, isere_guard_t *guard)
{
    (void)ctx;
    /* All of it stays open, so it is restored as a whole. */
    if (guard->size > ISERE_MPU_UNITS * (size_t)ISERE_MPU_UNIT) {
        return;
    }
    if (mpu.guard != guard) {
        if (mpu.guard) {
            open_all();
        }
        /* The regions serve one heap: all of the last one counts as written
         * from here on. */
        mpu.guard = guard;
        mpu.changed = true;
    }
    if (mpu.size != guard->size || ++mpu.restores == ISERE_MPU_PERIOD) {
        forget(guard->size);
    }
    if (mpu.changed) {
        choose_gaps();
    }
}

static void unguard_heap(void *ctx, isere_guard_t *guard)
{
    (void)ctx;
    if (mpu.guard == guard) {
        open_all();
        mpu.guard = NULL;
    }
}

/* ---- faults ---- */

/* Opens the closed gap at that address, if there is one. */
static bool open_at(uintptr_t address)
{
    /* An address below the heap wraps to a unit that no gap has. */
    uintptr_t unit = (address - (uintptr_t)mpu.guard->start) / ISERE_MPU_UNIT;
    for (unsigned i = 0; i < mpu.regions; i++) {
        const gap_t *gap = &mpu.gaps[i];
        if (gap->closed && unit - gap->first < gap->count) {
            /* The next choice of gaps leaves this unit open. */
            put_bits(mpu.learned, (uint32_t)unit, 1, true);
            open_gap(i);
            synchronize();
            return true;
        }
    }
    return false;
}

bool isere_mpu_fault(void)
{
    uint32_t status = CFSR & CFSR_MEMORY;
    uint32_t address = MMFAR;
    if (status != (CFSR_ACCESS | CFSR_ADDRESS_VALID) || !mpu.guard) {
        return false;
    }
    /* An unaligned word may begin before the gap. */
    if (!open_at(address) && !open_at(address + 3)) {
        return false;
    }
    mpu.faults++;
    /* Its bits are cleared by writing ones. */
    CFSR = status;
    return true;
}

unsigned long isere_mpu_faults(void)
{
    return mpu.faults;
}

size_t isere_mpu_closed(void)
{
    size_t size = 0;
    for (unsigned i = 0; mpu.guard && i < mpu.regions; i++) {
        size += mpu.gaps[i].closed ? mpu.gaps[i].count * ISERE_MPU_UNIT : 0;
    }
    return size;
}

/* ---- frozen parts ---- */

/* The region of the part that begins there, or a free one for NULL. */
static unsigned find_frozen(const void *start)
{
    unsigned i = 0;
    while (i < ISERE_MPU_FROZEN && frozen.starts[i] != start) {
        i++;
    }
    return i;
}

static void freeze(void *ctx, void *start, size_t size, bool on)
{
    unsigned i = find_frozen(on ? NULL : start);
    (void)ctx;
    if (i < ISERE_MPU_FROZEN) {
        frozen.starts[i] = on ? start : NULL;
        set_region(frozen.first_region + i, (uintptr_t)start, on ? size : 0);
        synchronize();
    }
}

/* ---- the port ---- */

/* 0 on cores without the unit. */
static unsigned count_regions(void)
{
    return MPU->type >> 8 & 0xff;
}

static void turn_on(void)
{
    MPU->mair0 = (MPU->mair0 & ~0xffu) | NORMAL_UNCACHED;
    /* HFNMIENA stays 0: in the handlers of HardFault and NMI the unit is
     * off, so recording a fault never meets a closed gap. */
    MPU->ctrl = CTRL_ENABLE | CTRL_DEFAULT_MAP;
    synchronize();
}

bool isere_mpu_init_frozen(isere_port_t *port, unsigned first_region)
{
    unsigned regions = count_regions();
    if (regions < first_region + ISERE_MPU_FROZEN) {
        return false;
    }
    frozen.first_region = regions - ISERE_MPU_FROZEN;
    for (unsigned i = 0; i < ISERE_MPU_FROZEN; i++) {
        frozen.starts[i] = NULL;
        set_region(frozen.first_region + i, 0, 0);
    }
    turn_on();
    port->frozen_unit = ISERE_MPU_FROZEN_UNIT;
    port->heap_freeze = freeze;
    return true;
}

bool isere_mpu_init(isere_port_t *port, unsigned first_region)
{
    unsigned regions = count_regions();
    if (regions <= first_region + ISERE_MPU_FROZEN) {
        return false;
    }
    regions -= first_region + ISERE_MPU_FROZEN;
    mpu.first_region = first_region;
    mpu.regions = regions < ISERE_MPU_GAPS ? regions : ISERE_MPU_GAPS;
    mpu.guard = NULL;
    forget(0);
    for (unsigned i = 0; i < mpu.regions; i++) {
        mpu.gaps[i] = (gap_t){0, 0, false};
        set_region(mpu.first_region + i, 0, 0);
    }
    port->guard_unit = ISERE_MPU_UNIT;
    port->heap_guard = guard_heap;
    port->heap_unguard = unguard_heap;
    return isere_mpu_init_frozen(port, first_region);
}
