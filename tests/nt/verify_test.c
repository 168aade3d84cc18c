/* tests/nt/verify_test.c -- misuse of requests and device objects: findings,
 * and with the machine's checks the bugchecks of Driver Verifier. Source: WDK,
 * bug checks 0xC9, 0x36. */
#include <string.h>

#include "handmade.h"
#include "nt/object.h"
#include "nt/offsets.h"

enum { CODE = 0x100, OUT = 0x80, PENDING = 0x103, FSD_READ = 3 };
enum { IO_MANAGER = 0xc9, REFERENCED = 0x36 };

struct target {
    uint32_t driver, object;
};

/* A device whose read routine is @bytes. */
static struct target device_with(struct caller *c, unsigned count,
                                 const uint8_t *bytes)
{
    struct target d = {.driver = handmade_driver(c)};

    d.object = handmade_device(c, d.driver);
    caller_put(c, c->data + CODE, bytes, count);
    handmade_dispatch(c, d.driver, MAJOR_READ, c->data + CODE);
    return d;
}

/* xor eax, eax; ret 8 */
static const uint8_t forgets[] = {0x33, 0xc0, 0xc2, 8, 0};
/* mov eax, 103h; ret 8 */
static const uint8_t pends[] = {0xb8, 3, 1, 0, 0, 0xc2, 8, 0};
/* mov eax, [esp+8]; mov eax, [eax+60h]; or byte [eax+3], 1; xor eax, eax */
static const uint8_t marks[] = {0x8b, 0x44, 0x24, 8,    0x8b, 0x40, 0x60, 0x80,
                                0x48, 3,    1,    0x33, 0xc0, 0xc2, 8,    0};

static enum caller_end send(struct caller *c, uint32_t device, uint32_t irp)
{
    return handmade_try(c, "IofCallDriver", device, irp);
}

/* ---- sending
 * ----------------------------------------------------------------- */

static void send_checked(void **state, uint32_t kind)
{
    struct caller *c = *state;
    struct target d = device_with(c, sizeof forgets, forgets);
    uint32_t irp = handmade_irp(c, 1, MAJOR_READ), to = d.object;
    uint16_t type = 7;

    if (kind == 0)
        to = 0;
    else if (kind == 1)
        to = c->data;
    else if (kind == 2)
        STD_CALL(c, "IoDeleteDevice", d.object);
    else
        caller_put(c, irp, &type, 2);
    handmade_checks(c);
    BUGCHECKS(c, send(c, to, irp), IO_MANAGER, kind == 3 ? 3 : 4);
    assert_int_equal(handmade_bugcheck(c).p[1], kind == 3 ? irp : to);
}

/* SEC-028: NULL with the checks. */
static void a_null_device_is_c9_4(void **state)
{
    send_checked(state, 0);
}

/* SEC-028: memory that is no device object. */
static void what_is_no_device_is_c9_4(void **state)
{
    send_checked(state, 1);
}

/* SEC-028: a device object that was deleted. */
static void a_deleted_device_is_c9_4(void **state)
{
    send_checked(state, 2);
}

/* SEC-028: a packet whose Type is not 6. */
static void what_is_no_irp_is_c9_3(void **state)
{
    send_checked(state, 3);
}

/* SEC-028: without the checks the guest faults as it does on NT: its caller can
 * handle a user address, a kernel address is the end. */
static void without_checks_a_bad_device_is_the_guests_fault(void **state)
{
    struct caller *c = *state;
    uint32_t irp = handmade_irp(c, 1, MAJOR_READ);

    assert_int_equal(send(c, 0, irp), CALLER_RAISED);
    assert_int_equal(c->status, 0xc0000005);
    assert_true(rig_has(c->r, "C9-4"));
    BUGCHECKS(c, send(c, 0xdead0000, irp), 0x50, 0xdead0008);
}

static void sending_above_dispatch_level_is_c9_10(void **state)
{
    struct caller *c = *state;
    struct target d = device_with(c, sizeof forgets, forgets);
    uint32_t irp = handmade_irp(c, 1, MAJOR_READ);

    handmade_checks(c);
    FAST_CALL(c, "KfRaiseIrql", 3);
    BUGCHECKS(c, send(c, d.object, irp), IO_MANAGER, 0x10);
}

/* mov ecx, 2; mov eax, KfRaiseIrql; call eax; ret 8 */
static void a_dispatch_routine_must_keep_its_irql(void **state)
{
    struct caller *c = *state;
    struct target d = device_with(c, sizeof forgets, forgets);
    uint32_t irp = handmade_irp(c, 1, MAJOR_READ);
    struct text t = {c, c->data + CODE};

    TEXT(&t, 0xb9, 2, 0, 0, 0);
    text_call(&t, "KfRaiseIrql");
    text_ret(&t, 0, 8);
    handmade_checks(c);
    BUGCHECKS(c, send(c, d.object, irp), IO_MANAGER, 5);
    assert_int_equal(handmade_bugcheck(c).p[1], d.object);
    assert_int_equal(handmade_bugcheck(c).p[2], 0);
    assert_int_equal(handmade_bugcheck(c).p[3], 2);
}

/* ---- what a dispatch routine does with it
 * --------------------------------------- */

/* IRP-016: both are a finding, with and without the checks, and the run goes
 * on. */
static void a_mark_and_the_status_must_agree(void **state)
{
    struct caller *c = *state;
    struct target d = device_with(c, sizeof pends, pends);

    for (unsigned checks = 0; checks < 2; checks++) {
        if (checks)
            handmade_checks(c);
        caller_put(c, c->data + CODE, pends, sizeof pends);
        assert_int_equal(FAST_CALL(c, "IofCallDriver", d.object,
                                   handmade_irp(c, 1, MAJOR_READ)),
                         PENDING);
        assert_int_equal(rig_count(c->r, "was not marked pending and 00000103"),
                         1 + checks);
        caller_put(c, c->data + CODE, marks, sizeof marks);
        assert_int_equal(FAST_CALL(c, "IofCallDriver", d.object,
                                   handmade_irp(c, 1, MAJOR_READ)),
                         0);
        assert_int_equal(rig_count(c->r, "was marked pending and 00000000"),
                         1 + checks);
    }
    assert_int_equal(rig_count(c->r, "finding rule=IRP-016"), 4);
}

/* IRP-017: a finding; with the checks 0xC9 (226h, routine, irp). */
static void a_forgotten_irp_is_c9_226(void **state)
{
    struct caller *c = *state;
    struct target d = device_with(c, sizeof forgets, forgets);
    uint32_t irp = handmade_irp(c, 1, MAJOR_READ);

    assert_int_equal(FAST_CALL(c, "IofCallDriver", d.object, irp), 0);
    assert_int_equal(rig_count(c->r, "finding rule=C9-226"), 1);
    handmade_checks(c);
    irp = handmade_irp(c, 1, MAJOR_READ);
    BUGCHECKS(c, send(c, d.object, irp), IO_MANAGER, 0x226);
    assert_int_equal(handmade_bugcheck(c).p[1], c->data + CODE);
    assert_int_equal(handmade_bugcheck(c).p[2], irp);
}

/* ---- completing
 * -------------------------------------------------------------- */

static uint32_t in_its_driver(struct caller *c)
{
    uint32_t irp = handmade_irp(c, 1, MAJOR_READ);
    uint32_t at = caller_dword(c, irp + IRP_CurrentStackLocation);
    uint8_t location = 1;

    caller_set(c, irp + IRP_CurrentStackLocation, at - LOCATION_BYTES);
    caller_put(c, irp + IRP_CurrentLocation, &location, 1);
    return irp;
}

static void complete_checked(void **state, uint32_t kind)
{
    static const uint32_t number[] = {6, 6, 7, 0xe};
    struct caller *c = *state;
    uint32_t irp = in_its_driver(c);
    uint32_t first[] = {PENDING, 0xffffffff, c->data, 3};

    handmade_checks(c);
    if (kind < 2)
        caller_set(c, irp + IRP_Status, first[kind]);
    if (kind == 2)
        caller_set(c, irp + IRP_CancelRoutine, c->data);
    if (kind == 3)
        FAST_CALL(c, "KfRaiseIrql", 3);
    BUGCHECKS(c, handmade_try(c, "IofCompleteRequest", irp, 0), IO_MANAGER,
              number[kind]);
    assert_int_equal(handmade_bugcheck(c).p[1], first[kind]);
    assert_int_equal(handmade_bugcheck(c).p[2], irp);
}

/* IRP-015: STATUS_PENDING is no final status. */
static void completing_with_pending_is_c9_6(void **state)
{
    complete_checked(state, 0);
}

/* IRP-015: nor is -1. */
static void completing_with_minus_one_is_c9_6(void **state)
{
    complete_checked(state, 1);
}

/* IRP-015: a cancel routine that is still set. */
static void completing_with_a_cancel_routine_is_c9_7(void **state)
{
    complete_checked(state, 2);
}

/* IRP-015: above DISPATCH_LEVEL. */
static void completing_above_dispatch_level_is_c9_e(void **state)
{
    complete_checked(state, 3);
}

/* ---- freeing
 * ------------------------------------------------------------------ */

/* IRP-008: the packet alone goes: its MDL and its buffer can be freed after. */
static void freeing_an_irp_leaves_mdl_and_buffer(void **state)
{
    struct caller *c = *state;
    uint32_t irp = handmade_irp(c, 1, MAJOR_READ);
    uint32_t mdl = STD_CALL(c, "IoAllocateMdl", c->data, 64, 0, 0, irp);
    uint32_t buffer = STD_CALL(c, "ExAllocatePoolWithTag", 0, 64, 0x31313131);

    assert_int_equal(caller_dword(c, irp + IRP_MdlAddress), mdl);
    caller_set(c, irp + IRP_AssociatedIrp_SystemBuffer, buffer);
    caller_set(c, buffer, 0x12345678);
    STD_CALL(c, "IoFreeIrp", irp);
    assert_int_equal(rig_irps(c->r), 0);
    assert_int_equal(caller_dword(c, buffer), 0x12345678);
    assert_int_equal(caller_dword(c, mdl + 0x14), 64); /* ByteCount */
    STD_CALL(c, "IoFreeMdl", mdl);
    STD_CALL(c, "ExFreePoolWithTag", buffer, 0x31313131);
}

/* IRP-008: one that is still its thread's: freed, with the checks 0xC9 (2). */
static void freeing_a_threads_irp_is_c9_2(void **state)
{
    struct caller *c = *state;
    struct target d = device_with(c, sizeof forgets, forgets);
    uint32_t irp = STD_CALL(c, "IoBuildSynchronousFsdRequest", FSD_READ,
                            d.object, c->data, 4, 0, c->data, c->data);

    STD_CALL(c, "IoFreeIrp", irp);
    assert_int_equal(rig_irps(c->r), 0);
    assert_true(rig_has(c->r, "C9-2"));
    irp = STD_CALL(c, "IoBuildSynchronousFsdRequest", FSD_READ, d.object,
                   c->data, 4, 0, c->data, c->data);
    handmade_checks(c);
    BUGCHECKS(c, caller_try(c, "IoFreeIrp", 0, 1, &irp), IO_MANAGER, 2);
    assert_int_equal(handmade_bugcheck(c).p[1], irp);
}

static void freeing_what_is_no_irp_is_c9_1(void **state)
{
    struct caller *c = *state;
    uint32_t at = c->data;

    STD_CALL(c, "IoFreeIrp", at);
    assert_true(rig_has(c->r, "C9-1 "));
    handmade_checks(c);
    BUGCHECKS(c, caller_try(c, "IoFreeIrp", 0, 1, &at), IO_MANAGER, 1);
}

/* ---- deleting devices
 * --------------------------------------------------------- */

/* \Device\IoTest0 with an open handle. */
static uint32_t open_device(struct caller *c, uint32_t *handle)
{
    uint32_t image = rig_load(c->r, "iotest.sys"), at = c->data;

    assert_int_equal(rig_finish(c->r, machine_driver_start(c->r->m, image)), 0);
    *handle = rig_open(c->r, "\\\\.\\IoTest");
    caller_wide(c, at + 16, "\\Device\\IoTest0");
    caller_counted(c, at, 30, 32, at + 16);
    assert_int_equal(
        STD_CALL(c, "IoGetDeviceObjectPointer", at, 1, at + 8, at + 12), 0);
    STD_CALL(c, "ObDereferenceObject", caller_dword(c, at + 8));
    return caller_dword(c, at + 12);
}

/* SEC-029: kept until the last handle is closed. */
static void a_device_that_is_open_lasts_until_it_is_closed(void **state)
{
    struct caller *c = *state;
    uint32_t handle, device = open_device(c, &handle);
    struct machine_call call = {.kind = CALL_CLOSE, .handle = handle};

    STD_CALL(c, "IoDeleteDevice", device);
    assert_int_not_equal(ob_find(c->r->m->nt, device), 0);
    assert_int_not_equal(caller_dword(c, device + DEVOBJ_ReferenceCount), 0);
    assert_int_equal(rig_call(c->r, &call).status, 0);
    assert_int_equal(ob_find(c->r->m->nt, device), 0);
}

/* SEC-029: 0x36 (device) with the checks. */
static void deleting_a_device_that_is_open_is_36(void **state)
{
    struct caller *c = *state;
    uint32_t handle, device = open_device(c, &handle);

    handmade_checks(c);
    BUGCHECKS(c, caller_try(c, "IoDeleteDevice", 0, 1, &device), REFERENCED,
              device);
}

/* SEC-029: still attached to another: 0xC9 (201h). */
static void deleting_a_device_of_a_stack_is_c9_201(void **state)
{
    struct caller *c = *state;
    uint32_t driver = handmade_driver(c);
    uint32_t low = handmade_device(c, driver);
    uint32_t high = handmade_device(c, driver);

    STD_CALL(c, "IoAttachDeviceToDeviceStack", high, low);
    STD_CALL(c, "IoDetachDevice", low);
    handmade_checks(c);
    STD_CALL(c, "IoDeleteDevice", high); /* in good order */
    high = handmade_device(c, driver);
    STD_CALL(c, "IoAttachDeviceToDeviceStack", high, low);
    BUGCHECKS(c, caller_try(c, "IoDeleteDevice", 0, 1, &high), IO_MANAGER,
              0x201);
    assert_int_equal(handmade_bugcheck(c).p[2], high);
}

/* SEC-029: the upper one, with a finding alone when the checks are off. The
 * lower one goes first in REMOVE_DEVICE: it lasts until the upper one lets go.
 */
static void deleting_below_another_device_is_told(void **state)
{
    struct caller *c = *state;
    uint32_t driver = handmade_driver(c);
    uint32_t low = handmade_device(c, driver);
    uint32_t high = handmade_device(c, driver);

    STD_CALL(c, "IoAttachDeviceToDeviceStack", high, low);
    STD_CALL(c, "IoDeleteDevice", low);
    assert_false(rig_has(c->r, "C9-201"));
    STD_CALL(c, "IoDetachDevice", low);
    low = handmade_device(c, driver);
    STD_CALL(c, "IoAttachDeviceToDeviceStack", high, low);
    STD_CALL(c, "IoDeleteDevice", high);
    assert_true(rig_has(c->r, "C9-201"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CALLER_TEST(a_null_device_is_c9_4),
        CALLER_TEST(what_is_no_device_is_c9_4),
        CALLER_TEST(a_deleted_device_is_c9_4),
        CALLER_TEST(what_is_no_irp_is_c9_3),
        CALLER_TEST(without_checks_a_bad_device_is_the_guests_fault),
        CALLER_TEST(sending_above_dispatch_level_is_c9_10),
        CALLER_TEST(a_dispatch_routine_must_keep_its_irql),
        CALLER_TEST(a_mark_and_the_status_must_agree),
        CALLER_TEST(a_forgotten_irp_is_c9_226),
        CALLER_TEST(completing_with_pending_is_c9_6),
        CALLER_TEST(completing_with_minus_one_is_c9_6),
        CALLER_TEST(completing_with_a_cancel_routine_is_c9_7),
        CALLER_TEST(completing_above_dispatch_level_is_c9_e),
        CALLER_TEST(freeing_an_irp_leaves_mdl_and_buffer),
        CALLER_TEST(freeing_a_threads_irp_is_c9_2),
        CALLER_TEST(freeing_what_is_no_irp_is_c9_1),
        CALLER_TEST(a_device_that_is_open_lasts_until_it_is_closed),
        CALLER_TEST(deleting_a_device_that_is_open_is_36),
        CALLER_TEST(deleting_a_device_of_a_stack_is_c9_201),
        CALLER_TEST(deleting_below_another_device_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
