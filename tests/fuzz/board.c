/* tests/fuzz/board.c -- building, running and saving the fuzzer's board. */
#include "board.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "media/media.h"

enum { NS_PER_TICK = 10, MOVES = 20000, SPAN_MOST = 64, STRIDE = 5 };

void must(bool good)
{
    if (!good)
        abort();
}

/* One of @n things, by the options and what is asked. */
static unsigned choice(const struct board *b, unsigned device, unsigned what,
                       unsigned n)
{
    uint32_t v = b->options * 0x9e3779b1u + device * 0x85ebca6bu + what;

    v = (v ^ v >> 15) * 0x2c1b3c6du;
    return (v >> 8) % n;
}

/* ---- devices ----------------------------------------------------------------
 */

static void set(const struct board *b, struct device *dev)
{
    const struct device_setting *s = dev->model->settings;

    for (unsigned i = 0; s && s[i].name; i++) {
        uint64_t span = s[i].most - s[i].least;

        if (span <= SPAN_MOST)
            bus_set(dev, s[i].name,
                    s[i].least + choice(b, dev->id, i, (unsigned)span + 1),
                    NULL);
        else if (!strcmp(s[i].name, "bytes")) /* saves stay small */
            bus_set(dev, s[i].name, 1 << 20, NULL);
    }
}

struct medium *board_medium(enum media_kind kind)
{
    static const unsigned sizes[] = {
        [MEDIA_DISK] = 1 << 20,
        [MEDIA_CDROM] = 1 << 19,
        [MEDIA_FLOPPY] = 150 << 10, /* of 160K: its last sectors are missing */
    };
    struct medium *m = NULL;
    char path[64];
    int fd = memfd_create("medium", 0);

    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    must(fd >= 0 && ftruncate(fd, sizes[kind]) == 0);
    must(pwrite(fd, path, sizeof path, 0) == sizeof path);
    must(medium_open(&m, path, true, kind == MEDIA_CDROM, NULL) == HB_OK);
    close(fd);
    return m;
}

/* Each drive: none, an empty one, or one with a medium. */
static void connect(const struct board *b, struct device *dev)
{
    for (unsigned i = 0; i < MEDIA_DRIVES; i++) {
        unsigned takes = dev->model->drives[i], kind = MEDIA_DISK;
        unsigned pick = choice(b, dev->id, 256 + i, 4);

        if (!takes || pick == 0)
            continue;
        while (!(takes & kind))
            kind <<= 1;
        if (pick == 1 && takes & kind << 1)
            kind <<= 1;
        if (!bus_drive_takes(dev, i, kind))
            continue;
        bus_drive(dev, i, kind,
                  pick == 2 && kind != MEDIA_DISK ? NULL : board_medium(kind));
    }
}

static void add(struct board *b, const struct device_model *model)
{
    struct device *dev;

    must(bus_add(b->bus, model, NULL, &dev, NULL) == HB_OK);
    set(b, dev);
    connect(b, dev);
}

/* As a BIOS does it. */
static void configure(struct board *b, struct device *dev)
{
    struct bus_place at;

    bus_device_place(dev, &at);
    for (unsigned bar = 0; bar < 3; bar++)
        bus_config_write(
            b->bus, 0, at.slot, at.function, 0x10 + 4 * bar, 4,
            (dev->model->windows[bar].kind == WINDOW_PORT
                 ? 0xc000u + (uint32_t)(dev->id << 8) + (bar << 6)
                 : 0xf0000000u + ((uint32_t)dev->id << 22) + (bar << 20)));
    bus_config_write(b->bus, 0, at.slot, at.function, 4, 2, 7);
}

void board_build(struct board *b, const struct device_model *under,
                 unsigned options)
{
    static const struct ram_range ranges[] = {{0, BOARD_RAM}};
    const struct bus_options bus = {.strict = options & 1,
                                    .tenure = options & 2 ? 64 : 0};
    const struct device_entry *e = device_entries;
    struct device *dev;

    *b = (struct board){.under = under, .options = options};
    must(ram_create(&b->ram, ranges, 1, NULL) == HB_OK);
    clock_init(&b->clock, NS_PER_TICK);
    events_init(&b->events, &b->clock);
    must(bus_create(&b->bus, &b->ram, &b->clock, &b->events, &bus, NULL) ==
         HB_OK);
    for (; e->model; e++) {
        if (!under || e->kind == DEVICE_BOARD || e->model == under)
            add(b, e->model);
    }
    bus_reset(b->bus);
    for (unsigned i = 0; (dev = bus_device(b->bus, i)) != NULL; i++) {
        if (dev->model->pci.vendor)
            configure(b, dev);
    }
}

void board_destroy(struct board *b)
{
    bus_destroy(b->bus);
    events_fini(&b->events);
    clock_fini(&b->clock);
    ram_destroy(&b->ram);
}

void board_advance(struct board *b, uint64_t ticks)
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

/* ---- saves ------------------------------------------------------------------
 */

/* A second board with the same media in its drives: where they come from is
 * the machine's to know, not the bus's. */
static void build_same(struct board *other, const struct board *b)
{
    const struct device *dev;

    board_build(other, b->under, b->options);
    for (unsigned i = 0; (dev = bus_device(b->bus, i)) != NULL; i++) {
        for (unsigned d = 0; d < MEDIA_DRIVES; d++) {
            enum media_kind kind = media_drive(dev, d);

            if (kind)
                bus_drive(bus_device(other->bus, i), d, kind,
                          media_present(dev, d) ? board_medium(kind) : NULL);
        }
    }
}

static void save(const struct board *b, struct saver *s)
{
    save_rows(s, &b->clock, clock_rows);
    bus_save(b->bus, s);
}

static bool load(struct board *b, const struct saver *from)
{
    struct loader l = {.bytes = from->bytes, .count = from->count};
    struct hb_error error;

    if (!load_rows(&l, &b->clock, clock_rows) || !clock_good(&b->clock) ||
        b->clock.ns_per_tick != NS_PER_TICK)
        return false;
    return bus_load_state(b->bus, &l, &error) == HB_OK;
}

void board_round(const struct board *b)
{
    struct saver one = {0}, two = {0};
    struct board other;

    save(b, &one);
    build_same(&other, b);
    must(load(&other, &one));
    save(&other, &two);
    must(one.count == two.count && !memcmp(one.bytes, two.bytes, one.count));
    saver_fini(&one);
    saver_fini(&two);
    board_destroy(&other);
}

void board_damaged(const struct board *b, const uint16_t at[4],
                   const uint8_t by[4])
{
    struct saver saved = {0};
    struct board other;

    save(b, &saved);
    for (unsigned i = 0; i < 4; i++)
        saved.bytes[(at[i] * (size_t)STRIDE) % saved.count] ^= by[i];
    build_same(&other, b);
    if (load(&other, &saved))
        board_advance(&other, 100000);
    saver_fini(&saved);
    board_destroy(&other);
}
