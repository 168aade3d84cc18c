/* hal/exports/table.c -- the rows, and what points at them: DMA_OPERATIONS in
 * nonpaged pool, HalDispatchTable. */
#include "hal/exports/hal_exports.h"

#include <string.h>

#include "hal/exports/thunk.h"
#include "mm/pool.h"

/* clang-format off */
/* Each routine is entered through verified(). */
#define EXPORT(name, ...) \
    static void run_##name(struct call *c) { verified(c, thunk_##name); }
#define EXPORT_DATA(...)
#include "hal/exports/exports.def"
#undef EXPORT
#undef EXPORT_DATA

static const struct export rows[] = {
#define EXPORT(name_, dll_, conv_, slots_, irql_, ticks_)                    \
    {.name = #name_, .run = run_##name_, .dll = (dll_),                      \
     .convention = (conv_), .slots = (slots_), .irql = (irql_)&0xff,         \
     .ticks = (ticks_), .irql_low = (irql_) >> 8 | IRQL_TOLD},
#define EXPORT_DATA(name, dll, bytes) EXPORT_DATA_ROW(name, dll, bytes),
#include "hal/exports/exports.def"
#undef EXPORT
#undef EXPORT_DATA
};

/* In the order of DMA_OPERATIONS from +4 on. Calls that NT 4 exports under a
 * name of their own are those very routines. */
static const char *const operation[] = {
    "DmaPutDmaAdapter",
    "HalAllocateCommonBuffer",
    "HalFreeCommonBuffer",
    "IoAllocateAdapterChannel",
    "IoFlushAdapterBuffers",
    "IoFreeAdapterChannel",
    "IoFreeMapRegisters",
    "IoMapTransfer",
    "DmaGetDmaAlignment",
    "HalReadDmaCounter",
    "DmaGetScatterGatherList",
    "DmaPutScatterGatherList",
    /* version 2 */
    "DmaCalculateScatterGatherList",
    "DmaBuildScatterGatherList",
    "DmaBuildMdlFromScatterGatherList",
    /* version 3 */
    "DmaGetDmaAdapterInfo",
    "DmaGetDmaTransferInfo",
    "DmaInitializeDmaTransferContext",
    "DmaAllocateCommonBufferEx",
    "DmaAllocateAdapterChannelEx",
    "DmaConfigureAdapterChannel",
    "DmaCancelAdapterChannel",
    "DmaMapTransferEx",
    "DmaGetScatterGatherListEx",
    "DmaBuildScatterGatherListEx",
    "DmaFlushAdapterBuffersEx",
    "DmaFreeAdapterObject",
    "DmaCancelMappedTransfer",
};
/* clang-format on */

enum {
    OPERATIONS_V1 = 12,
    OPERATIONS_V2 = 15,
    OPERATIONS_V3 = 28,
    DISPATCH_VERSION = 1, /* HAL_DISPATCH_VERSION of Windows 2000 and XP is 3:
                             the disk routines that it promises are not here */
    DISPATCH_QUERY = 4,
    DISPATCH_SET = 8,
};

struct export_table hal_table(struct hal *hal)
{
    return (struct export_table){
        .row = rows,
        .rows = sizeof rows / sizeof rows[0],
        .context = hal,
    };
}

static enum hb_status make_operations(struct hal *hal, struct ke *ke,
                                      unsigned version, uint32_t count)
{
    uint32_t word[1 + OPERATIONS_V3], i;
    gva_t at;

    if (pool_alloc(ke_mm(ke), POOL_NONPAGED, 4 * (count + 1), HAL_TAG, &at) !=
        HB_OK)
        return HB_NO_PAGES;
    word[0] = 4 * (count + 1);
    for (i = 0; i < count; i++)
        word[i + 1] = ke_stub(ke, operation[i]).v;
    if (!ke_write(ke, at, word, 4 * (count + 1)))
        return HB_NO_PAGES;
    hal_set_operations(hal, version, at);
    return HB_OK;
}

enum hb_status hal_exports_boot(struct hal *hal, struct ke *ke,
                                struct hb_error *error)
{
    gva_t table = ke_stub(ke, "HalDispatchTable");

    if (make_operations(hal, ke, 1, OPERATIONS_V1) != HB_OK ||
        make_operations(hal, ke, 2, OPERATIONS_V2) != HB_OK ||
        make_operations(hal, ke, 3, OPERATIONS_V3) != HB_OK)
        return hb_fail(error, HB_NO_PAGES,
                       "HAL: no nonpaged pool for DMA_OPERATIONS");
    if (completion_boot(hal, ke) != HB_OK)
        return hb_fail(error, HB_NO_PAGES,
                       "HAL: the DMA controllers' interrupt cannot be served");
    ke_write_u32(ke, table, DISPATCH_VERSION);
    ke_write_u32(ke, gva_add(table, DISPATCH_QUERY),
                 ke_stub(ke, "HalQuerySystemInformation").v);
    ke_write_u32(ke, gva_add(table, DISPATCH_SET),
                 ke_stub(ke, "HalSetSystemInformation").v);
    return HB_OK;
}
