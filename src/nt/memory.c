/* src/nt/memory.c -- user memory as programs ask for it: protection, locks,
 * what is where. Allocating: virtual.c. Source: Platform SDK, VirtualProtect,
 * VirtualLock, VirtualQuery. */
#include <string.h>

#include "mm/paging.h"
#include "mm/pte_form.h"
#include "mm/user.h"
#include "nt/exports.h"
#include "nt/guest.h"
#include "nt/service.h"

enum { MEM_COMMIT = 0x1000, MEM_RESERVE = 0x2000 };
#define CURRENT_PROCESS 0xffffffffu

static bool own_process(struct call *c)
{
    if (call_u32(c, 0) == CURRENT_PROCESS)
        return true;
    call_return(c, STATUS_INVALID_HANDLE);
    return false;
}

/* The pair of words (base, size) that the services take. False: the entry has
 * ended. */
static bool load_range(struct call *c, unsigned base_slot, unsigned size_slot,
                       uint32_t *base, uint32_t *bytes)
{
    uint32_t base_at = call_u32(c, base_slot), size_at = call_u32(c, size_slot);
    bool good = probe(c, base_at, 4) && probe(c, size_at, 4);

    if (good) {
        *base = load_u32(c, gva_of(base_at));
        *bytes = load_u32(c, gva_of(size_at));
        good = !call_caught(c);
    }
    if (good || !call_ok(c))
        return good && call_ok(c);
    call_return(c, STATUS_ACCESS_VIOLATION);
    return false;
}

static void store_range(struct call *c, unsigned base_slot, unsigned size_slot,
                        uint32_t base, uint32_t pages)
{
    bool good = service_store(c, call_u32(c, base_slot), base) &&
                service_store(c, call_u32(c, size_slot), pages << PAGE_SHIFT);

    if (call_ok(c))
        call_return(c, good ? STATUS_SUCCESS : STATUS_ACCESS_VIOLATION);
}

/* ---- protection, locks ------------------------------------------------------
 */

/* PAGE_x of the page at @at as its entry has it; NOACCESS: not committed. */
static uint32_t protection_at(const struct nt *nt, uint32_t at)
{
    struct mm *mm = nt->w.mm;
    gva_t va = gva_of(at & ~(uint32_t)PAGE_MASK);
    unsigned rights;

    if (!user_committed(mm, nt_space(nt), va))
        return 0x01;
    rights = pte_entry_rights(mm, va, pte_get(mm, nt_space(nt), va));
    return rights & MM_NOACCESS ? 0x01
           : rights & MM_COPY   ? 0x08
           : rights & MM_W      ? 0x04
                                : 0x02;
}

static bool all_committed(const struct nt *nt, uint32_t base, uint32_t pages)
{
    if (base >= MM_USER_PROBE || pages > (MM_USER_PROBE - base) >> PAGE_SHIFT)
        return false;
    for (uint32_t i = 0; i < pages; i++)
        if (!user_committed(nt->w.mm, nt_space(nt),
                            gva_of(base + (i << PAGE_SHIFT))))
            return false;
    return pages != 0;
}

/* (ProcessHandle, *Base, *Size, NewProtect, *OldProtect) */
void thunk_NtpProtectVirtualMemory(struct call *c)
{
    struct nt *nt = nt_of(c);
    uint32_t base, bytes, pages, old;
    unsigned rights;

    if (!own_process(c) || !load_range(c, 1, 2, &base, &bytes))
        return;
    pages = mm_span(base, bytes);
    base &= ~(uint32_t)PAGE_MASK;
    if (!protection_rights(call_u32(c, 3), &rights)) {
        call_return(c, STATUS_INVALID_PAGE_PROTECTION);
        return;
    }
    old = protection_at(nt, base);
    if (!all_committed(nt, base, pages) ||
        user_protect(nt->w.mm, nt_space(nt), gva_of(base), pages, rights) !=
            HB_OK) {
        call_return(c, STATUS_NOT_COMMITTED);
        return;
    }
    if (!service_store(c, call_u32(c, 4), old)) {
        if (call_ok(c))
            call_return(c, STATUS_ACCESS_VIOLATION);
        return;
    }
    store_range(c, 1, 2, base, pages);
}

/* (ProcessHandle, *Base, *Size, Type): the pages come in; unlocking finds them
 * there. */
void thunk_NtpLockVirtualMemory(struct call *c)
{
    struct nt *nt = nt_of(c);
    uint32_t base, bytes, pages;
    bool good;

    if (!own_process(c) || !load_range(c, 1, 2, &base, &bytes))
        return;
    pages = mm_span(base, bytes);
    base &= ~(uint32_t)PAGE_MASK;
    good = all_committed(nt, base, pages);
    for (uint32_t i = 0; good && i < pages; i++)
        good = paging_make_resident(nt->w.mm, nt_space(nt),
                                    gva_of(base + (i << PAGE_SHIFT)));
    if (good)
        store_range(c, 1, 2, base, pages);
    else
        call_return(c, STATUS_ACCESS_VIOLATION);
}

enum { MEM_FREE = 0x10000, MEM_PRIVATE = 0x20000, MEM_MAPPED = 0x40000 };

/* MEMORY_BASIC_INFORMATION of the page at @at: base, allocation, its
 * protection, size, state, protection, type. */
static void describe(const struct nt *nt, uint32_t at, uint32_t out[7])
{
    const struct area *a = user_area(nt->w.mm, nt_space(nt), gva_of(at));
    uint32_t end = a ? a->start + (a->pages << PAGE_SHIFT) : 0, next = at;

    memset(out, 0, 7 * sizeof out[0]);
    out[0] = at;
    if (a == NULL) {
        out[3] = PAGE_BYTES;
        out[4] = MEM_FREE;
        out[5] = 0x01;
        return;
    }
    out[1] = a->start;
    out[2] = a->rights & MM_W ? 0x04 : 0x02;
    out[5] = protection_at(nt, at);
    out[4] = user_committed(nt->w.mm, nt_space(nt), gva_of(at)) ? MEM_COMMIT
                                                                : MEM_RESERVE;
    if (out[4] == MEM_RESERVE)
        out[5] = 0;
    out[6] = a->kind == AREA_PRIVATE ? MEM_PRIVATE : MEM_MAPPED;
    while (next < end && protection_at(nt, next) == protection_at(nt, at) &&
           user_committed(nt->w.mm, nt_space(nt), gva_of(next)) ==
               (out[4] == MEM_COMMIT))
        next += PAGE_BYTES;
    out[3] = next - at;
}

/* (ProcessHandle, Address, Class 0, *Information, Room, *Bytes opt) */
void thunk_NtpQueryVirtualMemory(struct call *c)
{
    uint32_t out[7], to = call_u32(c, 3), at = call_u32(c, 1);

    if (!own_process(c))
        return;
    if (call_u32(c, 2) != 0)
        call_return(c, STATUS_INVALID_INFO_CLASS);
    else if (call_u32(c, 4) < sizeof out)
        call_return(c, STATUS_INFO_LENGTH_MISMATCH);
    else if (at >= MM_USER_PROBE)
        call_return(c, STATUS_INVALID_PARAMETER);
    else if (!probe(c, to, sizeof out))
        call_return(c, STATUS_ACCESS_VIOLATION);
    else {
        describe(nt_of(c), at & ~(uint32_t)PAGE_MASK, out);
        store(c, gva_of(to), out, sizeof out);
        if (call_caught(c) ||
            (call_u32(c, 5) && !service_store(c, call_u32(c, 5), sizeof out)))
            call_return(c, STATUS_ACCESS_VIOLATION);
        else if (call_ok(c))
            call_return(c, STATUS_SUCCESS);
    }
}
