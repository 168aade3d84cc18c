/* src/script/lists_system.c -- what lives in the guest's kernel: threads,
 * requests, device objects, drivers, MDLs, interrupts, DPCs, timers, pool. */
#include "script/lists.h"

/** A field of the table on the top that is 0 when there is none. */
static void set_gva(lua_State *lua, const char *name, gva_t v)
{
    set_int(lua, name, v.v);
}

static void calls(lua_State *lua, const struct machine *m, uint32_t thread)
{
    struct inspect_call c;

    lua_newtable(lua);
    for (unsigned i = 0; inspect_call_at(m, thread, i, &c); i++) {
        lua_createtable(lua, 0, 5);
        set_text(lua, "routine", c.routine);
        set_int(lua, "state", c.state);
        set_gva(lua, "caller", c.caller);
        set_gva(lua, "esp", c.entry);
        set_bool(lua, "waiting", c.waiting);
        lua_rawseti(lua, -2, (lua_Integer)i + 1);
    }
    lua_setfield(lua, -2, "calls");
}

static bool thread_row(lua_State *lua, const struct machine *m, unsigned index)
{
    struct inspect_thread t;

    if (!inspect_thread_at(m, index, &t))
        return false;
    lua_createtable(lua, 0, 16);
    set_int(lua, "number", t.number);
    set_int(lua, "process", t.process);
    set_text(lua, "name", t.name);
    set_text(lua, "state", t.state);
    set_int(lua, "priority", (uint64_t)t.priority);
    set_int(lua, "irql", t.irql);
    set_text(lua, "waits", t.waits);
    set_int(lua, "eip", t.eip);
    set_int(lua, "esp", t.reg[4]);
    set_int(lua, "ebp", t.reg[5]);
    set_gva(lua, "object", t.object);
    set_gva(lua, "stack_limit", t.stack_limit);
    set_gva(lua, "stack", t.stack);
    calls(lua, m, t.number);
    return true;
}

static void locations(lua_State *lua, const struct machine *m, gva_t irp)
{
    struct inspect_location l;

    lua_newtable(lua);
    for (unsigned i = 0; inspect_location_at(m, irp, i, &l); i++) {
        lua_createtable(lua, 0, 9);
        set_int(lua, "number", l.number);
        set_bool(lua, "current", l.current);
        set_text(lua, "major", inspect_major_name(l.major));
        set_text(lua, "minor", inspect_minor_name(l.major, l.minor));
        set_bool(lua, "pending", l.pending);
        set_gva(lua, "device", l.device);
        set_text(lua, "driver", l.driver_name);
        set_gva(lua, "routine", l.routine);
        set_gva(lua, "context", l.context);
        lua_rawseti(lua, -2, (lua_Integer)i + 1);
    }
    lua_setfield(lua, -2, "locations");
}

static bool irp_row(lua_State *lua, const struct machine *m, unsigned index)
{
    struct inspect_irp p;

    if (!inspect_irp_at(m, index, &p))
        return false;
    lua_createtable(lua, 0, 18);
    set_gva(lua, "at", p.at);
    set_text(lua, "origin", p.origin);
    set_text(lua, "where", p.where);
    set_bool(lua, "damaged", p.damaged);
    set_int(lua, "thread", p.thread);
    set_text(lua, "major", inspect_major_name(p.major));
    set_text(lua, "minor", inspect_minor_name(p.major, p.minor));
    set_gva(lua, "device", p.device);
    set_gva(lua, "file", p.file);
    set_int(lua, "status", p.status);
    set_int(lua, "information", p.information);
    set_bool(lua, "pending", p.pending);
    set_bool(lua, "cancel", p.cancel);
    set_gva(lua, "mdl", p.mdl);
    set_gva(lua, "system_buffer", p.system_buffer);
    set_gva(lua, "user_buffer", p.user_buffer);
    locations(lua, m, p.at);
    return true;
}

static bool device_object_row(lua_State *lua, const struct machine *m,
                              unsigned index)
{
    struct inspect_device_object d;

    if (!inspect_device_object_at(m, index, &d))
        return false;
    lua_createtable(lua, 0, 14);
    set_gva(lua, "at", d.at);
    set_text(lua, "name", d.name);
    set_text(lua, "driver", d.driver_name);
    set_int(lua, "pnp", d.pnp);
    set_gva(lua, "below", d.below);
    set_gva(lua, "above", d.above);
    set_gva(lua, "extension", d.extension);
    set_int(lua, "flags", d.flags);
    set_int(lua, "characteristics", d.characteristics);
    set_int(lua, "type", d.type);
    set_int(lua, "stack_size", d.stack_size);
    set_int(lua, "references", d.references);
    set_gva(lua, "current", d.current);
    set_int(lua, "queued", d.queued);
    return true;
}

static bool driver_row(lua_State *lua, const struct machine *m, unsigned index)
{
    struct inspect_driver d;

    if (!inspect_driver_at(m, index, &d))
        return false;
    lua_createtable(lua, 0, 7);
    set_gva(lua, "at", d.at);
    set_text(lua, "name", d.name);
    set_int(lua, "image", d.image);
    set_gva(lua, "start_io", d.start_io);
    set_gva(lua, "unload", d.unload);
    set_gva(lua, "add_device", d.add_device);
    lua_createtable(lua, 0, INSPECT_MAJORS);
    for (uint8_t i = 0; i < INSPECT_MAJORS; i++)
        set_gva(lua, inspect_major_name(i), d.major[i]);
    lua_setfield(lua, -2, "dispatch");
    return true;
}

static bool mdl_row(lua_State *lua, const struct machine *m, unsigned index)
{
    struct inspect_mdl_use u;

    if (!inspect_mdl_at(m, index, &u))
        return false;
    lua_createtable(lua, 0, 6);
    set_gva(lua, "at", u.at);
    set_int(lua, "process", u.process);
    set_bool(lua, "locked", u.locked);
    set_bool(lua, "nonpaged", u.nonpaged);
    set_bool(lua, "mapped", u.mapped_va);
    set_bool(lua, "dma", u.dma);
    return true;
}

static bool interrupt_row(lua_State *lua, const struct machine *m,
                          unsigned index)
{
    struct inspect_interrupt i;

    if (!inspect_interrupt_at(m, index, &i))
        return false;
    lua_createtable(lua, 0, 8);
    set_gva(lua, "object", i.object);
    set_gva(lua, "routine", i.routine);
    set_gva(lua, "context", i.context);
    set_int(lua, "vector", i.vector);
    set_int(lua, "irq", i.irq);
    set_int(lua, "irql", i.irql);
    set_bool(lua, "latched", i.latched);
    set_bool(lua, "shared", i.shared);
    return true;
}

static bool dpc_row(lua_State *lua, const struct machine *m, unsigned index)
{
    struct inspect_dpc d;

    if (!inspect_dpc_at(m, index, &d))
        return false;
    lua_createtable(lua, 0, 4);
    set_gva(lua, "object", d.object);
    set_gva(lua, "routine", d.routine);
    set_gva(lua, "context", d.context);
    set_text(lua, "importance", d.importance);
    return true;
}

static bool timer_row(lua_State *lua, const struct machine *m, unsigned index)
{
    struct inspect_timer t;

    if (!inspect_timer_at(m, index, &t))
        return false;
    lua_createtable(lua, 0, 5);
    set_gva(lua, "object", t.object);
    set_gva(lua, "dpc", t.dpc);
    set_gva(lua, "routine", t.routine);
    set_int(lua, "due", t.due);
    set_int(lua, "period", t.period);
    return true;
}

static bool pool_row(lua_State *lua, const struct machine *m, unsigned index)
{
    struct inspect_pool b;

    if (!inspect_pool_at(m, index, &b))
        return false;
    lua_createtable(lua, 0, 4);
    set_gva(lua, "at", b.at);
    set_int(lua, "bytes", b.bytes);
    lua_pushlstring(lua, (const char *)&b.tag, sizeof b.tag);
    lua_setfield(lua, -2, "tag");
    set_bool(lua, "paged", b.paged);
    return true;
}

const struct script_list script_system_lists[] = {
    {"threads", thread_row},
    {"irps", irp_row},
    {"device_objects", device_object_row},
    {"driver_objects", driver_row},
    {"mdls", mdl_row},
    {"interrupts", interrupt_row},
    {"dpcs", dpc_row},
    {"timers", timer_row},
    {"pool", pool_row},
    {NULL, NULL},
};
