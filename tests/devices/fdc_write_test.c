/* tests/devices/fdc_write_test.c -- commands of the 82077AA to which the host
 * gives bytes, and deleted data marks: Intel data sheet (290166), 4.2 and 5.1,
 * tables 5-4 and 5-5; the scans by the Intel 8272A data sheet. */
#include "fdc_rig.h"

#include <string.h>

enum { TO_MEMORY = 0x46, FROM_MEMORY = 0x4a, FROM_MEMORY_DEMAND = 0x0a };

/* Sectors of 360K as the medium has them. */
static void medium(struct bench *b, unsigned c, unsigned h, unsigned r,
                   uint8_t to[512])
{
    uint64_t at = ((c * 2ull + h) * 9 + r - 1) * 512;

    assert_true(media_read(b->dev, 0, at, to, 512));
}

static bool is_untouched(struct bench *b, unsigned c, unsigned h, unsigned r)
{
    uint8_t got[512];

    medium(b, c, h, r, got);
    for (unsigned i = 0; i < 512; i++)
        if (got[i] !=
            disk_byte(FDC_SEED, ((c * 2ull + h) * 9 + r - 1) * 512 + i))
            return false;
    return true;
}

static void given(struct bench *b, uint32_t bytes, uint8_t seed)
{
    bench_fill(b, FDC_BUFFER, bytes, seed);
}

/* bench_fill()'s bytes from @from on. */
static void has(struct bench *b, unsigned c, unsigned h, unsigned r,
                uint8_t seed, unsigned from, unsigned n)
{
    uint8_t got[512];

    medium(b, c, h, r, got);
    for (unsigned i = 0; i < n; i++)
        assert_int_equal(got[i], (uint8_t)(seed + 7 * (from + i)));
    for (unsigned i = n; i < 512; i++)
        assert_int_equal(got[i], 0);
}

/* ---- WRITE DATA -----------------------------------------------------------
 */

static void write_data_by_dma_until_terminal_count(void **state)
{
    (void)state;
    for (uint8_t fifo = 0; fifo < 3; fifo++) {
        static const uint8_t configure[] = {0x30, 0x17, 0x1f};
        struct bench *b = fdc_ready(K360);

        FDC(b, 0x13, 0, configure[fifo], 0);
        fdc_seek(b, 4);
        given(b, 1024, 9);
        fdc_channel(b, fifo ? FROM_MEMORY_DEMAND : FROM_MEMORY, 1024);
        FDC(b, 0xc5, 0, 4, 0, 9, 2, 9, 0x2a, 0xff);
        FDC_EXPECT(b, 0x04, 0, 0, 4, 1, 2, 2);
        has(b, 4, 0, 9, 9, 0, 512);
        has(b, 4, 1, 1, 9, 512, 512);
        assert_true(is_untouched(b, 4, 0, 8) && is_untouched(b, 4, 1, 2));
        bench_destroy(b);
    }
}

/* The rest of the sector is zeroes. */
static void terminal_count_inside_a_sector(void **state)
{
    struct bench *b = fdc_ready(K360);

    (void)state;
    given(b, 700, 9);
    fdc_channel(b, FROM_MEMORY, 700);
    FDC(b, 0x45, 0, 0, 0, 3, 2, 9, 0x2a, 0xff);
    FDC_EXPECT(b, 0, 0, 0, 0, 0, 5, 2);
    has(b, 0, 0, 3, 9, 0, 512);
    has(b, 0, 0, 4, 9, 512, 188);
    assert_true(is_untouched(b, 0, 0, 5));
    bench_destroy(b);
}

static void write_protect_is_nw(void **state)
{
    struct bench *b = fdc_ready_with(K360, true, 0);

    (void)state;
    FDC(b, 0x45, 0, 0, 0, 3, 2, 9, 0x2a, 0xff);
    FDC_EXPECT(b, 0x40, 0x02, 0, 0, 0, 3, 2);
    FDC(b, 0x49, 0, 0, 0, 3, 2, 9, 0x2a, 0xff);
    FDC_EXPECT(b, 0x40, 0x02, 0, 0, 0, 3, 2);
    FDC(b, 0x4d, 0, 2, 9, 0x50, 0xf6);
    assert_true(bench_run_until_irq(b));
    assert_int_equal(bench_in8(b, FDC_FIFO), 0x40);
    assert_int_equal(bench_in8(b, FDC_FIFO), 0x02);
    assert_true(is_untouched(b, 0, 0, 3));
    bench_destroy(b);
}

static void underrun(void **state)
{
    struct bench *b = fdc_ready(K360);

    (void)state;
    FDC(b, 0x45, 0, 0, 0, 3, 2, 9, 0x2a, 0xff);
    FDC_EXPECT(b, 0x40, 0x10, 0, 0, 0, 3, 2);
    /* a FIFO of 16 bytes and no more of them */
    FDC(b, 0x03, 0xf1, 0x03);
    FDC(b, 0x13, 0, 0x17, 0);
    FDC(b, 0x45, 0, 0, 0, 4, 2, 9, 0x2a, 0xff);
    bench_run_until_irq(b);
    for (unsigned i = 0; i < 16; i++) {
        assert_int_equal(bench_in8(b, FDC_MSR), 0xb0);
        bench_out8(b, FDC_FIFO, (uint8_t)(9 + 7 * i));
    }
    assert_int_equal(bench_in8(b, FDC_MSR), 0x30);
    assert_true(bench_run_until_irq(b)); /* more is asked for */
    assert_int_equal(bench_in8(b, FDC_MSR), 0xb0);
    bench_advance_ns(b, 9 * 32000);
    bench_out8(b, FDC_FIFO, 1);
    assert_int_equal(bench_in8(b, FDC_MSR), 0x30);
    FDC_EXPECT(b, 0x40, 0x10, 0, 0, 0, 4, 2);
    has(b, 0, 0, 4, 9, 0, 16);
    bench_destroy(b);
}

static void non_dma_mode_without_fifo(void **state)
{
    struct bench *b = fdc_ready(K360);

    (void)state;
    FDC(b, 0x03, 0xf1, 0x03);
    FDC(b, 0x45, 0, 0, 0, 2, 2, 2, 0x2a, 0xff);
    for (unsigned i = 0; i < 512; i++) {
        assert_true(bench_run_until_irq(b));
        assert_int_equal(bench_in8(b, FDC_MSR), 0xb0);
        bench_out8(b, FDC_FIFO, (uint8_t)(1 + 7 * i));
        assert_int_equal(bench_in8(b, FDC_MSR), 0x30);
    }
    FDC_EXPECT(b, 0x40, 0x80, 0, 1, 0, 1, 2);
    has(b, 0, 0, 2, 1, 0, 512);
    bench_destroy(b);
}

/* A request comes when no more than the threshold are left, until it is full.
 */
static void non_dma_mode_with_each_fifo_threshold(void **state)
{
    (void)state;
    for (uint8_t threshold = 0; threshold < 16; threshold++) {
        struct bench *b = fdc_ready(K360);
        unsigned i = 0, requests = 0;
        unsigned n = threshold < 14 ? 15u - threshold : 1;

        FDC(b, 0x03, 0xf1, 0x03);
        FDC(b, 0x13, 0, 0x10 | threshold, 0);
        FDC(b, 0x45, 0, 0, 0, 2, 2, 2, 0x2a, 0xff);
        for (; i < 512; requests++) {
            unsigned k = 0;

            assert_true(bench_run_until_irq(b));
            for (; bench_in8(b, FDC_MSR) & 0x80; k++)
                bench_out8(b, FDC_FIFO, (uint8_t)(1 + 7 * i++));
            if (!requests)
                assert_int_equal(k, 16);
            else if (i < 512)
                assert_int_equal(k, n);
        }
        FDC_EXPECT(b, 0x40, 0x80, 0, 1, 0, 1, 2);
        has(b, 0, 0, 2, 1, 0, 512);
        bench_destroy(b);
    }
}

/* Behind the end of the file there is nothing to be written. */
static void a_sector_that_the_host_cannot_write(void **state)
{
    struct bench *b = fdc_ready(K720 + 1000);

    (void)state;
    bench_out8(b, FDC_CCR, 0);
    fdc_seek(b, 79);
    fdc_channel(b, FROM_MEMORY, 512);
    FDC(b, 0x45, 0, 79, 0, 1, 2, 15, 0x1b, 0xff);
    FDC_EXPECT(b, 0x40, 0x20, 0x20, 79, 0, 1, 2);
    bench_destroy(b);
}

/* ---- deleted data marks ---------------------------------------------------
 */

/* Sectors 1 and 3 as usual, 2 and 4 with the deleted mark. */
static struct bench *with_deleted(void)
{
    struct bench *b = fdc_ready(K360);

    for (uint8_t r = 2; r <= 4; r += 2) {
        given(b, 512, r);
        fdc_channel(b, FROM_MEMORY, 512);
        FDC(b, 0x49, 0, 0, 0, r, 2, 9, 0x2a, 0xff);
        FDC_EXPECT(b, 0, 0, 0, 0, 0, (uint8_t)(r + 1), 2);
        has(b, 0, 0, r, r, 0, 512);
    }
    bench_fill(b, FDC_BUFFER, 4096, 0);
    return b;
}

/* Table 5-4. */
static void read_data_and_sk(void **state)
{
    struct bench *b = with_deleted();

    (void)state;
    /* SK 0: a deleted sector is read, and ends the command; ID is its own */
    fdc_channel(b, TO_MEMORY, 2048);
    FDC(b, 0x46, 0, 0, 0, 1, 2, 9, 0x2a, 0xff);
    FDC_EXPECT(b, 0x00, 0, 0x40, 0, 0, 2, 2);
    disk_check(b->ram + FDC_BUFFER, FDC_SEED, 0, 512);
    assert_int_equal(b->ram[FDC_BUFFER + 512 + 1], 2 + 7);
    /* SK 1: it is skipped */
    fdc_channel(b, TO_MEMORY, 1024);
    FDC(b, 0x66, 0, 0, 0, 1, 2, 9, 0x2a, 0xff);
    FDC_EXPECT(b, 0x00, 0, 0x40, 0, 0, 4, 2);
    disk_check(b->ram + FDC_BUFFER, FDC_SEED, 0, 512);
    disk_check(b->ram + FDC_BUFFER + 512, FDC_SEED, 1024, 512);
    bench_destroy(b);
}

/* Table 5-5. */
static void read_deleted_data_and_sk(void **state)
{
    struct bench *b = with_deleted();

    (void)state;
    fdc_channel(b, TO_MEMORY, 2048);
    FDC(b, 0x4c, 0, 0, 0, 2, 2, 9, 0x2a, 0xff);
    FDC_EXPECT(b, 0x00, 0, 0x40, 0, 0, 3, 2);
    assert_int_equal(b->ram[FDC_BUFFER + 1], 2 + 7);
    disk_check(b->ram + FDC_BUFFER + 512, FDC_SEED, 1024, 512);
    fdc_channel(b, TO_MEMORY, 1024);
    FDC(b, 0x6c, 0, 0, 0, 1, 2, 9, 0x2a, 0xff);
    FDC_EXPECT(b, 0x00, 0, 0x40, 0, 0, 5, 2);
    assert_int_equal(b->ram[FDC_BUFFER + 1], 2 + 7);
    assert_int_equal(b->ram[FDC_BUFFER + 513], 4 + 7);
    bench_destroy(b);
}

static void verify_and_sk(void **state)
{
    struct bench *b = with_deleted();

    (void)state;
    FDC(b, 0x56, 0, 0, 0, 1, 2, 9, 0x2a, 0xff);
    FDC_EXPECT(b, 0x00, 0, 0x40, 0, 0, 2, 2);
    FDC(b, 0x76, 0, 0, 0, 1, 2, 9, 0x2a, 0xff);
    FDC_EXPECT(b, 0x00, 0, 0x40, 1, 0, 1, 2);
    bench_destroy(b);
}

/* WRITE DATA makes it a usual one again, and so does another medium. */
static void a_mark_lasts_as_long_as_the_medium_is_in(void **state)
{
    struct bench *b = with_deleted();

    (void)state;
    fdc_channel(b, FROM_MEMORY, 512);
    FDC(b, 0x45, 0, 0, 0, 2, 2, 9, 0x2a, 0xff);
    FDC_EXPECT(b, 0, 0, 0, 0, 0, 3, 2);
    FDC(b, 0x56, 0, 0, 0, 1, 2, 9, 0x2a, 0xff);
    FDC_EXPECT(b, 0x00, 0, 0x40, 0, 0, 4, 2);
    disk_insert(b->dev, 0, MEDIA_FLOPPY, K360, FDC_SEED, false);
    FDC(b, 0x56, 0, 0, 0, 1, 2, 9, 0x2a, 0xff);
    FDC_EXPECT(b, 0x00, 0, 0, 1, 0, 1, 2);
    bench_destroy(b);
}

/* ---- SCAN -----------------------------------------------------------------
 */

/* Sectors 2, 4, 6 of a scan by @step: what the host has is sector 4's bytes,
 * each
 * @more than there, but FFh where the medium has it. */
static void scan(uint8_t command, int more, uint8_t step, uint8_t st2,
                 uint8_t sector)
{
    struct bench *b = fdc_ready(K360);

    for (uint8_t r = 2; r <= 6; r++) {
        memset(b->ram + FDC_BUFFER, r * 16, 512);
        b->ram[FDC_BUFFER + 100] = (uint8_t)(r == 4 ? 0xff : r * 16);
        fdc_channel(b, FROM_MEMORY, 512);
        FDC(b, 0x45, 0, 0, 0, r, 2, 9, 0x2a, 0xff);
        FDC_EXPECT(b, 0, 0, 0, 0, 0, (uint8_t)(r + 1), 2);
    }
    for (unsigned i = 0; i < 3; i++) {
        memset(b->ram + FDC_BUFFER + 512 * i, 64 + more, 512);
        b->ram[FDC_BUFFER + 512 * i + 7] = 0xff; /* matches all */
    }
    fdc_channel(b, FROM_MEMORY, 1536);
    FDC(b, command, 0, 0, 0, 2, 2, (uint8_t)(step == 2 ? 6 : 4), 0x2a, step);
    FDC_EXPECT(b, 0x00, 0, st2, (uint8_t)(sector == 1), 0, sector, 2);
    bench_destroy(b);
}

static void scan_equal(void **state)
{
    (void)state;
    scan(0x51, 0, 2, 0x08, 4);
    scan(0x51, 0, 1, 0x08, 4);
    scan(0x51, 1, 2, 0x04, 7 - 6); /* not satisfied at the end of the track */
}

static void scan_low_or_equal(void **state)
{
    (void)state;
    scan(0x59, 0, 2, 0x00, 2); /* the medium's 32 are less than 64 */
    scan(0x59, -32, 2, 0x08, 2);
    scan(0x59, -40, 2, 0x04, 1);
}

static void scan_high_or_equal(void **state)
{
    (void)state;
    scan(0x5d, -1, 2, 0x00, 4);
    scan(0x5d, 0, 2, 0x08, 4);
    scan(0x5d, 60, 2, 0x04, 1);
}

/* ---- FORMAT TRACK ---------------------------------------------------------
 */

static void ids(struct bench *b, uint8_t c, uint8_t h, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        uint8_t *id = b->ram + FDC_BUFFER + 4 * i;

        id[0] = c;
        id[1] = h;
        id[2] = (uint8_t)(i * 2 % 9 + 1); /* interleaved */
        id[3] = 2;
    }
}

static void format_track_fills_from_index_to_index(void **state)
{
    struct bench *b = fdc_ready(K360);
    uint8_t r[7], got[512], filled[512];
    uint64_t begun;

    (void)state;
    memset(filled, 0xf6, sizeof filled);
    fdc_seek(b, 6);
    ids(b, 6, 1, 9);
    fdc_channel(b, FROM_MEMORY, 36);
    FDC(b, 0x4d, 4, 2, 9, 0x50, 0xf6);
    begun = bench_now_ns(b);
    assert_true(bench_run_until_irq(b));
    assert_int_equal(bench_now_ns(b) / 1000000 % 200, 0);
    assert_in_range(bench_now_ns(b) - begun, 200000000, 401000000);
    fdc_results(b, r, 7);
    assert_memory_equal(r, "\x04\0\0", 3);
    for (unsigned i = 1; i <= 9; i++) {
        medium(b, 6, 1, i, got);
        assert_memory_equal(got, filled, 512);
    }
    assert_true(is_untouched(b, 6, 0, 9) && is_untouched(b, 7, 0, 1));
    bench_destroy(b);
}

/* What the file's format has no place for leaves its sectors alone. */
static void format_track_of_another_format_is_a_guest_error(void **state)
{
    struct bench *b = fdc_ready(K360);
    uint8_t r[7];

    (void)state;
    bench_trace(b, "guest_error");
    ids(b, 6, 1, 9); /* not this cylinder */
    fdc_channel(b, FROM_MEMORY, 36);
    FDC(b, 0x4d, 4, 2, 9, 0x50, 0xf6);
    assert_true(bench_run_until_irq(b));
    fdc_results(b, r, 7);
    assert_memory_equal(r, "\x04\0\0", 3);
    assert_int_equal(bench_count(b, "no place for sector 6.1."), 9);
    assert_true(is_untouched(b, 0, 1, 1));
    bench_destroy(b);
}

/* More sectors than a turn has room for end at the index. */
static void format_track_ends_at_the_index(void **state)
{
    struct bench *b = fdc_ready(K360);
    uint8_t r[7];

    (void)state;
    bench_trace(b, "dma_beat");
    ids(b, 0, 0, 40);
    fdc_channel(b, FROM_MEMORY, 160);
    FDC(b, 0x4d, 0, 2, 40, 0x50, 0xf6);
    assert_true(bench_run_until_irq(b));
    fdc_results(b, r, 7);
    assert_memory_equal(r, "\0\0\0", 3);
    assert_int_equal(bench_count(b, "dma_beat"), 4 * 10);
    bench_destroy(b);
}

static void format_track_without_ids_is_an_underrun(void **state)
{
    struct bench *b = fdc_ready(K360);

    (void)state;
    FDC(b, 0x4d, 0, 2, 9, 0x50, 0xf6);
    assert_true(bench_run_until_irq(b));
    assert_int_equal(bench_in8(b, FDC_FIFO), 0x40);
    assert_int_equal(bench_in8(b, FDC_FIFO), 0x10);
    bench_destroy(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(write_data_by_dma_until_terminal_count),
        cmocka_unit_test(terminal_count_inside_a_sector),
        cmocka_unit_test(write_protect_is_nw),
        cmocka_unit_test(underrun),
        cmocka_unit_test(non_dma_mode_without_fifo),
        cmocka_unit_test(non_dma_mode_with_each_fifo_threshold),
        cmocka_unit_test(a_sector_that_the_host_cannot_write),
        cmocka_unit_test(read_data_and_sk),
        cmocka_unit_test(read_deleted_data_and_sk),
        cmocka_unit_test(verify_and_sk),
        cmocka_unit_test(a_mark_lasts_as_long_as_the_medium_is_in),
        cmocka_unit_test(scan_equal),
        cmocka_unit_test(scan_low_or_equal),
        cmocka_unit_test(scan_high_or_equal),
        cmocka_unit_test(format_track_fills_from_index_to_index),
        cmocka_unit_test(format_track_of_another_format_is_a_guest_error),
        cmocka_unit_test(format_track_ends_at_the_index),
        cmocka_unit_test(format_track_without_ids_is_an_underrun),
    };

    return cmocka_run_group_tests_name("fdc writes", tests, NULL, NULL);
}
