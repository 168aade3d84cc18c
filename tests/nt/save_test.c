/* tests/nt/save_test.c -- the executive's state: a machine saved in the middle
 * of driver start and of a request goes on as if nothing had been. */
#include <stdlib.h>
#include <string.h>

#include "rig.h"

enum { SUCCESS = 0, END = 200000 };

/* Run a copy of @m, made by save and load, and @m itself to tick END: equal. */
static void halves_equal_the_whole(struct machine *m)
{
    struct machine *copy;
    struct hb_error error;
    uint8_t *now, *a, *b, *again;
    size_t now_count, a_count, b_count, again_count;

    assert_int_equal(machine_save_bytes(m, &now, &now_count, &error), HB_OK);
    if (machine_load_bytes(&copy, now, now_count, &error) != HB_OK)
        fail_msg("%s", error.text);
    assert_int_equal(machine_save_bytes(copy, &again, &again_count, &error),
                     HB_OK);
    assert_int_equal(again_count, now_count);
    assert_memory_equal(again, now, now_count);
    machine_run(copy, END, NULL);
    assert_int_equal(machine_save_bytes(copy, &b, &b_count, &error), HB_OK);
    machine_destroy(copy);
    assert_int_equal(machine_load_bytes(&copy, now, now_count, &error), HB_OK);
    machine_run(copy, machine_position(copy).tick + 137, NULL);
    machine_run(copy, END, NULL);
    assert_int_equal(machine_save_bytes(copy, &a, &a_count, &error), HB_OK);
    assert_int_equal(a_count, b_count);
    assert_memory_equal(a, b, a_count);
    machine_destroy(copy);
    free(now);
    free(again);
    free(a);
    free(b);
}

static void a_driver_start_survives_a_save_anywhere(void **state)
{
    static const char *const cards[] = {"edu", NULL};
    struct rig *r = rig_create(cards);
    uint32_t image = rig_load(r, "edu.sys");
    struct inspect_pnp d;

    (void)state;
    machine_driver_start(r->m, image);
    for (unsigned i = 0; inspect_pnp_at(r->m, i, &d); i++)
        if (strncmp(d.hardware_id, "PCI\\VEN_1234", 12) == 0)
            machine_device_start(r->m, i + 1, image);
    for (unsigned i = 0; i < 40; i++) {
        machine_run(r->m, machine_position(r->m).tick + 97, NULL);
        halves_equal_the_whole(r->m);
    }
    rig_destroy(r);
}

static void a_request_survives_a_save_anywhere(void **state)
{
    static const char *const cards[] = {"edu", NULL};
    struct rig *r = rig_create(cards);
    struct machine_call call = {.kind = CALL_WRITE, .in_bytes = 5000};
    struct machine_result result;
    struct hb_error error;
    uint32_t image = rig_load(r, "edu.sys"), ticket;

    (void)state;
    (void)image;
    assert_int_equal(machine_start(r->m, RIG_SECOND, &error), HB_OK);
    call.handle = rig_open(r, "\\\\.\\Edu0");
    assert_int_equal(machine_buffer(r->m, r->process, 8192, &call.in, &error),
                     HB_OK);
    ticket = machine_post(r->m, r->client, &call);
    for (unsigned i = 0; i < 40; i++) {
        machine_run(r->m, machine_position(r->m).tick + 211, NULL);
        halves_equal_the_whole(r->m);
    }
    machine_wait(r->m, ticket, WAIT_IO, RIG_SECOND, NULL);
    assert_true(machine_result(r->m, ticket, &result));
    assert_int_equal(result.status, SUCCESS);
    assert_int_equal(result.information, 5000);
    rig_destroy(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_driver_start_survives_a_save_anywhere),
        cmocka_unit_test(a_request_survives_a_save_anywhere),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
