/* src/nt/irp.h -- I/O request packets: made, sent, completed. The packet lies
 * in guest memory, drivers use inline macros on it; who issued it and what its
 * end means is the host's record. Source: hal_io fact sheet, section 6; WDK.
 *
 *   IRP 70h bytes | location 1 | location 2 | ... | location n | <- current at
 *                   lowest driver                 top driver        the start
 */
#ifndef NT_IRP_H
#define NT_IRP_H

#include "nt/private.h"

enum { /* IRP.Flags */
       IRP_NOCACHE = 0x1,
       IRP_PAGING_IO = 0x2,
       IRP_SYNCHRONOUS_API = 0x4,
       IRP_ASSOCIATED_IRP = 0x8,
       IRP_BUFFERED_IO = 0x10,
       IRP_DEALLOCATE_BUFFER = 0x20,
       IRP_INPUT_OPERATION = 0x40,
       IRP_CREATE_OPERATION = 0x80,
       IRP_READ_OPERATION = 0x100,
       IRP_WRITE_OPERATION = 0x200,
       IRP_CLOSE_OPERATION = 0x400,
       IRP_HIGH_PRIORITY_PAGING_IO = 0x8000,
};
enum { /* IO_STACK_LOCATION.Control */
       SL_PENDING_RETURNED = 0x01,
       SL_INVOKE_ON_CANCEL = 0x20,
       SL_INVOKE_ON_SUCCESS = 0x40,
       SL_INVOKE_ON_ERROR = 0x80,
};
enum { /* major functions */
       IRP_MJ_CREATE = 0x00,
       IRP_MJ_CLOSE = 0x02,
       IRP_MJ_READ = 0x03,
       IRP_MJ_WRITE = 0x04,
       IRP_MJ_QUERY_INFORMATION = 0x05,
       IRP_MJ_FLUSH_BUFFERS = 0x09,
       IRP_MJ_DEVICE_CONTROL = 0x0e,
       IRP_MJ_INTERNAL_DEVICE_CONTROL = 0x0f,
       IRP_MJ_SHUTDOWN = 0x10,
       IRP_MJ_CLEANUP = 0x12,
       IRP_MJ_POWER = 0x16,
       IRP_MJ_SYSTEM_CONTROL = 0x17,
       IRP_MJ_PNP = 0x1b,
       IRP_MJ_COUNT = 0x1c,
};
enum { IRP_TYPE = 6, IRP_MOST_LOCATIONS = 127, IRP_MOST_MDLS = 1024 };
/** Methods of an IOCTL code: its low two bits. */
enum { METHOD_BUFFERED, METHOD_IN_DIRECT, METHOD_OUT_DIRECT, METHOD_NEITHER };

/** irp_record() - nt's record of the packet at @at; NULL: not ours. */
struct nt_irp *irp_record(const struct nt *nt, uint32_t at);
/** irp_allocate() - a zeroed packet of @count locations, recorded for the
 *  current thread. 0: no memory, or @count out of range. */
uint32_t irp_allocate(struct nt *nt, unsigned count, enum irp_origin origin);
/** irp_initialize() - IoInitializeIrp in kernel memory at @at. */
void irp_initialize(struct nt *nt, uint32_t at, uint16_t bytes, unsigned count);
/** irp_free() - packet and record. */
void irp_free(struct nt *nt, uint32_t at);
/** irp_next() - guest address of the next lower location. */
uint32_t irp_next(const struct nt *nt, uint32_t irp);
uint32_t irp_current(const struct nt *nt, uint32_t irp);

/** irp_send() - IofCallDriver: ends the entry by calling @device's dispatch
 *  routine; the routine goes on in @next with c->eax its status. */
void irp_send(struct call *c, uint32_t device, uint32_t irp, unsigned next);

/** irp_returned() - @irp's dispatch routine returned c->eax: pended without
 * being marked, marked without pending, or forgotten is a finding. irp_send
 * keeps the location in c->w[IRP_SENT_WORD] for it. False: the entry has ended
 * with the verifier's bugcheck. */
enum { IRP_SENT_WORD = 7 };
bool irp_returned(struct call *c, uint32_t irp);

/** irp_call_returned() - the end of IofCallDriver when the dispatch routine is
 *  back: checked, and returned. */
void irp_call_returned(struct call *c, uint32_t device, uint32_t irp);

/** irp_complete() - IofCompleteRequest as a machine over completion routines.
 *  Call it in state 0 with c->w[0] the packet and c->w[1] what the routine is
 *  to return at the end; and again in every state it comes back in. It ends
 *  each entry, at last with call_return. Uses w[0] to w[2] and states from
 *  IRP_COMPLETE_STATE on. */
enum { IRP_COMPLETE_STATE = 100 };
void irp_complete(struct call *c);

/** irp_finish() - what completion does in the issuer's thread: copy the system
 *  buffer, free it and the MDLs, set status block and events, free the packet.
 *  Returns its final status. */
uint32_t irp_finish(struct call *c, uint32_t irp);

/** irp_wait() - the issuer's side, in a routine that sent @irp with irp_send(c,
 *  device, irp, @state) and comes back in @state or @state + 1. True: it is
 *  complete, irp_finish is due. False: a wait has ended the entry. */
bool irp_wait(struct call *c, uint32_t irp, unsigned state);

/** irp_unlock_mdls() / irp_free_mdls() - the chain at Irp->MdlAddress. An MDL
 *  that is met again, or is none, was freed before: the bugcheck of IoFreeMdl
 *  (0xC2) ends the entry, whatever else it asks for. */
void irp_unlock_mdls(struct call *c, uint32_t irp);
void irp_free_mdls(struct call *c, uint32_t irp);

#endif
