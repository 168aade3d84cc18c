/* src/ke/ke_process.c -- working in another process's address space, and
 * looking at the frames of one's own stack. Source: WDK KeStackAttachProcess,
 * RtlCaptureStackBackTrace. */
#include "ke/private.h"

enum { APC_STATE_PROCESS = 0x10 }; /* KAPC_STATE */
#define BUGCHECK_INVALID_PROCESS_ATTACH 0x05u

/** Attach to EPROCESS argument 0. Returns the one attached to before, 0: none.
 */
static uint32_t attach(struct call *c)
{
    uint32_t process = ke_process_by_object(c->ke, call_va(c, 0)), old;

    load_u32(c, call_va(c, 0));
    if (!call_ok(c))
        return 0;
    old = ke_attach(c->ke, process);
    return old ? ke_process_object(c->ke, old).v : 0;
}

/** KeAttachProcess does not nest. */
void thunk_KeAttachProcess(struct call *c)
{
    const struct thread *t = thread_current(c->ke);

    if (t->attached) {
        call_bugcheck(c, BUGCHECK_INVALID_PROCESS_ATTACH, call_u32(c, 0),
                      ke_process_object(c->ke, t->attached).v, 0, 0);
        return;
    }
    attach(c);
    call_return(c, 0);
}

void thunk_KeDetachProcess(struct call *c)
{
    ke_detach(c->ke, 0);
    call_return(c, 0);
}

/** (Process, *ApcState): the state remembers what to go back to. */
void thunk_KeStackAttachProcess(struct call *c)
{
    gva_t state = call_va(c, 1);

    store_zero(c, state, APC_STATE_PROCESS + 8);
    if (!call_ok(c))
        return;
    store_u32(c, gva_add(state, APC_STATE_PROCESS), attach(c));
    call_return(c, 0);
}

void thunk_KeUnstackDetachProcess(struct call *c)
{
    uint32_t object = load_u32(c, gva_add(call_va(c, 0), APC_STATE_PROCESS));

    if (!call_ok(c))
        return;
    ke_detach(c->ke, ke_process_by_object(c->ke, gva_of(object)));
    call_return(c, 0);
}

/* ---- frames
 * -------------------------------------------------------------------- */

enum { FRAMES_MOST = 256 };

/** Return addresses up the EBP chain, the caller's first; @skip of them are
 *  left out. The chain stays on the stack and goes up only. */
static uint32_t walk_frames(struct call *c, gva_t out, uint32_t most,
                            uint32_t skip)
{
    uint32_t esp = c->record->entry_esp, frame = c->record->reg[EBP];
    uint32_t address = load_u32(c, gva_of(esp)), n = 0;

    for (uint32_t i = 0; i < FRAMES_MOST && n < most && call_ok(c); i++) {
        if (i >= skip)
            store_u32(c, gva_add(out, 4 * n++), address);
        if (frame <= esp || frame - esp >= KERNEL_STACK_PAGES * PAGE_BYTES ||
            frame & 3 || !ke_read(c->ke, gva_of(frame + 4), &address, 4) ||
            !address)
            break;
        esp = frame;
        frame = ke_read_u32(c->ke, gva_of(frame));
    }
    return n;
}

/** ULONG RtlWalkFrameChain(*Callers[], Count, Flags); flag 1 asks for the user
 *  stack, which has no frames for us. */
void thunk_RtlWalkFrameChain(struct call *c)
{
    uint32_t count = call_u32(c, 1);

    call_return(
        c, call_u32(c, 2) & 1 ? 0 : walk_frames(c, call_va(c, 0), count, 0));
}

/** USHORT RtlCaptureStackBackTrace(Skip, Count, *BackTrace[], *Hash opt). */
void thunk_RtlCaptureStackBackTrace(struct call *c)
{
    uint32_t skip = call_u32(c, 0), count = call_u32(c, 1), hash = 0, n;
    gva_t out = call_va(c, 2);

    n = walk_frames(c, out, count, skip);
    for (uint32_t i = 0; i < n; i++)
        hash += load_u32(c, gva_add(out, 4 * i));
    if (call_u32(c, 3))
        store_u32(c, call_va(c, 3), hash);
    call_return(c, n & 0xffff);
}
