/* Which connection gives way to a new client, and how: see place.h. */
#include "core/server/connection/place.h"
#include "core/server/connection/answer.h"
#include "core/server/server.h"

/* Since when an idle connection is idle: its deadline is that much later. */
static uint64_t idle_since(const isere_connection_t *c)
{
    const isere_limits_config_t *config = &c->server->limits->config;
    uint64_t ms =
        c->fresh ? config->header_timeout_ms : config->idle_timeout_ms;
    return c->deadline_us - ms * 1000;
}

/* Since when there has been nothing to do, or hardly anything to receive; 0:
 * it has something to do. Its answers may be unsent: that is not its fault. */
static uint64_t free_since(const isere_connection_t *c)
{
    if (isere__connection_is_idle(c)) {
        return idle_since(c);
    }
    return c->state == ISERE_CONN_READING && isere__connection_has_begun(c) &&
                   !isere__connection_has_unsent(c) && !c->resume
               ? c->paced_us
               : 0;
}

static bool is_before(const isere_connection_t *c, const isere_connection_t *d)
{
    bool c_idle = isere__connection_is_idle(c);
    bool d_idle = isere__connection_is_idle(d);
    return c_idle != d_idle ? c_idle : free_since(c) < free_since(d);
}

bool isere__place_is_free(const isere_connection_t *c)
{
    uint64_t since_us = free_since(c);
    return since_us && c->server->clock.now_us - since_us >= ISERE_PLACE_US;
}

/* One pass over all of them, for a client that would have to wait otherwise.
 */
isere_connection_t *isere__place_find(const isere_server_t *server)
{
    isere_connection_t *found = NULL;
    for (isere_connection_t *c = server->connections.first; c; c = c->next) {
        if (isere__place_is_free(c) && (!found || is_before(c, found))) {
            found = c;
        }
    }
    return found;
}

/* Nothing of the client is unread, so it need not be waited for: what was sent
 * is not lost in a reset. */
void isere__place_clear(isere_connection_t *c)
{
    if (isere__connection_has_begun(c)) {
        isere__answer_refuse(c, 408);
        (void)isere__connection_settle(c); /* no request follows */
        if (c->state != ISERE_CONN_DRAINING) {
            return; /* closed, or the answer is on its way */
        }
    }
    isere__connection_close(c);
}
