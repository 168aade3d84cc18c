/* tests/fuzz/board.h -- what the bus fuzzer works on: RAM, buses, clock and
 * devices without a CPU, with media in the drives. */
#ifndef TESTS_FUZZ_BOARD_H
#define TESTS_FUZZ_BOARD_H

#include "bus/bus.h"
#include "halbox/devices.h"

enum { BOARD_RAM = 1 << 20 };

struct board {
    struct ram ram;
    struct clock clock;
    struct events events;
    struct bus *bus;
    const struct device_model *under; /* NULL: all models */
    unsigned options;                 /* settings, drives and bus follow them */
};

/** must() - end the program: halbox has an error. */
void must(bool good);
/** board_build() - what is soldered on every board and @under, or with NULL
 *  all models; the same for the same @options. */
void board_build(struct board *b, const struct device_model *under,
                 unsigned options);
void board_destroy(struct board *b);
/** board_advance() - let @ticks pass as a run loop does; what never ends is
 *  cut, as a machine's limits cut it. */
void board_advance(struct board *b, uint64_t ticks);
/** board_medium() - a new medium of @kind, written on a copy. */
struct medium *board_medium(enum media_kind kind);
/** board_round() - what is saved loads into another board and is saved the
 *  same again. */
void board_round(const struct board *b);
/** board_damaged() - a save with the bytes at @at (times a stride) changed by
 *  @by is refused, or loads as something that runs. */
void board_damaged(const struct board *b, const uint16_t at[4],
                   const uint8_t by[4]);

#endif
