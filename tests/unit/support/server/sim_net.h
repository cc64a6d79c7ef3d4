/*
 * A network in memory for the test port: one listener, clients that the test
 * plays, readiness, and a clock that jumps to the next time-out when nothing
 * else happens. All of it is exact and repeats, also on a microcontroller.
 *
 * isere_server_run returns ISERE_ERR_IO whenever there is nothing left to do
 * until the time given to sim_run, so that a test goes on in a straight line:
 *
 *     int c = sim_connect();
 *     sim_send(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
 *     sim_run(server, 0);
 *     ... sim_received(c) ...
 *
 * Any call of the server's can be made to fail: sim_net()->fail_at counts
 * them all.
 */
#ifndef ISERE_TESTS_SIM_NET_H
#define ISERE_TESTS_SIM_NET_H

#include "isere/isere.h"
#include <stdbool.h>
#include <stddef.h>

enum { SIM_CLIENTS = 64, SIM_LISTENER = 1000 };

typedef enum sim_fault {
    SIM_FAULT_CLOSED, /* the connection is gone (accept: an I/O error) */
    SIM_FAULT_AGAIN,  /* not now after all */
    SIM_FAULT_LIMIT,  /* no resources */
    SIM_FAULT_SHORT,  /* one byte less, or just one */
    SIM_FAULT_KINDS,
} sim_fault_t;

typedef struct sim_client {
    bool used;
    bool accepted;
    bool finished; /* the client sends nothing more */
    bool reset;    /* the connection is gone */
    bool shut;     /* the server sends nothing more */
    bool closed;   /* the server closed it */
    bool faulted;  /* a fault cut it off */
    char *in;      /* from the client */
    size_t in_len, in_read;
    char *out; /* from the server */
    size_t out_len;
    size_t window; /* bytes that the server may still send */
    unsigned interest;
    bool polled;
    void *tag;
} sim_client_t;

typedef struct sim_net {
    sim_client_t clients[SIM_CLIENTS];
    int count;
    bool listening; /* the listener is polled */
    bool listener_closed;
    void *listener_tag;
    bool woken;
    uint64_t until_us; /* the clock may go so far */
    unsigned long calls;
    unsigned long fail_at; /* 0: none */
    sim_fault_t fault;
    unsigned long polls; /* without the clock going on */
    size_t largest;      /* block that was asked of resize */
} sim_net_t;

/* Forgets all clients. The port is the test port with the network. */
const isere_port_t *sim_start(void);
void sim_stop(void);
sim_net_t *sim_net(void);

/* Clients, by number. */
int sim_connect(void);
void sim_send(int client, const char *text);
void sim_send_bytes(int client, const void *bytes, size_t len);
const char *sim_received(int client); /* ends with a NUL */
size_t sim_received_len(int client);
void sim_forget_received(int client);
bool sim_is_closed(int client); /* no more will come */

/* A new client that has sent a request. */
int sim_ask(const char *request);

/* The test fails unless a client has received that, among other text; or
 * nothing at all. */
void sim_expect(int client, const char *part);
void sim_expect_nothing(int client);

/* Lets the server do what there is to do, and `ms` pass. */
void sim_run(isere_server_t *server, uint32_t ms);

/* The same until the server has stopped, at most `ms`; what run returned. */
int sim_run_to_stop(isere_server_t *server, uint32_t ms);

#endif
