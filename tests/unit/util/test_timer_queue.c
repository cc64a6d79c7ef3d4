/* The timer queue against a plain sorted search, over long random sequences. */
#include "core/util/time/timer_queue.h"
#include "tests/unit/support/unit.h"

enum { NODES = 200 };

static isere_timer_node_t nodes[NODES];
static isere_timer_queue_t queue;
static uint32_t seed;

static uint32_t next_random(void)
{
    seed = seed * 1664525u + 1013904223u;
    return seed >> 8;
}

static int setup(void **state)
{
    (void)state;
    memset(nodes, 0, sizeof(nodes));
    memset(&queue, 0, sizeof(queue));
    seed = 1;
    return 0;
}

static uint64_t earliest(void)
{
    uint64_t due = UINT64_MAX;
    for (int i = 0; i < NODES; i++) {
        if (nodes[i].queued && nodes[i].due < due) {
            due = nodes[i].due;
        }
    }
    return due;
}

static void test_empty(void **state)
{
    (void)state;
    assert_true(isere_timer_queue_next(&queue) == UINT64_MAX);
    isere_timer_queue_remove(&queue, &nodes[0]);
    assert_null(queue.root);
}

static void test_in_order(void **state)
{
    (void)state;
    for (int i = 0; i < NODES; i++) {
        isere_timer_queue_insert(&queue, &nodes[i], next_random() % 50);
    }
    uint64_t last = 0;
    for (int i = 0; i < NODES; i++) {
        uint64_t due = isere_timer_queue_next(&queue);
        assert_true(due >= last && due == queue.root->due);
        last = due;
        isere_timer_queue_remove(&queue, queue.root);
    }
    assert_null(queue.root);
}

static void test_random_insertion_and_removal(void **state)
{
    (void)state;
    for (int i = 0; i < 100000; i++) {
        isere_timer_node_t *node = &nodes[next_random() % NODES];
        if (node->queued) {
            isere_timer_queue_remove(&queue, node);
            assert_false(node->queued);
        } else {
            uint64_t due = next_random() % 1000;
            isere_timer_queue_insert(&queue, node,
                                     due == 999 ? UINT64_MAX - 1 : due);
            assert_true(node->queued);
        }
        assert_true(isere_timer_queue_next(&queue) == earliest());
    }
}

/* As the server uses it: the root again and again, moved to later. */
static void test_moving_the_first_one(void **state)
{
    (void)state;
    for (int i = 0; i < NODES; i++) {
        isere_timer_queue_insert(&queue, &nodes[i], (uint64_t)i);
    }
    for (int i = 0; i < 20000; i++) {
        isere_timer_node_t *node = queue.root;
        isere_timer_queue_remove(&queue, node);
        isere_timer_queue_insert(&queue, node,
                                 node->due + 1 + next_random() % 300);
        assert_true(isere_timer_queue_next(&queue) == earliest());
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, setup)
    const struct CMUnitTest tests[] = {
        TEST(test_empty),
        TEST(test_in_order),
        TEST(test_random_insertion_and_removal),
        TEST(test_moving_the_first_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
