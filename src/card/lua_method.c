/* src/card/lua_method.c -- what a scripted card may call: halbox/device.h and
 * halbox/dma.h as methods of `card`. The first argument is the card itself. */
#include <string.h>

#include "card/lua_card.h"

static struct device *dev_of(lua_State *lua)
{
    struct lua_card *c = lua_touserdata(lua, lua_upvalueindex(1));

    if (!c->dev)
        luaL_error(lua, "the card is not on a machine yet");
    return c->dev;
}

static uint32_t number(lua_State *lua, int i, uint64_t most)
{
    lua_Integer v = luaL_checkinteger(lua, i);

    luaL_argcheck(lua, (uint64_t)v <= most, i, "out of range");
    return (uint32_t)v;
}

static unsigned step_number(lua_State *lua, int i)
{
    return number(lua, i, 65535);
}

static int method_irq(lua_State *lua)
{
    irq_set(dev_of(lua), lua_toboolean(lua, 2));
    return 0;
}

static int method_dreq(lua_State *lua)
{
    dreq_set(dev_of(lua), lua_toboolean(lua, 2));
    return 0;
}

/* card:after(ns, step) */
static int method_after(lua_State *lua)
{
    lua_Integer ns = luaL_checkinteger(lua, 2);

    luaL_argcheck(lua, ns >= 0, 2, "a time is not negative");
    clock_after_ns(dev_of(lua), (uint64_t)ns, step_number(lua, 3));
    return 0;
}

static int method_cancel(lua_State *lua)
{
    clock_cancel(dev_of(lua), step_number(lua, 2));
    return 0;
}

static int method_now(lua_State *lua)
{
    lua_pushinteger(lua, (lua_Integer)clock_ns(dev_of(lua)));
    return 1;
}

/* card:get(offset, bytes): of the card's own ram */
static int method_get(lua_State *lua)
{
    uint32_t offset = number(lua, 2, UINT32_MAX),
             bytes = number(lua, 3, UINT32_MAX);
    const uint8_t *at = device_ram(dev_of(lua), CARD_RAM_WINDOW, offset, bytes);

    luaL_argcheck(lua, at || !bytes, 2, "outside the card's ram");
    lua_pushlstring(lua, at ? (const char *)at : "", bytes);
    return 1;
}

/* card:put(offset, text) */
static int method_put(lua_State *lua)
{
    size_t bytes;
    const char *from = luaL_checklstring(lua, 3, &bytes);
    uint32_t offset = number(lua, 2, UINT32_MAX);
    uint8_t *at = bytes <= UINT32_MAX ? device_ram(dev_of(lua), CARD_RAM_WINDOW,
                                                   offset, (uint32_t)bytes)
                                      : NULL;

    luaL_argcheck(lua, at || !bytes, 2, "outside the card's ram");
    if (bytes)
        memcpy(at, from, bytes);
    return 0;
}

/* (at, offset, bytes, step [, engine]) -> true, or false: the queue is full */
static int post(lua_State *lua, bool to_card)
{
    struct device *dev = dev_of(lua);
    dla_t at = dla_of((uint64_t)luaL_checkinteger(lua, 2));
    uint32_t local = LOCAL_RAM(CARD_RAM_WINDOW, number(lua, 3, (1u << 28) - 1));
    uint32_t bytes = number(lua, 4, UINT32_MAX);
    unsigned step = step_number(lua, 5);
    unsigned engine =
        lua_isnoneornil(lua, 6) ? 0 : number(lua, 6, DMA_ENGINES - 1);
    enum hb_status status =
        to_card ? dma_read(dev, engine, at, local, bytes, step)
                : dma_write(dev, engine, at, local, bytes, step);

    if (status == HB_BAD_ARGUMENT)
        return luaL_error(lua, "these bytes are not in the card's ram");
    lua_pushboolean(lua, status == HB_OK);
    return 1;
}

static int method_dma_read(lua_State *lua)
{
    return post(lua, true);
}

static int method_dma_write(lua_State *lua)
{
    return post(lua, false);
}

static int method_dma_cancel(lua_State *lua)
{
    dma_cancel(dev_of(lua), number(lua, 2, DMA_ENGINES - 1));
    return 0;
}

static int method_dma_done(lua_State *lua)
{
    unsigned engine =
        lua_isnoneornil(lua, 2) ? 0 : number(lua, 2, DMA_ENGINES - 1);

    lua_pushinteger(lua, dma_done(dev_of(lua), engine));
    return 1;
}

static int method_channel(lua_State *lua)
{
    lua_pushinteger(lua, device_channel(dev_of(lua)));
    return 1;
}

/* card:send(text): bytes leave the machine by the card */
static int method_send(lua_State *lua)
{
    size_t bytes;
    const char *text = luaL_checklstring(lua, 2, &bytes);

    for (size_t i = 0; i < bytes; i++)
        stream_put(dev_of(lua), (uint8_t)text[i]);
    return 0;
}

static int method_error(lua_State *lua)
{
    guest_error(dev_of(lua), "%s", luaL_checkstring(lua, 2));
    return 0;
}

/* card:finding(rule, text) */
static int method_finding(lua_State *lua)
{
    guest_finding(dev_of(lua), luaL_checkstring(lua, 2),
                  luaL_checkstring(lua, 3));
    return 0;
}

void lua_card_methods(struct lua_card *c)
{
    static const luaL_Reg methods[] = {
        {"irq", method_irq},
        {"dreq", method_dreq},
        {"after", method_after},
        {"cancel", method_cancel},
        {"now", method_now},
        {"get", method_get},
        {"put", method_put},
        {"dma_read", method_dma_read},
        {"dma_write", method_dma_write},
        {"dma_cancel", method_dma_cancel},
        {"dma_done", method_dma_done},
        {"channel", method_channel},
        {"send", method_send},
        {"error", method_error},
        {"finding", method_finding},
        {NULL, NULL},
    };

    lua_pushlightuserdata(c->lua, c);
    luaL_setfuncs(c->lua, methods, 1);
}
