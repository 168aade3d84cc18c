/* src/board/linux.c -- a Linux kernel entered in 32-bit mode: zero page, memory
 * map, command line, initial RAM disk. Source: Linux, The Linux/x86 Boot
 * Protocol, "32-bit Boot Protocol"; the zero page. */
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
    RAMDISK_IMAGE = 0x218,
    RAMDISK_SIZE = 0x21c,
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
