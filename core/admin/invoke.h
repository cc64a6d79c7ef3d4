/* Direct invocations: the body is the event, and the answer says what became of
 * it, with its log lines. */
#ifndef ISERE_CORE_ADMIN_INVOKE_H
#define ISERE_CORE_ADMIN_INVOKE_H

#include "core/admin/admin.h"

void isere__invoke_start(const isere_admin_side_t *side, isere_connection_t *c,
                         const isere_call_t *call);

#endif
