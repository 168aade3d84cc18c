/* mm/region.h -- the map of virtual memory, for people and tools. */
#ifndef MM_REGION_H
#define MM_REGION_H

#include "mm/mm.h"

struct mm_region {
    const char *name;
    uint32_t start;
    uint64_t end; /* of the byte behind it */
};

/** mm_region_at() - region @index in ascending order; none overlaps another.
 *  False past the last. */
bool mm_region_at(const struct mm *mm, unsigned index, struct mm_region *row);

/** mm_counter_at() - performance counter @index by NT's name for it ("Free
 *  System Page Table Entries"). False past the last. */
bool mm_counter_at(const struct mm *mm, unsigned index, const char **name,
                   uint64_t *value);

#endif
