/* The body of a deploy, in flash from its first piece on: for packages that a
 * device's memory does not hold. */
#ifndef ISERE_CORE_ADMIN_STAGE_H
#define ISERE_CORE_ADMIN_STAGE_H

#include "core/admin/admin.h"

/* Where a body is collected. */
typedef struct isere_stage isere_stage_t;

/*
 * A deploy whose body is to come: where the registry has a flash, the body goes
 * there, and the stage is the exchange's work when the request is complete.
 * Returns true when the request was answered instead.
 */
bool isere__stage_begin(const isere_admin_side_t *side, isere_connection_t *c,
                        const isere_call_t *call);

/* The whole of it, with a NUL behind; good until the stage is freed. Returns 0
 * or ISERE_ERR_IO. */
int isere__stage_end(isere_stage_t *stage, isere_slice_t *body);

/* The answer when the flash failed. */
void isere__stage_refuse(isere_connection_t *c);

/* NULL is fine. */
void isere__stage_free(const isere_port_t *port, isere_stage_t *stage);

#endif
