/* images/isa_slave/io.c -- system DMA, packet based:
 *
 *   StartIo -> AllocateAdapterChannel -> AdapterControl -> MapTransfer (the
 *     controller is programmed) -> the card is started ... terminal count ->
 *     ISR -> DPC: ReadDmaCounter, FlushAdapterBuffers, FreeAdapterChannel
 *
 * The channel is held from AdapterControl to the DPC (KeepObject). */
#include "isa.h"

static void StartPiece(PISA_EXTENSION Ext);

static NTSTATUS Complete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

NTSTATUS NTAPI IsaCreateClose(PDEVICE_OBJECT Device, PIRP Irp)
{
    (void)Device;
    return Complete(Irp, STATUS_SUCCESS, 0);
}

static NTSTATUS CheckTransfer(PISA_EXTENSION Ext, PIRP Irp)
{
    if (!Ext->Started)
        return STATUS_DEVICE_NOT_READY;
    if (!Irp->MdlAddress)
        return STATUS_SUCCESS;
    if (Ext->WordChannel && ((MmGetMdlByteOffset(Irp->MdlAddress) |
                              MmGetMdlByteCount(Irp->MdlAddress)) &
                             1))
        return STATUS_INVALID_PARAMETER; /* the channel moves words */
    return STATUS_PENDING;
}

NTSTATUS NTAPI IsaReadWrite(PDEVICE_OBJECT Device, PIRP Irp)
{
    PISA_EXTENSION ext = Device->DeviceExtension;
    NTSTATUS status = IoAcquireRemoveLock(&ext->RemoveLock, Irp);

    if (!NT_SUCCESS(status))
        return Complete(Irp, status, 0);
    status = CheckTransfer(ext, Irp);
    if (status != STATUS_PENDING) {
        IoReleaseRemoveLock(&ext->RemoveLock, Irp);
        return Complete(Irp, status, 0);
    }
    IoMarkIrpPending(Irp);
    IoStartPacket(Device, Irp, NULL, NULL);
    return STATUS_PENDING;
}

NTSTATUS NTAPI IsaDeviceControl(PDEVICE_OBJECT Device, PIRP Irp)
{
    PISA_EXTENSION ext = Device->DeviceExtension;
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);

    if (stack->Parameters.DeviceIoControl.IoControlCode != IOCTL_ISA_MODE)
        return Complete(Irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    if (stack->Parameters.DeviceIoControl.InputBufferLength < sizeof ext->Mode)
        return Complete(Irp, STATUS_BUFFER_TOO_SMALL, 0);
    RtlCopyMemory(&ext->Mode, Irp->AssociatedIrp.SystemBuffer,
                  sizeof ext->Mode);
    return Complete(Irp, STATUS_SUCCESS, 0);
}

void NTAPI IsaStartIo(PDEVICE_OBJECT Device, PIRP Irp)
{
    PISA_EXTENSION ext = Device->DeviceExtension;
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);

    ext->ToDevice = stack->MajorFunction == IRP_MJ_WRITE;
    ext->Offset = ext->ToDevice ? stack->Parameters.Write.ByteOffset.LowPart
                                : stack->Parameters.Read.ByteOffset.LowPart;
    ext->At = 0;
    StartPiece(ext);
}

static void Finish(PISA_EXTENSION Ext, NTSTATUS Status, ULONG Bytes)
{
    PIRP irp = Ext->Self->CurrentIrp;

    irp->IoStatus.Status = Status;
    irp->IoStatus.Information = Bytes;
    IoStartNextPacket(Ext->Self, FALSE);
    IoCompleteRequest(irp, IO_DISK_INCREMENT);
    IoReleaseRemoveLock(&Ext->RemoveLock, irp);
}

static void StartCard(PISA_EXTENSION Ext)
{
    IsaOut(Ext, ISA_POINTER, (USHORT)(Ext->Offset + Ext->At));
    IsaOut(Ext, ISA_COUNT, Ext->Mode.Count);
    IsaOut(Ext, ISA_PERIOD, Ext->Mode.PeriodNs);
    IsaOut(Ext, ISA_BURST, Ext->Mode.Burst);
    IsaOut(Ext, ISA_CONTROL,
           (USHORT)(CONTROL_RUN | CONTROL_IRQ |
                    (Ext->ToDevice ? 0 : CONTROL_TO_MEMORY) |
                    Ext->Mode.Request << CONTROL_REQUEST_SHIFT));
}

static PUCHAR PieceVa(PISA_EXTENSION Ext)
{
    PMDL mdl = Ext->Self->CurrentIrp->MdlAddress;

    return (PUCHAR)MmGetMdlVirtualAddress(mdl) + Ext->At;
}

static IO_ALLOCATION_ACTION NTAPI AdapterControl(PDEVICE_OBJECT Device,
                                                 PIRP Irp, PVOID MapRegisters,
                                                 PVOID Context)
{
    PISA_EXTENSION ext = Context;

    (void)Irp;
    ext->MapRegisterBase = MapRegisters;
    /* one call maps the piece: the channel has one counter */
    ext->Adapter->DmaOperations->MapTransfer(
        ext->Adapter, Device->CurrentIrp->MdlAddress, MapRegisters,
        PieceVa(ext), &ext->Piece, ext->ToDevice);
    StartCard(ext);
    return KeepObject;
}

/* As many pages as there are map registers; MapTransfer may shorten it. */
static void StartPiece(PISA_EXTENSION Ext)
{
    PMDL mdl = Ext->Self->CurrentIrp->MdlAddress;
    PUCHAR va = PieceVa(Ext);
    ULONG most = Ext->MapRegisters * PAGE_SIZE - BYTE_OFFSET(va);
    NTSTATUS status;

    Ext->Piece = MmGetMdlByteCount(mdl) - Ext->At;
    if (Ext->Piece > most)
        Ext->Piece = most;
    if (Ext->Piece > MAXIMUM_LENGTH)
        Ext->Piece = MAXIMUM_LENGTH;
    KeFlushIoBuffers(mdl, !Ext->ToDevice, TRUE);
    status = Ext->Adapter->DmaOperations->AllocateAdapterChannel(
        Ext->Adapter, Ext->Self, ADDRESS_AND_SIZE_TO_SPAN_PAGES(va, Ext->Piece),
        AdapterControl, Ext);
    if (!NT_SUCCESS(status))
        Finish(Ext, status, Ext->At);
}

BOOLEAN NTAPI IsaIsr(PKINTERRUPT Interrupt, PVOID Context)
{
    PISA_EXTENSION ext = Context;
    USHORT status = IsaIn(ext, ISA_STATUS);

    (void)Interrupt;
    if (!(status & STATUS_IRQ))
        return FALSE;
    IsaOut(ext, ISA_STATUS, STATUS_TC | STATUS_IRQ | STATUS_ENDED);
    IoRequestDpc(ext->Self, ext->Self->CurrentIrp, ext);
    return TRUE;
}

void NTAPI IsaDpc(PKDPC Dpc, PDEVICE_OBJECT Device, PIRP Irp, PVOID Context)
{
    PISA_EXTENSION ext = Device->DeviceExtension;
    ULONG left;

    (void)Dpc;
    (void)Context;
    Irp = Device->CurrentIrp;
    if (!Irp)
        return;
    left = ext->Adapter->DmaOperations->ReadDmaCounter(ext->Adapter);
    ext->Adapter->DmaOperations->FlushAdapterBuffers(
        ext->Adapter, Irp->MdlAddress, ext->MapRegisterBase, PieceVa(ext),
        ext->Piece, ext->ToDevice);
    ext->Adapter->DmaOperations->FreeAdapterChannel(ext->Adapter);
    ext->At += ext->Piece - left;
    if (!left && ext->At < MmGetMdlByteCount(Irp->MdlAddress))
        StartPiece(ext);
    else
        Finish(ext, STATUS_SUCCESS, ext->At);
}
