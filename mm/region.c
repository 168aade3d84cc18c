/* mm/region.c -- see region.h. Source: mm fact sheet 4 and 5, KB Q189327; names
 * of counters as Performance Monitor shows them under "Memory". */
#include "mm/region.h"

#include "mm/frame_index.h"
#include "mm/pagefile.h"
#include "mm/paging.h"
#include "mm/system.h"

enum region {
    USER,
    KERNEL_IMAGES,
    NONPAGED,
    SYSTEM_VIEWS,
    PAGE_TABLES,
    HYPERSPACE,
    CACHE_WORKING_SET,
    SYSTEM_CACHE,
    PAGED,
    SYSTEM_PTES,
    NONPAGED_EXPANSION,
    CRASH_DUMP,
    HAL,
    REGIONS
};

static const char *const name[REGIONS] = {
    [USER] = "user",
    [KERNEL_IMAGES] = "kernel and HAL images",
    [NONPAGED] = "nonpaged pool",
    [SYSTEM_VIEWS] = "system mapped views",
    [PAGE_TABLES] = "page tables",
    [HYPERSPACE] = "hyperspace",
    [CACHE_WORKING_SET] = "system cache working set",
    [SYSTEM_CACHE] = "system cache",
    [PAGED] = "paged pool",
    [SYSTEM_PTES] = "system PTEs",
    [NONPAGED_EXPANSION] = "nonpaged pool expansion",
    [CRASH_DUMP] = "crash dump",
    [HAL] = "HAL",
};

/* Where each begins, and so where the one before ends. What nobody uses in this
 * machine (views, cache, the expansion) is reserved all the same. */
static uint32_t start_of(const struct mm *mm, enum region r)
{
    static const uint32_t fixed[REGIONS] = {
        [USER] = 0,
        [KERNEL_IMAGES] = MM_SYSTEM_START,
        [NONPAGED] = MM_NONPAGED_POOL,
        [SYSTEM_VIEWS] = MM_NONPAGED_POOL_END,
        [PAGE_TABLES] = MM_SELF_MAP,
        [CACHE_WORKING_SET] = 0xc0c00000,
        [SYSTEM_CACHE] = 0xc1000000,
        [PAGED] = MM_PAGED_POOL,
        [SYSTEM_PTES] = MM_SYSTEM_PTES,
        [CRASH_DUMP] = MM_CRASH_DUMP,
        [HAL] = 0xffc00000,
    };

    switch (r) {
    case HYPERSPACE:
        return mm->s.settings.pae ? 0xc0800000 : 0xc0400000;
    case NONPAGED_EXPANSION:
        return MM_SYSTEM_PTES + sysptes_total(mm) * PAGE_BYTES;
    default:
        return fixed[r];
    }
}

bool mm_region_at(const struct mm *mm, unsigned index, struct mm_region *row)
{
    if (index >= REGIONS)
        return false;
    row->name = name[index];
    row->start = start_of(mm, index);
    row->end = index + 1 < REGIONS ? start_of(mm, index + 1)
                                   : (uint64_t)UINT32_MAX + 1;
    return true;
}

bool mm_counter_at(const struct mm *mm, unsigned index, const char **counter,
                   uint64_t *value)
{
    const struct {
        const char *name;
        uint64_t value;
    } row[] = {
        {"Free System Page Table Entries", sysptes_free_count(mm)},
        {"System Page Table Entries", sysptes_total(mm)},
        {"Available Bytes", frames_free_count(mm) * PAGE_BYTES},
        {"Pool Nonpaged Bytes", mm->s.pool[0].bytes_used},
        {"Pool Paged Bytes", mm->s.pool[1].bytes_used},
        {"Pool Paged Resident Bytes",
         (uint64_t)mm->index->owned[FRAME_PAGED_POOL] * PAGE_BYTES},
        {"Committed Bytes", paging_commit(mm) * PAGE_BYTES},
        {"Commit Limit", paging_limit(mm) * PAGE_BYTES},
        {"Page File Bytes", (uint64_t)pagefile_used(mm) * PAGE_BYTES},
    };

    if (index >= sizeof row / sizeof *row)
        return false;
    *counter = row[index].name;
    *value = row[index].value;
    return true;
}
