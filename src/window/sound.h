/* src/window/sound.h -- what the machine's sound cards play, on the host's
 * loudspeaker by SDL2. It is outside the machine and hands nothing in; while it
 * is there, time that the machine waits passes on the host too, and the machine
 * runs ahead of what is heard by an eighth of a second at most. Docs:
 * docs/window.md. */
#ifndef WINDOW_SOUND_H
#define WINDOW_SOUND_H

#include <poll.h>

#include "halbox/control.h"

struct sound;

/** sound_open() - play what @m's cards put out (event sound_out). HB_BAD_STATE:
 *  the host has no audio device that SDL can use. */
enum hb_status sound_open(struct sound **out, struct machine *m,
                          struct hb_error *error);
/** sound_close() - what is still to be heard is heard; before the machine goes.
 *  NULL is allowed. */
void sound_close(struct sound *s);

/** sound_want(), sound_take() - as `want` and `take` of struct live_source
 *  (src/cli/live.h). sound_take() waits while the machine is too far ahead. */
int sound_want(void *sound, struct pollfd *fd, unsigned most,
               uint64_t *wait_ns);
void sound_take(void *sound, const struct pollfd *fd, unsigned count);

#endif
