/*
 * When requests are acknowledged: with their answers, or before the server
 * waits. Without CONFIG_ISERE_NET_TCP it is the stack's business.
 */
#ifndef ISERE_PORTS_ZEPHYR_NET_TCP_H
#define ISERE_PORTS_ZEPHYR_NET_TCP_H

#include <stdbool.h>
#include <stdint.h>

/* What a socket's connection had received before something was sent. */
typedef struct isere_tcp_received {
    void *connection; /* NULL: it has none any more */
    uint32_t next;    /* the number of the byte that is expected */
    int in_flight;    /* bytes sent and not acknowledged by the peer */
} isere_tcp_received_t;

#ifdef CONFIG_ISERE_NET_TCP

isere_tcp_received_t isere_tcp_before(int socket);

/* After it: whether it has acknowledged all that had been received. Nothing
 * else will be sent for that, then. */
bool isere_tcp_has_acknowledged(const isere_tcp_received_t *before);

/* Sends an acknowledgement, if one is due. */
void isere_tcp_acknowledge(int socket);

#else

static inline isere_tcp_received_t isere_tcp_before(int socket)
{
    (void)socket;
    return (isere_tcp_received_t){0};
}

static inline bool
isere_tcp_has_acknowledged(const isere_tcp_received_t *before)
{
    (void)before;
    return true;
}

static inline void isere_tcp_acknowledge(int socket)
{
    (void)socket;
}

#endif

#endif
