/* hal/unit.c -- the map-register unit, driven through its registers.
 * Source: docs/devices/mapregs.md. */
#include <string.h>

#include "hal/pci.h"
#include "hal/private.h"

enum {
    UNIT_ID = 0x524d4248,
    UNIT_VENDOR = 0x4842,
    UNIT_DEVICE = 0x4d52,
    /* registers */
    REG_ID = 0x00,
    REG_CONTROL = 0x08,
    REG_LOW_BASE = 0x10,
    REG_LOW_COUNT = 0x14,
    REG_HIGH_BASE = 0x18,
    REG_HIGH_COUNT = 0x1c,
    REG_SELECT = 0x20,
    REG_ENTRIES = 0x8000,
    CONTROL_LOW_ON = 1,
    CONTROL_HIGH_ON = 2,
    CONTROL_CLEAR_ALL = 4,
    /* configuration space */
    CONFIG_COMMAND = 0x04,
    CONFIG_HEADER = 0x0e,
    CONFIG_BAR0 = 0x10,
    COMMAND_MEMORY = 2,
    HEADER_MANY = 0x80,
};
/* Where BAR0 goes if nobody placed it: below the APICs, above other BARs. */
#define UNIT_PLACE 0xfeb00000u

static uint32_t config32(struct hal *h, unsigned slot, unsigned function,
                         uint32_t offset)
{
    uint32_t value = UINT32_MAX;

    hal_pci_read(h->bus, 0, slot, function, offset, &value, 4);
    return value;
}

static void place_bar(struct hal *h)
{
    struct hal_unit *u = &h->s.unit;
    uint32_t bar = config32(h, u->slot, u->function, CONFIG_BAR0) & ~0xfu;
    uint16_t command =
        (uint16_t)config32(h, u->slot, u->function, CONFIG_COMMAND);

    if (!bar) {
        bar = UNIT_PLACE;
        hal_pci_write(h->bus, 0, u->slot, u->function, CONFIG_BAR0, &bar, 4);
    }
    command |= COMMAND_MEMORY;
    hal_pci_write(h->bus, 0, u->slot, u->function, CONFIG_COMMAND, &command, 2);
    u->bar = bar;
}

/* Every function of bus 0: is it the unit, and whose tables are there? */
static void scan_function(struct hal *h, unsigned slot, unsigned function,
                          uint32_t id)
{
    struct hal_unit *u = &h->s.unit;

    if (id == (UNIT_VENDOR | (uint32_t)UNIT_DEVICE << 16)) {
        u->found = true;
        u->slot = (uint8_t)slot;
        u->function = (uint8_t)function;
    } else if (h->s.master_count < HAL_MASTERS) {
        h->s.masters[h->s.master_count++] = (uint16_t)(slot * 8 + function);
    }
}

enum hb_status unit_find(struct hal *h, struct hb_error *error)
{
    struct hal_unit *u = &h->s.unit;
    unsigned slot, function, functions;
    uint32_t id;

    for (slot = 0; slot < PCI_SLOTS; slot++) {
        functions = 1;
        for (function = 0; function < functions; function++) {
            id = config32(h, slot, function, 0);
            if ((id & 0xffff) == 0xffff)
                continue;
            if (!function &&
                config32(h, slot, 0, CONFIG_HEADER & ~3u) >> 16 & HEADER_MANY)
                functions = PCI_FUNCTIONS;
            scan_function(h, slot, function, id);
        }
    }
    if (!u->found)
        return hb_fail(error, HB_NOT_FOUND,
                       "HAL: no map-register unit on PCI bus 0; platform "
                       "bounce needs none");
    place_bar(h);
    if (bus_load(h->bus, gpa_of(u->bar + REG_ID), 4) != UNIT_ID)
        return hb_fail(error, HB_NOT_FOUND,
                       "HAL: the map-register unit does not answer");
    return HB_OK;
}

static uint32_t reg(struct hal *h, uint32_t offset)
{
    return bus_load(h->bus, gpa_of(h->s.unit.bar + offset), 4);
}

static void set_reg(struct hal *h, uint32_t offset, uint32_t value)
{
    bus_store(h->bus, gpa_of(h->s.unit.bar + offset), 4, value);
}

void unit_start(struct hal *h)
{
    struct hal_unit *u = &h->s.unit;
    unsigned i;

    u->base[0] = reg(h, REG_LOW_BASE);
    u->count[0] = reg(h, REG_LOW_COUNT);
    u->base[1] = reg(h, REG_HIGH_BASE);
    u->count[1] = reg(h, REG_HIGH_COUNT);
    for (i = 0; i < 2; i++)
        if (u->count[i] > HAL_POOL_REGISTERS)
            u->count[i] = HAL_POOL_REGISTERS;
    set_reg(h, REG_CONTROL, CONTROL_CLEAR_ALL);
    set_reg(h, REG_CONTROL, CONTROL_LOW_ON | CONTROL_HIGH_ON);
}

static void write_entry(struct hal *h, uint32_t requester, unsigned window,
                        uint32_t index, uint64_t page, unsigned flags)
{
    uint32_t select = (requester & 0xffff) | (uint32_t)window << 16;
    uint32_t at = REG_ENTRIES + 8 * index;

    if (h->s.unit.selected != select) {
        set_reg(h, REG_SELECT, select);
        h->s.unit.selected = select;
    }
    if (!flags) {
        set_reg(h, at, 0);
        return;
    }
    set_reg(h, at + 4, (uint32_t)(page >> 32));
    set_reg(h, at, ((uint32_t)page & ~(uint32_t)PAGE_MASK) | flags);
}

void unit_set(struct hal *h, uint32_t requester, unsigned window,
              uint32_t index, uint64_t page, unsigned flags)
{
    unsigned i;

    if (requester != HAL_ANY_MASTER || h->s.settings.kind == HAL_TRANSLATE) {
        write_entry(h, requester, window, index, page, flags);
        return;
    }
    for (i = 0; i < h->s.master_count; i++)
        write_entry(h, h->s.masters[i], window, index, page, flags);
}
