/* src/board/multiboot.c -- what a multiboot kernel finds: modules, the
 * information structure, registers. Source: Multiboot specification 0.6.96,
 * 3.2 (machine state) and 3.3 (boot information format). */
#include <stdlib.h>
#include <string.h>

#include "base/vec.h"
#include "board/program.h"

#define LOADER_NAME "halbox"

enum { MAGIC = 0x2badb002 }; /* in EAX */
enum { LOW = 0x7000, LOW_END = 0x90000, MIB = 1 << 20 };
/* 3.3: offsets and flag bits of the information structure */
enum {
    FLAGS = 0,
    MEM_LOWER = 4,
    MEM_UPPER = 8,
    CMDLINE = 16,
    MODS_COUNT = 20,
    MODS_ADDR = 24,
    MMAP_LENGTH = 44,
    MMAP_ADDR = 48,
    BOOT_LOADER_NAME = 64,
    INFO_BYTES = 120,
    MODULE_BYTES = 16,
    MAP_ENTRY_BYTES = 24,
};
enum {
    HAS_MEMORY = 1 << 0,
    HAS_CMDLINE = 1 << 2,
    HAS_MODULES = 1 << 3,
    HAS_MAP = 1 << 6,
    HAS_LOADER_NAME = 1 << 9,
};

/** The structure and all that it points to, as they will lie at @at. */
struct information {
    uint8_t *bytes;
    uint32_t at, used;
};

static void put32(struct information *i, uint32_t offset, uint32_t value)
{
    memcpy(i->bytes + offset, &value, sizeof value);
}

/* Appends; returns the guest address. */
static uint32_t append(struct information *i, const void *from, size_t bytes)
{
    uint32_t offset = (i->used + 3) & ~3u;

    memcpy(i->bytes + offset, from, bytes);
    i->used = offset + (uint32_t)bytes;
    return i->at + offset;
}

static uint32_t append_text(struct information *i, const char *text)
{
    return append(i, text, strlen(text) + 1);
}

/* 3.3: mem_upper ends at the first hole above 1 MiB. */
static void put_memory(const struct machine *m, struct information *i)
{
    uint32_t map[RAM_RANGES][MAP_ENTRY_BYTES / 4];

    for (unsigned n = 0; n < m->ram.ranges; n++) {
        const struct ram_range *r = &m->ram.range[n];

        map[n][0] = MAP_ENTRY_BYTES - 4;
        memcpy(&map[n][1], &r->start, sizeof r->start);
        memcpy(&map[n][3], &r->bytes, sizeof r->bytes);
        map[n][5] = 1; /* RAM that is free */
        if (!r->start)
            put32(i, MEM_LOWER, (uint32_t)(r->bytes >> 10));
        if (r->start == MIB)
            put32(i, MEM_UPPER, (uint32_t)(r->bytes >> 10));
    }
    put32(i, MMAP_LENGTH, m->ram.ranges * MAP_ENTRY_BYTES);
    put32(i, MMAP_ADDR, append(i, map, m->ram.ranges * MAP_ENTRY_BYTES));
}

static uint32_t kernel_end(const struct image *image)
{
    return image->base + image->bytes;
}

/* Modules lie page aligned above the kernel; *@end: behind the last. */
static enum hb_status put_modules(struct machine *m,
                                  const struct machine_kernel *kernel,
                                  struct information *i, uint32_t *end,
                                  struct hb_error *error)
{
    uint32_t list[MACHINE_MODULES][MODULE_BYTES / 4] = {{0}};

    for (unsigned n = 0; n < kernel->modules; n++) {
        const struct machine_file *f = &kernel->module[n];
        uint32_t at = program_above(m, *end, f->count);
        enum hb_status status;

        if (!at)
            return hb_fail(error, HB_BAD_IMAGE,
                           "%s: no RAM for %zu bytes above the kernel", f->name,
                           f->count);
        status = program_fill(m, f->name, at, f->bytes, f->count, error);
        if (status != HB_OK)
            return status;
        *end = at + (uint32_t)f->count;
        list[n][0] = at;
        list[n][1] = *end;
        list[n][2] = append_text(i, f->name);
    }
    put32(i, MODS_COUNT, kernel->modules);
    put32(i, MODS_ADDR, append(i, list, kernel->modules * MODULE_BYTES));
    return HB_OK;
}

static bool low_is_free(const struct image *image)
{
    for (uint32_t n = 0; n < image->segments; n++) {
        const struct image_segment *s = &image->segment[n];
        uint32_t at = image->base + s->rva;

        if (s->bytes && at < LOW_END && at + s->bytes > LOW)
            return false;
    }
    return true;
}

static enum hb_status fill(struct machine *m, const struct image *image,
                           const struct machine_kernel *kernel,
                           struct information *i, struct hb_error *error)
{
    const char *cmdline = kernel->cmdline ? kernel->cmdline : "";
    uint32_t end = kernel_end(image) > MIB ? kernel_end(image) : MIB;
    enum hb_status status;

    i->used = INFO_BYTES;
    put32(i, FLAGS,
          HAS_MEMORY | HAS_CMDLINE | HAS_MODULES | HAS_MAP | HAS_LOADER_NAME);
    put_memory(m, i);
    put32(i, CMDLINE, append_text(i, cmdline));
    put32(i, BOOT_LOADER_NAME, append_text(i, LOADER_NAME));
    status = put_modules(m, kernel, i, &end, error);
    if (status == HB_OK)
        ram_write(&m->ram, gpa_of(i->at), i->bytes, i->used);
    return status;
}

enum hb_status multiboot_start(struct machine *m, const struct image *image,
                               const struct machine_kernel *kernel,
                               struct hb_error *error)
{
    struct information i = {.at = LOW};
    size_t room =
        2 * PAGE_BYTES + (kernel->cmdline ? strlen(kernel->cmdline) : 0);
    enum hb_status status = HB_OK;

    for (unsigned n = 0; n < kernel->modules; n++)
        room += strlen(kernel->module[n].name) + 2 * MODULE_BYTES;
    if (!low_is_free(image)) /* then at the end of RAM below 4 GiB */
        i.at = program_below(m, UINT64_MAX, room, PAGE_BYTES);
    if (!i.at || (i.at == LOW && room > LOW_END - LOW))
        return hb_fail(error, HB_BAD_IMAGE,
                       "%s: no room for %zu bytes of boot information",
                       image->name, room);
    i.bytes = calloc(1, room);
    if (!i.bytes)
        return hb_fail(error, HB_NO_MEMORY, "no memory for boot information");
    status = fill(m, image, kernel, &i, error);
    free(i.bytes);
    if (status != HB_OK)
        return status;
    program_enter(m, image->base + image->entry, 8, 16);
    m->cpu.s.reg[EAX] = MAGIC;
    m->cpu.s.reg[EBX] = i.at;
    return HB_OK;
}
