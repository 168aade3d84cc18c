/* src/nt/csq.c -- cancel-safe IRP queues: the driver owns the list and the
 * lock, these routines the order in which they are called. Each step is a
 * callback, so each is a state. The OldIrql that the driver's lock wants a
 * pointer to lies in an argument slot that has been read. Source: WDK IoCsqXxx.
 */
#include "nt/exports.h"
#include "nt/guest.h"

enum { /* IO_CSQ */
       CSQ_TYPE = 0,
       CSQ_INSERT = 4,
       CSQ_REMOVE = 8,
       CSQ_PEEK = 0xc,
       CSQ_ACQUIRE = 0x10,
       CSQ_RELEASE = 0x14,
       CSQ_COMPLETE = 0x18,
       CSQ_RESERVED = 0x1c,
};
enum { TYPE_CSQ = 1, TYPE_CSQ_IRP_CONTEXT = 2, TYPE_CSQ_EX = 3 };
enum { CONTEXT_IRP = 4, CONTEXT_CSQ = 8 }; /* IO_CSQ_IRP_CONTEXT */
enum { DRIVER_CONTEXT_3 = IRP_DriverContext + 12, SL_CONTROL = 3 };

/* Words of the record. */
enum { W_CSQ, W_IRP, W_CONTEXT, W_SCRATCH, W_RESULT, W_STATUS, W_PEEKED };
enum { PEEKS_MOST = 65536 };
enum { START, LOCKED, INSERTED, PEEKED, TAKEN, UNLOCKED, COMPLETED };

static uint32_t csq_routine(struct call *c, uint32_t which)
{
    return load_u32(c, gva_of(c->w[W_CSQ] + which));
}

/* Argument slot @i as memory of our own: stdcall arguments are the callee's. */
static uint32_t slot_address(const struct call *c, unsigned i)
{
    return c->cpu->s.reg[ESP] + 4 + 4 * i;
}

static void call_csq(struct call *c, uint32_t which, unsigned count, uint32_t a,
                     uint32_t b, uint32_t d, unsigned next)
{
    const uint32_t args[3] = {a, b, d};
    uint32_t routine = csq_routine(c, which);

    if (call_ok(c))
        call_guest(c, gva_of(routine), count, args, next);
}

static void acquire(struct call *c)
{
    call_csq(c, CSQ_ACQUIRE, 2, c->w[W_CSQ], c->w[W_SCRATCH], 0, LOCKED);
}

static void release(struct call *c)
{
    uint8_t irql = load_u8(c, gva_of(c->w[W_SCRATCH]));

    call_csq(c, CSQ_RELEASE, 2, c->w[W_CSQ], irql, 0, UNLOCKED);
}

static void remove_irp(struct call *c)
{
    call_csq(c, CSQ_REMOVE, 2, c->w[W_CSQ], c->w[W_IRP], 0, TAKEN);
}

/* Takes the IRP's cancel routine away: false, somebody cancels it already. */
static bool take_cancel_routine(struct call *c)
{
    gva_t at = gva_of(c->w[W_IRP] + IRP_CancelRoutine);
    uint32_t routine = load_u32(c, at);

    store_u32(c, at, 0);
    return routine != 0;
}

/* The IRP and its context forget each other. */
static void disconnect(struct call *c)
{
    uint32_t context = load_u32(c, gva_of(c->w[W_IRP] + DRIVER_CONTEXT_3));

    if (context && context != c->w[W_CSQ] &&
        load_u32(c, gva_of(context)) == TYPE_CSQ_IRP_CONTEXT)
        store_u32(c, gva_of(context + CONTEXT_IRP), 0);
    store_u32(c, gva_of(c->w[W_IRP] + DRIVER_CONTEXT_3), 0);
}

/* ---- initialising
 * ------------------------------------------------------------
 */

static void initialize(struct call *c, uint32_t type)
{
    uint32_t at = call_u32(c, 0);

    store_u32(c, gva_of(at + CSQ_TYPE), type);
    for (unsigned i = 1; i <= 6; i++)
        store_u32(c, gva_of(at + 4 * i), call_u32(c, i));
    store_u32(c, gva_of(at + CSQ_RESERVED), 0);
    if (call_ok(c))
        call_return(c, STATUS_SUCCESS);
}

void thunk_IoCsqInitialize(struct call *c)
{
    initialize(c, TYPE_CSQ);
}

void thunk_IoCsqInitializeEx(struct call *c)
{
    initialize(c, TYPE_CSQ_EX);
}

/* ---- inserting
 * ---------------------------------------------------------------
 */

static void insert_start(struct call *c)
{
    uint32_t context = call_u32(c, 2), irp = call_u32(c, 1), sl;

    c->w[W_CSQ] = call_u32(c, 0);
    c->w[W_IRP] = irp;
    c->w[W_CONTEXT] = context;
    c->w[W_SCRATCH] = slot_address(c, 2);
    if (context) {
        store_u32(c, gva_of(context), TYPE_CSQ_IRP_CONTEXT);
        store_u32(c, gva_of(context + CONTEXT_IRP), irp);
        store_u32(c, gva_of(context + CONTEXT_CSQ), c->w[W_CSQ]);
    }
    store_u32(c, gva_of(irp + DRIVER_CONTEXT_3),
              context ? context : c->w[W_CSQ]);
    sl = load_u32(c, gva_of(irp + IRP_CurrentStackLocation));
    store_u8(c, gva_of(sl + SL_CONTROL),
             load_u8(c, gva_of(sl + SL_CONTROL)) | 1);
    if (call_ok(c))
        acquire(c);
}

/* The driver has the IRP in its list: from now on it can be cancelled, unless
 * that has happened already. */
static void inserted(struct call *c, bool ex)
{
    gva_t routine = gva_of(c->w[W_IRP] + IRP_CancelRoutine);

    c->w[W_STATUS] = ex ? c->eax : STATUS_SUCCESS;
    if (ex && !nt_success(c->eax)) {
        disconnect(c);
        release(c);
        return;
    }
    store_u32(c, routine, call_stub(c, "NtpCsqCancel").v);
    if (load_u8(c, gva_of(c->w[W_IRP] + IRP_Cancel)) && take_cancel_routine(c))
        remove_irp(c);
    else
        release(c);
}

static void insert(struct call *c, bool ex)
{
    switch (c->state) {
    case START:
        insert_start(c);
        break;
    case LOCKED:
        call_csq(c, CSQ_INSERT, ex ? 3 : 2, c->w[W_CSQ], c->w[W_IRP],
                 ex ? call_u32(c, 3) : 0, INSERTED);
        break;
    case INSERTED:
        inserted(c, ex);
        break;
    case TAKEN:
        disconnect(c);
        c->w[W_RESULT] = 1; /* cancelled: complete it once unlocked */
        release(c);
        break;
    case UNLOCKED:
        if (c->w[W_RESULT])
            call_csq(c, CSQ_COMPLETE, 2, c->w[W_CSQ], c->w[W_IRP], 0,
                     COMPLETED);
        else
            call_return(c, c->w[W_STATUS]);
        break;
    default:
        call_return(c, c->w[W_STATUS]);
        break;
    }
}

void thunk_IoCsqInsertIrp(struct call *c)
{
    insert(c, false);
}

void thunk_IoCsqInsertIrpEx(struct call *c)
{
    insert(c, true);
}

/* ---- removing
 * ----------------------------------------------------------------
 */

/* The driver's routine goes on finding packets that are being cancelled. */
static void peek_again(struct call *c)
{
    if (c->w[W_PEEKED]++ < PEEKS_MOST) {
        call_csq(c, CSQ_PEEK, 3, c->w[W_CSQ], c->w[W_IRP], c->w[W_CONTEXT],
                 PEEKED);
        return;
    }
    call_finding(c, "csq", "the list of cancel-safe queue %08X has no end",
                 c->w[W_CSQ]);
    release(c);
}

/* IoCsqRemoveNextIrp(Csq, PeekContext): the first that is not being cancelled.
 */
void thunk_IoCsqRemoveNextIrp(struct call *c)
{
    switch (c->state) {
    case START:
        c->w[W_CSQ] = call_u32(c, 0);
        c->w[W_CONTEXT] = call_u32(c, 1);
        c->w[W_SCRATCH] = slot_address(c, 1);
        acquire(c);
        break;
    case LOCKED:
        call_csq(c, CSQ_PEEK, 3, c->w[W_CSQ], 0, c->w[W_CONTEXT], PEEKED);
        break;
    case PEEKED:
        c->w[W_IRP] = c->eax;
        if (c->eax == 0)
            release(c);
        else if (take_cancel_routine(c))
            remove_irp(c);
        else
            peek_again(c);
        break;
    case TAKEN:
        disconnect(c);
        c->w[W_RESULT] = c->w[W_IRP];
        release(c);
        break;
    default:
        call_return(c, c->w[W_RESULT]);
        break;
    }
}

/* IoCsqRemoveIrp(Csq, Context): the very IRP, if it is still queued. */
void thunk_IoCsqRemoveIrp(struct call *c)
{
    switch (c->state) {
    case START:
        c->w[W_CSQ] = call_u32(c, 0);
        c->w[W_CONTEXT] = call_u32(c, 1);
        c->w[W_SCRATCH] = slot_address(c, 1);
        acquire(c);
        break;
    case LOCKED:
        c->w[W_IRP] = load_u32(c, gva_of(c->w[W_CONTEXT] + CONTEXT_IRP));
        if (c->w[W_IRP] && take_cancel_routine(c))
            remove_irp(c);
        else
            release(c);
        break;
    case TAKEN:
        disconnect(c);
        c->w[W_RESULT] = c->w[W_IRP];
        release(c);
        break;
    default:
        call_return(c, c->w[W_RESULT]);
        break;
    }
}

/* NtpCsqCancel(DeviceObject, Irp): the cancel routine of queued IRPs. */
void thunk_NtpCsqCancel(struct call *c)
{
    uint32_t context, irql;

    switch (c->state) {
    case START:
        c->w[W_IRP] = call_u32(c, 1);
        c->w[W_SCRATCH] = slot_address(c, 1);
        context = load_u32(c, gva_of(c->w[W_IRP] + DRIVER_CONTEXT_3));
        c->w[W_CSQ] = load_u32(c, gva_of(context)) == TYPE_CSQ_IRP_CONTEXT
                          ? load_u32(c, gva_of(context + CONTEXT_CSQ))
                          : context;
        irql = load_u8(c, gva_of(c->w[W_IRP] + IRP_CancelIrql));
        if (call_ok(c))
            call_guest(c, call_stub(c, "IoReleaseCancelSpinLock"), 1, &irql,
                       INSERTED);
        break;
    case INSERTED:
        acquire(c);
        break;
    case LOCKED:
        remove_irp(c);
        break;
    case TAKEN:
        disconnect(c);
        release(c);
        break;
    case UNLOCKED:
        call_csq(c, CSQ_COMPLETE, 2, c->w[W_CSQ], c->w[W_IRP], 0, COMPLETED);
        break;
    default:
        call_return(c, 0);
        break;
    }
}
