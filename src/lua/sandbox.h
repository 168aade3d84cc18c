/* src/lua/sandbox.h -- Lua without what differs from run to run: no clock,
 * files, bytecode or addresses; random numbers from a seed. Scenarios and
 * scripted cards each open an interpreter of their own with it. */
#ifndef LUA_SANDBOX_H
#define LUA_SANDBOX_H

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <stdint.h>

/** The state of math.random: xoshiro256**. Plain, so that it can be saved. */
struct sandbox_random {
    uint64_t s[4];
};

/** sandbox_seed() - the numbers that follow @seed. */
void sandbox_seed(struct sandbox_random *r, uint64_t seed);
/** sandbox_libraries() - open the libraries that are the same in every run,
 *  without the functions in them that are not. */
void sandbox_libraries(lua_State *lua);
/** sandbox_functions() - into the table on the top: random, random_seed and
 *  load, which prelude.lua makes Lua's own functions of. @r: borrowed for as
 *  long as @lua lives. The user adds `print`. */
void sandbox_functions(lua_State *lua, struct sandbox_random *r);

#endif
