/* tests/devices/ide_dma_test.c -- the PIIX3's IDE bus master: descriptor
 * tables, the status bits of each way to end. Against the 82371SB data sheet,
 * 2.7 and 5.3. */
#include "disk_rig.h"

#include <string.h>

enum { ERR = 1, DRQ = 8, DRDY = 0x40, BSY = 0x80 };
enum { START = 1, TO_MEMORY = 8 };
enum { ACTIVE = 1, ERROR = 2, INTERRUPT = 4 };
enum { SECTORS = 600, SEED = 5, TABLE = 0x8000, AT = 0x100000 };
enum { READ_DMA = 0xc8, WRITE_DMA = 0xca };

static int setup(void **state)
{
    struct bench *b = ide_bench();

    for (unsigned drive = 0; drive < 3; drive++)
        disk_insert(b->dev, drive, MEDIA_DISK, SECTORS * 512, SEED + drive,
                    false);
    ide_start(b);
    *state = b;
    return 0;
}

static void ends(struct bench *b, unsigned channel)
{
    ide_wait_irq(b, channel);
    assert_int_equal(ide_wait(b, channel) & (DRQ | ERR | DRDY), DRDY);
    assert_int_equal(ide_bm_status(b, channel), INTERRUPT);
    ide_in(b, channel, 7);
    ide_bm(b, channel, 0);
    bench_write(b, b->dev, IDE_BM, channel * 8 + 2, 1, INTERRUPT);
    assert_int_equal(ide_bm_status(b, channel), 0);
}

static void reads_over_descriptors_of_odd_sizes(void **state)
{
    static const struct prd prd[] = {
        {AT + 0x10002, 2},        {AT, 1022},
        {AT + 0x20000, 4096},     {AT + 0x1fff0 - 0x2000, 3072},
        {AT + 0x400, 0x8000 | 0}, {AT + 0x40000, 0x1c00 | PRD_EOT}};
    struct bench *b = *state;
    uint32_t from = 40 * 512;

    ide_table(b, 0, TABLE, prd, 6);
    ide_issue(b, 0, READ_DMA, 40, 92); /* 47,104 bytes: all but 1,024 */
    bench_advance_ns(b, 100000);
    assert_int_equal(b->ram[AT], 0); /* not started */
    ide_bm(b, 0, START | TO_MEMORY);
    assert_int_equal(ide_bm_status(b, 0), ACTIVE);
    ide_wait_irq(b, 0);
    for (unsigned i = 0; i < 6; i++) {
        uint32_t n = prd[i].count & 0xffff, end = (40 + 92) * 512;

        if (from + n > end)
            n = end - from;
        disk_check(b->ram + prd[i].at, SEED, from, n);
        from += n;
    }
    /* the table is longer than the transfer: an interrupt, still active */
    assert_int_equal(ide_bm_status(b, 0), INTERRUPT | ACTIVE);
}

static void table_of_the_transfers_size_ends_with_interrupt_alone(void **state)
{
    static const struct prd prd[] = {{AT, 4096 | PRD_EOT}};
    struct bench *b = *state;

    ide_table(b, 0, TABLE, prd, 1);
    ide_bm(b, 0, START | TO_MEMORY); /* before the command: it waits */
    bench_advance_ns(b, 10000);
    assert_int_equal(ide_bm_status(b, 0), ACTIVE);
    ide_issue(b, 0, READ_DMA, 7, 8);
    ends(b, 0);
    disk_check(b->ram + AT, SEED, 7 * 512, 4096);
    assert_int_equal(b->ram[AT + 4096], 0);
}

static void count_0_is_64_kib(void **state)
{
    static const struct prd prd[] = {{AT, 0}, {AT + 0x10000, 0 | PRD_EOT}};
    struct bench *b = *state;

    ide_table(b, 1, TABLE, prd, 2);
    ide_issue(b, 2, READ_DMA, 3, 0);
    ide_bm(b, 1, START | TO_MEMORY);
    ends(b, 1);
    disk_check(b->ram + AT, SEED + 2, 3 * 512, 256 * 512);
}

/* Data sheet, 5.3: Active 0, Interrupt 0, Error 0. */
static void
table_shorter_than_the_transfer_stops_without_interrupt(void **state)
{
    static const struct prd prd[] = {{AT, 1024 | PRD_EOT}};
    struct bench *b = *state;

    ide_table(b, 0, TABLE, prd, 1);
    ide_issue(b, 0, READ_DMA, 7, 8);
    ide_bm(b, 0, START | TO_MEMORY);
    bench_advance_ns(b, 10000000);
    assert_int_equal(ide_bm_status(b, 0), 0);
    assert_false(ide_irq(b, 0));
    assert_int_equal(ide_wait(b, 0) & DRQ, DRQ); /* the drive waits */
    disk_check(b->ram + AT, SEED, 7 * 512, 1024);
    assert_int_equal(b->ram[AT + 1024], 0);
}

static void address_that_nobody_answers_is_error(void **state)
{
    static const struct prd prd[] = {{AT, 512}, {0xd0000000u, 512 | PRD_EOT}};
    struct bench *b = *state;

    ide_table(b, 0, TABLE, prd, 2);
    ide_issue(b, 0, READ_DMA, 0, 2);
    ide_bm(b, 0, START | TO_MEMORY);
    bench_advance_ns(b, 1000000);
    assert_int_equal(ide_bm_status(b, 0), ERROR);
    assert_int_equal(bench_status(b, b->dev) & 0x2000, 0x2000);
    assert_false(ide_irq(b, 0));
    disk_check(b->ram + AT, SEED, 0, 512);
    ide_bm(b, 0, 0);
    bench_write(b, b->dev, IDE_BM, 2, 1, ERROR);
    assert_int_equal(ide_bm_status(b, 0), 0);
}

static void table_that_nobody_answers_is_error(void **state)
{
    struct bench *b = *state;

    bench_write(b, b->dev, IDE_BM, 4, 4, 0xd0000000u);
    ide_issue(b, 0, READ_DMA, 0, 2);
    ide_bm(b, 0, START | TO_MEMORY);
    bench_advance_ns(b, 1000000);
    assert_int_equal(ide_bm_status(b, 0), ERROR);
}

static void writes_what_lies_in_memory(void **state)
{
    static const struct prd prd[] = {
        {AT + 6, 1000}, {AT + 0x8000, 0}, {AT + 0x20000, 4632 | PRD_EOT}};
    struct bench *b = *state;
    uint8_t got[1000];

    bench_fill(b, AT, 0x30000, 77);
    ide_table(b, 0, TABLE, prd, 3);
    ide_issue(b, 1, WRITE_DMA, 100, 139); /* 71,168 bytes */
    ide_bm(b, 0, START);
    ends(b, 0);
    assert_true(media_read(b->dev, 1, 100 * 512, got, 1000));
    assert_memory_equal(got, b->ram + AT + 6, 1000);
    for (uint32_t i = 0; i < 65536; i += 1000) {
        uint32_t n = 65536 - i < 1000 ? 65536 - i : 1000;

        assert_true(media_read(b->dev, 1, 100 * 512 + 1000 + i, got, n));
        assert_memory_equal(got, b->ram + AT + 0x8000 + i, n);
    }
    assert_true(media_read(b->dev, 1, (100 + 139) * 512, got, 512));
    disk_check(got, SEED + 1, (100 + 139) * 512, 512);
}

static void read_and_write_dma_ext_of_more_than_256_sectors(void **state)
{
    static const struct prd prd[] = {
        {AT, 0}, {AT + 0x10000, 0}, {AT + 0x20000, 0x8800 | PRD_EOT}};
    struct bench *b = *state;
    uint8_t got[512];

    ide_table(b, 0, TABLE, prd, 3);
    ide_ext(b, 0, 0x25, 9, 324);
    ide_bm(b, 0, START | TO_MEMORY);
    ends(b, 0);
    disk_check(b->ram + AT, SEED, 9 * 512, 324 * 512);
    ide_table(b, 0, TABLE, prd, 3);
    ide_ext(b, 1, 0x35, 9, 324);
    ide_bm(b, 0, START);
    ends(b, 0);
    assert_true(media_read(b->dev, 1, 332 * 512, got, 512));
    disk_check(got, SEED, 332 * 512, 512);
}

/* What the drive did before the end is there; the error is the drive's. */
static void address_past_the_end_is_the_drives_error(void **state)
{
    static const struct prd prd[] = {{AT, 4096 | PRD_EOT}};
    struct bench *b = *state;

    ide_table(b, 0, TABLE, prd, 1);
    ide_issue(b, 0, READ_DMA, SECTORS - 4, 8);
    ide_bm(b, 0, START | TO_MEMORY);
    ide_wait_irq(b, 0);
    assert_int_equal(ide_wait(b, 0) & (DRQ | ERR), ERR);
    assert_int_equal(ide_in(b, 0, 1), 0x10);
    assert_true(ide_irq(b, 0));
    assert_int_equal(ide_bm_status(b, 0), ACTIVE | INTERRUPT);
    disk_check(b->ram + AT, SEED, (SECTORS - 4) * 512, 2048);
}

static void stop_in_the_middle_cancels_and_start_goes_on(void **state)
{
    static const struct prd prd[] = {{AT, 4096}, {AT + 4096, 4096 | PRD_EOT}};
    static const struct prd rest[] = {{AT + 0x10000, 8192 | PRD_EOT}};
    struct bench *b = *state;

    ide_table(b, 0, TABLE, prd, 2);
    ide_issue(b, 0, READ_DMA, 0, 16);
    while (!(ide_wait(b, 0) & DRQ))
        bench_tick(b);
    ide_bm(b, 0, START | TO_MEMORY);
    bench_advance_ns(b, 2000); /* into the first region */
    ide_bm(b, 0, 0);
    assert_int_equal(ide_bm_status(b, 0), 0);
    bench_advance_ns(b, 1000000);
    assert_false(ide_irq(b, 0));
    assert_int_equal(b->ram[AT + 4096], 0);
    ide_table(b, 0, TABLE, rest, 1);
    ide_bm(b, 0, START | TO_MEMORY);
    ends(b, 0);
}

static void without_bus_master_enable_it_waits(void **state)
{
    static const struct prd prd[] = {{AT, 512 | PRD_EOT}};
    struct bench *b = *state;

    bench_command(b, b->dev, 1);
    ide_table(b, 0, TABLE, prd, 1);
    ide_issue(b, 0, READ_DMA, 0, 1);
    ide_bm(b, 0, START | TO_MEMORY);
    bench_advance_ns(b, 1000000);
    assert_int_equal(ide_bm_status(b, 0), ACTIVE);
    bench_command(b, b->dev, 5);
    ends(b, 0);
    disk_check(b->ram + AT, SEED, 0, 512);
}

static void wrong_direction_moves_nothing(void **state)
{
    static const struct prd prd[] = {{AT, 512 | PRD_EOT}};
    struct bench *b = *state;

    ide_table(b, 0, TABLE, prd, 1);
    ide_issue(b, 0, READ_DMA, 0, 1);
    ide_bm(b, 0, START);
    bench_advance_ns(b, 1000000);
    assert_int_equal(ide_bm_status(b, 0), ACTIVE);
    assert_int_equal(b->ram[AT], 0);
}

static void srst_in_the_middle_leaves_the_bus(void **state)
{
    static const struct prd prd[] = {{AT, 0 | PRD_EOT}};
    struct bench *b = *state;

    ide_table(b, 0, TABLE, prd, 1);
    ide_issue(b, 0, READ_DMA, 0, 128);
    ide_bm(b, 0, START | TO_MEMORY);
    while (!b->ram[AT + 100])
        bench_tick(b);
    bench_write(b, b->dev, IDE_CTL, 0, 1, 4);
    bench_advance_ns(b, 10000000);
    assert_int_equal(b->ram[AT + 60000], 0);
    assert_int_equal(bus_operations(b->bus, NULL, 0), 0);
    bench_write(b, b->dev, IDE_CTL, 0, 1, 0);
    ide_wait(b, 0);
    ide_bm(b, 0, 0);
    ide_issue(b, 0, READ_DMA, 5, 1);
    ide_table(b, 0, TABLE, prd, 1);
    ide_bm(b, 0, START | TO_MEMORY);
    ide_wait_irq(b, 0);
    disk_check(b->ram + AT, SEED, 5 * 512, 512);
}

static void both_channels_run_at_once(void **state)
{
    static const struct prd one[] = {{AT, 0 | PRD_EOT}};
    static const struct prd two[] = {{AT + 0x10000, 0 | PRD_EOT}};
    struct bench *b = *state;

    ide_table(b, 0, TABLE, one, 1);
    ide_table(b, 1, TABLE + 0x100, two, 1);
    ide_issue(b, 0, READ_DMA, 0, 128);
    ide_issue(b, 2, READ_DMA, 0, 128);
    ide_bm(b, 0, START | TO_MEMORY);
    ide_bm(b, 1, START | TO_MEMORY);
    ends(b, 0);
    ends(b, 1);
    disk_check(b->ram + AT, SEED, 0, 65536);
    disk_check(b->ram + AT + 0x10000, SEED + 2, 0, 65536);
}

/* BMICOM, BMISTA, BMIDTP as 8, 16 and 32 bits. */
static void registers_of_the_bus_master(void **state)
{
    struct bench *b = *state;

    for (unsigned c = 0; c < 2; c++) {
        bench_write(b, b->dev, IDE_BM, c * 8 + 4, 4, UINT32_MAX);
        assert_int_equal(bench_read(b, b->dev, IDE_BM, c * 8 + 4, 4),
                         0xfffffffcu);
        bench_write(b, b->dev, IDE_BM, c * 8 + 6, 2, 0x1234);
        assert_int_equal(bench_read(b, b->dev, IDE_BM, c * 8 + 4, 4),
                         0x1234fffcu);
        bench_write(b, b->dev, IDE_BM, c * 8 + 2, 1, 0xff);
        assert_int_equal(ide_bm_status(b, c), 0x60); /* capable bits alone */
        bench_write(b, b->dev, IDE_BM, c * 8 + 2, 1, 0);
        assert_int_equal(ide_bm_status(b, c), 0);
        bench_write(b, b->dev, IDE_BM, c * 8, 1, 0xfe);
        assert_int_equal(bench_read(b, b->dev, IDE_BM, c * 8, 1), TO_MEMORY);
    }
}

/* BMISTA's Interrupt follows the line's edge, PIO too. */
static void interrupt_bit_is_set_by_pio_too(void **state)
{
    struct bench *b = *state;

    ide_issue(b, 0, 0xe7, 0, 0);
    ide_wait(b, 0);
    assert_int_equal(ide_bm_status(b, 0), INTERRUPT);
    bench_write(b, b->dev, IDE_BM, 2, 1, INTERRUPT);
    assert_int_equal(ide_bm_status(b, 0), 0); /* an edge, not the level */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, bench_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(reads_over_descriptors_of_odd_sizes),
        TEST(table_of_the_transfers_size_ends_with_interrupt_alone),
        TEST(count_0_is_64_kib),
        TEST(table_shorter_than_the_transfer_stops_without_interrupt),
        TEST(address_that_nobody_answers_is_error),
        TEST(table_that_nobody_answers_is_error),
        TEST(writes_what_lies_in_memory),
        TEST(read_and_write_dma_ext_of_more_than_256_sectors),
        TEST(address_past_the_end_is_the_drives_error),
        TEST(stop_in_the_middle_cancels_and_start_goes_on),
        TEST(without_bus_master_enable_it_waits),
        TEST(wrong_direction_moves_nothing),
        TEST(srst_in_the_middle_leaves_the_bus),
        TEST(both_channels_run_at_once),
        TEST(registers_of_the_bus_master),
        TEST(interrupt_bit_is_set_by_pio_too),
    };

    return cmocka_run_group_tests_name("ide dma", tests, NULL, NULL);
}
