/* tests/cpu/vme_test.c -- IF in V86 mode and with CR4.VME and PVI: every
 * instruction that touches it with every IOPL, VIF, VIP, IF and flag image,
 * against the pseudo-code of SDM vol. 2 and table 20-2. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "bench.h"

enum { MAP_AT = 0x88, STACK_AT = 0x30000, SP = 0x100, OWN = 0x21 };
enum { SEEN = FLAG_IF | FLAG_VIF | FLAG_VIP | FLAG_IOPL | FLAG_TF | FLAG_VM };

enum what { CLI, STI, PUSHF, PUSHFD, POPF, POPFD, IRET, IRETD, INT_N, WHATS };
static const uint8_t code[WHATS][3] = {{0xfa},       {0xfb},       {0x9c},
                                       {0x66, 0x9c}, {0x9d},       {0x66, 0x9d},
                                       {0xcf},       {0x66, 0xcf}, {0xcd, OWN}};

struct state {
    uint32_t eflags, image; /* image: what POPF and IRET find */
    bool vme, redirected;
};

struct want {
    int vector;
    uint32_t eflags; /* after it, of SEEN */
    uint32_t pushed; /* IF, IOPL and TF of the image pushed */
};

static uint32_t with(uint32_t flags, uint32_t bit, bool on)
{
    return on ? flags | bit : flags & ~bit;
}

static struct want fault(int vector)
{
    return (struct want){.vector = vector};
}

static uint32_t image_of(const struct state *s, bool virtual)
{
    uint32_t v = s->eflags & (FLAG_IF | FLAG_IOPL | FLAG_TF);

    return virtual ? with(v, FLAG_IF, s->eflags & FLAG_VIF) | FLAG_IOPL : v;
}

/* IOPL 3: the real flag. Below: VIF with VME and words, else #GP. */
static struct want model(enum what w, const struct state *s)
{
    bool own = (s->eflags & FLAG_IOPL) == FLAG_IOPL, vip = s->eflags & FLAG_VIP;
    uint32_t bit = own ? FLAG_IF : FLAG_VIF, f = s->eflags & SEEN;
    bool wide = w == PUSHFD || w == POPFD || w == IRETD;
    bool if_in = s->image & FLAG_IF, tf_in = s->image & FLAG_TF;

    if (w == INT_N && s->vme && s->redirected)
        return (struct want){-1, with(with(f, bit, false), FLAG_TF, false),
                             image_of(s, !own)};
    if (!own && (!s->vme || wide || w == INT_N))
        return fault(EXC_GP);
    switch (w) {
    case CLI:
        return (struct want){-1, with(f, bit, false), 0};
    case STI:
        if (!own && vip)
            return fault(EXC_GP);
        return (struct want){-1, with(f, bit, true), 0};
    case PUSHF:
    case PUSHFD:
        return (struct want){-1, f, image_of(s, !own)};
    case INT_N:
        return fault(OWN);
    default:
        if (!own && (tf_in || (vip && if_in)))
            return fault(EXC_GP);
        return (struct want){-1, with(with(f, bit, if_in), FLAG_TF, tf_in), 0};
    }
}

static void begin(struct bench *b, const struct state *s)
{
    struct cpu_state *c = &b->cpu.s;
    static const uint16_t selector[] = {0, CODE_AT >> 4, STACK_AT >> 4, 0, 0,
                                        0};

    assert_true(cpu_set_cr4(&b->cpu, s->vme ? CR4_VME : 0));
    c->tr.limit = 0x200;
    ram_write16(&b->ram, gpa_of(TSS_AT + 0x66), MAP_AT);
    ram_write8(&b->ram, gpa_of(TSS_AT + MAP_AT - 32 + OWN / 8),
               s->redirected ? (uint8_t) ~(1 << OWN % 8) : 1 << OWN % 8);
    poke32(b, 4 * OWN, 0x20000100);
    c->eflags = s->eflags;
    c->cpl = 3;
    for (unsigned n = 0; n < CPU_SEGS; n++)
        c->seg[n] = (struct cpu_segment){selector[n], 0xf3,
                                         (uint32_t)selector[n] << 4, 0xffff};
    c->reg[ESP] = SP;
    c->halted = c->interrupt_shadow = 0;
    c->debug_pending = 0;
}

static void frame(struct bench *b, enum what w, uint32_t image)
{
    unsigned bytes = w == POPFD || w == IRETD ? 4 : 2;
    uint32_t at = STACK_AT + SP;

    if (w == IRET || w == IRETD) {
        ram_write32(&b->ram, gpa_of(at), 0x10);
        ram_write16(&b->ram, gpa_of(at + bytes), CODE_AT >> 4);
        at += 2 * bytes;
    }
    if (bytes == 4)
        poke32(b, at, image);
    else
        ram_write16(&b->ram, gpa_of(at), (uint16_t)image);
}

static void one(struct bench *b, enum what w, const struct state *s)
{
    const struct cpu_state *c = &b->cpu.s;
    struct want want = model(w, s);
    struct outcome o;

    bench_code(b, code[w], 3);
    begin(b, s);
    frame(b, w, s->image);
    c = &b->cpu.s;
    b->cpu.s.eip = 0;
    o = bench_run(b, 1);
    if (s->eflags & FLAG_TF && want.vector == -1 && w != INT_N)
        want.vector = EXC_DB; /* as it began with TF; INT n traps not */
    if (o.vector != want.vector)
        fail_msg("%u: flags %x image %x vme %d map %d: vector %d", w, s->eflags,
                 s->image, s->vme, s->redirected, o.vector);
    if (o.vector != -1)
        return;
    if ((c->eflags & SEEN) != want.eflags)
        fail_msg("%u: flags %x image %x vme %d: %x, not %x", w, s->eflags,
                 s->image, s->vme, c->eflags & SEEN, want.eflags);
    if (w == PUSHF || w == PUSHFD || w == INT_N)
        assert_int_equal(ram_read16(&b->ram, gpa_of(STACK_AT + SP -
                                                    (w == PUSHFD ? 4u : 2u))) &
                             (FLAG_IF | FLAG_IOPL | FLAG_TF),
                         want.pushed);
    if (w == INT_N)
        assert_int_equal(c->seg[CS].base + c->eip, 0x20100);
}

static void v86_instructions(void **state)
{
    for (unsigned n = 0; n < WHATS * 1024; n++) {
        const struct state s = {
            .eflags = 2 | FLAG_VM | (n & 3) << 12 | (n & 4 ? FLAG_VIF : 0u) |
                      (n & 8 ? FLAG_VIP : 0u) | (n & 16 ? FLAG_IF : 0u) |
                      (n & 32 ? FLAG_TF : 0u),
            .image = 2 | (n & 64 ? FLAG_IF : 0u) | (n & 128 ? FLAG_TF : 0u),
            .vme = n & 256,
            .redirected = n & 512,
        };

        one(*state, (enum what)(n >> 10), &s);
    }
}

/* 20.4: CLI and STI of ring 3 below IOPL 3. */
static void protected_mode_virtual_interrupts(void **state)
{
    struct bench *b = *state;

    for (unsigned n = 0; n < 256; n++) {
        bool sti = n & 1, pvi = n & 2, vif = n & 4, vip = n & 8, flag = n & 16;
        unsigned iopl = n >> 5 & 3, cpl = n & 128 ? 3 : 0;
        bool own = cpl <= iopl;
        int want = own || (pvi && !(sti && vip)) ? -1 : EXC_GP;
        uint32_t after = (flag ? FLAG_IF : 0u) | (vif ? FLAG_VIF : 0u);

        bench_teardown(state);
        bench_setup(state);
        b = *state;
        assert_true(cpu_set_cr4(&b->cpu, pvi ? CR4_PVI : 0));
        if (cpl)
            bench_ring3(b);
        b->cpu.s.eflags = 2 | iopl << 12 | after | (vip ? FLAG_VIP : 0u);
        CODE(b, sti ? 0xfb : 0xfa);
        assert_int_equal(bench_run(b, 1).vector, want);
        if (want == -1)
            assert_int_equal(b->cpu.s.eflags & (FLAG_IF | FLAG_VIF),
                             with(after, own ? FLAG_IF : FLAG_VIF, sti));
    }
}

/* The map must lie in the TSS, 20.3.3. */
static void a_map_outside_the_tss_faults(void **state)
{
    struct bench *b = *state;
    const struct state s = {.eflags = 2 | FLAG_VM, .vme = true};

    bench_code(b, code[INT_N], 2);
    begin(b, &s);
    b->cpu.s.tr.limit = 0x60;
    b->cpu.s.eip = 0;
    assert_int_equal(bench_run(b, 1).vector, EXC_GP);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, bench_setup, bench_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(v86_instructions),
        CASE(protected_mode_virtual_interrupts),
        CASE(a_map_outside_the_tss_faults),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
