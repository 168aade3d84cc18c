/* mm/tlb.h -- the one TLB, flat: an entry per 4 KiB page of virtual space and
 * a list of those in use. An entry leaves only by an architectural flush, never
 * for want of room, so staleness is the same everywhere; contents are state.
 * It knows no page format. */
#ifndef MM_TLB_H
#define MM_TLB_H

#include <stdbool.h>
#include <stdint.h>

#include "halbox/state.h"
#include "mm/walk.h"

/** What an entry allows, as need masks of an access. */
enum {
    TLB_READ = 1,   /* supervisor read       */
    TLB_WRITE = 2,  /* supervisor write      */
    TLB_FETCH = 4,  /* supervisor fetch      */
    TLB_USER = 3,   /* shift: the same for user accesses (8, 16, 32) */
};

struct tlb_entry {
    uint64_t frame; /* gpa of the page | TLB_ENTRY_x flags in the low bits */
    uint8_t *host;  /* of the page's first byte; NULL: take the slow path   */
    uint8_t allow;  /* architectural: accesses that need no walk            */
    uint8_t fast;   /* subset of allow that may use `host`                  */
    uint8_t flags;  /* TLB_GLOBAL, TLB_LARGE, ...                           */
    uint32_t used;  /* index in the list of used entries + 1; 0: empty      */
};

enum { TLB_GLOBAL = 1, TLB_LARGE = 2, TLB_RW = 4, TLB_US = 8, TLB_NX = 16, TLB_DIRTY = 32 };

struct tlb {
    struct tlb_entry *entry; /* 2^20, lazily backed by the host */
    uint32_t *used;          /* virtual page numbers in use */
    uint32_t used_count;
};

enum hb_status tlb_create(struct tlb *tlb, struct hb_error *error);
void tlb_destroy(struct tlb *tlb);

static inline struct tlb_entry *tlb_entry(const struct tlb *tlb, gva_t va)
{
    return &tlb->entry[va.v >> PAGE_SHIFT];
}

/** tlb_fill() - enter a walk's result for the page of @va. */
struct tlb_entry *tlb_fill(struct tlb *tlb, struct ram *ram, gva_t va,
                           const struct walk_in *in,
                           const struct walk_out *out);
/** tlb_flush_page() - INVLPG: the page's entry, global or not, with all pieces
 *  of a large page. */
void tlb_flush_page(struct tlb *tlb, gva_t va);
/** tlb_flush() - CR3 load (@global false keeps global entries), CR4 change. */
void tlb_flush(struct tlb *tlb, bool global);
/** tlb_write_protect() - drop the fast write path of all entries (a snapshot
 *  begins); tlb_slow_page() - of every entry of one physical page. */
void tlb_write_protect(struct tlb *tlb);
void tlb_slow_page(struct tlb *tlb, gpa_t page);

#endif
