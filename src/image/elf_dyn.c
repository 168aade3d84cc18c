/* src/image/elf_dyn.c -- linked ELF files: segments from the program headers,
 * dynamic relocations. Source: System V ABI chapter 5, Intel386 supplement
 * "Relocation Types". */
#include <string.h>

#include "image/elf_file.h"

static uint32_t segment_flags(uint32_t p_flags)
{
    return (p_flags & PF_R ? SEGMENT_READ : 0u) |
           (p_flags & PF_W ? SEGMENT_WRITE : 0u) |
           (p_flags & PF_X ? SEGMENT_EXECUTE : 0u);
}

/* Lowest and highest address that PT_LOAD entries take. */
static enum hb_status bounds(struct elf_file *f, const Elf32_Phdr *ph,
                             size_t count, bool physical)
{
    uint64_t low = UINT64_MAX, high = 0;

    for (size_t i = 0; i < count; i++) {
        uint64_t at = physical ? ph[i].p_paddr : ph[i].p_vaddr;

        if (ph[i].p_type != PT_LOAD || !ph[i].p_memsz)
            continue;
        low = at < low ? at : low;
        high = at + ph[i].p_memsz > high ? at + ph[i].p_memsz : high;
    }
    if (!high)
        return image_bad(f->b, "no segment is to be loaded");
    low &= ~(uint64_t)4095;
    if (high > UINT32_MAX)
        return image_bad(f->b, "its segments reach past 4 GiB");
    if (!physical && high - low > IMAGE_MAX_BYTES)
        return image_bad(f->b,
                         "its segments span %llu bytes; a driver has at "
                         "most %u",
                         (unsigned long long)(high - low), IMAGE_MAX_BYTES);
    f->low = physical ? 0 : (uint32_t)low;
    f->b->pub.base = f->low;
    f->b->pub.bytes = (uint32_t)((high - f->low + 4095) & ~(uint64_t)4095);
    return HB_OK;
}

/* A kernel linked high, loaded low: its entry is a virtual address. */
static void physical_entry(struct elf_file *f, const Elf32_Phdr *ph,
                           size_t count)
{
    uint32_t entry = f->header->e_entry;

    f->b->pub.entry = entry;
    f->b->pub.has_entry = true;
    for (size_t i = 0; i < count; i++)
        if (ph[i].p_type == PT_LOAD && entry >= ph[i].p_vaddr &&
            entry - ph[i].p_vaddr < ph[i].p_memsz) {
            f->b->pub.entry = ph[i].p_paddr + (entry - ph[i].p_vaddr);
            return;
        }
}

enum hb_status elf_segments(struct elf_file *f, bool physical)
{
    const Elf32_Phdr *ph = elf32_getphdr(f->elf);
    size_t count = 0;
    enum hb_status status;

    if (!ph || elf_getphdrnum(f->elf, &count) != 0 ||
        count > IMAGE_MAX_SEGMENTS)
        return image_bad(f->b, "the program header table is missing or "
                               "damaged");
    status = bounds(f, ph, count, physical);
    for (size_t i = 0; i < count && status == HB_OK; i++) {
        uint32_t at = physical ? ph[i].p_paddr : ph[i].p_vaddr;

        if (ph[i].p_type != PT_LOAD || !ph[i].p_memsz)
            continue;
        if (!add_segment(f->b, "load", at - f->low, ph[i].p_memsz,
                         ph[i].p_offset, ph[i].p_filesz,
                         segment_flags(ph[i].p_flags)))
            status = image_no_memory(f->b);
    }
    if (status == HB_OK)
        status = segments_check(f->b);
    if (status != HB_OK || !physical)
        return status;
    physical_entry(f, ph, count);
    if (!segment_at(f->b, f->b->pub.entry, 1))
        return image_bad(f->b, "entry point %#x lies in no segment",
                         f->b->pub.entry);
    return HB_OK;
}

static enum hb_status dynamic_relocation(struct elf_file *f,
                                         const Elf32_Rel *rel)
{
    uint32_t type = ELF32_R_TYPE(rel->r_info);
    uint32_t index = ELF32_R_SYM(rel->r_info);
    uint32_t rva = rel->r_offset - f->low, addend;
    enum image_fix fix = IMAGE_FIX_ABS32;
    struct elf_target to = {IMAGE_SELF, 0};
    const uint8_t *word = filled_at(f->b, rva, 4);

    if (type == R_386_NONE)
        return HB_OK;
    if (!segment_at(f->b, rva, 4))
        return image_bad(f->b, "relocation at %#x lies in no segment",
                         rel->r_offset);
    if (type != R_386_RELATIVE && (!index || index >= f->symbol_count))
        return image_bad(f->b, "relocation at %#x names symbol %u of %u",
                         rel->r_offset, index, f->symbol_count);
    addend = word ? get32(word) : 0;
    if (type != R_386_RELATIVE)
        to = f->target[index];
    switch (type) {
    case R_386_RELATIVE:
        fix = IMAGE_FIX_BASE32;
        addend = 0;
        break;
    case R_386_32:
        break;
    case R_386_PC32:
        fix = IMAGE_FIX_PC32;
        break;
    case R_386_GLOB_DAT:
    case R_386_JMP_SLOT: /* what stands there is the lazy binder's */
        addend = 0;
        break;
    default:
        return image_bad(f->b,
                         "relocation at %#x has type %u, which drivers "
                         "cannot have",
                         rel->r_offset, type);
    }
    if (!add_fixup(f->b, rva, fix, to.import, to.value + addend))
        return image_no_memory(f->b);
    return HB_OK;
}

static enum hb_status dynamic_relocations(struct elf_file *f, uint32_t index)
{
    uint32_t count;
    const uint8_t *at = elf_relocations(f, index, &count);
    enum hb_status status = HB_OK;

    if (!at)
        return HB_BAD_IMAGE;
    for (uint32_t i = 0; i < count && status == HB_OK; i++) {
        Elf32_Rel rel;

        memcpy(&rel, at + sizeof rel * i, sizeof rel);
        status = dynamic_relocation(f, &rel);
    }
    return status;
}

enum hb_status elf_dyn_parse(struct elf_file *f)
{
    enum hb_status status = elf_segments(f, false);

    f->b->pub.relocatable = f->b->pub.kind == IMAGE_ELF_DYN;
    if (status == HB_OK)
        status = elf_find_symbols(f, SHT_DYNSYM);
    if (status == HB_OK)
        status = elf_resolve(f);
    for (uint32_t i = 1; i < f->sections && status == HB_OK; i++) {
        const Elf32_Shdr *s = elf_section(f, i);

        if (!s || !(s->sh_flags & SHF_ALLOC))
            continue;
        if (s->sh_type == SHT_REL)
            status = dynamic_relocations(f, i);
        else if (s->sh_type == SHT_RELA)
            status = image_bad(f->b,
                               "section %u has relocations with "
                               "addends, which i386 does not use",
                               i);
    }
    return status == HB_OK ? elf_find_entry(f) : status;
}
