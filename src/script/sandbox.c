/* src/script/sandbox.c -- a scenario's interpreter: Lua that is the same in
 * every run (lua/sandbox.h), and the primitives that ask or drive a machine. */
#include "lua/sandbox.h"

#include "script/lua_host.h"

static int api_print_line(lua_State *lua)
{
    const struct script_options *o = script_of(lua)->options;

    if (o->print)
        o->print(o->context, luaL_checkstring(lua, 1));
    return 0;
}

/* Primitives that ask or drive the machine answer the same after a load; the
 * others are the host's own. */
static void set_primitives(lua_State *lua)
{
    static const luaL_Reg *const machine[] = {
        script_drive_functions,   script_call_functions,
        script_inspect_functions, script_list_functions,
        script_event_functions,   script_watch_functions,
    };

    sandbox_functions(lua, &script_of(lua)->random);
    luaL_setfuncs(lua, script_test_functions, 0);
    for (unsigned i = 0; i < sizeof machine / sizeof machine[0]; i++)
        for (const luaL_Reg *f = machine[i]; f->name; f++) {
            transcript_wrap(lua, f->name, f->func);
            lua_setfield(lua, -2, f->name);
        }
    transcript_wrap(lua, "print", api_print_line); /* not printed again */
    lua_setfield(lua, -2, "print");
}

bool script_open_sandbox(struct script *script)
{
    lua_State *lua = script->lua;

    *(struct script **)lua_getextraspace(lua) = script;
    sandbox_libraries(lua);
    if (luaL_loadbufferx(lua, script_prelude, script_prelude_bytes, "=halbox",
                         "t") != LUA_OK)
        return false;
    lua_newtable(lua);
    set_primitives(lua);
    return lua_pcall(lua, 1, 1, 0) == LUA_OK; /* leaves the prelude's table */
}
