/* mm/system_private.h -- between the files of the system PTE area. */
#ifndef MM_SYSTEM_PRIVATE_H
#define MM_SYSTEM_PRIVATE_H

#include "mm/system.h"

/** sysptes_boot() - the area's size from RAM and settings, all free. */
bool sysptes_boot(struct mm *mm);
/** sysptes_check() - is @va..@pages exactly a run of @use? If not,
 *  HB_BAD_STATE and *misuse (may be NULL) as sysptes_free(). PTES_USES: any. */
enum hb_status sysptes_check(const struct mm *mm, gva_t va, uint32_t pages,
                             enum pte_use use, struct mm_misuse *misuse);
/** pte_self_va() - where the self map shows the entry of @va. */
uint32_t pte_self_va(const struct mm *mm, gva_t va);
/** system_pages_free() - free @owner's pages shown at @va .. and drop the
 *  entries; the run stays. */
void system_pages_free(struct mm *mm, enum frame_owner owner, gva_t va,
                       uint32_t pages);

#endif
