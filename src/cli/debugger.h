/* src/cli/debugger.h -- debugging a run of the command: the debugger hangs on
 * the machine that `run`, `boot` or `debug` makes, and a front end talks to its
 * user. One row of fronts[] (debugger.c) and one file for each front end. */
#ifndef CLI_DEBUGGER_H
#define CLI_DEBUGGER_H

#include "cli/cli.h"
#include "halbox/debug.h"

/** What talks to the user. */
struct debug_front {
    /** Was it asked for? */
    bool (*wanted)(const struct cli *cli);
    /** Before the debugger hangs on @m: fill *@client, whose context is the
     *  front end's own; HB_... with one line: it cannot be opened. */
    enum hb_status (*open)(struct cli *cli, struct machine *m,
                           struct debug_client *client, struct hb_error *error);
    /** The debugger hangs on the machine; may be NULL. */
    enum hb_status (*attached)(void *context, struct debug *d,
                               struct hb_error *error);
    /** The machine goes, with the debugger before it. */
    void (*close)(void *context);
};

/** The front ends. */
extern const struct debug_front front_gdb, front_monitor, front_window;

/** cli_debugger_machine() - hang it on @m if a front end was asked for, before
 *  anything runs. cli_debugger_gone() - whoever drove @m is through: its user
 *  may look until he quits; then the machine may go. */
enum hb_status cli_debugger_machine(struct cli *cli, struct machine *m,
                                    struct hb_error *error);
void cli_debugger_gone(struct cli *cli);
/** cli_debugger_quit() - has the user ended the run? */
bool cli_debugger_quit(const struct cli *cli);
void cli_debugger_fini(struct cli *cli);

#endif
