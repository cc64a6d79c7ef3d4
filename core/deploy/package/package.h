/*
 * A package: what is deployed as a function, its files and how it is to run.
 * It comes as JSON, whose members docs/api.md lists, and is read once: all that
 * is needed of it, its normalised text too, is made of the struct.
 *
 * Packages are large and there for a short time only: they lie where heaps do,
 * which is most of what a device has.
 *
 * Thread: the port's, unless a function says otherwise.
 */
#ifndef ISERE_CORE_DEPLOY_PACKAGE_PACKAGE_H
#define ISERE_CORE_DEPLOY_PACKAGE_PACKAGE_H

#include "core/flash/extents.h"
#include "core/util/encode/sha256.h"
#include "core/util/writer.h"
#include "isere/isere.h"

enum {
    ISERE_PACKAGE_FILES_MAX = 64,
    ISERE_PACKAGE_ROUTES_MAX = 64,
    ISERE_PACKAGE_ENV_MAX = 64,
    ISERE_PACKAGE_FILE_NAME_MAX = 159, /* bytes; isere_fault_t has room */
    ISERE_PACKAGE_SOURCE_LEN = 8,      /* of "source" */
    ISERE_PACKAGE_IN_MEMORY = 4096,    /* bytes of a text; longer ones go to
                                           flash, where there is one */
};

/* What a client sent: a package as JSON, or one module. */
typedef struct isere_package_body {
    isere_slice_t bytes;
    bool is_source;
    bool has_nul; /* behind the bytes */
} isere_package_body_t;

typedef struct isere_package_limits {
    size_t memory_min, memory_max; /* bytes, of "memory" */
    uint32_t timeout_max_ms;       /* of "timeout" */
    size_t file_max;               /* bytes of each file; 0: no limit */
    isere_extents_t *extents;      /* for what is too large for memory, or NULL
                                    */
} isere_package_limits_t;

typedef struct isere_package_file {
    isere_slice_t name;
    isere_slice_t source; /* UTF-8, may hold NUL */
} isere_package_file_t;

/* What is called, and by whom. */
typedef struct isere_package_calls {
    isere_slice_t handler; /* the export; length 0: not given */
    const char *cors;      /* see core/util/cors.h; NULL: not given */
} isere_package_calls_t;

/* All texts lie in the same block as the struct, or in flash, and have a NUL
 * behind them, but for the source of isere_package_read_source. */
typedef struct isere_package {
    size_t block;       /* its size */
    isere_slice_t main; /* the name of one of the files */
    isere_package_file_t files[ISERE_PACKAGE_FILES_MAX];
    size_t nfiles;                                /* at least 1 */
    const char *routes[ISERE_PACKAGE_ROUTES_MAX]; /* canonical, none twice */
    size_t nroutes;                               /* 0: the default ones */
    const char *env[ISERE_PACKAGE_ENV_MAX];       /* NAME=VALUE */
    size_t nenv;
    bool has_env;        /* they were given, even if there are none */
    uint64_t memory;     /* bytes; 0: not given */
    uint32_t timeout_ms; /* 0: not given */
    bool has_payload;
    isere_payload_t payload;
    isere_package_calls_t calls;
    isere_slice_t source;              /* length 0: not given */
    size_t bytes;                      /* of all sources */
    bool has_nuls;                     /* behind all sources */
    isere_extent_writer_t *staged;     /* where they lie in flash, or NULL */
    size_t text_size;                  /* of the normalised text */
    uint8_t sha256[ISERE_SHA256_SIZE]; /* of the normalised text */
} isere_package_t;

/*
 * Reads and checks a package that was sent as JSON. Returns 0 with *package,
 * the caller's, released with isere_package_drop; ISERE_ERR_INVAL with
 * fault->message (and the line and column of a JSON error) when it is not a
 * package; ISERE_ERR_NOMEM or ISERE_ERR_IO (the flash) with fault->message. The
 * JSON is not needed any more then.
 */
int isere_package_read(const isere_port_t *port, isere_slice_t json,
                       const isere_package_limits_t *limits,
                       isere_package_t **package, isere_fault_t *fault);

/* The same of a module that was sent: it is the one file NAME.js of the
 * function `name`. The source is borrowed while the package is there. */
int isere_package_read_source(const isere_port_t *port, const char *name,
                              const isere_package_body_t *body,
                              isere_package_t **package, isere_fault_t *fault);

/* The same of a text that the store has: what was normalised, with its SHA-256,
 * which is believed. It may have any memory and timeout: the limits may have
 * changed since. `extents` as in the limits. */
int isere_package_read_stored(const isere_port_t *port, isere_slice_t text,
                              const uint8_t sha256[ISERE_SHA256_SIZE],
                              isere_extents_t *extents,
                              isere_package_t **package, isere_fault_t *fault);

/* Gives it these variables, NAME=VALUE and ended by NULL, in place of its own:
 * they are borrowed until it is dropped. At most ISERE_PACKAGE_ENV_MAX. Any
 * thread. */
void isere_package_set_env(isere_package_t *package, const char *const *env);

/* NULL is fine. */
void isere_package_drop(const isere_port_t *port, isere_package_t *package);

/* ---- for the files of this folder ---- */

/* An empty package with `room` bytes for texts behind it; NULL when out of
 * memory. */
isere_package_t *isere__package_make(const isere_port_t *port, size_t room);

/* Works out text_size and sha256 of what is read. Any thread. */
void isere__package_seal(isere_package_t *package);

/*
 * Writes the normalised text: the members that were given, in a fixed order and
 * without spaces, but for routes and env when they are empty, which is the same
 * as none. What is normalised normalises to itself; package->text_size is its
 * length. Any thread.
 */
void isere__package_put(isere_writer_t *w, const isere_package_t *package);

/* NULL, or why no file of a function can be called that: a constant English
 * text. Any thread. */
const char *isere__package_file_name_problem(isere_slice_t name);

#endif
