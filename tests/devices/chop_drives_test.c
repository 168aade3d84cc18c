/* tests/devices/chop_drives_test.c -- cuts of what disks and CDs move through
 * the IDE function's descriptors, floppies by channel 2, and SCSI adapters'
 * mailboxes. */
#include "chop.h"
#include "disk_rig.h"
#include "fdc_rig.h"
#include "scsi_rig.h"

/* ---- IDE ---------------------------------------------------------------- */

enum { TABLE = 0x20ff8, BM_TO_MEMORY = 8, BM_START = 1 };

/* A table across a page, regions across pages; the disk is drive 0, the CD
 * drive 1 of channel 0. */
static struct bench *drives(uint8_t direction)
{
    static const struct prd prd[] = {
        {0x30ffa, 10}, {0x41100, 300}, {0x5fff0, 0x1000 | PRD_EOT}};
    struct bench *b = ide_bench();

    disk_insert(b->dev, 0, MEDIA_DISK, 9 * 512, 1, false);
    disk_insert(b->dev, 1, MEDIA_CDROM, 5 * 2048, 2, true);
    ide_start(b);
    bench_fill(b, 0x30000, 2 * 4096, 3);
    bench_fill(b, 0x41000, 4096, 4);
    bench_fill(b, 0x5f000, 2 * 4096, 5);
    ide_table(b, 0, TABLE, prd, 3);
    ide_bm(b, 0, direction);
    return b;
}

static struct bench *started(struct bench *b, uint8_t direction)
{
    bench_trace(b, "dma_*,line,finding,media_*");
    ide_bm(b, 0, direction | BM_START);
    return b;
}

static struct bench *disk_reads(void)
{
    struct bench *b = drives(BM_TO_MEMORY);

    ide_issue(b, 0, 0xc8, 7, 1);
    return started(b, BM_TO_MEMORY);
}

static struct bench *disk_writes(void)
{
    struct bench *b = drives(0);

    ide_issue(b, 0, 0xca, 7, 1);
    return started(b, 0);
}

static struct bench *cd_reads(void)
{
    static const uint8_t attention[12] = {0x00};
    static const uint8_t read[12] = {0x28, 0, 0, 0, 0, 3, 0, 0, 1};
    struct bench *b = drives(BM_TO_MEMORY);

    ide_packet(b, 1, attention, 0, false);
    ide_packet(b, 1, read, 0, true);
    return started(b, BM_TO_MEMORY);
}

/* ---- floppies ----------------------------------------------------------- */

/* @n bytes by channel 2 and a command; @fifo: CONFIGURE's second byte. */
static struct bench *floppy(uint8_t command, uint8_t mode, unsigned n,
                            uint8_t fifo)
{
    struct bench *b = fdc_ready(160 << 10);

    bench_fill(b, FDC_BUFFER, 4096, 5);
    FDC(b, 0x13, 0, fifo, 0);
    fdc_channel(b, mode, n);
    bench_trace(b, "dma_*,line,finding,media_*");
    FDC(b, command, 0, 0, 0, 8, 2, 8, 0x2a, 1);
    return b;
}

static struct bench *floppy_reads(void)
{
    return floppy(0x46, 0x46, 40, 0x30);
}

static struct bench *floppy_reads_by_fifo(void)
{
    return floppy(0x46, 0x06, 512, 0x17);
}

static struct bench *floppy_writes(void)
{
    return floppy(0x45, 0x4a, 40, 0x30);
}

static struct bench *floppy_writes_by_fifo(void)
{
    return floppy(0x45, 0x0a, 512, 0x17);
}

/* In block mode the 8237 asks not whether there is more: nothing is there. */
static struct bench *floppy_reads_in_block_mode(void)
{
    return floppy(0x46, 0x86, 40, 0x17);
}

static struct bench *floppy_scans(void)
{
    return floppy(0x59, 0x4a, 40, 0x1c);
}

static struct bench *floppy_formats(void)
{
    static const uint8_t ids[] = {0, 0, 1, 2, 0, 0, 2, 2, 0, 0, 3, 2};
    struct bench *b = fdc_ready(160 << 10);

    ram_write(&b->mem, gpa_of(FDC_BUFFER), ids, sizeof ids);
    fdc_channel(b, 0x4a, sizeof ids);
    bench_trace(b, "dma_*,line,finding,media_*");
    FDC(b, 0x4d, 0, 2, 3, 0x50, 0xf6);
    return b;
}

/* ---- SCSI ---------------------------------------------------------------- */

enum { OP_PLAIN = 0, OP_LIST = 2, OP_LIST_REST = 4, SCSI_DISK = 3 };

/* A disk that has told its attention; a list across pages with more room than
 * a block needs. */
static struct ha *scsi(const char *card)
{
    struct ha *r = ha_create(card, true);
    uint32_t at = r->at + HA_BUFFER;

    disk_insert(r->b->dev, SCSI_DISK, MEDIA_DISK, 9 * 512, 1, false);
    ha_power_on(r);
    bench_fill(r->b, at, 3 * 4096, 3);
    ha_mailboxes(r, 1);
    ha_ccb(r, OP_PLAIN, SCSI_DISK, "\0\0\0\0\0\0", 6, 0, 0);
    ha_start(r, 0);
    ha_segment(r, 0, at + 0xffa, 10);
    ha_segment(r, 1, at + 0x10, 3);
    ha_segment(r, 2, at + 0x1e80, 520);
    ha_segment(r, 3, at + 0x200, 77);
    return r;
}

static struct bench *posted(struct ha *r, unsigned op, const char *cdb,
                            uint32_t bytes)
{
    ha_ccb(r, op, SCSI_DISK, cdb, 6, r->at + HA_LIST, bytes);
    bench_trace(r->b, "dma_*,line,finding,media_*");
    ha_post(r, 0, 1);
    return ha_leave(r);
}

static struct bench *aha1542_reads(void)
{
    return posted(scsi("aha1542"), OP_LIST_REST, "\x08\0\0\7\1\0", 4 * 6);
}

static struct bench *aha1542_has_sense(void)
{
    return posted(scsi("aha1542"), OP_PLAIN, "\xc0\0\0\0\0\0", 0);
}

static struct bench *buslogic_writes(void)
{
    return posted(scsi("buslogic"), OP_LIST, "\x0a\0\0\7\1\0", 4 * 8);
}

static const struct scenario scenarios[] = {
    {"disk_reads", disk_reads, 1},
    {"disk_writes", disk_writes, 1},
    {"cd_reads", cd_reads, 7},
    {"floppy_reads", floppy_reads, 1},
    {"floppy_reads_by_fifo", floppy_reads_by_fifo, 11},
    {"floppy_reads_in_block_mode", floppy_reads_in_block_mode, 3},
    {"floppy_writes", floppy_writes, 1},
    {"floppy_writes_by_fifo", floppy_writes_by_fifo, 11},
    {"floppy_scans", floppy_scans, 1},
    {"floppy_formats", floppy_formats, 1},
    {"aha1542_reads", aha1542_reads, 3},
    {"aha1542_has_sense", aha1542_has_sense, 1},
    {"buslogic_writes", buslogic_writes, 3},
};

CHOP_TESTS(scenarios)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grain_changes_nothing),
        cmocka_unit_test(save_of_a_load_is_the_save),
        cmocka_unit_test(save_at_each_byte_and_load_changes_nothing),
    };

    return cmocka_run_group_tests_name("chop drives", tests, NULL, NULL);
}
