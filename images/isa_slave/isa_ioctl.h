/* images/isa_slave/isa_ioctl.h -- how the driver sets the card up, beside
 * reading and writing its buffer of 64 KiB at the file's offset. */
#ifndef ISA_IOCTL_H
#define ISA_IOCTL_H

/* In: struct isa_mode, for the transfers that follow. 0x222000 */
#define IOCTL_ISA_MODE                                                         \
    CTL_CODE(FILE_DEVICE_UNKNOWN, 0x800, METHOD_BUFFERED, FILE_ANY_ACCESS)

enum { ISA_SINGLE = 0, ISA_DEMAND = 1, ISA_BLOCK = 2 };

struct isa_mode {
    USHORT Request;  /* ISA_SINGLE ...; the channel itself is in single mode,
                        or in demand mode from registry value DemandMode     */
    USHORT Count;    /* units after which the card ends; 0: terminal count   */
    USHORT PeriodNs; /* from one request to the next                         */
    USHORT Burst;    /* units per request in demand mode                     */
};

#endif
