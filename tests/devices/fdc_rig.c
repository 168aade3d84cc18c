/* tests/devices/fdc_rig.c -- see fdc_rig.h. */
#include "fdc_rig.h"

struct bench *fdc_bench(uint64_t bytes, bool read_only, unsigned mode)
{
    struct bench *b = bench_create_lean();

    bench_add_isa(b, device_model_find("fdc82077"), 6, 2);
    bench_add(b, device_model_find("dma8237"), NULL);
    bench_set(b, b->dev, "mode", mode);
    if (bytes)
        disk_insert(b->dev, 0, MEDIA_FLOPPY, bytes, FDC_SEED, read_only);
    else
        bus_drive(b->dev, 0, MEDIA_FLOPPY, NULL);
    bench_start(b);
    bench_out8(b, 0xd6, 0xc0); /* cascade */
    bench_out8(b, 0xd4, 0x00);
    return b;
}

void fdc_wake(struct bench *b, uint8_t dor)
{
    bench_out8(b, FDC_DOR, dor);
    assert_true(bench_run_until_irq(b));
    for (unsigned n = 0; n < 4; n++)
        assert_int_equal(fdc_sense(b), (0xc0u | n) << 8);
}

struct bench *fdc_ready_with(uint64_t bytes, bool read_only, unsigned mode)
{
    struct bench *b = fdc_bench(bytes, read_only, mode);

    fdc_wake(b, FDC_AT);
    bench_out8(b, FDC_CCR, bytes == K2880 ? 3 : bytes > K720 ? 0 : 2);
    FDC(b, 0x03, 0xf1, 0x02);
    return b;
}

struct bench *fdc_ready(uint64_t bytes)
{
    return fdc_ready_with(bytes, false, 0);
}

void fdc_send(struct bench *b, const uint8_t *bytes, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        if ((bench_in8(b, FDC_MSR) & 0xc0) != 0x80)
            fail_msg("byte %u of command %02x is not asked for: MSR %02x", i,
                     bytes[0], bench_in8(b, FDC_MSR));
        bench_out8(b, FDC_FIFO, bytes[i]);
    }
}

void fdc_results(struct bench *b, uint8_t *to, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        assert_int_equal(bench_in8(b, FDC_MSR) & 0xd0, 0xd0);
        to[i] = bench_in8(b, FDC_FIFO);
    }
    assert_int_equal(bench_in8(b, FDC_MSR) & 0xd0, 0x80);
}

void fdc_expect(struct bench *b, const uint8_t *bytes, unsigned n)
{
    uint8_t got[16];

    if (!bench_run_until_irq(b))
        fail_msg("no interrupt");
    fdc_results(b, got, n);
    for (unsigned i = 0; i < n; i++)
        if (got[i] != bytes[i])
            fail_msg("result %u is %02x, not %02x (%02x %02x %02x, %u.%u.%u)",
                     i, got[i], bytes[i], got[0], got[1], got[2], got[3],
                     got[4], got[5]);
}

unsigned fdc_sense(struct bench *b)
{
    uint8_t st0;

    FDC(b, 0x08);
    st0 = bench_in8(b, FDC_FIFO);
    if (!(bench_in8(b, FDC_MSR) & 0x40))
        return st0;
    return st0 << 8 | bench_in8(b, FDC_FIFO);
}

void fdc_seek(struct bench *b, uint8_t cylinder)
{
    FDC(b, 0x0f, 0, cylinder);
    assert_true(bench_run_until_irq(b));
    assert_int_equal(fdc_sense(b), 0x2000u | cylinder);
}

void fdc_channel(struct bench *b, uint8_t mode, unsigned bytes)
{
    bench_out8(b, 0x0a, 0x06);
    bench_out8(b, 0x0c, 0);
    bench_out8(b, 0x0b, mode);
    bench_out8(b, 0x04, FDC_BUFFER & 0xff);
    bench_out8(b, 0x04, FDC_BUFFER >> 8 & 0xff);
    bench_out8(b, 0x81, FDC_BUFFER >> 16);
    bench_out8(b, 0x05, (uint8_t)(bytes - 1));
    bench_out8(b, 0x05, (uint8_t)((bytes - 1) >> 8));
    bench_out8(b, 0x0a, 0x02);
}

bool fdc_int(struct bench *b)
{
    return bus_wire(b->bus, WIRE_IRQ0 + 6);
}

void fdc_wait_rqm(struct bench *b)
{
    for (unsigned i = 0; !(bench_in8(b, FDC_MSR) & 0x80); i++) {
        if (i == 100000)
            fail_msg("no request");
        bench_advance_ns(b, 5000);
    }
}
