/* src/debug/elf_symbols.c -- ELF: the symbol table and the sections that DWARF
 * is in. Those of a relocatable file are relocated here, to where the loader
 * puts the sections they speak of. Source: System V ABI, chapter 4, and its
 * Intel386 supplement. */
#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "debug/symbol_file.h"

struct elf {
    const struct image *image;
    Elf32_Shdr *section; /* a copy: aligned */
    uint32_t sections;
    uint32_t *rva;  /* where the loader put each; UINT32_MAX: nowhere */
    uint32_t names; /* section of their names */
    const uint8_t *symbols;
    uint32_t symbol_count, strings;
};

/* Until the string's or the file's end, NAME_MOST at most. */
static const char *string(const struct elf *e, uint32_t section,
                          uint32_t offset, size_t *bytes)
{
    const uint8_t *at;
    size_t room;

    if (section >= e->sections || offset >= e->section[section].sh_size)
        return NULL;
    at =
        bytes_at(e->image, (uint64_t)e->section[section].sh_offset + offset, 1);
    if (!at)
        return NULL;
    room = (size_t)(e->image->file + e->image->file_bytes - at);
    *bytes = strnlen((const char *)at, room < NAME_MOST ? room : NAME_MOST);
    return (const char *)at;
}

static bool copy_name(const struct elf *e, const Elf32_Shdr *s, char *to,
                      size_t room)
{
    size_t bytes = 0;
    const char *name = string(e, e->names, s->sh_name, &bytes);

    if (!name || bytes >= room)
        return false;
    memcpy(to, name, bytes);
    to[bytes] = 0;
    return true;
}

/* Where the loader put a section of a relocatable file. */
static uint32_t placed(const struct elf *e, const Elf32_Shdr *s)
{
    size_t bytes = 0;
    const char *name = string(e, e->names, s->sh_name, &bytes);

    if (!(s->sh_flags & SHF_ALLOC) || !s->sh_size || !name)
        return UINT32_MAX;
    for (uint32_t i = 0; i < e->image->segments; i++) {
        const struct image_segment *g = &e->image->segment[i];

        if (g->offset == s->sh_offset && g->bytes == s->sh_size &&
            !strncmp(g->name, name, sizeof g->name - 1))
            return g->rva;
    }
    return UINT32_MAX;
}

static Elf32_Sym symbol_at(const struct elf *e, uint32_t index)
{
    Elf32_Sym sym;

    memcpy(&sym, e->symbols + (size_t)index * sizeof sym, sizeof sym);
    return sym;
}

/* A symbol's link address: RVA in a relocatable file. False: none. */
static bool value_of(const struct elf *e, const Elf32_Sym *sym, uint32_t *value)
{
    uint32_t base = 0;

    if (sym->st_shndx == SHN_UNDEF || sym->st_shndx >= e->sections)
        return false;
    if (e->image->kind == IMAGE_ELF_REL &&
        e->section[sym->st_shndx].sh_flags & SHF_ALLOC)
        base = e->rva[sym->st_shndx];
    *value = base + sym->st_value;
    return base != UINT32_MAX;
}

static bool add_symbols(struct symbol_file *f, const struct elf *e)
{
    for (uint32_t i = 1; i < e->symbol_count; i++) {
        Elf32_Sym sym = symbol_at(e, i);
        unsigned type = ELF32_ST_TYPE(sym.st_info);
        bool local = ELF32_ST_BIND(sym.st_info) == STB_LOCAL;
        const char *name;
        size_t bytes = 0;
        uint32_t value;

        if (type > STT_FUNC || sym.st_shndx >= e->sections ||
            !(e->section[sym.st_shndx].sh_flags & SHF_ALLOC) ||
            !value_of(e, &sym, &value) || value - f->link >= f->bytes)
            continue;
        name = string(e, e->strings, sym.st_name, &bytes);
        if (!name || !bytes)
            continue;
        if (!add_symbol(f, value - f->link, sym.st_size, name, bytes,
                        local ? RANK_LOCAL : RANK_GLOBAL, type == STT_FUNC))
            return false;
    }
    return true;
}

static void find_symbols(struct elf *e)
{
    for (uint32_t i = 1; i < e->sections; i++) {
        const Elf32_Shdr *s = &e->section[i];

        if (s->sh_type != SHT_SYMTAB ||
            !bytes_at(e->image, s->sh_offset, s->sh_size))
            continue;
        e->symbols = bytes_at(e->image, s->sh_offset, s->sh_size);
        e->symbol_count = s->sh_size / sizeof(Elf32_Sym);
        e->strings = s->sh_link;
        if (e->symbol_count > SYMBOLS_MOST)
            e->symbol_count = SYMBOLS_MOST;
        return;
    }
}

/* ---- debugging sections --------------------------------------------------*/

static void relocate_word(const struct elf *e, const Elf32_Rel *rel,
                          uint32_t address, uint8_t *to, uint32_t count)
{
    uint32_t index = ELF32_R_SYM(rel->r_info), word, value;
    Elf32_Sym sym;

    if (index >= e->symbol_count || count < 4 || rel->r_offset > count - 4)
        return;
    sym = symbol_at(e, index);
    if (!value_of(e, &sym, &value))
        return;
    memcpy(&word, to + rel->r_offset, 4);
    if (ELF32_R_TYPE(rel->r_info) == R_386_32)
        word += value;
    else if (ELF32_R_TYPE(rel->r_info) == R_386_PC32)
        word += value - (address + rel->r_offset);
    memcpy(to + rel->r_offset, &word, 4);
}

/* In a copy: what relocation sections say about section @number. */
static bool relocate(const struct elf *e, uint32_t number,
                     struct debug_section *d)
{
    for (uint32_t i = 1; i < e->sections; i++) {
        const Elf32_Shdr *s = &e->section[i];
        const uint8_t *rel = bytes_at(e->image, s->sh_offset, s->sh_size);

        if (s->sh_type != SHT_REL || s->sh_info != number || !rel)
            continue;
        if (!d->owned) {
            d->owned = malloc(d->count + 1u);
            if (!d->owned)
                return false;
            memcpy(d->owned, d->bytes, d->count);
            d->bytes = d->owned;
        }
        for (uint32_t at = 0; at + 8 <= s->sh_size; at += 8) {
            Elf32_Rel r;

            memcpy(&r, rel + at, sizeof r);
            relocate_word(e, &r, d->address, d->owned, d->count);
        }
        return true; /* one is usual; more would cost their number squared */
    }
    return true;
}

static bool debug_sections(const struct elf *e, struct debug_sections *debug)
{
    for (uint32_t i = 1; i < e->sections; i++) {
        const Elf32_Shdr *s = &e->section[i];
        const uint8_t *at = bytes_at(e->image, s->sh_offset, s->sh_size);
        bool rel = e->image->kind == IMAGE_ELF_REL;
        uint32_t address = s->sh_addr;
        unsigned before = debug->count;
        char name[32];

        if (s->sh_type == SHT_NOBITS || s->sh_flags & SHF_COMPRESSED || !at ||
            !copy_name(e, s, name, sizeof name))
            continue;
        if (rel)
            address = e->rva[i] == UINT32_MAX ? 0 : e->rva[i];
        add_debug_section(debug, name, address, at, s->sh_size);
        if (rel && debug->count > before &&
            !relocate(e, i, &debug->section[before]))
            return false;
    }
    return true;
}

/* The section table, aligned, and where the sections are. */
static bool open_elf(struct elf *e, const Elf32_Ehdr *h)
{
    const uint8_t *table = bytes_at(e->image, h->e_shoff,
                                    (uint64_t)h->e_shnum * sizeof *e->section);

    if (!h->e_shoff || h->e_shentsize != sizeof *e->section || !table)
        return true; /* without sections: nothing to be told */
    e->section = malloc((h->e_shnum + 1u) * sizeof *e->section);
    e->rva = malloc((h->e_shnum + 1u) * sizeof *e->rva);
    if (!e->section || !e->rva)
        return false;
    memcpy(e->section, table, h->e_shnum * sizeof *e->section);
    e->sections = h->e_shnum;
    e->names = h->e_shstrndx;
    for (uint32_t i = 0; i < e->sections; i++)
        e->rva[i] = placed(e, &e->section[i]);
    find_symbols(e);
    return true;
}

bool elf_symbols(struct symbol_file *f, const struct image *image,
                 struct debug_sections *debug)
{
    const uint8_t *header = bytes_at(image, 0, sizeof(Elf32_Ehdr));
    struct elf e = {.image = image};
    Elf32_Ehdr h;
    bool good;

    if (!header || memcmp(header, ELFMAG, SELFMAG) != 0)
        return true;
    memcpy(&h, header, sizeof h);
    good = open_elf(&e, &h) && add_symbols(f, &e) && debug_sections(&e, debug);
    free(e.section);
    free(e.rva);
    return good;
}
