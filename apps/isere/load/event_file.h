/* The event that a command is given: --event. */
#ifndef ISERE_APPS_ISERE_LOAD_EVENT_FILE_H
#define ISERE_APPS_ISERE_LOAD_EVENT_FILE_H

#include "apps/isere/args/args.h"

/*
 * Reads args->event, a file or the JSON itself, into *data (for free()) and
 * checks that it is a JSON object; *data stays NULL without one. Returns 0, or
 * ISERE_ERR_* after saying on stderr what is wrong; *data is then what there is
 * to free.
 */
int isere_event_file_read(const isere_args_t *args, char **data, size_t *size);

#endif
