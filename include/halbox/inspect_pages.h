/* include/halbox/inspect_pages.h -- physical pages and whose they are, who maps
 * them, and pool. Part of halbox/inspect.h. */
#ifndef HALBOX_INSPECT_PAGES_H
#define HALBOX_INSPECT_PAGES_H

#include "halbox/addr.h"
#include "halbox/machine.h"

/** What a physical page is for. */
enum inspect_owner {
    OWNER_NO_RAM,
    OWNER_UNKNOWN, /* RAM of a bare machine, where nobody keeps account   */
    OWNER_FREE,
    OWNER_RESERVED, /* never handed out: page 0                            */
    OWNER_TABLE,    /* page table or directory                             */
    OWNER_KERNEL,   /* tables and images of the kernel itself              */
    OWNER_POOL,
    OWNER_STACK,      /* kernel stacks                                       */
    OWNER_SYSTEM,     /* driver images and the like, in the system PTE area  */
    OWNER_CONTIGUOUS, /* common buffers, contiguous memory                   */
    OWNER_USER,
    OWNER_MDL,    /* MmAllocatePagesForMdl                               */
    OWNER_BOUNCE, /* the HAL's, for bounce copies                        */
    OWNER_PAGED_POOL,
    INSPECT_OWNERS
};
/** inspect_owner_name() - one word: "pool", "user", ... */
HB_API const char *inspect_owner_name(enum inspect_owner owner);

struct inspect_frame {
    enum inspect_owner owner;
    uint32_t references; /* owners: more than 1 for a shared page          */
    uint32_t locks;      /* MDLs that hold it                              */
    uint32_t process;    /* whose, by number; MACHINE_NONE: the system's   */
    gva_t va;            /* where its owner shows it; 0: nowhere. A page
                            table: the first address that it translates    */
    const char *cache;   /* cached, not cached, write combined, any        */
    bool freed;          /* by its owner, while it was locked              */
    bool trimmed;        /* in transition: no valid entry shows it         */
    bool in_paging_file;
};
/** inspect_frame() - page @pfn. False: no RAM there. */
HB_API bool inspect_frame(const struct machine *m, uint32_t pfn,
                          struct inspect_frame *frame);
/** inspect_owners() - owners of @count pages from @pfn on, enum inspect_owner a
 *  byte each: for a map of RAM. */
HB_API void inspect_owners(const struct machine *m, uint32_t pfn,
                           uint32_t count, uint8_t *owner);

/** A page of virtual memory that shows a physical one. */
struct inspect_mapping {
    gva_t va;
    gpa_t slot; /* of the entry */
    uint64_t entry;
    uint32_t page_bytes;
    bool writable, user;
};
/** inspect_mapping_next() - in the tables of @space (as inspect_translate()),
 *  the next page from *@cursor on (0 for the first) that shows page @pfn, a
 *  large one included. It looks at every entry that there is. */
HB_API bool inspect_mapping_next(const struct machine *m, uint32_t space,
                                 uint32_t pfn, uint64_t *cursor,
                                 struct inspect_mapping *mapping);

/** A live allocation of pool. */
struct inspect_pool {
    gva_t at;
    uint32_t bytes, tag; /* the tag's first letter is its low byte           */
    bool paged;
};
/** inspect_pool() - the one that @at lies in; false: none. */
HB_API bool inspect_pool(const struct machine *m, gva_t at,
                         struct inspect_pool *block);
/** inspect_pool_at() - all, those of nonpaged pool first, ascending. */
HB_API bool inspect_pool_at(const struct machine *m, unsigned index,
                            struct inspect_pool *block);
/** What a tag has in one kind of pool. */
struct inspect_tag {
    uint32_t tag, blocks;
    uint64_t bytes;
    bool paged;
};
/** inspect_tag_next() - ascending, nonpaged pool first; *@cursor is 0 for the
 *  first. */
HB_API bool inspect_tag_next(const struct machine *m, uint64_t *cursor,
                             struct inspect_tag *tag);

#endif
