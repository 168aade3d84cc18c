/* mm/watch.h -- the table of watches (halbox/watch.h), and what an access has
 * in common with them. CPU, bus and RAM bring their accesses here while one is
 * armed; none of this is state of the machine. */
#ifndef MM_WATCH_H
#define MM_WATCH_H

#include "halbox/watch.h"

/** A row of the table. */
struct watch {
    int id; /* 0: free */
    struct machine_watch what;
    machine_watch_fn *fn; /* NULL: stop the run */
    void *context;
    bool always; /* also of what is run through again (events.h, past) */
};

/** An access of one initiator, at most a page, in at most two pages. */
struct watch_access {
    unsigned access; /* WATCH_READ or WATCH_WRITE */
    bool has_va, by_dma;
    gva_t va;
    gpa_t pa, second; /* of the first byte, and of the first in the next page */
    dla_t dla;
    uint32_t bytes, split; /* split: of them in the first page           */
    const char *device,
        *owner; /* DMA: whose; and of its channel, or the same */
    uint8_t before[PAGE_BYTES], after[PAGE_BYTES];
};

/** What the table does not know: address spaces, and who hears. */
struct watch_wiring {
    void *context;
    /** where the page of @va lies as @process sees it; false: nowhere */
    bool (*page)(void *context, uint32_t process, gva_t va, gpa_t *pa);
    /** is @process the one whose space the CPU has now? */
    bool (*here)(void *context, uint32_t process);
    void (*tell)(void *context, const struct watch *w,
                 struct machine_watch_hit *hit);
};

struct watches {
    struct watch row[MACHINE_WATCHES];
    unsigned count; /* of them in use */
    int last_id;
    bool running; /* accesses are the machine's own, not a client's */
    /* the instruction that was told of last: it is let pass */
    bool passing;
    uint64_t passed_tick;
    uint32_t passed_at;
    struct watch_wiring wiring;
};

/** watches_slow() - accesses (TLB_x of the walk's rights, supervisor) to the
 *  page of @va in @frame that must not take the fast way. */
unsigned watches_slow(const struct watches *ws, gva_t va, gpa_t frame);
/** watches_see() - is a byte of @a watched, by whatever is to be known before
 *  it is made? Then its bytes before and after are wanted for watches_tell(),
 *  once it is made. */
bool watches_see(const struct watches *ws, const struct watch_access *a);
void watches_tell(struct watches *ws, const struct watch_access *a);
/** watches_cut() - how many of @a's bytes go, so that each watch has all of
 *  them or none. */
uint32_t watches_cut(const struct watches *ws, const struct watch_access *a);
/** watches_execute() - the instruction at @va is about to run at @tick; @pa:
 *  where it lies, if @mapped. */
void watches_execute(struct watches *ws, gva_t va, bool mapped, gpa_t pa,
                     uint64_t tick);

#endif
