/* include/halbox/watch.h -- watches: code and data of one of the three address
 * spaces, and who touches them. A watch only reads: what the machine does, and
 * what it emits, is the same with it and without. Unarmed it costs nothing.
 * Docs: docs/watch.md. */
#ifndef HALBOX_WATCH_H
#define HALBOX_WATCH_H

#include "halbox/addr.h"
#include "halbox/machine.h"

enum machine_watch_access {
    WATCH_READ = 1,
    WATCH_WRITE = 2,
    WATCH_EXECUTE = 4, /* an instruction that begins there is about to run   */
    WATCH_CHANGE = 8,  /* a write after which the bytes are others           */
};

enum machine_watch_space {
    WATCH_VIRTUAL,  /* as @process sees it, wherever its page lies           */
    WATCH_PHYSICAL, /* RAM or a card's window, by whatever address           */
    WATCH_LOGICAL,  /* what @device puts on its bus                          */
};

enum { MACHINE_WATCHES = 64 };

/** What is watched. Zero what does not matter. */
struct machine_watch {
    enum machine_watch_space space;
    uint32_t process; /* WATCH_VIRTUAL: its number; SPACE_CPU: any           */
    uint64_t at, bytes;
    unsigned access;           /* of enum machine_watch_access               */
    bool by_cpu, by_dma;       /* neither: both; kernel routines are the CPU */
    char device[MACHINE_NAME]; /* DMA of this one alone, slave or owner of
                                  the channel; "": any. WATCH_LOGICAL wants
                                  one                                        */
};

enum { WATCH_ROUTINE = 64 };

/** One access, cut to the bytes that are watched; on DMA the tenure is cut so.
 */
struct machine_watch_hit {
    int id;
    unsigned access; /* WATCH_READ, WATCH_WRITE (with WATCH_CHANGE where the
                        bytes are others now) or WATCH_EXECUTE             */
    bool has_va;     /* `va` is known: the CPU's, or of a virtual watch    */
    gva_t va;        /* of the first byte                                  */
    gpa_t pa;        /* of the first byte                                  */
    dla_t dla;       /* DMA: of the first byte                             */
    uint32_t bytes;  /* that were touched                                  */
    uint32_t width;  /* of the access they are part of                     */
    uint64_t before, after; /* their first eight, little-endian; of a read
                               both what was read                            */
    bool by_dma;
    char device[MACHINE_NAME];   /* DMA: whose                               */
    char routine[WATCH_ROUTINE]; /* of the kernel, if one made it; or ""     */
    gva_t eip;                   /* the instruction, CS base and all         */
    uint64_t tick;
};

/** Hears of a hit: before the instruction runs with WATCH_EXECUTE, else behind
 *  the access. It may read the machine, take watches away and set others, and
 *  call machine_stop(): then the run ends with STOP_WATCH at the next boundary,
 *  which is in front of the instruction, behind it, or behind these bytes of
 *  the tenure. */
typedef void machine_watch_fn(void *context,
                              const struct machine_watch_hit *hit);

/**
 * machine_watch() - watch; whatever runs the machine. No part of a save.
 * @fn: hears of hits; NULL: each stops the run
 *
 * An instruction where a run stopped is not hit again when the run goes on from
 * that very tick, nor is the one where a loaded machine stands; and the one
 * that machine_step() starts from stops no step. A repeated one is hit once,
 * before its first iteration, and one that faults and is started again by its
 * handler once (EFLAGS.RF).
 *
 * Returns an id > 0, or 0 with @error: HB_BAD_ARGUMENT (no bytes, no access, a
 * range that leaves its space, code by DMA), HB_NOT_FOUND (device or process),
 * HB_FULL (MACHINE_WATCHES).
 */
HB_API int machine_watch(struct machine *m, const struct machine_watch *watch,
                         machine_watch_fn *fn, void *context,
                         struct hb_error *error);
/** machine_unwatch() - by its id; an id that is none is nothing. */
HB_API void machine_unwatch(struct machine *m, int id);
/** machine_watch_at() - what is watched under @id; false: nothing. */
HB_API bool machine_watch_at(const struct machine *m, int id,
                             struct machine_watch *watch);
/** machine_watch_last() - the hit that stopped the last run, if it ended with
 *  STOP_WATCH. */
HB_API bool machine_watch_last(const struct machine *m,
                               struct machine_watch_hit *hit);
/** machine_watch_text() - a hit in words, as in stop.text. Returns the length,
 *  as snprintf. */
HB_API int machine_watch_text(const struct machine_watch_hit *hit, char *out,
                              size_t room);

#endif
