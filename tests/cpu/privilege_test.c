/* tests/cpu/privilege_test.c -- protection, counted: every access byte of a
 * descriptor, every CPL and RPL, against the pseudo-code of SDM vol. 2 (JMP,
 * CALL, RET, IRET, INT n, MOV, LAR, LSL, VERR, VERW) and table 6-5. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "bench.h"

enum {
    SUBJECT = SEL_FREE,       /* the descriptor that varies */
    OTHER = SEL_FREE + 8,     /* a TSS that task gates name */
    TARGETS = SEL_FREE + 16,  /* code: DPL 0-3, then conforming DPL 0-3 */
    STACKS = TARGETS + 8 * 8, /* data of DPL 0-3 */
    OTHER_AT = 0x5000,
    SMALL_AT = 0x6000, /* a 16-bit TSS */
    TARGET_EIP = CODE_AT + 0x800,
    INNER = 0xa000, /* ESP1, ESP2 below it */
};
enum { OK = -1 };

/* What the manual says comes of it. */
struct want {
    int vector;
    uint32_t error;
    bool task;
    unsigned cpl;
};

struct world {
    struct bench *b;
    struct cpu_state start;
    unsigned access, target; /* of SUBJECT; which of TARGETS its gate names */
    unsigned cpl, rpl;
};

static unsigned dpl_of(unsigned access)
{
    return access >> 5 & 3;
}

static uint16_t subject(const struct world *w)
{
    return (uint16_t)(SUBJECT | w->rpl);
}

static unsigned target_dpl(const struct world *w)
{
    return w->target & 3;
}

static bool target_conforms(const struct world *w)
{
    return w->target > 3;
}

static uint16_t target_selector(const struct world *w)
{
    return (uint16_t)(TARGETS + 8 * w->target);
}

static int setup(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    struct bench *b;

    bench_setup(state);
    b = *state;
    for (unsigned dpl = 0; dpl < 4; dpl++) {
        uint16_t ring = (uint16_t)(dpl << 5);

        bench_descriptor(b, (uint16_t)(TARGETS + 8 * dpl), 0, 0xfffff,
                         0xc09b | ring);
        bench_descriptor(b, (uint16_t)(TARGETS + 32 + 8 * dpl), 0, 0xfffff,
                         0xc09f | ring);
        bench_descriptor(b, (uint16_t)(STACKS + 8 * dpl), 0, 0xfffff,
                         0xc093 | ring);
        poke32(b, OTHER_AT + 72 + 4 * dpl, dpl == CS ? SEL_CODE0 : SEL_DATA0);
    }
    for (unsigned dpl = 1; dpl < 3; dpl++) {
        poke32(b, TSS_AT + 4 + 8 * dpl, INNER - 0x400 * dpl);
        poke32(b, TSS_AT + 8 + 8 * dpl, STACKS + 8 * dpl + dpl);
    }
    poke32(b, OTHER_AT + 32, TARGET_EIP);
    poke32(b, OTHER_AT + 36, 2);
    poke32(b, OTHER_AT + 40 + 4 * ESP, STACK0 - 0x800);
    ram_write16(&b->ram, gpa_of(SMALL_AT + 14), 0x9000);
    ram_write16(&b->ram, gpa_of(SMALL_AT + 34 + 2 * CS), SEL_CODE0);
    ram_write16(&b->ram, gpa_of(SMALL_AT + 34 + 2 * SS), SEL_DATA0);
    *w = (struct world){.b = b, .start = b->cpu.s};
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;

    bench_destroy(w->b);
    free(w);
    return 0;
}

/* The world as it was, at CPL, with the subject's access byte. */
static void begin(struct world *w, unsigned cpl, unsigned rpl, unsigned access)
{
    struct bench *b = w->b;
    struct cpu_state *s = &b->cpu.s;
    unsigned type = access & 31;

    w->cpl = cpl;
    w->rpl = rpl;
    w->access = access;
    *s = w->start;
    bench_descriptor(b, SEL_TSS, TSS_AT, 0x67, 0x008b);
    bench_descriptor(b, OTHER, OTHER_AT, 0x67, 0x0089);
    if (type == 5 || type == 4 || type == 6 || type == 7 || type == 12 ||
        type == 14 || type == 15)
        bench_gate(b, GDT_AT + SUBJECT, type == 5 ? OTHER : target_selector(w),
                   TARGET_EIP, (uint8_t)access, 0);
    else
        bench_descriptor(b, SUBJECT,
                         type & 16  ? 0u
                         : type & 8 ? (unsigned)OTHER_AT
                                    : (unsigned)SMALL_AT,
                         type & 16 ? 0xfffff : 0x67,
                         (uint16_t)(access | (type & 16 ? 0xc000u : 0)));
    s->cpl = (uint8_t)cpl;
    s->seg[CS].selector = (uint16_t)((TARGETS + 8 * cpl) | cpl);
    s->seg[CS].access = (uint16_t)(0xc09b | cpl << 5);
    s->seg[SS].selector = (uint16_t)((STACKS + 8 * cpl) | cpl);
    s->seg[SS].access = (uint16_t)(0xc093 | cpl << 5);
    s->seg[DS] = s->seg[ES] = s->seg[FS] = s->seg[GS] =
        (struct cpu_segment){.access = 0xc0f3, .limit = UINT32_MAX};
    s->reg[ESP] = STACK3;
}

static const char *text(const struct world *w)
{
    static char t[80];

    snprintf(t, sizeof t, "access %02x cpl %u rpl %u target %u", w->access,
             w->cpl, w->rpl, w->target);
    return t;
}

static void compare(struct world *w, struct outcome o, struct want want)
{
    const struct cpu_state *s = &w->b->cpu.s;

    if (o.vector != want.vector || (want.vector != OK && o.error != want.error))
        fail_msg("%s: vector %d error %x, not %d %x", text(w), o.vector,
                 o.error, want.vector, want.error);
    if (want.vector != OK)
        return;
    if (s->cpl != want.cpl || (s->seg[CS].selector & 3) != want.cpl)
        fail_msg("%s: at CPL %u, not %u", text(w), s->cpl, want.cpl);
    if ((s->tr.selector != SEL_TSS) != want.task)
        fail_msg("%s: task %x", text(w), s->tr.selector);
}

static struct outcome run(struct bench *b)
{
    b->cpu.s.halted = 0;
    return bench_run(b, 1);
}

/* ---- JMP and CALL far -------------------------------------------------------
 */

static struct want fault(int vector, uint32_t selector)
{
    return (struct want){.vector = vector, .error = selector & 0xfffc};
}

static struct want model_gate(const struct world *w, bool jump)
{
    unsigned dpl = target_dpl(w);
    bool conforms = target_conforms(w);

    if (dpl > w->cpl || (jump && !conforms && dpl != w->cpl))
        return fault(EXC_GP, target_selector(w));
    return (struct want){OK, 0, false, conforms ? w->cpl : dpl};
}

static struct want model_far(const struct world *w, bool jump)
{
    unsigned type = w->access & 31, dpl = dpl_of(w->access);
    bool code = (type & 0x18) == 0x18, conforms = type & 4;
    bool gate = type == 4 || type == 12, tss = type == 1 || type == 9;

    if (code) {
        if (conforms ? dpl > w->cpl : w->rpl > w->cpl || dpl != w->cpl)
            return fault(EXC_GP, SUBJECT);
    } else if (gate || tss || type == 5) {
        if (dpl < w->cpl || dpl < w->rpl)
            return fault(EXC_GP, SUBJECT);
    } else {
        return fault(EXC_GP, SUBJECT);
    }
    if (!(w->access & 0x80))
        return fault(EXC_NP, SUBJECT);
    if (gate)
        return model_gate(w, jump);
    return (struct want){OK, 0, !code, code ? w->cpl : 0};
}

static void far_jumps_and_calls(void **state)
{
    struct world *w = *state;

    for (unsigned n = 0; n < 256 * 4 * 4 * 8 * 2; n++) {
        unsigned access = n & 255;
        bool gate = (access & 23) == 4, jump = n >> 15 & 1;
        const uint8_t code[] = {
            jump ? 0xea : 0x9a,     0, 8, 1, 0, SUBJECT | (n >> 10 & 3),
            (uint8_t)(SUBJECT >> 8)};

        w->target = n >> 12 & 7;
        if (!gate && w->target)
            continue;
        begin(w, n >> 8 & 3, n >> 10 & 3, access);
        bench_code(w->b, code, sizeof code);
        compare(w, run(w->b), model_far(w, jump));
    }
}

/* ---- RET and IRET -----------------------------------------------------------
 */

static struct want model_return(const struct world *w)
{
    unsigned type = w->access & 31, dpl = dpl_of(w->access);

    if (w->rpl < w->cpl || (type & 0x18) != 0x18 ||
        (type & 4 ? dpl > w->rpl : dpl != w->rpl))
        return fault(EXC_GP, SUBJECT);
    if (!(w->access & 0x80))
        return fault(EXC_NP, SUBJECT);
    return (struct want){OK, 0, false, w->rpl};
}

static void far_returns(void **state)
{
    struct world *w = *state;

    for (unsigned n = 0; n < 256 * 4 * 4 * 2; n++) {
        const bool iret = n >> 12 & 1;
        uint32_t frame[5], *f = frame;

        begin(w, n >> 8 & 3, n >> 10 & 3, n & 255);
        *f++ = TARGET_EIP;
        *f++ = subject(w);
        if (iret)
            *f++ = 2;
        *f++ = STACK3 - 0x100;
        *f++ = STACKS + 8 * w->rpl + w->rpl;
        ram_write(&w->b->ram, gpa_of(STACK3), frame, sizeof frame);
        bench_code(w->b, iret ? "\xcf" : "\xcb", 1);
        compare(w, run(w->b), model_return(w));
    }
}

/* ---- segment registers, and asking about them -------------------------------
 */

static bool privileged(const struct world *w)
{
    unsigned dpl = dpl_of(w->access);

    return w->rpl > dpl || w->cpl > dpl;
}

static struct want model_load(const struct world *w, bool ss)
{
    unsigned type = w->access & 31;
    struct want good = {OK, 0, false, w->cpl};

    if (ss) {
        if (w->rpl != w->cpl || (type & 0x1a) != 0x12 ||
            dpl_of(w->access) != w->cpl)
            return fault(EXC_GP, SUBJECT);
        return w->access & 0x80 ? good : fault(EXC_SS, SUBJECT);
    }
    if (!(type & 16) || (type & 0xa) == 8 ||
        ((type & 0xc) != 0xc && privileged(w)))
        return fault(EXC_GP, SUBJECT);
    return w->access & 0x80 ? good : fault(EXC_NP, SUBJECT);
}

static void loads(void **state)
{
    struct world *w = *state;

    for (unsigned n = 0; n < 256 * 4 * 4 * 6; n++) {
        unsigned seg = n >> 12;
        const uint8_t code[] = {0x8e, (uint8_t)(0xc0 | seg << 3)};

        if (seg == CS)
            continue;
        begin(w, n >> 8 & 3, n >> 10 & 3, n & 255);
        w->b->cpu.s.reg[EAX] = subject(w);
        bench_code(w->b, code, sizeof code);
        compare(w, run(w->b), model_load(w, seg == SS));
    }
}

/* LAR 0, LSL 1, VERR 2, VERW 3: does it set ZF? */
static bool model_visible(const struct world *w, unsigned what)
{
    static const uint16_t system_types[] = {0x1a3e, 0x0a0e, 0, 0};
    unsigned type = w->access & 31;
    bool seen = (type & 0x1c) == 0x1c || !privileged(w);

    if (!(type & 16))
        return system_types[what] >> type & 1 && seen;
    if (what == 2)
        return seen && (type & 0xa) != 8;
    if (what == 3)
        return seen && (type & 0xa) == 2;
    return seen;
}

static void questions(void **state)
{
    static const uint8_t code[4][3] = {{0x0f, 0x02, 0xc8},
                                       {0x0f, 0x03, 0xc8},
                                       {0x0f, 0x00, 0xe0},
                                       {0x0f, 0x00, 0xe8}};
    struct world *w = *state;

    for (unsigned n = 0; n < 256 * 4 * 4 * 4; n++) {
        unsigned what = n >> 12;
        struct cpu_state *s = &w->b->cpu.s;
        bool visible;

        begin(w, n >> 8 & 3, n >> 10 & 3, n & 255);
        s->reg[EAX] = subject(w);
        s->reg[ECX] = 0xabcd1234;
        bench_code(w->b, code[what], 3);
        assert_int_equal(run(w->b).vector, OK);
        visible = model_visible(w, what);
        if (!(s->eflags & FLAG_ZF) == visible)
            fail_msg("%u: %s", what, text(w));
        if (!visible || what > 1)
            assert_int_equal(s->reg[ECX], 0xabcd1234);
        else if (!what)
            assert_int_equal(s->reg[ECX] >> 8 & 0xff, w->access);
    }
}

/* ---- gates of the IDT -------------------------------------------------------
 */

static struct want model_interrupt(const struct world *w, bool software)
{
    unsigned type = w->access & 31, ext = software ? 0 : 1;
    uint32_t gate = (0x50 * 8 + 2) | ext;

    if (type != 5 && type != 6 && type != 7 && type != 14 && type != 15)
        return (struct want){EXC_GP, gate, false, 0};
    if (software && dpl_of(w->access) < w->cpl)
        return (struct want){EXC_GP, gate, false, 0};
    if (!(w->access & 0x80))
        return (struct want){EXC_NP, gate, false, 0};
    if (type == 5)
        return (struct want){OK, 0, true, 0};
    if (target_dpl(w) > w->cpl)
        return (struct want){EXC_GP, target_selector(w) | ext, false, 0};
    return (struct want){OK, 0, false,
                         target_conforms(w) ? w->cpl : target_dpl(w)};
}

static struct outcome interrupt(struct world *w, bool software)
{
    struct bench *b = w->b;

    CODE(b, 0xcd, 0x50);
    if (software)
        return run(b);
    cpu_exception(&b->cpu, 0x50, false, 0);
    if (b->cpu.s.eip - HANDLERS_AT < 256 * 16)
        return run(b); /* an error: its handler's HLT */
    return (struct outcome){.vector = OK};
}

static void interrupts_and_int_n(void **state)
{
    struct world *w = *state;

    for (unsigned n = 0; n < 256 * 4 * 8 * 2; n++) {
        bool software = n >> 13 & 1;

        w->target = n >> 10 & 7;
        begin(w, n >> 8 & 3, 0, n & 255);
        bench_gate(w->b, IDT_AT + 8 * 0x50,
                   (w->access & 31) == 5 ? OTHER : target_selector(w),
                   TARGET_EIP, (uint8_t)w->access, 0);
        compare(w, interrupt(w, software), model_interrupt(w, software));
    }
}

/* ---- double faults: table 6-5 -----------------------------------------------
 */

static bool contributory(unsigned v)
{
    return v == EXC_DE || v == EXC_TS || v == EXC_NP || v == EXC_SS ||
           v == EXC_GP;
}

/* From ring 3 the gate of @first fails in a way of @second's class. */
static void fail_with(struct bench *b, unsigned first, unsigned second)
{
    bench_gate(b, IDT_AT + 8 * first, SEL_CODE0, TARGET_EIP,
               second == EXC_NP   ? 0x6e
               : second == EXC_GP ? 0xec
                                  : 0xee,
               0);
    if (second == EXC_PF) { /* the other stack's page is not there */
        poke32(b, TSS_AT + 4, 0x500000);
        return;
    }
    poke32(b, TSS_AT + 4, STACK0);
    if (second == EXC_TS)
        poke32(b, TSS_AT + 8, 0);
    else if (second == EXC_SS)
        poke32(b, TSS_AT + 8, SUBJECT);
    else
        poke32(b, TSS_AT + 8, SEL_DATA0);
}

static void two_faults_are_one_or_double(void **state)
{
    static const uint8_t seconds[] = {EXC_TS, EXC_NP, EXC_SS, EXC_GP, EXC_PF};
    struct world *w = *state;

    for (unsigned first = 0; first < 20; first++)
        for (unsigned k = 0; k < sizeof seconds; k++) {
            struct bench *b = w->b;
            unsigned second = seconds[k], want = second;

            teardown(state);
            setup(state);
            w = *state;
            b = w->b;
            if (first == EXC_DF)
                continue;
            if ((contributory(first) && contributory(second)) ||
                (first == EXC_PF && (contributory(second) || second == EXC_PF)))
                want = EXC_DF;
            begin(w, 3, 0, 0x13); /* SUBJECT: data, DPL 0, not present */
            bench_paging(b);
            bench_ring3(b);
            /* the second and #DF are taken at ring 3: no stack is changed */
            for (unsigned v = 0; v < 32; v++)
                bench_gate(b, IDT_AT + 8 * v, SEL_CODE3, HANDLERS_AT + 16 * v,
                           0xee, 0);
            fail_with(b, first, second);
            cpu_exception(&b->cpu, first, false, 0);
            if (b->cpu.s.eip != HANDLERS_AT + 16 * want)
                fail_msg("%u then %u: eip %x", first, second, b->cpu.s.eip);
            if (want == EXC_DF)
                assert_int_equal(peek32(b, b->cpu.s.reg[ESP]), 0);
        }
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(far_jumps_and_calls),
        CASE(far_returns),
        CASE(loads),
        CASE(questions),
        CASE(interrupts_and_int_n),
        CASE(two_faults_are_one_or_double),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
