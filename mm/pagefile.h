/* mm/pagefile.h -- the paging file: pages on the host, by slot. Who owns a slot
 * is state; the bytes are in a file of the host or in memory of the host, and a
 * save has those of the slots in use. */
#ifndef MM_PAGEFILE_H
#define MM_PAGEFILE_H

#include "base/save.h"
#include "mm/frames.h"

/** A page of the file; slot n is the n-th from 1 on, offset n in an entry. */
struct page_slot {
    uint32_t space, va; /* whose page; va 0: free                           */
    uint8_t owner;      /* enum frame_owner                                 */
};

enum { PAGEFILE_MOST = (1 << 20) - 1 }; /* what an entry of 32 bits names  */

/**
 * pagefile_open() - before mm_boot(): give @mm a paging file of @pages pages.
 * @path: a file that does not exist yet: it is made, sparse, and has no name
 *        from then on, so that nothing is left behind; "": memory of the host
 * HB_NO_FILE, HB_NO_MEMORY, HB_BAD_ARGUMENT (size).
 */
enum hb_status pagefile_open(struct mm *mm, const char *path, uint32_t pages,
                             struct hb_error *error);
void pagefile_close(struct mm *mm);
/** pagefile_pages() - its size, 0: there is none. */
uint32_t pagefile_pages(const struct mm *mm);
/** pagefile_used() - slots in use. */
uint32_t pagefile_used(const struct mm *mm);

/** pagefile_take() - a free slot for the page at @va; false: the file is full.
 */
bool pagefile_take(struct mm *mm, enum frame_owner owner, uint32_t space,
                   gva_t va, uint32_t *slot);
void pagefile_give(struct mm *mm, uint32_t slot);
/** pagefile_holds() - is @slot the page at @va of @space? */
bool pagefile_holds(const struct mm *mm, uint32_t slot, uint32_t space,
                    gva_t va);
/** pagefile_write()/pagefile_read() - one page; false: the host could not. */
bool pagefile_write(struct mm *mm, uint32_t slot, const uint8_t *bytes);
bool pagefile_read(const struct mm *mm, uint32_t slot, uint8_t *bytes);
/** pagefile_sweep() - give back all slots of @pages pages at @va; how many. */
uint32_t pagefile_sweep(struct mm *mm, uint32_t space, gva_t va,
                        uint32_t pages);

enum { PAGEFILE_VERSION = 1 };
/** pagefile_save() - the bytes of the slots in use. pagefile_load(): after
 *  mm_loaded(); false: damaged, or the host could not write. */
void pagefile_save(const struct mm *mm, struct saver *s);
bool pagefile_load(struct mm *mm, struct loader *l);
/** pagefile_check() - after a load of the rows. */
bool pagefile_check(const struct mm *mm);

#endif
