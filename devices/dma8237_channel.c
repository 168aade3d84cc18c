/* devices/dma8237_channel.c -- the channels of the 8237 pair at work: who asks,
 * who wins, where the next unit goes, counting, terminal count, memory to
 * memory. Source: Intel 8237A data sheet (231466); IBM PC/AT wiring. */
#include "dma8237.h"

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
uint64_t dma8237_logical(const struct dma8237 *s, unsigned ch)
{
    const struct channel *c = &s->channel[ch];

    if (c->high)
        return c->address;
    if (shifted(s, ch))
        return (page_of(s, ch) & 0xfeu) << 16 | c->address << 1;
    return page_of(s, ch) << 16 | c->address;
}

/* ---- who asks ----------------------------------------------------------- */

bool dma8237_dreq(const struct dma8237 *s, unsigned ch)
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
    bool line = dma8237_dreq(s, ch) && !(chip->mask >> ch % 4 & 1);

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
int dma8237_asking(const struct dma8237 *s, unsigned chip)
{
    const struct chip *c = &s->chip[chip];
    unsigned from = c->command & COMMAND_ROTATE ? c->last + 1u : 0;

    for (unsigned i = 0; i < 4; i++) {
        unsigned ch = chip * 4 + (from + i) % 4;

        if (ch == CASCADE) {
            if (first_chip_connected(s) && dma8237_asking(s, 0) >= 0)
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
    ch = dma8237_asking(s, 1);
    return ch == CASCADE ? dma8237_asking(s, 0) : ch;
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
        ready = dma8237_dreq(s, ch) ? dma_ready(&s->dev, ch, dir) : 1;
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
        .at = dla_of(dma8237_logical(s, ch)),
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

bool dma8237_next(const struct device *dev, unsigned *channel,
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
    dma8237_interrupt(s);
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

void dma8237_moved(struct device *dev, unsigned ch, uint32_t units)
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

bool dma8237_cascaded(const struct device *dev, unsigned ch)
{
    const struct dma8237 *s = (const struct dma8237 *)dev;

    if (kind_of(&s->channel[ch]) != KIND_CASCADE || !dma8237_dreq(s, ch) ||
        (s->chip[ch / 4].mask >> ch % 4 & 1) || ch == CASCADE)
        return false;
    if (ch < 4)
        return first_chip_connected(s);
    return !(s->chip[1].command & COMMAND_DISABLE);
}

void dma8237_data(struct device *dev, unsigned ch, uint8_t *bytes, uint32_t n,
                  enum dma_dir dir)
{
    struct dma8237 *s = (struct dma8237 *)dev;

    (void)ch;
    if (dir == DMA_TO_DEVICE)
        s->chip[0].temporary = bytes[n - 1];
    else
        bytes[0] = s->chip[0].temporary;
}
