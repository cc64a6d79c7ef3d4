/*
 * A bundle: the modules of one function as QuickJS bytecode, in one block of
 * bytes. It is what `isere build` writes to a .bin file and what every
 * isolate loads its code from. docs/bytecode.md specifies it byte by byte.
 *
 * The checksum finds damage. It does not make bytecode safe: QuickJS does not
 * verify bytecode, so a bundle is as trusted as the program itself.
 */
#ifndef ISERE_CORE_JS_BUNDLE_H
#define ISERE_CORE_JS_BUNDLE_H

#include "isere/isere.h"
#include <stdint.h>

/* A checked bundle; borrows the bytes. */
typedef struct isere_bundle {
    const uint8_t *bytes;
    size_t size;
    uint16_t nmodules;
    const char *root; /* folder part of all module names, "" or "js/" */
} isere_bundle_t;

typedef struct isere_bundle_module {
    const char *name; /* ends with NUL */
    const uint8_t *code;
    size_t code_size;
} isere_bundle_module_t;

/* Whether the bytes begin like a bundle (and not like source). Any thread. */
bool isere_bundle_detect(const void *bytes, size_t size);

/*
 * Checks `bytes` and opens them. Returns 0, or ISERE_ERR_INVAL with a constant
 * text in *reason: damaged, another format version, another engine.
 * Any thread.
 */
int isere_bundle_open(isere_bundle_t *bundle, const void *bytes, size_t size,
                      const char **reason);

/* Module number `index` (0: the main module) into *module; false past the
 * last. Any thread. */
bool isere_bundle_module(const isere_bundle_t *bundle, unsigned index,
                         isere_bundle_module_t *module);

/* The module of that name into *module; false when there is none. */
bool isere_bundle_find(const isere_bundle_t *bundle, const char *name,
                       isere_bundle_module_t *module);

/*
 * Writes a bundle of these modules, the main one first. *bytes comes from
 * port->resize and is the caller's. Returns 0, ISERE_ERR_NOMEM or
 * ISERE_ERR_LIMIT (too many modules, or a name is too long). The port's
 * thread.
 */
int isere_bundle_write(const isere_port_t *port,
                       const isere_bundle_module_t *modules, unsigned count,
                       const char *root, void **bytes, size_t *size);

#endif
