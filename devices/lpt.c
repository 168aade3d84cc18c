/* devices/lpt.c -- the parallel port of a PC/AT with a printer on it that takes
 * each byte by STROBE#, is busy a moment and says ACK#. What is printed leaves
 * the machine as a stream. Source: IBM PC/AT Technical Reference, Serial/
 * Parallel Adapter; IEEE 1284-1994, compatibility mode. Docs:
 * docs/devices/lpt.md. */
#include "halbox/device.h"

enum { DATA, STATUS, CONTROL, REGISTERS };
/* at the register; BUSY is inverted by the adapter: 1 is ready */
enum { S_ERROR = 0x08, S_SELECT = 0x10, S_PAPER_END = 0x20 };
enum { S_ACK = 0x40, S_READY = 0x80, S_ONES = 0x07 };
enum { C_STROBE = 1, C_AUTO_FEED = 2, C_INIT = 4, C_SELECT_IN = 8 };
enum { C_IRQ = 0x10, C_BITS = 0x1f, C_ONES = 0xc0 };
enum { STEP_ACK, STEP_READY };                 /* timers */
enum { BUSY_NS = 10000, ACK_PULSE_NS = 5000 }; /* of the printer */

struct lpt {
    struct device dev;
    uint8_t data, control;
    bool busy, ack; /* ack: the line is low */
};

/* The adapter asks at the end of ACK#, as its rising edge makes the request. */
static void update(struct lpt *s, bool edge)
{
    irq_set(&s->dev, false);
    if (edge && (s->control & C_IRQ))
        irq_set(&s->dev, true);
}

static void lpt_step(struct device *dev, unsigned step, enum dma_status status)
{
    struct lpt *s = (struct lpt *)dev;

    (void)status;
    if (step == STEP_ACK) {
        s->ack = true;
        clock_after_ns(dev, ACK_PULSE_NS, STEP_READY);
        return;
    }
    s->ack = false;
    s->busy = false;
    update(s, true);
}

static void strobe(struct lpt *s)
{
    if (s->busy) {
        guest_error(&s->dev, "strobe while the printer is busy");
        return;
    }
    s->busy = true;
    stream_put(&s->dev, s->data);
    clock_after_ns(&s->dev, BUSY_NS, STEP_ACK);
}

static void reset_printer(struct lpt *s)
{
    s->busy = s->ack = false;
    clock_cancel(&s->dev, STEP_ACK);
    clock_cancel(&s->dev, STEP_READY);
}

static void write_control(struct lpt *s, uint8_t value)
{
    uint8_t rising = value & ~s->control;

    s->control = value & C_BITS;
    if (!(value & C_INIT)) /* INIT# is low */
        reset_printer(s);
    else if (rising & C_STROBE)
        strobe(s);
    if (!(value & C_IRQ))
        update(s, false);
}

static uint32_t lpt_read(struct device *dev, unsigned window, uint32_t offset,
                         unsigned bytes)
{
    const struct lpt *s = (const struct lpt *)dev;

    (void)window;
    (void)bytes;
    if (offset == DATA)
        return s->data;
    if (offset == CONTROL)
        return s->control | C_ONES;
    return S_ONES | S_ERROR | S_SELECT | (s->ack ? 0u : S_ACK) |
           (s->busy ? 0u : S_READY);
}

static void lpt_write(struct device *dev, unsigned window, uint32_t offset,
                      unsigned bytes, uint32_t value)
{
    struct lpt *s = (struct lpt *)dev;

    (void)window;
    (void)bytes;
    if (offset == DATA)
        s->data = (uint8_t)value;
    else if (offset == CONTROL)
        write_control(s, (uint8_t)value);
}

static void lpt_reset(struct device *dev)
{
    struct lpt *s = (struct lpt *)dev;

    s->data = 0;
    s->control = 0;
    s->busy = s->ack = false;
    update(s, false);
}

static const struct state_row lpt_rows[] = {
    STATE_INT(struct lpt, data),
    STATE_INT(struct lpt, control),
    STATE_INT(struct lpt, busy),
    STATE_INT(struct lpt, ack),
    STATE_END,
};

const struct device_model lpt_model = {
    .name = "lpt",
    .title = "PC/AT parallel port with a printer",
    .version = 1,
    .state_size = sizeof(struct lpt),
    .rows = lpt_rows,
    .windows = {{.kind = WINDOW_PORT,
                 .bytes = REGISTERS,
                 .access = ACCESS_8 | ACCESS_SPLIT,
                 .base = 0x378}},
    .strap = {.has_irq = true, .irq = 7},
    .reset = lpt_reset,
    .read = lpt_read,
    .write = lpt_write,
    .step = lpt_step,
};
