/* tests/fuzz/bus_fuzz.c [--device=NAME] -- any sequence of port, memory and
 * configuration accesses, of bytes in RAM that DMA finds, and of what comes
 * from outside, at one model or at a board with all of them, time passing
 * between: no crash, no hang, and what was saved loads again. */
#include <stdlib.h>
#include <string.h>

#include "board.h"

enum { ACCESSES = 4096, LONG = 1024 };

enum kind { /* of an access: the low half of its first byte */
            WRITE,
            WRITE_2,
            WRITE_3,
            WRITE_4,
            READ,
            READ_2,
            WRITE_OTHER,
            READ_OTHER,
            CONFIG,
            MEMORY,
            MEMORY_2,
            TIME,
            TIME_2,
            OUTSIDE,
            ANYWHERE,
            LOOK
};

struct input {
    const uint8_t *bytes;
    size_t count, at;
};

static const struct device_model *under;

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    static const char option[] = "--device=";

    for (int i = 1; i < *argc; i++) {
        if (strncmp((*argv)[i], option, sizeof option - 1))
            continue;
        under = device_model_find((*argv)[i] + sizeof option - 1);
        must(under != NULL);
    }
    return 0;
}

static uint32_t take(struct input *in, unsigned bytes)
{
    uint32_t v = 0;

    while (bytes-- && in->at < in->count)
        v = v << 8 | in->bytes[in->at++];
    return v;
}

/* ---- from inside ------------------------------------------------------------
 */

static void access_at(struct board *b, enum window_kind kind, uint64_t at,
                      unsigned bytes, bool write, uint32_t value)
{
    if (kind == WINDOW_PORT && write)
        bus_out(b->bus, (uint16_t)at, bytes, value);
    else if (kind == WINDOW_PORT)
        bus_in(b->bus, (uint16_t)at, bytes);
    else if (write)
        bus_store(b->bus, gpa_of(at), bytes, value);
    else
        bus_load(b->bus, gpa_of(at), bytes);
}

/* A register of @dev, or any offset of its memory. */
static void access_window(struct board *b, struct input *in, struct device *dev,
                          bool write, unsigned op)
{
    unsigned w = take(in, 1) % DEVICE_WINDOWS, bytes = 1u << (op >> 4 & 3) % 3;
    const struct device_window *windows = dev->model->windows;
    uint32_t offset, value;
    struct bus_place at;

    for (unsigned n = 0; n < DEVICE_WINDOWS && !windows[w].kind; n++)
        w = (w + 1) % DEVICE_WINDOWS;
    offset = take(in, windows[w].bytes > 256 || !windows[w].bytes ? 3 : 1);
    if (windows[w].bytes)
        offset %= windows[w].bytes;
    value = write ? take(in, bytes) : 0;
    if (op & 0x80)
        value &= BOARD_RAM - 1;
    bus_device_place(dev, &at);
    access_at(b, windows[w].kind, at.base[w] + (offset & ~(bytes - 1)), bytes,
              write, value);
}

/* What descriptors, mailboxes and buffers hold: bytes, or a pointer. */
static void write_memory(struct board *b, struct input *in, unsigned op)
{
    uint32_t at = take(in, 2) << (op & 0x80 ? 4 : 0), v = take(in, 4);
    unsigned bytes = 1u << (op >> 4 & 3) % 3;

    if (op & 0x40)
        v &= BOARD_RAM - 1;
    ram_write(&b->ram, gpa_of(at & (BOARD_RAM - 4)), &v, bytes);
}

static void configure(struct board *b, struct input *in, struct device *dev,
                      unsigned op)
{
    uint32_t at = take(in, 1), slot = take(in, 1);
    struct bus_place place;

    bus_device_place(dev, &place);
    if (op & 0x10 || !dev->model->pci.vendor)
        place = (struct bus_place){.slot = slot & 31,
                                   .function = (uint8_t)(slot >> 5)};
    if (op & 0x20)
        bus_config_read(b->bus, 0, place.slot, place.function, at & 0xfcu, 4);
    else
        bus_config_write(b->bus, 0, place.slot, place.function, at & 0xfcu, 4,
                         take(in, 4));
}

static void anywhere(struct board *b, struct input *in, unsigned op)
{
    bool port = op & 0x10;
    unsigned bytes = port ? 1u << (op >> 5 & 1) : 4;
    uint32_t at = take(in, port ? 2 : 4);

    access_at(b, port ? WINDOW_PORT : WINDOW_MEMORY, at & ~(bytes - 1), bytes,
              op & 0x40, take(in, bytes));
}

/* ---- from outside -----------------------------------------------------------
 */

static void frame_arrives(struct device *dev, struct input *in, unsigned op)
{
    uint8_t frame[FRAME_MOST];
    uint32_t n = take(in, 2) % FRAME_MOST;

    if (op & 0x80) {
        dev->model->link(dev, op & 0x40);
        return;
    }
    if (n < FRAME_LEAST)
        n = FRAME_LEAST;
    for (uint32_t i = 0; i < n; i++)
        frame[i] = (uint8_t)(op & 0x40 && i < 6 ? 0xff : take(in, 1));
    if (bus_frame_ready(dev))
        bus_frame(dev, frame, n);
}

static void medium_changes(struct device *dev, struct input *in, unsigned op)
{
    unsigned drive = take(in, 1) % MEDIA_DRIVES;
    enum media_kind kind = media_drive(dev, drive);

    if (kind == MEDIA_CDROM || kind == MEDIA_FLOPPY)
        bus_drive_change(dev, drive, op & 0x80 ? board_medium(kind) : NULL);
}

static void outside(struct device *dev, struct input *in, unsigned op)
{
    const struct device_model *model = dev->model;

    switch (op >> 4 & 3) {
    case 0:
        if (model->frame)
            frame_arrives(dev, in, op);
        break;
    case 1:
        if (model->receive &&
            (!model->receive_ready || model->receive_ready(dev)))
            model->receive(dev, (uint8_t)take(in, 1));
        break;
    case 2:
        medium_changes(dev, in, op);
        break;
    default:
        if (model->key)
            model->key(dev, (uint16_t)take(in, 1), op & 0x80);
        if (model->pointer)
            model->pointer(dev, (int8_t)take(in, 1), (int8_t)take(in, 1),
                           (int8_t)take(in, 1), (uint8_t)take(in, 1));
    }
}

/* The picture of a display adapter can be drawn at any time. */
static void look(const struct device *dev)
{
    struct device_screen size;
    uint32_t *pixels;
    uint16_t *cells;

    if (!dev->model->screen)
        return;
    dev->model->screen(dev, &size);
    pixels = malloc(sizeof *pixels * size.width * size.height);
    cells = malloc(sizeof *cells * size.columns * size.rows);
    dev->model->screen_draw(dev, pixels);
    dev->model->screen_text(dev, cells);
    free(pixels);
    free(cells);
}

/* ---- all together -----------------------------------------------------------
 */

/* A device of the board by number; that under test comes by itself. */
static struct device *any_device(struct board *b, unsigned n)
{
    unsigned count = 0;

    while (bus_device(b->bus, count))
        count++;
    return bus_device(b->bus, n % count);
}

static void access_one(struct board *b, struct input *in)
{
    unsigned op = take(in, 1);
    enum kind kind = op & 15;
    bool other = !under || kind == WRITE_OTHER || kind == READ_OTHER;
    struct device *dev =
        other ? any_device(b, take(in, 1)) : bus_find(b->bus, under->name);

    switch (kind) {
    case CONFIG:
        configure(b, in, dev, op);
        break;
    case MEMORY:
    case MEMORY_2:
        write_memory(b, in, op);
        break;
    case TIME:
    case TIME_2:
        bus_grain(b->bus, op & 0x10 ? UINT32_MAX : 1 + (op >> 5));
        board_advance(b, (uint64_t)take(in, 2) * (op & 0x20 ? LONG : 1));
        break;
    case OUTSIDE:
        outside(dev, in, op);
        break;
    case ANYWHERE:
        anywhere(b, in, op);
        break;
    case LOOK:
        look(dev);
        break;
    default:
        access_window(b, in, dev, kind <= WRITE_4 || kind == WRITE_OTHER, op);
    }
    if (bus_pins(b->bus)->reset)
        bus_reset(b->bus);
    if (bus_pins(b->bus)->init)
        bus_take_init(b->bus);
    if (bus_pins(b->bus)->intr)
        bus_inta(b->bus);
}

static void damage(const struct board *b, struct input *in)
{
    uint16_t at[4];
    uint8_t by[4];

    for (unsigned i = 0; i < 4; i++) {
        at[i] = (uint16_t)take(in, 2);
        by[i] = (uint8_t)take(in, 1);
    }
    board_damaged(b, at, by);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    struct input in = {bytes, count, 0};
    unsigned options = take(&in, 1), spare = options & 0x20 ? 12 : 0;
    struct board b;

    board_build(&b, under, options);
    for (unsigned n = 0; n < ACCESSES && in.at + spare < in.count; n++)
        access_one(&b, &in);
    if (options & 0x20)
        damage(&b, &in);
    if (options & 0x10)
        board_round(&b);
    board_destroy(&b);
    return 0;
}
