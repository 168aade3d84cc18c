/* include/halbox/media.h -- what lies in a device's drives: disks, CDs and
 * floppies as runs of bytes. A model says in `drives` which kinds each of its
 * drives takes; the board puts drives and media there. Reading and writing is
 * the host's work and takes no virtual time: that is the model's to spend.
 * Design: docs/media.md. */
#ifndef HALBOX_MEDIA_H
#define HALBOX_MEDIA_H

#include <stdbool.h>
#include <stdint.h>

struct device;

/** Kinds of drives; a model's `drives` holds the sum of those it takes. */
enum media_kind {
    MEDIA_NONE = 0,
    MEDIA_DISK = 1,   /* fixed: its medium never changes  */
    MEDIA_CDROM = 2,  /* removable, read only             */
    MEDIA_FLOPPY = 4, /* removable                        */
};

enum { MEDIA_DRIVES = 16 };

/** media_drive() - the kind of drive that is connected as @drive; MEDIA_NONE:
 *  none. An empty drive has a kind and no medium. */
enum media_kind media_drive(const struct device *dev, unsigned drive);
/** media_present() - is there a medium in it? */
bool media_present(const struct device *dev, unsigned drive);
/** media_bytes() - size of the medium, 0 when there is none. */
uint64_t media_bytes(const struct device *dev, unsigned drive);
/** media_read_only() - writes are refused (also without a medium). */
bool media_read_only(const struct device *dev, unsigned drive);
/** media_changes() - how often the medium was put in or taken out while the
 *  machine ran: a model that remembers the number sees a change. */
uint32_t media_changes(const struct device *dev, unsigned drive);
/**
 * media_read()/media_write() - bytes [@offset, + @bytes) of the medium.
 *
 * False, with nothing written: not all of it lies inside the medium, there is
 * none, it is read only, or the host's file failed. What the guest is told is
 * the device's error for a sector that cannot be read or written.
 */
bool media_read(struct device *dev, unsigned drive, uint64_t offset, void *to,
                uint32_t bytes);
bool media_write(struct device *dev, unsigned drive, uint64_t offset,
                 const void *from, uint32_t bytes);

/** How a floppy's tracks are laid out; sectors have 512 bytes. */
struct floppy_format {
    uint32_t bytes;       /* of all its sectors                              */
    uint16_t track_bytes; /* of a revolution: gaps, marks and sectors, MFM   */
    uint8_t cylinders, heads, sectors;
    uint8_t rates;      /* bit n: can be read at data rate n of a controller */
    uint8_t drive_type; /* of its drive, as CMOS byte 10h tells it           */
};
enum { FLOPPY_SECTOR = 512, FLOPPY_CYLINDERS = 82, FLOPPY_SECTORS_MOST = 5760 };
/** Data rates as DSR and CCR of an 82077AA count them. */
enum floppy_rate { FLOPPY_500K, FLOPPY_300K, FLOPPY_250K, FLOPPY_1M };
/** floppy_format_of() - the format of a file of @bytes: the smallest that holds
 *  it, the largest for one that is too long. */
const struct floppy_format *floppy_format_of(uint64_t bytes);

#endif
