/* src/board/chips.c -- what sits on the board: its chips, then the cards of the
 * description, and the contents of their ROMs. */
#include <stdlib.h>
#include <string.h>

#include "board/board.h"
#include "board/config.h"
#include "board/place.h"
#include "halbox/devices.h"

/** Second chips of a kind that a PC has, at the other usual place. */
static const struct {
    const char *model, *name;
    uint32_t base;
    uint8_t irq;
} seconds[] = {{"uart16550", "com2", 0x2f8, 3}};

static bool is(const struct device_model *model, const char *name)
{
    return strcmp(model->name, name) == 0;
}

static bool is_pc(const struct machine *m)
{
    return m->config.bare && m->config.pc;
}

static bool is_wanted(const struct machine *m, const struct device_entry *e)
{
    if (is(e->model, "mapregs")) /* docs/devices/mapregs.md */
        return m->config.registers != REGISTERS_BOUNCE;
    if (is(e->model, "biosrom"))
        return m->config.bios_bytes != 0;
    if (is(e->model, "debugexit"))
        return m->config.debug_exit;
    return e->kind == DEVICE_BOARD || (e->kind == DEVICE_PC && is_pc(m));
}

static enum hb_status put_rom(struct device *dev, const char *path,
                              struct hb_error *error)
{
    uint8_t *bytes;
    size_t count;
    enum hb_status status = file_read(path, &bytes, &count, error);

    if (status != HB_OK)
        return status;
    status = bus_rom(dev, bytes, count, error);
    free(bytes);
    return status;
}

static enum hb_status set_dma(const struct machine *m, struct device *dev,
                              struct hb_error *error)
{
    enum hb_status status = bus_set(dev, "eisa", m->config.eisa, error);

    if (status == HB_OK)
        status = bus_set(dev, "interrupt", m->config.dma_interrupt, error);
    return status;
}

/* Settings and ROMs that the machine's own decide. */
static enum hb_status set_up(const struct machine *m, struct device *dev,
                             struct hb_error *error)
{
    if (is(dev->model, "mapregs"))
        return bus_set(dev, "kind",
                       m->config.registers == REGISTERS_ADAPTER ? 2 : 1, error);
    if (is(dev->model, "dma8237"))
        return set_dma(m, dev, error);
    if (is(dev->model, "biosrom"))
        return bus_set(dev, "bytes", m->config.bios_bytes, error);
    if (is(dev->model, "fdc82077"))
        return bus_set(dev, "speed", m->config.fdc_speed, error);
    if (is(dev->model, "vga") && m->config.vga_rom[0])
        return put_rom(dev, m->config.vga_rom, error);
    return HB_OK;
}

static enum hb_status add_chip(struct machine *m,
                               const struct device_model *model,
                               struct hb_error *error)
{
    struct bus_place place = place_default(model);
    struct device *dev;
    enum hb_status status;

    if (is(model, "biosrom")) /* it ends at 4 GiB */
        place.base[0] = 0u - m->config.bios_bytes;
    status = bus_add(m->bus, model, &place, &dev, error);
    return status == HB_OK ? set_up(m, dev, error) : status;
}

static enum hb_status add_seconds(struct machine *m, struct hb_error *error)
{
    enum hb_status status = HB_OK;

    for (unsigned i = 0;
         status == HB_OK && i < sizeof seconds / sizeof *seconds; i++) {
        struct bus_place place = {.name = seconds[i].name,
                                  .base = {seconds[i].base},
                                  .has_irq = true,
                                  .irq = seconds[i].irq};

        status = bus_add(m->bus, device_model_find(seconds[i].model), &place,
                         NULL, error);
    }
    return status;
}

static enum hb_status add_chips(struct machine *m, struct hb_error *error)
{
    enum hb_status status = HB_OK;

    for (const struct device_entry *e = device_entries;
         status == HB_OK && e->model; e++) {
        if (e->kind != DEVICE_CARD && is_wanted(m, e))
            status = add_chip(m, e->model, error);
    }
    return status == HB_OK && is_pc(m) ? add_seconds(m, error) : status;
}

/* A network card's own address, unless its settings name one: 52:54:00 and a
 * number, locally administered, other for each card. */
static enum hb_status default_mac(struct machine *m, struct device *dev,
                                  struct hb_error *error)
{
    const uint64_t first = 0x525400123456;
    unsigned cards = 0;
    enum hb_status status;

    for (unsigned i = 0; i < dev->id; i++)
        cards += bus_device(m->bus, i)->model->frame != NULL;
    status = bus_set(dev, "mac", first + cards, error);
    return status == HB_NOT_FOUND ? HB_OK : status; /* it has none to set */
}

static enum hb_status find_model(struct machine *m, unsigned i,
                                 const struct device_model **model,
                                 struct hb_error *error)
{
    const struct machine_device *d = &m->config.device[i];
    enum hb_status status;

    if (d->file[0]) {
        status = card_open(&m->card[i], d->file, error);
        if (status == HB_OK)
            *model = card_model(m->card[i]);
        return status;
    }
    *model = device_model_find(d->model);
    return *model ? HB_OK
                  : hb_fail(error, HB_NOT_FOUND, "no device '%s'", d->model);
}

static enum hb_status add_card(struct machine *m, unsigned index,
                               struct hb_error *error)
{
    const struct machine_device *d = &m->config.device[index];
    const struct device_model *model;
    struct bus_place place;
    struct device *dev;
    enum hb_status status = find_model(m, index, &model, error);

    if (status != HB_OK)
        return status;
    place = place_card(model, d);
    status = bus_add(m->bus, model, &place, &dev, error);
    if (status == HB_OK && model->frame)
        status = default_mac(m, dev, error);
    for (unsigned i = 0; status == HB_OK && i < d->settings; i++)
        status = bus_set(dev, d->setting[i].name, d->setting[i].value, error);
    if (status == HB_OK && d->rom[0])
        status = put_rom(dev, d->rom, error);
    return status;
}

enum hb_status machine_add_devices(struct machine *m, struct hb_error *error)
{
    enum hb_status status = board_bios_read(m, error);

    if (status == HB_OK)
        status = add_chips(m, error);
    for (unsigned i = 0; status == HB_OK && i < m->config.devices; i++)
        status = add_card(m, i, error);
    if (status == HB_OK)
        status = board_items(m, error);
    if (status == HB_OK)
        board_bios_put(m);
    return status;
}
