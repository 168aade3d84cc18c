/* devices/isacard.c -- an ISA data card: a buffer of 64 KiB that a channel of
 * the 8237 fills or empties, and one interrupt. 8-bit on channels 0-3, 16-bit
 * on 5-7. An invented card: docs/devices/isacard.md is its data sheet. */
#include "halbox/device.h"

enum {
    DATA = 0x0,
    ID = 0x2,
    CONTROL = 0x4,
    STATUS = 0x6,
    POINTER = 0x8,
    COUNT = 0xa,
    PERIOD = 0xc,
    BURST = 0xe,
    PORTS = 16
};
enum {
    CONTROL_RUN = 1 << 0,
    CONTROL_TO_MEMORY = 1 << 1,
    CONTROL_IRQ = 1 << 2,
    CONTROL_CONTINUE = 1 << 3,
    CONTROL_REQUEST = 4,
    CONTROL_BITS = 0x3f,
    CONTROL_RESET = 1 << 7
};
enum { REQUEST_SINGLE, REQUEST_DEMAND, REQUEST_BLOCK };
enum {
    STATUS_BUSY = 1 << 0,
    STATUS_TC = 1 << 1,
    STATUS_IRQ = 1 << 2,
    STATUS_DREQ = 1 << 3,
    STATUS_COUNT = 1 << 4
};
enum { BUFFER = 7, BUFFER_BYTES = 1 << 16 }; /* a window that nobody reaches */
enum { ID_VALUE = 0x4349 };
enum { STEP_REQUEST };

struct isacard {
    struct device dev;
    uint16_t control, status, pointer, count, period, burst;
    uint16_t left;       /* units still asked for, with a COUNT */
    uint16_t burst_left; /* units till DREQ drops, demand */
    uint8_t request;     /* level of DREQ */
};

static unsigned unit_bytes(const struct isacard *s)
{
    return device_channel(&s->dev) >= 4 ? 2 : 1;
}

static unsigned request_mode(const struct isacard *s)
{
    return s->control >> CONTROL_REQUEST & 3;
}

static void set_request(struct isacard *s, bool level)
{
    s->request = level;
    dreq_set(&s->dev, level);
}

/* ---- transfers ---------------------------------------------------------- */

static void ask(struct isacard *s)
{
    s->burst_left = s->burst ? s->burst : 1;
    set_request(s, true);
}

static void over(struct isacard *s, uint16_t why)
{
    s->status |= why;
    if (s->control & CONTROL_IRQ) {
        s->status |= STATUS_IRQ;
        irq_set(&s->dev, true);
    }
    if (why == STATUS_TC && (s->control & CONTROL_CONTINUE)) {
        if (request_mode(s) == REQUEST_BLOCK)
            clock_after_ns(&s->dev, s->period, STEP_REQUEST);
        return;
    }
    s->status &= (uint16_t)~STATUS_BUSY;
    s->control &= (uint16_t)~CONTROL_RUN;
    clock_cancel(&s->dev, STEP_REQUEST);
    set_request(s, false);
}

/* DREQ after @n more units: what is asked for may be all there, the burst may
 * be over, and a single request is answered by each unit. */
static void after_units(struct isacard *s, uint32_t n)
{
    unsigned mode = request_mode(s);

    if (mode == REQUEST_BLOCK) { /* one pulse starts it all */
        set_request(s, false);
        return;
    }
    s->burst_left = n < s->burst_left ? (uint16_t)(s->burst_left - n) : 0;
    if (mode == REQUEST_DEMAND && s->burst_left)
        return;
    if (!s->period) {
        s->burst_left = s->burst ? s->burst : 1;
        return;
    }
    set_request(s, false);
    clock_after_ns(&s->dev, s->period, STEP_REQUEST);
}

static void move_unit_bytes(struct isacard *s, uint8_t *bytes, uint32_t n,
                            enum dma_dir dir)
{
    for (uint32_t i = 0; i < n; i++, s->pointer++) {
        uint8_t *at = device_ram(&s->dev, BUFFER, s->pointer, 1);

        if (dir == DMA_TO_DEVICE)
            *at = bytes[i];
        else
            bytes[i] = *at;
    }
}

static void isacard_dack(struct device *dev, uint8_t *bytes, uint32_t n,
                         bool tc, enum dma_dir dir)
{
    struct isacard *s = (struct isacard *)dev;
    uint16_t why = 0;

    if (n)
        move_unit_bytes(s, bytes, n * unit_bytes(s), dir);
    if (!(s->status & STATUS_BUSY))
        return; /* a software request moved what nobody asked for */
    after_units(s, n);
    if (s->count)
        s->left = n < s->left ? (uint16_t)(s->left - n) : 0;
    if (tc)
        why |= STATUS_TC;
    if (s->count && !s->left)
        why |= STATUS_COUNT;
    if (why)
        over(s, why);
}

static uint32_t isacard_ready(const struct device *dev, enum dma_dir dir)
{
    const struct isacard *s = (const struct isacard *)dev;
    uint32_t n = request_mode(s) == REQUEST_DEMAND ? s->burst_left : 1;

    (void)dir;
    if (s->count && s->left < n)
        n = s->left;
    return n;
}

static void isacard_step(struct device *dev, unsigned step,
                         enum dma_status status)
{
    struct isacard *s = (struct isacard *)dev;

    (void)step;
    (void)status;
    if (s->status & STATUS_BUSY)
        ask(s);
}

/* ---- registers ---------------------------------------------------------- */

static void isacard_reset(struct device *dev)
{
    struct isacard *s = (struct isacard *)dev;

    s->control = s->status = s->pointer = s->count = 0;
    s->period = 0;
    s->burst = 16;
    s->left = s->burst_left = 0;
    clock_cancel(dev, STEP_REQUEST);
    set_request(s, false);
    irq_set(dev, false);
}

static void control_write(struct isacard *s, uint16_t value)
{
    bool was = s->control & CONTROL_RUN;

    if (value & CONTROL_RESET) {
        isacard_reset(&s->dev);
        return;
    }
    s->control = value & CONTROL_BITS;
    if (!(value & CONTROL_RUN)) {
        s->status &= (uint16_t)~STATUS_BUSY;
        clock_cancel(&s->dev, STEP_REQUEST);
        set_request(s, false);
    } else if (!was) {
        s->status |= STATUS_BUSY;
        s->left = s->count;
        ask(s);
    }
}

static void status_write(struct isacard *s, uint16_t value)
{
    s->status &= (uint16_t) ~(value & (STATUS_TC | STATUS_IRQ | STATUS_COUNT));
    if (!(s->status & STATUS_IRQ))
        irq_set(&s->dev, false);
}

/* Byte or word of the buffer at POINTER. */
static uint32_t data_peek(const struct isacard *s, unsigned bytes)
{
    uint32_t value = 0;

    for (unsigned i = 0; i < bytes; i++) {
        uint16_t at = (uint16_t)(s->pointer + i);

        value |= (uint32_t)*device_ram_view(&s->dev, BUFFER, at, 1) << 8 * i;
    }
    return value;
}

static void data_write(struct isacard *s, unsigned bytes, uint32_t value)
{
    for (unsigned i = 0; i < bytes; i++, s->pointer++)
        *device_ram(&s->dev, BUFFER, s->pointer, 1) = (uint8_t)(value >> 8 * i);
}

static uint32_t isacard_peek(const struct device *dev, unsigned window,
                             uint32_t offset, unsigned bytes)
{
    const struct isacard *s = (const struct isacard *)dev;

    (void)window;
    if (offset == DATA)
        return data_peek(s, bytes);
    if (bytes != 2)
        return UINT32_MAX;
    switch (offset) {
    case ID:
        return ID_VALUE;
    case CONTROL:
        return s->control;
    case STATUS:
        return s->status | (s->request ? (unsigned)STATUS_DREQ : 0u);
    case POINTER:
        return s->pointer;
    case COUNT:
        return s->count;
    case PERIOD:
        return s->period;
    case BURST:
        return s->burst;
    default:
        return UINT32_MAX;
    }
}

static uint32_t isacard_read(struct device *dev, unsigned window,
                             uint32_t offset, unsigned bytes)
{
    uint32_t value = isacard_peek(dev, window, offset, bytes);

    if (offset == DATA)
        ((struct isacard *)dev)->pointer += (uint16_t)bytes;
    return value;
}

static void isacard_write(struct device *dev, unsigned window, uint32_t offset,
                          unsigned bytes, uint32_t value)
{
    struct isacard *s = (struct isacard *)dev;
    uint16_t v = (uint16_t)value;

    (void)window;
    if (offset == DATA) {
        data_write(s, bytes, value);
        return;
    }
    if (bytes != 2 || offset == ID) {
        guest_error(dev, "%u bytes written at %#x", bytes, offset);
        return;
    }
    switch (offset) {
    case CONTROL:
        control_write(s, v);
        break;
    case STATUS:
        status_write(s, v);
        break;
    case POINTER:
        s->pointer = v;
        break;
    case COUNT:
        s->count = v;
        break;
    case PERIOD:
        s->period = v;
        break;
    case BURST:
        s->burst = v;
        break;
    }
}

static const struct state_row isacard_rows[] = {
    STATE_INT(struct isacard, control), STATE_INT(struct isacard, status),
    STATE_INT(struct isacard, pointer), STATE_INT(struct isacard, count),
    STATE_INT(struct isacard, period),  STATE_INT(struct isacard, burst),
    STATE_INT(struct isacard, left),    STATE_INT(struct isacard, burst_left),
    STATE_INT(struct isacard, request), STATE_END,
};

const struct device_model isacard_model = {
    .name = "isacard",
    .title = "ISA data card on an 8237 channel, buffer of 64 KiB",
    .version = 1,
    .state_size = sizeof(struct isacard),
    .rows = isacard_rows,
    .strap = {.has_irq = true, .irq = 5, .has_dma = true, .dma = 1},
    .windows = {[0] = {.kind = WINDOW_PORT,
                       .bytes = PORTS,
                       .access = ACCESS_8 | ACCESS_16 | ACCESS_SPLIT,
                       .base = 0x300},
                [BUFFER] = {.bytes = BUFFER_BYTES, .ram = true}},
    .reset = isacard_reset,
    .read = isacard_read,
    .write = isacard_write,
    .peek = isacard_peek,
    .step = isacard_step,
    .dack = isacard_dack,
    .ready = isacard_ready,
};
