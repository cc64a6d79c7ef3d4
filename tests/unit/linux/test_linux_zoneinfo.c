/* The zones of the system's tzdata, by way of the port and of toLocaleString.
 */
#include "isere/linux.h"
#include "tests/unit/support/js/js_fixture.h"
#include "tests/unit/support/unit.h"

static isere_port_t port;
static js_fixture_t f;
static char buf[16384];

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

static int read_zone(const char *name, size_t size)
{
    return port.time_zone(port.ctx, name, buf, size);
}

static void a_zone_is_a_file(void **state)
{
    (void)state;
    assert_true(read_zone("America/New_York", sizeof(buf)) > 44);
    assert_memory_equal(buf, "TZif", 4);
}

static void what_is_no_file_is_no_zone(void **state)
{
    (void)state;
    assert_int_equal(read_zone("Mars/Olympus", sizeof(buf)), ISERE_ERR_NOENT);
    assert_int_equal(read_zone("UTC/x", sizeof(buf)), ISERE_ERR_NOENT);
    assert_int_equal(read_zone("America", sizeof(buf)), ISERE_ERR_NOENT);
}

static void a_long_file_is_refused(void **state)
{
    (void)state;
    assert_int_equal(read_zone("America/New_York", 100), ISERE_ERR_LIMIT);
}

static const char handler[] =
    "export const handler = (e) => {\n"
    "  const { at, zone } = e.queryStringParameters\n"
    "  try { return new Date(at * 1000).toLocaleString('en-US',"
    " { timeZone: zone, timeZoneName: 'short' }) }\n"
    "  catch (error) { return error.name }\n"
    "}\n";

static void expect(const char *target, const char *body)
{
    js_expect_body(&f, target, body);
}

static void dates_are_those_of_the_zone(void **state)
{
    (void)state;
    js_init(&f, &port);
    assert_int_equal(js_start(&f, handler), ISERE_ISOLATE_READY);
    expect("/?at=0&zone=America/New_York", "12/31/1969, 7:00:00 PM EST");
    /* Around the begin of summer time in 2024, and far behind the table. */
    expect("/?at=1710053999&zone=America/New_York",
           "3/10/2024, 1:59:59 AM EST");
    expect("/?at=1710054000&zone=America/New_York",
           "3/10/2024, 3:00:00 AM EDT");
    expect("/?at=95617591200&zone=America/New_York",
           "12/31/4999, 9:00:00 PM EST");
    expect("/?at=1720000000&zone=Australia/Lord_Howe",
           "7/3/2024, 8:16:40 PM GMT+10:30");
    expect("/?at=1704067200&zone=Australia/Lord_Howe",
           "1/1/2024, 11:00:00 AM GMT+11");
    expect("/?at=-5000000000&zone=Europe/Berlin",
           "7/23/1811, 4:00:08 PM GMT+0:53:28");
    js_deinit(&f);
}

static void hostile_names_are_not_asked_for(void **state)
{
    (void)state;
    js_init(&f, &port);
    assert_int_equal(js_start(&f, handler), ISERE_ISOLATE_READY);
    expect("/?at=0&zone=../zoneinfo/UTC", "RangeError");
    expect("/?at=0&zone=/usr/share/zoneinfo/Europe/Berlin", "RangeError");
    expect("/?at=0&zone=America/../Europe/Berlin", "RangeError");
    expect("/?at=0&zone=Europe/Berlin%00", "RangeError");
    expect("/?at=0&zone=right/Europe/Berlin", "RangeError");
    expect("/?at=0&zone=zone.tab", "RangeError");
    expect("/?at=0&zone=America", "RangeError");
    js_deinit(&f);
}

static int broken(void *ctx, const char *name, void *out, size_t size)
{
    (void)ctx;
    (void)name;
    memset(out, 'x', size);
    return (int)size;
}

static void broken_files_and_none_are_said(void **state)
{
    static const char tell[] =
        "export const handler = () => {\n"
        "  try { return new Date(0).toLocaleString('en-US',"
        " { timeZone: 'Asia/Tokyo' }) }\n"
        "  catch (error) { return error.message }\n"
        "}\n";
    isere_port_t other = port;
    (void)state;
    other.time_zone = broken;
    js_init(&f, &other);
    assert_int_equal(js_start(&f, tell), ISERE_ISOLATE_READY);
    expect("/",
           "time zone 'Asia/Tokyo': its data can't be read; always available: "
           "'UTC' and offsets such as '+05:30'");
    js_deinit(&f);
    other.time_zone = NULL;
    js_init(&f, &other);
    assert_int_equal(js_start(&f, tell), ISERE_ISOLATE_READY);
    expect("/", "time zone 'Asia/Tokyo': this system has no time zone data; "
                "always available: 'UTC' and offsets such as '+05:30'");
    js_deinit(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_zone_is_a_file),
        cmocka_unit_test(what_is_no_file_is_no_zone),
        cmocka_unit_test(a_long_file_is_refused),
        cmocka_unit_test(dates_are_those_of_the_zone),
        cmocka_unit_test(hostile_names_are_not_asked_for),
        cmocka_unit_test(broken_files_and_none_are_said),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
