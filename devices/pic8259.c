/* devices/pic8259.c -- the pair of 8259A interrupt controllers of a PC, with
 * the ELCR of the PCI-ISA bridges. Pins 0-15 are IRQ 0-15 (2 is the cascade and
 * has no pin); output pin 0 is INTR. Source: Intel 8259A data sheet (231468);
 * 82371SB data sheet for the ELCR. Docs: docs/devices/pic8259.md. */
#include "halbox/device.h"

enum { MASTER, SLAVE, CHIPS };
enum { CASCADE = 2, LAST = 7 }; /* request inputs of one chip */
enum { WINDOW_MASTER, WINDOW_SLAVE, WINDOW_ELCR };
enum { ICW1_IC4 = 1, ICW1_SNGL = 2, ICW1_LTIM = 8, ICW1 = 0x10 };
enum { ICW4_AEOI = 2, ICW4_SFNM = 0x10 };
enum {
    OCW3_RIS = 1,
    OCW3_RR = 2,
    OCW3_POLL = 4,
    OCW3 = 8,
    OCW3_SMM = 0x20,
    OCW3_ESMM = 0x40
};

/* OCW2 bits 7-5: rotate, specific, EOI. */
enum {
    OCW2_AEOI_ROTATE_CLEAR = 0,
    OCW2_EOI = 1,
    OCW2_NOP = 2,
    OCW2_SPECIFIC_EOI = 3,
    OCW2_AEOI_ROTATE_SET = 4,
    OCW2_ROTATE_EOI = 5,
    OCW2_SET_PRIORITY = 6,
    OCW2_ROTATE_SPECIFIC_EOI = 7,
};

struct chip {
    uint8_t lines, irr, imr, isr, elcr;
    uint8_t icw1, base, icw3, icw4;
    uint8_t expect; /* next ICW number, 0: operating  */
    uint8_t lowest; /* input with the lowest priority */
    uint8_t out;    /* INT output, latched until acknowledged */
    uint8_t read_isr, poll, special_mask, rotate_on_aeoi;
};

struct pic8259 {
    struct device dev;
    struct chip chip[CHIPS];
};

static bool level_triggered(const struct chip *c, unsigned input)
{
    return (c->icw1 & ICW1_LTIM) || (c->elcr & 1u << input);
}

/* Steps from the highest priority, 0..7; 8 for an empty set. */
static unsigned priority(const struct chip *c, unsigned set)
{
    for (unsigned step = 0; step < 8; step++)
        if (set & 1u << ((c->lowest + 1u + step) & LAST))
            return step;
    return 8;
}

static unsigned input_at(const struct chip *c, unsigned step)
{
    return (c->lowest + 1u + step) & LAST;
}

/* The step of the request that would interrupt now, 8 when none would. */
static unsigned request(const struct chip *c, bool master)
{
    unsigned asked = priority(c, c->irr & ~c->imr & 0xffu);
    unsigned serving = c->isr;

    if (c->special_mask) { /* masked inputs in service hold nobody back */
        serving &= ~(unsigned)c->imr;
        for (; asked < 8; asked++)
            if ((c->irr & ~c->imr & ~serving) & 1u << input_at(c, asked))
                break;
    }
    if (master && (c->icw4 & ICW4_SFNM)) /* the slave may interrupt itself */
        serving &= ~(1u << CASCADE);
    return asked < priority(c, serving) ? asked : 8;
}

static void chip_line(struct chip *c, unsigned input, bool level)
{
    uint8_t bit = (uint8_t)(1u << input);

    if (level) {
        if (!(c->lines & bit) || level_triggered(c, input))
            c->irr |= bit;
        c->lines |= bit;
    } else {
        c->lines &= (uint8_t)~bit;
        c->irr &= (uint8_t)~bit; /* must stay high until acknowledged */
    }
}

/* A request raises INT; only acknowledge or reprogramming lowers it again. */
static void update(struct pic8259 *s)
{
    struct chip *slave = &s->chip[SLAVE], *master = &s->chip[MASTER];

    if (!slave->expect && request(slave, false) < 8)
        slave->out = 1;
    chip_line(master, CASCADE, slave->out);
    if (!master->expect && request(master, true) < 8)
        master->out = 1;
    line_set(&s->dev, 0, master->out);
}

static void pic8259_line(struct device *dev, unsigned pin, bool level)
{
    struct pic8259 *s = (struct pic8259 *)dev;

    if (pin > 15 || pin == CASCADE)
        return;
    chip_line(&s->chip[pin / 8], pin % 8, level);
    update(s);
}

/* One chip's part of an acknowledge: the input; LAST, not in service, when the
 * request is gone (the data sheet's default IR7). */
static unsigned acknowledge(struct chip *c, bool master)
{
    unsigned step = request(c, master);
    unsigned input = step < 8 ? input_at(c, step) : LAST;
    uint8_t bit = (uint8_t)(1u << input);

    c->out = 0;
    if (step == 8)
        return LAST;
    if (!level_triggered(c, input))
        c->irr &= (uint8_t)~bit;
    if (!(c->icw4 & ICW4_AEOI))
        c->isr |= bit;
    else if (c->rotate_on_aeoi)
        c->lowest = (uint8_t)input;
    return input;
}

/* ICW3's bit, when ICW1 says that there is an ICW3. */
static bool has_slave(const struct chip *master)
{
    return !(master->icw1 & ICW1_SNGL) && master->icw3 & 1 << CASCADE;
}

static uint8_t pic8259_inta(struct device *dev)
{
    struct pic8259 *s = (struct pic8259 *)dev;
    struct chip *master = &s->chip[MASTER], *slave = &s->chip[SLAVE];
    unsigned step = request(master, true);
    bool cascaded =
        step < 8 && input_at(master, step) == CASCADE && has_slave(master);
    unsigned input = acknowledge(master, true);
    uint8_t vector = (uint8_t)(master->base | input);

    if (cascaded)
        vector = (uint8_t)(slave->base | acknowledge(slave, false));
    update(s);
    return vector;
}

static void end_of_interrupt(struct chip *c, unsigned input)
{
    c->isr &= (uint8_t) ~(1u << input);
}

static void ocw2(struct chip *c, uint8_t value)
{
    unsigned input = value & LAST;
    unsigned highest = priority(c, c->isr);

    switch (value >> 5) {
    case OCW2_AEOI_ROTATE_CLEAR:
    case OCW2_AEOI_ROTATE_SET:
        c->rotate_on_aeoi = value >> 5 == OCW2_AEOI_ROTATE_SET;
        break;
    case OCW2_EOI:
    case OCW2_ROTATE_EOI:
        if (highest == 8)
            break;
        input = input_at(c, highest);
        end_of_interrupt(c, input);
        if (value >> 5 == OCW2_ROTATE_EOI)
            c->lowest = (uint8_t)input;
        break;
    case OCW2_SPECIFIC_EOI:
        end_of_interrupt(c, input);
        break;
    case OCW2_ROTATE_SPECIFIC_EOI:
        end_of_interrupt(c, input);
        c->lowest = (uint8_t)input;
        break;
    case OCW2_SET_PRIORITY:
        c->lowest = (uint8_t)input;
        break;
    case OCW2_NOP:
        break;
    }
}

static void ocw3(struct chip *c, uint8_t value)
{
    if (value & OCW3_ESMM)
        c->special_mask = !!(value & OCW3_SMM);
    if (value & OCW3_POLL)
        c->poll = 1;
    else if (value & OCW3_RR)
        c->read_isr = value & OCW3_RIS;
}

/* Requests of inputs that are high in level mode; no edge is remembered. */
static void relatch(struct chip *c)
{
    for (unsigned i = 0; i < 8; i++)
        if ((c->lines & 1u << i) && level_triggered(c, i))
            c->irr |= (uint8_t)(1u << i);
}

/* ICW1 starts over: edge latches, mask and service are cleared, input 7 is the
 * lowest; without IC4 all of ICW4 is zero (data sheet, "Initialization"). */
static void icw1(struct chip *c, uint8_t value)
{
    struct chip old = *c;

    *c = (struct chip){.lines = old.lines,
                       .elcr = old.elcr,
                       .icw1 = value,
                       .base = old.base,
                       .icw4 = value & ICW1_IC4 ? old.icw4 : 0,
                       .lowest = LAST,
                       .expect = 2};
    relatch(c);
}

static void next_icw(struct chip *c, uint8_t value)
{
    uint8_t last = c->icw1 & ICW1_IC4 ? 4 : 0;

    switch (c->expect) {
    case 2:
        c->base = value & 0xf8;
        c->expect = c->icw1 & ICW1_SNGL ? last : 3;
        break;
    case 3:
        c->icw3 = value;
        c->expect = last;
        break;
    case 4:
        c->icw4 = value;
        c->expect = 0;
        break;
    }
}

static void write_elcr(struct chip *c, unsigned which, uint8_t value)
{
    /* IRQ 0, 1, 2, 8 and 13 are always edge triggered */
    static const uint8_t writable[CHIPS] = {0xf8, 0xde};

    c->elcr = value & writable[which];
    relatch(c);
}

static void pic8259_write(struct device *dev, unsigned window, uint32_t offset,
                          unsigned bytes, uint32_t wide)
{
    struct pic8259 *s = (struct pic8259 *)dev;
    struct chip *c = &s->chip[window == WINDOW_SLAVE];
    uint8_t value = (uint8_t)wide;

    (void)bytes;
    if (window == WINDOW_ELCR) {
        write_elcr(&s->chip[offset & 1], offset & 1, value);
    } else if (offset & 1) {
        if (c->expect) {
            next_icw(c, value);
        } else {
            c->imr = value;
            c->out = 0; /* masked requests no longer interrupt */
        }
    } else if (value & ICW1) {
        icw1(c, value);
    } else if (value & OCW3) {
        ocw3(c, value);
    } else {
        ocw2(c, value);
    }
    update(s);
}

static uint32_t pic8259_peek(const struct device *dev, unsigned window,
                             uint32_t offset, unsigned bytes)
{
    const struct pic8259 *s = (const struct pic8259 *)dev;
    const struct chip *c = &s->chip[window == WINDOW_SLAVE];

    (void)bytes;
    if (window == WINDOW_ELCR)
        return s->chip[offset & 1].elcr;
    if (offset & 1)
        return c->imr;
    return c->read_isr ? c->isr : c->irr;
}

static uint32_t pic8259_read(struct device *dev, unsigned window,
                             uint32_t offset, unsigned bytes)
{
    struct pic8259 *s = (struct pic8259 *)dev;
    struct chip *c = &s->chip[window == WINDOW_SLAVE];
    uint32_t value = 0;

    if (window == WINDOW_ELCR || !c->poll)
        return pic8259_peek(dev, window, offset, bytes);
    /* poll: the read is an acknowledge; bit 7 tells a request, 2-0 which */
    c->poll = 0;
    if (request(c, window == WINDOW_MASTER) < 8)
        value = 0x80 | acknowledge(c, window == WINDOW_MASTER);
    update(s);
    return value;
}

static void pic8259_reset(struct device *dev)
{
    struct pic8259 *s = (struct pic8259 *)dev;

    for (unsigned i = 0; i < CHIPS; i++)
        s->chip[i] = (struct chip){.lines = s->chip[i].lines, .lowest = LAST};
    update(s);
}

static const struct state_row chip_rows[] = {
    STATE_INT(struct chip, lines),
    STATE_INT(struct chip, irr),
    STATE_INT(struct chip, imr),
    STATE_INT(struct chip, isr),
    STATE_INT(struct chip, elcr),
    STATE_INT(struct chip, icw1),
    STATE_INT(struct chip, base),
    STATE_INT(struct chip, icw3),
    STATE_INT(struct chip, icw4),
    STATE_INT(struct chip, expect),
    STATE_INT(struct chip, lowest),
    STATE_INT(struct chip, out),
    STATE_INT(struct chip, read_isr),
    STATE_INT(struct chip, poll),
    STATE_INT(struct chip, special_mask),
    STATE_INT(struct chip, rotate_on_aeoi),
    STATE_END,
};

static const struct state_row pic8259_rows[] = {
    STATE_STRUCTS(struct pic8259, chip, chip_rows),
    STATE_END,
};

/* clang-format off */
static const struct device_pin pic8259_pins[] = {
    {0, false, WIRE_IRQ0 + 0},
    {1, false, WIRE_IRQ0 + 1},
    {3, false, WIRE_IRQ0 + 3},
    {4, false, WIRE_IRQ0 + 4},
    {5, false, WIRE_IRQ0 + 5},
    {6, false, WIRE_IRQ0 + 6},
    {7, false, WIRE_IRQ0 + 7},
    {8, false, WIRE_IRQ0 + 8},
    {9, false, WIRE_IRQ0 + 9},
    {10, false, WIRE_IRQ0 + 10},
    {11, false, WIRE_IRQ0 + 11},
    {12, false, WIRE_IRQ0 + 12},
    {13, false, WIRE_IRQ0 + 13},
    {14, false, WIRE_IRQ0 + 14},
    {15, false, WIRE_IRQ0 + 15},
    {0, true, WIRE_INTR},
    {0, false, WIRE_NONE},
};
/* clang-format on */

const struct device_model pic8259_model = {
    .name = "pic8259",
    .title = "8259A interrupt controller pair with ELCR",
    .version = 1,
    .state_size = sizeof(struct pic8259),
    .rows = pic8259_rows,
    .windows =
        {
            {.kind = WINDOW_PORT,
             .bytes = 2,
             .access = ACCESS_8 | ACCESS_SPLIT,
             .base = 0x20},
            {.kind = WINDOW_PORT,
             .bytes = 2,
             .access = ACCESS_8 | ACCESS_SPLIT,
             .base = 0xa0},
            {.kind = WINDOW_PORT,
             .bytes = 2,
             .access = ACCESS_8 | ACCESS_SPLIT,
             .base = 0x4d0},
        },
    .pins = pic8259_pins,
    .reset = pic8259_reset,
    .read = pic8259_read,
    .write = pic8259_write,
    .peek = pic8259_peek,
    .line = pic8259_line,
    .inta = pic8259_inta,
};
