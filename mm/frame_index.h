/* mm/frame_index.h -- private to mm: from a page number to its entry in the
 * vec of frames, and a bit per page in use. Derived from that vec, so not
 * saved; lazily backed by the host, so RAM that nobody uses costs nothing. */
#ifndef MM_FRAME_INDEX_H
#define MM_FRAME_INDEX_H

#include "mm/frames.h"

struct frame_index {
    uint32_t *entry; /* by pfn: index in the vec + 1, 0: free */
    uint64_t *used;  /* bit by pfn */
    uint64_t *full;  /* bit by word of `used`: all ones, a search skips it */
    uint64_t pages;  /* of both */
    uint32_t owned[FRAME_OWNERS]; /* pages in use by owner */
};

struct frame_index *frame_index_create(const struct ram *ram);
void frame_index_destroy(struct frame_index *index);
void frame_index_clear(struct frame_index *index);
void frame_index_set(struct frame_index *index, uint32_t pfn, uint32_t entry);

/** frame_index_next() - lowest page in [from, end) that is used (@used) or
 *  free, or end. */
uint64_t frame_index_next(const struct frame_index *index, bool used,
                          uint64_t from, uint64_t end);
/** frame_index_last() - the highest such page in [from, end), or UINT64_MAX. */
uint64_t frame_index_last(const struct frame_index *index, bool used,
                          uint64_t from, uint64_t end);

#endif
