/* mm/frames.h -- physical pages: who owns which frame of RAM. Sparse: a page
 * that nobody has is no entry. The order of allocation is fixed by what is in
 * use alone, so the same requests give the same pages in every run. */
#ifndef MM_FRAMES_H
#define MM_FRAMES_H

#include "mm/mm.h"

/** What a page in use is for. */
enum frame_owner {
    FRAME_RESERVED,   /* never handed out: page 0                           */
    FRAME_TABLE,      /* page table, directory                              */
    FRAME_KERNEL,     /* placed kernel pages: tables, synthesised images    */
    FRAME_POOL,       /* nonpaged pool                                      */
    FRAME_STACK,      /* kernel stacks                                      */
    FRAME_SYSTEM,     /* images and other pages in the system PTE area      */
    FRAME_CONTIGUOUS, /* MmAllocateContiguousMemory, common buffers         */
    FRAME_USER,       /* user address space                                 */
    FRAME_MDL,        /* MmAllocatePagesForMdl                              */
    FRAME_HAL,        /* bounce pages                                       */
    FRAME_PAGED_POOL, /* paged pool                                         */
    FRAME_OWNERS
};

/** Cache types as MEMORY_CACHING_TYPE; FRAME_UNSET: no mapping chose yet. */
enum mm_cache { MM_NONCACHED, MM_CACHED, MM_WRITE_COMBINED, MM_CACHE_UNSET };

struct frame {
    uint32_t pfn;
    uint8_t owner;  /* enum frame_owner                                     */
    uint8_t cache;  /* enum mm_cache                                        */
    uint8_t freed;  /* its owner gave it up while it was locked             */
    uint8_t dirty;  /* newer than its slot, though no entry says so         */
    uint32_t refs;  /* owners: 1, more for pages shared by several spaces  */
    uint32_t locks; /* MDLs that hold it                                   */
    uint32_t va;    /* where its owner shows it, 0 when nowhere. Tables: the
                       first VA they translate                            */
    uint32_t space; /* the owner's address space                           */
    uint32_t slot;  /* of the paging file, which has it too; 0: none       */
    uint64_t trim_seq; /* when it was trimmed                              */
    uint8_t trimmed;   /* an entry in transition shows it, or none         */
};

/** A request for pages. Zero means: no wish. */
struct frame_request {
    enum frame_owner owner;
    uint64_t lowest, highest; /* gpa, inclusive; highest 0: what fits the
                                 tables (below 4 GiB without PAE)          */
    uint64_t boundary;        /* a run does not cross a multiple of it     */
    uint32_t align_pages;     /* of a run's first page                     */
    bool top_down;            /* highest page first (user pages)           */
    bool dirty;               /* contents may be old; else zeroed          */
};

/** frames_alloc() - one page. HB_NO_PAGES when none fits. */
enum hb_status frames_alloc(struct mm *mm, const struct frame_request *req,
                            uint32_t *pfn);
/** frames_alloc_run() - @pages that follow each other. */
enum hb_status frames_alloc_run(struct mm *mm, const struct frame_request *req,
                                uint32_t pages, uint32_t *first);
/** frames_take() - exactly page @pfn, zeroed. HB_NOT_FOUND: not RAM;
 *  HB_BAD_STATE: in use. */
enum hb_status frames_take(struct mm *mm, uint32_t pfn, enum frame_owner owner);
/** frames_free() - drop one owner's hold. The page is free when no hold and no
 *  lock is left. */
void frames_free(struct mm *mm, uint32_t pfn);
/** frames_hold() - one more owner. */
void frames_hold(struct mm *mm, uint32_t pfn);
/** frames_lock()/frames_unlock() - an MDL holds the page; a free page of RAM is
 *  nobody's but in use while locked. Lock of what is not RAM: false. Unlock of
 *  a page that is not locked: false, nothing changed. */
bool frames_lock(struct mm *mm, uint32_t pfn);
bool frames_unlock(struct mm *mm, uint32_t pfn);
/** frames_find() - NULL: free or not RAM. Valid until the next alloc or free.
 */
struct frame *frames_find(const struct mm *mm, uint32_t pfn);
/** frames_owner_name() - for people. */
const char *frames_owner_name(unsigned owner);
/** frames_is_ram() - is there RAM behind @pfn? */
bool frames_is_ram(const struct mm *mm, uint32_t pfn);
/** frames_assign() - tell where the owner shows it. */
void frames_assign(struct mm *mm, uint32_t pfn, uint32_t space, gva_t va);
/** frames_shown() - the frame that @entry names if it is @owner's page shown at
 *  @va in @space; NULL otherwise: a driver may have written over the entry. */
struct frame *frames_shown(const struct mm *mm, enum frame_owner owner,
                           uint32_t space, gva_t va, uint64_t entry);
/** frames_slot() - the slot of the paging file that has @f's page too, or 0. */
uint32_t frames_slot(const struct mm *mm, const struct frame *f);
/** frames_sweep() - free all of @owner's pages shown in @pages from @va on,
 *  whatever their entries say. Costs a look at every page in use. */
void frames_sweep(struct mm *mm, enum frame_owner owner, uint32_t space,
                  gva_t va, uint32_t pages);
/** frames_in_use()/frames_free_count() - pages, all owners. */
uint64_t frames_in_use(const struct mm *mm);
uint64_t frames_free_count(const struct mm *mm);

#endif
