/*
 * Answers questions for the device's IPv6 address by multicast DNS: there is
 * none. Zephyr's responder is silent then, and hosts that ask for both
 * addresses wait for seconds. The linker puts the function here before the one
 * by which the responder says who gets its messages (cmake/mdns.cmake).
 */
#include "ports/zephyr/net/mdns_query.h"
#include <zephyr/net/dns_resolve.h>
#include <zephyr/net/hostname.h>
#include <zephyr/net/net_if.h>
#include <zephyr/net/socket.h>

enum { PORT = 5353, TTL = 255 };

int __real_dns_dispatcher_register(struct dns_socket_dispatcher *dispatcher);
int __wrap_dns_dispatcher_register(struct dns_socket_dispatcher *dispatcher);

static dns_socket_dispatcher_cb responder;

static void send_answer(int sock, const struct sockaddr_in *from)
{
    uint8_t answer[ISERE_MDNS_ANSWER_MAX];
    const struct sockaddr_in group = {
        .sin_family = AF_INET,
        .sin_port = htons(PORT),
        .sin_addr = {{{224, 0, 0, 251}}},
    };
    const int ttl = TTL;
    struct net_if *iface = net_if_ipv4_select_src_iface(&from->sin_addr);
    const struct in_addr *own =
        net_if_ipv4_select_src_addr(iface, &from->sin_addr);
    size_t size =
        isere__mdns_query_answer(net_hostname_get(), own->s4_addr, answer);
    (void)zsock_setsockopt(sock, IPPROTO_IP, IP_MULTICAST_TTL, &ttl,
                           sizeof(ttl));
    (void)zsock_sendto(sock, answer, size, 0, (const struct sockaddr *)&group,
                       sizeof(group));
}

static int on_message(struct dns_socket_dispatcher *dispatcher, int sock,
                      struct sockaddr *from, size_t from_size,
                      struct net_buf *message, size_t size)
{
    const struct sockaddr_in *peer = (const struct sockaddr_in *)from;
    /* Simple resolvers ask from another port, and want another form. */
    if (from->sa_family == AF_INET && peer->sin_port == htons(PORT) &&
        isere__mdns_query_is_ipv6(message->data, size, net_hostname_get())) {
        send_answer(sock, peer);
    }
    return responder(dispatcher, sock, from, from_size, message, size);
}

int __wrap_dns_dispatcher_register(struct dns_socket_dispatcher *dispatcher)
{
    if (dispatcher->type == DNS_SOCKET_RESPONDER &&
        dispatcher->cb != on_message) {
        responder = dispatcher->cb;
        dispatcher->cb = on_message;
    }
    return __real_dns_dispatcher_register(dispatcher);
}
