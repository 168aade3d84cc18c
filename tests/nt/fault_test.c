/* tests/nt/fault_test.c -- requests that are made to fail. What the drivers
 * make of it: tests/samples/faults.lua. */
#include "board/board.h"
#include "caller.h"

/* A row that names a routine nobody serves would never count. */
static void every_row_is_a_routine(void **state)
{
    struct caller *c = *state;
    unsigned rows = 0;

    for (; ke_fault_routine(rows); rows++)
        if (!ke_stub(c->r->m->ke, ke_fault_routine(rows)).v)
            fail_msg("faults.def: no routine %s", ke_fault_routine(rows));
    assert_true(rows > 30);
}

static void kinds_have_names(void **state)
{
    struct caller *c = *state;
    struct hb_error error;

    assert_int_equal(machine_fail(c->r->m, "mdl", 1, &error), HB_OK);
    assert_int_equal(machine_fail(c->r->m, "luck", 1, &error), HB_NOT_FOUND);
    assert_non_null(strstr(error.text, "map-register"));
    assert_int_equal(machine_requests(c->r->m, "luck"), 0);
}

/* The caller's code is no driver image: until it is told to be one. */
static void the_nth_request_of_an_image_fails(void **state)
{
    struct caller *c = *state;
    struct hb_error error;

    assert_int_equal(machine_fail(c->r->m, "pool", 2, &error), HB_OK);
    assert_int_not_equal(STD_CALL(c, "ExAllocatePool", 0, 16), 0);
    assert_int_equal(machine_requests(c->r->m, "pool"), 0);
    ke_image_add(c->r->m->ke, "test.sys", gva_of(c->code & ~0xfffu), 0x2000);
    assert_int_not_equal(STD_CALL(c, "ExAllocatePool", 0, 16), 0);
    assert_int_equal(STD_CALL(c, "ExAllocatePoolWithTag", 0, 16, 1), 0);
    assert_int_not_equal(STD_CALL(c, "ExAllocatePool", 0, 16), 0);
    assert_int_equal(machine_requests(c->r->m, "pool"), 3);
    assert_int_equal(machine_fail(c->r->m, "resource", 1, &error), HB_OK);
    assert_int_equal(STD_CALL(c, "ZwCreateEvent", c->data, 0x1f0003, 0, 0, 0),
                     0xc000009a);
    assert_int_equal(STD_CALL(c, "ZwCreateEvent", c->data, 0x1f0003, 0, 0, 0),
                     0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CALLER_TEST(every_row_is_a_routine),
        CALLER_TEST(kinds_have_names),
        CALLER_TEST(the_nth_request_of_an_image_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
