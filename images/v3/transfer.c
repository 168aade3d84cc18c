/* images/v3/transfer.c -- the adapter and the transfers.
 *
 *   version 3: AllocateAdapterChannelEx -> AdapterControl -> MapTransferEx, a
 *     list of elements; per element an operation of the device; then
 *     FlushAdapterBuffersEx and MapTransferEx again while there is more than
 *     the registers held; FreeMapRegisters
 *   version 2: GetScatterGatherList, elements as above, PutScatterGatherList */
#include "v3.h"

static POPERATIONS_V3 Operations(PV3_EXTENSION Ext)
{
    return (POPERATIONS_V3)Ext->Adapter->DmaOperations;
}

/* The device has 28 address lines. Version 3 can say so; the older ones know
 * 24 and 32 and, for a PCI device with scatter/gather, only 32. */
NTSTATUS V3GetAdapter(PV3_EXTENSION Ext)
{
    DESCRIPTION_V3 description;

    RtlZeroMemory(&description, sizeof description);
    description.Old.Version = DESCRIPTION_VERSION3;
    description.Old.Master = TRUE;
    description.Old.ScatterGather = TRUE;
    description.Old.InterfaceType = PCIBus;
    description.Old.MaximumLength = EDU_BUFFER_BYTES;
    description.DmaAddressWidth = EDU_ADDRESS_BITS;
    Ext->Adapter =
        IoGetDmaAdapter(Ext->Pdo, &description.Old, &Ext->MapRegisters);
    Ext->Version3 = Ext->Adapter &&
                    Ext->Adapter->DmaOperations->Size >= sizeof(OPERATIONS_V3);
    if (!Ext->Adapter) {
        description.Old.Version = DEVICE_DESCRIPTION_VERSION2;
        description.Old.ScatterGather = FALSE;
        Ext->Adapter =
            IoGetDmaAdapter(Ext->Pdo, &description.Old, &Ext->MapRegisters);
    }
    if (!Ext->Adapter) { /* before XP; lists are there from the first on */
        description.Old.Version = DEVICE_DESCRIPTION_VERSION1;
        Ext->Adapter =
            IoGetDmaAdapter(Ext->Pdo, &description.Old, &Ext->MapRegisters);
    }
    if (!Ext->Adapter)
        return STATUS_INSUFFICIENT_RESOURCES;
    DbgPrint("v3: DMA_OPERATIONS of %x bytes, %u map registers\n",
             Ext->Adapter->DmaOperations->Size, Ext->MapRegisters);
    return STATUS_SUCCESS;
}

static NTSTATUS Complete(PIRP Irp, NTSTATUS Status, ULONG Bytes)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Bytes;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

NTSTATUS NTAPI V3ReadWrite(PDEVICE_OBJECT Device, PIRP Irp)
{
    PV3_EXTENSION ext = Device->DeviceExtension;

    if (!ext->Started)
        return Complete(Irp, STATUS_DEVICE_NOT_READY, 0);
    if (!Irp->MdlAddress)
        return Complete(Irp, STATUS_SUCCESS, 0);
    if (MmGetMdlByteCount(Irp->MdlAddress) > EDU_BUFFER_BYTES)
        return Complete(Irp, STATUS_INVALID_PARAMETER, 0);
    IoMarkIrpPending(Irp);
    IoStartPacket(Device, Irp, NULL, NULL);
    return STATUS_PENDING;
}

static void Finish(PV3_EXTENSION Ext, NTSTATUS Status)
{
    PIRP irp = Ext->Self->CurrentIrp;
    ULONG bytes = NT_SUCCESS(Status) ? Ext->Bytes : 0;

    IoStartNextPacket(Ext->Self, FALSE);
    Complete(irp, Status, bytes);
}

/* One operation of the device moves one element. */
static void StartElement(PV3_EXTENSION Ext)
{
    PSCATTER_GATHER_ELEMENT element = &Ext->List->Elements[Ext->Element];
    ULONG place = EDU_BUFFER + Ext->Done + Ext->PieceDone;
    ULONG logical = element->Address.LowPart;

    V3Write(Ext, EDU_DMA_SOURCE, Ext->ToDevice ? logical : place);
    V3Write(Ext, EDU_DMA_TARGET, Ext->ToDevice ? place : logical);
    V3Write(Ext, EDU_DMA_COUNT, element->Length);
    V3Write(Ext, EDU_DMA_COMMAND,
            COMMAND_START | COMMAND_IRQ |
                (Ext->ToDevice ? 0 : COMMAND_FROM_DEVICE));
}

static void StartList(PV3_EXTENSION Ext, PSCATTER_GATHER_LIST List, ULONG Bytes)
{
    Ext->List = List;
    Ext->Piece = Bytes;
    Ext->PieceDone = 0;
    Ext->Element = 0;
    StartElement(Ext);
}

/* ---- version 3 -----------------------------------------------------------*/

static NTSTATUS MapPiece(PV3_EXTENSION Ext)
{
    PSCATTER_GATHER_LIST list = (PSCATTER_GATHER_LIST)Ext->ListBuffer;
    ULONG bytes = Ext->Bytes - Ext->Done;
    NTSTATUS status = Operations(Ext)->MapTransferEx(
        Ext->Adapter, Ext->Self->CurrentIrp->MdlAddress, Ext->MapRegisterBase,
        Ext->Done, 0, &bytes, Ext->ToDevice, list, sizeof Ext->ListBuffer, NULL,
        NULL);

    if (NT_SUCCESS(status))
        StartList(Ext, list, bytes);
    return status;
}

static void FreeRegisters(PV3_EXTENSION Ext)
{
    Ext->Adapter->DmaOperations->FreeMapRegisters(
        Ext->Adapter, Ext->MapRegisterBase, Ext->Allocated);
}

static IO_ALLOCATION_ACTION NTAPI AdapterControl(PDEVICE_OBJECT Device,
                                                 PIRP Irp, PVOID MapRegisters,
                                                 PVOID Context)
{
    PV3_EXTENSION ext = Context;
    NTSTATUS status;

    (void)Device;
    (void)Irp;
    ext->MapRegisterBase = MapRegisters;
    status = MapPiece(ext);
    if (NT_SUCCESS(status))
        return DeallocateObjectKeepRegisters;
    Finish(ext, status);
    return DeallocateObject;
}

static NTSTATUS Allocate(PV3_EXTENSION Ext, PMDL Mdl)
{
    TRANSFER_INFO_V1 info;
    NTSTATUS status;

    info.Version = 1;
    status = Operations(Ext)->GetDmaTransferInfo(
        Ext->Adapter, Mdl, 0, Ext->Bytes, Ext->ToDevice, &info);
    if (!NT_SUCCESS(status))
        return status;
    Ext->Allocated = info.MapRegisterCount < Ext->MapRegisters
                         ? info.MapRegisterCount
                         : Ext->MapRegisters;
    Operations(Ext)->InitializeDmaTransferContext(Ext->Adapter,
                                                  Ext->TransferContext);
    return Operations(Ext)->AllocateAdapterChannelEx(
        Ext->Adapter, Ext->Self, Ext->TransferContext, Ext->Allocated, 0,
        AdapterControl, Ext, NULL);
}

static void PieceDone(PV3_EXTENSION Ext)
{
    NTSTATUS status = Operations(Ext)->FlushAdapterBuffersEx(
        Ext->Adapter, Ext->Self->CurrentIrp->MdlAddress, Ext->MapRegisterBase,
        Ext->Done, Ext->Piece, Ext->ToDevice);

    Ext->Done += Ext->Piece;
    if (NT_SUCCESS(status) && Ext->Done < Ext->Bytes) {
        status = MapPiece(Ext);
        if (NT_SUCCESS(status))
            return;
    }
    FreeRegisters(Ext);
    Finish(Ext, status);
}

/* ---- version 2 -----------------------------------------------------------*/

static void NTAPI ListControl(PDEVICE_OBJECT Device, PIRP Irp,
                              PSCATTER_GATHER_LIST List, PVOID Context)
{
    PV3_EXTENSION ext = Context;

    (void)Device;
    (void)Irp;
    StartList(ext, List, ext->Bytes);
}

static void ListDone(PV3_EXTENSION Ext, NTSTATUS Status)
{
    Ext->Adapter->DmaOperations->PutScatterGatherList(Ext->Adapter, Ext->List,
                                                      Ext->ToDevice);
    Finish(Ext, Status);
}

/* ---- requests ------------------------------------------------------------*/

void NTAPI V3StartIo(PDEVICE_OBJECT Device, PIRP Irp)
{
    PV3_EXTENSION ext = Device->DeviceExtension;
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);
    PMDL mdl = Irp->MdlAddress;
    NTSTATUS status;

    ext->ToDevice = stack->MajorFunction == IRP_MJ_WRITE;
    ext->Bytes = MmGetMdlByteCount(mdl);
    ext->Done = 0;
    if (ext->Version3)
        status = Allocate(ext, mdl);
    else
        status = ext->Adapter->DmaOperations->GetScatterGatherList(
            ext->Adapter, Device, mdl, MmGetMdlVirtualAddress(mdl), ext->Bytes,
            ListControl, ext, ext->ToDevice);
    if (!NT_SUCCESS(status))
        Finish(ext, status);
}

static BOOLEAN NTAPI TakeInterruptBits(PVOID Context)
{
    PV3_EXTENSION ext = ((PVOID *)Context)[0];

    *(PULONG)((PVOID *)Context)[1] = ext->InterruptBits;
    ext->InterruptBits = 0;
    return TRUE;
}

void NTAPI V3Dpc(PKDPC Dpc, PDEVICE_OBJECT Device, PIRP Irp, PVOID Context)
{
    PV3_EXTENSION ext = Device->DeviceExtension;
    ULONG bits;
    PVOID pair[] = {ext, &bits};

    (void)Dpc;
    (void)Irp;
    (void)Context;
    KeSynchronizeExecution(ext->Interrupt, TakeInterruptBits, pair);
    if (!Device->CurrentIrp || !(bits & (IRQ_DMA | IRQ_DMA_FAULT)))
        return;
    if (bits & IRQ_DMA_FAULT) { /* no more of this request */
        ext->Bytes = ext->Done + ext->Piece;
        if (!ext->Version3)
            ListDone(ext, STATUS_IO_DEVICE_ERROR);
        else
            PieceDone(ext);
        return;
    }
    ext->PieceDone += ext->List->Elements[ext->Element++].Length;
    if (ext->PieceDone < ext->Piece)
        StartElement(ext);
    else if (ext->Version3)
        PieceDone(ext);
    else
        ListDone(ext, STATUS_SUCCESS);
}
