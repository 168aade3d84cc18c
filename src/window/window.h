/* src/window/window.h -- the machine's screen in a window of the host, by SDL2;
 * keys and the pointer that the window is given are the machine's. It is
 * outside the machine: it looks (inspect_screen), and what it hands in are
 * inputs. Docs: docs/window.md. */
#ifndef WINDOW_WINDOW_H
#define WINDOW_WINDOW_H

#include <poll.h>

#include "halbox/control.h"

struct window;

/** window_open() - a window of @m's first display adapter. HB_NOT_FOUND: it
 *  has none; HB_BAD_STATE: the host has no display that SDL can use. */
enum hb_status window_open(struct window **out, struct machine *m,
                           const char *title, struct hb_error *error);
/** window_close() - before the machine goes. */
void window_close(struct window *w);
/** window_closed() - the user has closed it, and so stopped the machine. */
bool window_closed(const struct window *w);

/** window_want(), window_take() - before and after waiting for the host, as
 *  `want` and `take` of struct live_source (src/cli/live.h): 60 pictures a
 *  second at most. */
int window_want(void *window, struct pollfd *fd, unsigned most,
                uint64_t *wait_ns);
void window_take(void *window, const struct pollfd *fd, unsigned count);

#endif
