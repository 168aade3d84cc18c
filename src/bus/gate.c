/* src/bus/gate.c -- the DMA gate: from a logical address on the bus to the
 * physical one. The tables of map registers are kept here, the unit's model
 * (devices/mapregs.c) is their register interface. Without a unit, and after
 * reset, everything passes. Source: docs/devices/mapregs.md. */
#include "bus/bus_private.h"

#include <string.h>

/* ---- tables ------------------------------------------------------------- */

static struct gate_bank *bank_find(const struct gate_state *g, uint32_t bank,
                                   unsigned window)
{
    for (uint32_t i = 0; i < g->banks.count; i++) {
        struct gate_bank *b = VEC_AT(struct gate_bank, &g->banks, i);

        if (b->bank == bank && b->window == window)
            return b;
    }
    return NULL;
}

static uint64_t *bank_entry(const struct gate_state *g, uint32_t bank,
                            unsigned window, uint32_t index)
{
    const struct gate_bank *b = bank_find(g, bank, window);

    if (!b || index >= b->count)
        return NULL;
    return VEC_AT(uint64_t, &g->entries, b->first + index);
}

const uint64_t *gate_register_at(const struct bus *bus, uint32_t bank,
                                 unsigned window, uint32_t index)
{
    return bank_entry(&bus->s.gate, bank, window, index);
}

static bool requester_exists(const struct bus *bus, uint32_t bank)
{
    for (unsigned i = 0; i < bus->devices; i++)
        if (gate_requester(bus->device[i]) == bank)
            return true;
    return false;
}

/* A table takes room when its first register is written. */
static struct gate_bank *bank_make(struct bus *bus, uint32_t bank,
                                   unsigned window)
{
    struct gate_state *g = &bus->s.gate;
    struct gate_bank b = {bank, window, g->entries.count,
                          g->config.window[window].registers};

    if (bank != GATE_SHARED && !requester_exists(bus, bank))
        return NULL;
    if (!vec_resize(&g->entries, sizeof(uint64_t), b.first + b.count))
        return NULL;
    return vec_push(&g->banks, sizeof b, &b);
}

static uint32_t bank_of(const struct gate_state *g, uint32_t requester)
{
    return g->config.adapter ? requester : GATE_SHARED;
}

uint32_t gate_requester(const struct device *dev)
{
    const struct bus_place *place = &wiring_of(dev)->place;

    if (device_is_pci(dev))
        return place->slot * 8u + place->function;
    if (dev->model->controller)
        return GATE_DMA_CONTROLLER;
    return GATE_ISA_MASTER + (place->has_dma ? place->dma : 0xfu);
}

/* ---- the unit's side ---------------------------------------------------- */

static struct gate_state *gate_of(const struct device *unit)
{
    return &wiring_of(unit)->bus->s.gate;
}

void gate_configure(struct device *unit, const struct gate_config *config)
{
    gate_of(unit)->config = *config;
}

uint64_t gate_entry(const struct device *unit, uint32_t bank, unsigned window,
                    uint32_t index)
{
    const uint64_t *e = bank_entry(gate_of(unit), bank, window, index);

    return e ? *e : 0;
}

bool bus_has_register(const struct bus *bus, unsigned window, uint32_t index)
{
    return window < GATE_WINDOWS &&
           index < bus->s.gate.config.window[window].registers;
}

void bus_set_register(struct bus *bus, uint32_t bank, unsigned window,
                      uint32_t index, uint64_t entry)
{
    struct gate_state *g = &bus->s.gate;
    uint64_t generation;
    uint64_t *e;

    if (!bus_has_register(bus, window, index))
        return;
    if (!bank_find(g, bank, window) && !bank_make(bus, bank, window))
        return;
    e = bank_entry(g, bank, window, index);
    if (!e)
        return;
    generation = *e >> GATE_GENERATION;
    if ((entry & GATE_VALID) && !(*e & GATE_VALID))
        generation++;
    *e = (entry & (GATE_FLAGS | GATE_PAGE)) | generation << GATE_GENERATION;
    g->changes++;
    EMIT(bus->events, map_register, bank, window, index, *e & GATE_PAGE,
         *e & GATE_FLAGS);
}

void gate_set_entry(struct device *unit, uint32_t bank, unsigned window,
                    uint32_t index, uint64_t entry)
{
    bus_set_register(wiring_of(unit)->bus, bank, window, index, entry);
}

static void bank_clear(struct bus *bus, const struct gate_bank *b)
{
    for (uint32_t i = 0; i < b->count; i++) {
        uint64_t *e = VEC_AT(uint64_t, &bus->s.gate.entries, b->first + i);

        if (!(*e & GATE_VALID))
            continue;
        *e &= ~(GATE_FLAGS | GATE_PAGE);
        bus->s.gate.changes++;
        EMIT(bus->events, map_register, b->bank, b->window, i, 0, 0);
    }
}

void gate_clear(struct device *unit, uint32_t bank, unsigned window)
{
    const struct gate_bank *b = bank_find(gate_of(unit), bank, window);

    if (b)
        bank_clear(wiring_of(unit)->bus, b);
}

void gate_clear_all(struct device *unit)
{
    struct bus *bus = wiring_of(unit)->bus;

    for (uint32_t i = 0; i < bus->s.gate.banks.count; i++)
        bank_clear(bus, VEC_AT(struct gate_bank, &bus->s.gate.banks, i));
}

uint32_t gate_changes(const struct device *unit)
{
    return gate_of(unit)->changes;
}

void gate_fault(const struct device *unit, struct gate_fault *fault)
{
    *fault = gate_of(unit)->fault;
}

void gate_fault_clear(struct device *unit)
{
    gate_of(unit)->fault = (struct gate_fault){0};
}

/* ---- the bus's side ----------------------------------------------------- */

void gate_reset(struct bus *bus)
{
    struct gate_state *g = &bus->s.gate;

    vec_resize(&g->banks, sizeof(struct gate_bank), 0);
    vec_resize(&g->entries, sizeof(uint64_t), 0);
    g->config = (struct gate_config){0};
    g->fault = (struct gate_fault){0};
    g->changes = 0;
}

void gate_drop_own(struct device *dev)
{
    struct bus *bus = wiring_of(dev)->bus;

    if (!bus->s.gate.config.adapter)
        return;
    for (unsigned w = 0; w < GATE_WINDOWS; w++) {
        const struct gate_bank *b =
            bank_find(&bus->s.gate, gate_requester(dev), w);

        if (b)
            bank_clear(bus, b);
    }
}

static const struct gate_window *window_at(const struct gate_state *g,
                                           uint64_t at, unsigned *window)
{
    for (unsigned i = 0; i < GATE_WINDOWS; i++) {
        const struct gate_window *w = &g->config.window[i];

        if (w->enabled && at >= w->base && at - w->base < w->bytes) {
            *window = i;
            return w;
        }
    }
    return NULL;
}

static bool any_window(const struct gate_state *g)
{
    return g->config.window[GATE_LOW].enabled ||
           g->config.window[GATE_HIGH].enabled;
}

static void look_up(const struct gate_state *g, const struct gate_window *w,
                    uint64_t at, enum dma_dir dir, struct gate_view *view)
{
    const uint64_t *e;

    view->in_window = true;
    view->index = (uint32_t)((at - w->base) >> PAGE_SHIFT);
    e = bank_entry(g, view->bank, view->window, view->index);
    view->entry = e ? *e : 0;
    if (!(view->entry & GATE_VALID))
        view->result = GATE_NO_REGISTER;
    else if (!(view->entry & (dir == DMA_TO_DEVICE ? GATE_READ : GATE_WRITE)))
        view->result = GATE_DIRECTION;
    else
        view->to = gpa_of((view->entry & GATE_PAGE) | (at & PAGE_MASK));
}

bool gate_ram(const struct bus *bus, gpa_t at, enum dma_dir dir)
{
    return dir == DMA_TO_DEVICE ? ram_reads(bus->ram, at, 1)
                                : ram_writes(bus->ram, at, 1);
}

void gate_translate(const struct bus *bus, uint32_t requester, uint64_t at,
                    enum dma_dir dir, struct gate_view *view)
{
    const struct gate_state *g = &bus->s.gate;
    const struct gate_window *w;

    *view = (struct gate_view){
        .result = GATE_OK, .to = gpa_of(at), .bank = bank_of(g, requester)};
    w = window_at(g, at, &view->window);
    if (w)
        look_up(g, w, at, dir, view);
    else if (bus->options.strict && any_window(g))
        view->result = GATE_STRICT;
    if (view->result != GATE_OK)
        return;
    view->ram = gate_ram(bus, view->to, dir);
    if (!view->ram && !bus_region_at(bus, view->to.v))
        view->result = GATE_NOTHING;
}

const char *gate_reason(enum gate_result result)
{
    static const char *const reason[] = {"none", "no map register", "direction",
                                         "outside the windows",
                                         "nothing answers"};

    return reason[result];
}

void gate_refused(struct bus *bus, const struct gate_view *view, uint64_t at,
                  enum dma_dir dir)
{
    struct gate_fault *f = &bus->s.gate.fault;

    if (f->reason || view->result == GATE_NOTHING)
        return;
    f->at = at;
    f->bank = view->bank;
    f->reason = (uint8_t)view->result;
    f->dir = (uint8_t)dir;
}

/* ---- looking ------------------------------------------------------------ */

void bus_translate(const struct bus *bus, const struct device *dev, dla_t at,
                   enum dma_dir dir, struct gate_view *view)
{
    uint32_t requester = dev ? gate_requester(dev) : GATE_SHARED;

    gate_translate(bus, requester, at.v, dir, view);
}

static void describe(const struct gate_state *g, const struct gate_bank *b,
                     uint32_t index, struct gate_register *out)
{
    const struct gate_window *w = &g->config.window[b->window];

    out->bank = b->bank;
    out->window = b->window;
    out->index = index;
    out->entry = *VEC_AT(uint64_t, &g->entries, b->first + index);
    out->at = dla_of(w->base + ((uint64_t)index << PAGE_SHIFT));
    out->to = gpa_of(out->entry & GATE_PAGE);
}

/* A position is the bank's number in the upper half, the next index below. */
uint32_t bus_registers(const struct bus *bus, uint64_t *from,
                       struct gate_register *out, uint32_t most)
{
    const struct gate_state *g = &bus->s.gate;
    uint32_t bank = (uint32_t)(*from >> 32), index = (uint32_t)*from, n = 0;

    for (; bank < g->banks.count && n < most; bank++, index = 0) {
        const struct gate_bank *b = VEC_AT(struct gate_bank, &g->banks, bank);

        for (; index < b->count && n < most; index++)
            if (*VEC_AT(uint64_t, &g->entries, b->first + index) & GATE_VALID)
                describe(g, b, index, &out[n++]);
        if (index < b->count)
            break;
    }
    *from = (uint64_t)bank << 32 | index;
    return n;
}
