/*
 * The load generator of bench/: what wrk can't do. One thread, one epoll.
 *
 *   load paced  a constant rate; each latency counts from the moment at which
 *               the request was due, not from when it could be sent
 *   load hold   many idle keep-alive connections, until standard input ends
 *   load burst  many requests at once, until all are answered
 *   load start  from the start of a program to its first answer
 *
 * Each prints one line of JSON. Only for 127.0.0.1.
 */
#ifndef ISERE_BENCH_LOAD_H
#define ISERE_BENCH_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>

enum {
    LOAD_PATHS = 2,
    LOAD_EVENTS = 256,  /* taken from epoll at once */
    LOAD_ANSWER = 4096, /* longest answer, head included */
};

typedef struct load_options {
    unsigned port;
    unsigned connections;
    double rate; /* requests/s */
    double seconds;
    const char *paths[LOAD_PATHS]; /* the second one: NULL when unused */
    unsigned every;                /* every n-th request takes the second */
    int cpu;                       /* for the started program; negative: any */
    char **command;                /* of the started program */
} load_options_t;

/* One connection with at most one request under way. */
typedef struct load_connection {
    int fd; /* negative: closed */
    unsigned path;
    uint64_t due_ns; /* when its request was due */
    size_t len;
    char answer[LOAD_ANSWER];
} load_connection_t;

/* Nanoseconds of a clock that never goes back. */
uint64_t load_now_ns(void);

/* Prints what went wrong, with errno when it is set, and exits with 1. */
_Noreturn void load_fail(const char *what);

/* Memory for `count` things, zeroed; never NULL. */
void *load_alloc(size_t count, size_t size);

/* As many open files as the system lets us have. */
void load_raise_limits(void);

/* A connected non-blocking socket, or -1 with errno. Connecting itself blocks:
 * on the loopback it is done at once or refused. */
int load_connect(unsigned port);

/* Connects all of them and adds each to the epoll, for reading. */
void load_connect_all(load_connection_t *connections, unsigned count,
                      unsigned port, int epoll);

/* Sends `GET path`. False when the connection does not take it. */
bool load_send(load_connection_t *c, const char *path);

/*
 * Reads what there is. 1: the answer is complete, and the connection ready
 * for the next request; 0: not yet; negative: the connection is gone, or the
 * answer is none with status 200.
 */
int load_receive(load_connection_t *c);

/* The commands; each returns the program's exit code. */
int load_paced(const load_options_t *options);
int load_hold(const load_options_t *options);
int load_burst(const load_options_t *options);
int load_start(const load_options_t *options);

#endif
