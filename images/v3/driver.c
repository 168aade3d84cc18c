/* images/v3/driver.c -- DriverEntry, AddDevice, Plug and Play, resources. */
#include "v3.h"

static BOOLEAN NTAPI Isr(PKINTERRUPT Interrupt, PVOID Context)
{
    PV3_EXTENSION ext = Context;
    ULONG bits = V3Read(ext, EDU_IRQ_STATUS);

    (void)Interrupt;
    if (!bits)
        return FALSE;
    V3Write(ext, EDU_IRQ_ACK, bits);
    ext->InterruptBits |= bits;
    IoRequestDpc(ext->Self, ext->Self->CurrentIrp, ext);
    return TRUE;
}

static void StopHardware(PV3_EXTENSION Ext)
{
    Ext->Started = FALSE;
    if (Ext->Interrupt)
        IoDisconnectInterrupt(Ext->Interrupt);
    if (Ext->Adapter)
        Ext->Adapter->DmaOperations->PutDmaAdapter(Ext->Adapter);
    if (Ext->Registers)
        MmUnmapIoSpace(Ext->Registers, EDU_REGISTER_BYTES);
    Ext->Interrupt = NULL;
    Ext->Adapter = NULL;
    Ext->Registers = NULL;
}

static NTSTATUS Connect(PV3_EXTENSION Ext, PCM_PARTIAL_RESOURCE_DESCRIPTOR Irq)
{
    return IoConnectInterrupt(
        &Ext->Interrupt, Isr, Ext, NULL, Irq->u.Interrupt.Vector,
        (KIRQL)Irq->u.Interrupt.Level, (KIRQL)Irq->u.Interrupt.Level,
        LevelSensitive, TRUE, Irq->u.Interrupt.Affinity, FALSE);
}

static NTSTATUS StartHardware(PV3_EXTENSION Ext, PCM_RESOURCE_LIST Translated)
{
    PCM_PARTIAL_RESOURCE_DESCRIPTOR irq = NULL, memory = NULL, at;
    PCM_PARTIAL_RESOURCE_LIST list;
    NTSTATUS status;
    ULONG i;

    if (!Translated || !Translated->Count)
        return STATUS_DEVICE_CONFIGURATION_ERROR;
    list = &Translated->List[0].PartialResourceList;
    for (i = 0; i < list->Count; i++) {
        at = &list->PartialDescriptors[i];
        if (at->Type == CmResourceTypeMemory && !memory)
            memory = at;
        else if (at->Type == CmResourceTypeInterrupt && !irq)
            irq = at;
    }
    if (!memory || !irq)
        return STATUS_DEVICE_CONFIGURATION_ERROR;
    Ext->Registers =
        MmMapIoSpace(memory->u.Memory.Start, EDU_REGISTER_BYTES, MmNonCached);
    if (!Ext->Registers)
        return STATUS_INSUFFICIENT_RESOURCES;
    V3Write(Ext, EDU_IRQ_ACK, MAXULONG);
    status = V3GetAdapter(Ext);
    if (NT_SUCCESS(status))
        status = Connect(Ext, irq);
    if (NT_SUCCESS(status))
        Ext->Started = TRUE;
    else
        StopHardware(Ext);
    return status;
}

static NTSTATUS Complete(PIRP Irp, NTSTATUS Status)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = 0;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

static NTSTATUS NTAPI Pass(PDEVICE_OBJECT Device, PIRP Irp)
{
    PV3_EXTENSION ext = Device->DeviceExtension;

    IoSkipCurrentIrpStackLocation(Irp);
    return IoCallDriver(ext->Lower, Irp);
}

static NTSTATUS NTAPI Power(PDEVICE_OBJECT Device, PIRP Irp)
{
    PV3_EXTENSION ext = Device->DeviceExtension;

    PoStartNextPowerIrp(Irp);
    IoSkipCurrentIrpStackLocation(Irp);
    return PoCallDriver(ext->Lower, Irp);
}

static NTSTATUS NTAPI CreateClose(PDEVICE_OBJECT Device, PIRP Irp)
{
    (void)Device;
    return Complete(Irp, STATUS_SUCCESS);
}

static NTSTATUS NTAPI Pnp(PDEVICE_OBJECT Device, PIRP Irp)
{
    PV3_EXTENSION ext = Device->DeviceExtension;
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);
    NTSTATUS status;

    switch (stack->MinorFunction) {
    case IRP_MN_START_DEVICE:
        status = STATUS_NO_SUCH_DEVICE;
        if (IoForwardIrpSynchronously(ext->Lower, Irp))
            status = Irp->IoStatus.Status;
        if (NT_SUCCESS(status))
            status = StartHardware(
                ext,
                stack->Parameters.StartDevice.AllocatedResourcesTranslated);
        return Complete(Irp, status);
    case IRP_MN_STOP_DEVICE:
    case IRP_MN_SURPRISE_REMOVAL:
        StopHardware(ext);
        break;
    case IRP_MN_REMOVE_DEVICE:
        StopHardware(ext);
        IoDeleteSymbolicLink(&ext->LinkName);
        Irp->IoStatus.Status = STATUS_SUCCESS;
        status = Pass(Device, Irp);
        IoDetachDevice(ext->Lower);
        IoDeleteDevice(Device);
        return status;
    case IRP_MN_QUERY_STOP_DEVICE:
    case IRP_MN_CANCEL_STOP_DEVICE:
    case IRP_MN_QUERY_REMOVE_DEVICE:
    case IRP_MN_CANCEL_REMOVE_DEVICE:
        break;
    default:
        return Pass(Device, Irp);
    }
    Irp->IoStatus.Status = STATUS_SUCCESS;
    return Pass(Device, Irp);
}

static NTSTATUS NTAPI AddDevice(PDRIVER_OBJECT Driver, PDEVICE_OBJECT Pdo)
{
    UNICODE_STRING name, link;
    PDEVICE_OBJECT device;
    PV3_EXTENSION ext;
    NTSTATUS status;

    RtlInitUnicodeString(&name, L"\\Device\\V3Edu");
    RtlInitUnicodeString(&link, L"\\DosDevices\\V3Edu");
    status = IoCreateDevice(Driver, sizeof *ext, &name, FILE_DEVICE_UNKNOWN, 0,
                            FALSE, &device);
    if (!NT_SUCCESS(status))
        return status;
    ext = device->DeviceExtension;
    ext->Self = device;
    ext->Pdo = Pdo;
    ext->LinkName = link; /* a constant string */
    IoInitializeDpcRequest(device, V3Dpc);
    ext->Lower = IoAttachDeviceToDeviceStack(device, Pdo);
    status =
        ext->Lower ? IoCreateSymbolicLink(&link, &name) : STATUS_NO_SUCH_DEVICE;
    if (!NT_SUCCESS(status)) {
        if (ext->Lower)
            IoDetachDevice(ext->Lower);
        IoDeleteDevice(device);
        return status;
    }
    device->Flags |= DO_DIRECT_IO | DO_POWER_PAGABLE;
    device->Flags &= ~DO_DEVICE_INITIALIZING;
    return STATUS_SUCCESS;
}

static void NTAPI Unload(PDRIVER_OBJECT Driver)
{
    (void)Driver;
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING Path)
{
    (void)Path;
    Driver->DriverExtension->AddDevice = AddDevice;
    Driver->DriverUnload = Unload;
    Driver->DriverStartIo = V3StartIo;
    Driver->MajorFunction[IRP_MJ_CREATE] = CreateClose;
    Driver->MajorFunction[IRP_MJ_CLOSE] = CreateClose;
    Driver->MajorFunction[IRP_MJ_READ] = V3ReadWrite;
    Driver->MajorFunction[IRP_MJ_WRITE] = V3ReadWrite;
    Driver->MajorFunction[IRP_MJ_PNP] = Pnp;
    Driver->MajorFunction[IRP_MJ_POWER] = Power;
    Driver->MajorFunction[IRP_MJ_SYSTEM_CONTROL] = Pass;
    return STATUS_SUCCESS;
}
