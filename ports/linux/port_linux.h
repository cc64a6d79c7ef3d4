/*
 * The parts of the Linux port, one file each; port.c puts them together. All
 * functions with a `ctx` are members of isere_port_t and documented there.
 */
#ifndef ISERE_PORTS_LINUX_PORT_LINUX_H
#define ISERE_PORTS_LINUX_PORT_LINUX_H

#include "isere/linux.h"
#include "ports/linux/exec.h"
#include "ports/linux/guard.h"
#include "ports/linux/shared.h"

#define ISERE_LINUX_RANDOM_POOL 512
#define ISERE_LINUX_LOG_BUFFER 4096

/* A port's ctx. */
typedef struct isere_linux {
    isere_linux_config_t config;
    int epoll_fd;
    int wake_fd; /* an eventfd in epoll, its tag is this structure */
    isere_exec_t exec;
    isere_guard_watch_t *watch; /* NULL: heaps are not guarded */
    isere_running_t *running;   /* NULL: there is no supervisor */
    isere_socket_t listener;    /* that connections were accepted from */
    size_t random_left;         /* unused bytes at the end of the pool */
    unsigned char random_pool[ISERE_LINUX_RANDOM_POOL];
    char log_buffer[ISERE_LINUX_LOG_BUFFER];
} isere_linux_t;

/* log.c */
void isere_linux_log(void *ctx, const isere_log_record_t *record);

/* zoneinfo.c */
int isere_linux_time_zone(void *ctx, const char *name, void *buf, size_t size);

/* poll.c: init returns 0 or ISERE_ERR_*, and leaves nothing behind then. */
int isere_linux_poll_init(isere_linux_t *self);
void isere_linux_poll_deinit(isere_linux_t *self);
int isere_linux_poll_set(void *ctx, isere_socket_t socket, unsigned events,
                         void *tag);
void isere_linux_poll_remove(void *ctx, isere_socket_t socket);
int isere_linux_poll_wait(void *ctx, isere_poll_event_t *events, int max,
                          uint64_t timeout_us);
void isere_linux_poll_wake(void *ctx);

/* sock.c */
isere_socket_t isere_linux_accept(void *ctx, isere_socket_t listener,
                                  char peer[ISERE_ADDRESS_MAX]);
int isere_linux_recv(void *ctx, isere_socket_t socket, void *buf, size_t len);
int isere_linux_send(void *ctx, isere_socket_t socket,
                     const isere_slice_t *slices, int count);
void isere_linux_shutdown(void *ctx, isere_socket_t socket);
void isere_linux_close(void *ctx, isere_socket_t socket);

/* memory.c */
/* Has the C library give memory of some size back to the system when it is
 * freed: for a program that is isère's alone. Before any thread starts. */
void isere_linux_give_memory_back(void);
/* The same with what this thread has freed in small pieces. */
void isere_linux_trim_memory(void);
void *isere_linux_resize(void *ctx, void *ptr, size_t size);
void *isere_linux_map(void *place, size_t size, bool fixed);
void *isere_linux_heap_map(void *ctx, size_t size);
void isere_linux_heap_unmap(void *ctx, void *heap, size_t size);
void isere_linux_heap_trim(void *ctx, void *start, size_t size);

void isere_linux_seal(void *ctx, void *start, size_t size);

/* arenas.c */
void *isere_linux_arena_map(void *ctx, size_t size);
void isere_linux_arena_unmap(void *ctx, void *arena, size_t size);

/* The least distance between heaps mapped so far, or between one and anything
 * else, in bytes; 0: none was mapped yet. Any thread. */
size_t isere_linux_arena_gap(void);

/* clock.c */
uint64_t isere_linux_monotonic_us(void *ctx);
int64_t isere_linux_wall_us(void *ctx);
int isere_linux_random(void *ctx, void *buf, size_t len);

#endif
