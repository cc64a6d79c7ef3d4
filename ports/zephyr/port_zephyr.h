/*
 * The parts of the Zephyr port, one file each; port.c puts them together. All
 * functions with a `ctx` are members of isere_port_t and documented there.
 * There is one port, so all state is static. Two threads use it: `ctx` is NULL
 * in the table of the server's, and not NULL in that of the jobs' (jobs.c).
 */
#ifndef ISERE_PORTS_ZEPHYR_PORT_ZEPHYR_H
#define ISERE_PORTS_ZEPHYR_PORT_ZEPHYR_H

#include "isere/zephyr.h"
#include "ports/zephyr/retained.h"

struct k_thread;

/* How long an execution may go on after its deadline before it is abandoned:
 * the engine's own check comes first, its errors carry a stack. */
#define ISERE_ZEPHYR_GRACE_US 20000

/* The least memory of a function in KB, where pointers have 32 bits: the
 * engine's own and a little. */
#define ISERE_ZEPHYR_MEMORY_MIN 72

/* Priorities, counted from the server's thread; a higher number is lower. The
 * execution of a job is one behind the job. */
enum {
    ISERE_ZEPHYR_JOB_AHEAD = 1,
    ISERE_ZEPHYR_EXEC = 3,
    ISERE_ZEPHYR_BESIDE, /* a handler that takes long */
    ISERE_ZEPHYR_JOB_BEHIND,
};

static inline isere_retained_thread_t isere__zephyr_thread_of(const void *ctx)
{
    return ctx ? ISERE_RETAINED_JOBS : ISERE_RETAINED_SERVER;
}

/* clock.c */
uint64_t isere_zephyr_monotonic_us(void *ctx);
int64_t isere_zephyr_wall_us(void *ctx);

/* memory.c */
void isere_zephyr_memory_init(void);
void *isere_zephyr_resize(void *ctx, void *ptr, size_t size);
void *isere_zephyr_heap_map(void *ctx, size_t size);
void isere_zephyr_heap_unmap(void *ctx, void *heap, size_t size);
void *isere_zephyr_arena_map(void *ctx, size_t size); /* with ISERE_IMAGES */
void *isere_zephyr_arena_place(void *ctx, unsigned index);
void isere_zephyr_heap_trim(void *ctx, void *start, size_t size);
/* How many places jobs may have from now on; none without. */
void isere__zephyr_memory_lend(unsigned places);

/* log.c */
void isere_zephyr_log(void *ctx, const isere_log_record_t *record);

/* exec.c: init is called by the thread that `ctx` stands for; the priority is
 * that of its executions, and may be changed by anybody (not in the
 * simulator). */
void isere_zephyr_exec_init(void *ctx, int priority);
void isere__zephyr_exec_priority(const void *ctx, int priority);
bool isere__zephyr_exec_is(const void *ctx, const struct k_thread *thread);
/* What the calling thread is, for who is to blame for a fault in it. */
isere_retained_thread_t isere__zephyr_exec_thread(void);
int isere_zephyr_exec_run(void *ctx, void (*fn)(void *arg), void *arg,
                          uint64_t deadline_us);
int isere_zephyr_exec_begin(void *ctx, void (*fn)(void *arg), void *arg,
                            uint64_t deadline_us, int *result);
int isere_zephyr_exec_poll(void *ctx, int *result, bool stop);
void isere_zephyr_exec_fault(void *ctx, char *text, size_t size); /* sim */
void isere_zephyr_exec_hold(void *ctx);
void isere_zephyr_exec_release(void *ctx);

/* jobs.c, with ISERE_JOBS: start takes the table of the calling thread, the
 * server's, when the registry is there; until then, and after stop, which waits
 * for the job that is being done, jobs are refused. */
void isere__zephyr_jobs_configure(isere_registry_config_t *config);
void isere__zephyr_jobs_start(const isere_port_t *server);
void isere__zephyr_jobs_stop(void);

/* Whether the calling thread is the jobs', or its execution. */
#ifdef CONFIG_ISERE_JOBS
bool isere__zephyr_in_job(void);
#else
static inline bool isere__zephyr_in_job(void)
{
    return false;
}
#endif

/* sock.c: listen makes a socket on CONFIG_ISERE_LISTEN_ADDRESS, or returns
 * ISERE_ERR_IO; listen_port is the port it got, 0 when that can't be told. */
isere_socket_t isere__zephyr_listen(uint16_t port);
uint16_t isere__zephyr_listen_port(isere_socket_t listener);
isere_socket_t isere_zephyr_accept(void *ctx, isere_socket_t listener,
                                   char peer[ISERE_ADDRESS_MAX]);
int isere_zephyr_recv(void *ctx, isere_socket_t socket, void *buf, size_t len);
int isere_zephyr_send(void *ctx, isere_socket_t socket,
                      const isere_slice_t *slices, int count);
void isere_zephyr_shutdown(void *ctx, isere_socket_t socket);
void isere_zephyr_close(void *ctx, isere_socket_t socket);

/* poll.c: init returns 0 or ISERE_ERR_IO. */
int isere_zephyr_poll_init(void);
int isere_zephyr_poll_set(void *ctx, isere_socket_t socket, unsigned events,
                          void *tag);
void isere_zephyr_poll_remove(void *ctx, isere_socket_t socket);
int isere_zephyr_poll_wait(void *ctx, isere_poll_event_t *events, int max,
                           uint64_t timeout_us);
void isere_zephyr_poll_wake(void *ctx);
/* A send found no room, whatever poll says: to be asked again a little later.
 */
void isere__zephyr_poll_pause(isere_socket_t socket);
/* Bytes were read, which the next wait acknowledges; or they have been. */
void isere__zephyr_poll_owes(isere_socket_t socket, bool owes);

/*
 * watchdog.c: feeding is a promise that the event loop is alive, so in a job it
 * does nothing. Waits of the port are cut into slices of at most this long, to
 * feed in between.
 */
#define ISERE_ZEPHYR_FEED_US 1000000
void isere_zephyr_watchdog_start(void);
void isere_zephyr_watchdog_feed(void);

/*
 * restart.c: resets after a fault. `begin` comes first at a start: it logs why
 * the device was started, and what is told below is known from then on.
 */
void isere_zephyr_restart_begin(void);
void isere_zephyr_exec_note(void *ctx, const char *name, const char *version);

/* Notes what ends the device, logs the message and resets it. */
void isere__zephyr_restart(isere_retained_kind_t kind, uint32_t pc, uint32_t lr,
                           const char *message) __attribute__((noreturn));

/* What outlasts it. */
isere_retained_t *isere__zephyr_retained(void);

/* The function that is called ISERE_BUILT_IN_NAME, whatever its own name. */
void isere__zephyr_built_in(const isere_function_t *function);

/* "restarted after a fault in function 'x' version 3 (...)"; false: it was not.
 */
bool isere__zephyr_describe_restart(char *text, size_t size);

/* Of restart.c, or of the chip: why it starts, *name for people or NULL, to be
 * called once; and a reset that leaves `retained` as it is. */
isere_reset_t isere__zephyr_reset_cause(const char **name);
void isere__zephyr_reset(void);

#endif
