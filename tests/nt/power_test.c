/* tests/nt/power_test.c -- power IRPs one at a time, power states, requests.
 * Source: WDK PoStartNextPowerIrp, PoSetPowerState, PoRequestPowerIrp. */
#include <string.h>

#include "handmade.h"
#include "nt/offsets.h"

enum {
    COUNT = 0,
    LAST = 4,
    DONE = 8,
    DONE_STATE = 12,
    IRP_OUT = 16,
    CODE = 0x100,
    DONE_CODE = 0x200,
};
enum { SYSTEM = 0, DEVICE = 1, SET_POWER = 2, QUERY_POWER = 3, D0 = 1, D3 = 4 };
enum { PENDING = 0x103, SEQUENCE = 1 };
#define INVALID_PARAMETER_2 0xc00000f0u

/* A device whose power routine counts, keeps the packet, pends it. */
static uint32_t power_device(struct caller *c)
{
    uint32_t driver = handmade_driver(c);
    struct text t = {c, c->data + CODE};

    text_count(&t, c->data + COUNT);
    TEXT(&t, 0x8b, 0x44, 0x24, 8, 0xa3); /* mov eax, [esp+8]; mov [last], eax */
    text_dword(&t, c->data + LAST);
    TEXT(&t, 0x8b, 0x40, 0x60, 0x80, 0x48, 3, 1); /* IoMarkIrpPending */
    text_ret(&t, PENDING, 8);
    handmade_dispatch(c, driver, MAJOR_POWER, c->data + CODE);
    return handmade_device(c, driver);
}

static uint32_t power_irp(struct caller *c, uint8_t minor, uint32_t type)
{
    uint32_t irp = handmade_irp(c, 1, MAJOR_POWER);
    uint32_t at =
        caller_dword(c, irp + IRP_CurrentStackLocation) - LOCATION_BYTES;

    caller_put(c, at + SL_MinorFunction, &minor, 1);
    caller_set(c, at + SL_Power_Type, type);
    caller_set(c, at + SL_Power_State, D3);
    return irp;
}

static void send(struct caller *c, uint32_t device, uint32_t irp, uint32_t seen)
{
    assert_int_equal(STD_CALL(c, "PoCallDriver", device, irp), PENDING);
    assert_int_equal(caller_dword(c, c->data + COUNT), seen);
}

/* The second of a kind waits until the driver asks for the next one; one of the
 * other kind does not. */
static void one_of_a_kind_at_a_time(void **state)
{
    struct caller *c = *state;
    uint32_t device = power_device(c);
    uint32_t one = power_irp(c, SET_POWER, DEVICE);
    uint32_t two = power_irp(c, QUERY_POWER, DEVICE);
    uint32_t three = power_irp(c, SET_POWER, DEVICE);

    send(c, device, one, 1);
    send(c, device, two, 1);
    send(c, device, three, 1);
    send(c, device, power_irp(c, SET_POWER, SYSTEM), 2);
    STD_CALL(c, "PoStartNextPowerIrp", one);
    assert_int_equal(caller_dword(c, c->data + COUNT), 3);
    assert_int_equal(caller_dword(c, c->data + LAST), two);
    STD_CALL(c, "PoStartNextPowerIrp", two);
    assert_int_equal(caller_dword(c, c->data + LAST), three);
    STD_CALL(c, "PoStartNextPowerIrp", three);
    send(c, device, power_irp(c, SET_POWER, DEVICE), 5); /* free again */
}

/* Others, and those of Windows Vista and later, are not held. */
static void what_is_not_held_back(void **state)
{
    enum { WAIT_WAKE = 0 };
    struct caller *c = *state;
    uint32_t device = power_device(c);

    send(c, device, power_irp(c, WAIT_WAKE, DEVICE), 1);
    send(c, device, power_irp(c, WAIT_WAKE, DEVICE), 2);
    c->r->m->mm.s.settings.era = MM_W8;
    send(c, device, power_irp(c, SET_POWER, DEVICE), 3);
    send(c, device, power_irp(c, SET_POWER, DEVICE), 4);
}

/* Each device object has a state of either kind, unspecified at first. */
static void a_device_object_keeps_its_states(void **state)
{
    struct caller *c = *state;
    uint32_t driver = handmade_driver(c);
    uint32_t a = handmade_device(c, driver), b = handmade_device(c, driver);

    assert_int_equal(STD_CALL(c, "PoSetPowerState", a, DEVICE, D3), 0);
    assert_int_equal(STD_CALL(c, "PoSetPowerState", a, DEVICE, D0), D3);
    assert_int_equal(STD_CALL(c, "PoSetPowerState", b, DEVICE, D3), 0);
    assert_int_equal(STD_CALL(c, "PoSetPowerState", a, SYSTEM, 5), 0);
    assert_int_equal(STD_CALL(c, "PoSetPowerState", a, SYSTEM, 1), 5);
    assert_int_equal(STD_CALL(c, "PoSetPowerState", a, DEVICE, D3), D0);
}

/* Routine(Device, Minor, State, Context, *IoStatus): counts, keeps State. */
static uint32_t done_routine(struct caller *c)
{
    struct text t = {c, c->data + DONE_CODE};

    text_count(&t, c->data + DONE);
    TEXT(&t, 0x8b, 0x44, 0x24, 12, 0xa3);
    text_dword(&t, c->data + DONE_STATE);
    text_ret(&t, 0, 20);
    return c->data + DONE_CODE;
}

/* A request goes to the top of the stack in its turn; its end tells the
 * requester. */
static void a_requested_irp_waits_for_its_turn(void **state)
{
    struct caller *c = *state;
    uint32_t device = power_device(c), done = done_routine(c);
    uint32_t first = power_irp(c, SET_POWER, DEVICE), irp;

    assert_int_equal(
        STD_CALL(c, "PoRequestPowerIrp", device, SEQUENCE, D0, done, 0, 0),
        INVALID_PARAMETER_2);
    send(c, device, first, 1);
    assert_int_equal(STD_CALL(c, "PoRequestPowerIrp", device, SET_POWER, D0,
                              done, 0x77, c->data + IRP_OUT),
                     PENDING);
    irp = caller_dword(c, c->data + IRP_OUT);
    assert_int_equal(caller_dword(c, c->data + COUNT), 1);
    STD_CALL(c, "PoStartNextPowerIrp", first);
    assert_int_equal(caller_dword(c, c->data + LAST), irp);
    assert_int_equal(caller_dword(c, c->data + DONE), 0);
    STD_CALL(c, "PoStartNextPowerIrp", irp);
    caller_set(c, irp + IRP_Status, 0);
    FAST_CALL(c, "IofCompleteRequest", irp, 0);
    assert_int_equal(caller_dword(c, c->data + DONE), 1);
    assert_int_equal(caller_dword(c, c->data + DONE_STATE), D0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CALLER_TEST(one_of_a_kind_at_a_time),
        CALLER_TEST(what_is_not_held_back),
        CALLER_TEST(a_device_object_keeps_its_states),
        CALLER_TEST(a_requested_irp_waits_for_its_turn),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
