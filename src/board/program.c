/* src/board/program.c -- a program on the bare machine: its segments into RAM,
 * and the CPU at its entry as its boot protocol says. */
#include <string.h>
#include <zlib.h>

#include "board/program.h"

#define MIB ((uint64_t)1 << 20)
#define GIB ((uint64_t)1 << 30)

uint32_t program_below(const struct machine *m, uint64_t end, uint64_t bytes,
                       uint32_t align)
{
    end = end < 4 * GIB ? end : 4 * GIB;
    for (unsigned i = m->ram.ranges; i-- > 0;) {
        const struct ram_range *r = &m->ram.range[i];
        uint64_t top = r->start + r->bytes, at;

        top = top < end ? top : end;
        if (r->start < MIB || top < r->start + bytes)
            continue;
        at = (top - bytes) & ~(uint64_t)(align - 1);
        if (at >= r->start)
            return (uint32_t)at;
    }
    return 0;
}

uint32_t program_above(const struct machine *m, uint64_t from, uint64_t bytes)
{
    from = (from + PAGE_MASK) & ~(uint64_t)PAGE_MASK;
    for (unsigned i = 0; i < m->ram.ranges; i++) {
        const struct ram_range *r = &m->ram.range[i];
        uint64_t at = from > r->start ? from : r->start;

        if (r->start >= MIB && at + bytes <= r->start + r->bytes &&
            at + bytes <= 4 * GIB)
            return (uint32_t)at;
    }
    return 0;
}

enum hb_status program_fill(struct machine *m, const char *name, uint32_t at,
                            const void *bytes, size_t count,
                            struct hb_error *error)
{
    enum hb_status status = HB_OK;

    if (!ram_is(&m->ram, gpa_of(at), count))
        status = hb_fail(error, HB_BAD_IMAGE, "%s: no RAM for %zu bytes at %#x",
                         name, count, at);
    if (status == HB_OK)
        status = input_enter(m, INPUT_PROGRAM, at, count, name,
                             (uint32_t)strlen(name), error);
    if (status == HB_OK)
        ram_write(&m->ram, gpa_of(at), bytes, count);
    return status;
}

void program_enter(struct machine *m, uint32_t eip, uint16_t code,
                   uint16_t data)
{
    /* descriptor bits 8-15 and 20-23: present, accessed, 32-bit, in pages */
    const struct cpu_segment c = {code, 0xc09b, 0, 0xffffffff};
    const struct cpu_segment d = {data, 0xc093, 0, 0xffffffff};

    cpu_reset(&m->cpu);
    m->cpu.s.cr0 = CR0_PE | CR0_ET;
    for (unsigned i = 0; i < CPU_SEGS; i++)
        m->cpu.s.seg[i] = i == CS ? c : d;
    m->cpu.s.eip = eip;
}

static enum hb_status place(struct machine *m, const struct image *image,
                            struct hb_error *error)
{
    static const uint8_t zeroes[PAGE_BYTES];

    for (uint32_t i = 0; i < image->segments; i++) {
        const struct image_segment *s = &image->segment[i];
        uint64_t at = (uint64_t)image->base + s->rva;

        if (!ram_is(&m->ram, gpa_of(at), s->bytes))
            return hb_fail(error, HB_BAD_IMAGE,
                           "%s: segment %s at 0x%llx does not lie in RAM",
                           image->name, s->name, (unsigned long long)at);
    }
    for (uint32_t i = 0; i < image->segments; i++) {
        const struct image_segment *s = &image->segment[i];
        uint64_t at = (uint64_t)image->base + s->rva;
        uint32_t n;

        ram_write(&m->ram, gpa_of(at), image->file + s->offset, s->filled);
        for (uint32_t done = s->filled; done < s->bytes; done += n) {
            n = s->bytes - done < PAGE_BYTES ? s->bytes - done : PAGE_BYTES;
            ram_write(&m->ram, gpa_of(at + done), zeroes, n);
        }
    }
    return HB_OK;
}

static enum hb_status need_bare(const struct machine *m, struct hb_error *error)
{
    if (!m->config.bare)
        return hb_fail(error, HB_BAD_STATE,
                       "programs run on a bare machine: this one has a kernel");
    return HB_OK;
}

static enum hb_status start(struct machine *m, const struct image *image,
                            const struct machine_kernel *kernel,
                            struct hb_error *error)
{
    if (image->kind == IMAGE_LINUX)
        return linux_start(m, image, kernel, error);
    if (image->multiboot)
        return multiboot_start(m, image, kernel, error);
    if (kernel->modules || (kernel->cmdline && *kernel->cmdline))
        return hb_fail(error, HB_BAD_ARGUMENT,
                       "%s: a kernel without a boot protocol takes neither "
                       "command line nor modules",
                       kernel->image.name);
    program_enter(m, image->base + image->entry, 8, 16);
    return HB_OK;
}

static enum hb_status under_bios(struct machine *m, const struct image *image,
                                 const struct machine_kernel *kernel,
                                 struct hb_error *error)
{
    if (image->kind == IMAGE_LINUX)
        return linux_hand_over(m, image, kernel, error);
    return hb_fail(error, HB_BAD_ARGUMENT,
                   "%s: under a BIOS a kernel is a Linux bzImage; others are "
                   "loaded without --bios",
                   image->name);
}

enum machine_kernel_kind machine_kernel_kind(const struct machine_file *f)
{
    enum machine_kernel_kind kind = KERNEL_ELF;
    struct image *image;
    struct hb_error error;

    if (!f->bytes || image_parse_kernel(f->bytes, f->count, f->name, &image,
                                        &error) != HB_OK)
        return KERNEL_NONE;
    if (image->multiboot)
        kind = KERNEL_MULTIBOOT;
    else if (image->kind == IMAGE_LINUX)
        kind = KERNEL_LINUX;
    image_free(image);
    return kind;
}

enum hb_status machine_load_kernel(struct machine *m,
                                   const struct machine_kernel *kernel,
                                   struct hb_error *error)
{
    const struct machine_file *f = &kernel->image;
    const char *cmdline = kernel->cmdline ? kernel->cmdline : "";
    struct image *image;
    enum hb_status status = need_bare(m, error);

    if (status == HB_OK && kernel->modules > MACHINE_MODULES)
        status = hb_fail(error, HB_BAD_ARGUMENT, "at most %d modules",
                         (int)MACHINE_MODULES);
    if (status == HB_OK)
        status = image_parse_kernel(f->bytes, f->count, f->name, &image, error);
    if (status != HB_OK)
        return status;
    status = input_enter(m, INPUT_KERNEL, crc32_z(0, f->bytes, f->count),
                         f->count, cmdline, (uint32_t)strlen(cmdline), error);
    if (status == HB_OK && m->config.bios_bytes) {
        status = under_bios(m, image, kernel, error);
    } else if (status == HB_OK) {
        firmware_run(m); /* there was none */
        status = place(m, image, error);
        if (status == HB_OK)
            status = start(m, image, kernel, error);
    }
    image_free(image);
    return status;
}

static enum hb_status load_flat(struct machine *m, const uint8_t *bytes,
                                size_t count, gpa_t at, struct hb_error *error)
{
    struct image *image;
    enum hb_status status = image_parse_raw(
        bytes, count, "program", (uint32_t)at.v, (uint32_t)at.v, &image, error);

    if (status != HB_OK)
        return status;
    status = input_enter(m, INPUT_PROGRAM, at.v, count, NULL, 0, error);
    if (status == HB_OK)
        status = place(m, image, error);
    if (status == HB_OK)
        program_enter(m, image->base + image->entry, 8, 16);
    image_free(image);
    return status;
}

enum hb_status machine_load_program(struct machine *m,
                                    enum machine_program kind,
                                    const uint8_t *bytes, size_t count,
                                    gpa_t at, struct hb_error *error)
{
    const struct machine_kernel kernel = {.image = {"kernel", bytes, count}};
    enum hb_status status = need_bare(m, error);

    if (status != HB_OK)
        return status;
    return kind == PROGRAM_FLAT ? load_flat(m, bytes, count, at, error)
                                : machine_load_kernel(m, &kernel, error);
}
