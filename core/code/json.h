/*
 * JSON text of values in the usual shapes, straight to bytes.
 */
#ifndef ISERE_CORE_CODE_JSON_H
#define ISERE_CORE_CODE_JSON_H

#include "core/code/js_text.h"

typedef enum isere_json {
    ISERE_JSON_WRITTEN,
    ISERE_JSON_OTHER,  /* not a usual shape: for JSON.stringify */
    ISERE_JSON_FAILED, /* out of memory; the exception is pending */
} isere_json_t;

/*
 * Appends what JSON.stringify(value) gives, in UTF-8, where that can be told
 * without running code and without doubt: plain objects and arrays, nested
 * ISERE_JSON_DEPTH deep at most, of strings, numbers, booleans, null and
 * undefined, which inherit no toJSON, have no accessors and no numbers among
 * their names. For any other value what `text` holds is of no use, and nothing
 * else has changed. Uses the same stack for every value. `to_json` is the atom
 * of that name.
 */
isere_json_t isere_json_write(isere_js_text_t *text, JSAtom to_json,
                              JSValueConst value);

#define ISERE_JSON_DEPTH 16

#endif
