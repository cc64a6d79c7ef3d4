/* The token of the admin API, in a file. */
#ifndef ISERE_APPS_ISERE_SERVE_TOKEN_H
#define ISERE_APPS_ISERE_SERVE_TOKEN_H

#include "isere/admin.h"

/*
 * Reads the token from a file, or makes a file with a new one, which only its
 * owner can read (mode 0600), and says on stderr where it is. Returns 0, or
 * ISERE_ERR_* after saying on stderr what is wrong.
 */
int isere_token_load(const char *path, char token[ISERE_TOKEN_LEN + 1]);

#endif
