/* images/edu_nt4/driver.c -- DriverEntry finds the card and makes its device;
 * requests; Unload. */
#include "edu_nt4.h"

static NTSTATUS Complete(PIRP Irp, NTSTATUS Status)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = 0;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

static NTSTATUS NTAPI CreateClose(PDEVICE_OBJECT Device, PIRP Irp)
{
    (void)Device;
    return Complete(Irp, STATUS_SUCCESS);
}

static NTSTATUS Queue(PDEVICE_OBJECT Device, PIRP Irp)
{
    IoMarkIrpPending(Irp);
    IoStartPacket(Device, Irp, NULL, NULL);
    return STATUS_PENDING;
}

static NTSTATUS NTAPI ReadWrite(PDEVICE_OBJECT Device, PIRP Irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);

    if (!stack->Parameters.Read.Length)
        return Complete(Irp, STATUS_SUCCESS);
    return Queue(Device, Irp);
}

static NTSTATUS NTAPI Control(PDEVICE_OBJECT Device, PIRP Irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);
    ULONG in = stack->Parameters.DeviceIoControl.InputBufferLength;

    if (stack->Parameters.DeviceIoControl.IoControlCode != IOCTL_EDU_COMMON)
        return Complete(Irp, STATUS_INVALID_DEVICE_REQUEST);
    if (!in || in > EDU_BUFFER_BYTES / 2 ||
        stack->Parameters.DeviceIoControl.OutputBufferLength < in)
        return Complete(Irp, STATUS_INVALID_PARAMETER);
    return Queue(Device, Irp);
}

static VOID NTAPI Unload(PDRIVER_OBJECT Driver)
{
    PDEVICE_OBJECT device = Driver->DeviceObject;
    UNICODE_STRING link;

    RtlInitUnicodeString(&link, L"\\DosDevices\\EduNt0");
    IoDeleteSymbolicLink(&link);
    if (!device)
        return;
    EduRelease(Driver, device->DeviceExtension);
    IoDeleteDevice(device);
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING Path)
{
    UNICODE_STRING name, link;
    PEDU_EXTENSION ext;
    PDEVICE_OBJECT device;
    NTSTATUS status;

    RtlInitUnicodeString(&name, L"\\Device\\EduNt0");
    RtlInitUnicodeString(&link, L"\\DosDevices\\EduNt0");
    status = IoCreateDevice(Driver, sizeof(EDU_EXTENSION), &name,
                            FILE_DEVICE_UNKNOWN, 0, FALSE, &device);
    if (!NT_SUCCESS(status))
        return status;
    ext = device->DeviceExtension;
    RtlZeroMemory(ext, sizeof *ext);
    ext->Self = device;
    device->Flags |= DO_DIRECT_IO;
    IoInitializeDpcRequest(device, EduDpc);
    status = EduFind(Driver, Path, ext);
    if (NT_SUCCESS(status)) {
        status = IoCreateSymbolicLink(&link, &name);
        if (!NT_SUCCESS(status))
            EduRelease(Driver, ext);
    }
    if (!NT_SUCCESS(status)) {
        IoDeleteDevice(device);
        return status;
    }
    Driver->MajorFunction[IRP_MJ_CREATE] = CreateClose;
    Driver->MajorFunction[IRP_MJ_CLOSE] = CreateClose;
    Driver->MajorFunction[IRP_MJ_READ] = ReadWrite;
    Driver->MajorFunction[IRP_MJ_WRITE] = ReadWrite;
    Driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = Control;
    Driver->DriverStartIo = EduStartIo;
    Driver->DriverUnload = Unload;
    return STATUS_SUCCESS;
}
