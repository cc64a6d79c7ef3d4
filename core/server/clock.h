/* The time of a server: read once in a turn of its loop, and after everything
 * that may take long. */
#ifndef ISERE_CORE_SERVER_CLOCK_H
#define ISERE_CORE_SERVER_CLOCK_H

#include "core/http/date.h"
#include "isere/port.h"

typedef struct isere_clock {
    uint64_t now_us;        /* monotonic */
    int64_t wall_offset_us; /* from now_us to the wall clock */
    unsigned long turn;     /* counts the turns of the loop */
    int64_t date_second;    /* that `date` is of */
    char date[ISERE_HTTP_DATE_LEN + 1];
} isere_clock_t;

static inline void isere__clock_update(isere_clock_t *clock,
                                       const isere_port_t *port)
{
    clock->now_us = port->monotonic_us(port->ctx);
}

/* Both clocks. The wall's may be set meanwhile, so it is not enough to look at
 * it once. */
static inline void isere__clock_begin_turn(isere_clock_t *clock,
                                           const isere_port_t *port)
{
    clock->turn++;
    isere__clock_update(clock, port);
    clock->wall_offset_us = port->wall_us(port->ctx) - (int64_t)clock->now_us;
}

/* The wall clock: as long after this turn's reading as now_us. */
static inline int64_t isere__clock_wall_us(const isere_clock_t *clock)
{
    return (int64_t)clock->now_us + clock->wall_offset_us;
}

/* The Date field's value for now. */
static inline isere_slice_t isere__clock_date(isere_clock_t *clock)
{
    int64_t second = isere__clock_wall_us(clock) / 1000000;
    if (second != clock->date_second || !clock->date[0]) {
        clock->date_second = second;
        isere_http_date(second, clock->date);
    }
    return isere_slice_of(clock->date, ISERE_HTTP_DATE_LEN);
}

#endif
