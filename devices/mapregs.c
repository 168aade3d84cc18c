/* devices/mapregs.c -- the map-register unit of the bridge: the register
 * interface of the bus's DMA gate. An invented chip: docs/devices/mapregs.md is
 * its data sheet. */
#include "halbox/device.h"
#include "halbox/gate.h"

enum {
    ID = 0x00,
    CAPS = 0x04,
    CONTROL = 0x08,
    STATUS = 0x0c,
    LOW_BASE = 0x10,
    LOW_COUNT = 0x14,
    HIGH_BASE = 0x18,
    HIGH_COUNT = 0x1c,
    SELECT = 0x20,
    CLEAR = 0x24,
    FAULT_AT = 0x28,
    FAULT_BY = 0x2c,
    CHANGES = 0x30,
    ENTRIES = 0x8000,
    UNIT_BYTES = 0x10000
};
enum { CONTROL_LOW = 1, CONTROL_HIGH = 2, CONTROL_CLEAR = 4 };
enum { STATUS_FAULT = 1, STATUS_REASON = 8, STATUS_WRITING = 1 << 16 };
enum { SELECT_HIGH = 1 << 16, SELECT_MASK = 0x1ffff };
enum { KIND_TRANSLATE = 1, KIND_ADAPTER = 2 };
enum { LOW_REGISTERS = 256, HIGH_REGISTERS = 4096 };
#define ID_VALUE  0x524d4248u /* "HBMR" */
#define LOW_AT    0x00f00000u /* 15 MiB, 1 MiB long: ISA and 28-bit devices */
#define HIGH_AT   0xe0000000u
#define HIGH_SIZE 0x10000000u

struct mapregs {
    struct device dev;
    uint32_t control, select;
    uint64_t kind, registers; /* settings */
};

static void configure(struct mapregs *s)
{
    struct gate_config c = {
        .window =
            {
                [GATE_LOW] = {LOW_AT, (uint64_t)LOW_REGISTERS << PAGE_SHIFT,
                              LOW_REGISTERS, s->control & CONTROL_LOW},
                [GATE_HIGH] = {HIGH_AT, HIGH_SIZE, (uint32_t)s->registers,
                               s->control & CONTROL_HIGH},
            },
        .adapter = s->kind == KIND_ADAPTER,
    };

    gate_configure(&s->dev, &c);
}

static uint32_t selected_bank(const struct mapregs *s)
{
    return s->kind == KIND_ADAPTER ? s->select & 0xffff : GATE_SHARED;
}

static unsigned selected_window(const struct mapregs *s)
{
    return s->select & SELECT_HIGH ? GATE_HIGH : GATE_LOW;
}

/* ---- entries: two halves of one 64-bit register ------------------------- */

static uint32_t entry_read(const struct mapregs *s, uint32_t offset)
{
    uint64_t e = gate_entry(&s->dev, selected_bank(s), selected_window(s),
                            (offset - ENTRIES) / 8);

    return (uint32_t)(offset & 4 ? e >> 32 : e);
}

static void entry_write(struct mapregs *s, uint32_t offset, uint32_t value)
{
    uint32_t bank = selected_bank(s), index = (offset - ENTRIES) / 8;
    unsigned window = selected_window(s);
    uint64_t e = gate_entry(&s->dev, bank, window, index);

    if (offset & 4)
        e = (e & UINT32_MAX) | (uint64_t)value << 32;
    else
        e = (e & ~(uint64_t)UINT32_MAX) | value;
    gate_set_entry(&s->dev, bank, window, index, e);
}

/* ---- registers ---------------------------------------------------------- */

static uint32_t status(const struct mapregs *s)
{
    struct gate_fault f;

    gate_fault(&s->dev, &f);
    if (!f.reason)
        return 0;
    return STATUS_FAULT | (uint32_t)f.reason << STATUS_REASON |
           (f.dir == DMA_FROM_DEVICE ? STATUS_WRITING : 0);
}

static uint32_t fault_register(const struct mapregs *s, uint32_t offset)
{
    struct gate_fault f;

    gate_fault(&s->dev, &f);
    return offset == FAULT_AT ? (uint32_t)f.at : f.bank;
}

static uint32_t mapregs_peek(const struct device *dev, unsigned window,
                             uint32_t offset, unsigned bytes)
{
    const struct mapregs *s = (const struct mapregs *)dev;

    (void)window;
    (void)bytes;
    if (offset >= ENTRIES)
        return entry_read(s, offset);
    switch (offset) {
    case ID:
        return ID_VALUE;
    case CAPS:
        return 1 | (uint32_t)s->kind << 8;
    case CONTROL:
        return s->control;
    case STATUS:
        return status(s);
    case LOW_BASE:
        return LOW_AT;
    case LOW_COUNT:
        return LOW_REGISTERS;
    case HIGH_BASE:
        return HIGH_AT;
    case HIGH_COUNT:
        return (uint32_t)s->registers;
    case SELECT:
        return (s->select & SELECT_HIGH) | selected_bank(s);
    case FAULT_AT:
    case FAULT_BY:
        return fault_register(s, offset);
    case CHANGES:
        return gate_changes(dev);
    default:
        return 0;
    }
}

static uint32_t mapregs_read(struct device *dev, unsigned window,
                             uint32_t offset, unsigned bytes)
{
    return mapregs_peek(dev, window, offset, bytes);
}

static void control_write(struct mapregs *s, uint32_t value)
{
    s->control = value & (CONTROL_LOW | CONTROL_HIGH);
    if (value & CONTROL_CLEAR)
        gate_clear_all(&s->dev);
    configure(s);
}

static void mapregs_write(struct device *dev, unsigned window, uint32_t offset,
                          unsigned bytes, uint32_t value)
{
    struct mapregs *s = (struct mapregs *)dev;

    (void)window;
    (void)bytes;
    if (offset >= ENTRIES) {
        entry_write(s, offset, value);
        return;
    }
    switch (offset) {
    case CONTROL:
        control_write(s, value);
        break;
    case STATUS:
        if (value & STATUS_FAULT)
            gate_fault_clear(dev);
        break;
    case SELECT:
        s->select = value & SELECT_MASK;
        break;
    case CLEAR:
        gate_clear(dev, selected_bank(s), selected_window(s));
        break;
    default:
        guest_error(dev, "register %#x is read only", offset);
    }
}

static void mapregs_reset(struct device *dev)
{
    struct mapregs *s = (struct mapregs *)dev;

    s->control = 0;
    s->select = 0;
    gate_clear_all(dev);
    gate_fault_clear(dev);
    configure(s);
}

static const struct state_row mapregs_rows[] = {
    STATE_INT(struct mapregs, control),
    STATE_INT(struct mapregs, select),
    STATE_INT(struct mapregs, kind),
    STATE_INT(struct mapregs, registers),
    STATE_END,
};

static const struct device_setting mapregs_settings[] = {
    {"kind", "1: one table for the bus, 2: one table per bus master",
     KIND_TRANSLATE, KIND_TRANSLATE, KIND_ADAPTER,
     offsetof(struct mapregs, kind)},
    {"registers", "map registers of the high window", 2048, 16, HIGH_REGISTERS,
     offsetof(struct mapregs, registers)},
    {NULL, NULL, 0, 0, 0, 0},
};

const struct device_model mapregs_model = {
    .name = "mapregs",
    .title = "map-register unit of the bridge",
    .version = 1,
    .state_size = sizeof(struct mapregs),
    .rows = mapregs_rows,
    .settings = mapregs_settings,
    .pci = {.vendor = 0x4842,
            .device = 0x4d52,
            .revision = 1,
            .base_class = 8,
            .subclass = 0x80},
    .windows = {{.kind = WINDOW_MEMORY,
                 .bytes = UNIT_BYTES,
                 .access = ACCESS_32}},
    .reset = mapregs_reset,
    .read = mapregs_read,
    .write = mapregs_write,
    .peek = mapregs_peek,
};
