/* tests/cpu/silicon_bed.c -- see silicon_bed.h. All that the SDM defines must
 * be equal: registers, memory, EIP, vector, flags, and the FPU's state. */
#include "silicon_bed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fpu_case.h"

enum {
    CASES = 100, /* per row, in a quick run */
    STATUS = FLAG_CF | FLAG_PF | FLAG_AF | FLAG_ZF | FLAG_SF | FLAG_OF,
    SEEN = STATUS | FLAG_DF | FLAG_NT | FLAG_ID | FLAG_AC,
};

static const uint32_t windows[] = {SILICON_CODE, SILICON_DATA, SILICON_STACK};

static uint8_t *native(uint32_t at)
{
    return (uint8_t *)(uintptr_t)at;
}

struct bed *bed_create(void)
{
    struct bed *bed = calloc(1, sizeof *bed);
    uint64_t seed = 1;

    silicon_open();
    bed->b = bench_create(SILICON_END);
    bed->forms = forms_all(bed->form);
    memset(native(SILICON_CODE), 0xcc, SILICON_BYTES);
    for (uint32_t at = 0; at < SILICON_BYTES; at++) {
        native(SILICON_DATA)[at] = (uint8_t)form_random(&seed);
        native(SILICON_STACK)[at] = (uint8_t)form_random(&seed);
    }
    for (unsigned n = 0; n < 3; n++)
        ram_write(&bed->b->ram, gpa_of(windows[n]), native(windows[n]),
                  SILICON_BYTES);
    return bed;
}

void bed_destroy(struct bed *bed)
{
    bench_destroy(bed->b);
    free(bed);
}

static void both_write(struct bench *b, uint32_t at, const void *from,
                       unsigned bytes)
{
    memcpy(native(at), from, bytes);
    ram_write(&b->ram, gpa_of(at), from, bytes);
}

/* Ours, until INT3 or a fault brings it to ring 0. */
static struct silicon run_ours(struct bench *b, const struct silicon *in,
                               bool fpu)
{
    struct silicon out = {0};
    struct outcome o;

    bench_ring3(b);
    memcpy(b->cpu.s.reg, in->reg, sizeof in->reg);
    b->cpu.s.eflags = in->eflags;
    b->cpu.s.eip = in->eip;
    b->cpu.s.halted = 0;
    if (fpu)
        fpu_load_image(&b->cpu, in->fx);
    if (in->reg[EAX] & 1) { /* in a block; else one by one */
        b->clock.until = b->clock.now + 64;
        cpu_run(&b->cpu);
    }
    o = bench_run(b, 64);
    memcpy(out.reg, b->cpu.s.reg, sizeof out.reg);
    out.reg[ESP] = o.esp;
    out.eflags = o.eflags;
    out.eip = o.eip;
    out.vector = (uint32_t)o.vector;
    fpu_save_image(&b->cpu, out.fx);
    return out;
}

static void explain(const struct form *f, const struct form_case *c,
                    const struct silicon *theirs, const struct silicon *ours,
                    uint32_t flags)
{
    char text[48];

    form_text(f, text, sizeof text);
    print_error("%s:", text);
    for (unsigned n = 0; n < c->bytes; n++)
        print_error(" %02x", c->code[n]);
    print_error("\n  vector %u, ours %u; eip %x, ours %x; flags %x, ours %x of "
                "%x, in %x\n",
                theirs->vector, ours->vector, theirs->eip, ours->eip,
                theirs->eflags & flags, ours->eflags & flags, flags,
                c->in.eflags);
    for (unsigned n = 0; n < 8; n++)
        print_error("  r%u in %08x out %08x ours %08x\n", n, c->in.reg[n],
                    theirs->reg[n], ours->reg[n]);
}

static bool memory_equal(struct bench *b)
{
    for (unsigned n = 0; n < 3; n++)
        if (memcmp(native(windows[n]), b->ram.base + windows[n], SILICON_BYTES))
            return false;
    return true;
}

/* After a difference, so that the next case begins with equal memory. */
static void memory_copy(struct bench *b)
{
    for (unsigned n = 0; n < 3; n++)
        ram_write(&b->ram, gpa_of(windows[n]), native(windows[n]),
                  SILICON_BYTES);
}

bool bed_case(struct bed *bed, const struct form *f, uint64_t *seed)
{
    struct form_case c;
    struct silicon theirs, ours;
    const char *what = NULL;
    uint32_t flags;

    form_make(f, seed, &c);
    if (form_fpu(f))
        fpu_case_make(f, seed, &c);
    for (unsigned n = 0; n < c.pokes; n++)
        both_write(bed->b, c.poke[n].at, &c.poke[n].value, c.poke[n].bytes);
    both_write(bed->b, c.target, c.operand, c.operand_bytes);
    both_write(bed->b, c.in.eip, c.code, c.bytes);
    theirs = c.in;
    silicon_run(&theirs);
    ours = run_ours(bed->b, &c.in, form_fpu(f));
    flags = SEEN & ~form_undefined(f, &c);
    if (form_fpu(f))
        flags &= ~fpu_case_flags(f, theirs.fx);
    if (memcmp(theirs.reg, ours.reg, sizeof ours.reg) ||
        theirs.vector != ours.vector || theirs.eip != ours.eip ||
        (theirs.eflags ^ ours.eflags) & flags)
        what = "registers";
    else if (form_fpu(f))
        what = fpu_case_differs(f, &c, &theirs, &ours);
    if (!what && !memory_equal(bed->b))
        what = "memory";
    if (what) {
        print_error("%s: differs from the host's\n", what);
        explain(f, &c, &theirs, &ours, flags);
        if (form_fpu(f))
            fpu_case_explain(c.in.fx, theirs.fx, ours.fx);
        memory_copy(bed->b);
    }
    memset(c.code, 0xcc, c.bytes);
    both_write(bed->b, c.in.eip, c.code, c.bytes);
    return !what;
}

unsigned bed_cases(void)
{
    const char *text = getenv("HALBOX_SILICON_CASES");

    return text ? (unsigned)strtoul(text, NULL, 10) : CASES;
}
