/* src/debug/elf_build.c -- header, sections, their names, section table.
 * Source: System V ABI, chapter 4. */
#include "debug/elf_build.h"

#include <stdlib.h>
#include <string.h>

static const char names_name[] = ".shstrtab";

/** Where things come to lie in the file. */
struct elf_layout {
    size_t names, table, end;
    uint32_t names_bytes;
};

static size_t aligned(size_t at)
{
    return (at + 15) & ~(size_t)15;
}

static struct elf_layout lay_out(const struct elf_part *part, unsigned parts)
{
    struct elf_layout l = {.names_bytes = 1 + sizeof names_name};
    size_t at = sizeof(Elf32_Ehdr);

    for (unsigned i = 0; i < parts; i++) {
        at = aligned(at) + (part[i].data ? part[i].bytes : 0);
        l.names_bytes += (uint32_t)strlen(part[i].name) + 1;
    }
    l.names = aligned(at);
    l.table = aligned(l.names + l.names_bytes);
    l.end = l.table + (parts + 2) * sizeof(Elf32_Shdr);
    return l;
}

static void header(uint8_t *file, const struct elf_layout *l, unsigned parts)
{
    Elf32_Ehdr h = {.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS32,
                                ELFDATA2LSB, EV_CURRENT},
                    .e_type = ET_EXEC,
                    .e_machine = EM_386,
                    .e_version = EV_CURRENT,
                    .e_shoff = (Elf32_Off)l->table,
                    .e_ehsize = sizeof h,
                    .e_shentsize = sizeof(Elf32_Shdr),
                    .e_shnum = (Elf32_Half)(parts + 2),
                    .e_shstrndx = (Elf32_Half)(parts + 1)};

    memcpy(file, &h, sizeof h);
}

static void put_section(uint8_t *file, const struct elf_layout *l,
                        unsigned number, const Elf32_Shdr *s)
{
    memcpy(file + l->table + number * sizeof *s, s, sizeof *s);
}

bool elf_build(const struct elf_part *part, unsigned parts, uint8_t **out,
               size_t *count)
{
    struct elf_layout l = lay_out(part, parts);
    uint8_t *file = calloc(1, l.end);
    size_t at = sizeof(Elf32_Ehdr);
    uint32_t name = 1;

    if (!file)
        return false;
    header(file, &l, parts);
    for (unsigned i = 0; i < parts; i++) {
        const struct elf_part *p = &part[i];

        at = aligned(at);
        put_section(file, &l, i + 1,
                    &(Elf32_Shdr){.sh_name = name,
                                  .sh_type = p->type,
                                  .sh_flags = p->flags,
                                  .sh_addr = p->address,
                                  .sh_offset = (Elf32_Off)at,
                                  .sh_size = p->bytes,
                                  .sh_link = p->link,
                                  .sh_info = p->info,
                                  .sh_entsize = p->entry_bytes,
                                  .sh_addralign = p->alignment});
        strcpy((char *)file + l.names + name, p->name);
        name += (uint32_t)strlen(p->name) + 1;
        if (p->data) {
            memcpy(file + at, p->data, p->bytes);
            at += p->bytes;
        }
    }
    strcpy((char *)file + l.names + name, names_name);
    put_section(file, &l, parts + 1,
                &(Elf32_Shdr){.sh_name = name,
                              .sh_type = SHT_STRTAB,
                              .sh_offset = (Elf32_Off)l.names,
                              .sh_size = l.names_bytes,
                              .sh_addralign = 1});
    *out = file;
    *count = l.end;
    return true;
}
