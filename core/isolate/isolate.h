/*
 * An isolate: one JavaScript heap with one function in it, its snapshot, and
 * at most one invocation at a time. Every invocation starts in the heap that
 * the init phase left, byte for byte.
 *
 *   create -> start -> (resume ...) -> READY, or FAILED
 *   READY -> invoke -> (resume ...) -> COMPLETE -> reset -> READY -> ...
 *
 * Nothing here blocks: while the code awaits a timer the isolate is WAITING,
 * and its owner calls resume at isere_isolate_wakeup_us. So it does while the
 * isolate is RUNNING: its code takes long, and the port lets it go on beside
 * the owner's thread.
 *
 * Thread: that of the port it was created with.
 */
#ifndef ISERE_CORE_ISOLATE_ISOLATE_H
#define ISERE_CORE_ISOLATE_ISOLATE_H

#include "core/heap/snapshot.h"
#include "core/isolate/image/flash_image.h"
#include "core/lambda/invocation.h"
#include "core/lambda/response/error_answer.h"
#include "core/lambda/response/response.h"
#include "isere/isere.h"

typedef struct isere_isolate isere_isolate_t;

typedef enum isere_isolate_state {
    ISERE_ISOLATE_WAITING,  /* for a timer, in the init phase or a request */
    ISERE_ISOLATE_RUNNING,  /* in a request, beside the owner's thread */
    ISERE_ISOLATE_READY,    /* for invoke */
    ISERE_ISOLATE_COMPLETE, /* the outcome can be read; reset comes next */
    ISERE_ISOLATE_FAILED,   /* the init phase failed; destroy it */
} isere_isolate_state_t;

/* An isolate for the function, which must outlive it. NULL when out
 * of memory. */
isere_isolate_t *isere_isolate_create(const isere_port_t *port,
                                      const isere_function_t *function);

/*
 * The same for an isolate that shares the copy behind its snapshot with others
 * of the function, where it can: `family` is NULL (none) or stays until the
 * isolate is destroyed. Saves memory, costs time in each reset. With an image
 * of this function, which is held as long (NULL: none), the isolate is READY at
 * once if the image has a copy for its place.
 */
isere_isolate_t *isere_isolate_create_in(const isere_port_t *port,
                                         const isere_function_t *function,
                                         isere_snapshot_family_t *family,
                                         const isere_flash_image_t *image);

/* Begins the init phase. *fault is filled when the state is FAILED, now or
 * after a resume; it is borrowed until the init phase has ended. */
isere_isolate_state_t isere_isolate_start(isere_isolate_t *isolate,
                                          isere_fault_t *fault);

/* Begins an invocation in a READY isolate. What `invocation` points to must
 * stay until reset; the struct itself is copied. */
isere_isolate_state_t
isere_isolate_invoke(isere_isolate_t *isolate,
                     const isere_invocation_t *invocation);

/* Goes on with a WAITING isolate: calls the timers that are due, or ends it
 * when its deadline has passed. Looks whether a RUNNING one has ended. */
isere_isolate_state_t isere_isolate_resume(isere_isolate_t *isolate);

/* Of a COMPLETE or FAILED isolate: whether isère itself had a fault in it,
 * which the port contained. Its heap is given up: it can only be destroyed. The
 * error is ISERE_ERROR_CRASH, the reason says where. */
bool isere_isolate_has_crashed(const isere_isolate_t *isolate);

/* Of a FAILED isolate: ISERE_ERR_HANDLER; ISERE_ERR_NOMEM when the function is
 * fine and only memory for one more isolate was missing; ISERE_ERR_CRASH. */
int isere_isolate_failure(const isere_isolate_t *isolate);

/* When a WAITING or RUNNING isolate must be resumed: monotonic
 * microseconds. */
uint64_t isere_isolate_wakeup_us(const isere_isolate_t *isolate);

isere_isolate_state_t isere_isolate_state(const isere_isolate_t *isolate);

/* The body of an answer that the handler gives as a stream, to an invocation
 * that may_stream. */
typedef enum isere_stream_state {
    ISERE_STREAM_NONE, /* the body is the response's, as a whole */
    ISERE_STREAM_OPEN,
    ISERE_STREAM_ENDED,
    ISERE_STREAM_FAILED, /* what was read is not the whole */
} isere_stream_state_t;

isere_stream_state_t isere_isolate_stream(const isere_isolate_t *isolate);

/* Copies what there is of an OPEN one, up to `size` bytes, and returns how
 * many. 0: the next chunk is asked for, and comes when the isolate is resumed.
 */
size_t isere_isolate_read(isere_isolate_t *isolate, char *buf, size_t size);

/* Nobody reads it any more: the handler is told when the isolate is resumed. */
void isere_isolate_drop_stream(isere_isolate_t *isolate);

/* Whether the outcome can be read: of a COMPLETE isolate, and of one that is
 * WAITING for what ctx.waitUntil was given or for a reader of its stream, and
 * borrows nothing any more. */
bool isere_isolate_is_answered(const isere_isolate_t *isolate);

/* Of an answered isolate: NULL when the handler answered, else the constant
 * answer to what went wrong. */
const isere_error_answer_t *isere_isolate_error(const isere_isolate_t *isolate);

/* Of a COMPLETE isolate without an error: the response. Valid until reset. */
const isere_response_t *isere_isolate_response(const isere_isolate_t *isolate);

/* Of a COMPLETE isolate with an error: what went wrong, for people. Valid
 * until the next invocation. */
const char *isere_isolate_reason(const isere_isolate_t *isolate);

/* The id of the invocation that was begun last. Valid until the next one. */
const char *isere_isolate_request_id(const isere_isolate_t *isolate);

/* Restores the heap of a COMPLETE isolate that has not crashed, or of one that
 * is WAITING or RUNNING in an invocation that is given up. It is READY then. */
void isere_isolate_reset(isere_isolate_t *isolate);

/* Releases an isolate in any state. NULL is fine. */
void isere_isolate_destroy(isere_isolate_t *isolate);

/* Whether the isolate was made from an image. */
bool isere_isolate_has_image(const isere_isolate_t *isolate);

/* Whether a READY isolate shares another's copy, which makes its resets
 * slower. */
bool isere_isolate_is_relocated(const isere_isolate_t *isolate);

/* Of a COMPLETE isolate: the most bytes of the heap that were in use at
 * once. */
size_t isere_isolate_peak(const isere_isolate_t *isolate);

/* Bytes of the heap after the init phase: the size of the snapshot. */
size_t isere_isolate_heap_size(const isere_isolate_t *isolate);

#endif
