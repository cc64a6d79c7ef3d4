/*
 * Runs one program in an engine of its own, with the globals that a handler
 * has. Unlike in production each block of its heap is one of malloc, so that
 * AddressSanitizer sees where it begins and ends.
 */
#ifndef ISERE_TESTS_FUZZ_RUN_H
#define ISERE_TESTS_FUZZ_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct handlers_options {
    bool strict;
    bool verbose;      /* say what was thrown */
    bool module;       /* compiled as a module, and so strict, too */
    uint32_t gc_from;  /* collect garbage at each object from this number on */
    uint32_t gc_count; /* ... so often; 0: never */
    uint32_t fail_at;  /* this allocation fails; 0: none does */
    uint32_t fail_count; /* ... and those behind it, so many */
    bool compile_first;  /* count from when the program is compiled */
} handlers_options_t;

typedef enum handlers_end {
    HANDLERS_DONE,
    HANDLERS_SYNTAX,    /* it could not be compiled */
    HANDLERS_THREW,     /* an exception, or no memory */
    HANDLERS_STOPPED,   /* it took too long, and said so */
    HANDLERS_ABANDONED, /* it took too long and was left where it was */
} handlers_end_t;

/* Allocations of the last run that were counted. */
uint32_t handlers_allocations(void);

/* Once, before anything else. */
void handlers_run_init(void);

/*
 * Runs the program, its jobs and its timers. When it could go on to the end,
 * all its memory must have been given back: aborts when some was not. With
 * `result` (of `size` bytes) the values that it noted, as JSON, are put there.
 */
handlers_end_t handlers_run(const char *text, size_t len,
                            const handlers_options_t *options, char *result,
                            size_t size);

#endif
