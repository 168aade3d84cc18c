/* src/image/elf_rel.c -- relocatable ELF files, as gcc -c and ld -r write them:
 * sections are laid out here, code first, then constants, then data, each group
 * from a page of its own; last the global offset table and common symbols.
 * Source: System V ABI chapter 4, Intel386 supplement "Relocation Types". */
#include <stdlib.h>
#include <string.h>

#include "image/elf_file.h"

enum { PAGE = 4096 };

static uint64_t align_up(uint64_t at, uint32_t alignment)
{
    return (at + alignment - 1) & ~(uint64_t)(alignment - 1);
}

static unsigned group_of(const Elf32_Shdr *s)
{
    if (s->sh_flags & SHF_EXECINSTR)
        return 0;
    return s->sh_flags & SHF_WRITE ? 2 : 1;
}

static enum hb_status place_section(struct elf_file *f, uint32_t index,
                                    const Elf32_Shdr *s, uint64_t *end)
{
    uint32_t alignment = s->sh_addralign ? s->sh_addralign : 1;
    uint32_t flags = SEGMENT_READ;
    uint64_t at;

    if (!is_power_of_two(alignment) || alignment > PAGE)
        return image_bad(f->b,
                         "section %u wants alignment %u; a power of two "
                         "up to a page is possible",
                         index, alignment);
    at = align_up(*end, alignment);
    *end = at + s->sh_size;
    if (*end > IMAGE_MAX_BYTES)
        return image_bad(f->b, "its sections take more than %u bytes",
                         IMAGE_MAX_BYTES);
    f->section_rva[index] = (uint32_t)at;
    flags |= s->sh_flags & SHF_WRITE ? SEGMENT_WRITE : 0u;
    flags |= s->sh_flags & SHF_EXECINSTR ? SEGMENT_EXECUTE : 0u;
    if (s->sh_size &&
        !add_segment(f->b, elf_section_name(f, index), (uint32_t)at, s->sh_size,
                     s->sh_offset, s->sh_type == SHT_NOBITS ? 0 : s->sh_size,
                     flags))
        return image_no_memory(f->b);
    return HB_OK;
}

static enum hb_status place_sections(struct elf_file *f, uint64_t *end)
{
    enum hb_status status = HB_OK;

    f->section_rva = malloc(sizeof *f->section_rva * (f->sections + 1u));
    if (!f->section_rva)
        return image_no_memory(f->b);
    memset(f->section_rva, 0xff, sizeof *f->section_rva * (f->sections + 1u));
    for (unsigned group = 0; group < 3; group++) {
        *end = align_up(*end, PAGE);
        for (uint32_t i = 1; i < f->sections && status == HB_OK; i++) {
            const Elf32_Shdr *s = elf_section(f, i);

            if (s && s->sh_flags & SHF_ALLOC && group_of(s) == group)
                status = place_section(f, i, s, end);
        }
    }
    return status;
}

/* Uninitialised globals of -fcommon: st_value is their alignment. */
static enum hb_status place_common(struct elf_file *f, uint64_t *end)
{
    uint64_t first = align_up(*end, 32);

    *end = first;
    for (uint32_t i = 1; i < f->symbol_count; i++) {
        Elf32_Sym sym = elf_symbol(f, i);

        if (sym.st_shndx != SHN_COMMON)
            continue;
        if (!is_power_of_two(sym.st_value) || sym.st_value > PAGE)
            return image_bad(f->b, "common symbol %s wants alignment %u",
                             elf_symbol_name(f, &sym), sym.st_value);
        *end = align_up(*end, sym.st_value);
        f->target[i] = (struct elf_target){IMAGE_SELF, (uint32_t)*end};
        *end += sym.st_size;
        if (*end > IMAGE_MAX_BYTES)
            return image_bad(f->b,
                             "its common symbols take more than %u "
                             "bytes",
                             IMAGE_MAX_BYTES);
    }
    if (*end > first &&
        !add_segment(f->b, ".common", (uint32_t)first, (uint32_t)(*end - first),
                     0, 0, SEGMENT_READ | SEGMENT_WRITE))
        return image_no_memory(f->b);
    return HB_OK;
}

/* Visit every relocation of a loaded section. */
typedef enum hb_status visit_fn(struct elf_file *f, uint32_t section,
                                const Elf32_Rel *rel);

static enum hb_status visit_section(struct elf_file *f, uint32_t index,
                                    const Elf32_Shdr *s, visit_fn *visit)
{
    uint32_t count;
    const uint8_t *at = elf_relocations(f, index, &count);
    enum hb_status status = HB_OK;

    if (!at)
        return HB_BAD_IMAGE;
    for (uint32_t i = 0; i < count && status == HB_OK; i++) {
        Elf32_Rel rel;

        memcpy(&rel, at + sizeof rel * i, sizeof rel);
        if (ELF32_R_SYM(rel.r_info) >= f->symbol_count)
            return image_bad(f->b,
                             "relocation %u of section %u names symbol "
                             "%u of %u",
                             i, index, ELF32_R_SYM(rel.r_info),
                             f->symbol_count);
        status = visit(f, s->sh_info, &rel);
    }
    return status;
}

static enum hb_status visit_relocations(struct elf_file *f, visit_fn *visit)
{
    enum hb_status status = HB_OK;

    for (uint32_t i = 1; i < f->sections && status == HB_OK; i++) {
        const Elf32_Shdr *s = elf_section(f, i);

        if (!s || (s->sh_type != SHT_REL && s->sh_type != SHT_RELA) ||
            s->sh_info >= f->sections ||
            f->section_rva[s->sh_info] == UINT32_MAX)
            continue;
        if (s->sh_type == SHT_RELA)
            return image_bad(f->b,
                             "section %u has relocations with addends, "
                             "which i386 does not use",
                             i);
        status = visit_section(f, i, s, visit);
    }
    return status;
}

static bool wants_slot(uint32_t type)
{
    return type == R_386_GOT32 || type == R_386_GOT32X;
}

static enum hb_status count_slot(struct elf_file *f, uint32_t section,
                                 const Elf32_Rel *rel)
{
    uint32_t *index = &f->got_index[ELF32_R_SYM(rel->r_info)];

    (void)section;
    if (wants_slot(ELF32_R_TYPE(rel->r_info)) && !*index)
        *index = ++f->got_slots;
    return HB_OK;
}

static enum hb_status place_got(struct elf_file *f, uint64_t *end)
{
    enum hb_status status = visit_relocations(f, count_slot);

    *end = align_up(*end, 4);
    f->got_rva = (uint32_t)*end;
    *end += 4ull * f->got_slots;
    if (status == HB_OK && f->got_slots &&
        !add_segment(f->b, ".got", f->got_rva, 4 * f->got_slots, 0, 0,
                     SEGMENT_READ | SEGMENT_WRITE))
        return image_no_memory(f->b);
    return status;
}

static enum hb_status fill_got(struct elf_file *f)
{
    for (uint32_t i = 0; i < f->symbol_count; i++)
        if (f->got_index[i] &&
            !add_fixup(f->b, f->got_rva + 4 * (f->got_index[i] - 1),
                       IMAGE_FIX_ABS32, f->target[i].import,
                       f->target[i].value))
            return image_no_memory(f->b);
    return HB_OK;
}

/* R_386_GOT32X without a base register wants the slot's address, with one its
 * distance from the table: the ModRM byte before the word tells. */
static struct image_fixup got_fixup(const struct elf_file *f,
                                    const Elf32_Rel *rel, const uint8_t *word,
                                    bool has_modrm)
{
    uint32_t index = f->got_index[ELF32_R_SYM(rel->r_info)];
    uint32_t distance = 4 * (index - 1) + get32(word);
    struct image_fixup fix = {.fix = IMAGE_FIX_ABS32};

    if (ELF32_R_TYPE(rel->r_info) == R_386_GOT32X && has_modrm &&
        (word[-1] & 0xc7) == 0x05) {
        fix.import = IMAGE_SELF;
        fix.value = f->got_rva + distance;
    } else {
        fix.import = IMAGE_ABSOLUTE;
        fix.value = distance;
    }
    return fix;
}

static enum hb_status relocate(struct elf_file *f, uint32_t section,
                               const Elf32_Rel *rel)
{
    uint32_t rva = f->section_rva[section] + rel->r_offset;
    const struct elf_target to = f->target[ELF32_R_SYM(rel->r_info)];
    uint32_t type = ELF32_R_TYPE(rel->r_info), addend;
    const uint8_t *word = filled_at(f->b, rva, 4);
    struct image_fixup fix;

    if (type == R_386_NONE)
        return HB_OK;
    if (!word || rva < rel->r_offset)
        return image_bad(f->b,
                         "relocation at %#x of section %u lies outside "
                         "its bytes",
                         rel->r_offset, section);
    addend = get32(word);
    fix = (struct image_fixup){.fix = IMAGE_FIX_ABS32,
                               .import = to.import,
                               .value = to.value + addend};
    switch (type) {
    case R_386_32:
        break;
    case R_386_PC32:
    case R_386_PLT32: /* no lazy binding: straight to the routine */
        fix.fix = IMAGE_FIX_PC32;
        break;
    case R_386_GOT32:
    case R_386_GOT32X:
        fix = got_fixup(f, rel, word, rel->r_offset > 0);
        break;
    case R_386_GOTPC:
        fix.fix = IMAGE_FIX_PC32;
        fix.import = IMAGE_SELF;
        fix.value = f->got_rva + addend;
        break;
    case R_386_GOTOFF:
        if (to.import != IMAGE_SELF)
            return image_bad(f->b,
                             "relocation at %#x of section %u wants a "
                             "symbol of another image next to it",
                             rel->r_offset, section);
        fix.import = IMAGE_ABSOLUTE;
        fix.value = to.value + addend - f->got_rva;
        break;
    default:
        return image_bad(f->b,
                         "relocation at %#x of section %u has type %u, "
                         "which drivers cannot have",
                         rel->r_offset, section, type);
    }
    if (!add_fixup(f->b, rva, fix.fix, fix.import, fix.value))
        return image_no_memory(f->b);
    return HB_OK;
}

static enum hb_status lay_out(struct elf_file *f)
{
    uint64_t end = 0;
    enum hb_status status = place_sections(f, &end);

    if (status == HB_OK)
        status = elf_find_symbols(f, SHT_SYMTAB);
    if (status == HB_OK)
        status = place_common(f, &end);
    if (status == HB_OK)
        status = place_got(f, &end);
    f->b->pub.bytes = (uint32_t)align_up(end, PAGE);
    if (status == HB_OK && end > IMAGE_MAX_BYTES)
        return image_bad(f->b, "it takes more than %u bytes", IMAGE_MAX_BYTES);
    return status == HB_OK ? segments_check(f->b) : status;
}

enum hb_status elf_rel_parse(struct elf_file *f)
{
    enum hb_status status = lay_out(f);

    f->b->pub.relocatable = true;
    if (status == HB_OK)
        status = elf_resolve(f);
    if (status == HB_OK)
        status = fill_got(f);
    if (status == HB_OK)
        status = visit_relocations(f, relocate);
    return status == HB_OK ? elf_find_entry(f) : status;
}
