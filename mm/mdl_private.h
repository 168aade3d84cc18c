/* mm/mdl_private.h -- between the MDL files. */
#ifndef MM_MDL_PRIVATE_H
#define MM_MDL_PRIVATE_H

#include "mm/mdl.h"

/** mdl_put16()/mdl_put32() - a field of the MDL at @mdl. */
enum hb_status mdl_put16(struct mm *mm, uint32_t space, gva_t mdl,
                         uint32_t offset, uint16_t v);
enum hb_status mdl_put32(struct mm *mm, uint32_t space, gva_t mdl,
                         uint32_t offset, uint32_t v);
/** mdl_set_flags() - flags become @flags. */
enum hb_status mdl_set_flags(struct mm *mm, uint32_t space, struct mdl *m,
                             unsigned flags);
/** mdl_pfns() - a copy of PFNs @from.. on, all of them checked; the caller
 *  frees it. Errors of mdl_frame(), HB_NO_MEMORY; @bad (may be NULL): which. */
enum hb_status mdl_pfns(const struct mm *mm, uint32_t space,
                        const struct mdl *m, uint32_t **pfn, uint32_t *bad);
/** mdl_put_pfns() - write PFN array entries 0..@count-1. */
enum hb_status mdl_put_pfns(struct mm *mm, uint32_t space, gva_t mdl,
                            const uint32_t *pfn, uint32_t count);
/** mdl_verify() - with the verifier's checks: *misuse 0xC4(code, mdl, flags,
 *  which). Without: finding S10 and false. */
bool mdl_verify(struct mm *mm, const struct mdl *m, uint32_t code,
                uint32_t which, struct mm_misuse *misuse);
/** mdl_map_pages() - put the pages of @m into system PTEs at @va. */
enum hb_status mdl_map_pages(struct mm *mm, uint32_t space, const struct mdl *m,
                             gva_t va, enum mm_cache cache, unsigned rights,
                             struct mm_misuse *misuse);
/** mdl_unlock_frames() - drop the locks of PFNs @pfn[0..count). HB_BAD_STATE:
 *  *misuse 0x4E(7) at one that is not locked. */
enum hb_status mdl_unlock_frames(struct mm *mm, const struct mdl *m,
                                 const uint32_t *pfn, uint32_t count,
                                 struct mm_misuse *misuse);

#endif
