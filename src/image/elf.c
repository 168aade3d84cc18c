/* src/image/elf.c -- i386 ELF: the header, symbols, entry; what relocatable and
 * linked files share. Source: System V ABI, chapters 4 and 5, and its Intel386
 * supplement. */
#include <stdlib.h>
#include <string.h>

#include "image/elf_file.h"

/* Many sections may claim the same bytes: bounded, so is the work. */
enum { MAX_SYMBOLS = 1 << 20, MAX_RELOCATIONS = 1 << 23 };

const Elf32_Shdr *elf_section(const struct elf_file *f, uint32_t index)
{
    Elf_Scn *scn = index < f->sections ? elf_getscn(f->elf, index) : NULL;

    return scn ? elf32_getshdr(scn) : NULL;
}

const char *elf_section_name(const struct elf_file *f, uint32_t index)
{
    const Elf32_Shdr *names = elf_section(f, f->header->e_shstrndx);
    const Elf32_Shdr *s = elf_section(f, index);
    const char *name = NULL;

    if (names && s && s->sh_name < names->sh_size)
        name = file_string(f->b, (uint64_t)names->sh_offset + s->sh_name);
    return name ? name : "";
}

Elf32_Sym elf_symbol(const struct elf_file *f, uint32_t index)
{
    Elf32_Sym sym;

    memcpy(&sym, f->symbols + sizeof sym * index, sizeof sym);
    return sym;
}

const char *elf_symbol_name(const struct elf_file *f, const Elf32_Sym *sym)
{
    const char *name = NULL;

    if (sym->st_name < f->strings_bytes)
        name = file_string(f->b, f->strings + sym->st_name);
    return name ? name : "";
}

static enum hb_status symbols_of(struct elf_file *f, const Elf32_Shdr *s)
{
    const Elf32_Shdr *names = elf_section(f, s->sh_link);
    size_t count;

    f->symbols = file_at(f->b, s->sh_offset, s->sh_size);
    f->symbol_count = s->sh_size / sizeof(Elf32_Sym);
    if (!f->symbols || s->sh_entsize != sizeof(Elf32_Sym) ||
        f->symbol_count > MAX_SYMBOLS)
        return image_bad(f->b, "the symbol table (%u bytes at %#x) is damaged",
                         s->sh_size, s->sh_offset);
    if (!names || !file_at(f->b, names->sh_offset, names->sh_size))
        return image_bad(f->b,
                         "the symbol table names section %u for its "
                         "strings, which is not there",
                         s->sh_link);
    f->strings = names->sh_offset;
    f->strings_bytes = names->sh_size;
    count = f->symbol_count + 1u;
    f->target = calloc(count, sizeof *f->target);
    f->got_index = calloc(count, sizeof *f->got_index);
    if (!f->target || !f->got_index)
        return image_no_memory(f->b);
    for (uint32_t i = 0; i < count; i++)
        f->target[i].import = IMAGE_ABSOLUTE;
    return HB_OK;
}

const uint8_t *elf_relocations(struct elf_file *f, uint32_t index,
                               uint32_t *count)
{
    const Elf32_Shdr *s = elf_section(f, index);

    *count = s->sh_size / sizeof(Elf32_Rel);
    f->visited += *count;
    if (s->sh_entsize != sizeof(Elf32_Rel) || f->visited > MAX_RELOCATIONS ||
        !file_at(f->b, s->sh_offset, s->sh_size)) {
        image_bad(f->b, "relocation section %u (%u bytes at %#x) is damaged",
                  index, s->sh_size, s->sh_offset);
        return NULL;
    }
    return file_at(f->b, s->sh_offset, s->sh_size);
}

enum hb_status elf_find_symbols(struct elf_file *f, uint32_t type)
{
    for (uint32_t i = 1; i < f->sections; i++) {
        const Elf32_Shdr *s = elf_section(f, i);

        if (s && s->sh_type == type)
            return symbols_of(f, s);
    }
    return HB_OK; /* no symbols: no imports and no exports */
}

/* RVA of a symbol that is defined in a section. */
static enum hb_status defined(struct elf_file *f, const Elf32_Sym *sym,
                              struct elf_target *to)
{
    uint32_t section = sym->st_shndx, base;

    to->import = IMAGE_SELF;
    if (f->b->pub.kind != IMAGE_ELF_REL) {
        to->value = sym->st_value - f->low;
        return HB_OK;
    }
    if (section >= f->sections)
        return image_bad(f->b, "symbol %s is in section %u of %u",
                         elf_symbol_name(f, sym), section, f->sections);
    base = f->section_rva[section];
    if (base == UINT32_MAX) { /* debugging data: nobody may refer to it */
        to->import = IMAGE_ABSOLUTE;
        return HB_OK;
    }
    to->value = base + sym->st_value;
    return HB_OK;
}

static enum hb_status undefined(struct elf_file *f, const Elf32_Sym *sym,
                                struct elf_target *to)
{
    struct image_import import = {
        .dll = "", .name = elf_symbol_name(f, sym), .slot = IMAGE_NO_SLOT};

    if (!import.name[0]) {
        *to = (struct elf_target){IMAGE_ABSOLUTE, 0};
        return HB_OK;
    }
    if (strcmp(import.name, "_GLOBAL_OFFSET_TABLE_") == 0) {
        *to = (struct elf_target){IMAGE_SELF, f->got_rva};
        return HB_OK;
    }
    import.weak = ELF32_ST_BIND(sym->st_info) == STB_WEAK;
    if (f->b->import.count >= IMAGE_MAX_IMPORTS)
        return image_bad(f->b, "more than %u imports", IMAGE_MAX_IMPORTS);
    *to = (struct elf_target){f->b->import.count, 0};
    return add_import(f->b, import) ? HB_OK : image_no_memory(f->b);
}

static enum hb_status export(struct elf_file *f, const Elf32_Sym *sym,
                             const struct elf_target *at) {
    unsigned bind = ELF32_ST_BIND(sym->st_info);
    unsigned type = ELF32_ST_TYPE(sym->st_info);
    struct image_export export = {.name = elf_symbol_name(f, sym),
                                  .rva = at->value,
                                  .data = type == STT_OBJECT};

    if (bind == STB_LOCAL || type > STT_FUNC || !export.name[0] ||
        at->import != IMAGE_SELF ||
        ELF32_ST_VISIBILITY(sym->st_other) == STV_HIDDEN) return HB_OK;
    if (at->value >= f->b->pub.bytes) return image_bad(
        f->b, "symbol %s at %#x lies outside the image", export.name,
        at->value);
    return add_export(f->b, export) ? HB_OK : image_no_memory(f->b);
}

enum hb_status elf_resolve(struct elf_file *f)
{
    for (uint32_t i = 1; i < f->symbol_count; i++) {
        Elf32_Sym sym = elf_symbol(f, i);
        struct elf_target *to = &f->target[i];
        enum hb_status status = HB_OK;

        switch (sym.st_shndx) {
        case SHN_UNDEF:
            status = undefined(f, &sym, to);
            break;
        case SHN_ABS:
            *to = (struct elf_target){IMAGE_ABSOLUTE, sym.st_value};
            break;
        case SHN_COMMON: /* target[] was set when they were laid out */
            status = export(f, &sym, to);
            break;
        default:
            status = defined(f, &sym, to);
            if (status == HB_OK)
                status = export(f, &sym, to);
        }
        if (status != HB_OK)
            return status;
    }
    return HB_OK;
}

/* DriverEntry may be hidden or local to the link: look at all symbols. */
static bool entry_symbol(const struct elf_file *f, uint32_t *rva)
{
    for (uint32_t i = 1; i < f->symbol_count; i++) {
        Elf32_Sym sym = elf_symbol(f, i);

        if (f->target[i].import == IMAGE_SELF &&
            ELF32_ST_BIND(sym.st_info) != STB_LOCAL &&
            strcmp(elf_symbol_name(f, &sym), "DriverEntry") == 0) {
            *rva = f->target[i].value;
            return true;
        }
    }
    return false;
}

enum hb_status elf_find_entry(struct elf_file *f)
{
    struct image *image = &f->b->pub;

    image->has_entry = entry_symbol(f, &image->entry);
    if (!image->has_entry && f->header->e_entry &&
        image->kind != IMAGE_ELF_REL) {
        image->has_entry = true;
        image->entry = f->header->e_entry - f->low;
    }
    if (image->has_entry && !segment_at(f->b, image->entry, 1))
        return image_bad(f->b, "entry point %#x lies in no segment",
                         image->entry);
    return HB_OK;
}

/* Without its section table a linked file would seem to import nothing. */
static enum hb_status header_check(struct elf_file *f)
{
    const Elf32_Ehdr *h = f->header;
    size_t sections = 0;

    if (!h || h->e_ident[EI_CLASS] != ELFCLASS32 ||
        h->e_ident[EI_DATA] != ELFDATA2LSB || h->e_machine != EM_386)
        return image_bad(f->b, "an ELF file, but not of a 32-bit x86 machine: "
                               "build with -m32");
    if (elf_getshdrnum(f->elf, &sections) != 0 || sections > UINT16_MAX ||
        sections < h->e_shnum || h->e_shoff % 4 || h->e_phoff % 4 ||
        (sections && h->e_shentsize != sizeof(Elf32_Shdr)) ||
        !file_at(f->b, h->e_shoff, sections * sizeof(Elf32_Shdr)))
        return image_bad(f->b,
                         "the section table at %#x is damaged, or the "
                         "file is cut short",
                         h->e_shoff);
    f->sections = (uint32_t)sections;
    return HB_OK;
}

static enum hb_status driver(struct elf_file *f)
{
    f->b->pub.section_alignment = 4096;
    switch (f->header->e_type) {
    case ET_REL:
        f->b->pub.kind = IMAGE_ELF_REL;
        return elf_rel_parse(f);
    case ET_DYN:
        f->b->pub.kind = IMAGE_ELF_DYN;
        return elf_dyn_parse(f);
    case ET_EXEC:
        f->b->pub.kind = IMAGE_ELF_EXEC;
        return elf_dyn_parse(f);
    }
    return image_bad(f->b,
                     "ELF type %u; a driver is relocatable (gcc -c, "
                     "ld -r), shared or an executable",
                     f->header->e_type);
}

static enum hb_status kernel(struct elf_file *f)
{
    f->b->pub.kind = IMAGE_ELF_EXEC;
    if (f->header->e_type != ET_EXEC)
        return image_bad(f->b,
                         "ELF type %u; a kernel is an executable linked "
                         "to its address",
                         f->header->e_type);
    return elf_segments(f, true);
}

static enum hb_status parse(struct build *b,
                            enum hb_status (*kind)(struct elf_file *))
{
    struct elf_file f = {.b = b};
    enum hb_status status;

    elf_version(EV_CURRENT);
    f.elf = elf_memory((char *)b->file, b->pub.file_bytes);
    f.header = f.elf ? elf32_getehdr(f.elf) : NULL;
    status = header_check(&f);
    if (status == HB_OK)
        status = kind(&f);
    free(f.section_rva);
    free(f.target);
    free(f.got_index);
    elf_end(f.elf);
    return status;
}

enum hb_status elf_parse(struct build *b)
{
    return parse(b, driver);
}

enum hb_status elf_parse_kernel(struct build *b)
{
    return parse(b, kernel);
}
