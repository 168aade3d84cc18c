/* src/card/lua_card.h -- a card from a Lua script; private to src/card. Each
 * device has an interpreter of its own. What is saved of it is card.state, one
 * table, which freeze() turns into bytes and thaw() back. */
#ifndef CARD_LUA_CARD_H
#define CARD_LUA_CARD_H

#include "base/save.h"
#include "card/card_private.h"
#include "lua/sandbox.h"

enum { CARD_SETTINGS = 8, CARD_TEXT = 96, CARD_RAM_WINDOW = 7 };
enum { CARD_STATE_MOST = 16 << 20 /* bytes of a saved table */ };

/** What the bus has of a scripted card. */
struct scripted {
    struct device dev;
    uint64_t setting[CARD_SETTINGS];
    struct sandbox_random random;
    struct vec state; /* bytes of card.state, as of the last freeze */
};
extern const struct state_row scripted_rows[];

/** The file's side. */
struct lua_card {
    struct card card;
    struct device_model model;
    struct device_setting setting[CARD_SETTINGS + 1];
    char setting_name[CARD_SETTINGS][CARD_TEXT];
    char setting_help[CARD_SETTINGS][CARD_TEXT];
    char name[CARD_TEXT], title[CARD_TEXT];
    lua_State *lua;
    size_t memory; /* bytes that the interpreter has now */
    struct sandbox_random random;
    struct device *dev; /* whose callback runs; NULL before the first */
};

/** The card that @model belongs to. */
struct lua_card *lua_card_of(const struct device *dev);

/** lua_card_describe() - the model from the table on the top; a Lua error says
 *  which field cannot be. */
void lua_card_describe(struct lua_card *c);
/** lua_card_methods() - into the table on the top: card:irq() and the like. */
void lua_card_methods(struct lua_card *c);
/** lua_card_callbacks() - the model's functions, for those that the script
 *  has. Its table is on the top. */
void lua_card_callbacks(struct lua_card *c);

/** tree_save() - the value at @index: numbers, texts, booleans, and tables of
 *  them; a Lua error for anything else. tree_load() - push it; false: damaged
 *  (nothing is pushed). */
void tree_save(lua_State *lua, int index, struct saver *s);
bool tree_load(lua_State *lua, struct loader *l);

#endif
