/* tests/devices/ide_ata_test.c -- disks on the PIIX3's IDE function: task file,
 * commands, PIO. Against ATA-6 (T13/1410D). Bus master: ide_dma_test.c. */
#include "disk_rig.h"

#include <string.h>

enum { ERR = 1, DRQ = 8, DRDY = 0x40, BSY = 0x80 };
enum { ABRT = 4, IDNF = 0x10 };
enum { SECTORS = 400, SEED = 3, SEED_1 = 90 };

static int setup(void **state)
{
    struct bench *b = ide_bench();

    disk_insert(b->dev, 0, MEDIA_DISK, SECTORS * 512, SEED, false);
    disk_insert(b->dev, 1, MEDIA_DISK, 64 * 512, SEED_1, false);
    disk_insert(b->dev, 2, MEDIA_DISK, 32 * 512, 7, true);
    ide_start(b);
    *state = b;
    return 0;
}

static uint8_t alternate(struct bench *b, unsigned channel)
{
    return (uint8_t)bench_read(b, b->dev, channel * 2 + IDE_CTL, 0, 1);
}

static void control(struct bench *b, unsigned channel, uint8_t value)
{
    bench_write(b, b->dev, channel * 2 + IDE_CTL, 0, 1, value);
}

static void feature(struct bench *b, unsigned drive, uint8_t code,
                    uint8_t count)
{
    ide_out(b, drive / 2, 6, (uint8_t)(0xe0 | (drive & 1) << 4));
    ide_out(b, drive / 2, 1, code);
    ide_out(b, drive / 2, 2, count);
    ide_out(b, drive / 2, 7, 0xef);
}

static void identify(struct bench *b, unsigned drive, uint16_t words[256])
{
    ide_issue(b, drive, 0xec, 0, 0);
    assert_int_equal(ide_wait(b, drive / 2), DRDY | DRQ | 0x10);
    ide_words_in(b, drive / 2, words, 512);
    assert_int_equal(ide_in(b, drive / 2, 7) & (BSY | DRQ | ERR), 0);
}

static void fails(struct bench *b, unsigned drive, uint8_t error)
{
    assert_int_equal(ide_wait(b, drive / 2) & (DRQ | ERR), ERR);
    assert_int_equal(ide_in(b, drive / 2, 1), error);
    assert_true(ide_irq(b, drive / 2));
    ide_in(b, drive / 2, 7);
}

static void succeeds(struct bench *b, unsigned drive)
{
    assert_int_equal(ide_wait(b, drive / 2) & (DRQ | ERR | DRDY), DRDY);
    assert_true(ide_irq(b, drive / 2));
    ide_in(b, drive / 2, 7);
    assert_false(ide_irq(b, drive / 2));
}

/* ---- task file ---- */

static void reset_leaves_the_signature_and_drive_0_selected(void **state)
{
    struct bench *b = *state;

    for (unsigned channel = 0; channel < 2; channel++) {
        assert_int_equal(ide_in(b, channel, 1), 1);
        assert_int_equal(ide_in(b, channel, 2), 1);
        assert_int_equal(ide_in(b, channel, 3), 1);
        assert_int_equal(ide_in(b, channel, 4), 0);
        assert_int_equal(ide_in(b, channel, 5), 0);
        assert_int_equal(ide_in(b, channel, 6), 0);
        assert_int_equal(ide_in(b, channel, 7), DRDY | 0x10);
        assert_false(ide_irq(b, channel));
    }
}

static void registers_are_written_to_both_drives(void **state)
{
    struct bench *b = *state;

    ide_out(b, 0, 3, 0x5a);
    ide_out(b, 0, 6, 0x10);
    assert_int_equal(ide_in(b, 0, 3), 0x5a);
    assert_int_equal(ide_in(b, 0, 6), 0x10);
}

static void hob_reads_what_was_written_before(void **state)
{
    struct bench *b = *state;

    for (unsigned reg = 2; reg < 6; reg++) {
        ide_out(b, 0, reg, (uint8_t)(0x10 + reg));
        ide_out(b, 0, reg, (uint8_t)(0x20 + reg));
    }
    control(b, 0, 0x80);
    for (unsigned reg = 2; reg < 6; reg++)
        assert_int_equal(ide_in(b, 0, reg), 0x10 + reg);
    ide_out(b, 0, 3, 0); /* a write ends it */
    assert_int_equal(ide_in(b, 0, 4), 0x24);
}

static void absent_drive_1_has_status_0_and_drive_0_answers(void **state)
{
    struct bench *b = *state;

    ide_out(b, 1, 4, 0x77);
    ide_out(b, 1, 6, 0xf0);
    assert_int_equal(ide_in(b, 1, 7), 0);
    assert_int_equal(alternate(b, 1), 0);
    assert_int_equal(ide_in(b, 1, 4), 0x77);
    ide_out(b, 1, 7, 0xec); /* nobody hears it */
    bench_advance_ns(b, 1000000);
    assert_int_equal(ide_in(b, 1, 7), 0);
    assert_false(ide_irq(b, 1));
}

static void channel_without_drives_floats_with_bsy_low(void **state)
{
    struct bench *b = ide_bench();

    (void)state;
    ide_start(b);
    ide_out(b, 0, 2, 0x55);
    for (unsigned reg = 1; reg < 8; reg++)
        assert_int_equal(ide_in(b, 0, reg), 0x7f);
    bench_destroy(b);
}

static void idetim_switches_a_channel_off(void **state)
{
    struct bench *b = *state;
    struct bus_place at;

    bus_device_place(b->dev, &at);
    bus_config_write(b->bus, 0, at.slot, at.function, 0x40, 2, 0);
    assert_int_equal(ide_in(b, 0, 7), 0xff);
    assert_int_equal(ide_in(b, 1, 7), DRDY | 0x10);
    assert_int_equal(bus_config_read(b->bus, 0, at.slot, at.function, 0x40, 4),
                     0x80000000u);
    bus_config_write(b->bus, 0, at.slot, at.function, 0x40, 4, UINT32_MAX);
    assert_int_equal(bus_config_read(b->bus, 0, at.slot, at.function, 0x40, 4),
                     0xf3fff3ffu);
    assert_int_equal(ide_in(b, 0, 7), DRDY | 0x10);
}

static void legacy_ports_need_the_command_registers_io_bit(void **state)
{
    struct bench *b = *state;

    assert_int_equal(bench_in8(b, 0x1f7), DRDY | 0x10);
    assert_int_equal(bench_in8(b, 0x3f6), DRDY | 0x10);
    assert_int_equal(bench_in8(b, 0x177), DRDY | 0x10);
    bench_command(b, b->dev, 0);
    assert_int_equal(bench_in8(b, 0x1f7), 0xff);
    assert_int_equal(bench_in8(b, 0x3f6), 0xff);
}

static void busy_drive_shows_status_and_takes_no_writes(void **state)
{
    struct bench *b = *state;

    ide_issue(b, 0, 0x20, 5, 1);
    assert_true(alternate(b, 0) & BSY);
    ide_out(b, 0, 3, 0x99);
    ide_out(b, 0, 7, 0xe7);
    ide_wait(b, 0);
    assert_int_equal(ide_in(b, 0, 3), 5);
    assert_int_equal(alternate(b, 0) & DRQ, DRQ);
}

/* ---- reset, diagnostic ---- */

static void srst_is_busy_then_both_have_signatures(void **state)
{
    struct bench *b = *state;

    ide_issue(b, 1, 0x20, 0, 4);
    control(b, 0, 4);
    assert_int_equal(alternate(b, 0), BSY);
    bench_advance_ns(b, 10000);
    control(b, 0, 0);
    assert_int_equal(alternate(b, 0), BSY);
    assert_int_equal(ide_wait(b, 0), DRDY | 0x10);
    for (unsigned unit = 0; unit < 2; unit++) {
        ide_out(b, 0, 6, (uint8_t)(unit << 4));
        assert_int_equal(ide_in(b, 0, 1), 1);
        assert_int_equal(ide_in(b, 0, 2), 1);
        assert_int_equal(ide_in(b, 0, 3), 1);
        assert_int_equal(ide_in(b, 0, 7), DRDY | 0x10);
    }
    assert_false(ide_irq(b, 0));
}

static void execute_device_diagnostic_is_answered_by_drive_0(void **state)
{
    struct bench *b = *state;

    ide_issue(b, 1, 0x90, 0, 0);
    ide_wait(b, 0);
    assert_true(ide_irq(b, 0));
    assert_int_equal(ide_in(b, 0, 1), 1);
    assert_int_equal(ide_in(b, 0, 6) & 0x10, 0);
    assert_int_equal(ide_in(b, 0, 7), DRDY | 0x10);
    assert_false(ide_irq(b, 0));
}

/* ---- interrupt ---- */

static void nien_holds_the_interrupt_back(void **state)
{
    struct bench *b = *state;

    control(b, 0, 2);
    ide_issue(b, 0, 0xe7, 0, 0);
    ide_wait(b, 0);
    assert_false(ide_irq(b, 0));
    control(b, 0, 0);
    assert_true(ide_irq(b, 0));
    alternate(b, 0); /* does not clear */
    assert_true(ide_irq(b, 0));
    ide_in(b, 0, 7);
    assert_false(ide_irq(b, 0));
}

static void only_the_selected_drive_drives_intrq(void **state)
{
    struct bench *b = *state;

    ide_issue(b, 0, 0xe7, 0, 0);
    ide_wait(b, 0);
    assert_true(ide_irq(b, 0));
    ide_out(b, 0, 6, 0x10);
    assert_false(ide_irq(b, 0));
    ide_out(b, 0, 6, 0);
    assert_true(ide_irq(b, 0));
    ide_issue(b, 0, 0xec, 0, 0); /* a command clears it too */
    assert_false(ide_irq(b, 0));
}

/* ---- PIO ---- */

static void read_sectors_interrupts_before_each_and_not_after(void **state)
{
    struct bench *b = *state;
    uint8_t got[512];

    ide_issue(b, 0, 0x20, 300, 3);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(ide_wait(b, 0) & (DRQ | ERR), DRQ);
        assert_true(ide_irq(b, 0));
        ide_in(b, 0, 7);
        ide_words_in(b, 0, got, 512);
        disk_check(got, SEED, (300 + i) * 512, 512);
    }
    assert_int_equal(alternate(b, 0), DRDY | 0x10);
    assert_false(ide_irq(b, 0));
}

static void data_port_takes_dwords_and_words(void **state)
{
    struct bench *b = *state;
    uint8_t got[512];

    ide_issue(b, 0, 0x20, 1, 1);
    ide_wait(b, 0);
    for (unsigned i = 0; i < 512; i += 4) {
        uint32_t v = bench_read(b, b->dev, IDE_CMD, 0, 4);

        memcpy(got + i, &v, 4);
    }
    disk_check(got, SEED, 512, 512);
    assert_int_equal(alternate(b, 0) & DRQ, 0);
}

static void count_0_is_256_sectors(void **state)
{
    struct bench *b = *state;
    uint8_t got[512];
    unsigned n = 0;

    ide_issue(b, 0, 0x20, 10, 0);
    while (ide_wait(b, 0) & DRQ) {
        ide_words_in(b, 0, got, 512);
        disk_check(got, SEED, (10 + n++) * 512, 512);
    }
    assert_int_equal(n, 256);
}

static void read_multiple_goes_by_blocks(void **state)
{
    struct bench *b = *state;
    uint8_t got[8 * 512];
    unsigned left = 19, at = 20;

    ide_issue(b, 0, 0xc4, 20, 19);
    fails(b, 0, ABRT); /* not set up yet */
    ide_issue(b, 0, 0xc6, 0, 8);
    succeeds(b, 0);
    ide_issue(b, 0, 0xc4, 20, 19);
    while (left) {
        unsigned n = left < 8 ? left : 8;

        assert_int_equal(ide_wait(b, 0) & DRQ, DRQ);
        assert_true(ide_irq(b, 0));
        ide_in(b, 0, 7);
        ide_words_in(b, 0, got, n * 512);
        disk_check(got, SEED, at * 512, n * 512);
        left -= n;
        at += n;
    }
    assert_int_equal(alternate(b, 0) & (BSY | DRQ), 0);
    ide_issue(b, 0, 0xc6, 0, 3); /* no power of two: off */
    fails(b, 0, ABRT);
    ide_issue(b, 0, 0xc4, 20, 1);
    fails(b, 0, ABRT);
}

static void write_sectors_interrupts_after_each(void **state)
{
    struct bench *b = *state;
    uint8_t bytes[512], got[512];

    ide_issue(b, 0, 0x30, 50, 2);
    assert_int_equal(ide_wait(b, 0) & (DRQ | ERR), DRQ);
    assert_false(ide_irq(b, 0)); /* none before the first */
    for (unsigned i = 0; i < 2; i++) {
        memset(bytes, (int)(0xa0 + i), 512);
        ide_words_out(b, 0, bytes, 512);
        assert_true(alternate(b, 0) & BSY);
        assert_true(media_read(b->dev, 0, (50 + i) * 512, got, 512));
        disk_check(got, SEED, (50 + i) * 512, 512); /* not in the access */
        assert_int_equal(ide_wait(b, 0) & DRQ, i ? 0 : DRQ);
        assert_true(ide_irq(b, 0));
        ide_in(b, 0, 7);
        assert_true(media_read(b->dev, 0, (50 + i) * 512, got, 512));
        assert_memory_equal(got, bytes, 512);
    }
    assert_true(media_read(b->dev, 0, 52 * 512, got, 512));
    disk_check(got, SEED, 52 * 512, 512);
}

static void write_multiple_and_read_back_on_drive_1(void **state)
{
    struct bench *b = *state;
    uint8_t bytes[5 * 512], got[5 * 512];

    for (unsigned i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 13);
    ide_issue(b, 1, 0xc6, 0, 4);
    succeeds(b, 1);
    ide_issue(b, 1, 0xc5, 59, 5); /* up to the last sector */
    ide_wait(b, 0);
    ide_words_out(b, 0, bytes, 4 * 512);
    assert_int_equal(ide_wait(b, 0) & DRQ, DRQ);
    ide_words_out(b, 0, bytes + 4 * 512, 512);
    succeeds(b, 1);
    ide_issue(b, 1, 0xc4, 59, 5);
    ide_wait(b, 0);
    ide_words_in(b, 0, got, 4 * 512);
    ide_wait(b, 0);
    ide_words_in(b, 0, got + 4 * 512, 512);
    assert_memory_equal(got, bytes, sizeof bytes);
}

/* ---- addresses ---- */

static void lba_past_the_end_is_idnf_at_the_first_that_is(void **state)
{
    struct bench *b = *state;
    uint8_t got[512];

    ide_issue(b, 0, 0x20, SECTORS, 1);
    fails(b, 0, IDNF);
    ide_issue(b, 0, 0x20, SECTORS - 1, 3); /* one is there */
    assert_int_equal(ide_wait(b, 0) & (DRQ | ERR), DRQ);
    ide_words_in(b, 0, got, 512);
    fails(b, 0, IDNF);
    assert_int_equal(ide_in(b, 0, 3) | ide_in(b, 0, 4) << 8, SECTORS);
    ide_issue(b, 0, 0x30, 0xfffffff, 1);
    fails(b, 0, IDNF);
    ide_ext(b, 0, 0x24, UINT64_C(0xffffffffffff), 1);
    fails(b, 0, IDNF);
    ide_ext(b, 0, 0x24, UINT64_C(0x100000000) + 5, 1); /* not sector 5 */
    fails(b, 0, IDNF);
}

static void read_sectors_ext_takes_48_bits_and_16_bits(void **state)
{
    struct bench *b = *state;
    uint8_t got[512];
    unsigned n = 0;

    ide_ext(b, 0, 0x24, 2, 300);
    while (ide_wait(b, 0) & DRQ) {
        ide_words_in(b, 0, got, 512);
        disk_check(got, SEED, (2 + n++) * 512, 512);
    }
    assert_int_equal(n, 300);
}

static void chs_goes_by_the_geometry_that_is_set(void **state)
{
    struct bench *b = *state;
    uint8_t got[512];

    ide_out(b, 0, 6, 0xa0 | 3); /* 4 heads */
    ide_out(b, 0, 2, 10);       /* of 10 sectors */
    ide_out(b, 0, 7, 0x91);     /* INITIALIZE DEVICE PARAMETERS */
    succeeds(b, 0);
    ide_out(b, 0, 6, 0xa0 | 2); /* cylinder 3, head 2, sector 7 */
    ide_out(b, 0, 2, 1);
    ide_out(b, 0, 3, 7);
    ide_out(b, 0, 4, 3);
    ide_out(b, 0, 5, 0);
    ide_out(b, 0, 7, 0x20);
    assert_int_equal(ide_wait(b, 0) & DRQ, DRQ);
    ide_words_in(b, 0, got, 512);
    disk_check(got, SEED, ((3 * 4 + 2) * 10 + 6) * 512, 512);
    ide_out(b, 0, 2, 1);
    ide_out(b, 0, 3, 0); /* there is no sector 0 */
    ide_out(b, 0, 7, 0x20);
    fails(b, 0, IDNF);
    ide_out(b, 0, 3, 11); /* nor 11 */
    ide_out(b, 0, 7, 0x20);
    fails(b, 0, IDNF);
}

/* ---- the other commands ---- */

static void identify_device_says_what_it_can(void **state)
{
    struct bench *b = *state;
    uint16_t w[256], other[256];

    identify(b, 0, w);
    assert_int_equal(w[0] & 0x8000, 0);
    assert_int_equal(w[47], 0x8080);
    assert_int_equal(w[49] & 0x300, 0x300); /* DMA, LBA */
    assert_int_equal(w[60] | w[61] << 16, SECTORS);
    assert_int_equal(w[63] & 7, 7);
    assert_int_equal(w[88] & 0x3f, 0x3f);
    assert_int_equal(w[83] & 0xc400, 0x4400);
    assert_int_equal(w[100], SECTORS);
    identify(b, 1, other);
    assert_memory_not_equal(w + 10, other + 10, 20); /* serial numbers */
    ide_issue(b, 0, 0xc6, 0, 16);
    succeeds(b, 0);
    identify(b, 0, w);
    assert_int_equal(w[59], 0x110);
}

static void set_features_takes_each_transfer_mode_there_is(void **state)
{
    struct bench *b = *state;
    uint16_t w[256];

    for (unsigned mode = 0; mode < 256; mode++) {
        bool pio = mode <= 1 || (mode >= 8 && mode <= 0xc);
        bool mw = mode >= 0x20 && mode <= 0x22;
        bool ultra = mode >= 0x40 && mode <= 0x45;

        feature(b, 0, 3, (uint8_t)mode);
        if (pio || mw || ultra)
            succeeds(b, 0);
        else
            fails(b, 0, ABRT);
        if (!mw && !ultra)
            continue;
        identify(b, 0, w);
        assert_int_equal(w[63] >> 8, mw ? 1 << (mode & 7) : 0);
        assert_int_equal(w[88] >> 8, ultra ? 1 << (mode & 7) : 0);
    }
}

static void set_features_knows_caches_and_refuses_others(void **state)
{
    static const uint8_t known[] = {0x02, 0x82, 0x55, 0xaa, 0x66, 0xcc};
    struct bench *b = *state;

    for (unsigned i = 0; i < sizeof known; i++) {
        feature(b, 0, known[i], 0);
        succeeds(b, 0);
    }
    feature(b, 0, 0x77, 0);
    fails(b, 0, ABRT);
}

static void power_commands_and_check_power_mode(void **state)
{
    static const struct {
        uint8_t command, mode;
    } rows[] = {{0xe0, 0}, {0xe1, 0xff}, {0xe2, 0}, {0xe3, 0xff}, {0xe6, 0},
                {0x94, 0}, {0x95, 0xff}, {0x96, 0}, {0x97, 0xff}};
    struct bench *b = *state;

    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
        ide_issue(b, 0, rows[i].command, 0, 0);
        succeeds(b, 0);
        ide_issue(b, 0, i & 1 ? 0x98 : 0xe5, 0, 0x33);
        succeeds(b, 0);
        assert_int_equal(ide_in(b, 0, 2), rows[i].mode);
    }
}

static void verify_seek_recalibrate_flush_end_with_an_interrupt(void **state)
{
    static const uint8_t good[] = {0x40, 0x41, 0x70, 0x7f, 0x10, 0x1f, 0xe7};
    struct bench *b = *state;

    for (unsigned i = 0; i < sizeof good; i++) {
        ide_issue(b, 0, good[i], 100, 200);
        succeeds(b, 0);
    }
    ide_ext(b, 0, 0x42, 0, SECTORS);
    succeeds(b, 0);
    ide_issue(b, 0, 0xea, 0, 0);
    succeeds(b, 0);
    ide_issue(b, 0, 0x40, SECTORS - 5, 6);
    fails(b, 0, IDNF);
    ide_issue(b, 0, 0x70, SECTORS, 0);
    fails(b, 0, IDNF);
}

static void write_buffer_comes_back_by_read_buffer(void **state)
{
    struct bench *b = *state;
    uint8_t bytes[512], got[512];

    memset(bytes, 0x3c, sizeof bytes);
    ide_issue(b, 0, 0xe8, 0, 0);
    assert_int_equal(ide_wait(b, 0) & DRQ, DRQ);
    ide_words_out(b, 0, bytes, 512);
    succeeds(b, 0);
    ide_issue(b, 0, 0xe4, 0, 0);
    assert_int_equal(ide_wait(b, 0) & DRQ, DRQ);
    ide_words_in(b, 0, got, 512);
    assert_memory_equal(got, bytes, 512);
}

/* ATA-6, table of command codes: what is not there is aborted. */
static void every_other_command_is_aborted(void **state)
{
    static const uint8_t there[] = {
        0x20, 0x21, 0x24, 0x25, 0x29, 0x30, 0x31, 0x34, 0x35, 0x39, 0x3c,
        0x40, 0x41, 0x42, 0x90, 0x91, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99,
        0xc4, 0xc5, 0xc6, 0xc8, 0xc9, 0xca, 0xcb, 0xe0, 0xe1, 0xe2, 0xe3,
        0xe4, 0xe5, 0xe6, 0xe7, 0xe8, 0xea, 0xec, 0xef};
    struct bench *b = *state;

    for (unsigned code = 0; code < 256; code++) {
        if (memchr(there, (int)code, sizeof there) || (code & 0xf0) == 0x10 ||
            (code & 0xf0) == 0x70)
            continue;
        ide_issue(b, 0, (uint8_t)code, 0, 1);
        fails(b, 0, ABRT);
    }
}

static void read_only_disk_aborts_writes(void **state)
{
    static const uint8_t writes[] = {0x30, 0x31, 0xc5, 0xca};
    struct bench *b = *state;

    for (unsigned i = 0; i < sizeof writes; i++) {
        ide_issue(b, 2, writes[i], 0, 1);
        fails(b, 2, ABRT);
    }
    ide_issue(b, 2, 0x20, 0, 1);
    assert_int_equal(ide_wait(b, 1) & DRQ, DRQ);
}

static void rate_and_command_are_the_time_of_a_sector(void **state)
{
    struct bench *b = ide_bench();
    uint64_t begun;

    (void)state;
    bench_set(b, b->dev, "rate", 1); /* 1 byte in 1000 ns */
    bench_set(b, b->dev, "command", 7000);
    disk_insert(b->dev, 0, MEDIA_DISK, 4096, 1, false);
    ide_start(b);
    ide_issue(b, 0, 0x20, 0, 1);
    begun = bench_now_ns(b);
    while (!ide_irq(b, 0))
        bench_tick(b);
    assert_in_range(bench_now_ns(b) - begun, 519000, 519100);
    bench_destroy(b);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, bench_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(reset_leaves_the_signature_and_drive_0_selected),
        TEST(registers_are_written_to_both_drives),
        TEST(hob_reads_what_was_written_before),
        TEST(absent_drive_1_has_status_0_and_drive_0_answers),
        TEST(channel_without_drives_floats_with_bsy_low),
        TEST(idetim_switches_a_channel_off),
        TEST(legacy_ports_need_the_command_registers_io_bit),
        TEST(busy_drive_shows_status_and_takes_no_writes),
        TEST(srst_is_busy_then_both_have_signatures),
        TEST(execute_device_diagnostic_is_answered_by_drive_0),
        TEST(nien_holds_the_interrupt_back),
        TEST(only_the_selected_drive_drives_intrq),
        TEST(read_sectors_interrupts_before_each_and_not_after),
        TEST(data_port_takes_dwords_and_words),
        TEST(count_0_is_256_sectors),
        TEST(read_multiple_goes_by_blocks),
        TEST(write_sectors_interrupts_after_each),
        TEST(write_multiple_and_read_back_on_drive_1),
        TEST(lba_past_the_end_is_idnf_at_the_first_that_is),
        TEST(read_sectors_ext_takes_48_bits_and_16_bits),
        TEST(chs_goes_by_the_geometry_that_is_set),
        TEST(identify_device_says_what_it_can),
        TEST(set_features_takes_each_transfer_mode_there_is),
        TEST(set_features_knows_caches_and_refuses_others),
        TEST(power_commands_and_check_power_mode),
        TEST(verify_seek_recalibrate_flush_end_with_an_interrupt),
        TEST(write_buffer_comes_back_by_read_buffer),
        TEST(every_other_command_is_aborted),
        TEST(read_only_disk_aborts_writes),
        TEST(rate_and_command_are_the_time_of_a_sector),
    };

    return cmocka_run_group_tests_name("ide ata", tests, NULL, NULL);
}
