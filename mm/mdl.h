/* mm/mdl.h -- memory descriptor lists. The MDL lives in guest memory and is
 * read as what it is: bytes that anybody may have written. Every routine takes
 * the address space in which MDL and buffer are seen. Layout: docs/mm.md. */
#ifndef MM_MDL_H
#define MM_MDL_H

#include "mm/system.h"
#include "mm/user.h"

enum {
    MDL_MAPPED_TO_SYSTEM_VA = 0x0001,
    MDL_PAGES_LOCKED = 0x0002,
    MDL_SOURCE_IS_NONPAGED_POOL = 0x0004,
    MDL_ALLOCATED_FIXED_SIZE = 0x0008,
    MDL_PARTIAL = 0x0010,
    MDL_PARTIAL_HAS_BEEN_MAPPED = 0x0020,
    MDL_IO_PAGE_READ = 0x0040,
    MDL_WRITE_OPERATION = 0x0080,
    MDL_PARENT_MAPPED_SYSTEM_VA = 0x0100,
    MDL_FREE_EXTRA_PTES = 0x0200,
    MDL_IO_SPACE = 0x0800,
    MDL_MAPPING_CAN_FAIL = 0x2000,
    MDL_ALLOCATED_MUST_SUCCEED = 0x4000,
};
enum { MDL_BYTES = 0x1c, MDL_LOOKASIDE_PAGES = 23 };
enum { MDL_TAG = 0x206c644d }; /* "Mdl ": pool that one is made in */
/** Field offsets. */
enum {
    MDL_NEXT = 0x00,
    MDL_SIZE = 0x04,
    MDL_FLAGS = 0x06,
    MDL_PROCESS = 0x08,
    MDL_MAPPED_VA = 0x0c,
    MDL_START_VA = 0x10,
    MDL_BYTE_COUNT = 0x14,
    MDL_BYTE_OFFSET = 0x18,
    MDL_PFNS = 0x1c,
};
/** LOCK_OPERATION. */
enum mdl_access { MDL_READ_ACCESS, MDL_WRITE_ACCESS, MDL_MODIFY_ACCESS };

/** An MDL as read from guest memory. */
struct mdl {
    gva_t at;      /* where it lies */
    uint32_t next; /* guest VA of the next one, 0 */
    uint16_t size, flags;
    uint32_t process, mapped, start, bytes, offset;
    uint32_t pages; /* span of start + offset, bytes */
};

/** mdl_most_bytes(), mdl_most_pages() - the largest buffer and PFN array of an
 *  MDL in this era: 16,376 pages, as Size counts the array in 16 bits; Windows
 *  8: 4 GiB - 4096 bytes, Size keeps the low 16 bits. */
uint32_t mdl_most_bytes(const struct mm *mm);
uint32_t mdl_most_pages(const struct mm *mm);
/** mdl_holds() - has the MDL at @at, whose Size is @size, room for @pages PFNs?
 *  Where Size cannot tell (Windows 8) the pool block that it lies in does. */
bool mdl_holds(const struct mm *mm, gva_t at, uint16_t size, uint32_t pages);

/**
 * mdl_load() - read and check an MDL.
 * HB_FAULT: not mapped. HB_BAD_ARGUMENT: StartVa not page aligned, ByteOffset
 * past a page, range that wraps, Size smaller than its PFN array (SEC-009);
 * @out is filled then too, with pages 0.
 */
enum hb_status mdl_load(const struct mm *mm, uint32_t space, gva_t at,
                        struct mdl *out);
/** mdl_va() - MmGetMdlVirtualAddress: an index for DMA. */
static inline gva_t mdl_va(const struct mdl *mdl)
{
    return gva_of(mdl->start + mdl->offset);
}
/** mdl_frame() - PFN number @i (< mdl->pages). HB_FAULT; HB_BAD_ARGUMENT: the
 *  entry is neither RAM nor allowed to be device memory. */
enum hb_status mdl_frame(const struct mm *mm, uint32_t space,
                         const struct mdl *mdl, uint32_t i, uint32_t *pfn);
/** mdl_byte() - physical address of byte @at (< mdl->bytes) of the buffer and
 *  how many bytes of it follow in the same page. Errors of mdl_frame(). */
enum hb_status mdl_byte(const struct mm *mm, uint32_t space,
                        const struct mdl *mdl, uint32_t at, gpa_t *pa,
                        uint32_t *run);

/** mdl_init() - MmInitializeMdl over @bytes at @va: fields, no PFN. */
enum hb_status mdl_init(struct mm *mm, uint32_t space, gva_t mdl, gva_t va,
                        uint32_t bytes, uint16_t flags);
/** mdl_create() - IoAllocateMdl without its IRP. HB_BAD_ARGUMENT: more pages
 *  than an MDL of this era holds; HB_NO_PAGES. */
enum hb_status mdl_create(struct mm *mm, gva_t va, uint32_t bytes, gva_t *mdl);
/** mdl_free() - IoFreeMdl: a partial's own mapping goes first. HB_FAULT, or
 *  HB_BAD_STATE with *misuse. */
enum hb_status mdl_free(struct mm *mm, uint32_t space, gva_t mdl,
                        struct mm_misuse *misuse);

/** mdl_build_nonpaged() - MmBuildMdlForNonPagedPool. HB_BAD_STATE: *misuse
 *  0x1A(1240h, mdl, pte) or 0xC4(7Fh); HB_FAULT, HB_BAD_ARGUMENT as mdl_load.
 */
enum hb_status mdl_build_nonpaged(struct mm *mm, uint32_t space, gva_t mdl,
                                  struct mm_misuse *misuse);
/** mdl_lock() - MmProbeAndLockPages. @user_mode: AccessMode UserMode.
 *  HB_FAULT: an access violation to be raised, PFN[0] is FFFFFFFF, nothing is
 *  locked; HB_NO_PAGES: STATUS_WORKING_SET_QUOTA; HB_BAD_ARGUMENT: corrupt;
 *  HB_BAD_STATE: *misuse. */
enum hb_status mdl_lock(struct mm *mm, uint32_t space, gva_t mdl,
                        bool user_mode, enum mdl_access access,
                        struct mm_misuse *misuse);
/** mdl_unlock() - MmUnlockPages: system mapping off, then the locks. */
enum hb_status mdl_unlock(struct mm *mm, uint32_t space, gva_t mdl,
                          struct mm_misuse *misuse);
/** mdl_partial() - IoBuildPartialMdl. @bytes 0: to the end. HB_BAD_STATE:
 *  *misuse 0x40 or 0x12E, target untouched. */
enum hb_status mdl_partial(struct mm *mm, uint32_t space, gva_t source,
                           gva_t target, gva_t va, uint32_t bytes,
                           struct mm_misuse *misuse);
/** mdl_advance() - MmAdvanceMdl. HB_BAD_ARGUMENT: past the end. */
enum hb_status mdl_advance(struct mm *mm, uint32_t space, gva_t mdl,
                           uint32_t bytes, struct mm_misuse *misuse);

/** mdl_map() - into system space. @va: with the byte offset. HB_NO_PAGES: no
 *  run of PTEs (the caller makes NULL or 0x3F of it); HB_BAD_STATE: *misuse. */
enum hb_status mdl_map(struct mm *mm, uint32_t space, gva_t mdl,
                       enum mm_cache cache, unsigned rights, gva_t *va,
                       struct mm_misuse *misuse);
/** mdl_map_user() - into the user half of @space at @va (0: choose). */
enum hb_status mdl_map_user(struct mm *mm, uint32_t space, gva_t mdl,
                            enum mm_cache cache, gva_t *va);
/** mdl_unmap() - MmUnmapLockedPages of @va. */
enum hb_status mdl_unmap(struct mm *mm, uint32_t space, gva_t mdl, gva_t va,
                         struct mm_misuse *misuse);

/** mdl_protect() - MmProtectMdlSystemAddress. HB_NOT_FOUND: not mapped. */
enum hb_status mdl_protect(struct mm *mm, uint32_t space, gva_t mdl,
                           unsigned rights, struct mm_misuse *misuse);

/** mdl_lock_own() - guest code at @owner locked @mdl: what TrackLockedPages
 *  tells (0xCB) when its process ends first. */
void mdl_lock_own(struct mm *mm, gva_t mdl, gva_t owner);

/** MmAllocatePagesForMdlEx flags. */
enum {
    MDL_DONT_ZERO = 0x01,
    MDL_FULLY_REQUIRED = 0x04,
    MDL_CONTIGUOUS_CHUNKS = 0x20,
};
/** What pages mdl_pages_alloc() may take. */
struct mdl_pages {
    uint64_t low, high, skip; /* gpa; windows low..high, then + skip each   */
    uint64_t bytes;
    enum mm_cache cache; /* MM_CACHE_UNSET: the first mapping says          */
    uint32_t flags;
};
/** mdl_pages_alloc() - MmAllocatePagesForMdlEx: maybe fewer pages than asked.
 *  HB_NO_PAGES: none (or not all that were required). */
enum hb_status mdl_pages_alloc(struct mm *mm, const struct mdl_pages *wish,
                               gva_t *mdl);
/** mdl_pages_free() - MmFreePagesFromMdl; the MDL itself stays. */
enum hb_status mdl_pages_free(struct mm *mm, uint32_t space, gva_t mdl,
                              struct mm_misuse *misuse);

/** reserve_alloc()/reserve_free() - MmAllocateMappingAddress: system PTEs that
 *  fault until used; two more in front hold count and tag. */
enum hb_status reserve_alloc(struct mm *mm, uint32_t bytes, uint32_t tag,
                             gva_t *va);
enum hb_status reserve_free(struct mm *mm, gva_t va, uint32_t tag,
                            struct mm_misuse *misuse);
/** reserve_map()/reserve_unmap() - an MDL into its reservation.
 *  HB_BAD_ARGUMENT: the MDL is larger; HB_BAD_STATE: *misuse 0xDA. */
enum hb_status reserve_map(struct mm *mm, uint32_t space, gva_t va,
                           uint32_t tag, gva_t mdl, enum mm_cache cache,
                           gva_t *out, struct mm_misuse *misuse);
enum hb_status reserve_unmap(struct mm *mm, uint32_t space, gva_t va,
                             uint32_t tag, gva_t mdl, struct mm_misuse *misuse);

#endif
