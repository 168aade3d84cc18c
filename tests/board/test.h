/* tests/board/test.h -- cmocka with the headers that it wants before it. */
#ifndef TESTS_BOARD_TEST_H
#define TESTS_BOARD_TEST_H

/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
/* clang-format on */

#endif
