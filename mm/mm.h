/* mm/mm.h -- the HAL machine's memory manager: its state, boot, address spaces
 * and access to guest virtual memory by walk. A core: it takes an address space
 * and never knows a current process, a guest call or a CPU.
 * The parts: mm/frames.h physical pages, mm/pte.h page-table editing,
 * mm/user.h user address space, mm/system.h system PTEs and what lives there,
 * mm/pool.h pool, mm/mdl.h memory descriptor lists. Page: docs/mm.md. */
#ifndef MM_MM_H
#define MM_MM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/events.h"
#include "halbox/addr.h"
#include "halbox/state.h"
#include "mm/layout.h"
#include "mm/tlb.h"
#include "mm/walk.h"

/** Whose documented behaviour counts where the systems differ. */
enum mm_era { MM_NT4, MM_NT4_SP4, MM_2000, MM_XP, MM_W8 };

struct mm_settings {
    uint8_t pae;           /* three-level tables of 8-byte entries            */
    uint8_t era;           /* enum mm_era                                     */
    uint8_t checks;        /* the verifier's checks: misuse is bugcheck 0xC4  */
    uint8_t track_ptes;    /* TrackPtes=1: 0xD8 instead of 0x3F               */
    uint8_t track_locks;   /* TrackLockedPages=1: 0xCB instead of 0x76        */
    uint8_t nx;            /* PAE only: IA32_EFER.NXE will be set             */
    uint8_t strict;        /* pageable system memory is trimmed whenever the
                              IRQL rises to DISPATCH_LEVEL or above           */
    uint32_t system_pages; /* SystemPages: 0 automatic, FFFFFFFF most         */
};

/** An address space. Its id is never used twice; 0 is the system process. */
struct space {
    uint32_t id;
    uint32_t process;      /* guest VA of the EPROCESS, 0 until nt sets it    */
    uint64_t cr3;          /* what CR3 holds while it runs                    */
    uint64_t directory[4]; /* gpa of the page directories; 32-bit: [0] alone  */
    uint32_t locked;       /* pages that MDLs hold locked through it          */
};

/** An MDL that holds user pages locked. */
struct locked_mdl {
    uint32_t space, mdl, pages;
    uint32_t owner; /* guest code that asked for it */
};

/** Pool of one kind; mm/pool.c. */
struct pool {
    uint32_t start, pages_most; /* VA and limit fixed at boot from RAM size  */
    uint32_t bytes_used;        /* in live allocations, without headers      */
    struct vec page;            /* struct pool_page, from `start` on         */
    struct vec block;           /* struct pool_block, live, ascending VA     */
};

/** All of it saved; rows in mm_rows. */
struct mm_state {
    struct mm_settings settings;
    uint32_t next_space;
    uint64_t kuser, kpcr; /* gpa of these pages                            */
    uint32_t pte_total;   /* system PTEs in all                            */
    uint32_t pte_free;    /* ... now free ("Free System Page Table Entries") */
    struct vec frame;     /* struct frame: one per page in use             */
    struct vec space;     /* struct space, ascending id                    */
    struct vec area;      /* struct area: user VA in use                   */
    struct vec run;       /* struct pte_run: the whole system PTE area     */
    struct vec section;   /* struct image_section: of driver images        */
    struct vec slot;      /* struct page_slot: of the paging file          */
    uint32_t slots_used, slot_free; /* of these; none below slot_free is   */
    uint32_t committed; /* pages of processes and paged pool, here or not  */
    uint32_t read_debt; /* reads of the paging file not yet waited for     */
    uint32_t trim_hand; /* where the search for pages not used goes on     */
    uint64_t trim_seq;
    struct vec lock;     /* struct locked_mdl: with track_locks           */
    struct pool pool[2]; /* nonpaged, paged                               */
};

struct frame_index; /* mm/frames.c: finds frames; derived from s.frame */
struct pagefile;    /* mm/pagefile.c: the host's side of it */

struct mm {
    struct mm_state s;
    /* wiring, not saved */
    struct ram *ram;
    struct tlb *tlb; /* of the CPU; NULL: nobody caches (tests) */
    struct events *events;
    struct frame_index *index;
    struct pagefile *file; /* NULL: nothing leaves RAM */
};

/** Misuse by the guest that NT answers with a bugcheck. Routines that may find
 *  one take a pointer, which may be NULL, and fill it when they return
 *  HB_BAD_STATE. */
struct mm_misuse {
    uint32_t code;
    uint32_t p[4];
};
/** mm_misused() - fill @misuse unless it is NULL; returns HB_BAD_STATE. */
static inline enum hb_status mm_misused(struct mm_misuse *misuse, uint32_t code,
                                        uint32_t p1, uint32_t p2, uint32_t p3,
                                        uint32_t p4)
{
    if (misuse)
        *misuse = (struct mm_misuse){code, {p1, p2, p3, p4}};
    return HB_BAD_STATE;
}

/* ---- life ------------------------------------------------------------------
 */

/** mm_create() - empty; borrows @ram, @tlb (may be NULL) and @events.
 *  Returns HB_OK or HB_NO_MEMORY. */
enum hb_status mm_create(struct mm *mm, struct ram *ram, struct tlb *tlb,
                         struct events *events, struct hb_error *error);
void mm_destroy(struct mm *mm);

/**
 * mm_boot() - build the system address space (id 0) in guest RAM: directories,
 * self map, KUSER_SHARED_DATA and KPCR pages (zeroed), the sizes of system PTE
 * area and pools. Everything else of the kernel half is mapped when asked for.
 * Returns HB_OK, HB_BAD_ARGUMENT (settings), HB_NO_PAGES (RAM too small).
 */
enum hb_status mm_boot(struct mm *mm, const struct mm_settings *settings,
                       struct hb_error *error);

extern const struct state_row mm_rows[]; /* of struct mm_state */
enum { MM_STATE_VERSION = 4, MM_LOCKS_MOST = 1 << 16 };
/** mm_loaded() - after load_rows() into mm->s: rebuild what is derived and
 *  check what a damaged file could have made of it. */
enum hb_status mm_loaded(struct mm *mm, struct hb_error *error);

/* ---- address spaces --------------------------------------------------------
 */

/** space_create() - user half empty but for KUSER_SHARED_DATA, system half the
 *  common one. HB_NO_PAGES: nothing changed. */
enum hb_status space_create(struct mm *mm, uint32_t *id);
/** space_destroy() - frees user pages and tables. The CPU must not run on it.
 *  Pages still locked by MDLs stay until unlocked; *misuse is then 0x76(0,
 *  process, count) and the result HB_BAD_STATE, the space gone all the same. */
enum hb_status space_destroy(struct mm *mm, uint32_t id,
                             struct mm_misuse *misuse);
/** space_find() - by id; valid until a space is created or destroyed. NULL. */
struct space *space_find(const struct mm *mm, uint32_t id);
/** space_cr3() - value for CR3, 0 when there is no such space. */
uint32_t space_cr3(const struct mm *mm, uint32_t id);
/** space_by_cr3() - whose CR3 is this? False: nobody's. */
bool space_by_cr3(const struct mm *mm, uint32_t cr3, uint32_t *id);
/** space_walk_in() - what walk() needs: paging on, WP on, supervisor read. */
bool space_walk_in(const struct mm *mm, uint32_t id, struct walk_in *in);
/** space_set_process() - the guest EPROCESS of this space (MDL.Process). */
void space_set_process(struct mm *mm, uint32_t id, gva_t process);

/* ---- access to virtual memory by walk -------------------------------------
 */

/** mm_translate() - the walk alone; false: not mapped. */
bool mm_translate(const struct mm *mm, uint32_t space, gva_t va,
                  struct walk_out *out);
/** mm_physical() - MmGetPhysicalAddress: false when not mapped. */
bool mm_physical(const struct mm *mm, uint32_t space, gva_t va, gpa_t *pa);
/** mm_read()/mm_write() - bytes of guest virtual memory in @space, whatever its
 *  protection; no TLB, no A/D bits, no devices. All pages are looked at first:
 *  HB_FAULT with nothing moved if one is not RAM. Pages that are not resident
 *  are read where they are, and brought in to be written. */
enum hb_status mm_read(const struct mm *mm, uint32_t space, gva_t at, void *to,
                       uint32_t bytes);
enum hb_status mm_write(struct mm *mm, uint32_t space, gva_t at,
                        const void *from, uint32_t bytes);

/** mm_span() - ADDRESS_AND_SIZE_TO_SPAN_PAGES without overflow. */
static inline uint32_t mm_span(uint32_t va, uint32_t bytes)
{
    return (uint32_t)(((uint64_t)(va & PAGE_MASK) + bytes + PAGE_MASK) >>
                      PAGE_SHIFT);
}

#endif
