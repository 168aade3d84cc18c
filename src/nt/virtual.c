/* src/nt/virtual.c -- user memory of the caller's process: reserved, committed,
 * given back. Source: WDK, ZwAllocateVirtualMemory, ZwFreeVirtualMemory;
 * statuses: ntstatus.h. */
#include "mm/paging.h"
#include "nt/guest.h"
#include "nt/service.h"

enum {
    MEM_COMMIT = 0x1000,
    MEM_RESERVE = 0x2000,
    MEM_DECOMMIT = 0x4000,
    MEM_RELEASE = 0x8000,
    MEM_TOP_DOWN = 0x100000, /* a wish that changes nothing here */
    GRANULARITY = 0x10000,
};
#define CURRENT_PROCESS 0xffffffffu

/* The pair of words (base, size) that both services take. */
static bool load_range(struct call *c, uint32_t base_at, uint32_t size_at,
                       uint32_t *base, uint32_t *bytes)
{
    if (!probe(c, base_at, 4) || !probe(c, size_at, 4))
        return false;
    *base = load_u32(c, gva_of(base_at));
    *bytes = load_u32(c, gva_of(size_at));
    return !call_caught(c) && call_ok(c);
}

bool protection_rights(uint32_t protect, unsigned *rights)
{
    enum { GUARD = 0x100, MODIFIERS = 0x700 };
    static const struct {
        uint32_t protect;
        unsigned rights;
    } rows[] = {
        {0x01, MM_NOACCESS}, {0x02, MM_R}, {0x04, MM_RW},
        {0x10, MM_X},        {0x20, MM_X}, {0x40, MM_RWX},
    };

    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (rows[i].protect != (protect & ~(uint32_t)MODIFIERS))
            continue;
        *rights = rows[i].rights | MM_USER | (protect & GUARD ? MM_GUARD : 0);
        return !(protect & MODIFIERS && rows[i].rights == MM_NOACCESS);
    }
    return false;
}

/* What is asked for, in whole pages. */
struct wish {
    gva_t at;
    uint32_t pages, type;
    unsigned rights;
};

static uint32_t check_wish(struct call *c, uint32_t base, uint32_t bytes,
                           struct wish *w)
{
    uint32_t down;

    w->type = call_u32(c, 4);
    if (call_u32(c, 2) >= 22) /* ZeroBits */
        return STATUS_INVALID_PARAMETER_3;
    if (base > MM_HIGHEST_USER)
        return STATUS_INVALID_PARAMETER_2;
    if (!bytes || bytes > MM_USER_PROBE - base)
        return STATUS_INVALID_PARAMETER_4;
    if (!(w->type & (MEM_COMMIT | MEM_RESERVE)) ||
        w->type & ~(uint32_t)(MEM_COMMIT | MEM_RESERVE | MEM_TOP_DOWN))
        return STATUS_INVALID_PARAMETER_5;
    if (!protection_rights(call_u32(c, 5), &w->rights))
        return STATUS_INVALID_PAGE_PROTECTION;
    if (!base) /* nothing is there to commit: it is reserved, too */
        w->type |= MEM_RESERVE;
    down =
        base & ~(uint32_t)(w->type & MEM_RESERVE ? GRANULARITY - 1 : PAGE_MASK);
    w->at = gva_of(down);
    w->pages = mm_span(0, bytes + (base - down));
    return STATUS_SUCCESS;
}

static uint32_t reserve(struct nt *nt, struct wish *w)
{
    bool commit = w->type & MEM_COMMIT;
    enum hb_status st;

    if (commit && !paging_fits(nt->w.mm, w->pages))
        return STATUS_COMMITMENT_LIMIT;
    st = commit ? user_lazy(nt->w.mm, nt_space(nt), &w->at, w->pages, w->rights)
                : user_reserve(nt->w.mm, nt_space(nt), &w->at, w->pages,
                               w->rights);
    return st == HB_OK             ? STATUS_SUCCESS
           : st == HB_BAD_STATE    ? STATUS_CONFLICTING_ADDRESSES
           : st == HB_BAD_ARGUMENT ? STATUS_INVALID_PARAMETER_2
                                   : STATUS_NO_MEMORY;
}

static uint32_t commit(struct nt *nt, const struct wish *w)
{
    switch (user_commit(nt->w.mm, nt_space(nt), w->at, w->pages, w->rights)) {
    case HB_OK:
        return STATUS_SUCCESS;
    case HB_NOT_FOUND:
        return STATUS_CONFLICTING_ADDRESSES;
    default:
        return STATUS_COMMITMENT_LIMIT;
    }
}

/* NTSTATUS ZwAllocateVirtualMemory(ProcessHandle, BaseAddress, ZeroBits,
 *     RegionSize, AllocationType, Protect) */
void thunk_ZwAllocateVirtualMemory(struct call *c)
{
    struct nt *nt = nt_of(c);
    uint32_t base, bytes, status;
    struct wish w;

    if (call_u32(c, 0) != CURRENT_PROCESS) {
        call_return(c, STATUS_INVALID_HANDLE);
        return;
    }
    if (!load_range(c, call_u32(c, 1), call_u32(c, 3), &base, &bytes)) {
        if (call_ok(c))
            call_return(c, STATUS_ACCESS_VIOLATION);
        return;
    }
    status = check_wish(c, base, bytes, &w);
    if (status == STATUS_SUCCESS)
        status = w.type & MEM_RESERVE ? reserve(nt, &w) : commit(nt, &w);
    if (status == STATUS_SUCCESS) {
        service_store(c, call_u32(c, 1), w.at.v);
        service_store(c, call_u32(c, 3), w.pages << PAGE_SHIFT);
    }
    call_return(c, status);
}

/* The whole allocation that starts at @base, or with @bytes pages of it. */
static uint32_t give_back(struct nt *nt, uint32_t type, uint32_t *base,
                          uint32_t *bytes)
{
    gva_t at = gva_of(*base & ~(uint32_t)PAGE_MASK);
    const struct area *a = user_area(nt->w.mm, nt_space(nt), at);
    uint32_t pages = mm_span(*base, *bytes);

    if (!a || a->kind != AREA_PRIVATE)
        return STATUS_MEMORY_NOT_ALLOCATED;
    if (!*bytes && a->start != at.v)
        return STATUS_FREE_VM_NOT_AT_BASE;
    if (!*bytes)
        pages = a->pages;
    if (pages > a->pages - (at.v - a->start) / PAGE_BYTES ||
        (type == MEM_RELEASE && pages != a->pages))
        return STATUS_UNABLE_TO_FREE_VM;
    *base = at.v;
    *bytes = pages << PAGE_SHIFT;
    if (type == MEM_RELEASE)
        user_free(nt->w.mm, nt_space(nt), at);
    else
        user_decommit(nt->w.mm, nt_space(nt), at, pages);
    return STATUS_SUCCESS;
}

/* NTSTATUS ZwFreeVirtualMemory(ProcessHandle, BaseAddress, RegionSize,
 *     FreeType) */
void thunk_ZwFreeVirtualMemory(struct call *c)
{
    uint32_t base, bytes, type = call_u32(c, 3), status;

    if (call_u32(c, 0) != CURRENT_PROCESS) {
        call_return(c, STATUS_INVALID_HANDLE);
        return;
    }
    if (!load_range(c, call_u32(c, 1), call_u32(c, 2), &base, &bytes)) {
        if (call_ok(c))
            call_return(c, STATUS_ACCESS_VIOLATION);
        return;
    }
    if (type != MEM_RELEASE && type != MEM_DECOMMIT) {
        call_return(c, STATUS_INVALID_PARAMETER_4);
        return;
    }
    status = give_back(nt_of(c), type, &base, &bytes);
    if (status == STATUS_SUCCESS) {
        service_store(c, call_u32(c, 1), base);
        service_store(c, call_u32(c, 2), bytes);
    }
    call_return(c, status);
}
