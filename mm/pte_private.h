/* mm/pte_private.h -- directory entries, for mm/pte.c and mm/space.c alone. */
#ifndef MM_PTE_PRIVATE_H
#define MM_PTE_PRIVATE_H

#include "mm/pte.h"

/** pte_set_pde()/pte_get_pde() - the directory entry of @va in one space. */
void pte_set_pde(struct mm *mm, const struct space *sp, gva_t va,
                 uint64_t value);
uint64_t pte_get_pde(const struct mm *mm, const struct space *sp, gva_t va);
/** pte_set_pdpte() - PAE: entry @i of @sp's page-directory-pointer table. */
void pte_set_pdpte(struct mm *mm, const struct space *sp, unsigned i);
/** pte_share_system() - give @sp the system tables of space 0. */
void pte_share_system(struct mm *mm, const struct space *sp);
/** pte_self_map() - let @sp's own directories show at C0000000. */
void pte_self_map(struct mm *mm, const struct space *sp);

#endif
