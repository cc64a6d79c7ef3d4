/*
 * The globals that handlers see, one file each. Every install function adds
 * its global(s) to a fresh context during the init phase and returns 0, or -1
 * with a JavaScript exception pending. None keeps state outside the heap.
 */
#ifndef ISERE_CORE_WEB_WEB_H
#define ISERE_CORE_WEB_WEB_H

#include "core/web/host.h"
#include "core/web/intrinsics.h"
#include "quickjs.h"

/* A pending setTimeout or setInterval, see timers.c. */
struct isere_timer;

/*
 * State of the globals, one per isolate, inside the heap (so that a restore
 * resets it with everything else). Allocated zeroed, before isere_web_install
 * fills it.
 */
typedef struct isere_web_state {
    isere_intrinsics_t intrinsics;

    /* A binary heap, ordered by due time and then by age; see timers.c. */
    struct isere_timer *timers;
    uint32_t timers_count;
    uint32_t timers_capacity;
    uint32_t timers_held; /* of the pending, without those that are unref'd */
    uint32_t last_timer_id;
    uint32_t last_timer_age;
    JSValue console_tables[2]; /* counts and timers; see console_more.c */
    uint32_t console_indent;   /* spaces, by open groups */
    uint32_t running_timer_id; /* 0: none, or it was cleared meanwhile */
    struct isere_body_stream *body_streams; /* see fetch/body_stream.h */
    JSValue parts; /* globals in JavaScript that are loaded; see lazy.h */
} isere_web_state_t;

/*
 * Allocates class ids, which QuickJS numbers per process. Called once before
 * the first isolate, by one thread.
 */
void isere_web_register_classes(void);

/*
 * Installs everything below into a context that has run no user code and
 * whose isere_host_web_state is there. 0, or -1 with an exception pending.
 */
int isere_web_install(JSContext *ctx);

/* Fills process.env, once, before user code runs. 0, or -1 with an exception
 * pending. */
int isere_web_set_env(JSContext *ctx);

/* Gives back what the state holds in the heap, for an owner that frees the
 * runtime instead of dropping its arena. The state itself stays. */
void isere_web_uninstall(JSContext *ctx);

/*
 * What an object holds besides properties: *entries becomes, for a Map, a plain
 * object with its entries, else undefined. Returns 0; -1 with an exception
 * pending; 1 for an object that is made for something else than properties.
 */
int isere_web_entries(JSContext *ctx, JSValueConst value, JSValue *entries);

int isere__console_install(JSContext *ctx, JSValueConst global);
int isere__timers_install(JSContext *ctx, JSValueConst global);
int isere__microtask_install(JSContext *ctx, JSValueConst global);
int isere__structured_clone_install(JSContext *ctx, JSValueConst global);
int isere__text_encoding_install(JSContext *ctx, JSValueConst global);
int isere__base64_install(JSContext *ctx, JSValueConst global);
int isere__url_install(JSContext *ctx, JSValueConst global);
int isere__performance_install(JSContext *ctx, JSValueConst global);
int isere__crypto_install(JSContext *ctx, JSValueConst global);
int isere__math_install(JSContext *ctx, JSValueConst global);
int isere__process_install(JSContext *ctx, JSValueConst global);
int isere__locale_install(JSContext *ctx, JSValueConst global);
int isere__lazy_install(JSContext *ctx, JSValueConst global);

/* Parts of isere_web_register_classes. */
void isere__text_encoding_register_classes(void);
void isere__url_register_classes(void);
void isere__timers_register_class(void);

/*
 * Defines a global object with these members. At once, not when it is first
 * used as JS_OBJECT_DEF does: QuickJS ends the process when the heap is full
 * while it does that. 0, or -1 with an exception pending.
 */
int isere__web_define_object(JSContext *ctx, JSValueConst global,
                             const char *name,
                             const JSCFunctionListEntry *members, int count);

/* Throws a DOMException of that name. Returns JS_EXCEPTION. */
JSValue isere__web_throw_dom(JSContext *ctx, const char *name,
                             const char *message);

/* setTimeout with a timer that is unref'd already; gives nothing back. */
JSValue isere__timers_set_unref(JSContext *ctx, int argc, JSValueConst *argv);

/* A string as UTF-8 in a new Uint8Array, and bytes as a string ("UTF-8 decode"
 * of Encoding: without a byte order mark, errors become U+FFFD). */
JSValue isere__text_encode(JSContext *ctx, JSValueConst string);
JSValue isere__text_decode(JSContext *ctx, const uint8_t *bytes, size_t len);

/* The bytes behind an ArrayBuffer, a typed array or a DataView. 1 when it is
 * one, 0 when `value` is something else, -1 with an exception pending (a
 * detached buffer). Valid until user code runs. */
int isere_web_bytes(JSContext *ctx, JSValueConst value, uint8_t **bytes,
                    size_t *len);

/* The same where a detached buffer has no bytes (Web IDL, "get a copy of the
 * bytes held by the buffer source"): 1 then, and *len is 0. */
int isere__web_bytes_if_any(JSContext *ctx, JSValueConst value, uint8_t **bytes,
                            size_t *len);

#endif
