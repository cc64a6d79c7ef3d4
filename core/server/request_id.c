/* Ids of requests: random UUIDs, from random bytes that are taken from the port
 * many at a time. */
#include "core/server/request_id.h"
#include "core/util/encode/uuid.h"

bool isere__request_id_make(isere_server_t *server,
                            char id[ISERE_REQUEST_ID_LEN + 1])
{
    const isere_port_t *port = server->port;
    isere_random_t *random = &server->random;
    id[0] = '\0';
    if (random->left < ISERE_UUID_BYTES) {
        if (port->random(port->ctx, random->bytes, ISERE_REQUEST_RANDOM)) {
            return false;
        }
        random->left = ISERE_REQUEST_RANDOM;
    }
    random->left -= ISERE_UUID_BYTES;
    isere_uuid_format(random->bytes + random->left, id);
    return true;
}

isere_slice_t isere__request_id(isere_server_t *server, isere_exchange_t *x)
{
    if (!x->request_id[0] && !isere__request_id_make(server, x->request_id)) {
        return isere_slice("");
    }
    return isere_slice_of(x->request_id, ISERE_REQUEST_ID_LEN);
}
