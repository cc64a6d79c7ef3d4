/* Reads the event of `invoke` and `invoke-remote` and checks that it is a JSON
 * object: an error found here has a line and a column, one in the handler would
 * have neither. */
#include "apps/isere/load/event_file.h"
#include "apps/isere/load/files.h"
#include "core/util/json_check.h"
#include "isere/error.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Whether the argument is JSON, not a file's name. An array or a string is not
 * an event either, but then the message should say that, and not that there is
 * no such file. */
static bool is_json(const char *event)
{
    event += strspn(event, " \t\r\n");
    return *event == '{' || *event == '[' || *event == '"';
}

static int read_event(const char *event, char **data, size_t *size)
{
    if (!is_json(event)) {
        return isere_files_read(event, data, size);
    }
    /* A copy, so that both kinds are the caller's to free. */
    *data = strdup(event);
    *size = strlen(event);
    return *data ? 0 : ISERE_ERR_NOMEM;
}

int isere_event_file_read(const isere_args_t *args, char **data, size_t *size)
{
    bool is_stdin = args->event && strcmp(args->event, "-") == 0;
    const char *name = args->event;
    isere_json_error_t wrong;
    *data = NULL;
    *size = 0;
    if (!args->event) {
        return 0;
    }
    /* What messages call it: the JSON itself would be too long. */
    if (is_stdin || is_json(name)) {
        name = is_stdin ? "standard input" : "--event";
    }
    if (read_event(args->event, data, size) != 0) {
        fprintf(stderr, "isere: cannot read %s: %s\n", name, strerror(errno));
        return ISERE_ERR_IO;
    }
    if (!isere_json_check_object(isere_slice_of(*data, *size), &wrong)) {
        fprintf(stderr, "isere: %s:%d:%d: the event is not a JSON object: %s\n",
                name, wrong.line, wrong.column, wrong.message);
        return ISERE_ERR_INVAL;
    }
    return 0;
}
