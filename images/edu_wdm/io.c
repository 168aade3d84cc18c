/* images/edu_wdm/io.c -- requests: checked, queued, started, completed. */
#include "edu.h"

static NTSTATUS Complete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

/* Counts the request in, unless the device is stopping or stopped. */
static NTSTATUS Admit(PEDU_EXTENSION Ext, PIRP Irp)
{
    NTSTATUS status = IoAcquireRemoveLock(&Ext->RemoveLock, Irp);

    if (!NT_SUCCESS(status))
        return status;
    InterlockedIncrement(&Ext->Outstanding);
    if (!Ext->Started) {
        if (InterlockedDecrement(&Ext->Outstanding) == 0)
            KeSetEvent(&Ext->Idle, IO_NO_INCREMENT, FALSE);
        IoReleaseRemoveLock(&Ext->RemoveLock, Irp);
        return STATUS_DEVICE_NOT_READY;
    }
    return STATUS_SUCCESS;
}

static void Leave(PEDU_EXTENSION Ext, PIRP Irp)
{
    if (InterlockedDecrement(&Ext->Outstanding) == 0)
        KeSetEvent(&Ext->Idle, IO_NO_INCREMENT, FALSE);
    IoReleaseRemoveLock(&Ext->RemoveLock, Irp);
}

void EduDrain(PEDU_EXTENSION Ext)
{
    if (InterlockedDecrement(&Ext->Outstanding) > 0)
        KeWaitForSingleObject(&Ext->Idle, Executive, KernelMode, FALSE, NULL);
}

NTSTATUS NTAPI EduCreateClose(PDEVICE_OBJECT Device, PIRP Irp)
{
    (void)Device;
    return Complete(Irp, STATUS_SUCCESS, 0);
}

static NTSTATUS Queue(PEDU_EXTENSION Ext, PIRP Irp)
{
    IoMarkIrpPending(Irp);
    IoStartPacket(Ext->Self, Irp, NULL, NULL);
    return STATUS_PENDING;
}

NTSTATUS NTAPI EduReadWrite(PDEVICE_OBJECT Device, PIRP Irp)
{
    PEDU_EXTENSION ext = Device->DeviceExtension;
    NTSTATUS status = Admit(ext, Irp);

    if (!NT_SUCCESS(status))
        return Complete(Irp, status, 0);
    if (!Irp->MdlAddress) { /* zero bytes */
        Leave(ext, Irp);
        return Complete(Irp, STATUS_SUCCESS, 0);
    }
    return Queue(ext, Irp);
}

static NTSTATUS Identify(PEDU_EXTENSION Ext, PIRP Irp, PIO_STACK_LOCATION Stack)
{
    PULONG buffer = Irp->AssociatedIrp.SystemBuffer;
    ULONG in = Stack->Parameters.DeviceIoControl.InputBufferLength;

    if (Stack->Parameters.DeviceIoControl.OutputBufferLength <
        2 * sizeof(ULONG))
        return STATUS_BUFFER_TOO_SMALL;
    EduWrite(Ext, EDU_LIVENESS, in >= sizeof(ULONG) ? buffer[0] : 0);
    buffer[0] = EduRead(Ext, EDU_ID);
    buffer[1] = EduRead(Ext, EDU_LIVENESS);
    Irp->IoStatus.Information = 2 * sizeof(ULONG);
    return STATUS_SUCCESS;
}

/* Both user buffers, in the context of their process. They wait for StartIo as
 * a chain of MDLs: DriverContext is the device queue's. */
static NTSTATUS LockExchange(PIRP Irp, PIO_STACK_LOCATION Stack)
{
    ULONG bytes = Stack->Parameters.DeviceIoControl.InputBufferLength;
    PMDL from, to;
    NTSTATUS status;

    if (!bytes || bytes > Stack->Parameters.DeviceIoControl.OutputBufferLength)
        return STATUS_INVALID_PARAMETER;
    status = EduLockBuffer(Stack->Parameters.DeviceIoControl.Type3InputBuffer,
                           bytes, Irp->RequestorMode, IoReadAccess, &from);
    if (!NT_SUCCESS(status))
        return status;
    status = EduLockBuffer(Irp->UserBuffer, bytes, Irp->RequestorMode,
                           IoWriteAccess, &to);
    if (!NT_SUCCESS(status)) {
        EduUnlockBuffer(&from);
        return status;
    }
    from->Next = to;
    Irp->MdlAddress = from;
    return STATUS_PENDING;
}

static NTSTATUS CheckControl(PEDU_EXTENSION Ext, PIRP Irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);
    ULONG in = stack->Parameters.DeviceIoControl.InputBufferLength;
    ULONG out = stack->Parameters.DeviceIoControl.OutputBufferLength;

    switch (stack->Parameters.DeviceIoControl.IoControlCode) {
    case IOCTL_EDU_IDENTIFY:
        return Identify(Ext, Irp, stack);
    case IOCTL_EDU_FACTORIAL:
        return in < sizeof(ULONG) || out < sizeof(ULONG)
                   ? STATUS_BUFFER_TOO_SMALL
                   : STATUS_PENDING;
    case IOCTL_EDU_STORE:
    case IOCTL_EDU_FETCH:
        if (!Irp->MdlAddress ||
            (in >= sizeof(ULONG) &&
             *(PULONG)Irp->AssociatedIrp.SystemBuffer >= EDU_BUFFER_BYTES))
            return STATUS_INVALID_PARAMETER;
        return STATUS_PENDING;
    case IOCTL_EDU_EXCHANGE:
        return LockExchange(Irp, stack);
    case IOCTL_EDU_COMMON:
        return !in || in > EDU_BUFFER_BYTES / 2 || out < in
                   ? STATUS_INVALID_PARAMETER
                   : STATUS_PENDING;
    }
    return STATUS_INVALID_DEVICE_REQUEST;
}

NTSTATUS NTAPI EduDeviceControl(PDEVICE_OBJECT Device, PIRP Irp)
{
    PEDU_EXTENSION ext = Device->DeviceExtension;
    NTSTATUS status = Admit(ext, Irp);

    if (!NT_SUCCESS(status))
        return Complete(Irp, status, 0);
    Irp->IoStatus.Information = 0;
    status = CheckControl(ext, Irp);
    if (status == STATUS_PENDING)
        return Queue(ext, Irp);
    Leave(ext, Irp);
    return Complete(Irp, status, Irp->IoStatus.Information);
}

static void StartFactorial(PEDU_EXTENSION Ext, PIRP Irp)
{
    EduWrite(Ext, EDU_STATUS, STATUS_IRQ_FACTORIAL);
    EduWrite(Ext, EDU_FACTORIAL, *(PULONG)Irp->AssociatedIrp.SystemBuffer);
}

static void StartControl(PEDU_EXTENSION Ext, PIRP Irp, PIO_STACK_LOCATION Stack)
{
    ULONG code = Stack->Parameters.DeviceIoControl.IoControlCode;
    ULONG in = Stack->Parameters.DeviceIoControl.InputBufferLength;
    ULONG offset = 0;

    switch (code) {
    case IOCTL_EDU_FACTORIAL:
        StartFactorial(Ext, Irp);
        break;
    case IOCTL_EDU_STORE:
    case IOCTL_EDU_FETCH:
        if (in >= sizeof(ULONG))
            offset = *(PULONG)Irp->AssociatedIrp.SystemBuffer;
        EduStartTransfer(Ext, Irp->MdlAddress, 0,
                         MmGetMdlByteCount(Irp->MdlAddress), offset,
                         code == IOCTL_EDU_STORE);
        break;
    case IOCTL_EDU_EXCHANGE:
        Ext->ExchangeFrom = Irp->MdlAddress;
        Ext->ExchangeTo = Ext->ExchangeFrom->Next;
        Ext->ExchangeFrom->Next = NULL;
        Irp->MdlAddress = NULL;
        Ext->ExchangeAt = 0;
        Ext->ExchangeBytes = in;
        EduStartExchange(Ext);
        break;
    case IOCTL_EDU_COMMON:
        RtlCopyMemory(Ext->Common, Irp->AssociatedIrp.SystemBuffer, in);
        EduStartCommon(Ext, in);
        break;
    }
}

void NTAPI EduStartIo(PDEVICE_OBJECT Device, PIRP Irp)
{
    PEDU_EXTENSION ext = Device->DeviceExtension;
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);

    if (stack->MajorFunction == IRP_MJ_DEVICE_CONTROL)
        StartControl(ext, Irp, stack);
    else
        EduStartTransfer(ext, Irp->MdlAddress, 0,
                         MmGetMdlByteCount(Irp->MdlAddress), 0,
                         stack->MajorFunction == IRP_MJ_WRITE);
}

void EduFinish(PEDU_EXTENSION Ext, NTSTATUS Status, ULONG_PTR Information)
{
    PIRP irp = Ext->Self->CurrentIrp;

    EduUnlockBuffer(&Ext->ExchangeFrom);
    EduUnlockBuffer(&Ext->ExchangeTo);
    irp->IoStatus.Status = Status;
    irp->IoStatus.Information = Information;
    IoStartNextPacket(Ext->Self, FALSE);
    IoCompleteRequest(irp, IO_DISK_INCREMENT);
    Leave(Ext, irp);
}
