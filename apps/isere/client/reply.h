/*
 * JSON texts of a server, read with the engine's own JSON.parse in a heap of
 * its own. Thread: that of the port.
 */
#ifndef ISERE_APPS_ISERE_CLIENT_REPLY_H
#define ISERE_APPS_ISERE_CLIENT_REPLY_H

#include "core/code/engine.h"
#include "isere/slice.h"

typedef struct isere_reply {
    isere_heap_t heap;
    JSValue value;      /* what the text says: an object */
    const char **texts; /* handed out since the text was parsed */
    size_t ntexts, room;
    isere_slice_t parsing; /* private, of isere_reply_parse */
    bool failed;           /* the same */
} isere_reply_t;

/* Makes the heap; must stay where it is until deinit. Returns 0 or
 * ISERE_ERR_NOMEM (nothing to deinit then). */
int isere_reply_init(isere_reply_t *reply, const isere_port_t *port);
void isere_reply_deinit(isere_reply_t *reply);

/*
 * Parses a text, behind which there is a NUL, in place of the last one: false
 * when it is no JSON object, or too large, and reply->value is undefined. What
 * the functions below return is valid until the next call of this.
 */
bool isere_reply_parse(isere_reply_t *reply, isere_slice_t text);

/* A member of an object, or an element of an array; undefined when there is no
 * such thing, or `value` is neither. */
JSValueConst isere_reply_member(isere_reply_t *reply, JSValueConst value,
                                const char *name);
JSValueConst isere_reply_element(isere_reply_t *reply, JSValueConst value,
                                 uint32_t index);

/* How many elements an array has; 0 for all else. */
uint32_t isere_reply_count(isere_reply_t *reply, JSValueConst value);

/* A member that is a text, in UTF-8 with a NUL behind it; `ptr` is NULL when
 * it is none. The second: the value itself. */
isere_slice_t isere_reply_text(isere_reply_t *reply, JSValueConst value,
                               const char *name);
isere_slice_t isere_reply_as_text(isere_reply_t *reply, JSValueConst value);

/* A member that is a whole number from 0 to 2^53; 0 when it is none. */
uint64_t isere_reply_number(isere_reply_t *reply, JSValueConst value,
                            const char *name);

/* The JSON text of a value; `ptr` is NULL when out of memory. */
isere_slice_t isere_reply_json(isere_reply_t *reply, JSValueConst value);

#endif
