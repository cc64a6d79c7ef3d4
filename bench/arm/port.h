/*
 * The port of bench/arm: memory that is counted, clocks that stand still, and
 * one client in memory that sends the same request again and again. It does
 * as little as it can, since its instructions are counted with the core's.
 */
#ifndef ISERE_BENCH_PORT_H
#define ISERE_BENCH_PORT_H

#include "isere/port.h"

/* What the client does, and what is counted. */
typedef enum bench_client {
    BENCH_LATENCY, /* keep-alive; from the request there to the answer sent */
    BENCH_WHOLE,   /* keep-alive; until the server waits for the next one */
    BENCH_CLOSE,   /* a connection for each request, from accept to close */
} bench_client_t;

typedef struct bench_counts {
    uint32_t requests;
    uint32_t least;
    uint32_t most;
    uint64_t sum;
    bool wrong; /* an answer was not the expected one */
} bench_counts_t;

enum { BENCH_LISTENER = 1, BENCH_SOCKET = 2, BENCH_SKIPPED = 4 };

const isere_port_t *bench_port(void);

/* Bytes that the core holds right now. */
size_t bench_port_memory(void);

/*
 * Prepares the client: it sends `request` `count` times, and then ends
 * isere_server_run with ISERE_ERR_IO. Each answer must end with `body`. The
 * first BENCH_SKIPPED requests are not counted.
 */
void bench_client_start(bench_client_t kind, const char *request,
                        const char *body, uint32_t count);

const bench_counts_t *bench_client_counts(void);

/* Adds a count to counts that began as all zero. */
void bench_counts_add(bench_counts_t *counts, uint32_t value);

#endif
