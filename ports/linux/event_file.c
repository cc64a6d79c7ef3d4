#include "ports/linux/event_file.h"
#include "core/util/json_check.h"
#include "isere/error.h"
#include "ports/linux/files.h"
#include <errno.h>
#include <stdio.h>

int isere_event_file_read(const isere_args_t *args, char **data, size_t *size)
{
    bool is_stdin = args->event && strcmp(args->event, "-") == 0;
    const char *name = is_stdin ? "standard input" : args->event;
    isere_json_error_t wrong;

    *data = NULL;
    *size = 0;
    if (!args->event) {
        return 0;
    }
    if (isere_files_read(args->event, data, size) != 0) {
        fprintf(stderr, "isere: cannot read %s: %s\n", name, strerror(errno));
        return ISERE_ERR_IO;
    }
    if (!isere_json_check_object(isere_slice_of(*data, *size), &wrong)) {
        fprintf(stderr, "isere: %s:%d:%d: the event is no JSON object: %s\n",
                name, wrong.line, wrong.column, wrong.message);
        return ISERE_ERR_INVAL;
    }
    return 0;
}
