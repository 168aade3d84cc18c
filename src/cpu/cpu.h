/* src/cpu/cpu.h -- the i386: state, run, and the exact accesses that kernel
 * code in host C makes on the guest's behalf. Source: SDM vol. 1-3.
 * A fault unwinds inside src/cpu alone; nothing here calls kernel code: an
 * instruction that enters the kernel ends cpu_run with CPU_VMCALL. */
#ifndef CPU_CPU_H
#define CPU_CPU_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/events.h"
#include "bus/bus.h"
#include "cpu/model.h"
#include "cpu/x80.h"
#include "mm/ram.h"
#include "mm/tlb.h"
#include "mm/walk.h"

enum cpu_reg { EAX, ECX, EDX, EBX, ESP, EBP, ESI, EDI, CPU_REGS };
enum cpu_seg { ES, CS, SS, DS, FS, GS, CPU_SEGS };

enum {
    FLAG_CF = 1u << 0,
    FLAG_PF = 1u << 2,
    FLAG_AF = 1u << 4,
    FLAG_ZF = 1u << 6,
    FLAG_SF = 1u << 7,
    FLAG_TF = 1u << 8,
    FLAG_IF = 1u << 9,
    FLAG_DF = 1u << 10,
    FLAG_OF = 1u << 11,
    FLAG_IOPL = 3u << 12,
    FLAG_NT = 1u << 14,
    FLAG_RF = 1u << 16,
    FLAG_VM = 1u << 17,
    FLAG_AC = 1u << 18,
    FLAG_VIF = 1u << 19,
    FLAG_VIP = 1u << 20,
    FLAG_ID = 1u << 21,
};
enum {
    CR0_PE = 1u << 0,
    CR0_MP = 1u << 1,
    CR0_EM = 1u << 2,
    CR0_TS = 1u << 3,
    CR0_ET = 1u << 4,
    CR0_NE = 1u << 5,
    CR0_WP = 1u << 16,
    CR0_AM = 1u << 18,
    CR0_NW = 1u << 29,
    CR0_CD = 1u << 30,
    CR0_PG = 1u << 31,
};
enum {
    CR4_VME = 1,
    CR4_PVI = 2,
    CR4_TSD = 4,
    CR4_DE = 8,
    CR4_PSE = 16,
    CR4_PAE = 32,
    CR4_MCE = 64,
    CR4_PGE = 128,
    CR4_PCE = 256,
    CR4_OSFXSR = 512,
    CR4_OSXMMEXCPT = 1024,
};
enum {
    EXC_DE,
    EXC_DB,
    EXC_NMI,
    EXC_BP,
    EXC_OF,
    EXC_BR,
    EXC_UD,
    EXC_NM,
    EXC_DF,
    EXC_TS = 10,
    EXC_NP,
    EXC_SS,
    EXC_GP,
    EXC_PF,
    EXC_MF = 16,
    EXC_AC,
    EXC_MC,
    EXC_XM,
};

/** A segment register with its descriptor cache. */
struct cpu_segment {
    uint16_t selector;
    uint16_t
        access; /* descriptor bits 8-15 and 20-23 as in its high dword >> 8 */
    uint32_t base, limit; /* limit in bytes, granularity applied */
};

struct cpu_table {
    uint32_t base;
    uint16_t limit;
};

/** The FPU; its registers in physical order, as MMX has them, and SSE's. */
struct cpu_fpu {
    struct x80 r[8];
    uint16_t cw, sw, fop, fcs, fds;
    uint32_t fip, fdp;
    uint8_t full; /* a bit per physical register: not tagged empty */
    uint64_t xmm[8][2];
    uint32_t mxcsr;
};
enum { MXCSR_INIT = 0x1f80, FXSAVE_BYTES = 512 };
extern const struct state_row cpu_fpu_rows[];
/** fpu_init() - as FNINIT; MXCSR and the XMM registers stay. */
void fpu_init(struct cpu_fpu *f);
/** fxsave_image() - what FXSAVE writes of all of it; fxsave_load() - back.
 * False: reserved bits of MXCSR are set, nothing is changed. */
void fxsave_image(const struct cpu_fpu *f, uint8_t image[FXSAVE_BYTES]);
bool fxsave_load(struct cpu_fpu *f, const uint8_t image[FXSAVE_BYTES]);

/** MSRs that hold what is written: msrs.def. */
struct cpu_msr {
    uint64_t none; /* of all that read as fixed bits */
    uint64_t p5_mc[2], p5_perf[4], microcode[2], cache_control[2];
    uint64_t perf_select[2], perf_counter[2], debug_control, misc_enable;
    uint64_t mtrr_range[16], mtrr_fixed[11], mtrr_default, pat;
    uint64_t mcg_status, mc_bank[10];
};

/** Architectural state, all of it saved. Wiring pointers are in struct cpu. */
struct cpu_state {
    uint32_t reg[CPU_REGS];
    uint32_t eip, eflags;
    struct cpu_segment seg[CPU_SEGS], ldtr, tr;
    struct cpu_table gdtr, idtr;
    uint32_t cr0, cr2, cr3, cr4, dr[8];
    uint64_t pdpte[4];
    uint32_t efer_nxe; /* IA32_EFER.NXE: NX under PAE */
    uint32_t sysenter_cs, sysenter_esp, sysenter_eip;
    uint64_t tsc_offset;
    struct cpu_msr msr;
    uint8_t cpl, halted, interrupt_shadow, nmi_blocked, nmi_line, nmi_pending;
    uint8_t shutdown;
    uint32_t debug_pending; /* bits of DR6: traps due behind an instruction */
    uint8_t a20_masked;     /* what the TLB was filled with: A20M# */
    struct cpu_fpu fpu;
};

enum cpu_exit {
    CPU_TICKS,    /* clock->until reached                                   */
    CPU_VMCALL,   /* kernel entry: EIP stands after the instruction; its gpa
                     is in cpu->vmcall_at                                   */
    CPU_HALTED,   /* HLT: the clock may move to the next due event          */
    CPU_SHUTDOWN, /* a fault while delivering #DF                           */
    CPU_STOP,     /* cpu->stop was asked for                                */
};

/** What the fast handlers look at all the time; set by cpu_run, not saved. */
struct cpu_fast {
    uint64_t mode;             /* of block keys: block.h */
    uint32_t zero;             /* the register that no address has */
    uint16_t flags;            /* the arithmetic flags: uop.h */
    uint8_t read, write, code; /* TLB rights that an access needs now */
};

struct cpu {
    struct cpu_state s;
    struct tlb tlb;
    struct cpu_fast fast;
    /* wiring, not saved */
    struct ram *ram;
    struct bus *bus;
    struct clock *clock;
    struct events *events;
    struct watches *watches; /* NULL while nothing is watched */
    /* VMCALL is an instruction only inside [vmcall_low, vmcall_high) */
    gpa_t vmcall_low, vmcall_high;
    gpa_t vmcall_at;
    bool stop; /* end cpu_run after this instruction */
    struct cpu_model model;
    uint8_t physical_bits; /* of the model: 32 or 36 */
    struct cpu_private *p; /* decoder and fault unwinding, src/cpu only */
};

/** cpu_at() - where the next instruction is, or the present one while it runs:
 *  CS base and all. */
static inline gva_t cpu_at(const struct cpu *cpu)
{
    return gva_of(cpu->s.seg[CS].base + cpu->s.eip);
}

enum hb_status cpu_create(struct cpu *cpu, struct ram *ram, struct bus *bus,
                          struct clock *clock, struct events *events,
                          struct hb_error *error);
void cpu_destroy(struct cpu *cpu);
/** cpu_set_model() - become a CPU of @model (copied); cpu_create() makes the
 *  default one. Before the first instruction, and cpu_reset() after. */
void cpu_set_model(struct cpu *cpu, const struct cpu_model *model);
/** cpu_reset() - the state after RESET#, SDM vol. 3A table 9-1. */
void cpu_reset(struct cpu *cpu);
/** cpu_init_signal() - the state after INIT, same table: MSRs, time and cache
 *  control stay. */
void cpu_init_signal(struct cpu *cpu);
extern const struct state_row cpu_state_rows[];
enum { CPU_STATE_VERSION = 6 };

/** cpu_run() - retire instructions until clock->now reaches clock->until, or
 *  something ends it earlier. Each instruction (and each iteration of a rep)
 *  advances clock->now by one; so does a fault that is delivered, so that a
 * loop of faults ends too. Takes interrupts between instructions. @cpu->stop is
 *  cleared by whoever set it. */
enum cpu_exit cpu_run(struct cpu *cpu);

/** cpu_watch() - the table has changed: which pages are slow. NULL: nothing is
 *  watched. Also after memory, TLB and CPU were replaced. */
struct watches;
void cpu_watch(struct cpu *cpu, struct watches *watches);

/** What an access from host code came to: vector EXC_x and error code. */
struct cpu_fault {
    bool faulted;
    uint8_t vector;
    uint32_t error;
    gva_t address; /* for #PF */
};

/** cpu_load()/cpu_store() - as an instruction at privilege @user would access
 *  flat virtual memory, through the TLB, setting A/D bits, reaching devices.
 *  On a fault nothing of the page that faulted was moved (a store probes all
 *  its pages first), *fault tells, and the result is false. No exception is
 *  delivered and cr2 is not changed. */
bool cpu_load(struct cpu *cpu, gva_t at, void *to, uint32_t bytes, bool user,
              struct cpu_fault *fault);
bool cpu_store(struct cpu *cpu, gva_t at, const void *from, uint32_t bytes,
               bool user, struct cpu_fault *fault);
/** cpu_peek()/cpu_poke() - for the debugger and the host kernel's own data:
 *  walk only, no TLB, no A/D bits, no device side effects; poke ignores
 *  write protection. False if any page is not mapped to RAM. */
bool cpu_peek(const struct cpu *cpu, gva_t at, void *to, uint32_t bytes);
bool cpu_poke(struct cpu *cpu, gva_t at, const void *from, uint32_t bytes);
/** cpu_msr_at() - the MSRs that this CPU has; false past the last. */
bool cpu_msr_at(const struct cpu *cpu, unsigned index, uint32_t *msr,
                uint64_t *value);
/** cpu_register_at() - register number @number, with its name and width;
 *  cpu_register_find() - by name. cpu_register_get() - its bytes, low first.
 *  cpu_register_set() - as its MOV would; false where that would fault. */
bool cpu_register_at(unsigned number, const char **name, uint32_t *bytes);
bool cpu_register_find(const char *name, unsigned *number);
void cpu_register_get(const struct cpu *cpu, unsigned number, void *to);
bool cpu_register_set(struct cpu *cpu, unsigned number, const void *from);
/** cpu_translate() - the page walk with the CPU's present paging mode. */
bool cpu_translate(const struct cpu *cpu, gva_t at, struct walk_out *out);
/** cpu_walk_in() - the CPU's paging mode as walk() wants it. */
void cpu_walk_in(const struct cpu *cpu, struct walk_in *in);

/** cpu_set_cr3()/cpu_set_cr0()/cpu_set_cr4() - as MOV CRn does, with its
 *  flushes; false where the instruction would #GP. */
bool cpu_set_cr0(struct cpu *cpu, uint32_t value);
bool cpu_set_cr3(struct cpu *cpu, uint32_t value);
bool cpu_set_cr4(struct cpu *cpu, uint32_t value);
/** cpu_set_segment() - load a descriptor cache as a MOV of @selector would at
 *  CPL @cpl; used to enter kernel code from host code. False: it faults. */
bool cpu_set_segment(struct cpu *cpu, enum cpu_seg seg, uint16_t selector);
/** cpu_exception() - deliver @vector through the IDT now, as if the next
 *  instruction had raised it (host kernel code raising a guest trap). */
void cpu_exception(struct cpu *cpu, unsigned vector, bool has_error,
                   uint32_t error);

#endif
