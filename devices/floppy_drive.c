/* devices/floppy_drive.c -- see floppy_drive.h. A raw file has the sectors of
 * track after track, side after side. Deleted data marks are no part of it:
 * they are kept here while the medium is in the drive. Source: ECMA-147 (marks
 * and order of sectors); 82077AA data sheet, DSKCHG and TRK0. */
#include "floppy_drive.h"

#include <string.h>

const struct state_row floppy_drive_rows[] = {
    STATE_INT(struct floppy_drive, track),
    STATE_INT(struct floppy_drive, cleared),
    STATE_INT(struct floppy_drive, marked),
    STATE_BYTES(struct floppy_drive, deleted),
    STATE_END,
};

bool floppy_check(const struct floppy_drive *d)
{
    return d->track <= FLOPPY_LAST_TRACK;
}

const struct floppy_format *floppy_format(const struct device *dev, unsigned n)
{
    return media_present(dev, n) ? floppy_format_of(media_bytes(dev, n)) : NULL;
}

bool floppy_changed(const struct device *dev, unsigned n,
                    const struct floppy_drive *d)
{
    return media_drive(dev, n) != MEDIA_NONE &&
           (!media_present(dev, n) || d->cleared != media_changes(dev, n) + 1);
}

void floppy_step(const struct device *dev, unsigned n, struct floppy_drive *d,
                 bool inwards)
{
    if (inwards && d->track < FLOPPY_LAST_TRACK)
        d->track++;
    else if (!inwards && d->track > 0)
        d->track--;
    if (media_present(dev, n))
        d->cleared = media_changes(dev, n) + 1;
}

static uint32_t index_of(const struct floppy_format *f, struct floppy_sector at)
{
    return ((uint32_t)at.cylinder * f->heads + at.head) * f->sectors +
           at.number - 1u;
}

/* The file may be shorter than its format: there is nothing to be read. */
static uint64_t offset_of(const struct device *dev, unsigned n,
                          struct floppy_sector at)
{
    return (uint64_t)index_of(floppy_format(dev, n), at) * FLOPPY_SECTOR;
}

/* The marks of another medium went with it. */
static void look_at_marks(const struct device *dev, unsigned n,
                          struct floppy_drive *d)
{
    if (d->marked == media_changes(dev, n))
        return;
    d->marked = media_changes(dev, n);
    memset(d->deleted, 0, sizeof d->deleted);
}

bool floppy_read(struct device *dev, unsigned n, struct floppy_sector at,
                 uint8_t *to)
{
    return media_read(dev, n, offset_of(dev, n, at), to, FLOPPY_SECTOR);
}

bool floppy_deleted(struct device *dev, unsigned n, struct floppy_drive *d,
                    struct floppy_sector at)
{
    uint32_t i = index_of(floppy_format(dev, n), at);

    look_at_marks(dev, n, d);
    return d->deleted[i / 8] >> i % 8 & 1;
}

bool floppy_write(struct device *dev, unsigned n, struct floppy_drive *d,
                  struct floppy_sector at, const uint8_t *from, bool deleted)
{
    uint32_t i = index_of(floppy_format(dev, n), at);
    uint8_t bit = (uint8_t)(1u << i % 8);

    if (!media_write(dev, n, offset_of(dev, n, at), from, FLOPPY_SECTOR))
        return false;
    look_at_marks(dev, n, d);
    d->deleted[i / 8] =
        (uint8_t)(deleted ? d->deleted[i / 8] | bit : d->deleted[i / 8] & ~bit);
    return true;
}
