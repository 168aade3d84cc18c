/* images/walk/pnp.c -- Plug and Play requests, as the mode has them. */
#include "walk.h"

static NTSTATUS NTAPI Signal(PDEVICE_OBJECT Device, PIRP Irp, PVOID Event)
{
    (void)Device;
    (void)Irp;
    KeSetEvent(Event, IO_NO_INCREMENT, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static NTSTATUS SendAndWait(PWALK_EXTENSION Ext, PIRP Irp)
{
    KEVENT event;
    NTSTATUS status;

    KeInitializeEvent(&event, NotificationEvent, FALSE);
    IoCopyCurrentIrpStackLocationToNext(Irp);
    IoSetCompletionRoutine(Irp, Signal, &event, TRUE, TRUE, TRUE);
    status = IoCallDriver(Ext->Lower, Irp);
    if (status == STATUS_PENDING) {
        KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
        status = Irp->IoStatus.Status;
    }
    return status;
}

static NTSTATUS Complete(PIRP Irp, NTSTATUS Status)
{
    Irp->IoStatus.Status = Status;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

static void NTAPI StartLate(PDEVICE_OBJECT Device, PVOID Context)
{
    PWALK_EXTENSION ext = Context;
    LARGE_INTEGER second;

    (void)Device;
    second.QuadPart = -10000000;
    KeDelayExecutionThread(KernelMode, FALSE, &second);
    DbgPrint("walk: start ends\n");
    Complete(ext->Irp, STATUS_SUCCESS);
}

static NTSTATUS Start(PWALK_EXTENSION Ext, PIRP Irp, PIO_STACK_LOCATION Stack)
{
    NTSTATUS status = SendAndWait(Ext, Irp);

    if (NT_SUCCESS(status))
        status = WalkStart(Ext, Stack);
    if (NT_SUCCESS(status) && (Mode & MODE_PEND_START)) {
        DbgPrint("walk: start pends\n");
        Ext->Irp = Irp;
        IoMarkIrpPending(Irp);
        IoQueueWorkItem(Ext->Item, StartLate, DelayedWorkQueue, Ext);
        return STATUS_PENDING;
    }
    return Complete(Irp, status);
}

/* The bus's requirements, the first descriptor left out. */
static NTSTATUS Drop(PIRP Irp)
{
    PIO_RESOURCE_REQUIREMENTS_LIST old = (PVOID)Irp->IoStatus.Information, list;
    PIO_RESOURCE_DESCRIPTOR from;
    ULONG bytes, i;

    if (!old || old->List[0].Count < 2)
        return STATUS_SUCCESS;
    bytes = old->ListSize - sizeof(IO_RESOURCE_DESCRIPTOR);
    list = ExAllocatePoolWithTag(PagedPool, bytes, 'klaW');
    if (!list)
        return STATUS_INSUFFICIENT_RESOURCES;
    /* with its alternative, which would have nothing before it */
    from = old->List[0].Descriptors;
    i = from[1].Option & IO_RESOURCE_ALTERNATIVE ? 2 : 1;
    RtlCopyMemory(
        list, old,
        FIELD_OFFSET(IO_RESOURCE_REQUIREMENTS_LIST, List[0].Descriptors));
    list->List[0].Count -= i;
    list->ListSize = old->ListSize - i * sizeof(IO_RESOURCE_DESCRIPTOR);
    RtlCopyMemory(list->List[0].Descriptors, from + i,
                  list->List[0].Count * sizeof(IO_RESOURCE_DESCRIPTOR));
    ExFreePool(old);
    Irp->IoStatus.Information = (ULONG_PTR)list;
    return STATUS_SUCCESS;
}

static NTSTATUS Filter(PWALK_EXTENSION Ext, PIRP Irp)
{
    NTSTATUS status = SendAndWait(Ext, Irp);
    PIO_RESOURCE_REQUIREMENTS_LIST list;

    if (!NT_SUCCESS(status) && status != STATUS_NOT_SUPPORTED)
        return Complete(Irp, status);
    list = (PVOID)Irp->IoStatus.Information;
    DbgPrint("walk: filter %u\n", list ? list->List[0].Count : 0);
    if (Mode & MODE_DROP)
        return Complete(Irp, Drop(Irp));
    if (list && (Mode & MODE_BAD_FILTER))
        list->List[0].Count = 0xffffffff;
    if (Mode & MODE_BAD_POINTER)
        Irp->IoStatus.Information = 0xdead0000;
    return Complete(Irp, Mode & (MODE_BAD_FILTER | MODE_BAD_POINTER)
                             ? STATUS_SUCCESS
                             : status);
}

static NTSTATUS Pass(PWALK_EXTENSION Ext, PIRP Irp)
{
    Irp->IoStatus.Status = STATUS_SUCCESS;
    IoSkipCurrentIrpStackLocation(Irp);
    return IoCallDriver(Ext->Lower, Irp);
}

static NTSTATUS QueryStop(PWALK_EXTENSION Ext, PIRP Irp)
{
    if (Mode & MODE_READ_LATER)
        DbgPrint("walk: later %u\n", Ext->Lent ? Ext->Lent->Count : 0);
    if (Mode & MODE_REFUSE_STOP)
        return Complete(Irp, STATUS_DEVICE_BUSY);
    if (!(Mode & MODE_CHANGED))
        return Pass(Ext, Irp);
    SendAndWait(Ext, Irp);
    return Complete(Irp, STATUS_RESOURCE_REQUIREMENTS_CHANGED);
}

static NTSTATUS Remove(PWALK_EXTENSION Ext, PIRP Irp)
{
    PDEVICE_OBJECT self = Ext->Self, lower = Ext->Lower;
    NTSTATUS status;

    WalkStop(Ext);
    IoFreeWorkItem(Ext->Item);
    status = Pass(Ext, Irp);
    IoDetachDevice(lower);
    IoDeleteDevice(self);
    return status;
}

/* RES-033: how each request comes. */
static void Tell(PIRP Irp, UCHAR Minor)
{
    DbgPrint("walk: pnp %x status %08x irql %u\n", Minor, Irp->IoStatus.Status,
             KeGetCurrentIrql());
}

/* RES-021: what the system says that the device has. */
static void TellAllocated(PWALK_EXTENSION Ext)
{
    enum { ALLOCATED = 0x15 }; /* DevicePropertyAllocatedResources */
    ULONG words[64], need = 0;
    PCM_RESOURCE_LIST list = (PVOID)words;

    if (NT_SUCCESS(IoGetDeviceProperty(Ext->Pdo,
                                       (DEVICE_REGISTRY_PROPERTY)ALLOCATED,
                                       sizeof words, words, &need)))
        DbgPrint("walk: allocated %u from %x\n",
                 list->List[0].PartialResourceList.Count,
                 list->List[0]
                     .PartialResourceList.PartialDescriptors[0]
                     .u.Port.Start.LowPart);
}

static NTSTATUS QueryState(PWALK_EXTENSION Ext, PIRP Irp)
{
    TellAllocated(Ext);
    Irp->IoStatus.Information |= State;
    State = 0; /* once */
    return Pass(Ext, Irp);
}

NTSTATUS NTAPI WalkPnp(PDEVICE_OBJECT Device, PIRP Irp)
{
    PWALK_EXTENSION ext = Device->DeviceExtension;
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);

    Tell(Irp, stack->MinorFunction);
    switch (stack->MinorFunction) {
    case IRP_MN_START_DEVICE:
        return Start(ext, Irp, stack);
    case IRP_MN_FILTER_RESOURCE_REQUIREMENTS:
        return Filter(ext, Irp);
    case IRP_MN_QUERY_STOP_DEVICE:
        return QueryStop(ext, Irp);
    case IRP_MN_QUERY_REMOVE_DEVICE:
        return Mode & MODE_REFUSE_REMOVE ? Complete(Irp, STATUS_DEVICE_BUSY)
                                         : Pass(ext, Irp);
    case IRP_MN_STOP_DEVICE:
        WalkStop(ext);
        if (Mode & MODE_FAIL_STOP) {
            SendAndWait(ext, Irp);
            return Complete(Irp, STATUS_UNSUCCESSFUL);
        }
        return Pass(ext, Irp);
    case IRP_MN_SURPRISE_REMOVAL:
    case IRP_MN_CANCEL_STOP_DEVICE:
    case IRP_MN_CANCEL_REMOVE_DEVICE:
        return Pass(ext, Irp);
    case IRP_MN_REMOVE_DEVICE:
        return Remove(ext, Irp);
    case IRP_MN_QUERY_PNP_DEVICE_STATE:
        return QueryState(ext, Irp);
    default:
        IoSkipCurrentIrpStackLocation(Irp);
        return IoCallDriver(ext->Lower, Irp);
    }
}
