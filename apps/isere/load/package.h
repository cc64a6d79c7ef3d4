/* A function's files and settings as the package that a server is sent
 * (docs/api.md). Pure, but for memory; any thread. */
#ifndef ISERE_APPS_ISERE_LOAD_PACKAGE_H
#define ISERE_APPS_ISERE_LOAD_PACKAGE_H

#include "apps/isere/args/args.h"
#include "apps/isere/load/files.h"
#include "core/util/names/function_name.h"
#include "ports/linux/out.h"

/*
 * The function's name that comes from a module's, "My_App.v2.js": "my-app-v2".
 * False when that makes none: it is longer than 32, or has other characters.
 */
bool isere_package_name(const char *main_name,
                        char name[ISERE_FUNCTION_NAME_MAX]);

/* Whether a module's name says nothing about the function: index.*, handler.*
 * or main.*, in any case. */
bool isere_package_is_common(const char *main_name);

/*
 * The function's name that comes from the last part of a folder's path: in
 * lower case, with - for all that a name can't have, at most 32. Where that is
 * src, lib, dist or build, the folder around it gives the name. False when
 * nothing is left.
 */
bool isere_package_folder_name(const char *folder,
                               char name[ISERE_FUNCTION_NAME_MAX]);

/* Room for the fingerprint of a folder. */
#define ISERE_PACKAGE_SOURCE_MAX 9

/*
 * The fingerprint of an absolute path, which does not say what that is: the
 * first 8 hexadecimal digits of its SHA-256. The machine's name is not in it:
 * that of a container is another one each time.
 */
void isere_package_source(const char *folder,
                          char source[ISERE_PACKAGE_SOURCE_MAX]);

/*
 * Writes the package of the files that were read, with what the command line
 * gives and `source`, unless that is empty; `out` is in memory
 * (isere_out_memory). Returns NULL, or what a file or
 * a value has that can't be sent as it is: the name of that, borrowed.
 */
const char *isere_package_write(isere_out_t *out, const isere_args_t *args,
                                const isere_files_t *files, const char *source);

/* How many files that are. */
size_t isere_package_count(const isere_files_t *files);

#endif
