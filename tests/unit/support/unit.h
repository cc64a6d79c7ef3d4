/* cmocka, and before it the headers that it wants: what every test begins with.
 */
#ifndef ISERE_TESTS_UNIT_H
#define ISERE_TESTS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#endif
