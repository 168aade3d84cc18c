/* src/card/lua_card.c -- a card from a Lua script: its interpreter's life, and
 * its table of state to bytes and back. */
#include "card/lua_card.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/vec.h"

enum { MEMORY_MOST = 64 << 20 /* bytes of one interpreter */ };

/** src/lua/prelude.lua, compiled in. */
extern const char lua_prelude[];
extern const unsigned lua_prelude_bytes;

static const struct state_row byte_rows[] = {
    {.name = "byte", .kind = STATE_KIND_INT, .bytes = 1, .count = 1},
    STATE_END,
};

static const struct state_row random_rows[] = {
    STATE_INTS(struct sandbox_random, s),
    STATE_END,
};

const struct state_row scripted_rows[] = {
    STATE_INTS(struct scripted, setting),
    STATE_STRUCT(struct scripted, random, random_rows),
    STATE_VEC(struct scripted, state, uint8_t, CARD_STATE_MOST, byte_rows),
    STATE_END,
};

/* ---- state ----------------------------------------------------------------*/

/* lua_pcall gives C functions their arguments as light userdata. */
static int protected_save(lua_State *lua)
{
    struct saver *s = lua_touserdata(lua, 1);

    lua_getfield(lua, LUA_REGISTRYINDEX, "card");
    lua_getfield(lua, -1, "state");
    tree_save(lua, -1, s);
    return 0;
}

static bool scripted_freeze(struct device *dev)
{
    struct scripted *s = (struct scripted *)dev;
    struct lua_card *c = lua_card_of(dev);
    struct saver bytes = {0};
    bool good;

    lua_pushcfunction(c->lua, protected_save);
    lua_pushlightuserdata(c->lua, &bytes);
    good = lua_pcall(c->lua, 1, 0, 0) == LUA_OK;
    if (!good) {
        guest_finding(dev, "card", lua_tostring(c->lua, -1));
        lua_pop(c->lua, 1);
    }
    good = good && vec_resize(&s->state, 1, (uint32_t)bytes.count);
    if (good && bytes.count)
        memcpy(s->state.data, bytes.bytes, bytes.count);
    s->random = c->random;
    saver_fini(&bytes);
    return good;
}

static int protected_load(lua_State *lua)
{
    struct loader *l = lua_touserdata(lua, 1);

    if (!tree_load(lua, l) || !lua_istable(lua, -1))
        return luaL_error(lua, "damaged");
    lua_getfield(lua, LUA_REGISTRYINDEX, "card");
    lua_insert(lua, -2);
    lua_setfield(lua, -2, "state");
    return 0;
}

static bool scripted_check(const struct device *dev)
{
    const struct scripted *s = (const struct scripted *)dev;
    struct lua_card *c = lua_card_of(dev);
    struct loader l = {.bytes = s->state.data, .count = s->state.count};

    c->random = s->random;
    lua_pushcfunction(c->lua, protected_load);
    lua_pushlightuserdata(c->lua, &l);
    if (lua_pcall(c->lua, 1, 0, 0) == LUA_OK)
        return true;
    lua_pop(c->lua, 1);
    return false;
}

/* ---- life -----------------------------------------------------------------*/

static void close_lua(struct card *card)
{
    struct lua_card *c = (struct lua_card *)card;

    if (c->lua)
        lua_close(c->lua);
    free(c);
}

static void *allocate(void *context, void *block, size_t old, size_t bytes)
{
    struct lua_card *c = context;
    void *p;

    if (!block)
        old = 0;
    if (!bytes) {
        free(block);
        c->memory -= old;
        return NULL;
    }
    if (bytes > old && bytes - old > MEMORY_MOST - c->memory)
        return NULL;
    p = realloc(block, bytes);
    if (p)
        c->memory += bytes - old;
    return p;
}

/* What a card prints is there for who traces guest_error. */
static int print_line(lua_State *lua)
{
    struct lua_card *c = lua_touserdata(lua, lua_upvalueindex(1));

    if (c->dev)
        guest_error(c->dev, "%s", luaL_checkstring(lua, 1));
    return 0;
}

static const char sort_keys[] =
    "return function(keys) table.sort(keys, function(a, b)\n"
    "  local ta, tb = type(a), type(b)\n"
    "  if ta ~= tb then return ta == 'number' end\n"
    "  return a < b\n"
    "end) end";

static void open_sandbox(struct lua_card *c)
{
    lua_State *lua = c->lua;

    sandbox_libraries(lua);
    lua_pushnil(lua); /* a callback ends before the next begins */
    lua_setglobal(lua, "coroutine");
    if (luaL_loadbufferx(lua, lua_prelude, lua_prelude_bytes, "=halbox", "t"))
        lua_error(lua);
    lua_newtable(lua);
    sandbox_functions(lua, &c->random);
    lua_pushlightuserdata(lua, c);
    lua_pushcclosure(lua, print_line, 1);
    lua_setfield(lua, -2, "print");
    lua_call(lua, 1, 0);
    if (luaL_loadbufferx(lua, sort_keys, sizeof sort_keys - 1, "=halbox", "t"))
        lua_error(lua);
    lua_call(lua, 0, 1);
    lua_setfield(lua, LUA_REGISTRYINDEX, "sort_keys");
}

/* (card, path): all that may raise a Lua error. */
static int protected_open(lua_State *lua)
{
    struct lua_card *c = lua_touserdata(lua, 1);

    open_sandbox(c);
    if (luaL_loadfilex(lua, lua_touserdata(lua, 2), "t") != LUA_OK)
        return lua_error(lua);
    lua_call(lua, 0, 1);
    lua_card_describe(c);
    lua_card_callbacks(c);
    c->model.freeze = scripted_freeze;
    c->model.check = scripted_check;
    lua_setfield(lua, LUA_REGISTRYINDEX, "model");
    lua_newtable(lua);
    lua_card_methods(c);
    lua_setfield(lua, LUA_REGISTRYINDEX, "card");
    return 0;
}

enum hb_status card_open_lua(struct card **out, const char *path,
                             struct hb_error *error)
{
    FILE *f = fopen(path, "rb");
    struct lua_card *c;

    if (!f)
        return hb_fail(error, HB_NO_FILE, "%s: cannot open the card: %s", path,
                       strerror(errno));
    fclose(f);
    c = calloc(1, sizeof *c);
    if (c)
        c->lua = lua_newstate(allocate, c);
    if (!c || !c->lua) {
        free(c);
        return hb_fail(error, HB_NO_MEMORY, "%s: no memory", path);
    }
    c->card = (struct card){&c->model, close_lua};
    lua_pushcfunction(c->lua, protected_open);
    lua_pushlightuserdata(c->lua, c);
    lua_pushlightuserdata(c->lua, (void *)(uintptr_t)path);
    if (lua_pcall(c->lua, 2, 0, 0) != LUA_OK) {
        enum hb_status status = hb_fail(error, HB_BAD_IMAGE, "%s: %s", path,
                                        lua_tostring(c->lua, -1));

        close_lua(&c->card);
        return status;
    }
    *out = &c->card;
    return HB_OK;
}
