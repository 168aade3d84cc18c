/* src/debug/gdb_registers.c -- registers, one row each, in the order of gdb's
 * numbers for the i386; the target description is made from the rows. Values of
 * a thread that is not on the CPU are those that the kernel kept. */
#include <stdlib.h>
#include <string.h>

#include "board/board.h"
#include "cpu/fpu.h"
#include "debug/debugger.h"
#include "debug/gdb.h"

/** Where a value lies; the row's index counts in it. */
enum place {
    GENERAL,
    POINTER, /* EIP */
    FLAGS,
    SELECTOR, /* ES CS SS DS FS GS */
    STACK,    /* ST(n) */
    FPU_WORD, /* FCTRL FSTAT FTAG FISEG FIOFF FOSEG FOOFF FOP */
    WIDE,     /* XMMn */
    WIDE_CONTROL,
    CONTROL, /* CRn */
};
enum { CORE, SSE, SYSTEM, FEATURES };

static const char *const features[FEATURES] = {
    "org.gnu.gdb.i386.core", "org.gnu.gdb.i386.sse", "org.halbox.i386.system"};

static const struct row {
    const char *name, *type;
    uint8_t bits, feature, place, index;
    const char *poke; /* its name for machine_poke_register() */
} rows[] = {
    {"eax", "int32", 32, CORE, GENERAL, EAX, "eax"},
    {"ecx", "int32", 32, CORE, GENERAL, ECX, "ecx"},
    {"edx", "int32", 32, CORE, GENERAL, EDX, "edx"},
    {"ebx", "int32", 32, CORE, GENERAL, EBX, "ebx"},
    {"esp", "data_ptr", 32, CORE, GENERAL, ESP, "esp"},
    {"ebp", "data_ptr", 32, CORE, GENERAL, EBP, "ebp"},
    {"esi", "int32", 32, CORE, GENERAL, ESI, "esi"},
    {"edi", "int32", 32, CORE, GENERAL, EDI, "edi"},
    {"eip", "code_ptr", 32, CORE, POINTER, 0, "eip"},
    {"eflags", "i386_eflags", 32, CORE, FLAGS, 0, "eflags"},
    {"cs", "int32", 32, CORE, SELECTOR, 1, NULL},
    {"ss", "int32", 32, CORE, SELECTOR, 2, NULL},
    {"ds", "int32", 32, CORE, SELECTOR, 3, NULL},
    {"es", "int32", 32, CORE, SELECTOR, 0, NULL},
    {"fs", "int32", 32, CORE, SELECTOR, 4, NULL},
    {"gs", "int32", 32, CORE, SELECTOR, 5, NULL},
    {"st0", "i387_ext", 80, CORE, STACK, 0, NULL},
    {"st1", "i387_ext", 80, CORE, STACK, 1, NULL},
    {"st2", "i387_ext", 80, CORE, STACK, 2, NULL},
    {"st3", "i387_ext", 80, CORE, STACK, 3, NULL},
    {"st4", "i387_ext", 80, CORE, STACK, 4, NULL},
    {"st5", "i387_ext", 80, CORE, STACK, 5, NULL},
    {"st6", "i387_ext", 80, CORE, STACK, 6, NULL},
    {"st7", "i387_ext", 80, CORE, STACK, 7, NULL},
    {"fctrl", "int", 32, CORE, FPU_WORD, 0, NULL},
    {"fstat", "int", 32, CORE, FPU_WORD, 1, NULL},
    {"ftag", "int", 32, CORE, FPU_WORD, 2, NULL},
    {"fiseg", "int", 32, CORE, FPU_WORD, 3, NULL},
    {"fioff", "int", 32, CORE, FPU_WORD, 4, NULL},
    {"foseg", "int", 32, CORE, FPU_WORD, 5, NULL},
    {"fooff", "int", 32, CORE, FPU_WORD, 6, NULL},
    {"fop", "int", 32, CORE, FPU_WORD, 7, NULL},
    {"xmm0", "vec128", 128, SSE, WIDE, 0, NULL},
    {"xmm1", "vec128", 128, SSE, WIDE, 1, NULL},
    {"xmm2", "vec128", 128, SSE, WIDE, 2, NULL},
    {"xmm3", "vec128", 128, SSE, WIDE, 3, NULL},
    {"xmm4", "vec128", 128, SSE, WIDE, 4, NULL},
    {"xmm5", "vec128", 128, SSE, WIDE, 5, NULL},
    {"xmm6", "vec128", 128, SSE, WIDE, 6, NULL},
    {"xmm7", "vec128", 128, SSE, WIDE, 7, NULL},
    {"mxcsr", "int", 32, SSE, WIDE_CONTROL, 0, NULL},
    {"cr0", "int32", 32, SYSTEM, CONTROL, 0, NULL},
    {"cr2", "data_ptr", 32, SYSTEM, CONTROL, 2, NULL},
    {"cr3", "int32", 32, SYSTEM, CONTROL, 3, NULL},
    {"cr4", "int32", 32, SYSTEM, CONTROL, 4, NULL},
};
enum { ROWS = sizeof rows / sizeof *rows };

static bool has(const struct machine *m, enum cpu_feature feature)
{
    return model_has(&m->cpu.model, feature);
}

/* The rows of this CPU: without SSE, those are not there. */
static const struct row *row_of(const struct machine *m, unsigned number)
{
    for (unsigned i = 0; i < ROWS; i++)
        if ((rows[i].feature != SSE || has(m, FEATURE_SSE)) && !number--)
            return &rows[i];
    return NULL;
}

unsigned gdb_register_count(const struct gdb_server *g)
{
    unsigned n = 0;

    while (row_of(gdb_machine(g), n))
        n++;
    return n;
}

/* ---- values -------------------------------------------------------------- */

static uint32_t fpu_word(const struct cpu_fpu *f, unsigned index)
{
    const uint32_t word[] = {f->cw,  f->sw,  fpu_tags(f), f->fcs,
                             f->fip, f->fds, f->fdp,      f->fop};

    return word[index];
}

static uint32_t control(const struct cpu_state *s, unsigned index)
{
    const uint32_t cr[] = {s->cr0, 0, s->cr2, s->cr3, s->cr4};

    return cr[index];
}

/* False: it is not known. */
static bool value_of(const struct machine *m, const struct gdb_registers *from,
                     const struct row *row, uint8_t value[16])
{
    enum { ST_AT = 32, ST_BYTES = 16, LONG = 4 };
    const struct cpu_state *s = &m->cpu.s;
    uint8_t image[FXSAVE_BYTES];
    uint32_t v = 0;

    if (row->place > FLAGS && !from->running)
        return false;
    switch ((enum place)row->place) {
    case GENERAL:
        v = from->reg[row->index];
        break;
    case POINTER:
        v = from->eip;
        break;
    case FLAGS:
        v = from->eflags;
        break;
    case SELECTOR:
        v = s->seg[row->index].selector;
        break;
    case STACK:
        fxsave_image(&s->fpu, image);
        memcpy(value, image + ST_AT + ST_BYTES * row->index, row->bits / 8);
        return has(m, FEATURE_FPU);
    case FPU_WORD:
        v = fpu_word(&s->fpu, row->index);
        memcpy(value, &v, LONG);
        return has(m, FEATURE_FPU);
    case WIDE:
        memcpy(value, s->fpu.xmm[row->index], row->bits / 8);
        return true;
    case WIDE_CONTROL:
        v = s->fpu.mxcsr;
        break;
    case CONTROL:
        v = control(s, row->index);
        break;
    }
    memcpy(value, &v, LONG);
    return true;
}

bool gdb_registers_of(const struct gdb_server *g, uint32_t id,
                      struct gdb_registers *from)
{
    const struct machine *m = gdb_machine(g);
    struct inspect_thread thread;
    struct inspect_cpu cpu;

    *from = (struct gdb_registers){.running = id == gdb_thread_now(g)};
    if (from->running) {
        inspect_cpu(m, &cpu);
        memcpy(from->reg, cpu.reg, sizeof from->reg);
        from->eip = cpu.eip;
        from->eflags = cpu.eflags;
        return true;
    }
    if (!gdb_thread_find(g, id, &thread))
        return false;
    memcpy(from->reg, thread.reg, sizeof from->reg);
    from->eip = thread.eip;
    from->eflags = thread.eflags;
    return true;
}

void gdb_put_register(struct gdb_server *g, const struct gdb_registers *from,
                      unsigned number)
{
    const struct row *row = row_of(gdb_machine(g), number);
    uint8_t value[16];

    if (!row)
        return;
    if (value_of(gdb_machine(g), from, row, value))
        gdb_put_hex(&g->reply, value, row->bits / 8u);
    else
        for (unsigned i = 0; i < row->bits / 8u; i++)
            gdb_put(&g->reply, "xx");
}

bool gdb_set_register(struct gdb_server *g, unsigned number, const char **at)
{
    const struct row *row = row_of(gdb_machine(g), number);
    struct gdb_registers now;
    uint8_t value[16], old[16];
    uint32_t v;

    if (!row || !gdb_registers_of(g, g->thread, &now) ||
        !gdb_hex_bytes(at, value, row->bits / 8u))
        return false;
    if (!value_of(gdb_machine(g), &now, row, old) || !now.running)
        return false;
    if (memcmp(value, old, row->bits / 8u) == 0)
        return true;
    memcpy(&v, value, sizeof v);
    return row->poke && machine_poke_register(debug_machine(g->d), row->poke, v,
                                              NULL) == HB_OK;
}

/* ---- the description ----------------------------------------------------- */

static const char core_types[] =
    "<flags id=\"i386_eflags\" size=\"4\">"
    "<field name=\"CF\" start=\"0\" end=\"0\"/>"
    "<field name=\"PF\" start=\"2\" end=\"2\"/>"
    "<field name=\"AF\" start=\"4\" end=\"4\"/>"
    "<field name=\"ZF\" start=\"6\" end=\"6\"/>"
    "<field name=\"SF\" start=\"7\" end=\"7\"/>"
    "<field name=\"TF\" start=\"8\" end=\"8\"/>"
    "<field name=\"IF\" start=\"9\" end=\"9\"/>"
    "<field name=\"DF\" start=\"10\" end=\"10\"/>"
    "<field name=\"OF\" start=\"11\" end=\"11\"/>"
    "<field name=\"NT\" start=\"14\" end=\"14\"/>"
    "<field name=\"RF\" start=\"16\" end=\"16\"/>"
    "<field name=\"VM\" start=\"17\" end=\"17\"/></flags>\n";
static const char sse_types[] =
    "<vector id=\"v4f\" type=\"ieee_single\" count=\"4\"/>"
    "<vector id=\"v2d\" type=\"ieee_double\" count=\"2\"/>"
    "<vector id=\"v16i8\" type=\"int8\" count=\"16\"/>"
    "<vector id=\"v4i32\" type=\"int32\" count=\"4\"/>"
    "<union id=\"vec128\"><field name=\"v4_float\" type=\"v4f\"/>"
    "<field name=\"v2_double\" type=\"v2d\"/>"
    "<field name=\"v16_int8\" type=\"v16i8\"/>"
    "<field name=\"v4_int32\" type=\"v4i32\"/>"
    "<field name=\"uint128\" type=\"uint128\"/></union>\n";
static const char *const types[FEATURES] = {core_types, sse_types, ""};

static void print_feature(FILE *out, const struct machine *m, unsigned feature)
{
    const struct row *row;

    if (feature == SSE && !has(m, FEATURE_SSE))
        return;
    fprintf(out, "<feature name=\"%s\">\n%s", features[feature],
            types[feature]);
    for (unsigned n = 0; (row = row_of(m, n)); n++)
        if (row->feature == feature)
            fprintf(out,
                    "<reg name=\"%s\" bitsize=\"%u\" type=\"%s\" "
                    "regnum=\"%u\"/>\n",
                    row->name, row->bits, row->type, n);
    fprintf(out, "</feature>\n");
}

/* Without an operating system that gdb knows: it asks for the libraries. */
char *gdb_target_xml(const struct gdb_server *g, size_t *count)
{
    char *text = NULL;
    FILE *out = open_memstream(&text, count);

    if (!out)
        return NULL;
    fprintf(out, "<?xml version=\"1.0\"?>\n"
                 "<!DOCTYPE target SYSTEM \"gdb-target.dtd\">\n"
                 "<target>\n<architecture>i386</architecture>\n"
                 "<osabi>none</osabi>\n");
    for (unsigned i = 0; i < FEATURES; i++)
        print_feature(out, gdb_machine(g), i);
    fprintf(out, "</target>\n");
    if (fclose(out) == 0)
        return text;
    free(text);
    return NULL;
}
