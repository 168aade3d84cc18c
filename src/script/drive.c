/* src/script/drive.c -- primitives: the machine's life, its drivers, running
 * and stepping. */
#include "script/lua_host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void machine_drop(struct script *script)
{
    if (!script->machine)
        return;
    recorders_free(script);
    if (script->options->machine_gone)
        script->options->machine_gone(script->options->context,
                                      script->machine);
    machine_destroy(script->machine);
    script->machine = NULL;
}

/* ---- description --------------------------------------------------------- */

static int api_clear(lua_State *lua)
{
    setup_clear(script_of(lua)->options->setup, SETUP_SCENARIO);
    return 0;
}

static int api_set(lua_State *lua)
{
    struct hb_error error;

    if (setup_set(script_of(lua)->options->setup, SETUP_SCENARIO,
                  luaL_checkstring(lua, 1), luaL_checkstring(lua, 2),
                  &error) != HB_OK)
        return raise(lua, &error);
    return 0;
}

static int api_device(lua_State *lua)
{
    struct hb_error error;

    if (setup_device(script_of(lua)->options->setup, SETUP_SCENARIO,
                     luaL_checkstring(lua, 1), &error) != HB_OK)
        return raise(lua, &error);
    return 0;
}

/* (path, name, value): an integer is a DWORD, a string text; with @binary true
 * a string of bytes. */
static int api_registry(lua_State *lua)
{
    struct setup *setup = script_of(lua)->options->setup;
    const char *path = luaL_checkstring(lua, 1);
    const char *name = luaL_checkstring(lua, 2);
    enum machine_registry_type type = REGISTRY_DWORD;
    struct hb_error error;
    const void *data;
    uint32_t dword;
    size_t bytes = sizeof dword;

    if (lua_isinteger(lua, 3)) {
        dword = (uint32_t)lua_tointeger(lua, 3);
        data = &dword;
    } else {
        data = luaL_checklstring(lua, 3, &bytes);
        type = lua_toboolean(lua, 4) ? REGISTRY_BINARY : REGISTRY_STRING;
    }
    luaL_argcheck(lua, bytes <= UINT16_MAX, 3, "more than 65535 bytes");
    if (setup_value(setup, SETUP_SCENARIO, path, name, type, data,
                    (uint32_t)bytes, &error) != HB_OK)
        return raise(lua, &error);
    return 0;
}

/* (kind, n): the n-th request of that kind from now on fails; nil or 0: none.
 */
static int api_fail(lua_State *lua)
{
    struct hb_error error;

    if (machine_fail(machine_of(lua), luaL_checkstring(lua, 1),
                     (uint32_t)luaL_optinteger(lua, 2, 0), &error) != HB_OK)
        return raise(lua, &error);
    return 0;
}

static int api_requests(lua_State *lua)
{
    lua_pushinteger(
        lua, machine_requests(machine_of(lua), luaL_checkstring(lua, 1)));
    return 1;
}

int machine_adopt(lua_State *lua, struct machine *m)
{
    struct script *script = script_of(lua);
    struct hb_error error = {.text = ""};

    machine_drop(script);
    script->machine = m;
    script->grain = UINT32_MAX;
    transcript_arm(script);
    if (script->options->machine &&
        script->options->machine(script->options->context, m, &error) !=
            HB_OK) {
        script->host_failed = true; /* a window, a file: not the driver's */
        return raise(lua, &error);
    }
    return 0;
}

static int api_create(lua_State *lua)
{
    struct hb_error error;
    struct machine *m;

    if (setup_machine(script_of(lua)->options->setup, &m, &error) != HB_OK)
        return raise(lua, &error);
    return machine_adopt(lua, m);
}

static int api_exists(lua_State *lua)
{
    lua_pushboolean(lua, script_of(lua)->machine != NULL);
    return 1;
}

static int api_save(lua_State *lua)
{
    struct hb_error error;
    uint8_t *bytes;
    size_t count;

    if (machine_save_bytes(machine_of(lua), &bytes, &count, &error) != HB_OK)
        return raise(lua, &error);
    lua_pushlstring(lua, (char *)bytes, count);
    free(bytes);
    return 1;
}

static int api_restore(lua_State *lua)
{
    struct hb_error error;
    struct machine *m;
    size_t count;
    const char *bytes = luaL_checklstring(lua, 1, &count);

    if (machine_load_bytes(&m, (const uint8_t *)bytes, count, &error) != HB_OK)
        return raise(lua, &error);
    return machine_adopt(lua, m);
}

/* ---- drivers and devices ------------------------------------------------- */

/* As it is given, next to the scenario, or in the images folder. */
void find_image(const struct script *script, const char *name, char *path,
                size_t room)
{
    const char *slash = strrchr(script->path, '/');
    const char *folder = script->options->images_folder;

    snprintf(path, room, "%s", name);
    if (*name == '/' || access(path, R_OK) == 0)
        return;
    snprintf(path, room, "%.*s/%s", slash ? (int)(slash - script->path) : 1,
             slash ? script->path : ".", name);
    if (access(path, R_OK) == 0)
        return;
    snprintf(path, room, "%s/%s", folder ? folder : ".", name);
}

/* (name): a registry file of the scenario's machine. */
static int api_registry_file(lua_State *lua)
{
    char path[4096];
    struct hb_error error;

    find_image(script_of(lua), luaL_checkstring(lua, 1), path, sizeof path);
    if (setup_registry(script_of(lua)->options->setup, SETUP_SCENARIO, path,
                       &error) != HB_OK)
        return raise(lua, &error);
    return 0;
}

static int api_load(lua_State *lua)
{
    struct machine *m = machine_of(lua);
    char path[4096];
    struct hb_error error;
    uint32_t image;

    find_image(script_of(lua), luaL_checkstring(lua, 1), path, sizeof path);
    if (machine_load_driver_file(m, path, &image, &error) != HB_OK)
        return raise(lua, &error);
    lua_pushinteger(lua, image);
    return 1;
}

enum { IMAGES_MOST = 256, PATH_ROOM = 4096 };

/* Each after those that it imports from. */
static int api_load_all(lua_State *lua)
{
    struct machine *m = machine_of(lua);
    lua_Integer count = luaL_len(lua, 1);
    const char *paths[IMAGES_MOST];
    struct hb_error error;

    luaL_argcheck(lua, count <= IMAGES_MOST, 1, "too many images");
    for (lua_Integer i = 0; i < count; i++) {
        char *path = lua_newuserdatauv(lua, PATH_ROOM, 0);

        luaL_checkstack(lua, 4, "images");
        lua_geti(lua, 1, i + 1);
        find_image(script_of(lua), luaL_checkstring(lua, -1), path, PATH_ROOM);
        lua_pop(lua, 1);
        paths[i] = path;
    }
    if (machine_load_driver_files(m, paths, (unsigned)count, &error) != HB_OK)
        return raise(lua, &error);
    return 0;
}

/* The images of the command line, as an array; they stand for the scenario's.
 */
static int api_given_images(lua_State *lua)
{
    const struct script_options *o = script_of(lua)->options;

    lua_newtable(lua);
    for (unsigned i = 0; i < o->images_count; i++) {
        lua_pushstring(lua, o->images[i]);
        lua_rawseti(lua, -2, (lua_Integer)i + 1);
    }
    return 1;
}

static int api_start(lua_State *lua)
{
    struct hb_error error;

    if (machine_start(machine_of(lua), limit_at(lua, 1), &error) != HB_OK)
        return raise(lua, &error);
    return 0;
}

static uint32_t number_at(lua_State *lua, int i)
{
    return (uint32_t)luaL_checkinteger(lua, i);
}

static int push_number(lua_State *lua, uint32_t number)
{
    if (number == MACHINE_NONE)
        return luaL_error(lua, "the machine refused: no such number, or the "
                               "host has no memory");
    lua_pushinteger(lua, number);
    return 1;
}

static int api_driver_start(lua_State *lua)
{
    return push_number(
        lua, machine_driver_start(machine_of(lua), number_at(lua, 1)));
}

static int api_driver_unload(lua_State *lua)
{
    return push_number(
        lua, machine_driver_unload(machine_of(lua), number_at(lua, 1)));
}

static int api_device_start(lua_State *lua)
{
    return push_number(lua,
                       machine_device_start(machine_of(lua), number_at(lua, 1),
                                            number_at(lua, 2)));
}

/* (path, name, bytes): a binary value of the running machine's registry. */
static int api_registry_now(lua_State *lua)
{
    size_t bytes;
    const char *data = luaL_checklstring(lua, 3, &bytes);
    struct hb_error error;

    luaL_argcheck(lua, bytes <= UINT16_MAX, 3, "more than 65535 bytes");
    if (machine_registry(machine_of(lua), luaL_checkstring(lua, 1),
                         luaL_checkstring(lua, 2), REGISTRY_BINARY, data,
                         (uint32_t)bytes, &error) != HB_OK)
        return raise(lua, &error);
    return 0;
}

static int api_root_device(lua_State *lua)
{
    return push_number(
        lua, machine_root_device(machine_of(lua), luaL_checkstring(lua, 1)));
}

static int api_device_request(lua_State *lua)
{
    static const char *const names[] = {
        "stop",     "restart",  "remove",    "surprise", "power_down",
        "power_up", "shutdown", "rebalance", "eject",    NULL,
    };
    static const enum machine_pnp requests[] = {
        PNP_STOP,     PNP_RESTART,  PNP_REMOVE,    PNP_SURPRISE, PNP_POWER_DOWN,
        PNP_POWER_UP, PNP_SHUTDOWN, PNP_REBALANCE, PNP_EJECT,
    };
    int what = luaL_checkoption(lua, 2, NULL, names);

    return push_number(lua, machine_device_request(machine_of(lua),
                                                   number_at(lua, 1),
                                                   requests[what]));
}

/* ---- running ------------------------------------------------------------- */

static int api_run(lua_State *lua)
{
    struct machine *m = machine_of(lua);
    struct machine_stop stop;
    uint64_t ns = limit_at(lua, 1);

    machine_run(m, machine_position(m).tick + machine_ticks(m, ns), &stop);
    push_stop(lua, &stop);
    return 1;
}

static int api_step(lua_State *lua)
{
    static const char *const names[] = {"instruction", "byte",     "burst",
                                        "page",        "transfer", NULL};
    static const enum machine_step steps[] = {
        STEP_INSTRUCTION, STEP_BYTE, STEP_BURST, STEP_PAGE, STEP_TRANSFER};
    struct machine *m = machine_of(lua);
    enum machine_step what = steps[luaL_checkoption(lua, 1, NULL, names)];
    const char *device = luaL_optstring(lua, 2, NULL);
    uint64_t until =
        machine_position(m).tick + machine_ticks(m, limit_at(lua, 3));
    struct machine_stop stop;

    machine_step(m, what, device, until, &stop);
    push_stop(lua, &stop);
    return 1;
}

static int api_grain(lua_State *lua)
{
    lua_Integer bytes = luaL_checkinteger(lua, 1);

    luaL_argcheck(lua, bytes > 0 && bytes <= UINT32_MAX, 1,
                  "a grain is 1 to 4294967295 bytes");
    script_of(lua)->grain = (uint32_t)bytes;
    machine_grain(machine_of(lua), (uint32_t)bytes);
    return 0;
}

static int api_position(lua_State *lua)
{
    struct machine_position at = machine_position(machine_of(lua));

    lua_createtable(lua, 0, 3);
    set_int(lua, "tick", at.tick);
    set_int(lua, "served", at.served);
    set_int(lua, "moved", at.moved);
    return 1;
}

static int api_now(lua_State *lua)
{
    lua_pushinteger(lua, (lua_Integer)machine_now_ns(machine_of(lua)));
    return 1;
}

const luaL_Reg script_drive_functions[] = {
    {"clear", api_clear},
    {"set", api_set},
    {"device", api_device},
    {"registry", api_registry},
    {"fail", api_fail},
    {"requests", api_requests},
    {"registry_file", api_registry_file},
    {"create", api_create},
    {"exists", api_exists},
    {"save", api_save},
    {"restore", api_restore},
    {"load_driver", api_load},
    {"load_drivers", api_load_all},
    {"given_images", api_given_images},
    {"start", api_start},
    {"driver_start", api_driver_start},
    {"driver_unload", api_driver_unload},
    {"device_start", api_device_start},
    {"root_device", api_root_device},
    {"device_request", api_device_request},
    {"registry_now", api_registry_now},
    {"run", api_run},
    {"step", api_step},
    {"grain", api_grain},
    {"position", api_position},
    {"now", api_now},
    {NULL, NULL},
};
