/* Formats of events by name. */
#include "core/util/names/payload.h"
#include "isere/isere.h"

const char *const isere_payload_names[] = {
    [ISERE_PAYLOAD_ISERE] = "isere",
    [ISERE_PAYLOAD_1_0] = "1.0",
    [ISERE_PAYLOAD_2_0] = "2.0",
    NULL,
};
