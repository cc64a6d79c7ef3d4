/*
 * The commands of the program, one file each. They return its exit code, an
 * ISERE_EXIT_*, and have said on stderr why it is not 0.
 */
#ifndef ISERE_APPS_ISERE_CMD_COMMANDS_H
#define ISERE_APPS_ISERE_CMD_COMMANDS_H

#include "apps/isere/args/args.h"

int isere_command_serve(const isere_args_t *args);
int isere_command_invoke(const isere_args_t *args);
int isere_command_build(const isere_args_t *args);
int isere_command_deploy(const isere_args_t *args);
int isere_command_list(const isere_args_t *args);
int isere_command_logs(const isere_args_t *args);
int isere_command_invoke_remote(const isere_args_t *args);
int isere_command_rollback(const isere_args_t *args);
int isere_command_release(const isere_args_t *args);
int isere_command_remove(const isere_args_t *args);

#endif
