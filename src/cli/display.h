/* src/cli/display.h -- --display and --sound: the window and the loudspeaker,
 * in a build with SDL2. */
#ifndef CLI_DISPLAY_H
#define CLI_DISPLAY_H

#include "cli/cli.h"
#include "cli/live.h"

struct window;
struct sound;

/** What the command line asks for of the host; NULL: not that. */
struct display {
    struct window *window;
    struct sound *sound;
};

/** display_open() - window and loudspeaker of @m as sources of @live, as the
 *  command line asks. Returns an exit status; close in either case. */
int display_open(const struct cli *cli, struct machine *m, struct live *live,
                 struct display *display);
/** display_closed() - the user has closed the window. display_close() - the
 *  end, before the machine's. */
bool display_closed(const struct display *display);
void display_close(struct display *display);

#endif
