/* tests/fuzz/bus_fuzz.c -- any sequence of port, memory and configuration
 * accesses on a board with every model, time passing between them: no crash, no
 * hang, and what was saved loads again. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bus/bus.h"
#include "halbox/devices.h"
#include "media/media.h"

enum { NS_PER_TICK = 10, ACCESSES = 4096, MOVES = 200000 };

struct board {
    struct ram ram;
    struct clock clock;
    struct events events;
    struct bus *bus;
};

struct input {
    const uint8_t *bytes;
    size_t count, at;
};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

static uint32_t take(struct input *in, unsigned bytes)
{
    uint32_t v = 0;

    while (bytes-- && in->at < in->count)
        v = v << 8 | in->bytes[in->at++];
    return v;
}

static void must(bool good)
{
    if (!good)
        abort();
}

/* A floppy of 160K whose last sectors the file lacks; writes go to a copy. */
static void insert(struct device *dev, unsigned drive)
{
    char path[64];
    struct medium *m;
    int fd = memfd_create("floppy", 0);

    must(fd >= 0 && ftruncate(fd, 150 << 10) == 0);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    must(medium_open(&m, path, true, false, NULL) == HB_OK);
    close(fd);
    bus_drive(dev, drive, MEDIA_FLOPPY, m);
}

static void build(struct board *b, unsigned options)
{
    static const struct ram_range ranges[] = {{0, 15 << 20},
                                              {16 << 20, 16 << 20}};
    const struct bus_options bus = {.strict = options & 1,
                                    .tenure = options & 2 ? 64 : 0};
    const struct device_entry *e = device_entries;
    struct device *dev;

    must(ram_create(&b->ram, ranges, 2, NULL) == HB_OK);
    clock_init(&b->clock, NS_PER_TICK);
    events_init(&b->events, &b->clock);
    must(bus_create(&b->bus, &b->ram, &b->clock, &b->events, &bus, NULL) ==
         HB_OK);
    for (; e->model; e++) {
        must(bus_add(b->bus, e->model, NULL, &dev, NULL) == HB_OK);
        if (!strcmp(e->model->name, "edu"))
            must(bus_set(dev, "sg", 1, NULL) == HB_OK);
        if (!strcmp(e->model->name, "fdc82077")) {
            must(bus_set(dev, "mode", options & 2, NULL) == HB_OK);
            must(bus_set(dev, "speed", 4, NULL) == HB_OK);
            insert(dev, 0);
            bus_drive(dev, 1, MEDIA_FLOPPY, NULL);
        }
        if (!strcmp(e->model->name, "dma8237"))
            must(bus_set(dev, "eisa", options >> 2 & 1, NULL) == HB_OK);
        if (!strcmp(e->model->name, "vga")) /* saves stay small */
            must(bus_set(dev, "bytes", 1 << 20, NULL) == HB_OK);
        if (!strcmp(e->model->name, "mapregs"))
            must(bus_set(dev, "kind", 1 + (options >> 3 & 1), NULL) == HB_OK);
    }
    bus_reset(b->bus);
    for (unsigned i = 0; (dev = bus_device(b->bus, i)) != NULL; i++) {
        struct bus_place at;

        bus_device_place(dev, &at);
        for (unsigned bar = 0; dev->model->pci.vendor && bar < 3; bar++)
            bus_config_write(b->bus, 0, at.slot, at.function, 0x10 + 4 * bar, 4,
                             0xf0000000u + (i << 24) + (bar << 22));
        if (dev->model->pci.vendor)
            bus_config_write(b->bus, 0, at.slot, at.function, 4, 2, 7);
    }
}

static void destroy(struct board *b)
{
    bus_destroy(b->bus);
    events_fini(&b->events);
    clock_fini(&b->clock);
    ram_destroy(&b->ram);
}

/* As a run loop; bounded, as a machine's limits bound it. */
static void advance(struct board *b, uint64_t ticks)
{
    uint64_t end = b->clock.now + ticks;
    struct clock_entry e;

    for (unsigned n = 0; n < MOVES; n++) {
        if (bus_tenure(b->bus)->bytes) {
            tenure_move(b->bus);
        } else if (clock_take_due(&b->clock, &e)) {
            bus_serve(b->bus, &e);
        } else if (b->clock.now == end) {
            return;
        } else {
            uint64_t next = clock_next(&b->clock);

            b->clock.now = next < end ? next : end;
        }
    }
}

static uint64_t address(struct input *in)
{
    uint32_t v = take(in, 4);

    /* mostly a register of some card, and seldom anything at all */
    if (v >> 28 == 0xa)
        return v;
    if (v >> 28 == 0xb) /* the VGA's memory */
        return 0xa0000 + (v & 0x1fffcu);
    return 0xf0000000u + (v >> 24 & 15u) * 0x1000000u + (v & 0xcffffcu);
}

/* Any port; the floppy controller's wait for turns and steps, and get more. */
static uint16_t port(struct input *in)
{
    uint32_t v = take(in, 2);

    return (uint16_t)(v >> 12 == 0xc ? 0x3f0 + (v & 7) : v);
}

/* At the next network card that takes one: a broadcast, or anything. */
static void frame_arrives(struct board *b, struct input *in)
{
    uint8_t frame[FRAME_MOST];
    uint32_t which = take(in, 1), n = take(in, 2) % FRAME_MOST;
    struct device *dev;

    if (n < FRAME_LEAST)
        n = FRAME_LEAST;
    for (uint32_t i = 0; i < n; i++)
        frame[i] = (uint8_t)(which & 1 && i < 6 ? 0xff : take(in, 1));
    for (unsigned i = 0; (dev = bus_device(b->bus, i)) != NULL; i++) {
        if (!dev->model->frame || (which & 2) != (i & 1) << 1)
            continue;
        if (which & 0x80)
            dev->model->link(dev, which & 0x40);
        else if (bus_frame_ready(dev))
            bus_frame(dev, frame, n);
    }
}

/* The picture of every display adapter can be drawn at any time. */
static void look(const struct board *b)
{
    const struct device *dev;

    for (unsigned i = 0; (dev = bus_device(b->bus, i)) != NULL; i++) {
        struct device_screen size;
        uint32_t *pixels;
        uint16_t *cells;

        if (!dev->model->screen)
            continue;
        dev->model->screen(dev, &size);
        pixels = malloc(sizeof *pixels * size.width * size.height);
        cells = malloc(sizeof *cells * size.columns * size.rows);
        dev->model->screen_draw(dev, pixels);
        dev->model->screen_text(dev, cells);
        free(pixels);
        free(cells);
    }
}

static void access_one(struct board *b, struct input *in)
{
    uint32_t op = take(in, 1), bytes = 1u << (op >> 3 & 3);

    if (bytes > 4)
        bytes = 4;
    switch (op & 7) {
    case 0:
    case 1:
        bus_out(b->bus, port(in), bytes, take(in, bytes));
        break;
    case 2:
        bus_in(b->bus, port(in), bytes);
        break;
    case 3:
    case 4: {
        uint64_t at = address(in);

        bus_store(b->bus, gpa_of(at), 4, take(in, 4));
        break;
    }
    case 5:
        bus_load(b->bus, gpa_of(address(in)), bytes);
        break;
    case 6: {
        uint32_t at = take(in, 2);

        bus_config_write(b->bus, 0, at >> 11 & 31, at >> 8 & 7, at & 0xfcu, 4,
                         take(in, 4));
        break;
    }
    default:
        if (op & 0x40)
            frame_arrives(b, in);
        if (op & 0x80)
            look(b);
        bus_grain(b->bus, op & 8 ? UINT32_MAX : 1 + (op >> 4));
        advance(b, take(in, 2) << ((op & 0x30) == 0x30 ? 8 : 0));
    }
    if (bus_pins(b->bus)->reset)
        bus_reset(b->bus);
    if (bus_pins(b->bus)->intr)
        bus_inta(b->bus);
}

/* What was saved loads into another board and is saved the same again. */
static void save_and_load(const struct board *b, unsigned options)
{
    struct saver one = {0}, two = {0};
    struct hb_error error;
    struct board other;
    struct loader l;

    bus_save(b->bus, &one);
    build(&other, options);
    l = (struct loader){.bytes = one.bytes, .count = one.count};
    must(bus_load_state(other.bus, &l, &error) == HB_OK);
    bus_save(other.bus, &two);
    must(one.count == two.count && !memcmp(one.bytes, two.bytes, one.count));
    saver_fini(&one);
    saver_fini(&two);
    destroy(&other);
}

/* A file with wrong bytes in it is refused, or loads as something that runs. */
static void load_damaged(const struct board *b, unsigned options,
                         struct input *in)
{
    struct saver saved = {0};
    struct hb_error error;
    struct board other;
    struct loader l;

    bus_save(b->bus, &saved);
    for (unsigned i = 0; i < 4; i++) {
        uint32_t at = take(in, 2);

        saved.bytes[(at * 5u) % saved.count] ^= (uint8_t)take(in, 1);
    }
    build(&other, options);
    l = (struct loader){.bytes = saved.bytes, .count = saved.count};
    bus_load_state(other.bus, &l, &error);
    advance(&other, 100000);
    saver_fini(&saved);
    destroy(&other);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    struct input in = {bytes, count, 0};
    unsigned options = take(&in, 1), spare = options & 0x20 ? 12 : 0;
    struct board b;

    build(&b, options);
    for (unsigned n = 0; n < ACCESSES && in.at + spare < in.count; n++)
        access_one(&b, &in);
    if (options & 0x20)
        load_damaged(&b, options, &in);
    if (options & 0x10)
        save_and_load(&b, options);
    destroy(&b);
    return 0;
}
