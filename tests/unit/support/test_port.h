/*
 * A port for unit tests: memory from malloc with every call counted and any
 * call made to fail, a clock that only tests move, random bytes that repeat,
 * the last log line kept. No sockets: their functions are NULL. It uses
 * nothing but the C library, so it serves on a microcontroller as well.
 *
 *     isere_test_port_reset();
 *     const isere_port_t *port = isere_test_port();
 *     isere_test_state()->fail_at = 3;   the third allocation fails
 *
 * One port for the whole program: tests run one at a time.
 */
#ifndef ISERE_TESTS_TEST_PORT_H
#define ISERE_TESTS_TEST_PORT_H

#include "isere/port.h"
#include <stdbool.h>

#define ISERE_TEST_LOG_MAX 1024

typedef struct isere_test_state {
    /* Allocations: successful or not, of resize (but to size 0) and heap_map
     * together. fail_at: which of them fails, counted from 1; 0: none.
     * fail_after: every one from that one on fails too. */
    size_t allocations;
    size_t fail_at;
    bool fail_after;
    /* What is allocated and not freed yet: a leak when a test ends. */
    size_t live_blocks;
    size_t live_heaps;
    size_t live_heap_bytes;

    /* The clocks. Each reading of the monotonic one adds tick_us. */
    uint64_t monotonic_us;
    int64_t wall_us;
    uint64_t tick_us;

    /* Random bytes come from this; random_fails makes the source fail. */
    uint64_t random_state;
    bool random_fails;

    /* The last log line, cut at ISERE_TEST_LOG_MAX - 1, and how many. */
    char log[ISERE_TEST_LOG_MAX];
    isere_log_level_t log_level;
    size_t log_lines;

    /* exec_run: how often, the last deadline, and whether held just now. */
    size_t executions;
    uint64_t deadline_us;
    bool held;
} isere_test_state_t;

/* The port; constant, never freed. Copy it to replace single functions. */
const isere_port_t *isere_test_port(void);

/* The state behind it, to set and to look at. */
isere_test_state_t *isere_test_state(void);

/* Back to the start: clocks at 1,000 s and 2026-01-01, nothing fails. What is
 * still allocated is forgotten, not freed. */
void isere_test_port_reset(void);

/* For teardown functions: 0 when everything that was allocated is free, heaps
 * too; else -1. */
int isere_test_leaks(void);

#endif
