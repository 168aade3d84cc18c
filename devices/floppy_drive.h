/* devices/floppy_drive.h -- a floppy drive at its connector: heads, change
 * line, index, and the sectors of the medium by cylinder, head and number. */
#ifndef DEVICES_FLOPPY_DRIVE_H
#define DEVICES_FLOPPY_DRIVE_H

#include "halbox/device.h"

enum { FLOPPY_LAST_TRACK = FLOPPY_CYLINDERS + 1 }; /* where the heads stop */

struct floppy_drive {
    uint8_t track;    /* that the heads are over                             */
    uint32_t cleared; /* change line: media_changes() + 1 as it was cleared  */
    uint32_t marked;  /* media_changes() of the medium that `deleted` is of  */
    uint8_t deleted[FLOPPY_SECTORS_MOST / 8]; /* sectors with a deleted data
                                                 address mark                */
};
extern const struct state_row floppy_drive_rows[];

/** A sector: what a raw file holds of its ID is where it lies. */
struct floppy_sector {
    uint8_t cylinder, head, number; /* number from 1 */
};

bool floppy_check(const struct floppy_drive *d);
/** floppy_format() - of the medium in drive @n; NULL: none is in it. */
const struct floppy_format *floppy_format(const struct device *dev, unsigned n);
/** floppy_changed() - the change line: a medium was taken out or put in since
 *  the last step with one in the drive, or none is in it. */
bool floppy_changed(const struct device *dev, unsigned n,
                    const struct floppy_drive *d);
/** floppy_step() - a step pulse, towards the hub or outwards. */
void floppy_step(const struct device *dev, unsigned n, struct floppy_drive *d,
                 bool inwards);
/** floppy_read()/floppy_write() - a sector's bytes and whether its data address
 *  mark is the deleted one. False: the host's file failed, or ends before. */
bool floppy_read(struct device *dev, unsigned n, struct floppy_sector at,
                 uint8_t *to);
bool floppy_deleted(struct device *dev, unsigned n, struct floppy_drive *d,
                    struct floppy_sector at);
bool floppy_write(struct device *dev, unsigned n, struct floppy_drive *d,
                  struct floppy_sector at, const uint8_t *from, bool deleted);

#endif
