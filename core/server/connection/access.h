/* The access log: a line for each request. */
#ifndef ISERE_CORE_SERVER_CONNECTION_ACCESS_H
#define ISERE_CORE_SERVER_CONNECTION_ACCESS_H

#include "core/server/connection/types.h"

/* The request of `c` is over: answered, or left by its client. Its bytes are
 * still where they were received. */
void isere__access_log(isere_connection_t *c);

#endif
