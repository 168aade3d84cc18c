/* include/halbox/inspect_cpu.h -- the CPU: registers, FPU, MSRs, descriptors.
 * Part of halbox/inspect.h. Source of the words: SDM. */
#ifndef HALBOX_INSPECT_CPU_H
#define HALBOX_INSPECT_CPU_H

#include "halbox/addr.h"
#include "halbox/machine.h"

/** A segment register with its descriptor cache. */
struct inspect_segment {
    uint16_t selector, access; /* descriptor bits 8-15 and 20-23             */
    uint32_t base, limit;
};
struct inspect_cpu {
    uint32_t reg[8]; /* EAX ECX EDX EBX ESP EBP ESI EDI */
    uint32_t eip, eflags, cr0, cr2, cr3, cr4, dr[8];
    struct inspect_segment segment[6], ldtr, tr; /* ES CS SS DS FS GS        */
    uint32_t gdt_base, idt_base;
    uint16_t gdt_limit, idt_limit;
    uint8_t cpl;
    bool halted, shutdown;
    bool intr;             /* the interrupt pin is up                        */
    bool interrupt_shadow; /* behind STI or a load of SS                     */
    bool nmi_pending, nmi_blocked;
    bool a20; /* address line 20 passes                         */
};
HB_API void inspect_cpu(const struct machine *m, struct inspect_cpu *cpu);

/** inspect_tlb() - does the TLB hold an entry for @va's page, and which
 *  physical page? It may be older than the tables. */
HB_API bool inspect_tlb(const struct machine *m, gva_t va, gpa_t *page);

/** A register by its name: what machine_poke_register() takes. */
struct inspect_cpu_register {
    const char *name; /* eax.. eip eflags, es.., cr0.., dr0.., gdt.base,
                         idt.base, gdt.limit, idt.limit, st0..7, mm0..7, fcw fsw
                         ftw fop fcs fds, xmm0..7, mxcsr */
    uint32_t bytes;
    uint8_t value[16]; /* little endian */
};
HB_API bool inspect_cpu_register_at(const struct machine *m, unsigned index,
                                    struct inspect_cpu_register *out);
HB_API bool inspect_cpu_register(const struct machine *m, const char *name,
                                 struct inspect_cpu_register *out);

/** An 80-bit value: its bits 0-63, and 64-79. */
struct inspect_x87 {
    uint64_t mantissa;
    uint16_t sign_exponent;
    bool empty;
};
/** x87, MMX and SSE registers. */
struct inspect_fpu {
    struct inspect_x87 st[8]; /* ST(0) first                                 */
    uint64_t mm[8];           /* the physical registers' mantissas           */
    uint16_t control, status, opcode, instruction_selector, operand_selector;
    uint32_t instruction, operand; /* offsets                                */
    uint64_t xmm[8][2];            /* low half first                         */
    uint32_t mxcsr;
};
HB_API void inspect_fpu(const struct machine *m, struct inspect_fpu *fpu);

/** A model-specific register that this CPU has. */
struct inspect_msr {
    uint32_t address;
    uint64_t value;
};
HB_API bool inspect_msr_at(const struct machine *m, unsigned index,
                           struct inspect_msr *msr);

/** A descriptor of the GDT or LDT. */
struct inspect_descriptor {
    gva_t at; /* where it lies                                       */
    uint32_t base, limit; /* limit in bytes                                  */
    uint8_t dpl;
    bool present, system, large; /* large: 32-bit code, stack                */
    const char *type; /* "code, readable", "32-bit TSS (busy)" ...           */
};
/** inspect_descriptor() - what @selector selects; false: null, or past the
 *  table, or not in memory. */
HB_API bool inspect_descriptor(const struct machine *m, uint16_t selector,
                               struct inspect_descriptor *descriptor);

/** An entry of the IDT; in real mode of the vector table. */
struct inspect_gate {
    uint16_t selector;
    uint32_t offset;
    uint8_t dpl;
    bool present;
    const char *type; /* "32-bit interrupt gate", "task gate" ...            */
};
HB_API bool inspect_gate(const struct machine *m, uint8_t vector,
                         struct inspect_gate *gate);

#endif
