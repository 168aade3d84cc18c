/* src/cli/live.h -- a machine with live inputs: a network, a keyboard, a serial
 * line that is typed on. While there is a source, idle time is not skipped: a
 * CPU that waits waits for the host. What a source hands in (machine_send(),
 * machine_frame() ...) is an input as any other, stamped and logged. */
#ifndef CLI_LIVE_H
#define CLI_LIVE_H

#include <poll.h>

#include "halbox/machine.h"

enum { LIVE_SOURCES = 8, LIVE_FDS = 64 };

/** Somewhere on the host that inputs come from. */
struct live_source {
    void *context;
    /** What to wait for: fills @fd with at most @most descriptors and returns
     *  how many; lowers *@wait_ns when it wants to be asked sooner (0: it has
     *  something now). Returns -1 when nothing will come from it any more. */
    int (*want)(void *context, struct pollfd *fd, unsigned most,
                uint64_t *wait_ns);
    /** The wait is over; @fd as want() filled it, with revents. Takes what
     *  there is and hands it to the machine; must not run it. */
    void (*take)(void *context, const struct pollfd *fd, unsigned count);
};

struct live {
    struct machine *m;
    struct live_source source[LIVE_SOURCES];
    unsigned sources;
};

/** live_add() - one more source; false: no room. */
bool live_add(struct live *live, const struct live_source *source);
/** live_run() - machine_run() as long as there is no source; with one, time
 *  that passes idle passes on the host too. */
enum machine_stop_reason live_run(struct live *live, uint64_t until,
                                  struct machine_stop *stop);

#endif
