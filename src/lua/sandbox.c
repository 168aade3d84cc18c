/* src/lua/sandbox.c -- what a script may see of Lua; prelude.lua does the rest
 * (pairs, tostring, sort). */
#include "lua/sandbox.h"

/* ---- random: xoshiro256** of Blackman and Vigna, seeded by splitmix64 -----
 */

static uint64_t rotate(uint64_t v, unsigned by)
{
    return v << by | v >> (64 - by);
}

static uint64_t random_next(uint64_t s[4])
{
    uint64_t result = rotate(s[1] * 5, 7) * 9, t = s[1] << 17;

    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate(s[3], 45);
    return result;
}

void sandbox_seed(struct sandbox_random *r, uint64_t seed)
{
    for (unsigned i = 0; i < 4; i++) {
        uint64_t z = seed += 0x9e3779b97f4a7c15;

        z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
        z = (z ^ z >> 27) * 0x94d049bb133111eb;
        r->s[i] = z ^ z >> 31;
    }
}

static struct sandbox_random *random_of(lua_State *lua)
{
    return lua_touserdata(lua, lua_upvalueindex(1));
}

/* As math.random: (), (most), (least, most). */
static int api_random(lua_State *lua)
{
    uint64_t *s = random_of(lua)->s, bits = random_next(s), span, limit;
    lua_Integer least = 1, most;

    if (lua_gettop(lua) == 0) {
        lua_pushnumber(lua, (lua_Number)(bits >> 11) * 0x1p-53);
        return 1;
    }
    if (lua_gettop(lua) > 1)
        least = luaL_checkinteger(lua, 1);
    most = luaL_checkinteger(lua, lua_gettop(lua) > 1 ? 2 : 1);
    luaL_argcheck(lua, least <= most, 1, "interval is empty");
    span = (uint64_t)most - (uint64_t)least + 1;
    if (span) {
        limit = UINT64_MAX - UINT64_MAX % span;
        while (bits >= limit)
            bits = random_next(s);
        bits %= span;
    }
    lua_pushinteger(lua, (lua_Integer)((uint64_t)least + bits));
    return 1;
}

static int api_random_seed(lua_State *lua)
{
    sandbox_seed(random_of(lua), (uint64_t)luaL_checkinteger(lua, 1));
    return 0;
}

/* ---- the rest -------------------------------------------------------------*/

/* load(text, name, environment): text alone, never bytecode. */
static int api_load_text(lua_State *lua)
{
    size_t bytes;
    const char *text = luaL_checklstring(lua, 1, &bytes);
    const char *name = luaL_optstring(lua, 2, "=load");

    if (luaL_loadbufferx(lua, text, bytes, name, "t") != LUA_OK) {
        lua_pushnil(lua);
        lua_insert(lua, -2);
        return 2;
    }
    if (lua_gettop(lua) > 3 || !lua_isnoneornil(lua, 3)) {
        lua_pushvalue(lua, 3);
        if (!lua_setupvalue(lua, -2, 1))
            lua_pop(lua, 1);
    }
    return 1;
}

void sandbox_functions(lua_State *lua, struct sandbox_random *r)
{
    static const luaL_Reg functions[] = {
        {"random", api_random},
        {"random_seed", api_random_seed},
        {"load", api_load_text},
        {NULL, NULL},
    };

    lua_pushlightuserdata(lua, r);
    luaL_setfuncs(lua, functions, 1);
}

static void open_library(lua_State *lua, const char *name, lua_CFunction open)
{
    luaL_requiref(lua, name, open, 1);
    lua_pop(lua, 1);
}

static void take_out(lua_State *lua, const char *table, const char *name)
{
    lua_getglobal(lua, table);
    lua_pushnil(lua);
    lua_setfield(lua, -2, name);
    lua_pop(lua, 1);
}

void sandbox_libraries(lua_State *lua)
{
    static const char *const out[] = {"dofile", "loadfile", "collectgarbage",
                                      "print",  "load",     "warn"};

    open_library(lua, LUA_GNAME, luaopen_base);
    open_library(lua, LUA_STRLIBNAME, luaopen_string);
    open_library(lua, LUA_TABLIBNAME, luaopen_table);
    open_library(lua, LUA_MATHLIBNAME, luaopen_math);
    open_library(lua, LUA_UTF8LIBNAME, luaopen_utf8);
    open_library(lua, LUA_COLIBNAME, luaopen_coroutine);
    for (unsigned i = 0; i < sizeof out / sizeof out[0]; i++) {
        lua_pushnil(lua);
        lua_setglobal(lua, out[i]);
    }
    take_out(lua, LUA_STRLIBNAME, "dump");
    take_out(lua, LUA_MATHLIBNAME, "random");
    take_out(lua, LUA_MATHLIBNAME, "randomseed");
}
