/* devices/ide.h -- what the files of the PIIX3's IDE function share.
 *
 *   piix3_ide.c    the PCI function: windows, configuration, bus master
 *   ide_channel.c  one cable: task file, data port, interrupt, reset
 *   ide_ata.c      a disk: commands            ide_identify.c  what both say
 *   ide_atapi.c    a CD-ROM drive: packets     ide_scsi.c      their commands
 *
 * A command runs in steps on the clock: the core says how long (ide_later) and
 * is called again (ata_go, atapi_go); it offers bytes of the channel's buffer
 * (ide_offer), and is called (ata_over, atapi_over) when the host or the bus
 * master has moved them. Nothing is read from or written to a medium inside a
 * register access. Docs: docs/devices/piix3_ide.md. */
#ifndef DEVICES_IDE_H
#define DEVICES_IDE_H

#include "halbox/device.h"

enum { IDE_CHANNELS = 2, IDE_DRIVES = 4, IDE_BUFFER = 1 << 16 };
enum { SECTOR_BYTES = 512, CD_SECTOR_BYTES = 2048, PACKET_BYTES = 12 };
enum { ATA_BLOCK = 128 }; /* most sectors of READ MULTIPLE */

/* Command block registers (ATA-6, 7) */
enum {
    IDE_DATA,
    IDE_ERROR, /* write: Features */
    IDE_COUNT, /* ATAPI: interrupt reason */
    IDE_LOW,
    IDE_MID,  /* ATAPI: byte count low */
    IDE_HIGH, /* ATAPI: byte count high */
    IDE_DEVICE,
    IDE_STATUS /* write: Command */
};
enum {
    STATUS_ERR = 1 << 0, /* CHK of a packet device */
    STATUS_DRQ = 1 << 3,
    STATUS_DSC = 1 << 4, /* seek complete, SERV */
    STATUS_DF = 1 << 5,
    STATUS_DRDY = 1 << 6,
    STATUS_BSY = 1 << 7
};
enum {
    ERROR_ABRT = 1 << 2,
    ERROR_IDNF = 1 << 4,
    ERROR_UNC = 1 << 6,
    ERROR_ICRC = 1 << 7
};
enum { DEVICE_DEV = 1 << 4, DEVICE_LBA = 1 << 6 };
enum { CONTROL_NIEN = 1 << 1, CONTROL_SRST = 1 << 2, CONTROL_HOB = 1 << 7 };
enum { REASON_CD = 1, REASON_IO = 2 };

/* Bus master registers (82371SB, 4.3) */
enum { BM_START = 1 << 0, BM_TO_MEMORY = 1 << 3 };
enum { BM_ACTIVE = 1 << 0, BM_ERROR = 1 << 1, BM_INTERRUPT = 1 << 2 };

/** How bytes of the buffer are moved. */
enum ide_way { WAY_NONE, WAY_PIO_IN, WAY_PIO_OUT, WAY_DMA_IN, WAY_DMA_OUT };

/** What a disk's command moves, or a packet device waits for. */
enum ide_what {
    WHAT_NOTHING, /* ends with `failed`                     */
    WHAT_MEDIUM,  /* sectors                                */
    WHAT_VERIFY,  /* sectors that nobody sees               */
    WHAT_BUFFER,  /* one block that the buffer holds        */
    WHAT_TAKE,    /* one block into the buffer              */
    WHAT_PACKET,  /* the command packet                     */
    WHAT_RUN,     /* the packet is there                    */
    WHAT_REPLY,   /* `reply` bytes of the buffer            */
    WHAT_ANSWER   /* status, when the last bytes have gone  */
};

struct ide_drive {
    /* [0] as written last, [1] as before (HOB; ATA-6, 6.20) */
    uint8_t feature[2], count[2], low[2], mid[2], high[2];
    uint8_t device, status, error;
    uint8_t irq;      /* INTRQ, before nIEN */
    uint8_t multiple; /* sectors of a block; 0: off */
    uint8_t dma_mode; /* 20h | n MWDMA, 40h | n UDMA, 0 none chosen */
    uint8_t standby;
    uint8_t heads, sectors; /* of the CHS translation */
    /* packet device */
    uint8_t sense, asc, ascq;
    uint8_t attention; /* additional sense code of a unit attention, 0 none */
    uint8_t changed;   /* media event to report: 0 none, 2 new, 3 removed */
    uint8_t open, locked;
    uint32_t changes; /* of media_changes() */
};

struct ide_channel {
    uint8_t control;
    uint8_t line;     /* level of IRQ14 or IRQ15 */
    uint8_t selected; /* 0 or 1: DEV */
    uint8_t owner;    /* the drive at work */
    uint8_t command, packet[PACKET_BYTES];
    uint8_t way, what, dma;
    uint8_t failed; /* Error register of the end */
    uint8_t ext;    /* 48-bit addresses */
    uint16_t block; /* sectors of one */
    uint16_t held;  /* sectors that the buffer holds */
    uint32_t left;  /* sectors to go, the buffer's included */
    uint32_t reply; /* bytes of the buffer */
    uint64_t lba;
    uint32_t at, end; /* of the buffer: offered to who moves */
    /* bus master */
    uint8_t bm_command, bm_status;
    uint32_t bm_table; /* as written */
    uint32_t bm_next;  /* of the next descriptor */
    uint32_t prd[2];   /* the one at work, as in memory */
    uint32_t prd_at, prd_left;
    uint32_t bm_moving; /* bytes of the operation that is posted */
    uint8_t bm_posted;
};

struct ide {
    struct device dev;
    struct ide_channel channel[IDE_CHANNELS];
    struct ide_drive drive[IDE_DRIVES];
    uint8_t config[8];      /* 40h-47h: IDETIM, SIDETIM */
    uint64_t rate, command; /* settings: MB/s, ns */
};

/* Steps; + channel */
enum { STEP_GO = 0, STEP_RESET = 2, STEP_PRD = 4, STEP_MOVED = 6 };

/* ---- ide_channel.c: for the cores ---- */

struct ide_channel *ide_channel_of(struct ide *s, unsigned drive);
/** The drive is there; its kind. */
bool ide_exists(const struct ide *s, unsigned drive);
bool ide_is_packet(const struct ide *s, unsigned drive);
/** BSY, and the core goes on after a command's time and that of @bytes. */
void ide_later(struct ide *s, unsigned drive, uint32_t bytes);
/** DRQ: [@at, @at + @bytes) of the buffer are there to be moved by c->way. */
void ide_offer(struct ide *s, unsigned drive, uint32_t at, uint32_t bytes,
               bool irq);
/** The command is over; @error is 0 or the Error register. */
void ide_end(struct ide *s, unsigned drive, uint8_t error, bool irq);
/** Bytes of the channel's buffer. */
uint8_t *ide_buffer(struct ide *s, unsigned drive, uint32_t at, uint32_t bytes);
/** The bytes offered are over: by the bus master. */
void ide_over(struct ide *s, unsigned channel);
void ide_signature(struct ide *s, unsigned drive);
void ide_reset_drive(struct ide *s, unsigned drive);

/* ---- ide_channel.c: for the function ---- */

uint32_t ide_read(const struct ide *s, unsigned channel, unsigned reg);
uint32_t ide_take(struct ide *s, unsigned channel, unsigned bytes);
uint32_t ide_peek_data(const struct ide *s, unsigned channel, unsigned bytes);
void ide_give(struct ide *s, unsigned channel, unsigned bytes, uint32_t value);
void ide_write(struct ide *s, unsigned channel, unsigned reg, uint8_t value);
void ide_status_read(struct ide *s, unsigned channel);
void ide_control_write(struct ide *s, unsigned channel, uint8_t value);
void ide_go(struct ide *s, unsigned channel);
void ide_reset_over(struct ide *s, unsigned channel);
bool ide_channel_good(const struct ide_channel *c);

/* ---- piix3_ide.c ---- */

/** The drive offers bytes for DMA: the bus master goes on, if it is started. */
void bm_run(struct ide *s, unsigned channel);
/** INTRQ of the channel's selected drive changed. */
void ide_line(struct ide *s, unsigned channel, bool level);

/* ---- the cores ---- */

void ata_command(struct ide *s, unsigned drive, uint8_t command);
void ata_go(struct ide *s, unsigned drive);
void ata_over(struct ide *s, unsigned drive);
void ata_defaults(struct ide *s, unsigned drive);
uint64_t ata_sectors(const struct ide *s, unsigned drive);
void ata_identify(const struct ide *s, unsigned drive, uint8_t *out);
void atapi_identify(const struct ide *s, unsigned drive, uint8_t *out);
/** SET FEATURES and the power commands, which both have; false: not one. */
bool ide_common_command(struct ide *s, unsigned drive, uint8_t command);

void atapi_command(struct ide *s, unsigned drive, uint8_t command);
void atapi_go(struct ide *s, unsigned drive);
void atapi_over(struct ide *s, unsigned drive);
/** Run the packet: sets c->what, reply, lba, left, or a sense. */
void scsi_run(struct ide *s, unsigned drive);
void atapi_sense(struct ide_drive *d, uint8_t key, uint8_t asc, uint8_t ascq);
/** Medium there and the tray closed; notes a change of the medium. */
bool atapi_ready(struct ide *s, unsigned drive);

#endif
