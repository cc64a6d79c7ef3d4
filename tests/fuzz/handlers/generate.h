/*
 * Makes a handler out of any bytes: each byte is a choice in the grammar.
 *
 * The bytes are cut into pieces, one for each statement: a byte that says how
 * long it is, and then the choices. What changes in one piece changes only that
 * statement, so a fuzzer can put statements together that it has found useful.
 * A piece that ends gives the shortest statement that can still be made.
 */
#ifndef ISERE_TESTS_FUZZ_GENERATE_H
#define ISERE_TESTS_FUZZ_GENERATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A program is never longer, in bytes. */
enum { HANDLERS_PROGRAM_MAX = 24 * 1024 };

/* Reads the grammar; aborts with a message when there is a fault in it. Before
 * anything else, once. */
void handlers_generate_init(void);

/*
 * Writes a program, with its NUL, into `text` (HANDLERS_PROGRAM_MAX + 1 bytes)
 * and returns its length. With `compared` what it gives is determined, and the
 * same in every right engine, but for what compare.js knows.
 */
size_t handlers_generate(const uint8_t *data, size_t size, bool compared,
                         char *text);

/* The next number of a series, below 65,536: the same on every machine. */
unsigned handlers_random(unsigned *state);

/* Changes the pieces of an input as a custom mutator of libFuzzer does; the
 * new size. `mutate` changes bytes in place and returns how many there are. */
size_t handlers_mutate(uint8_t *data, size_t size, size_t max_size,
                       unsigned seed,
                       size_t (*mutate)(uint8_t *, size_t, size_t));

#endif
