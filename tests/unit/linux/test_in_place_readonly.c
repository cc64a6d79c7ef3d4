/* A bundle in memory that can't be written to, as flash can't: a write would
 * end the program. Also at an odd address, for the engine aligns nothing. */
#include "isere/linux.h"
#include "tests/unit/support/js/in_place.h"
#include "tests/unit/support/js/js_fixture.h"
#include "tests/unit/support/test_port.h"
#include "tests/unit/support/unit.h"
#include <sys/mman.h>

static const js_file_t files[] = {
    {"main.js",
     "import { twice } from './lib/a.js'\n"
     "const late = await import('./late.js')\n"
     "let gone = (a) => a; gone(1); gone = null\n"
     "export const handler = async (event) => {\n"
     "  const made = eval('(x) => twice(x) + late.default()')\n"
     "  for (let i = 0; i < 2000; i++) { const o = { f: () => o } }\n"
     "  let place = ''\n"
     "  try { event.x.y } catch (e) { place = e.stack.split('\\n')[0].trim() "
     "}\n"
     "  if (event.path === '/throw') throw new Error('thrown')\n"
     "  await new Promise(r => setTimeout(r, 5))\n"
     "  return made(21) + ' ' + place\n"
     "}\n"},
    {"lib/a.js", "import './b.js'\nexport const twice = (x) => 2 * x\n"},
    {"lib/b.js", "export { twice } from './a.js'\n"},
    {"late.js", "export default function () { return ' late' }\n"},
    {NULL, NULL},
};

enum { ROOM = 1 << 16 };

static void serve_from(size_t offset)
{
    js_fixture_t f;
    (void)js_setup(&f);
    assert_int_equal(js_compile(&f, files), 0);
    char *page = mmap(NULL, ROOM, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(page != MAP_FAILED);
    assert_true(f.code_size + offset <= ROOM);
    void *compiled = f.code;
    memcpy(page + offset, compiled, f.code_size);
    assert_int_equal(mprotect(page, ROOM, PROT_READ), 0);
    f.code = page + offset;
    assert_int_equal(js_start_compiled(&f), ISERE_ISOLATE_READY);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(js_invoke(&f, "/"), ISERE_ISOLATE_WAITING);
        assert_int_equal(js_resume(&f), ISERE_ISOLATE_COMPLETE);
        js_take_body(&f, "42 late at handler (fn/main.js:8:16)");
        js_expect_error(&f, "/throw", "exception");
    }
    assert_true(js_pointers_into(&f, f.code, f.code_size) >= 6);
    assert_false(js_has_copy(&f, f.code, f.code_size));
    f.code = compiled;
    js_deinit(&f);
    munmap(page, ROOM);
    assert_int_equal(isere_test_state()->live_blocks, 0);
}

static void test_read_only_memory_is_enough(void **state)
{
    (void)state;
    serve_from(0);
}

static void test_any_address_will_do(void **state)
{
    (void)state;
    serve_from(1);
    serve_from(2);
    serve_from(7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read_only_memory_is_enough),
        cmocka_unit_test(test_any_address_will_do),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
