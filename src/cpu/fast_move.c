/* src/cpu/fast_move.c -- moves, extensions, address arithmetic. Rows as in
 * op_move.c. */
#include "cpu/fast.h"

#define MOVE(bits)                                                             \
    static inline uint##bits##_t mov##bits(struct cpu *cpu, uint##bits##_t a,  \
                                           uint##bits##_t b)                   \
    {                                                                          \
        (void)cpu;                                                             \
        (void)a;                                                               \
        return b;                                                              \
    }                                                                          \
    FAST_FORMS_OF(mov, bits, true)
MOVE(8)
MOVE(16)
MOVE(32)

/* To 32 bits from fewer: rows are by the size of the source. */
#define EXTEND_REGISTER(name, bits, type)                                      \
    FAST_HANDLER(name##bits##_rr)                                              \
    {                                                                          \
        *reg32(cpu, u->dst) = (uint32_t)(type)*reg##bits(cpu, u->src);         \
        NEXT;                                                                  \
    }
#define EXTEND_LOAD(name, bits, type, where, form)                             \
    FAST_HANDLER(name##bits##_##form)                                          \
    {                                                                          \
        const uint8_t *at = host_##where(cpu, u, bits / 8, cpu->fast.read);    \
        uint##bits##_t v;                                                      \
                                                                               \
        if (!at)                                                               \
            GENERIC;                                                           \
        memcpy(&v, at, sizeof v);                                              \
        *reg32(cpu, u->dst) = (uint32_t)(type)v;                               \
        NEXT;                                                                  \
    }
#define EXTEND(name, bits, type)                                               \
    EXTEND_REGISTER(name, bits, type)                                          \
    EXTEND_LOAD(name, bits, type, at_base, rm)                                 \
    EXTEND_LOAD(name, bits, type, at_index, rx)                                \
    EXTEND_LOAD(name, bits, type, at_segment, rs)
EXTEND(movzx, 8, uint8_t)
EXTEND(movzx, 16, uint16_t)
EXTEND(movsx, 8, int8_t)
EXTEND(movsx, 16, int16_t)

FAST_HANDLER(lea_base)
{
    *reg32(cpu, u->dst) = at_base(cpu, u);
    NEXT;
}

FAST_HANDLER(lea_index)
{
    *reg32(cpu, u->dst) = at_index(cpu, u);
    NEXT;
}

FAST_HANDLER(exchange)
{
    uint32_t a = *reg32(cpu, u->dst);

    *reg32(cpu, u->dst) = *reg32(cpu, u->src);
    *reg32(cpu, u->src) = a;
    NEXT;
}

FAST_HANDLER(nothing)
{
    NEXT;
}

#define ROW_EXTEND(name, bits)                                                 \
    {                                                                          \
        [FORM_RR] = name##bits##_rr, [FORM_RM] = name##bits##_rm,              \
        [FORM_RX] = name##bits##_rx, [FORM_RS] = name##bits##_rs               \
    }

const struct fast_row fast_move_rows[] = {
    {op_mov, {FAST_ROW_OF(mov, 8), FAST_ROW_OF(mov, 16), FAST_ROW_OF(mov, 32)}},
    {op_movsx, {ROW_EXTEND(movsx, 8), ROW_EXTEND(movsx, 16)}},
    {op_lea, {{0}, {0}, {[FORM_RM] = lea_base, [FORM_RX] = lea_index}}},
    {op_nop,
     {{0},
      {[FORM_RI] = nothing, [FORM_MI] = nothing, [FORM_XI] = nothing},
      {[FORM_RI] = nothing, [FORM_MI] = nothing, [FORM_XI] = nothing}}},
    {op_xchg, {{0}, {0}, {[FORM_RR] = exchange}}},
    {0},
};

const struct fast_row fast_movzx_row = {
    op_mov, {ROW_EXTEND(movzx, 8), ROW_EXTEND(movzx, 16)}};
