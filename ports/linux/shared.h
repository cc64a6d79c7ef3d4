/*
 * Memory that the supervisor and the server share, and that survives the
 * server: what each of its threads is at, and what became of servers before it.
 *
 * There is none without a supervisor: then all of this does nothing.
 */
#ifndef ISERE_PORTS_LINUX_SHARED_H
#define ISERE_PORTS_LINUX_SHARED_H

#include "isere/registry.h"
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/types.h>

enum {
    ISERE_RUNNING_NAME = 64, /* with the NUL; longer ones are cut */
    ISERE_RUNNING_VERSION = 16,
    ISERE_SHARED_THREADS = ISERE_SERVERS_MAX + 4, /* workers, and some others */
    ISERE_SHARED_DEATHS = 8,
    ISERE_SHARED_TALLIES = 128,
};

enum {
    ISERE_RUNNING_NOTHING,
    ISERE_RUNNING_FUNCTION,
    ISERE_RUNNING_FAULTED, /* this thread's fault ended the server */
};

/* What a thread is at. */
typedef struct isere_running {
    atomic_uint state;
    atomic_bool taken;
    char name[ISERE_RUNNING_NAME];
    char version[ISERE_RUNNING_VERSION];
    /* Of the fault: */
    int number;
    uintptr_t address;
    uintptr_t pc; /* from the program's beginning */
} isere_running_t;

/* A function that ran when a server died. */
typedef struct isere_death {
    char name[ISERE_RUNNING_NAME];
    char version[ISERE_RUNNING_VERSION];
    char where[80];
    int64_t wall_s;
    uint32_t monotonic_s;
} isere_death_t;

/* What the supervisor said of a death. */
typedef struct isere_notice {
    char function[ISERE_RUNNING_NAME]; /* empty: of none */
    char text[256];
} isere_notice_t;

/* How often a function crashed, contained or not, since the supervisor began.
 */
typedef struct isere_tally {
    atomic_uint state;
    atomic_ulong count;
    char name[ISERE_RUNNING_NAME];
} isere_tally_t;

/* What kept.c keeps: two places, so that one is whole at any moment. */
typedef struct isere_kept_place {
    size_t code_size;
    size_t names_size;
    uint64_t sum;
} isere_kept_place_t;

typedef struct isere_kept_state {
    atomic_uint saves; /* the last one is in place saves % 2; 0: none yet */
    isere_kept_place_t places[2];
} isere_kept_state_t;

typedef struct isere_shared {
    pid_t supervisor;
    atomic_uint stops;     /* signals to stop that the supervisor got */
    atomic_bool announced; /* the line on stdout was printed */
    atomic_bool ready;     /* the present server has come to serve */
    uint32_t restarts;
    int64_t death_ms; /* the last one, on the monotonic clock */
    isere_kept_state_t kept;
    atomic_uint kept_end;  /* of what kept_blobs.c keeps, in pages */
    unsigned deaths_count; /* the last ones; one more overwrites the oldest */
    unsigned forgotten;    /* the first ones, of a function that was replaced */
    unsigned reported;     /* of them, by servers with a store */
    isere_death_t deaths[ISERE_SHARED_DEATHS];
    unsigned notices_count; /* the last ones */
    unsigned told;          /* of them, by servers that came to serve */
    isere_notice_t notices[ISERE_SHARED_DEATHS];
    isere_tally_t tallies[ISERE_SHARED_TALLIES];
    isere_running_t threads[ISERE_SHARED_THREADS];
} isere_shared_t;

/* Makes it, in the supervisor; NULL without memory. */
isere_shared_t *isere_shared_create(void);

/* What there is; NULL: there is no supervisor. */
isere_shared_t *isere_shared(void);

/* Whether a server before this one has come to serve: this one only goes on,
 * and makes nothing that a first start makes. */
bool isere_shared_is_restart(void);

/* A place for the calling thread; NULL when there is none. */
isere_running_t *isere_shared_claim(void);
void isere_shared_release(isere_running_t *running);

/* As exec_note of isere_port_t. */
void isere_shared_note(isere_running_t *running, const char *name,
                       const char *version);

/* One crash more of a function, and how many there were. Any thread; beyond
 * ISERE_SHARED_TALLIES functions nothing is counted. */
void isere_shared_count(const char *name);
unsigned long isere_shared_crashes(const char *name);

/* A fault was contained while this function ran. */
void isere_shared_crashed(const isere_running_t *running);

/* In the handler of a fault that is not contained: if the calling thread has a
 * place, it was its fault. */
void isere_shared_faulted(int number, const siginfo_t *info,
                          const void *context);

#endif
