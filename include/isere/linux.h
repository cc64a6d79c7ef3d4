/*
 * The Linux port: an isere_port_t for each thread, listening sockets, and a
 * folder that stores functions.
 *
 * A port uses one real-time signal, SIGRTMIN + 5, to end executions over
 * their deadline: the program must neither block nor handle that signal. It
 * also handles SIGSEGV, SIGBUS, SIGILL, SIGFPE and SIGABRT, to contain faults
 * of executions and (unless guard_heaps is off) to notice which pages of a heap
 * are written to: a program that has handlers of its own for these installs
 * them before the first port (they get what is not the port's), and never
 * blocks them. Each thread with a port has an alternate signal stack: its own,
 * or one that the port makes.
 */
#ifndef ISERE_LINUX_H
#define ISERE_LINUX_H

#include "isere/blobs.h"
#include "isere/port.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum isere_log_format {
    ISERE_LOG_TEXT, /* 2026-11-22T19:00:00.000Z INFO  [request id] message */
    ISERE_LOG_JSON, /* an object with time, level, function, requestId and
                     * message; function and requestId only when known */
} isere_log_format_t;

typedef struct isere_linux_config {
    isere_log_level_t log_level; /* less severe records are dropped */
    isere_log_format_t log_format;
    bool log_functions; /* in text the function's name follows the level */
    int log_fd;         /* borrowed; one record is one line and one write */
    /* Restore only pages of a heap that were written to; the system's write
     * protection tells. Otherwise the whole heap after each request. */
    bool guard_heaps;
    /* What a message says instead, for free(), or NULL: as it is. Called by any
     * thread, with a lock of the log held. NULL: no message is changed. */
    char *(*log_rewrite)(isere_slice_t message);
} isere_linux_config_t;

/* Text to stderr from level info on, guarded heaps. Any thread. */
void isere_linux_config_init(isere_linux_config_t *config);

/*
 * Makes a port for the calling thread. Only that thread may use it, except for
 * poll_wake and the memory functions, which any thread may call. It has an
 * epoll instance, a wake-up descriptor and the timer that ends executions over
 * their deadline. NULL config: the defaults.
 * Returns 0, ISERE_ERR_NOMEM, ISERE_ERR_LIMIT (no descriptors or timers left)
 * or ISERE_ERR_IO (the system has no such timers), with errno saying why.
 * Release with isere_linux_port_deinit in the same thread.
 */
int isere_linux_port_init(isere_port_t *port,
                          const isere_linux_config_t *config);
void isere_linux_port_deinit(isere_port_t *port);

/*
 * A non-blocking listening socket on a numeric address or host name, with
 * SO_REUSEPORT so that several workers can each have one. *port 0 picks a free
 * port, which is written back. With `first` it refuses a port on which any
 * program already listens, this one included. Returns the socket or
 * ISERE_ERR_INUSE, ISERE_ERR_INVAL (no such address), ISERE_ERR_IO (errno says
 * why).
 * Any thread.
 */
isere_socket_t isere_linux_listen(const char *host, uint16_t *port, bool first);

/*
 * Where functions are kept: a folder with a file for each blob. docs/store.md
 * says how it is written to. A missing folder is created (mode 0700), missing
 * parents are not. What a crash left behind is removed. One isere_blobs_t at a
 * time has the folder, of all processes together.
 * Returns 0, ISERE_ERR_INUSE (another one has it), ISERE_ERR_NOENT (no parent,
 * or not a folder), ISERE_ERR_LIMIT (no room), ISERE_ERR_NOMEM or ISERE_ERR_IO,
 * with errno saying why. The operations of *blobs set errno, too. Any thread.
 */
int isere_linux_blobs_open(isere_blobs_t *blobs, const char *path);

/* Lets others open the folder. *blobs must not be in use any more. */
void isere_linux_blobs_close(isere_blobs_t *blobs);

#ifdef __cplusplus
}
#endif

#endif
