/* Calls that change or read the store: jobs for the thread that does such work.
 * A job belongs to its server until that one is gone. */
#ifndef ISERE_CORE_ADMIN_JOBS_H
#define ISERE_CORE_ADMIN_JOBS_H

#include "core/admin/admin.h"

void isere__jobs_start(isere_admin_side_t *side, isere_connection_t *c,
                       const isere_call_t *call);

/* Answers those that are done. */
void isere__jobs_turn(isere_admin_side_t *side);

/* The server goes: its jobs no longer have an owner. */
void isere__jobs_detach(isere_admin_side_t *side);

#endif
