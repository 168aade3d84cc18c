/* tests/devices/disk_rig.h -- media of a test's own in drives of a device, and
 * an IDE function driven by its registers. */
#ifndef TESTS_DEVICES_DISK_RIG_H
#define TESTS_DEVICES_DISK_RIG_H

#include "bench.h"

/** disk_insert() - a new file of @bytes with disk_byte(@seed, i) in it, in a
 *  drive. The file has no name any more when this returns. Writes go to a copy,
 *  with @read_only nowhere. */
void disk_insert(struct device *dev, unsigned drive, enum media_kind kind,
                 uint64_t bytes, unsigned seed, bool read_only);
uint8_t disk_byte(unsigned seed, uint64_t at);
/** disk_check() - bytes [@at, + @n) of @got are those of the medium's @from. */
void disk_check(const uint8_t *got, unsigned seed, uint64_t from, uint32_t n);

/* ---- IDE; window numbers of the model ---- */

enum { IDE_CMD = 0, IDE_CTL = 1, IDE_BM = 4 };

/** ide_bench() - the function alone, started by ide_start(): both channels
 *  decode, bus master enabled. Drives are put in before. */
struct bench *ide_bench(void);
void ide_start(struct bench *b);

uint8_t ide_in(struct bench *b, unsigned channel, unsigned reg);
void ide_out(struct bench *b, unsigned channel, unsigned reg, uint8_t value);
/** ide_issue() - select @drive, task file of a 28-bit address, @command. */
void ide_issue(struct bench *b, unsigned drive, uint8_t command, uint32_t lba,
               uint8_t count);
/** ide_ext() - as that with a 48-bit address. */
void ide_ext(struct bench *b, unsigned drive, uint8_t command, uint64_t lba,
             uint16_t count);
/** ide_wait() - time passes until BSY is 0. Returns the alternate status. */
uint8_t ide_wait(struct bench *b, unsigned channel);
/** ide_wait_irq() - time passes until the channel interrupts. */
void ide_wait_irq(struct bench *b, unsigned channel);
bool ide_irq(struct bench *b, unsigned channel);
/** ide_words_in()/out() - @bytes through the data port, as words. */
void ide_words_in(struct bench *b, unsigned channel, void *to, uint32_t bytes);
void ide_words_out(struct bench *b, unsigned channel, const void *from,
                   uint32_t bytes);
/** ide_packet() - PACKET with 12 bytes, @limit the byte count; until after the
 *  packet was taken and the drive has done with it. Returns the status. */
uint8_t ide_packet(struct bench *b, unsigned drive, const uint8_t *packet,
                   uint16_t limit, bool dma);

struct prd {
    uint32_t at, count; /* count | EOT */
};
#define PRD_EOT 0x80000000u
/** ide_table() - descriptors at @at, into BMIDTP of @channel. */
void ide_table(struct bench *b, unsigned channel, uint32_t at,
               const struct prd *prd, unsigned n);
/** ide_bm()/ide_bm_status() - BMICOM, BMISTA. */
void ide_bm(struct bench *b, unsigned channel, uint8_t value);
uint8_t ide_bm_status(struct bench *b, unsigned channel);

#endif
