/* tests/nt/callback_exception_test.c -- exceptions inside every kind of routine
 * that a driver hands to the system: handled inside they are its own affair;
 * not handled they end in the right bugcheck, or with the __except of who
 * called in. Queues stay whole. Sources: WDK, "Handling Exceptions";
 * docs/ke.md. */
#include <string.h>

#include "handmade.h"
#include "nt/offsets.h"

enum {
    COUNT = 0,
    OUT = 8,
    OBJECT = 0x10,
    TIMER = 0x40,
    DPC = 0x80,
    EVENT = 0xa0,
    CODE = 0x100,
    CODE2 = 0x300,
};
enum { HANDLED, NOT_HANDLED, ISA_BUS = 1, LATCHED = 1 };
enum { MEDIUM_DPC = 0x01000013, SYSTEM_THREAD = 0x7e, IN_KERNEL_MODE = 0x8e };
#define BAD_OPCODE 0xc000001du

/* At @at: counts, then ud2, inside a frame whose handler skips it or not;
 * returns
 * @eax and takes @pop bytes. */
static uint32_t failing(struct caller *c, uint32_t at, unsigned how,
                        uint32_t eax, uint16_t pop)
{
    struct text t = {c, c->data + at};
    uint32_t handler = c->data + at, start;

    TEXT(&t, 0x8b, 0x44, 0x24, 12, 0x83, 0x80); /* add [context.Eip], 2 */
    text_dword(&t, 0xb8);
    TEXT(&t, 2, 0x31, 0xc0, 0xc3);
    start = t.at;
    text_count(&t, c->data + COUNT);
    if (how == HANDLED) {
        text_push(&t, handler);
        TEXT(&t, 0x64, 0xff, 0x35, 0, 0, 0, 0, 0x64, 0x89, 0x25, 0, 0, 0, 0);
    }
    TEXT(&t, 0x0f, 0x0b);
    if (how == HANDLED)
        TEXT(&t, 0x64, 0x8f, 0x05, 0, 0, 0, 0, 0x83, 0xc4, 4);
    text_ret(&t, eax, pop);
    return start;
}

static uint32_t count(struct caller *c)
{
    return caller_dword(c, c->data + COUNT);
}

/* What the failing routine, called by routine @name, comes to: the caller's
 * __except. */
static void raises(struct caller *c, const char *name, unsigned n,
                   const uint32_t *args)
{
    uint32_t before = count(c);

    assert_int_equal(caller_try(c, name, 0, n, args), CALLER_RAISED);
    assert_int_equal(c->status, BAD_OPCODE);
    assert_int_equal(count(c), before + 1);
}
#define RAISES(c, name, ...)                                                   \
    raises((c), (name), sizeof((uint32_t[]){__VA_ARGS__}) / 4,                 \
           (uint32_t[]){__VA_ARGS__})

/* ---- routines that run in the thread of who calls in
 * ---------------------------- */

static void a_dispatch_routine(void **state)
{
    struct caller *c = *state;
    uint32_t driver = handmade_driver(c), device = handmade_device(c, driver);
    uint32_t irp = handmade_irp(c, 1, MAJOR_READ);

    handmade_dispatch(c, driver, MAJOR_READ,
                      failing(c, CODE, NOT_HANDLED, 0, 8));
    assert_int_equal(handmade_try(c, "IofCallDriver", device, irp),
                     CALLER_RAISED);
    assert_int_equal(c->status, BAD_OPCODE);
    handmade_dispatch(c, driver, MAJOR_READ, failing(c, CODE, HANDLED, 7, 8));
    assert_int_equal(
        FAST_CALL(c, "IofCallDriver", device, handmade_irp(c, 1, MAJOR_READ)),
        7);
    assert_int_equal(count(c), 2);
}

/* The packet is where it was: it can be completed again from there. */
static void a_completion_routine(void **state)
{
    struct caller *c = *state;
    uint32_t device = handmade_device(c, handmade_driver(c));
    uint32_t irp = handmade_irp(c, 2, MAJOR_READ), at;
    uint8_t location = 1;

    at = caller_dword(c, irp + IRP_CurrentStackLocation);
    caller_set(c, irp + IRP_CurrentStackLocation, at - LOCATION_BYTES);
    STD_CALL(c, "IoSetCompletionRoutineEx", device, irp,
             failing(c, CODE, NOT_HANDLED, 0, 12), 0, 1, 1, 1);
    caller_set(c, irp + IRP_CurrentStackLocation, at - 2 * LOCATION_BYTES);
    caller_put(c, irp + IRP_CurrentLocation, &location, 1);
    assert_int_equal(handmade_try(c, "IofCompleteRequest", irp, 0),
                     CALLER_RAISED);
    assert_int_equal(count(c), 1);
    assert_int_equal(caller_dword(c, irp + IRP_CurrentStackLocation),
                     at - LOCATION_BYTES);
    assert_int_equal(NO_CALL(c, "KeGetCurrentIrql") & 0xff, 0);
    STD_CALL(c, "IoFreeIrp", irp);
    assert_int_equal(rig_irps(c->r), 0);
}

/* As on NT the level and the lock stay as the routine left them. */
static void a_cancel_routine(void **state)
{
    struct caller *c = *state;
    uint32_t irp = handmade_irp(c, 1, MAJOR_READ);

    caller_set(c, irp + IRP_CancelRoutine, failing(c, CODE, NOT_HANDLED, 0, 8));
    RAISES(c, "IoCancelIrp", irp);
    assert_int_equal(NO_CALL(c, "KeGetCurrentIrql") & 0xff, 2);
    assert_int_equal(caller_dword(c, irp + IRP_CancelRoutine), 0);
    STD_CALL(c, "IoReleaseCancelSpinLock", 0);
    assert_int_equal(NO_CALL(c, "KeGetCurrentIrql") & 0xff, 0);
    caller_set(c, irp + IRP_CancelRoutine, failing(c, CODE, HANDLED, 0, 8));
    assert_int_equal(STD_CALL(c, "IoCancelIrp", irp) & 0xff, 1);
}

/* The device queue goes on with the next packet. */
static void a_start_io_routine(void **state)
{
    struct caller *c = *state;
    uint32_t driver = handmade_driver(c), device = handmade_device(c, driver);
    uint32_t one = handmade_irp(c, 1, MAJOR_READ);
    uint32_t two = handmade_irp(c, 1, MAJOR_READ);

    caller_set(c, driver + DRVOBJ_DriverStartIo,
               failing(c, CODE, NOT_HANDLED, 0, 8));
    RAISES(c, "IoStartPacket", device, one, 0, 0);
    assert_int_equal(caller_dword(c, device + DEVOBJ_CurrentIrp), one);
    assert_int_equal(NO_CALL(c, "KeGetCurrentIrql") & 0xff, 2);
    STD_CALL(c, "IoStartPacket", device, two, 0, 0); /* busy: it waits */
    RAISES(c, "IoStartNextPacket", device, 0);
    assert_int_equal(caller_dword(c, device + DEVOBJ_CurrentIrp), two);
    STD_CALL(c, "IoStartNextPacket", device, 0);
    assert_int_equal(caller_dword(c, device + DEVOBJ_CurrentIrp), 0);
    caller_set(c, driver + DRVOBJ_DriverStartIo,
               failing(c, CODE, HANDLED, 0, 8));
    STD_CALL(c, "IoStartPacket", device, one, 0, 0);
    assert_int_equal(caller_dword(c, device + DEVOBJ_CurrentIrp), one);
    assert_int_equal(count(c), 3);
    FAST_CALL(c, "KfLowerIrql", 0);
}

/* DEVICE_DESCRIPTION of a slave on channel 1. */
static uint32_t adapter(struct caller *c)
{
    enum { SLAVE_BYTES = 0x28 };
    uint8_t d[SLAVE_BYTES] = {[0] = 1};
    uint32_t at = c->data + 0x800;

    caller_put(c, at, d, sizeof d);
    caller_set(c, at + 0x10, 1);      /* DmaChannel */
    caller_set(c, at + 0x14, 1);      /* InterfaceType: Isa */
    caller_set(c, at + 0x20, 0x1000); /* MaximumLength */
    return STD_CALL(c, "HalGetAdapter", at, c->data + OUT);
}

/* The channel stays held, as on NT; freed, the next one gets it. */
static void an_adapter_control_routine(void **state)
{
    enum { DEALLOCATE = 2 };
    struct caller *c = *state;
    uint32_t device = handmade_device(c, handmade_driver(c)), a = adapter(c);

    assert_int_not_equal(a, 0);
    FAST_CALL(c, "KfRaiseIrql", 2);
    RAISES(c, "IoAllocateAdapterChannel", a, device, 1,
           failing(c, CODE, NOT_HANDLED, DEALLOCATE, 16), 0);
    failing(c, CODE2, HANDLED, DEALLOCATE, 16);
    STD_CALL(c, "IoFreeAdapterChannel", a);
    assert_int_equal(STD_CALL(c, "IoAllocateAdapterChannel", a, device, 1,
                              failing(c, CODE2, HANDLED, DEALLOCATE, 16), 0),
                     0);
    assert_int_equal(count(c), 2);
    assert_int_equal(STD_CALL(c, "IoAllocateAdapterChannel", a, device, 1,
                              failing(c, CODE2, HANDLED, DEALLOCATE, 16), 0),
                     0);
    assert_int_equal(count(c), 3);
}

/* As on NT the level stays at DIRQL. */
static void a_synchronized_routine(void **state)
{
    struct caller *c = *state;
    uint32_t object;

    assert_int_equal(STD_CALL(c, "IoConnectInterrupt", c->data + OBJECT,
                              c->code, 0, 0, 0x33, 24, 24, LATCHED, 0, 1, 0),
                     0);
    object = caller_dword(c, c->data + OBJECT);
    RAISES(c, "KeSynchronizeExecution", object,
           failing(c, CODE, NOT_HANDLED, 0, 4), 0);
    assert_int_equal(NO_CALL(c, "KeGetCurrentIrql") & 0xff, 24);
    FAST_CALL(c, "KfLowerIrql", 0);
    assert_int_equal(STD_CALL(c, "KeSynchronizeExecution", object,
                              failing(c, CODE, HANDLED, 1, 4), 0) &
                         0xff,
                     1);
}

/* ---- routines that nobody called: the bugcheck
 * ---------------------------------- */

static void ends(struct caller *c, enum caller_end end, uint32_t bugcheck)
{
    struct inspect_bugcheck b;

    assert_int_equal(end, CALLER_STOPPED);
    b = handmade_bugcheck(c);
    assert_int_equal(b.code, bugcheck);
    assert_int_equal(b.p[0], BAD_OPCODE);
    assert_in_range(b.p[1], c->data + CODE, c->data + CODE + 0x100);
    assert_int_equal(b.p[1], b.eip);
}

/* Queue the DPC; run until it has run. */
static enum caller_end run_dpc(struct caller *c, unsigned how)
{
    uint32_t dpc = c->data + DPC;

    caller_set(c, dpc, MEDIUM_DPC);
    caller_set(c, dpc + 0xc, failing(c, CODE, how, 0, 16));
    return caller_try(c, "KeInsertQueueDpc", 0, 3, (uint32_t[]){dpc, 0, 0});
}

static void a_dpc(void **state)
{
    struct caller *c = *state;

    assert_int_equal(run_dpc(c, HANDLED), CALLER_RETURNED);
    assert_int_equal(run_dpc(c, HANDLED), CALLER_RETURNED); /* it is free */
    assert_int_equal(count(c), 2);
    ends(c, run_dpc(c, NOT_HANDLED), IN_KERNEL_MODE);
}

/* An interval of -@ms at [OUT]; wait it out. */
static enum caller_end pass(struct caller *c)
{
    caller_set(c, c->data + OUT, (uint32_t)-500000);
    caller_set(c, c->data + OUT + 4, 0xffffffff);
    return caller_try(c, "KeDelayExecutionThread", 0, 3,
                      (uint32_t[]){0, 0, c->data + OUT});
}

static void a_timers_dpc(void **state)
{
    struct caller *c = *state;
    uint32_t timer = c->data + TIMER, dpc = c->data + DPC;

    for (unsigned how = HANDLED; how <= NOT_HANDLED; how++) {
        STD_CALL(c, "KeInitializeTimer", timer);
        caller_set(c, dpc, MEDIUM_DPC);
        caller_set(c, dpc + 0xc, failing(c, CODE, how, 0, 16));
        STD_CALL(c, "KeSetTimer", timer, (uint32_t)-100000, 0xffffffff, dpc);
        if (how == HANDLED) {
            assert_int_equal(pass(c), CALLER_RETURNED);
            assert_int_equal(count(c), 1);
        } else {
            ends(c, pass(c), IN_KERNEL_MODE);
        }
    }
}

/* A work item runs in a system thread. */
static void a_work_item(void **state)
{
    struct caller *c = *state;
    uint32_t device = handmade_device(c, handmade_driver(c)), args[4] = {0};

    args[0] = STD_CALL(c, "IoAllocateWorkItem", device);
    args[1] = failing(c, CODE, HANDLED, 0, 8);
    args[2] = 1; /* DelayedWorkQueue */
    assert_int_equal(caller_try(c, "IoQueueWorkItem", 0, 4, args),
                     CALLER_RETURNED);
    assert_int_equal(pass(c), CALLER_RETURNED);
    assert_int_equal(count(c), 1);
    failing(c, CODE, NOT_HANDLED, 0, 8);
    if (caller_try(c, "IoQueueWorkItem", 0, 4, args) == CALLER_RETURNED)
        ends(c, pass(c), SYSTEM_THREAD);
    ends(c, CALLER_STOPPED, SYSTEM_THREAD);
}

/* DriverEntry: hello.sys's is what CODE says. */
static void driver_entry(void **state)
{
    struct caller *c = *state;
    uint32_t image = rig_load(c->r, "hello.sys");
    struct inspect_image i;
    struct machine_stop stop;
    uint8_t jump[5] = {0xe9};
    uint32_t to;

    assert_true(inspect_image_at(c->r->m, image - 1, &i));
    to = failing(c, CODE, NOT_HANDLED, 0, 8) - (i.entry.v + 5);
    memcpy(jump + 1, &to, 4);
    caller_put(c, i.entry.v, jump, sizeof jump);
    machine_wait(c->r->m, machine_driver_start(c->r->m, image), WAIT_DONE,
                 RIG_SECOND, &stop);
    ends(c, CALLER_STOPPED, SYSTEM_THREAD);
}

/* A kernel APC: it interrupts the thread, whose frames are not its own. */
static void an_apc(void **state)
{
    struct caller *c = *state;
    struct ke *ke = c->r->m->ke;
    uint32_t thread = NO_CALL(c, "KeGetCurrentThread");

    thread = ke_thread_by_object(ke, gva_of(thread));
    assert_true(ke_queue_apc(
        ke, thread, gva_of(failing(c, CODE, HANDLED, 0, 12)), 0, 0, 0));
    assert_int_equal(pass(c), CALLER_RETURNED);
    assert_int_equal(count(c), 1);
    assert_true(ke_queue_apc(
        ke, thread, gva_of(failing(c, CODE, NOT_HANDLED, 0, 12)), 0, 0, 0));
    ends(c, pass(c), IN_KERNEL_MODE);
}

/* AddDevice of edu.sys is what CODE says. */
static void add_device(void **state)
{
    enum { ADD_DEVICE = 4 };
    struct caller *c = *state;
    uint32_t image = rig_load(c->r, "edu.sys"), extension, number = 0;
    struct inspect_image i;
    struct inspect_pnp d;

    assert_int_equal(rig_finish(c->r, machine_driver_start(c->r->m, image)), 0);
    assert_true(inspect_image_at(c->r->m, image - 1, &i));
    extension = caller_dword(c, i.driver.v + DRVOBJ_DriverExtension);
    caller_set(c, extension + ADD_DEVICE, failing(c, CODE, NOT_HANDLED, 0, 8));
    while (inspect_pnp_at(c->r->m, number++, &d))
        if (strncmp(d.hardware_id, "PCI\\VEN_1234", 12) == 0)
            break;
    machine_wait(c->r->m, machine_device_start(c->r->m, number, image),
                 WAIT_DONE, RIG_SECOND, NULL);
    ends(c, CALLER_STOPPED, SYSTEM_THREAD);
}

static int setup_edu(void **state)
{
    static const char *const cards[] = {"edu", NULL};

    return caller_setup_with(state, cards);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CALLER_TEST(a_dispatch_routine),
        CALLER_TEST(a_completion_routine),
        CALLER_TEST(a_cancel_routine),
        CALLER_TEST(a_start_io_routine),
        CALLER_TEST(an_adapter_control_routine),
        CALLER_TEST(a_synchronized_routine),
        CALLER_TEST(a_dpc),
        CALLER_TEST(a_timers_dpc),
        CALLER_TEST(a_work_item),
        CALLER_TEST(driver_entry),
        cmocka_unit_test_setup_teardown(add_device, setup_edu, caller_teardown),
        CALLER_TEST(an_apc),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
