/* devices/edu.c -- a PCI teaching bus master, register-compatible with the
 * publicly documented `edu` device (QEMU, docs/specs/edu): liveness, factorial,
 * interrupts, and DMA between memory and a buffer of 4096 bytes. With setting
 * `sg` a ring of descriptors is added. Docs: docs/devices/edu.md. */
#include "halbox/device.h"

enum {
    ID = 0x00,
    LIVENESS = 0x04,
    FACTORIAL = 0x08,
    STATUS = 0x20,
    IRQ_STATUS = 0x24,
    IRQ_RAISE = 0x60,
    IRQ_ACK = 0x64,
    DMA_SRC = 0x80,
    DMA_DST = 0x88,
    DMA_COUNT = 0x90,
    DMA_CMD = 0x98,
    SG_CAPS = 0xc0,
    SG_RING = 0xc4,
    SG_RING_HIGH = 0xc8,
    SG_SLOTS = 0xcc,
    SG_HEAD = 0xd0,
    SG_TAIL = 0xd4,
    SG_CONTROL = 0xd8,
    SG_STATE = 0xdc
};
enum { STATUS_COMPUTING = 0x01, STATUS_IRQ = 0x80 };
enum { CMD_RUN = 1, CMD_TO_RAM = 2, CMD_IRQ = 4, CMD_BITS = 7 };
enum {
    IRQ_FACTORIAL = 1,
    IRQ_DMA = 0x100,
    IRQ_DMA_FAULT = 0x200,
    IRQ_SG = 0x400,
    IRQ_SG_FAULT = 0x800
};
enum { SG_ENABLE = 1 };
enum { SG_RUNNING = 1, SG_FAULT = 2 };
enum {
    DESC_OWN = 1,
    DESC_TO_RAM = 2,
    DESC_IRQ = 4,
    DESC_DONE = 0x100,
    DESC_ERROR = 0x200
};
enum { BUFFER = 0x40000, BUFFER_BYTES = 4096, BAR_BYTES = 1 << 20 };
enum {
    CARD_RAM = 5,
    CARD_RAM_BYTES = 1 << 16,
    SG_MOST = 4096,
    SG_LONGEST = 4096
};
enum { ENGINE_DMA, ENGINE_SG };
enum { FACTORIAL_DONE, DMA_OVER, SG_GOT, SG_DATA, SG_WROTE };
enum { FACTORIAL_NS = 10 }; /* per multiplication */
#define ID_VALUE      0x010000edu
#define SG_CAPS_VALUE (0x53470001u)

/* As it lies in memory, little endian. */
struct descriptor {
    uint32_t address, address_high;
    uint16_t bytes, offset;
    uint32_t control;
};

struct edu {
    struct device dev;
    uint32_t liveness, factorial, status, irq_status;
    uint64_t src, dst, count;
    uint32_t cmd;
    uint64_t ring;
    uint32_t slots, head, tail, sg_control, sg_state;
    struct descriptor desc; /* the one at work */
    uint8_t buf[BUFFER_BYTES];
    uint64_t dma_bits, sg; /* settings */
};

static uint64_t reach(const struct edu *s, uint64_t at)
{
    return at & (UINT64_MAX >> (64 - s->dma_bits));
}

static void raise_irq(struct edu *s, uint32_t bits)
{
    s->irq_status |= bits;
    irq_set(&s->dev, s->irq_status != 0);
}

/* ---- factorial ---------------------------------------------------------- */

static uint32_t factorial(uint32_t n)
{
    uint32_t result = 1;

    /* from 34! on the low 32 bits are 0 */
    for (uint32_t i = 2; i <= n && result; i++)
        result *= i;
    return result;
}

static void factorial_write(struct edu *s, uint32_t value)
{
    if (s->status & STATUS_COMPUTING)
        return;
    s->factorial = value;
    s->status |= STATUS_COMPUTING;
    clock_after_ns(&s->dev, (uint64_t)(value < 34 ? value : 34) * FACTORIAL_NS,
                   FACTORIAL_DONE);
}

static void factorial_done(struct edu *s)
{
    s->factorial = factorial(s->factorial);
    s->status &= ~(uint32_t)STATUS_COMPUTING;
    if (s->status & STATUS_IRQ)
        raise_irq(s, IRQ_FACTORIAL);
}

/* ---- DMA ---------------------------------------------------------------- */

static bool in_buffer(uint64_t at, uint64_t bytes)
{
    return at >= BUFFER && bytes <= BUFFER_BYTES &&
           at - BUFFER <= BUFFER_BYTES - bytes;
}

static void dma_over(struct edu *s, enum dma_status status)
{
    s->cmd &= ~(uint32_t)CMD_RUN;
    if (s->cmd & CMD_IRQ)
        raise_irq(s, status == DMA_OK ? IRQ_DMA : IRQ_DMA_FAULT);
}

static void dma_start(struct edu *s)
{
    bool to_ram = s->cmd & CMD_TO_RAM;
    uint64_t card = to_ram ? s->src : s->dst;
    dla_t at = dla_of(reach(s, to_ram ? s->dst : s->src));
    uint32_t local, bytes = (uint32_t)s->count;

    if (!in_buffer(card, s->count)) {
        guest_error(&s->dev, "DMA outside the buffer: %#llx, %llu bytes",
                    (unsigned long long)card, (unsigned long long)s->count);
        s->cmd &= ~(uint32_t)CMD_RUN;
        return;
    }
    if (!bytes) {
        clock_after_ns(&s->dev, 0, DMA_OVER);
        return;
    }
    local = LOCAL(s, buf) + (uint32_t)(card - BUFFER);
    if (to_ram)
        dma_write(&s->dev, ENGINE_DMA, at, local, bytes, DMA_OVER);
    else
        dma_read(&s->dev, ENGINE_DMA, at, local, bytes, DMA_OVER);
}

static uint64_t half(uint64_t old, bool high, uint32_t value)
{
    if (high)
        return (old & UINT32_MAX) | (uint64_t)value << 32;
    return (old & ~(uint64_t)UINT32_MAX) | value;
}

/* Registers of the engine do not change while it runs. The upper halves exist
 * on cards that drive more than 32 lines. */
static void dma_register(struct edu *s, uint32_t offset, uint32_t value)
{
    bool high = offset & 4;

    if (s->cmd & CMD_RUN) {
        guest_error(&s->dev, "DMA register %#x written while busy", offset);
        return;
    }
    if (high && s->dma_bits <= 32)
        return;
    switch (offset & ~4u) {
    case DMA_SRC:
        s->src = half(s->src, high, value);
        break;
    case DMA_DST:
        s->dst = half(s->dst, high, value);
        break;
    case DMA_COUNT:
        s->count = half(s->count, high, value);
        break;
    case DMA_CMD:
        if (high || !(value & CMD_RUN))
            break;
        s->cmd = value & CMD_BITS;
        dma_start(s);
        break;
    }
}

/* ---- scatter/gather: a ring of descriptors ------------------------------ */

static dla_t slot_at(const struct edu *s)
{
    return dla_of(reach(s, s->ring + (uint64_t)s->head * sizeof s->desc));
}

static void sg_stop(struct edu *s, uint32_t state)
{
    s->sg_state = state;
    if (state & SG_FAULT)
        raise_irq(s, IRQ_SG_FAULT);
}

/* Fetch the next descriptor, if the driver has given one. */
static void sg_next(struct edu *s)
{
    if (!(s->sg_control & SG_ENABLE) || s->head == s->tail) {
        s->sg_state &= ~(uint32_t)SG_RUNNING;
        return;
    }
    s->sg_state = SG_RUNNING;
    dma_read(&s->dev, ENGINE_SG, slot_at(s), LOCAL(s, desc), sizeof s->desc,
             SG_GOT);
}

static void sg_write_back(struct edu *s, uint32_t outcome)
{
    s->desc.control = (s->desc.control & ~(uint32_t)DESC_OWN) | outcome;
    dma_write(&s->dev, ENGINE_SG,
              dla_add(slot_at(s), offsetof(struct descriptor, control)),
              LOCAL(s, desc.control), sizeof s->desc.control, SG_WROTE);
}

static void sg_got(struct edu *s)
{
    const struct descriptor *d = &s->desc;
    dla_t at = dla_of(reach(s, d->address | (uint64_t)d->address_high << 32));
    uint32_t local = LOCAL_RAM(CARD_RAM, d->offset);

    if (!(d->control & DESC_OWN)) { /* the driver has not finished it */
        sg_stop(s, 0);
    } else if (!d->bytes || d->bytes > SG_LONGEST ||
               (uint32_t)d->offset + d->bytes > CARD_RAM_BYTES) {
        guest_error(&s->dev, "descriptor %u: %u bytes at %#x", s->head,
                    d->bytes, d->offset);
        sg_write_back(s, DESC_ERROR);
    } else if (d->control & DESC_TO_RAM) {
        dma_write(&s->dev, ENGINE_SG, at, local, d->bytes, SG_DATA);
    } else {
        dma_read(&s->dev, ENGINE_SG, at, local, d->bytes, SG_DATA);
    }
}

static void sg_wrote(struct edu *s)
{
    bool error = s->desc.control & DESC_ERROR;

    s->head = s->head + 1 < s->slots ? s->head + 1 : 0;
    if (s->desc.control & DESC_IRQ)
        raise_irq(s, IRQ_SG);
    if (error)
        sg_stop(s, SG_FAULT);
    else
        sg_next(s);
}

static void sg_step(struct edu *s, unsigned step, enum dma_status status)
{
    if (step == SG_DATA)
        sg_write_back(s, status == DMA_OK ? DESC_DONE : DESC_ERROR);
    else if (status != DMA_OK) /* the ring itself cannot be reached */
        sg_stop(s, SG_FAULT);
    else if (step == SG_GOT)
        sg_got(s);
    else
        sg_wrote(s);
}

static void sg_control(struct edu *s, uint32_t value)
{
    s->sg_control = value & SG_ENABLE;
    if (!s->sg_control) { /* the bus is left between two bytes */
        dma_cancel(&s->dev, ENGINE_SG);
        s->head = s->tail = 0;
        s->sg_state = 0;
    }
}

static void sg_register(struct edu *s, uint32_t offset, uint32_t value)
{
    if (offset != SG_TAIL && offset != SG_CONTROL && s->sg_control) {
        guest_error(&s->dev, "ring register %#x written while on", offset);
        return;
    }
    switch (offset) {
    case SG_RING:
        s->ring = half(s->ring, false, value & ~15u);
        break;
    case SG_RING_HIGH:
        s->ring = half(s->ring, true, s->dma_bits > 32 ? value : 0);
        break;
    case SG_SLOTS:
        s->slots = value > SG_MOST ? SG_MOST : value;
        break;
    case SG_CONTROL:
        sg_control(s, value);
        break;
    case SG_TAIL:
        s->tail = value < s->slots ? value : 0;
        if (!(s->sg_state & SG_RUNNING))
            sg_next(s);
        break;
    }
}

static uint32_t sg_read(const struct edu *s, uint32_t offset)
{
    switch (offset) {
    case SG_CAPS:
        return SG_CAPS_VALUE;
    case SG_RING:
        return (uint32_t)s->ring;
    case SG_RING_HIGH:
        return (uint32_t)(s->ring >> 32);
    case SG_SLOTS:
        return s->slots;
    case SG_HEAD:
        return s->head;
    case SG_TAIL:
        return s->tail;
    case SG_CONTROL:
        return s->sg_control;
    default:
        return s->sg_state;
    }
}

/* ---- registers ---------------------------------------------------------- */

static uint32_t dma_value(const struct edu *s, uint32_t offset)
{
    uint64_t v = (offset & ~4u) == DMA_SRC     ? s->src
                 : (offset & ~4u) == DMA_DST   ? s->dst
                 : (offset & ~4u) == DMA_COUNT ? s->count
                                               : s->cmd;

    return (uint32_t)(offset & 4 ? v >> 32 : v);
}

static uint32_t edu_peek(const struct device *dev, unsigned window,
                         uint32_t offset, unsigned bytes)
{
    const struct edu *s = (const struct edu *)dev;

    (void)window;
    (void)bytes;
    switch (offset) {
    case ID:
        return ID_VALUE;
    case LIVENESS:
        return s->liveness;
    case FACTORIAL:
        return s->factorial;
    case STATUS:
        return s->status;
    case IRQ_STATUS:
        return s->irq_status;
    }
    if (offset >= DMA_SRC && offset < DMA_CMD + 8)
        return dma_value(s, offset);
    if (s->sg && offset >= SG_CAPS && offset <= SG_STATE)
        return sg_read(s, offset);
    return UINT32_MAX;
}

static uint32_t edu_read(struct device *dev, unsigned window, uint32_t offset,
                         unsigned bytes)
{
    return edu_peek(dev, window, offset, bytes);
}

static void edu_write(struct device *dev, unsigned window, uint32_t offset,
                      unsigned bytes, uint32_t value)
{
    struct edu *s = (struct edu *)dev;

    (void)window;
    (void)bytes;
    switch (offset) {
    case LIVENESS:
        s->liveness = ~value;
        return;
    case FACTORIAL:
        factorial_write(s, value);
        return;
    case STATUS:
        s->status = (s->status & ~(uint32_t)STATUS_IRQ) | (value & STATUS_IRQ);
        return;
    case IRQ_RAISE:
        raise_irq(s, value);
        return;
    case IRQ_ACK:
        s->irq_status &= ~value;
        raise_irq(s, 0);
        return;
    }
    if (offset >= DMA_SRC && offset < DMA_CMD + 8)
        dma_register(s, offset, value);
    else if (s->sg && offset > SG_CAPS && offset <= SG_STATE)
        sg_register(s, offset, value);
    else
        guest_error(dev, "nothing to write at %#x", offset);
}

static void edu_step(struct device *dev, unsigned step, enum dma_status status)
{
    struct edu *s = (struct edu *)dev;

    if (step == FACTORIAL_DONE)
        factorial_done(s);
    else if (step == DMA_OVER)
        dma_over(s, status);
    else
        sg_step(s, step, status);
}

static void edu_reset(struct device *dev)
{
    struct edu *s = (struct edu *)dev;

    s->liveness = s->factorial = s->status = s->irq_status = s->cmd = 0;
    s->src = s->dst = s->count = s->ring = 0;
    s->slots = s->head = s->tail = s->sg_control = s->sg_state = 0;
    s->desc = (struct descriptor){0};
    for (unsigned i = 0; i < BUFFER_BYTES; i++)
        s->buf[i] = 0;
}

static const struct state_row desc_rows[] = {
    STATE_INT(struct descriptor, address),
    STATE_INT(struct descriptor, address_high),
    STATE_INT(struct descriptor, bytes),
    STATE_INT(struct descriptor, offset),
    STATE_INT(struct descriptor, control),
    STATE_END,
};

static const struct state_row edu_rows[] = {
    STATE_INT(struct edu, liveness),
    STATE_INT(struct edu, factorial),
    STATE_INT(struct edu, status),
    STATE_INT(struct edu, irq_status),
    STATE_INT(struct edu, src),
    STATE_INT(struct edu, dst),
    STATE_INT(struct edu, count),
    STATE_INT(struct edu, cmd),
    STATE_INT(struct edu, ring),
    STATE_INT(struct edu, slots),
    STATE_INT(struct edu, head),
    STATE_INT(struct edu, tail),
    STATE_INT(struct edu, sg_control),
    STATE_INT(struct edu, sg_state),
    STATE_STRUCT(struct edu, desc, desc_rows),
    STATE_BYTES(struct edu, buf),
    STATE_INT(struct edu, dma_bits),
    STATE_INT(struct edu, sg),
    STATE_END,
};

static const struct device_setting edu_settings[] = {
    {"dma_bits", "address lines that the card drives", 28, 16, 64,
     offsetof(struct edu, dma_bits)},
    {"sg", "1: with the ring of descriptors", 0, 0, 1,
     offsetof(struct edu, sg)},
    {NULL, NULL, 0, 0, 0, 0},
};

const struct device_model edu_model = {
    .name = "edu",
    .title = "PCI teaching bus master with a buffer of 4096 bytes",
    .version = 1,
    .state_size = sizeof(struct edu),
    .rows = edu_rows,
    .settings = edu_settings,
    .pci = {.vendor = 0x1234,
            .device = 0x11e8,
            .subsystem_vendor = 0x1af4,
            .subsystem = 0x1100,
            .revision = 0x10,
            .subclass = 0xff,
            .interrupt_pin = 1,
            .address_bits = 64},
    .windows = {{.kind = WINDOW_MEMORY,
                 .bytes = BAR_BYTES,
                 .access = ACCESS_32},
                [CARD_RAM] = {.bytes = CARD_RAM_BYTES, .ram = true}},
    .reset = edu_reset,
    .read = edu_read,
    .write = edu_write,
    .peek = edu_peek,
    .step = edu_step,
};
