/* Answers that are there at once. */
#ifndef ISERE_CORE_ADMIN_REPLY_H
#define ISERE_CORE_ADMIN_REPLY_H

#include "core/admin/admin.h"
#include "core/util/writer.h"

enum { ISERE_REPLY_FIELDS = 8 };

/* Fields of an answer; borrowed until it is made. */
typedef struct isere_reply_fields {
    isere_field_t list[ISERE_REPLY_FIELDS];
    size_t count;
} isere_reply_fields_t;

/* Those of all answers: never stored, never taken for something else. */
isere_reply_fields_t isere__reply_fields(const char *type);

/* One more. */
void isere__reply_field(isere_reply_fields_t *fields, const char *name,
                        isere_slice_t value);

/* Answers with a text that is copied. */
void isere__reply_text(isere_connection_t *c, int status,
                       const isere_reply_fields_t *fields, isere_slice_t text);

/* Answers with JSON in memory of the port, which is freed. */
void isere__reply_owned(isere_connection_t *c, int status, char *text,
                        size_t size);

/* The same with JSON that `put` writes, as often as it takes until it fits. */
void isere__reply_built(isere_connection_t *c,
                        void (*put)(isere_writer_t *text, const void *arg),
                        const void *arg);

/* Answers {"message": ...}. */
void isere__reply_refused(isere_connection_t *c, const isere_call_t *call);
void isere__reply_refuse(isere_connection_t *c, int status,
                         const char *message);
void isere__reply_no_memory(isere_connection_t *c);

/* The dashboard. */
void isere__reply_page(isere_connection_t *c);

#endif
