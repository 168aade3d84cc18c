/* src/script/look.c -- primitives: reading memory in each space, translating
 * between them, the CPU, the guest system; and poking. */
#include "script/lua_host.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_READ = 64 << 20 };

static uint32_t u32_at(lua_State *lua, int i)
{
    return (uint32_t)luaL_checkinteger(lua, i);
}

static uint64_t u64_at(lua_State *lua, int i)
{
    return (uint64_t)luaL_checkinteger(lua, i);
}

/* Room for the bytes asked for at @i; pushed by push_read(). */
static uint8_t *read_room(lua_State *lua, int i, uint32_t *bytes,
                          luaL_Buffer *room)
{
    lua_Integer n = luaL_checkinteger(lua, i);

    luaL_argcheck(lua, n >= 0 && n <= MOST_READ, i, "0 to 64 MiB");
    *bytes = (uint32_t)n;
    return (uint8_t *)luaL_buffinitsize(lua, room, (size_t)n);
}

static int push_read(lua_State *lua, luaL_Buffer *room, uint32_t bytes,
                     bool good)
{
    luaL_pushresultsize(room, bytes);
    if (!good)
        lua_pushnil(lua);
    return 1;
}

static int api_read_physical(lua_State *lua)
{
    struct machine *m = machine_of(lua);
    gpa_t at = gpa_of(u64_at(lua, 1));
    luaL_Buffer room;
    uint32_t bytes;
    uint8_t *to = read_room(lua, 2, &bytes, &room);

    return push_read(lua, &room, bytes, inspect_physical(m, at, to, bytes));
}

static int api_read_virtual(lua_State *lua)
{
    struct machine *m = machine_of(lua);
    uint32_t space = u32_at(lua, 1);
    gva_t at = gva_of(u32_at(lua, 2));
    luaL_Buffer room;
    uint32_t bytes;
    uint8_t *to = read_room(lua, 3, &bytes, &room);

    return push_read(lua, &room, bytes,
                     inspect_virtual(m, space, at, to, bytes));
}

static int api_read_bus(lua_State *lua)
{
    struct machine *m = machine_of(lua);
    const char *device = luaL_optstring(lua, 1, NULL);
    dla_t at = dla_of(u64_at(lua, 2));
    luaL_Buffer room;
    uint32_t bytes;
    uint8_t *to = read_room(lua, 3, &bytes, &room);

    return push_read(lua, &room, bytes, inspect_bus(m, device, at, to, bytes));
}

static int api_translate(lua_State *lua)
{
    struct inspect_walk w;

    if (!inspect_translate(machine_of(lua), u32_at(lua, 1),
                           gva_of(u32_at(lua, 2)), &w))
        return luaL_error(lua, "no such address space");
    lua_createtable(lua, 0, 11);
    set_bool(lua, "mapped", w.mapped);
    if (w.mapped) {
        set_int(lua, "pa", w.pa.v);
        set_int(lua, "page_bytes", w.page_bytes);
        set_bool(lua, "writable", w.writable);
        set_bool(lua, "user", w.user);
        set_bool(lua, "no_execute", w.no_execute);
        set_bool(lua, "accessed", w.accessed);
        set_bool(lua, "dirty", w.dirty);
    }
    set_text(lua, "form", w.form);
    if (w.levels) {
        set_int(lua, "pte", w.level[w.levels - 1].entry);
        set_int(lua, "pte_at", w.level[w.levels - 1].slot.v);
    }
    return 1;
}

static int api_logical(lua_State *lua)
{
    static const char *const names[] = {"to_device", "from_device", NULL};
    int dir = luaL_checkoption(lua, 3, "to_device", names);
    struct inspect_logical v;

    if (!inspect_logical(machine_of(lua), luaL_optstring(lua, 1, NULL),
                         dla_of(u64_at(lua, 2)),
                         dir ? DMA_FROM_DEVICE : DMA_TO_DEVICE, &v))
        return luaL_error(lua, "no such device");
    lua_createtable(lua, 0, 7);
    set_text(lua, "result", v.result);
    set_bool(lua, "reaches", v.reaches);
    set_int(lua, "pa", v.pa.v);
    set_bool(lua, "in_window", v.in_window);
    if (v.in_window) {
        set_int(lua, "bank", v.bank);
        set_int(lua, "register", v.index);
        set_int(lua, "entry", v.entry);
    }
    return 1;
}

static int api_tenure(lua_State *lua)
{
    struct inspect_tenure t;

    inspect_tenure(machine_of(lua), &t);
    lua_createtable(lua, 0, 7);
    set_text(lua, "device", t.device);
    set_text(lua, "dir", t.dir == DMA_TO_DEVICE ? "to_device" : "from_device");
    set_int(lua, "dla", t.at.v);
    set_int(lua, "gpa", t.to.v);
    set_int(lua, "bytes", t.bytes);
    set_int(lua, "moved", t.moved);
    set_int(lua, "transfer", t.transfer);
    return 1;
}

static int api_mdl(lua_State *lua)
{
    struct machine *m = machine_of(lua);
    struct inspect_mdl *mdl = lua_newuserdatauv(lua, sizeof *mdl, 0);

    if (!inspect_mdl(m, gva_of(u32_at(lua, 1)), mdl)) {
        lua_pushnil(lua);
        return 1;
    }
    lua_createtable(lua, 0, 9);
    set_int(lua, "at", mdl->at.v);
    set_int(lua, "next", mdl->next.v);
    set_int(lua, "start", mdl->start.v);
    set_int(lua, "mapped", mdl->mapped.v);
    set_int(lua, "flags", mdl->flags);
    set_int(lua, "bytes", mdl->bytes);
    set_int(lua, "offset", mdl->offset);
    lua_newtable(lua);
    for (unsigned i = 0; i < mdl->pages && i < INSPECT_MDL_PAGES; i++) {
        lua_pushinteger(lua, mdl->pfn[i]);
        lua_rawseti(lua, -2, (lua_Integer)i + 1);
    }
    lua_setfield(lua, -2, "pfn");
    return 1;
}

static int api_cpu(lua_State *lua)
{
    static const char *const names[] = {"eax", "ecx", "edx", "ebx",
                                        "esp", "ebp", "esi", "edi"};
    struct inspect_cpu cpu;

    inspect_cpu(machine_of(lua), &cpu);
    lua_createtable(lua, 0, 16);
    for (unsigned i = 0; i < 8; i++)
        set_int(lua, names[i], cpu.reg[i]);
    set_int(lua, "eip", cpu.eip);
    set_int(lua, "eflags", cpu.eflags);
    set_int(lua, "cr0", cpu.cr0);
    set_int(lua, "cr2", cpu.cr2);
    set_int(lua, "cr3", cpu.cr3);
    set_int(lua, "cr4", cpu.cr4);
    set_int(lua, "cpl", cpu.cpl);
    set_bool(lua, "halted", cpu.halted);
    return 1;
}

static int api_device_read(lua_State *lua)
{
    uint32_t value;

    if (!inspect_device_read(machine_of(lua), luaL_checkstring(lua, 1),
                             u32_at(lua, 2), u32_at(lua, 3),
                             (unsigned)luaL_optinteger(lua, 4, 4), &value))
        return luaL_error(lua, "no such device or register");
    lua_pushinteger(lua, value);
    return 1;
}

static int api_config(lua_State *lua)
{
    lua_pushinteger(lua, inspect_config(machine_of(lua), u32_at(lua, 1),
                                        u32_at(lua, 2), u32_at(lua, 3),
                                        u32_at(lua, 4)));
    return 1;
}

static int api_wire(lua_State *lua)
{
    bool level;

    if (!inspect_wire(machine_of(lua), luaL_checkstring(lua, 1), &level))
        return luaL_error(lua, "no wire of that name");
    lua_pushboolean(lua, level);
    return 1;
}

static int api_bugcheck(lua_State *lua)
{
    struct inspect_bugcheck b;

    if (!inspect_bugcheck(machine_of(lua), &b)) {
        lua_pushnil(lua);
        return 1;
    }
    lua_createtable(lua, 0, 9);
    set_int(lua, "code", b.code);
    set_int(lua, "p1", b.p[0]);
    set_int(lua, "p2", b.p[1]);
    set_int(lua, "p3", b.p[2]);
    set_int(lua, "p4", b.p[3]);
    set_int(lua, "eip", b.eip);
    set_text(lua, "image", b.image);
    set_text(lua, "routine", b.routine);
    set_text(lua, "text", b.text);
    return 1;
}

static int api_irql(lua_State *lua)
{
    lua_pushinteger(lua, inspect_irql(machine_of(lua)));
    return 1;
}

static int api_findings(lua_State *lua)
{
    lua_pushinteger(lua, inspect_findings(machine_of(lua)));
    return 1;
}

static int api_waits(lua_State *lua)
{
    char text[4096];

    inspect_waits(machine_of(lua), text, sizeof text);
    lua_pushstring(lua, text);
    return 1;
}

static int api_routine(lua_State *lua)
{
    lua_pushstring(lua,
                   inspect_routine(machine_of(lua), gva_of(u32_at(lua, 1))));
    return 1;
}

/* ---- poking -------------------------------------------------------------- */

static int api_poke_physical(lua_State *lua)
{
    struct hb_error error;
    size_t bytes;
    const char *from = luaL_checklstring(lua, 2, &bytes);

    luaL_argcheck(lua, bytes <= MOST_READ, 2, "more than 64 MiB");
    if (machine_poke_physical(machine_of(lua), gpa_of(u64_at(lua, 1)), from,
                              (uint32_t)bytes, &error) != HB_OK)
        return raise(lua, &error);
    return 0;
}

static int api_poke_virtual(lua_State *lua)
{
    struct hb_error error;
    size_t bytes;
    const char *from = luaL_checklstring(lua, 2, &bytes);

    luaL_argcheck(lua, bytes <= MOST_READ, 2, "more than 64 MiB");
    if (machine_poke_virtual(machine_of(lua), gva_of(u32_at(lua, 1)), from,
                             (uint32_t)bytes, &error) != HB_OK)
        return raise(lua, &error);
    return 0;
}

static int api_poke_register(lua_State *lua)
{
    struct hb_error error;

    if (machine_poke_register(machine_of(lua), luaL_checkstring(lua, 1),
                              u32_at(lua, 2), &error) != HB_OK)
        return raise(lua, &error);
    return 0;
}

/* (process, 0 the system; out) */
static int api_trim(lua_State *lua)
{
    struct hb_error error;
    uint32_t pages;

    if (machine_trim(machine_of(lua), u32_at(lua, 1), lua_toboolean(lua, 2),
                     &pages, &error) != HB_OK)
        return raise(lua, &error);
    lua_pushinteger(lua, pages);
    return 1;
}

static int api_send(lua_State *lua)
{
    struct hb_error error;
    size_t bytes;
    const char *from = luaL_checklstring(lua, 2, &bytes);

    if (machine_send(machine_of(lua), luaL_checkstring(lua, 1), from,
                     (uint32_t)bytes, &error) != HB_OK)
        return raise(lua, &error);
    return 0;
}

static int api_change_medium(lua_State *lua)
{
    struct hb_error error;

    if (machine_change_medium(machine_of(lua), luaL_checkstring(lua, 1),
                              u32_at(lua, 2), luaL_checkstring(lua, 3),
                              &error) != HB_OK)
        return raise(lua, &error);
    return 0;
}

const luaL_Reg script_inspect_functions[] = {
    {"read_physical", api_read_physical},
    {"read_virtual", api_read_virtual},
    {"read_bus", api_read_bus},
    {"translate", api_translate},
    {"logical", api_logical},
    {"tenure", api_tenure},
    {"mdl", api_mdl},
    {"cpu", api_cpu},
    {"device_read", api_device_read},
    {"config", api_config},
    {"wire", api_wire},
    {"bugcheck", api_bugcheck},
    {"irql", api_irql},
    {"findings", api_findings},
    {"waits", api_waits},
    {"routine", api_routine},
    {"poke_physical", api_poke_physical},
    {"poke_virtual", api_poke_virtual},
    {"poke_register", api_poke_register},
    {"trim", api_trim},
    {"send", api_send},
    {"change_medium", api_change_medium},
    {NULL, NULL},
};
