/* images/iotest/rows.c -- routines that need one call each to be shown. */
#include "iotest.h"

/* In the DDK's ntifs.h alone. */
NTKERNELAPI NTSTATUS NTAPI ObOpenObjectByPointer(
    PVOID Object, ULONG Attributes, PVOID State, ACCESS_MASK Access,
    POBJECT_TYPE Type, KPROCESSOR_MODE Mode, PHANDLE Handle);

static NTSTATUS NTAPI Keep(PDEVICE_OBJECT Device, PIRP Irp, PVOID Context)
{
    (void)Device;
    (void)Irp;
    ++*(ULONG *)Context;
    return STATUS_MORE_PROCESSING_REQUIRED;
}

/* Two devices of our own: by name, and the safe form. */
static void Attach(PDRIVER_OBJECT Driver, ULONG *Out)
{
    WCHAR name[] = L"\\Device\\IoTest2";
    UNICODE_STRING path = {sizeof name - 2, sizeof name, name};
    PDEVICE_OBJECT upper = NULL, top = NULL, below = NULL, target = NULL;

    IoCreateDevice(Driver, 0, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &upper);
    IoCreateDevice(Driver, 0, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &top);
    Out[0] = IoAttachDevice(upper, &path, &target);
    Out[1] = IoAttachDeviceToDeviceStackSafe(top, upper, &below);
    Out[2] = target && below == upper && top->StackSize == 3 &&
             IoGetAttachedDevice(target) == top &&
             IoGetAttachedDeviceReference(target) == top;
    ObDereferenceObject(top);
    IoDetachDevice(upper);
    IoDeleteDevice(top);
    IoDetachDevice(target);
    IoDeleteDevice(upper);
}

/* A write built each way; the synchronous one frees itself. */
static void Fsd(PDEVICE_OBJECT Device, ULONG *Out)
{
    IO_STATUS_BLOCK iosb = {{0}, 0};
    LARGE_INTEGER at = {{0, 0}};
    ULONG word = 55, done = 0;
    KEVENT event;
    PIRP irp;

    KeInitializeEvent(&event, NotificationEvent, FALSE);
    irp = IoBuildSynchronousFsdRequest(IRP_MJ_WRITE, Device, &word, sizeof word,
                                       &at, &event, &iosb);
    Out[3] = IoCallDriver(Device, irp);
    Out[4] = iosb.Information;
    Out[5] = KeReadStateEvent(&event);
    irp = IoBuildAsynchronousFsdRequest(IRP_MJ_WRITE, Device, &word,
                                        sizeof word, &at, &iosb);
    IoSetCompletionRoutine(irp, Keep, &done, TRUE, TRUE, TRUE);
    IoCallDriver(Device, irp);
    Out[6] = irp->IoStatus.Information;
    Out[7] = done;
    ExFreePool(irp->AssociatedIrp.SystemBuffer);
    IoFreeIrp(irp);
}

static void Forward(PDEVICE_OBJECT Device, ULONG *Out)
{
    PIRP irp = IoAllocateIrp((CCHAR)(Device->StackSize + 1), FALSE);

    IoSetNextIrpStackLocation(irp);
    IoGetCurrentIrpStackLocation(irp)->MajorFunction = IRP_MJ_QUERY_EA;
    Out[8] = IoForwardIrpSynchronously(Device, irp);
    Out[9] = irp->IoStatus.Status;
    IoFreeIrp(irp);
}

static void Small(PDEVICE_OBJECT Device, ULONG *Out)
{
    ULONG major = 0, minor = 0, build = 0;
    HANDLE handle = NULL;
    PVOID entry;

    Out[10] =
        IoIsWdmVersionAvailable(1, 0x10) && !IoIsWdmVersionAvailable(6, 0);
    PsGetVersion(&major, &minor, &build, NULL);
    Out[11] = major * 10 + minor;
    Out[12] = IoGetConfigurationInformation()->DiskCount == 0 &&
              PsGetCurrentProcessId() != NULL && PsGetCurrentThreadId() != NULL;
    Out[13] = ObOpenObjectByPointer(Device, OBJ_KERNEL_HANDLE, NULL, 0, NULL,
                                    KernelMode, &handle);
    if (handle)
        ZwClose(handle);
    Out[14] = ObReferenceObjectByPointer(Device, 0, NULL, KernelMode);
    ObDereferenceObject(Device);
    entry = IoAllocateErrorLogEntry(Device, sizeof(IO_ERROR_LOG_PACKET));
    Out[15] = entry != NULL && !IoAllocateErrorLogEntry(Device, 0) &&
              NT_SUCCESS(IoRegisterShutdownNotification(Device)) &&
              NT_SUCCESS(IoRegisterLastChanceShutdownNotification(Device));
    if (entry)
        IoWriteErrorLogEntry(entry);
}

void Rows(PDEVICE_OBJECT Device, ULONG *Out)
{
    Attach(Device->DriverObject, Out);
    Fsd(Device, Out);
    Forward(Device, Out);
    Small(Device, Out);
}
