/* src/script/transcript.h -- a scenario across a save. The client is not in a
 * machine's save, so its file holds beside the machine what each primitive has
 * answered the scenario so far. A new process runs the same scenario from its
 * start, gets those answers again without a machine, and where they end the
 * machine is loaded and the scenario goes on with it. Docs: docs/scenario.md.
 */
#ifndef SCRIPT_TRANSCRIPT_H
#define SCRIPT_TRANSCRIPT_H

#include <lua.h>

#include "base/save.h"
#include "script/save_points.h"

struct script;

struct transcript {
    struct saver answers; /* of all primitives that are over */
    struct loader replay; /* answers to give again           */
    uint8_t *file;        /* what replay reads               */
    struct save_points points;
    bool saving, replaying;
    const char *running;    /* primitive that is being run     */
    uint64_t running_since; /* ns                            */
    char resumed[64];       /* primitive that was being run when saved */
    uint64_t resumed_since;
};

/** transcript_open() - read the file of --load. */
enum hb_status transcript_open(struct script *script, const char *path,
                               struct hb_error *error);
void transcript_close(struct script *script);
/** transcript_wrap() - push @function as a primitive @name whose answers are
 *  kept and given again. */
void transcript_wrap(lua_State *lua, const char *name, lua_CFunction function);
/** transcript_plan() - the run is to be saved. */
void transcript_plan(struct script *script, const struct save_plan *plan);
/** transcript_arm() - a machine stands: save it when the plan says. */
void transcript_arm(struct script *script);
/** transcript_test_over() - a test is over: a plan without a tick saves now. */
void transcript_test_over(struct script *script);
/** transcript_since() - ns at which the primitive that runs began, in whichever
 *  process. */
uint64_t transcript_since(struct script *script, uint64_t now);

#endif
