/* src/cpu/fast_string.c -- MOVS, STOS and LODS in flat blocks, once or
 * repeated. A repeated one does as many iterations as lie in pages that need no
 * check and end before the run does; the rest is op_string.c's. */
#include "cpu/fast.h"
#include "cpu/string.h"

static inline uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* Elements of @n bytes from @at on that lie in its page. */
static inline uint32_t in_page(uint32_t at, unsigned n)
{
    return (PAGE_BYTES - (at & PAGE_MASK)) / n;
}

/* The block has time for itself, and spare time for the iterations behind the
 * first. If they are too many, one at least is left to the generic way. */
static inline uint32_t iterations(const struct cpu *cpu, const struct uop *u)
{
    uint64_t spare =
        cpu->clock->until - cpu->clock->now - block_of(u)->count + 1;
    uint32_t left = cpu->s.reg[ECX];

    if (cpu->s.eflags & FLAG_DF)
        return 0;
    return left <= spare ? left : (uint32_t)spare - 1;
}

/* @done iterations are: the block goes on, or the generic way with the rest. */
static inline const struct uop *repeated(struct cpu *cpu, const struct uop *u,
                                         uint32_t done)
{
    cpu->s.reg[ECX] -= done;
    cpu->clock->now += done;
    if (cpu->s.reg[ECX])
        GENERIC;
    cpu->clock->now -= done != 0; /* the instruction's own */
    NEXT;
}

static inline uint32_t step_of(const struct cpu *cpu, uint32_t n)
{
    return cpu->s.eflags & FLAG_DF ? 0 - n : n;
}

#define STRING(bits)                                                           \
    FAST_HANDLER(movs##bits)                                                   \
    {                                                                          \
        enum { N = bits / 8 };                                                 \
        uint32_t *reg = cpu->s.reg, step = step_of(cpu, N);                    \
        const uint8_t *from = host_at(cpu, reg[ESI], N, cpu->fast.read);       \
        uint8_t *to = host_at(cpu, reg[EDI], N, cpu->fast.write);              \
                                                                               \
        if (!from || !to)                                                      \
            GENERIC;                                                           \
        string_copy(to, from, N, 1);                                           \
        reg[ESI] += step;                                                      \
        reg[EDI] += step;                                                      \
        NEXT;                                                                  \
    }                                                                          \
    FAST_HANDLER(stos##bits)                                                   \
    {                                                                          \
        enum { N = bits / 8 };                                                 \
        uint8_t *to = host_at(cpu, cpu->s.reg[EDI], N, cpu->fast.write);       \
                                                                               \
        if (!to)                                                               \
            GENERIC;                                                           \
        memcpy(to, &cpu->s.reg[EAX], N);                                       \
        cpu->s.reg[EDI] += step_of(cpu, N);                                    \
        NEXT;                                                                  \
    }                                                                          \
    FAST_HANDLER(lods##bits)                                                   \
    {                                                                          \
        enum { N = bits / 8 };                                                 \
        const uint8_t *from =                                                  \
            host_at(cpu, cpu->s.reg[ESI], N, cpu->fast.read);                  \
                                                                               \
        if (!from)                                                             \
            GENERIC;                                                           \
        memcpy(&cpu->s.reg[EAX], from, N);                                     \
        cpu->s.reg[ESI] += step_of(cpu, N);                                    \
        NEXT;                                                                  \
    }                                                                          \
    FAST_HANDLER(rep_movs##bits)                                               \
    {                                                                          \
        enum { N = bits / 8 };                                                 \
        uint32_t *reg = cpu->s.reg, most = iterations(cpu, u), done = 0;       \
                                                                               \
        while (done < most) {                                                  \
            const uint8_t *from = host_at(cpu, reg[ESI], N, cpu->fast.read);   \
            uint8_t *to = host_at(cpu, reg[EDI], N, cpu->fast.write);          \
            uint32_t count = least(most - done, least(in_page(reg[ESI], N),    \
                                                      in_page(reg[EDI], N)));  \
                                                                               \
            if (!from || !to)                                                  \
                break;                                                         \
            string_copy(to, from, N, count);                                   \
            reg[ESI] += count * N;                                             \
            reg[EDI] += count * N;                                             \
            done += count;                                                     \
        }                                                                      \
        return repeated(cpu, u, done);                                         \
    }                                                                          \
    FAST_HANDLER(rep_stos##bits)                                               \
    {                                                                          \
        enum { N = bits / 8 };                                                 \
        uint32_t *reg = cpu->s.reg, most = iterations(cpu, u), done = 0;       \
                                                                               \
        while (done < most) {                                                  \
            uint8_t *to = host_at(cpu, reg[EDI], N, cpu->fast.write);          \
            uint32_t count = least(most - done, in_page(reg[EDI], N));         \
                                                                               \
            if (!to)                                                           \
                break;                                                         \
            string_fill(to, reg[EAX], N, count);                               \
            reg[EDI] += count * N;                                             \
            done += count;                                                     \
        }                                                                      \
        return repeated(cpu, u, done);                                         \
    }
STRING(8)
STRING(16)
STRING(32)

uop_run *fast_string(const struct insn *i)
{
    static const struct {
        op_run *run;
        uop_run *once[3], *repeated[3];
    } rows[] = {
        {op_movs, {movs8, movs16, movs32}, {rep_movs8, rep_movs16, rep_movs32}},
        {op_stos, {stos8, stos16, stos32}, {rep_stos8, rep_stos16, rep_stos32}},
        {op_lods, {lods8, lods16, lods32}, {0}},
    };
    unsigned size = !(i->opcode & 1) ? 0 : i->bits == 16 ? 1 : 2;

    if (i->abits != 32 || i->seg == CS || i->seg > DS)
        return NULL;
    for (unsigned n = 0; n < sizeof rows / sizeof *rows; n++) {
        if (rows[n].run == i->run)
            return i->rep ? rows[n].repeated[size] : rows[n].once[size];
    }
    return NULL;
}
