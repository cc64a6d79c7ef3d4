/* The options --cors-*. */
#ifndef ISERE_APPS_ISERE_ARGS_ARGS_CORS_H
#define ISERE_APPS_ISERE_ARGS_ARGS_CORS_H

#include "apps/isere/args/args.h"

/* Makes one policy of them. False with what is wrong in `problem`. */
bool isere_args_cors_make(isere_args_t *args, char *problem, size_t size);

#endif
