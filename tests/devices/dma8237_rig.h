/* tests/devices/dma8237_rig.h -- a data card on a channel of the 8237 pair, and
 * programming the pair as a driver does. */
#ifndef TESTS_DEVICES_DMA8237_RIG_H
#define TESTS_DEVICES_DMA8237_RIG_H

#include "bench.h"

enum {
    CARD_DATA = 0,
    CARD_CONTROL = 4,
    CARD_STATUS = 6,
    CARD_POINTER = 8,
    CARD_COUNT = 10,
    CARD_PERIOD = 12,
    CARD_BURST = 14
};
enum {
    RUN = 1,
    TO_MEMORY = 2,
    IRQ = 4,
    CONTINUE = 8,
    SINGLE = 0,
    DEMAND = 0x10,
    BLOCK = 0x20
};
enum {
    MODE_READ = 0x08,
    MODE_WRITE = 0x04,
    MODE_VERIFY = 0,
    MODE_AUTO = 0x10,
    MODE_DOWN = 0x20,
    MODE_DEMAND = 0,
    MODE_SINGLE = 0x40,
    MODE_BLOCK = 0x80,
    MODE_CASCADE = 0xc0
};

/** dma_setup_on() - the card on @channel, channel 4 carrying the first chip.
 *  dma_setup() - on channel 1; dma_setup_words() - on channel 5. */
int dma_setup_on(void **state, int channel);
int dma_setup(void **state);
int dma_setup_words(void **state);

/** Ports of a channel, and of register 8-15 of its chip. */
uint16_t address_port(unsigned ch);
uint16_t count_port(unsigned ch);
uint16_t page_port(unsigned ch);
uint16_t control_port(unsigned ch, unsigned reg);
/** Low byte, then high. */
void write_word(struct bench *b, uint16_t port, unsigned value);
unsigned read_word(struct bench *b, uint16_t port);

void mask(struct bench *b, unsigned ch);
void unmask(struct bench *b, unsigned ch);
/** program() - mask @ch, set mode, address, page and count (units - 1). */
void program(struct bench *b, unsigned ch, unsigned mode, unsigned address,
             unsigned page, unsigned count);

/** The card's buffer holds card_byte(i) at i; its pointer stands at 0. */
void fill_card(struct bench *b, unsigned bytes);
uint8_t card_byte(unsigned i);
void assert_card_bytes(const uint8_t *at, unsigned from, unsigned n);

#endif
