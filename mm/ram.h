/* mm/ram.h -- physical RAM: a sparse mapping of the host, linear by physical
 * address. Nothing costs in proportion to RAM that nobody touched. */
#ifndef MM_RAM_H
#define MM_RAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "halbox/addr.h"
#include "halbox/status.h"

enum { RAM_RANGES = 4 };
/** Below 1 MiB the host bridge says, by blocks, whether RAM answers reads and
 *  writes, or the bus does; at first the bus does. */
enum {
    SHADOW_START = 0xa0000,
    SHADOW_END = 0x100000,
    SHADOW_BYTES = 0x4000,
    SHADOW_BLOCKS = (SHADOW_END - SHADOW_START) / SHADOW_BYTES,
};
enum { RAM_READS = 1, RAM_WRITES = 2 };
#define RAM_MOST ((uint64_t)64 << 30)

/** A run of RAM in physical space; both page aligned. */
struct ram_range {
    uint64_t start, bytes;
};

/** Called before @lines (bit n: bytes 64n to 64n + 63) of the page at @page
 *  are written, where some of them hold code that ram_keep_code() told of. */
typedef void ram_code_fn(void *context, gpa_t page, uint64_t lines);

struct watches;
struct ram {
    uint8_t *base;  /* host address of gpa 0                              */
    uint64_t top;   /* first gpa above all RAM: size of the host mapping   */
    uint64_t bytes; /* RAM in all                                          */
    struct ram_range range[RAM_RANGES]; /* ascending, holes between           */
    unsigned ranges;
    uint8_t shadow[SHADOW_BLOCKS]; /* RAM_READS | RAM_WRITES; saved */
    uint64_t *dirty;   /* bit per page: written since dirty was last cleared  */
    uint64_t *touched; /* bit per page: written since creation                */
    uint64_t *touched_groups; /* bit per 64 words of `touched`: to find them  */
    /* By page: lines of 64 bytes that somebody keeps decoded, and for how many
     * more asks the page may not be written freely (RAM_OPEN: it may now). */
    uint64_t *code;
    uint8_t *guard;
    ram_code_fn *on_code; /* wiring: who is told, not saved */
    void *on_code_context;
    struct watches *watches; /* wiring: NULL while nothing is watched */
};

/** ram_create() - @ranges ascending, page aligned, not overlapping. */
enum hb_status ram_create(struct ram *ram, const struct ram_range *ranges,
                          unsigned count, struct hb_error *error);
void ram_destroy(struct ram *ram);

/** ram_is() - do all @bytes from @at lie in RAM? Never wraps. ram_reads() and
 *  ram_writes() - does RAM answer reads of them, writes to them? */
bool ram_is(const struct ram *ram, gpa_t at, uint64_t bytes);
bool ram_reads(const struct ram *ram, gpa_t at, uint64_t bytes);
bool ram_writes(const struct ram *ram, gpa_t at, uint64_t bytes);
/** ram_shadow() - what RAM answers of the block at @at (RAM_READS,
 *  RAM_WRITES); whoever keeps host addresses of it asks again. */
void ram_shadow(struct ram *ram, uint32_t at, unsigned answers);
/** ram_host() - host address of RAM byte @at for reading, NULL if not RAM. The
 *  run of RAM around it reaches at least to the end of its page. */
uint8_t *ram_host(const struct ram *ram, gpa_t at);
/** ram_mark() - @bytes from @at, inside one page of RAM, are about to be
 *  written. Whoever writes through a host pointer marks first. */
void ram_mark(struct ram *ram, gpa_t at, uint64_t bytes);
/** ram_open() - mark the page of @at for writes that will not be marked: a TLB
 *  write entry when it is filled. False: it holds code, or did a moment ago;
 *  mark each write. */
bool ram_open(struct ram *ram, gpa_t at);

/** ram_keep_code() - code from @at, inside one page, is kept decoded: writes
 *  to its lines are to be told of. True: the page was open, so the caller takes
 *  the fast way of writing from every TLB entry of it (tlb_close_page()). */
bool ram_keep_code(struct ram *ram, gpa_t at, uint64_t bytes);
/** ram_code() - the lines of @page that writes are told of; ram_set_code() -
 *  they are fewer now. */
uint64_t ram_code(const struct ram *ram, gpa_t page);
void ram_set_code(struct ram *ram, gpa_t page, uint64_t lines);
/** ram_lines() - the lines that @bytes from @at, inside one page, lie in. */
uint64_t ram_lines(gpa_t at, uint64_t bytes);

/** Little-endian loads and stores; outside RAM reads give all ones and writes
 *  vanish (nothing answers the bus). Any alignment, may cross pages. */
uint8_t ram_read8(const struct ram *ram, gpa_t at);
uint16_t ram_read16(const struct ram *ram, gpa_t at);
uint32_t ram_read32(const struct ram *ram, gpa_t at);
uint64_t ram_read64(const struct ram *ram, gpa_t at);
void ram_write8(struct ram *ram, gpa_t at, uint8_t v);
void ram_write16(struct ram *ram, gpa_t at, uint16_t v);
void ram_write32(struct ram *ram, gpa_t at, uint32_t v);
void ram_write64(struct ram *ram, gpa_t at, uint64_t v);
/** ram_read()/ram_write() - a run of bytes; false if any byte is not RAM, then
 *  nothing was moved. All writes of this header are the kernel's or the page
 *  walk's, to a watch: who writes through a host pointer tells it himself. */
bool ram_read(const struct ram *ram, gpa_t at, void *to, uint64_t bytes);
bool ram_write(struct ram *ram, gpa_t at, const void *from, uint64_t bytes);

/** ram_next_touched() - the first touched page at or above @page, or
 *  UINT64_MAX. ram_next_dirty() - the first that was written since ram_clean().
 */
uint64_t ram_next_touched(const struct ram *ram, uint64_t page);
uint64_t ram_next_dirty(const struct ram *ram, uint64_t page);
/** ram_clean() - no page is dirty. Whoever writes without marking asks again:
 *  tlb_write_protect() goes with it. */
void ram_clean(struct ram *ram);
/** ram_put_page() - page number @page as it was: @bytes of it, or NULL: nobody
 *  had touched it. */
void ram_put_page(struct ram *ram, uint64_t page, const uint8_t *bytes);

#endif
