/* IMF-fixdate, against known dates and against the C library. */
#define _DEFAULT_SOURCE

#include "core/http/date.h"
#include "tests/unit/support/unit.h"
#include <time.h>

static void check(int64_t seconds, const char *expected)
{
    char out[ISERE_HTTP_DATE_LEN + 2];
    memset(out, 'x', sizeof(out));
    isere_http_date(seconds, out);
    assert_string_equal(out, expected);
    assert_int_equal(out[ISERE_HTTP_DATE_LEN + 1], 'x');
}

static void test_known_dates(void **state)
{
    (void)state;
    check(0, "Thu, 01 Jan 1970 00:00:00 GMT");
    check(784111777, "Sun, 06 Nov 1994 08:49:37 GMT"); /* RFC 9110 5.6.7 */
    check(951782400, "Tue, 29 Feb 2000 00:00:00 GMT");
    check(951868799, "Tue, 29 Feb 2000 23:59:59 GMT");
    check(951868800, "Wed, 01 Mar 2000 00:00:00 GMT");
    check(4107542399, "Sun, 28 Feb 2100 23:59:59 GMT");
    check(4107542400, "Mon, 01 Mar 2100 00:00:00 GMT");
    check(2147483648, "Tue, 19 Jan 2038 03:14:08 GMT");
    check(4294967296, "Sun, 07 Feb 2106 06:28:16 GMT");
    check(-1, "Wed, 31 Dec 1969 23:59:59 GMT");
    check(253402300799, "Fri, 31 Dec 9999 23:59:59 GMT");
}

static void test_out_of_range(void **state)
{
    (void)state;
    check(253402300800, "Fri, 31 Dec 9999 23:59:59 GMT");
    check(INT64_MAX, "Fri, 31 Dec 9999 23:59:59 GMT");
    check(INT64_MIN, "Sat, 01 Jan 0000 00:00:00 GMT");
    check(-62162035201, "Tue, 29 Feb 0000 23:59:59 GMT");
    check(-62162035200, "Wed, 01 Mar 0000 00:00:00 GMT");
}

/* Steps of about 15 days, a prime number of seconds, visit all months, week
 * days and centuries. */
static void test_like_the_library(void **state)
{
    (void)state;
    if (sizeof(time_t) < 8) {
        skip();
    }
    for (int64_t t = INT64_C(-62135596800); t <= INT64_C(253402300799);
         t += 1299709) {
        char expected[64];
        char out[ISERE_HTTP_DATE_LEN + 1];
        struct tm tm;
        time_t seconds = (time_t)t;
        assert_non_null(gmtime_r(&seconds, &tm));
        strftime(expected, sizeof(expected), "%a, %d %b ", &tm);
        size_t at = strlen(expected);
        int year = tm.tm_year + 1900;
        for (int i = 3; i >= 0; i--, year /= 10) {
            expected[at + (size_t)i] = (char)('0' + year % 10);
        }
        strftime(expected + at + 4, 32, " %H:%M:%S GMT", &tm);
        isere_http_date(t, out);
        assert_string_equal(out, expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_dates),
        cmocka_unit_test(test_out_of_range),
        cmocka_unit_test(test_like_the_library),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
