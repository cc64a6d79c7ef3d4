/*
 * A bundle: the modules of one function as QuickJS bytecode and the function's
 * own settings, in one block of bytes. It is what `isere build` writes to a
 * .bin file and what every isolate loads its code from, in place.
 * docs/bytecode.md specifies it byte by byte.
 *
 * The checksum finds damage. It does not make bytecode safe: QuickJS does not
 * verify bytecode, so a bundle is as trusted as the program itself.
 *
 * Everything below may be called from any thread but isere_bundle_write.
 */
#ifndef ISERE_CORE_CODE_BUNDLE_H
#define ISERE_CORE_CODE_BUNDLE_H

#include "isere/isere.h"
#include <stdint.h>

/* A checked bundle; borrows the bytes. */
typedef struct isere_bundle {
    const uint8_t *bytes;
    size_t size;
    uint16_t nmodules;
    uint16_t nsettings;
    const char *root;        /* folder part of all module names, "" or "js/" */
    const uint8_t *names;    /* where the modules' names begin */
    const uint8_t *settings; /* where the settings begin */
    const uint8_t *code;     /* an array of modules, as JS_WriteObject wrote */
    size_t code_size;
} isere_bundle_t;

/* A function's own settings. Those that are not given are NULL, or their flag
 * is false. */
typedef struct isere_bundle_settings {
    const char *name;       /* of the function */
    const char *const *env; /* NAME=VALUE, ended by NULL */
    const char *handler;    /* the export */
    bool has_payload;
    bool has_timeout;
    isere_payload_t payload;
    uint32_t timeout_ms;
} isere_bundle_settings_t;

/* Takes the next bytes. Returns 0 or an error, which ends the writing. */
typedef int isere_bundle_put_fn(void *arg, const void *bytes, size_t size);

/* What a bundle is written from. */
typedef struct isere_bundle_parts {
    const char *root;
    const char *const *names; /* of the modules, the main one first */
    unsigned count;
    const void *code; /* an array of the modules in that order */
    size_t code_size;
    /* Or a function that gives these bytes to `put`: the same ones each time
     * that it is called, which is twice. NULL: `code`. */
    int (*write_code)(void *code_arg, isere_bundle_put_fn *put, void *arg);
    void *code_arg;
    isere_bundle_settings_t settings;
    size_t size; /* of the whole bundle; isere_bundle_measure sets both */
    uint32_t checksum;
} isere_bundle_parts_t;

/* Most bytes of a function's name in a bundle, with its NUL. */
#define ISERE_BUNDLE_NAME_MAX 64

/* Whether the bytes begin like a bundle (and not like source). */
bool isere_bundle_detect(const void *bytes, size_t size);

/*
 * Checks `bytes` and opens them. Returns 0, or ISERE_ERR_INVAL with a constant
 * text in *reason: damaged, another format version, another engine.
 */
int isere_bundle_open(isere_bundle_t *bundle, const void *bytes, size_t size,
                      const char **reason);

/* The name of module number `index` (0: the main module), or NULL. */
const char *isere_bundle_name(const isere_bundle_t *bundle, unsigned index);

/* The number of the module of that name, or -1. */
int isere_bundle_find(const isere_bundle_t *bundle, const char *name);

/*
 * Calls `fn` for each name in the code that is ASCII: names of variables and
 * properties, and some strings. It returns 0 to go on; what else it returns
 * ends the walk and is returned.
 */
int isere_bundle_names(const isere_bundle_t *bundle,
                       int (*fn)(void *arg, const char *name, size_t len),
                       void *arg);

/* Puts the settings that the bundle has into *config; texts are borrowed from
 * the bundle's bytes. */
void isere_bundle_configure(const isere_bundle_t *bundle,
                            isere_function_config_t *config);

/*
 * What has to be known of a bundle before it is written. Returns 0,
 * ISERE_ERR_LIMIT (too many modules, a name is too long), ISERE_ERR_INVAL (an
 * entry of env is not NAME=VALUE, a setting is out of range) or an error of
 * write_code.
 */
int isere_bundle_measure(isere_bundle_parts_t *parts);

/* Gives parts that were measured to `put`, in pieces. Returns 0, an error of
 * write_code or of put. */
int isere_bundle_put(const isere_bundle_parts_t *parts,
                     isere_bundle_put_fn *put, void *arg);

/*
 * Both, to a block: *bytes comes from port->resize and is the caller's. Also
 * returns ISERE_ERR_NOMEM. The port's thread.
 */
int isere_bundle_write(const isere_port_t *port,
                       const isere_bundle_parts_t *parts, void **bytes,
                       size_t *size);

/*
 * Writes a bundle with the modules of another one and these settings in place
 * of its own; the rest as above. *size is in and out: of the old one, of the
 * new one.
 */
int isere_bundle_rewrite(const isere_port_t *port, const void *old,
                         const isere_bundle_settings_t *settings, void **bytes,
                         size_t *size);

#endif
