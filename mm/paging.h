/* mm/paging.h -- pageable memory: which it is, how a page comes and goes.
 *
 *     demand zero --touch--> valid --trim--> transition --evict--> page file
 *                              ^---------touch--'                     |
 *                              ^---------touch (a read)---------------'
 *
 * Pageable are the private pages of processes, paged pool, and the pageable
 * sections of driver images while nobody has locked them. Page: docs/mm.md. */
#ifndef MM_PAGING_H
#define MM_PAGING_H

#include "mm/user.h"

/** paging_owner() - is @va in memory whose pages come and go? Then whose frames
 *  it has, and the space that they are recorded with. */
bool paging_owner(const struct mm *mm, uint32_t *space, gva_t va,
                  enum frame_owner *owner);
/** paging_owned() - pages of @owner that were ever at @va counts @by more (-1:
 *  less): what an area or the pool has to free. */
void paging_owned(struct mm *mm, uint32_t space, gva_t va, int by);

/** paging_resolve() - bring in what the invalid entry @e at page @at stands
 *  for. A read of the paging file is added to the debt of paging_debt(). */
enum mm_fault paging_resolve(struct mm *mm, uint32_t space, gva_t at,
                             uint64_t e);
/** paging_make_resident() - the same for a page that may be valid already, on
 *  behalf of the host: nobody waits for it. False: nothing is there. */
bool paging_make_resident(struct mm *mm, uint32_t space, gva_t at);
/** paging_peek() - @bytes of the page at @va, not resident, without bringing it
 *  in. False: nothing is there. */
bool paging_peek(const struct mm *mm, uint32_t space, gva_t va, void *to,
                 uint32_t bytes);
/** paging_drop() - free what @e at page @at owns, frame or slot; the entry
 *  becomes 0. True: it owned one. */
bool paging_drop(struct mm *mm, enum frame_owner owner, uint32_t space,
                 gva_t at);
/** paging_sweep() - free all of @owner's pages at @pages from @va on, whatever
 *  entries say. */
void paging_sweep(struct mm *mm, enum frame_owner owner, uint32_t space,
                  gva_t va, uint32_t pages);

/** paging_debt() - reads of the paging file that nobody has waited for yet;
 *  they are the caller's now, the debt is 0. */
uint32_t paging_debt(struct mm *mm);
enum { PAGING_READ_NS = 5000000 }; /* a disk's seek and a page's transfer    */

/** paging_trim() - make the @pages pages at @va transition entries, or with
 *  @out send them to the paging file. Locked pages and such that are not
 *  pageable stay. Returns how many left. */
uint32_t paging_trim(struct mm *mm, uint32_t space, gva_t va, uint32_t pages,
                     bool out);
/** paging_trim_space() - all of a process's private pages;
 *  paging_trim_system() - paged pool and pageable sections of images. */
uint32_t paging_trim_space(struct mm *mm, uint32_t space, bool out);
uint32_t paging_trim_system(struct mm *mm, bool out);
/** paging_reclaim() - free frames, @wanted of them between PFNs @low and @high:
 *  trimmed pages first, longest trimmed first, then pages not used for long.
 *  Returns how many. Nothing is pinned but locked pages: call it before a
 *  frame's number is taken down. */
uint32_t paging_reclaim(struct mm *mm, uint32_t wanted, uint64_t low,
                        uint64_t high);

/** paging_commit()/paging_limit() - pages promised, and most that can be: RAM
 *  and paging file together. paging_fits() - is there room for @pages more? */
uint64_t paging_commit(const struct mm *mm);
uint64_t paging_limit(const struct mm *mm);
bool paging_fits(const struct mm *mm, uint64_t pages);
/** paging_available() - pages that an allocation could get at most. */
uint64_t paging_available(const struct mm *mm);
/** paging_written() - somebody other than the CPU wrote @bytes at @pa: what the
 *  paging file has of it is old. */
void paging_written(struct mm *mm, gpa_t pa, uint64_t bytes);

#endif
