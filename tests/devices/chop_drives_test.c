/* tests/devices/chop_drives_test.c -- cuts of what disks and CDs move through
 * the IDE function's descriptors. */
#include "chop.h"
#include "disk_rig.h"

/* ---- drives ------------------------------------------------------------- */

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

static const struct scenario scenarios[] = {
    {"disk_reads", disk_reads, 1},
    {"disk_writes", disk_writes, 1},
    {"cd_reads", cd_reads, 7},
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
