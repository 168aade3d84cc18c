/* src/debug/gdb_sections.c -- where the sections of a relocatable file stand:
 * gdb wants an address for each that takes memory, in the order of the file,
 * for empty ones, too. Source: System V ABI, chapter 4. */
#include <fcntl.h>
#include <libelf.h>
#include <string.h>
#include <unistd.h>

#include "debug/gdb.h"

/** What is printed, and where the search for the next section begins. */
struct placing {
    FILE *out;
    const struct gdb_server *g;
    unsigned file, next;
    gva_t last;
};

static bool section_at(const struct placing *p, unsigned index,
                       struct symbols_section *section)
{
    return symbols_section_at(debug_symbols(p->g->d), gdb_machine(p->g),
                              p->file, index, section);
}

/* Sections of one name and size follow each other as in the file. */
static bool find(struct placing *p, const char *name, uint32_t bytes,
                 unsigned from)
{
    struct symbols_section section;

    for (unsigned i = from; section_at(p, i, &section); i++) {
        if (section.bytes != bytes ||
            strncmp(section.name, name, sizeof section.name - 1) != 0)
            continue;
        p->next = i + 1;
        p->last = section.at;
        return true;
    }
    return false;
}

static void print_section(struct placing *p, Elf *elf, size_t names,
                          const Elf32_Shdr *s)
{
    const char *name = elf_strptr(elf, names, s->sh_name);

    if (!(s->sh_flags & SHF_ALLOC))
        return;
    if (name && s->sh_size && !find(p, name, s->sh_size, p->next))
        find(p, name, s->sh_size, 0);
    fprintf(p->out, "<section address=\"%#x\"/>", p->last.v);
}

static void print_sections(struct placing *p, Elf *elf)
{
    Elf_Scn *scn = NULL;
    Elf32_Shdr *s;
    size_t names;

    if (elf_getshdrstrndx(elf, &names) != 0)
        return;
    while ((scn = elf_nextscn(elf, scn)))
        if ((s = elf32_getshdr(scn)))
            print_section(p, elf, names, s);
}

bool gdb_sections(const struct gdb_server *g, unsigned file, const char *path,
                  FILE *out)
{
    struct placing p = {.out = out, .g = g, .file = file};
    struct symbols_section first;
    Elf32_Ehdr *header;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    Elf *elf = NULL;
    bool good;

    elf_version(EV_CURRENT);
    if (fd >= 0)
        elf = elf_begin(fd, ELF_C_READ, NULL);
    header = elf ? elf32_getehdr(elf) : NULL;
    good = header && header->e_type == ET_REL && section_at(&p, 0, &first);
    if (good) {
        p.last = first.at;
        print_sections(&p, elf);
    }
    elf_end(elf);
    if (fd >= 0)
        close(fd);
    return good;
}
