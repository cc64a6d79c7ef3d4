/* A line of a server's log, for people: as `isere serve` logs in text. */
#ifndef ISERE_APPS_ISERE_CLIENT_LOG_LINE_H
#define ISERE_APPS_ISERE_CLIENT_LOG_LINE_H

#include "ports/linux/out.h"

/* Texts of a server; those that are empty are left out. */
typedef struct isere_log_line {
    isere_slice_t time;
    isere_slice_t level; /* "info" */
    isere_slice_t function;
    isere_slice_t request_id;
    isere_slice_t message;
} isere_log_line_t;

/* Puts "TIME LEVEL function [request id] message". */
void isere_log_line_put(isere_out_t *out, const isere_log_line_t *line);

#endif
