/* src/cli/moment.h -- --at: a point of a run, where something is looked at. The
 * run does not depend on it. */
#ifndef CLI_MOMENT_H
#define CLI_MOMENT_H

#include "halbox/control.h"

/** The end; or a tick; or the n-th event that a glob names; then so many bytes
 *  of DMA later. */
struct moment {
    bool end;
    char glob[64]; /* "": the tick */
    uint64_t tick, count, bytes;
    /* while it runs */
    void (*look)(void *context, struct machine *m);
    void *context;
    struct machine *m;
    uint64_t seen, moved;
    bool armed, here, over;
};

/** moment_parse() - "end", "TICK", "GLOB", "GLOB:N", any but the first with
 *  "+BYTES". HB_BAD_ARGUMENT. */
enum hb_status moment_parse(const char *text, struct moment *moment,
                            struct hb_error *error);
/** moment_arm() - have @moment.look called once when @m is there.
 *  moment_gone() - @m goes: the end, when that is the moment. */
enum hb_status moment_arm(struct moment *moment, struct machine *m,
                          struct hb_error *error);
void moment_gone(struct moment *moment, struct machine *m);

#endif
