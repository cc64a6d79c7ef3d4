/* What the files of the control plane in a server share. */
#ifndef ISERE_CORE_SERVER_PLANE_INTERNAL_H
#define ISERE_CORE_SERVER_PLANE_INTERNAL_H

#include "core/server/answer.h"
#include "core/server/server.h"

/* Fields of an answer. */
enum { ISERE_PLANE_FIELDS_MAX = 8 };

typedef struct isere_plane_fields {
    isere_field_t list[ISERE_PLANE_FIELDS_MAX];
    size_t count;
} isere_plane_fields_t;

/* ---- plane.c ---- */

/* Those of all answers: never stored, never taken for something else. */
isere_plane_fields_t isere__plane_fields(const char *type);

/* One more; both are borrowed until the answer is made. */
void isere__plane_field(isere_plane_fields_t *fields, const char *name,
                        const char *value);

/* Answers with a text that is copied. */
void isere__plane_answer_text(isere_connection_t *c, int status,
                              const isere_plane_fields_t *fields,
                              isere_slice_t text);

/* Answers with JSON in memory of the port, which is given back. */
void isere__plane_answer_owned(isere_connection_t *c, int status, char *text,
                               size_t size);

/* The same with JSON that `put` writes, as often as it takes until it fits. */
void isere__plane_answer_built(isere_connection_t *c,
                               void (*put)(isere_writer_t *text,
                                           const void *arg),
                               const void *arg);

/* Answers {"message": ...}. */
void isere__plane_refuse(isere_connection_t *c, int status,
                         const char *message);
void isere__plane_no_memory(isere_connection_t *c);

uint64_t isere__plane_uptime_us(const isere_server_t *server);

/* ---- plane_streams.c, plane_invoke.c, plane_jobs.c ---- */

void isere__plane_start_metrics(isere_connection_t *c);
void isere__plane_start_logs(isere_connection_t *c, const isere_call_t *call);
void isere__plane_start_invoke(isere_connection_t *c, const isere_call_t *call);
void isere__plane_start_job(isere_connection_t *c, const isere_call_t *call);
void isere__plane_turn(void *ctx);
void isere__plane_detach(void *ctx);

#endif
