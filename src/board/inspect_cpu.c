/* src/board/inspect_cpu.c -- the CPU's registers, and the descriptors that they
 * refer to. Source: SDM vol. 3A, 3.4.5, 3.5, 6.11, 8.2. */
#include "halbox/inspect.h"

#include <string.h>

#include "board/board.h"

static struct inspect_segment segment(const struct cpu_segment *s)
{
    return (struct inspect_segment){.selector = s->selector,
                                    .access = s->access,
                                    .base = s->base,
                                    .limit = s->limit};
}

void inspect_cpu(const struct machine *m, struct inspect_cpu *cpu)
{
    const struct cpu_state *s = &m->cpu.s;

    *cpu = (struct inspect_cpu){.eip = s->eip,
                                .eflags = s->eflags,
                                .cr0 = s->cr0,
                                .cr2 = s->cr2,
                                .cr3 = s->cr3,
                                .cr4 = s->cr4,
                                .ldtr = segment(&s->ldtr),
                                .tr = segment(&s->tr),
                                .gdt_base = s->gdtr.base,
                                .gdt_limit = s->gdtr.limit,
                                .idt_base = s->idtr.base,
                                .idt_limit = s->idtr.limit,
                                .cpl = s->cpl,
                                .halted = s->halted,
                                .shutdown = s->shutdown,
                                .intr = bus_pins(m->bus)->intr,
                                .interrupt_shadow = s->interrupt_shadow,
                                .nmi_pending = s->nmi_pending,
                                .nmi_blocked = s->nmi_blocked,
                                .a20 = bus_pins(m->bus)->a20};
    memcpy(cpu->reg, s->reg, sizeof cpu->reg);
    memcpy(cpu->dr, s->dr, sizeof cpu->dr);
    for (unsigned i = 0; i < CPU_SEGS; i++)
        cpu->segment[i] = segment(&s->seg[i]);
}

void inspect_fpu(const struct machine *m, struct inspect_fpu *fpu)
{
    const struct cpu_fpu *f = &m->cpu.s.fpu;
    unsigned top = f->sw >> 11 & 7;

    *fpu = (struct inspect_fpu){.control = f->cw,
                                .status = f->sw,
                                .opcode = f->fop,
                                .instruction_selector = f->fcs,
                                .operand_selector = f->fds,
                                .instruction = f->fip,
                                .operand = f->fdp,
                                .mxcsr = f->mxcsr};
    for (unsigned i = 0; i < 8; i++) {
        unsigned n = (top + i) & 7;

        fpu->st[i] = (struct inspect_x87){.mantissa = f->r[n].m,
                                          .sign_exponent = f->r[n].se,
                                          .empty = !(f->full >> n & 1)};
        fpu->mm[i] = f->r[i].m;
    }
    memcpy(fpu->xmm, f->xmm, sizeof fpu->xmm);
}

bool inspect_msr_at(const struct machine *m, unsigned index,
                    struct inspect_msr *msr)
{
    return cpu_msr_at(&m->cpu, index, &msr->address, &msr->value);
}

bool inspect_tlb(const struct machine *m, gva_t va, gpa_t *page)
{
    const struct tlb_entry *e = tlb_entry(&m->cpu.tlb, va);

    if (!e->used)
        return false;
    *page = gpa_of(e->frame);
    return true;
}

bool inspect_cpu_register_at(const struct machine *m, unsigned index,
                             struct inspect_cpu_register *out)
{
    const char *name;
    uint32_t bytes;

    if (!cpu_register_at(index, &name, &bytes))
        return false;
    *out = (struct inspect_cpu_register){.name = name, .bytes = bytes};
    cpu_register_get(&m->cpu, index, out->value);
    return true;
}

bool inspect_cpu_register(const struct machine *m, const char *name,
                          struct inspect_cpu_register *out)
{
    unsigned number;

    return cpu_register_find(name, &number) &&
           inspect_cpu_register_at(m, number, out);
}

/* ---- descriptors ---------------------------------------------------------*/

/** Bits of a descriptor's high dword. */
enum { HIGH_CODE_DATA = 1 << 12, HIGH_P = 1 << 15, HIGH_G = 1 << 23 };
enum { HIGH_LARGE = 1 << 22, SELECTOR_LDT = 4, REAL_VECTOR_BYTES = 4 };

static const char *const system_type[16] = {
    "reserved",
    "16-bit TSS",
    "LDT",
    "16-bit TSS (busy)",
    "16-bit call gate",
    "task gate",
    "16-bit interrupt gate",
    "16-bit trap gate",
    "reserved",
    "32-bit TSS",
    "reserved",
    "32-bit TSS (busy)",
    "32-bit call gate",
    "reserved",
    "32-bit interrupt gate",
    "32-bit trap gate",
};

/** Types 0-15 without the accessed bit. */
static const char *const memory_type[8] = {
    "data",
    "data, writable",
    "data, expands down",
    "data, writable, expands down",
    "code",
    "code, readable",
    "code, conforming",
    "code, readable, conforming",
};

static bool dwords(const struct machine *m, uint32_t base, uint32_t limit,
                   uint32_t offset, uint32_t v[2])
{
    return offset + 7 <= limit &&
           cpu_peek(&m->cpu, gva_of(base + offset), v, 2 * sizeof *v);
}

bool inspect_descriptor(const struct machine *m, uint16_t selector,
                        struct inspect_descriptor *out)
{
    const struct cpu_state *s = &m->cpu.s;
    bool local = selector & SELECTOR_LDT;
    uint32_t base = local ? s->ldtr.base : s->gdtr.base;
    uint32_t limit = local ? s->ldtr.limit : s->gdtr.limit;
    uint32_t offset = selector & ~7u, v[2], type;

    if (!(selector & ~3u) || (local && !(s->ldtr.selector & ~3u)) ||
        !dwords(m, base, limit, offset, v))
        return false;
    type = v[1] >> 8 & 15;
    *out = (struct inspect_descriptor){
        .at = gva_of(base + offset),
        .base = v[0] >> 16 | (v[1] & 0xff) << 16 | (v[1] & 0xff000000),
        .limit = (v[0] & 0xffff) | (v[1] & 0xf0000),
        .dpl = v[1] >> 13 & 3,
        .present = v[1] & HIGH_P,
        .system = !(v[1] & HIGH_CODE_DATA),
        .large = v[1] & HIGH_LARGE,
        .type =
            v[1] & HIGH_CODE_DATA ? memory_type[type >> 1] : system_type[type],
    };
    if (v[1] & HIGH_G)
        out->limit = out->limit << 12 | 0xfff;
    return true;
}

static bool real_vector(const struct machine *m, uint8_t vector,
                        struct inspect_gate *out)
{
    uint32_t v, offset = vector * (uint32_t)REAL_VECTOR_BYTES;

    if (offset + 3 > m->cpu.s.idtr.limit ||
        !cpu_peek(&m->cpu, gva_of(m->cpu.s.idtr.base + offset), &v, sizeof v))
        return false;
    *out = (struct inspect_gate){.selector = (uint16_t)(v >> 16),
                                 .offset = v & 0xffff,
                                 .present = true,
                                 .type = "real-mode vector"};
    return true;
}

bool inspect_gate(const struct machine *m, uint8_t vector,
                  struct inspect_gate *out)
{
    const struct cpu_table *idt = &m->cpu.s.idtr;
    uint32_t v[2];

    if (!(m->cpu.s.cr0 & CR0_PE))
        return real_vector(m, vector, out);
    if (!dwords(m, idt->base, idt->limit, vector * 8u, v))
        return false;
    *out = (struct inspect_gate){
        .selector = (uint16_t)(v[0] >> 16),
        .offset = (v[0] & 0xffff) | (v[1] & 0xffff0000),
        .dpl = v[1] >> 13 & 3,
        .present = v[1] & HIGH_P,
        .type = v[1] & HIGH_CODE_DATA ? "no gate" : system_type[v[1] >> 8 & 15],
    };
    return true;
}
