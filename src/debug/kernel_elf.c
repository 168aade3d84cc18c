/* src/debug/kernel_elf.c -- ntoskrnl.exe and hal.dll as a debugger from outside
 * wants them: an ELF file. What it tells follows from the tables of exports
 * alone, so it is the same in every machine. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "debug/elf_build.h"
#include "debug/kernel_frames.h"
#include "debug/symbols.h"

enum { IMAGES = 2, PER_IMAGE = 2 };

/** The parts of the file while they grow. */
struct kernel_file {
    struct inspect_kernel_image image[IMAGES];
    uint8_t *text[IMAGES];
    struct vec symbols, names, frames;
    bool full; /* no memory */
};

static uint32_t kernel_name(struct kernel_file *k, const char *name)
{
    uint32_t at = k->names.count, bytes = (uint32_t)strlen(name) + 1;

    if (!vec_resize(&k->names, 1, at + bytes)) {
        k->full = true;
        return 0;
    }
    memcpy((char *)k->names.data + at, name, bytes);
    return at;
}

static void put_symbol(struct kernel_file *k, const char *name, Elf32_Sym sym)
{
    sym.st_name = kernel_name(k, name);
    if (!vec_push(&k->symbols, sizeof sym, &sym))
        k->full = true;
}

/* A debugger names a caller by the byte in front of the return address. */
static void before_trampoline(struct kernel_file *k,
                              const struct inspect_kernel_symbol *s,
                              Elf32_Sym sym)
{
    sym.st_value--;
    sym.st_size = 1;
    if (strcmp(s->name, "KiCallbackReturn") == 0)
        put_symbol(k, "KiCallback", sym);
    else if (strcmp(s->name, "KiThreadEnd") == 0)
        put_symbol(k, "KiThreadStart", sym);
}

static void symbols_of(struct kernel_file *k, const struct machine *m,
                       unsigned image)
{
    struct inspect_kernel_symbol s;
    uint32_t at = 0;

    while (kernel_next(m, &k->image[image], &at, &s)) {
        bool data = s.kind == KERNEL_DATA;
        Elf32_Sym sym = {
            .st_value = s.start.v,
            .st_size = s.bytes,
            .st_info = ELF32_ST_INFO(STB_GLOBAL, data ? STT_OBJECT : STT_FUNC),
            .st_shndx = (Elf32_Half)(1 + PER_IMAGE * image + data)};

        if (s.kind == KERNEL_MISSING) /* this machine's alone */
            continue;
        if (!data)
            sym.st_size--; /* filling: see before_trampoline() */
        if (s.kind == KERNEL_TRAMPOLINE)
            before_trampoline(k, &s, sym);
        put_symbol(k, s.name, sym);
    }
}

static bool gather(struct kernel_file *k, const struct machine *m)
{
    if (!vec_push(&k->symbols, sizeof(Elf32_Sym), NULL))
        return false;
    kernel_name(k, "");
    for (unsigned i = 0; i < IMAGES; i++) {
        const struct inspect_kernel_image *image = &k->image[i];

        inspect_kernel_image_at(m, i, &k->image[i]);
        k->text[i] = calloc(1, image->text_bytes + 1u);
        if (!k->text[i])
            return false;
        inspect_virtual(m, SPACE_SYSTEM, image->text, k->text[i],
                        image->text_bytes);
        symbols_of(k, m, i);
    }
    return !k->full && kernel_frames(m, &k->frames);
}

static bool put_together(const struct kernel_file *k, uint8_t **bytes,
                         size_t *count)
{
    static const char *const names[IMAGES][PER_IMAGE] = {
        {".text", ".data"}, {".text.hal", ".data.hal"}};
    enum { SYMTAB = IMAGES * PER_IMAGE, STRTAB, FRAMES, PARTS };
    struct elf_part part[PARTS];

    for (unsigned i = 0; i < IMAGES; i++) {
        const struct inspect_kernel_image *image = &k->image[i];

        part[PER_IMAGE * i] =
            (struct elf_part){.name = names[i][0],
                              .type = SHT_PROGBITS,
                              .flags = SHF_ALLOC | SHF_EXECINSTR,
                              .address = image->text.v,
                              .data = k->text[i],
                              .bytes = image->text_bytes,
                              .alignment = 8};
        part[PER_IMAGE * i + 1] =
            (struct elf_part){.name = names[i][1],
                              .type = SHT_NOBITS,
                              .flags = SHF_ALLOC | SHF_WRITE,
                              .address = image->data.v,
                              .bytes = image->data_bytes,
                              .alignment = 8};
    }
    part[SYMTAB] = (struct elf_part){.name = ".symtab",
                                     .type = SHT_SYMTAB,
                                     .data = k->symbols.data,
                                     .bytes = k->symbols.count *
                                              (uint32_t)sizeof(Elf32_Sym),
                                     .link = STRTAB + 1,
                                     .info = 1,
                                     .entry_bytes = sizeof(Elf32_Sym),
                                     .alignment = 4};
    part[STRTAB] = (struct elf_part){.name = ".strtab",
                                     .type = SHT_STRTAB,
                                     .data = k->names.data,
                                     .bytes = k->names.count,
                                     .alignment = 1};
    part[FRAMES] = (struct elf_part){.name = ".debug_frame",
                                     .type = SHT_PROGBITS,
                                     .data = k->frames.data,
                                     .bytes = k->frames.count,
                                     .alignment = 4};
    return elf_build(part, PARTS, bytes, count);
}

enum hb_status symbols_kernel_elf(const struct machine *m, uint8_t **bytes,
                                  size_t *count, struct hb_error *error)
{
    struct kernel_file k = {.full = false};
    bool good;

    if (machine_config(m)->bare)
        return hb_fail(error, HB_BAD_STATE,
                       "a bare machine has no kernel of ours");
    good = gather(&k, m) && put_together(&k, bytes, count);
    for (unsigned i = 0; i < IMAGES; i++)
        free(k.text[i]);
    vec_free(&k.symbols);
    vec_free(&k.names);
    vec_free(&k.frames);
    return good ? HB_OK
                : hb_fail(error, HB_NO_MEMORY,
                          "no memory for the kernel's symbols");
}
