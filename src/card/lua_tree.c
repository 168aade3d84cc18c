/* src/card/lua_tree.c -- a Lua table as bytes: what a scripted card's state may
 * be. Equal tables give equal bytes: keys go in order, integers before texts.
 */
#include <stdlib.h>
#include <string.h>

#include "card/lua_card.h"

enum { DEPTH = 16 };
enum {
    TREE_FALSE,
    TREE_TRUE,
    TREE_INTEGER,
    TREE_NUMBER,
    TREE_TEXT,
    TREE_TABLE
};

/* ---- to bytes -------------------------------------------------------------*/

static void save_text(lua_State *lua, int index, struct saver *s)
{
    size_t bytes;
    const char *text = lua_tolstring(lua, index, &bytes);

    save_u32(s, TREE_TEXT);
    save_u32(s, (uint32_t)bytes);
    save_bytes(s, text, bytes);
}

static void save_value(lua_State *lua, int index, struct saver *s, int depth);

/* Replaces the table's keys on the stack by a list of them, in order. */
static lua_Integer sorted_keys(lua_State *lua, int table)
{
    lua_Integer count = 0;

    lua_getfield(lua, LUA_REGISTRYINDEX, "sort_keys");
    lua_newtable(lua);
    lua_pushnil(lua);
    while (lua_next(lua, table)) {
        lua_pop(lua, 1);
        if (!lua_isinteger(lua, -1) && lua_type(lua, -1) != LUA_TSTRING)
            luaL_error(lua, "card.state has a key that is no whole number and "
                            "no text: it cannot be saved");
        lua_pushvalue(lua, -1);
        lua_rawseti(lua, -3, ++count);
    }
    lua_pushvalue(lua, -1);
    lua_insert(lua, -3);
    lua_call(lua, 1, 0); /* in place */
    return count;
}

static void save_table(lua_State *lua, int table, struct saver *s, int depth)
{
    lua_Integer count;

    if (depth == DEPTH)
        luaL_error(lua, "card.state is deeper than %d tables, or has a circle",
                   DEPTH);
    luaL_checkstack(lua, 8, "card.state");
    count = sorted_keys(lua, table);
    save_u32(s, TREE_TABLE);
    save_u32(s, (uint32_t)count);
    for (lua_Integer i = 1; i <= count; i++) {
        lua_rawgeti(lua, -1, i);
        save_value(lua, lua_gettop(lua), s, depth);
        lua_rawget(lua, table);
        save_value(lua, lua_gettop(lua), s, depth + 1);
        lua_pop(lua, 1);
    }
    lua_pop(lua, 1);
}

static void save_value(lua_State *lua, int index, struct saver *s, int depth)
{
    double number;
    uint64_t bits;

    switch (lua_type(lua, index)) {
    case LUA_TBOOLEAN:
        save_u32(s, lua_toboolean(lua, index) ? TREE_TRUE : TREE_FALSE);
        break;
    case LUA_TNUMBER:
        number = lua_tonumber(lua, index);
        memcpy(&bits, &number, sizeof bits);
        if (lua_isinteger(lua, index))
            bits = (uint64_t)lua_tointeger(lua, index);
        save_u32(s, lua_isinteger(lua, index) ? TREE_INTEGER : TREE_NUMBER);
        save_u64(s, bits);
        break;
    case LUA_TSTRING:
        save_text(lua, index, s);
        break;
    case LUA_TTABLE:
        save_table(lua, index, s, depth);
        break;
    default:
        luaL_error(lua, "card.state holds a %s: it cannot be saved",
                   luaL_typename(lua, index));
    }
    if (s->failed || s->count > CARD_STATE_MOST)
        luaL_error(lua, "card.state is too large to be saved");
}

void tree_save(lua_State *lua, int index, struct saver *s)
{
    save_value(lua, lua_absindex(lua, index), s, 0);
}

/* ---- and back -------------------------------------------------------------*/

static bool load_value(lua_State *lua, struct loader *l, int depth);

static bool load_text(lua_State *lua, struct loader *l)
{
    uint32_t bytes = loader_u32(l);

    if (l->failed || bytes > l->count - l->at)
        return false;
    lua_pushlstring(lua, (const char *)l->bytes + l->at, bytes);
    l->at += bytes;
    return true;
}

static bool load_table(lua_State *lua, struct loader *l, int depth)
{
    uint32_t count = loader_u32(l);

    if (depth == DEPTH || !lua_checkstack(lua, 8))
        return false;
    lua_newtable(lua);
    for (uint32_t i = 0; i < count; i++) {
        if (l->failed || !load_value(lua, l, depth + 1))
            break;
        if ((!lua_isinteger(lua, -1) && lua_type(lua, -1) != LUA_TSTRING) ||
            !load_value(lua, l, depth + 1)) {
            lua_pop(lua, 1);
            l->failed = true;
            break;
        }
        lua_rawset(lua, -3);
        if (i + 1 == count)
            return !l->failed;
    }
    if (!count && !l->failed)
        return true;
    lua_pop(lua, 1);
    return false;
}

static bool load_value(lua_State *lua, struct loader *l, int depth)
{
    uint32_t kind = loader_u32(l);
    uint64_t bits;
    double number;

    if (l->failed)
        return false;
    switch (kind) {
    case TREE_FALSE:
    case TREE_TRUE:
        lua_pushboolean(lua, kind == TREE_TRUE);
        return true;
    case TREE_INTEGER:
        lua_pushinteger(lua, (lua_Integer)loader_u64(l));
        return true;
    case TREE_NUMBER:
        bits = loader_u64(l);
        memcpy(&number, &bits, sizeof number);
        lua_pushnumber(lua, number);
        return true;
    case TREE_TEXT:
        return load_text(lua, l);
    case TREE_TABLE:
        return load_table(lua, l, depth);
    default:
        return false;
    }
}

bool tree_load(lua_State *lua, struct loader *l)
{
    if (!load_value(lua, l, 0))
        return false;
    if (!l->failed && l->at == l->count)
        return true;
    lua_pop(lua, 1);
    return false;
}
