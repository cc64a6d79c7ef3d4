/* The port's sockets, readiness, memory, randomness and clocks. */
#include "isere/linux.h"
#include "tests/unit/support/unit.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static isere_port_t port;

static int setup(void **state)
{
    (void)state;
    return isere_linux_port_init(&port, NULL);
}

static int teardown(void **state)
{
    (void)state;
    isere_linux_port_deinit(&port);
    return 0;
}

static int connect_to(uint16_t number)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(number)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
    return fd;
}

static unsigned wait_one(uint64_t timeout_us, void **tag)
{
    isere_poll_event_t event = {0};
    int n = port.poll_wait(port.ctx, &event, 1, timeout_us);
    assert_in_range(n, 0, 1);
    if (tag) {
        *tag = event.tag;
    }
    return n ? event.events : 0;
}

/* A connection, accepted: the client's side, and ours in *ours. */
static int accept_pair(const char *host, isere_socket_t *ours, char *peer)
{
    uint16_t number = 0;
    isere_socket_t listener = isere_linux_listen(host, &number, true);
    assert_true(listener >= 0);
    assert_int_equal(port.accept(port.ctx, listener, peer), ISERE_ERR_AGAIN);
    int client = connect_to(number);
    assert_int_equal(port.poll_set(port.ctx, listener, ISERE_POLL_READ, &port),
                     0);
    void *tag;
    assert_int_equal(wait_one(2000000, &tag), ISERE_POLL_READ);
    assert_ptr_equal(tag, &port);
    *ours = port.accept(port.ctx, listener, peer);
    assert_true(*ours >= 0);
    port.poll_remove(port.ctx, listener);
    port.close(port.ctx, listener);
    return client;
}

static void test_accept(void **state)
{
    static const char *const hosts[] = {"127.0.0.1", "0.0.0.0", "::"};
    (void)state;
    for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
        char peer[ISERE_ADDRESS_MAX];
        isere_socket_t ours;
        int client = accept_pair(hosts[i], &ours, peer);
        assert_string_equal(peer, "127.0.0.1");
        int on = 0;
        socklen_t len = sizeof(on);
        assert_int_equal(getsockopt(ours, IPPROTO_TCP, TCP_NODELAY, &on, &len),
                         0);
        assert_int_equal(on, 1);
        port.close(port.ctx, ours);
        close(client);
    }
}

static void test_stream(void **state)
{
    static const isere_slice_t parts[] = {
        ISERE_SLICE("one "), {NULL, 0}, ISERE_SLICE("two")};
    char peer[ISERE_ADDRESS_MAX], text[16] = "";
    isere_socket_t ours;
    (void)state;
    int client = accept_pair("127.0.0.1", &ours, peer);
    assert_int_equal(port.recv(port.ctx, ours, text, sizeof(text)),
                     ISERE_ERR_AGAIN);
    assert_int_equal(port.send(port.ctx, ours, parts, 3), 7);
    assert_int_equal(recv(client, text, sizeof(text), 0), 7);
    assert_memory_equal(text, "one two", 7);
    assert_int_equal(send(client, "back", 4, 0), 4);
    port.poll_set(port.ctx, ours, ISERE_POLL_READ, &ours);
    assert_int_equal(wait_one(2000000, NULL), ISERE_POLL_READ);
    assert_int_equal(port.recv(port.ctx, ours, text, sizeof(text)), 4);
    /* Our end of the stream, then theirs. */
    port.shutdown(port.ctx, ours);
    assert_int_equal(recv(client, text, sizeof(text), 0), 0);
    shutdown(client, SHUT_WR);
    assert_true(wait_one(2000000, NULL) & ISERE_POLL_READ);
    assert_int_equal(port.recv(port.ctx, ours, text, sizeof(text)), 0);
    port.poll_remove(port.ctx, ours);
    port.close(port.ctx, ours);
    close(client);
}

/* More slices than one call takes, and more bytes than the kernel does. */
static void test_short_sends(void **state)
{
    isere_slice_t many[20];
    char peer[ISERE_ADDRESS_MAX];
    char *big = calloc(1, 16 << 20);
    isere_socket_t ours;
    (void)state;
    int client = accept_pair("127.0.0.1", &ours, peer);
    for (int i = 0; i < 20; i++) {
        many[i] = isere_slice("x");
    }
    assert_int_equal(port.send(port.ctx, ours, many, 20), 16);
    isere_slice_t all = isere_slice_of(big, 16 << 20);
    int n = port.send(port.ctx, ours, &all, 1);
    assert_in_range(n, 1, (16 << 20) - 1);
    while (n > 0) {
        n = port.send(port.ctx, ours, &all, 1);
    }
    assert_int_equal(n, ISERE_ERR_AGAIN);
    assert_int_equal(port.poll_set(port.ctx, ours, ISERE_POLL_WRITE, &ours), 0);
    assert_int_equal(wait_one(0, NULL), 0);
    while (recv(client, big, 1 << 20, MSG_DONTWAIT) > 0) {
    }
    assert_int_equal(wait_one(2000000, NULL), ISERE_POLL_WRITE);
    port.poll_remove(port.ctx, ours);
    port.close(port.ctx, ours);
    close(client);
    free(big);
}

static void test_reset(void **state)
{
    const struct linger hard = {1, 0};
    char peer[ISERE_ADDRESS_MAX], text[4];
    isere_slice_t slice = isere_slice("x");
    isere_socket_t ours;
    (void)state;
    int client = accept_pair("127.0.0.1", &ours, peer);
    assert_int_equal(port.poll_set(port.ctx, ours, 0, &ours), 0);
    setsockopt(client, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
    close(client);
    assert_int_equal(wait_one(2000000, NULL), ISERE_POLL_CLOSED);
    assert_int_equal(port.recv(port.ctx, ours, text, 4), ISERE_ERR_CLOSED);
    /* No SIGPIPE either. */
    assert_int_equal(port.send(port.ctx, ours, &slice, 1), ISERE_ERR_CLOSED);
    port.poll_remove(port.ctx, ours);
    port.close(port.ctx, ours);
    assert_int_equal(port.recv(port.ctx, -1, text, 4), ISERE_ERR_IO);
}

static void test_no_descriptors(void **state)
{
    struct rlimit before, none;
    char peer[ISERE_ADDRESS_MAX];
    uint16_t number = 0;
    (void)state;
    isere_socket_t listener = isere_linux_listen("127.0.0.1", &number, true);
    int client = connect_to(number);
    getrlimit(RLIMIT_NOFILE, &before);
    none = before;
    none.rlim_cur = 3;
    setrlimit(RLIMIT_NOFILE, &none);
    int result = port.accept(port.ctx, listener, peer);
    isere_port_t other;
    int made = isere_linux_port_init(&other, NULL);
    setrlimit(RLIMIT_NOFILE, &before);
    assert_int_equal(result, ISERE_ERR_LIMIT);
    assert_int_equal(made, ISERE_ERR_LIMIT);
    isere_socket_t ours = port.accept(port.ctx, listener, peer);
    assert_true(ours >= 0);
    port.close(port.ctx, ours);
    port.close(port.ctx, listener);
    close(client);
}

static void test_listen(void **state)
{
    uint16_t number = 0, same;
    (void)state;
    isere_socket_t first = isere_linux_listen("127.0.0.1", &number, true);
    assert_true(first >= 0 && number > 0);
    same = number;
    assert_int_equal(isere_linux_listen("127.0.0.1", &same, true),
                     ISERE_ERR_INUSE);
    isere_socket_t second = isere_linux_listen("127.0.0.1", &same, false);
    assert_true(second >= 0);
    assert_int_equal(same, number);
    close(first);
    close(second);
    assert_int_equal(isere_linux_listen("no such host", &same, true),
                     ISERE_ERR_INVAL);
    assert_int_equal(isere_linux_listen("192.0.2.1", &same, true),
                     ISERE_ERR_INVAL);
    number = 0;
    first = isere_linux_listen("::1", &number, true);
    assert_true(first >= 0 || first == ISERE_ERR_INVAL); /* no IPv6 here */
    if (first >= 0) {
        close(first);
    }
}

static void *wake_soon(void *arg)
{
    usleep(20000);
    port.poll_wake(port.ctx);
    return arg;
}

static void test_wake_and_timeout(void **state)
{
    pthread_t thread;
    (void)state;
    /* A wake-up before the wait counts, several are one. */
    port.poll_wake(port.ctx);
    port.poll_wake(port.ctx);
    assert_int_equal(wait_one(UINT64_MAX, NULL), 0);
    pthread_create(&thread, NULL, wake_soon, NULL);
    assert_int_equal(wait_one(UINT64_MAX, NULL), 0);
    pthread_join(thread, NULL);
    uint64_t begin = port.monotonic_us(port.ctx);
    assert_int_equal(wait_one(5500, NULL), 0);
    assert_true(port.monotonic_us(port.ctx) - begin >= 5500);
    assert_int_equal(port.poll_set(port.ctx, -1, ISERE_POLL_READ, NULL),
                     ISERE_ERR_IO);
}

static void test_heap(void **state)
{
    const size_t size = 64 << 20;
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    (void)state;
    char *heap = port.heap_map(port.ctx, size);
    assert_non_null(heap);
    assert_int_equal((uintptr_t)heap % page, 0);
    memset(heap, 7, 4 * page);
    assert_int_equal(heap[size - 1], 0);
    port.heap_trim(port.ctx, heap + page, 2 * page);
    assert_int_equal(heap[page - 1], 7);
    assert_int_equal(heap[page], 0);
    assert_int_equal(heap[3 * page - 1], 0);
    assert_int_equal(heap[3 * page], 7);
    /* A range need not begin or end with a page. */
    port.heap_trim(port.ctx, heap + 1, page - 2);
    assert_int_equal(heap[0], 7);
    assert_int_equal(heap[1], 0);
    assert_int_equal(heap[page - 2], 0);
    assert_int_equal(heap[page - 1], 7);
    memset(heap, 7, 4 * page);
    port.heap_trim(port.ctx, heap + 5, 3 * page);
    assert_int_equal(heap[4], 7);
    assert_int_equal(heap[5], 0);
    assert_int_equal(heap[3 * page + 4], 0);
    assert_int_equal(heap[3 * page + 5], 7);
    port.heap_unmap(port.ctx, heap, size);
    assert_null(port.heap_map(port.ctx, SIZE_MAX - 4 * page));
    char *block = isere_alloc(&port, 10);
    block = isere_resize(&port, block, 10000);
    assert_non_null(block);
    assert_null(isere_resize(&port, block, 0));
}

/* No byte is handed out twice, whatever the sizes. */
static void test_random(void **state)
{
    unsigned char seen[400][16], big[1000] = {0};
    (void)state;
    for (int i = 0; i < 400; i++) {
        assert_int_equal(port.random(port.ctx, seen[i], 16), 0);
        for (int j = 0; j < i; j++) {
            assert_memory_not_equal(seen[i], seen[j], 16);
        }
        assert_int_equal(port.random(port.ctx, big, (size_t)(i * 7) % 900), 0);
    }
    size_t zeros = 0;
    assert_int_equal(port.random(port.ctx, big, sizeof(big)), 0);
    for (size_t i = 0; i < sizeof(big); i++) {
        zeros += big[i] == 0;
    }
    assert_true(zeros < 50);
}

static void test_clocks(void **state)
{
    (void)state;
    uint64_t before = port.monotonic_us(port.ctx);
    usleep(2000);
    assert_true(port.monotonic_us(port.ctx) - before >= 2000);
    assert_true(port.wall_us(port.ctx) > 1700000000000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_accept),           cmocka_unit_test(test_stream),
        cmocka_unit_test(test_short_sends),      cmocka_unit_test(test_reset),
        cmocka_unit_test(test_no_descriptors),   cmocka_unit_test(test_listen),
        cmocka_unit_test(test_wake_and_timeout), cmocka_unit_test(test_heap),
        cmocka_unit_test(test_random),           cmocka_unit_test(test_clocks),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
