/* src/script/lists.c -- primitive list(kind): what the inspector lists, as an
 * array of tables. Here: DMA, devices, images, processes, inputs. */
#include "script/lists.h"

#include <string.h>

static const char *direction(enum dma_dir dir)
{
    return dir == DMA_TO_DEVICE ? "to_device" : "from_device";
}

static bool ram_row(lua_State *lua, const struct machine *m, unsigned index)
{
    struct inspect_ram r;

    if (!inspect_ram_at(m, index, &r))
        return false;
    lua_createtable(lua, 0, 2);
    set_int(lua, "start", r.start.v);
    set_int(lua, "bytes", r.bytes);
    return true;
}

static bool register_row(lua_State *lua, const struct machine *m,
                         unsigned index)
{
    struct inspect_register r;

    if (!inspect_register_at(m, index, &r))
        return false;
    lua_createtable(lua, 0, 6);
    set_int(lua, "bank", r.bank);
    set_int(lua, "window", r.window);
    set_int(lua, "index", r.index);
    set_int(lua, "entry", r.entry);
    set_int(lua, "dla", r.at.v);
    set_int(lua, "pa", r.to.v);
    return true;
}

static bool adapter_row(lua_State *lua, const struct machine *m, unsigned index)
{
    struct inspect_adapter a;

    if (!inspect_adapter_at(m, index, &a))
        return false;
    lua_createtable(lua, 0, 16);
    set_int(lua, "at", a.at.v);
    set_bool(lua, "master", a.master);
    set_bool(lua, "scatter_gather", a.scatter_gather);
    set_bool(lua, "busy", a.busy);
    set_bool(lua, "uses_registers", a.uses_registers);
    set_int(lua, "channel", (uint64_t)a.channel);
    set_int(lua, "width", a.width);
    set_int(lua, "requester", a.requester);
    set_int(lua, "grant", a.grant);
    set_int(lua, "limit", a.limit);
    set_int(lua, "first", a.first.v);
    set_int(lua, "last", a.last.v);
    set_int(lua, "references", a.references);
    set_int(lua, "registers", a.registers);
    set_int(lua, "buffers", a.buffers);
    set_int(lua, "lists", a.lists);
    set_int(lua, "queued", a.queued);
    return true;
}

static bool page_row(lua_State *lua, const struct machine *m, unsigned index)
{
    struct inspect_page p;

    if (!inspect_page_at(m, index, &p))
        return false;
    lua_createtable(lua, 0, 12);
    set_int(lua, "adapter", p.adapter.v);
    set_int(lua, "base", p.base);
    set_int(lua, "index", p.index);
    set_int(lua, "va", p.va.v);
    set_int(lua, "owner", p.owner.v);
    set_int(lua, "dla", p.dla.v);
    set_int(lua, "pa", p.to.v);
    set_int(lua, "bytes", p.bytes);
    set_text(lua, "dir", direction(p.dir));
    set_bool(lua, "bounced", p.bounced);
    set_bool(lua, "common", p.common);
    set_int(lua, "mdl", p.mdl);
    return true;
}

static bool operation_row(lua_State *lua, const struct machine *m,
                          unsigned index)
{
    struct inspect_operation o;

    if (!inspect_operation_at(m, index, &o))
        return false;
    lua_createtable(lua, 0, 7);
    set_text(lua, "device", o.device);
    set_int(lua, "engine", o.engine);
    set_text(lua, "dir", direction(o.dir));
    set_int(lua, "dla", o.at.v);
    set_int(lua, "left", o.left);
    set_int(lua, "done", o.done);
    set_int(lua, "transfer", o.transfer);
    return true;
}

static bool device_row(lua_State *lua, const struct machine *m, unsigned index)
{
    struct inspect_device d;

    if (!inspect_device_at(m, index, &d))
        return false;
    lua_createtable(lua, 0, 9);
    set_text(lua, "name", d.name);
    set_text(lua, "model", d.model);
    set_text(lua, "title", d.title);
    set_bool(lua, "pci", d.pci);
    if (d.pci) {
        set_int(lua, "slot", d.slot);
        set_int(lua, "fn", d.function);
    }
    if (d.has_irq)
        set_int(lua, "irq", d.irq);
    if (d.has_dma)
        set_int(lua, "dma", d.dma);
    lua_newtable(lua);
    for (unsigned w = 0; w < 8; w++) {
        if (!d.window[w].port && !d.window[w].memory)
            continue;
        lua_createtable(lua, 0, 3);
        set_bool(lua, "port", d.window[w].port);
        set_int(lua, "base", d.window[w].base);
        set_int(lua, "bytes", d.window[w].bytes);
        lua_rawseti(lua, -2, w);
    }
    lua_setfield(lua, -2, "windows");
    return true;
}

static bool image_row(lua_State *lua, const struct machine *m, unsigned index)
{
    struct inspect_image i;

    if (!inspect_image_at(m, index, &i))
        return false;
    lua_createtable(lua, 0, 10);
    set_text(lua, "name", i.name);
    set_int(lua, "number", index + 1);
    set_int(lua, "base", i.base.v);
    set_int(lua, "entry", i.entry.v);
    set_int(lua, "driver", i.driver.v);
    set_int(lua, "bytes", i.bytes);
    set_int(lua, "entry_status", i.entry_status);
    set_bool(lua, "started", i.started);
    set_bool(lua, "wdm", i.wdm);
    set_bool(lua, "unloaded", i.unloaded);
    set_int(lua, "missing", i.missing);
    return true;
}

static bool pnp_row(lua_State *lua, const struct machine *m, unsigned index)
{
    static const char *const states[] = {
        [PNP_STATE_FOUND] = "found",         [PNP_STATE_ADDED] = "added",
        [PNP_STATE_STARTED] = "started",     [PNP_STATE_STOPPED] = "stopped",
        [PNP_STATE_SURPRISED] = "surprised", [PNP_STATE_REMOVED] = "removed",
        [PNP_STATE_FAILED] = "failed"};
    struct inspect_pnp d;

    if (!inspect_pnp_at(m, index, &d))
        return false;
    lua_createtable(lua, 0, 8);
    set_int(lua, "number", index + 1);
    set_text(lua, "hardware_id", d.hardware_id);
    set_text(lua, "description", d.description);
    set_int(lua, "slot", d.slot);
    set_text(lua, "state", states[d.state]);
    set_int(lua, "image", d.image);
    set_int(lua, "status", d.status);
    set_int(lua, "pdo", d.pdo.v);
    set_int(lua, "top", d.top.v);
    return true;
}

static bool process_row(lua_State *lua, const struct machine *m, unsigned index)
{
    struct inspect_process p;

    if (!inspect_process_at(m, index, &p))
        return false;
    lua_createtable(lua, 0, 4);
    set_text(lua, "name", p.name);
    set_int(lua, "cr3", p.cr3.v);
    set_int(lua, "object", p.object.v);
    set_int(lua, "handles", p.handles);
    return true;
}

static bool region_row(lua_State *lua, const struct machine *m, unsigned index)
{
    struct inspect_region r;

    if (!inspect_region_at(m, index, &r))
        return false;
    lua_createtable(lua, 0, 3);
    set_text(lua, "name", r.name);
    set_int(lua, "start", r.start.v);
    set_int(lua, "bytes", r.bytes);
    return true;
}

static bool counter_row(lua_State *lua, const struct machine *m, unsigned index)
{
    struct inspect_counter r;

    if (!inspect_counter_at(m, index, &r))
        return false;
    lua_createtable(lua, 0, 2);
    set_text(lua, "name", r.name);
    set_int(lua, "value", r.value);
    return true;
}

static bool input_row(lua_State *lua, const struct machine *m, unsigned index)
{
    struct inspect_input in;

    if (!inspect_input_at(m, index, &in))
        return false;
    lua_createtable(lua, 0, 5);
    set_int(lua, "tick", in.at.tick);
    set_text(lua, "kind", in.kind);
    set_int(lua, "a", in.a);
    set_int(lua, "b", in.b);
    set_int(lua, "bytes", in.bytes);
    return true;
}

static const struct script_list own_lists[] = {
    {"ram", ram_row},
    {"map_registers", register_row},
    {"adapters", adapter_row},
    {"dma_pages", page_row},
    {"operations", operation_row},
    {"devices", device_row},
    {"images", image_row},
    {"pnp", pnp_row},
    {"processes", process_row},
    {"inputs", input_row},
    {"regions", region_row},
    {"counters", counter_row},
    {NULL, NULL},
};

static push_row *find_list(const char *name)
{
    static const struct script_list *const all[] = {
        own_lists, script_system_lists, script_chip_lists};

    for (unsigned i = 0; i < sizeof all / sizeof *all; i++)
        for (const struct script_list *l = all[i]; l->name; l++)
            if (strcmp(l->name, name) == 0)
                return l->push;
    return NULL;
}

static int api_list(lua_State *lua)
{
    const struct machine *m = machine_of(lua);
    push_row *push = find_list(luaL_checkstring(lua, 1));

    luaL_argcheck(lua, push, 1, "no such list");
    lua_newtable(lua);
    for (unsigned i = 0; push(lua, m, i); i++)
        lua_rawseti(lua, -2, (lua_Integer)i + 1);
    return 1;
}

/* Objects of the executive, by a cursor instead of an index. */
static int api_objects(lua_State *lua)
{
    const struct machine *m = machine_of(lua);
    struct inspect_object o;
    uint32_t cursor = 0;

    lua_newtable(lua);
    for (lua_Integer i = 1; inspect_object_next(m, &cursor, &o); i++) {
        lua_createtable(lua, 0, 6);
        set_int(lua, "body", o.body.v);
        set_text(lua, "type", o.type);
        set_text(lua, "name", o.name);
        set_text(lua, "target", o.target);
        set_int(lua, "references", o.references);
        set_int(lua, "handles", o.handles);
        lua_rawseti(lua, -2, i);
    }
    return 1;
}

const luaL_Reg script_list_functions[] = {
    {"list", api_list},
    {"objects", api_objects},
    {NULL, NULL},
};
