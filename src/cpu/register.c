/* src/cpu/register.c -- the CPU's registers by name, for who looks at them and
 * sets them from outside. Setting one follows its MOV: reserved bits, flushes,
 * descriptor caches; what would fault is refused. Source: SDM vol. 1, 3.4, 8.1,
 * 10.2; vol. 3A, 2.5. */
#include <string.h>

#include "cpu/ops.h"

enum register_kind {
    GENERAL,
    INSTRUCTION,
    FLAGS,
    SEGMENT,
    CONTROL,
    DEBUG,
    TABLE_BASE,
    TABLE_LIMIT,
    X87_STACK,
    MMX,
    X87_CONTROL, /* one of enum x87_word */
    XMM,
    SSE_CONTROL,
};
enum x87_word { WORD_CW, WORD_SW, WORD_TW, WORD_OP, WORD_CS, WORD_DS };
enum { X80_BYTES = 10, XMM_BYTES = 16, GDT = 0, IDT = 1 };

/** A register: what kind, which of them, how wide. */
struct register_row {
    char name[12];
    uint8_t kind, index, bytes;
};

#define EIGHT(prefix, kind, bytes)                                             \
    {prefix "0", kind, 0, bytes}, {prefix "1", kind, 1, bytes},                \
        {prefix "2", kind, 2, bytes}, {prefix "3", kind, 3, bytes},            \
        {prefix "4", kind, 4, bytes}, {prefix "5", kind, 5, bytes},            \
        {prefix "6", kind, 6, bytes},                                          \
    {                                                                          \
        prefix "7", kind, 7, bytes                                             \
    }

/* Their order is that of the numbers in the input log: rows are only added. */
static const struct register_row rows[] = {
    {"eax", GENERAL, EAX, 4},
    {"ecx", GENERAL, ECX, 4},
    {"edx", GENERAL, EDX, 4},
    {"ebx", GENERAL, EBX, 4},
    {"esp", GENERAL, ESP, 4},
    {"ebp", GENERAL, EBP, 4},
    {"esi", GENERAL, ESI, 4},
    {"edi", GENERAL, EDI, 4},
    {"eip", INSTRUCTION, 0, 4},
    {"eflags", FLAGS, 0, 4},
    {"es", SEGMENT, ES, 2},
    {"cs", SEGMENT, CS, 2},
    {"ss", SEGMENT, SS, 2},
    {"ds", SEGMENT, DS, 2},
    {"fs", SEGMENT, FS, 2},
    {"gs", SEGMENT, GS, 2},
    {"cr0", CONTROL, 0, 4},
    {"cr2", CONTROL, 2, 4},
    {"cr3", CONTROL, 3, 4},
    {"cr4", CONTROL, 4, 4},
    {"dr0", DEBUG, 0, 4},
    {"dr1", DEBUG, 1, 4},
    {"dr2", DEBUG, 2, 4},
    {"dr3", DEBUG, 3, 4},
    {"dr6", DEBUG, 6, 4},
    {"dr7", DEBUG, 7, 4},
    {"gdt.base", TABLE_BASE, GDT, 4},
    {"gdt.limit", TABLE_LIMIT, GDT, 2},
    {"idt.base", TABLE_BASE, IDT, 4},
    {"idt.limit", TABLE_LIMIT, IDT, 2},
    EIGHT("st", X87_STACK, X80_BYTES),
    EIGHT("mm", MMX, 8),
    {"fcw", X87_CONTROL, WORD_CW, 2},
    {"fsw", X87_CONTROL, WORD_SW, 2},
    {"ftw", X87_CONTROL, WORD_TW, 1}, /* a bit per register, as FXSAVE's */
    {"fop", X87_CONTROL, WORD_OP, 2},
    {"fcs", X87_CONTROL, WORD_CS, 2},
    {"fds", X87_CONTROL, WORD_DS, 2},
    EIGHT("xmm", XMM, XMM_BYTES),
    {"mxcsr", SSE_CONTROL, 0, 4},
};

bool cpu_register_at(unsigned number, const char **name, uint32_t *bytes)
{
    if (number >= sizeof rows / sizeof *rows)
        return false;
    *name = rows[number].name;
    *bytes = rows[number].bytes;
    return true;
}

bool cpu_register_find(const char *name, unsigned *number)
{
    for (*number = 0; *number < sizeof rows / sizeof *rows; ++*number)
        if (strcmp(rows[*number].name, name) == 0)
            return true;
    return false;
}

/* ---- looking -------------------------------------------------------------*/

/** ST(i) is physical register TOP + i. */
static struct x80 *stack_register(struct cpu_fpu *f, unsigned i)
{
    return &f->r[((f->sw >> 11) + i) & 7];
}

static uint16_t x87_word(const struct cpu_fpu *f, unsigned which)
{
    const uint16_t word[] = {
        [WORD_CW] = f->cw,  [WORD_SW] = f->sw,  [WORD_TW] = f->full,
        [WORD_OP] = f->fop, [WORD_CS] = f->fcs, [WORD_DS] = f->fds};

    return word[which];
}

static uint32_t small_value(const struct cpu_state *s,
                            const struct register_row *row)
{
    const struct cpu_table *table = row->index == GDT ? &s->gdtr : &s->idtr;

    switch (row->kind) {
    case GENERAL:
        return s->reg[row->index];
    case INSTRUCTION:
        return s->eip;
    case FLAGS:
        return s->eflags;
    case SEGMENT:
        return s->seg[row->index].selector;
    case CONTROL:
        return row->index == 0   ? s->cr0
               : row->index == 2 ? s->cr2
               : row->index == 3 ? s->cr3
                                 : s->cr4;
    case DEBUG:
        return s->dr[row->index];
    case TABLE_BASE:
        return table->base;
    case TABLE_LIMIT:
        return table->limit;
    case X87_CONTROL:
        return x87_word(&s->fpu, row->index);
    default:
        return s->fpu.mxcsr;
    }
}

void cpu_register_get(const struct cpu *cpu, unsigned number, void *to)
{
    const struct register_row *row = &rows[number];
    struct cpu_fpu f;
    const struct x80 *st;
    uint32_t v;

    if (row->kind == XMM) {
        memcpy(to, cpu->s.fpu.xmm[row->index], XMM_BYTES);
    } else if (row->kind == MMX) {
        memcpy(to, &cpu->s.fpu.r[row->index].m, row->bytes);
    } else if (row->kind == X87_STACK) {
        f = cpu->s.fpu;
        st = stack_register(&f, row->index);
        memcpy(to, &st->m, sizeof st->m);
        memcpy((uint8_t *)to + sizeof st->m, &st->se, sizeof st->se);
    } else {
        v = small_value(&cpu->s, row);
        memcpy(to, &v, row->bytes);
    }
}

/* ---- setting -------------------------------------------------------------*/

static void set_flags(struct cpu *cpu, uint32_t v)
{
    /* SDM vol. 1, 3.4.3: bit 1 is 1, 3, 5, 15 and 22-31 are 0 */
    const uint32_t settable = 0x003f7fd5;

    cpu->s.eflags = (v & settable) | 2;
    alignment_changed(cpu);
}

/** CS: as a jump at the same privilege level would load it. */
static bool set_segment(struct cpu *cpu, unsigned seg, uint16_t selector)
{
    struct cpu_segment before = cpu->s.seg[seg];
    uint8_t cpl = cpu->s.cpl;

    if (seg == CS && (!(selector & 0xfffc) || (selector & 3) != cpl))
        return false;
    if (!cpu_set_segment(cpu, (enum cpu_seg)seg, selector))
        return false;
    if (seg != CS || (cpu->s.seg[CS].access & (SEG_S | SEG_CODE | SEG_P)) ==
                         (SEG_S | SEG_CODE | SEG_P))
        return true;
    cpu->s.seg[seg] = before;
    cpu->s.cpl = cpl;
    return false;
}

static bool set_control(struct cpu *cpu, unsigned index, uint32_t v)
{
    switch (index) {
    case 0:
        return cpu_set_cr0(cpu, v);
    case 2:
        cpu->s.cr2 = v;
        return true;
    case 3:
        return cpu_set_cr3(cpu, v);
    default:
        return cpu_set_cr4(cpu, v);
    }
}

static void set_x87(struct cpu_fpu *f, unsigned which, uint16_t v)
{
    uint16_t *const word[] = {[WORD_CW] = &f->cw,
                              [WORD_SW] = &f->sw,
                              [WORD_OP] = &f->fop,
                              [WORD_CS] = &f->fcs,
                              [WORD_DS] = &f->fds};

    if (which == WORD_TW)
        f->full = (uint8_t)v;
    else
        *word[which] = v;
}

/** A value written there is not empty any more. */
static void set_stack(struct cpu_fpu *f, unsigned index, const uint8_t *from)
{
    struct x80 *st = stack_register(f, index);

    memcpy(&st->m, from, sizeof st->m);
    memcpy(&st->se, from + sizeof st->m, sizeof st->se);
    f->full |= (uint8_t)(1u << (st - f->r));
}

static bool set_mxcsr(struct cpu_fpu *f, uint32_t v)
{
    if (v >> 16)
        return false;
    f->mxcsr = v;
    return true;
}

static bool set_small(struct cpu *cpu, const struct register_row *row,
                      uint32_t v)
{
    struct cpu_table *table = row->index == GDT ? &cpu->s.gdtr : &cpu->s.idtr;

    switch (row->kind) {
    case GENERAL:
        cpu->s.reg[row->index] = v;
        return true;
    case INSTRUCTION:
        cpu->s.eip = v;
        return true;
    case FLAGS:
        set_flags(cpu, v);
        return true;
    case SEGMENT:
        return set_segment(cpu, row->index, (uint16_t)v);
    case CONTROL:
        return set_control(cpu, row->index, v);
    case DEBUG:
        debug_set(cpu, row->index, v);
        return true;
    case TABLE_BASE:
        table->base = v;
        return true;
    case TABLE_LIMIT:
        table->limit = (uint16_t)v;
        return true;
    case X87_CONTROL:
        set_x87(&cpu->s.fpu, row->index, (uint16_t)v);
        return true;
    default:
        return set_mxcsr(&cpu->s.fpu, v);
    }
}

bool cpu_register_set(struct cpu *cpu, unsigned number, const void *from)
{
    const struct register_row *row = &rows[number];
    uint32_t v = 0;

    switch (row->kind) {
    case XMM:
        memcpy(cpu->s.fpu.xmm[row->index], from, XMM_BYTES);
        return true;
    case MMX:
        memcpy(&cpu->s.fpu.r[row->index].m, from, row->bytes);
        return true;
    case X87_STACK:
        set_stack(&cpu->s.fpu, row->index, from);
        return true;
    default:
        memcpy(&v, from, row->bytes);
        return set_small(cpu, row, v);
    }
}
