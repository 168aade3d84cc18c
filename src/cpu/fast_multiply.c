/* src/cpu/fast_multiply.c -- products and quotients of 32 bits, in EDX:EAX and
 * by an immediate; what stands before a division. Rows as in op_alu.c, whose
 * choices of undefined flags these are. */
#include "cpu/fast.h"

/* SF, ZF, PF of the low half; AF clear. */
static inline void product_flags(struct cpu *cpu, uint32_t low, bool over)
{
    uint32_t f;

    __asm__("test %1, %1\n\tlahf" : "=a"(f) : "r"(low) : "cc");
    f &= HOST_SF | HOST_ZF | HOST_PF;
    cpu->fast.flags = (uint16_t)(over ? f | HOST_CF | HOST_OF : f);
}

static inline void set_pair(struct cpu *cpu, uint64_t v)
{
    cpu->s.reg[EAX] = (uint32_t)v;
    cpu->s.reg[EDX] = (uint32_t)(v >> 32);
}

static inline uint64_t pair(const struct cpu *cpu)
{
    return (uint64_t)cpu->s.reg[EDX] << 32 | cpu->s.reg[EAX];
}

static inline bool mul(struct cpu *cpu, uint32_t b)
{
    uint64_t v = (uint64_t)cpu->s.reg[EAX] * b;

    set_pair(cpu, v);
    product_flags(cpu, (uint32_t)v, v >> 32);
    return true;
}

static inline bool imul(struct cpu *cpu, uint32_t b)
{
    int64_t v = (int64_t)(int32_t)cpu->s.reg[EAX] * (int32_t)b;

    set_pair(cpu, (uint64_t)v);
    product_flags(cpu, (uint32_t)v, v != (int32_t)v);
    return true;
}

/* False: #DE, or near it. */
static inline bool div_pair(struct cpu *cpu, uint32_t b)
{
    uint64_t n = pair(cpu);

    if (b <= n >> 32)
        return false;
    cpu->s.reg[EAX] = (uint32_t)(n / b);
    cpu->s.reg[EDX] = (uint32_t)(n % b);
    return true;
}

static inline bool idiv_pair(struct cpu *cpu, uint32_t b)
{
    int64_t n = (int64_t)pair(cpu), d = (int32_t)b, q;

    if (!d || n == INT64_MIN)
        return false;
    q = n / d;
    if (q != (int32_t)q)
        return false;
    cpu->s.reg[EAX] = (uint32_t)q;
    cpu->s.reg[EDX] = (uint32_t)(n % d);
    return true;
}

#define OF_PAIR_MEMORY(name, where, form)                                      \
    FAST_HANDLER(name##_##form)                                                \
    {                                                                          \
        const uint8_t *at = host_##where(cpu, u, 4, cpu->fast.read);           \
        uint32_t v;                                                            \
                                                                               \
        if (!at)                                                               \
            GENERIC;                                                           \
        memcpy(&v, at, 4);                                                     \
        if (!name(cpu, v))                                                     \
            GENERIC;                                                           \
        NEXT;                                                                  \
    }
#define OF_PAIR(name)                                                          \
    FAST_HANDLER(name##_ri)                                                    \
    {                                                                          \
        if (!name(cpu, *reg32(cpu, u->dst)))                                   \
            GENERIC;                                                           \
        NEXT;                                                                  \
    }                                                                          \
    OF_PAIR_MEMORY(name, at_base, mi)                                          \
    OF_PAIR_MEMORY(name, at_index, xi)                                         \
    OF_PAIR_MEMORY(name, at_segment, si)
OF_PAIR(mul)
OF_PAIR(imul)
OF_PAIR(div_pair)
OF_PAIR(idiv_pair)

static inline uint32_t product(struct cpu *cpu, uint32_t a, uint32_t b)
{
    int64_t v = (int64_t)(int32_t)a * (int32_t)b;

    product_flags(cpu, (uint32_t)v, v != (int32_t)v);
    return (uint32_t)v;
}

#define imul_two32(cpu, a, b)   product(cpu, a, b)
#define imul_three32(cpu, a, b) product(cpu, b, u->imm)
#define TO_REGISTER(name)                                                      \
    FAST_REGISTER(name, 32, true, FAST_SRC(32), rr)                            \
    FAST_LOAD(name, 32, true, at_base, rm)                                     \
    FAST_LOAD(name, 32, true, at_index, rx)                                    \
    FAST_LOAD(name, 32, true, at_segment, rs)
TO_REGISTER(imul_two)
TO_REGISTER(imul_three)

#define ROW_PAIR(op, name)                                                     \
    {                                                                          \
        op,                                                                    \
        {                                                                      \
            {0}, {0},                                                          \
            {                                                                  \
                [FORM_RI] = name##_ri, [FORM_MI] = name##_mi,                  \
                [FORM_XI] = name##_xi, [FORM_SI] = name##_si                   \
            }                                                                  \
        }                                                                      \
    }
#define ROW_TO(op, name)                                                       \
    {                                                                          \
        op,                                                                    \
        {                                                                      \
            {0}, {0},                                                          \
            {                                                                  \
                [FORM_RR] = name##32_rr, [FORM_RM] = name##32_rm,              \
                [FORM_RX] = name##32_rx, [FORM_RS] = name##32_rs               \
            }                                                                  \
        }                                                                      \
    }

const struct fast_row fast_multiply_rows[] = {
    ROW_PAIR(op_mul, mul),
    ROW_PAIR(op_imul1, imul),
    ROW_PAIR(op_div, div_pair),
    ROW_PAIR(op_idiv, idiv_pair),
    ROW_TO(op_imul2, imul_two),
    ROW_TO(op_imul3, imul_three),
    {0},
};

/* ---- without operands -----------------------------------------------------*/

FAST_HANDLER(cdq)
{
    cpu->s.reg[EDX] = cpu->s.reg[EAX] >> 31 ? UINT32_MAX : 0;
    NEXT;
}

FAST_HANDLER(cwde)
{
    cpu->s.reg[EAX] = (uint32_t)(int16_t)cpu->s.reg[EAX];
    NEXT;
}

uop_run *fast_extend(const struct insn *i)
{
    if (i->bits != 32)
        return NULL;
    return i->run == op_cwd ? cdq : i->run == op_cbw ? cwde : NULL;
}
