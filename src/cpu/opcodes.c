/* src/cpu/opcodes.c -- the rows of opcodes.def as tables. */
#include "cpu/ops.h"

/* clang-format off */
#define OP(c, n, d, s, e, r, f) [c] = {n, O_##d, O_##s, O_##e, r, f, 0},
#define OP8(c, n, d, s, e, r, f) [(c)...(c) + 7] = {n, O_##d, O_##s, O_##e, r, f, 0},
#define OP16(c, n, d, s, e, r, f) [(c)...(c) + 15] = {n, O_##d, O_##s, O_##e, r, f, 0},
#define GROUP(c, g, d, s, e, f) [c] = {"", O_##d, O_##s, O_##e, NULL, F_GROUP | F_MODRM | (f), g},
#define SSE(p, c, n, e, r, f, needs) [SIMD_##p][c] = {n, 0, 0, O_##e, r, ((c) == 0x77 ? 0 : F_MODRM) | (f) | (needs), 0},
#define SSE_GROUP(p, c, g, e, f, needs) [SIMD_##p][c] = {"", 0, 0, O_##e, NULL, F_GROUP | F_MODRM | (f) | (needs), g},
#define SSE_ROW(g, reg, n, r, f, needs) [g][reg] = {n, 0, 0, O_NONE, r, (f) | (needs), 0},
#define ROW(g, reg, n, e, r, f) [g][reg] = {n, 0, 0, O_##e, r, f, 0},
/* clang-format on */

const struct opcode opcode_one[256] = {
#define MAP_ONE
#include "cpu/opcodes.def"
#undef MAP_ONE
};

const struct opcode opcode_0f[256] = {
#define MAP_0F
#include "cpu/opcodes.def"
#undef MAP_0F
};

const struct opcode opcode_group[OP_GROUPS][8] = {
#define MAP_GROUPS
#define MAP_SSE_GROUPS
#include "cpu/opcodes.def"
#include "cpu/sse.def"
#undef MAP_GROUPS
#undef MAP_SSE_GROUPS
};

const struct opcode opcode_sse[SIMD_PREFIXES][256] = {
#define MAP_SSE
#include "cpu/sse.def"
#undef MAP_SSE
};
