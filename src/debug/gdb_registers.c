/* src/debug/gdb_registers.c -- registers, one row each, in the order of gdb's
 * numbers for the i386; the target description is made from the rows. Values of
 * a thread that is not on the CPU are those that the kernel kept. */
#include <stdlib.h>
#include <string.h>

#include "board/board.h"
#include "cpu/fpu.h"
#include "debug/gdb.h"
#include "halbox/control.h"

enum { CORE, SSE, SYSTEM, FEATURES };

static const char *const features[FEATURES] = {
    "org.gnu.gdb.i386.core", "org.gnu.gdb.i386.sse", "org.halbox.i386.system"};

static const struct row {
    const char *name, *type;
    uint8_t bits, feature;
    const char *source; /* of inspect_cpu_register(); NULL: see fpu_made() */
} rows[] = {
    {"eax", "int32", 32, CORE, "eax"},
    {"ecx", "int32", 32, CORE, "ecx"},
    {"edx", "int32", 32, CORE, "edx"},
    {"ebx", "int32", 32, CORE, "ebx"},
    {"esp", "data_ptr", 32, CORE, "esp"},
    {"ebp", "data_ptr", 32, CORE, "ebp"},
    {"esi", "int32", 32, CORE, "esi"},
    {"edi", "int32", 32, CORE, "edi"},
    {"eip", "code_ptr", 32, CORE, "eip"},
    {"eflags", "i386_eflags", 32, CORE, "eflags"},
    {"cs", "int32", 32, CORE, "cs"},
    {"ss", "int32", 32, CORE, "ss"},
    {"ds", "int32", 32, CORE, "ds"},
    {"es", "int32", 32, CORE, "es"},
    {"fs", "int32", 32, CORE, "fs"},
    {"gs", "int32", 32, CORE, "gs"},
    {"st0", "i387_ext", 80, CORE, "st0"},
    {"st1", "i387_ext", 80, CORE, "st1"},
    {"st2", "i387_ext", 80, CORE, "st2"},
    {"st3", "i387_ext", 80, CORE, "st3"},
    {"st4", "i387_ext", 80, CORE, "st4"},
    {"st5", "i387_ext", 80, CORE, "st5"},
    {"st6", "i387_ext", 80, CORE, "st6"},
    {"st7", "i387_ext", 80, CORE, "st7"},
    {"fctrl", "int", 32, CORE, "fcw"},
    {"fstat", "int", 32, CORE, "fsw"},
    {"ftag", "int", 32, CORE, NULL},
    {"fiseg", "int", 32, CORE, "fcs"},
    {"fioff", "int", 32, CORE, NULL},
    {"foseg", "int", 32, CORE, "fds"},
    {"fooff", "int", 32, CORE, NULL},
    {"fop", "int", 32, CORE, "fop"},
    {"xmm0", "vec128", 128, SSE, "xmm0"},
    {"xmm1", "vec128", 128, SSE, "xmm1"},
    {"xmm2", "vec128", 128, SSE, "xmm2"},
    {"xmm3", "vec128", 128, SSE, "xmm3"},
    {"xmm4", "vec128", 128, SSE, "xmm4"},
    {"xmm5", "vec128", 128, SSE, "xmm5"},
    {"xmm6", "vec128", 128, SSE, "xmm6"},
    {"xmm7", "vec128", 128, SSE, "xmm7"},
    {"mxcsr", "int", 32, SSE, "mxcsr"},
    {"cr0", "int32", 32, SYSTEM, "cr0"},
    {"cr2", "data_ptr", 32, SYSTEM, "cr2"},
    {"cr3", "int32", 32, SYSTEM, "cr3"},
    {"cr4", "int32", 32, SYSTEM, "cr4"},
};
enum { ROWS = sizeof rows / sizeof *rows, EIP_ROW = 8, EFLAGS_ROW, KEPT };

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

/* What gdb has in a form of its own: tags of two bits, offsets of the last
 * instruction and of its operand. */
static uint32_t fpu_made(const struct machine *m, const struct row *row)
{
    const struct cpu_fpu *f = &m->cpu.s.fpu;

    if (strcmp(row->name, "ftag") == 0)
        return fpu_tags(f);
    return strcmp(row->name, "fioff") == 0 ? f->fip : f->fdp;
}

static bool is_fpu(const struct row *row)
{
    return row->name[0] == 'f' && row->name[1] != 's';
}

static uint32_t kept(const struct gdb_registers *from, unsigned number)
{
    if (number == EIP_ROW)
        return from->eip;
    return number == EFLAGS_ROW ? from->eflags : from->reg[number];
}

/* False: it is not known. */
static bool value_of(const struct machine *m, const struct gdb_registers *from,
                     unsigned number, uint8_t value[16])
{
    const struct row *row = row_of(m, number);
    struct inspect_cpu_register reg = {.bytes = 4};
    uint32_t v;

    if (number < KEPT || !row->source) {
        v = number < KEPT ? kept(from, number) : fpu_made(m, row);
        memcpy(reg.value, &v, sizeof v);
    } else if (!inspect_cpu_register(m, row->source, &reg)) {
        return false;
    }
    memset(value, 0, 16);
    memcpy(value, reg.value, reg.bytes);
    return number < KEPT ||
           (from->running && (!is_fpu(row) || has(m, FEATURE_FPU)));
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
    if (value_of(gdb_machine(g), from, number, value))
        gdb_put_hex(&g->reply, value, row->bits / 8u);
    else
        for (unsigned i = 0; i < row->bits / 8u; i++)
            gdb_put(&g->reply, "xx");
}

/* Of what is as it was already, nothing is poked: G has all of them. */
bool gdb_set_register(struct gdb_server *g, unsigned number, const char **at)
{
    struct machine *m = debug_machine(g->d);
    const struct row *row = row_of(m, number);
    struct inspect_cpu_register reg;
    struct gdb_registers now;
    uint8_t value[16], old[16];
    unsigned bytes = row ? row->bits / 8u : 0;

    if (!row || !gdb_registers_of(g, g->thread, &now) ||
        !gdb_hex_bytes(at, value, bytes))
        return false;
    if (!now.running || !value_of(m, &now, number, old))
        return false;
    if (memcmp(value, old, bytes) == 0)
        return true;
    return row->source && inspect_cpu_register(m, row->source, &reg) &&
           machine_poke_register_bytes(m, row->source, value, reg.bytes,
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
