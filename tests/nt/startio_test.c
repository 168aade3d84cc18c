/* tests/nt/startio_test.c -- IoStartPacket of a packet that was cancelled while
 * it was on its way. Source: WDK, IoStartPacket. Contract id: IRP-035. */
#include <string.h>

#include "board/board.h"
#include "caller.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        CALLER_TEST(a_cancelled_packet_is_cancelled_when_it_has_to_wait),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
