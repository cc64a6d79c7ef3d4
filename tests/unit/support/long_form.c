#include "tests/unit/support/long_form.h"
#include <stdlib.h>
#include <string.h>

#if defined(__arm__) && !defined(__linux__)

#include <semihost.h>

enum { EMULATED = 1 };

bool test_is_long(void)
{
    char line[256] = "";
    return sys_semihost_get_cmdline(line, sizeof(line)) == 0 &&
           strstr(line, "ISERE_TEST_LONG=1") != NULL;
}

#else

enum { EMULATED = 0 };

bool test_is_long(void)
{
    const char *value = getenv("ISERE_TEST_LONG");
    return value && strcmp(value, "1") == 0;
}

#endif

size_t test_step(size_t step)
{
    return EMULATED && !test_is_long() ? step : 1;
}
