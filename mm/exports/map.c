/* mm/exports/map.c -- mappings of MDLs. Source: WDK reference pages; mm fact
 * sheet 1. */
#include "mm/exports/thunk.h"

/* MM_PAGE_PRIORITY flags that Windows 8 adds */
#define MDL_NO_WRITE   0x80000000u
#define MDL_NO_EXECUTE 0x40000000u

/* MEMORY_CACHING_TYPE: 3 acts as cached, 4 as 0, 5 as 2; false: unknown. */
bool arg_cache(uint32_t type, enum mm_cache *out)
{
    static const uint8_t cache[6] = {MM_NONCACHED,      MM_CACHED,
                                     MM_WRITE_COMBINED, MM_CACHED,
                                     MM_NONCACHED,      MM_WRITE_COMBINED};

    type &= 0xff; /* NT4's callers pass a BOOLEAN */
    if (type >= sizeof cache)
        return false;
    *out = (enum mm_cache)cache[type];
    return true;
}

/* ---- MmMapLockedPages and its younger form
 * ----------------------------------- */

struct map {
    gva_t mdl, wanted;
    bool user, can_fail;
    enum mm_cache cache;
    unsigned rights;
};

/* What a kernel mapping that found no PTEs comes to. */
static void no_ptes(struct call *c, const struct map *m)
{
    struct mdl mdl;

    if (mdl_load(call_mm(c), call_space(c), m->mdl, &mdl) == HB_OK &&
        !m->can_fail && !(mdl.flags & MDL_MAPPING_CAN_FAIL)) {
        call_exhausted(c, mdl.pages);
        return;
    }
    call_return(c, 0);
}

static void map_kernel(struct call *c, const struct map *m)
{
    struct mm_misuse why;
    gva_t va;
    enum hb_status st = mdl_map(call_mm(c), call_space(c), m->mdl, m->cache,
                                m->rights, &va, &why);

    if (st == HB_OK) {
        call_own(c, va);
        if (call_mm(c)->s.settings.era == MM_NT4)
            va.v &= ~(uint32_t)PAGE_MASK; /* the caller adds the offset */
        call_return(c, va.v);
    } else if (st == HB_BAD_STATE) {
        call_misused(c, &why);
    } else if (st == HB_NO_PAGES) {
        no_ptes(c, m);
    } else {
        call_corrupt(c, m->mdl);
        call_return(c, 0);
    }
}

static void map_user(struct call *c, const struct map *m)
{
    gva_t va = m->wanted;
    enum hb_status st =
        mdl_map_user(call_mm(c), call_space(c), m->mdl, m->cache, &va);

    if (st == HB_OK)
        call_return(c, va.v);
    else if (st == HB_NO_PAGES)
        call_raise(c, STATUS_INSUFFICIENT_RESOURCES);
    else if (st == HB_FAULT)
        call_raise(c, STATUS_ACCESS_VIOLATION);
    else
        call_raise(c, STATUS_CONFLICTING_ADDRESSES);
}

static void map(struct call *c, const struct map *m)
{
    if (!call_ok(c))
        return;
    if (m->user)
        map_user(c, m);
    else
        map_kernel(c, m);
}

/* PVOID MmMapLockedPages(Mdl, AccessMode) */
void thunk_MmMapLockedPages(struct call *c)
{
    const struct map m = {.mdl = arg_mdl(c, 0),
                          .user = call_u8(c, 1) == USER_MODE,
                          .cache = MM_CACHED,
                          .rights = MM_RWX};

    map(c, &m);
}

/* PVOID MmMapLockedPagesSpecifyCache(Mdl, AccessMode, CacheType,
 *     RequestedAddress, BugCheckOnFailure, Priority) */
void thunk_MmMapLockedPagesSpecifyCache(struct call *c)
{
    struct map m = {.mdl = arg_mdl(c, 0),
                    .user = call_u8(c, 1) == USER_MODE,
                    .wanted = call_va(c, 3),
                    .can_fail = !call_u32(c, 4),
                    .cache = MM_CACHED,
                    .rights = MM_RWX};
    uint32_t priority = call_u32(c, 5);

    if (!arg_cache(call_u32(c, 2), &m.cache)) {
        call_return(c, 0);
        return;
    }
    if (call_mm(c)->s.settings.era >= MM_W8) {
        if (priority & MDL_NO_WRITE)
            m.rights &= ~(unsigned)MM_W;
        if (priority & MDL_NO_EXECUTE)
            m.rights &= ~(unsigned)MM_X;
    }
    map(c, &m);
}

/* VOID MmUnmapLockedPages(BaseAddress, Mdl) */
void thunk_MmUnmapLockedPages(struct call *c)
{
    gva_t va = call_va(c, 0), mdl = arg_mdl(c, 1);
    struct mm_misuse why;
    enum hb_status st;

    if (!call_ok(c))
        return;
    st = mdl_unmap(call_mm(c), call_space(c), mdl, va, &why);
    if (st == HB_BAD_STATE) {
        call_misused(c, &why);
        return;
    }
    if (st == HB_NOT_FOUND)
        call_finding(c, "S10", "%08x is no mapping of this process", va.v);
    else if (st != HB_OK)
        call_corrupt(c, mdl);
    call_return(c, 0);
}

/* ---- protection -------------------------------------------------------------
 */

/* PAGE_x without modifiers; false: not one that a mapping may have. */
static bool rights_of(uint32_t protect, unsigned *rights)
{
    enum {
        MODIFIERS = 0x700,
        READONLY = 2,
        READWRITE = 4,
        EXECUTE = 0x10,
        EXECUTE_READ = 0x20,
        EXECUTE_READWRITE = 0x40
    };

    switch (protect & ~(uint32_t)MODIFIERS) {
    case READONLY:
        *rights = MM_R;
        return true;
    case READWRITE:
        *rights = MM_RW;
        return true;
    case EXECUTE:
    case EXECUTE_READ:
        *rights = MM_X;
        return true;
    case EXECUTE_READWRITE:
        *rights = MM_RWX;
        return true;
    }
    return false;
}

/* NTSTATUS MmProtectMdlSystemAddress(Mdl, NewProtect) */
void thunk_MmProtectMdlSystemAddress(struct call *c)
{
    gva_t mdl = arg_mdl(c, 0);
    struct mm_misuse why;
    enum hb_status st;
    unsigned rights;

    if (!call_ok(c))
        return;
    if (!rights_of(call_u32(c, 1), &rights)) {
        call_return(c, STATUS_INVALID_PAGE_PROTECTION);
        return;
    }
    st = mdl_protect(call_mm(c), call_space(c), mdl, rights, &why);
    if (st == HB_BAD_STATE)
        call_misused(c, &why);
    else
        call_return(c, st == HB_OK ? STATUS_SUCCESS : STATUS_NOT_MAPPED_VIEW);
}

/* ---- reservations -----------------------------------------------------------
 */

/* PVOID MmAllocateMappingAddress(NumberOfBytes, PoolTag) */
void thunk_MmAllocateMappingAddress(struct call *c)
{
    gva_t va = {0};

    if (reserve_alloc(call_mm(c), call_u32(c, 0), call_u32(c, 1), &va) == HB_OK)
        call_own(c, gva_of(va.v - 1)); /* the run begins before it */
    call_return(c, va.v);
}

/* VOID MmFreeMappingAddress(BaseAddress, PoolTag) */
void thunk_MmFreeMappingAddress(struct call *c)
{
    struct mm_misuse why;

    if (reserve_free(call_mm(c), call_va(c, 0), call_u32(c, 1), &why) == HB_OK)
        call_return(c, 0);
    else
        call_misused(c, &why);
}

/* PVOID MmMapLockedPagesWithReservedMapping(MappingAddress, PoolTag, Mdl,
 *     CacheType) */
void thunk_MmMapLockedPagesWithReservedMapping(struct call *c)
{
    gva_t mdl = arg_mdl(c, 2), va = {0};
    enum mm_cache cache;
    struct mm_misuse why;
    enum hb_status st = HB_BAD_ARGUMENT;

    if (!call_ok(c))
        return;
    if (arg_cache(call_u32(c, 3), &cache))
        st = reserve_map(call_mm(c), call_space(c), call_va(c, 0),
                         call_u32(c, 1), mdl, cache, &va, &why);
    if (st == HB_BAD_STATE)
        call_misused(c, &why);
    else
        call_return(c, st == HB_OK ? va.v : 0);
}

/* VOID MmUnmapReservedMapping(BaseAddress, PoolTag, Mdl) */
void thunk_MmUnmapReservedMapping(struct call *c)
{
    gva_t mdl = arg_mdl(c, 2);
    struct mm_misuse why;
    enum hb_status st;

    if (!call_ok(c))
        return;
    st = reserve_unmap(call_mm(c), call_space(c), call_va(c, 0), call_u32(c, 1),
                       mdl, &why);
    if (st == HB_BAD_STATE) {
        call_misused(c, &why);
        return;
    }
    if (st != HB_OK)
        call_corrupt(c, mdl);
    call_return(c, 0);
}
