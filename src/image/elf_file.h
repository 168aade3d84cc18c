/* src/image/elf_file.h -- an i386 ELF file while it is parsed; private to
 * src/image. libelf finds headers and tables; what they say is checked here. */
#ifndef IMAGE_ELF_FILE_H
#define IMAGE_ELF_FILE_H

#include <libelf.h>

#include "image/build.h"

/** Where a symbol is, once resolved. */
struct elf_target {
    uint32_t import; /* index, IMAGE_SELF or IMAGE_ABSOLUTE           */
    uint32_t value;  /* RVA, or the absolute value; 0 for an import   */
};

struct elf_file {
    struct build *b;
    Elf *elf;
    const Elf32_Ehdr *header;
    uint32_t sections;
    const uint8_t *symbols; /* of the one symbol table used             */
    uint32_t symbol_count;
    uint64_t strings; /* file offset of its names                       */
    uint64_t strings_bytes;
    uint32_t low;              /* ET_DYN, ET_EXEC: address of RVA 0      */
    uint32_t *section_rva;     /* ET_REL: RVA, or UINT32_MAX: not loaded */
    struct elf_target *target; /* per symbol                             */
    uint32_t *got_index;       /* per symbol: slot + 1, 0: none          */
    uint32_t got_rva, got_slots;
    uint64_t visited; /* relocations looked at                           */
};

/** Section header @index, or NULL. */
const Elf32_Shdr *elf_section(const struct elf_file *f, uint32_t index);
const char *elf_section_name(const struct elf_file *f, uint32_t index);
/** Symbol @index < symbol_count. */
Elf32_Sym elf_symbol(const struct elf_file *f, uint32_t index);
/** Its name, "" when it has none or a damaged one. */
const char *elf_symbol_name(const struct elf_file *f, const Elf32_Sym *sym);

/** The bytes of SHT_REL section @index and its @count of Elf32_Rel; NULL when
 *  it is damaged, the error is filled. */
const uint8_t *elf_relocations(struct elf_file *f, uint32_t index,
                               uint32_t *count);

/** Find the symbol table of type @type (SHT_SYMTAB or SHT_DYNSYM). */
enum hb_status elf_find_symbols(struct elf_file *f, uint32_t type);
/** Fill target[], add imports and exports. RVA of a defined symbol: by
 *  section_rva in ET_REL, value - low otherwise. */
enum hb_status elf_resolve(struct elf_file *f);
/** The entry: symbol DriverEntry, else the header's entry when it has one. */
enum hb_status elf_find_entry(struct elf_file *f);

enum hb_status elf_rel_parse(struct elf_file *f);
enum hb_status elf_dyn_parse(struct elf_file *f);
/** Segments from PT_LOAD, at physical or virtual addresses, less @low. */
enum hb_status elf_segments(struct elf_file *f, bool physical);

#endif
