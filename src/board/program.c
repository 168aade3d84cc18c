/* src/board/program.c -- a program on the bare machine: into RAM, and the CPU
 * at its entry in the state that multiboot describes.
 * Source: Multiboot specification 0.6.96, 3.2 machine state, 3.3 information.
 */
#include <string.h>

#include "board/board.h"
#include "image/image.h"

enum {
    MULTIBOOT_MAGIC = 0x2badb002, /* in EAX                                */
    MULTIBOOT_INFO = 0x7000,      /* where we put the structure: low, free */
    MULTIBOOT_MAP = 0x7100,
    MULTIBOOT_HAS_MEMORY = 1 << 0,
    MULTIBOOT_HAS_MAP = 1 << 6,
    MAP_ENTRY_BYTES = 24,
};

/* 3.3: mem_lower, mem_upper in KiB at 4 and 8; mmap_length, mmap_addr at 44. */
static void put_information(struct machine *m)
{
    const gpa_t info = gpa_of(MULTIBOOT_INFO);

    ram_write32(&m->ram, info, MULTIBOOT_HAS_MEMORY | MULTIBOOT_HAS_MAP);
    ram_write32(&m->ram, gpa_add(info, 4),
                (uint32_t)(m->ram.range[0].bytes >> 10));
    ram_write32(&m->ram, gpa_add(info, 8),
                (uint32_t)(m->ram.range[1].bytes >> 10));
    ram_write32(&m->ram, gpa_add(info, 44), m->ram.ranges * MAP_ENTRY_BYTES);
    ram_write32(&m->ram, gpa_add(info, 48), MULTIBOOT_MAP);
    for (unsigned i = 0; i < m->ram.ranges; i++) {
        gpa_t at = gpa_of(MULTIBOOT_MAP + i * MAP_ENTRY_BYTES);

        ram_write32(&m->ram, at, MAP_ENTRY_BYTES - 4);
        ram_write64(&m->ram, gpa_add(at, 4), m->ram.range[i].start);
        ram_write64(&m->ram, gpa_add(at, 12), m->ram.range[i].bytes);
        ram_write32(&m->ram, gpa_add(at, 20), 1); /* RAM that is free */
    }
}

static void enter_at(struct machine *m, uint32_t eip)
{
    /* descriptor bits 8-15 and 20-23: present, accessed, 32-bit, in pages */
    const struct cpu_segment code = {8, 0xc09b, 0, 0xffffffff};
    const struct cpu_segment data = {16, 0xc093, 0, 0xffffffff};

    cpu_reset(&m->cpu);
    m->cpu.s.cr0 = CR0_PE | CR0_ET;
    for (unsigned i = 0; i < CPU_SEGS; i++)
        m->cpu.s.seg[i] = i == CS ? code : data;
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

enum hb_status machine_load_program(struct machine *m,
                                    enum machine_program kind,
                                    const uint8_t *bytes, size_t count,
                                    gpa_t at, struct hb_error *error)
{
    struct image *image = NULL;
    enum hb_status status;

    if (!m->config.bare)
        return hb_fail(error, HB_BAD_STATE,
                       "programs run on a bare machine: this one has a kernel");
    if (kind == PROGRAM_FLAT)
        status = image_parse_raw(bytes, count, "program", (uint32_t)at.v,
                                 (uint32_t)at.v, &image, error);
    else
        status = image_parse_kernel(bytes, count, "kernel", &image, error);
    if (status == HB_OK)
        status = input_enter(m, INPUT_PROGRAM, at.v, count, NULL, 0, error);
    if (status == HB_OK)
        status = place(m, image, error);
    if (status == HB_OK) {
        enter_at(m, image->base + image->entry);
        if (image->multiboot) {
            put_information(m);
            m->cpu.s.reg[EAX] = MULTIBOOT_MAGIC;
            m->cpu.s.reg[EBX] = MULTIBOOT_INFO;
        }
    }
    if (image)
        image_free(image);
    return status;
}
