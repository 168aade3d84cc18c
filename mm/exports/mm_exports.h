/* mm/exports/mm_exports.h -- the rows that the memory manager serves: Mm*, pool
 * (ExAllocatePool...), and IoAllocateMdl and its relatives. The board hands
 * mm_table() to ke_create() with the others. */
#ifndef MM_EXPORTS_H
#define MM_EXPORTS_H

#include "ke/export.h"
#include "ke/ke.h"
#include "mm/mm.h"

/** mm_table() - for ke_create(). */
struct export_table mm_table(struct mm *mm);
/** mm_exports_boot() - after ke_boot(): the data exports get their values. */
void mm_exports_boot(struct ke *ke);

#endif
