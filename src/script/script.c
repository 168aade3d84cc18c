/* src/script/script.c -- a scenario's run: load, sandbox, tests, results. */
#include "script/script.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "script/lua_host.h"

enum { DEFAULT_LIMIT_S = 60 };

/* (name, passed, text): a test is over; its machine still stands. */
static int api_result_of(lua_State *lua)
{
    struct script *script = script_of(lua);
    struct script_result result = {
        .file = script->path,
        .name = luaL_checkstring(lua, 1),
        .passed = lua_toboolean(lua, 2),
        .host_failed = script->host_failed,
        .text = luaL_checkstring(lua, 3),
    };

    if (script->machine) {
        result.ticks = machine_position(script->machine).tick;
        result.ns = machine_now_ns(script->machine);
    }
    transcript_test_over(script);
    if (script->options->result && !script->transcript.points.over)
        script->options->result(script->options->context, &result);
    script->host_failed = false;
    return 0;
}

static int api_drop(lua_State *lua)
{
    machine_drop(script_of(lua));
    return 0;
}

/* Each test has the same random numbers whichever tests ran before it. */
static int api_random_seed_again(lua_State *lua)
{
    sandbox_seed(&script_of(lua)->random, script_of(lua)->options->seed);
    return 0;
}

/* "file:line" of the innermost call that the scenario itself made, or nil. */
static int api_where(lua_State *lua)
{
    lua_Debug at;

    for (int level = 1; lua_getstack(lua, level, &at); level++) {
        lua_getinfo(lua, "Sl", &at);
        if (at.source[0] == '@' && at.currentline > 0) {
            lua_pushfstring(lua, "%s:%d", at.short_src, at.currentline);
            return 1;
        }
    }
    return 0;
}

const luaL_Reg script_test_functions[] = {
    {"result_of", api_result_of},
    {"drop", api_drop},
    {"where", api_where},
    {"random_seed_again", api_random_seed_again},
    {NULL, NULL},
};

enum hb_status file_bytes(const char *path, uint8_t **bytes, size_t *count,
                          struct hb_error *error)
{
    FILE *f = fopen(path, "rb");
    size_t room = 1 << 16, n = 0;
    char *at = f ? malloc(room) : NULL, *more;

    if (!f)
        return hb_fail(error, HB_NO_FILE, "%s: cannot open: %s", path,
                       strerror(errno));
    while (at && (n += fread(at + n, 1, room - n, f)) == room) {
        more = realloc(at, room *= 2);
        if (!more)
            free(at);
        at = more;
    }
    fclose(f);
    *bytes = (uint8_t *)at;
    *count = n;
    return at ? HB_OK
              : hb_fail(error, HB_NO_MEMORY, "%s: no memory to read it", path);
}

/* The prelude's runner is on the stack; the scenario's chunk goes above it. */
static enum hb_status run(struct script *script, const char *text, size_t count,
                          struct hb_error *error)
{
    const char *slash = strrchr(script->path, '/');
    const char *name = slash ? slash + 1 : script->path;
    char chunk[256];

    snprintf(chunk, sizeof chunk, "@%s", name);
    if (luaL_loadbufferx(script->lua, text, count, chunk, "t") != LUA_OK)
        return hb_fail(error, HB_BAD_ARGUMENT, "%s",
                       lua_tostring(script->lua, -1));
    lua_pushstring(script->lua, name);
    if (lua_pcall(script->lua, 2, 0, 0) != LUA_OK)
        return hb_fail(error, HB_NO_MEMORY, "%s: %s", script->path,
                       lua_tostring(script->lua, -1));
    return HB_OK;
}

enum hb_status script_run(const char *path,
                          const struct script_options *options,
                          struct hb_error *error)
{
    struct script_options with_limit = *options;
    struct script script = {.options = &with_limit, .path = path};
    uint8_t *text = NULL;
    size_t count = 0;
    enum hb_status status = file_bytes(path, &text, &count, error);

    if (!with_limit.limit_ns)
        with_limit.limit_ns = DEFAULT_LIMIT_S * 1000000000ull;
    if (status != HB_OK)
        return status;
    sandbox_seed(&script.random, options->seed);
    if (options->save)
        transcript_plan(&script, options->save);
    if (options->load)
        status = transcript_open(&script, options->load, error);
    script.lua = luaL_newstate();
    if (status != HB_OK)
        ;
    else if (!script.lua)
        status = hb_fail(error, HB_NO_MEMORY, "%s: no memory to run it", path);
    else if (!script_open_sandbox(&script))
        status =
            hb_fail(error, HB_NO_MEMORY, "%s", lua_tostring(script.lua, -1));
    else
        status = run(&script, (char *)text, count, error);
    machine_drop(&script);
    if (script.transcript.points.over)
        status = HB_OK; /* how a run ends that was saved on the way */
    if (status == HB_OK && options->save &&
        save_points_end(&script.transcript.points, NULL) != HB_OK) {
        *error = script.transcript.points.error;
        status = error->status;
    }
    transcript_close(&script);
    if (script.lua)
        lua_close(script.lua);
    free(text);
    return status;
}
