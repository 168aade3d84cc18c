/* tests/devices/fdc_read_test.c -- commands of the 82077AA that read, against
 * the Intel data sheet (290166): 5.1, tables 5-3 to 5-7, and 4.2. The oracle of
 * bytes is the medium's pattern; sectors by cylinder, head and number. */
#include "fdc_rig.h"

#include <string.h>

enum { TO_MEMORY = 0x46, TO_MEMORY_DEMAND = 0x06, VERIFY_ONLY = 0x42 };

static uint64_t at(unsigned sectors, unsigned c, unsigned h, unsigned r)
{
    return ((c * 2ull + h) * sectors + r - 1) * 512;
}

static void has(struct bench *b, unsigned to, uint64_t from, uint32_t n)
{
    disk_check(b->ram + FDC_BUFFER + to, FDC_SEED, from, n);
}

/* ---- READ DATA ----------------------------------------------------------- */

static void read_data_by_dma_until_terminal_count(void **state)
{
    struct bench *b = fdc_ready(K1440);

    (void)state;
    fdc_seek(b, 2);
    fdc_channel(b, TO_MEMORY, 1024);
    FDC(b, 0x46, 0x04, 2, 1, 17, 2, 18, 0x1b, 0xff);
    assert_int_equal(bench_in8(b, FDC_MSR) & 0xf0, 0x50);
    FDC_EXPECT(b, 0x04, 0, 0, 3, 1, 1, 2);
    has(b, 0, at(18, 2, 1, 17), 1024);
    assert_int_equal(b->ram[FDC_BUFFER + 1024], 0);
    bench_destroy(b);
}

/* Terminal count inside a sector: it is read to its end, ID and all. */
static void terminal_count_inside_a_sector(void **state)
{
    struct bench *b = fdc_ready(K1440);

    (void)state;
    fdc_channel(b, TO_MEMORY, 700);
    FDC(b, 0x46, 0, 0, 0, 3, 2, 18, 0x1b, 0xff);
    FDC_EXPECT(b, 0, 0, 0, 0, 0, 5, 2);
    has(b, 0, at(18, 0, 0, 3), 700);
    assert_int_equal(b->ram[FDC_BUFFER + 700], 0);
    bench_destroy(b);
}

/* Without it the track's end is the host's mistake: EN. */
static void past_eot_without_terminal_count(void **state)
{
    struct bench *b = fdc_ready(K1440);

    (void)state;
    fdc_channel(b, TO_MEMORY, 4096);
    FDC(b, 0x46, 0, 0, 0, 17, 2, 18, 0x1b, 0xff);
    FDC_EXPECT(b, 0x40, 0x80, 0, 1, 0, 1, 2);
    has(b, 0, at(18, 0, 0, 17), 1024);
    bench_destroy(b);
}

/* Table 5-6: ID of the result phase by MT, head, and whether EOT was it. */
static void result_phase_by_mt_head_and_eot(void **state)
{
    static const struct {
        uint8_t mt, head, sector, id[3];
    } rows[] = {
        {0x00, 0, 8, {0, 0, 9}}, {0x00, 0, 9, {1, 0, 1}},
        {0x00, 1, 8, {0, 1, 9}}, {0x00, 1, 9, {1, 1, 1}},
        {0x80, 0, 8, {0, 0, 9}}, {0x80, 0, 9, {0, 1, 1}},
        {0x80, 1, 8, {0, 1, 9}}, {0x80, 1, 9, {1, 0, 1}},
    };
    struct bench *b = fdc_ready(K360);

    (void)state;
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint8_t r[7], h = rows[i].head;

        fdc_channel(b, TO_MEMORY, 512);
        FDC(b, 0x46 | rows[i].mt, (uint8_t)(h << 2), 0, h, rows[i].sector, 2, 9,
            0x2a, 0xff);
        assert_true(bench_run_until_irq(b));
        fdc_results(b, r, 7);
        assert_int_equal(r[0] & 0xf8, 0);
        assert_int_equal(r[1] | r[2], 0);
        assert_memory_equal(r + 3, rows[i].id, 3);
        has(b, 0, at(9, 0, h, rows[i].sector), 512);
    }
    bench_destroy(b);
}

static void mt_goes_on_at_head_1(void **state)
{
    struct bench *b = fdc_ready(K360);

    (void)state;
    fdc_channel(b, TO_MEMORY, 18 * 512);
    FDC(b, 0xc6, 0, 0, 0, 1, 2, 9, 0x2a, 0xff);
    FDC_EXPECT(b, 0x00, 0, 0, 1, 0, 1, 2);
    has(b, 0, 0, 18 * 512);
    bench_destroy(b);
}

/* No such ID: ND after the index came twice. WC: the track is another. */
static void no_data_and_wrong_cylinder(void **state)
{
    struct bench *b = fdc_ready(K1440);
    uint64_t begun = bench_now_ns(b);

    (void)state;
    FDC(b, 0x46, 0, 0, 0, 19, 2, 19, 0x1b, 0xff);
    FDC_EXPECT(b, 0x40, 0x04, 0, 0, 0, 19, 2);
    assert_in_range(bench_now_ns(b) - begun, 200000000, 410000000);
    FDC(b, 0x46, 0, 5, 0, 1, 2, 18, 0x1b, 0xff);
    FDC_EXPECT(b, 0x40, 0x04, 0x10, 5, 0, 1, 2);
    FDC(b, 0x46, 0, 0, 1, 1, 2, 18, 0x1b, 0xff);
    FDC_EXPECT(b, 0x40, 0x04, 0, 0, 1, 1, 2);
    FDC(b, 0x46, 0, 0, 0, 1, 3, 18, 0x1b, 0xff);
    FDC_EXPECT(b, 0x40, 0x04, 0, 0, 0, 1, 3);
    FDC(b, 0x46, 0, 0, 0, 0, 2, 18, 0x1b, 0xff);
    FDC_EXPECT(b, 0x40, 0x04, 0, 0, 0, 0, 2);
    bench_destroy(b);
}

/* Marks that cannot be read: FM, another rate, a track that is not formatted,
 * the other side of a one-sided medium. */
static void missing_address_mark(void **state)
{
    struct bench *b = fdc_ready(K1440);

    (void)state;
    FDC(b, 0x06, 0, 0, 0, 1, 2, 18, 0x1b, 0xff);
    FDC_EXPECT(b, 0x40, 0x01, 0, 0, 0, 1, 2);
    for (uint8_t rate = 1; rate < 4; rate++) {
        bench_out8(b, FDC_CCR, rate);
        FDC(b, 0x46, 0, 0, 0, 1, 2, 18, 0x1b, 0xff);
        FDC_EXPECT(b, 0x40, 0x01, 0, 0, 0, 1, 2);
    }
    bench_out8(b, FDC_CCR, 0);
    fdc_seek(b, 80);
    FDC(b, 0x46, 0, 80, 0, 1, 2, 18, 0x1b, 0xff);
    FDC_EXPECT(b, 0x40, 0x01, 0, 80, 0, 1, 2);
    bench_destroy(b);
    b = fdc_ready(160 << 10);
    FDC(b, 0x46, 4, 0, 1, 1, 2, 8, 0x1b, 0xff);
    FDC_EXPECT(b, 0x44, 0x01, 0, 0, 1, 1, 2);
    bench_destroy(b);
}

/* ---- formats, rates, timing ---------------------------------------------- */

/* From the first sector's data to the last's end, at 300 turns a minute, or
 * 360.
 */
static void every_medium_at_its_data_rate(void **state)
{
    static const struct {
        uint32_t bytes;
        uint8_t cylinders, heads, sectors, rate;
        uint32_t byte_ns, turn_us;
    } rows[] = {
        {160 << 10, 40, 1, 8, 2, 32000, 200000},
        {180 << 10, 40, 1, 9, 2, 32000, 200000},
        {320 << 10, 40, 2, 8, 1, 26667, 166667},
        {K360, 40, 2, 9, 2, 32000, 200000},
        {K720, 80, 2, 9, 2, 32000, 200000},
        {K1200, 80, 2, 15, 0, 16000, 166667},
        {K1440, 80, 2, 18, 0, 16000, 200000},
        {1680 << 10, 80, 2, 21, 0, 16000, 200000},
        {82 * 2 * 21 * 512, 82, 2, 21, 0, 16000, 200000},
        {K2880, 80, 2, 36, 3, 8000, 200000},
    };

    (void)state;
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct bench *b = fdc_ready(rows[i].bytes);
        uint8_t c = (uint8_t)(rows[i].cylinders - 1), r[7];
        uint8_t h = (uint8_t)(rows[i].heads - 1), last = rows[i].sectors;
        uint64_t begun;

        bench_out8(b, FDC_CCR, rows[i].rate);
        FDC(b, 0x13, 0, 0x18, 0); /* FIFO, no polling */
        fdc_seek(b, c);
        fdc_channel(b, TO_MEMORY, 512u * last);
        FDC(b, 0x46, (uint8_t)(h << 2), c, h, 1, 2, last, 0x1b, 0xff);
        while (!bus_wire(b->bus, WIRE_DREQ0 + 2))
            bench_advance_ns(b, 1000);
        begun = bench_now_ns(b);
        assert_true(bench_run_until_irq(b));
        fdc_results(b, r, 7);
        assert_int_equal(r[0] | r[1] | r[2], h << 2);
        disk_check(b->ram + FDC_BUFFER, FDC_SEED, rows[i].bytes - 512u * last,
                   512u * last);
        begun = bench_now_ns(b) - begun;
        assert_in_range(begun + 16 * rows[i].byte_ns,
                        rows[i].turn_us * 1000ull * (last - 1u) / last +
                            514ull * rows[i].byte_ns - 20000,
                        rows[i].turn_us * 1000ull * (last - 1u) / last +
                            532ull * rows[i].byte_ns);
        bench_destroy(b);
    }
}

/* A file of no format's size: the smallest that holds it. Sectors behind its
 * end, and those the host cannot read, are damaged: DE and DD. */
static void a_file_of_odd_size_ends_in_damaged_sectors(void **state)
{
    struct bench *b = fdc_ready(K720 + 1000);

    (void)state;
    bench_out8(b, FDC_CCR, 0);
    fdc_seek(b, 48);
    fdc_channel(b, TO_MEMORY, 2048);
    FDC(b, 0xc6, 0, 48, 0, 1, 2, 15, 0x1b, 0xff); /* at 737,280: the 1,000 */
    FDC_EXPECT(b, 0x40, 0x20, 0x20, 48, 0, 2, 2);
    has(b, 0, at(15, 48, 0, 1), 512);
    bench_destroy(b);
}

static void a_file_that_is_too_long_is_a_floppy_of_2880k(void **state)
{
    struct bench *b = fdc_ready(K2880 + 512);

    (void)state;
    bench_out8(b, FDC_CCR, 3);
    fdc_seek(b, 79);
    fdc_channel(b, TO_MEMORY, 512);
    FDC(b, 0x46, 4, 79, 1, 36, 2, 36, 0x1b, 0xff);
    FDC_EXPECT(b, 0x04, 0, 0, 80, 1, 1, 2);
    has(b, 0, K2880 - 512, 512);
    bench_destroy(b);
}

/* The setting divides every time. */
static void speed_is_a_setting(void **state)
{
    uint64_t took[2];

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct bench *b = fdc_bench(K1440, false, 0);

        bench_set(b, b->dev, "speed", i ? 4 : 1);
        fdc_wake(b, FDC_AT);
        bench_out8(b, FDC_CCR, 0);
        FDC(b, 0x03, 0xf1, 0x02);
        took[i] = bench_now_ns(b);
        FDC(b, 0x46, 0, 0, 0, 99, 2, 18, 0x1b, 0xff);
        FDC_EXPECT(b, 0x40, 0x04, 0, 0, 0, 99, 2);
        FDC(b, 0x46, 0, 0, 0, 99, 2, 18, 0x1b, 0xff);
        took[i] = bench_now_ns(b);
        FDC_EXPECT(b, 0x40, 0x04, 0, 0, 0, 99, 2);
        took[i] = bench_now_ns(b) - took[i];
        bench_destroy(b);
    }
    assert_in_range(took[0], took[1] * 4 - 1000, took[1] * 4 + 1000);
}

/* No index ever: it waits until it is reset (data sheet, 8.1). */
static void without_a_medium_or_motor_it_waits(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct bench *b = fdc_ready(i ? K360 : 0);

        bench_out8(b, FDC_DOR, i ? 0x0c : 0x1c);
        FDC(b, 0x46, 0, 0, 0, 1, 2, 9, 0x2a, 0xff);
        bench_run(b);
        assert_false(fdc_int(b));
        assert_int_equal(bench_in8(b, FDC_MSR) & 0x90, 0x10);
        bench_out8(b, FDC_DOR, 0x18);
        assert_int_equal(bench_in8(b, FDC_MSR), 0);
        fdc_wake(b, 0x1c);
        bench_destroy(b);
    }
}

static void a_medium_taken_out_while_it_is_read(void **state)
{
    struct bench *b = fdc_ready(K360);

    (void)state;
    fdc_channel(b, TO_MEMORY, 8192);
    FDC(b, 0xc6, 0, 0, 0, 1, 2, 9, 0x2a, 0xff);
    bench_advance_ns(b, 230000000);
    bus_drive_change(b->dev, 0, NULL);
    bench_run(b);
    assert_int_equal(bench_in8(b, FDC_MSR) & 0x90, 0x10);
    bench_destroy(b);
}

/* ---- host transfers ------------------------------------------------------ */

/* 4.2: with EFIFO set each byte is asked for; the next comes 16 us later. */
static void non_dma_mode_without_fifo(void **state)
{
    struct bench *b = fdc_ready(K1440);
    uint8_t got[512];
    uint64_t first = 0;

    (void)state;
    FDC(b, 0x03, 0xf1, 0x03);
    FDC(b, 0x46, 0, 0, 0, 1, 2, 1, 0x1b, 0xff);
    for (unsigned i = 0; i < 512; i++) {
        assert_true(bench_run_until_irq(b));
        assert_int_equal(bench_in8(b, FDC_MSR), 0xf0);
        first = i ? first : bench_now_ns(b);
        got[i] = bench_in8(b, FDC_FIFO);
        assert_false(fdc_int(b));
        assert_int_equal(bench_in8(b, FDC_MSR), 0x70);
    }
    disk_check(got, FDC_SEED, 0, 512);
    assert_in_range(bench_now_ns(b) - first, 511ull * 16000,
                    511ull * 16000 + 100);
    FDC_EXPECT(b, 0x40, 0x80, 0, 1, 0, 1, 2); /* no TC: EN */
    bench_destroy(b);
}

/* A request comes with 16 - threshold bytes in the FIFO and lasts to the last;
 * the sector's end is asked for whatever there is. */
static void non_dma_mode_with_each_fifo_threshold(void **state)
{
    (void)state;
    for (uint8_t threshold = 0; threshold < 16; threshold++) {
        struct bench *b = fdc_ready(K360);
        unsigned n = threshold < 15 ? 15u - threshold : 1, i = 0;
        uint8_t got[512];

        FDC(b, 0x03, 0xf1, 0x03);
        FDC(b, 0x13, 0, 0x10 | threshold, 0);
        FDC(b, 0x46, 0, 0, 0, 1, 2, 1, 0x2a, 0xff);
        while (i < 512) {
            unsigned k = 0;

            assert_true(bench_run_until_irq(b));
            for (; bench_in8(b, FDC_MSR) & 0x80; k++)
                got[i++] = bench_in8(b, FDC_FIFO);
            assert_int_equal(k, i < 512 || 512 % n == 0 ? n : 512 % n);
        }
        disk_check(got, FDC_SEED, 0, 512);
        FDC_EXPECT(b, 0x40, 0x80, 0, 1, 0, 1, 2);
        bench_destroy(b);
    }
}

static void demand_mode_empties_the_fifo_at_once(void **state)
{
    struct bench *b = fdc_ready(K360);

    (void)state;
    FDC(b, 0x13, 0, 0x17, 0);
    fdc_channel(b, TO_MEMORY_DEMAND, 1024);
    bench_trace(b, "dma_burst");
    FDC(b, 0x46, 0, 0, 0, 1, 2, 9, 0x2a, 0xff);
    FDC_EXPECT(b, 0x00, 0, 0, 0, 0, 3, 2);
    has(b, 0, 0, 1024);
    assert_int_equal(bench_count(b, "dma_burst"), 128); /* of 8 */
    bench_destroy(b);
}

/* The BIOS's verify: the channel counts, memory stays as it is. */
static void verify_cycles_of_the_channel(void **state)
{
    struct bench *b = fdc_ready(K360);

    (void)state;
    fdc_channel(b, VERIFY_ONLY, 1024);
    FDC(b, 0x46, 0, 0, 0, 1, 2, 9, 0x2a, 0xff);
    FDC_EXPECT(b, 0x00, 0, 0, 0, 0, 3, 2);
    assert_int_equal(b->ram[FDC_BUFFER] | b->ram[FDC_BUFFER + 1023], 0);
    bench_destroy(b);
}

/* Nobody takes the bytes: OR, by FIFO or without. */
static void overrun(void **state)
{
    struct bench *b = fdc_ready(K360);

    (void)state;
    FDC(b, 0x46, 0, 0, 0, 1, 2, 9, 0x2a, 0xff);
    FDC_EXPECT(b, 0x40, 0x10, 0, 0, 0, 1, 2);
    FDC(b, 0x13, 0, 0x17, 0);
    FDC(b, 0x46, 0, 0, 0, 1, 2, 9, 0x2a, 0xff);
    FDC_EXPECT(b, 0x40, 0x10, 0, 0, 0, 1, 2);
    /* in time for the FIFO's 16 bytes, but not for 17 */
    FDC(b, 0x03, 0xf1, 0x03);
    FDC(b, 0x46, 0, 0, 0, 1, 2, 9, 0x2a, 0xff);
    bench_run_until_irq(b);
    bench_advance_ns(b, 7 * 32000);
    assert_int_equal(bench_in8(b, FDC_FIFO), disk_byte(FDC_SEED, 0));
    bench_advance_ns(b, 3 * 32000);
    bench_in8(b, FDC_FIFO);
    assert_int_equal(bench_in8(b, FDC_MSR), 0x70); /* nothing is asked for */
    FDC_EXPECT(b, 0x40, 0x10, 0, 0, 0, 1, 2);
    bench_destroy(b);
}

/* The last bytes wait in the FIFO, until the next sector comes. */
static void the_last_bytes_may_be_taken_late(void **state)
{
    struct bench *b = fdc_ready(K360);

    (void)state;
    FDC(b, 0x03, 0xf1, 0x03);
    FDC(b, 0x13, 0, 0x1f, 0);
    FDC(b, 0x46, 0, 0, 0, 1, 2, 1, 0x2a, 0xff);
    for (unsigned i = 0; i < 500; i++) {
        bench_run_until_irq(b);
        bench_in8(b, FDC_FIFO);
    }
    bench_advance_ns(b, 20 * 32000);
    for (unsigned i = 500; i < 512; i++)
        assert_int_equal(bench_in8(b, FDC_FIFO), disk_byte(FDC_SEED, i));
    FDC_EXPECT(b, 0x40, 0x80, 0, 1, 0, 1, 2);
    FDC(b, 0x46, 0, 0, 0, 1, 2, 1, 0x2a, 0xff);
    for (unsigned i = 0; i < 500; i++) {
        bench_run_until_irq(b);
        bench_in8(b, FDC_FIFO);
    }
    bench_advance_ns(b, 100 * 32000);
    FDC_EXPECT(b, 0x40, 0x10, 0, 0, 0, 1, 2);
    bench_destroy(b);
}

/* ---- READ TRACK, READ ID, VERIFY ------------------------------------------
 */

static void read_track_from_the_index_on(void **state)
{
    struct bench *b = fdc_ready(K360);

    (void)state;
    fdc_seek(b, 3);
    fdc_channel(b, TO_MEMORY, 9 * 512);
    FDC(b, 0x42, 4, 3, 1, 1, 2, 9, 0x2a, 0xff);
    FDC_EXPECT(b, 0x04, 0, 0, 3, 1, 10, 2);
    has(b, 0, at(9, 3, 1, 1), 9 * 512);
    /* EOT is a count; another first sector than R: ND, and read all the same */
    fdc_channel(b, TO_MEMORY, 9 * 512);
    FDC(b, 0x42, 4, 3, 1, 5, 2, 3, 0x2a, 0xff);
    FDC_EXPECT(b, 0x04, 0x04, 0, 3, 1, 8, 2);
    has(b, 0, at(9, 3, 1, 1), 3 * 512);
    bench_out8(b, FDC_CCR, 0);
    FDC(b, 0x42, 4, 3, 1, 1, 2, 9, 0x2a, 0xff);
    FDC_EXPECT(b, 0x44, 0x01, 0, 3, 1, 1, 2);
    bench_destroy(b);
}

/* IDs come by in turn, each a ninth of a turn after the other. */
static void read_id_tells_the_next_sector(void **state)
{
    struct bench *b = fdc_ready(K360);
    uint64_t last = 0;
    uint8_t r[7], seen = 0;

    (void)state;
    fdc_seek(b, 7);
    for (unsigned i = 0; i < 10; i++) {
        FDC(b, 0x4a, 4);
        assert_true(bench_run_until_irq(b));
        fdc_results(b, r, 7);
        assert_int_equal(r[0], 0x04);
        assert_int_equal(r[1] | r[2], 0);
        assert_int_equal(r[3], 7);
        assert_int_equal(r[4], 1);
        assert_int_equal(r[6], 2);
        if (i > 1)
            assert_in_range(bench_now_ns(b) - last, 22222000, 22223000);
        if (i)
            assert_int_equal(r[5], seen % 9 + 1);
        seen = r[5];
        last = bench_now_ns(b);
    }
    bench_out8(b, FDC_CCR, 0);
    FDC(b, 0x4a, 4);
    assert_true(bench_run_until_irq(b));
    fdc_results(b, r, 7);
    assert_int_equal(r[0], 0x44);
    assert_int_equal(r[1], 0x01);
    bench_destroy(b);
}

/* Table 5-7: no data to the host; EC 0 ends at EOT, EC 1 after SC sectors. */
static void verify_by_eot_and_by_count(void **state)
{
    struct bench *b = fdc_ready(K360);

    (void)state;
    bench_trace(b, "dma_*");
    FDC(b, 0x56, 0, 0, 0, 2, 2, 9, 0x2a, 0xff);
    FDC_EXPECT(b, 0x00, 0, 0, 1, 0, 1, 2);
    FDC(b, 0xd6, 0, 0, 0, 2, 2, 9, 0x2a, 0xff);
    FDC_EXPECT(b, 0x00, 0, 0, 1, 0, 1, 2);
    FDC(b, 0xd6, 0x80, 0, 0, 8, 2, 9, 0x2a, 4);
    FDC_EXPECT(b, 0x04, 0, 0, 0, 1, 3, 2);
    FDC(b, 0x56, 0x80, 0, 0, 8, 2, 9, 0x2a, 4);
    FDC_EXPECT(b, 0x40, 0x80, 0, 1, 0, 1, 2);
    FDC(b, 0x56, 0, 0, 0, 8, 2, 10, 0x2a, 0xff);
    FDC_EXPECT(b, 0x40, 0x04, 0, 0, 0, 10, 2);
    assert_int_equal(b->trace_bytes, 0);
    bench_destroy(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(read_data_by_dma_until_terminal_count),
        cmocka_unit_test(terminal_count_inside_a_sector),
        cmocka_unit_test(past_eot_without_terminal_count),
        cmocka_unit_test(result_phase_by_mt_head_and_eot),
        cmocka_unit_test(mt_goes_on_at_head_1),
        cmocka_unit_test(no_data_and_wrong_cylinder),
        cmocka_unit_test(missing_address_mark),
        cmocka_unit_test(every_medium_at_its_data_rate),
        cmocka_unit_test(a_file_of_odd_size_ends_in_damaged_sectors),
        cmocka_unit_test(a_file_that_is_too_long_is_a_floppy_of_2880k),
        cmocka_unit_test(speed_is_a_setting),
        cmocka_unit_test(without_a_medium_or_motor_it_waits),
        cmocka_unit_test(a_medium_taken_out_while_it_is_read),
        cmocka_unit_test(non_dma_mode_without_fifo),
        cmocka_unit_test(non_dma_mode_with_each_fifo_threshold),
        cmocka_unit_test(demand_mode_empties_the_fifo_at_once),
        cmocka_unit_test(verify_cycles_of_the_channel),
        cmocka_unit_test(overrun),
        cmocka_unit_test(the_last_bytes_may_be_taken_late),
        cmocka_unit_test(read_track_from_the_index_on),
        cmocka_unit_test(read_id_tells_the_next_sector),
        cmocka_unit_test(verify_by_eot_and_by_count),
    };

    return cmocka_run_group_tests_name("fdc read", tests, NULL, NULL);
}
