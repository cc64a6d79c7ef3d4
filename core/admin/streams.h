/* Metrics and log lines: answers that are made while they are sent. */
#ifndef ISERE_CORE_ADMIN_STREAMS_H
#define ISERE_CORE_ADMIN_STREAMS_H

#include "core/admin/admin.h"

void isere__streams_metrics(const isere_admin_side_t *side,
                            isere_connection_t *c);
void isere__streams_logs(isere_admin_side_t *side, isere_connection_t *c,
                         const isere_call_t *call);

/* The files of a function, where memory has no room for them. */
void isere__streams_files(const isere_admin_side_t *side, isere_connection_t *c,
                          const isere_call_t *call);

/* Streams that follow the log go on, when there are new lines. */
void isere__streams_turn(isere_admin_side_t *side);

#endif
