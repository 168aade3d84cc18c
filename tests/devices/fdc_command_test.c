/* tests/devices/fdc_command_test.c -- seeks and control commands of the
 * 82077AA, against the Intel data sheet (290166), 5.2 and 5.3. */
#include "fdc_rig.h"

#include <string.h>

static uint8_t one(struct bench *b)
{
    uint8_t v;

    fdc_results(b, &v, 1);
    return v;
}

static void dump(struct bench *b, uint8_t regs[10])
{
    FDC(b, 0x0e);
    fdc_results(b, regs, 10);
}

/* ---- seeks --------------------------------------------------------------- */

static uint8_t st3(struct bench *b, uint8_t drive)
{
    FDC(b, 0x04, drive);
    return one(b);
}

static void seek_steps_at_srt(void **state)
{
    static const uint32_t ms_500k[] = {2000, 3333, 4000, 1000}; /* of SRT 14 */
    static const uint8_t cylinder[] = {10, 20, 5, 40};

    (void)state;
    for (uint8_t rate = 0; rate < 4; rate++) {
        struct bench *b = fdc_ready(K360);
        uint64_t begun;

        bench_out8(b, FDC_CCR, rate);
        FDC(b, 0x03, 0xe1, 0x02);
        FDC(b, 0x0f, 0, cylinder[rate]);
        begun = bench_now_ns(b);
        assert_true(bench_run_until_irq(b));
        assert_in_range(bench_now_ns(b) - begun,
                        cylinder[rate] * ms_500k[rate] * 1000ull,
                        (cylinder[rate] + 1) * (ms_500k[rate] + 1) * 1000ull);
        assert_int_equal(fdc_sense(b), 0x2000u | cylinder[rate]);
        assert_false(fdc_int(b));
        assert_int_equal(fdc_sense(b), 0x80);
        bench_destroy(b);
    }
}

static void seek_without_a_drive_ends_as_any(void **state)
{
    struct bench *b = fdc_ready(K360);

    (void)state;
    FDC(b, 0x0f, 3, 9);
    assert_true(bench_run_until_irq(b));
    assert_int_equal(fdc_sense(b), 0x2309);
    bench_destroy(b);
}

static void recalibrate_goes_to_track_0(void **state)
{
    struct bench *b = fdc_ready(K360);

    (void)state;
    fdc_seek(b, 30);
    assert_int_equal(st3(b, 0) & 0x10, 0);
    FDC(b, 0x07, 0);
    assert_true(bench_run_until_irq(b));
    assert_int_equal(fdc_sense(b), 0x2000);
    assert_int_equal(st3(b, 4), 0x3c);
    bench_destroy(b);
}

/* 79 pulses, then an equipment check: from further in, and without a drive. */
static void recalibrate_gives_up_after_79_steps(void **state)
{
    struct bench *b = fdc_ready(K360);

    (void)state;
    fdc_seek(b, 82);
    FDC(b, 0x07, 0);
    assert_true(bench_run_until_irq(b));
    assert_int_equal(fdc_sense(b), 0x7000);
    FDC(b, 0x07, 0);
    assert_true(bench_run_until_irq(b));
    assert_int_equal(fdc_sense(b), 0x2000);
    bench_out8(b, FDC_DOR, 0x2d);
    FDC(b, 0x07, 1);
    assert_true(bench_run_until_irq(b));
    assert_int_equal(fdc_sense(b), 0x7100);
    bench_destroy(b);
}

static void relative_seek_in_and_out(void **state)
{
    struct bench *b = fdc_ready(K360);
    uint8_t regs[10];

    (void)state;
    FDC(b, 0xcf, 0, 12);
    assert_true(bench_run_until_irq(b));
    assert_int_equal(fdc_sense(b), 0x200c);
    FDC(b, 0x8f, 0, 5);
    assert_true(bench_run_until_irq(b));
    assert_int_equal(fdc_sense(b), 0x2007);
    dump(b, regs);
    assert_int_equal(regs[0], 7);
    /* out beyond track 0: an equipment check */
    FDC(b, 0x8f, 0, 9);
    assert_true(bench_run_until_irq(b));
    assert_int_equal(fdc_sense(b), 0x7000);
    assert_int_equal(st3(b, 0) & 0x10, 0x10);
    bench_destroy(b);
}

static void two_drives_seek_at_a_time(void **state)
{
    struct bench *b = fdc_ready(K360);

    (void)state;
    FDC(b, 0x0f, 0, 20);
    FDC(b, 0x0f, 1, 5);
    bench_run(b);
    assert_true(fdc_int(b));
    assert_int_equal(fdc_sense(b), 0x2014);
    assert_true(fdc_int(b));
    assert_int_equal(fdc_sense(b), 0x2105);
    assert_false(fdc_int(b));
    bench_destroy(b);
}

/* INT falls and rises for each that has ended: edges, as IRQ 6 wants them. */
static void a_seek_that_ends_under_a_result_interrupts_again(void **state)
{
    struct bench *b = fdc_ready(K360);

    (void)state;
    FDC(b, 0x0f, 1, 2);
    FDC(b, 0x4a, 0);
    bench_run(b);
    bench_trace(b, "line");
    assert_int_equal(bench_in8(b, FDC_FIFO), 0);
    assert_int_equal(bench_count(b, "line=IRQ6 level=0"), 1);
    assert_int_equal(bench_count(b, "line=IRQ6 level=1"), 1);
    for (unsigned i = 0; i < 6; i++)
        bench_in8(b, FDC_FIFO);
    assert_int_equal(bench_count(b, "line=IRQ6"), 2);
    assert_int_equal(fdc_sense(b), 0x2102);
    assert_false(fdc_int(b));
    bench_destroy(b);
}

/* A seek that was not told of, and another on its way: nothing to tell yet. */
static void a_seek_after_a_seek_that_was_not_told_of(void **state)
{
    struct bench *b = fdc_ready(K360);

    (void)state;
    FDC(b, 0x0f, 0, 2);
    bench_run(b);
    FDC(b, 0x0f, 0, 4);
    assert_int_equal(fdc_sense(b), 0x80);
    assert_false(fdc_int(b));
    assert_true(bench_run_until_irq(b));
    assert_int_equal(fdc_sense(b), 0x2004);
    bench_destroy(b);
}

/* EIS: reads and writes go there by themselves, and say so by SE. */
static void implied_seek(void **state)
{
    struct bench *b = fdc_ready(K360);

    (void)state;
    FDC(b, 0x13, 0, 0x50, 0);
    fdc_channel(b, 0x46, 512);
    FDC(b, 0x46, 4, 21, 1, 4, 2, 9, 0x2a, 0xff);
    assert_int_equal(bench_in8(b, FDC_MSR), 0x51); /* DRV0 BUSY */
    bench_advance_ns(b, 43000000);
    assert_int_equal(bench_in8(b, FDC_MSR), 0x50);
    FDC_EXPECT(b, 0x24, 0, 0, 21, 1, 5, 2);
    disk_check(b->ram + FDC_BUFFER, FDC_SEED, ((21 * 2 + 1) * 9 + 3) * 512,
               512);
    assert_int_equal(fdc_sense(b), 0x80);
    FDC(b, 0x4a, 0);
    bench_run_until_irq(b);
    assert_int_equal(bench_in8(b, FDC_FIFO), 0x00);
    bench_destroy(b);
}

/* ---- control commands ---------------------------------------------------- */

static void sense_drive_status(void **state)
{
    struct bench *b = fdc_ready_with(K360, true, 0);

    (void)state;
    assert_int_equal(st3(b, 0), 0x78); /* WP, T0 */
    assert_int_equal(st3(b, 6), 0x7e);
    fdc_seek(b, 1);
    assert_int_equal(st3(b, 0), 0x68);
    bench_out8(b, FDC_DOR, 0x0c); /* no drive is selected */
    assert_int_equal(st3(b, 0), 0x28);
    bench_destroy(b);
}

/* HLT before a command, unless the heads are down yet (HUT). */
static void specify_times_head_loads(void **state)
{
    struct bench *b = fdc_ready(K1440);
    uint64_t took[3];

    (void)state;
    FDC(b, 0x03, 0xff, 0xfe); /* 240 ms after, 254 ms before */
    for (unsigned i = 0; i < 3; i++) {
        if (i == 2)
            bench_advance_ns(b, 241000000);
        took[i] = bench_now_ns(b);
        FDC(b, 0x4a, 0);
        bench_run_until_irq(b);
        took[i] = bench_now_ns(b) - took[i];
        for (unsigned n = 0; n < 7; n++)
            bench_in8(b, FDC_FIFO);
    }
    assert_in_range(took[0], 254000000, 270000000);
    assert_in_range(took[1], 0, 12000000);
    assert_in_range(took[2], 254000000, 270000000);
    bench_destroy(b);
}

static void version_is_90h(void **state)
{
    struct bench *b = fdc_ready(K360);

    (void)state;
    FDC(b, 0x10);
    assert_int_equal(one(b), 0x90);
    assert_false(fdc_int(b));
    bench_destroy(b);
}

static void dumpreg_tells_all_registers(void **state)
{
    struct bench *b = fdc_ready(K360);
    uint8_t regs[10];

    (void)state;
    dump(b, regs);
    assert_memory_equal(regs, "\0\0\0\0\xf1\x02\0\0\x20\0", 10);
    fdc_seek(b, 17);
    FDC(b, 0x0f, 3, 8);
    bench_run(b);
    fdc_sense(b);
    FDC(b, 0x13, 0, 0x5a, 0x55);
    FDC(b, 0x12, 0x80 | 0x24 | 2);
    FDC(b, 0x94);
    assert_int_equal(one(b), 0x10);
    FDC(b, 0x56, 0, 17, 0, 3, 2, 7, 0x2a, 0xff);
    bench_run(b);
    for (unsigned i = 0; i < 7; i++)
        bench_in8(b, FDC_FIFO);
    dump(b, regs);
    assert_memory_equal(regs, "\x11\0\0\x08\xf1\x02\x07\xa6\x5a\x55", 10);
    bench_destroy(b);
}

/* LOCK keeps EFIFO, FIFOTHR and PRETRK over software resets alone. */
static void configure_and_lock_through_resets(void **state)
{
    struct bench *b = fdc_ready(K360);
    uint8_t regs[10];

    (void)state;
    FDC(b, 0x13, 0, 0x5a, 0x55);
    bench_out8(b, FDC_DSR, 0x82);
    bench_run(b);
    dump(b, regs);
    assert_int_equal(regs[8], 0x20);
    assert_int_equal(regs[9], 0);
    FDC(b, 0x13, 0, 0x5a, 0x55);
    FDC(b, 0x94);
    assert_int_equal(one(b), 0x10);
    bench_out8(b, FDC_DOR, 0x18);
    bench_out8(b, FDC_DOR, 0x1c);
    bench_run(b);
    dump(b, regs);
    assert_int_equal(regs[7], 0x80);
    assert_int_equal(regs[8], 0x0a);
    assert_int_equal(regs[9], 0x55);
    FDC(b, 0x14); /* UNLOCK */
    assert_int_equal(one(b), 0);
    FDC(b, 0x94);
    one(b);
    bus_reset(b->bus);
    fdc_wake(b, 0x1c);
    dump(b, regs);
    assert_memory_equal(regs, "\0\0\0\0\0\0\0\0\x20\0", 10);
    bench_destroy(b);
}

/* OW lets D0-D3 change; software resets clear GAP and WGATE. */
static void perpendicular_mode(void **state)
{
    struct bench *b = fdc_ready(K360);
    uint8_t regs[10];

    (void)state;
    FDC(b, 0x12, 0xff);
    dump(b, regs);
    assert_int_equal(regs[7], 0x3f);
    FDC(b, 0x12, 0x01);
    dump(b, regs);
    assert_int_equal(regs[7], 0x3d);
    bench_out8(b, FDC_DSR, 0x82);
    bench_run(b);
    dump(b, regs);
    assert_int_equal(regs[7], 0x3c);
    FDC(b, 0x12, 0x80);
    dump(b, regs);
    assert_int_equal(regs[7], 0);
    bench_destroy(b);
}

/* All that table 5-1 has not, PART ID of later chips among it. */
static void invalid_commands(void **state)
{
    static const uint8_t commands[] = {0x00, 0x01, 0x0b, 0x17, 0x18, 0x1a, 0x1f,
                                       0x22, 0x23, 0x2d, 0x33, 0x43, 0x47, 0x65,
                                       0x69, 0x82, 0x90, 0xaf, 0xff};
    struct bench *b = fdc_ready(K360);

    (void)state;
    for (unsigned i = 0; i < sizeof commands; i++) {
        FDC(b, commands[i]);
        assert_int_equal(one(b), 0x80);
    }
    assert_false(fdc_int(b));
    bench_destroy(b);
}

static void part_id_is_none_of_this_chip(void **state)
{
    struct bench *b = fdc_ready(K360);

    (void)state;
    FDC(b, 0x18);
    assert_int_equal(one(b), 0x80);
    bench_destroy(b);
}

static void sense_interrupt_without_one_is_invalid(void **state)
{
    struct bench *b = fdc_ready(K360);

    (void)state;
    FDC(b, 0x08);
    assert_int_equal(one(b), 0x80);
    bench_destroy(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(seek_steps_at_srt),
        cmocka_unit_test(seek_without_a_drive_ends_as_any),
        cmocka_unit_test(recalibrate_goes_to_track_0),
        cmocka_unit_test(recalibrate_gives_up_after_79_steps),
        cmocka_unit_test(relative_seek_in_and_out),
        cmocka_unit_test(two_drives_seek_at_a_time),
        cmocka_unit_test(a_seek_that_ends_under_a_result_interrupts_again),
        cmocka_unit_test(a_seek_after_a_seek_that_was_not_told_of),
        cmocka_unit_test(implied_seek),
        cmocka_unit_test(sense_drive_status),
        cmocka_unit_test(specify_times_head_loads),
        cmocka_unit_test(version_is_90h),
        cmocka_unit_test(dumpreg_tells_all_registers),
        cmocka_unit_test(configure_and_lock_through_resets),
        cmocka_unit_test(perpendicular_mode),
        cmocka_unit_test(invalid_commands),
        cmocka_unit_test(part_id_is_none_of_this_chip),
        cmocka_unit_test(sense_interrupt_without_one_is_invalid),
    };

    return cmocka_run_group_tests_name("fdc commands", tests, NULL, NULL);
}
