/* src/board/bios.c -- what the board of a PC holds ready for its BIOS: the
 * ROM's contents, items of firmware configuration, CMOS memory. Source: QEMU,
 * docs/specs/fw_cfg (keys); SeaBIOS, Runtime configuration; Ralf Brown's
 * Interrupt List, CMOS. */
#include <stdlib.h>
#include <string.h>

#include "board/board.h"
#include "halbox/media.h"

#define MIB ((uint64_t)1 << 20)
#define GIB ((uint64_t)1 << 30)

enum { ROM_STEP = 4096, ROM_MOST = 16 << 20 };
enum { USUAL_FLOPPY = 1440 << 10 }; /* of an empty drive */

/* ---- the ROM --------------------------------------------------------------*/

enum hb_status board_bios_read(struct machine *m, struct hb_error *error)
{
    size_t count;
    enum hb_status status;

    if (!m->config.bios[0])
        return HB_OK;
    if (!m->config.bare)
        return hb_fail(error, HB_BAD_ARGUMENT,
                       "a BIOS runs on the bare machine: halbox boot");
    status = file_read(m->config.bios, &m->bios, &count, error);
    if (status != HB_OK)
        return status;
    if (!count || count > ROM_MOST || count % ROM_STEP)
        return hb_fail(error, HB_BAD_IMAGE,
                       "%s: a BIOS ROM is whole pages, at most 16 MiB, not "
                       "%zu bytes",
                       m->config.bios, count);
    m->config.bios_bytes = (uint32_t)count;
    return HB_OK;
}

void board_bios_put(struct machine *m)
{
    struct device *rom = m->bios ? bus_find(m->bus, "biosrom") : NULL;

    if (rom)
        memcpy(device_ram(rom, 0, 0, m->config.bios_bytes), m->bios,
               m->config.bios_bytes);
    free(m->bios);
    m->bios = NULL;
}

/* ---- firmware configuration ------------------------------------------------
 */

enum hb_status board_item(struct machine *m, const char *name,
                          const void *bytes, size_t count,
                          struct hb_error *error)
{
    struct device *dev = bus_find(m->bus, "fwcfg");

    if (!dev || count > UINT32_MAX ||
        !dev->model->give(dev, name, bytes, (uint32_t)count))
        return hb_fail(error, HB_FULL,
                       "no room for firmware item '%s' of %zu bytes", name,
                       count);
    return HB_OK;
}

static enum hb_status number(struct machine *m, const char *name,
                             uint64_t value, unsigned bytes,
                             struct hb_error *error)
{
    return board_item(m, name, &value, bytes, error); /* little-endian */
}

static enum hb_status memory_map(struct machine *m, struct hb_error *error)
{
    enum { ENTRY = 20, RAM = 1 };
    uint8_t map[RAM_RANGES][ENTRY] = {{0}};

    for (unsigned i = 0; i < m->ram.ranges; i++) {
        memcpy(map[i], &m->ram.range[i].start, 8);
        memcpy(map[i] + 8, &m->ram.range[i].bytes, 8);
        map[i][16] = RAM;
    }
    return board_item(m, "etc/e820", map, m->ram.ranges * (size_t)ENTRY, error);
}

enum hb_status board_items(struct machine *m, struct hb_error *error)
{
    enum { TRADITIONAL = 1, DMA = 2 };
    const struct {
        const char *name;
        uint64_t value;
        unsigned bytes;
    } numbers[] = {
        {"signature", 0x554d4551, 4}, /* QEMU */
        {"id", TRADITIONAL | DMA, 4}, {"ram-size", m->config.memory, 8},
        {"nographic", 0, 2},          {"cpus", 1, 2},
        {"max-cpus", 1, 2},           {"numa", 0, 8},
        {"boot-menu", 0, 2}};
    enum hb_status status = HB_OK;

    if (!bus_find(m->bus, "fwcfg"))
        return HB_OK;
    for (unsigned i = 0;
         status == HB_OK && i < sizeof numbers / sizeof *numbers; i++)
        status = number(m, numbers[i].name, numbers[i].value, numbers[i].bytes,
                        error);
    return status == HB_OK ? memory_map(m, error) : status;
}

/* ---- CMOS memory ----------------------------------------------------------*/

static void put(struct machine *m, unsigned at, uint64_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++) {
        bus_out(m->bus, 0x70, 1, at + i);
        bus_out(m->bus, 0x71, 1, (uint32_t)(value >> 8 * i & 255));
    }
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* RAM in [from, to), holes left out. */
static uint64_t ram_between(const struct machine *m, uint64_t from, uint64_t to)
{
    uint64_t bytes = 0;

    for (unsigned i = 0; i < m->ram.ranges; i++) {
        const struct ram_range *r = &m->ram.range[i];
        uint64_t end = least(r->start + r->bytes, to);
        uint64_t start = r->start > from ? r->start : from;

        bytes += end > start ? end - start : 0;
    }
    return bytes;
}

/* The type of the floppy drive that is connected as @n: of the medium in it, or
 * the usual one. */
static unsigned floppy_type(const struct machine *m, unsigned n)
{
    const struct device *fdc = bus_find(m->bus, "fdc82077");
    uint64_t bytes;

    if (!fdc || media_drive(fdc, n) == MEDIA_NONE)
        return 0;
    bytes = media_bytes(fdc, n);
    return floppy_format_of(bytes ? bytes : USUAL_FLOPPY)->drive_type;
}

/* Drives, equipment and what is tried at boot time: SeaBIOS's nibbles are the
 * description's, its third in 38h. */
static void put_drives(struct machine *m)
{
    enum { TYPES = 0x10, EQUIPMENT = 0x14, BOOT_THIRD = 0x38, BOOT = 0x3d };
    enum { HAS_FLOPPY = 1, HAS_FPU = 2, SECOND_FLOPPY = 0x40 };
    unsigned a = floppy_type(m, 0), b = floppy_type(m, 1);

    put(m, TYPES, a << 4 | b, 1);
    put(m, EQUIPMENT,
        (a || b ? HAS_FLOPPY : 0) | (b ? SECOND_FLOPPY : 0) |
            (model_has(&m->cpu.model, FEATURE_FPU) ? HAS_FPU : 0),
        1);
    put(m, BOOT, m->config.boot_order & 255, 1);
    put(m, BOOT_THIRD, (m->config.boot_order >> 8 & 15) << 4, 1);
}

/* What a set-up program would have left. */
void board_cmos(struct machine *m)
{
    enum { BASE = 0x15, EXTENDED = 0x17, EXTENDED_POST = 0x30 };
    enum { ABOVE_16M = 0x34, ABOVE_4G = 0x5b };
    uint64_t above_1m = ram_between(m, MIB, 64 * MIB) >> 10;
    uint64_t above_16m = ram_between(m, 16 * MIB, 4 * GIB) >> 16;
    uint64_t above_4g = ram_between(m, 4 * GIB, UINT64_MAX) >> 16;

    if (!m->config.bare)
        return;
    put(m, BASE, ram_between(m, 0, MIB) >> 10, 2);
    put(m, EXTENDED, least(above_1m, 0xfc00), 2);
    put(m, EXTENDED_POST, least(above_1m, 0xfc00), 2);
    put(m, ABOVE_16M, least(above_16m, 0xffff), 2);
    put(m, ABOVE_4G, least(above_4g, 0xffffff), 3);
    put_drives(m);
    bus_out(m->bus, 0x70, 1, 0);
}
