/* src/script/lists_chips.c -- the board's chips: DMA channels, interrupt lines,
 * PCI functions. */
#include "script/lists.h"

static bool channel_row(lua_State *lua, const struct machine *m, unsigned index)
{
    struct inspect_channel c;

    if (!inspect_channel_at(m, index, &c))
        return false;
    lua_createtable(lua, 0, 18);
    set_int(lua, "channel", index);
    set_text(lua, "mode", c.mode);
    set_text(lua, "transfer", c.transfer);
    set_bool(lua, "auto_init", c.auto_init);
    set_bool(lua, "decrement", c.decrement);
    set_bool(lua, "masked", c.masked);
    set_bool(lua, "requested", c.requested);
    set_bool(lua, "dreq", c.dreq);
    set_bool(lua, "dack", c.dack);
    set_bool(lua, "tc", c.reached_tc);
    set_int(lua, "width", c.width);
    set_int(lua, "page", c.page);
    set_int(lua, "base_address", c.base_address);
    set_int(lua, "address", c.address);
    set_int(lua, "base_count", c.base_count);
    set_int(lua, "count", c.count);
    set_int(lua, "dla", c.at.v);
    set_text(lua, "device", c.device);
    return true;
}

static bool irq_row(lua_State *lua, const struct machine *m, unsigned index)
{
    struct inspect_irq i;

    if (!inspect_irq_at(m, index, &i))
        return false;
    lua_createtable(lua, 0, 11);
    set_int(lua, "irq", index);
    set_bool(lua, "line", i.line);
    set_bool(lua, "requested", i.requested);
    set_bool(lua, "in_service", i.in_service);
    set_bool(lua, "masked", i.masked);
    set_bool(lua, "level", i.level);
    set_int(lua, "vector", i.vector);
    set_int(lua, "irql", i.irql);
    set_bool(lua, "noted", i.noted);
    set_int(lua, "connected", i.connected);
    set_text(lua, "devices", i.devices);
    return true;
}

static void bar(lua_State *lua, const struct inspect_bar *b)
{
    lua_createtable(lua, 0, 5);
    set_bool(lua, "port", b->port);
    set_bool(lua, "prefetch", b->prefetch);
    set_bool(lua, "enabled", b->enabled);
    set_int(lua, "base", b->base);
    set_int(lua, "bytes", b->bytes);
}

/* Tables by their numbers, from 0, as in configuration space. */
static void bars(lua_State *lua, const struct inspect_pci *f)
{
    lua_newtable(lua);
    for (unsigned i = 0; i < PCI_BARS; i++) {
        if (!f->bar[i].present)
            continue;
        bar(lua, &f->bar[i]);
        lua_rawseti(lua, -2, i);
    }
    lua_setfield(lua, -2, "bars");
    if (f->rom.present) {
        bar(lua, &f->rom);
        lua_setfield(lua, -2, "rom");
    }
}

static bool pci_row(lua_State *lua, const struct machine *m, unsigned index)
{
    struct inspect_pci f;

    if (!inspect_pci_at(m, index, &f))
        return false;
    lua_createtable(lua, 0, 14);
    set_text(lua, "device", f.device);
    set_int(lua, "slot", f.slot);
    set_int(lua, "fn", f.function);
    set_int(lua, "vendor", f.vendor);
    set_int(lua, "id", f.id);
    set_int(lua, "class",
            (uint64_t)f.base_class << 16 | (uint64_t)f.subclass << 8 |
                f.prog_if);
    set_int(lua, "command", f.command);
    set_int(lua, "status", f.status);
    set_int(lua, "pin", f.pin);
    set_int(lua, "line", f.line);
    set_text(lua, "wire", f.wire);
    bars(lua, &f);
    return true;
}

static bool msr_row(lua_State *lua, const struct machine *m, unsigned index)
{
    struct inspect_msr r;

    if (!inspect_msr_at(m, index, &r))
        return false;
    lua_createtable(lua, 0, 2);
    set_int(lua, "address", r.address);
    set_int(lua, "value", r.value);
    return true;
}

const struct script_list script_chip_lists[] = {
    {"channels", channel_row}, {"irqs", irq_row}, {"pci_functions", pci_row},
    {"msrs", msr_row},         {NULL, NULL},
};
