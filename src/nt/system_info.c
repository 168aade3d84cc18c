/* src/nt/system_info.c -- ZwQuerySystemInformation. Source: WDK, winternl.h;
 * structures of NT 5.x, i386. A class of one size wants exactly it (the time of
 * day less, too); a list says how much it takes. */
#include "nt/system_info.h"

#include <string.h>

#include "mm/frames.h"
#include "mm/pool.h"
#include "nt/exports.h"
#include "nt/guest.h"
#include "nt/service.h"

enum {
    SYSTEM_BASIC = 0,
    SYSTEM_PROCESSOR = 1,
    SYSTEM_PERFORMANCE = 2,
    SYSTEM_TIME_OF_DAY = 3,
    SYSTEM_PROCESS = 5,
    SYSTEM_PROCESSOR_PERFORMANCE = 8,
    SYSTEM_FLAGS = 9,
    SYSTEM_MODULE = 11,
    SYSTEM_HANDLE = 16,
    SYSTEM_TIME_ADJUSTMENT = 28,
    SYSTEM_KERNEL_DEBUGGER = 35,
    SYSTEM_TIME_ZONE = 44,
};
enum { CLOCK_INCREMENT = 100144, ALLOCATION_GRANULARITY = 0x10000 };
enum { ZONE_BYTES = 172 };

void append(struct call *c, struct answer *a, const void *from, uint32_t bytes)
{
    if (a->used <= a->room && bytes <= a->room - a->used)
        store(c, gva_of(a->at + a->used), from, bytes);
    a->used += bytes;
}

/* ---- of one size
 * -------------------------------------------------------------------
 */

static void basic(const struct nt *nt, uint32_t w[11])
{
    const struct ram *ram = nt->w.ram;
    uint64_t pages = 0, end = 0;

    for (unsigned i = 0; i < ram->ranges; i++) {
        pages += ram->range[i].bytes >> 12;
        end = ram->range[i].start + ram->range[i].bytes;
    }
    w[1] = CLOCK_INCREMENT;
    w[2] = PAGE_MASK + 1;
    w[3] = (uint32_t)pages;
    w[4] = (uint32_t)(ram->range[0].start >> 12);
    w[5] = (uint32_t)(end >> 12) - 1;
    w[6] = ALLOCATION_GRANULARITY;
    w[7] = ALLOCATION_GRANULARITY; /* lowest and highest user address */
    w[8] = MM_USER_PROBE - 1;
    w[9] = 1; /* processors: a mask, a number */
    w[10] = 1;
}

/* Architecture (0: x86), family; model and stepping; CPUID's features. */
static void processor(const struct nt *nt, uint32_t w[3])
{
    const struct cpu_model *m = &nt->w.cpu->model;

    w[0] = (m->signature >> 8 & 15) << 16;
    w[1] = (m->signature >> 4 & 15) << 8 | (m->signature & 15);
    w[2] = m->features;
}

static uint32_t pool_pages(const struct pool *pool)
{
    return (pool->bytes_used + PAGE_MASK) >> 12;
}

enum { /* SYSTEM_PERFORMANCE_INFORMATION, in dwords */
       P_IDLE = 0,
       P_AVAILABLE = 11,
       P_COMMITTED,
       P_COMMIT_LIMIT,
       P_PEAK,
       P_PAGED_POOL = 28,
       P_NONPAGED_POOL,
       P_PAGED_ALLOCATIONS,
       P_NONPAGED_ALLOCATIONS = 32,
       P_FREE_PTES = 34,
       P_WORDS = 78,
};

static void performance(const struct nt *nt, uint32_t w[P_WORDS])
{
    const struct mm *mm = nt->w.mm;
    uint64_t idle = ke_idle_time(nt->w.ke);

    memcpy(w + P_IDLE, &idle, sizeof idle);
    w[P_AVAILABLE] = (uint32_t)frames_free_count(mm);
    w[P_COMMITTED] = w[P_PEAK] = (uint32_t)frames_in_use(mm);
    w[P_COMMIT_LIMIT] = w[P_AVAILABLE] + w[P_COMMITTED];
    w[P_PAGED_POOL] = pool_pages(&mm->s.pool[1]);
    w[P_NONPAGED_POOL] = pool_pages(&mm->s.pool[0]);
    w[P_PAGED_ALLOCATIONS] = mm->s.pool[1].block.count; /* that live */
    w[P_NONPAGED_ALLOCATIONS] = mm->s.pool[0].block.count;
    w[P_FREE_PTES] = mm->s.pte_free;
}

/* When it was booted, and now; no bias, no zone. */
static void times(const struct nt *nt, uint64_t w[6])
{
    w[1] = ke_system_time(nt->w.ke);
    w[0] = w[1] - ke_interrupt_time(nt->w.ke);
}

/* Idle, kernel (idle is part of it), user, DPC, interrupt; interrupts. */
static void processor_times(const struct nt *nt, uint64_t w[6])
{
    w[0] = ke_idle_time(nt->w.ke);
    w[1] = ke_interrupt_time(nt->w.ke);
    w[5] = w[1] / CLOCK_INCREMENT; /* the clock's */
}

/* Bytes of the answer at @out; 0: the class is no such. */
static uint32_t fixed(const struct nt *nt, uint32_t class, uint32_t w[P_WORDS])
{
    uint64_t l[6] = {0};

    memset(w, 0, 4 * P_WORDS);
    switch (class) {
    case SYSTEM_BASIC:
        basic(nt, w);
        return 44;
    case SYSTEM_PROCESSOR:
        processor(nt, w);
        return 12;
    case SYSTEM_PERFORMANCE:
        performance(nt, w);
        return 4 * P_WORDS;
    case SYSTEM_TIME_OF_DAY:
        times(nt, l);
        break;
    case SYSTEM_PROCESSOR_PERFORMANCE:
        processor_times(nt, l);
        break;
    case SYSTEM_FLAGS:
        return 4;
    case SYSTEM_TIME_ADJUSTMENT: /* it is disabled */
        w[0] = w[1] = CLOCK_INCREMENT;
        w[2] = 1;
        return 12;
    case SYSTEM_KERNEL_DEBUGGER: /* not enabled, not present */
        w[0] = 0x0100;
        return 2;
    case SYSTEM_TIME_ZONE: /* UTC: no bias, no names */
        return ZONE_BYTES;
    default:
        return 0;
    }
    memcpy(w, l, sizeof l);
    return sizeof l;
}

/* ---- the service
 * --------------------------------------------------------------------
 */

static uint32_t query(struct call *c, uint32_t class, struct answer *a)
{
    uint32_t out[P_WORDS], bytes = fixed(nt_of(c), class, out);

    if (class == SYSTEM_TIME_OF_DAY && a->room < bytes)
        bytes = a->room;
    if (bytes && a->room == bytes)
        append(c, a, out, bytes);
    else if (bytes)
        a->used = bytes;
    else if (class == SYSTEM_MODULE)
        append_modules(c, a);
    else if (class == SYSTEM_HANDLE)
        append_handles(c, a);
    else if (class == SYSTEM_PROCESS)
        append_processes(c, a);
    else if (class != SYSTEM_TIME_OF_DAY)
        return STATUS_INVALID_INFO_CLASS;
    return a->used > a->room || (bytes && a->used != a->room)
               ? STATUS_INFO_LENGTH_MISMATCH
               : STATUS_SUCCESS;
}

/* NTSTATUS ZwQuerySystemInformation(Class, *Out, Length, *ReturnLength). */
void thunk_ZwQuerySystemInformation(struct call *c)
{
    struct answer a = {.at = call_u32(c, 1), .room = call_u32(c, 2)};
    uint32_t status = STATUS_ACCESS_VIOLATION;

    if (probe(c, a.at, a.room))
        status = query(c, call_u32(c, 0), &a);
    if (call_caught(c))
        status = STATUS_ACCESS_VIOLATION;
    if (call_u32(c, 3) && status != STATUS_INVALID_INFO_CLASS &&
        !service_store(c, call_u32(c, 3), a.used))
        status = STATUS_ACCESS_VIOLATION;
    call_return(c, status);
}
