/* src/script/lists.h -- lists that a scenario can have: a row is a table. */
#ifndef SCRIPT_LISTS_H
#define SCRIPT_LISTS_H

#include "script/lua_host.h"

/** Push the fields of row @index as a table; false, nothing pushed: there is
 *  no such row. */
typedef bool push_row(lua_State *lua, const struct machine *m, unsigned index);

struct script_list {
    const char *name;
    push_row *push;
};
/** Of the guest's system and of the board's chips; end with name NULL. */
extern const struct script_list script_system_lists[];
extern const struct script_list script_chip_lists[];

#endif
