/* src/board/inspect_screen.c -- what a display adapter shows: dots, and text as
 * characters. Reads only; the models draw from their state. */
#include <stdlib.h>

#include "board/board.h"
#include "halbox/inspect.h"

/* IBM code page 437 below the space and above the tilde, as a display has it;
 * what lies between is ASCII. */
static const uint16_t low[32] = {
    0x0020, 0x263a, 0x263b, 0x2665, 0x2666, 0x2663, 0x2660, 0x2022,
    0x25d8, 0x25cb, 0x25d9, 0x2642, 0x2640, 0x266a, 0x266b, 0x263c,
    0x25ba, 0x25c4, 0x2195, 0x203c, 0x00b6, 0x00a7, 0x25ac, 0x21a8,
    0x2191, 0x2193, 0x2192, 0x2190, 0x221f, 0x2194, 0x25b2, 0x25bc,
};
static const uint16_t high[129] = {
    0x2302, 0x00c7, 0x00fc, 0x00e9, 0x00e2, 0x00e4, 0x00e0, 0x00e5, 0x00e7,
    0x00ea, 0x00eb, 0x00e8, 0x00ef, 0x00ee, 0x00ec, 0x00c4, 0x00c5, 0x00c9,
    0x00e6, 0x00c6, 0x00f4, 0x00f6, 0x00f2, 0x00fb, 0x00f9, 0x00ff, 0x00d6,
    0x00dc, 0x00a2, 0x00a3, 0x00a5, 0x20a7, 0x0192, 0x00e1, 0x00ed, 0x00f3,
    0x00fa, 0x00f1, 0x00d1, 0x00aa, 0x00ba, 0x00bf, 0x2310, 0x00ac, 0x00bd,
    0x00bc, 0x00a1, 0x00ab, 0x00bb, 0x2591, 0x2592, 0x2593, 0x2502, 0x2524,
    0x2561, 0x2562, 0x2556, 0x2555, 0x2563, 0x2551, 0x2557, 0x255d, 0x255c,
    0x255b, 0x2510, 0x2514, 0x2534, 0x252c, 0x251c, 0x2500, 0x253c, 0x255e,
    0x255f, 0x255a, 0x2554, 0x2569, 0x2566, 0x2560, 0x2550, 0x256c, 0x2567,
    0x2568, 0x2564, 0x2565, 0x2559, 0x2558, 0x2552, 0x2553, 0x256b, 0x256a,
    0x2518, 0x250c, 0x2588, 0x2584, 0x258c, 0x2590, 0x2580, 0x03b1, 0x00df,
    0x0393, 0x03c0, 0x03a3, 0x03c3, 0x00b5, 0x03c4, 0x03a6, 0x0398, 0x03a9,
    0x03b4, 0x221e, 0x03c6, 0x03b5, 0x2229, 0x2261, 0x00b1, 0x2265, 0x2264,
    0x2320, 0x2321, 0x00f7, 0x2248, 0x00b0, 0x2219, 0x00b7, 0x221a, 0x207f,
    0x00b2, 0x25a0, 0x0020,
};

static const struct device *adapter(const struct machine *m, unsigned index)
{
    const struct device *dev;

    for (unsigned i = 0; (dev = bus_device(m->bus, i)) != NULL; i++) {
        if (dev->model->screen && index-- == 0)
            return dev;
    }
    return NULL;
}

bool inspect_screen(const struct machine *m, unsigned index,
                    struct inspect_screen *screen, uint32_t *pixels,
                    size_t room)
{
    const struct device *dev = adapter(m, index);
    struct device_screen size;

    if (!dev)
        return false;
    dev->model->screen(dev, &size);
    *screen = (struct inspect_screen){.width = size.width,
                                      .height = size.height,
                                      .columns = size.columns,
                                      .rows = size.rows};
    if (pixels && (uint64_t)size.width * size.height > room)
        return false;
    if (pixels)
        dev->model->screen_draw(dev, pixels);
    return true;
}

/* ---- text ----------------------------------------------------------------*/

/** Where characters go: as much as there is room for, all of it counted. */
struct output {
    char *text;
    size_t room, count;
};

static void put(struct output *o, unsigned byte)
{
    if (o->count + 1 < o->room)
        o->text[o->count] = (char)byte;
    o->count++;
}

static void put_character(struct output *o, uint8_t c)
{
    unsigned v = c < 32 ? low[c] : c > 126 ? high[c - 127] : c;

    if (v < 0x80) {
        put(o, v);
        return;
    }
    if (v < 0x800) {
        put(o, 0xc0 | v >> 6);
    } else {
        put(o, 0xe0 | v >> 12);
        put(o, 0x80 | (v >> 6 & 63));
    }
    put(o, 0x80 | (v & 63));
}

static bool is_blank(uint8_t c)
{
    return c == 0 || c == ' ' || c == 0xff;
}

static void put_line(struct output *o, const uint16_t *cells, unsigned columns)
{
    while (columns && is_blank((uint8_t)cells[columns - 1]))
        columns--;
    for (unsigned x = 0; x < columns; x++)
        put_character(o, (uint8_t)cells[x]);
    put(o, '\n');
}

int inspect_text(const struct machine *m, unsigned index, char *out,
                 size_t room)
{
    const struct device *dev = adapter(m, index);
    struct output o = {.text = out, .room = room};
    struct device_screen size = {0};
    uint16_t *cells;

    if (dev)
        dev->model->screen(dev, &size);
    cells = malloc(sizeof *cells * size.columns * size.rows);
    if (cells && size.columns && size.rows) {
        dev->model->screen_text(dev, cells);
        for (unsigned y = 0; y < size.rows; y++)
            put_line(&o, cells + y * size.columns, size.columns);
    }
    free(cells);
    if (room)
        out[o.count < room ? o.count : room - 1] = 0;
    return (int)o.count;
}
