/* mm/user_private.h -- for mm/space.c and the files of the user half. */
#ifndef MM_USER_PRIVATE_H
#define MM_USER_PRIVATE_H

#include "mm/user.h"

/** user_share_kuser() - show KUSER_SHARED_DATA in a new space. */
enum hb_status user_share_kuser(struct mm *mm, uint32_t space);
/** user_free_all() - all areas of a space that ends. */
void user_free_all(struct mm *mm, uint32_t space);

/** user_show_own() - the process's own page @pfn at @at. Takes @pfn over, which
 *  its caller allocated, also when it fails. */
enum hb_status user_show_own(struct mm *mm, uint32_t space, gva_t at,
                             uint32_t pfn, unsigned rights);
/** user_promise() - @pages more (or less) of the area at @va are committed. */
void user_promise(struct mm *mm, uint32_t space, gva_t va, int32_t pages);

/** area_add() - @va 0: choose. HB_BAD_ARGUMENT, HB_BAD_STATE, HB_NO_PAGES. */
enum hb_status area_add(struct mm *mm, uint32_t space, gva_t *va,
                        uint32_t pages, enum area_kind kind, unsigned rights);
/** area_find() - index of the area that holds @va, or UINT32_MAX. */
uint32_t area_find(const struct mm *mm, uint32_t space, gva_t va);

#endif
