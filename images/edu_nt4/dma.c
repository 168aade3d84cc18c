/* images/edu_nt4/dma.c -- packet-based DMA by the names that hal.dll exports,
 * and common-buffer DMA. */
#include "edu_nt4.h"

static void Operate(PEDU_EXTENSION Ext, ULONG Logical, ULONG Bytes,
                    BOOLEAN ToDevice, ULONG Place)
{
    EduWrite(Ext, EDU_DMA_SOURCE, ToDevice ? Logical : EDU_BUFFER + Place);
    EduWrite(Ext, EDU_DMA_TARGET, ToDevice ? EDU_BUFFER + Place : Logical);
    EduWrite(Ext, EDU_DMA_COUNT, Bytes);
    EduWrite(Ext, EDU_DMA_COMMAND,
             COMMAND_START | COMMAND_IRQ |
                 (ToDevice ? 0 : COMMAND_FROM_DEVICE));
}

static PUCHAR CurrentVa(PEDU_EXTENSION Ext)
{
    return (PUCHAR)MmGetMdlVirtualAddress(Ext->Mdl) + Ext->At;
}

static IO_ALLOCATION_ACTION NTAPI AdapterControl(PDEVICE_OBJECT Device,
                                                 PIRP Irp, PVOID MapRegisters,
                                                 PVOID Context)
{
    PEDU_EXTENSION ext = Context;
    ULONG bytes = ext->Piece;
    PHYSICAL_ADDRESS logical;

    (void)Device;
    (void)Irp;
    ext->MapRegisterBase = MapRegisters;
    logical = IoMapTransfer(ext->Adapter, ext->Mdl, MapRegisters,
                            CurrentVa(ext), &bytes, ext->ToDevice);
    ext->Piece = bytes;
    Operate(ext, logical.LowPart, bytes, ext->ToDevice,
            ext->At % EDU_BUFFER_BYTES);
    return DeallocateObjectKeepRegisters;
}

static void Finish(PEDU_EXTENSION Ext, PIRP Irp, NTSTATUS Status, ULONG Bytes)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Bytes;
    IoStartNextPacket(Ext->Self, FALSE);
    IoCompleteRequest(Irp, IO_DISK_INCREMENT);
}

static ULONG Registers(PEDU_EXTENSION Ext)
{
    return ADDRESS_AND_SIZE_TO_SPAN_PAGES(CurrentVa(Ext), Ext->Piece);
}

/* To the end of the card's buffer, and no more pages than map registers. */
static void StartPiece(PEDU_EXTENSION Ext, PIRP Irp)
{
    ULONG room = EDU_BUFFER_BYTES - Ext->At % EDU_BUFFER_BYTES;
    ULONG most = Ext->MapRegisters * PAGE_SIZE - BYTE_OFFSET(CurrentVa(Ext));
    NTSTATUS status;

    Ext->Piece = Ext->End - Ext->At;
    if (Ext->Piece > room)
        Ext->Piece = room;
    if (Ext->Piece > most)
        Ext->Piece = most;
    status = IoAllocateAdapterChannel(Ext->Adapter, Ext->Self, Registers(Ext),
                                      AdapterControl, Ext);
    if (!NT_SUCCESS(status))
        Finish(Ext, Irp, status, 0);
}

static void StartCommon(PEDU_EXTENSION Ext, PIRP Irp)
{
    ULONG bytes = IoGetCurrentIrpStackLocation(Irp)
                      ->Parameters.DeviceIoControl.InputBufferLength;

    Ext->Mdl = NULL;
    Ext->CommonReturns = FALSE;
    RtlCopyMemory(Ext->Common, Irp->AssociatedIrp.SystemBuffer, bytes);
    Operate(Ext, Ext->CommonAddress.LowPart, bytes, TRUE, 0);
}

/* Out of the first half, back into the second. */
static void CommonDone(PEDU_EXTENSION Ext, PIRP Irp)
{
    ULONG bytes = IoGetCurrentIrpStackLocation(Irp)
                      ->Parameters.DeviceIoControl.InputBufferLength;

    if (!Ext->CommonReturns) {
        Ext->CommonReturns = TRUE;
        Operate(Ext, Ext->CommonAddress.LowPart + EDU_BUFFER_BYTES / 2, bytes,
                FALSE, 0);
        return;
    }
    RtlCopyMemory(Irp->AssociatedIrp.SystemBuffer,
                  Ext->Common + EDU_BUFFER_BYTES / 2, bytes);
    Finish(Ext, Irp, STATUS_SUCCESS, bytes);
}

VOID NTAPI EduStartIo(PDEVICE_OBJECT Device, PIRP Irp)
{
    PEDU_EXTENSION ext = Device->DeviceExtension;
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);

    if (stack->MajorFunction == IRP_MJ_DEVICE_CONTROL) {
        StartCommon(ext, Irp);
        return;
    }
    ext->Mdl = Irp->MdlAddress;
    ext->ToDevice = stack->MajorFunction == IRP_MJ_WRITE;
    ext->At = 0;
    ext->End = stack->Parameters.Read.Length;
    StartPiece(ext, Irp);
}

BOOLEAN NTAPI EduIsr(PKINTERRUPT Interrupt, PVOID Context)
{
    PEDU_EXTENSION ext = Context;
    ULONG bits = EduRead(ext, EDU_IRQ_STATUS);

    (void)Interrupt;
    if (!bits)
        return FALSE;
    EduWrite(ext, EDU_IRQ_ACK, bits);
    IoRequestDpc(ext->Self, ext->Self->CurrentIrp, ext);
    return TRUE;
}

VOID NTAPI EduDpc(PKDPC Dpc, PDEVICE_OBJECT Device, PIRP Irp, PVOID Context)
{
    PEDU_EXTENSION ext = Context;

    (void)Dpc;
    (void)Device;
    if (!ext->Mdl) {
        CommonDone(ext, Irp);
        return;
    }
    IoFlushAdapterBuffers(ext->Adapter, ext->Mdl, ext->MapRegisterBase,
                          CurrentVa(ext), ext->Piece, ext->ToDevice);
    IoFreeMapRegisters(ext->Adapter, ext->MapRegisterBase, Registers(ext));
    ext->At += ext->Piece;
    if (ext->At < ext->End)
        StartPiece(ext, Irp);
    else
        Finish(ext, Irp, STATUS_SUCCESS, ext->End);
}
