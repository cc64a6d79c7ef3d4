/* The compiler, for the core's own files. */
#ifndef ISERE_CORE_CODE_COMPILE_H
#define ISERE_CORE_CODE_COMPILE_H

#include "core/code/bundle.h"

/*
 * Takes a bundle in place of a block of memory. `begin` is told its size and
 * says whether there is room: 0, or an error; then come its bytes, all from the
 * port's execution. `end` returns where they lie, or NULL: they are not there.
 */
typedef struct isere_compile_sink {
    void *ctx;
    int (*begin)(void *ctx, size_t size);
    isere_bundle_put_fn *put;
    const void *(*end)(void *ctx);
    size_t more;      /* bytes that will be added to it */
    const void *code; /* afterwards: the bundle; NULL: it is in a block */
} isere_compile_sink_t;

/* What is compiled, and how. */
typedef struct isere_compile_options {
    const isere_loader_t *loader;
    const char *main_name;
    const char *prefix;
    uint32_t timeout_ms; /* of the port's clock; 0: no limit */
    size_t memory;       /* of the compiler; 0: ISERE_COMPILE_MEMORY */
    size_t least;        /* less will do where there is not as much, down to
                            this; 0: it will not */
    bool no_source;      /* without the text of functions, as it always is
                            without ISERE_FUNCTION_SOURCE */
    bool in_place;       /* each source has a NUL behind it, and stays as it is:
                            it is not copied */
    isere_compile_sink_t *sink; /* or NULL: a block of memory */
} isere_compile_options_t;

/*
 * isere_compile with options. A compilation that takes longer than its limit is
 * abandoned (port.h) wherever it is, also in the loader, which must only read
 * then. That is ISERE_ERR_HANDLER with a fault that says so. On a port that
 * can't abandon there is no limit. ISERE_ERR_LIMIT when the compiler's own
 * memory is too small. *code is left alone when the sink has the bundle.
 * Thread: the port's.
 */
int isere_compile_with(const isere_port_t *port,
                       const isere_compile_options_t *options, void **code,
                       size_t *size, isere_fault_t *fault);

#endif
