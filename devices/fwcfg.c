/* devices/fwcfg.c -- firmware configuration: items that the board hands to the
 * BIOS, read byte by byte behind a selector or by DMA into a buffer. Source:
 * QEMU, docs/specs/fw_cfg. Docs: docs/devices/fwcfg.md. */
#include <string.h>

#include "halbox/device.h"

enum { SELECTOR = 0, DATA = 1, DMA_HIGH = 4, DMA_LOW = 8, REGISTERS = 12 };
enum { ITEMS = 64, NAME_BYTES = 56, BLOB = 0, BLOB_MOST = 256 << 20 };
enum { KEY_ID = 1, KEY_DIRECTORY = 0x19, KEY_FILES = 0x20, KEY_MASK = 0xbfff };

enum { ENTRY_BYTES = 64 };
enum { C_ERROR = 1, C_READ = 2, C_SKIP = 4, C_SELECT = 8, C_WRITE = 16 };
enum { STEP_CONTROL, STEP_DATA, STEP_OVER };
enum { ZEROES = 4096 };

/* Items with a number of their own; every other name is a file. */
static const struct {
    const char *name;
    uint16_t key;
} numbered[] = {
    {"signature", 0x00},
    {"id", KEY_ID},
    {"uuid", 0x02},
    {"ram-size", 0x03},
    {"nographic", 0x04},
    {"cpus", 0x05},
    {"machine-id", 0x06},
    {"kernel-addr", 0x07},
    {"kernel-size", 0x08},
    {"initrd-addr", 0x0a},
    {"initrd-size", 0x0b},
    {"boot-device", 0x0c},
    {"numa", 0x0d},
    {"boot-menu", 0x0e},
    {"max-cpus", 0x0f},
    {"kernel-entry", 0x10},
    {"kernel-data", 0x11},
    {"initrd-data", 0x12},
    {"cmdline-addr", 0x13},
    {"cmdline-size", 0x14},
    {"cmdline-data", 0x15},
    {"setup-addr", 0x16},
    {"setup-size", 0x17},
    {"setup-data", 0x18},
    {"directory", KEY_DIRECTORY},
};

struct item {
    char name[NAME_BYTES]; /* "": one of the numbered */
    uint16_t key;
    uint32_t at, bytes; /* in the blob */
};

struct fwcfg {
    struct device dev;
    struct item item[ITEMS];
    uint32_t items, used; /* bytes of the blob */
    uint16_t selected;
    uint32_t offset; /* of the next byte of the selected item */
    uint32_t dma_high;
    /* the DMA operation that runs */
    bool busy;
    uint64_t control_at, to;
    uint32_t left;
    uint8_t control[16], result[4], zeroes[ZEROES];
};

static uint32_t get_be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 |
           p[3];
}

static void put_be32(uint8_t *p, uint32_t v)
{
    for (unsigned i = 0; i < 4; i++)
        p[i] = (uint8_t)(v >> (24 - 8 * i));
}

/* ---- items ----------------------------------------------------------------*/

static const struct item *find(const struct fwcfg *s, unsigned key)
{
    for (uint32_t i = 0; i < s->items; i++)
        if (s->item[i].key == key)
            return &s->item[i];
    return NULL;
}

/* The directory: count, then {size, key, 0, name} of each file, big-endian. */
static uint8_t directory_byte(const struct fwcfg *s, uint32_t offset)
{
    uint8_t entry[ENTRY_BYTES] = {0};
    uint32_t files = 0, wanted = (offset - 4) / ENTRY_BYTES;

    for (uint32_t i = 0; i < s->items; i++) {
        const struct item *f = &s->item[i];

        if (!f->name[0])
            continue;
        if (files++ == wanted && offset >= 4) {
            put_be32(entry, f->bytes);
            entry[4] = (uint8_t)(f->key >> 8);
            entry[5] = (uint8_t)f->key;
            memcpy(entry + 8, f->name, NAME_BYTES);
        }
    }
    if (offset >= 4)
        return entry[(offset - 4) % ENTRY_BYTES];
    put_be32(entry, files);
    return entry[offset];
}

static uint8_t byte_at(const struct fwcfg *s, uint32_t offset)
{
    const struct item *f = find(s, s->selected);
    const uint8_t *blob;

    if (s->selected == KEY_DIRECTORY)
        return directory_byte(s, offset);
    if (!f || offset >= f->bytes)
        return 0;
    blob = device_ram_view(&s->dev, BLOB, f->at + offset, 1);
    return blob ? *blob : 0;
}

static unsigned key_of(const struct fwcfg *s, const char *name, bool *is_file)
{
    unsigned key = KEY_FILES;

    *is_file = false;
    for (unsigned i = 0; i < sizeof numbered / sizeof *numbered; i++)
        if (strcmp(numbered[i].name, name) == 0)
            return numbered[i].key;
    *is_file = true;
    while (find(s, key))
        key++;
    return key;
}

static bool fwcfg_give(struct device *dev, const char *name,
                       const uint8_t *bytes, uint32_t n)
{
    struct fwcfg *s = (struct fwcfg *)dev;
    struct item *f = &s->item[s->items];
    bool is_file;
    unsigned key = key_of(s, name, &is_file);

    if (s->items == ITEMS || strlen(name) >= NAME_BYTES || find(s, key) ||
        n > BLOB_MOST - s->used || !device_ram_size(dev, BLOB, s->used + n))
        return false;
    *f = (struct item){.key = (uint16_t)key, .at = s->used, .bytes = n};
    if (is_file)
        memcpy(f->name, name, strlen(name));
    if (n)
        memcpy(device_ram(dev, BLOB, s->used, n), bytes, n);
    s->used += n;
    s->items++;
    return true;
}

/* ---- DMA ------------------------------------------------------------------*/

static void finish(struct fwcfg *s, uint32_t result)
{
    put_be32(s->result, result);
    dma_write(&s->dev, 0, dla_of(s->control_at), LOCAL(s, result), 4,
              STEP_OVER);
}

/* What the item has goes from the blob, what it has not as zeroes. The
 * directory is made on the fly, a piece at a time. */
static void move_on(struct fwcfg *s)
{
    const struct item *f = find(s, s->selected);
    uint32_t n = s->left < ZEROES ? s->left : ZEROES;

    if (!s->left) {
        finish(s, 0);
        return;
    }
    if (f && s->offset < f->bytes) {
        n = f->bytes - s->offset < s->left ? f->bytes - s->offset : s->left;
        dma_write(&s->dev, 0, dla_of(s->to), LOCAL_RAM(BLOB, f->at + s->offset),
                  n, STEP_DATA);
    } else {
        for (uint32_t i = 0; i < n; i++)
            s->zeroes[i] = byte_at(s, s->offset + i);
        dma_write(&s->dev, 0, dla_of(s->to), LOCAL(s, zeroes), n, STEP_DATA);
    }
}

static void start(struct fwcfg *s)
{
    uint32_t control = get_be32(s->control);

    s->left = get_be32(s->control + 4);
    s->to =
        (uint64_t)get_be32(s->control + 8) << 32 | get_be32(s->control + 12);
    if (control & C_SELECT) {
        s->selected = (uint16_t)(control >> 16 & KEY_MASK);
        s->offset = 0;
    }
    if (control & C_READ) {
        move_on(s);
    } else if (control & C_WRITE) {
        finish(s, C_ERROR); /* no item here can be written */
    } else {
        if (control & C_SKIP)
            s->offset += s->left;
        finish(s, 0);
    }
}

static void fwcfg_step(struct device *dev, unsigned step,
                       enum dma_status status)
{
    struct fwcfg *s = (struct fwcfg *)dev;
    uint32_t done = dma_done(dev, 0);

    if (step == STEP_OVER || (step == STEP_CONTROL && status != DMA_OK)) {
        s->busy = false;
    } else if (step == STEP_CONTROL) {
        start(s);
    } else if (status != DMA_OK) {
        finish(s, C_ERROR);
    } else {
        s->offset += done;
        s->to += done;
        s->left -= done < s->left ? done : s->left;
        move_on(s);
    }
}

static void start_dma(struct fwcfg *s, uint32_t low)
{
    if (s->busy) {
        guest_error(&s->dev, "DMA asked for while one runs");
        return;
    }
    s->busy = true;
    s->control_at = (uint64_t)s->dma_high << 32 | low;
    s->dma_high = 0;
    dma_read(&s->dev, 0, dla_of(s->control_at), LOCAL(s, control),
             sizeof s->control, STEP_CONTROL);
}

/* ---- registers ------------------------------------------------------------*/

/* Reading the DMA address gives "QEMU CFG", the first letter first. */
static uint32_t fwcfg_peek(const struct device *dev, unsigned window,
                           uint32_t offset, unsigned bytes)
{
    const struct fwcfg *s = (const struct fwcfg *)dev;

    (void)window;
    if (offset == DATA && bytes == 1)
        return byte_at(s, s->offset);
    if (offset == DMA_HIGH && bytes == 4)
        return 0x554d4551; /* QEMU */
    if (offset == DMA_LOW && bytes == 4)
        return 0x47464320; /* " CFG" */
    return UINT32_MAX;
}

static uint32_t fwcfg_read(struct device *dev, unsigned window, uint32_t offset,
                           unsigned bytes)
{
    struct fwcfg *s = (struct fwcfg *)dev;
    uint32_t v = fwcfg_peek(dev, window, offset, bytes);

    if (offset == DATA && bytes == 1)
        s->offset++;
    return v;
}

static void fwcfg_write(struct device *dev, unsigned window, uint32_t offset,
                        unsigned bytes, uint32_t value)
{
    struct fwcfg *s = (struct fwcfg *)dev;
    uint32_t swapped = __builtin_bswap32(value);

    (void)window;
    if (offset == SELECTOR && bytes == 2) {
        s->selected = (uint16_t)(value & KEY_MASK);
        s->offset = 0;
    } else if (offset == DMA_HIGH && bytes == 4) {
        s->dma_high = swapped;
    } else if (offset == DMA_LOW && bytes == 4) {
        start_dma(s, swapped);
    }
}

static void fwcfg_reset(struct device *dev)
{
    struct fwcfg *s = (struct fwcfg *)dev;

    s->selected = 0;
    s->offset = s->dma_high = 0;
    s->busy = false;
}

static bool fwcfg_check(const struct device *dev)
{
    const struct fwcfg *s = (const struct fwcfg *)dev;

    if (s->items > ITEMS || s->used > BLOB_MOST)
        return false;
    for (uint32_t i = 0; i < s->items; i++)
        if (s->item[i].at > s->used ||
            s->item[i].bytes > s->used - s->item[i].at)
            return false;
    return true;
}

static const struct state_row item_rows[] = {
    STATE_BYTES(struct item, name),
    STATE_INT(struct item, key),
    STATE_INT(struct item, at),
    STATE_INT(struct item, bytes),
    STATE_END,
};

static const struct state_row fwcfg_rows[] = {
    STATE_STRUCTS(struct fwcfg, item, item_rows),
    STATE_INT(struct fwcfg, items),
    STATE_INT(struct fwcfg, used),
    STATE_INT(struct fwcfg, selected),
    STATE_INT(struct fwcfg, offset),
    STATE_INT(struct fwcfg, dma_high),
    STATE_INT(struct fwcfg, busy),
    STATE_INT(struct fwcfg, control_at),
    STATE_INT(struct fwcfg, to),
    STATE_INT(struct fwcfg, left),
    STATE_BYTES(struct fwcfg, control),
    STATE_BYTES(struct fwcfg, result),
    STATE_BYTES(struct fwcfg, zeroes),
    STATE_END,
};

const struct device_model fwcfg_model = {
    .name = "fwcfg",
    .title = "firmware configuration at ports 510h-51Bh",
    .version = 1,
    .state_size = sizeof(struct fwcfg),
    .rows = fwcfg_rows,
    .pci = {.address_bits = 32}, /* no card: it reaches all below 4 GiB */
    .windows = {[BLOB] = {.kind = WINDOW_NONE, .ram = true},
                [1] = {.kind = WINDOW_PORT,
                       .bytes = REGISTERS,
                       .access = ACCESS_ANY,
                       .base = 0x510}},
    .reset = fwcfg_reset,
    .check = fwcfg_check,
    .give = fwcfg_give,
    .read = fwcfg_read,
    .write = fwcfg_write,
    .peek = fwcfg_peek,
    .step = fwcfg_step,
};
