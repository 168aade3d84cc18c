/* tests/cpu/silicon_test.c -- each user-mode integer row of the opcode table,
 * run on the host's own CPU and on ours with the same registers, flags and
 * memory: all that the SDM defines must be equal. Cases come from a fixed seed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bench.h"
#include "forms.h"
#include "rows.h"

enum {
    CASES = 100, /* per row */
    STATUS = FLAG_CF | FLAG_PF | FLAG_AF | FLAG_ZF | FLAG_SF | FLAG_OF,
    SEEN = STATUS | FLAG_DF | FLAG_NT | FLAG_ID | FLAG_AC,
};

static const uint32_t windows[] = {SILICON_CODE, SILICON_DATA, SILICON_STACK};

static uint8_t *native(uint32_t at)
{
    return (uint8_t *)(uintptr_t)at;
}

struct bed {
    struct bench *b;
    struct form form[FORMS_MOST];
    unsigned forms;
};

/* Called inside the test: cmocka takes the signals when it starts one. */
static struct bed *bed_create(void)
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

static void bed_destroy(struct bed *bed)
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
static struct silicon run_ours(struct bench *b, const struct silicon *in)
{
    struct silicon out = {0};
    struct outcome o;

    bench_ring3(b);
    memcpy(b->cpu.s.reg, in->reg, sizeof in->reg);
    b->cpu.s.eflags = in->eflags;
    b->cpu.s.eip = in->eip;
    b->cpu.s.halted = 0;
    o = bench_run(b, 64);
    memcpy(out.reg, b->cpu.s.reg, sizeof out.reg);
    out.reg[ESP] = o.esp;
    out.eflags = o.eflags;
    out.eip = o.eip;
    out.vector = (uint32_t)o.vector;
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

static void one_case(struct bed *bed, const struct form *f, uint64_t *seed)
{
    struct form_case c;
    struct silicon theirs, ours;
    uint32_t flags;

    form_make(f, seed, &c);
    for (unsigned n = 0; n < c.pokes; n++)
        both_write(bed->b, c.poke[n].at, &c.poke[n].value, c.poke[n].bytes);
    both_write(bed->b, c.in.eip, c.code, c.bytes);
    theirs = c.in;
    silicon_run(&theirs);
    ours = run_ours(bed->b, &c.in);
    flags = SEEN & ~form_undefined(f, &c);
    if (memcmp(theirs.reg, ours.reg, sizeof ours.reg) ||
        theirs.vector != ours.vector || theirs.eip != ours.eip ||
        (theirs.eflags ^ ours.eflags) & flags) {
        explain(f, &c, &theirs, &ours, flags);
        fail_msg("registers differ from the host's");
    }
    if (!memory_equal(bed->b)) {
        explain(f, &c, &theirs, &ours, flags);
        fail_msg("memory differs from the host's");
    }
    memset(c.code, 0xcc, c.bytes);
    both_write(bed->b, c.in.eip, c.code, c.bytes);
}

static void agrees_with_the_host(void **state)
{
    struct bed *bed = bed_create();
    unsigned rows = 0;

    (void)state;
    for (unsigned n = 0; n < bed->forms; n++) {
        uint64_t seed = 0x5eed + n;

        if (!row_on_silicon(&bed->form[n]))
            continue;
        rows++;
        for (unsigned k = 0; k < CASES; k++)
            one_case(bed, &bed->form[n], &seed);
    }
    print_message("%u rows, %u cases each\n", rows, CASES);
    assert_true(rows > 250);
    bed_destroy(bed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_the_host),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
