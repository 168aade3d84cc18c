/* images/extest/target.c -- a device of our own with a stack: who holds it open
 * hears what its driver reports; and it is ejected. */
#include "extest.h"

/* In the DDK's ntifs.h alone. */
NTKERNELAPI PDEVICE_OBJECT NTAPI IoGetLowerDeviceObject(PDEVICE_OBJECT Device);
NTKERNELAPI PDEVICE_OBJECT NTAPI
IoGetDeviceAttachmentBaseRef(PDEVICE_OBJECT Device);

struct target {
    PDRIVER_DISPATCH Dispatch;
    PDEVICE_OBJECT Lower;
};

static struct {
    ULONG heard, called_back, minors;
    ULONG bytes, value, minor[8];
    PFILE_OBJECT file;
} Log;

static NTSTATUS NTAPI Serve(PDEVICE_OBJECT Device, PIRP Irp)
{
    PIO_STACK_LOCATION at = IoGetCurrentIrpStackLocation(Irp);
    struct target *t = Device->DeviceExtension;
    PDEVICE_OBJECT lower = t->Lower;
    BOOLEAN remove = at->MajorFunction == IRP_MJ_PNP &&
                     at->MinorFunction == IRP_MN_REMOVE_DEVICE;
    NTSTATUS status;

    if (at->MajorFunction == IRP_MJ_PNP && Log.minors < 8)
        Log.minor[Log.minors++] = at->MinorFunction;
    Irp->IoStatus.Status = STATUS_SUCCESS;
    IoSkipCurrentIrpStackLocation(Irp);
    status = IoCallDriver(lower, Irp);
    if (remove) {
        IoDetachDevice(lower);
        IoDeleteDevice(Device);
    }
    return status;
}

static NTSTATUS NTAPI Hear(PVOID Notification, PVOID Context)
{
    PTARGET_DEVICE_CUSTOM_NOTIFICATION n = Notification;

    Log.heard += (ULONG)Context;
    Log.bytes = n->Size;
    Log.file = n->FileObject;
    Log.value = *(ULONG UNALIGNED *)n->CustomDataBuffer;
    return STATUS_SUCCESS;
}

static void NTAPI After(PVOID Context)
{
    Log.called_back = Log.heard * 0x100 + (ULONG)Context;
}

static void Report(PDEVICE_OBJECT Pdo, PFILE_OBJECT File, PDRIVER_OBJECT Driver)
{
    union {
        TARGET_DEVICE_CUSTOM_NOTIFICATION n;
        UCHAR room[0x30];
    } u;
    PVOID entry[2];
    ULONG i;

    CHECK(IoRegisterPlugPlayNotification(
              EventCategoryTargetDeviceChange, 0, Driver, Driver, Hear, NULL,
              &entry[0]) == STATUS_INVALID_PARAMETER); /* no file */
    for (i = 0; i < 2; i++)
        CHECK(IoRegisterPlugPlayNotification(EventCategoryTargetDeviceChange, 0,
                                             File, Driver, Hear, (PVOID)(i + 1),
                                             &entry[i]) == STATUS_SUCCESS);
    RtlZeroMemory(&u, sizeof u);
    u.n.Version = 1;
    u.n.Size =
        FIELD_OFFSET(TARGET_DEVICE_CUSTOM_NOTIFICATION, CustomDataBuffer) + 4;
    u.n.Event.Data1 = 0xcb3a4006; /* Plug and Play's own, but for the rest */
    u.n.NameBufferOffset = -1;
    *(ULONG UNALIGNED *)u.n.CustomDataBuffer = 0xabc;
    CHECK(IoReportTargetDeviceChangeAsynchronous(Pdo, &u.n, After, (PVOID)7) ==
          STATUS_PENDING);
    RtlZeroMemory(&u, sizeof u); /* it has been copied */
    CHECK(IoReportTargetDeviceChangeAsynchronous(Pdo, &u.n, After, NULL) ==
          STATUS_INVALID_DEVICE_REQUEST); /* no version */
    Pause();
    CHECK(Log.heard == 3 && Log.called_back == 0x307);
    CHECK(Log.bytes == 0x20 && Log.value == 0xabc && Log.file == File);
    for (i = 0; i < 2; i++)
        IoUnregisterPlugPlayNotification(entry[i]);
}

void Target(PDEVICE_OBJECT Device)
{
    PDRIVER_OBJECT driver = Device->DriverObject;
    PDEVICE_OBJECT pdo = NULL, fdo, top;
    PFILE_OBJECT file = NULL;
    UNICODE_STRING name;
    struct target *t;

    CHECK(IoReportDetectedDevice(driver, InterfaceTypeUndefined, -1, -1, NULL,
                                 NULL, FALSE, &pdo) == STATUS_SUCCESS);
    RtlInitUnicodeString(&name, L"\\Device\\ExTarget");
    CHECK(IoCreateDevice(driver, sizeof *t, &name, FILE_DEVICE_UNKNOWN, 0,
                         FALSE, &fdo) == STATUS_SUCCESS);
    t = fdo->DeviceExtension;
    t->Dispatch = Serve;
    t->Lower = IoAttachDeviceToDeviceStack(fdo, pdo);
    fdo->Flags &= ~DO_DEVICE_INITIALIZING;
    CHECK(IoGetLowerDeviceObject(fdo) == pdo);
    CHECK(IoGetLowerDeviceObject(pdo) == NULL);
    CHECK(IoGetDeviceAttachmentBaseRef(fdo) == pdo);
    ObDereferenceObject(pdo);
    ObDereferenceObject(pdo);
    CHECK(IoGetDeviceObjectPointer(&name, FILE_READ_DATA, &file, &top) ==
          STATUS_SUCCESS);
    Report(pdo, file, driver);
    ObDereferenceObject(file);
    Pause();
    IoRequestDeviceEject(pdo);
    Pause();
    CHECK(Log.minors >= 2);
    CHECK(Log.minor[0] == IRP_MN_QUERY_REMOVE_DEVICE ||
          Log.minor[1] == IRP_MN_QUERY_REMOVE_DEVICE);
    CHECK(Log.minor[Log.minors - 1] == IRP_MN_REMOVE_DEVICE ||
          Log.minor[Log.minors - 2] == IRP_MN_REMOVE_DEVICE);
    CHECK(IoGetDeviceObjectPointer(&name, FILE_READ_DATA, &file, &top) ==
          STATUS_OBJECT_NAME_NOT_FOUND); /* it has gone */
}
