/* mm/frame_index.c -- see frame_index.h. */
#include "mm/frame_index.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static void *lazy(size_t bytes)
{
    void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    return p == MAP_FAILED ? NULL : p;
}

static size_t entry_bytes(const struct frame_index *index)
{
    return index->pages * sizeof *index->entry;
}

static size_t used_bytes(const struct frame_index *index)
{
    return (index->pages + 63) / 64 * sizeof *index->used;
}

static size_t full_bytes(const struct frame_index *index)
{
    return (index->pages + 4095) / 4096 * sizeof *index->full;
}

struct frame_index *frame_index_create(const struct ram *ram)
{
    struct frame_index *index = calloc(1, sizeof *index);

    if (!index)
        return NULL;
    index->pages = (ram->top >> PAGE_SHIFT) + 1;
    index->entry = lazy(entry_bytes(index));
    index->used = lazy(used_bytes(index));
    index->full = lazy(full_bytes(index));
    if (!index->entry || !index->used || !index->full) {
        frame_index_destroy(index);
        return NULL;
    }
    return index;
}

void frame_index_destroy(struct frame_index *index)
{
    if (!index)
        return;
    if (index->entry)
        munmap(index->entry, entry_bytes(index));
    if (index->used)
        munmap(index->used, used_bytes(index));
    if (index->full)
        munmap(index->full, full_bytes(index));
    free(index);
}

void frame_index_clear(struct frame_index *index)
{
    madvise(index->entry, entry_bytes(index), MADV_DONTNEED);
    madvise(index->used, used_bytes(index), MADV_DONTNEED);
    madvise(index->full, full_bytes(index), MADV_DONTNEED);
    memset(index->owned, 0, sizeof index->owned);
}

static void put_bit(uint64_t *map, uint64_t i, bool set)
{
    uint64_t bit = (uint64_t)1 << (i % 64);

    map[i / 64] = set ? map[i / 64] | bit : map[i / 64] & ~bit;
}

void frame_index_set(struct frame_index *index, uint32_t pfn, uint32_t entry)
{
    index->entry[pfn] = entry;
    put_bit(index->used, pfn, entry);
    put_bit(index->full, pfn / 64, index->used[pfn / 64] == UINT64_MAX);
}

static uint64_t word_of(const uint64_t *map, bool ones, uint64_t i)
{
    return ones ? map[i / 64] : ~map[i / 64];
}

/* Lowest bit in [from, end) that is @ones, or end. */
static uint64_t next_bit(const uint64_t *map, bool ones, uint64_t from,
                         uint64_t end)
{
    while (from < end) {
        uint64_t word = word_of(map, ones, from) >> (from % 64);

        if (word) {
            from += (unsigned)__builtin_ctzll(word);
            return from < end ? from : end;
        }
        from = (from / 64 + 1) * 64;
    }
    return end;
}

/* Highest such bit, or UINT64_MAX. */
static uint64_t last_bit(const uint64_t *map, bool ones, uint64_t from,
                         uint64_t end)
{
    while (end > from) {
        uint64_t last = end - 1;
        uint64_t word = word_of(map, ones, last) << (63 - last % 64);

        if (word) {
            last -= (unsigned)__builtin_clzll(word);
            return last >= from ? last : UINT64_MAX;
        }
        end = last / 64 * 64;
    }
    return UINT64_MAX;
}

uint64_t frame_index_next(const struct frame_index *index, bool used,
                          uint64_t from, uint64_t end)
{
    if (!used && from < end) { /* over whole words that are full */
        uint64_t word =
            next_bit(index->full, false, from / 64, (end - 1) / 64 + 1);

        from = word * 64 > from ? word * 64 : from;
    }
    return from < end ? next_bit(index->used, used, from, end) : end;
}

uint64_t frame_index_last(const struct frame_index *index, bool used,
                          uint64_t from, uint64_t end)
{
    if (!used && from < end) {
        uint64_t word =
            last_bit(index->full, false, from / 64, (end - 1) / 64 + 1);

        if (word == UINT64_MAX)
            return UINT64_MAX;
        end = (word + 1) * 64 < end ? (word + 1) * 64 : end;
    }
    return last_bit(index->used, used, from, end);
}
