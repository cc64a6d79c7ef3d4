/* Log records on their way out of the core. */
#ifndef ISERE_CORE_UTIL_LOG_H
#define ISERE_CORE_UTIL_LOG_H

#include "isere/port.h"

/* To the port's log, and to whoever listens in. */
static inline void isere_log(const isere_port_t *port,
                             const isere_log_record_t *record)
{
    port->log(port->ctx, record);
    if (port->tap) {
        port->tap(port->tap_ctx, record);
    }
}

#endif
