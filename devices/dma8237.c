/* devices/dma8237.c -- the pair of 8237A DMA controllers of a PC with their
 * page registers: channels 0-3 move bytes, 5-7 words, 4 carries the first chip.
 * With setting `eisa` the 32-bit addresses and 24-bit counts of EISA chip sets.
 * Here: the registers; dma8237_channel.c has the channels at work.
 * Source: Intel 8237A data sheet (231466); IBM PC/AT wiring; Intel 82374EB
 * (290476) for the EISA registers. Docs: docs/devices/dma8237.md. */
#include "dma8237.h"

enum {
    WINDOW_BYTES,
    WINDOW_WORDS,
    WINDOW_PAGES,
    WINDOW_EISA_LOW,
    WINDOW_EISA_PAGES,
    WINDOW_EISA_HIGH,
    WINDOW_EISA_MODE
};

/* Registers of a chip, by A0-A3. */
enum {
    STATUS_COMMAND = 8,
    REQUEST,
    SINGLE_MASK,
    MODE,
    CLEAR_FLIP_FLOP,
    TEMPORARY_CLEAR,
    CLEAR_MASK,
    ALL_MASK
};
enum { PIN_INTERRUPT = 8 };

void dma8237_interrupt(struct dma8237 *s)
{
    line_set(&s->dev, PIN_INTERRUPT,
             s->interrupt && (s->chip[0].tc | s->chip[1].tc));
}

/* ---- programming -------------------------------------------------------- */

/* The channel's transfer ends here, if one runs. */
static void stop_channel(struct dma8237 *s, unsigned ch)
{
    dma_channel_over(&s->dev, ch);
}

static void set_byte(uint32_t *reg, unsigned byte, uint8_t value)
{
    *reg = (*reg & ~(0xffu << 8 * byte)) | (uint32_t)value << 8 * byte;
}

/* Base and current are written together, low byte then high. */
static void counter_write(struct dma8237 *s, unsigned ch, bool counts,
                          uint8_t value)
{
    struct channel *c = &s->channel[ch];
    struct chip *chip = &s->chip[ch / 4];

    if (counts) {
        c->base_count &= 0xffff; /* the high byte is written after these */
        set_byte(&c->base_count, chip->high_byte, value);
        c->count = c->base_count;
    } else {
        c->high = 0;
        c->base_address &= 0xffff;
        set_byte(&c->base_address, chip->high_byte, value);
        c->address = c->base_address;
    }
    chip->high_byte ^= 1;
}

static uint8_t counter_peek(const struct dma8237 *s, unsigned ch, bool counts)
{
    const struct channel *c = &s->channel[ch];
    uint32_t v = counts ? c->count : c->address;

    return (uint8_t)(v >> (s->chip[ch / 4].high_byte ? 8 : 0));
}

static uint8_t status_peek(const struct dma8237 *s, unsigned chip)
{
    uint8_t v = s->chip[chip].tc;

    for (unsigned i = 0; i < 4; i++)
        if (dma8237_dreq(s, chip * 4 + i))
            v |= (uint8_t)(0x10u << i);
    if (chip == 1 && dma8237_asking(s, 0) >= 0)
        v |= 0x10;
    return v;
}

static void master_clear(struct dma8237 *s, unsigned chip)
{
    struct chip *c = &s->chip[chip];

    for (unsigned i = 0; i < 4; i++)
        stop_channel(s, chip * 4 + i);
    *c = (struct chip){.mask = ALL, .last = 3};
    if (s->block && (s->block - 1u) / 4 == chip)
        s->block = s->phase = 0;
    dma8237_interrupt(s);
}

static void mask_write(struct dma8237 *s, unsigned chip, uint8_t mask)
{
    uint8_t newly = mask & (uint8_t)~s->chip[chip].mask;

    s->chip[chip].mask = mask;
    for (unsigned i = 0; i < 4; i++)
        if (newly >> i & 1)
            stop_channel(s, chip * 4 + i);
}

static void set_bit(uint8_t *reg, uint8_t value)
{
    uint8_t bit = (uint8_t)(1u << (value & 3));

    if (value & 4)
        *reg |= bit;
    else
        *reg &= (uint8_t)~bit;
}

static void mode_write(struct dma8237 *s, unsigned chip, uint8_t value)
{
    unsigned ch = chip * 4 + (value & 3);

    stop_channel(s, ch);
    s->channel[ch].mode = value & 0xfc;
}

static void chip_write(struct dma8237 *s, unsigned chip, unsigned reg,
                       uint8_t value)
{
    struct chip *c = &s->chip[chip];
    uint8_t mask = c->mask;

    switch (reg) {
    case STATUS_COMMAND:
        c->command = value;
        break;
    case REQUEST:
        set_bit(&c->request, value);
        break;
    case SINGLE_MASK:
        set_bit(&mask, value);
        mask_write(s, chip, mask);
        break;
    case MODE:
        mode_write(s, chip, value);
        break;
    case CLEAR_FLIP_FLOP:
        c->high_byte = 0;
        break;
    case TEMPORARY_CLEAR:
        master_clear(s, chip);
        break;
    case CLEAR_MASK:
        mask_write(s, chip, 0);
        break;
    case ALL_MASK:
        mask_write(s, chip, value & ALL);
        break;
    default:
        counter_write(s, chip * 4 + reg / 2, reg & 1, value);
    }
    dma_kick(&s->dev, 0);
}

/* Reads of write-only registers find the data lines floating. */
static uint8_t chip_peek(const struct dma8237 *s, unsigned chip, unsigned reg)
{
    switch (reg) {
    case STATUS_COMMAND:
        return status_peek(s, chip);
    case TEMPORARY_CLEAR:
        return s->chip[chip].temporary;
    case ALL_MASK: /* as the 82371SB; not in the 8237A */
        return s->chip[chip].mask;
    default:
        return reg < 8 ? counter_peek(s, chip * 4 + reg / 2, reg & 1) : 0xff;
    }
}

static uint8_t chip_read(struct dma8237 *s, unsigned chip, unsigned reg)
{
    uint8_t value = chip_peek(s, chip, reg);

    if (reg < 8) {
        s->chip[chip].high_byte ^= 1;
    } else if (reg == STATUS_COMMAND) {
        s->chip[chip].tc = 0;
        dma8237_interrupt(s);
    }
    return value;
}

/* ---- EISA registers ----------------------------------------------------- */

/* The channel of page port 80h + @port, or -1: a spare byte. */
static int page_channel(unsigned port)
{
    static const int8_t channel[16] = {-1, 2, 3, 1, -1, -1, -1, 0,
                                       -1, 6, 7, 5, -1, -1, -1, 4};

    return channel[port & 15];
}

static void page_write(struct dma8237 *s, unsigned port, uint8_t value)
{
    int ch = page_channel(port);

    s->page[port] = value;
    if (ch >= 0) { /* 82374EB, 3.2.7: clears the high page, back to 24 bits */
        s->page_high[ch] = 0;
        s->channel[ch].high = 0;
        s->channel[ch].address &= 0xffff;
        s->channel[ch].base_address &= 0xffff;
    }
}

/* Writing the high page makes a 32-bit counter of what was written before. */
static void page_high_write(struct dma8237 *s, unsigned port, uint8_t value)
{
    int ch = page_channel(port);
    struct channel *c;
    uint32_t at;

    if (ch < 0)
        return;
    c = &s->channel[ch];
    s->page_high[ch] = value;
    c->high = 0;
    c->address &= 0xffff;
    at = (uint32_t)dma8237_logical(s, (unsigned)ch) | (uint32_t)value << 24;
    c->base_address = c->address = at;
    c->high = 1;
}

static void count_high_write(struct dma8237 *s, unsigned ch, uint8_t value)
{
    set_byte(&s->channel[ch].base_count, 2, value);
    s->channel[ch].count = s->channel[ch].base_count;
}

static void extended_write(struct dma8237 *s, unsigned chip, uint8_t value)
{
    struct channel *c = &s->channel[chip * 4 + (value & 3)];
    unsigned addressing = value >> 2 & 3;

    if (addressing == 2) {
        guest_error(&s->dev, "32-bit DMA cycles are not built in");
        addressing = 0;
    }
    c->extended = (uint8_t)addressing;
}

static void eisa_write(struct dma8237 *s, unsigned window, uint32_t offset,
                       uint8_t value)
{
    if (!s->eisa)
        return;
    if (window == WINDOW_EISA_PAGES)
        page_high_write(s, offset, value);
    else if (window == WINDOW_EISA_MODE)
        extended_write(s, 1, value);
    else if (window == WINDOW_EISA_LOW && offset == 0x0b)
        extended_write(s, 0, value);
    else if (window == WINDOW_EISA_LOW && offset < 8 && (offset & 1))
        count_high_write(s, offset / 2, value);
    else if (window == WINDOW_EISA_HIGH && (offset & 3) == 2)
        count_high_write(s, 4 + offset / 4, value);
}

static uint8_t eisa_peek(const struct dma8237 *s, unsigned window,
                         uint32_t offset)
{
    if (!s->eisa)
        return 0xff;
    if (window == WINDOW_EISA_PAGES && page_channel(offset) >= 0)
        return s->page_high[page_channel(offset)];
    if (window == WINDOW_EISA_LOW && offset < 8 && (offset & 1))
        return (uint8_t)(s->channel[offset / 2].count >> 16);
    if (window == WINDOW_EISA_HIGH && (offset & 3) == 2)
        return (uint8_t)(s->channel[4 + offset / 4].count >> 16);
    return 0xff;
}

/* ---- the device --------------------------------------------------------- */

static uint32_t dma8237_read(struct device *dev, unsigned window,
                             uint32_t offset, unsigned bytes)
{
    struct dma8237 *s = (struct dma8237 *)dev;

    (void)bytes;
    if (window == WINDOW_BYTES)
        return chip_read(s, 0, offset);
    if (window == WINDOW_WORDS)
        return chip_read(s, 1, offset / 2);
    if (window == WINDOW_PAGES)
        return s->page[offset];
    return eisa_peek(s, window, offset);
}

static uint32_t dma8237_peek(const struct device *dev, unsigned window,
                             uint32_t offset, unsigned bytes)
{
    const struct dma8237 *s = (const struct dma8237 *)dev;

    (void)bytes;
    if (window == WINDOW_BYTES)
        return chip_peek(s, 0, offset);
    if (window == WINDOW_WORDS)
        return chip_peek(s, 1, offset / 2);
    if (window == WINDOW_PAGES)
        return s->page[offset];
    return eisa_peek(s, window, offset);
}

static void dma8237_write(struct device *dev, unsigned window, uint32_t offset,
                          unsigned bytes, uint32_t value)
{
    struct dma8237 *s = (struct dma8237 *)dev;

    (void)bytes;
    if (window == WINDOW_BYTES)
        chip_write(s, 0, offset, (uint8_t)value);
    else if (window == WINDOW_WORDS)
        chip_write(s, 1, offset / 2, (uint8_t)value);
    else if (window == WINDOW_PAGES)
        page_write(s, offset, (uint8_t)value);
    else
        eisa_write(s, window, offset, (uint8_t)value);
}

static void dma8237_line(struct device *dev, unsigned pin, bool level)
{
    struct dma8237 *s = (struct dma8237 *)dev;
    uint8_t bit = (uint8_t)(1u << pin);

    if (level)
        s->dreq |= bit;
    else
        s->dreq &= (uint8_t)~bit;
    dma_kick(dev, 0);
}

static void dma8237_reset(struct device *dev)
{
    struct dma8237 *s = (struct dma8237 *)dev;

    for (unsigned ch = 0; ch < CHANNELS; ch++) {
        s->channel[ch] =
            (struct channel){.extended = ch < 4 ? 0 : EXT_WORDS_SHIFTED};
        s->page_high[ch] = 0;
    }
    for (unsigned i = 0; i < sizeof s->page; i++)
        s->page[i] = 0;
    s->block = s->phase = 0;
    for (unsigned chip = 0; chip < CHIPS; chip++)
        master_clear(s, chip);
}

static bool dma8237_check(const struct device *dev)
{
    const struct dma8237 *s = (const struct dma8237 *)dev;

    for (unsigned ch = 0; ch < CHANNELS; ch++)
        if (s->channel[ch].extended > EXT_WORDS || s->channel[ch].high > 1)
            return false;
    for (unsigned chip = 0; chip < CHIPS; chip++)
        if (s->chip[chip].high_byte > 1 || s->chip[chip].last > 3)
            return false;
    return s->block <= CHANNELS && s->phase <= 1;
}

static const struct state_row channel_rows[] = {
    STATE_INT(struct channel, base_address),
    STATE_INT(struct channel, address),
    STATE_INT(struct channel, base_count),
    STATE_INT(struct channel, count),
    STATE_INT(struct channel, mode),
    STATE_INT(struct channel, extended),
    STATE_INT(struct channel, high),
    STATE_END,
};

static const struct state_row chip_rows[] = {
    STATE_INT(struct chip, command),   STATE_INT(struct chip, tc),
    STATE_INT(struct chip, request),   STATE_INT(struct chip, mask),
    STATE_INT(struct chip, temporary), STATE_INT(struct chip, high_byte),
    STATE_INT(struct chip, last),      STATE_END,
};

static const struct state_row dma8237_rows[] = {
    STATE_STRUCTS(struct dma8237, channel, channel_rows),
    STATE_STRUCTS(struct dma8237, chip, chip_rows),
    STATE_BYTES(struct dma8237, page),
    STATE_BYTES(struct dma8237, page_high),
    STATE_INT(struct dma8237, dreq),
    STATE_INT(struct dma8237, block),
    STATE_INT(struct dma8237, phase),
    STATE_INT(struct dma8237, eisa),
    STATE_INT(struct dma8237, interrupt),
    STATE_END,
};

static const struct device_pin dma8237_pins[] = {
    {0, false, WIRE_DREQ0 + 0}, {1, false, WIRE_DREQ0 + 1},
    {2, false, WIRE_DREQ0 + 2}, {3, false, WIRE_DREQ0 + 3},
    {5, false, WIRE_DREQ0 + 5}, {6, false, WIRE_DREQ0 + 6},
    {7, false, WIRE_DREQ0 + 7}, {PIN_INTERRUPT, true, WIRE_IRQ0 + 13},
    {0, false, WIRE_NONE},
};

static const struct device_setting dma8237_settings[] = {
    {"eisa", "1: with the 32-bit registers of EISA chip sets", 0, 0, 1,
     offsetof(struct dma8237, eisa)},
    {"interrupt",
     "1: IRQ 13 while a channel's terminal count stands in a status register",
     0, 0, 1, offsetof(struct dma8237, interrupt)},
    {NULL, NULL, 0, 0, 0, 0},
};

static const struct dma_controller dma8237_controller = {
    .next = dma8237_next,
    .moved = dma8237_moved,
    .cascaded = dma8237_cascaded,
};

/* The second chip has its A0 on the bus's A1: each register answers twice. */
const struct device_model dma8237_model = {
    .name = "dma8237",
    .title = "two 8237A DMA controllers with page registers",
    .version = 2,
    .state_size = sizeof(struct dma8237),
    .rows = dma8237_rows,
    .settings = dma8237_settings,
    .windows =
        {
            [WINDOW_BYTES] = {.kind = WINDOW_PORT,
                              .bytes = 16,
                              .access = ACCESS_8 | ACCESS_SPLIT,
                              .base = 0x00},
            [WINDOW_WORDS] = {.kind = WINDOW_PORT,
                              .bytes = 32,
                              .access = ACCESS_8 | ACCESS_SPLIT,
                              .base = 0xc0},
            [WINDOW_PAGES] = {.kind = WINDOW_PORT,
                              .bytes = 16,
                              .access = ACCESS_8 | ACCESS_SPLIT,
                              .base = 0x80},
            [WINDOW_EISA_LOW] = {.kind = WINDOW_PORT,
                                 .bytes = 12,
                                 .access = ACCESS_8 | ACCESS_SPLIT,
                                 .base = 0x400},
            [WINDOW_EISA_PAGES] = {.kind = WINDOW_PORT,
                                   .bytes = 16,
                                   .access = ACCESS_8 | ACCESS_SPLIT,
                                   .base = 0x480},
            [WINDOW_EISA_HIGH] = {.kind = WINDOW_PORT,
                                  .bytes = 16,
                                  .access = ACCESS_8 | ACCESS_SPLIT,
                                  .base = 0x4c0},
            [WINDOW_EISA_MODE] = {.kind = WINDOW_PORT,
                                  .bytes = 1,
                                  .access = ACCESS_8,
                                  .base = 0x4d6},
        },
    .pins = dma8237_pins,
    .reset = dma8237_reset,
    .check = dma8237_check,
    .read = dma8237_read,
    .write = dma8237_write,
    .peek = dma8237_peek,
    .data = dma8237_data,
    .line = dma8237_line,
    .controller = &dma8237_controller,
};
