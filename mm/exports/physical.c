/* mm/exports/physical.c -- physical pages, device memory, translation. Source:
 * WDK reference pages; mm fact sheet 1 and 2. */
#include "mm/exports/thunk.h"

/* ---- pages for MDLs ---------------------------------------------------------
 */

static void pages_for_mdl(struct call *c, enum mm_cache cache, uint32_t flags)
{
    const struct mdl_pages wish = {.low = call_u64(c, 0),
                                   .high = call_u64(c, 2),
                                   .skip = call_u64(c, 4),
                                   .bytes = call_u32(c, 6),
                                   .cache = cache,
                                   .flags = flags};
    gva_t mdl = {0};

    mdl_pages_alloc(call_mm(c), &wish, &mdl);
    call_return(c, mdl.v);
}

/* PMDL MmAllocatePagesForMdl(LowAddress, HighAddress, SkipBytes, TotalBytes) */
void thunk_MmAllocatePagesForMdl(struct call *c)
{
    pages_for_mdl(c, MM_CACHE_UNSET, 0);
}

/* PMDL MmAllocatePagesForMdlEx(LowAddress, HighAddress, SkipBytes, TotalBytes,
 *     CacheType, Flags) */
void thunk_MmAllocatePagesForMdlEx(struct call *c)
{
    enum mm_cache cache;

    if (arg_cache(call_u32(c, 7), &cache))
        pages_for_mdl(c, cache, call_u32(c, 8));
    else
        call_return(c, 0);
}

/* VOID MmFreePagesFromMdl(Mdl) */
void thunk_MmFreePagesFromMdl(struct call *c)
{
    gva_t mdl = arg_mdl(c, 0);
    struct mm_misuse why;

    if (call_ok(c))
        call_released(
            c, mdl, mdl_pages_free(call_mm(c), call_space(c), mdl, &why), &why);
}

/* ---- device memory ----------------------------------------------------------
 */

/* Over RAM: real, but the kernel's own memory may be there. */
static void remark_on_ram(struct call *c, uint64_t pa, uint64_t bytes)
{
    uint64_t last = (pa + (bytes ? bytes - 1 : 0)) >> PAGE_SHIFT;

    if (last <= UINT32_MAX &&
        (frames_is_ram(call_mm(c), (uint32_t)(pa >> PAGE_SHIFT)) ||
         frames_is_ram(call_mm(c), (uint32_t)last)))
        call_finding(c, "S37", "MmMapIoSpace over RAM at %llx",
                     (unsigned long long)pa);
}

/* RAM that is mapped must be locked: 0xC4(83h) is the verifier's word for it,
 * 0x1A(1233h) that of Vista and later. */
static bool maps_unlocked_ram(struct call *c, uint64_t pa, uint32_t bytes)
{
    const struct mm_settings *set = &call_mm(c)->s.settings;
    const struct frame *f;

    if ((!set->checks && set->era < MM_W8) || !bytes || pa >> 44 ||
        !frames_is_ram(call_mm(c), (uint32_t)(pa >> PAGE_SHIFT)))
        return false;
    f = frames_find(call_mm(c), (uint32_t)(pa >> PAGE_SHIFT));
    if (f && (f->locks || f->owner == FRAME_CONTIGUOUS))
        return false;
    if (set->checks)
        call_bugcheck(c, 0xc4, 0x83, (uint32_t)pa, bytes,
                      (uint32_t)(pa >> PAGE_SHIFT));
    else
        call_bugcheck(c, 0x1a, 0x1233, (uint32_t)(pa >> PAGE_SHIFT), 0, 0);
    return true;
}

/* IOS-006, IOS-015: what the mapping itself does wrong. */
static void remark_on_mapping(struct call *c, uint64_t pa, uint32_t bytes,
                              enum mm_cache cache)
{
    if (!bytes)
        call_finding(c, "S37", "MmMapIoSpace of no bytes");
    else if (!(pa >> 44) &&
             io_conflicts(call_mm(c), (uint32_t)(pa >> PAGE_SHIFT),
                          mm_span((uint32_t)pa, bytes), cache))
        call_finding(c, "S37", "%llx is mapped with another cache type, too",
                     (unsigned long long)pa);
}

/* The verifier's rule for IRQL: 0xC4(@code, IRQL, address, bytes). */
static bool too_high(struct call *c, uint32_t code, uint32_t at, uint32_t bytes)
{
    if (call_irql(c) <= DISPATCH_LEVEL || !call_mm(c)->s.settings.checks)
        return false;
    call_bugcheck(c, 0xc4, code, call_irql(c), at, bytes);
    return true;
}

/* PVOID MmMapIoSpace(PhysicalAddress, NumberOfBytes, CacheType) */
void thunk_MmMapIoSpace(struct call *c)
{
    uint64_t pa = call_u64(c, 0);
    uint32_t bytes = call_u32(c, 2);
    enum mm_cache cache;
    gva_t va = {0};

    if (too_high(c, 0x73, (uint32_t)pa, bytes) ||
        maps_unlocked_ram(c, pa, bytes))
        return;
    remark_on_ram(c, pa, bytes);
    if (!arg_cache(call_u32(c, 3), &cache)) {
        call_return(c, 0);
        return;
    }
    remark_on_mapping(c, pa, bytes, cache);
    if (io_map(call_mm(c), gpa_of(pa), bytes, cache, &va) == HB_OK)
        call_own(c, va);
    call_return(c, va.v);
}

/* VOID MmUnmapIoSpace(BaseAddress, NumberOfBytes). IOS-011: a bugcheck when
 * mappings are tracked or checked, always a finding. */
void thunk_MmUnmapIoSpace(struct call *c)
{
    const struct mm_settings *set = &call_mm(c)->s.settings;
    uint32_t bytes = call_u32(c, 1);
    struct mm_misuse why;
    enum hb_status st;

    if (too_high(c, 0x7b, call_u32(c, 0), bytes))
        return;
    if (set->checks && call_irql(c) > APC_LEVEL)
        call_finding(c, "S21", "MmUnmapIoSpace at IRQL %u", call_irql(c));
    st = io_unmap(call_mm(c), call_va(c, 0), bytes, &why);
    if (st != HB_OK)
        call_finding(c, "S37", "%08x is no I/O mapping of %u bytes",
                     call_u32(c, 0), bytes);
    if (st == HB_BAD_STATE && (set->track_ptes || set->checks))
        call_misused(c, &why);
    else
        call_return(c, 0);
}

void thunk_MmMapVideoDisplay(struct call *c)
{
    thunk_MmMapIoSpace(c);
}

void thunk_MmUnmapVideoDisplay(struct call *c)
{
    thunk_MmUnmapIoSpace(c);
}

/* ---- contiguous and non-cached memory ---------------------------------------
 */

static void contiguous(struct call *c, const struct contiguous *limits)
{
    gva_t va = {0};

    if (contiguous_alloc(call_mm(c), call_u32(c, 0), limits, &va, NULL) ==
        HB_OK)
        call_own(c, va);
    call_return(c, va.v);
}

/* PVOID MmAllocateContiguousMemory(NumberOfBytes, HighestAcceptableAddress) */
void thunk_MmAllocateContiguousMemory(struct call *c)
{
    const struct contiguous limits = {.highest = call_u64(c, 1),
                                      .cache = MM_CACHED};

    if (limits.highest)
        contiguous(c, &limits);
    else
        call_return(c, 0);
}

/* PVOID MmAllocateContiguousMemorySpecifyCache(NumberOfBytes,
 *     LowestAcceptableAddress, HighestAcceptableAddress,
 *     BoundaryAddressMultiple, CacheType) */
void thunk_MmAllocateContiguousMemorySpecifyCache(struct call *c)
{
    struct contiguous limits = {.lowest = call_u64(c, 1),
                                .highest = call_u64(c, 3),
                                .boundary = call_u64(c, 5)};

    if (limits.highest && arg_cache(call_u32(c, 7), &limits.cache))
        contiguous(c, &limits);
    else
        call_return(c, 0);
}

/* VOID MmFreeContiguousMemory(BaseAddress) */
void thunk_MmFreeContiguousMemory(struct call *c)
{
    gva_t va = call_va(c, 0);

    if (contiguous_free(call_mm(c), va) == HB_OK)
        call_return(c, 0);
    else
        call_bugcheck(c, 0xc2, 0x60, va.v, 0, 0);
}

void thunk_MmFreeContiguousMemorySpecifyCache(struct call *c)
{
    thunk_MmFreeContiguousMemory(c);
}

/* PVOID MmAllocateNonCachedMemory(NumberOfBytes) */
void thunk_MmAllocateNonCachedMemory(struct call *c)
{
    gva_t va = {0};

    if (noncached_alloc(call_mm(c), call_u32(c, 0), &va) == HB_OK)
        call_own(c, va);
    call_return(c, va.v);
}

/* VOID MmFreeNonCachedMemory(BaseAddress, NumberOfBytes) */
void thunk_MmFreeNonCachedMemory(struct call *c)
{
    struct mm_misuse why;

    if (noncached_free(call_mm(c), call_va(c, 0), call_u32(c, 1), &why) ==
        HB_OK)
        call_return(c, 0);
    else
        call_misused(c, &why);
}

/* ---- translation ------------------------------------------------------------
 */

/* PHYSICAL_ADDRESS MmGetPhysicalAddress(BaseAddress) */
void thunk_MmGetPhysicalAddress(struct call *c)
{
    gpa_t pa = {0};

    if (!mm_physical(call_mm(c), call_space(c), call_va(c, 0), &pa))
        call_finding(c, "S01", "MmGetPhysicalAddress of unmapped %08x",
                     call_u32(c, 0));
    call_return64(c, pa.v);
}

/* PVOID MmGetVirtualForPhysical(PhysicalAddress) */
void thunk_MmGetVirtualForPhysical(struct call *c)
{
    gva_t va = {0};

    mm_virtual(call_mm(c), gpa_of(call_u64(c, 0)), &va);
    call_return(c, va.v);
}

/* BOOLEAN MmIsAddressValid(VirtualAddress) */
void thunk_MmIsAddressValid(struct call *c)
{
    gpa_t pa;

    call_return(c, mm_physical(call_mm(c), call_space(c), call_va(c, 0), &pa));
}

/* PPHYSICAL_MEMORY_RANGE MmGetPhysicalMemoryRanges(VOID) */
void thunk_MmGetPhysicalMemoryRanges(struct call *c)
{
    enum { TAG = 0x50526d4d, ENTRY = 16 }; /* "MmRP" */
    const struct ram *ram = call_mm(c)->ram;
    gva_t list;

    if (pool_alloc(call_mm(c), POOL_NONPAGED, (ram->ranges + 1) * ENTRY, TAG,
                   &list) != HB_OK) {
        call_return(c, 0);
        return;
    }
    for (unsigned i = 0; i < ram->ranges; i++) {
        store_u64(c, gva_add(list, i * ENTRY), ram->range[i].start);
        store_u64(c, gva_add(list, i * ENTRY + 8), ram->range[i].bytes);
    }
    store_zero(c, gva_add(list, ram->ranges * ENTRY), ENTRY);
    call_return(c, list.v);
}
