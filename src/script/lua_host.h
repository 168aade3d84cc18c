/* src/script/lua_host.h -- one running scenario; private to src/script. The C
 * side gives Lua plain primitives in one table, `hb`; prelude/ makes of them
 * what a scenario sees. */
#ifndef SCRIPT_LUA_HOST_H
#define SCRIPT_LUA_HOST_H

#include "halbox/control.h"
#include "halbox/inspect.h"
#include "lua/sandbox.h"
#include "script/script.h"
#include "script/transcript.h"

struct recorder;

struct script {
    const struct script_options *options;
    const char *path;
    lua_State *lua;
    struct machine *machine;
    struct vec recorders;   /* of struct recorder * */
    struct vec breakpoints; /* of struct scenario_breakpoint */
    struct vec watches;     /* of struct scenario_watch */
    struct sandbox_random random;
    uint32_t grain;
    bool host_failed;
    struct transcript transcript;
    struct loader resume; /* listeners and machine of the file loaded */
};

/** A breakpoint of the scenario, to be set again after a load. */
struct scenario_breakpoint {
    struct machine_breakpoint point;
    uint8_t gone; /* 0 or 1: it comes out of a file as it is */
};

/** A watch of the scenario, likewise: ids count up from 1 on each machine. */
struct scenario_watch {
    struct machine_watch watch;
    uint8_t gone;
};

/** The script that a Lua state belongs to. */
struct script *script_of(lua_State *lua);
/** Its machine; a Lua error when there is none yet. */
struct machine *machine_of(lua_State *lua);
/** Raise @error as a Lua error; one about a file marks the run. */
int raise(lua_State *lua, const struct hb_error *error);
/** Limit in ns at stack index @i, at most what is left of the test's time. */
uint64_t limit_at(lua_State *lua, int i);

/** Fields of the table on the top of the stack. */
void set_int(lua_State *lua, const char *name, uint64_t value);
void set_bool(lua_State *lua, const char *name, bool value);
void set_text(lua_State *lua, const char *name, const char *value);
/** A field of the table at @i: an integer, 0 when absent. */
uint64_t field_int(lua_State *lua, int i, const char *name);
bool field_bool(lua_State *lua, int i, const char *name);
/** Push {reason, text, tick, served, moved, breakpoint, watch, hit}. */
void push_stop(lua_State *lua, const struct machine_stop *stop);
void push_hit(lua_State *lua, const struct machine_watch_hit *hit);

/** The primitives of each family; end with name NULL. */
extern const luaL_Reg script_drive_functions[];
extern const luaL_Reg script_call_functions[];
extern const luaL_Reg script_inspect_functions[];
extern const luaL_Reg script_list_functions[];
extern const luaL_Reg script_event_functions[];
extern const luaL_Reg script_watch_functions[];
extern const luaL_Reg script_test_functions[];

/** Open the libraries that a scenario may use, without what differs from run
 *  to run, and run the prelude. False: message on the stack. */
bool script_open_sandbox(struct script *script);

/** find_image() - a file of the guest's: as it is given, next to the scenario,
 *  or in the images folder. */
void find_image(const struct script *script, const char *name, char *path,
                size_t room);

/** machine_adopt() - @m is the script's machine now. */
int machine_adopt(lua_State *lua, struct machine *m);
/** file_bytes() - a whole file; the caller frees *@bytes. */
enum hb_status file_bytes(const char *path, uint8_t **bytes, size_t *count,
                          struct hb_error *error);
/** listeners_save()/load() - recorders with what they hold, breakpoints,
 *  watches, grain. listeners_skip() - past them. watches_load() - set those in
 *  the list; false: they are not what a scenario could have set. */
void listeners_save(const struct script *script, struct saver *s);
bool listeners_load(struct script *script, struct loader *l);
void listeners_skip(struct loader *l);
bool watches_load(struct script *script);

/** The machine of a test goes: listeners first. */
void machine_drop(struct script *script);
void recorders_free(struct script *script);

/** The files of prelude/, compiled into the program. */
extern const char script_prelude[];
extern const unsigned script_prelude_bytes;

#endif
