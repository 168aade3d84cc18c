/* tests/cpu/fpu_case.c -- see fpu_case.h. Image: SDM vol. 1, 10.5.1. */
#include "fpu_case.h"

#include <float.h>
#include <stdio.h>
#include <string.h>

#include "cpu/fpu.h"

enum {
    AT_CW = 0,
    AT_SW = 2,
    AT_TAG = 4,
    AT_FOP = 6,
    AT_FIP = 8,
    AT_FDP = 16,
    AT_MXCSR = 24,
    AT_ST = 32,
    AT_XMM = 160,
};

static uint64_t random64(uint64_t *seed)
{
    uint64_t high = form_random(seed);

    return high << 32 | form_random(seed);
}

static bool one_in(uint64_t *seed, uint32_t n)
{
    return form_random(seed) % n == 0;
}

static uint32_t pick(uint64_t *seed, const uint32_t *from, uint32_t n)
{
    return from[form_random(seed) % n];
}

static void put(uint8_t *at, uint64_t v, unsigned bytes)
{
    memcpy(at, &v, bytes);
}

static uint64_t get(const uint8_t *at, unsigned bytes)
{
    uint64_t v = 0;

    memcpy(&v, at, bytes);
    return v;
}

/* ---- numbers --------------------------------------------------------------
 */

static uint64_t fraction(uint64_t *seed)
{
    switch (form_random(seed) % 6) {
    case 0:
        return 0;
    case 1:
        return UINT64_MAX;
    case 2:
        return 1ull << form_random(seed) % 64;
    case 3:
        return UINT64_MAX << form_random(seed) % 64;
    default:
        return random64(seed) << (one_in(seed, 2) ? form_random(seed) % 63 : 0);
    }
}

static void random_x80(uint64_t *seed, uint8_t *to)
{
    static const uint32_t edges[] = {
        0,      0,      1,      2,      0x3bcd, 0x3c01, 0x3f80, 0x3f81,
        0x3ffd, 0x3ffe, 0x3fff, 0x4000, 0x4001, 0x403d, 0x403e, 0x403f,
        0x43fe, 0x43ff, 0x407e, 0x407f, 0x7ffd, 0x7ffe, 0x7fff, 0x7fff};
    uint32_t exp = pick(seed, edges, sizeof edges / sizeof *edges);
    uint64_t m = fraction(seed);

    if (one_in(seed, 3))
        exp = 0x3fff - 70 + form_random(seed) % 140;
    else if (one_in(seed, 8))
        exp = form_random(seed) & 0x7fff;
    if (exp && !one_in(seed, 24)) /* else unsupported */
        m |= 1ull << 63;
    if (!exp && one_in(seed, 2))
        m = 0;
    put(to, m, 8);
    put(to + 8, exp | (one_in(seed, 2) ? 0x8000 : 0), 2);
}

static uint64_t random_double(uint64_t *seed)
{
    static const uint32_t edges[] = {0,     0,     1,     2,     0x36a, 0x37e,
                                     0x380, 0x381, 0x3fe, 0x3ff, 0x400, 0x41d,
                                     0x41e, 0x43d, 0x43e, 0x47e, 0x47f, 0x7fd,
                                     0x7fe, 0x7ff, 0x7ff};
    uint64_t exp = pick(seed, edges, sizeof edges / sizeof *edges);
    uint64_t frac = fraction(seed) >> 12;

    if (one_in(seed, 2))
        exp = 0x3ff - 54 + form_random(seed) % 108;
    if (exp == 0 && one_in(seed, 2))
        frac = 0;
    return frac | exp << 52 | (one_in(seed, 2) ? 1ull << 63 : 0);
}

static uint32_t random_single(uint64_t *seed)
{
    static const uint32_t edges[] = {0,    0,    1,    2,    0x7e,
                                     0x7f, 0x80, 0x9d, 0x9e, 0xbd,
                                     0xbe, 0xfd, 0xfe, 0xff, 0xff};
    uint32_t exp = pick(seed, edges, sizeof edges / sizeof *edges);
    uint32_t frac = (uint32_t)(fraction(seed) >> 41);

    if (one_in(seed, 2))
        exp = 0x7f - 26 + form_random(seed) % 52;
    if (exp == 0 && one_in(seed, 2))
        frac = 0;
    return frac | exp << 23 | (one_in(seed, 2) ? 1u << 31 : 0);
}

/* ---- states ---------------------------------------------------------------
 */

static bool names(const struct form *f, const char *start)
{
    return !strncmp(f->row->name, start, strlen(start));
}

/* Unmasked ones a quarter of the time, pending ones seldom. */
static void random_control(uint64_t *seed, uint8_t *fx)
{
    uint32_t cw = 0x37f, sw = form_random(seed) &
                              (SW_TOP | SW_C0 | SW_C1 | SW_C2 | SW_C3 | X80_SF);

    if (one_in(seed, 2))
        cw = (form_random(seed) & 0xf00) | 0x7f;
    if (one_in(seed, 4))
        cw &= ~(form_random(seed) & X80_ALL);
    if (one_in(seed, 4))
        sw |= form_random(seed) & X80_ALL & cw;
    if (one_in(seed, 16))
        sw |= form_random(seed) & X80_ALL;
    if (sw & ~cw & X80_ALL)
        sw |= SW_ES | SW_B;
    put(fx + AT_CW, cw, 2);
    put(fx + AT_SW, sw, 2);
}

static uint32_t random_mxcsr(uint64_t *seed)
{
    uint32_t v = MXCSR_INIT;

    if (one_in(seed, 2))
        v |= form_random(seed) & 0xe040; /* RC, FTZ, DAZ */
    if (one_in(seed, 2))
        v |= form_random(seed) & 63;
    if (one_in(seed, 4))
        v &= ~(form_random(seed) & 0x1f80);
    return v;
}

static bool contains(const struct form *f, const char *text)
{
    return strstr(f->row->name, text);
}

static void random_xmm(const struct form *f, uint64_t *seed, uint8_t *to)
{
    bool d = contains(f, "pd") || contains(f, "sd");
    bool s = contains(f, "ps") || contains(f, "ss");

    for (unsigned k = 0; k < 2; k++) {
        if (d && !(s && one_in(seed, 2)) && !one_in(seed, 8))
            put(to + 8 * k, random_double(seed), 8);
        else if (s && !one_in(seed, 8))
            put(to + 8 * k,
                (uint64_t)random_single(seed) << 32 | random_single(seed), 8);
        else
            put(to + 8 * k, fraction(seed), 8);
    }
}

static void random_state(const struct form *f, uint64_t *seed, uint8_t *fx)
{
    uint32_t tag = 0xff;

    random_control(seed, fx);
    if (one_in(seed, 2))
        tag = form_random(seed) & 0xff;
    if (names(f, "fld") || names(f, "fild") || names(f, "fbld") ||
        names(f, "fxtract") || names(f, "fptan") || names(f, "fsincos"))
        tag &= one_in(seed, 8) ? 0xff : ~(1u << ((fx[AT_SW + 1] >> 3) + 7) % 8);
    put(fx + AT_TAG, tag, 1);
    if (names(f, "fns")) /* they would show pointers that FXRSTOR does not load:
                            AMD, while no exception is pending */
        put(fx + AT_SW, fx[AT_SW + 1] << 8 & 0x7f00, 2);
    put(fx + AT_MXCSR, random_mxcsr(seed), 4);
    for (unsigned n = 0; n < 8; n++) {
        random_x80(seed, fx + AT_ST + 16 * n);
        random_xmm(f, seed, fx + AT_XMM + 16 * n);
    }
    if (one_in(seed, 4)) /* the same twice */
        memcpy(fx + AT_ST + 16, fx + AT_ST, 10);
}

/* ---- memory operands ------------------------------------------------------
 */

/* FLDENV, FRSTOR. */
static void random_environment(uint64_t *seed, struct form_case *c)
{
    uint8_t image[16];
    unsigned bytes = c->bits / 8;

    random_control(seed, image);
    put(c->operand, get(image + AT_CW, 2), 2);
    put(c->operand + bytes, get(image + AT_SW, 2), 2);
    put(c->operand + 2 * bytes, form_random(seed), 2);
    for (unsigned at = 3 * bytes; at < 7 * bytes; at += 4)
        put(c->operand + at, form_random(seed), 4);
    for (unsigned at = 7 * bytes; at < 7 * bytes + 80; at += 10)
        random_x80(seed, c->operand + at);
    c->operand_bytes = 7 * bytes + 80;
}

static void random_bcd(uint64_t *seed, uint8_t *to)
{
    for (unsigned n = 0; n < 9; n++)
        to[n] = (uint8_t)(form_random(seed) % 10 << 4 | form_random(seed) % 10);
    to[9] = one_in(seed, 2) ? 0x80 : 0;
    if (one_in(seed, 4))
        memset(to, 0, 9);
}

static void random_operand(const struct form *f, uint64_t *seed,
                           struct form_case *c)
{
    uint64_t v = random64(seed);

    c->operand_bytes = 16;
    random_xmm(f, seed, c->operand);
    if (names(f, "ldmxcsr") && !one_in(seed, 8))
        put(c->operand, random_mxcsr(seed), 4);
    if (!(f->row->flags & (F_FPU | F_QUIET)))
        return;
    if (f->opcode == 0xdb || names(f, "fist")) {
        random_x80(seed, c->operand);
        if (names(f, "fild"))
            put(c->operand, fraction(seed), 8);
    } else if (f->opcode == 0xd9 || f->opcode == 0xd8) {
        put(c->operand, random_single(seed), 4);
    } else if (f->opcode == 0xdd || f->opcode == 0xdc) {
        put(c->operand, random_double(seed), 8);
    } else if (names(f, "fb")) {
        random_bcd(seed, c->operand);
    } else if (one_in(seed, 2)) {
        put(c->operand, v >> v % 64, 8);
    } else {
        put(c->operand, fraction(seed), 8);
    }
    if (names(f, "fldcw"))
        put(c->operand, form_random(seed) & 0xf7f, 2);
    if (names(f, "fldenv") || names(f, "frstor"))
        random_environment(seed, c);
}

void fpu_case_make(const struct form *f, uint64_t *seed, struct form_case *c)
{
    random_state(f, seed, c->in.fx);
    if (c->memory)
        random_operand(f, seed, c);
}

/* ---- images ---------------------------------------------------------------
 */

void fpu_load_image(struct cpu *cpu, const uint8_t fx[512])
{
    struct cpu_fpu *f = &cpu->s.fpu;

    cpu->s.cr0 |= CR0_NE;
    cpu->s.cr4 |= CR4_OSFXSR | CR4_OSXMMEXCPT;
    f->cw = (uint16_t)get(fx + AT_CW, 2);
    f->sw = (uint16_t)get(fx + AT_SW, 2);
    f->full = fx[AT_TAG];
    f->fop = (uint16_t)get(fx + AT_FOP, 2);
    f->fip = (uint32_t)get(fx + AT_FIP, 4);
    f->fdp = (uint32_t)get(fx + AT_FDP, 4);
    f->fcs = f->fds = 0;
    f->mxcsr = (uint32_t)get(fx + AT_MXCSR, 4);
    for (unsigned n = 0; n < 8; n++) {
        f->r[fpu_physical(f, n)].m = get(fx + AT_ST + 16 * n, 8);
        f->r[fpu_physical(f, n)].se = (uint16_t)get(fx + AT_ST + 16 * n + 8, 2);
        memcpy(f->xmm[n], fx + AT_XMM + 16 * n, 16);
    }
}

void fpu_save_image(const struct cpu *cpu, uint8_t fx[512])
{
    const struct cpu_fpu *f = &cpu->s.fpu;

    memset(fx, 0, 512);
    put(fx + AT_CW, f->cw, 2);
    put(fx + AT_SW, f->sw, 2);
    fx[AT_TAG] = f->full;
    put(fx + AT_FOP, f->fop, 2);
    put(fx + AT_FIP, f->fip, 4);
    put(fx + AT_FDP, f->fdp, 4);
    put(fx + AT_MXCSR, f->mxcsr, 4);
    for (unsigned n = 0; n < 8; n++) {
        put(fx + AT_ST + 16 * n, f->r[fpu_physical(f, n)].m, 8);
        put(fx + AT_ST + 16 * n + 8, f->r[fpu_physical(f, n)].se, 2);
        memcpy(fx + AT_XMM + 16 * n, f->xmm[n], 16);
    }
}

/* ---- comparison -----------------------------------------------------------
 */

/* Where CPUs differ, or the SDM leaves it open: bits of the status word that
 * are not compared. */
enum { ALWAYS, UNMASKED };
static const struct {
    const char *names;
    uint16_t sw;
    uint8_t when;
    const char *why;
} differences[] = {
    {"fcom fcomp fcompp fucom fucomp fucompp ftst", SW_C0 | SW_C2 | SW_C3,
     UNMASKED,
     "AMD sets the codes where the exception is not masked, SDM vol. 2 FCOM "
     "does not"},
    {"fcomi fcomip fucomi fucomip", SW_C1, ALWAYS,
     "SDM: C1 is cleared; AMD leaves it"},
    {"fcmovb fcmove fcmovbe fcmovu fcmovnb fcmovne fcmovnbe fcmovnu ffree "
     "ffreep fnop fstpnce",
     SW_C1, ALWAYS, "undefined"},
    {"fld", SW_C1, UNMASKED,
     "ST(i) empty and no room for it: either may be told"},
};

static bool listed(const char *names, const char *name)
{
    size_t n = strlen(name);

    for (const char *p = names; (p = strstr(p, name)); p += n)
        if ((p == names || p[-1] == ' ') && (p[n] == ' ' || !p[n]))
            return true;
    return false;
}

static uint16_t not_compared(const struct form *f, const uint8_t *theirs)
{
    uint16_t sw = 0;

    for (unsigned n = 0; n < sizeof differences / sizeof *differences; n++)
        if (listed(differences[n].names, f->row->name) &&
            (differences[n].when == ALWAYS || theirs[AT_SW] & SW_ES))
            sw |= differences[n].sw;
    return sw;
}

/* As with the condition codes: EFLAGS of an unmasked comparison. */
uint32_t fpu_case_flags(const struct form *f, const uint8_t theirs[512])
{
    return listed("fcomi fcomip fucomi fucomip", f->row->name) &&
                   (theirs[AT_SW] & SW_ES)
               ? FLAG_CF | FLAG_PF | FLAG_AF | FLAG_ZF | FLAG_SF | FLAG_OF
               : 0;
}

/* Transcendental results differ by CPU in the last place, and with them #P, #U
 * and C1. Two units are allowed. */
static bool transcendental(const struct form *f)
{
    return listed("f2xm1 fyl2x fyl2xp1 fsin fcos fsincos fptan fpatan",
                  f->row->name);
}

/* Outside of what the SDM defines. */
static bool undefined_argument(const struct form *f, const uint8_t *fx)
{
    unsigned exp = (unsigned)get(fx + AT_ST + 8, 2) & 0x7fff;

    return (listed("f2xm1", f->row->name) && exp > 0x3ffe) ||
           (listed("fyl2xp1", f->row->name) && exp > 0x3ffc);
}

static bool near(const uint8_t *a, const uint8_t *b)
{
    uint64_t m = get(a, 8), n = get(b, 8);
    unsigned x = (unsigned)get(a + 8, 2), y = (unsigned)get(b + 8, 2);

    if (x + 1 == y) /* across a power of two */
        return m >= UINT64_MAX - 2 && n <= (1ull << 63) + 1;
    if (y + 1 == x)
        return n >= UINT64_MAX - 2 && m <= (1ull << 63) + 1;
    return x == y && (m > n ? m - n : n - m) <= 2;
}

static bool x87_differs(const struct form *f, const uint8_t *theirs,
                        const uint8_t *ours, uint16_t sw)
{
    bool loose = transcendental(f);

    if (loose)
        sw |= X80_PE | X80_UE | SW_C1 | SW_ES | SW_B;
    if (memcmp(theirs + AT_CW, ours + AT_CW, 2) ||
        ((get(theirs + AT_SW, 2) ^ get(ours + AT_SW, 2)) & ~(uint64_t)sw) ||
        theirs[AT_TAG] != ours[AT_TAG])
        return true;
    for (unsigned n = 0; n < 8; n++)
        if (loose && n < 2
                ? !near(theirs + AT_ST + 16 * n, ours + AT_ST + 16 * n)
                : memcmp(theirs + AT_ST + 16 * n, ours + AT_ST + 16 * n, 10))
            return true;
    return false;
}

/* RCP and RSQRT promise 1.5 * 2^-12 of the true value: twice that between any
 * two. Equal bits otherwise. */
static bool approximates(const uint8_t *theirs, const uint8_t *ours)
{
    for (unsigned n = 0; n < 32; n++) {
        float a, b;

        memcpy(&a, theirs + AT_XMM + 4 * n, 4);
        memcpy(&b, ours + AT_XMM + 4 * n, 4);
        if (a <= FLT_MIN && a >= -FLT_MIN && b <= FLT_MIN && b >= -FLT_MIN)
            continue; /* zero or the smallest: not said */
        if (memcmp(&a, &b, 4) &&
            !(a / b > 1 - 3.0f / 4096 && a / b < 1 + 3.0f / 4096))
            return false;
    }
    return true;
}

/* Differences by CPU that the table above cannot tell: #XM of a conversion from
 * or to MMX (AMD has made the x87 an MMX by then). */
const char *fpu_case_differs(const struct form *f, const struct form_case *c,
                             const struct silicon *their,
                             const struct silicon *our)
{
    const uint8_t *theirs = their->fx, *ours = our->fx;
    uint16_t sw = not_compared(f, theirs);

    bool became_mmx = their->vector == EXC_XM && contains(f, "pi");

    if (undefined_argument(f, c->in.fx))
        return NULL;
    if (!became_mmx && x87_differs(f, theirs, ours, sw))
        return "x87";
    if (contains(f, "rcp") || contains(f, "rsqrt")) {
        if (!approximates(theirs, ours))
            return "approximation";
    } else if (memcmp(theirs + AT_XMM, ours + AT_XMM, 128))
        return "XMM registers";
    if (memcmp(theirs + AT_MXCSR, ours + AT_MXCSR, 4))
        return "MXCSR";
    /* AMD's save areas have them while an exception is pending alone */
    if ((theirs[AT_SW] & SW_ES) &&
        (memcmp(theirs + AT_FIP, ours + AT_FIP, 4) ||
         (c->memory && memcmp(theirs + AT_FDP, ours + AT_FDP, 4))))
        return "pointers";
    return NULL;
}

static void show(const char *what, const uint8_t *fx)
{
    fprintf(stderr,
            "  %-6s cw %04x sw %04x tags %02x fop %03x ip %08x dp %08x mxcsr "
            "%04x\n",
            what, (unsigned)get(fx, 2), (unsigned)get(fx + AT_SW, 2),
            fx[AT_TAG], (unsigned)get(fx + AT_FOP, 2),
            (unsigned)get(fx + AT_FIP, 4), (unsigned)get(fx + AT_FDP, 4),
            (unsigned)get(fx + AT_MXCSR, 4));
}

void fpu_case_explain(const uint8_t in[512], const uint8_t theirs[512],
                      const uint8_t ours[512])
{
    const uint8_t *of[3] = {in, theirs, ours};
    static const char *const who[3] = {"in", "theirs", "ours"};

    for (unsigned k = 0; k < 3; k++)
        show(who[k], of[k]);
    for (unsigned n = 0; n < 16; n++)
        for (unsigned k = 0; k < 3; k++) {
            const uint8_t *v = of[k] + AT_ST + 16 * n;

            if (n < 2 || memcmp(in + AT_ST + 16 * n, v, 16))
                fprintf(stderr, "  %s%u %-6s %04x:%016llx %016llx\n",
                        n < 8 ? "st" : "xmm", n & 7, who[k],
                        (unsigned)get(v + 8, 2), (unsigned long long)get(v, 8),
                        (unsigned long long)get(v + 8, 8));
        }
}
