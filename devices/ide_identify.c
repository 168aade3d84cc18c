/* devices/ide_identify.c -- what a disk and a CD-ROM drive say of themselves:
 * 256 words, little endian; texts have the first character in the high byte.
 * Source: ATA-6 (T13/1410D), 8.15 (IDENTIFY DEVICE), 8.16 (PACKET). */
#include "ide.h"

enum { WORDS = 256 };

static void put(uint8_t *out, unsigned word, uint32_t value)
{
    out[2 * word] = (uint8_t)value;
    out[2 * word + 1] = (uint8_t)(value >> 8);
}

static void put32(uint8_t *out, unsigned word, uint32_t value)
{
    put(out, word, value);
    put(out, word + 1, value >> 16);
}

static void text(uint8_t *out, unsigned word, unsigned bytes, const char *from)
{
    for (unsigned i = 0; i < bytes; i++)
        out[2 * word + (i ^ 1)] = (uint8_t)(*from ? *from++ : ' ');
}

/* Serial numbers differ by drive: guests tell drives apart by them. */
static void names(uint8_t *out, unsigned drive, const char *model)
{
    char serial[] = "HBX00000";

    serial[sizeof serial - 2] = (char)('1' + drive);
    text(out, 10, 20, serial);
    text(out, 23, 8, "1.0");
    text(out, 27, 40, model);
}

static void modes(const struct ide_drive *d, uint8_t *out)
{
    unsigned n = d->dma_mode & 7;

    put(out, 63, 7 | (d->dma_mode >> 3 == 4 ? 0x100u << n : 0));
    put(out, 64, 3); /* PIO 3 and 4 */
    for (unsigned word = 65; word <= 68; word++)
        put(out, word, 120); /* ns of a cycle */
    put(out, 80, 0x70);      /* ATA-4, 5, 6 */
    put(out, 88, 0x3f | (d->dma_mode >> 3 == 8 ? 0x100u << n : 0));
    put(out, 93, 0x6001); /* 80 conductors */
}

/* Words 54-58: the translation now; 1, 3, 6: that after power-on. */
static void geometry(const struct ide_drive *d, uint64_t sectors, uint8_t *out)
{
    uint64_t cylinders = sectors / (16 * 63);
    uint64_t now = sectors / ((uint64_t)d->heads * d->sectors);

    if (cylinders > 16383)
        cylinders = 16383;
    if (now > 65535)
        now = 65535;
    put(out, 1, (uint32_t)cylinders);
    put(out, 3, 16);
    put(out, 6, 63);
    put(out, 54, (uint32_t)now);
    put(out, 55, d->heads);
    put(out, 56, d->sectors);
    put32(out, 57, (uint32_t)now * d->heads * d->sectors);
}

void ata_identify(const struct ide *s, unsigned drive, uint8_t *out)
{
    const struct ide_drive *d = &s->drive[drive];
    uint64_t sectors = ata_sectors(s, drive);

    for (unsigned i = 0; i < WORDS; i++)
        put(out, i, 0);
    put(out, 0, 0x40); /* fixed */
    geometry(d, sectors, out);
    names(out, drive, "HALBOX DISK");
    put(out, 47, 0x8000 | ATA_BLOCK);
    put(out, 49, 0x0f00); /* DMA, LBA, IORDY */
    put(out, 50, 0x4000);
    put(out, 53, 7); /* words 54-58, 64-70 and 88 are valid */
    put(out, 59, d->multiple ? 0x100u | d->multiple : 0);
    put32(out, 60, (uint32_t)(sectors < 0xfffffff ? sectors : 0xfffffff));
    modes(d, out);
    put(out, 82, 0x7028); /* NOP, buffers, write cache, power management */
    put(out, 83, 0x7400); /* flush, flush ext, 48-bit addresses */
    put(out, 84, 0x4000);
    put(out, 85, 0x7028);
    put(out, 86, 0x3400);
    put(out, 87, 0x4000);
    put32(out, 100, (uint32_t)sectors);
    put32(out, 102, (uint32_t)(sectors >> 32));
}

void atapi_identify(const struct ide *s, unsigned drive, uint8_t *out)
{
    for (unsigned i = 0; i < WORDS; i++)
        put(out, i, 0);
    put(out, 0, 0x85c0); /* packet device, CD-ROM, removable, DRQ in 50 us */
    names(out, drive, "HALBOX CD-ROM");
    put(out, 49, 0x0f00); /* DMA, LBA, IORDY */
    put(out, 50, 0x4000);
    put(out, 53, 6); /* words 64-70 and 88 are valid */
    modes(&s->drive[drive], out);
    put(out, 82, 0x0218); /* DEVICE RESET, packets, power management */
    put(out, 83, 0x5000); /* flush */
    put(out, 84, 0x4000);
    put(out, 85, 0x0218);
    put(out, 86, 0x1000);
    put(out, 87, 0x4000);
}
