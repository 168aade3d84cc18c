/* images/edu_wdm/pnp.c -- Plug and Play, power, WMI. */
#include "edu.h"

static NTSTATUS NTAPI Forwarded(PDEVICE_OBJECT Device, PIRP Irp, PVOID Event)
{
    (void)Device;
    if (Irp->PendingReturned)
        KeSetEvent(Event, IO_NO_INCREMENT, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

/* The drivers below first; their answer when they have it. */
static NTSTATUS ForwardAndWait(PEDU_EXTENSION Ext, PIRP Irp)
{
    KEVENT event;
    NTSTATUS status;

    KeInitializeEvent(&event, NotificationEvent, FALSE);
    IoCopyCurrentIrpStackLocationToNext(Irp);
    IoSetCompletionRoutine(Irp, Forwarded, &event, TRUE, TRUE, TRUE);
    status = IoCallDriver(Ext->Lower, Irp);
    if (status == STATUS_PENDING) {
        KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
        status = Irp->IoStatus.Status;
    }
    return status;
}

static NTSTATUS Complete(PEDU_EXTENSION Ext, PIRP Irp, NTSTATUS Status)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = 0;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    IoReleaseRemoveLock(&Ext->RemoveLock, Irp);
    return Status;
}

static NTSTATUS Pass(PEDU_EXTENSION Ext, PIRP Irp)
{
    NTSTATUS status;

    IoSkipCurrentIrpStackLocation(Irp);
    status = IoCallDriver(Ext->Lower, Irp);
    IoReleaseRemoveLock(&Ext->RemoveLock, Irp);
    return status;
}

static NTSTATUS Start(PEDU_EXTENSION Ext, PIRP Irp)
{
    NTSTATUS status = ForwardAndWait(Ext, Irp);
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);

    if (NT_SUCCESS(status))
        status = EduStartHardware(
            Ext, stack->Parameters.StartDevice.AllocatedResourcesTranslated);
    if (NT_SUCCESS(status)) {
        IoSetDeviceInterfaceState(&Ext->InterfaceName, TRUE);
        Ext->Started = TRUE;
    }
    return Complete(Ext, Irp, status);
}

static void Stop(PEDU_EXTENSION Ext)
{
    if (!Ext->Started)
        return;
    Ext->Started = FALSE;
    EduDrain(Ext);
    EduStopHardware(Ext);
}

static NTSTATUS Remove(PEDU_EXTENSION Ext, PIRP Irp)
{
    NTSTATUS status;

    Stop(Ext);
    IoReleaseRemoveLockAndWait(&Ext->RemoveLock, Irp);
    IoSetDeviceInterfaceState(&Ext->InterfaceName, FALSE);
    RtlFreeUnicodeString(&Ext->InterfaceName);
    IoDeleteSymbolicLink(&Ext->LinkName);
    ExFreePoolWithTag(Ext->LinkName.Buffer, EDU_TAG);
    Irp->IoStatus.Status = STATUS_SUCCESS;
    IoSkipCurrentIrpStackLocation(Irp);
    status = IoCallDriver(Ext->Lower, Irp);
    IoDetachDevice(Ext->Lower);
    IoDeleteDevice(Ext->Self);
    return status;
}

NTSTATUS NTAPI EduPnp(PDEVICE_OBJECT Device, PIRP Irp)
{
    PEDU_EXTENSION ext = Device->DeviceExtension;
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);
    NTSTATUS status = IoAcquireRemoveLock(&ext->RemoveLock, Irp);

    if (!NT_SUCCESS(status)) {
        Irp->IoStatus.Status = status;
        IoCompleteRequest(Irp, IO_NO_INCREMENT);
        return status;
    }
    switch (stack->MinorFunction) {
    case IRP_MN_START_DEVICE:
        return Start(ext, Irp);
    case IRP_MN_REMOVE_DEVICE:
        return Remove(ext, Irp);
    case IRP_MN_STOP_DEVICE:
        Stop(ext);
        Irp->IoStatus.Status = STATUS_SUCCESS;
        return Pass(ext, Irp);
    case IRP_MN_SURPRISE_REMOVAL:
        Stop(ext);
        IoSetDeviceInterfaceState(&ext->InterfaceName, FALSE);
        Irp->IoStatus.Status = STATUS_SUCCESS;
        return Pass(ext, Irp);
    case IRP_MN_QUERY_STOP_DEVICE:
    case IRP_MN_CANCEL_STOP_DEVICE:
    case IRP_MN_QUERY_REMOVE_DEVICE:
    case IRP_MN_CANCEL_REMOVE_DEVICE:
        Irp->IoStatus.Status = STATUS_SUCCESS;
        return Pass(ext, Irp);
    default:
        return Pass(ext, Irp);
    }
}

NTSTATUS NTAPI EduPower(PDEVICE_OBJECT Device, PIRP Irp)
{
    PEDU_EXTENSION ext = Device->DeviceExtension;
    NTSTATUS status = IoAcquireRemoveLock(&ext->RemoveLock, Irp);

    PoStartNextPowerIrp(Irp);
    if (!NT_SUCCESS(status)) {
        Irp->IoStatus.Status = status;
        IoCompleteRequest(Irp, IO_NO_INCREMENT);
        return status;
    }
    IoSkipCurrentIrpStackLocation(Irp);
    status = PoCallDriver(ext->Lower, Irp);
    IoReleaseRemoveLock(&ext->RemoveLock, Irp);
    return status;
}

NTSTATUS NTAPI EduSystemControl(PDEVICE_OBJECT Device, PIRP Irp)
{
    PEDU_EXTENSION ext = Device->DeviceExtension;

    IoSkipCurrentIrpStackLocation(Irp);
    return IoCallDriver(ext->Lower, Irp);
}
