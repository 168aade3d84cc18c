/* images/mapmem/mapmem.h -- what the driver is asked. Buffered control codes,
 * FILE_DEVICE_UNKNOWN, from 800h on. */
#ifndef MAPMEM_H
#define MAPMEM_H

/* In: MAPMEM_RANGE. Out: MAPMEM_MAPPED. 222000h, 222004h */
#define IOCTL_MAPMEM_SECTION                                                   \
    CTL_CODE(FILE_DEVICE_UNKNOWN, 0x800, METHOD_BUFFERED, FILE_ANY_ACCESS)
#define IOCTL_MAPMEM_MDL                                                       \
    CTL_CODE(FILE_DEVICE_UNKNOWN, 0x801, METHOD_BUFFERED, FILE_ANY_ACCESS)
/* In: ULONG, the user address that one of the two gave. 222008h */
#define IOCTL_MAPMEM_UNMAP                                                     \
    CTL_CODE(FILE_DEVICE_UNKNOWN, 0x802, METHOD_BUFFERED, FILE_ANY_ACCESS)
/* In: MAPMEM_RANGE, mapped into system space again and again until no system
 * PTEs are left. Out: MAPMEM_SHORTAGE. 22200ch */
#define IOCTL_MAPMEM_EXHAUST                                                   \
    CTL_CODE(FILE_DEVICE_UNKNOWN, 0x803, METHOD_BUFFERED, FILE_ANY_ACCESS)

/* Bus-relative memory of PCI bus 0. */
typedef struct _MAPMEM_RANGE {
    ULONG Address, Bytes;
} MAPMEM_RANGE;

/* Where it is in the caller's process; and in system space, 0 for a view of the
 * section. */
typedef struct _MAPMEM_MAPPED {
    ULONG User, System;
} MAPMEM_MAPPED;

/* What happened with no system PTEs left; then all was given back. */
typedef struct _MAPMEM_SHORTAGE {
    ULONG Mappings;
    ULONG MdlMapped; /* MmMapLockedPagesSpecifyCache(KernelMode) gave one */
    LONG Thread;     /* PsCreateSystemThread's status */
    ULONG UserVa;    /* a user mapping, which takes no system PTE */
} MAPMEM_SHORTAGE;

#endif
