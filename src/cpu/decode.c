/* src/cpu/decode.c -- bytes at CS:EIP to a struct insn.
 * Source: SDM vol. 2, chapter 2 and appendix A. */
#include <string.h>

#include "cpu/fpu.h"

enum { MOST_BYTES = 15 };

/* Of an instruction that is decoded ahead @count bytes are at hand in host
 * memory, and no more are to be had. */
struct fetch {
    struct cpu *cpu;
    struct insn *i;
    const uint8_t *bytes;
    unsigned count;
};

static uint8_t next8(struct fetch *f)
{
    struct cpu *cpu = f->cpu;
    const struct cpu_segment *cs = &cpu->s.seg[CS];
    uint32_t at = cpu->s.eip + f->i->length;

    if (f->i->length < f->count)
        return f->bytes[f->i->length++];
    if (f->bytes || f->i->length == MOST_BYTES || at > cs->limit)
        cpu_fault(cpu, EXC_GP, 0);
    f->i->length++;
    return mem_fetch8(cpu, cs->base + at);
}

static uint32_t next_n(struct fetch *f, unsigned bytes)
{
    uint32_t v = 0;

    for (unsigned k = 0; k < bytes; k++)
        v |= (uint32_t)next8(f) << 8 * k;
    return v;
}

static uint8_t prefixes(struct fetch *f)
{
    struct insn *i = f->i;
    bool big = f->cpu->s.seg[CS].access & SEG_DB;

    i->bits = i->abits = big ? 32 : 16;
    for (;;) {
        uint8_t byte = next8(f);

        switch (byte) {
        case 0x26:
        case 0x2e:
        case 0x36:
        case 0x3e:
            i->seg_override = (uint8_t)(1 + (byte >> 3 & 3));
            break;
        case 0x64:
        case 0x65:
            i->seg_override = (uint8_t)(1 + FS + (byte & 1));
            break;
        case 0x66:
            i->bits = big ? 16 : 32;
            break;
        case 0x67:
            i->abits = big ? 16 : 32;
            break;
        case 0xf0:
            i->lock = 1;
            break;
        case 0xf2:
        case 0xf3:
            i->rep = byte;
            break;
        default:
            return byte;
        }
    }
}

/* SDM vol. 2, table 2-1: 16-bit addressing forms. */
static void modrm16(struct fetch *f)
{
    static const uint8_t base[8] = {EBX + 1, EBX + 1, EBP + 1, EBP + 1,
                                    0,       0,       EBP + 1, EBX + 1};
    static const uint8_t index[8] = {ESI + 1, EDI + 1, ESI + 1, EDI + 1,
                                     ESI + 1, EDI + 1, 0,       0};
    struct insn *i = f->i;

    i->base = base[i->rm];
    i->index = index[i->rm];
    if (i->mod == 0 && i->rm == 6) {
        i->base = 0;
        i->disp = next_n(f, 2);
    } else if (i->mod == 1) {
        i->disp = (uint32_t)(int8_t)next8(f);
    } else if (i->mod == 2) {
        i->disp = next_n(f, 2);
    }
}

/* Tables 2-2 and 2-3. */
static void modrm32(struct fetch *f)
{
    struct insn *i = f->i;
    bool none = i->mod == 0 && i->rm == EBP;

    i->base = (uint8_t)(i->rm + 1);
    if (i->rm == ESP) {
        uint8_t sib = next8(f);

        i->scale = sib >> 6;
        i->index = (sib >> 3 & 7) == ESP ? 0 : (uint8_t)((sib >> 3 & 7) + 1);
        i->base = (uint8_t)((sib & 7) + 1);
        none = i->mod == 0 && (sib & 7) == EBP;
    }
    if (none)
        i->base = 0;
    if (i->mod == 1)
        i->disp = (uint32_t)(int8_t)next8(f);
    else if (i->mod == 2 || none)
        i->disp = next_n(f, 4);
}

static void modrm(struct fetch *f)
{
    struct insn *i = f->i;
    uint8_t byte = next8(f);

    i->mod = byte >> 6;
    i->reg = byte >> 3 & 7;
    i->rm = byte & 7;
    if (i->op->dst == O_Rd || i->op->src == O_Rd)
        i->mod = 3; /* whatever it says: MOV of CRn and DRn, SDM vol. 2 */
    if (i->mod == 3)
        return;
    if (i->abits == 16)
        modrm16(f);
    else
        modrm32(f);
    i->seg = i->base == EBP + 1 || i->base == ESP + 1 ? SS : DS;
}

static bool takes_modrm(unsigned code)
{
    return (code >= O_Eb && code <= O_Gv) || (code >= O_M && code <= O_Sw);
}

static void immediate(struct fetch *f, unsigned code)
{
    struct insn *i = f->i;

    switch (code) {
    case O_Ib:
        i->imm = next8(f);
        break;
    case O_sIb:
    case O_Jb:
        i->imm = (uint32_t)(int8_t)next8(f) & mask_of(i->bits);
        break;
    case O_Iw:
        i->imm = next_n(f, 2);
        break;
    case O_I2b:
        i->imm2 = next8(f);
        break;
    case O_Iv:
    case O_Jv:
        i->imm = next_n(f, i->bits / 8);
        break;
    case O_Ap:
        i->imm = next_n(f, i->bits / 8);
        i->imm2 = next_n(f, 2);
        break;
    case O_Ob:
    case O_Ov:
        i->disp = next_n(f, i->abits / 8);
        break;
    default:
        break;
    }
}

static bool memory_destination(const struct insn *i)
{
    return i->mod != 3 &&
           ((i->op->dst >= O_Eb && i->op->dst <= O_Ev) || i->op->dst == O_M);
}

/* A group's row gives name, handler, rules and an extra immediate; operands
 * are the opcode's. */
static void choose_group(struct insn *i)
{
    const struct opcode *row = &opcode_group[i->op->group][i->reg];
    struct opcode *merged = &i->merged;

    *merged = *i->op;
    merged->name = row->name;
    merged->run = row->run;
    merged->flags |= row->flags;
    if (row->ext)
        merged->ext = row->ext;
    if (row->ext == O_Iv && merged->dst == O_Eb)
        merged->ext = O_Ib;
    i->op = merged;
}

/* An opcode that the 0F map leaves to MMX and SSE: F2 and F3 go before 66. */
static void choose_simd(const struct fetch *f)
{
    struct insn *i = f->i;
    bool big = f->cpu->s.seg[CS].access & SEG_DB;

    i->simd = i->rep == 0xf3               ? SIMD_F3
              : i->rep                     ? SIMD_F2
              : i->bits != (big ? 32 : 16) ? SIMD_66
                                           : SIMD_NP;
    i->op = &opcode_sse[i->simd][i->opcode];
}

/* An escape opcode's row is chosen by the whole of ModRM. */
static void choose_x87(struct insn *i)
{
    i->op = i->mod == 3 ? &opcode_x87_reg[i->opcode & 7][i->reg << 3 | i->rm]
                        : &opcode_x87_mem[i->opcode & 7][i->reg];
}

/* What hangs on the bytes and the model alone. */
static void check_form(struct cpu *cpu, const struct insn *i)
{
    uint32_t flags = i->op->flags, needs = flags >> F_NEEDS_SHIFT;

    if (needs && !model_has(&cpu->model, (enum cpu_feature)(needs - 1)))
        cpu_fault_plain(cpu, EXC_UD);
    if (!i->op->run || ((flags & F_MEM) && i->mod == 3) ||
        ((flags & F_REG) && i->mod != 3))
        cpu_fault_plain(cpu, EXC_UD);
    if (i->lock && !((flags & F_LOCK) && memory_destination(i)))
        cpu_fault_plain(cpu, EXC_UD);
}

/* What hangs on the mode too: asked at every execution. */
void check_mode(struct cpu *cpu, const struct insn *i)
{
    uint32_t flags = i->op->flags;

    if ((flags & F_PE) && (real_mode(cpu) || v86_mode(cpu)))
        cpu_fault_plain(cpu, EXC_UD);
    if ((flags & F_CPL0) && cpu->s.cpl)
        cpu_fault(cpu, EXC_GP, 0);
    if (flags & F_UNIT)
        fpu_check(cpu, flags);
}

static void decode(struct cpu *cpu, struct insn *i, const uint8_t *bytes,
                   unsigned count)
{
    struct fetch f = {cpu, i, bytes, count};
    const struct opcode *map = opcode_one;

    *i = (struct insn){.seg = DS, .mod = 3};
    i->opcode = prefixes(&f);
    if (i->opcode == 0x0f) {
        i->opcode = next8(&f);
        map = opcode_0f;
    }
    i->op = &map[i->opcode];
    if (map == opcode_0f && !i->op->run && !(i->op->flags & F_GROUP))
        choose_simd(&f);
    if (!i->op->run && !(i->op->flags & F_GROUP))
        cpu_fault_plain(cpu, EXC_UD);
    if ((i->op->flags & F_MODRM) || takes_modrm(i->op->dst) ||
        takes_modrm(i->op->src))
        modrm(&f);
    if ((i->op->flags & F_GROUP) && i->op->group == GROUP_X87)
        choose_x87(i);
    else if (i->op->flags & F_GROUP)
        choose_group(i);
    immediate(&f, i->op->dst);
    immediate(&f, i->op->src);
    immediate(&f, i->op->ext);
    if (i->seg_override)
        i->seg = (uint8_t)(i->seg_override - 1);
    check_form(cpu, i);
    i->run = i->op->run;
    i->checked = i->op->flags & (F_PE | F_CPL0 | F_UNIT);
}

const struct insn *fetch_insn(struct cpu *cpu)
{
    decode(cpu, &cpu->p->odd, NULL, 0);
    return &cpu->p->odd;
}

static bool ends(const struct insn *i)
{
    return i->op->flags & (F_END | F_CPL0);
}

/* A fault while decoding comes here instead of to the run loop. */
unsigned decode_run(struct cpu *cpu, struct insn *insn, unsigned most,
                    const uint8_t *bytes, unsigned room)
{
    sigjmp_buf run_loop;
    volatile unsigned count = 0, at = 0;

    memcpy(run_loop, cpu->p->fault, sizeof run_loop);
    if (!sigsetjmp(cpu->p->fault, 0)) {
        while (count < most && at < room) {
            struct insn *i = &insn[count];

            decode(cpu, i, bytes + at,
                   room - at < MOST_BYTES ? room - at : MOST_BYTES);
            at += i->length;
            count++;
            if (ends(i))
                break;
        }
    }
    memcpy(cpu->p->fault, run_loop, sizeof run_loop);
    return count;
}
