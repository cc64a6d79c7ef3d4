/*
 * A strict check of JSON texts (RFC 8259) for tests: one value, valid UTF-8,
 * nothing around it but white space. Independent of the code that it checks,
 * but for isere_utf8_valid. Pure function; any thread.
 */
#ifndef ISERE_TESTS_JSON_CHECK_H
#define ISERE_TESTS_JSON_CHECK_H

#include <stdbool.h>
#include <stddef.h>

/* Whether the bytes are a JSON text, nested 16 deep at most. */
bool isere_json_check(const char *text, size_t len);

#endif
