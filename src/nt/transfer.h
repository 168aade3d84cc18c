/* src/nt/transfer.h -- a request's buffers made ready as the device's flags or
 * the IOCTL's method say; shared by the services and IoBuild...Request. */
#ifndef NT_TRANSFER_H
#define NT_TRANSFER_H

#include "nt/private.h"

/** The issuer's buffers: `in` goes to the driver, `out` comes from it. */
struct buffers {
    uint32_t in, out, in_bytes, out_bytes;
};

/** buffer_transfer() - a read (out) or write (in) for a device with @flags.
 *  buffer_control() - an IOCTL: also fills the location's parameters.
 *  STATUS_x; on failure buffer_undo() frees what there is and the packet. */
uint32_t buffer_transfer(struct call *c, uint32_t irp, uint32_t device_flags,
                         const struct buffers *b);
uint32_t buffer_control(struct call *c, uint32_t irp, uint32_t code,
                        const struct buffers *b);
void buffer_undo(struct call *c, uint32_t irp);

/** buffer_system() - a system buffer of @bytes with b->in copied into it;
 *  buffer_direct() - an MDL over locked pages. */
uint32_t buffer_system(struct call *c, uint32_t irp, const struct buffers *b,
                       uint32_t bytes, bool input);
uint32_t buffer_direct(struct call *c, uint32_t irp, uint32_t va,
                       uint32_t bytes, bool device_writes);
bool buffer_copy_in(struct call *c, uint32_t from, uint32_t to, uint32_t bytes);

#endif
