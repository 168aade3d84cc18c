/* src/bus/save.c -- the buses' state: what is shared, then one section per
 * device with its model's version. Card RAM is saved by touched pages. */
#include "bus/bus_private.h"

#include <stdio.h>
#include <string.h>

/* ---- rows --------------------------------------------------------------- */

static const struct state_row pci_rows[] = {
    STATE_INT(struct pci_header, command),
    STATE_INT(struct pci_header, status),
    STATE_INTS(struct pci_header, bar),
    STATE_INT(struct pci_header, rom),
    STATE_INT(struct pci_header, line),
    STATE_INT(struct pci_header, latency),
    STATE_INT(struct pci_header, cache_line),
    STATE_END,
};

const struct state_row wiring_rows[] = {
    STATE_INT(struct wiring_state, out),
    STATE_INT(struct wiring_state, irq),
    STATE_INT(struct wiring_state, dreq),
    STATE_INT(struct wiring_state, scheduled),
    STATE_INT(struct wiring_state, waiting),
    STATE_INT(struct wiring_state, absent),
    STATE_STRUCT(struct wiring_state, pci, pci_rows),
    STATE_INTS(struct wiring_state, done),
    STATE_INTS(struct wiring_state, pending),
    STATE_INT(struct wiring_state, kick),
    STATE_INTS(struct wiring_state, transfer),
    STATE_INTS(struct wiring_state, moved),
    STATE_END,
};

static const struct state_row tenure_rows[] = {
    STATE_INT(struct tenure, owner),   STATE_INT(struct tenure, card),
    STATE_INT(struct tenure, channel), STATE_INT(struct tenure, controller),
    STATE_INT(struct tenure, dir),     STATE_INT(struct tenure, kind),
    STATE_INT(struct tenure, target),  STATE_INT(struct tenure, unit_bytes),
    STATE_INT(struct tenure, advance), STATE_INT(struct tenure, tc),
    STATE_INT(struct tenure, hold),    STATE_INT(struct tenure, cancelled),
    STATE_BYTES(struct tenure, latch), STATE_INT(struct tenure, transfer),
    STATE_INT(struct tenure, reg),     STATE_INT(struct tenure, at),
    STATE_INT(struct tenure, to),      STATE_INT(struct tenure, bytes),
    STATE_INT(struct tenure, moved),   STATE_END,
};

static const struct state_row op_rows[] = {
    STATE_INT(struct dma_op, dev),
    STATE_INT(struct dma_op, engine),
    STATE_INT(struct dma_op, step),
    STATE_INT(struct dma_op, dir),
    STATE_INT(struct dma_op, started),
    STATE_INT(struct dma_op, at),
    STATE_INT(struct dma_op, local),
    STATE_INT(struct dma_op, left),
    STATE_INT(struct dma_op, done),
    STATE_INT(struct dma_op, transfer),
    STATE_END,
};

static const struct state_row window_rows[] = {
    STATE_INT(struct gate_window, base),
    STATE_INT(struct gate_window, bytes),
    STATE_INT(struct gate_window, registers),
    STATE_INT(struct gate_window, enabled),
    STATE_END,
};

static const struct state_row config_rows[] = {
    STATE_STRUCTS(struct gate_config, window, window_rows),
    STATE_INT(struct gate_config, adapter),
    STATE_END,
};

static const struct state_row fault_rows[] = {
    STATE_INT(struct gate_fault, at),
    STATE_INT(struct gate_fault, bank),
    STATE_INT(struct gate_fault, reason),
    STATE_INT(struct gate_fault, dir),
    STATE_END,
};

static const struct state_row bank_rows[] = {
    STATE_INT(struct gate_bank, bank),
    STATE_INT(struct gate_bank, window),
    STATE_INT(struct gate_bank, first),
    STATE_INT(struct gate_bank, count),
    STATE_END,
};

/* One integer per element: the register itself. */
static const struct state_row entry_rows[] = {
    {.name = "entry",
     .kind = STATE_KIND_INT,
     .bytes = sizeof(uint64_t),
     .count = 1},
    STATE_END,
};

static const struct state_row gate_rows[] = {
    STATE_STRUCT(struct gate_state, config, config_rows),
    STATE_STRUCT(struct gate_state, fault, fault_rows),
    STATE_INT(struct gate_state, changes),
    STATE_VEC(struct gate_state, banks, struct gate_bank, 2 * BUS_DEVICES,
              bank_rows),
    STATE_VEC(struct gate_state, entries, uint64_t, 1u << 20, entry_rows),
    STATE_END,
};

const struct state_row bus_state_rows[] = {
    STATE_INTS(struct bus_state, wire),
    STATE_INT(struct bus_state, reset),
    STATE_INT(struct bus_state, init),
    STATE_INT(struct bus_state, ferr),
    STATE_INT(struct bus_state, transfers),
    STATE_INT(struct bus_state, isa_free),
    STATE_INT(struct bus_state, isa_held),
    STATE_STRUCT(struct bus_state, tenure, tenure_rows),
    STATE_VEC(struct bus_state, ops, struct dma_op,
              BUS_DEVICES *DMA_ENGINES *DMA_QUEUE, op_rows),
    STATE_STRUCT(struct bus_state, gate, gate_rows),
    STATE_END,
};

/* ---- saving ------------------------------------------------------------- */

static uint32_t ram_pages(const struct device_wiring *w, unsigned window)
{
    return w->ram[window] ? (w->bytes[window] + PAGE_MASK) / PAGE_BYTES : 0;
}

static bool page_touched(const struct device_wiring *w, unsigned window,
                         uint32_t page)
{
    return w->touched[window][page / 64] >> page % 64 & 1;
}

static uint32_t page_bytes(const struct device_wiring *w, unsigned window,
                           uint32_t page)
{
    uint32_t rest = w->bytes[window] - page * PAGE_BYTES;

    return rest < PAGE_BYTES ? rest : PAGE_BYTES;
}

/* {page number + 1, bytes} of each touched page, then 0. */
static void save_ram(struct saver *s, const struct device_wiring *w,
                     unsigned window)
{
    for (uint32_t page = 0; page < ram_pages(w, window); page++) {
        if (!page_touched(w, window, page))
            continue;
        save_u32(s, page + 1);
        save_bytes(s, w->ram[window] + (size_t)page * PAGE_BYTES,
                   page_bytes(w, window, page));
    }
    save_u32(s, 0);
}

/* A window whose size is open says it first; 0: nothing was put into it. */
static void save_window(struct saver *s, const struct device *dev,
                        unsigned window)
{
    const struct device_wiring *w = wiring_of(dev);

    if (window_is_open(dev, window))
        save_u32(s, w->bytes[window]);
    if (w->ram[window])
        save_ram(s, w, window);
}

static void section_name(const struct device *dev, char *out, size_t room)
{
    snprintf(out, room, "device %s", bus_device_name(dev));
}

static void save_device(struct device *dev, struct saver *s)
{
    const struct device_wiring *w = wiring_of(dev);
    char name[BUS_NAME + 8];
    size_t begun;

    if (dev->model->freeze && !dev->model->freeze(dev))
        s->failed = true;
    section_name(dev, name, sizeof name);
    begun = save_section_begin(s, name, dev->model->version);
    save_rows(s, &w->s, wiring_rows);
    save_rows(s, dev, dev->model->rows);
    for (unsigned i = 0; i < DEVICE_WINDOWS; i++)
        save_window(s, dev, i);
    save_section_end(s, begun);
}

void bus_save(const struct bus *bus, struct saver *s)
{
    size_t begun = save_section_begin(s, "bus", BUS_STATE_VERSION);

    save_rows(s, &bus->s, bus_state_rows);
    save_section_end(s, begun);
    for (unsigned i = 0; i < bus->devices; i++)
        save_device(bus->device[i], s);
    media_save(bus, s);
}

/* ---- loading ------------------------------------------------------------ */

static bool load_ram(struct loader *l, struct device *dev, unsigned window)
{
    struct device_wiring *w = wiring_of(dev);
    uint32_t pages = ram_pages(w, window), page;

    for (page = 0; page < pages; page++) {
        if (page_touched(w, window, page))
            memset(w->ram[window] + (size_t)page * PAGE_BYTES, 0,
                   page_bytes(w, window, page));
    }
    memset(w->touched[window], 0, (pages / 64 + 1) * sizeof(uint64_t));
    while ((page = loader_u32(l)) != 0) {
        if (page > pages || l->failed)
            return false;
        page--;
        loader_bytes(l,
                     card_ram(dev, window, page * PAGE_BYTES,
                              page_bytes(w, window, page)),
                     page_bytes(w, window, page));
    }
    return !l->failed;
}

static bool rom_size_good(uint32_t bytes)
{
    return !(bytes & (bytes - 1)) && bytes <= ROM_MOST;
}

static bool load_window(struct loader *l, struct device *dev, unsigned window)
{
    struct device_wiring *w = wiring_of(dev);

    if (window_is_open(dev, window)) {
        uint32_t bytes = loader_u32(l);

        if (l->failed || bytes > WINDOW_MOST ||
            (window == PCI_ROM && !rom_size_good(bytes)) ||
            (bytes != w->bytes[window] && !window_resize(w, window, bytes)))
            return false;
    }
    return !w->ram[window] || load_ram(l, dev, window);
}

static enum hb_status load_device(struct device *dev, struct loader *l,
                                  struct hb_error *error)
{
    struct device_wiring *w = wiring_of(dev);
    char name[BUS_NAME + 8];
    struct loader part;
    enum hb_status st;
    bool good;

    section_name(dev, name, sizeof name);
    st = load_section(l, name, dev->model->version, &part, error);
    if (st != HB_OK)
        return st;
    good = load_rows(&part, &w->s, wiring_rows) &&
           load_rows(&part, dev, dev->model->rows);
    for (unsigned i = 0; good && i < DEVICE_WINDOWS; i++)
        good = load_window(&part, dev, i);
    if (!good)
        return hb_fail(error, HB_BAD_IMAGE, "save: section '%s' is damaged",
                       name);
    return HB_OK;
}

/* What the code indexes with must be in range: a file can hold anything. */
static bool gate_good(const struct gate_state *g)
{
    for (uint32_t i = 0; i < g->banks.count; i++) {
        const struct gate_bank *b = VEC_AT(struct gate_bank, &g->banks, i);

        if (b->window >= GATE_WINDOWS ||
            (uint64_t)b->first + b->count > g->entries.count)
            return false;
    }
    for (unsigned w = 0; w < GATE_WINDOWS; w++)
        if (g->config.window[w].registers > GATE_MOST)
            return false;
    return g->fault.reason <= GATE_STRICT;
}

static bool devices_good(const struct bus *bus)
{
    for (unsigned i = 0; i < bus->devices; i++) {
        const struct device *dev = bus->device[i];

        if (!settings_good(dev) ||
            (dev->model->check && !dev->model->check(dev)))
            return false;
    }
    return true;
}

static bool state_good(struct bus *bus)
{
    const struct bus_state *s = &bus->s;

    for (uint32_t i = 0; i < s->ops.count; i++)
        if (!dma_op_good(bus, VEC_AT(struct dma_op, &s->ops, i)))
            return false;
    return gate_good(&s->gate) && devices_good(bus) &&
           tenure_good(bus, &s->tenure);
}

static enum hb_status load_all(struct bus *bus, struct loader *l,
                               struct hb_error *error)
{
    struct loader part;
    enum hb_status st = load_section(l, "bus", BUS_STATE_VERSION, &part, error);

    if (st != HB_OK)
        return st;
    if (!load_rows(&part, &bus->s, bus_state_rows))
        return hb_fail(error, HB_BAD_IMAGE, "save: section 'bus' is damaged");
    for (unsigned i = 0; i < bus->devices; i++) {
        st = load_device(bus->device[i], l, error);
        if (st != HB_OK)
            return st;
    }
    st = media_load(bus, l, error);
    if (st != HB_OK)
        return st;
    wires_recount(bus);
    if (!state_good(bus))
        return hb_fail(error, HB_BAD_IMAGE,
                       "save: the state of the buses is damaged");
    return HB_OK;
}

/* Of a load that failed nothing stays that could be run. */
enum hb_status bus_load_state(struct bus *bus, struct loader *l,
                              struct hb_error *error)
{
    enum hb_status st = load_all(bus, l, error);

    if (st != HB_OK) {
        vec_resize(&bus->s.ops, sizeof(struct dma_op), 0);
        wires_recount(bus);
        bus_reset(bus);
        return st;
    }
    bus_remap(bus);
    return HB_OK;
}
