/* Random UUIDs, version 4: RFC 9562 section 5.4. Pure function; any thread. */
#ifndef ISERE_CORE_UTIL_ENCODE_UUID_H
#define ISERE_CORE_UTIL_ENCODE_UUID_H

enum { ISERE_UUID_BYTES = 16, ISERE_UUID_TEXT = 36 };

/* Writes the UUID made of these random bytes (version and variant are set
 * here) as 36 characters in lower case, and a NUL. */
void isere_uuid_format(const unsigned char random[ISERE_UUID_BYTES],
                       char out[ISERE_UUID_TEXT + 1]);

#endif
