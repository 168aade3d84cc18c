/* src/cpu/run.c -- life, reset and the run loop. Source: SDM vol. 3A, table 9-1
 * (reset), 6.8 (interruptibility). */
#include <stdlib.h>

#include "cpu/block.h"
#include "cpu/fpu.h"

enum { FIRST_INTERRUPT = 32 }; /* vectors below are exceptions */

enum hb_status cpu_create(struct cpu *cpu, struct ram *ram, struct bus *bus,
                          struct clock *clock, struct events *events,
                          struct hb_error *error)
{
    *cpu =
        (struct cpu){.ram = ram, .bus = bus, .clock = clock, .events = events};
    cpu->p = calloc(1, sizeof *cpu->p);
    if (!cpu->p)
        return hb_fail(error, HB_NO_MEMORY, "no memory for the CPU");
    if (tlb_create(&cpu->tlb, error) != HB_OK) {
        free(cpu->p);
        cpu->p = NULL;
        return HB_NO_MEMORY;
    }
    if (blocks_create(cpu, error) != HB_OK) {
        cpu_destroy(cpu);
        return HB_NO_MEMORY;
    }
    cpu_set_model(cpu, cpu_model_default());
    cpu_reset(cpu);
    return HB_OK;
}

void cpu_set_model(struct cpu *cpu, const struct cpu_model *model)
{
    cpu->model = *model;
    cpu->physical_bits =
        model_has(model, FEATURE_PAE) || model_has(model, FEATURE_PSE36) ? 36
                                                                         : 32;
}

void cpu_destroy(struct cpu *cpu)
{
    if (cpu->p) {
        free(cpu->p->counts);
        blocks_destroy(cpu);
    }
    tlb_destroy(&cpu->tlb);
    free(cpu->p);
    cpu->p = NULL;
}

void cpu_reset(struct cpu *cpu)
{
    enum { DATA = SEG_ACCESSED | SEG_WRITABLE | SEG_S | SEG_P };
    struct cpu_state *s = &cpu->s;

    *s = (struct cpu_state){0};
    s->eflags = 2;
    s->eip = 0xfff0;
    s->cr0 = CR0_ET | CR0_NW | CR0_CD;
    s->reg[EDX] = cpu->model.signature;
    msr_reset(cpu);
    s->dr[6] = 0xffff0ff0;
    s->dr[7] = 0x400;
    for (unsigned seg = 0; seg < CPU_SEGS; seg++)
        s->seg[seg] = (struct cpu_segment){.access = DATA, .limit = 0xffff};
    s->seg[CS] = (struct cpu_segment){.selector = 0xf000,
                                      .access = DATA | SEG_CODE,
                                      .base = 0xffff0000,
                                      .limit = 0xffff};
    s->ldtr = (struct cpu_segment){.access = SEG_P | SYS_LDT, .limit = 0xffff};
    s->tr =
        (struct cpu_segment){.access = SEG_P | SYS_TSS32_BUSY, .limit = 0xffff};
    s->gdtr.limit = s->idtr.limit = 0xffff;
    s->a20_masked = !bus_pins(cpu->bus)->a20;
    alignment_changed(cpu);
    fpu_reset(&s->fpu);
    tlb_flush(&cpu->tlb, true);
    bus_ferr(cpu->bus, false);
}

void cpu_init_signal(struct cpu *cpu)
{
    const struct cpu_state old = cpu->s;
    struct cpu_state *s = &cpu->s;

    cpu_reset(cpu);
    s->cr0 = CR0_ET | (old.cr0 & (CR0_NW | CR0_CD));
    s->efer_nxe = old.efer_nxe;
    s->sysenter_cs = old.sysenter_cs;
    s->sysenter_esp = old.sysenter_esp;
    s->sysenter_eip = old.sysenter_eip;
    s->tsc_offset = old.tsc_offset;
    s->msr = old.msr;
    s->fpu = old.fpu;
}

/* The A20 gate has switched: no page is where it was. */
static void switch_a20(struct cpu *cpu)
{
    cpu->s.a20_masked = !cpu->p->pins->a20;
    tlb_flush(&cpu->tlb, true);
}

void run_insn(struct cpu *cpu, const struct insn *i)
{
    struct cpu_private *p = cpu->p;

    p->esp_before = cpu->s.reg[ESP];
    p->shadow = 0;
    p->trap_taken = false;
    p->repeat = false;
    if (i->checked)
        check_mode(cpu, i);
    p->next_eip = cpu->s.eip + i->length;
    i->run(cpu, i);
    if (p->pins->ferr)
        fpu_ferr(cpu);
    cpu->clock->now++;
    if (!p->repeat)
        cpu->s.eip = p->next_eip;
    else /* 17.3.1.1: what comes between iterations keeps breakpoints quiet */
        cpu->s.eflags |= FLAG_RF;
    cpu->s.interrupt_shadow = p->shadow;
}

/* One instruction, or one iteration (or an unbroken run of them) of a repeated
 * one: that is fetched anew each time, as it may have changed itself. */
static void step(struct cpu *cpu)
{
    bool trap = cpu->s.eflags & FLAG_TF;
    const struct insn *i;
    uint32_t behind;

    cpu->p->esp_before = cpu->s.reg[ESP];
    cpu->s.eflags &= ~(uint32_t)FLAG_RF;
    i = fetch_insn(cpu);
    behind = cpu->s.eip + i->length;
    if (cpu->p->counts)
        code_started(cpu, cpu->s.eip);
    run_insn(cpu, i);
    if (trap)
        debug_step(cpu, behind);
}

/* A rising edge of NMI is remembered; IRET lets it in when one is served. */
static bool nmi_due(struct cpu *cpu)
{
    bool level = cpu->p->pins->nmi;

    if (level && !cpu->s.nmi_line)
        cpu->s.nmi_pending = 1;
    cpu->s.nmi_line = level;
    return cpu->s.nmi_pending && !cpu->s.nmi_blocked;
}

/* INTR needs IF; both wait for the shadow's end. */
static void take_interrupt(struct cpu *cpu)
{
    bool nmi = nmi_due(cpu);
    bool intr = cpu->p->pins->intr && (cpu->s.eflags & FLAG_IF);
    unsigned vector = EXC_NMI;

    if (cpu->s.interrupt_shadow || (!nmi && !intr))
        return;
    if (nmi) {
        cpu->s.nmi_pending = 0;
        cpu->s.nmi_blocked = 1;
    } else {
        vector = bus_inta(cpu->bus);
    }
    cpu->s.halted = 0;
    cpu->p->esp_before = cpu->s.reg[ESP];
    if (!trap_deliver(cpu, vector, false, 0, cpu->s.eip, TRAP_EXTERNAL))
        cpu->s.shutdown = 1;
    /* a trap gate leaves IF set: a line that stays up must not stop time */
    if (cpu->p->pins->intr && (cpu->s.eflags & FLAG_IF))
        cpu->clock->now++;
}

static void take_fault(struct cpu *cpu)
{
    struct cpu_private *p = cpu->p;

    cpu->s.reg[ESP] = p->esp_before;
    cpu->s.interrupt_shadow = 0;
    cpu->s.debug_pending = p->debug_held; /* it has not completed */
    cpu->clock->now++; /* a fault takes its tick: a loop of faults ends too */
    if (p->frozen) {
        p->frozen = false;
        cpu->s.halted = 1;
        return;
    }
    if (!trap_deliver(cpu, p->vector, p->has_error, p->error, cpu->s.eip,
                      TRAP_FAULT))
        cpu->s.shutdown = 1;
}

/* Nothing but instructions is to be done: asked before each. */
static inline bool quiet(const struct cpu *cpu)
{
    const struct bus_pins *pins = cpu->p->pins;
    const struct cpu_state *s = &cpu->s;

    return !(pins->intr | pins->nmi | pins->reset | pins->init | s->nmi_line |
             s->nmi_pending | s->halted | s->shutdown | cpu->stop |
             (pins->a20 == s->a20_masked) | !!s->debug_pending |
             !!(s->dr[7] & DR7_ENABLED));
}

/* A fault of its own: it takes its tick. */
static void code_breakpoint(struct cpu *cpu)
{
    uint32_t hits = debug_code(cpu);

    if (!hits)
        return;
    cpu->clock->now++;
    debug_deliver(cpu, hits);
}

/* What comes before the next instruction; true: @exit says why the run ends. */
static bool before(struct cpu *cpu, enum cpu_exit *exit)
{
    if (cpu->s.shutdown) {
        EMIT(cpu->events, cpu_shutdown, cpu->s.eip);
        *exit = CPU_SHUTDOWN;
        return true;
    }
    *exit = CPU_STOP; /* the board resets between runs */
    if (cpu->stop || cpu->p->pins->reset || cpu->p->pins->init)
        return true;
    if (cpu->p->pins->a20 == cpu->s.a20_masked)
        switch_a20(cpu);
    if (cpu->s.debug_pending) { /* table 6-2: traps, interrupts, code */
        /* hit by a delivery, maybe its own: time must go on */
        if (cpu->s.debug_pending & DR6_HITS)
            cpu->clock->now++;
        debug_traps(cpu);
    }
    cpu->p->debug_held = cpu->s.debug_pending;
    if (!cpu->p->delivered)
        take_interrupt(cpu);
    *exit = CPU_HALTED;
    if (!cpu->p->delivered && cpu->s.halted)
        return true;
    if (!cpu->p->delivered && (cpu->s.dr[7] & DR7_ENABLED))
        code_breakpoint(cpu);
    return false;
}

/* Until the run ends, or a trap was delivered. */
static bool run_on(struct cpu *cpu, enum cpu_exit *exit)
{
    struct cpu_private *p = cpu->p;

    while (!p->delivered) {
        if (cpu->clock->now >= cpu->clock->until && !cpu->s.shutdown) {
            *exit = cpu->stop ? CPU_STOP : CPU_TICKS;
            return true;
        }
        if (!quiet(cpu)) {
            if (before(cpu, exit))
                return true;
            if (p->delivered)
                return false;
        }
        if (!chain_run(cpu)) {
            if (p->watched & WATCHED_BY_CLIENT && !watch_code(cpu)) {
                *exit = CPU_STOP;
                return true;
            }
            step(cpu);
        }
        if (cpu->s.debug_pending)
            debug_traps(cpu);
        if (p->vmcall) {
            *exit = CPU_VMCALL;
            return true;
        }
    }
    return false;
}

enum cpu_exit cpu_run(struct cpu *cpu)
{
    struct cpu_private *p = cpu->p;
    enum cpu_exit exit;

    p->vmcall = false;
    p->pins = bus_pins(cpu->bus);
    look_at_map(cpu);
    alignment_changed(cpu);
    if (p->watched & WATCHED_BY_GUEST || (cpu->s.dr[7] & DR7_ENABLED))
        debug_arm(cpu);
    for (;;) { /* delivering a trap takes the fault's way back: set it anew */
        p->delivered = false;
        if (sigsetjmp(p->fault, 0)) {
            take_fault(cpu);
            continue;
        }
        if (run_on(cpu, &exit))
            return exit;
    }
}

bool cpu_set_segment(struct cpu *cpu, enum cpu_seg seg, uint16_t selector)
{
    struct descriptor d;

    if (sigsetjmp(cpu->p->fault, 0))
        return false;
    if (seg == CS) {
        if (!descriptor_read(cpu, selector, &d))
            return false;
        load_cs(cpu, selector, &d, selector & 3);
    } else {
        segment_load(cpu, seg, selector);
    }
    return true;
}

void cpu_exception(struct cpu *cpu, unsigned vector, bool has_error,
                   uint32_t error)
{
    cpu->p->esp_before = cpu->s.reg[ESP];
    cpu->p->pf_address = cpu->s.cr2;
    cpu->s.halted = 0;
    if (!trap_deliver(cpu, vector, has_error, error, cpu->s.eip,
                      vector < FIRST_INTERRUPT ? TRAP_FAULT : TRAP_EXTERNAL))
        cpu->s.shutdown = 1;
}
