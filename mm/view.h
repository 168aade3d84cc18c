/* mm/view.h -- views of \Device\PhysicalMemory: physical pages in the user half
 * of a space. What ZwMapViewOfSection does once handle and rights are checked.
 * Source: docs/mm.md, "Views of physical memory"; KB Q189327. */
#ifndef MM_VIEW_H
#define MM_VIEW_H

#include "mm/user.h"

/** What a request comes to; the numbers are those of STATUS_INVALID_PARAMETER_n
 *  where that is the answer. */
enum view_answer {
    VIEW_OK = 0,
    VIEW_BAD_BASE = 3,      /* in, or running into, kernel space          */
    VIEW_BAD_ZERO_BITS = 4, /* 22 and more                                */
    VIEW_BAD_OFFSET = 6,    /* past the end of RAM for a user-mode caller */
    VIEW_NO_ROOM = 100,     /* STATUS_NO_MEMORY                           */
    VIEW_CONFLICT,          /* STATUS_CONFLICTING_ADDRESSES               */
};

struct view_request {
    gva_t base;      /* 0: choose; out: where the view begins             */
    uint64_t offset; /* physical; out: rounded down to 64 KiB             */
    uint64_t bytes;  /* 0: to the end of RAM; out: whole pages            */
    uint32_t zero_bits;
    unsigned rights; /* MM_x */
    enum mm_cache cache;
    bool user_mode; /* of the caller */
};

/** view_map() - @req is changed only when the answer is VIEW_OK. */
enum view_answer view_map(struct mm *mm, uint32_t space,
                          struct view_request *req);
/** view_unmap() - the whole view that @va lies in. HB_NOT_FOUND. */
enum hb_status view_unmap(struct mm *mm, uint32_t space, gva_t va);

#endif
