/*
 * Between the files of the response decoder: response.c reads the object,
 * response_fields.c its header fields, response_body.c its body.
 */
#ifndef ISERE_CORE_LAMBDA_RESPONSE_RESPONSE_DECODER_H
#define ISERE_CORE_LAMBDA_RESPONSE_RESPONSE_DECODER_H

#include "core/lambda/response/response.h"

typedef struct isere_decoder {
    JSContext *ctx;
    const isere_names_t *names;
    isere_response_t *response;
    char *reason;

    /* Names and values lie one behind the other in response->field_text,
     * which may move while it grows: until the end, slices are offsets. */
    size_t text_len;
    size_t text_cap;
    struct {
        uint32_t name;
        uint32_t value;
    } offsets[ISERE_MAX_RESPONSE_FIELDS];
    unsigned capacity;     /* of response->fields */
    unsigned first_multi;  /* fields before it are those of headers */
    unsigned given;        /* fields, the dropped ones included */
    bool has_type;         /* the handler names a content type */
    JSValueConst streamed; /* the body of a Response; undefined for none */
} isere_decoder_t;

/* All of these return 0 or what isere_response_decode returns. */

/* Fills in the reason, `name` in the place of the %s that `text` may have.
 * Returns ISERE_ERR_HANDLER. */
int isere__response_malformed(isere_decoder_t *d, const char *text,
                              isere_slice_t name);

/* For a pending exception: leaves it pending when it is a limit, else takes
 * it into the reason. */
int isere__response_threw(isere_decoder_t *d, const char *while_doing);

/* Room for one more field in response->fields. */
int isere__response_reserve_field(isere_decoder_t *d);

/* The fields of headers, multiValueHeaders and cookies. */
int isere__response_headers(isere_decoder_t *d, JSValueConst headers);
int isere__response_multi_headers(isere_decoder_t *d, JSValueConst headers);
int isere__response_cookies(isere_decoder_t *d, JSValueConst cookies);

/* One field line. Its name was checked, the value is a string. */
int isere__response_field(isere_decoder_t *d, isere_slice_t name,
                          JSValueConst value);

/* Turns offsets into slices; no field is added after it. */
void isere__response_end_fields(isere_decoder_t *d);

/* The body; adds the default content type where there is none. */
int isere__response_body(isere_decoder_t *d, JSValueConst body, bool base64);

#endif
