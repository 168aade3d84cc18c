/* hal/dma8237.c -- system DMA: the 8237 pair, by its ports alone. Channels 0-3
 * move bytes, 5-7 words, 4 is the cascade. On EISA each channel has its width,
 * 32 bits of address and 24 of count; addresses and counts are bytes.
 * Source: 8237A data sheet; PC/AT page registers; 82374EB data sheet (290476),
 * DMA registers; docs/hal.md. */
#include "hal/private.h"

struct controller {
    uint16_t command, mask, mode, clear_flip_flop, master_clear, mask_all;
    uint16_t extended; /* EISA */
};
static const struct controller controller[2] = {
    {0x08, 0x0a, 0x0b, 0x0c, 0x0d, 0x0f, 0x40b},
    {0xd0, 0xd4, 0xd6, 0xd8, 0xda, 0xde, 0x4d6},
};

struct channel {
    uint16_t address, count, page;
};
#define HIGH_PORT 0x400u /* EISA: high page and count are at port + 400h */
static const struct channel channel[8] = {
    {0x00, 0x01, 0x87}, {0x02, 0x03, 0x83}, {0x04, 0x05, 0x81},
    {0x06, 0x07, 0x82}, {0xc0, 0xc2, 0x8f}, {0xc4, 0xc6, 0x8b},
    {0xc8, 0xca, 0x89}, {0xcc, 0xce, 0x8a},
};

enum {
    MODE_FROM_DEVICE = 1 << 2,
    MODE_TO_DEVICE = 2 << 2,
    MODE_AUTO_INIT = 1 << 4,
    MODE_DEMAND = 0 << 6,
    MODE_SINGLE = 1 << 6,
    MODE_CASCADE = 3 << 6,
    MASK_ON = 4,
    COUNTER_READS = 8, /* until two agree in the high byte */
    /* extended mode: bits 2-3 cycle, 4-5 timing */
    EXTENDED_BYTES = 0 << 2,
    EXTENDED_WORDS = 3 << 2, /* 16 bits, counted in bytes */
    EXTENDED_DWORDS = 2 << 2,
};

static void out8(struct hal *h, unsigned port, uint32_t value)
{
    bus_out(h->bus, (uint16_t)port, 1, value & 0xff);
}

static const struct controller *of_channel(unsigned n)
{
    return &controller[n >= 4];
}

static void out16(struct hal *h, uint16_t port, uint32_t value)
{
    out8(h, port, value);
    out8(h, port, value >> 8);
}

void dma8237_start(struct hal *h)
{
    unsigned i;

    for (i = 0; i < 2; i++) {
        out8(h, controller[i].master_clear, 0);
        out8(h, controller[i].command, 0);
        out8(h, controller[i].mask_all, 0xf);
    }
    dma8237_cascade(h, 4); /* the first controller hangs on it */
}

void dma8237_cascade(struct hal *h, unsigned n)
{
    out8(h, of_channel(n)->mode, MODE_CASCADE | (n & 3));
    out8(h, of_channel(n)->mask, n & 3);
}

/* Address and count of a 16-bit channel are words, but not on EISA. */
static bool counts_words(const struct hal *h, const struct hal_adapter *ad)
{
    return ad->width == 16 && !h->s.settings.eisa;
}

void dma8237_extended(struct hal *h, const struct hal_adapter *ad,
                      unsigned speed)
{
    uint32_t mode = (ad->channel & 3u) | (speed & 3) << 4;

    if (ad->master || !h->s.settings.eisa)
        return;
    if (ad->width == 16)
        mode |= EXTENDED_WORDS;
    else
        mode |= ad->width == 32 ? EXTENDED_DWORDS : EXTENDED_BYTES;
    out8(h, of_channel(ad->channel)->extended, mode);
}

void hal_system_start(struct hal *h, const struct hal_adapter *ad, dla_t at,
                      uint32_t bytes, enum dma_dir dir)
{
    const struct controller *c;
    const struct channel *ch;
    bool words = counts_words(h, ad), eisa = h->s.settings.eisa;
    uint32_t mode, count = (words ? bytes / 2 : bytes) - 1;

    if (ad->master || !bytes)
        return;
    c = of_channel(ad->channel);
    ch = &channel[ad->channel];
    mode = ad->channel & 3u;
    mode |= dir == DMA_TO_DEVICE ? MODE_TO_DEVICE : MODE_FROM_DEVICE;
    mode |= ad->demand ? MODE_DEMAND : MODE_SINGLE;
    mode |= ad->auto_init ? MODE_AUTO_INIT : 0;
    out8(h, c->clear_flip_flop, 0);
    out8(h, c->mode, mode);
    out16(h, ch->address, (uint32_t)(words ? at.v >> 1 : at.v));
    out8(h, ch->page, (uint32_t)(at.v >> 16));
    if (eisa)
        out8(h, ch->page + HIGH_PORT, (uint32_t)(at.v >> 24));
    out16(h, ch->count, count);
    if (eisa)
        out8(h, ch->count + HIGH_PORT, count >> 16);
    out8(h, c->mask, ad->channel & 3u);
}

void hal_system_stop(struct hal *h, const struct hal_adapter *ad)
{
    if (!ad->master)
        out8(h, of_channel(ad->channel)->mask, MASK_ON | (ad->channel & 3u));
}

unsigned dma8237_ended(struct hal *h)
{
    unsigned low = bus_in(h->bus, controller[0].command, 1) & 0xf;

    return low | (bus_in(h->bus, controller[1].command, 1) & 0xf) << 4;
}

static uint32_t read_count(struct hal *h, const struct hal_adapter *ad)
{
    uint16_t port = channel[ad->channel].count;
    uint32_t low;

    out8(h, of_channel(ad->channel)->clear_flip_flop, 0);
    low = bus_in(h->bus, port, 1) & 0xff;
    low |= (bus_in(h->bus, port, 1) & 0xff) << 8;
    if (h->s.settings.eisa)
        low |= (bus_in(h->bus, (uint16_t)(port + HIGH_PORT), 1) & 0xff) << 16;
    return low;
}

uint32_t hal_system_left(struct hal *h, const struct hal_adapter *ad)
{
    uint32_t before, now, i;

    if (ad->master)
        return 0;
    now = read_count(h, ad);
    for (i = 0; i < COUNTER_READS; i++) {
        before = now;
        now = read_count(h, ad);
        if (before >> 8 == now >> 8)
            break;
    }
    now = (now + 1) & (h->s.settings.eisa ? 0xffffff : 0xffff);
    return counts_words(h, ad) ? now * 2 : now;
}
