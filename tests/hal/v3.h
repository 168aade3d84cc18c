/* tests/hal/v3.h -- guests on Windows 8: adapters of DEVICE_DESCRIPTION version
 * 3, transfer contexts, and the routines of their table with named arguments.
 */
#ifndef TESTS_HAL_V3_H
#define TESTS_HAL_V3_H

#include "guest.h"
#include "isa.h"

enum {
    SUCCESS = 0,
    INVALID_PARAMETER = 0xc000000d,
    NOT_IMPLEMENTED = 0xc0000002,
    BUFFER_TOO_SMALL = 0xc0000023,
    INSUFFICIENT_RESOURCES = 0xc000009a,
    NOT_SUPPORTED = 0xc00000bb,
    CANCELLED = 0xc0000120,
};
enum { ASYNCHRONOUS, SYNCHRONOUS };
enum { CONTEXT_BYTES = 64, SLAVE_CHANNEL = 1 };

/** v3_guest() - with an ISA card on channel 1; @interrupt: the controllers
 *  raise IRQ 13 at terminal count. */
struct guest *v3_guest(enum hal_kind kind, bool interrupt);
/** v3_master(), v3_slave() - adapters; the master reaches @bits. */
uint32_t v3_master(struct guest *g, bool sg, unsigned bits, uint32_t bytes);
uint32_t v3_slave(struct guest *g, uint32_t bytes);
/** v3_context() - an initialised DMA transfer context. */
uint32_t v3_context(struct guest *g, uint32_t adapter);
/** v3_hold() - channel and @registers at once, no routine: the base. */
uint32_t v3_hold(struct guest *g, uint32_t adapter, uint32_t context,
                 uint32_t registers);
/** v3_queue() - an asynchronous request with the fixture's routine. */
uint32_t v3_queue(struct guest *g, uint32_t adapter, uint32_t context,
                  uint32_t registers);

/** A MapTransferEx. */
struct v3_map {
    uint32_t adapter, mdl, base;
    uint64_t offset;
    uint32_t bytes, write;
    uint32_t list, list_bytes; /* 0: none */
    uint32_t routine, context; /* of completion */
    uint32_t mapped;           /* out: *Length  */
};
uint32_t v3_map(struct guest *g, struct v3_map *m);
/** v3_flush() - what @m mapped. */
uint32_t v3_flush(struct guest *g, const struct v3_map *m);

/** v3_chain() - buffers of two MDLs, scattered: 1800h bytes at 10h into their
 *  page and 2345h bytes at 0 into theirs. */
enum { FIRST_BYTES = 0x1800, SECOND_BYTES = 0x2345 };
void v3_chain(struct guest *g, struct buffer b[2]);
/** v3_fill(), v3_is() - @bytes from @at on are
 *  @seed and following. */
void v3_fill(struct guest *g, const struct buffer b[2], uint32_t at,
             uint32_t bytes, uint8_t seed);
bool v3_is(const struct guest *g, const struct buffer b[2], uint32_t at,
           uint32_t bytes, uint8_t seed);
/** v3_list_sum() - bytes that the list at @list describes. */
uint32_t v3_list_sum(const struct guest *g, uint32_t list);
/** v3_list_reads()/v3_list_writes() - the card moves the list's bytes, @seed
 *  and following. */
bool v3_list_reads(const struct guest *g, uint32_t list, uint8_t seed);
void v3_list_writes(struct guest *g, uint32_t list, uint8_t seed);
/** v3_time() - virtual time passes at @irql, for interrupts and DPCs. */
void v3_time(struct guest *g, uint8_t irql, uint32_t us);

#endif
