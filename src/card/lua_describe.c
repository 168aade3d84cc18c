/* src/card/lua_describe.c -- what a scripted card says of itself: identity,
 * windows, settings, straps, as fields of the table that its file returns. */
#include <string.h>

#include "card/lua_card.h"

/* A whole number in [0, most], @initial when the field is absent. */
static uint64_t number(lua_State *lua, const char *field, uint64_t initial,
                       uint64_t most)
{
    lua_Integer v;
    int whole;

    if (lua_getfield(lua, -1, field) == LUA_TNIL) {
        lua_pop(lua, 1);
        return initial;
    }
    v = lua_tointegerx(lua, -1, &whole);
    if (!whole || (uint64_t)v > most)
        luaL_error(lua, "%s must be a whole number from 0 to %I", field,
                   (lua_Integer)most);
    lua_pop(lua, 1);
    return (uint64_t)v;
}

static void text(lua_State *lua, const char *field, const char *initial,
                 char out[CARD_TEXT])
{
    const char *v = initial;

    if (lua_getfield(lua, -1, field) != LUA_TNIL)
        v = lua_tostring(lua, -1);
    if (!v || strlen(v) >= CARD_TEXT)
        luaL_error(lua, "%s must be a text of at most %d letters", field,
                   CARD_TEXT - 1);
    memset(out, 0, CARD_TEXT);
    memcpy(out, v, strlen(v));
    lua_pop(lua, 1);
}

/* Push the table @field; false: absent. */
static bool open_table(lua_State *lua, const char *field)
{
    int type = lua_getfield(lua, -1, field);

    if (type == LUA_TTABLE)
        return true;
    if (type != LUA_TNIL)
        luaL_error(lua, "%s must be a table", field);
    lua_pop(lua, 1);
    return false;
}

static void describe_pci(lua_State *lua, struct device_pci *pci)
{
    uint32_t class_code;

    if (!open_table(lua, "pci"))
        return;
    pci->vendor = (uint16_t)number(lua, "vendor", 0, 0xfffe);
    pci->device = (uint16_t)number(lua, "device", 0, 0xffff);
    pci->subsystem_vendor =
        (uint16_t)number(lua, "subsystem_vendor", 0, 0xffff);
    pci->subsystem = (uint16_t)number(lua, "subsystem", 0, 0xffff);
    pci->revision = (uint8_t)number(lua, "revision", 0, 0xff);
    class_code = (uint32_t)number(lua, "class", 0xff0000, 0xffffff);
    pci->base_class = (uint8_t)(class_code >> 16);
    pci->subclass = (uint8_t)(class_code >> 8);
    pci->prog_if = (uint8_t)class_code;
    pci->interrupt_pin = (uint8_t)number(lua, "pin", 0, 4);
    pci->address_bits = (uint8_t)number(lua, "address_bits", 0, 64);
    if (!pci->vendor)
        luaL_error(lua, "pci.vendor must be there, and not 0");
    lua_pop(lua, 1);
}

static uint8_t access_of(lua_State *lua)
{
    char word[CARD_TEXT];
    static const struct {
        const char *name;
        uint8_t access;
    } words[] = {
        {"8", ACCESS_8},
        {"16", ACCESS_16},
        {"32", ACCESS_32},
        {"any", ACCESS_ANY},
        {"split8", ACCESS_8 | ACCESS_SPLIT},
        {"split16", ACCESS_16 | ACCESS_SPLIT},
        {"split32", ACCESS_32 | ACCESS_SPLIT},
    };

    text(lua, "access", "any", word);
    for (unsigned i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(words[i].name, word) == 0)
            return words[i].access;
    }
    luaL_error(lua, "access must be 8, 16, 32, any, split8, split16 or "
                    "split32");
    return 0;
}

static void describe_window(lua_State *lua, struct device_window *w)
{
    char kind[CARD_TEXT];

    text(lua, "kind", "memory", kind);
    if (strcmp(kind, "port") == 0)
        w->kind = WINDOW_PORT;
    else if (strcmp(kind, "memory") == 0 || strcmp(kind, "ram") == 0)
        w->kind = WINDOW_MEMORY;
    else
        luaL_error(lua, "a window's kind must be port, memory or ram");
    w->ram = strcmp(kind, "ram") == 0;
    w->bytes = (uint32_t)number(lua, "bytes", 0, 1u << 28);
    if (!w->bytes)
        luaL_error(lua, "a window must say its bytes");
    w->base = (uint32_t)number(lua, "base", 0, UINT32_MAX);
    w->access = access_of(lua);
}

/* Numbered as the BARs are: from 0. */
static void describe_windows(lua_State *lua, struct device_model *m)
{
    uint32_t ram = (uint32_t)number(lua, "ram", 0, 1u << 28);

    if (open_table(lua, "windows")) {
        for (int i = 0; i < CARD_RAM_WINDOW; i++) {
            if (lua_rawgeti(lua, -1, i) == LUA_TTABLE)
                describe_window(lua, &m->windows[i]);
            else if (!lua_isnil(lua, -1))
                luaL_error(lua, "windows[%d] must be a table", i);
            lua_pop(lua, 1);
        }
        lua_pop(lua, 1);
    }
    if (ram)
        m->windows[CARD_RAM_WINDOW] =
            (struct device_window){.bytes = ram, .ram = true};
}

static void describe_setting(struct lua_card *c, unsigned i)
{
    lua_State *lua = c->lua;
    struct device_setting *s = &c->setting[i];

    text(lua, "name", NULL, c->setting_name[i]);
    text(lua, "help", "", c->setting_help[i]);
    *s = (struct device_setting){
        .name = c->setting_name[i],
        .help = c->setting_help[i],
        .initial = number(lua, "initial", 0, INT64_MAX),
        .least = number(lua, "least", 0, INT64_MAX),
        .most = number(lua, "most", INT64_MAX, INT64_MAX),
        .offset = (uint32_t)(offsetof(struct scripted, setting) +
                             i * sizeof(uint64_t)),
    };
    if (s->initial < s->least || s->initial > s->most)
        luaL_error(lua, "setting %s: initial is not between least and most",
                   s->name);
}

static void describe_settings(struct lua_card *c)
{
    lua_State *lua = c->lua;
    unsigned count = 0;

    c->model.settings = c->setting;
    if (!open_table(lua, "settings"))
        return;
    while (lua_rawgeti(lua, -1, count + 1) == LUA_TTABLE) {
        if (count == CARD_SETTINGS)
            luaL_error(lua, "a card has at most %d settings", CARD_SETTINGS);
        describe_setting(c, count++);
        lua_pop(lua, 1);
    }
    lua_pop(lua, 2);
}

static void describe_straps(lua_State *lua, struct device_strap *strap)
{
    uint64_t irq = number(lua, "irq", 16, 15), dma = number(lua, "dma", 8, 7);

    strap->has_irq = irq < 16;
    strap->irq = (uint8_t)(irq & 15);
    strap->has_dma = dma < 8;
    strap->dma = (uint8_t)(dma & 7);
}

void lua_card_describe(struct lua_card *c)
{
    struct device_model *m = &c->model;

    if (!lua_istable(c->lua, -1))
        luaL_error(c->lua, "the file must return the table of its card");
    text(c->lua, "name", NULL, c->name);
    text(c->lua, "title", c->name, c->title);
    m->name = c->name;
    m->title = c->title;
    m->version = (uint32_t)number(c->lua, "version", 1, UINT32_MAX);
    m->state_size = sizeof(struct scripted);
    m->rows = scripted_rows;
    describe_pci(c->lua, &m->pci);
    describe_windows(c->lua, m);
    describe_settings(c);
    describe_straps(c->lua, &m->strap);
}
