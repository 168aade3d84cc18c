/* src/media/floppy.c -- formats of floppies, known by the size of the file.
 * Sources: ECMA-147 and its like for tracks, sectors and rates; Ralf Brown's
 * Interrupt List, CMOS 10h, for the drives. */
#include "halbox/media.h"

enum {
    SLOW = 1 << FLOPPY_250K,
    /* 5.25 inch at 300 turns a minute, or at 360 in a drive of 1.2M */
    EITHER = 1 << FLOPPY_250K | 1 << FLOPPY_300K,
    HIGH = 1 << FLOPPY_500K,
    EXTRA = 1 << FLOPPY_1M
};
enum { DRIVE_360K = 1, DRIVE_1200K, DRIVE_720K, DRIVE_1440K, DRIVE_2880K };

#define FORMAT(cylinders, heads, sectors, track, rates, drive)                 \
    {                                                                          \
        (cylinders) * (heads) * (sectors)*FLOPPY_SECTOR, track, cylinders,     \
            heads, sectors, rates, drive                                       \
    }

static const struct floppy_format formats[] = {
    FORMAT(40, 1, 8, 6250, EITHER, DRIVE_360K),   /* 160K            */
    FORMAT(40, 1, 9, 6250, EITHER, DRIVE_360K),   /* 180K            */
    FORMAT(40, 2, 8, 6250, EITHER, DRIVE_360K),   /* 320K            */
    FORMAT(40, 2, 9, 6250, EITHER, DRIVE_360K),   /* 360K            */
    FORMAT(80, 2, 9, 6250, SLOW, DRIVE_720K),     /* 720K            */
    FORMAT(80, 2, 15, 10416, HIGH, DRIVE_1200K),  /* 1.2M            */
    FORMAT(80, 2, 18, 12500, HIGH, DRIVE_1440K),  /* 1.44M           */
    FORMAT(80, 2, 21, 12500, HIGH, DRIVE_1440K),  /* 1.68M, "DMF"    */
    FORMAT(82, 2, 21, 12500, HIGH, DRIVE_1440K),  /* 1.72M           */
    FORMAT(80, 2, 36, 25000, EXTRA, DRIVE_2880K), /* 2.88M           */
};

enum { FORMATS = sizeof formats / sizeof *formats };

const struct floppy_format *floppy_format_of(uint64_t bytes)
{
    unsigned i = 0;

    while (i < FORMATS - 1 && formats[i].bytes < bytes)
        i++;
    return &formats[i];
}
