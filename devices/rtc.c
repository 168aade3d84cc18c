/* devices/rtc.c -- MC146818 real-time clock with 128 bytes of CMOS RAM. The
 * time advances with the virtual clock, from the date of the settings. Output:
 * IRQ 8. Source: Motorola MC146818A data sheet; PC/AT use of ports 70h and 71h.
 * Docs: docs/devices/rtc.md. */
#include <string.h>

#include "halbox/device.h"

enum { INDEX, DATA };
enum {
    SECONDS,
    SECONDS_ALARM,
    MINUTES,
    MINUTES_ALARM,
    HOURS,
    HOURS_ALARM,
    WEEKDAY,
    DAY,
    MONTH,
    YEAR,
    REG_A,
    REG_B,
    REG_C,
    REG_D,
    CENTURY = 0x32,
    CMOS_BYTES = 128
};
enum { SUNDAY = 1, APRIL = 4, OCTOBER = 10 };
enum { A_UIP = 0x80, A_DIVIDER = 0x70, A_RATE = 0x0f, A_RUNNING = 0x20 };
enum {
    B_DSE = 1,
    B_24H = 2,
    B_BINARY = 4,
    B_SQWE = 8,
    B_UIE = 0x10,
    B_AIE = 0x20,
    B_PIE = 0x40,
    B_SET = 0x80
};
enum { C_UF = 0x10, C_AF = 0x20, C_PF = 0x40, C_IRQF = 0x80, D_VRT = 0x80 };
enum { HOUR_PM = 0x80, ANY = 0xc0 }; /* an alarm byte from C0h matches all */
enum { STEP_SECOND, STEP_PERIODIC }; /* timers */
enum { UIP_NS = 244000 + 1984000, SECOND_NS = 1000000000 };

struct rtc {
    struct device dev;
    uint8_t cmos[CMOS_BYTES];
    uint8_t index;
    bool repeated;          /* this day has had its hour twice, DSE */
    bool powered;           /* the battery keeps time and memory over a reset */
    uint64_t next_second;   /* ns: when the time advances */
    uint64_t periodic_from; /* ns: where periods are counted from */
    uint32_t periods;       /* since then, the coming one included */
    uint64_t date;          /* setting: yyyymmdd of power-on */
};

static unsigned decode(const struct rtc *s, uint8_t v)
{
    return s->cmos[REG_B] & B_BINARY ? v : (v >> 4) * 10u + (v & 15u);
}

static uint8_t encode(const struct rtc *s, unsigned n)
{
    return (uint8_t)(s->cmos[REG_B] & B_BINARY ? n : (n / 10) << 4 | n % 10);
}

static unsigned get_hour(const struct rtc *s)
{
    uint8_t v = s->cmos[HOURS];

    if (s->cmos[REG_B] & B_24H)
        return decode(s, v);
    return decode(s, v & 0x7f) % 12 + (v & HOUR_PM ? 12 : 0);
}

static void set_hour(struct rtc *s, unsigned hour)
{
    if (s->cmos[REG_B] & B_24H)
        s->cmos[HOURS] = encode(s, hour);
    else
        s->cmos[HOURS] = (uint8_t)(encode(s, hour % 12 ? hour % 12 : 12) |
                                   (hour >= 12 ? HOUR_PM : 0));
}

static unsigned days_in_month(unsigned month, unsigned year)
{
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30,
                                   31, 31, 30, 31, 30, 31};

    /* the chip knows two digits of the year: every fourth is a leap year */
    return days[(month + 11) % 12] + (month == 2 && year % 4 == 0);
}

/* Adds one to a field that counts from @first to @last; true on carry. */
static bool advance(struct rtc *s, unsigned field, unsigned first,
                    unsigned last)
{
    unsigned n = decode(s, s->cmos[field]) + 1;
    bool carry = n > last;

    s->cmos[field] = encode(s, carry ? first : n);
    return carry;
}

static void advance_day(struct rtc *s)
{
    unsigned month = decode(s, s->cmos[MONTH]);
    unsigned year = decode(s, s->cmos[YEAR]);

    advance(s, WEEKDAY, 1, 7);
    if (!advance(s, DAY, 1, days_in_month(month, year)))
        return;
    if (!advance(s, MONTH, 1, 12) || !advance(s, YEAR, 0, 99))
        return;
    /* the century is plain CMOS to the chip, kept in BCD by a PC's BIOS */
    s->cmos[CENTURY] = (uint8_t)((s->cmos[CENTURY] & 15) == 9
                                     ? (s->cmos[CENTURY] & 0xf0) + 0x10
                                     : s->cmos[CENTURY] + 1);
}

/* What follows 1:59:59 with DSE: on April's last Sunday 3:00:00, on October's
 * 1:00:00 once. Data sheet, "Register B, DSE". */
static unsigned daylight(struct rtc *s)
{
    unsigned month = decode(s, s->cmos[MONTH]);
    unsigned last = days_in_month(month, decode(s, s->cmos[YEAR]));

    if (!(s->cmos[REG_B] & B_DSE) || s->cmos[WEEKDAY] != SUNDAY ||
        decode(s, s->cmos[DAY]) + 7 <= last)
        return 2;
    if (month == APRIL)
        return 3;
    if (month != OCTOBER || s->repeated)
        return 2;
    s->repeated = true;
    return 1;
}

static void advance_second(struct rtc *s)
{
    unsigned hour;

    if (!advance(s, SECONDS, 0, 59) || !advance(s, MINUTES, 0, 59))
        return;
    hour = (get_hour(s) + 1) % 24;
    set_hour(s, hour == 2 ? daylight(s) : hour);
    if (hour == 0) {
        s->repeated = false;
        advance_day(s);
    }
}

static bool alarm_matches(const struct rtc *s)
{
    for (unsigned field = SECONDS; field <= HOURS; field += 2)
        if (s->cmos[field + 1] < ANY && s->cmos[field + 1] != s->cmos[field])
            return false;
    return true;
}

static void update(struct rtc *s)
{
    /* PF, AF, UF stand in the same bits as their enables */
    bool irq = s->cmos[REG_C] & s->cmos[REG_B] & (C_PF | C_AF | C_UF);

    s->cmos[REG_C] = (uint8_t)((s->cmos[REG_C] & ~C_IRQF) | (irq ? C_IRQF : 0));
    line_set(&s->dev, 0, irq);
}

static bool running(const struct rtc *s)
{
    return (s->cmos[REG_A] & A_DIVIDER) == A_RUNNING;
}

/* Rate of the periodic interrupt as 2^(rate - 1) / 32768 s, 0 when off. */
static unsigned periodic_rate(const struct rtc *s)
{
    unsigned rate = s->cmos[REG_A] & A_RATE;

    if (!rate || !running(s))
        return 0;
    return rate < 3 ? rate + 7 : rate; /* 1 and 2 are 256 and 128 Hz */
}

/* Periods are counted from a whole second on: rounding one to ns or ticks does
 * not move the next. */
static void next_period(struct rtc *s)
{
    unsigned rate = periodic_rate(s);
    uint64_t due, now = clock_ns(&s->dev);

    if (!rate) {
        clock_cancel(&s->dev, STEP_PERIODIC);
        return;
    }
    s->periods++;
    due = s->periodic_from +
          (((uint64_t)s->periods * SECOND_NS) << (rate - 1)) / 32768;
    if (s->periods == 32768u >> (rate - 1)) {
        s->periodic_from = due;
        s->periods = 0;
    }
    clock_after_ns(&s->dev, due > now ? due - now : 0, STEP_PERIODIC);
}

static void start_periodic(struct rtc *s)
{
    s->periodic_from = clock_ns(&s->dev);
    s->periods = 0;
    next_period(s);
}

/* The update of @ns; not running: none. */
static void update_at(struct rtc *s, uint64_t ns)
{
    s->next_second = ns;
    if (running(s))
        clock_after_ns(&s->dev, ns - clock_ns(&s->dev), STEP_SECOND);
    else
        clock_cancel(&s->dev, STEP_SECOND);
}

static void rtc_step(struct device *dev, unsigned step, enum dma_status status)
{
    struct rtc *s = (struct rtc *)dev;

    (void)status;
    if (step == STEP_PERIODIC) {
        s->cmos[REG_C] |= C_PF;
        next_period(s);
    } else {
        update_at(s, s->next_second + SECOND_NS);
        if (!(s->cmos[REG_B] & B_SET)) {
            advance_second(s);
            s->cmos[REG_C] |= C_UF;
            if (alarm_matches(s))
                s->cmos[REG_C] |= C_AF;
        }
    }
    update(s);
}

static void write_data(struct rtc *s, uint8_t value)
{
    unsigned i = s->index & 127;
    uint8_t old = s->cmos[i];

    switch (i) {
    case REG_A:
        s->cmos[REG_A] = value & (uint8_t)~A_UIP;
        if ((old ^ value) & A_DIVIDER)
            update_at(s, clock_ns(&s->dev) + SECOND_NS / 2); /* data sheet */
        if ((old ^ value) & (A_RATE | A_DIVIDER))
            start_periodic(s);
        break;
    case REG_B:
        s->cmos[REG_B] = value;
        if (value & B_SET) /* SET clears UIE (data sheet, register B) */
            s->cmos[REG_B] &= (uint8_t)~B_UIE;
        break;
    case REG_C:
    case REG_D:
        break; /* read only */
    default:
        s->cmos[i] = value;
        break;
    }
    update(s);
}

static uint32_t rtc_peek(const struct device *dev, unsigned window,
                         uint32_t offset, unsigned bytes)
{
    const struct rtc *s = (const struct rtc *)dev;
    unsigned i = s->index & 127;

    (void)window;
    (void)bytes;
    if (offset == INDEX) /* write only: the bus floats */
        return 0xff;
    if (i == REG_A && running(s) && !(s->cmos[REG_B] & B_SET) &&
        s->next_second - clock_ns(dev) <= UIP_NS)
        return s->cmos[REG_A] | A_UIP;
    return s->cmos[i];
}

static uint32_t rtc_read(struct device *dev, unsigned window, uint32_t offset,
                         unsigned bytes)
{
    struct rtc *s = (struct rtc *)dev;
    uint32_t value = rtc_peek(dev, window, offset, bytes);

    if (offset == DATA && (s->index & 127) == REG_C) {
        s->cmos[REG_C] = 0; /* reading acknowledges */
        update(s);
    }
    return value;
}

static void rtc_write(struct device *dev, unsigned window, uint32_t offset,
                      unsigned bytes, uint32_t value)
{
    struct rtc *s = (struct rtc *)dev;

    (void)window;
    (void)bytes;
    if (offset == INDEX)
        s->index = (uint8_t)value;
    else
        write_data(s, (uint8_t)value);
}

/* 1 = Sunday, by counting days from 2000-01-01, a Saturday. */
static unsigned weekday(unsigned year, unsigned month, unsigned day)
{
    unsigned days = (year - 2000) * 365 + (year - 1997) / 4 + day - 1;

    for (unsigned m = 1; m < month; m++)
        days += days_in_month(m, year % 100);
    return (days + 6) % 7 + 1;
}

/* RESET#: interrupts are disabled and forgotten; time and memory live on the
 * battery. MC146818A, RESET pin. */
static void reset_pin(struct rtc *s)
{
    s->cmos[REG_B] &= (uint8_t) ~(B_PIE | B_AIE | B_UIE | B_SQWE);
    s->cmos[REG_C] = 0;
    update_at(s, s->next_second);
    start_periodic(s);
    update(s);
}

static void power_on(struct rtc *s)
{
    unsigned year = (unsigned)(s->date / 10000);
    unsigned month = (unsigned)(s->date / 100 % 100);
    unsigned day = (unsigned)(s->date % 100);

    memset(s->cmos, 0, sizeof s->cmos);
    s->index = 0;
    s->repeated = false;
    s->cmos[REG_A] = A_RUNNING | 6;
    s->cmos[REG_B] = B_24H;
    s->cmos[REG_D] = D_VRT;
    s->cmos[WEEKDAY] = encode(s, weekday(year, month, day));
    s->cmos[DAY] = encode(s, day);
    s->cmos[MONTH] = encode(s, month);
    s->cmos[YEAR] = encode(s, year % 100);
    s->cmos[CENTURY] = encode(s, year / 100);
    s->powered = true;
    update_at(s, clock_ns(&s->dev) + SECOND_NS);
    start_periodic(s);
    update(s);
}

static void rtc_reset(struct device *dev)
{
    struct rtc *s = (struct rtc *)dev;

    if (s->powered)
        reset_pin(s);
    else
        power_on(s);
}

static const struct state_row rtc_rows[] = {
    STATE_BYTES(struct rtc, cmos),
    STATE_INT(struct rtc, index),
    STATE_INT(struct rtc, powered),
    STATE_INT(struct rtc, next_second),
    STATE_INT(struct rtc, periodic_from),
    STATE_INT(struct rtc, periods),
    STATE_INT(struct rtc, date),
    STATE_INT(struct rtc, repeated),
    STATE_END,
};

static const struct device_setting rtc_settings[] = {
    {"date", "date at power-on as yyyymmdd", 20000101, 20000101, 20991231,
     offsetof(struct rtc, date)},
    {NULL, NULL, 0, 0, 0, 0},
};

static const struct device_pin rtc_pins[] = {
    {0, true, WIRE_IRQ0 + 8},
    {0, false, WIRE_NONE},
};

const struct device_model rtc_model = {
    .name = "rtc",
    .title = "MC146818 real-time clock and CMOS RAM",
    .version = 3,
    .state_size = sizeof(struct rtc),
    .rows = rtc_rows,
    .settings = rtc_settings,
    .windows = {{.kind = WINDOW_PORT,
                 .bytes = 2,
                 .access = ACCESS_8 | ACCESS_SPLIT,
                 .base = 0x70}},
    .pins = rtc_pins,
    .free_running = true,
    .reset = rtc_reset,
    .read = rtc_read,
    .write = rtc_write,
    .peek = rtc_peek,
    .step = rtc_step,
};
