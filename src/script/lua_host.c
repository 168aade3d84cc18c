/* src/script/lua_host.c -- between Lua's stack and the machine's structs. */
#include "script/lua_host.h"

#include <string.h>

struct script *script_of(lua_State *lua)
{
    return *(struct script **)lua_getextraspace(lua);
}

struct machine *machine_of(lua_State *lua)
{
    struct script *script = script_of(lua);

    if (!script->machine)
        luaL_error(lua, "there is no machine yet");
    return script->machine;
}

int raise(lua_State *lua, const struct hb_error *error)
{
    if (error->status == HB_NO_FILE || error->status == HB_BAD_IMAGE ||
        error->status == HB_NO_MEMORY)
        script_of(lua)->host_failed = true;
    return luaL_error(lua, "%s", error->text);
}

uint64_t limit_at(lua_State *lua, int i)
{
    const struct script *script = script_of(lua);
    uint64_t now = machine_now_ns(machine_of(lua));
    /* a call that began before a save and goes on after a load keeps its end */
    uint64_t since = transcript_since(script_of(lua), now);
    uint64_t most = script->options->limit_ns;
    uint64_t left = most > since ? most - since : 0;
    lua_Integer asked = luaL_optinteger(lua, i, INT64_MAX);

    luaL_argcheck(lua, asked >= 0, i, "a time is not negative");
    if ((uint64_t)asked < left)
        left = (uint64_t)asked;
    return left > now - since ? left - (now - since) : 0;
}

void set_int(lua_State *lua, const char *name, uint64_t value)
{
    lua_pushinteger(lua, (lua_Integer)value);
    lua_setfield(lua, -2, name);
}

void set_bool(lua_State *lua, const char *name, bool value)
{
    lua_pushboolean(lua, value);
    lua_setfield(lua, -2, name);
}

void set_text(lua_State *lua, const char *name, const char *value)
{
    lua_pushstring(lua, value ? value : "");
    lua_setfield(lua, -2, name);
}

uint64_t field_int(lua_State *lua, int i, const char *name)
{
    lua_Integer value = 0;

    if (lua_getfield(lua, i, name) != LUA_TNIL) {
        if (!lua_isinteger(lua, -1))
            luaL_error(lua, "field '%s' must be an integer", name);
        value = lua_tointeger(lua, -1);
    }
    lua_pop(lua, 1);
    return (uint64_t)value;
}

bool field_bool(lua_State *lua, int i, const char *name)
{
    bool value;

    lua_getfield(lua, i, name);
    value = lua_toboolean(lua, -1);
    lua_pop(lua, 1);
    return value;
}

void push_stop(lua_State *lua, const struct machine_stop *stop)
{
    struct machine_watch_hit hit;

    lua_createtable(lua, 0, 8);
    set_text(lua, "reason", machine_stop_name(stop->reason));
    set_text(lua, "text", stop->text);
    set_int(lua, "tick", stop->at.tick);
    set_int(lua, "served", stop->at.served);
    set_int(lua, "moved", stop->at.moved);
    if (stop->reason == STOP_BREAKPOINT)
        set_int(lua, "breakpoint", (uint64_t)stop->breakpoint);
    if (stop->reason == STOP_WATCH &&
        machine_watch_last(machine_of(lua), &hit)) {
        set_int(lua, "watch", (uint64_t)stop->watch);
        push_hit(lua, &hit);
        lua_setfield(lua, -2, "hit");
    }
}
