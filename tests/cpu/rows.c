/* tests/cpu/rows.c -- which rows the host can run in user mode, and which file
 * tests the others. */
#include "rows.h"

#include <string.h>

static const char *const on_silicon[] = {
    "aaa",    "aad",   "aam",   "aas",   "adc",     "add",       "and",
    "arpl",   "bound", "bsf",   "bsr",   "bswap",   "bt",        "btc",
    "btr",    "bts",   "call",  "cbw",   "clc",     "cld",       "cmc",
    "cmovcc", "cmp",   "cmps",  "cmpsb", "cmpxchg", "cmpxchg8b", "cwd",
    "daa",    "das",   "dec",   "div",   "enter",   "idiv",      "imul",
    "inc",    "into",  "jcc",   "jcxz",  "jmp",     "lahf",      "lea",
    "leave",  "lods",  "lodsb", "loop",  "loope",   "loopne",    "mov",
    "movs",   "movsb", "movsx", "movzx", "mul",     "neg",       "nop",
    "not",    "or",    "pop",   "popa",  "popf",    "push",      "pusha",
    "pushf",  "rcl",   "rcr",   "ret",   "rol",     "ror",       "sahf",
    "salc",   "sar",   "sbb",   "scas",  "scasb",   "setcc",     "shl",
    "shld",   "shr",   "shrd",  "stc",   "std",     "stos",      "stosb",
    "sub",    "test",  "xadd",  "xchg",  "xlat",    "xor",
};

static const struct {
    const char *name, *file;
} elsewhere[] = {
    {"call far", "far_test.c"},    {"clts", "system_test.c"},
    {"cli", "system_test.c"},      {"cpuid", "system_test.c"},
    {"fwait", "fpu_test.c"},       {"fxsave", "sse_test.c"},
    {"fxrstor", "sse_test.c"},     {"hlt", "system_test.c"},
    {"in", "port_test.c"},         {"ins", "port_test.c"},
    {"insb", "port_test.c"},       {"int", "trap_test.c"},
    {"int1", "trap_test.c"},       {"int3", "trap_test.c"},
    {"invd", "system_test.c"},     {"invlpg", "paging_test.c"},
    {"iret", "far_test.c"},        {"jmp far", "far_test.c"},
    {"lar", "segment_test.c"},     {"lds", "segment_test.c"},
    {"les", "segment_test.c"},     {"lfs", "segment_test.c"},
    {"lgdt", "system_test.c"},     {"lgs", "segment_test.c"},
    {"lidt", "system_test.c"},     {"lldt", "segment_test.c"},
    {"lmsw", "system_test.c"},     {"lsl", "segment_test.c"},
    {"lss", "segment_test.c"},     {"ltr", "segment_test.c"},
    {"out", "port_test.c"},        {"outs", "port_test.c"},
    {"outsb", "port_test.c"},      {"pop ds", "segment_test.c"},
    {"pop es", "segment_test.c"},  {"pop fs", "segment_test.c"},
    {"pop gs", "segment_test.c"},  {"pop ss", "segment_test.c"},
    {"push cs", "segment_test.c"}, {"push ds", "segment_test.c"},
    {"push es", "segment_test.c"}, {"push fs", "segment_test.c"},
    {"push gs", "segment_test.c"}, {"push ss", "segment_test.c"},
    {"rdmsr", "system_test.c"},    {"rdtsc", "system_test.c"},
    {"rdpmc", "model_test.c"},     {"ret far", "far_test.c"},
    {"sgdt", "system_test.c"},     {"sidt", "system_test.c"},
    {"sldt", "segment_test.c"},    {"smsw", "system_test.c"},
    {"sti", "system_test.c"},      {"str", "segment_test.c"},
    {"sysenter", "far_test.c"},    {"sysexit", "far_test.c"},
    {"verr", "segment_test.c"},    {"verw", "segment_test.c"},
    {"wbinvd", "system_test.c"},   {"wrmsr", "system_test.c"},
};

/* MOV of control, debug and segment registers carries the name "mov". */
static bool special_mov(const struct form *f)
{
    const unsigned code[] = {f->outer->dst, f->outer->src};

    for (unsigned n = 0; n < 2; n++)
        if (code[n] == O_Cd || code[n] == O_Dd || code[n] == O_Sw)
            return true;
    return false;
}

bool row_on_silicon(const struct form *f)
{
    if (special_mov(f))
        return false;
    for (unsigned n = 0; n < sizeof on_silicon / sizeof *on_silicon; n++)
        if (!strcmp(on_silicon[n], f->row->name))
            return true;
    return false;
}

bool row_on_fpu_silicon(const struct form *f)
{
    return form_fpu(f) && !row_elsewhere(f);
}

const char *row_elsewhere(const struct form *f)
{
    if (special_mov(f))
        return "system_test.c";
    for (unsigned n = 0; n < sizeof elsewhere / sizeof *elsewhere; n++)
        if (!strcmp(elsewhere[n].name, f->row->name))
            return elsewhere[n].file;
    return NULL;
}
