/* src/cli/display.h -- --display: the window, in a build with SDL2. */
#ifndef CLI_DISPLAY_H
#define CLI_DISPLAY_H

#include "cli/cli.h"
#include "cli/live.h"

struct window;

/** display_open() - a window of @m as a source of @live if the command line
 *  asks for one, or *@window is NULL. Returns an exit status. */
int display_open(const struct cli *cli, struct machine *m, struct live *live,
                 struct window **window);
/** display_closed() - the user has closed it. display_close() - the end. */
bool display_closed(const struct window *window);
void display_close(struct window *window);

#endif
