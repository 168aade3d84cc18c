/* mm/frame_index.c -- see frame_index.h. */
#include "mm/frame_index.h"

#include <stdlib.h>
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

struct frame_index *frame_index_create(const struct ram *ram)
{
    struct frame_index *index = calloc(1, sizeof *index);

    if (!index)
        return NULL;
    index->pages = (ram->top >> PAGE_SHIFT) + 1;
    index->entry = lazy(entry_bytes(index));
    index->used = lazy(used_bytes(index));
    if (!index->entry || !index->used) {
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
    free(index);
}

void frame_index_clear(struct frame_index *index)
{
    madvise(index->entry, entry_bytes(index), MADV_DONTNEED);
    madvise(index->used, used_bytes(index), MADV_DONTNEED);
}

void frame_index_set(struct frame_index *index, uint32_t pfn, uint32_t entry)
{
    uint64_t bit = (uint64_t)1 << (pfn % 64);

    index->entry[pfn] = entry;
    if (entry)
        index->used[pfn / 64] |= bit;
    else
        index->used[pfn / 64] &= ~bit;
}

static uint64_t word_of(const struct frame_index *index, bool used,
                        uint64_t page)
{
    uint64_t word = index->used[page / 64];

    return used ? word : ~word;
}

uint64_t frame_index_next(const struct frame_index *index, bool used,
                          uint64_t from, uint64_t end)
{
    while (from < end) {
        uint64_t word = word_of(index, used, from) >> (from % 64);

        if (word) {
            from += (unsigned)__builtin_ctzll(word);
            return from < end ? from : end;
        }
        from = (from / 64 + 1) * 64;
    }
    return end;
}

uint64_t frame_index_last(const struct frame_index *index, bool used,
                          uint64_t from, uint64_t end)
{
    while (end > from) {
        uint64_t last = end - 1;
        uint64_t word = word_of(index, used, last) << (63 - last % 64);

        if (word) {
            last -= (unsigned)__builtin_clzll(word);
            return last >= from ? last : UINT64_MAX;
        }
        end = last / 64 * 64;
    }
    return UINT64_MAX;
}
