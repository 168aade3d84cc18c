/* src/nt/verify.h -- the I/O checks of Driver Verifier: each misuse of requests
 * and device objects is a finding, and with the machine's checks bugcheck 0xC9
 * as well. Source: WDK, "Bug Check 0xC9: DRIVER_VERIFIER_IOMANAGER_VIOLATION".
 */
#ifndef NT_VERIFY_H
#define NT_VERIFY_H

#include "nt/private.h"

/** First parameter of bugcheck 0xC9. */
enum io_violation {
    IO_FREE_TYPE = 0x1,         /* irp */
    IO_FREE_IN_USE = 0x2,       /* irp: still of a thread */
    IO_SEND_TYPE = 0x3,         /* irp */
    IO_SEND_DEVICE = 0x4,       /* device */
    IO_DISPATCH_IRQL = 0x5,     /* device, before, after */
    IO_COMPLETE_STATUS = 0x6,   /* status, irp */
    IO_COMPLETE_CANCEL = 0x7,   /* routine, irp */
    IO_COMPLETE_IRQL = 0xe,     /* irql, irp */
    IO_SEND_IRQL = 0x10,        /* irql */
    IO_DELETE_ATTACHED = 0x201, /* caller, device */
    IO_DISPATCH_FORGOT = 0x226, /* dispatch routine, irp */
};

/** nt_checks() - misuse is a bugcheck (machine setting checks). */
bool nt_checks(const struct nt *nt);

/** io_misuse() - the driver did @what. Its finding is "C9-" and the number of
 *  @what. False: the entry has ended with bugcheck 0xC9 (@what, @a, @b, @d). */
bool io_misuse(struct call *c, enum io_violation what, uint32_t a, uint32_t b,
               uint32_t d, const char *format, ...)
    __attribute__((format(printf, 6, 7)));

#endif
