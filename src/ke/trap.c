/* src/ke/trap.c -- what comes in through the IDT and SYSENTER: exceptions,
 * system services and the software interrupt that runs DPCs, switches threads
 * and delivers APCs. Hardware interrupts: interrupt.c. Sources: SDM vol. 3A
 * 6.12-6.15; hal_io and mm fact sheets. */
#include <string.h>

#include "ke/private.h"
#include "mm/paging.h"

/** The trap frame as the CPU pushed it; SS:ESP only from ring 3. */
struct trap_frame {
    uint32_t eip, cs, eflags, esp, ss;
};

static void read_frame(const struct ke *ke, uint32_t at, struct trap_frame *f)
{
    memset(f, 0, sizeof *f);
    if (!ke_read(ke, gva_of(at), f, sizeof *f))
        ke_read(ke, gva_of(at), f, 12);
}

/** Kernel code runs with the kernel's segments: what ring 3 left there is kept,
 *  also when an interrupt of ring 3 is just about to return. */
static void keep_segments(struct ke *ke, struct record *r)
{
    const struct cpu_state *s = &ke->cpu->s;

    if (s->seg[FS].selector == SEL_PCR && s->seg[DS].selector &&
        s->seg[ES].selector)
        return;
    for (unsigned i = 0; i < CPU_SEGS; i++)
        r->seg[i] = s->seg[i].selector;
    r->segments = 1;
    kernel_segments(ke);
}

/** A record on the trap frame at ESP. What interrupts and services run is not
 *  inside the interrupted code's __try blocks: its chain is set aside. */
void trap_record(struct ke *ke, uint32_t routine, struct record *r)
{
    const struct cpu_state *s = &ke->cpu->s;
    uint32_t cs = ke_read_u32(ke, gva_of(s->reg[ESP] + 4));

    *r = (struct record){.routine = routine,
                         .trap = 1,
                         .entry_esp = s->reg[ESP],
                         .entry_eip = s->eip,
                         .old_irql = ke_irql(ke),
                         .user = (cs & 3) == 3,
                         .exception_list = exception_list(ke)};
    memcpy(r->reg, s->reg, sizeof r->reg);
    keep_segments(ke, r);
    if (routine != ROUTINE_EXCEPTION)
        set_exception_list(ke, REGISTRATION_END);
}

static void enable_interrupts(struct ke *ke)
{
    ke->cpu->s.eflags |= FLAG_IF;
}

/* ---- the software interrupt of DISPATCH_LEVEL
 * ------------------------------------ */

/** Pages were read from the paging file for the running thread: the disk's time
 *  is still to be waited for. The idle thread never waits. */
static bool owes_a_wait(const struct ke *ke)
{
    return ke->mm->s.read_debt && ke->s.current;
}

bool dispatch_pending(const struct ke *ke)
{
    uint8_t irql = ke_irql(ke);

    if (irql >= DISPATCH_LEVEL || ke->s.dpc_active)
        return false;
    return ke->s.dpc_requested || ke->s.timers_due || ke->s.switch_wanted ||
           owes_a_wait(ke) || (irql < APC_LEVEL && apc_deliverable(ke));
}

void dispatch_enter(struct ke *ke)
{
    struct record r;

    trap_record(ke, ROUTINE_DISPATCH, &r);
    enter(ke, &r);
}

enum { DISPATCH_START, DISPATCH_NEXT, DISPATCH_SWITCHED, DISPATCH_APC_DONE };
enum { W_DPC }; /* routine that runs */

void dpc_over(struct ke *ke, const struct record *r)
{
    EMIT(ke->events, dpc_end, r->w[W_DPC]);
}

/** DPCs run on a stack of their own; the frame links to what they interrupted.
 */
static bool dpc_frame(struct call *c)
{
    struct record *r = c->record;
    struct trap_frame f;
    uint32_t esp = c->ke->s.dpc_stack_top, link[2];

    read_frame(c->ke, r->entry_esp, &f);
    link[0] = r->reg[EBP];
    link[1] = f.eip;
    if (!stack_push(c->ke, &esp, link, 2))
        return false;
    r->frame = esp;
    r->locals = 0;
    return true;
}

static void run_dpc(struct call *c, uint32_t dpc)
{
    uint32_t f[5] = {0}; /* routine, context, arg1, arg2 */
    uint32_t args[4];

    if (!ke_read(c->ke, gva_of(dpc + DPC_ROUTINE), f, 16)) {
        call_bugcheck(c, BUGCHECK_PAGE_FAULT_IN_NONPAGED_AREA, dpc, 0, 0, 0);
        return;
    }
    if (!dpc_frame(c))
        return;
    args[0] = dpc;
    memcpy(args + 1, f + 1, 12);
    EMIT(c->ke->events, dpc, f[0], f[1], dpc);
    c->w[W_DPC] = f[0];
    enable_interrupts(c->ke);
    call_guest(c, gva_of(f[0]), 4, args, DISPATCH_NEXT);
}

/** Nothing is left for DISPATCH_LEVEL: another thread, this one's APCs, home.
 */
static void dispatch_lower(struct call *c)
{
    struct ke *ke = c->ke;
    struct apc apc;

    ke_set_irql(ke, c->record->old_irql);
    if (ke->s.dpc_requested || ke->s.timers_due || ke->s.switch_wanted) {
        call_again(c, DISPATCH_START);
    } else if (owes_a_wait(ke)) {
        int64_t reads = paging_debt(ke->mm);

        call_wait(c, 0, NULL, false,
                  ke_deadline(ke, -reads * (PAGING_READ_NS / 100)),
                  DISPATCH_SWITCHED);
    } else if (ke_irql(ke) < APC_LEVEL && apc_deliverable(ke) &&
               apc_pop(ke, &apc)) {
        ke_set_irql(ke, APC_LEVEL);
        enable_interrupts(ke);
        call_guest(c, gva_of(apc.routine), 3, apc.arg, DISPATCH_APC_DONE);
    } else {
        call_trap_return(c);
    }
}

void run_dispatch(struct call *c)
{
    struct ke *ke = c->ke;
    uint32_t dpc;

    if (c->state == DISPATCH_START) {
        if (ke->s.dpc_active) { /* a DPC that lowered its IRQL */
            call_trap_return(c);
            return;
        }
        ke->s.dpc_active = 1;
        ke_set_irql(ke, DISPATCH_LEVEL);
    }
    if (c->state == DISPATCH_SWITCHED || c->state == DISPATCH_APC_DONE) {
        dispatch_lower(c);
        return;
    }
    if (c->state == DISPATCH_NEXT)
        dpc_over(ke, c->record);
    ke_set_irql(ke, DISPATCH_LEVEL);
    if (ke->s.timers_due)
        timers_expire(ke);
    if (dpc_pop(ke, &dpc)) {
        run_dpc(c, dpc);
        return;
    }
    ke->s.dpc_active = 0;
    c->record->frame = 0;
    if (ke->s.switch_wanted) {
        ke_set_irql(ke, c->record->old_irql);
        call_yield(c, DISPATCH_SWITCHED);
    } else {
        dispatch_lower(c);
    }
}

/* ---- system services
 * ----------------------------------------------------------------- */

enum hb_status ke_set_services(struct ke *ke, const struct ke_service *rows,
                               unsigned count, struct hb_error *error)
{
    for (unsigned i = 0; i < count; i++)
        if (!registry_find(ke, rows[i].name, -1))
            return hb_fail(error, HB_NOT_FOUND,
                           "system service %u: no routine is named %s", i,
                           rows[i].name);
    ke->service = rows;
    ke->services = count;
    return HB_OK;
}

static void service_return(struct call *c, uint32_t status)
{
    c->record->reg[EAX] = status;
    if (c->record->user && ke_irql(c->ke) > PASSIVE_LEVEL)
        call_bugcheck(c, 0x4a, ke_read_u32(c->ke, gva_of(c->record->entry_esp)),
                      ke_irql(c->ke), 0, 0);
    else
        call_trap_return(c);
}

/** The arguments at EDX, read as the caller could read them. */
static bool service_arguments(struct call *c, unsigned count, uint32_t *args)
{
    struct cpu_fault f = {0};
    struct ke *ke = c->ke;
    gva_t at = gva_of(c->w[0]);
    bool user = c->record->user != 0;

    for (unsigned tries = 0; tries < 3; tries++) {
        if (!count || cpu_load(ke->cpu, at, args, 4 * count, user, &f))
            return true;
        if (f.vector != EXC_PF ||
            mm_fault(ke->mm, ke_process_space(ke, ke_current_process(ke)),
                     f.address, f.error) != MM_FAULT_RESOLVED)
            return false;
    }
    return false;
}

void run_service(struct call *c)
{
    struct ke *ke = c->ke;
    struct thread *t = thread_current(ke);
    uint32_t number = c->record->reg[EAX] & 0xfff;
    struct call_target to = {0};
    const struct routine *r;

    if (c->state == 1) {
        service_return(c, c->eax);
        return;
    }
    if (number >= ke->services) {
        service_return(c, STATUS_INVALID_SYSTEM_SERVICE);
        return;
    }
    enable_interrupts(ke);
    r = registry_find(ke, ke->service[number].name, -1);
    to.routine = gva_of(r->va);
    to.count = r->row->slots < CALL_ARGS ? r->row->slots : CALL_ARGS;
    to.cdecl_cleanup = r->row->convention == CDECL;
    if (!service_arguments(c, to.count, to.args)) {
        service_return(c, STATUS_ACCESS_VIOLATION);
        return;
    }
    c->record->mode = (uint8_t)(MODE_RESTORE | t->mode);
    t->mode = c->record->user ? USER_MODE : KERNEL_MODE;
    call_guest_with(c, &to, 1);
}

static void service_enter(struct ke *ke)
{
    struct record r;

    trap_record(ke, ROUTINE_SERVICE, &r);
    r.w[0] = r.reg[EDX];
    enter(ke, &r);
}

/** SYSENTER pushes nothing: the stub in KUSER_SHARED_DATA left ESP in EDX, and
 *  its caller goes on at the `ret` that follows. We come home by iretd. */
void sysenter_enter(struct ke *ke)
{
    struct cpu_state *s = &ke->cpu->s;
    const uint32_t frame[5] = {MM_USER_KUSER + USER_SYSENTER_RETURN,
                               SEL_USER_CODE, FLAG_IF | 2, s->reg[EDX],
                               SEL_USER_DATA};
    struct record r;

    if (!stack_push(ke, &s->reg[ESP], frame, 5))
        return;
    trap_record(ke, ROUTINE_SERVICE, &r);
    r.w[0] = r.reg[EDX] + 8; /* return addresses of stub and caller */
    enter(ke, &r);
}

void run_user_start(struct call *c)
{
    call_trap_return(c);
}

/* ---- exceptions
 * -------------------------------------------------------------------------- */

/** NTSTATUS by vector; 0: bugcheck 0x7F(vector). */
static uint32_t exception_code(unsigned vector)
{
    static const uint32_t code[32] = {
        [EXC_DE] = STATUS_INTEGER_DIVIDE_BY_ZERO,
        [EXC_DB] = STATUS_SINGLE_STEP,
        [EXC_BP] = STATUS_BREAKPOINT,
        [EXC_OF] = STATUS_INTEGER_OVERFLOW,
        [EXC_BR] = STATUS_ARRAY_BOUNDS_EXCEEDED,
        [EXC_UD] = STATUS_ILLEGAL_INSTRUCTION,
        [EXC_NM] = STATUS_ILLEGAL_INSTRUCTION,
        [EXC_GP] = STATUS_ACCESS_VIOLATION,
        [EXC_PF] = STATUS_ACCESS_VIOLATION,
        [EXC_MF] = STATUS_FLOAT_INVALID_OPERATION,
        [EXC_AC] = STATUS_DATATYPE_MISALIGNMENT,
        [EXC_XM] = STATUS_FLOAT_INVALID_OPERATION,
    };

    return vector < 32 ? code[vector] : 0;
}

static bool has_error_code(unsigned vector)
{
    return vector == EXC_DF || (vector >= EXC_TS && vector <= EXC_PF) ||
           vector == EXC_AC;
}

/** The PTE of a system address, by the self-map. */
static uint32_t pte_of(const struct ke *ke, uint32_t va)
{
    uint32_t pte = 0;

    ke_read(
        ke,
        gva_of(ke->cpu->s.cr4 & CR4_PAE ? MM_PTE_VA_PAE(va) : MM_PTE_VA32(va)),
        &pte, 4);
    return pte;
}

/** A page fault in the kernel's half, or at raised IRQL, is the end. */
static bool page_fault_ends(struct ke *ke, const struct cpu_fault *f,
                            uint32_t eip)
{
    uint32_t op = f->error & PF_W ? 1u : f->error & PF_I ? 8u : 0u;
    bool ours = !ke_image_at(ke, gva_of(eip)) ||
                ke_is_kernel_dll(ke_image_at(ke, gva_of(eip)));

    if (image_unloaded_at(ke, f->address)) {
        ke_bugcheck_at(ke, eip, BUGCHECK_DRIVER_UNLOADED, f->address.v, op, eip,
                       0, image_unloaded_at(ke, f->address));
        return true;
    }
    if (ke_irql(ke) >= DISPATCH_LEVEL) {
        ke_bugcheck_at(ke, eip,
                       ours ? BUGCHECK_IRQL_NOT_LESS_OR_EQUAL
                            : BUGCHECK_DRIVER_IRQL,
                       f->address.v, ke_irql(ke), op, eip, NULL);
        return true;
    }
    if (f->address.v >= MM_SYSTEM_START && !(f->error & PF_U)) {
        if ((f->error & (PF_P | PF_W)) == (PF_P | PF_W)) /* PTE-008 */
            ke_bugcheck_at(ke, eip, BUGCHECK_WRITE_TO_READONLY, f->address.v,
                           pte_of(ke, f->address.v), 0, 0, NULL);
        else
            ke_bugcheck_at(ke, eip, BUGCHECK_PAGE_FAULT_IN_NONPAGED_AREA,
                           f->address.v, op, eip, 0, NULL);
        return true;
    }
    return false;
}

bool fault_to_exception(struct ke *ke, const struct cpu_fault *f, uint32_t eip,
                        struct exception *e)
{
    uint32_t code = exception_code(f->vector);

    *e = (struct exception){.code = code, .address = eip};
    if (f->vector == EXC_PF) {
        if (page_fault_ends(ke, f, eip))
            return false;
        e->parameters = 2;
        e->info[0] = f->error & PF_W ? 1 : f->error & PF_I ? 8 : 0;
        e->info[1] = f->address.v;
    } else if (f->vector == EXC_GP) {
        e->parameters = 2;
        e->info[1] = 0xffffffffu;
    } else if (!code) {
        ke_bugcheck_at(ke, eip, BUGCHECK_UNEXPECTED_TRAP, f->vector, 0, 0, 0,
                       NULL);
        return false;
    }
    return true;
}

/** Opcodes that ring 3 may not use. SDM vol. 3A 5.9; IN and OUT: vol. 1 19.5.
 */
static bool is_privileged(const uint8_t code[2])
{
    switch (code[0]) {
    case 0x0f: /* LLDT .. LMSW, CLTS, INVD, WBINVD, MOV CRx and DRx, MSRs */
        return code[1] <= 0x01 || code[1] == 0x06 || code[1] == 0x08 ||
               code[1] == 0x09 || (code[1] >= 0x20 && code[1] <= 0x23) ||
               code[1] == 0x30 || code[1] == 0x32 || code[1] == 0x33;
    case 0x6c ... 0x6f: /* INS, OUTS */
    case 0xe4 ... 0xe7:
    case 0xec ... 0xef: /* IN, OUT */
    case 0xf4:          /* HLT */
    case 0xfa:
    case 0xfb: /* CLI, STI */
        return true;
    default:
        return false;
    }
}

/** Ring 3 has no handlers here: the thread's exit routine hears of it, or the
 *  thread ends, and its process's owner sees the thread object signalled. */
static void user_exception(struct ke *ke, const struct record *r,
                           const struct trap_frame *f, unsigned vector,
                           struct exception *e)
{
    struct thread *t = thread_current(ke);
    struct resume at = {.eip = f->eip, .eflags = f->eflags};
    char text[KE_TEXT];
    uint8_t code[2];

    if (vector == EXC_GP && ke_read(ke, gva_of(f->eip), code, sizeof code) &&
        is_privileged(code)) {
        e->code = STATUS_PRIVILEGED_INSTRUCTION;
        e->parameters = 0;
    }
    memcpy(at.reg, r->reg, sizeof at.reg);
    at.reg[ESP] = f->esp;
    if (thread_exit_begin(ke, e, &at)) {
        EMIT(ke->events, raise, e->code, e->address);
        return;
    }
    snprintf(text, sizeof text,
             "thread %u (%s) ended in ring 3 by exception %08x at %08x",
             thread_id(ke, t), t->name, e->code, e->address);
    EMIT(ke->events, raise, e->code, e->address);
    EMIT(ke->events, finding, EVENT_STRING("USER"), EVENT_STRING(text));
    thread_end(ke, t, e->code);
    thread_switch(ke);
}

static void kernel_exception(struct ke *ke, struct record *r,
                             const struct trap_frame *f,
                             const struct exception *e)
{
    struct resume at;

    memcpy(at.reg, r->reg, sizeof at.reg);
    at.reg[ESP] = r->entry_esp + 12;
    at.eip = f->eip;
    at.eflags = f->eflags;
    raise_begin(ke, r, e, &at);
}

/** What mm makes of it; resolved: the instruction is tried again. */
static enum mm_fault mend(struct ke *ke, const struct cpu_fault *f)
{
    if (f->vector != EXC_PF || ke_irql(ke) >= DISPATCH_LEVEL)
        return MM_FAULT_VIOLATION;
    return mm_fault(ke->mm, ke_process_space(ke, ke_current_process(ke)),
                    f->address, f->error);
}

/** The page is somebody's and cannot come: the kernel's own is the end, of user
 *  memory the toucher hears. True: that was the end. */
static bool cannot_come(struct ke *ke, enum mm_fault why,
                        const struct cpu_fault *f, uint32_t eip)
{
    if ((why != MM_FAULT_IN_PAGE && why != MM_FAULT_NO_PAGES) ||
        f->address.v < MM_SYSTEM_START)
        return false;
    ke_bugcheck_at(ke, eip, BUGCHECK_KERNEL_DATA_INPAGE_ERROR,
                   pte_of(ke, f->address.v), STATUS_INSUFFICIENT_RESOURCES, 0,
                   f->address.v, NULL);
    return true;
}

static void name_fault(struct exception *e, enum mm_fault why)
{
    if (why == MM_FAULT_GUARD)
        e->code = STATUS_GUARD_PAGE_VIOLATION;
    if (why != MM_FAULT_IN_PAGE && why != MM_FAULT_NO_PAGES)
        return;
    e->code = STATUS_IN_PAGE_ERROR;
    e->parameters = 3;
    e->info[2] = STATUS_INSUFFICIENT_RESOURCES;
}

static void exception_entry(struct ke *ke, unsigned vector)
{
    struct cpu_state *s = &ke->cpu->s;
    struct cpu_fault fault = {true, (uint8_t)vector, 0, gva_of(s->cr2)};
    struct trap_frame f;
    struct exception e;
    enum mm_fault why;
    struct record r;

    if (has_error_code(vector)) {
        fault.error = ke_read_u32(ke, gva_of(s->reg[ESP]));
        s->reg[ESP] += 4;
    }
    why = mend(ke, &fault);
    if (why == MM_FAULT_RESOLVED)
        return; /* the stub's iretd tries again */
    read_frame(ke, s->reg[ESP], &f);
    trap_record(ke, ROUTINE_EXCEPTION, &r);
    if (vector == EXC_BP)
        f.eip--; /* the address of the int 3 itself */
    if (cannot_come(ke, why, &fault, f.eip) ||
        !fault_to_exception(ke, &fault, f.eip, &e))
        return;
    name_fault(&e, why);
    if (r.user)
        user_exception(ke, &r, &f, vector, &e);
    else
        kernel_exception(ke, &r, &f, &e);
}

void trap_entry(struct ke *ke, unsigned vector)
{
    if (vector >= KE_VECTOR_BASE && vector < KE_VECTOR_BASE + KE_IRQS)
        interrupt_enter(ke, vector - KE_VECTOR_BASE);
    else if (vector == SERVICE_VECTOR)
        service_enter(ke);
    else if (vector == DISPATCH_VECTOR)
        dispatch_enter(ke);
    else if (vector < 32)
        exception_entry(ke, vector);
    else
        ke_bugcheck(ke, BUGCHECK_UNEXPECTED_TRAP, vector, 0, 0, 0,
                    "a vector that nothing serves");
}
