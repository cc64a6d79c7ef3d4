/*
 * The document of a function: what is deployed, as JSON. docs/api.md has its
 * members. The engine's own JSON.parse reads it, in a heap of its own, so it is
 * as strict and as bounded as that.
 *
 * Thread: the port's.
 */
#ifndef ISERE_CORE_CONTROL_PACKAGE_H
#define ISERE_CORE_CONTROL_PACKAGE_H

#include "isere/isere.h"

typedef struct isere_package_limits {
    size_t memory_min, memory_max; /* bytes, of "memory" */
    uint32_t timeout_max_ms;       /* of "timeout" */
} isere_package_limits_t;

/*
 * Normalises what was sent: a document as JSON, or (`is_source`) the one module
 * NAME.js; `name` is a function's, as core/store says. The result has the
 * members that were given, in a fixed order and without spaces, but for routes
 * and env when they are empty, which is the same as none. What is normalised
 * normalises to itself.
 *
 * *text is the caller's, released with isere_package_free, *size its length; a
 * NUL is behind it. It lies where heaps do.
 * Returns 0; ISERE_ERR_INVAL with fault->message (and the line and column of a
 * JSON error) when it is not a document; ISERE_ERR_NOMEM with fault->message
 * when out of memory or reading it takes more than ISERE_COMPILE_MEMORY.
 */
int isere_package_normalise(const isere_port_t *port, const char *name,
                            isere_slice_t body, bool is_source,
                            const isere_package_limits_t *limits, char **text,
                            size_t *size, isere_fault_t *fault);

/* Releases a normalised document. */
void isere_package_free(const isere_port_t *port, char *text, size_t size);

#endif
