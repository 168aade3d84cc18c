/* src/script/transcript.c -- what primitives answered, kept and given again. */
#include "script/transcript.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "script/lua_host.h"

enum { TRANSCRIPT_FORMAT = 2, DEPTH = 64, FIELDS = 64, MOST_RESULTS = 255 };
enum { ANSWER_RESULTS = 'r', ANSWER_ERROR = 'e' };
static const char magic[8] = "HBSCENE";
enum { SUM_AT = sizeof magic + 4, BODY_AT = SUM_AT + 4 }; /* format, sum */

/* What a file holds must be what was written: a scenario cannot tell a wrong
 * answer of a machine from a right one. */
static uint32_t sum_of(const uint8_t *file, size_t count)
{
    return (uint32_t)crc32_z(0, file + BODY_AT, count - BODY_AT);
}

/* ---- Lua values ------------------------------------------------------------
 */

static void save_text(struct saver *s, const char *text, size_t bytes)
{
    save_u32(s, (uint32_t)bytes);
    save_bytes(s, text, bytes);
}

static void save_value(lua_State *lua, struct saver *s, int i, unsigned depth);

/* t[1], t[2] ... */
static void save_items(lua_State *lua, struct saver *s, int table,
                       unsigned depth)
{
    lua_Unsigned count = lua_rawlen(lua, table);

    for (lua_Unsigned n = 1; n <= count; n++) {
        lua_pushinteger(lua, (lua_Integer)n);
        lua_rawgeti(lua, table, (lua_Integer)n);
        save_value(lua, s, -2, depth + 1);
        save_value(lua, s, -1, depth + 1);
        lua_pop(lua, 2);
    }
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Named fields in the order of their names: Lua's own differs from run to run,
 * and two saves of one moment are the same file. */
static void save_fields(lua_State *lua, struct saver *s, int table,
                        unsigned depth)
{
    const char *name[FIELDS];
    unsigned count = 0;

    for (lua_pushnil(lua); lua_next(lua, table); lua_pop(lua, 1)) {
        if (lua_isinteger(lua, -2) && lua_tointeger(lua, -2) > 0 &&
            lua_tointeger(lua, -2) <= (lua_Integer)lua_rawlen(lua, table))
            continue; /* an item */
        if (lua_type(lua, -2) != LUA_TSTRING || count == FIELDS)
            luaL_error(lua, "a primitive's answer has keys that are not kept");
        name[count++] = lua_tostring(lua, -2);
    }
    qsort(name, count, sizeof *name, by_text);
    for (unsigned n = 0; n < count; n++) {
        lua_pushstring(lua, name[n]);
        lua_pushvalue(lua, -1);
        lua_rawget(lua, table);
        save_value(lua, s, -2, depth + 1);
        save_value(lua, s, -1, depth + 1);
        lua_pop(lua, 2);
    }
}

static void save_value(lua_State *lua, struct saver *s, int i, unsigned depth)
{
    size_t bytes;
    const char *text;
    lua_Number number;
    uint8_t kind = (uint8_t)lua_type(lua, i);
    uint8_t whole = lua_isinteger(lua, i) != 0;

    if (depth > DEPTH)
        luaL_error(lua, "a primitive's answer is nested too deeply to keep");
    save_bytes(s, &kind, 1);
    switch (kind) {
    case LUA_TNIL:
        break;
    case LUA_TBOOLEAN:
        kind = (uint8_t)lua_toboolean(lua, i);
        save_bytes(s, &kind, 1);
        break;
    case LUA_TNUMBER:
        save_bytes(s, &whole, 1);
        number = lua_tonumber(lua, i);
        if (whole)
            save_u64(s, (uint64_t)lua_tointeger(lua, i));
        else
            save_bytes(s, &number, sizeof number);
        break;
    case LUA_TSTRING:
        text = lua_tolstring(lua, i, &bytes);
        save_text(s, text, bytes);
        break;
    case LUA_TTABLE:
        luaL_checkstack(lua, 8, NULL);
        i = lua_absindex(lua, i);
        save_items(lua, s, i, depth);
        save_fields(lua, s, i, depth);
        kind = LUA_TNIL; /* a key that is nil ends it */
        save_bytes(s, &kind, 1);
        break;
    default:
        luaL_error(lua, "a primitive answered with a %s",
                   luaL_typename(lua, i));
    }
}

/* Pushes one value; true unless it was nil. A damaged file gives nil. */
static bool load_value(lua_State *lua, struct loader *l, unsigned depth)
{
    uint8_t kind = LUA_TNIL, flag = 0;
    lua_Number number = 0;
    uint32_t bytes;

    luaL_checkstack(lua, 4, NULL);
    if (depth > DEPTH || !loader_bytes(l, &kind, 1))
        kind = LUA_TNIL;
    switch (kind) {
    case LUA_TBOOLEAN:
        loader_bytes(l, &flag, 1);
        lua_pushboolean(lua, flag);
        return true;
    case LUA_TNUMBER:
        loader_bytes(l, &flag, 1);
        if (flag) {
            lua_pushinteger(lua, (lua_Integer)loader_u64(l));
        } else {
            loader_bytes(l, &number, sizeof number);
            lua_pushnumber(lua, number);
        }
        return true;
    case LUA_TSTRING:
        bytes = loader_u32(l);
        if (l->failed || bytes > l->count - l->at)
            break;
        lua_pushlstring(lua, (const char *)l->bytes + l->at, bytes);
        l->at += bytes;
        return true;
    case LUA_TTABLE:
        lua_newtable(lua);
        while (!l->failed && load_value(lua, l, depth + 1)) {
            load_value(lua, l, depth + 1);
            lua_rawset(lua, -3);
        }
        lua_pop(lua, 1);
        return true;
    default:
        break;
    }
    lua_pushnil(lua);
    return false;
}

/* ---- saving ----------------------------------------------------------------
 */

static enum hb_status write_file(const char *path, const struct saver *s,
                                 struct hb_error *error)
{
    FILE *f = fopen(path, "wb");
    bool good = f && fwrite(s->bytes, 1, s->count, f) == s->count;

    if (f && fclose(f))
        good = false;
    if (good)
        return HB_OK;
    return hb_fail(error, HB_NO_FILE, "cannot write '%s': %s", path,
                   strerror(errno));
}

static enum hb_status write_summed(const char *path, struct saver *s,
                                   struct hb_error *error)
{
    uint32_t sum = sum_of(s->bytes, s->count);

    memcpy(s->bytes + SUM_AT, &sum, sizeof sum);
    return write_file(path, s, error);
}

static enum hb_status save_scene(struct script *script, struct machine *m,
                                 const char *path, struct hb_error *error)
{
    struct transcript *t = &script->transcript;
    const char *running = t->running ? t->running : "";
    struct saver s = {0};
    uint8_t *bytes;
    size_t count;
    enum hb_status status = machine_save_bytes(m, &bytes, &count, error);

    if (status != HB_OK)
        return status;
    save_bytes(&s, magic, sizeof magic);
    save_u32(&s, TRANSCRIPT_FORMAT);
    save_u32(&s, 0); /* the sum, when it is known */
    save_text(&s, running, strlen(running));
    save_u64(&s, t->running_since);
    save_u64(&s, t->answers.count);
    save_bytes(&s, t->answers.bytes, t->answers.count);
    listeners_save(script, &s);
    save_u64(&s, count);
    save_bytes(&s, bytes, count);
    free(bytes);
    if (s.failed || t->answers.failed)
        status = hb_fail(error, HB_NO_MEMORY, "no memory for a save");
    else
        status = write_summed(path, &s, error);
    saver_fini(&s);
    return status;
}

static enum hb_status save_point(void *context, struct machine *m,
                                 const char *path, struct hb_error *error)
{
    return save_scene(context, m, path, error);
}

void transcript_plan(struct script *script, const struct save_plan *plan)
{
    struct transcript *t = &script->transcript;

    t->saving = true;
    t->points = (struct save_points){.plan = *plan,
                                     .save = save_point,
                                     .context = script,
                                     .grain = &script->grain};
}

void transcript_arm(struct script *script)
{
    struct transcript *t = &script->transcript;

    if (t->saving)
        save_points_arm(&t->points, script->machine);
}

void transcript_test_over(struct script *script)
{
    struct transcript *t = &script->transcript;

    if (t->saving && t->points.plan.from == UINT64_MAX && script->machine)
        save_points_end(&t->points, script->machine);
}

/* ---- loading ---------------------------------------------------------------
 */

static enum hb_status damaged(const char *path, struct hb_error *error)
{
    return hb_fail(error, HB_BAD_IMAGE, "%s: the saved scenario is damaged",
                   path);
}

enum hb_status transcript_open(struct script *script, const char *path,
                               struct hb_error *error)
{
    struct transcript *t = &script->transcript;
    char found[sizeof magic];
    struct loader l = {0};
    uint64_t count;
    uint32_t bytes;
    enum hb_status status = file_bytes(path, &t->file, &l.count, error);

    if (status != HB_OK)
        return status;
    l.bytes = t->file;
    if (!loader_bytes(&l, found, sizeof found) ||
        memcmp(found, magic, sizeof magic) ||
        loader_u32(&l) != TRANSCRIPT_FORMAT)
        return hb_fail(error, HB_BAD_IMAGE,
                       "%s: not a scenario saved by this halbox", path);
    if (l.count < BODY_AT || loader_u32(&l) != sum_of(l.bytes, l.count))
        return damaged(path, error);
    bytes = loader_u32(&l);
    if (bytes >= sizeof t->resumed || !loader_bytes(&l, t->resumed, bytes))
        return damaged(path, error);
    t->resumed_since = loader_u64(&l);
    count = loader_u64(&l);
    if (l.failed || count > l.count - l.at)
        return damaged(path, error);
    t->replay =
        (struct loader){.bytes = t->file + l.at, .count = (size_t)count};
    t->replaying = true;
    if (t->saving) /* a save of this run begins with them, too */
        save_bytes(&t->answers, t->replay.bytes, t->replay.count);
    l.at += count;
    script->resume = l;
    return HB_OK;
}

void transcript_close(struct script *script)
{
    saver_fini(&script->transcript.answers);
    free(script->transcript.file);
    script->transcript.file = NULL;
}

/* The answers are used up: the machine is loaded, and who listened to it before
 * listens again. */
static void resume(lua_State *lua, struct script *script)
{
    struct loader *l = &script->resume;
    struct hb_error error = {.text = "the save is damaged"};
    struct machine *m = NULL;
    struct loader listeners = *l;
    uint64_t count;

    script->transcript.replaying = false;
    listeners_skip(l);
    count = loader_u64(l);
    if (l->failed || count > l->count - l->at ||
        machine_load_bytes(&m, l->bytes + l->at, (size_t)count, &error) !=
            HB_OK) {
        script->host_failed = true;
        luaL_error(lua, "%s: %s", script->options->load, error.text);
    }
    machine_adopt(lua, m);
    if (!listeners_load(script, &listeners)) {
        script->host_failed = true;
        luaL_error(lua, "%s: the save's recorders are damaged",
                   script->options->load);
    }
}

uint64_t transcript_since(struct script *script, uint64_t now)
{
    struct transcript *t = &script->transcript;

    return t->running && !strcmp(t->running, t->resumed) ? t->resumed_since
                                                         : now;
}

/* ---- primitives -------------------------------------------------------------
 */

/* The next answer, on the stack; returns how many values. */
static int answer_again(lua_State *lua, struct script *script, const char *name)
{
    struct loader *l = &script->transcript.replay;
    char was[64] = "";
    uint8_t kind = 0, count = 0;
    uint32_t bytes = loader_u32(l);

    if (bytes < sizeof was)
        loader_bytes(l, was, bytes);
    loader_bytes(l, &kind, 1);
    loader_bytes(l, &count, 1);
    if (l->failed || strcmp(was, name) ||
        (kind == ANSWER_ERROR && count != 1)) {
        script->host_failed = true;
        return luaL_error(lua,
                          "this is not the scenario that was saved: it asks "
                          "for '%s' where that one asked for '%s'",
                          name, was);
    }
    luaL_checkstack(lua, count + 8, NULL);
    for (unsigned i = 0; i < count; i++)
        load_value(lua, l, 0);
    return kind == ANSWER_ERROR ? lua_error(lua) : count;
}

static void keep(lua_State *lua, struct script *script, const char *name,
                 bool good, int first)
{
    struct saver *s = &script->transcript.answers;
    uint8_t kind = good ? ANSWER_RESULTS : ANSWER_ERROR;
    int count = lua_gettop(lua) - first + 1;
    uint8_t small = (uint8_t)count;

    if (count > MOST_RESULTS)
        luaL_error(lua, "primitive '%s' has too many answers", name);
    save_text(s, name, strlen(name));
    save_bytes(s, &kind, 1);
    save_bytes(s, &small, 1);
    for (int i = 0; i < count; i++)
        save_value(lua, s, first + i, 0);
}

static int primitive(lua_State *lua)
{
    struct script *script = script_of(lua);
    struct transcript *t = &script->transcript;
    const char *name = lua_tostring(lua, lua_upvalueindex(1));
    bool good;

    if (t->points.over)
        return luaL_error(lua, "saved");
    if (t->replaying && t->replay.at < t->replay.count)
        return answer_again(lua, script, name);
    if (t->replaying)
        resume(lua, script);
    lua_pushvalue(lua, lua_upvalueindex(2));
    lua_insert(lua, 1);
    t->running = name;
    t->running_since =
        script->machine
            ? transcript_since(script, machine_now_ns(script->machine))
            : 0;
    good = lua_pcall(lua, lua_gettop(lua) - 1, LUA_MULTRET, 0) == LUA_OK;
    t->running = NULL;
    t->resumed[0] = 0;
    if (t->points.over) /* the save is written, nobody waits for the rest */
        return luaL_error(lua, "saved");
    if (t->saving)
        keep(lua, script, name, good, 1);
    return good ? lua_gettop(lua) : lua_error(lua);
}

void transcript_wrap(lua_State *lua, const char *name, lua_CFunction function)
{
    lua_pushstring(lua, name);
    lua_pushcfunction(lua, function);
    lua_pushcclosure(lua, primitive, 2);
}
