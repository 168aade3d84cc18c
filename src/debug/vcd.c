/* src/debug/vcd.c -- events as values on wires. A tenure happens at one tick
 * (docs/dma.md); its cycles are drawn over the time that the bus is then taken,
 * and DACK and TC with them. Accesses of the CPU at one tick, as those of a
 * kernel routine, are drawn one after the other, a nanosecond each. */
#include "debug/vcd.h"

#include <stdlib.h>
#include <string.h>

#include "debug/vcd_file.h"
#include "halbox/dma.h"
#include "halbox/inspect.h"

enum {
    MASTERS = 64,
    NO_WIRE = 0xffffffff,
    ISA_UNIT_NS = 960,
    ISA_CLOCK_NS = 120
};

/** The wires that line events name, by module. */
static const struct {
    const char *module, *names;
} modules[] = {
    {"irq", "IRQ0 IRQ1 IRQ2 IRQ3 IRQ4 IRQ5 IRQ6 IRQ7 IRQ8 IRQ9 IRQ10 IRQ11 "
            "IRQ12 IRQ13 IRQ14 IRQ15 PIRQA PIRQB PIRQC PIRQD INTR NMI SMI"},
    {"dma", "DREQ0 DREQ1 DREQ2 DREQ3 DREQ5 DREQ6 DREQ7 DACK0 DACK1 DACK2 DACK3 "
            "DACK5 DACK6 DACK7 TC"},
    {"board", "RESET INIT A20 REFRESH SPEAKER FERR IGNNE"},
};

/** The wires of a master's cycles, in this order. */
enum {
    BUS_ACTIVE,
    BUS_WRITE,
    BUS_TRANSFER,
    BUS_LOGICAL,
    BUS_PHYSICAL,
    BUS_REGISTER,
    BUS_BYTES,
    BUS_BEAT,
    BUS_WIRES
};
static const struct vcd_row {
    const char *name;
    unsigned bits;
} bus_row[BUS_WIRES] = {{"active", 1},   {"write", 1},     {"transfer", 32},
                        {"logical", 64}, {"physical", 64}, {"map_register", 32},
                        {"bytes", 13},   {"beat", 12}};

/** ... and of the CPU's. */
enum { CPU_ACTIVE, CPU_WRITE, CPU_MEMORY, CPU_ADDRESS, CPU_BYTES, CPU_DATA };
static const struct vcd_row cpu_row[] = {{"active", 1}, {"write", 1},
                                         {"memory", 1}, {"address", 64},
                                         {"bytes", 3},  {"data", 32}};

/** A bus master, or a slave of the DMA controllers. */
struct master {
    char device[MACHINE_NAME];
    unsigned wire;    /* the first of BUS_WIRES */
    uint64_t free_at; /* ns */
};

/** A bus cycle of the tenure that is just being told. */
struct beat {
    uint64_t dla, gpa;
    uint32_t bytes;
};

struct vcd {
    char path[MACHINE_MEDIUM_PATH];
    bool beats;
    unsigned machines;
    struct machine *m;
    struct vcd_file file;
    unsigned lines;                        /* wires 0 .. are those of modules */
    unsigned cpu;                          /* the first of the CPU's */
    uint64_t cpu_free, isa_free, isa_from; /* ns */
    bool dack;                             /* a channel has the ISA bus */
    struct master master[MASTERS];
    unsigned masters;
    struct vec beat; /* of struct beat */
    bool bad;
};

static uint64_t later(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static const char *text_of(uint64_t argument)
{
    return argument ? (const char *)(uintptr_t)argument : "";
}

/* ---- wires -------------------------------------------------------------- */

static unsigned line_wire(const struct vcd *v, const char *name)
{
    for (unsigned i = 0; i < v->lines; i++)
        if (strcmp(VEC_AT(struct vcd_wire, &v->file.wire, i)->name, name) == 0)
            return i;
    return NO_WIRE;
}

/* When a cycle of @ns from @at on has let go of the bus: a clock before the
 * next one may begin, so that two in a row are seen as two. */
static uint64_t let_go(uint64_t at, uint64_t ns, uint64_t clock_ns)
{
    return at + ns - (ns > clock_ns ? clock_ns : 0);
}

/* DACK and TC are the ISA bus's: they last as long as its cycles. */
static void on_line(struct vcd *v, const struct hb_event *e, uint64_t now)
{
    const char *name = text_of(e->args[0]);
    bool level = e->args[1] != 0, tc = strcmp(name, "TC") == 0;

    if (strncmp(name, "DACK", 4) == 0) {
        v->dack = level;
        if (level)
            v->isa_free = v->isa_from = later(now, v->isa_free);
    } else if (!tc) {
        vcd_set(&v->file, now, line_wire(v, name), level);
        return;
    }
    now = let_go(v->isa_from, v->isa_free - v->isa_from, ISA_CLOCK_NS);
    if (level) /* the last unit's */
        now = tc ? later(v->isa_from + ISA_UNIT_NS, v->isa_free) - ISA_UNIT_NS
                 : v->isa_from;
    vcd_set(&v->file, now, line_wire(v, name), level);
}

/* ---- cycles of the CPU -------------------------------------------------- */

static void on_access(struct vcd *v, const struct hb_event *e, uint64_t now)
{
    uint64_t at = later(now, v->cpu_free);
    bool write = e->id == EV_port_write || e->id == EV_mmio_write;

    vcd_set(&v->file, at, v->cpu + CPU_ACTIVE, 1);
    vcd_set(&v->file, at, v->cpu + CPU_WRITE, write);
    vcd_set(&v->file, at, v->cpu + CPU_MEMORY,
            e->id == EV_mmio_read || e->id == EV_mmio_write);
    vcd_set(&v->file, at, v->cpu + CPU_ADDRESS, e->args[0]);
    vcd_set(&v->file, at, v->cpu + CPU_BYTES, e->args[1]);
    vcd_set(&v->file, at, v->cpu + CPU_DATA, e->args[2] & UINT32_MAX);
    vcd_set(&v->file, at + 1, v->cpu + CPU_ACTIVE, 0);
    v->cpu_free = at + 2;
}

/* ---- cycles of masters -------------------------------------------------- */

static struct master *master_of(struct vcd *v, const char *device)
{
    for (unsigned i = 0; i < v->masters; i++)
        if (strcmp(v->master[i].device, device) == 0)
            return &v->master[i];
    return NULL;
}

static void on_beat(struct vcd *v, const struct hb_event *e)
{
    const struct beat beat = {e->args[1], e->args[2], (uint32_t)e->args[3]};

    if (!vec_push(&v->beat, sizeof beat, &beat))
        v->bad = true;
}

static void put_cycle(struct vcd *v, const struct master *m, uint64_t at,
                      const struct beat *beat, uint32_t number)
{
    vcd_set(&v->file, at, m->wire + BUS_LOGICAL, beat->dla);
    vcd_set(&v->file, at, m->wire + BUS_PHYSICAL, beat->gpa);
    vcd_set(&v->file, at, m->wire + BUS_BYTES, beat->bytes);
    vcd_set(&v->file, at, m->wire + BUS_BEAT, number);
}

/* dma_burst: transfer device dir dla gpa register bytes ns */
static void on_burst(struct vcd *v, const struct hb_event *e, uint64_t now)
{
    struct master *m = master_of(v, text_of(e->args[1]));
    const struct beat whole = {e->args[3], e->args[4], (uint32_t)e->args[6]};
    uint64_t ns = e->args[7], at, beats = v->beat.count;

    if (!m) {
        v->beat.count = 0;
        return;
    }
    at = later(now, m->free_at);
    if (v->dack)
        at = later(at, v->isa_free);
    m->free_at = at + ns;
    if (v->dack)
        v->isa_free = at + ns;
    vcd_set(&v->file, at, m->wire + BUS_ACTIVE, 1);
    vcd_set(&v->file, at, m->wire + BUS_WRITE, e->args[2] == DMA_FROM_DEVICE);
    vcd_set(&v->file, at, m->wire + BUS_TRANSFER, e->args[0]);
    if (e->args[5] == UINT32_MAX)
        vcd_unknown(&v->file, at, m->wire + BUS_REGISTER);
    else
        vcd_set(&v->file, at, m->wire + BUS_REGISTER, e->args[5]);
    if (!beats)
        put_cycle(v, m, at, &whole, 0);
    for (uint32_t i = 0; i < beats; i++)
        put_cycle(v, m, at + ns * i / beats, VEC_AT(struct beat, &v->beat, i),
                  i);
    v->beat.count = 0;
    vcd_set(&v->file, let_go(at, ns, v->dack ? ISA_CLOCK_NS : 1),
            m->wire + BUS_ACTIVE, 0);
}

/* ---- the header --------------------------------------------------------- */

static void declare_lines(struct vcd *v)
{
    char names[256], *next, *name;
    bool level;

    for (unsigned i = 0; i < sizeof modules / sizeof modules[0]; i++) {
        vcd_scope(&v->file, modules[i].module);
        snprintf(names, sizeof names, "%s", modules[i].names);
        for (next = names; (name = strsep(&next, " ")) != NULL;) {
            unsigned wire = vcd_wire(&v->file, name, 1);

            level = false; /* DACK and TC are up only inside a tenure */
            inspect_wire(v->m, name, &level);
            vcd_first(&v->file, wire, level);
        }
        vcd_upscope(&v->file);
    }
    v->lines = v->file.wire.count;
}

static unsigned declare(struct vcd *v, const char *module,
                        const struct vcd_row *row, unsigned rows)
{
    unsigned first = v->file.wire.count;

    vcd_scope(&v->file, module);
    for (unsigned i = 0; i < rows; i++)
        vcd_wire(&v->file, row[i].name, row[i].bits);
    vcd_upscope(&v->file);
    vcd_first(&v->file, first, 0); /* active */
    return first;
}

static void declare_masters(struct vcd *v)
{
    char module[MACHINE_NAME + 8];
    struct inspect_device d;

    v->masters = 0;
    for (unsigned i = 0; inspect_device_at(v->m, i, &d); i++) {
        struct master *m = &v->master[v->masters];

        if (!d.moves || v->masters == MASTERS)
            continue;
        snprintf(m->device, sizeof m->device, "%s", d.name);
        snprintf(module, sizeof module, "bus_%s", d.name);
        m->wire = declare(v, module, bus_row, BUS_WIRES);
        m->free_at = 0;
        v->masters++;
    }
}

/* ---- listening ---------------------------------------------------------- */

static void on_event(void *context, const struct hb_event *e)
{
    struct vcd *v = context;
    uint64_t now = e->tick * machine_config(v->m)->ns_per_tick;

    vcd_reach(&v->file, now);
    switch (e->id) {
    case EV_line:
        on_line(v, e, now);
        break;
    case EV_dma_beat:
        on_beat(v, e);
        break;
    case EV_dma_burst:
        on_burst(v, e, now);
        break;
    default:
        on_access(v, e, now);
        break;
    }
}

/* "FILE.vcd" of the first machine, "FILE-2.vcd" of the second. */
static void path_of(const struct vcd *v, char *out, size_t room)
{
    const char *dot = strrchr(v->path, '.'), *slash = strrchr(v->path, '/');
    int stem = (int)(dot && (!slash || dot > slash) ? dot - v->path
                                                    : (long)strlen(v->path));

    if (v->machines == 1)
        snprintf(out, room, "%s", v->path);
    else
        snprintf(out, room, "%.*s-%u%s", stem, v->path, v->machines,
                 v->path + stem);
}

enum hb_status vcd_machine(struct vcd *v, struct machine *m,
                           struct hb_error *error)
{
    char path[MACHINE_MEDIUM_PATH + 16];
    enum hb_status status;

    if (v->m)
        vcd_gone(v, v->m);
    v->machines++;
    path_of(v, path, sizeof path);
    status = vcd_file_begin(&v->file, path, error);
    if (status != HB_OK)
        return status;
    v->m = m;
    v->cpu_free = v->isa_free = v->isa_from = 0;
    v->dack = false;
    vcd_scope(&v->file, "halbox");
    declare_lines(v);
    v->cpu = declare(v, "cpu", cpu_row, sizeof cpu_row / sizeof cpu_row[0]);
    declare_masters(v);
    vcd_upscope(&v->file);
    vcd_values(&v->file, machine_now_ns(m));
    return machine_listen(m, on_event, v,
                          v->beats ? "line,port_*,mmio_*,dma_beat,dma_burst"
                                   : "line,port_*,mmio_*,dma_burst",
                          error);
}

void vcd_gone(struct vcd *v, const struct machine *m)
{
    if (!v->m || v->m != m)
        return;
    machine_unlisten(v->m, on_event, v);
    v->bad |= !vcd_file_end(&v->file, machine_now_ns(v->m));
    v->m = NULL;
}

/* ---- life --------------------------------------------------------------- */

enum hb_status vcd_open(struct vcd **out, const char *text,
                        struct hb_error *error)
{
    const char *comma = strchr(text, ',');
    size_t length = comma ? (size_t)(comma - text) : strlen(text);
    struct vcd *v;

    if (!length || length >= MACHINE_MEDIUM_PATH ||
        (comma && strcmp(comma, ",beats=on") && strcmp(comma, ",beats=off")))
        return hb_fail(error, HB_BAD_ARGUMENT,
                       "--vcd %s: write FILE.vcd or FILE.vcd,beats=on", text);
    v = calloc(1, sizeof *v);
    if (!v)
        return hb_fail(error, HB_NO_MEMORY, "no memory for a dump");
    memcpy(v->path, text, length);
    v->beats = comma && strcmp(comma, ",beats=on") == 0;
    *out = v;
    return HB_OK;
}

enum hb_status vcd_close(struct vcd *v, struct hb_error *error)
{
    enum hb_status status = HB_OK;

    if (!v)
        return HB_OK;
    if (v->m)
        vcd_gone(v, v->m);
    if (v->bad)
        status = hb_fail(error, HB_NO_FILE, "%s: cannot write all of the dump",
                         v->path);
    vec_free(&v->beat);
    free(v);
    return status;
}
