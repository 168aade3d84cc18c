/* src/script/watch.c -- primitives: watches of a scenario. Each hit stops the
 * run; the prelude calls a handler and goes on. */
#include "script/lua_host.h"

#include <stdio.h>
#include <string.h>

/* Words of a list, each with what it stands for. */
struct word {
    const char *name;
    unsigned value;
};

static const struct word accesses[] = {{"read", WATCH_READ},
                                       {"write", WATCH_WRITE},
                                       {"execute", WATCH_EXECUTE},
                                       {"change", WATCH_CHANGE},
                                       {NULL, 0}};
static const struct word spaces[] = {{"virtual", WATCH_VIRTUAL},
                                     {"physical", WATCH_PHYSICAL},
                                     {"logical", WATCH_LOGICAL},
                                     {NULL, 0}};
static const struct word initiators[] = {{"cpu", 1}, {"dma", 2}, {NULL, 0}};

/* All words of field @name of the table at 1; a Lua error for one that is not
 * in @words. */
static unsigned words_of(lua_State *lua, const char *name, const char *absent,
                         const struct word *words)
{
    const char *text;
    unsigned all = 0;

    lua_getfield(lua, 1, name);
    text = lua_isnil(lua, -1) ? absent : luaL_checkstring(lua, -1);
    for (size_t n; *text; text += n) {
        const struct word *w = words;

        text += strspn(text, " ,");
        n = strcspn(text, " ,");
        while (w->name && (strlen(w->name) != n || memcmp(w->name, text, n)))
            w++;
        if (n && !w->name)
            luaL_error(lua, "watch: %s is not '%s'", name, text);
        all |= n ? w->value : 0;
    }
    lua_pop(lua, 1);
    return all;
}

static bool keep(struct script *script, const struct machine_watch *watch,
                 int id)
{
    struct scenario_watch w = {.watch = *watch};

    while (script->watches.count < (uint32_t)id)
        if (!vec_push(&script->watches, sizeof w, &w))
            return false;
    return true;
}

/* ({at=, bytes=, space=, process=, access=, by=, device=}) -> id */
static int api_watch(lua_State *lua)
{
    struct machine_watch w = {0};
    struct hb_error error;
    unsigned by;
    int id;

    luaL_checktype(lua, 1, LUA_TTABLE);
    w.space =
        (enum machine_watch_space)words_of(lua, "space", "virtual", spaces);
    w.process = (uint32_t)field_int(lua, 1, "process");
    w.at = field_int(lua, 1, "at");
    w.bytes = field_int(lua, 1, "bytes");
    w.access = words_of(lua, "access", "write", accesses);
    by = words_of(lua, "by", "", initiators);
    w.by_cpu = by & 1;
    w.by_dma = by & 2;
    lua_getfield(lua, 1, "device");
    snprintf(w.device, sizeof w.device, "%s", luaL_optstring(lua, -1, ""));
    lua_pop(lua, 1);
    id = machine_watch(machine_of(lua), &w, NULL, NULL, &error);
    if (!id)
        return raise(lua, &error);
    if (!keep(script_of(lua), &w, id))
        return luaL_error(lua, "no memory for a watch");
    lua_pushinteger(lua, id);
    return 1;
}

static int api_unwatch(lua_State *lua)
{
    lua_Integer id = luaL_checkinteger(lua, 1);
    struct script *script = script_of(lua);

    machine_unwatch(machine_of(lua), (int)id);
    if (id > 0 && id <= script->watches.count)
        VEC_AT(struct scenario_watch, &script->watches, id - 1)->gone = 1;
    return 0;
}

const luaL_Reg script_watch_functions[] = {
    {"watch", api_watch}, {"unwatch", api_unwatch}, {NULL, NULL}};

void push_hit(lua_State *lua, const struct machine_watch_hit *hit)
{
    lua_createtable(lua, 0, 12);
    set_text(lua, "access",
             hit->access & WATCH_EXECUTE  ? "execute"
             : hit->access & WATCH_READ   ? "read"
             : hit->access & WATCH_CHANGE ? "change"
                                          : "write");
    if (hit->has_va)
        set_int(lua, "va", hit->va.v);
    set_int(lua, "pa", hit->pa.v);
    if (hit->by_dma)
        set_int(lua, "dla", hit->dla.v);
    set_int(lua, "bytes", hit->bytes);
    set_int(lua, "width", hit->width);
    set_int(lua, "before", hit->before);
    set_int(lua, "after", hit->after);
    set_bool(lua, "by_dma", hit->by_dma);
    set_text(lua, "device", hit->device);
    set_text(lua, "routine", hit->routine);
    set_int(lua, "eip", hit->eip.v);
}

/* ---- across a save --------------------------------------------------------
 */

bool watches_load(struct script *script)
{
    for (uint32_t i = 0; i < script->watches.count; i++) {
        struct scenario_watch *w =
            VEC_AT(struct scenario_watch, &script->watches, i);
        int id;

        w->watch.device[sizeof w->watch.device - 1] = 0;
        if (w->gone > 1)
            return false;
        id = machine_watch(script->machine, &w->watch, NULL, NULL, NULL);
        if (!id)
            return false;
        if (w->gone)
            machine_unwatch(script->machine, id);
    }
    return true;
}
