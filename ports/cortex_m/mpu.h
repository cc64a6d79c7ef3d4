/*
 * The guard of heaps (heap_guard of isere_port_t) on an Armv8-M core with a
 * memory protection unit, such as the Cortex-M33, for ports that leave the
 * unit to it.
 *
 * The unit has a handful of regions, and what requests write to lies in more
 * places than that. So the guard learns, 128 bytes at a time, where that is,
 * and closes the largest gaps in between: they are made read-only, and the
 * fault of a write to one opens it for the rest of the request. What lies in
 * the other, smaller gaps is always put back. In steady state nothing faults,
 * and the regions stay as they are.
 *
 * One heap is guarded at a time, the last that was restored: all of another
 * one counts as open from then on. Heaps of one function are written to in the
 * same places, so that what was learned from one serves the next.
 *
 * Only writes of the processor are noticed. A device that writes to a heap by
 * itself (DMA) must be given bytes of it by isere_native_bytes alone, which
 * opens them.
 *
 * Everything here is for the one thread that runs the heaps, and for the
 * handler of memory management faults.
 */
#ifndef ISERE_PORTS_CORTEX_M_MPU_H
#define ISERE_PORTS_CORTEX_M_MPU_H

#include "isere/port.h"

enum {
    /* Regions can begin at any multiple of 32. Coarser units are learned with
     * fewer faults, and what lies close together is written together. */
    ISERE_MPU_UNIT = 128,
    ISERE_MPU_GAPS = 8, /* at most; the unit may have fewer regions */
    /* Regions for the frozen parts of heaps, the unit's last ones. There may be
     * more heaps: what is frozen of the others is not protected. */
    ISERE_MPU_FROZEN = 2,
    ISERE_MPU_FROZEN_UNIT = 32,
    /* Larger heaps are not guarded. */
    ISERE_MPU_UNITS = 256 * 1024 / ISERE_MPU_UNIT,
    /* Restores after which everything is learned anew: what a rare request
     * wrote to should not be put back for ever. */
    ISERE_MPU_PERIOD = 4096,
};

/*
 * Takes the regions from `first_region` on and turns the unit on, if it is
 * not, with the default map behind its regions. Fills in the members of the
 * table for guards and for frozen parts. False when there is no such unit, or
 * it has too few regions: nothing is changed then.
 */
bool isere_mpu_init(isere_port_t *port, unsigned first_region);

/* The same for frozen parts alone: heaps are restored as a whole. */
bool isere_mpu_init_frozen(isere_port_t *port, unsigned first_region);

/*
 * To be called by the handler of memory management faults. True when the fault
 * was a write to a gap: the instruction can run again. Otherwise the fault is
 * not the guard's.
 */
bool isere_mpu_fault(void);

/* How many faults there were, and how many bytes are closed now. */
unsigned long isere_mpu_faults(void);
size_t isere_mpu_closed(void);

#endif
