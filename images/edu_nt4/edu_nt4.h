/* images/edu_nt4/edu_nt4.h -- the edu card driven as before Plug and Play: the
 * driver finds it, claims its resources, and calls the HAL by name. Registers:
 * the device's public specification (docs/specs/edu.rst of QEMU). */
#ifndef EDU_NT4_H
#define EDU_NT4_H

#include <ntddk.h>

enum { VENDOR = 0x1234, DEVICE = 0x11e8 };
enum { /* registers, offsets in BAR 0 */
       EDU_ID = 0x00,
       EDU_STATUS = 0x20,
       EDU_IRQ_STATUS = 0x24,
       EDU_IRQ_ACK = 0x64,
       EDU_DMA_SOURCE = 0x80,
       EDU_DMA_TARGET = 0x88,
       EDU_DMA_COUNT = 0x90,
       EDU_DMA_COMMAND = 0x98
};
enum { COMMAND_START = 1, COMMAND_FROM_DEVICE = 2, COMMAND_IRQ = 4 };
enum { EDU_BUFFER = 0x40000, EDU_BUFFER_BYTES = 4096 };
enum { EDU_REGISTER_BYTES = 0x100000, MAXIMUM_LENGTH = 0x10000 };

/* At most 2048 bytes in, the same out, through a common buffer. 222014h */
#define IOCTL_EDU_COMMON                                                       \
    CTL_CODE(FILE_DEVICE_UNKNOWN, 0x805, METHOD_BUFFERED, FILE_ANY_ACCESS)

typedef struct _EDU_EXTENSION {
    PDEVICE_OBJECT Self;
    PUCHAR Registers;
    ULONG MappedBytes; /* 0: the registers are ports */
    ULONG Bus, Slot;
    PKINTERRUPT Interrupt;
    PADAPTER_OBJECT Adapter;
    ULONG MapRegisters;
    PUCHAR Common;
    PHYSICAL_ADDRESS CommonAddress;

    /* the request at work: bytes before At are moved; Piece of them at a time,
     * as much as there are map registers and as the card's buffer takes */
    PMDL Mdl;
    BOOLEAN ToDevice, CommonReturns;
    ULONG At, End, Piece;
    PVOID MapRegisterBase;
} EDU_EXTENSION, *PEDU_EXTENSION;

static inline ULONG EduRead(PEDU_EXTENSION Ext, ULONG Register)
{
    return READ_REGISTER_ULONG((PULONG)(Ext->Registers + Register));
}

static inline void EduWrite(PEDU_EXTENSION Ext, ULONG Register, ULONG Value)
{
    WRITE_REGISTER_ULONG((PULONG)(Ext->Registers + Register), Value);
}

/* hardware.c: the card is found and claimed; given back */
NTSTATUS EduFind(PDRIVER_OBJECT Driver, PUNICODE_STRING Path,
                 PEDU_EXTENSION Ext);
void EduRelease(PDRIVER_OBJECT Driver, PEDU_EXTENSION Ext);

/* dma.c */
VOID NTAPI EduStartIo(PDEVICE_OBJECT Device, PIRP Irp);
BOOLEAN NTAPI EduIsr(PKINTERRUPT Interrupt, PVOID Context);
IO_DPC_ROUTINE EduDpc;

#endif
