/* tests/board/demo.h -- a scenario as plain C: a driver is started, a user
 * buffer scattered over memory goes to the card and comes back. All that the
 * client keeps is numbers, so it can be copied beside a saved machine. */
#ifndef TESTS_BOARD_DEMO_H
#define TESTS_BOARD_DEMO_H

#include "bare.h"

enum demo_step {
    DEMO_DRIVER,
    DEMO_DEVICE,
    DEMO_OPEN,
    DEMO_WRITE,
    DEMO_READ,
    DEMO_CLOSE,
    DEMO_OVER
};
/* As much as the edu card holds; it starts inside a page, so lies in two. The
 * other size is for cards that hold more: a page whole, a bit before and after.
 */
enum { DEMO_BYTES = 4096, DEMO_THREE_PAGES = 4100, DEMO_LIMIT_NS = 1000000000 };

struct demo {
    struct machine *m; /* not part of what is copied */
    const char *path;  /* of the device, as a client opens it */
    enum demo_step step;
    uint32_t ticket, image, process, client, handle, pnp;
    gva_t out, in;
    uint32_t bytes;
};

/** What the demo runs on. */
struct demo_bench {
    const char *image, *card, *path, *platform, *memory;
    uint32_t bytes;
};

/** demo_create() - machine, image, client and buffers; nothing has run. */
void demo_create(struct demo *d, const struct demo_bench *bench);
/** demo_run() - on until tick @until. True: it is over, and the bytes are as
 *  they should be. */
bool demo_run(struct demo *d, uint64_t until);
/** demo_until() - on to @step, then to the next event that @glob names. */
void demo_until(struct demo *d, enum demo_step step, const char *glob);
/** demo_reload() - the same demo on a machine that was saved and loaded. */
struct demo demo_reload(const struct demo *d);

#endif
