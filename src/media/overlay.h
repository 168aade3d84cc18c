/* src/media/overlay.h -- blocks that were written on a copy, and no others. */
#ifndef MEDIA_OVERLAY_H
#define MEDIA_OVERLAY_H

#include <stdbool.h>
#include <stdint.h>

enum {
    OVERLAY_BLOCK = 4096,
    OVERLAY_FAN = 1024 /* blocks of a table: 4 MiB of the medium */
};

struct overlay {
    uint8_t ***table; /* of tables of blocks; NULL: nothing written there */
    uint64_t blocks;
};

/** overlay_init() - for a medium of @bytes. False: no memory. */
bool overlay_init(struct overlay *o, uint64_t bytes);
void overlay_fini(struct overlay *o);
/** overlay_block() - the bytes of block @index, NULL: not written. */
uint8_t *overlay_block(const struct overlay *o, uint64_t index);
/** overlay_add() - a block that is not there yet, of zeroes; NULL: no memory.
 */
uint8_t *overlay_add(struct overlay *o, uint64_t index);
/** overlay_next() - the first block there is at or after @index; UINT64_MAX. */
uint64_t overlay_next(const struct overlay *o, uint64_t index);

#endif
