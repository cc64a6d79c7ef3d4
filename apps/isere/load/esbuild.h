/*
 * Modules that are not JavaScript with relative imports alone: esbuild makes
 * one file of them and of what they import. Thread: that of the files.
 */
#ifndef ISERE_APPS_ISERE_LOAD_ESBUILD_H
#define ISERE_APPS_ISERE_LOAD_ESBUILD_H

#include "apps/isere/load/files.h"

/* Whether the main module's name, app.ts, says that the engine can't read it.
 * False for a bundle, as the next one. */
bool isere_esbuild_is_needed(const isere_files_t *files);

/* Whether it is CommonJS: it has `exports` and no `export`. */
bool isere_esbuild_is_common_js(const isere_files_t *files);

/* Whether one of the files that were read uses a global of Node, as Buffer,
 * that bundling puts in. */
bool isere_esbuild_is_for_node(const isere_files_t *files);

/* Whether the fault, of a compilation, is one that bundling cures: the import
 * of a package, of JSON, of TypeScript or without an extension. */
bool isere_esbuild_would_help(const isere_files_t *files,
                              const isere_fault_t *fault);

/*
 * Bundles the files: afterwards their main module is the bundle, and they are
 * named in the list. `env` is the environment that was asked for, of which
 * NODE_ENV decides what packages leave out. Returns 0; ISERE_ERR_NOENT, with
 * *fault as it was, when there is no esbuild; else ISERE_ERR_* with *fault
 * filled.
 */
int isere_esbuild_run(isere_files_t *files, const char *const *env,
                      isere_fault_t *fault);

/* Says what to do when there is none: fills an empty *fault, or adds to what
 * would help. */
void isere_esbuild_missing(const isere_files_t *files, isere_fault_t *fault);

#endif
