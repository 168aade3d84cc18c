/* src/card/lua_callback.c -- a scripted card's model: each function calls the
 * script's of the same name. A script that fails, or does not end, is a finding
 * and does nothing; the machine goes on. */
#include <string.h>

#include "card/lua_card.h"

enum { CALL_MOST = 1000000 /* Lua instructions in one callback */ };

struct lua_card *lua_card_of(const struct device *dev)
{
    const uint8_t *model = (const uint8_t *)dev->model;

    return (struct lua_card *)(uintptr_t)(model -
                                          offsetof(struct lua_card, model));
}

static void too_long(lua_State *lua, lua_Debug *at)
{
    (void)at;
    luaL_error(lua, "more than %d Lua instructions in one call", CALL_MOST);
}

/* Push the script's function @name and the card; the arguments come next. */
static struct lua_card *begin(const struct device *dev, const char *name)
{
    struct lua_card *c = lua_card_of(dev);

    c->dev = (struct device *)(uintptr_t)dev;
    lua_getfield(c->lua, LUA_REGISTRYINDEX, "model");
    lua_getfield(c->lua, -1, name);
    lua_remove(c->lua, -2);
    lua_getfield(c->lua, LUA_REGISTRYINDEX, "card");
    return c;
}

/* False: it failed, the finding is made and no result is on the stack. */
static bool call(struct lua_card *c, int args, int results)
{
    lua_sethook(c->lua, too_long, LUA_MASKCOUNT, CALL_MOST);
    if (lua_pcall(c->lua, args + 1, results, 0) == LUA_OK)
        return true;
    guest_finding(c->dev, "card", lua_tostring(c->lua, -1));
    lua_pop(c->lua, 1);
    return false;
}

static void push(struct lua_card *c, uint64_t v)
{
    lua_pushinteger(c->lua, (lua_Integer)v);
}

static uint64_t take_number(struct lua_card *c, uint64_t otherwise)
{
    int whole;
    lua_Integer v = lua_tointegerx(c->lua, -1, &whole);

    lua_pop(c->lua, 1);
    if (whole)
        return (uint64_t)v;
    guest_finding(c->dev, "card", "a callback gave no whole number back");
    return otherwise;
}

/* ---- the model's functions ------------------------------------------------*/

/* Power-on: card.settings as they are, a new card.state. */
static void scripted_reset(struct device *dev)
{
    struct scripted *s = (struct scripted *)dev;
    struct lua_card *c = lua_card_of(dev);
    const struct device_setting *setting = c->setting;

    sandbox_seed(&c->random, dev->id);
    lua_getfield(c->lua, LUA_REGISTRYINDEX, "card");
    lua_newtable(c->lua);
    lua_setfield(c->lua, -2, "state");
    lua_newtable(c->lua);
    for (unsigned i = 0; setting[i].name; i++) {
        push(c, s->setting[i]);
        lua_setfield(c->lua, -2, setting[i].name);
    }
    lua_setfield(c->lua, -2, "settings");
    lua_pop(c->lua, 1);
    begin(dev, "reset");
    call(c, 0, 0);
}

static uint32_t ask(const struct device *dev, const char *name, unsigned window,
                    uint32_t offset, unsigned bytes)
{
    struct lua_card *c = begin(dev, name);

    push(c, window);
    push(c, offset);
    push(c, bytes);
    return call(c, 3, 1) ? (uint32_t)take_number(c, UINT32_MAX) : UINT32_MAX;
}

static uint32_t scripted_read(struct device *dev, unsigned window,
                              uint32_t offset, unsigned bytes)
{
    return ask(dev, "read", window, offset, bytes);
}

static uint32_t scripted_peek(const struct device *dev, unsigned window,
                              uint32_t offset, unsigned bytes)
{
    return ask(dev, "peek", window, offset, bytes);
}

static void scripted_write(struct device *dev, unsigned window, uint32_t offset,
                           unsigned bytes, uint32_t value)
{
    struct lua_card *c = begin(dev, "write");

    push(c, window);
    push(c, offset);
    push(c, bytes);
    push(c, value);
    call(c, 4, 0);
}

static void scripted_step(struct device *dev, unsigned step,
                          enum dma_status status)
{
    struct lua_card *c = begin(dev, "step");

    push(c, step);
    lua_pushboolean(c->lua, status == DMA_OK);
    call(c, 2, 0);
}

static void scripted_receive(struct device *dev, uint8_t byte)
{
    struct lua_card *c = begin(dev, "receive");

    push(c, byte);
    call(c, 1, 0);
}

/* dack(card, dir, n, tc, bytes): dir is "to", "from" or "verify"; of "from" the
 * bytes come back, too few are filled with FFh, as an empty bus reads. */
static void scripted_dack(struct device *dev, uint8_t *bytes, uint32_t n,
                          bool tc, enum dma_dir dir)
{
    struct lua_card *c = begin(dev, "dack");
    size_t all = (size_t)n << (device_channel(dev) > 3), got = 0;
    const char *text = NULL;

    lua_pushstring(c->lua, !bytes                 ? "verify"
                           : dir == DMA_TO_DEVICE ? "to"
                                                  : "from");
    push(c, n);
    lua_pushboolean(c->lua, tc);
    if (bytes && dir == DMA_TO_DEVICE)
        lua_pushlstring(c->lua, (const char *)bytes, all);
    else
        lua_pushnil(c->lua);
    if (bytes && dir == DMA_FROM_DEVICE)
        memset(bytes, 0xff, all);
    if (!call(c, 4, 1))
        return;
    if (bytes && dir == DMA_FROM_DEVICE &&
        lua_type(c->lua, -1) == LUA_TSTRING) {
        text = lua_tolstring(c->lua, -1, &got);
        memcpy(bytes, text, got < all ? got : all);
    }
    lua_pop(c->lua, 1);
}

static uint32_t scripted_ready(const struct device *dev, enum dma_dir dir)
{
    struct lua_card *c = begin(dev, "ready");

    lua_pushstring(c->lua, dir == DMA_TO_DEVICE ? "to" : "from");
    return call(c, 1, 1) ? (uint32_t)take_number(c, 0) : 0;
}

static bool has(lua_State *lua, const char *name)
{
    bool found = lua_getfield(lua, -1, name) == LUA_TFUNCTION;

    if (!found && !lua_isnil(lua, -1))
        luaL_error(lua, "%s must be a function", name);
    lua_pop(lua, 1);
    return found;
}

void lua_card_callbacks(struct lua_card *c)
{
    struct device_model *m = &c->model;
    lua_State *lua = c->lua;

    if (!has(lua, "reset"))
        luaL_error(lua, "a card needs a function reset(card)");
    m->reset = scripted_reset;
    m->step = scripted_step; /* who asks for one and has none: a finding */
    m->dack = scripted_dack;
    m->read = has(lua, "read") ? scripted_read : NULL;
    m->peek = has(lua, "peek") ? scripted_peek : NULL;
    m->write = has(lua, "write") ? scripted_write : NULL;
    m->receive = has(lua, "receive") ? scripted_receive : NULL;
    m->ready = has(lua, "ready") ? scripted_ready : NULL;
}
