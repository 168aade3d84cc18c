/* devices/dma8237.c -- the pair of 8237A DMA controllers of a PC with their
 * page registers: channels 0-3 move bytes, 5-7 words, 4 carries the first chip.
 * With setting `eisa` the 32-bit addresses and 24-bit counts of EISA chip sets.
 * Source: Intel 8237A data sheet (231466); IBM PC/AT wiring; Intel 82374EB
 * (290476) for the EISA registers. Docs: docs/devices/dma8237.md. */
#include "halbox/device.h"

enum { CHIPS = 2, CHANNELS = 8, CASCADE = 4, ALL = 15 };
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
enum {
    COMMAND_MEMORY = 1 << 0,
    COMMAND_HOLD = 1 << 1,
    COMMAND_DISABLE = 1 << 2,
    COMMAND_ROTATE = 1 << 4,
    COMMAND_DREQ_LOW = 1 << 6
};
enum { MODE_TYPE = 2, MODE_AUTO = 1 << 4, MODE_DOWN = 1 << 5, MODE_KIND = 6 };
enum { TYPE_VERIFY, TYPE_WRITE, TYPE_READ }; /* as the memory sees it */
enum { KIND_DEMAND, KIND_SINGLE, KIND_BLOCK, KIND_CASCADE };
enum { EXT_WORDS_SHIFTED = 1, EXT_WORDS = 3 }; /* addressing of 40Bh, 4D6h */

struct channel {
    uint32_t base_address, address; /* units on a shifted channel */
    uint32_t base_count, count;     /* units - 1 */
    uint8_t mode;
    uint8_t extended; /* EISA addressing mode */
    uint8_t high;     /* EISA: its high page was written: 32 bits, no wrap */
};

struct chip {
    uint8_t command, tc, request, mask, temporary, high_byte, last;
};

struct dma8237 {
    struct device dev;
    struct channel channel[CHANNELS];
    struct chip chip[CHIPS];
    uint8_t page[16], page_high[CHANNELS];
    uint8_t dreq;  /* levels as on the wires */
    uint8_t block; /* channel + 1 that holds the bus till TC */
    uint8_t phase; /* memory to memory: 1 between its read and its write */
    uint64_t eisa; /* setting */
};

/* ---- what a channel is -------------------------------------------------- */

static unsigned type_of(const struct channel *c)
{
    return c->mode >> MODE_TYPE & 3;
}

static unsigned kind_of(const struct channel *c)
{
    return c->mode >> MODE_KIND & 3;
}

static bool wide(const struct dma8237 *s, unsigned ch)
{
    unsigned ext = s->channel[ch].extended;

    return ext == EXT_WORDS_SHIFTED || ext == EXT_WORDS;
}

static bool shifted(const struct dma8237 *s, unsigned ch)
{
    return s->channel[ch].extended == EXT_WORDS_SHIFTED;
}

/* Bits that the address counter has: it never carries into the page. */
static uint32_t address_mask(const struct dma8237 *s, unsigned ch)
{
    return s->channel[ch].high ? UINT32_MAX : 0xffff;
}

static uint32_t count_mask(const struct dma8237 *s)
{
    return s->eisa ? 0xffffff : 0xffff;
}

/* Page registers by port: PC/AT Technical Reference, "DMA page registers". */
static unsigned page_of(const struct dma8237 *s, unsigned ch)
{
    static const uint8_t port[CHANNELS] = {7, 3, 1, 2, 15, 11, 9, 10};

    return s->page[port[ch]];
}

/* 8-bit channels: page:A15-A0. 16-bit channels: the counter is A16-A1 and the
 * page's bit 0 is not wired. In 32-bit mode the counter holds all of it. */
static uint64_t logical(const struct dma8237 *s, unsigned ch)
{
    const struct channel *c = &s->channel[ch];

    if (c->high)
        return c->address;
    if (shifted(s, ch))
        return (page_of(s, ch) & 0xfeu) << 16 | c->address << 1;
    return page_of(s, ch) << 16 | c->address;
}

/* ---- who asks ----------------------------------------------------------- */

static bool dreq(const struct dma8237 *s, unsigned ch)
{
    bool low = s->chip[ch / 4].command & COMMAND_DREQ_LOW;

    return ch != CASCADE && (bool)(s->dreq >> ch & 1) != low;
}

static bool memory_to_memory(const struct dma8237 *s)
{
    return s->chip[0].command & COMMAND_MEMORY;
}

/* Does @ch ask for a cycle of this controller's own? */
static bool asks(const struct dma8237 *s, unsigned ch)
{
    const struct chip *chip = &s->chip[ch / 4];
    bool software = chip->request >> ch % 4 & 1;
    bool line = dreq(s, ch) && !(chip->mask >> ch % 4 & 1);

    return (software || line) && kind_of(&s->channel[ch]) != KIND_CASCADE;
}

/* The first chip's request reaches the bus through channel 4 of the second. */
static bool first_chip_connected(const struct dma8237 *s)
{
    return kind_of(&s->channel[CASCADE]) == KIND_CASCADE &&
           !(s->chip[1].mask & 1) && !(s->chip[1].command & COMMAND_DISABLE) &&
           !(s->chip[0].command & COMMAND_DISABLE);
}

/* The asking channel of highest priority on a chip, or -1. Rotating: the one
 * served last comes last. */
static int first_asking(const struct dma8237 *s, unsigned chip)
{
    const struct chip *c = &s->chip[chip];
    unsigned from = c->command & COMMAND_ROTATE ? c->last + 1u : 0;

    for (unsigned i = 0; i < 4; i++) {
        unsigned ch = chip * 4 + (from + i) % 4;

        if (ch == CASCADE) {
            if (first_chip_connected(s) && first_asking(s, 0) >= 0)
                return CASCADE;
        } else if (asks(s, ch)) {
            return (int)ch;
        }
    }
    return -1;
}

static int winner(const struct dma8237 *s)
{
    int ch;

    if (s->chip[1].command & COMMAND_DISABLE)
        return -1;
    if (s->block) /* between two tenures of one service no one else comes */
        return s->block - 1;
    ch = first_asking(s, 1);
    return ch == CASCADE ? first_asking(s, 0) : ch;
}

/* ---- cycles ------------------------------------------------------------- */

/* What one unit adds to the address counter: a word is one on the shifted
 * channels of the PC, two where addresses count bytes. */
static uint32_t address_step(const struct dma8237 *s, unsigned ch)
{
    bool words = shifted(s, ch) && !s->channel[ch].high;

    return wide(s, ch) && !words ? 2 : 1;
}

/* What one unit takes off the count. */
static uint32_t count_step(const struct dma8237 *s, unsigned ch)
{
    return wide(s, ch) && !shifted(s, ch) ? 2 : 1;
}

/* Units until the address counter wraps. */
static uint32_t to_wrap(const struct dma8237 *s, unsigned ch)
{
    const struct channel *c = &s->channel[ch];
    uint32_t room = address_mask(s, ch) - c->address;

    if (c->mode & MODE_DOWN)
        room = c->address;
    room /= address_step(s, ch);
    return room < UINT32_MAX ? room + 1 : UINT32_MAX;
}

/* Units that are to move: the count register is one less. */
static uint32_t units_left(const struct dma8237 *s, unsigned ch)
{
    uint32_t step = count_step(s, ch);

    return (s->channel[ch].count + step) / step;
}

static uint32_t units_wanted(const struct dma8237 *s, unsigned ch)
{
    const struct channel *c = &s->channel[ch];
    enum dma_dir dir =
        type_of(c) == TYPE_WRITE ? DMA_FROM_DEVICE : DMA_TO_DEVICE;
    uint32_t ready;

    switch (kind_of(c)) {
    case KIND_BLOCK:
        return UINT32_MAX;
    case KIND_DEMAND:
        ready = dreq(s, ch) ? dma_ready(&s->dev, ch, dir) : 1;
        return ready ? ready : 1;
    default:
        return 1;
    }
}

static void fill_cycle(const struct dma8237 *s, unsigned ch,
                       struct dma_cycle *cycle)
{
    const struct channel *c = &s->channel[ch];
    uint32_t left = units_left(s, ch), wanted = units_wanted(s, ch);
    uint32_t units = wanted < left ? wanted : left;
    int unit = wide(s, ch) ? 2 : 1;

    if (units > to_wrap(s, ch))
        units = to_wrap(s, ch);
    *cycle = (struct dma_cycle){
        .at = dla_of(logical(s, ch)),
        .units = units,
        .unit_bytes = (uint8_t)unit,
        .advance = (int8_t)(c->mode & MODE_DOWN ? -unit : unit),
        .dir = type_of(c) == TYPE_WRITE ? DMA_FROM_DEVICE : DMA_TO_DEVICE,
        .kind = DMA_CYCLE_SLAVE,
        .tc = units == left,
        .block = units < wanted && units < left,
        .left = left,
    };
    if (type_of(c) != TYPE_WRITE && type_of(c) != TYPE_READ)
        cycle->kind = DMA_CYCLE_VERIFY;
}

/* Memory to memory: channel 0 reads into the temporary register, channel 1
 * writes from it; channel 1's count ends it. */
static void fill_memory_cycle(const struct dma8237 *s, unsigned *channel,
                              struct dma_cycle *cycle)
{
    *channel = s->phase;
    fill_cycle(s, s->phase, cycle);
    cycle->units = 1;
    cycle->kind = DMA_CYCLE_TEMP;
    cycle->dir = s->phase ? DMA_FROM_DEVICE : DMA_TO_DEVICE;
    cycle->tc = s->phase && s->channel[1].count == 0;
    cycle->left = units_left(s, 1);
    cycle->block = !cycle->tc;
}

static bool dma8237_next(const struct device *dev, unsigned *channel,
                         struct dma_cycle *cycle)
{
    const struct dma8237 *s = (const struct dma8237 *)dev;
    int ch = winner(s);

    if (ch < 0)
        return false;
    *channel = (unsigned)ch;
    if (ch < 2 && memory_to_memory(s) && (ch == 0 || s->block == 1))
        fill_memory_cycle(s, channel, cycle);
    else
        fill_cycle(s, *channel, cycle);
    return true;
}

/* ---- counting ----------------------------------------------------------- */

static void terminal_count(struct dma8237 *s, unsigned ch)
{
    struct channel *c = &s->channel[ch];
    struct chip *chip = &s->chip[ch / 4];
    uint8_t bit = (uint8_t)(1u << ch % 4);

    chip->tc |= bit;
    chip->request &= (uint8_t)~bit;
    if (s->block == ch + 1)
        s->block = 0;
    if (c->mode & MODE_AUTO) {
        c->address = c->base_address;
        c->count = c->base_count;
    } else {
        chip->mask |= bit;
    }
}

/* Address and count after @units; true: the count went below 0. */
static bool count(struct dma8237 *s, unsigned ch, uint32_t units)
{
    struct channel *c = &s->channel[ch];
    uint32_t mask = address_mask(s, ch), left = units_left(s, ch);
    uint32_t step = units * address_step(s, ch);
    bool over = units >= left;

    if (units >= to_wrap(s, ch) && !over)
        guest_finding(&s->dev, "S25",
                      shifted(s, ch) ? "DMA wraps inside 128 KB"
                                     : "DMA wraps inside 64 KB");
    c->address =
        (c->mode & MODE_DOWN ? c->address - step : c->address + step) & mask;
    c->count = over ? count_mask(s)
                    : (c->count - units * count_step(s, ch)) & count_mask(s);
    return over;
}

static void memory_moved(struct dma8237 *s)
{
    struct channel *from = &s->channel[0];
    uint32_t held = from->address;

    if (!s->phase) {
        s->block = 1; /* channel 0 keeps the bus till the end */
        s->phase = 1;
        if (count(s, 0, 1))
            from->count = count_mask(s); /* its own end means nothing */
        if (s->chip[0].command & COMMAND_HOLD)
            from->address = held;
        return;
    }
    s->phase = 0;
    if (!count(s, 1, 1))
        return;
    s->block = 0;
    s->chip[0].request &= (uint8_t)~1u;
    terminal_count(s, 1);
    if (from->mode & MODE_AUTO) {
        from->address = from->base_address;
        from->count = from->base_count;
    }
}

static void dma8237_moved(struct device *dev, unsigned ch, uint32_t units)
{
    struct dma8237 *s = (struct dma8237 *)dev;

    s->chip[ch / 4].last = (uint8_t)(ch % 4);
    if (ch < 4)
        s->chip[1].last = CASCADE % 4;
    if (memory_to_memory(s) && (s->phase || ch == 0)) {
        memory_moved(s);
        return;
    }
    if (kind_of(&s->channel[ch]) == KIND_BLOCK)
        s->block = (uint8_t)(ch + 1);
    if (count(s, ch, units))
        terminal_count(s, ch);
}

static bool dma8237_cascaded(const struct device *dev, unsigned ch)
{
    const struct dma8237 *s = (const struct dma8237 *)dev;

    if (kind_of(&s->channel[ch]) != KIND_CASCADE || !dreq(s, ch) ||
        (s->chip[ch / 4].mask >> ch % 4 & 1) || ch == CASCADE)
        return false;
    if (ch < 4)
        return first_chip_connected(s);
    return !(s->chip[1].command & COMMAND_DISABLE);
}

static void dma8237_data(struct device *dev, unsigned ch, uint8_t *bytes,
                         uint32_t n, enum dma_dir dir)
{
    struct dma8237 *s = (struct dma8237 *)dev;

    (void)ch;
    if (dir == DMA_TO_DEVICE)
        s->chip[0].temporary = bytes[n - 1];
    else
        bytes[0] = s->chip[0].temporary;
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
        if (dreq(s, chip * 4 + i))
            v |= (uint8_t)(0x10u << i);
    if (chip == 1 && first_asking(s, 0) >= 0)
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

    if (reg < 8)
        s->chip[chip].high_byte ^= 1;
    else if (reg == STATUS_COMMAND)
        s->chip[chip].tc = 0;
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
    at = (uint32_t)logical(s, (unsigned)ch) | (uint32_t)value << 24;
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
    STATE_END,
};

static const struct device_pin dma8237_pins[] = {
    {0, false, WIRE_DREQ0 + 0}, {1, false, WIRE_DREQ0 + 1},
    {2, false, WIRE_DREQ0 + 2}, {3, false, WIRE_DREQ0 + 3},
    {5, false, WIRE_DREQ0 + 5}, {6, false, WIRE_DREQ0 + 6},
    {7, false, WIRE_DREQ0 + 7}, {0, false, WIRE_NONE},
};

static const struct device_setting dma8237_settings[] = {
    {"eisa", "1: with the 32-bit registers of EISA chip sets", 0, 0, 1,
     offsetof(struct dma8237, eisa)},
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
    .version = 1,
    .state_size = sizeof(struct dma8237),
    .rows = dma8237_rows,
    .settings = dma8237_settings,
    .windows =
        {
            [WINDOW_BYTES] = {WINDOW_PORT, 16, ACCESS_8 | ACCESS_SPLIT, 0,
                              false, 0x00},
            [WINDOW_WORDS] = {WINDOW_PORT, 32, ACCESS_8 | ACCESS_SPLIT, 0,
                              false, 0xc0},
            [WINDOW_PAGES] = {WINDOW_PORT, 16, ACCESS_8 | ACCESS_SPLIT, 0,
                              false, 0x80},
            [WINDOW_EISA_LOW] = {WINDOW_PORT, 12, ACCESS_8 | ACCESS_SPLIT, 0,
                                 false, 0x400},
            [WINDOW_EISA_PAGES] = {WINDOW_PORT, 16, ACCESS_8 | ACCESS_SPLIT, 0,
                                   false, 0x480},
            [WINDOW_EISA_HIGH] = {WINDOW_PORT, 16, ACCESS_8 | ACCESS_SPLIT, 0,
                                  false, 0x4c0},
            [WINDOW_EISA_MODE] = {WINDOW_PORT, 1, ACCESS_8, 0, false, 0x4d6},
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
