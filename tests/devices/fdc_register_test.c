/* tests/devices/fdc_register_test.c -- registers and resets of the 82077AA in
 * each mode, against the Intel data sheet (290166), 2.1, 6 and 7. */
#include "fdc_rig.h"

#include <string.h>

enum { PS2 = 1, MODEL_30 = 2 };

static unsigned sra(struct bench *b)
{
    return bench_in8(b, FDC_SRA);
}

static unsigned srb(struct bench *b)
{
    return bench_in8(b, FDC_SRB);
}

/* ---- SRA, SRB -------------------------------------------------------------
 */

static void sra_and_srb_are_not_there_in_at_mode(void **state)
{
    struct bench *b = fdc_ready(K360);

    (void)state;
    assert_int_equal(sra(b), 0xff);
    assert_int_equal(srb(b), 0xff);
    bench_destroy(b);
}

/* INT, not DRV2, STEP, not TRK0, HDSEL, not INDX, not WP, DIR. */
static void sra_in_ps2_mode(void **state)
{
    struct bench *b = fdc_ready_with(K360, true, PS2);
    unsigned pulses = 0;

    (void)state;
    assert_int_equal(sra(b) & ~0x04u, 0x40);
    for (unsigned i = 0; i < 100; i++, bench_advance_ns(b, 2000000))
        pulses += !(sra(b) & 0x04);
    assert_int_equal(pulses, 2); /* 4 ms of 200 */
    FDC(b, 0x0f, 0, 5);
    bench_run_until_irq(b);
    assert_int_equal(sra(b) & ~0x04u, 0xd1);
    fdc_sense(b);
    FDC(b, 0x0f, 0, 4);
    bench_run_until_irq(b);
    assert_int_equal(sra(b) & ~0x04u, 0xd0);
    fdc_sense(b);
    FDC(b, 0x4a, 4);
    assert_int_equal(sra(b) & ~0x04u, 0x58);
    bus_drive(b->dev, 1, MEDIA_FLOPPY, NULL);
    assert_int_equal(sra(b) & 0x40, 0);
    bench_destroy(b);
}

static void sra_in_model_30_mode(void **state)
{
    struct bench *b = fdc_ready_with(K360, false, MODEL_30);

    (void)state;
    assert_int_equal(sra(b) & ~0x04u, 0x19);
    FDC(b, 0x0f, 0, 5);
    bench_run_until_irq(b);
    assert_int_equal(sra(b) & ~0x04u, 0xa8); /* STEP's flip-flop */
    bench_in8(b, FDC_DIR);
    assert_int_equal(sra(b) & 0x20, 0);
    fdc_sense(b);
    FDC(b, 0x46, 4, 5, 1, 1, 2, 9, 0x2a, 0xff);
    while (!bus_wire(b->bus, WIRE_DREQ0 + 2))
        bench_advance_ns(b, 1000);
    assert_int_equal(sra(b) & ~0x04u, 0x40);
    bench_destroy(b);
}

/* 1, 1, DOR bit 0, toggles of write and read data, WE, motors 1 and 0. */
static void srb_in_ps2_mode(void **state)
{
    struct bench *b = fdc_ready_with(K360, false, PS2);

    (void)state;
    assert_int_equal(srb(b), 0xc1);
    bench_out8(b, FDC_DOR, 0x2d);
    assert_int_equal(srb(b), 0xe2);
    bench_out8(b, FDC_DOR, FDC_AT);
    FDC(b, 0x56, 0, 0, 0, 1, 2, 1, 0x2a, 0xff);
    bench_run_until_irq(b);
    assert_int_equal(srb(b), 0xc9);
    for (unsigned i = 0; i < 7; i++)
        bench_in8(b, FDC_FIFO);
    fdc_channel(b, 0x4a, 512);
    FDC(b, 0x45, 0, 0, 0, 1, 2, 1, 0x2a, 0xff);
    while (!(srb(b) & 0x04))
        bench_advance_ns(b, 100000);
    assert_int_equal(srb(b), 0xdd);
    bench_run_until_irq(b);
    assert_int_equal(srb(b), 0xd9);
    bench_destroy(b);
}

/* Not DRV2, not DS1, not DS0, flip-flops, not DS3, not DS2. */
static void srb_in_model_30_mode(void **state)
{
    struct bench *b = fdc_ready_with(K360, false, MODEL_30);
    static const uint8_t selects[] = {0xc3, 0xa3, 0xe2, 0xe1};

    (void)state;
    for (uint8_t n = 0; n < 4; n++) {
        bench_out8(b, FDC_DOR, (uint8_t)(0x0c | 0x10 << n | n));
        assert_int_equal(srb(b), selects[n]);
    }
    bench_out8(b, FDC_DOR, FDC_AT);
    fdc_channel(b, 0x4a, 512);
    FDC(b, 0x45, 0, 0, 0, 1, 2, 9, 0x2a, 0xff);
    bench_run_until_irq(b);
    assert_int_equal(srb(b), 0xd7);
    bench_in8(b, FDC_DIR);
    assert_int_equal(srb(b), 0xc3);
    bench_destroy(b);
}

/* ---- DOR, TDR, MSR --------------------------------------------------------
 */

static void dor_selects_drive_and_motor(void **state)
{
    struct bench *b = fdc_ready(K360);
    uint8_t st3;

    (void)state;
    disk_insert(b->dev, 1, MEDIA_FLOPPY, K360, 1, true);
    for (unsigned i = 0; i < 3; i++) { /* protected by drive 1's medium alone */
        static const uint8_t dor[] = {0x2d, 0x1d, 0x3c};

        bench_out8(b, FDC_DOR, dor[i]);
        assert_int_equal(bench_in8(b, FDC_DOR), dor[i]);
        FDC(b, 0x04, 1);
        fdc_results(b, &st3, 1);
        assert_int_equal(st3, i ? (i == 2 ? 0x39 : 0x29) : 0x79);
    }
    bench_destroy(b);
}

static void dor_reset_holds_the_chip(void **state)
{
    struct bench *b = fdc_bench(K360, false, 0);

    (void)state;
    assert_int_equal(bench_in8(b, FDC_DOR), 0);
    assert_int_equal(bench_in8(b, FDC_MSR), 0);
    bench_trace(b, "guest_error");
    bench_out8(b, FDC_FIFO, 0x10);
    assert_int_equal(bench_count(b, "guest_error"), 1);
    bench_out8(b, FDC_DOR, 0x0c);
    assert_int_equal(bench_in8(b, FDC_MSR), 0);
    bench_advance_ns(b, 249000);
    assert_false(fdc_int(b));
    bench_advance_ns(b, 1000);
    assert_true(fdc_int(b));
    assert_int_equal(bench_in8(b, FDC_MSR), 0x80);
    bench_out8(b, FDC_DOR, 0x08);
    assert_false(fdc_int(b));
    bench_destroy(b);
}

/* 7.4: one interrupt, and four to be told of. */
static void polling_after_reset(void **state)
{
    struct bench *b = fdc_bench(K360, false, 0);

    (void)state;
    bench_out8(b, FDC_DOR, 0x0c);
    assert_true(bench_run_until_irq(b));
    for (unsigned n = 0; n < 4; n++) {
        assert_int_equal(fdc_sense(b), (0xc0u | n) << 8);
        assert_false(fdc_int(b));
    }
    assert_int_equal(fdc_sense(b), 0x80);
    bench_destroy(b);
}

static void polling_can_be_switched_off_before_it_is_told_of(void **state)
{
    struct bench *b = fdc_bench(K360, false, 0);

    (void)state;
    bench_out8(b, FDC_DOR, 0x0c);
    assert_true(bench_run_until_irq(b));
    FDC(b, 0x13, 0, 0x30, 0);
    assert_false(fdc_int(b));
    assert_int_equal(fdc_sense(b), 0x80);
    bench_destroy(b);
}

/* PC/AT and model 30: INT and DRQ by DMAGATE; PS/2: always. */
static void dor_dmagate_lets_int_and_drq_out(void **state)
{
    (void)state;
    for (unsigned mode = 0; mode < 3; mode++) {
        struct bench *b = fdc_ready_with(K360, false, mode);
        bool always = mode == PS2;

        bench_out8(b, FDC_DOR, 0x14);
        FDC(b, 0x46, 0, 0, 0, 1, 2, 1, 0x2a, 0xff);
        bench_advance_ns(b, 203000000);
        bench_out8(b, 0x0a, 0x06);
        while (mode == MODEL_30 && !(sra(b) & 0x40))
            bench_advance_ns(b, 1000);
        assert_true(!bus_wire(b->bus, WIRE_DREQ0 + 2) || always);
        bench_run(b);
        assert_int_equal(fdc_int(b), always);
        bench_out8(b, FDC_DOR, FDC_AT);
        assert_true(fdc_int(b));
        bench_destroy(b);
    }
}

static void tdr_keeps_two_bits_over_software_resets(void **state)
{
    struct bench *b = fdc_ready(K360);

    (void)state;
    assert_int_equal(bench_in8(b, FDC_TDR) & 3, 0);
    bench_out8(b, FDC_TDR, 0xfe);
    assert_int_equal(bench_in8(b, FDC_TDR) & 3, 2);
    bench_out8(b, FDC_DSR, 0x80);
    assert_int_equal(bench_in8(b, FDC_TDR) & 3, 2);
    bus_reset(b->bus);
    assert_int_equal(bench_in8(b, FDC_TDR) & 3, 0);
    bench_destroy(b);
}

static void msr_in_each_phase(void **state)
{
    struct bench *b = fdc_ready(K360);

    (void)state;
    assert_int_equal(bench_in8(b, FDC_MSR), 0x80);
    FDC(b, 0x04);
    assert_int_equal(bench_in8(b, FDC_MSR), 0x90);
    FDC(b, 0x00);
    assert_int_equal(bench_in8(b, FDC_MSR), 0xd0);
    bench_in8(b, FDC_FIFO);
    FDC(b, 0x0f, 0, 3);
    assert_int_equal(bench_in8(b, FDC_MSR), 0x81); /* DRV0 BUSY */
    FDC(b, 0x07, 2);
    assert_int_equal(bench_in8(b, FDC_MSR), 0x85);
    bench_run(b);
    assert_int_equal(bench_in8(b, FDC_MSR), 0x80);
    fdc_sense(b);
    FDC(b, 0x45, 0, 3, 0, 1, 2, 9, 0x2a, 0xff);
    assert_int_equal(bench_in8(b, FDC_MSR), 0x10);
    bench_destroy(b);
}

/* ---- DSR, CCR, DIR --------------------------------------------------------
 */

static void dsr_reset_clears_itself(void **state)
{
    struct bench *b = fdc_ready(K360);

    (void)state;
    FDC(b, 0x46, 0, 0, 0, 1, 2, 9, 0x2a, 0xff);
    bench_out8(b, FDC_DSR, 0x82);
    assert_int_equal(bench_in8(b, FDC_MSR), 0);
    assert_true(bench_run_until_irq(b));
    assert_int_equal(fdc_sense(b), 0xc000);
    bench_destroy(b);
}

static void dsr_power_down_lasts_until_a_reset(void **state)
{
    struct bench *b = fdc_ready(K360);

    (void)state;
    bench_out8(b, FDC_DSR, 0x42);
    bench_run(b);
    assert_int_equal(bench_in8(b, FDC_MSR), 0);
    bench_out8(b, FDC_DSR, 0x82);
    assert_true(bench_run_until_irq(b));
    assert_int_equal(bench_in8(b, FDC_MSR), 0x80);
    bench_destroy(b);
}

/* The last written of DSR and CCR counts; a software reset leaves it. */
static void dsr_and_ccr_set_the_data_rate(void **state)
{
    struct bench *b = fdc_ready_with(K360, false, PS2);

    (void)state;
    for (uint8_t rate = 0; rate < 4; rate++) {
        bench_out8(b, rate & 1 ? FDC_DSR : FDC_CCR, rate);
        assert_int_equal(bench_in8(b, FDC_DIR) >> 1 & 3, rate);
        /* not HIGH DENS: low at 500 kbps and 1 Mbps */
        assert_int_equal(bench_in8(b, FDC_DIR) & 1, rate == 1 || rate == 2);
    }
    bench_out8(b, FDC_DSR, 0x83);
    assert_int_equal(bench_in8(b, FDC_DIR) >> 1 & 3, 3);
    bus_reset(b->bus);
    assert_int_equal(bench_in8(b, FDC_DIR) >> 1 & 3, 2);
    bench_destroy(b);
}

static void dir_in_each_mode(void **state)
{
    static const uint8_t clear[] = {0x7f, 0x7d, 0x8a},
                         set[] = {0xff, 0xfd, 0x0a};

    (void)state;
    for (unsigned mode = 0; mode < 3; mode++) {
        struct bench *b = fdc_ready_with(K360, false, mode);

        assert_int_equal(bench_in8(b, FDC_DIR), set[mode]);
        fdc_seek(b, 1);
        assert_int_equal(bench_in8(b, FDC_DIR), clear[mode]);
        bench_out8(b, FDC_CCR, 6); /* NOPREC is model 30's */
        assert_int_equal(bench_in8(b, FDC_DIR),
                         clear[mode] | (mode == MODEL_30 ? 4 : 0));
        bench_destroy(b);
    }
}

/* It is set when a medium is taken out or put in, and cleared by a step pulse
 * with one there. No motor, no drive: it is not heard. */
static void the_change_line(void **state)
{
    struct bench *b = fdc_ready(K360);

    (void)state;
    fdc_seek(b, 1);
    assert_int_equal(bench_in8(b, FDC_DIR) & 0x80, 0);
    bus_drive_change(b->dev, 0, NULL);
    assert_int_equal(bench_in8(b, FDC_DIR) & 0x80, 0x80);
    fdc_seek(b, 2);
    assert_int_equal(bench_in8(b, FDC_DIR) & 0x80, 0x80);
    disk_insert(b->dev, 0, MEDIA_FLOPPY, K720, 1, false);
    assert_int_equal(bench_in8(b, FDC_DIR) & 0x80, 0x80);
    bench_out8(b, FDC_DOR, 0x0c);
    assert_int_equal(bench_in8(b, FDC_DIR) & 0x80, 0);
    bench_out8(b, FDC_DOR, 0x2d);
    assert_int_equal(bench_in8(b, FDC_DIR) & 0x80, 0);
    bench_out8(b, FDC_DOR, FDC_AT);
    fdc_seek(b, 2); /* is there yet: no pulse */
    assert_int_equal(bench_in8(b, FDC_DIR) & 0x80, 0x80);
    fdc_seek(b, 1);
    assert_int_equal(bench_in8(b, FDC_DIR) & 0x80, 0);
    bench_destroy(b);
}

static void the_fifo_out_of_turn_is_a_mistake_of_the_guest(void **state)
{
    struct bench *b = fdc_ready(K360);

    (void)state;
    bench_trace(b, "guest_error");
    assert_int_equal(bench_in8(b, FDC_FIFO), 0);
    FDC(b, 0x10);
    bench_out8(b, FDC_FIFO, 0x10);
    assert_int_equal(bench_in8(b, FDC_FIFO), 0x90);
    FDC(b, 0x46, 0, 0, 0, 1, 2, 9, 0x2a, 0xff);
    bench_in8(b, FDC_FIFO);
    bench_out8(b, FDC_FIFO, 1);
    assert_int_equal(bench_count(b, "guest_error"), 4);
    bench_destroy(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sra_and_srb_are_not_there_in_at_mode),
        cmocka_unit_test(sra_in_ps2_mode),
        cmocka_unit_test(sra_in_model_30_mode),
        cmocka_unit_test(srb_in_ps2_mode),
        cmocka_unit_test(srb_in_model_30_mode),
        cmocka_unit_test(dor_selects_drive_and_motor),
        cmocka_unit_test(dor_reset_holds_the_chip),
        cmocka_unit_test(polling_after_reset),
        cmocka_unit_test(polling_can_be_switched_off_before_it_is_told_of),
        cmocka_unit_test(dor_dmagate_lets_int_and_drq_out),
        cmocka_unit_test(tdr_keeps_two_bits_over_software_resets),
        cmocka_unit_test(msr_in_each_phase),
        cmocka_unit_test(dsr_reset_clears_itself),
        cmocka_unit_test(dsr_power_down_lasts_until_a_reset),
        cmocka_unit_test(dsr_and_ccr_set_the_data_rate),
        cmocka_unit_test(dir_in_each_mode),
        cmocka_unit_test(the_change_line),
        cmocka_unit_test(the_fifo_out_of_turn_is_a_mistake_of_the_guest),
    };

    return cmocka_run_group_tests_name("fdc registers", tests, NULL, NULL);
}
