/* devices/pit8254.c -- 8254 programmable interval timer of a PC with port 61h.
 * Output pins 0-2 are OUT 0-2 (OUT 0 is IRQ 0,
 * OUT 2 passes the speaker gate); counters 0 and 1 have their
 * gate tied high, counter 2's gate is bit 0 of port 61h. Nothing ticks: a
 * counter is its start on the time axis and what has been read or written of
 * it, so any register is computed when asked for. Source: Intel 8254 data sheet
 * (231164); PC/AT technical reference for port 61h. Docs:
 * docs/devices/pit8254.md. */
#include "halbox/device.h"

enum { COUNTERS = 3, CONTROL = 3, HERTZ = 1193182 };
enum { WINDOW_PIT, WINDOW_PORT_B };
enum { RW_LATCH, RW_LSB, RW_MSB, RW_BOTH };
enum { READ_BACK_NO_COUNT = 0x20, READ_BACK_NO_STATUS = 0x10 };
enum {
    B_GATE2 = 1,
    B_SPEAKER = 2,
    B_PARITY = 4,
    B_CHANNEL = 8,
    B_REFRESH = 0x10,
    B_OUT2 = 0x20
};

struct counter {
    uint64_t start;   /* clock at which the counting element was loaded      */
    uint64_t paused;  /* clock at which the gate went low; valid if !gate    */
    uint32_t count;   /* what was loaded: 1..65536 (10000 in BCD)            */
    uint32_t waiting; /* written, not loaded yet; 0: none                    */
    uint64_t load_at; /* clock at which it is, modes 2 and 3                 */
    uint32_t phase;   /* clocks of the period that `start` is in already     */
    uint16_t written; /* first byte of a two-byte write                      */
    uint16_t latched;
    uint8_t latched_bytes; /* bytes of `latched` still to be read            */
    uint8_t status, status_latched;
    uint8_t control; /* its mode control word, but for the counter's number  */
    uint8_t mode, rw, bcd;
    uint8_t gate, armed; /* armed: counting since `start`           */
    uint8_t second_write, second_read;
    uint8_t null_count;
};

struct pit8254 {
    struct device dev;
    struct counter c[COUNTERS];
    uint8_t port_b;
};

static uint64_t clocks(const struct device *dev)
{
    return (uint64_t)((unsigned __int128)clock_ns(dev) * HERTZ / 1000000000u);
}

/* ns at which clock @n begins, so that clocks() then says n. */
static uint64_t clock_begins_ns(uint64_t n)
{
    unsigned __int128 ns = (unsigned __int128)n * 1000000000u;

    return (uint64_t)((ns + HERTZ - 1) / HERTZ);
}

static uint32_t modulus(const struct counter *c)
{
    return c->bcd ? 10000 : 65536;
}

/* Clocks of counting so far; the gate stops modes 0, 2, 3 and 4. */
static uint64_t elapsed(const struct counter *c, uint64_t now)
{
    bool held = !c->gate && c->mode != 1 && c->mode != 5;
    uint64_t at = held ? c->paused : now;

    return (at > c->start ? at - c->start : 0) + c->phase;
}

static bool is_periodic(const struct counter *c)
{
    return c->mode == 2 || c->mode == 3;
}

/* OUT's high half in mode 3 has the odd clock. */
static uint32_t high_clocks(uint32_t count)
{
    return (count + 1) / 2;
}

/* Periodic modes load a waiting count at the end of the period (mode 3: of the
 * half) in which it was written, and go on with the next. */
static void wait_for_end(struct counter *c, uint32_t count, uint64_t now)
{
    uint64_t in_period = elapsed(c, now) % c->count, end = c->count;
    uint64_t from = now > c->start ? now : c->start;

    if (c->mode == 3 && in_period < high_clocks(c->count))
        end = high_clocks(c->count);
    c->waiting = count;
    c->load_at = from + (end - in_period);
}

/* Brings a periodic counter up to @now. */
static void settle(struct counter *c, uint64_t now)
{
    bool low;

    if (!c->armed || !c->waiting || !is_periodic(c) ||
        (c->gate ? now : c->paused) < c->load_at)
        return;
    low = c->mode == 3 && (c->load_at - c->start + c->phase) % c->count;
    c->start = c->load_at;
    c->count = c->waiting;
    c->phase = low ? high_clocks(c->count) : 0;
    c->waiting = 0;
    c->null_count = 0;
}

static bool out(const struct counter *c, uint64_t now)
{
    uint64_t gone = elapsed(c, now);

    if (!c->armed)
        return c->mode != 0;
    switch (c->mode) {
    case 0:
    case 1:
        return gone >= c->count;
    case 2:
        return !c->gate || gone % c->count != c->count - 1;
    case 3:
        return !c->gate || gone % c->count < high_clocks(c->count);
    default: /* 4, 5: low for the one clock at zero */
        return gone != c->count;
    }
}

/* The counting element as a read sees it. */
static uint16_t value(const struct counter *c, uint64_t now)
{
    uint64_t gone = elapsed(c, now);
    uint32_t n, m = modulus(c);

    if (!c->armed)
        n = c->count;
    else if (c->mode == 2)
        n = c->count - (uint32_t)(gone % c->count);
    else if (c->mode == 3) { /* counts down by two, twice a period */
        uint32_t at = (uint32_t)(gone % c->count);
        uint32_t high = high_clocks(c->count);

        n = (c->count & ~1u) - 2 * (at < high ? at : at - high);
    } else
        n = (uint32_t)((c->count + m - gone % m) % m);
    n %= m;
    if (c->bcd)
        n = n % 10 | n / 10 % 10 << 4 | n / 100 % 10 << 8 | n / 1000 << 12;
    return (uint16_t)n;
}

/* The next clock at which OUT changes, 0 when it never will. */
static uint64_t next_change(const struct counter *c, uint64_t now)
{
    uint64_t gone = elapsed(c, now), at;

    if (!c->armed || (!c->gate && c->mode != 1 && c->mode != 5))
        return 0;
    switch (c->mode) {
    case 0:
    case 1:
        at = gone < c->count ? c->count : 0;
        break;
    case 2:
        at = gone - gone % c->count + c->count - 1;
        at = gone < at ? at : at + 1;
        break;
    case 3:
        at = gone - gone % c->count;
        at += gone - at < high_clocks(c->count) ? high_clocks(c->count)
                                                : c->count;
        break;
    default:
        at = gone < c->count ? c->count : gone == c->count ? gone + 1 : 0;
        break;
    }
    return at ? c->start + at - c->phase : 0;
}

/* Drives OUT as it is now and sets the timer for its next change. */
static void drive(struct pit8254 *s, unsigned n)
{
    struct counter *c = &s->c[n];
    uint64_t now = clocks(&s->dev), next;

    settle(c, now);
    line_set(&s->dev, n, out(c, now) && (n != 2 || s->port_b & B_SPEAKER));
    next = next_change(c, now);
    if (next)
        clock_after_ns(&s->dev, clock_begins_ns(next) - clock_ns(&s->dev), n);
    else
        clock_cancel(&s->dev, n);
}

/* A count is complete: modes 0 and 4 load at the next clock, 2 and 3 too when
 * idle, else at the period's end; 1 and 5 at the next trigger. */
static void load(struct counter *c, uint16_t raw, uint64_t now)
{
    uint32_t n = raw;

    if (c->bcd)
        n = (raw & 15u) + 10u * (raw >> 4 & 15) + 100u * (raw >> 8 & 15) +
            1000u * (raw >> 12);
    if (n == 0)
        n = modulus(c);
    c->null_count = 1;
    settle(c, now);
    if (c->armed && is_periodic(c)) {
        wait_for_end(c, n, now);
        return;
    }
    if (c->mode == 1 || c->mode == 5) {
        c->waiting = n;
        return;
    }
    c->count = n;
    c->waiting = 0;
    c->null_count = 0;
    c->armed = 1;
    c->start = now + 1;
    c->paused = c->start;
}

static void write_counter(struct pit8254 *s, unsigned n, uint8_t byte)
{
    struct counter *c = &s->c[n];
    uint64_t now = clocks(&s->dev);

    switch (c->rw) {
    case RW_LSB:
        load(c, byte, now);
        break;
    case RW_MSB:
        load(c, (uint16_t)(byte << 8), now);
        break;
    case RW_BOTH:
        if (c->second_write) {
            load(c, (uint16_t)(c->written | byte << 8), now);
        } else {
            c->written = byte;
            if (c->mode == 0) /* the first byte stops counting, OUT is low */
                c->armed = 0;
        }
        c->second_write ^= 1;
        break;
    default: /* no mode was ever set: the byte has nowhere to go */
        break;
    }
    drive(s, n);
}

static void latch_count(struct counter *c, uint64_t now)
{
    if (c->latched_bytes) /* a second latch is ignored until it was read */
        return;
    c->latched = value(c, now);
    c->latched_bytes = c->rw == RW_BOTH ? 2 : 1;
}

static void latch_status(struct counter *c, uint64_t now)
{
    bool null = c->null_count || now < c->start;

    if (c->status_latched)
        return;
    c->status = (uint8_t)(out(c, now) << 7 | null << 6 | c->control);
    c->status_latched = 1;
}

static void write_control(struct pit8254 *s, uint8_t control)
{
    uint64_t now = clocks(&s->dev);
    unsigned n = control >> 6;
    struct counter *c;

    if (n == 3) { /* read-back: bits 1-3 select counters */
        for (n = 0; n < COUNTERS; n++) {
            if (!(control & 2u << n))
                continue;
            settle(&s->c[n], now);
            if (!(control & READ_BACK_NO_COUNT))
                latch_count(&s->c[n], now);
            if (!(control & READ_BACK_NO_STATUS))
                latch_status(&s->c[n], now);
        }
        return;
    }
    c = &s->c[n];
    settle(c, now);
    if ((control >> 4 & 3) == RW_LATCH) {
        latch_count(c, now);
        return;
    }
    *c = (struct counter){.gate = c->gate,
                          .count = c->count,
                          .control = control & 0x3f,
                          .rw = control >> 4 & 3,
                          .mode = control >> 1 & 7,
                          .bcd = control & 1,
                          .null_count = 1};
    if (c->mode > 5) /* x10 and x11 are modes 2 and 3 */
        c->mode -= 4;
    drive(s, n);
}

static void set_gate(struct pit8254 *s, unsigned n, bool level)
{
    struct counter *c = &s->c[n];
    uint64_t now = clocks(&s->dev);

    if (c->gate == level)
        return;
    settle(c, now);
    if (!level) {
        c->paused = now;
    } else if (c->mode == 0 || c->mode == 4) { /* counting goes on */
        if (c->armed && now > c->paused)
            c->start += now - c->paused;
    } else { /* a rising gate triggers: the count is loaded at the next clock */
        if (c->waiting)
            c->count = c->waiting;
        c->waiting = 0;
        c->null_count = 0;
        c->armed = c->armed || c->mode == 1 || c->mode == 5;
        c->start = now + 1;
        c->phase = 0;
    }
    c->gate = level;
    drive(s, n);
}

static uint8_t read_port_b(const struct pit8254 *s)
{
    uint64_t now = clocks(&s->dev);
    uint8_t b = s->port_b & 0x0f;

    /* the refresh detect bit toggles with every refresh of counter 1: 15 us */
    if (now / 18 & 1)
        b |= B_REFRESH;
    if (out(&s->c[2], now))
        b |= B_OUT2;
    return b;
}

static void pit8254_write(struct device *dev, unsigned window, uint32_t offset,
                          unsigned bytes, uint32_t wide)
{
    struct pit8254 *s = (struct pit8254 *)dev;
    uint8_t byte = (uint8_t)wide;

    (void)bytes;
    if (window == WINDOW_PORT_B) {
        s->port_b = byte & 0x0f;
        set_gate(s, 2, byte & B_GATE2);
        drive(s, 2);
    } else if (offset == CONTROL) {
        write_control(s, byte);
    } else {
        write_counter(s, offset, byte);
    }
}

/* Which byte a read gives; the reader of a pair alternates. */
static uint8_t pick(const struct counter *c, uint16_t v, bool high)
{
    if (c->rw == RW_MSB || (c->rw == RW_BOTH && high))
        return (uint8_t)(v >> 8);
    return (uint8_t)v;
}

static uint32_t pit8254_read(struct device *dev, unsigned window,
                             uint32_t offset, unsigned bytes)
{
    struct pit8254 *s = (struct pit8254 *)dev;
    struct counter *c = &s->c[offset % COUNTERS];
    uint64_t now = clocks(dev);
    uint8_t byte;

    (void)bytes;
    if (window == WINDOW_PORT_B)
        return read_port_b(s);
    if (offset == CONTROL) /* no operation: the bus floats */
        return 0xff;
    settle(c, now);
    if (c->status_latched) {
        c->status_latched = 0;
        return c->status;
    }
    if (c->latched_bytes) {
        byte = pick(c, c->latched, c->latched_bytes == 1);
        c->latched_bytes--;
        return byte;
    }
    byte = pick(c, value(c, now), c->second_read);
    if (c->rw == RW_BOTH)
        c->second_read ^= 1;
    return byte;
}

static uint32_t pit8254_peek(const struct device *dev, unsigned window,
                             uint32_t offset, unsigned bytes)
{
    struct pit8254 copy = *(const struct pit8254 *)dev;

    return pit8254_read(&copy.dev, window, offset, bytes);
}

static void pit8254_step(struct device *dev, unsigned step,
                         enum dma_status status)
{
    (void)status;
    if (step < COUNTERS)
        drive((struct pit8254 *)dev, step);
}

static void pit8254_reset(struct device *dev)
{
    struct pit8254 *s = (struct pit8254 *)dev;

    /* the data sheet leaves the counters undefined: idle, mode 3 */
    for (unsigned n = 0; n < COUNTERS; n++) {
        s->c[n] = (struct counter){
            .mode = 3, .count = 65536, .gate = n != 2, .null_count = 1};
        drive(s, n);
    }
    s->port_b = 0;
}

static bool pit8254_check(const struct device *dev)
{
    const struct pit8254 *s = (const struct pit8254 *)dev;

    for (unsigned n = 0; n < COUNTERS; n++)
        if (!s->c[n].count) /* clocks are divided by it */
            return false;
    return true;
}

static const struct state_row counter_rows[] = {
    STATE_INT(struct counter, start),
    STATE_INT(struct counter, paused),
    STATE_INT(struct counter, count),
    STATE_INT(struct counter, waiting),
    STATE_INT(struct counter, load_at),
    STATE_INT(struct counter, phase),
    STATE_INT(struct counter, written),
    STATE_INT(struct counter, latched),
    STATE_INT(struct counter, latched_bytes),
    STATE_INT(struct counter, status),
    STATE_INT(struct counter, status_latched),
    STATE_INT(struct counter, control),
    STATE_INT(struct counter, mode),
    STATE_INT(struct counter, rw),
    STATE_INT(struct counter, bcd),
    STATE_INT(struct counter, gate),
    STATE_INT(struct counter, armed),
    STATE_INT(struct counter, second_write),
    STATE_INT(struct counter, second_read),
    STATE_INT(struct counter, null_count),
    STATE_END,
};

static const struct state_row pit8254_rows[] = {
    STATE_STRUCTS(struct pit8254, c, counter_rows),
    STATE_INT(struct pit8254, port_b),
    STATE_END,
};

static const struct device_pin pit8254_pins[] = {
    {0, true, WIRE_IRQ0},
    {1, true, WIRE_REFRESH},
    {2, true, WIRE_SPEAKER},
    {0, false, WIRE_NONE},
};

const struct device_model pit8254_model = {
    .name = "pit8254",
    .title = "8254 interval timer with port 61h",
    .version = 3,
    .state_size = sizeof(struct pit8254),
    .rows = pit8254_rows,
    .windows =
        {
            {.kind = WINDOW_PORT,
             .bytes = 4,
             .access = ACCESS_8 | ACCESS_SPLIT,
             .base = 0x40},
            {.kind = WINDOW_PORT,
             .bytes = 1,
             .access = ACCESS_8 | ACCESS_SPLIT,
             .base = 0x61},
        },
    .pins = pit8254_pins,
    .free_running = true,
    .reset = pit8254_reset,
    .check = pit8254_check,
    .read = pit8254_read,
    .write = pit8254_write,
    .peek = pit8254_peek,
    .step = pit8254_step,
};
