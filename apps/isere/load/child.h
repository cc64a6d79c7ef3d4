/*
 * Runs another program to its end and collects what it prints. Thread: any.
 */
#ifndef ISERE_APPS_ISERE_LOAD_CHILD_H
#define ISERE_APPS_ISERE_LOAD_CHILD_H

#include <stdbool.h>
#include <stddef.h>

/* What a program printed, with a NUL behind it; for free(). */
typedef struct isere_child_text {
    char *data;
    size_t size;
} isere_child_text_t;

typedef struct isere_child {
    isere_child_text_t out, errors;
    bool succeeded; /* it ended with exit code 0 */
} isere_child_t;

/*
 * Runs argv[0], a path, in `folder`, without a shell and with nothing to read.
 * Returns 0 when it ran, ISERE_ERR_LIMIT when it printed more than `limit`
 * bytes, ISERE_ERR_NOMEM or ISERE_ERR_IO, with errno set. The texts are the
 * caller's in all cases.
 */
int isere_child_run(char *const *argv, const char *folder, size_t limit,
                    isere_child_t *child);

#endif
