/* mm/exports/pool.c -- ExAllocatePool and its relatives. Source: WDK reference
 * pages; mm fact sheet 2, "Pools". */
#include "mm/exports/thunk.h"

enum {
    QUOTA_FAIL_INSTEAD_OF_RAISE = 0x08,
    RAISE_IF_ALLOCATION_FAILURE = 0x10,
    NO_TAG = 0x656e6f4e, /* "None" */
};

/* With the verifier's checks 0xC4(0) for no bytes, 0xC4(1) for paged pool too
 * high; else a finding. True: the call has ended. */
static bool misuse(struct call *c, uint32_t type, uint32_t bytes)
{
    bool too_high = type & POOL_PAGED && call_irql(c) > APC_LEVEL;

    if (bytes && !too_high)
        return false;
    if (call_mm(c)->s.settings.checks) {
        call_bugcheck(c, 0xc4, too_high, call_irql(c), type, bytes);
        return true;
    }
    call_finding(c, "S21",
                 too_high ? "paged pool at IRQL %u"
                          : "0 bytes of pool at IRQL %u",
                 call_irql(c));
    return false;
}

static void allocate(struct call *c, uint32_t tag, bool raise)
{
    uint32_t type = call_u32(c, 0), bytes = call_u32(c, 1);
    struct mm *mm = call_mm(c);
    gva_t va;

    if (misuse(c, type, bytes))
        return;
    if (pool_alloc(mm, type, bytes, tag, &va) == HB_OK)
        call_return(c, va.v);
    else if (type & POOL_MUST_SUCCEED)
        call_bugcheck(c, 0x41, bytes, mm->s.pool[0].page.count, 0,
                      (uint32_t)frames_free_count(mm));
    else if (raise)
        call_raise(c, STATUS_INSUFFICIENT_RESOURCES);
    else
        call_return(c, 0);
}

/* PVOID ExAllocatePool(PoolType, NumberOfBytes) */
void thunk_ExAllocatePool(struct call *c)
{
    allocate(c, NO_TAG, call_u32(c, 0) & RAISE_IF_ALLOCATION_FAILURE);
}

/* PVOID ExAllocatePoolWithTag(PoolType, NumberOfBytes, Tag) */
void thunk_ExAllocatePoolWithTag(struct call *c)
{
    allocate(c, call_u32(c, 2), call_u32(c, 0) & RAISE_IF_ALLOCATION_FAILURE);
}

/* PVOID ExAllocatePoolWithTagPriority(PoolType, NumberOfBytes, Tag, Priority)
 */
void thunk_ExAllocatePoolWithTagPriority(struct call *c)
{
    thunk_ExAllocatePoolWithTag(c);
}

/* PVOID ExAllocatePoolWithQuota(PoolType, NumberOfBytes) */
void thunk_ExAllocatePoolWithQuota(struct call *c)
{
    allocate(c, NO_TAG, !(call_u32(c, 0) & QUOTA_FAIL_INSTEAD_OF_RAISE));
}

/* PVOID ExAllocatePoolWithQuotaTag(PoolType, NumberOfBytes, Tag) */
void thunk_ExAllocatePoolWithQuotaTag(struct call *c)
{
    allocate(c, call_u32(c, 2),
             !(call_u32(c, 0) & QUOTA_FAIL_INSTEAD_OF_RAISE));
}

static void give_back(struct call *c, uint32_t tag)
{
    struct mm_misuse why;

    if (pool_free(call_mm(c), call_va(c, 0), tag, &why) == HB_OK)
        call_return(c, 0);
    else
        call_misused(c, &why);
}

/* VOID ExFreePool(P) */
void thunk_ExFreePool(struct call *c)
{
    give_back(c, 0);
}

/* VOID ExFreePoolWithTag(P, Tag) */
void thunk_ExFreePoolWithTag(struct call *c)
{
    give_back(c, call_u32(c, 1));
}
