/*
 * The function store: for each function its current version and the one
 * before, kept over a port's blobs.
 *
 * A function NAME is a manifest blob `NAME`, which says what versions there
 * are, and a blob `NAME.V` for each of them: a header with the SHA-256 of the
 * package, and the package. A deploy writes the new version, then the
 * manifest, then removes what nobody refers to: so a crash anywhere leaves the
 * old version or the new one. Opening the store removes what a crash left
 * behind. docs/store.md has the formats, byte by byte.
 *
 * Memory: packages are read into memory of the port. Threads: one at a time.
 */
#ifndef ISERE_CORE_STORE_STORE_H
#define ISERE_CORE_STORE_STORE_H

#include "core/util/encode/sha256.h"
#include "core/util/names/function_name.h"
#include "isere/blobs.h"
#include "isere/port.h"

typedef struct isere_store {
    const isere_port_t *port; /* its memory and its log */
    const isere_blobs_t *blobs;
} isere_store_t;

typedef struct isere_store_manifest {
    char name[ISERE_FUNCTION_NAME_MAX];
    uint32_t current;  /* version; from 1 */
    uint32_t previous; /* 0: none */
    uint32_t last;     /* the highest that was ever given */
} isere_store_manifest_t;

/* What a start needs of a function. */
typedef struct isere_store_whole {
    isere_store_manifest_t manifest;
    uint8_t sha256[ISERE_SHA256_SIZE]; /* of the current version's package */
} isere_store_whole_t;

/* What a change makes of a function: worked out once, then carried out or
 * forgotten. */
typedef struct isere_store_plan {
    int state; /* 0: `before` is it; ISERE_ERR_NOENT: there is none;
                  ISERE_ERR_INVAL: its manifest is damaged */
    isere_store_manifest_t before;
    isere_store_manifest_t after;
} isere_store_plan_t;

/* A stored package. */
typedef struct isere_store_package {
    void *text; /* the caller's, released with isere_free; a
                   NUL behind the last byte */
    size_t size;
    uint8_t sha256[ISERE_SHA256_SIZE];
    const isere_port_t *port; /* of the memory */
} isere_store_package_t;

/* Where a package goes that is read: `begin` is told how long it is, `put` gets
 * it in pieces. Both return 0, or an error that ends it. */
typedef struct isere_store_sink {
    int (*begin)(void *arg, size_t size);
    int (*put)(void *arg, const void *bytes, size_t size);
    void *arg;
} isere_store_sink_t;

/*
 * Opens the store and tidies up after a crash: removes versions that no
 * manifest refers to. What is damaged is logged and stays. Lists the functions,
 * sorted by name; a damaged manifest is an entry with `current` 0. *manifests
 * is the caller's (port memory), NULL when there are none. Each manifest is
 * read once: opening a file is what costs a device most. Returns how many,
 * ISERE_ERR_IO or ISERE_ERR_NOMEM. `port` and `blobs` are borrowed.
 */
int isere_store_open(isere_store_t *store, const isere_port_t *port,
                     const isere_blobs_t *blobs,
                     isere_store_manifest_t **manifests);

/* Lists the functions, with the SHA-256 that the package of the current version
 * has if it is whole. Returns how many, or an error when anything is damaged,
 * can't be read or is left to be tidied up: each start has to look at that.
 * *whole is the caller's, also when there are none. */
int isere_store_list_whole(const isere_store_t *store,
                           isere_store_whole_t **whole);

/* Reads a function's manifest: 0, ISERE_ERR_NOENT, ISERE_ERR_INVAL (damaged, or
 * its current version is missing), ISERE_ERR_IO. Damage is logged. */
int isere_store_manifest(const isere_store_t *store, const char *name,
                         isere_store_manifest_t *manifest);

/*
 * Reads a version's package and verifies its checksum. Returns 0,
 * ISERE_ERR_NOENT, ISERE_ERR_INVAL (damaged, or missing although the manifest
 * names it), ISERE_ERR_IO, ISERE_ERR_NOMEM. Damage is logged.
 */
int isere_store_read(const isere_store_t *store, const char *name,
                     uint32_t version, isere_store_package_t *package);

/* The same without memory for the whole of it. What was handed on counts when
 * this returns 0, with its SHA-256; else also an error of the sink. */
int isere_store_read_to(const isere_store_t *store, const char *name,
                        uint32_t version, const isere_store_sink_t *sink,
                        uint8_t sha256[ISERE_SHA256_SIZE]);

/* Verifies a version's package, which takes no memory for it, and returns its
 * *size; the rest as isere_store_read. */
int isere_store_verify(const isere_store_t *store, const char *name,
                       uint32_t version, size_t *size);

/* Reads up to `size` bytes of a package that was verified, from `offset` on.
 * Returns how many, 0 at the end; ISERE_ERR_NOENT when the version is gone,
 * ISERE_ERR_IO. */
long isere_store_read_at(const isere_store_t *store, const char *name,
                         uint32_t version, size_t offset, void *buf,
                         size_t size);

/* The SHA-256 that a version's package has if it is whole; the package is not
 * looked at. Returns 0, ISERE_ERR_NOENT, ISERE_ERR_INVAL (damaged), or
 * ISERE_ERR_IO. Logs nothing. */
int isere_store_sha256(const isere_store_t *store, const char *name,
                       uint32_t version, uint8_t sha256[ISERE_SHA256_SIZE]);

/*
 * Works out what keeping one more version will make of a function; writes
 * nothing. The version for a rollback is the current one, or the one before
 * when only that is whole. A function whose manifest is damaged goes on behind
 * its highest version. Returns 0, ISERE_ERR_INVAL (not a name), ISERE_ERR_LIMIT
 * (there are no more numbers), ISERE_ERR_IO.
 */
int isere_store_plan_put(const isere_store_t *store, const char *name,
                         isere_store_plan_t *plan);

/*
 * Keeps a package as the version plan->after.current; `sha256` is its SHA-256.
 * The function must not have changed since it was planned. Returns 0,
 * ISERE_ERR_LIMIT (no room), ISERE_ERR_IO: then nothing has changed.
 */
int isere_store_put(const isere_store_t *store, const isere_store_plan_t *plan,
                    isere_slice_t package,
                    const uint8_t sha256[ISERE_SHA256_SIZE]);

/*
 * Works out what going back to the version before will make of a function;
 * writes nothing, and does not look at that version. Returns 0, ISERE_ERR_NOENT
 * (no such function; or, with plan->before.current, it has no version before),
 * ISERE_ERR_INVAL (the manifest is damaged), ISERE_ERR_IO.
 */
int isere_store_plan_rollback(const isere_store_t *store, const char *name,
                              isere_store_plan_t *plan);

/*
 * Makes the version plan->after.current the current one, after verifying it.
 * The function must not have changed since it was planned. Returns 0,
 * ISERE_ERR_INVAL (that version is damaged), ISERE_ERR_LIMIT, ISERE_ERR_IO:
 * then nothing has changed.
 */
int isere_store_rollback(const isere_store_t *store,
                         const isere_store_plan_t *plan);

/* Removes a function with all its versions, also a damaged one. Returns 0,
 * ISERE_ERR_NOENT, ISERE_ERR_IO. */
int isere_store_remove(const isere_store_t *store, const char *name);

#endif
