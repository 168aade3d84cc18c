/* hal/exports/machine.c -- the board's odds and ends: boot screen, speaker,
 * real-time clock, HalDispatchTable. Source: MC146818 and 8254 data sheets;
 * WDK; TIME_FIELDS and HAL_DISPATCH of the DDK. */
#include "hal/exports/thunk.h"
#include "ke/ke.h"

enum {
    TEXT_MOST = 512,
    /* RTC registers */
    CMOS_INDEX = 0x70,
    CMOS_DATA = 0x71,
    RTC_SECONDS = 0,
    RTC_MINUTES = 2,
    RTC_HOURS = 4,
    RTC_WEEKDAY = 6,
    RTC_DAY = 7,
    RTC_MONTH = 8,
    RTC_YEAR = 9,
    RTC_A = 0x0a,
    RTC_B = 0x0b,
    RTC_CENTURY = 0x32,
    RTC_A_UPDATING = 0x80,
    RTC_B_BINARY = 4,
    RTC_B_SET = 0x80,
    UPDATE_READS = 64,
    /* 8254 channel 2 and its gate */
    PIT_2 = 0x42,
    PIT_MODE = 0x43,
    PIT_2_SQUARE = 0xb6,
    SPEAKER = 0x61,
    SPEAKER_ON = 3,
    PIT_HZ = 1193182,
    TIME_FIELDS = 16,
};

/* VOID HalDisplayString(String) */
void thunk_HalDisplayString(struct call *c)
{
    char text[TEXT_MOST];
    unsigned i;

    for (i = 0; i < TEXT_MOST - 1; i++) {
        text[i] = (char)load_u8(c, gva_add(call_va(c, 0), i));
        if (!call_ok(c))
            return;
        if (!text[i])
            break;
    }
    text[i] = 0;
    EMIT(ke_events(c->ke), debug_print, EVENT_STRING(text));
    call_return(c, 0);
}

/* BOOLEAN HalMakeBeep(Frequency): 0 is silence; below 19 Hz the counter cannot
 * go. */
void thunk_HalMakeBeep(struct call *c)
{
    struct bus *bus = ke_bus(c->ke);
    uint32_t hz = call_u32(c, 0), count = hz ? PIT_HZ / hz : 0;
    uint32_t gate = bus_in(bus, SPEAKER, 1) & ~(uint32_t)SPEAKER_ON & 0xff;

    bus_out(bus, SPEAKER, 1, gate);
    if (hz && (!count || count > 0xffff)) {
        call_return(c, false);
        return;
    }
    if (hz) {
        bus_out(bus, PIT_MODE, 1, PIT_2_SQUARE);
        bus_out(bus, PIT_2, 1, count & 0xff);
        bus_out(bus, PIT_2, 1, count >> 8);
        bus_out(bus, SPEAKER, 1, gate | SPEAKER_ON);
    }
    call_return(c, true);
}

static uint8_t cmos_read(struct bus *bus, uint8_t index)
{
    bus_out(bus, CMOS_INDEX, 1, index);
    return (uint8_t)bus_in(bus, CMOS_DATA, 1);
}

static void cmos_write(struct bus *bus, uint8_t index, uint8_t value)
{
    bus_out(bus, CMOS_INDEX, 1, index);
    bus_out(bus, CMOS_DATA, 1, value);
}

static uint16_t from_clock(uint8_t value, bool binary)
{
    return binary ? value : (uint16_t)((value >> 4) * 10 + (value & 15));
}

static uint8_t to_clock(uint32_t value, bool binary)
{
    value %= 100;
    return (uint8_t)(binary ? value : value / 10 << 4 | value % 10);
}

/* BOOLEAN HalQueryRealTimeClock(*TimeFields): {Year, Month, Day, Hour, Minute,
 * Second, Milliseconds, Weekday}, 16 bits each. */
void thunk_HalQueryRealTimeClock(struct call *c)
{
    static const uint8_t reg[8] = {RTC_YEAR,  RTC_MONTH,   RTC_DAY,
                                   RTC_HOURS, RTC_MINUTES, RTC_SECONDS,
                                   0xff,      RTC_WEEKDAY};
    struct bus *bus = ke_bus(c->ke);
    bool binary = cmos_read(bus, RTC_B) & RTC_B_BINARY;
    uint16_t field[8] = {0};
    unsigned i;

    for (i = 0; i < UPDATE_READS; i++)
        if (!(cmos_read(bus, RTC_A) & RTC_A_UPDATING))
            break;
    for (i = 0; i < 8; i++)
        if (reg[i] != 0xff)
            field[i] = from_clock(cmos_read(bus, reg[i]), binary);
    field[0] =
        (uint16_t)(field[0] +
                   100 * from_clock(cmos_read(bus, RTC_CENTURY), binary));
    field[7] = field[7] ? (uint16_t)(field[7] - 1) : 0; /* Sunday is 0 */
    store(c, call_va(c, 0), field, TIME_FIELDS);
    if (call_ok(c))
        call_return(c, true);
}

/* BOOLEAN HalSetRealTimeClock(*TimeFields) */
void thunk_HalSetRealTimeClock(struct call *c)
{
    static const uint8_t reg[6] = {RTC_YEAR,  RTC_MONTH,   RTC_DAY,
                                   RTC_HOURS, RTC_MINUTES, RTC_SECONDS};
    struct bus *bus = ke_bus(c->ke);
    uint16_t field[8];
    uint8_t b;
    unsigned i;

    load(c, call_va(c, 0), field, TIME_FIELDS);
    if (!call_ok(c))
        return;
    b = cmos_read(bus, RTC_B);
    cmos_write(bus, RTC_B, b | RTC_B_SET);
    for (i = 0; i < 6; i++)
        cmos_write(bus, reg[i], to_clock(field[i], b & RTC_B_BINARY));
    cmos_write(bus, RTC_CENTURY, to_clock(field[0] / 100, b & RTC_B_BINARY));
    cmos_write(bus, RTC_WEEKDAY, (uint8_t)(field[7] % 7 + 1));
    cmos_write(bus, RTC_B, b);
    call_return(c, true);
}

/* NTSTATUS HalQuerySystemInformation(Class, Size, Buffer, *Returned): this HAL
 * has none of the classes. */
void thunk_HalQuerySystemInformation(struct call *c)
{
    store_u32(c, call_va(c, 3), 0);
    if (call_ok(c))
        call_return(c, STATUS_INVALID_LEVEL);
}

void thunk_HalSetSystemInformation(struct call *c)
{
    call_return(c, STATUS_INVALID_LEVEL);
}
