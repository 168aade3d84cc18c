/* images/isa_slave/isa.h -- WDM driver of the ISA data card, a slave on a
 * channel of the system's DMA controller. Registers: the card's data sheet,
 * docs/devices/isacard.md. */
#ifndef ISA_H
#define ISA_H

#include <ntddk.h>

#include "isa_ioctl.h"

#define ISA_TAG 'csiI'

enum { /* ports, from the base */
       ISA_ID = 0x2,
       ISA_CONTROL = 0x4,
       ISA_STATUS = 0x6,
       ISA_POINTER = 0x8,
       ISA_COUNT = 0xa,
       ISA_PERIOD = 0xc,
       ISA_BURST = 0xe
};
enum { ID_VALUE = 0x4349 };
enum {
    CONTROL_RUN = 0x01,
    CONTROL_TO_MEMORY = 0x02,
    CONTROL_IRQ = 0x04,
    CONTROL_REQUEST_SHIFT = 4,
    CONTROL_RESET = 0x80
};
enum { STATUS_TC = 0x02, STATUS_IRQ = 0x04, STATUS_ENDED = 0x10 };
enum { MAXIMUM_LENGTH = 0x10000 };

typedef struct _ISA_EXTENSION {
    PDEVICE_OBJECT Self, Pdo, Lower;
    UNICODE_STRING LinkName;
    IO_REMOVE_LOCK RemoveLock;
    BOOLEAN Started, DemandMode, WordChannel;
    struct isa_mode Mode;

    PUCHAR Port;
    ULONG MappedBytes; /* of ports that are memory; 0: none */
    PKINTERRUPT Interrupt;
    PDMA_ADAPTER Adapter;
    ULONG MapRegisters;

    BOOLEAN ToDevice; /* the request at work: bytes before At are moved */
    ULONG At, Piece, Offset;
    PVOID MapRegisterBase;
} ISA_EXTENSION, *PISA_EXTENSION;

/* pnp.c */
NTSTATUS NTAPI IsaPnp(PDEVICE_OBJECT Device, PIRP Irp);
NTSTATUS NTAPI IsaPower(PDEVICE_OBJECT Device, PIRP Irp);
NTSTATUS NTAPI IsaPass(PDEVICE_OBJECT Device, PIRP Irp);

/* io.c */
NTSTATUS NTAPI IsaCreateClose(PDEVICE_OBJECT Device, PIRP Irp);
NTSTATUS NTAPI IsaReadWrite(PDEVICE_OBJECT Device, PIRP Irp);
NTSTATUS NTAPI IsaDeviceControl(PDEVICE_OBJECT Device, PIRP Irp);
void NTAPI IsaStartIo(PDEVICE_OBJECT Device, PIRP Irp);
BOOLEAN NTAPI IsaIsr(PKINTERRUPT Interrupt, PVOID Context);
IO_DPC_ROUTINE IsaDpc;

static inline USHORT IsaIn(PISA_EXTENSION Ext, ULONG Register)
{
    return READ_PORT_USHORT((PUSHORT)(Ext->Port + Register));
}

static inline void IsaOut(PISA_EXTENSION Ext, ULONG Register, USHORT Value)
{
    WRITE_PORT_USHORT((PUSHORT)(Ext->Port + Register), Value);
}

#endif
