/* tests/nt/corrupt_io_test.c -- the I/O manager's lists that lie in guest
 * memory, made wrong: devices, their queues, packets. */
#include <string.h>

#include "corrupt.h"
#include "handmade.h"
#include "nt/offsets.h"

/* In the caller's data. */
enum { ENTRY = 0x200, COUNT = 3, CODE = 0x800, OUT = 0x900 };

/* ---- a device's queue ------------------------------------------------------
 */

static uint32_t busy_device(struct caller *c, struct corrupt *how)
{
    uint32_t driver = handmade_driver(c), device = handmade_device(c, driver);
    uint32_t head = device + DEVOBJ_DeviceQueue + DEVQ_DeviceListHead;
    struct text t = {c, c->data + CODE};

    text_ret(&t, 0, 8);
    caller_set(c, driver + DRVOBJ_DriverStartIo, c->data + CODE);
    corrupt_ring(c, how, head, c->data + ENTRY + IRP_DeviceQueueEntry, COUNT,
                 0x80);
    for (uint32_t i = 0; i < COUNT; i++)
        caller_set(c,
                   c->data + ENTRY + IRP_DeviceQueueEntry + i * 0x80 +
                       DEVQE_SortKey,
                   i);
    caller_set(c, device + DEVOBJ_DeviceQueue + DEVQ_Busy, 1);
    return device;
}

static void start_packet(struct caller *c, struct corrupt *how)
{
    uint32_t irp = STD_CALL(c, "IoAllocateIrp", 1, 0);

    caller_set(c, c->data + OUT, 100);
    CORRUPT_CALL(how, busy_device(c, how), irp, c->data + OUT, 0);
}

static void start_next(struct caller *c, struct corrupt *how)
{
    uint32_t device = busy_device(c, how);

    how->link = how->self =
        caller_dword(c, device + DEVOBJ_DeviceQueue + DEVQ_DeviceListHead);
    CORRUPT_CALL(how, device, 0);
}

static void start_next_key(struct caller *c, struct corrupt *how)
{
    CORRUPT_CALL(how, busy_device(c, how), 0, 100);
}

/* ---- device objects: three in a stack -------------------------------------
 */

enum { TOP = 2 };

static void stack_of(struct caller *c, uint32_t device[COUNT])
{
    uint32_t driver = handmade_driver(c);

    for (unsigned i = 0; i < COUNT; i++)
        device[i] = handmade_device(c, driver);
    for (unsigned i = 1; i < COUNT; i++)
        assert_int_not_equal(
            STD_CALL(c, "IoAttachDeviceToDeviceStack", device[i], device[0]),
            0);
}

static void stack(struct caller *c, struct corrupt *how)
{
    uint32_t device[COUNT];

    stack_of(c, device);
    how->link = device[TOP] + DEVOBJ_AttachedDevice;
    how->self = device[TOP];
    how->first = device[0];
    CORRUPT_CALL(how, device[0]);
}

static void stack_attach(struct caller *c, struct corrupt *how)
{
    uint32_t bottom;

    stack(c, how);
    bottom = how->args[0];
    CORRUPT_CALL(
        how, handmade_device(c, caller_dword(c, bottom + DEVOBJ_DriverObject)),
        bottom);
}

static void stack_attach_safe(struct caller *c, struct corrupt *how)
{
    stack_attach(c, how);
    how->args[how->count++] = c->data + OUT;
}

static void stack_detach(struct caller *c, struct corrupt *how)
{
    uint32_t device[COUNT];

    stack_of(c, device);
    how->link = device[0] + DEVOBJ_AttachedDevice;
    how->self = device[0];
    how->first = device[1];
    CORRUPT_CALL(how, device[0]);
}

/* The oldest is at the end of the driver's list. */
static void device_list(struct caller *c, struct corrupt *how)
{
    uint32_t driver = handmade_driver(c), device[COUNT];

    for (unsigned i = 0; i < COUNT; i++)
        device[i] = handmade_device(c, driver);
    how->link = device[1] + DEVOBJ_NextDevice;
    how->self = device[1];
    how->first = device[2];
    CORRUPT_CALL(how, device[0]);
}

static void call_driver(struct caller *c, struct corrupt *how)
{
    uint32_t device = handmade_device(c, handmade_driver(c));

    how->link = device + DEVOBJ_DriverObject;
    how->self = how->first = device;
    CORRUPT_CALL(how, device, handmade_irp(c, 2, MAJOR_READ));
    how->fast = true;
}

/* ---- packets ---------------------------------------------------------------
 */

static void call_location(struct caller *c, struct corrupt *how)
{
    call_driver(c, how);
    how->link = how->args[1] + IRP_CurrentStackLocation;
    how->self = how->first = how->args[1];
}

static void complete_location(struct caller *c, struct corrupt *how)
{
    uint32_t irp = handmade_irp(c, 2, MAJOR_READ);
    uint8_t two = 2;

    caller_put(c, irp + IRP_CurrentLocation, &two, 1);
    caller_set(c, irp + IRP_CurrentStackLocation,
               caller_dword(c, irp + IRP_CurrentStackLocation) -
                   LOCATION_BYTES);
    how->link = irp + IRP_CurrentStackLocation;
    how->self = how->first = irp;
    CORRUPT_CALL(how, irp, 0);
    how->fast = true;
}

/* The last one that its master waits for. */
static void masters(struct caller *c, struct corrupt *how)
{
    uint32_t master = STD_CALL(c, "IoAllocateIrp", 1, 0);
    uint32_t irp = STD_CALL(c, "IoMakeAssociatedIrp", master, 1);

    caller_set(c, master + IRP_AssociatedIrp_IrpCount, 1);
    how->link = irp + IRP_AssociatedIrp_MasterIrp;
    how->self = irp;
    how->first = master;
    CORRUPT_CALL(how, irp, 0);
    how->fast = true;
}

/* ---- cancel-safe queues ----------------------------------------------------
 */

/* A queue whose routines do nothing; Peek finds what lies at OUT. */
static uint32_t csq(struct caller *c)
{
    uint32_t q = c->data + ENTRY, plain = c->data + CODE, peek = plain + 0x40;
    struct text t = {c, plain};

    text_ret(&t, 0, 8);
    t.at = peek;
    TEXT(&t, 0xa1); /* mov eax, [OUT]; ret 12 */
    text_dword(&t, c->data + OUT);
    TEXT(&t, 0xc2, 12, 0);
    STD_CALL(c, "IoCsqInitialize", q, plain, plain, peek, plain, plain, plain);
    return q;
}

static void csq_irp(struct caller *c, struct corrupt *how)
{
    uint32_t q = csq(c), context = q + 0x40;

    STD_CALL(c, "IoCsqInsertIrp", q, handmade_irp(c, 1, MAJOR_READ), context);
    how->link = context + 4;
    how->self = context;
    how->first = q;
    CORRUPT_CALL(how, q, context);
}

static void csq_next(struct caller *c, struct corrupt *how)
{
    uint32_t q = csq(c), irp = handmade_irp(c, 1, MAJOR_READ);

    STD_CALL(c, "IoCsqInsertIrp", q, irp, 0);
    how->link = c->data + OUT;
    how->self = how->first = q;
    caller_set(c, how->link, irp);
    CORRUPT_CALL(how, q, 0);
}

/* ---- lists of resources: one port -----------------------------------------
 */

static void reported(struct caller *c, struct corrupt *how)
{
    const uint32_t list[] = {1, 1, 0, 0x10001, 1, 0x10101, 0x300, 0, 8};
    uint32_t at = c->data + ENTRY;

    caller_put(c, at, list, sizeof list);
    how->link = at; /* Count */
    how->self = how->first = at;
    CORRUPT_STATUS(how, 0, handmade_driver(c), at, sizeof list, 0, 0, 0, 0,
                   c->data + OUT);
}

static void reported_partial(struct caller *c, struct corrupt *how)
{
    reported(c, how);
    how->link += 0x10;
}

static void assigned(struct caller *c, struct corrupt *how)
{
    const uint32_t list[] = {0x48, 1,       0, 0, 0, 0,     0, 1,     0x10001,
                             1,    0x10100, 1, 8, 8, 0x300, 0, 0x307, 0};
    uint32_t at = c->data + ENTRY;

    caller_put(c, at, list, sizeof list);
    how->link = at + 0x24; /* Count */
    how->self = how->first = at;
    CORRUPT_STATUS(how, 0, 0, handmade_driver(c), 0, at, c->data + OUT);
}

static void assigned_lists(struct caller *c, struct corrupt *how)
{
    assigned(c, how);
    how->link = c->data + ENTRY + 0x1c; /* AlternativeLists */
}

static const struct corrupt_row rows[] = {
    {"IoStartPacket", "DeviceQueue", ".::ffff.", start_packet},
    {"IoStartNextPacket", "DeviceQueue", "...ff...", start_next},
    {"IoStartNextPacketByKey", "DeviceQueue", ".::ffff.", start_next_key},
    {"IoGetAttachedDevice", "AttachedDevice", ".::.fff:", stack},
    {"IoGetAttachedDeviceReference", "AttachedDevice", ".::.fff:", stack},
    {"IoAttachDeviceToDeviceStack", "AttachedDevice", ".::.....", stack_attach},
    {"IoAttachDeviceToDeviceStackSafe", "AttachedDevice", ".::.....",
     stack_attach_safe},
    {"IoDetachDevice", "AttachedDevice", "........", stack_detach},
    {"IoDeleteDevice", "NextDevice", ".::.....", device_list},
    {"IofCallDriver", "DriverObject", ".fffffff", call_driver},
    {"IofCallDriver", "CurrentStackLocation", ".**fff.!", call_location},
    {"IofCompleteRequest", "CurrentStackLocation", "...fff.!",
     complete_location},
    {"IofCompleteRequest", "MasterIrp", "...ff...", masters},
    {"IoCsqRemoveIrp", "the context's IRP", "....fff.", csq_irp},
    {"IoCsqRemoveNextIrp", "Peek's IRP", ".::.fff.", csq_next},
    {"IoReportResourceUsage", "Count", "........", reported},
    {"IoReportResourceUsage", "the descriptors", "........", reported_partial},
    {"IoAssignResources", "the descriptors", "........", assigned},
    {"IoAssignResources", "AlternativeLists", "........", assigned_lists},
};

static void every_list_of_the_io_manager_is_walked_with_care(void **state)
{
    (void)state;
    corrupt_run(rows, sizeof rows / sizeof rows[0]);
}

/* What a driver leaves on its list is looked through, and deleted; or what is
 * read there looks like a device that somebody has open. */
static void an_unload_with_a_wrong_list_of_devices_ends(void **state)
{
    enum { DEVICE_BUSY = 0x80000011 };

    (void)state;
    for (unsigned way = 0; way < CORRUPT_WAYS; way++) {
        struct corrupt how = {0};
        struct caller *c;
        uint32_t status;

        c = corrupt_machine(way);
        device_list(c, &how);
        corrupt_link(c, &how, way);
        status = rig_finish(c->r, machine_driver_unload(c->r->m, 1));
        if (status != DEVICE_BUSY || way == 0)
            assert_int_equal(status, 0);
        assert_int_equal(rig_has(c->r, "device objects left"), status == 0);
        caller_teardown((void **)&c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_unload_with_a_wrong_list_of_devices_ends),
        cmocka_unit_test(every_list_of_the_io_manager_is_walked_with_care),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
