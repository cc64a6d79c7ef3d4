/*
 * A constant rate. Request i is due at start + i / rate, whatever became of
 * those before; it is sent on the connection that has been idle longest, or
 * waits for one. Its latency begins when it was due, so that a server that
 * stalls is charged for all the requests that it kept from being sent
 * (otherwise only those under way would count: coordinated omission).
 */
#include "bench/load/load.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

/* For answers after the last request was due. */
#define PATIENCE_NS (5 * UINT64_C(1000000000))
/* A shorter wait than this is not worth a sleep. */
#define SPIN_NS 20000

typedef struct latencies {
    uint32_t *values; /* in units of 100 ns */
    size_t count;
} latencies_t;

typedef struct paced {
    const load_options_t *options;
    int epoll;
    load_connection_t *connections;
    load_connection_t **idle; /* a ring, oldest first */
    unsigned idle_first;
    unsigned idle_count;
    uint64_t start_ns;
    size_t total; /* requests to be sent */
    size_t sent;
    size_t done;
    size_t errors;
    latencies_t paths[LOAD_PATHS];
} paced_t;

static uint64_t due_ns(const paced_t *p, size_t i)
{
    return p->start_ns + (uint64_t)((double)i * 1e9 / p->options->rate);
}

static void make_idle(paced_t *p, load_connection_t *c)
{
    unsigned count = p->options->connections;
    p->idle[(p->idle_first + p->idle_count) % count] = c;
    p->idle_count++;
}

static load_connection_t *take_idle(paced_t *p)
{
    load_connection_t *c = p->idle[p->idle_first];
    p->idle_first = (p->idle_first + 1) % p->options->connections;
    p->idle_count--;
    return c;
}

/* A connection that failed gets a new socket; its request is an error. */
static void renew(paced_t *p, load_connection_t *c)
{
    p->errors++;
    (void)close(c->fd);
    load_connect_all(c, 1, p->options->port, p->epoll);
    make_idle(p, c);
}

static void send_due(paced_t *p, uint64_t now)
{
    const load_options_t *o = p->options;
    while (p->idle_count > 0 && p->sent < p->total &&
           due_ns(p, p->sent) <= now) {
        load_connection_t *c = take_idle(p);
        c->due_ns = due_ns(p, p->sent);
        c->path = o->every && p->sent % o->every == o->every - 1 ? 1 : 0;
        p->sent++;
        if (!load_send(c, o->paths[c->path])) {
            renew(p, c);
        }
    }
}

static void take_answer(paced_t *p, load_connection_t *c)
{
    int result = load_receive(c);
    if (result == 0) {
        return;
    }
    if (result < 0) {
        renew(p, c);
        return;
    }
    latencies_t *l = &p->paths[c->path];
    l->values[l->count++] = (uint32_t)((load_now_ns() - c->due_ns) / 100);
    p->done++;
    make_idle(p, c);
}

/* Waits for answers, at most until the next request is due. */
static void wait_events(paced_t *p, uint64_t now)
{
    struct epoll_event events[LOAD_EVENTS];
    struct timespec timeout = {0, 0};
    uint64_t until = due_ns(p, p->sent);
    if (p->sent == p->total || p->idle_count == 0) {
        timeout.tv_nsec = 100000000; /* then the patience is looked at */
    } else if (until > now + SPIN_NS) {
        timeout.tv_sec = (time_t)((until - now) / 1000000000u);
        timeout.tv_nsec = (long)((until - now) % 1000000000u);
    }
    int n = epoll_pwait2(p->epoll, events, LOAD_EVENTS, &timeout, NULL);
    if (n < 0 && errno != EINTR) {
        load_fail("epoll_pwait2");
    }
    for (int i = 0; i < n; i++) {
        take_answer(p, events[i].data.ptr);
    }
}

static int by_value(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a;
    uint32_t y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static double quantile_us(const latencies_t *l, double part)
{
    size_t at = (size_t)(part * (double)l->count);
    return l->count ? l->values[at < l->count ? at : l->count - 1] / 10.0 : 0;
}

static void print_latencies(latencies_t *l)
{
    qsort(l->values, l->count, sizeof(*l->values), by_value);
    printf("{\"count\":%zu,\"p50_us\":%.1f,\"p90_us\":%.1f,\"p99_us\":%.1f,"
           "\"p999_us\":%.1f,\"max_us\":%.1f}",
           l->count, quantile_us(l, 0.5), quantile_us(l, 0.9),
           quantile_us(l, 0.99), quantile_us(l, 0.999), quantile_us(l, 1));
}

static void print_result(paced_t *p, double seconds)
{
    latencies_t all = {load_alloc(p->total, sizeof(*all.values)), 0};
    printf("{\"sent\":%zu,\"done\":%zu,\"errors\":%zu,\"rate\":%.1f,"
           "\"paths\":[",
           p->sent, p->done, p->errors + (p->sent - p->done - p->errors),
           (double)p->done / seconds);
    for (unsigned i = 0; i < LOAD_PATHS && p->options->paths[i]; i++) {
        latencies_t *l = &p->paths[i];
        for (size_t k = 0; k < l->count; k++) {
            all.values[all.count++] = l->values[k];
        }
        printf("%s", i ? "," : "");
        print_latencies(l);
    }
    printf("],\"all\":");
    print_latencies(&all);
    puts("}");
    free(all.values);
}

static void run(paced_t *p)
{
    uint64_t end = due_ns(p, p->total) + PATIENCE_NS;
    uint64_t now = load_now_ns();
    while (p->done + p->errors < p->total && now < end) {
        send_due(p, now);
        wait_events(p, now);
        now = load_now_ns();
    }
    print_result(p, (double)(now - p->start_ns) / 1e9);
}

int load_paced(const load_options_t *options)
{
    unsigned count = options->connections;
    size_t total = (size_t)(options->rate * options->seconds);
    paced_t p = {
        .options = options,
        .epoll = epoll_create1(EPOLL_CLOEXEC),
        .connections = load_alloc(count, sizeof(*p.connections)),
        .idle = load_alloc(count, sizeof(load_connection_t *)),
        .total = total,
        .paths = {{load_alloc(total, sizeof(uint32_t)), 0},
                  {load_alloc(total, sizeof(uint32_t)), 0}},
    };
    if (p.epoll < 0 || total == 0 || count == 0) {
        load_fail("no epoll, or nothing to send");
    }
    /* The system would round a sleep up to 50 us later. */
    (void)prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
    load_connect_all(p.connections, count, options->port, p.epoll);
    for (unsigned i = 0; i < count; i++) {
        make_idle(&p, &p.connections[i]);
    }
    p.start_ns = load_now_ns();
    run(&p);
    free(p.paths[0].values);
    free(p.paths[1].values);
    free((void *)p.idle);
    free(p.connections);
    return 0;
}
