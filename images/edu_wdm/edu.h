/* images/edu_wdm/edu.h -- WDM driver of the edu PCI teaching device: the parts
 * of it and what they share. Registers: the device's public specification
 * (docs/specs/edu.rst of QEMU). */
#ifndef EDU_H
#define EDU_H

#include <wdm.h>

#include "edu_ioctl.h"

#define EDU_TAG 'udeD'

enum { /* registers, offsets in BAR 0 */
       EDU_ID = 0x00,
       EDU_LIVENESS = 0x04,
       EDU_FACTORIAL = 0x08,
       EDU_STATUS = 0x20,
       EDU_IRQ_STATUS = 0x24,
       EDU_IRQ_ACK = 0x64,
       EDU_DMA_SOURCE = 0x80,
       EDU_DMA_TARGET = 0x88,
       EDU_DMA_COUNT = 0x90,
       EDU_DMA_COMMAND = 0x98
};
enum { STATUS_COMPUTING = 0x01, STATUS_IRQ_FACTORIAL = 0x80 };
enum { COMMAND_START = 1, COMMAND_FROM_DEVICE = 2, COMMAND_IRQ = 4 };
/* IRQ_DMA_FAULT: from cards that tell of a master abort. */
enum { IRQ_FACTORIAL = 0x001, IRQ_DMA = 0x100, IRQ_DMA_FAULT = 0x200 };
enum {
    EDU_BUFFER = 0x40000,    /* address of the device's own buffer, as its DMA
                                registers see it */
    EDU_BUFFER_BYTES = 4096, /* and its size */
    EDU_REGISTER_BYTES = 0x100000
};

/* One DMA transfer of (part of) a locked buffer. It goes in pieces of as many
 * pages as there are map registers; a piece in runs of contiguous logical
 * addresses, as MapTransfer gives them; a run in operations of the device. */
struct edu_transfer {
    PMDL Mdl;
    BOOLEAN ToDevice;
    ULONG Start;        /* bytes into the MDL, start of the transfer          */
    ULONG At;           /* ... start of the present piece                     */
    ULONG End;          /* where the transfer ends                            */
    ULONG DeviceOffset; /* in the device's buffer                             */
    ULONG PieceBytes, PieceDone, PieceRegisters;
    PVOID MapRegisterBase;
    PHYSICAL_ADDRESS RunAddress;
    ULONG RunBytes; /* mapped, not yet moved                                  */
    ULONG OperationBytes;
};

typedef struct _EDU_EXTENSION {
    PDEVICE_OBJECT Self, Pdo, Lower;
    IO_REMOVE_LOCK RemoveLock;
    UNICODE_STRING InterfaceName, LinkName;
    BOOLEAN Started;
    LONG Outstanding; /* requests in the queue or on the device, plus 1 */
    KEVENT Idle;

    PUCHAR Registers;
    PKINTERRUPT Interrupt;
    ULONG InterruptBits; /* gathered by the ISR for the DPC */
    PDMA_ADAPTER Adapter;
    ULONG MapRegisters; /* the grant */
    PUCHAR Common;
    PHYSICAL_ADDRESS CommonAddress;

    ULONG MaximumLength; /* of one DMA transfer: registry, or 64 KiB */
    BOOLEAN ScatterGather;

    struct edu_transfer Transfer;
    PMDL ExchangeFrom, ExchangeTo;
    ULONG ExchangeAt, ExchangeBytes;
    BOOLEAN CommonReturns; /* second half of IOCTL_EDU_COMMON */
} EDU_EXTENSION, *PEDU_EXTENSION;

/* driver.c */
DRIVER_INITIALIZE DriverEntry;

/* pnp.c */
NTSTATUS NTAPI EduPnp(PDEVICE_OBJECT Device, PIRP Irp);
NTSTATUS NTAPI EduPower(PDEVICE_OBJECT Device, PIRP Irp);
NTSTATUS NTAPI EduSystemControl(PDEVICE_OBJECT Device, PIRP Irp);

/* hardware.c: resources, interrupt, adapter; and giving them back */
NTSTATUS EduStartHardware(PEDU_EXTENSION Ext, PCM_RESOURCE_LIST Translated);
void EduStopHardware(PEDU_EXTENSION Ext);

/* io.c */
NTSTATUS NTAPI EduCreateClose(PDEVICE_OBJECT Device, PIRP Irp);
NTSTATUS NTAPI EduReadWrite(PDEVICE_OBJECT Device, PIRP Irp);
NTSTATUS NTAPI EduDeviceControl(PDEVICE_OBJECT Device, PIRP Irp);
void NTAPI EduStartIo(PDEVICE_OBJECT Device, PIRP Irp);
/* The present request is over: unlock, complete, start the next. */
void EduFinish(PEDU_EXTENSION Ext, NTSTATUS Status, ULONG_PTR Information);
/* Waits until no request is queued or on the device, and admits no other. */
void EduDrain(PEDU_EXTENSION Ext);

/* dma.c */
void EduStartTransfer(PEDU_EXTENSION Ext, PMDL Mdl, ULONG At, ULONG Bytes,
                      ULONG DeviceOffset, BOOLEAN ToDevice);
void EduStartExchange(PEDU_EXTENSION Ext);
void EduStartCommon(PEDU_EXTENSION Ext, ULONG Bytes);
IO_DPC_ROUTINE EduDpc;

/* lock.c: MmProbeAndLockPages, its exception as a status */
NTSTATUS EduLockBuffer(PVOID Va, ULONG Bytes, KPROCESSOR_MODE Mode,
                       LOCK_OPERATION Operation, PMDL *Mdl);
void EduUnlockBuffer(PMDL *Mdl);

static inline ULONG EduRead(PEDU_EXTENSION Ext, ULONG Register)
{
    return READ_REGISTER_ULONG((PULONG)(Ext->Registers + Register));
}

static inline void EduWrite(PEDU_EXTENSION Ext, ULONG Register, ULONG Value)
{
    WRITE_REGISTER_ULONG((PULONG)(Ext->Registers + Register), Value);
}

#endif
