/* tests/cpu/forms.c -- see forms.h. Encodings: SDM vol. 2, chapter 2. */
#include "forms.h"

#include <stdio.h>
#include <string.h>

#include "cpu/ops.h"

uint32_t form_random(uint64_t *seed) /* splitmix64 */
{
    uint64_t z = *seed += 0x9e3779b97f4a7c15u;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return (uint32_t)(z ^ z >> 31);
}

static uint32_t below(uint64_t *seed, uint32_t n)
{
    return form_random(seed) % n;
}

static bool one_in(uint64_t *seed, uint32_t n)
{
    return !below(seed, n);
}

/* Edges of the widths come often. */
static uint32_t value(uint64_t *seed)
{
    static const uint32_t edges[] = {0,          1,          0x7f,      0x80,
                                     0xff,       0x7fff,     0x8000,    0xffff,
                                     0x7fffffff, 0x80000000, UINT32_MAX};

    if (one_in(seed, 4))
        return edges[below(seed, sizeof edges / sizeof *edges)];
    return form_random(seed) >> (one_in(seed, 4) ? below(seed, 32) : 0);
}

static unsigned add_rows(struct form *out, unsigned count,
                         const struct opcode *map, bool two_byte)
{
    for (unsigned code = 0; code < 256; code++) {
        const struct opcode *o = &map[code];

        for (int reg = 0; (o->flags & F_GROUP) && reg < 8; reg++) {
            const struct opcode *row = &opcode_group[o->group][reg];

            if (row->run)
                out[count++] = (struct form){.outer = o,
                                             .row = row,
                                             .two_byte = two_byte,
                                             .opcode = (uint8_t)code,
                                             .reg = reg};
        }
        if (!(o->flags & F_GROUP) && o->run)
            out[count++] = (struct form){.outer = o,
                                         .row = o,
                                         .two_byte = two_byte,
                                         .opcode = (uint8_t)code,
                                         .reg = -1};
    }
    return count;
}

/* Eight rows that differ in ST(i) alone are one form. */
static unsigned add_x87(struct form *out, unsigned count, unsigned op)
{
    for (int reg = 0; reg < 8; reg++) {
        const struct opcode *o = &opcode_x87_mem[op][reg];
        uint8_t code = (uint8_t)(0xd8 + op);

        if (o->run)
            out[count++] =
                (struct form){.outer = o, .row = o, .opcode = code, .reg = reg};
        o = &opcode_x87_reg[op][8 * reg];
        if (o[0].run && o[7].run && o[0].run == o[7].run &&
            !strcmp(o[0].name, o[7].name)) {
            out[count++] =
                (struct form){.outer = o, .row = o, .opcode = code, .reg = reg};
            continue;
        }
        for (int rm = 0; rm < 8; rm++)
            if (o[rm].run)
                out[count++] =
                    (struct form){.outer = o + rm,
                                  .row = o + rm,
                                  .opcode = code,
                                  .reg = reg,
                                  .fixed = (uint8_t)(0xc0 | reg << 3 | rm)};
    }
    return count;
}

static const uint8_t prefix_bytes[SIMD_PREFIXES] = {0, 0x66, 0xf3, 0xf2};

static unsigned add_simd(struct form *out, unsigned count, unsigned prefix)
{
    for (unsigned code = 0; code < 256; code++) {
        const struct opcode *o = &opcode_sse[prefix][code];
        struct form f = {.outer = o,
                         .row = o,
                         .two_byte = true,
                         .opcode = (uint8_t)code,
                         .reg = -1,
                         .prefix = prefix_bytes[prefix],
                         .simd = true};

        if (o->run)
            out[count++] = f;
        for (f.reg = 0; (o->flags & F_GROUP) && f.reg < 8; f.reg++) {
            f.row = &opcode_group[o->group][f.reg];
            if (f.row->run)
                out[count++] = f;
        }
    }
    return count;
}

unsigned forms_all(struct form out[FORMS_MOST])
{
    unsigned count = add_rows(out, 0, opcode_one, false);

    count = add_rows(out, count, opcode_0f, true);
    for (unsigned op = 0; op < 8; op++)
        count = add_x87(out, count, op);
    for (unsigned prefix = 0; prefix < SIMD_PREFIXES; prefix++)
        count = add_simd(out, count, prefix);
    return count;
}

void form_text(const struct form *f, char *out, unsigned bytes)
{
    char group[16] = "";

    if (f->reg >= 0)
        snprintf(group, sizeof group, " /%d", f->reg);
    if (f->prefix) {
        snprintf(out, bytes, "%02x 0f %02x%s %s", f->prefix, f->opcode, group,
                 f->row->name);
        return;
    }
    snprintf(out, bytes, "%s%02x%s %s", f->two_byte ? "0f " : "", f->opcode,
             group, f->row->name);
}

bool form_fpu(const struct form *f)
{
    return f->simd || (f->row->flags & F_UNIT);
}

static bool named(const struct form *f, const char *names)
{
    size_t n = strlen(f->row->name);

    for (const char *p = names; (p = strstr(p, f->row->name)); p += n)
        if ((p == names || p[-1] == ' ') && (p[n] == ' ' || !p[n]))
            return true;
    return false;
}

static void byte(struct form_case *c, uint32_t v)
{
    c->code[c->bytes++] = (uint8_t)v;
}

static void bytes(struct form_case *c, uint32_t v, unsigned n)
{
    for (; n; n--, v >>= 8)
        byte(c, v);
}

static bool is_e(unsigned code)
{
    return code == O_Eb || code == O_Ew || code == O_Ed || code == O_Ev;
}

static bool is_g(unsigned code)
{
    return code >= O_Gb && code <= O_Gv;
}

static bool has_modrm(const struct form *f)
{
    const struct opcode *o = f->outer;

    return (o->flags & F_MODRM) || (f->row->flags & (F_MEM | F_REG)) ||
           is_e(o->dst) || is_e(o->src) || is_g(o->dst) || is_g(o->src) ||
           o->dst == O_M || o->src == O_M;
}

static void poke(struct form_case *c, uint32_t at, uint32_t v, unsigned n)
{
    c->poke[c->pokes].at = at;
    c->poke[c->pokes].value = v;
    c->poke[c->pokes++].bytes = n;
}

/* Somewhere in the data pages, one in four across the middle. */
static uint32_t data_place(uint64_t *seed)
{
    if (one_in(seed, 4))
        return SILICON_DATA + 4096 - 8 + below(seed, 8);
    return SILICON_DATA + 512 + below(seed, SILICON_BYTES - 1024);
}

/* Where a jump may go: INT3s on either side of the instruction. */
static uint32_t code_place(uint64_t *seed)
{
    return SILICON_CODE + (one_in(seed, 2) ? 16 : 2100) + below(seed, 1800);
}

static void memory_form(struct form_case *c, uint64_t *seed, unsigned reg)
{
    uint32_t *r = c->in.reg;
    unsigned base = below(seed, 8), index = below(seed, 8),
             scale = below(seed, 4);
    uint32_t disp;

    c->memory = true;
    if (base == ECX && c->bits == 16) /* it may be a count below 16 */
        base = EDX;
    switch (c->plain ? below(seed, 2) : below(seed, 6)) {
    case 0:             /* [disp32] */
        if (c->plain) { /* not relative to RIP */
            byte(c, reg << 3 | 4);
            byte(c, 0x25);
        } else {
            byte(c, reg << 3 | 5);
        }
        bytes(c, c->target, 4);
        return;
    case 1: /* [base] */
        base = base == ESP || base == EBP ? EBX : base;
        r[base] = c->target;
        byte(c, reg << 3 | base);
        return;
    case 2: /* [base + disp8] */
        base = base == ESP ? ESI : base;
        disp = form_random(seed);
        r[base] = c->target - (uint32_t)(int8_t)disp;
        byte(c, 0x40 | reg << 3 | base);
        byte(c, disp);
        return;
    case 3: /* [index * scale + disp32] */
        byte(c, reg << 3 | 4);
        byte(c, scale << 6 | index << 3 | 5);
        disp = c->target - (index == ESP ? 0 : r[index] << scale);
        break;
    case 4: /* [base + disp32] */
        base = base == ESP ? EDI : base;
        byte(c, 0x80 | reg << 3 | base);
        disp = c->target - r[base];
        break;
    default: /* [base + index * scale + disp32] */
        byte(c, 0x80 | reg << 3 | 4);
        byte(c, scale << 6 | index << 3 | base);
        disp = c->target - r[base] - (index == ESP ? 0 : r[index] << scale);
        break;
    }
    bytes(c, disp, 4);
}

/* BT and friends with a register reach by its value: keep it in the pages, and
 * let it be no part of the address. */
static void bit_string_form(struct form_case *c, uint64_t *seed, unsigned reg)
{
    c->memory = true;
    c->in.reg[reg] = below(seed, 6400) - 3200;
    c->target = SILICON_DATA + 4096;
    byte(c, reg << 3 | 4);
    byte(c, 0x25);
    bytes(c, c->target, 4);
}

static void modrm(const struct form *f, struct form_case *c, uint64_t *seed)
{
    unsigned reg = f->reg >= 0 ? (unsigned)f->reg : below(seed, 8);
    unsigned rm = below(seed, 8);
    uint32_t flags = f->row->flags | f->outer->flags;
    bool memory = flags & F_MEM || (!(flags & F_REG) && one_in(seed, 2));

    if (f->fixed) {
        byte(c, f->fixed);
        return;
    }
    if (memory && named(f, "bt bts btr btc") && f->reg < 0) {
        bit_string_form(c, seed, reg);
    } else if (memory) {
        memory_form(c, seed, reg);
    } else {
        if (named(f, "call jmp") && rm == ESP)
            rm = EBX;
        byte(c, 0xc0 | reg << 3 | rm);
    }
    if (named(f, "call jmp")) {
        if (memory)
            poke(c, c->target, code_place(seed), 4);
        else
            c->in.reg[rm] = code_place(seed);
    }
    if (named(f, "cmpxchg") && memory && one_in(seed, 2))
        poke(c, c->target, c->in.reg[EAX], 4);
    if (named(f, "cmpxchg") && !memory && one_in(seed, 2))
        c->in.reg[EAX] = c->in.reg[rm];
    if (named(f, "cmpxchg8b") && one_in(seed, 2)) {
        poke(c, c->target, c->in.reg[EAX], 4);
        poke(c, c->target + 4, c->in.reg[EDX], 4);
    }
}

static void immediate(const struct form *f, struct form_case *c, uint64_t *seed,
                      unsigned code)
{
    uint32_t v = value(seed), here = c->in.eip + c->bytes;

    if (named(f, "enter"))
        v &= 0x3f;
    if (named(f, "ret"))
        v &= 0xff;
    if (named(f, "shld shrd") && c->bits == 16)
        v &= 15;
    switch (code) {
    case O_Ib:
    case O_sIb:
    case O_I2b:
        byte(c, v);
        break;
    case O_Iw:
        bytes(c, v, 2);
        break;
    case O_Iv:
        bytes(c, v, c->bits / 8);
        break;
    case O_Jb:
        byte(c, one_in(seed, 2) ? below(seed, 100) : 0u - 20 - below(seed, 80));
        break;
    case O_Jv:
        bytes(c, code_place(seed) - here - 4, 4);
        break;
    case O_Ob:
    case O_Ov:
        bytes(c, c->target, 4);
        c->memory = true;
        break;
    default:
        break;
    }
}

/* Registers and memory that particular instructions need to stay in place. */
static void special(const struct form *f, struct form_case *c, uint64_t *seed)
{
    uint32_t *r = c->in.reg;

    if (f->row->flags & F_REP) {
        r[ESI] = data_place(seed);
        r[EDI] = data_place(seed);
        r[ECX] &= 15;
    }
    if (named(f, "xlat"))
        r[EBX] = c->target - (r[EAX] & 255);
    if (named(f, "loop loope loopne jcxz") && one_in(seed, 2))
        r[ECX] = below(seed, 2);
    if (named(f, "maskmovq maskmovdqu"))
        r[EDI] = c->target;
    if (named(f, "enter leave"))
        r[EBP] = SILICON_STACK + 512 + below(seed, 4096);
    if (named(f, "shld shrd") && c->bits == 16)
        r[ECX] &= 15;
    if (named(f, "div idiv") && one_in(seed, 2))
        r[EDX] =
            one_in(seed, 2) ? r[EDX] & 15 : (uint32_t)((int32_t)r[EAX] >> 31);
    if (named(f, "ret"))
        poke(c, r[ESP], code_place(seed), 4);
    if (named(f, "popf")) /* not TF, NT, AC: they reach the host's kernel */
        poke(c, r[ESP], form_random(seed) & 0x200cd5, 4);
}

static void prefixes(const struct form *f, struct form_case *c, uint64_t *seed)
{
    static const uint8_t segments[] = {0x26, 0x36, 0x3e};
    bool near = named(f, "call jmp jcc ret loop loope loopne jcxz");

    if (one_in(seed, 8)) /* flat all of them */
        byte(c, segments[below(seed, 3)]);
    if ((f->row->flags & F_REP) && one_in(seed, 2))
        byte(c, 0xf2 + below(seed, 2));
    c->bits = 32;
    if (f->prefix)
        byte(c, f->prefix);
    if (!f->simd && one_in(seed, 3) &&
        !near) { /* 16-bit branches leave our pages */
        c->bits = 16;
        byte(c, 0x66);
    }
}

static void reset(struct form_case *c, uint64_t *seed)
{
    memset(c, 0, sizeof *c);
    c->plain = !silicon_32();
    c->target = data_place(seed);
    for (unsigned n = 0; n < 8; n++)
        c->in.reg[n] = value(seed);
    c->in.reg[ESP] = SILICON_STACK + 4096 + 4 * (below(seed, 400) - 200);
    if (one_in(seed, 8))
        c->in.reg[ESP] += below(seed, 4);
    c->in.eflags = (form_random(seed) & 0xcd5) | 0x202;
    c->in.eip = SILICON_CODE + 2048;
    if (one_in(seed, 4)) /* the instruction crosses a page */
        c->in.eip = SILICON_CODE + 4096 - 1 - below(seed, 6);
}

void form_make(const struct form *f, uint64_t *seed, struct form_case *c)
{
    bool wide;

    reset(c, seed);
    prefixes(f, c, seed);
    if (f->simd && !one_in(seed, 16))
        c->target &= ~15u;
    special(f, c, seed);
    if (f->two_byte)
        byte(c, 0x0f);
    byte(c, f->opcode);
    if (has_modrm(f))
        modrm(f, c, seed);
    immediate(f, c, seed, f->outer->dst);
    immediate(f, c, seed, f->outer->src);
    wide = f->outer->dst != O_Eb;
    immediate(f, c, seed, f->row->ext == O_Iv && !wide ? O_Ib : f->row->ext);
    if (f->simd && f->row != f->outer)
        immediate(f, c, seed, f->outer->ext);
    if (c->memory && (f->row->flags & F_LOCK) && is_e(f->outer->dst) &&
        one_in(seed, 4)) {
        memmove(c->code + 1, c->code, c->bytes++);
        c->code[0] = 0xf0;
    }
}

/* What means something else there, or uses the stack or 64-bit counts. */
bool form_in_64(const struct form *f)
{
    bool gone = named(f, "aaa aad aam aas arpl bound daa das into popa pusha "
                         "salc push pop pushf popf call ret enter leave jcxz "
                         "loop loope loopne jmp") ||
                (f->row->flags & F_REP);

    return !gone &&
           (f->two_byte || ((f->opcode & 0xf0) != 0x40 &&
                            (f->opcode & 0xfc) != 0xa0 && f->opcode != 0x82));
}

/* ---- what the SDM leaves undefined, vol. 2 under each instruction ---------
 */

static uint32_t shift_undefined(const struct form *f, const struct form_case *c)
{
    unsigned size = f->outer->dst == O_Eb ? 8 : c->bits, count = 1;
    uint32_t undefined = 0;

    if (f->outer->src == O_Ib || f->outer->ext == O_Ib)
        count = c->code[c->bytes - 1] & 31;
    else if (f->outer->src == O_CL || f->outer->ext == O_CL)
        count = c->in.reg[ECX] & 31;
    if (!count)
        return 0;
    if (count != 1)
        undefined |= FLAG_OF;
    if (named(f, "rol ror rcl rcr"))
        return undefined;
    undefined |= FLAG_AF;
    if (named(f, "shl shr") && count >= size)
        undefined |= FLAG_CF;
    return undefined;
}

uint32_t form_undefined(const struct form *f, const struct form_case *c)
{
    enum {
        C = FLAG_CF,
        P = FLAG_PF,
        A = FLAG_AF,
        Z = FLAG_ZF,
        S = FLAG_SF,
        O = FLAG_OF
    };
    static const struct {
        const char *names;
        uint32_t flags;
    } rows[] = {
        {"and or xor test", A},
        {"mul imul", S | Z | A | P},
        {"div idiv", O | S | Z | A | P | C},
        {"aaa aas", O | S | Z | P},
        {"daa das", O},
        {"aam aad", O | A | C},
        {"bt bts btr btc", O | S | A | P},
        {"bsf bsr", C | O | S | A | P},
    };

    if (named(f, "rol ror rcl rcr shl shr sar shld shrd"))
        return shift_undefined(f, c);
    for (unsigned n = 0; n < sizeof rows / sizeof *rows; n++)
        if (named(f, rows[n].names))
            return rows[n].flags;
    return 0;
}
