/*
 * Makes Zephyr's TCP acknowledge requests with their answers, and let clients
 * wait that there is no room for. The linker puts the function below before
 * that which looks at each packet first (cmake/tcp.cmake).
 *
 * Zephyr acknowledges at once what the sender has marked as complete (PSH), and
 * waits for 100 ms with everything else; but it goes on waiting, and
 * acknowledges, when an answer has done so. Here the mark is taken off, and the
 * wait is ended.
 */
#include "ports/zephyr/net/tcp.h"
#include <tcp_private.h> /* subsys/net/ip */
#include <zephyr/kernel.h>
#include <zephyr/net/net_context.h>
#include <zephyr/net/net_ip.h>
#include <zephyr/net/net_pkt.h>
#include <zephyr/net/socket.h>

struct net_tcp_hdr *__real_net_tcp_input(struct net_pkt *pkt,
                                         struct net_pkt_data_access *access);
struct net_tcp_hdr *__wrap_net_tcp_input(struct net_pkt *pkt,
                                         struct net_pkt_data_access *access);

static void count(struct net_context *context, void *counted)
{
    ARG_UNUSED(context);
    ++*(int *)counted;
}

/* Zephyr refuses a client for which there is no room. One that gets no answer
 * asks again a second later, and then less and less often. */
static bool must_wait(const struct net_tcp_hdr *header)
{
    int used = 0;
    if ((header->flags & (SYN | ACK)) != SYN) {
        return false;
    }
    net_context_foreach(count, &used);
    return used >= CONFIG_NET_MAX_CONTEXTS;
}

/* The checksum has been looked at then. NULL: the packet is dropped. */
struct net_tcp_hdr *__wrap_net_tcp_input(struct net_pkt *pkt,
                                         struct net_pkt_data_access *access)
{
    struct net_tcp_hdr *header = __real_net_tcp_input(pkt, access);
    if (!header || must_wait(header)) {
        return NULL;
    }
    header->flags &= (uint8_t)~PSH;
    return header;
}

/* Valid while the socket is open. */
static struct tcp *connection_of(int socket)
{
    const struct net_context *context = zsock_get_context_object(socket);
    return context ? context->tcp : NULL;
}

isere_tcp_received_t isere_tcp_before(int socket)
{
    struct tcp *connection = connection_of(socket);
    return (isere_tcp_received_t){
        .connection = connection,
        .next = connection ? connection->ack : 0,
        .in_flight = connection ? connection->unacked_len : 0,
    };
}

/* Something may have been received meanwhile, and all of what was to be sent
 * may wait for room. */
bool isere_tcp_has_acknowledged(const isere_tcp_received_t *before)
{
    struct tcp *connection = before->connection;
    if (!connection) {
        return true;
    }
    k_mutex_lock(&connection->lock, K_FOREVER);
    bool sent = connection->unacked_len > before->in_flight ||
                (size_t)connection->unacked_len == connection->send_data_total;
    bool has = sent && connection->ack == before->next;
    if (has) {
        (void)k_work_cancel_delayable(&connection->ack_timer);
    }
    k_mutex_unlock(&connection->lock);
    return has;
}

void isere_tcp_acknowledge(int socket)
{
    struct k_work_sync sync;
    struct tcp *connection = connection_of(socket);
    if (connection) {
        (void)k_work_flush_delayable(&connection->ack_timer, &sync);
    }
}
