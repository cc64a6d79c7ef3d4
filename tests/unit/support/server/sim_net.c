#include "tests/unit/support/server/sim_net.h"
#include "tests/unit/support/test_port.h"
#include "tests/unit/support/unit.h"

/* A server that is asked so often without anything to do is spinning. */
#define POLLS_MAX 100000

static sim_net_t net;

/* ---- faults ---- */

/* Counts a call; true when it is the one that fails. */
static bool must_fail(void)
{
    net.calls++;
    if (net.fail_at == 0 || net.calls != net.fail_at) {
        return false;
    }
    return true;
}

/* What the failing recv or send returns; 0: it goes on with less. */
static int play_fault(sim_client_t *c)
{
    switch (net.fault) {
    case SIM_FAULT_CLOSED:
        c->reset = true;
        c->faulted = true;
        return ISERE_ERR_CLOSED;
    case SIM_FAULT_AGAIN:
        return ISERE_ERR_AGAIN;
    case SIM_FAULT_LIMIT:
        c->reset = true;
        c->faulted = true;
        return ISERE_ERR_IO;
    default:
        return 0;
    }
}

/* ---- sockets ---- */

static sim_client_t *client_of(isere_socket_t socket)
{
    assert_true(socket >= 0 && socket < net.count);
    sim_client_t *c = &net.clients[socket];
    assert_true(c->accepted && !c->closed);
    return c;
}

static isere_socket_t sim_accept(void *ctx, isere_socket_t listener,
                                 char peer[ISERE_ADDRESS_MAX])
{
    (void)ctx;
    assert_int_equal(listener, SIM_LISTENER);
    assert_false(net.listener_closed);
    if (must_fail() && net.fault != SIM_FAULT_SHORT) {
        return net.fault == SIM_FAULT_CLOSED  ? ISERE_ERR_IO
               : net.fault == SIM_FAULT_LIMIT ? ISERE_ERR_LIMIT
                                              : ISERE_ERR_AGAIN;
    }
    for (int i = 0; i < net.count; i++) {
        if (!net.clients[i].accepted) {
            net.clients[i].accepted = true;
            snprintf(peer, ISERE_ADDRESS_MAX, "10.0.0.%d", i + 1);
            return i;
        }
    }
    return ISERE_ERR_AGAIN;
}

static int sim_recv(void *ctx, isere_socket_t socket, void *buf, size_t len)
{
    sim_client_t *c = client_of(socket);
    (void)ctx;
    assert_true(len > 0);
    size_t left = c->in_len - c->in_read;
    size_t take = left < len ? left : len;
    if (must_fail()) {
        int error = play_fault(c);
        if (error) {
            return error;
        }
        take = take > 1 ? 1 : take;
    }
    if (c->reset) {
        return ISERE_ERR_CLOSED;
    }
    if (take == 0) {
        return c->finished ? 0 : ISERE_ERR_AGAIN;
    }
    memcpy(buf, c->in + c->in_read, take);
    c->in_read += take;
    return (int)take;
}

static size_t take_bytes(sim_client_t *c, const char *bytes, size_t len)
{
    char *out = realloc(c->out, c->out_len + len + 1);
    assert_non_null(out);
    if (len > 0) {
        memcpy(out + c->out_len, bytes, len);
    }
    c->out = out;
    c->out_len += len;
    c->out[c->out_len] = 0;
    c->window -= len;
    return len;
}

static int sim_send_slices(void *ctx, isere_socket_t socket,
                           const isere_slice_t *slices, int count)
{
    sim_client_t *c = client_of(socket);
    size_t room = c->window;
    size_t taken = 0;
    (void)ctx;
    assert_false(c->shut);
    if (must_fail()) {
        int error = play_fault(c);
        if (error) {
            return error;
        }
        size_t all = 0;
        for (int i = 0; i < count; i++) {
            all += slices[i].len;
        }
        room = all - 1 < room ? all - 1 : room;
    }
    if (c->reset) {
        return ISERE_ERR_CLOSED;
    }
    for (int i = 0; i < count && taken < room; i++) {
        size_t rest = room - taken;
        taken += take_bytes(c, slices[i].ptr,
                            slices[i].len < rest ? slices[i].len : rest);
    }
    return taken > 0 ? (int)taken : ISERE_ERR_AGAIN;
}

static void sim_shutdown(void *ctx, isere_socket_t socket)
{
    (void)ctx;
    client_of(socket)->shut = true;
}

static void sim_close(void *ctx, isere_socket_t socket)
{
    (void)ctx;
    if (socket == SIM_LISTENER) {
        assert_false(net.listener_closed);
        net.listener_closed = true;
        return;
    }
    sim_client_t *c = client_of(socket);
    assert_false(c->polled);
    c->closed = true;
}

/* ---- readiness ---- */

static int sim_poll_set(void *ctx, isere_socket_t socket, unsigned events,
                        void *tag)
{
    (void)ctx;
    if (socket == SIM_LISTENER) {
        assert_false(net.listener_closed);
        if (must_fail()) {
            return ISERE_ERR_NOMEM;
        }
        net.listening = true;
        net.listener_tag = tag;
        return 0;
    }
    sim_client_t *c = client_of(socket);
    if (must_fail()) {
        c->faulted = true;
        return ISERE_ERR_NOMEM;
    }
    c->polled = true;
    c->interest = events;
    c->tag = tag;
    return 0;
}

static void sim_poll_remove(void *ctx, isere_socket_t socket)
{
    (void)ctx;
    if (socket == SIM_LISTENER) {
        net.listening = false;
    } else {
        client_of(socket)->polled = false;
    }
}

static unsigned readiness(const sim_client_t *c)
{
    unsigned ready = 0;
    if (!c->polled || c->closed) {
        return 0;
    }
    if (c->in_len > c->in_read || c->finished || c->reset) {
        ready |= ISERE_POLL_READ;
    }
    if (c->window > 0 || c->reset) {
        ready |= ISERE_POLL_WRITE;
    }
    ready &= c->interest;
    if (c->reset || (c->finished && c->shut)) {
        ready |= ISERE_POLL_CLOSED;
    }
    return ready;
}

static bool backlog(void)
{
    for (int i = 0; i < net.count; i++) {
        if (!net.clients[i].accepted) {
            return true;
        }
    }
    return false;
}

static int collect(isere_poll_event_t *events, int max)
{
    int n = 0;
    if (net.listening && backlog() && n < max) {
        events[n++] = (isere_poll_event_t){net.listener_tag, ISERE_POLL_READ};
    }
    for (int i = 0; i < net.count && n < max; i++) {
        unsigned ready = readiness(&net.clients[i]);
        if (ready) {
            events[n++] = (isere_poll_event_t){net.clients[i].tag, ready};
        }
    }
    return n;
}

static int sim_poll_wait(void *ctx, isere_poll_event_t *events, int max,
                         uint64_t timeout_us)
{
    isere_test_state_t *state = isere_test_state();
    int n = collect(events, max);
    (void)ctx;
    if (++net.polls > POLLS_MAX) {
        fail_msg("the server spins");
    }
    if (n > 0 || net.woken || timeout_us == 0) {
        net.woken = false;
        return n;
    }
    net.polls = 0;
    if (timeout_us != UINT64_MAX &&
        timeout_us <= net.until_us - state->monotonic_us) {
        state->monotonic_us += timeout_us;
        state->wall_us += (int64_t)timeout_us;
        return 0;
    }
    state->wall_us += (int64_t)(net.until_us - state->monotonic_us);
    state->monotonic_us = net.until_us;
    return ISERE_ERR_IO; /* back to the test */
}

static void sim_poll_wake(void *ctx)
{
    (void)ctx;
    net.woken = true;
}

static void *sim_resize(void *ctx, void *ptr, size_t size)
{
    net.largest = size > net.largest ? size : net.largest;
    return isere_test_port()->resize(ctx, ptr, size);
}

/* ---- for tests ---- */

const isere_port_t *sim_start(void)
{
    static isere_port_t port;
    sim_stop();
    port = *isere_test_port();
    port.resize = sim_resize;
    port.accept = sim_accept;
    port.recv = sim_recv;
    port.send = sim_send_slices;
    port.shutdown = sim_shutdown;
    port.close = sim_close;
    port.poll_set = sim_poll_set;
    port.poll_remove = sim_poll_remove;
    port.poll_wait = sim_poll_wait;
    port.poll_wake = sim_poll_wake;
    /* Until sim_run: creating things may take any time. */
    net.until_us = isere_test_state()->monotonic_us + UINT32_MAX;
    return &port;
}

void sim_stop(void)
{
    for (int i = 0; i < net.count; i++) {
        free(net.clients[i].in);
        free(net.clients[i].out);
    }
    memset(&net, 0, sizeof(net));
}

sim_net_t *sim_net(void)
{
    return &net;
}

int sim_connect(void)
{
    assert_true(net.count < SIM_CLIENTS);
    sim_client_t *c = &net.clients[net.count];
    c->used = true;
    c->window = SIZE_MAX / 2;
    return net.count++;
}

void sim_send_bytes(int client, const void *bytes, size_t len)
{
    sim_client_t *c = &net.clients[client];
    char *in = realloc(c->in, c->in_len + len + 1);
    assert_non_null(in);
    memcpy(in + c->in_len, bytes, len);
    c->in = in;
    c->in_len += len;
}

void sim_send(int client, const char *text)
{
    sim_send_bytes(client, text, strlen(text));
}

const char *sim_received(int client)
{
    return net.clients[client].out ? net.clients[client].out : "";
}

size_t sim_received_len(int client)
{
    return net.clients[client].out_len;
}

void sim_forget_received(int client)
{
    net.clients[client].out_len = 0;
    if (net.clients[client].out) {
        net.clients[client].out[0] = 0;
    }
}

bool sim_is_closed(int client)
{
    return net.clients[client].closed || net.clients[client].shut;
}

void sim_run(isere_server_t *server, uint32_t ms)
{
    net.until_us = isere_test_state()->monotonic_us + (uint64_t)ms * 1000;
    net.polls = 0;
    assert_int_equal(isere_server_run(server), ISERE_ERR_IO);
}

int sim_run_to_stop(isere_server_t *server, uint32_t ms)
{
    net.until_us = isere_test_state()->monotonic_us + (uint64_t)ms * 1000;
    net.polls = 0;
    return isere_server_run(server);
}

/* ---- for tests ---- */

int sim_ask(const char *request)
{
    int client = sim_connect();
    sim_send(client, request);
    return client;
}

void sim_expect(int client, const char *part)
{
    if (!strstr(sim_received(client), part)) {
        fail_msg("client %d got %s, not %s", client, sim_received(client),
                 part);
    }
}

void sim_expect_nothing(int client)
{
    assert_int_equal(sim_received_len(client), 0);
}
