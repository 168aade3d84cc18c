/* src/script/record.c -- primitives: events recorded for a scenario, and
 * breakpoints on events. */
#include "script/lua_host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_EVENTS = 1 << 22 };

struct recorded {
    enum event_id id;
    unsigned count;
    uint64_t tick, args[EVENT_ARGS]; /* strings: offset into text */
};

struct argument {
    char name[24], kind;
};

/** An event's arguments, from its row: "name:kind name:kind ...". */
struct arguments {
    unsigned count, texts; /* texts: bit per argument of kind s */
    struct argument at[EVENT_ARGS];
};

/** What one record() call collects. */
struct recorder {
    char glob[256];
    struct arguments arguments[EVENT_COUNT];
    struct vec event; /* of struct recorded */
    struct vec text;  /* of char            */
    bool full;        /* the host has no memory, or too many events */
};

static void read_arguments(enum event_id id, struct arguments *a)
{
    const char *list = hb_event_args(id);
    int used;

    while (a->count < EVENT_ARGS &&
           sscanf(list, " %23[^:]:%c%n", a->at[a->count].name,
                  &a->at[a->count].kind, &used) == 2) {
        if (a->at[a->count].kind == 's')
            a->texts |= 1u << a->count;
        list += used;
        a->count++;
    }
}

/* ---- recording ----------------------------------------------------------- */

/* A string is valid during the event only: kept in the recorder's text. */
static bool keep_text(struct recorder *r, uint64_t *arg)
{
    const char *s = (const char *)(uintptr_t)*arg;

    *arg = r->text.count;
    for (s = s ? s : "";; s++) {
        if (!vec_push(&r->text, 1, s))
            return false;
        if (!*s)
            return true;
    }
}

static void on_event(void *context, const struct hb_event *event)
{
    struct recorder *r = context;
    unsigned texts = r->arguments[event->id].texts;
    struct recorded e = {event->id, event->count, event->tick, {0}};

    if (r->full)
        return;
    memcpy(e.args, event->args, sizeof e.args);
    for (unsigned i = 0; texts >> i && i < e.count; i++)
        if (texts >> i & 1 && !keep_text(r, &e.args[i]))
            r->full = true;
    if (r->event.count >= MOST_EVENTS || !vec_push(&r->event, sizeof e, &e))
        r->full = true;
}

static void recorder_free(struct recorder *r)
{
    vec_free(&r->event);
    vec_free(&r->text);
    free(r);
}

void recorders_free(struct script *script)
{
    for (uint32_t i = 0; i < script->recorders.count; i++) {
        struct recorder **r = VEC_AT(struct recorder *, &script->recorders, i);

        if (*r) {
            machine_unlisten(script->machine, on_event, *r);
            recorder_free(*r);
        }
    }
    vec_free(&script->recorders);
    vec_free(&script->breakpoints);
    vec_free(&script->watches);
}

static struct recorder **recorder_at(lua_State *lua)
{
    struct script *script = script_of(lua);
    lua_Integer n = luaL_checkinteger(lua, 1);

    if (n < 1 || n > script->recorders.count ||
        !*VEC_AT(struct recorder *, &script->recorders, n - 1))
        luaL_error(lua, "no such recorder: it was stopped, or the machine was "
                        "replaced");
    return VEC_AT(struct recorder *, &script->recorders, n - 1);
}

static struct recorder *recorder_add(struct script *script, const char *glob)
{
    struct recorder *r = calloc(1, sizeof *r);

    if (!r || !vec_push(&script->recorders, sizeof r, &r)) {
        free(r);
        return NULL;
    }
    snprintf(r->glob, sizeof r->glob, "%s", glob);
    for (unsigned id = 0; id < EVENT_COUNT; id++)
        read_arguments(id, &r->arguments[id]);
    return r;
}

static int api_listen(lua_State *lua)
{
    struct script *script = script_of(lua);
    struct machine *m = machine_of(lua);
    struct recorder *r = recorder_add(script, luaL_checkstring(lua, 1));
    struct hb_error error;

    if (!r)
        return luaL_error(lua, "no memory for a recorder");
    if (machine_listen(m, on_event, r, r->glob, &error) != HB_OK) {
        script->recorders.count--;
        free(r);
        return raise(lua, &error);
    }
    lua_pushinteger(lua, script->recorders.count);
    return 1;
}

static int api_unlisten(lua_State *lua)
{
    struct recorder **r = recorder_at(lua);

    machine_unlisten(machine_of(lua), on_event, *r);
    recorder_free(*r);
    *r = NULL;
    return 0;
}

static void push_event(lua_State *lua, const struct recorder *r,
                       const struct recorded *e)
{
    const struct argument *args = r->arguments[e->id].at;
    unsigned n = r->arguments[e->id].count;

    lua_createtable(lua, 0, (int)n + 2);
    set_text(lua, "event", hb_event_name(e->id));
    set_int(lua, "tick", e->tick);
    for (unsigned i = 0; i < n && i < e->count; i++) {
        if (args[i].kind == 's')
            set_text(lua, args[i].name,
                     VEC_AT(const char, &r->text, e->args[i]));
        else if (args[i].kind == 'd')
            set_text(lua, args[i].name,
                     e->args[i] == DMA_TO_DEVICE ? "to_device" : "from_device");
        else
            set_int(lua, args[i].name, e->args[i]);
    }
}

/* (recorder) -> array of what was recorded since the last call */
static int api_take_events(lua_State *lua)
{
    struct recorder *r = *recorder_at(lua);

    if (r->full)
        return luaL_error(lua, "more events than a scenario can keep: narrow "
                               "the recorder's glob");
    lua_createtable(lua, (int)r->event.count, 0);
    for (uint32_t i = 0; i < r->event.count; i++) {
        push_event(lua, r, VEC_AT(struct recorded, &r->event, i));
        lua_rawseti(lua, -2, (lua_Integer)i + 1);
    }
    r->event.count = 0;
    r->text.count = 0;
    return 1;
}

/* ---- breakpoints --------------------------------------------------------- */

/* The key is at -2, the value at -1. */
static void condition(lua_State *lua, struct machine_breakpoint *point)
{
    unsigned n = point->conditions;

    if (n >= BREAK_CONDITIONS)
        luaL_error(lua, "at most %d conditions", BREAK_CONDITIONS);
    if (lua_type(lua, -2) != LUA_TSTRING)
        luaL_error(lua, "conditions are argument = value");
    snprintf(point->condition[n].arg, sizeof point->condition[n].arg, "%s",
             lua_tostring(lua, -2));
    if (lua_isinteger(lua, -1)) {
        point->condition[n].mask = UINT64_MAX;
        point->condition[n].value = (uint64_t)lua_tointeger(lua, -1);
    } else {
        snprintf(point->condition[n].text, sizeof point->condition[n].text,
                 "%s", luaL_checkstring(lua, -1));
    }
    point->conditions++;
}

/* Ids count up from 1 on each machine: the place in the list. */
static bool breakpoint_keep(struct script *script,
                            const struct machine_breakpoint *point, int id)
{
    struct scenario_breakpoint b = {.point = *point};

    while (script->breakpoints.count < (uint32_t)id)
        if (!vec_push(&script->breakpoints, sizeof b, &b))
            return false;
    return true;
}

/* (glob, {argument = value, ...}) -> id */
static int api_break(lua_State *lua)
{
    struct machine_breakpoint point = {.conditions = 0};
    struct hb_error error;
    int id;

    snprintf(point.glob, sizeof point.glob, "%s", luaL_checkstring(lua, 1));
    if (lua_istable(lua, 2)) {
        lua_pushnil(lua);
        while (lua_next(lua, 2)) {
            condition(lua, &point);
            lua_pop(lua, 1);
        }
    }
    id = machine_break(machine_of(lua), &point, &error);
    if (!id)
        return raise(lua, &error);
    if (!breakpoint_keep(script_of(lua), &point, id))
        return luaL_error(lua, "no memory for a breakpoint");
    lua_pushinteger(lua, id);
    return 1;
}

static int api_unbreak(lua_State *lua)
{
    lua_Integer id = luaL_checkinteger(lua, 1);
    struct script *script = script_of(lua);

    machine_unbreak(machine_of(lua), (int)id);
    if (id > 0 && id <= script->breakpoints.count)
        VEC_AT(struct scenario_breakpoint, &script->breakpoints, id - 1)->gone =
            1;
    return 0;
}

/* ---- across a save ---------------------------------------------------------
 */

static void vec_save(struct saver *s, const struct vec *v, size_t bytes)
{
    save_u32(s, v->count);
    save_bytes(s, v->data, v->count * bytes);
}

static bool vec_load(struct loader *l, struct vec *v, uint32_t bytes)
{
    uint32_t count = loader_u32(l);

    if (l->failed || count > (l->count - l->at) / bytes)
        return false;
    return vec_resize(v, bytes, count) &&
           (!count || loader_bytes(l, v->data, (size_t)count * bytes));
}

static void recorder_save(struct saver *s, const struct recorder *r)
{
    save_u32(s, r != NULL);
    if (!r)
        return;
    save_bytes(s, r->glob, sizeof r->glob);
    save_u32(s, r->full);
    vec_save(s, &r->event, sizeof(struct recorded));
    vec_save(s, &r->text, 1);
}

void listeners_save(const struct script *script, struct saver *s)
{
    struct saver part = {0};

    save_u32(&part, EVENT_COUNT);
    save_u32(&part, script->grain);
    save_u32(&part, script->recorders.count);
    for (uint32_t i = 0; i < script->recorders.count; i++)
        recorder_save(&part, *VEC_AT(struct recorder *, &script->recorders, i));
    vec_save(&part, &script->breakpoints, sizeof(struct scenario_breakpoint));
    vec_save(&part, &script->watches, sizeof(struct scenario_watch));
    save_u64(s, part.count);
    save_bytes(s, part.bytes, part.count);
    s->failed = s->failed || part.failed;
    saver_fini(&part);
}

void listeners_skip(struct loader *l)
{
    uint64_t count = loader_u64(l);

    if (l->failed || count > l->count - l->at)
        l->failed = true;
    else
        l->at += count;
}

/* Numbers that a file holds are looked at once, before they index anything. */
static bool recorder_sound(const struct recorder *r)
{
    const char *text = r->text.data;

    if (r->text.count && text[r->text.count - 1])
        return false;
    for (uint32_t i = 0; i < r->event.count; i++) {
        const struct recorded *e = VEC_AT(struct recorded, &r->event, i);

        if ((unsigned)e->id >= EVENT_COUNT || e->count > EVENT_ARGS)
            return false;
        for (unsigned k = 0; k < e->count; k++)
            if (r->arguments[e->id].texts >> k & 1 &&
                e->args[k] >= r->text.count)
                return false;
    }
    return true;
}

static bool breakpoint_sound(struct scenario_breakpoint *b)
{
    struct machine_breakpoint *p = &b->point;

    p->glob[sizeof p->glob - 1] = 0;
    for (unsigned i = 0; i < BREAK_CONDITIONS; i++) {
        p->condition[i].arg[sizeof p->condition[i].arg - 1] = 0;
        p->condition[i].text[sizeof p->condition[i].text - 1] = 0;
    }
    return p->conditions <= BREAK_CONDITIONS && b->gone <= 1;
}

static bool recorder_load(struct script *script, struct loader *l)
{
    char glob[sizeof((struct recorder *)0)->glob];
    struct recorder *r = NULL;

    if (!loader_u32(l)) /* it was stopped: its number stays taken */
        return vec_push(&script->recorders, sizeof r, &r) != NULL;
    if (!loader_bytes(l, glob, sizeof glob))
        return false;
    glob[sizeof glob - 1] = 0;
    r = recorder_add(script, glob);
    if (!r)
        return false;
    r->full = loader_u32(l) != 0;
    return vec_load(l, &r->event, sizeof(struct recorded)) &&
           vec_load(l, &r->text, 1) && recorder_sound(r) &&
           machine_listen(script->machine, on_event, r, glob, NULL) == HB_OK;
}

bool listeners_load(struct script *script, struct loader *l)
{
    uint64_t bytes = loader_u64(l);
    uint32_t recorders;

    if (!bytes || loader_u32(l) != EVENT_COUNT)
        return false;
    script->grain = loader_u32(l);
    machine_grain(script->machine, script->grain);
    recorders = loader_u32(l);
    for (uint32_t i = 0; i < recorders && !l->failed; i++)
        if (!recorder_load(script, l))
            return false;
    if (!vec_load(l, &script->breakpoints, sizeof(struct scenario_breakpoint)))
        return false;
    for (uint32_t i = 0; i < script->breakpoints.count; i++) {
        struct scenario_breakpoint *b =
            VEC_AT(struct scenario_breakpoint, &script->breakpoints, i);
        int id;

        if (!breakpoint_sound(b))
            return false;
        id = machine_break(script->machine, &b->point, NULL);
        if (b->gone)
            machine_unbreak(script->machine, id);
    }
    return vec_load(l, &script->watches, sizeof(struct scenario_watch)) &&
           watches_load(script) && !l->failed;
}

const luaL_Reg script_event_functions[] = {
    {"listen", api_listen},           {"unlisten", api_unlisten},
    {"take_events", api_take_events}, {"breakpoint", api_break},
    {"unbreak", api_unbreak},         {NULL, NULL},
};
