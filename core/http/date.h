/*
 * The Date field's format: IMF-fixdate of RFC 9110 section 5.6.7.
 */
#ifndef ISERE_CORE_HTTP_DATE_H
#define ISERE_CORE_HTTP_DATE_H

#include <stdint.h>

#define ISERE_HTTP_DATE_LEN 29

/*
 * Writes the date of `unix_seconds` (since 1970-01-01 UTC, may be negative)
 * as 29 characters and a NUL, for example "Sun, 06 Nov 1994 08:49:37 GMT".
 * Times outside the years 0 to 9999 are moved to the nearest one inside.
 * Pure function, any thread. Callers keep the text for the second it holds.
 */
void isere_http_date(int64_t unix_seconds, char out[ISERE_HTTP_DATE_LEN + 1]);

#endif
