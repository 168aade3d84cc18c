/* src/cpu/op_x87_control.c -- control and status word, the environment, the
 * whole state. Source: SDM vol. 1, 8.1.10, figures 8-9 to 8-12; vol. 2. */
#include "cpu/fpu.h"

void op_fldcw(struct cpu *cpu, const struct insn *i)
{
    uint32_t v = seg_read(cpu, i->seg, ea(cpu, i), 2);

    cpu->s.fpu.cw = (uint16_t)((v & CW_LEGAL) | CW_ONE);
    fpu_summary(&cpu->s.fpu);
}

void op_fnstcw(struct cpu *cpu, const struct insn *i)
{
    seg_write(cpu, i->seg, ea(cpu, i), 2, cpu->s.fpu.cw);
}

void op_fnstsw(struct cpu *cpu, const struct insn *i)
{
    seg_write(cpu, i->seg, ea(cpu, i), 2, cpu->s.fpu.sw);
}

void op_fnstsw_ax(struct cpu *cpu, const struct insn *i)
{
    (void)i;
    reg_set(cpu, EAX, 16, cpu->s.fpu.sw);
}

void op_fninit(struct cpu *cpu, const struct insn *i)
{
    (void)i;
    fpu_init(&cpu->s.fpu);
}

void op_fnclex(struct cpu *cpu, const struct insn *i)
{
    (void)i;
    cpu->s.fpu.sw &= (uint16_t) ~(SW_B | SW_ES | X80_SF | X80_ALL);
}

/* FNENI, FNDISI, FNSETPM: of the 8087 and 287. */
void op_fnold(struct cpu *cpu, const struct insn *i)
{
    (void)cpu;
    (void)i;
}

/* ---- the environment ------------------------------------------------------
 */

enum { ENV_WORDS = 7 };

static bool real_format(const struct cpu *cpu)
{
    return real_mode(cpu) || v86_mode(cpu);
}

/* Control, status, tag, then the pointers: as dwords of the 32-bit forms. */
static void env_make(const struct cpu *cpu, unsigned bits,
                     uint32_t w[ENV_WORDS])
{
    const struct cpu_fpu *f = &cpu->s.fpu;
    uint32_t high = bits == 32 ? 0xffff0000 : 0;

    w[0] = high | f->cw;
    w[1] = high | f->sw;
    w[2] = high | fpu_tags(f);
    if (real_format(cpu)) {
        uint32_t ip = ((uint32_t)f->fcs << 4) + f->fip;
        uint32_t dp = ((uint32_t)f->fds << 4) + f->fdp;

        w[3] = high | (ip & 0xffff);
        w[4] = (ip >> 16 & (bits == 32 ? 0xffff : 15)) << 12 | f->fop;
        w[5] = high | (dp & 0xffff);
        w[6] = (dp >> 16 & (bits == 32 ? 0xffff : 15)) << 12;
    } else {
        w[3] = f->fip;
        w[4] = f->fcs | (bits == 32 ? (uint32_t)f->fop << 16 : 0);
        w[5] = f->fdp;
        w[6] = high | f->fds;
    }
}

static void env_take(struct cpu *cpu, unsigned bits,
                     const uint32_t w[ENV_WORDS])
{
    struct cpu_fpu *f = &cpu->s.fpu;

    f->cw = (uint16_t)((w[0] & CW_LEGAL) | CW_ONE);
    f->sw = (uint16_t)w[1];
    f->full = 0;
    for (unsigned n = 0; n < 8; n++)
        if ((w[2] >> 2 * n & 3) != 3)
            f->full |= (uint8_t)(1u << n);
    if (real_format(cpu)) {
        f->fip = (w[3] & 0xffff) | (w[4] >> 12 & 0xffff) << 16;
        f->fdp = (w[5] & 0xffff) | (w[6] >> 12 & 0xffff) << 16;
        f->fop = w[4] & 0x7ff;
        f->fcs = f->fds = 0;
    } else {
        f->fip = w[3];
        f->fcs = (uint16_t)w[4];
        f->fdp = w[5];
        f->fds = (uint16_t)w[6];
        if (bits == 32)
            f->fop = w[4] >> 16 & 0x7ff;
    }
    fpu_summary(f);
}

static unsigned env_bytes(const struct insn *i)
{
    return i->bits == 32 ? 28 : 14;
}

static void env_pack(const struct cpu *cpu, const struct insn *i, uint8_t *to)
{
    uint32_t w[ENV_WORDS];
    unsigned bytes = i->bits / 8;

    env_make(cpu, i->bits, w);
    for (unsigned n = 0; n < ENV_WORDS; n++)
        for (unsigned k = 0; k < bytes; k++)
            *to++ = (uint8_t)(w[n] >> 8 * k);
}

static void env_unpack(struct cpu *cpu, const struct insn *i,
                       const uint8_t *from)
{
    uint32_t w[ENV_WORDS] = {0};
    unsigned bytes = i->bits / 8;

    for (unsigned n = 0; n < ENV_WORDS; n++)
        for (unsigned k = 0; k < bytes; k++)
            w[n] |= (uint32_t)*from++ << 8 * k;
    env_take(cpu, i->bits, w);
}

/* All exceptions are masked behind it. */
void op_fnstenv(struct cpu *cpu, const struct insn *i)
{
    uint8_t image[28];

    env_pack(cpu, i, image);
    seg_write_block(cpu, i->seg, ea(cpu, i), image, env_bytes(i));
    cpu->s.fpu.cw |= X80_ALL;
    fpu_summary(&cpu->s.fpu);
}

void op_fldenv(struct cpu *cpu, const struct insn *i)
{
    uint8_t image[28];

    seg_read_block(cpu, i->seg, ea(cpu, i), image, env_bytes(i));
    env_unpack(cpu, i, image);
}

void op_fnsave(struct cpu *cpu, const struct insn *i)
{
    struct cpu_fpu *f = &cpu->s.fpu;
    unsigned env = env_bytes(i);
    uint8_t image[28 + 80];

    env_pack(cpu, i, image);
    for (unsigned n = 0; n < 8; n++)
        fpu_pack80(fpu_get(f, n), image + env + 10 * n);
    seg_write_block(cpu, i->seg, ea(cpu, i), image, env + 80);
    fpu_init(f);
}

void op_frstor(struct cpu *cpu, const struct insn *i)
{
    struct cpu_fpu *f = &cpu->s.fpu;
    unsigned env = env_bytes(i);
    uint8_t image[28 + 80];

    seg_read_block(cpu, i->seg, ea(cpu, i), image, env + 80);
    env_unpack(cpu, i, image);
    for (unsigned n = 0; n < 8; n++)
        f->r[fpu_physical(f, n)] = fpu_unpack80(image + env + 10 * n);
}
