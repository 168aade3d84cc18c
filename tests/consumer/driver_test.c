/* tests/consumer/driver_test.c -- a driver's own test: it writes a buffer that
 * is scattered over memory, and looks where each page went in all three address
 * spaces. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <halbox/kit.h>
#include <halbox/symbols.h>

static const uint32_t frames[] = {0x5a0, 0x321, 0x777}; /* physical pages */

static void each_page_goes_where_the_map_register_says(void **state)
{
    struct kit *k = kit_open(DRIVER, "edu", *state);
    gva_t buffer = kit_buffer(k, frames, 3, 0);

    kit_write(k, kit_file(k, "\\\\.\\Edu0"), buffer, 3 * 4096);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(kit_page(k, i)->va.v, buffer.v + i * 4096);
        assert_int_equal(kit_page(k, i)->pa.v, frames[i] * 4096);
        assert_int_equal(kit_page(k, i)->dla.v,
                         kit_page(k, 0)->dla.v + i * 4096);
        assert_int_equal(kit_page(k, i)->led_to.v, frames[i] * 4096);
    }
    assert_string_equal(kit_error(k), "");
    kit_close(k);
}

static void the_driver_has_names_and_lines(void **state)
{
    struct kit *k = kit_open(DRIVER, "edu", "translate");
    struct symbols *symbols = symbols_create();
    struct source_line line;
    gva_t at;

    (void)state;
    symbols_add_loaded(symbols, kit_machine(k));
    assert_true(
        symbols_lookup(symbols, kit_machine(k), "edu!DriverEntry", &at));
    assert_true(symbols_line(symbols, kit_machine(k), at, &line));
    symbols_destroy(symbols);
    kit_close(k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(each_page_goes_where_the_map_register_says,
                                  "translate"),
        cmocka_unit_test_prestate(each_page_goes_where_the_map_register_says,
                                  "adapter"),
        cmocka_unit_test(the_driver_has_names_and_lines),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
