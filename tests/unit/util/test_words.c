/* Whole words are copied and cleared, as many as asked for and no more: on
 * some targets by loops of our own. */
#include "core/util/words.h"
#include "tests/unit/support/unit.h"

enum { MOST = 4 * ISERE_WORDS_ROUND + 5, ROOM = MOST + 8 };

static isere_word_t from[ROOM];
static isere_word_t to[ROOM];

static void fill(void)
{
    for (size_t i = 0; i < ROOM; i++) {
        from[i] = (isere_word_t)(i * 2654435761u + 1);
        to[i] = ~(isere_word_t)i;
    }
}

/* Words `first` to `first + count` are as `want`, the others as they were. */
static void expect(size_t first, size_t count, const isere_word_t *want)
{
    for (size_t i = 0; i < ROOM; i++) {
        if (i < first || i >= first + count) {
            assert_true(to[i] == ~(isere_word_t)i);
        } else {
            assert_true(to[i] == (want ? want[i - first] : 0));
        }
    }
}

static void test_any_number_is_copied(void **state)
{
    (void)state;
    for (size_t count = 0; count <= MOST; count++) {
        for (size_t first = 0; first < 4; first++) {
            fill();
            isere_words_copy(to + first, from + 3, count);
            expect(first, count, from + 3);
        }
    }
}

static void test_any_number_is_cleared(void **state)
{
    (void)state;
    for (size_t count = 0; count <= MOST; count++) {
        for (size_t first = 0; first < 4; first++) {
            fill();
            isere_words_clear(to + first, count);
            expect(first, count, NULL);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any_number_is_copied),
        cmocka_unit_test(test_any_number_is_cleared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
