/* images/edu_wdm/edu_ioctl.h -- what the edu drivers can be asked, beside
 * reading and writing. Control codes: CTL_CODE(FILE_DEVICE_UNKNOWN, n, ...). */
#ifndef EDU_IOCTL_H
#define EDU_IOCTL_H

/* Out: identification register, liveness check of the input ULONG (0 if none).
 * In: nothing or one ULONG. METHOD_BUFFERED. 0x222000 */
#define IOCTL_EDU_IDENTIFY                                                     \
    CTL_CODE(FILE_DEVICE_UNKNOWN, 0x800, METHOD_BUFFERED, FILE_ANY_ACCESS)
/* In: ULONG n. Out: ULONG n!, by the device, which interrupts. 0x222004 */
#define IOCTL_EDU_FACTORIAL                                                    \
    CTL_CODE(FILE_DEVICE_UNKNOWN, 0x801, METHOD_BUFFERED, FILE_ANY_ACCESS)
/* The output buffer's bytes to the device, by DMA. In: nothing or ULONG offset
 * in the device's buffer. 0x222009 */
#define IOCTL_EDU_STORE                                                        \
    CTL_CODE(FILE_DEVICE_UNKNOWN, 0x802, METHOD_IN_DIRECT, FILE_ANY_ACCESS)
/* The same from the device. 0x22200e */
#define IOCTL_EDU_FETCH                                                        \
    CTL_CODE(FILE_DEVICE_UNKNOWN, 0x803, METHOD_OUT_DIRECT, FILE_ANY_ACCESS)
/* The input buffer through the device's buffer to the output buffer, a device
 * buffer's worth at a time; both user buffers are locked by the driver.
 * 0x222013 */
#define IOCTL_EDU_EXCHANGE                                                     \
    CTL_CODE(FILE_DEVICE_UNKNOWN, 0x804, METHOD_NEITHER, FILE_ANY_ACCESS)
/* At most 2048 bytes in, the same out, through a common buffer and the device.
 * 0x222014 */
#define IOCTL_EDU_COMMON                                                       \
    CTL_CODE(FILE_DEVICE_UNKNOWN, 0x805, METHOD_BUFFERED, FILE_ANY_ACCESS)

#endif
