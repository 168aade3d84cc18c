/* src/cpu/ops.h -- the handlers that opcodes.def names. */
#ifndef CPU_OPS_H
#define CPU_OPS_H

#include "cpu/private.h"

enum op_group {
    GROUP1,
    GROUP1A,
    GROUP2,
    GROUP3,
    GROUP4,
    GROUP5,
    GROUP6,
    GROUP7,
    GROUP8,
    GROUP9,
    GROUP11,
    GROUP12,
    GROUP13,
    GROUP14,
    GROUP14_66,
    GROUP15,
    GROUP_X87, /* rows of x87.def */
    OP_GROUPS
};
extern const struct opcode opcode_group[OP_GROUPS][8];

#define HANDLER(run)              void run(struct cpu *cpu, const struct insn *i);
#define OP(c, n, d, s, e, run, f) HANDLER(run)
#define OP8                       OP
#define OP16                      OP
#define GROUP(c, g, d, s, e, f)
#define ROW(g, r, n, e, run, f)        HANDLER(run)
#define X87_MEM(op, r, n, run, f)      HANDLER(run)
#define X87_STI                        X87_MEM
#define X87_ONE                        X87_MEM
#define SSE(p, c, n, e, run, f, needs) HANDLER(run)
#define SSE_GROUP(p, c, g, e, f, needs)
#define SSE_ROW(g, r, n, run, f, needs) HANDLER(run)
#define MAP_ONE
#define MAP_0F
#define MAP_GROUPS
#include "cpu/opcodes.def"
#define MAP_SSE
#define MAP_SSE_GROUPS
#include "cpu/sse.def"
#include "cpu/x87.def"
#undef MAP_SSE
#undef MAP_SSE_GROUPS
#undef MAP_ONE
#undef MAP_0F
#undef MAP_GROUPS
#undef OP
#undef OP8
#undef OP16
#undef GROUP
#undef ROW
#undef SSE
#undef SSE_GROUP
#undef SSE_ROW
#undef X87_MEM
#undef X87_STI
#undef X87_ONE
#undef HANDLER

#endif
