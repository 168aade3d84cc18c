/* devices/scsi_work.h -- what the parts of a target share: scsi.c (commands and
 * their bytes) and scsi_pages.c (what it says of itself). */
#ifndef DEVICES_SCSI_WORK_H
#define DEVICES_SCSI_WORK_H

#include "scsi.h"

/* Sense keys (8.2.14.3) and additional sense codes (table 71) */
enum {
    NO_SENSE = 0,
    NOT_READY = 2,
    MEDIUM_ERROR = 3,
    ILLEGAL_REQUEST = 5,
    UNIT_ATTENTION = 6,
    DATA_PROTECT = 7,
    MISCOMPARE = 14
};
enum {
    ASC_NOT_READY = 0x04,
    ASC_WRITE_ERROR = 0x0c,
    ASC_READ_ERROR = 0x11,
    ASC_MISCOMPARE = 0x1d,
    ASC_OPCODE = 0x20,
    ASC_LBA = 0x21,
    ASC_CDB_FIELD = 0x24,
    ASC_LUN = 0x25,
    ASC_PARAMETER = 0x26,
    ASC_PROTECTED = 0x27,
    ASC_CHANGED = 0x28,
    ASC_RESET = 0x29,
    ASC_SAVING = 0x39,
    ASC_NO_MEDIUM = 0x3a,
    ASC_REMOVAL = 0x53
};
enum { SCSI_DISK_BLOCK = 512, SCSI_CD_BLOCK = 2048 };

/** A command at work. */
struct scsi_work {
    struct scsi_command *c;
    struct scsi_target *t;
    struct device *dev;
    unsigned drive;
};

static inline uint32_t scsi_be16(const uint8_t *p)
{
    return (uint32_t)p[0] << 8 | p[1];
}

static inline uint32_t scsi_be32(const uint8_t *p)
{
    return scsi_be16(p) << 16 | scsi_be16(p + 2);
}

static inline void scsi_put32(uint8_t *p, uint32_t v)
{
    for (unsigned i = 0; i < 4; i++)
        p[i] = (uint8_t)(v >> 8 * (3 - i));
}

bool scsi_is_cd(const struct scsi_work *w);
uint32_t scsi_block_bytes(const struct scsi_work *w);
/** scsi_blocks() - of the medium, those that 32 bits can number; 0 without. */
uint32_t scsi_blocks(const struct scsi_work *w);

/** scsi_good(), scsi_fail() - the command is over, with sense key and code. */
void scsi_good(struct scsi_work *w);
void scsi_fail(struct scsi_work *w, unsigned key, unsigned asc);
/** scsi_respond() - @n bytes of response[] go to who allocated so many. */
void scsi_respond(struct scsi_work *w, uint32_t n, uint32_t allocated);

/* scsi_pages.c: INQUIRY, of a unit that is @present or not; MODE SENSE; MODE
 * SELECT, before and after its parameters; READ TOC. */
void scsi_inquiry(struct scsi_work *w, bool present);
void scsi_mode_sense(struct scsi_work *w);
void scsi_mode_select(struct scsi_work *w);
void scsi_mode_selected(struct scsi_work *w);
void scsi_toc(struct scsi_work *w);

#endif
