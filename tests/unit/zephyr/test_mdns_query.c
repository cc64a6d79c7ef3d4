/* Questions for an IPv6 address by multicast DNS, and the answer to them. */
#include "ports/zephyr/net/mdns_query.h"
#include "tests/unit/support/unit.h"
#include <stdlib.h>

enum { A = 1, AAAA = 28, IN = 1, UNICAST = 0x8000 };

static uint8_t message[256];
static size_t size;

static void begin(unsigned flags, unsigned questions)
{
    memset(message, 0, 12);
    message[2] = (uint8_t)flags;
    message[4] = (uint8_t)(questions >> 8);
    message[5] = (uint8_t)questions;
    size = 12;
}

/* A question for a name whose labels are separated by dots. */
static void ask(const char *name, unsigned type, unsigned class)
{
    while (*name) {
        size_t len = strcspn(name, ".");
        message[size++] = (uint8_t)len;
        memcpy(message + size, name, len);
        size += len;
        name += len + (name[len] == '.');
    }
    message[size++] = 0;
    message[size++] = (uint8_t)(type >> 8);
    message[size++] = (uint8_t)type;
    message[size++] = (uint8_t)(class >> 8);
    message[size++] = (uint8_t) class;
}

static bool is_ipv6(void)
{
    /* Of its exact size, for the sanitizer. */
    uint8_t *copy = malloc(size);
    memcpy(copy, message, size);
    bool is = isere__mdns_query_is_ipv6(copy, size, "isere");
    free(copy);
    return is;
}

static bool asks(const char *name, unsigned type, unsigned class)
{
    begin(0, 1);
    ask(name, type, class);
    return is_ipv6();
}

static void test_questions(void **state)
{
    (void)state;
    assert_true(asks("isere.local", AAAA, IN));
    assert_true(asks("ISERE.Local", AAAA, IN | UNICAST));
    assert_false(asks("isere.local", A, IN));
    assert_false(asks("isere.local", AAAA, 3));
    assert_false(asks("isere", AAAA, IN));
    assert_false(asks("other.local", AAAA, IN));
    assert_false(asks("isere2.local", AAAA, IN));
    assert_false(asks("isere.local.org", AAAA, IN));
    assert_false(asks("a.isere.local", AAAA, IN));
    assert_false(asks("", AAAA, IN));
}

static void test_any_of_several(void **state)
{
    (void)state;
    begin(0, 3);
    ask("_http._tcp.local", 12, IN);
    ask("isere.local", A, IN);
    ask("isere.local", AAAA, IN);
    assert_true(is_ipv6());
    begin(0x84, 1); /* a response */
    ask("isere.local", AAAA, IN);
    assert_false(is_ipv6());
    begin(0x28, 1); /* an update */
    ask("isere.local", AAAA, IN);
    assert_false(is_ipv6());
}

static void test_cut_off(void **state)
{
    (void)state;
    begin(0, 2);
    ask("_http._tcp.local", 12, IN);
    ask("isere.local", AAAA, IN);
    for (size_t whole = size--; size > 0; size--) {
        assert_false(is_ipv6());
        assert_true(size < whole);
    }
    begin(0, 0xffff); /* more questions than there are */
    ask("isere.local", A, IN);
    assert_false(is_ipv6());
}

static void test_compressed(void **state)
{
    (void)state;
    begin(0, 1);
    message[size++] = 0xc0;
    message[size++] = 12;
    memset(message + size, 0, 8);
    size += 8;
    assert_false(is_ipv6());
}

static void test_answer(void **state)
{
    static const uint8_t ipv4[] = {192, 168, 7, 1};
    static const uint8_t wanted[] =
        "\0\0\x84\0\0\0\0\1\0\0\0\1"
        "\5isere\5local\0"
        "\0\x2f\x80\1\0\0\0\x78\0\5\xc0\x0c\0\1\x40"
        "\xc0\x0c\0\1\x80\1\0\0\0\x78\0\4\xc0\xa8\7\1";
    uint8_t answer[ISERE_MDNS_ANSWER_MAX];
    char longest[64];
    (void)state;
    assert_int_equal(isere__mdns_query_answer("isere", ipv4, answer),
                     sizeof(wanted) - 1);
    assert_memory_equal(answer, wanted, sizeof(wanted) - 1);
    memset(longest, 'x', 63);
    longest[63] = '\0';
    assert_int_equal(isere__mdns_query_answer(longest, ipv4, answer),
                     ISERE_MDNS_ANSWER_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_questions), cmocka_unit_test(test_any_of_several),
        cmocka_unit_test(test_cut_off),   cmocka_unit_test(test_compressed),
        cmocka_unit_test(test_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
