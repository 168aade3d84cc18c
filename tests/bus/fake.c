/* tests/bus/fake.c -- see fake.h. */
#include "fake.h"

#include <string.h>

static void fake_step(struct device *dev, unsigned step, enum dma_status status)
{
    struct fake *s = fake_of(dev);

    if (s->steps < FAKE_STEPS) {
        s->step[s->steps] = (uint16_t)step;
        s->status[s->steps] = (uint8_t)status;
        s->at[s->steps] = (uint32_t)(clock_ns(dev) / BENCH_NS_PER_TICK);
    }
    s->steps++;
}

static uint32_t fake_peek(const struct device *dev, unsigned window,
                          uint32_t offset, unsigned bytes)
{
    uint32_t v = 0;

    (void)window;
    memcpy(&v, &((const struct fake *)dev)->reg[offset % 256], bytes);
    return v;
}

static uint32_t fake_read(struct device *dev, unsigned window, uint32_t offset,
                          unsigned bytes)
{
    fake_of(dev)->reads++;
    return fake_peek(dev, window, offset, bytes);
}

/* A write may post an operation, as a doorbell does. */
static void fake_write(struct device *dev, unsigned window, uint32_t offset,
                       unsigned bytes, uint32_t value)
{
    struct fake *s = fake_of(dev);

    (void)window;
    s->depth++;
    s->deepest = s->depth > s->deepest ? s->depth : s->deepest;
    memcpy(&s->reg[offset % 256], &value, bytes);
    if (s->writes < 64)
        s->write_bytes[s->writes] = bytes;
    s->writes++;
    if (s->posts) {
        s->posts--;
        dma_write(dev, 1, dla_of(bench_base(dev, 0)), LOCAL(s, buf), 4, 77);
    }
    s->depth--;
}

static void fake_data(struct device *dev, unsigned engine, uint8_t *bytes,
                      uint32_t n, enum dma_dir dir)
{
    struct fake *s = fake_of(dev);

    (void)engine;
    for (uint32_t i = 0; i < n; i++, s->data_bytes++) {
        if (dir == DMA_FROM_DEVICE)
            bytes[i] = (uint8_t)s->data_bytes;
        else
            s->buf[s->data_bytes % FAKE_BYTES] = bytes[i];
    }
}

static void fake_line(struct device *dev, unsigned pin, bool level)
{
    struct fake *s = fake_of(dev);

    if (s->lines < FAKE_LINES) {
        s->line_pin[s->lines] = (uint8_t)pin;
        s->line_level[s->lines] = level;
    }
    s->lines++;
}

static const struct state_row fake_rows[] = {
    STATE_BYTES(struct fake, buf),
    STATE_BYTES(struct fake, reg),
    STATE_END,
};

#define FAKE(title_)                                                           \
    .name = "fake", .title = title_, .version = 1,                             \
    .state_size = sizeof(struct fake), .rows = fake_rows, .read = fake_read,   \
    .write = fake_write, .peek = fake_peek, .step = fake_step,                 \
    .line = fake_line
#define FAKE_PCI                                                               \
    .vendor = 0x4842, .device = 0x0001, .base_class = 0xff, .interrupt_pin = 1

const struct device_model fake_master = {
    FAKE("PCI bus master"),
    .pci = {FAKE_PCI},
    .windows = {{.kind = WINDOW_MEMORY, .bytes = 4096, .access = ACCESS_ANY}},
};

const struct device_model fake_dac = {
    FAKE("PCI bus master with dual address cycles"),
    .pci = {FAKE_PCI, .address_bits = 64},
    .windows = {{.kind = WINDOW_MEMORY, .bytes = 4096, .access = ACCESS_ANY}},
};

const struct device_model fake_streaming = {
    FAKE("PCI bus master that moves its bytes itself"),
    .pci = {FAKE_PCI},
    .windows = {{.kind = WINDOW_MEMORY, .bytes = 4096, .access = ACCESS_ANY}},
    .data = fake_data,
};

const struct device_model fake_io = {
    FAKE("PCI function with memory and ports"),
    .pci = {FAKE_PCI, .subsystem_vendor = 0x4842, .subsystem = 7, .revision = 3,
            .prog_if = 2, .subclass = 1},
    .windows = {{.kind = WINDOW_MEMORY, .bytes = 65536, .access = ACCESS_ANY},
                {.kind = WINDOW_PORT, .bytes = 32, .access = ACCESS_ANY},
                {.kind = WINDOW_PORT,
                 .bytes = 8,
                 .access = ACCESS_8 | ACCESS_SPLIT}},
};

const struct device_model fake_isa_master = {
    FAKE("ISA bus master"),
    .strap = {.has_dma = true, .dma = 6},
};

const struct device_model fake_dwords = {
    FAKE("registers of 32 bits"),
    .windows = {{.kind = WINDOW_MEMORY,
                 .bytes = 4096,
                 .access = ACCESS_32,
                 .base = 0xd0000}},
};

const struct device_model fake_bytes = {
    FAKE("registers of 8 bits"),
    .windows = {{.kind = WINDOW_PORT,
                 .bytes = 8,
                 .access = ACCESS_8 | ACCESS_SPLIT,
                 .base = 0x2e0}},
};

const struct device_model fake_ten_bits = {
    FAKE("a card that looks at ten address lines"),
    .windows = {{.kind = WINDOW_PORT,
                 .bytes = 8,
                 .access = ACCESS_8 | ACCESS_SPLIT,
                 .alias = 10,
                 .base = 0x3f0}},
};

static const struct device_pin fake_pin_list[] = {
    {0, false, WIRE_IRQ0 + 5}, {1, false, WIRE_PIRQA}, {0, true, WIRE_INTR},
    {1, true, WIRE_RESET},     {2, true, WIRE_A20},    {3, true, WIRE_IRQ0 + 5},
    {0, false, WIRE_NONE},
};

const struct device_model fake_pins = {
    FAKE("pins"),
    .pins = fake_pin_list,
};
