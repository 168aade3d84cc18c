/* hal/exports/common.c -- common buffers. Caching is the bus's affair on i386:
 * CacheEnabled changes nothing but in AllocateCommonBufferEx. Source: WDK,
 * PALLOCATE_COMMON_BUFFER. */
#include "hal/exports/thunk.h"

/* PVOID HalAllocateCommonBuffer(Adapter, Length, *LogicalAddress, Cached) */
void thunk_HalAllocateCommonBuffer(struct call *c)
{
    struct hal_adapter *ad = arg_adapter(c, 0);
    gva_t at = call_va(c, 2), va = {0};
    dla_t dla;

    store_u64(c, at, load_u64(c, at)); /* writable? */
    if (!call_ok(c))
        return;
    if (ad &&
        hal_common_alloc(call_hal(c), ad, call_u32(c, 1), &va, &dla) == HB_OK)
        store_u64(c, at, dla.v);
    else
        va = gva_of(0);
    call_return(c, va.v);
}

/* PVOID AllocateCommonBufferEx(Adapter, *MaximumAddress opt, Length,
 * *LogicalAddress, CacheEnabled, PreferredNode): version 3; there is one node.
 */
void thunk_DmaAllocateCommonBufferEx(struct call *c)
{
    struct hal_adapter *ad = arg_adapter(c, 0);
    gva_t at = call_va(c, 3), va = {0};
    uint64_t highest = UINT64_MAX;
    dla_t dla;

    if (call_u32(c, 1))
        highest = load_u64(c, call_va(c, 1));
    store_u64(c, at, load_u64(c, at)); /* writable? */
    if (!call_ok(c))
        return;
    if (ad && hal_common_alloc_ex(call_hal(c), ad, call_u32(c, 2), highest,
                                  call_bool(c, 4), &va, &dla) == HB_OK)
        store_u64(c, at, dla.v);
    else
        va = gva_of(0);
    call_return(c, va.v);
}

/* VOID HalFreeCommonBuffer(Adapter, Length, LogicalAddress, VirtualAddress,
 * Cached) */
void thunk_HalFreeCommonBuffer(struct call *c)
{
    struct hal_adapter *ad;

    if (serve_state(c))
        return;
    ad = arg_adapter(c, 0);
    if (!call_ok(c))
        return;
    if (ad)
        hal_common_free(call_hal(c), ad, call_u32(c, 1), dla_of(call_u64(c, 2)),
                        call_va(c, 4));
    serve(c, 0);
}

/* BOOLEAN HalFlushCommonBuffer(Adapter, Length, LogicalAddress,
 * VirtualAddress): the bus is coherent. */
void thunk_HalFlushCommonBuffer(struct call *c)
{
    call_return(c, true);
}
