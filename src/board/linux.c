/* src/board/linux.c -- a Linux kernel entered in 32-bit mode: zero page, memory
 * map, command line, initial RAM disk. Source: Linux, The Linux/x86 Boot
 * Protocol, "32-bit Boot Protocol"; the zero page. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "board/program.h"

#define MIB ((uint64_t)1 << 20)

/* where we put things: low memory that neither setup nor kernel uses */
enum { ZERO_PAGE = 0x10000, GDT = 0x11000, CMDLINE = 0x12000 };
enum { CMDLINE_ROOM = 0x8000 };
enum { BOOT_CS = 0x10, BOOT_DS = 0x18, GDT_BYTES = 0x20 };
/* offsets in the zero page; from 1F1h on those of the setup header */
enum {
    EXT_MEM_K = 0x02,
    ALT_MEM_K = 0x1e0,
    E820_ENTRIES = 0x1e8,
    HEADER = 0x1f1,
    TYPE_OF_LOADER = 0x210,
    LOADFLAGS = 0x211,
    RAMDISK_IMAGE = 0x218,
    RAMDISK_SIZE = 0x21c,
    HEAP_END_PTR = 0x224,
    CMD_LINE_PTR = 0x228,
    E820_TABLE = 0x2d0,
    E820_ENTRY = 20,
};
enum { LOADER_UNDEFINED = 0xff, E820_RAM = 1 };

static void put32(uint8_t *page, uint32_t offset, uint64_t value)
{
    uint32_t v = (uint32_t)value;

    memcpy(page + offset, &v, sizeof v);
}

static void put_memory(const struct machine *m, uint8_t *page)
{
    uint64_t k = 0;

    for (unsigned i = 0; i < m->ram.ranges; i++) {
        const struct ram_range *r = &m->ram.range[i];
        uint8_t *e = page + E820_TABLE + i * E820_ENTRY;

        memcpy(e, &r->start, sizeof r->start);
        memcpy(e + 8, &r->bytes, sizeof r->bytes);
        e[16] = E820_RAM;
        if (r->start == MIB)
            k = r->bytes >> 10;
    }
    page[E820_ENTRIES] = (uint8_t)m->ram.ranges;
    put32(page, ALT_MEM_K, k);
    memcpy(page + EXT_MEM_K, &k, 2);
}

/* What the kernel unpacks itself into; older ones say no size. */
static uint64_t kernel_end(const struct image *image)
{
    const struct image_linux *l = &image->linux_boot;
    uint64_t runs = (uint64_t)l->runs_at + l->runs_bytes;

    return runs > image->bytes ? runs : image->bytes;
}

static enum hb_status put_initrd(struct machine *m, const struct image *image,
                                 const struct machine_file *f, uint8_t *page,
                                 struct hb_error *error)
{
    uint64_t end = (uint64_t)image->linux_boot.initrd_most + 1;
    uint32_t at = program_below(m, end, f->count, PAGE_BYTES);

    if (at < kernel_end(image))
        return hb_fail(error, HB_BAD_IMAGE,
                       "%s: %zu bytes do not fit above the kernel, which needs "
                       "RAM up to %llu MiB: give --memory",
                       f->name, f->count,
                       (unsigned long long)((kernel_end(image) >> 20) + 1));
    put32(page, RAMDISK_IMAGE, at);
    put32(page, RAMDISK_SIZE, f->count);
    return program_fill(m, f->name, at, f->bytes, f->count, error);
}

static enum hb_status put_cmdline(struct machine *m, const struct image *image,
                                  const char *text, uint8_t *page,
                                  struct hb_error *error)
{
    uint32_t most = image->linux_boot.cmdline_most;

    most = most < CMDLINE_ROOM - 1 ? most : CMDLINE_ROOM - 1;
    if (strlen(text) > most)
        return hb_fail(error, HB_BAD_ARGUMENT,
                       "the command line is %zu bytes, the kernel takes %u",
                       strlen(text), most);
    ram_write(&m->ram, gpa_of(CMDLINE), text, strlen(text) + 1);
    put32(page, CMD_LINE_PTR, CMDLINE);
    return HB_OK;
}

static void enter(struct machine *m, uint32_t eip)
{
    static const uint64_t gdt[GDT_BYTES / 8] = {
        [BOOT_CS / 8] = 0x00cf9b000000ffff, [BOOT_DS / 8] = 0x00cf93000000ffff};

    ram_write(&m->ram, gpa_of(GDT), gdt, sizeof gdt);
    program_enter(m, eip, BOOT_CS, BOOT_DS);
    m->cpu.s.gdtr.base = GDT;
    m->cpu.s.gdtr.limit = GDT_BYTES - 1;
    m->cpu.s.reg[ESI] = ZERO_PAGE;
    m->cpu.s.reg[ESP] = ZERO_PAGE; /* ours is free down to the vectors */
}

static enum hb_status fits(const struct machine *m, const struct image *image,
                           const struct machine_kernel *kernel,
                           struct hb_error *error)
{
    const struct image_linux *l = &image->linux_boot;

    if (!image->has_entry)
        return hb_fail(error, HB_BAD_ARGUMENT,
                       "%s is entered in real mode alone: boot it under a "
                       "BIOS, with --bios",
                       image->name);
    if (kernel->modules > 1)
        return hb_fail(error, HB_BAD_ARGUMENT,
                       "a Linux kernel takes one initial RAM disk");
    if (!ram_is(&m->ram, gpa_of(l->runs_at), l->runs_bytes))
        return hb_fail(
            error, HB_BAD_IMAGE, "%s needs RAM up to %llu MiB: give --memory",
            image->name, (unsigned long long)((kernel_end(image) >> 20) + 1));
    return HB_OK;
}

enum hb_status linux_start(struct machine *m, const struct image *image,
                           const struct machine_kernel *kernel,
                           struct hb_error *error)
{
    uint8_t page[PAGE_BYTES] = {0};
    uint32_t end = image->linux_boot.header_end;
    enum hb_status status = fits(m, image, kernel, error);

    if (status != HB_OK)
        return status;
    memcpy(page + HEADER, image->file + HEADER, end - HEADER);
    page[TYPE_OF_LOADER] = LOADER_UNDEFINED;
    put_memory(m, page);
    status = put_cmdline(m, image, kernel->cmdline ? kernel->cmdline : "", page,
                         error);
    if (status == HB_OK && kernel->modules)
        status = put_initrd(m, image, kernel->module, page, error);
    if (status != HB_OK)
        return status;
    ram_write(&m->ram, gpa_of(ZERO_PAGE), page, sizeof page);
    enter(m, image->entry);
    return HB_OK;
}

/* ---- under a BIOS ----------------------------------------------------------
 * "Loading the rest of the kernel": setup and command line in low memory, the
 * kernel at 1 MiB, the initial RAM disk below what the BIOS keeps for itself.
 */

enum { REAL_SETUP = 0x10000, REAL_CMDLINE = 0x20000, KERNEL = 0x100000 };
enum { HEAP_END = 0xfe00, CAN_USE_HEAP = 0x80, BIOS_KEEPS = 1 << 20 };
enum { ROM_BYTES = 512 };

#define ROM_FILE "genroms/halboot.bin"

extern const char board_prelude[]; /* halboot.S */

/** A part of the kernel, as halboot.S looks for it. */
struct part {
    const char *name;
    uint32_t at;
    const void *bytes;
    size_t count;
};

static enum hb_status give_part(struct machine *m, const struct part *p,
                                struct hb_error *error)
{
    const uint32_t count = (uint32_t)p->count;
    char name[32];
    enum hb_status status;

    snprintf(name, sizeof name, "%s-addr", p->name);
    status = board_item(m, name, &p->at, sizeof p->at, error);
    snprintf(name, sizeof name, "%s-size", p->name);
    if (status == HB_OK)
        status = board_item(m, name, &count, sizeof count, error);
    snprintf(name, sizeof name, "%s-data", p->name);
    if (status == HB_OK)
        status = board_item(m, name, p->bytes, p->count, error);
    return status;
}

/* All bytes of a ROM add up to 0. */
static enum hb_status give_rom(struct machine *m, struct hb_error *error)
{
    static const char order[] = "/rom@" ROM_FILE;
    uint8_t rom[ROM_BYTES], sum = 0;
    enum hb_status status;

    memcpy(rom, board_prelude, sizeof rom);
    for (unsigned i = 0; i < sizeof rom - 1; i++)
        sum = (uint8_t)(sum + rom[i]);
    rom[sizeof rom - 1] = (uint8_t)-sum;
    status = board_item(m, ROM_FILE, rom, sizeof rom, error);
    if (status == HB_OK)
        status = board_item(m, "bootorder", order, sizeof order, error);
    return status;
}

static void fill_header(uint8_t *setup, const struct part *initrd)
{
    const uint16_t heap_end = HEAP_END;

    setup[TYPE_OF_LOADER] = LOADER_UNDEFINED;
    setup[LOADFLAGS] |= CAN_USE_HEAP;
    memcpy(setup + HEAP_END_PTR, &heap_end, sizeof heap_end);
    put32(setup, CMD_LINE_PTR, REAL_CMDLINE);
    put32(setup, RAMDISK_IMAGE, initrd->count ? initrd->at : 0);
    put32(setup, RAMDISK_SIZE, initrd->count);
}

static enum hb_status place_initrd(const struct machine *m,
                                   const struct image *image,
                                   const struct machine_kernel *kernel,
                                   struct part *p, struct hb_error *error)
{
    uint64_t end = (uint64_t)image->linux_boot.initrd_most + 1;
    uint64_t top = program_below(m, end, BIOS_KEEPS, PAGE_BYTES);

    if (!kernel->modules)
        return HB_OK;
    p->bytes = kernel->module->bytes;
    p->count = kernel->module->count;
    p->at = program_below(m, top, p->count, PAGE_BYTES);
    if (p->at < kernel_end(image))
        return hb_fail(error, HB_BAD_IMAGE,
                       "%s: %zu bytes do not fit above the kernel: give "
                       "--memory",
                       kernel->module->name, p->count);
    return HB_OK;
}

enum hb_status linux_hand_over(struct machine *m, const struct image *image,
                               const struct machine_kernel *kernel,
                               struct hb_error *error)
{
    const char *cmdline = kernel->cmdline ? kernel->cmdline : "";
    uint32_t setup_bytes = image->linux_boot.setup_bytes;
    struct part parts[] = {
        {"setup", REAL_SETUP, NULL, setup_bytes},
        {"cmdline", REAL_CMDLINE, cmdline, strlen(cmdline) + 1},
        {"kernel", KERNEL, image->file + setup_bytes,
         image->file_bytes - setup_bytes},
        {"initrd", 0, NULL, 0}};
    uint8_t *setup;
    enum hb_status status = place_initrd(m, image, kernel, &parts[3], error);

    if (status == HB_OK && strlen(cmdline) > image->linux_boot.cmdline_most)
        status = hb_fail(error, HB_BAD_ARGUMENT,
                         "the command line is %zu bytes, the kernel takes %u",
                         strlen(cmdline), image->linux_boot.cmdline_most);
    setup = status == HB_OK ? malloc(setup_bytes) : NULL;
    if (status != HB_OK || !setup)
        return status != HB_OK ? status
                               : hb_fail(error, HB_NO_MEMORY, "no memory");
    memcpy(setup, image->file, setup_bytes);
    fill_header(setup, &parts[3]);
    parts[0].bytes = setup;
    for (unsigned i = 0; status == HB_OK && i < 4; i++)
        status = give_part(m, &parts[i], error);
    free(setup);
    return status == HB_OK ? give_rom(m, error) : status;
}
