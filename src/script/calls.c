/* src/script/calls.c -- primitives: user processes, their buffers, and calls
 * posted to their threads. */
#include "script/lua_host.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_PAGES = 65536, MOST_READ = 64 << 20 };

static uint32_t u32_at(lua_State *lua, int i)
{
    return (uint32_t)luaL_checkinteger(lua, i);
}

static int api_process(lua_State *lua)
{
    struct hb_error error;
    uint32_t n =
        machine_process(machine_of(lua), luaL_checkstring(lua, 1), &error);

    if (n == MACHINE_NONE)
        return raise(lua, &error);
    lua_pushinteger(lua, n);
    return 1;
}

static int api_client(lua_State *lua)
{
    struct hb_error error;
    uint32_t n = machine_client(machine_of(lua), u32_at(lua, 1), &error);

    if (n == MACHINE_NONE)
        return raise(lua, &error);
    lua_pushinteger(lua, n);
    return 1;
}

static int api_buffer(lua_State *lua)
{
    struct hb_error error;
    gva_t at;

    if (machine_buffer(machine_of(lua), u32_at(lua, 1), u32_at(lua, 2), &at,
                       &error) != HB_OK)
        return raise(lua, &error);
    lua_pushinteger(lua, at.v);
    return 1;
}

/* (process, {pfn, ...}, offset) -> address, or nil and why: a page that is not
 * free is the caller's to replace. */
static int api_buffer_pages(lua_State *lua)
{
    struct machine *m = machine_of(lua);
    lua_Unsigned pages;
    struct hb_error error;
    enum hb_status status;
    uint32_t *pfn;
    gva_t at;

    luaL_checktype(lua, 2, LUA_TTABLE);
    pages = lua_rawlen(lua, 2);
    luaL_argcheck(lua, pages > 0 && pages <= MOST_PAGES, 2,
                  "1 to 65536 page numbers");
    pfn = lua_newuserdatauv(lua, pages * sizeof *pfn, 0);
    for (lua_Unsigned i = 0; i < pages; i++) {
        lua_rawgeti(lua, 2, (lua_Integer)i + 1);
        pfn[i] = (uint32_t)luaL_checkinteger(lua, -1);
        lua_pop(lua, 1);
    }
    status = machine_buffer_pages(m, u32_at(lua, 1), pfn, (unsigned)pages,
                                  u32_at(lua, 3), &at, &error);
    if (status != HB_OK) {
        lua_pushnil(lua);
        lua_pushstring(lua, error.text);
        return 2;
    }
    lua_pushinteger(lua, at.v);
    return 1;
}

static int api_buffer_free(lua_State *lua)
{
    struct hb_error error;

    if (machine_buffer_free(machine_of(lua), u32_at(lua, 1),
                            gva_of(u32_at(lua, 2)), &error) != HB_OK)
        return raise(lua, &error);
    return 0;
}

static int api_user_write(lua_State *lua)
{
    struct hb_error error;
    size_t bytes;
    const char *from = luaL_checklstring(lua, 3, &bytes);

    luaL_argcheck(lua, bytes <= MOST_READ, 3, "more than 64 MiB");
    if (machine_user_write(machine_of(lua), u32_at(lua, 1),
                           gva_of(u32_at(lua, 2)), from, (uint32_t)bytes,
                           &error) != HB_OK)
        return raise(lua, &error);
    return 0;
}

/* (file, {argument, ...}) -> process, ticket */
static int api_program(lua_State *lua)
{
    enum { MOST_ARGUMENTS = 256 };
    const char *argument[MOST_ARGUMENTS];
    struct machine *m = machine_of(lua);
    lua_Integer count = 0;
    uint32_t process, ticket;
    struct hb_error error;
    char path[4096];

    find_image(script_of(lua), luaL_checkstring(lua, 1), path, sizeof path);
    if (lua_istable(lua, 2))
        count = luaL_len(lua, 2);
    luaL_argcheck(lua, count <= MOST_ARGUMENTS, 2, "too many arguments");
    luaL_checkstack(lua, (int)count + 4, "arguments");
    for (lua_Integer i = 0; i < count; i++) {
        lua_geti(lua, 2, i + 1);
        argument[i] = luaL_checkstring(lua, -1); /* stays on the stack */
    }
    if (machine_program_file(m, path, argument, (unsigned)count, &process,
                             &ticket, &error) != HB_OK)
        return raise(lua, &error);
    lua_pushinteger(lua, process);
    lua_pushinteger(lua, ticket);
    return 2;
}

/* (process) -> {ended, exception, exit_status, threads, output_bytes} */
static int api_program_state(lua_State *lua)
{
    struct inspect_program p;

    if (!inspect_program(machine_of(lua), u32_at(lua, 1), &p))
        return luaL_error(lua, "the process runs no program");
    lua_createtable(lua, 0, 5);
    set_bool(lua, "ended", p.ended);
    set_bool(lua, "exception", p.exception);
    set_int(lua, "exit_status", p.exit_status);
    set_int(lua, "threads", p.threads);
    set_int(lua, "output_bytes", p.output_bytes);
    return 1;
}

/* (process, stream 0: both) -> what it wrote so far */
static int api_program_output(lua_State *lua)
{
    struct machine *m = machine_of(lua);
    lua_Integer wanted = luaL_optinteger(lua, 2, 0);
    uint32_t at = 0, n;
    uint8_t piece[512], stream = 0;
    luaL_Buffer text;

    luaL_buffinit(lua, &text);
    while ((n = inspect_output(m, u32_at(lua, 1), at, piece, sizeof piece,
                               &stream))) {
        if (!wanted || wanted == stream)
            luaL_addlstring(&text, (char *)piece, n);
        at += n;
    }
    luaL_pushresult(&text);
    return 1;
}

static enum machine_call_kind kind_of(lua_State *lua, int i)
{
    static const char *const names[] = {"open",  "read",   "write",   "control",
                                        "close", "cancel", "service", NULL};
    static const enum machine_call_kind kinds[] = {
        CALL_OPEN,  CALL_READ,   CALL_WRITE,  CALL_CONTROL,
        CALL_CLOSE, CALL_CANCEL, CALL_SERVICE};
    int index;

    lua_getfield(lua, i, "kind");
    index = luaL_checkoption(lua, -1, NULL, names);
    lua_pop(lua, 1);
    return kinds[index];
}

static void service_args(lua_State *lua, int i, struct machine_call *call)
{
    if (lua_getfield(lua, i, "args") == LUA_TTABLE)
        for (int n = 0; n < MACHINE_CALL_ARGS; n++) {
            lua_rawgeti(lua, -1, n + 1);
            call->args[n] = (uint32_t)lua_tointeger(lua, -1);
            lua_pop(lua, 1);
        }
    lua_pop(lua, 1);
}

/* (client, {kind, handle, code, input, input_bytes, output, ...}) -> ticket */
static int api_post(lua_State *lua)
{
    struct machine_call call = {.kind = CALL_OPEN};
    uint32_t ticket;

    luaL_checktype(lua, 2, LUA_TTABLE);
    call.kind = kind_of(lua, 2);
    call.overlapped = field_bool(lua, 2, "overlapped");
    call.handle = (uint32_t)field_int(lua, 2, "handle");
    call.code = (uint32_t)field_int(lua, 2, "code");
    call.in = gva_of((uint32_t)field_int(lua, 2, "input"));
    call.in_bytes = (uint32_t)field_int(lua, 2, "input_bytes");
    call.out = gva_of((uint32_t)field_int(lua, 2, "output"));
    call.out_bytes = (uint32_t)field_int(lua, 2, "output_bytes");
    call.offset = field_int(lua, 2, "offset");
    if (lua_getfield(lua, 2, "path") == LUA_TSTRING) {
        const char *path = lua_tostring(lua, -1);

        if (strlen(path) >= sizeof call.path)
            return luaL_error(lua, "path of more than %d characters",
                              MACHINE_PATH - 1);
        memcpy(call.path, path, strlen(path) + 1);
    }
    lua_pop(lua, 1);
    service_args(lua, 2, &call);
    ticket = machine_post(machine_of(lua), u32_at(lua, 1), &call);
    if (ticket == MACHINE_NONE)
        return luaL_error(lua, "the machine does not take the call");
    lua_pushinteger(lua, ticket);
    return 1;
}

static int api_result(lua_State *lua)
{
    struct machine_result r;

    if (!machine_result(machine_of(lua), u32_at(lua, 1), &r))
        return luaL_error(lua, "no such ticket");
    lua_createtable(lua, 0, 6);
    set_bool(lua, "done", r.done);
    set_int(lua, "status", r.status);
    set_bool(lua, "io_done", r.io_done);
    set_int(lua, "io_status", r.io_status);
    set_int(lua, "information", r.information);
    set_int(lua, "handle", r.handle);
    return 1;
}

/* (ticket, "done" | "io", limit) -> stop */
static int api_wait(lua_State *lua)
{
    static const char *const names[] = {"done", "io", NULL};
    static const enum machine_wait whats[] = {WAIT_DONE, WAIT_IO};
    int what = luaL_checkoption(lua, 2, "done", names);
    struct machine_stop stop;

    machine_wait(machine_of(lua), u32_at(lua, 1), whats[what], limit_at(lua, 3),
                 &stop);
    push_stop(lua, &stop);
    return 1;
}

static int api_ticket_free(lua_State *lua)
{
    machine_ticket_free(machine_of(lua), u32_at(lua, 1));
    return 0;
}

const luaL_Reg script_call_functions[] = {
    {"process", api_process},
    {"client", api_client},
    {"program", api_program},
    {"program_state", api_program_state},
    {"program_output", api_program_output},
    {"buffer", api_buffer},
    {"buffer_pages", api_buffer_pages},
    {"buffer_free", api_buffer_free},
    {"user_write", api_user_write},
    {"post", api_post},
    {"result", api_result},
    {"wait", api_wait},
    {"ticket_free", api_ticket_free},
    {NULL, NULL},
};
