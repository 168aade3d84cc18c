/* images/v3/v3.h -- a WDM driver of the edu PCI device (docs/devices/edu.md)
 * that uses version 3 of the DMA interface where there is one, and version 2
 * elsewhere. Reads and writes of up to the device's buffer. */
#ifndef V3_H
#define V3_H

#include <wdm.h>

#define V3_TAG ' 3vD'

enum { /* registers, offsets in BAR 0 */
       EDU_IRQ_STATUS = 0x24,
       EDU_IRQ_ACK = 0x64,
       EDU_DMA_SOURCE = 0x80,
       EDU_DMA_TARGET = 0x88,
       EDU_DMA_COUNT = 0x90,
       EDU_DMA_COMMAND = 0x98
};
enum { COMMAND_START = 1, COMMAND_FROM_DEVICE = 2, COMMAND_IRQ = 4 };
enum { IRQ_DMA = 0x100, IRQ_DMA_FAULT = 0x200 };
enum {
    EDU_BUFFER = 0x40000,
    EDU_BUFFER_BYTES = 4096,
    EDU_ADDRESS_BITS = 28,
    EDU_REGISTER_BYTES = 0x100000,
    LIST_ELEMENTS = 2, /* of one request: it lies in two pages at most */
    LIST_BYTES = sizeof(SCATTER_GATHER_LIST) +
                 LIST_ELEMENTS * sizeof(SCATTER_GATHER_ELEMENT)
};

/* What the DDK of Windows 8 added; this one's headers end with XP's. */
enum { DESCRIPTION_VERSION3 = 3, TRANSFER_CONTEXT_BYTES = 64 };

typedef struct _DESCRIPTION_V3 {
    DEVICE_DESCRIPTION Old;
    ULONG DmaAddressWidth;
    ULONG DmaControllerInstance;
    ULONG DmaRequestLine;
    PHYSICAL_ADDRESS DeviceAddress;
} DESCRIPTION_V3;

typedef struct _TRANSFER_INFO_V1 {
    ULONG Version;
    ULONG MapRegisterCount;
    ULONG ScatterGatherElementCount;
    ULONG ScatterGatherListSize;
} TRANSFER_INFO_V1, *PTRANSFER_INFO_V1;

typedef struct _OPERATIONS_V3 {
    DMA_OPERATIONS Old;
    PVOID GetDmaAdapterInfo;
    NTSTATUS(NTAPI *GetDmaTransferInfo)
    (PDMA_ADAPTER, PMDL, ULONGLONG Offset, ULONG Length, BOOLEAN WriteOnly,
     PTRANSFER_INFO_V1);
    NTSTATUS(NTAPI *InitializeDmaTransferContext)(PDMA_ADAPTER, PVOID);
    PVOID AllocateCommonBufferEx;
    NTSTATUS(NTAPI *AllocateAdapterChannelEx)
    (PDMA_ADAPTER, PDEVICE_OBJECT, PVOID TransferContext, ULONG MapRegisters,
     ULONG Flags, PDRIVER_CONTROL, PVOID Context, PVOID *MapRegisterBase);
    PVOID ConfigureAdapterChannel;
    BOOLEAN(NTAPI *CancelAdapterChannel)(PDMA_ADAPTER, PDEVICE_OBJECT, PVOID);
    NTSTATUS(NTAPI *MapTransferEx)
    (PDMA_ADAPTER, PMDL, PVOID MapRegisterBase, ULONGLONG Offset,
     ULONG DeviceOffset, PULONG Length, BOOLEAN WriteToDevice,
     PSCATTER_GATHER_LIST, ULONG ListBytes, PVOID Completion, PVOID Context);
    PVOID GetScatterGatherListEx;
    PVOID BuildScatterGatherListEx;
    NTSTATUS(NTAPI *FlushAdapterBuffersEx)
    (PDMA_ADAPTER, PMDL, PVOID MapRegisterBase, ULONGLONG Offset, ULONG Length,
     BOOLEAN WriteToDevice);
    PVOID FreeAdapterObject;
    PVOID CancelMappedTransfer;
} OPERATIONS_V3, *POPERATIONS_V3;

typedef struct _V3_EXTENSION {
    PDEVICE_OBJECT Self, Pdo, Lower;
    UNICODE_STRING LinkName;
    BOOLEAN Started, Version3;
    PUCHAR Registers;
    PKINTERRUPT Interrupt;
    ULONG InterruptBits;
    PDMA_ADAPTER Adapter;
    ULONG MapRegisters;

    /* the request at work */
    BOOLEAN ToDevice;
    ULONG Bytes;     /* all of it                                   */
    ULONG Done;      /* moved and flushed                           */
    ULONG Piece;     /* mapped now, from Done on                    */
    ULONG PieceDone; /* moved of that                               */
    ULONG Element;   /* of List, moving now                         */
    ULONG Allocated; /* map registers                               */
    PVOID MapRegisterBase;
    PSCATTER_GATHER_LIST List; /* ListBuffer, or one of the HAL's       */
    UCHAR ListBuffer[LIST_BYTES];
    UCHAR TransferContext[TRANSFER_CONTEXT_BYTES];
} V3_EXTENSION, *PV3_EXTENSION;

/* transfer.c */
NTSTATUS V3GetAdapter(PV3_EXTENSION Ext);
NTSTATUS NTAPI V3ReadWrite(PDEVICE_OBJECT Device, PIRP Irp);
void NTAPI V3StartIo(PDEVICE_OBJECT Device, PIRP Irp);
IO_DPC_ROUTINE V3Dpc;

static inline ULONG V3Read(PV3_EXTENSION Ext, ULONG Register)
{
    return READ_REGISTER_ULONG((PULONG)(Ext->Registers + Register));
}

static inline void V3Write(PV3_EXTENSION Ext, ULONG Register, ULONG Value)
{
    WRITE_REGISTER_ULONG((PULONG)(Ext->Registers + Register), Value);
}

#endif
