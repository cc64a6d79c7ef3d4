/* A port with the heaps guarded by the memory protection unit. */
#ifndef ISERE_BENCH_GUARD_H
#define ISERE_BENCH_GUARD_H

#include "isere/port.h"

/* Puts the guard into the table, and takes memory management faults for it.
 * False when there is no such unit. */
bool bench_guard_init(isere_port_t *port);

#endif
