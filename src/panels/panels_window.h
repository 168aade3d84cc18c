/* src/panels/panels_window.h -- the debugger's window: a client of
 * halbox/debug.h whose user is at a screen. OpenGL draws it; without a graphics
 * card SDL's software renderer does. Docs: docs/debugger.md. */
#ifndef PANELS_PANELS_WINDOW_H
#define PANELS_PANELS_WINDOW_H

#include <stdio.h>

#ifdef __cplusplus
#include "panels/machine.hpp"
extern "C" {
#else
#include "halbox/debug.h"
#include "halbox/lanes.h"
#endif

struct panels_window;

struct panels_window_options {
    const char *title;
    const char
        *settings; /* file that keeps layout, font and size; NULL: none */
    FILE *status;  /* a JSON line per stop, for who drives the window by
                      events; NULL: nobody                             */
};

/** panels_window_open() - HB_BAD_STATE: the host has no display that SDL can
 *  use, or no font. Close it with panels_window_close(), which writes the
 *  settings; NULL is allowed. */
enum hb_status panels_window_open(struct panels_window **out,
                                  const struct panels_window_options *options,
                                  struct hb_error *error);
void panels_window_close(struct panels_window *w);

/** panels_window_lanes() - what the time line shows, of the machine that is
 *  debugged; NULL: nothing. Borrowed. */
void panels_window_lanes(struct panels_window *w, const struct lanes *lanes);

/** panels_window_client() - the functions for debug_attach(). */
struct debug_client panels_window_client(struct panels_window *w);

/** panels_window_settings() - path of the settings file of this user, in
 *  $XDG_CONFIG_HOME or ~/.config; "" when there is neither. */
void panels_window_settings(char path[512]);

#ifdef __cplusplus
}
#endif

#endif
