/* images/isa_slave/pnp.c -- Plug and Play and power; resources of the card. */
#include "isa.h"

static void StopHardware(PISA_EXTENSION Ext)
{
    if (Ext->Interrupt)
        IoDisconnectInterrupt(Ext->Interrupt);
    if (Ext->Adapter)
        Ext->Adapter->DmaOperations->PutDmaAdapter(Ext->Adapter);
    if (Ext->MappedBytes)
        MmUnmapIoSpace(Ext->Port, Ext->MappedBytes);
    Ext->Interrupt = NULL;
    Ext->Adapter = NULL;
    Ext->MappedBytes = 0;
    Ext->Started = FALSE;
}

static NTSTATUS GetAdapter(PISA_EXTENSION Ext, ULONG Channel)
{
    DEVICE_DESCRIPTION description;

    RtlZeroMemory(&description, sizeof description);
    description.Version = DEVICE_DESCRIPTION_VERSION2;
    description.DemandMode = Ext->DemandMode;
    description.DmaChannel = Channel;
    description.InterfaceType = Isa;
    description.DmaWidth = Channel < 4 ? Width8Bits : Width16Bits;
    description.DmaSpeed = Compatible;
    description.MaximumLength = MAXIMUM_LENGTH;
    Ext->WordChannel = Channel >= 4;
    if (Ext->WordChannel)
        Ext->Self->AlignmentRequirement = FILE_WORD_ALIGNMENT;
    Ext->Adapter = IoGetDmaAdapter(Ext->Pdo, &description, &Ext->MapRegisters);
    if (!Ext->Adapter && !Ext->DemandMode) { /* before XP: no demand mode */
        description.Version = DEVICE_DESCRIPTION_VERSION;
        Ext->Adapter =
            IoGetDmaAdapter(Ext->Pdo, &description, &Ext->MapRegisters);
    }
    return Ext->Adapter ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

/* Ports are memory to some CPUs: then they must be mapped, and READ_PORT_X
 * takes the mapped address. */
static NTSTATUS MapPorts(PISA_EXTENSION Ext, PCM_PARTIAL_RESOURCE_DESCRIPTOR At)
{
    if (At->Type == CmResourceTypePort) {
        Ext->Port = (PUCHAR)(ULONG_PTR)At->u.Port.Start.LowPart;
        return STATUS_SUCCESS;
    }
    Ext->Port =
        MmMapIoSpace(At->u.Memory.Start, At->u.Memory.Length, MmNonCached);
    Ext->MappedBytes = Ext->Port ? At->u.Memory.Length : 0;
    return Ext->Port ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

static NTSTATUS StartHardware(PISA_EXTENSION Ext, PCM_RESOURCE_LIST Translated)
{
    PCM_PARTIAL_RESOURCE_DESCRIPTOR at, port = NULL, irq = NULL, dma = NULL;
    PCM_PARTIAL_RESOURCE_LIST list;
    NTSTATUS status;
    ULONG i;

    if (!Translated || !Translated->Count)
        return STATUS_DEVICE_CONFIGURATION_ERROR;
    list = &Translated->List[0].PartialResourceList;
    for (i = 0; i < list->Count; i++) {
        at = &list->PartialDescriptors[i];
        if ((at->Type == CmResourceTypePort ||
             at->Type == CmResourceTypeMemory) &&
            !port)
            port = at;
        else if (at->Type == CmResourceTypeInterrupt && !irq)
            irq = at;
        else if (at->Type == CmResourceTypeDma && !dma)
            dma = at;
    }
    if (!port || !irq || !dma)
        return STATUS_DEVICE_CONFIGURATION_ERROR;
    status = MapPorts(Ext, port);
    if (NT_SUCCESS(status) && IsaIn(Ext, ISA_ID) != ID_VALUE)
        status = STATUS_NO_SUCH_DEVICE;
    if (NT_SUCCESS(status)) {
        IsaOut(Ext, ISA_CONTROL, CONTROL_RESET);
        status = GetAdapter(Ext, dma->u.Dma.Channel);
    }
    if (NT_SUCCESS(status))
        status = IoConnectInterrupt(
            &Ext->Interrupt, IsaIsr, Ext, NULL, irq->u.Interrupt.Vector,
            (KIRQL)irq->u.Interrupt.Level, (KIRQL)irq->u.Interrupt.Level,
            Latched, irq->ShareDisposition == CmResourceShareShared,
            irq->u.Interrupt.Affinity, FALSE);
    if (!NT_SUCCESS(status)) {
        StopHardware(Ext);
        return status;
    }
    DbgPrint("isa_slave: ports %x, channel %u, %u map registers\n", Ext->Port,
             dma->u.Dma.Channel, Ext->MapRegisters);
    Ext->Started = TRUE;
    return STATUS_SUCCESS;
}

static NTSTATUS Complete(PISA_EXTENSION Ext, PIRP Irp, NTSTATUS Status)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = 0;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    IoReleaseRemoveLock(&Ext->RemoveLock, Irp);
    return Status;
}

static NTSTATUS Pass(PISA_EXTENSION Ext, PIRP Irp)
{
    NTSTATUS status;

    IoSkipCurrentIrpStackLocation(Irp);
    status = IoCallDriver(Ext->Lower, Irp);
    IoReleaseRemoveLock(&Ext->RemoveLock, Irp);
    return status;
}

static NTSTATUS Start(PISA_EXTENSION Ext, PIRP Irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);
    NTSTATUS status = STATUS_NO_SUCH_DEVICE;

    if (IoForwardIrpSynchronously(Ext->Lower, Irp))
        status = Irp->IoStatus.Status;
    if (NT_SUCCESS(status))
        status = StartHardware(
            Ext, stack->Parameters.StartDevice.AllocatedResourcesTranslated);
    return Complete(Ext, Irp, status);
}

static NTSTATUS Remove(PISA_EXTENSION Ext, PIRP Irp)
{
    NTSTATUS status;

    Ext->Started = FALSE;
    IoReleaseRemoveLockAndWait(&Ext->RemoveLock, Irp);
    StopHardware(Ext);
    IoDeleteSymbolicLink(&Ext->LinkName);
    Irp->IoStatus.Status = STATUS_SUCCESS;
    IoSkipCurrentIrpStackLocation(Irp);
    status = IoCallDriver(Ext->Lower, Irp);
    IoDetachDevice(Ext->Lower);
    IoDeleteDevice(Ext->Self);
    return status;
}

NTSTATUS NTAPI IsaPnp(PDEVICE_OBJECT Device, PIRP Irp)
{
    PISA_EXTENSION ext = Device->DeviceExtension;
    NTSTATUS status = IoAcquireRemoveLock(&ext->RemoveLock, Irp);

    if (!NT_SUCCESS(status)) {
        Irp->IoStatus.Status = status;
        IoCompleteRequest(Irp, IO_NO_INCREMENT);
        return status;
    }
    switch (IoGetCurrentIrpStackLocation(Irp)->MinorFunction) {
    case IRP_MN_START_DEVICE:
        return Start(ext, Irp);
    case IRP_MN_REMOVE_DEVICE:
        return Remove(ext, Irp);
    case IRP_MN_QUERY_STOP_DEVICE:
        if (Device->CurrentIrp)
            return Complete(ext, Irp, STATUS_DEVICE_BUSY);
        Irp->IoStatus.Status = STATUS_SUCCESS;
        return Pass(ext, Irp);
    case IRP_MN_STOP_DEVICE:
    case IRP_MN_SURPRISE_REMOVAL:
        StopHardware(ext);
        Irp->IoStatus.Status = STATUS_SUCCESS;
        return Pass(ext, Irp);
    case IRP_MN_CANCEL_STOP_DEVICE:
    case IRP_MN_QUERY_REMOVE_DEVICE:
    case IRP_MN_CANCEL_REMOVE_DEVICE:
        Irp->IoStatus.Status = STATUS_SUCCESS;
        return Pass(ext, Irp);
    default:
        return Pass(ext, Irp);
    }
}

NTSTATUS NTAPI IsaPower(PDEVICE_OBJECT Device, PIRP Irp)
{
    PISA_EXTENSION ext = Device->DeviceExtension;

    PoStartNextPowerIrp(Irp);
    IoSkipCurrentIrpStackLocation(Irp);
    return PoCallDriver(ext->Lower, Irp);
}

NTSTATUS NTAPI IsaPass(PDEVICE_OBJECT Device, PIRP Irp)
{
    PISA_EXTENSION ext = Device->DeviceExtension;

    IoSkipCurrentIrpStackLocation(Irp);
    return IoCallDriver(ext->Lower, Irp);
}
