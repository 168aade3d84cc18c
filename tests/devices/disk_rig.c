/* tests/devices/disk_rig.c -- see disk_rig.h. */
#include "disk_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "media/media.h"

uint8_t disk_byte(unsigned seed, uint64_t at)
{
    return (uint8_t)(seed + at * 7 + (at >> 8) * 3 + (at >> 16));
}

void disk_insert(struct device *dev, unsigned drive, enum media_kind kind,
                 uint64_t bytes, unsigned seed, bool read_only)
{
    char path[] = "/tmp/halbox-disk-XXXXXX";
    int fd = mkstemp(path);
    FILE *f = fdopen(fd, "wb");
    struct medium *m;

    assert_non_null(f);
    for (uint64_t i = 0; i < bytes; i++)
        putc(disk_byte(seed, i), f);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(medium_open(&m, path, true, read_only, NULL), HB_OK);
    unlink(path);
    if (media_drive(dev, drive) == MEDIA_NONE)
        bus_drive(dev, drive, kind, m);
    else
        bus_drive_change(dev, drive, m);
}

void disk_check(const uint8_t *got, unsigned seed, uint64_t from, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        if (got[i] != disk_byte(seed, from + i))
            fail_msg("byte %u is %02x, not %02x", i, got[i],
                     disk_byte(seed, from + i));
}

/* ---- IDE ---------------------------------------------------------------- */

struct bench *ide_bench(void)
{
    struct bench *b = bench_create_lean();

    bench_add(b, device_model_find("piix3_ide"), NULL);
    return b;
}

void ide_start(struct bench *b)
{
    struct bus_place at;

    bench_start(b);
    bus_device_place(b->dev, &at);
    bus_config_write(b->bus, 0, at.slot, at.function, 0x40, 4, 0x80008000);
}

uint8_t ide_in(struct bench *b, unsigned channel, unsigned reg)
{
    return (uint8_t)bench_read(b, b->dev, channel * 2 + IDE_CMD, reg, 1);
}

void ide_out(struct bench *b, unsigned channel, unsigned reg, uint8_t value)
{
    bench_write(b, b->dev, channel * 2 + IDE_CMD, reg, 1, value);
}

void ide_issue(struct bench *b, unsigned drive, uint8_t command, uint32_t lba,
               uint8_t count)
{
    unsigned c = drive / 2;

    ide_out(b, c, 6, (uint8_t)(0xe0 | (drive & 1) << 4 | (lba >> 24 & 15)));
    ide_out(b, c, 2, count);
    ide_out(b, c, 3, (uint8_t)lba);
    ide_out(b, c, 4, (uint8_t)(lba >> 8));
    ide_out(b, c, 5, (uint8_t)(lba >> 16));
    ide_out(b, c, 7, command);
}

void ide_ext(struct bench *b, unsigned drive, uint8_t command, uint64_t lba,
             uint16_t count)
{
    unsigned c = drive / 2;

    ide_out(b, c, 6, (uint8_t)(0xe0 | (drive & 1) << 4));
    ide_out(b, c, 2, (uint8_t)(count >> 8));
    ide_out(b, c, 2, (uint8_t)count);
    for (unsigned i = 0; i < 3; i++) {
        ide_out(b, c, 3 + i, (uint8_t)(lba >> (24 + 8 * i)));
        ide_out(b, c, 3 + i, (uint8_t)(lba >> 8 * i));
    }
    ide_out(b, c, 7, command);
}

static uint8_t alternate(struct bench *b, unsigned channel)
{
    return (uint8_t)bench_read(b, b->dev, channel * 2 + IDE_CTL, 0, 1);
}

uint8_t ide_wait(struct bench *b, unsigned channel)
{
    for (unsigned i = 0; alternate(b, channel) & 0x80; i++) {
        if (i == 1000)
            fail_msg("busy for ever");
        bench_advance_ns(b, 100000);
    }
    return alternate(b, channel);
}

void ide_wait_irq(struct bench *b, unsigned channel)
{
    for (unsigned i = 0; !ide_irq(b, channel); i++) {
        if (i == 1000)
            fail_msg("no interrupt");
        bench_advance_ns(b, 100000);
    }
}

bool ide_irq(struct bench *b, unsigned channel)
{
    return bus_wire(b->bus, (enum wire)(WIRE_IRQ0 + 14 + channel));
}

void ide_words_in(struct bench *b, unsigned channel, void *to, uint32_t bytes)
{
    for (uint32_t i = 0; i < bytes; i += 2) {
        uint32_t v = bench_read(b, b->dev, channel * 2 + IDE_CMD, 0, 2);

        memcpy((uint8_t *)to + i, &v, bytes - i < 2 ? 1 : 2);
    }
}

void ide_words_out(struct bench *b, unsigned channel, const void *from,
                   uint32_t bytes)
{
    for (uint32_t i = 0; i < bytes; i += 2) {
        uint32_t v = 0;

        memcpy(&v, (const uint8_t *)from + i, 2);
        bench_write(b, b->dev, channel * 2 + IDE_CMD, 0, 2, v);
    }
}

uint8_t ide_packet(struct bench *b, unsigned drive, const uint8_t *packet,
                   uint16_t limit, bool dma)
{
    unsigned c = drive / 2;

    ide_out(b, c, 6, (uint8_t)(0xa0 | (drive & 1) << 4));
    ide_out(b, c, 1, dma);
    ide_out(b, c, 4, (uint8_t)limit);
    ide_out(b, c, 5, (uint8_t)(limit >> 8));
    ide_out(b, c, 7, 0xa0);
    assert_int_equal(ide_wait(b, c) & 0x88, 0x08);
    assert_int_equal(ide_in(b, c, 2) & 3, 1); /* C/D: a packet is asked for */
    ide_words_out(b, c, packet, 12);
    return ide_wait(b, c);
}

void ide_table(struct bench *b, unsigned channel, uint32_t at,
               const struct prd *prd, unsigned n)
{
    ram_write(&b->mem, gpa_of(at), prd, n * (uint32_t)sizeof *prd);
    bench_write(b, b->dev, IDE_BM, channel * 8 + 4, 4, at);
}

void ide_bm(struct bench *b, unsigned channel, uint8_t value)
{
    bench_write(b, b->dev, IDE_BM, channel * 8, 1, value);
}

uint8_t ide_bm_status(struct bench *b, unsigned channel)
{
    return (uint8_t)bench_read(b, b->dev, IDE_BM, channel * 8 + 2, 1);
}
