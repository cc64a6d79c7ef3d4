/* Files of --env-file. */
#ifndef ISERE_APPS_ISERE_ARGS_ENV_FILE_H
#define ISERE_APPS_ISERE_ARGS_ENV_FILE_H

/*
 * Reads one line in place: returns where it says NAME=VALUE, without "export",
 * quotes and a comment; an empty text for a line that has none; or NULL when
 * it is something else. The name is not checked. Pure; any thread.
 */
char *isere_env_file_entry(char *line);

#endif
