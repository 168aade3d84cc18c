/* images/isa_loop/isa_loop.h -- what the driver is asked. */
#ifndef ISA_LOOP_H
#define ISA_LOOP_H

/* In: struct isa_loop and Bytes bytes of data. Out: what the card got, Laps
 * times Bytes bytes, behind a struct isa_loop whose Laps is the number of
 * interrupts. METHOD_BUFFERED. 222000h */
#define IOCTL_ISA_LOOP                                                         \
    CTL_CODE(FILE_DEVICE_UNKNOWN, 0x800, METHOD_BUFFERED, FILE_ANY_ACCESS)

struct isa_loop {
    ULONG Bytes; /* of the common buffer that goes round: even, 4096 at most */
    ULONG Laps;  /* how often; all of it fits into the card's 64 KiB          */
};

#endif
