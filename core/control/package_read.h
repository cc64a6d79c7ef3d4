/*
 * A document in memory, as the core's own files read it from JSON. What each
 * member may be is in docs/api.md; the reader checks all of it.
 */
#ifndef ISERE_CORE_CONTROL_PACKAGE_READ_H
#define ISERE_CORE_CONTROL_PACKAGE_READ_H

#include "core/control/package.h"

enum {
    ISERE_PACKAGE_FILES_MAX = 64,
    ISERE_PACKAGE_ROUTES_MAX = 64,
    ISERE_PACKAGE_ENV_MAX = 64,
    ISERE_PACKAGE_FILE_NAME_MAX = 159, /* bytes; isere_fault_t has room */
    ISERE_PACKAGE_SOURCE_LEN = 8,      /* of "source" */
};

typedef struct isere_package_file {
    isere_slice_t name;
    isere_slice_t source; /* UTF-8, may hold NUL */
} isere_package_file_t;

/* All texts lie in the same block as the struct and have a NUL behind them. */
typedef struct isere_package {
    size_t block;       /* its size */
    isere_slice_t main; /* the name of one of the files */
    isere_package_file_t files[ISERE_PACKAGE_FILES_MAX];
    size_t nfiles;                                /* at least 1 */
    const char *routes[ISERE_PACKAGE_ROUTES_MAX]; /* canonical, none twice */
    size_t nroutes;                               /* 0: the default ones */
    const char *env[ISERE_PACKAGE_ENV_MAX];       /* NAME=VALUE */
    size_t nenv;
    uint64_t memory;     /* bytes; 0: not given */
    uint32_t timeout_ms; /* 0: not given */
    bool has_payload;
    isere_payload_t payload;
    isere_slice_t source; /* length 0: not given */
} isere_package_t;

/* As "payload" has it. */
extern const char *const isere_package_payloads[];

/*
 * Reads and checks a document; without `limits` any memory and timeout will
 * do. The JSON is parsed in a heap of its own, which is given back before this
 * returns. Returns 0 with *document, the caller's, released with
 * isere__package_drop; else as isere_package_normalise. Thread: the port's.
 */
int isere__package_read(const isere_port_t *port, isere_slice_t json,
                        const isere_package_limits_t *limits,
                        isere_package_t **document, isere_fault_t *fault);

/*
 * An empty document with `room` bytes for texts behind it; NULL without memory.
 * Documents are large and there for a short time only: they lie where heaps do,
 * which is most of what a device has.
 */
isere_package_t *isere__package_make(const isere_port_t *port, size_t room);
void isere__package_drop(const isere_port_t *port, isere_package_t *document);

/* NULL, or why no file of a function can be called that: a constant English
 * text. Any thread. */
const char *isere__package_file_name_problem(isere_slice_t name);

/* Writes `text` as a JSON string to `out`, unless that is NULL; at most
 * 6 * text.len + 2 bytes. Returns how many bytes that takes. Any thread. */
size_t isere__package_string(char *out, isere_slice_t text);

#endif
