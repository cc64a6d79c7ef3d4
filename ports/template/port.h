/*
 * The template port: an isere_port_t from the C library alone. A new port
 * starts as a copy of this folder; docs/porting.md walks through it.
 *
 * It runs direct invocations (isere_instance_t), which is how a new port is
 * brought up. It has no sockets, so it runs no server, and it can't abandon
 * an execution, so that only the engine's own check ends an endless one.
 */
#ifndef ISERE_PORTS_TEMPLATE_PORT_H
#define ISERE_PORTS_TEMPLATE_PORT_H

#include "isere/port.h"
#include <stdatomic.h>

/* The port's ctx. The caller's; it must outlive the port. */
typedef struct isere_template {
    uint64_t last_us; /* what the monotonic clock said last */
    atomic_bool woken;
} isere_template_t;

/*
 * Fills in the port for the calling thread. Nothing is acquired, so nothing
 * has to be released.
 */
void isere_template_port_init(isere_port_t *port, isere_template_t *self);

#endif
