/* tests/nt/startio_test.c -- IoStartPacket of a packet that was cancelled while
 * it was on its way, and StartIo in turn. Source: WDK, IoStartPacket. */
#include <string.h>

#include "handmade.h"
#include "nt/offsets.h"

enum { DEVICE_UNKNOWN = 0x22 };
enum { DEVICE_BUSY = 0x70 }; /* DEVICE_OBJECT.DeviceQueue.Busy */
enum { IRP_CANCEL = 0x24, IRP_CANCEL_ROUTINE = 0x38 };
enum { COUNT = 0, ARGUMENTS = 4, CODE = 0x100, DEVICE = 0x200 };

/* A cancel routine: notes its arguments, gives the cancel lock back. */
static uint32_t routine(struct caller *c)
{
    uint32_t count = c->data + COUNT, device = c->data + ARGUMENTS;
    uint32_t irp = device + 4;
    uint32_t release = ke_export_address(c->r->m->ke, "ntoskrnl.exe",
                                         "IoReleaseCancelSpinLock", 0)
                           .v;
    uint8_t code[] = {0xff, 0x05, 0, 0, 0,    0,    0x8b, 0x44, 0x24, 0x04,
                      0xa3, 0,    0, 0, 0,    0x8b, 0x44, 0x24, 0x08, 0xa3,
                      0,    0,    0, 0, 0x0f, 0xb6, 0x40, 0x25, 0x50, 0xb8,
                      0,    0,    0, 0, 0xff, 0xd0, 0xc2, 8,    0};

    memcpy(code + 2, &count, 4);
    memcpy(code + 11, &device, 4);
    memcpy(code + 20, &irp, 4);
    memcpy(code + 30, &release, 4);
    caller_put(c, c->data + CODE, code, sizeof code);
    return c->data + CODE;
}

/* A device whose driver is at work on another packet. */
static uint32_t busy_device(struct caller *c)
{
    uint32_t image = rig_load(c->r, "hello.sys"), device;
    struct inspect_image i;
    uint8_t busy = 1;

    assert_int_equal(rig_finish(c->r, machine_driver_start(c->r->m, image)), 0);
    assert_true(inspect_image_at(c->r->m, image - 1, &i));
    assert_int_equal(STD_CALL(c, "IoCreateDevice", i.driver.v, 0, 0,
                              DEVICE_UNKNOWN, 0, 0, c->data + DEVICE),
                     0);
    device = caller_dword(c, c->data + DEVICE);
    caller_put(c, device + DEVICE_BUSY, &busy, 1);
    return device;
}

/* IRP-035: its cancel function is called at once, with the cancel lock. */
static void a_cancelled_packet_is_cancelled_when_it_has_to_wait(void **state)
{
    struct caller *c = *state;
    uint32_t device = busy_device(c), cancel = routine(c);
    uint32_t irp = STD_CALL(c, "IoAllocateIrp", 1, 0);
    uint8_t yes = 1;

    STD_CALL(c, "IoStartPacket", device, irp, 0, cancel);
    assert_int_equal(caller_dword(c, c->data + COUNT), 0); /* it waits */
    assert_int_equal(caller_dword(c, irp + IRP_CANCEL_ROUTINE), cancel);

    irp = STD_CALL(c, "IoAllocateIrp", 1, 0);
    caller_put(c, irp + IRP_CANCEL, &yes, 1);
    STD_CALL(c, "IoStartPacket", device, irp, 0, cancel);
    assert_int_equal(caller_dword(c, c->data + COUNT), 1);
    assert_int_equal(caller_dword(c, c->data + ARGUMENTS), device);
    assert_int_equal(caller_dword(c, c->data + ARGUMENTS + 4), irp);
    assert_int_equal(caller_dword(c, irp + IRP_CANCEL_ROUTINE), 0);
    assert_int_equal(NO_CALL(c, "KeGetCurrentIrql") & 0xff, 0);
}

/* IRP-034: an idle device starts a packet at once at DISPATCH_LEVEL, even one
 * that is cancelled; its cancel function is not called. */
static void an_idle_device_starts_a_cancelled_packet(void **state)
{
    enum { SEEN = 0x20, LEVEL = 0x24, STARTS = 0x300 };
    struct caller *c = *state;
    uint32_t driver = handmade_driver(c), device = handmade_device(c, driver);
    uint32_t irp = STD_CALL(c, "IoAllocateIrp", 1, 0), cancel = routine(c);
    struct text t = {c, c->data + STARTS};
    uint8_t yes = 1;

    TEXT(&t, 0x8b, 0x44, 0x24, 8, 0xa3); /* mov eax, [esp+8]; mov [seen], eax */
    text_dword(&t, c->data + SEEN);
    TEXT(&t, 0x64, 0x0f, 0xb6, 0x05);
    text_dword(&t, 0x24);
    TEXT(&t, 0xa3);
    text_dword(&t, c->data + LEVEL);
    text_ret(&t, 0, 8);
    caller_set(c, driver + DRVOBJ_DriverStartIo, c->data + STARTS);
    caller_put(c, irp + IRP_CANCEL, &yes, 1);
    STD_CALL(c, "IoStartPacket", device, irp, 0, cancel);
    assert_int_equal(caller_dword(c, c->data + SEEN), irp);
    assert_int_equal(caller_dword(c, c->data + LEVEL), 2);
    assert_int_equal(caller_dword(c, device + DEVOBJ_CurrentIrp), irp);
    assert_int_equal(caller_dword(c, c->data + COUNT), 0);
    assert_int_equal(NO_CALL(c, "KeGetCurrentIrql") & 0xff, 0);
}

/* IRP-037: a StartIo that fails each packet by starting the next: with
 * DeferredStartIo the stack is as deep for each of 1,000. */
static void deferred_start_io_keeps_the_stack_for_1000_packets(void **state)
{
    enum { DEEPEST = 0x20, HIGHEST = 0x24, STARTS = 0x300, PACKETS = 1000 };
    struct caller *c = *state;
    uint32_t driver = handmade_driver(c), device = handmade_device(c, driver);
    struct text t = {c, c->data + STARTS};
    uint8_t busy = 1;

    text_count(&t, c->data + COUNT);
    TEXT(&t, 0x3b, 0x25); /* cmp esp, [deepest]; jae +6; mov [deepest], esp */
    text_dword(&t, c->data + DEEPEST);
    TEXT(&t, 0x73, 6, 0x89, 0x25);
    text_dword(&t, c->data + DEEPEST);
    TEXT(&t, 0x3b, 0x25); /* cmp esp, [highest]; jbe +6; mov [highest], esp */
    text_dword(&t, c->data + HIGHEST);
    TEXT(&t, 0x76, 6, 0x89, 0x25);
    text_dword(&t, c->data + HIGHEST);
    TEXT(&t, 0x6a, 0, 0xff, 0x74, 0x24, 8); /* push 0; push device */
    text_call(&t, "IoStartNextPacket");
    text_ret(&t, 0, 8);
    caller_set(c, driver + DRVOBJ_DriverStartIo, c->data + STARTS);
    caller_set(c, c->data + DEEPEST, 0xffffffff);
    STD_CALL(c, "IoSetStartIoAttributes", device, 1, 0);
    caller_put(c, device + DEVICE_BUSY, &busy, 1);
    for (unsigned i = 0; i < PACKETS; i++)
        STD_CALL(c, "IoStartPacket", device, STD_CALL(c, "IoAllocateIrp", 1, 0),
                 0, 0);
    assert_int_equal(caller_dword(c, c->data + COUNT), 0);
    FAST_CALL(c, "KfRaiseIrql", 2);
    STD_CALL(c, "IoStartNextPacket", device, 0);
    FAST_CALL(c, "KfLowerIrql", 0);
    assert_int_equal(caller_dword(c, c->data + COUNT), PACKETS);
    assert_int_equal(caller_dword(c, c->data + DEEPEST),
                     caller_dword(c, c->data + HIGHEST));
    assert_int_equal(caller_dword(c, device + DEVOBJ_CurrentIrp), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CALLER_TEST(a_cancelled_packet_is_cancelled_when_it_has_to_wait),
        CALLER_TEST(an_idle_device_starts_a_cancelled_packet),
        CALLER_TEST(deferred_start_io_keeps_the_stack_for_1000_packets),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
