/* devices/dma8237.h -- what the two files of the 8237 pair share: its state and
 * the side that the DMA engine drives. */
#ifndef DEVICES_DMA8237_H
#define DEVICES_DMA8237_H

#include "halbox/device.h"

enum { CHIPS = 2, CHANNELS = 8, CASCADE = 4, ALL = 15 };
enum {
    COMMAND_MEMORY = 1 << 0,
    COMMAND_HOLD = 1 << 1,
    COMMAND_DISABLE = 1 << 2,
    COMMAND_ROTATE = 1 << 4,
    COMMAND_DREQ_LOW = 1 << 6
};
enum { MODE_TYPE = 2, MODE_AUTO = 1 << 4, MODE_DOWN = 1 << 5, MODE_KIND = 6 };
enum { TYPE_VERIFY, TYPE_WRITE, TYPE_READ }; /* as the memory sees it */
enum { KIND_DEMAND, KIND_SINGLE, KIND_BLOCK, KIND_CASCADE };
enum { EXT_WORDS_SHIFTED = 1, EXT_WORDS = 3 }; /* addressing of 40Bh, 4D6h */

struct channel {
    uint32_t base_address, address; /* units on a shifted channel */
    uint32_t base_count, count;     /* units - 1 */
    uint8_t mode;
    uint8_t extended; /* EISA addressing mode */
    uint8_t high;     /* EISA: its high page was written: 32 bits, no wrap */
};

struct chip {
    uint8_t command, tc, request, mask, temporary, high_byte, last;
};

struct dma8237 {
    struct device dev;
    struct channel channel[CHANNELS];
    struct chip chip[CHIPS];
    uint8_t page[16], page_high[CHANNELS];
    uint8_t dreq;  /* levels as on the wires */
    uint8_t block; /* channel + 1 that holds the bus till TC */
    uint8_t phase; /* memory to memory: 1 between its read and its write */
    uint64_t eisa; /* settings */
    uint64_t interrupt;
};

/** dma8237_interrupt() - the line is as the channels' terminal counts say. */
void dma8237_interrupt(struct dma8237 *s);

/** dma8237_logical() - where the channel's next unit goes. */
uint64_t dma8237_logical(const struct dma8237 *s, unsigned ch);
/** dma8237_dreq() - is the channel's line active, by the command's sense? */
bool dma8237_dreq(const struct dma8237 *s, unsigned ch);
/** dma8237_asking() - the asking channel of highest priority of @chip, -1. */
int dma8237_asking(const struct dma8237 *s, unsigned chip);

/* struct dma_controller, and the temporary register's data(). */
bool dma8237_next(const struct device *dev, unsigned *channel,
                  struct dma_cycle *cycle);
void dma8237_moved(struct device *dev, unsigned ch, uint32_t units);
bool dma8237_cascaded(const struct device *dev, unsigned ch);
void dma8237_data(struct device *dev, unsigned ch, uint8_t *bytes, uint32_t n,
                  enum dma_dir dir);

#endif
