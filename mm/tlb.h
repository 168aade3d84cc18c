/* mm/tlb.h -- the one TLB, flat: an entry per 4 KiB page of virtual space and
 * a list of those in use. An entry leaves only by an architectural flush, never
 * for want of room, so staleness is the same everywhere; contents are state.
 * It knows no page format. */
#ifndef MM_TLB_H
#define MM_TLB_H

#include <stdbool.h>
#include <stdint.h>

#include "base/save.h"
#include "mm/walk.h"

/** What an entry allows, as need masks of an access. */
enum {
    TLB_READ = 1,  /* supervisor read       */
    TLB_WRITE = 2, /* supervisor write      */
    TLB_FETCH = 4, /* supervisor fetch      */
    TLB_USER = 3,  /* shift: user accesses are these masks << 3 */
};

struct tlb_entry {
    uint64_t frame; /* gpa of the 4 KiB page, a large page's piece         */
    uint8_t *host;  /* of the page's first byte; NULL: take the slow path   */
    uint8_t allow;  /* architectural: accesses that need no walk            */
    uint8_t fast;   /* subset of allow that may use `host`                  */
    uint8_t flags;  /* TLB_GLOBAL, TLB_LARGE, ...                           */
    uint8_t slow;   /* what somebody watches: never in `fast`; not saved    */
    uint32_t used;  /* index in the list of used entries + 1; 0: empty      */
};

enum {
    TLB_GLOBAL = 1,
    TLB_LARGE = 2, /* a piece of a 2 or 4 MiB page */
    TLB_RW = 4,
    TLB_US = 8,
    TLB_NX = 16,
    TLB_DIRTY = 32,
    TLB_2M = 64, /* with TLB_LARGE: of a 2 MiB page */
};

struct tlb {
    struct tlb_entry *entry; /* 2^20, lazily backed by the host */
    uint32_t *used;          /* virtual page numbers in use */
    uint32_t used_count;
    uint32_t large_count; /* entries with TLB_LARGE */
    uint32_t changes; /* counts up when an entry goes or becomes another: who
                         went on without asking again asks now */
};

enum hb_status tlb_create(struct tlb *tlb, struct hb_error *error);
void tlb_destroy(struct tlb *tlb);

static inline struct tlb_entry *tlb_entry(const struct tlb *tlb, gva_t va)
{
    return &tlb->entry[va.v >> PAGE_SHIFT];
}

/** tlb_fill() - enter a walk's result for the page of @va, after walk_touch().
 *  Writes are allowed only once the dirty bit is set, so that the first one
 *  walks. Where the page is RAM its host address is entered; the fast write
 *  path opens only for @in->write, and then the page is marked. Returns the
 *  entry. */
struct tlb_entry *tlb_fill(struct tlb *tlb, struct ram *ram, gva_t va,
                           const struct walk_in *in,
                           const struct walk_out *out);
/** tlb_open_write() - an allowed write comes to an entry of RAM: open the fast
 *  path, unless the page holds code. */
void tlb_open_write(struct ram *ram, struct tlb_entry *e);
/** tlb_flush_page() - INVLPG: the page's entry, global or not, with all pieces
 *  of a large page. */
void tlb_flush_page(struct tlb *tlb, gva_t va);
/** tlb_flush() - CR3 load (@global false keeps global entries), CR4 change. */
void tlb_flush(struct tlb *tlb, bool global);
/** tlb_allow() - CR0.WP or EFER.NXE changed: what each entry allows, anew.
 *  Those bits are looked at on each access, SDM vol. 3A 4.6; no entry goes. */
void tlb_allow(struct tlb *tlb, const struct walk_in *in);
/** tlb_write_protect() - drop the fast write path of all entries (a snapshot
 *  begins). */
void tlb_write_protect(struct tlb *tlb);

/** tlb_slow() - accesses in @slow (TLB_READ, TLB_WRITE, TLB_FETCH, by whatever
 *  privilege) to the page of @va have no fast path; others as after a fill.
 *  tlb_slow_all() - the same for all entries, each as @slow says. */
typedef unsigned tlb_slow_fn(void *context, gva_t va, gpa_t frame);
void tlb_slow(struct tlb *tlb, gva_t va, unsigned slow);
void tlb_slow_all(struct tlb *tlb, tlb_slow_fn *slow, void *context);
/** tlb_close_page() - the fast write path to the physical page at @page: it
 *  holds code now. */
void tlb_close_page(struct tlb *tlb, gpa_t page);
/** tlb_remap() - what RAM answers below 1 MiB has changed: host addresses there
 *  anew. No entry goes. */
void tlb_remap(struct tlb *tlb, const struct ram *ram);

/** tlb_save()/tlb_load() - the entries in the order they were made; host
 *  addresses come from @ram again. Load false: not what tlb_save wrote. */
enum { TLB_VERSION = 1 };
void tlb_save(const struct tlb *tlb, struct saver *s);
bool tlb_load(struct tlb *tlb, struct ram *ram, struct loader *l);

#endif
