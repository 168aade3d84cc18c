/* src/cpu/private.h -- what the files of src/cpu share: the instruction being
 * run, the way a fault unwinds, segmented memory accesses. */
#ifndef CPU_PRIVATE_H
#define CPU_PRIVATE_H

#include <setjmp.h>

#include "cpu/cpu.h"
#include "mm/watch.h"

/* ---- descriptors: SDM vol. 3A 3.4.5 ---------------------------------------
 */

/** struct cpu_segment.access: bits 8-23 of a descriptor's high dword, >> 8. */
enum {
    SEG_ACCESSED = 1 << 0,
    SEG_WRITABLE = 1 << 1,   /* data */
    SEG_READABLE = 1 << 1,   /* code */
    SEG_DOWN = 1 << 2,       /* data: expand down */
    SEG_CONFORMING = 1 << 2, /* code */
    SEG_CODE = 1 << 3,
    SEG_S = 1 << 4, /* code or data, not system */
    SEG_DPL = 3 << 5,
    SEG_P = 1 << 7,
    SEG_DB = 1 << 14,
    SEG_G = 1 << 15,
    SEG_TYPE = 15,
};
/** System descriptor types. */
enum {
    SYS_TSS16 = 1,
    SYS_LDT = 2,
    SYS_TSS16_BUSY = 3,
    SYS_CALL16 = 4,
    SYS_TASK_GATE = 5,
    SYS_INT16 = 6,
    SYS_TRAP16 = 7,
    SYS_TSS32 = 9,
    SYS_TSS32_BUSY = 11,
    SYS_CALL32 = 12,
    SYS_INT32 = 14,
    SYS_TRAP32 = 15,
};

struct descriptor {
    uint32_t low, high;
    uint32_t at; /* linear address it was read from */
};

static inline unsigned seg_dpl(unsigned access)
{
    return access >> 5 & 3;
}

/* ---- the instruction ------------------------------------------------------
 */

struct insn;
typedef void op_run(struct cpu *cpu, const struct insn *i);

/** Operand codes, SDM vol. 2 appendix A.2; and fixed registers. */
enum operand_code {
    O_NONE,
    O_Eb,
    O_Ew,
    O_Ed,
    O_Ev, /* ModRM r/m */
    O_Gb,
    O_Gw,
    O_Gd,
    O_Gv, /* ModRM reg */
    O_Zb,
    O_Zv, /* low three bits of the opcode */
    O_Ib,
    O_Iw,
    O_Iv,
    O_sIb,
    O_I2b, /* immediates; sIb sign-extended; I2b 2nd */
    O_Jb,
    O_Jv, /* relative targets */
    O_Ap, /* far pointer immediate */
    O_M,  /* memory only, no access by the decoder */
    O_Rd, /* register only (CRn, DRn moves) */
    O_Cd,
    O_Dd,
    O_Sw, /* control, debug, segment register */
    O_Ob,
    O_Ov, /* memory at an immediate offset */
    O_AL,
    O_AX,
    O_eAX,
    O_CL,
    O_DX,
    O_ONE,
};

enum op_flag {
    F_LOCK = 1 << 0,   /* LOCK is legal with a memory destination */
    F_MODRM = 1 << 1,  /* has a ModRM byte though no operand says so */
    F_CPL0 = 1 << 2,   /* #GP(0) outside ring 0 */
    F_PE = 1 << 3,     /* #UD in real and V86 mode */
    F_FPU = 1 << 4,    /* of the FPU: CR0, and a pending exception first */
    F_GROUP = 1 << 5,  /* `run` is chosen by ModRM.reg from a group's rows */
    F_REP = 1 << 6,    /* a string instruction: F2, F3 repeat */
    F_MEM = 1 << 7,    /* r/m must be memory, else #UD */
    F_END = 1 << 8,    /* ends a block: jumps, or changes segments, IF, TF */
    F_QUIET = 1 << 9,  /* of the FPU, without waiting for exceptions */
    F_MMX = 1 << 10,   /* as F_FPU, but #UD by CR0.EM */
    F_SSE = 1 << 11,   /* CR0 and CR4.OSFXSR */
    F_REG = 1 << 12,   /* r/m must be a register, else #UD */
    F_STORE = 1 << 13, /* of the FPU and so on: writes memory */
    F_UNIT = F_FPU | F_QUIET | F_MMX | F_SSE,
    F_NEEDS_SHIFT = 16,
};
/** An instruction of CPUs with that feature alone, else #UD. */
#define F_NEEDS(f) ((FEATURE_##f + 1u) << F_NEEDS_SHIFT)

struct opcode {
    const char *name;
    uint8_t dst, src, ext; /* enum operand_code */
    op_run *run;
    uint32_t flags;
    uint8_t group; /* F_GROUP: which */
};

struct insn {
    const struct opcode *op; /* a row, or `merged` */
    op_run *run;
    uint16_t checked; /* rules to be asked at each execution: F_PE, F_CPL0 */
    uint8_t opcode;   /* last opcode byte */
    uint8_t bits;     /* 16 or 32: operand size attribute */
    uint8_t abits;    /* address size attribute */
    uint8_t rep;      /* 0, F2h, F3h */
    uint8_t lock;
    uint8_t simd;         /* mandatory prefix: enum simd_prefix */
    uint8_t seg;          /* segment of the memory operand, override applied */
    uint8_t seg_override; /* 0, or 1 + enum cpu_seg */
    uint8_t mod, reg, rm;
    uint8_t length;
    uint32_t disp;
    uint8_t base, index, scale; /* registers + 1, 0: none */
    uint32_t imm, imm2;
    struct opcode merged; /* of a group: its row with the opcode's operands */
};

/* ---- the run --------------------------------------------------------------
 */

/** cpu_state.interrupt_shadow: of the instruction just done. */
enum { SHADOW_STI = 1, SHADOW_SS = 2 }; /* SS: of debug traps too */

struct cpu_private {
    sigjmp_buf fault;
    bool frozen;    /* `fault` is none: wait before the instruction */
    bool delivered; /* a trap went through the IDT: `fault` is stale */
    uint8_t vector;
    bool has_error;
    uint32_t error;
    uint32_t next_eip;   /* where the instruction after this one is */
    uint32_t esp_before; /* ESP when the instruction began */
    bool repeat;         /* a rep instruction has iterations left */
    bool vmcall;
    uint8_t shadow; /* STI or MOV SS asked for one */
    uint32_t pf_address;
    bool trap_taken;    /* the instruction went through the IDT itself */
    bool task_switched; /* a trap's task gate: faults are the new task's */
    uint8_t rounds;     /* faults in a row while one trap is delivered */
    uint8_t external;   /* EXT of error codes: while a trap is delivered */
    uint8_t user_shift; /* of rights that a user access needs: TLB_USER */
    uint8_t watched;    /* WATCHED_BY_GUEST: data breakpoints whose pages are
                           slow, at watch[]; and WATCHED_BY_CLIENT           */
    uint32_t watch[4];
    bool piecewise; /* accesses are parts of one that watches are told of */
    uint32_t debug_held; /* debug_pending when the instruction began */
    const struct bus_pins *pins;
    uint64_t map_seen; /* bus_map_changes() when we looked last */
    struct insn odd;   /* the one being run, where it is of no block */
    bool plain; /* no blocks: each instruction decoded and run by itself */
    struct blocks *blocks;
    struct code_counts *counts; /* count.h; NULL: nobody asks */
};

/** cpu_fault() - give the instruction up: no return. */
_Noreturn void cpu_fault(struct cpu *cpu, unsigned vector, uint32_t error);
_Noreturn void cpu_fault_plain(struct cpu *cpu, unsigned vector); /* no code */
/** cpu_freeze() - the instruction waits for an interrupt: no return. */
_Noreturn void cpu_freeze(struct cpu *cpu);

/* ---- memory: mem.c ---------------------------------------------------------
 */

enum { MEM_READ = TLB_READ, MEM_WRITE = TLB_WRITE, MEM_FETCH = TLB_FETCH };

/** look_at_map() - after a register was written: windows or shadow RAM may
 *  have moved. */
void look_at_map(struct cpu *cpu);

/** Linear accesses at privilege @user; a fault is #PF. */
uint8_t mem_read8(struct cpu *cpu, uint32_t at, bool user);
uint16_t mem_read16(struct cpu *cpu, uint32_t at, bool user);
uint32_t mem_read32(struct cpu *cpu, uint32_t at, bool user);
void mem_write8(struct cpu *cpu, uint32_t at, uint8_t v, bool user);
void mem_write16(struct cpu *cpu, uint32_t at, uint16_t v, bool user);
void mem_write32(struct cpu *cpu, uint32_t at, uint32_t v, bool user);
/** mem_probe() - fault now if a write of @bytes at @at would. */
void mem_probe(struct cpu *cpu, uint32_t at, uint32_t bytes, bool user);
/** code_physical() - where code at linear @at was fetched from. */
gpa_t code_physical(struct cpu *cpu, uint32_t at);
uint8_t mem_fetch8(struct cpu *cpu, uint32_t at);

/** bus_address() - what A20M# leaves of a physical address. Page tables are
 *  read unmasked: the pin is for real mode alone (82441FX, Pentium manuals). */
static inline uint64_t bus_address(const struct cpu *cpu, uint64_t at)
{
    return cpu->s.a20_masked ? at & ~((uint64_t)1 << 20) : at;
}

/** Alignment is checked at ring 3 when CR0.AM and EFLAGS.AC are set: then no
 *  user access has rights enough for the fast way. */
static inline void alignment_changed(struct cpu *cpu)
{
    bool checked = (cpu->s.cr0 & CR0_AM) && (cpu->s.eflags & FLAG_AC);

    cpu->p->user_shift = checked ? 8 : TLB_USER;
}

/** fast_need() - rights of TLB_x that an access by the fast way needs. */
static inline unsigned fast_need(const struct cpu *cpu, unsigned access,
                                 bool user)
{
    return user ? access << cpu->p->user_shift : access;
}

/** undisturbed() - no pin and no request wants anything before the next
 *  instruction or iteration. */
static inline bool undisturbed(const struct cpu *cpu)
{
    const struct bus_pins *pins = cpu->p->pins;
    const struct cpu_state *s = &cpu->s;

    return !cpu->stop && !(pins->intr && (s->eflags & FLAG_IF)) &&
           !pins->reset && pins->nmi == s->nmi_line && !pins->init &&
           pins->a20 != s->a20_masked;
}

static inline bool cpu_user(const struct cpu *cpu)
{
    return cpu->s.cpl == 3;
}

/** check_alignment() - #AC for what is wider than the accesses it is made of.
 */
static inline void check_alignment(struct cpu *cpu, uint32_t at, unsigned bytes)
{
    if (cpu->p->user_shift != TLB_USER && cpu_user(cpu) && at & (bytes - 1))
        cpu_fault(cpu, EXC_AC, 0);
}

/** seg_linear() - check an access of @bytes at @offset of @seg against type and
 *  limit; returns its linear address. */
uint32_t seg_linear(struct cpu *cpu, unsigned seg, uint32_t offset,
                    uint32_t bytes, bool write);
uint32_t seg_read(struct cpu *cpu, unsigned seg, uint32_t offset,
                  unsigned bytes);
/** seg_modify() - seg_read() of what seg_write() comes to next. */
uint32_t seg_modify(struct cpu *cpu, unsigned seg, uint32_t offset,
                    unsigned bytes);
void seg_write(struct cpu *cpu, unsigned seg, uint32_t offset, unsigned bytes,
               uint32_t v);

/* Of more than four bytes: mem_wide.c. A write faults before any byte. */
void seg_read_block(struct cpu *cpu, unsigned seg, uint32_t offset, void *to,
                    uint32_t bytes);
void seg_write_block(struct cpu *cpu, unsigned seg, uint32_t offset,
                     const void *from, uint32_t bytes);
uint64_t seg_read64(struct cpu *cpu, unsigned seg, uint32_t offset);
void seg_write64(struct cpu *cpu, unsigned seg, uint32_t offset, uint64_t v);
struct x80 seg_read80(struct cpu *cpu, unsigned seg, uint32_t offset);
void seg_write80(struct cpu *cpu, unsigned seg, uint32_t offset, struct x80 v);
void fpu_pack80(struct x80 v, uint8_t to[10]);
struct x80 fpu_unpack80(const uint8_t from[10]);

/* ---- stack, by SS.B --------------------------------------------------------
 */

void push(struct cpu *cpu, unsigned bytes, uint32_t v);
uint32_t pop(struct cpu *cpu, unsigned bytes);
uint32_t stack_mask(const struct cpu *cpu);
void set_esp(struct cpu *cpu, uint32_t v);

/* ---- segments: segment.c ---------------------------------------------------
 */

/** descriptor_read() - entry of GDT or LDT; false: outside the table. */
bool descriptor_read(struct cpu *cpu, uint16_t selector, struct descriptor *d);
struct cpu_segment segment_of(uint16_t selector, const struct descriptor *d);
void descriptor_touch(struct cpu *cpu, struct descriptor *d);
/** segment_load() - MOV to DS, ES, FS, GS, SS; faults as the SDM says. */
void segment_load(struct cpu *cpu, unsigned seg, uint16_t selector);
void segment_real(struct cpu *cpu, unsigned seg, uint16_t selector);
/** segment_check_ss() - a stack segment for privilege @cpl, faults with
 *  @vector (#GP, or #TS while changing stacks). */
struct cpu_segment segment_stack(struct cpu *cpu, uint16_t selector,
                                 unsigned cpl, unsigned vector);
void far_jump(struct cpu *cpu, uint16_t selector, uint32_t offset,
              unsigned bits);
void far_call(struct cpu *cpu, uint16_t selector, uint32_t offset,
              unsigned bits);
void far_return(struct cpu *cpu, unsigned bits, uint32_t extra);
void interrupt_return(struct cpu *cpu, unsigned bits);
void load_cs(struct cpu *cpu, uint16_t selector, const struct descriptor *d,
             unsigned cpl);
static inline bool real_mode(const struct cpu *cpu)
{
    return !(cpu->s.cr0 & CR0_PE);
}
static inline bool v86_mode(const struct cpu *cpu)
{
    return (cpu->s.cr0 & CR0_PE) && (cpu->s.eflags & FLAG_VM);
}

/** A stack being changed to: nothing of the old one is touched until done. */
struct new_stack {
    struct cpu_segment ss;
    uint32_t esp;
    uint32_t error; /* of #SS while pushing */
    bool user;
};
struct new_stack new_stack_of(struct cpu *cpu, unsigned cpl);
void new_stack_push(struct cpu *cpu, struct new_stack *st, unsigned bytes,
                    uint32_t v);

/* ---- traps: trap.c ---------------------------------------------------------
 */

enum trap_source { TRAP_FAULT, TRAP_SOFTWARE, TRAP_EXTERNAL };
/** trap_enter() - through the IDT; @return_eip is pushed. May fault. */
void trap_enter(struct cpu *cpu, unsigned vector, enum trap_source source,
                bool has_error, uint32_t error, uint32_t return_eip);
/** Who switches tasks: what becomes of busy bits, link and NT. */
enum task_source { TASK_JUMP, TASK_CALL, TASK_IRET, TASK_INT };
/** task_switch() - to the TSS @selector; @return_eip and @eflags are what the
 *  old task goes on with. Faults of the new task come after the commit. */
void task_switch(struct cpu *cpu, uint16_t selector, enum task_source source,
                 uint32_t return_eip, uint32_t eflags);
bool task_transfer(struct cpu *cpu, const struct cpu_segment *s,
                   const struct descriptor *d, enum task_source source);
void task_return(struct cpu *cpu);
/** task_wide() - TR holds a 32-bit TSS. */
bool task_wide(const struct cpu *cpu);

/** v86_return() - IRET of V86 code whose IF is VIF; false: it is not. */
bool v86_return(struct cpu *cpu, unsigned bits);

/** trap_deliver() - a fault, with the #DF rules; false: shutdown. */
bool trap_deliver(struct cpu *cpu, unsigned vector, bool has_error,
                  uint32_t error, uint32_t return_eip, enum trap_source source);

/* ---- debug registers: debug.c ----------------------------------------------
 */

enum { DR7_ENABLED = 0xff }; /* L0-L3, G0-G3 */
enum { DR6_HITS = 0xf };     /* B0-B3 */
/** debug_arm() - DR0-DR3 or DR7 changed: which pages are slow. */
void debug_arm(struct cpu *cpu);
/** debug_set() - DR@n is @v, as MOV writes it. */
void debug_set(struct cpu *cpu, unsigned n, uint32_t v);
bool debug_on_page(const struct cpu *cpu, uint32_t at);
/** An access or a port access of the instruction; what it hits is pending. */
void debug_data(struct cpu *cpu, uint32_t at, uint32_t bytes, bool write);
void debug_port(struct cpu *cpu, uint16_t port, unsigned bytes);
/** debug_code() - breakpoints that the instruction at CS:EIP hits. */
uint32_t debug_code(const struct cpu *cpu);
void debug_step(struct cpu *cpu, uint32_t behind);
void debug_task(struct cpu *cpu, bool trap);
void debug_entered(struct cpu *cpu);
/** debug_deliver() - #DB with @hits in DR6. */
void debug_deliver(struct cpu *cpu, uint32_t hits);
/** debug_traps() - #DB of what is pending, unless MOV SS holds it back. */
void debug_traps(struct cpu *cpu);

/* ---- watches: watch.c ------------------------------------------------------
 */

enum { WATCHED_BY_GUEST = 15, WATCHED_BY_CLIENT = 16 };
/** watch_listens() - is an access that came the slow way to be told of? */
static inline bool watch_listens(const struct cpu *cpu)
{
    return __builtin_expect(cpu->p->watched & WATCHED_BY_CLIENT, 0) &&
           !cpu->p->piecewise;
}
/** slow_of() - accesses that have no fast way to the page of @at in @frame. */
unsigned slow_of(const struct cpu *cpu, uint32_t at, uint64_t frame);
/** watch_read() - @what was read. watch_write() - a write is about to be made,
 *  its pages are in the TLB; true: watch_written() wants to know. */
void watch_read(struct cpu *cpu, uint32_t at, const void *what, uint32_t bytes);
bool watch_write(struct cpu *cpu, struct watch_access *a, uint32_t at,
                 uint32_t bytes);
void watch_written(struct cpu *cpu, struct watch_access *a, const void *from);
/** watch_code() - an instruction is about to run by itself; false: stop. */
bool watch_code(struct cpu *cpu);

/* ---- decode and execute -----------------------------------------------------
 */

/** fetch_insn() - the instruction at CS:EIP, good until the next call; faults
 *  while fetching, #UD, #GP for more than 15 bytes. Rules that hang on the mode
 *  are not asked. */
const struct insn *fetch_insn(struct cpu *cpu);
/** decode_run() - up to @most instructions of the @room bytes at @bytes, as far
 *  as one that ends a block, or until one is not whole or not legal: nobody has
 *  been told. Returns how many. */
unsigned decode_run(struct cpu *cpu, struct insn *insn, unsigned most,
                    const uint8_t *bytes, unsigned room);
/** check_mode() - rules in @i->checked that hang on the mode. */
void check_mode(struct cpu *cpu, const struct insn *i);
extern const struct opcode opcode_one[256], opcode_0f[256];
/** MMX and SSE: what of the 0F map is chosen by a mandatory prefix too. */
enum simd_prefix { SIMD_NP, SIMD_66, SIMD_F3, SIMD_F2, SIMD_PREFIXES };
extern const struct opcode opcode_sse[SIMD_PREFIXES][256];
/** Escape opcodes by their low three bits and ModRM.reg, or ModRM's low six. */
extern const struct opcode opcode_x87_mem[8][8], opcode_x87_reg[8][64];

/** run_insn() - @i stands at CS:EIP: do it, with its tick and EIP. */
void run_insn(struct cpu *cpu, const struct insn *i);
/** code_started() - with p->counts: the instruction at CS:@eip begins. */
void code_started(const struct cpu *cpu, uint32_t eip);
/** chain_run() - blocks from CS:EIP on, while time and pins let them; false:
 *  there is none here, run one instruction by itself. */
bool chain_run(struct cpu *cpu);

uint32_t ea(struct cpu *cpu, const struct insn *i); /* offset in i->seg */
uint32_t operand_get(struct cpu *cpu, const struct insn *i, unsigned code);
/** operand_modify() - operand_get() of what operand_set() will write: faults as
 *  a write does. */
uint32_t operand_modify(struct cpu *cpu, const struct insn *i, unsigned code);
void operand_set(struct cpu *cpu, const struct insn *i, unsigned code,
                 uint32_t v);
/** Bits of an operand: 8, 16 or 32. */
unsigned operand_bits(const struct insn *i, unsigned code);
uint32_t reg_get(const struct cpu *cpu, unsigned reg, unsigned bits);
void reg_set(struct cpu *cpu, unsigned reg, unsigned bits, uint32_t v);
bool condition(const struct cpu *cpu, unsigned code);

static inline void flag_set(struct cpu *cpu, uint32_t flag, bool on)
{
    cpu->s.eflags = on ? cpu->s.eflags | flag : cpu->s.eflags & ~flag;
}

/* flags.c */
void flags_logic(struct cpu *cpu, uint32_t result, unsigned bits);
void flags_add(struct cpu *cpu, uint32_t a, uint32_t b, uint32_t carry,
               unsigned bits);
void flags_sub(struct cpu *cpu, uint32_t a, uint32_t b, uint32_t borrow,
               unsigned bits);
void flags_szp(struct cpu *cpu, uint32_t result, unsigned bits);

/** msr_reset() - MSRs that hold what is written, as RESET# leaves them. */
void msr_reset(struct cpu *cpu);

/** check_port() - #GP unless the program may; I/O breakpoints. */
void check_port(struct cpu *cpu, uint16_t port, unsigned bytes);
void cpu_write_eflags(struct cpu *cpu, uint32_t v, uint32_t mask);

static inline uint32_t mask_of(unsigned bits)
{
    return UINT32_MAX >> (32 - bits);
}

#endif
