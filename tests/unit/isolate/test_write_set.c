/*
 * What a request changes of the heap that it gets lies close together, and is
 * little: that is what makes a restore cheap which puts back only that.
 */
#include "core/isolate/isolate_internal.h"
#include "tests/unit/support/js/js_fixture.h"
#include "tests/unit/support/js/js_pristine.h"
#include "tests/unit/support/test_port.h"
#include "tests/unit/support/unit.h"

/* Blocks of `size` bytes that are not what they were. */
static size_t changed_blocks(const js_pristine_t *p, size_t size)
{
    const char *now = (const char *)js.isolate->heap.arena;
    const char *then = (const char *)p->copy;
    size_t count = 0;
    for (size_t at = 0; at < p->used; at += size) {
        size_t len = p->used - at < size ? p->used - at : size;
        count += memcmp(now + at, then + at, len) != 0;
    }
    return count;
}

/* Without room in the engine's table of shapes it is half as much again. */
static void test_a_request_changes_little(void **state)
{
    static const char source[] =
        "const greeting = 'hello'\n"
        "export const handler = async (event, context) => ({\n"
        "  statusCode: 200, headers: { 'X-Request': context.awsRequestId },\n"
        "  body: { message: greeting, path: event.path } })\n";
    js_pristine_t pristine;
    (void)state;
    js_must_start(&js, source);
    js_pristine_take(&pristine, &js);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(js_invoke(&js, "/path"), ISERE_ISOLATE_COMPLETE);
        assert_null(isere_isolate_error(js.isolate));
        size_t changed = changed_blocks(&pristine, 256);
        size_t all = (pristine.used + js.isolate->heap.frozen.size) / 256;
        print_message("%lu of %lu blocks changed\n", (unsigned long)changed,
                      (unsigned long)all);
        assert_true(changed > 0 && changed * 8 < all);
        isere_isolate_reset(js.isolate);
        assert_int_equal(changed_blocks(&pristine, 256), 0);
    }
    js_pristine_free(&pristine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_request_changes_little,
                                        js_setup_one, js_teardown_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
