/*
 * What `make release` is optimised for: a server under load, in one process.
 *
 *     train COUNT MODULE.js...
 *
 * serves COUNT requests of each kind with each module, from connections that
 * are kept alive, a few of them pipelined. It uses the Linux port with a
 * simulated network, clocks and randomness, so every run takes the same path
 * through the code.
 */
#include "apps/isere/load/files.h"
#include "isere/linux.h"
#include "isere/registry.h"
#include "ports/linux/exec.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Sockets are indices of clients[]; the listener's is none of them. */
enum { CLIENTS = 64, LISTENER = 1000000 };

/* As a load generator, a browser and an API's client send them. */
static const char *const requests[] = {
    "GET /abc HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n",
    "GET /pets/42?sort=name&tag=a&tag=b%20c HTTP/1.1\r\n"
    "Host: example.com\r\nConnection: keep-alive\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36\r\n"
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9\r\n"
    "Accept-Encoding: gzip, deflate, br\r\nAccept-Language: en-US,en;q=0.9\r\n"
    "Cookie: session=0123456789abcdef; theme=dark\r\n"
    "Cache-Control: max-age=0\r\n\r\n",
    "POST /items HTTP/1.1\r\nHost: example.com\r\n"
    "Content-Type: application/json\r\nContent-Length: 64\r\n\r\n"
    "{\"name\":\"widget\",\"price\":9.5,\"tags\":[\"a\",\"b\"],\"stock\":{"
    "\"de\":12}}",
    "PUT /items/7 HTTP/1.1\r\nHost: example.com\r\n"
    "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    "c\r\n{\"name\":\"new\r\n2\r\n\"}\r\n0\r\n\r\n",
};

enum { KINDS = sizeof(requests) / sizeof(requests[0]) };

/* A connection and the program at its other end. */
typedef struct client {
    bool accepted;
    bool closed;
    unsigned left;    /* requests still to be sent */
    unsigned next;    /* which kind comes next */
    unsigned waiting; /* requests without their answer */
    unsigned interest;
    void *tag;
} client_t;

static client_t clients[CLIENTS];
static void *listener_tag;
static uint64_t now_us = 1000000;
static uint64_t random_state = 1;
static unsigned long answers;

static void give_up(const char *what)
{
    fprintf(stderr, "train: %s\n", what);
    exit(1);
}

/* ---- the played system ---- */

/* A microsecond passes with each look at the clock: the same in every run. */
static uint64_t played_monotonic_us(void *ctx)
{
    (void)ctx;
    return ++now_us;
}

static int64_t played_wall_us(void *ctx)
{
    (void)ctx;
    /* 2026-01-01, so that dates in heads and logs are formatted as usual. */
    return (int64_t)now_us + INT64_C(1767225600000000);
}

static int played_random(void *ctx, void *buf, size_t len)
{
    (void)ctx;
    for (size_t i = 0; i < len; i++) {
        random_state =
            /* Knuth's MMIX generator: nothing here must be unpredictable. */
            random_state * 6364136223846793005u + 1442695040888963407u;
        ((unsigned char *)buf)[i] = (unsigned char)(random_state >> 56);
    }
    return 0;
}

/* No timer: its ticks would come at other places in each run. */
static int played_exec_run(void *ctx, void (*fn)(void *arg), void *arg,
                           uint64_t deadline_us)
{
    (void)ctx;
    (void)deadline_us;
    fn(arg);
    return 0;
}

static isere_socket_t played_accept(void *ctx, isere_socket_t listener,
                                    char peer[ISERE_ADDRESS_MAX])
{
    (void)ctx;
    (void)listener;
    for (int i = 0; i < CLIENTS; i++) {
        if (!clients[i].accepted) {
            clients[i].accepted = true;
            strcpy(peer, "127.0.0.1");
            return i;
        }
    }
    return ISERE_ERR_AGAIN;
}

/* One request, or every eighth time four at once. Pipelined ones take
 * another way through the connection: what is left in its buffer is parsed
 * before anything is read. */
static int played_recv(void *ctx, isere_socket_t socket, void *buf, size_t len)
{
    client_t *c = &clients[socket];
    unsigned many = c->left % 8 == 0 ? 4 : 1;
    size_t got = 0;
    (void)ctx;
    if (c->left == 0) {
        return 0;
    }
    while (many-- > 0 && c->left > 0) {
        const char *text = requests[c->next];
        size_t size = strlen(text);
        if (got + size > len) {
            break;
        }
        memcpy((char *)buf + got, text, size);
        got += size;
        c->next = (c->next + 1) % KINDS;
        c->left--;
        c->waiting++;
    }
    return (int)got;
}

/* Every status line must be a success: a run that trains on errors would be
 * worse than none. */
static int played_send(void *ctx, isere_socket_t socket,
                       const isere_slice_t *slices, int count)
{
    static const char start[] = "HTTP/1.1 ";
    client_t *c = &clients[socket];
    size_t sent = 0;
    (void)ctx;
    for (int i = 0; i < count; i++) {
        /* A status line in two slices would be missed: the server sends a
         * head as one. */
        const char *at = slices[i].ptr, *end = at + slices[i].len;
        while ((at = memmem(at, (size_t)(end - at), start, strlen(start)))) {
            if (at[strlen(start)] != '2' || c->waiting == 0) {
                give_up("a request failed");
            }
            at++;
            c->waiting--;
            answers++;
        }
        /* All of it, always: a profile with partial sends would make the
         * rare way look like the usual one. */
        sent += slices[i].len;
    }
    return (int)sent;
}

static void played_shutdown(void *ctx, isere_socket_t socket)
{
    (void)ctx;
    (void)socket;
}

static void played_close(void *ctx, isere_socket_t socket)
{
    (void)ctx;
    if (socket != LISTENER) {
        clients[socket].closed = true;
    }
}

static int played_poll_set(void *ctx, isere_socket_t socket, unsigned events,
                           void *tag)
{
    (void)ctx;
    if (socket == LISTENER) {
        listener_tag = tag;
    } else {
        clients[socket].interest = events;
        clients[socket].tag = tag;
    }
    return 0;
}

static void played_poll_remove(void *ctx, isere_socket_t socket)
{
    (void)ctx;
    if (socket == LISTENER) {
        listener_tag = NULL;
    } else {
        clients[socket].interest = 0;
    }
}

static int played_poll_wait(void *ctx, isere_poll_event_t *events, int max,
                            uint64_t timeout_us)
{
    int count = 0, open = 0;
    (void)ctx;
    for (int i = 0; i < CLIENTS; i++) {
        client_t *c = &clients[i];
        open += !c->closed;
        /* First all connect, as at the start of a load test. */
        if (!c->accepted) {
            if (listener_tag) {
                events[count++] =
                    (isere_poll_event_t){listener_tag, ISERE_POLL_READ};
            }
            return count;
        }
        if (!c->closed && count < max && c->waiting == 0 &&
            (c->interest & ISERE_POLL_READ)) {
            events[count++] = (isere_poll_event_t){c->tag, ISERE_POLL_READ};
        }
    }
    if (open == 0) {
        return ISERE_ERR_IO; /* ends the server's run */
    }
    if (count == 0 && timeout_us != UINT64_MAX) {
        /* Nothing is ready: time passes at once, and timers run. */
        now_us += timeout_us;
    }
    return count;
}

/* ---- running ---- */

/* The ticks at which executions are abandoned come when they want. */
static void hold_ticks(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, isere_exec_signal());
    sigprocmask(SIG_BLOCK, &set, NULL);
}

static void play_all(isere_port_t *port)
{
    port->monotonic_us = played_monotonic_us;
    port->wall_us = played_wall_us;
    port->random = played_random;
    port->exec_run = played_exec_run;
    port->accept = played_accept;
    port->recv = played_recv;
    port->send = played_send;
    port->shutdown = played_shutdown;
    port->close = played_close;
    port->poll_set = played_poll_set;
    port->poll_remove = played_poll_remove;
    port->poll_wait = played_poll_wait;
}

/* The kinds are spread over the connections, so that they mix. */
static void serve(const isere_port_t *port, const isere_function_t *function,
                  unsigned count)
{
    isere_limits_config_t config;
    isere_registry_t *registry;
    isere_limits_t *limits;
    isere_server_t *server;
    isere_fault_t fault = {0};
    memset(clients, 0, sizeof(clients));
    for (unsigned i = 0; i < CLIENTS; i++) {
        clients[i].left = count * KINDS / CLIENTS;
        clients[i].next = i % KINDS;
    }
    answers = 0;
    isere_limits_config_init(&config);
    limits = isere_limits_create(port, &config);
    if (!limits || isere_registry_create_one(port, function, &registry) != 0 ||
        isere_server_create(port, limits, LISTENER, registry, &server) != 0 ||
        isere_server_warm_up(server, &fault) != 0) {
        give_up(fault.message[0] ? fault.message : "no memory");
    }
    isere_server_run(server);
    isere_server_destroy(server);
    isere_limits_destroy(limits);
    isere_registry_destroy(registry);
    /* Divided first: serve() gives each connection a whole number. */
    if (answers != (unsigned long)count * KINDS / CLIENTS * CLIENTS) {
        give_up("an answer is missing");
    }
}

static void train(const isere_port_t *port, const char *path, unsigned count)
{
    isere_function_config_t config;
    isere_function_t *function;
    isere_files_t files;
    isere_fault_t fault;
    void *code;
    size_t size;
    memset(&fault, 0, sizeof(fault));
    isere_function_config_init(&config);
    if (isere_files_open(&files, path) != 0 ||
        isere_compile(port, &files.loader, files.main_name, "", &code, &size,
                      &fault) != 0 ||
        isere_function_create(port, code, size, &config, &function, &fault) !=
            0) {
        fprintf(stderr, "train: %s: %s\n", path, fault.message);
        exit(1);
    }
    serve(port, function, count);
    isere_function_destroy(function);
    /* The function has borrowed the bytecode, so this comes after it. */
    isere_free(port, code);
    isere_files_close(&files);
}

int main(int argc, char **argv)
{
    isere_linux_config_t config;
    isere_port_t port;
    long count = argc > 2 ? strtol(argv[1], NULL, 10) : 0;
    if (count < 1 || count > 10000000) {
        give_up("usage: train COUNT MODULE.js...");
    }
    isere_linux_config_init(&config);
    config.log_level = ISERE_LOG_ERROR;
    if (isere_linux_port_init(&port, &config) != 0) {
        give_up("the system refuses what a port needs");
    }
    hold_ticks();
    play_all(&port);
    for (int i = 2; i < argc; i++) {
        train(&port, argv[i], (unsigned)count);
    }
    isere_linux_port_deinit(&port);
    return 0;
}
