/*
 * What code above the server (an endpoint) may do with a request under way and
 * with its server. With answer.h and request.h this is all it uses: a
 * connection has no fields for it.
 *
 * Thread: the server's.
 */
#ifndef ISERE_CORE_SERVER_EXCHANGE_H
#define ISERE_CORE_SERVER_EXCHANGE_H

#include "core/server/connection/answer.h"
#include "core/server/endpoint.h"
#include "core/server/request.h"

/* ---- a request ---- */

const isere_http_request_t *isere_exchange_request(const isere_connection_t *c);
isere_server_t *isere_exchange_server(const isere_connection_t *c);

/* The answer comes later: `abandon` is called if the client leaves before.
 * Until then `work` is the exchange's; NULL when there was none. */
void isere_exchange_wait(isere_connection_t *c, void *work,
                         void (*abandon)(isere_connection_t *c));
void *isere_exchange_work(const isere_connection_t *c);

/* How long its body will be; 0 when only the end will tell. */
uint64_t isere_exchange_length(const isere_connection_t *c);

/*
 * For `judge`: the body goes to `take`, piece by piece, and not into memory,
 * and `start` comes after the last one. `take` returns true, or answers the
 * request and returns false. `abandon` is called when the rest of the body will
 * not come, or the request was answered before it was there. Returns false when
 * `take` has answered already.
 */
bool isere_exchange_take_body(isere_connection_t *c, void *work,
                              bool (*take)(isere_connection_t *c,
                                           isere_slice_t piece),
                              void (*abandon)(isere_connection_t *c));

/* The answer that comes now is the last: the rest of the body is not read. */
void isere_exchange_end(isere_connection_t *c);

/* ---- its server ---- */

/* One endpoint at most, before run; it is detached when the server goes. */
void isere_server_attach(isere_server_t *server,
                         const isere_endpoint_t *endpoint, void *ctx);

const isere_port_t *isere_server_port(const isere_server_t *server);

/* What it serves, and which catalog that is: ULONG_MAX when it stopped. */
isere_catalog_t *isere_server_catalog(const isere_server_t *server);
unsigned long isere_server_generation(const isere_server_t *server);

typedef struct isere_server_state {
    uint64_t now_us;
    unsigned connections; /* of all servers, as are those below */
    size_t buffer_bytes;
    size_t buffer_limit;
    unsigned long buffer_refusals;
    bool stops;
} isere_server_state_t;

void isere_server_get_state(const isere_server_t *server,
                            isere_server_state_t *state);

/* Whether it has begun to stop: answers without an end should end. */
bool isere_server_is_stopping(const isere_server_t *server);

/* The thread was not the server's for a while. */
void isere_server_was_busy(isere_server_t *server);

/* Gives up an idle instance, to make room in memory; false when there is none.
 */
bool isere_server_make_room(isere_server_t *server);

/* How many instances there may be. */
unsigned isere_server_instances(const isere_server_t *server);

/* Does without one instance, whose memory something else has then: an idle one
 * is given up if need be. False when none is idle: then the first that becomes
 * idle goes, and this is to be called again. */
bool isere_server_lend(isere_server_t *server);

/* They may be made again. Any thread; wake the server afterwards. */
void isere_server_take_back(isere_server_t *server, unsigned instances);

#endif
