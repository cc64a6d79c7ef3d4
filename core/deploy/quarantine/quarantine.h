/*
 * Functions that faulted: when, where, and which of them did so often enough to
 * be served no more. A fault is one of ours, in the engine or below it, while a
 * function ran: what costs an invocation on Linux, and the device a reset.
 *
 * A function of which `faults` fell within `window_s` seconds is quarantined,
 * until it is released, another version of it is served, or, with a rule that
 * says so, some time has passed. The table is kept in a blob of its own
 * (docs/store.md), so that a restart changes nothing.
 *
 * Memory: an entry of the port for each function that faulted, none for others.
 * Threads: one at a time; isere_registry_t locks.
 */
#ifndef ISERE_CORE_DEPLOY_QUARANTINE_QUARANTINE_H
#define ISERE_CORE_DEPLOY_QUARANTINE_QUARANTINE_H

#include "core/store/store.h"
#include "isere/registry.h"
#include <stdbool.h>

enum {
    ISERE_QUARANTINE_FAULTS = 8,   /* most that a rule may ask for */
    ISERE_QUARANTINE_ENTRIES = 32, /* functions that are remembered */
    ISERE_QUARANTINE_WHERE = 80,   /* with its NUL */
    ISERE_QUARANTINE_HEAD = 8,     /* bytes of the blob before its entries */
    ISERE_QUARANTINE_ENTRY = 184,  /* bytes of an entry in the blob */
    /* The longest blob: head, entries, checksum. */
    ISERE_QUARANTINE_BLOB = ISERE_QUARANTINE_HEAD +
                            ISERE_QUARANTINE_ENTRIES * ISERE_QUARANTINE_ENTRY +
                            4,
};

/* The blob's name: that of no function and of no version. */
#define ISERE_QUARANTINE_NAME "quarantine.state"

typedef struct isere_quarantine_entry {
    char name[ISERE_FUNCTION_NAME_MAX];
    bool quarantined;
    uint8_t count; /* of times */
    uint32_t version;
    int64_t times[ISERE_QUARANTINE_FAULTS]; /* seconds; the last one last */
    char where[ISERE_QUARANTINE_WHERE];     /* of the last one, for people */
    int64_t since_s; /* when it was quarantined; not in the blob: there it is
                        the last of the times */
} isere_quarantine_entry_t;

typedef struct isere_quarantine {
    const isere_port_t *port; /* for its memory functions */
    unsigned faults;          /* the rule; 0: no function is ever quarantined */
    uint32_t window_s;
    uint32_t lasts_s; /* 0: until it is ended */
    unsigned count;   /* of entries */
    isere_quarantine_entry_t *entries;
    bool changed; /* since it was written */
} isere_quarantine_t;

/* An empty table. At most ISERE_QUARANTINE_FAULTS faults. */
void isere_quarantine_init(isere_quarantine_t *q, const isere_port_t *port,
                           unsigned faults, uint32_t window_s);
void isere_quarantine_deinit(isere_quarantine_t *q);

/*
 * Notes a fault of that version of a function, `at_s` seconds of a clock that
 * goes on across restarts. Faults of another version are forgotten. Returns 1
 * when the function is quarantined by it, 0 when not (or when it was already),
 * ISERE_ERR_NOMEM when there is no room to remember it.
 */
int isere_quarantine_report(isere_quarantine_t *q, const char *name,
                            uint32_t version, const char *where, int64_t at_s);

/* The entry of that name, or NULL. Valid until the next change. */
const isere_quarantine_entry_t *
isere_quarantine_find(const isere_quarantine_t *q, const char *name);

/* Notes what is known of a function, in place of what was. Returns 0 or
 * ISERE_ERR_NOMEM. */
int isere_quarantine_put(isere_quarantine_t *q,
                         const isere_quarantine_entry_t *entry);

/* Forgets a function; false when nothing was known of it. */
bool isere_quarantine_forget(isere_quarantine_t *q, const char *name);

/* Whether a function's quarantine has lasted long enough. */
bool isere_quarantine_is_over(const isere_quarantine_t *q, const char *name,
                              int64_t now_s);

/* How many bytes the table's blob has, and writes them. */
size_t isere_quarantine_size(const isere_quarantine_t *q);
void isere_quarantine_encode(const isere_quarantine_t *q, uint8_t *out);

/*
 * Reads a blob into an empty table. Returns NULL, or what is wrong, a constant
 * text: the table is empty then. What is read is trusted in nothing.
 */
const char *isere_quarantine_decode(isere_quarantine_t *q, const uint8_t *bytes,
                                    size_t size);

#endif
