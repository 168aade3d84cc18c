/* tests/debug/strings_test.c -- each string once, however many there are. */
#include "debug/strings.h"

#include <stdio.h>

#include "test.h"

static void equal_strings_are_one(void **state)
{
    struct strings s = {.text = {0}};
    uint32_t a = strings_keep(&s, "edu.c", 5);

    (void)state;
    assert_int_equal(strings_keep(&s, "edu.c", 5), a);
    assert_int_equal(strings_keep(&s, "edu.c and more", 5), a);
    assert_int_not_equal(strings_keep(&s, "edu", 3), a);
    assert_int_not_equal(strings_keep(&s, "edu.cpp", 7), a);
    assert_string_equal(strings_at(&s, strings_keep(&s, "", 0)), "");
    /* what ends early is as long as it is */
    assert_int_equal(strings_keep(&s, "edu.c", 100), a);
    assert_int_equal(s.starts.count, 4);
    assert_string_equal(strings_at(&s, a), "edu.c");
    strings_free(&s);
}

static void many_are_found_again(void **state)
{
    enum { MANY = 20000 };
    static uint32_t start[MANY];
    struct strings s = {.text = {0}};
    char text[16];

    (void)state;
    for (unsigned i = 0; i < MANY; i++)
        start[i] = strings_keep(
            &s, text, (size_t)snprintf(text, sizeof text, "name%u", i));
    for (unsigned i = 0; i < MANY; i++) {
        size_t n = (size_t)snprintf(text, sizeof text, "name%u", i);

        assert_int_equal(strings_keep(&s, text, n), start[i]);
        assert_string_equal(strings_at(&s, start[i]), text);
    }
    assert_int_equal(s.starts.count, MANY);
    strings_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_strings_are_one),
        cmocka_unit_test(many_are_found_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
