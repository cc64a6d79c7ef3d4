/* Formats of events, as they are written in options and packages. */
#ifndef ISERE_CORE_UTIL_NAMES_PAYLOAD_H
#define ISERE_CORE_UTIL_NAMES_PAYLOAD_H

/* By isere_payload_t; ended by NULL. */
extern const char *const isere_payload_names[];

#endif
