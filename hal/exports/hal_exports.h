/* hal/exports/hal_exports.h -- the rows that the HAL serves: hal.dll, the DMA
 * routines of ntoskrnl.exe, and the routines that only DMA_OPERATIONS points
 * at (INTERNAL). The board hands hal_table() to ke_create() with the others. */
#ifndef HAL_EXPORTS_H
#define HAL_EXPORTS_H

#include "hal/hal.h"
#include "ke/export.h"
#include "ke/ke.h"

/** hal_table() - for ke_create(). */
struct export_table hal_table(struct hal *hal);
/** hal_exports_boot() - after ke_boot() and hal_boot(): the DMA_OPERATIONS
 *  tables in nonpaged pool, the data exports. HB_NO_PAGES. */
enum hb_status hal_exports_boot(struct hal *hal, struct ke *ke,
                                struct hb_error *error);

#endif
