/*
 * The commands of the program, one file each. They return its exit code, an
 * ISERE_EXIT_*, and have said on stderr why it is not 0.
 */
#ifndef ISERE_APPS_ISERE_CMD_COMMANDS_H
#define ISERE_APPS_ISERE_CMD_COMMANDS_H

#include "apps/isere/args/args.h"

int isere_cmd_new(const isere_args_t *args);
int isere_cmd_dev(const isere_args_t *args);
int isere_cmd_serve(const isere_args_t *args);
int isere_cmd_invoke(const isere_args_t *args);
int isere_cmd_build(const isere_args_t *args);
int isere_cmd_deploy(const isere_args_t *args);
int isere_cmd_list(const isere_args_t *args);
int isere_cmd_logs(const isere_args_t *args);
int isere_cmd_invoke_remote(const isere_args_t *args);
int isere_cmd_rollback(const isere_args_t *args);
int isere_cmd_release(const isere_args_t *args);
int isere_cmd_remove(const isere_args_t *args);

#endif
