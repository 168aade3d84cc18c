/* src/cpu/op_sse_state.c -- FXSAVE, FXRSTOR, MXCSR, fences. Source: SDM vol. 1,
 * 10.5, 10.2.3; vol. 2 under each instruction. */
#include "cpu/sse.h"

enum {
    FX_CW = 0,
    FX_SW = 2,
    FX_TAG = 4,
    FX_FOP = 6,
    FX_FIP = 8,
    FX_FCS = 12,
    FX_FDP = 16,
    FX_FDS = 20,
    FX_MXCSR = 24,
    FX_MASK = 28,
    FX_ST = 32,
    FX_XMM = 160,
    FX_USED = FX_XMM + 128,
};

#define PUT(image, at, v) memcpy((image) + (at), &(v), sizeof(v))
#define GET(image, at, v) memcpy(&(v), (image) + (at), sizeof(v))

void fxsave_image(const struct cpu_fpu *f, uint8_t image[FXSAVE_BYTES])
{
    static const uint32_t mask = MXCSR_LEGAL;

    memset(image, 0, FXSAVE_BYTES);
    PUT(image, FX_CW, f->cw);
    PUT(image, FX_SW, f->sw);
    PUT(image, FX_TAG, f->full);
    PUT(image, FX_FOP, f->fop);
    PUT(image, FX_FIP, f->fip);
    PUT(image, FX_FCS, f->fcs);
    PUT(image, FX_FDP, f->fdp);
    PUT(image, FX_FDS, f->fds);
    for (unsigned n = 0; n < 8; n++)
        fpu_pack80(fpu_get(f, n), image + FX_ST + 16 * n);
    PUT(image, FX_MXCSR, f->mxcsr);
    PUT(image, FX_MASK, mask);
    memcpy(image + FX_XMM, f->xmm, sizeof f->xmm);
}

static void load_x87(struct cpu_fpu *f, const uint8_t *image)
{
    GET(image, FX_CW, f->cw);
    f->cw = (f->cw & CW_LEGAL) | CW_ONE;
    GET(image, FX_SW, f->sw);
    GET(image, FX_TAG, f->full);
    GET(image, FX_FOP, f->fop);
    f->fop &= 0x7ff;
    GET(image, FX_FIP, f->fip);
    GET(image, FX_FCS, f->fcs);
    GET(image, FX_FDP, f->fdp);
    GET(image, FX_FDS, f->fds);
    for (unsigned n = 0; n < 8; n++)
        f->r[fpu_physical(f, n)] = fpu_unpack80(image + FX_ST + 16 * n);
    fpu_summary(f);
}

bool fxsave_load(struct cpu_fpu *f, const uint8_t image[FXSAVE_BYTES])
{
    uint32_t mxcsr;

    GET(image, FX_MXCSR, mxcsr);
    if (mxcsr & ~(uint32_t)MXCSR_LEGAL)
        return false;
    load_x87(f, image);
    f->mxcsr = mxcsr;
    memcpy(f->xmm, image + FX_XMM, sizeof f->xmm);
    return true;
}

/* XMM registers and MXCSR are part of it with CR4.OSFXSR alone; the bytes
 * behind them are not written. */
static bool with_sse(const struct cpu *cpu)
{
    return (cpu->s.cr4 & CR4_OSFXSR) && model_has(&cpu->model, FEATURE_SSE);
}

void op_fxsave(struct cpu *cpu, const struct insn *i)
{
    uint32_t at = aligned_ea(cpu, i);
    uint8_t image[FXSAVE_BYTES];
    bool sse = with_sse(cpu);

    fxsave_image(&cpu->s.fpu, image);
    if (!sse)
        memset(image + FX_MXCSR, 0, 8);
    seg_linear(cpu, i->seg, at, FXSAVE_BYTES, true);
    seg_write_block(cpu, i->seg, at, image, sse ? FX_USED : FX_XMM);
}

void op_fxrstor(struct cpu *cpu, const struct insn *i)
{
    uint8_t image[FXSAVE_BYTES];

    seg_read_block(cpu, i->seg, aligned_ea(cpu, i), image, sizeof image);
    if (!with_sse(cpu))
        load_x87(&cpu->s.fpu, image);
    else if (!fxsave_load(&cpu->s.fpu, image))
        cpu_fault(cpu, EXC_GP, 0);
}

void op_ldmxcsr(struct cpu *cpu, const struct insn *i)
{
    uint32_t v = seg_read(cpu, i->seg, ea(cpu, i), 4);

    if (v & ~(uint32_t)MXCSR_LEGAL)
        cpu_fault(cpu, EXC_GP, 0);
    cpu->s.fpu.mxcsr = v;
}

void op_stmxcsr(struct cpu *cpu, const struct insn *i)
{
    seg_write(cpu, i->seg, ea(cpu, i), 4, cpu->s.fpu.mxcsr);
}

/* LFENCE, MFENCE: memory here is in order. */
void op_fence(struct cpu *cpu, const struct insn *i)
{
    (void)cpu;
    (void)i;
}

/* SFENCE of registers; of memory CLFLUSH, which may fault as a read does. */
void op_clflush(struct cpu *cpu, const struct insn *i)
{
    if (i->mod == 3)
        return;
    if (!model_has(&cpu->model, FEATURE_CLFSH))
        cpu_fault_plain(cpu, EXC_UD);
    seg_read(cpu, i->seg, ea(cpu, i), 1);
}
