/* src/cpu/fast_jump.c -- near jumps, calls, returns and the stack, flat. They
 * end their block: what they lead to is found by a link, or by address. */
#include "cpu/fast.h"

static inline unsigned ticks(const struct uop *u)
{
    return u->number + 1u;
}

/* From the block's first byte to what follows the instruction. */
static inline uint32_t after(const struct uop *u)
{
    return (uint32_t)u->at + u->bytes;
}

static inline bool load32(struct cpu *cpu, uint32_t at, uint32_t *v)
{
    const uint8_t *host = host_at(cpu, at, 4, cpu->fast.read);

    if (!host)
        return false;
    memcpy(v, host, 4);
    return true;
}

static inline bool push32(struct cpu *cpu, uint32_t v)
{
    uint32_t at = cpu->s.reg[ESP] - 4;
    uint8_t *host = host_at(cpu, at, 4, cpu->fast.write);

    if (!host)
        return false;
    memcpy(host, &v, 4);
    cpu->s.reg[ESP] = at;
    return true;
}

/* ---- conditions -----------------------------------------------------------*/

#define CONDITION(code)                                                        \
    FAST_HANDLER(jcc_##code)                                                   \
    {                                                                          \
        if (host_condition(cpu->fast.flags, code))                             \
            return follow(cpu, u, ticks(u), u->imm, 1);                        \
        return follow(cpu, u, ticks(u), after(u), 0);                          \
    }                                                                          \
    FAST_HANDLER(jcc_far_##code)                                               \
    {                                                                          \
        uint32_t by =                                                          \
            host_condition(cpu->fast.flags, code) ? u->imm : after(u);         \
                                                                               \
        return follow_far(cpu, ticks(u), cpu->s.eip + by);                     \
    }                                                                          \
    FAST_HANDLER(set_##code)                                                   \
    {                                                                          \
        *reg8(cpu, u->dst) = host_condition(cpu->fast.flags, code);            \
        NEXT;                                                                  \
    }                                                                          \
    FAST_HANDLER(move_##code)                                                  \
    {                                                                          \
        if (host_condition(cpu->fast.flags, code))                             \
            *reg32(cpu, u->dst) = *reg32(cpu, u->src);                         \
        NEXT;                                                                  \
    }                                                                          \
    MOVE_LOAD(code, at_base)                                                   \
    MOVE_LOAD(code, at_index)
#define MOVE_LOAD(code, where)                                                 \
    FAST_HANDLER(move_##code##_##where)                                        \
    {                                                                          \
        uint32_t v;                                                            \
                                                                               \
        if (!load32(cpu, where(cpu, u), &v))                                   \
            GENERIC;                                                           \
        if (host_condition(cpu->fast.flags, code))                             \
            *reg32(cpu, u->dst) = v;                                           \
        NEXT;                                                                  \
    }
#define ROW(code)                                                              \
    {                                                                          \
        jcc_##code, jcc_far_##code, set_##code, move_##code,                   \
            move_##code##_at_base, move_##code##_at_index                      \
    }
CONDITION(0)
CONDITION(1)
CONDITION(2)
CONDITION(3)
CONDITION(4)
CONDITION(5)
CONDITION(6)
CONDITION(7)
CONDITION(8)
CONDITION(9)
CONDITION(10)
CONDITION(11)
CONDITION(12)
CONDITION(13)
CONDITION(14)
CONDITION(15)
const struct fast_condition fast_conditions[16] = {
    ROW(0), ROW(1), ROW(2),  ROW(3),  ROW(4),  ROW(5),  ROW(6),  ROW(7),
    ROW(8), ROW(9), ROW(10), ROW(11), ROW(12), ROW(13), ROW(14), ROW(15),
};

/* ---- jumps ----------------------------------------------------------------*/

FAST_HANDLER(jmp_near)
{
    return follow(cpu, u, ticks(u), u->imm, 1);
}

FAST_HANDLER(jmp_far)
{
    return follow_far(cpu, ticks(u), cpu->s.eip + u->imm);
}

FAST_HANDLER(call_near)
{
    if (!push32(cpu, cpu->s.eip + after(u)))
        GENERIC;
    return follow(cpu, u, ticks(u), u->imm, 1);
}

FAST_HANDLER(call_far)
{
    if (!push32(cpu, cpu->s.eip + after(u)))
        GENERIC;
    return follow_far(cpu, ticks(u), cpu->s.eip + u->imm);
}

FAST_HANDLER(ret)
{
    uint32_t eip;

    if (!load32(cpu, cpu->s.reg[ESP], &eip))
        GENERIC;
    cpu->s.reg[ESP] += 4 + u->imm;
    return follow_far(cpu, ticks(u), eip);
}

/* LOOP: no flag is asked or changed. */
FAST_HANDLER(loop_near)
{
    if (--cpu->s.reg[ECX])
        return follow(cpu, u, ticks(u), u->imm, 1);
    return follow(cpu, u, ticks(u), after(u), 0);
}

FAST_HANDLER(loop_far)
{
    return follow_far(cpu, ticks(u),
                      cpu->s.eip + (--cpu->s.reg[ECX] ? u->imm : after(u)));
}

#define INDIRECT(form, get)                                                    \
    FAST_HANDLER(jmp_##form)                                                   \
    {                                                                          \
        uint32_t eip;                                                          \
                                                                               \
        get;                                                                   \
        return follow_far(cpu, ticks(u), eip);                                 \
    }                                                                          \
    FAST_HANDLER(call_##form)                                                  \
    {                                                                          \
        uint32_t eip;                                                          \
                                                                               \
        get;                                                                   \
        if (!push32(cpu, cpu->s.eip + after(u)))                               \
            GENERIC;                                                           \
        return follow_far(cpu, ticks(u), eip);                                 \
    }
#define GET_MEMORY(where)                                                      \
    if (!load32(cpu, where(cpu, u), &eip))                                     \
    GENERIC
INDIRECT(register, eip = *reg32(cpu, u->dst))
INDIRECT(base, GET_MEMORY(at_base))
INDIRECT(index, GET_MEMORY(at_index))

static bool in_page(const struct block *b, uint32_t by)
{
    return (uint32_t)(b->key & PAGE_MASK) + by < PAGE_BYTES;
}

uop_run *fast_jump(const struct block *b, struct uop *u, const struct insn *i)
{
    bool near = in_page(b, u->imm + after(u)), m = i->mod != 3;
    const struct fast_condition *c = &fast_conditions[i->opcode & 15];

    if (i->bits != 32)
        return NULL;
    if (i->run == op_ret) {
        u->imm = i->opcode == 0xc2 ? i->imm : 0;
        return ret;
    }
    if (i->run == op_jmp_near)
        return !m ? jmp_register : i->index ? jmp_index : jmp_base;
    if (i->run == op_call_near)
        return !m ? call_register : i->index ? call_index : call_base;
    u->imm += after(u); /* relative to the block's first byte */
    if (i->run == op_jcc)
        return near && in_page(b, after(u)) ? c->near : c->far;
    if (i->run == op_loop && i->opcode == 0xe2 && i->abits == 32)
        return near && in_page(b, after(u)) ? loop_near : loop_far;
    if (i->run == op_jmp)
        return near ? jmp_near : jmp_far;
    if (i->run == op_call)
        return near ? call_near : call_far;
    return NULL;
}

/* ---- stack ----------------------------------------------------------------*/

FAST_HANDLER(push_register)
{
    if (!push32(cpu, *reg32(cpu, u->dst)))
        GENERIC;
    NEXT;
}

FAST_HANDLER(push_immediate)
{
    if (!push32(cpu, u->imm))
        GENERIC;
    NEXT;
}

#define PUSH_MEMORY(name, where)                                               \
    FAST_HANDLER(name)                                                         \
    {                                                                          \
        uint32_t v;                                                            \
                                                                               \
        if (!load32(cpu, where(cpu, u), &v) || !push32(cpu, v))                \
            GENERIC;                                                           \
        NEXT;                                                                  \
    }
PUSH_MEMORY(push_base, at_base)
PUSH_MEMORY(push_index, at_index)

FAST_HANDLER(pop_register)
{
    uint32_t v;

    if (!load32(cpu, cpu->s.reg[ESP], &v))
        GENERIC;
    cpu->s.reg[ESP] += 4;
    *reg32(cpu, u->dst) = v;
    NEXT;
}

FAST_HANDLER(leave)
{
    uint32_t v, at = cpu->s.reg[EBP];

    if (!load32(cpu, at, &v))
        GENERIC;
    cpu->s.reg[ESP] = at + 4;
    cpu->s.reg[EBP] = v;
    NEXT;
}

uop_run *fast_stack(struct uop *u, const struct insn *i)
{
    bool memory = i->op->dst == O_Ev && i->mod != 3;

    if (i->bits != 32)
        return NULL;
    if (i->run == op_leave)
        return leave;
    if (i->run == op_pop)
        return memory ? NULL : pop_register;
    if (i->run != op_push)
        return NULL;
    if (i->op->dst == O_Iv || i->op->dst == O_sIb)
        return push_immediate;
    (void)u;
    return !memory ? push_register : i->index ? push_index : push_base;
}
