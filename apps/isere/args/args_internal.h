/* What the files that fill in isere_args_t share. */
#ifndef ISERE_APPS_ISERE_ARGS_ARGS_INTERNAL_H
#define ISERE_APPS_ISERE_ARGS_ARGS_INTERNAL_H

#include "apps/isere/args/args.h"
#include "isere/slice.h"

/* Says what is wrong, on one line, and where help is. */
__attribute__((format(printf, 2, 3))) isere_args_result_t
isere__args_bad(const isere_args_t *args, const char *format, ...);

/* The option of that name that the command has; NULL when it has none. */
const isere_option_t *isere__args_find(isere_command_t command,
                                       isere_slice_t name, bool is_short);

/* Takes a value, which must live as long as the program, and notes that the
 * option was given. */
isere_args_result_t isere__args_set(isere_args_t *args,
                                    const isere_option_t *option,
                                    const char *value);

/* Where the variable of an entry NAME=VALUE is, or would be added. */
size_t isere__args_find_env(const isere_args_t *args, const char *entry);

/* Finds the main module of args->folder, which may be a module itself. */
isere_args_result_t isere__args_find_main(isere_args_t *args);

/*
 * Reads isere.json beside the module, if there is one: what no option gave.
 * Members that only other commands know are left out.
 */
isere_args_result_t isere__args_read_config(isere_args_t *args);

#endif
