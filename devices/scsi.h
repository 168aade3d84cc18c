/* devices/scsi.h -- SCSI-2 targets (disk, CD-ROM) behind any host adapter: a
 * command goes in, bytes go in or out in pieces, a status comes back. How bytes
 * reach memory is the adapter's. Source: ANSI X3.131 (SCSI-2), 8, 9, 14. */
#ifndef DEVICES_SCSI_H
#define DEVICES_SCSI_H

#include "halbox/device.h"

enum { SCSI_GOOD = 0, SCSI_CHECK = 2 };
enum { SCSI_CDB = 12, SCSI_SENSE = 18, SCSI_RESPONSE = 256 };
enum scsi_phase { SCSI_STATUS, SCSI_IN, SCSI_OUT };

/** A target between commands. */
struct scsi_target {
    uint8_t key, asc, ascq; /* sense of the last command               */
    uint8_t attention;      /* ASC of a unit attention to tell, 0 none */
    bool stopped;
    bool open, locked; /* a CD drive's tray; locked: PREVENT */
    uint32_t changes;  /* of the medium, that it knows of */
    bool located;      /* there is a block that the sense is about */
    uint32_t lba;      /* that block */
};

/** The command at work. */
struct scsi_command {
    uint8_t phase;  /* enum scsi_phase: what it wants next         */
    uint8_t status; /* when phase is SCSI_STATUS                   */
    bool media;     /* bytes are the medium's; else of response[]  */
    bool check;     /* bytes are compared, not written             */
    uint8_t cdb[SCSI_CDB];
    uint64_t at;   /* of the next byte on the medium or in response */
    uint32_t left; /* bytes that it still wants to move             */
    uint8_t response[SCSI_RESPONSE];
};

extern const struct state_row scsi_target_rows[], scsi_command_rows[];

/** scsi_reset() - power-on or reset of a target. */
void scsi_reset(struct scsi_target *t, const struct device *dev,
                unsigned drive);
/** scsi_begin() - @cdb to logical unit @lun of the target at @drive of @dev. */
void scsi_begin(struct scsi_command *c, struct scsi_target *t,
                struct device *dev, unsigned drive, unsigned lun,
                const uint8_t cdb[SCSI_CDB]);
/** scsi_in(), scsi_out() - the next @n bytes, at most c->left; whole blocks
 *  unless they are the last. When none is left, or at an error, the phase is
 *  SCSI_STATUS. */
void scsi_in(struct scsi_command *c, struct scsi_target *t, struct device *dev,
             unsigned drive, uint8_t *to, uint32_t n);
void scsi_out(struct scsi_command *c, struct scsi_target *t, struct device *dev,
              unsigned drive, const uint8_t *from, uint32_t n);
/** scsi_sense() - sense data as REQUEST SENSE gives it; it is told then. */
void scsi_sense(struct scsi_target *t, uint8_t sense[SCSI_SENSE]);

#endif
