/* images/edu_wdm/dma.c -- packet-based bus-master DMA, as the DDK teaches it:
 *
 *   StartIo -> AllocateAdapterChannel -> AdapterControl -> MapTransfer
 *     -> registers ... interrupt -> ISR -> DPC: next operation, or
 *     FlushAdapterBuffers, FreeMapRegisters, next piece, or completion
 *
 * All of it at DISPATCH_LEVEL. */
#include "edu.h"

static void StartPiece(PEDU_EXTENSION Ext);

/* Where the next byte goes in the device's buffer: pieces and runs follow each
 * other there, however few map registers there are; past its end the transfer
 * begins again where it began. */
static ULONG DevicePlace(const struct edu_transfer *Transfer)
{
    ULONG done = Transfer->At + Transfer->PieceDone - Transfer->Start;

    return Transfer->DeviceOffset +
           done % (EDU_BUFFER_BYTES - Transfer->DeviceOffset);
}

/* The device's next operation: at most to the end of its buffer, inside the
 * present run. */
static void NextOperation(PEDU_EXTENSION Ext)
{
    struct edu_transfer *t = &Ext->Transfer;
    ULONG place = DevicePlace(t), room = EDU_BUFFER_BYTES - place, command;

    if (!t->RunBytes) {
        PUCHAR va = (PUCHAR)MmGetMdlVirtualAddress(t->Mdl) + t->At;

        t->RunBytes = t->PieceBytes - t->PieceDone;
        t->RunAddress = Ext->Adapter->DmaOperations->MapTransfer(
            Ext->Adapter, t->Mdl, t->MapRegisterBase, va + t->PieceDone,
            &t->RunBytes, t->ToDevice);
    }
    t->OperationBytes = t->RunBytes < room ? t->RunBytes : room;
    command = COMMAND_START | COMMAND_IRQ;
    if (t->ToDevice) {
        EduWrite(Ext, EDU_DMA_SOURCE, t->RunAddress.LowPart);
        EduWrite(Ext, EDU_DMA_TARGET, EDU_BUFFER + place);
    } else {
        EduWrite(Ext, EDU_DMA_SOURCE, EDU_BUFFER + place);
        EduWrite(Ext, EDU_DMA_TARGET, t->RunAddress.LowPart);
        command |= COMMAND_FROM_DEVICE;
    }
    EduWrite(Ext, EDU_DMA_COUNT, t->OperationBytes);
    EduWrite(Ext, EDU_DMA_COMMAND, command);
}

static IO_ALLOCATION_ACTION NTAPI AdapterControl(PDEVICE_OBJECT Device,
                                                 PIRP Irp, PVOID MapRegisters,
                                                 PVOID Context)
{
    PEDU_EXTENSION ext = Context;

    (void)Device;
    (void)Irp;
    ext->Transfer.MapRegisterBase = MapRegisters;
    NextOperation(ext);
    return DeallocateObjectKeepRegisters;
}

/* As many pages as there are map registers. */
static void StartPiece(PEDU_EXTENSION Ext)
{
    struct edu_transfer *t = &Ext->Transfer;
    PUCHAR va = (PUCHAR)MmGetMdlVirtualAddress(t->Mdl) + t->At;
    ULONG most = Ext->MapRegisters * PAGE_SIZE - BYTE_OFFSET(va);
    NTSTATUS status;

    t->PieceBytes = t->End - t->At;
    if (t->PieceBytes > Ext->MaximumLength)
        t->PieceBytes = Ext->MaximumLength;
    if (t->PieceBytes > most)
        t->PieceBytes = most;
    t->PieceDone = 0;
    t->RunBytes = 0;
    t->PieceRegisters = ADDRESS_AND_SIZE_TO_SPAN_PAGES(va, t->PieceBytes);
    status = Ext->Adapter->DmaOperations->AllocateAdapterChannel(
        Ext->Adapter, Ext->Self, t->PieceRegisters, AdapterControl, Ext);
    if (!NT_SUCCESS(status))
        EduFinish(Ext, status, t->At);
}

void EduStartTransfer(PEDU_EXTENSION Ext, PMDL Mdl, ULONG At, ULONG Bytes,
                      ULONG DeviceOffset, BOOLEAN ToDevice)
{
    struct edu_transfer *t = &Ext->Transfer;

    t->Mdl = Mdl;
    t->Start = t->At = At;
    t->End = At + Bytes;
    t->DeviceOffset = DeviceOffset;
    t->ToDevice = ToDevice;
    StartPiece(Ext);
}

/* The next device buffer's worth goes out; TransferDone brings it back. */
void EduStartExchange(PEDU_EXTENSION Ext)
{
    ULONG bytes = Ext->ExchangeBytes - Ext->ExchangeAt;

    if (bytes > EDU_BUFFER_BYTES)
        bytes = EDU_BUFFER_BYTES;
    EduStartTransfer(Ext, Ext->ExchangeFrom, Ext->ExchangeAt, bytes, 0, TRUE);
}

static void CommonOperation(PEDU_EXTENSION Ext, ULONG Bytes)
{
    ULONG common = Ext->CommonAddress.LowPart;

    EduWrite(Ext, EDU_DMA_SOURCE, Ext->CommonReturns ? EDU_BUFFER : common);
    EduWrite(Ext, EDU_DMA_TARGET,
             Ext->CommonReturns ? common + EDU_BUFFER_BYTES / 2 : EDU_BUFFER);
    EduWrite(Ext, EDU_DMA_COUNT, Bytes);
    EduWrite(Ext, EDU_DMA_COMMAND,
             COMMAND_START | COMMAND_IRQ |
                 (Ext->CommonReturns ? COMMAND_FROM_DEVICE : 0));
}

void EduStartCommon(PEDU_EXTENSION Ext, ULONG Bytes)
{
    Ext->Transfer.Mdl = NULL;
    Ext->CommonReturns = FALSE;
    CommonOperation(Ext, Bytes);
}

static void CommonDone(PEDU_EXTENSION Ext, PIRP Irp)
{
    ULONG bytes = IoGetCurrentIrpStackLocation(Irp)
                      ->Parameters.DeviceIoControl.InputBufferLength;

    if (!Ext->CommonReturns) {
        Ext->CommonReturns = TRUE;
        CommonOperation(Ext, bytes);
        return;
    }
    RtlCopyMemory(Irp->AssociatedIrp.SystemBuffer,
                  Ext->Common + EDU_BUFFER_BYTES / 2, bytes);
    EduFinish(Ext, STATUS_SUCCESS, bytes);
}

static void TransferDone(PEDU_EXTENSION Ext)
{
    struct edu_transfer *t = &Ext->Transfer;

    if (!Ext->ExchangeFrom) {
        EduFinish(Ext, STATUS_SUCCESS, t->End);
    } else if (t->ToDevice) {
        EduStartTransfer(Ext, Ext->ExchangeTo, Ext->ExchangeAt,
                         t->End - Ext->ExchangeAt, 0, FALSE);
    } else {
        Ext->ExchangeAt = t->End;
        if (Ext->ExchangeAt < Ext->ExchangeBytes)
            EduStartExchange(Ext);
        else
            EduFinish(Ext, STATUS_SUCCESS, Ext->ExchangeBytes);
    }
}

static void FinishPiece(PEDU_EXTENSION Ext)
{
    struct edu_transfer *t = &Ext->Transfer;
    PUCHAR va = (PUCHAR)MmGetMdlVirtualAddress(t->Mdl) + t->At;

    Ext->Adapter->DmaOperations->FlushAdapterBuffers(
        Ext->Adapter, t->Mdl, t->MapRegisterBase, va, t->PieceBytes,
        t->ToDevice);
    Ext->Adapter->DmaOperations->FreeMapRegisters(
        Ext->Adapter, t->MapRegisterBase, t->PieceRegisters);
}

/* One operation of the device is over. */
static void OperationDone(PEDU_EXTENSION Ext)
{
    struct edu_transfer *t = &Ext->Transfer;

    t->PieceDone += t->OperationBytes;
    t->RunBytes -= t->OperationBytes;
    t->RunAddress.QuadPart += t->OperationBytes;
    if (t->PieceDone < t->PieceBytes) {
        NextOperation(Ext);
        return;
    }
    FinishPiece(Ext);
    t->At += t->PieceBytes;
    if (t->At < t->End)
        StartPiece(Ext);
    else
        TransferDone(Ext);
}

static BOOLEAN NTAPI TakeInterruptBits(PVOID Context)
{
    PEDU_EXTENSION ext = ((PVOID *)Context)[0];

    *(PULONG)((PVOID *)Context)[1] = ext->InterruptBits;
    ext->InterruptBits = 0;
    return TRUE;
}

void NTAPI EduDpc(PKDPC Dpc, PDEVICE_OBJECT Device, PIRP Irp, PVOID Context)
{
    PEDU_EXTENSION ext = Device->DeviceExtension;
    PULONG result;
    ULONG bits;
    PVOID pair[] = {ext, &bits};

    (void)Dpc;
    (void)Context;
    KeSynchronizeExecution(ext->Interrupt, TakeInterruptBits, pair);
    Irp = Device->CurrentIrp;
    if (!Irp)
        return;
    if (bits & IRQ_FACTORIAL) {
        result = Irp->AssociatedIrp.SystemBuffer;
        *result = EduRead(ext, EDU_FACTORIAL);
        EduFinish(ext, STATUS_SUCCESS, sizeof(ULONG));
    } else if (bits & IRQ_DMA_FAULT) {
        if (ext->Transfer.Mdl)
            FinishPiece(ext);
        EduFinish(ext, STATUS_IO_DEVICE_ERROR, 0);
    } else if (bits & IRQ_DMA) {
        if (ext->Transfer.Mdl)
            OperationDone(ext);
        else
            CommonDone(ext, Irp);
    }
}
