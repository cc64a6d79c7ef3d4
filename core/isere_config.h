/*
 * Compile-time limits of the core. Each has a default that a build may
 * replace with -D; the Zephyr port maps CONFIG_ISERE_* here. Limits that a
 * user sets at run time are in isere.h, not here.
 */
#ifndef ISERE_CORE_ISERE_CONFIG_H
#define ISERE_CORE_ISERE_CONFIG_H

#include <stddef.h>

/* A build with many limits to set names a header that sets them. */
#ifdef ISERE_CONFIG_HEADER
#include ISERE_CONFIG_HEADER
#endif

/* Header fields in one request; more are answered with 431. 8 to 256. */
#ifndef ISERE_MAX_FIELDS
#define ISERE_MAX_FIELDS 64
#endif

/* Header fields that a handler may put into one response. 8 to 256. */
#ifndef ISERE_MAX_RESPONSE_FIELDS
#define ISERE_MAX_RESPONSE_FIELDS 64
#endif

/* Arguments `{name}` in one route. 0 to 32. */
#ifndef ISERE_MAX_PATH_PARAMETERS
#define ISERE_MAX_PATH_PARAMETERS 8
#endif

/* Bytes of an arena kept back so that errors can still be reported after the
 * memory limit was hit. 1024 to 65536. */
#ifndef ISERE_ARENA_RESERVE
#define ISERE_ARENA_RESERVE 8192
#endif

/* First size of a receive buffer; it doubles when a request is longer; an
 * error answer fits in it when there is no other memory. 512 to
 * 65536. */
#ifndef ISERE_IN_FIRST
#define ISERE_IN_FIRST 4096
#endif

/* First size of a send buffer, which grows with the answers in it. 256 to
 * 65536. */
#ifndef ISERE_OUT_FIRST
#define ISERE_OUT_FIRST 1024
#endif

/* Events that are taken from the system at once, answers that wait for the end
 * of a turn of the loop, and send buffers that are kept for the next requests.
 * 4 to 1024. */
#ifndef ISERE_EVENTS
#define ISERE_EVENTS 64
#endif

/* Unsent bytes beyond which a connection's next request waits. 1024 to 1 MB. */
#ifndef ISERE_OUT_HIGH
#define ISERE_OUT_HIGH (64 * 1024)
#endif

/* Bytes of an answer of the admin API that are made at once. 512 to 65535.
 */
#ifndef ISERE_STREAM_PIECE
#define ISERE_STREAM_PIECE (2 * ISERE_OUT_FIRST)
#endif

/* Bytes of a handler's stream that are sent at once. 512 to 65535. */
#ifndef ISERE_BODY_PIECE
#define ISERE_BODY_PIECE (16 * 1024)
#endif

/* Milliseconds in which a connection that we end still reads what the client
 * sends, so that our last answer is not lost in a reset. 0 to 10000. */
#ifndef ISERE_LINGER_MS
#define ISERE_LINGER_MS 1000
#endif

/* Bytes of memory and of stack that the compiler may use. */
#ifndef ISERE_COMPILE_MEMORY
#define ISERE_COMPILE_MEMORY ((size_t)64 * 1024 * 1024)
#endif
#ifndef ISERE_COMPILE_STACK
#define ISERE_COMPILE_STACK ((size_t)256 * 1024)
#endif

/* Where memory is short, the compiler of deployed functions gets as much as an
 * instance first and, if that is too little, the largest block that there is,
 * up to this. 0: it gets ISERE_COMPILE_MEMORY. */
#ifndef ISERE_COMPILE_MOST
#define ISERE_COMPILE_MOST ((size_t)0)
#endif

/* Instances of one function on one thread share the copy of the heap that
 * their requests start from. For each but the first this saves its whole heap
 * but a thirty-second (64-bit: a sixty-fourth) part, and makes a reset slower.
 * 0 or 1. */
#ifndef ISERE_SHARE_SNAPSHOTS
#define ISERE_SHARE_SNAPSHOTS 0
#endif

/* What users call the limit on a function's memory, for messages. */
#ifndef ISERE_MEMORY_OPTION
#define ISERE_MEMORY_OPTION "--memory"
#endif

/* Keep the text of functions in the bytecode, for String(function). It costs
 * the heap nothing, but for each function its text where the bytecode lies; a
 * function in another is there twice. 0 or 1. */
#ifndef ISERE_FUNCTION_SOURCE
#define ISERE_FUNCTION_SOURCE 1
#endif

/* Keep compiled code for a start after this one, in ports that have a place for
 * it (isere_registry_config_t, kept). 0 or 1. */
#ifndef ISERE_KEEP_CODE
#define ISERE_KEEP_CODE 1
#endif

/* Checksums (CRC-32) with tables of 8 KB, some eight times as fast as with one
 * of 64 bytes. 0 or 1. */
#ifndef ISERE_FAST_CRC
#define ISERE_FAST_CRC 1
#endif

/* Check after every restore that the arena equals its snapshot, byte for
 * byte, and that the snapshot itself was not written to. 0 or 1. */
#ifndef ISERE_CHECK_RESTORE
#define ISERE_CHECK_RESTORE 0
#endif

_Static_assert(ISERE_MAX_FIELDS >= 8 && ISERE_MAX_FIELDS <= 256, "range");
_Static_assert(ISERE_MAX_RESPONSE_FIELDS >= 8 &&
                   ISERE_MAX_RESPONSE_FIELDS <= 256,
               "range");
_Static_assert(ISERE_MAX_PATH_PARAMETERS <= 32, "range");
_Static_assert(ISERE_LINGER_MS >= 0 && ISERE_LINGER_MS <= 10000, "range");
_Static_assert(ISERE_IN_FIRST >= 512 && ISERE_IN_FIRST <= 65536, "range");
_Static_assert(ISERE_OUT_FIRST >= 256 && ISERE_OUT_FIRST <= 65536, "range");
_Static_assert(ISERE_BODY_PIECE >= 512 && ISERE_BODY_PIECE <= 65535,
               "ISERE_BODY_PIECE is not from 512 to 65535");
_Static_assert(ISERE_STREAM_PIECE >= 512 && ISERE_STREAM_PIECE <= 65535,
               "range");
_Static_assert(ISERE_EVENTS >= 4 && ISERE_EVENTS <= 1024, "range");
_Static_assert(ISERE_OUT_HIGH >= 1024 && ISERE_OUT_HIGH <= 1024 * 1024,
               "range");
_Static_assert(ISERE_ARENA_RESERVE >= 1024 && ISERE_ARENA_RESERVE <= 65536,
               "range");

#endif
