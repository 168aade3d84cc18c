/* src/debug/symbol_file.h -- what one image's file tells: names, functions,
 * lines, frames. Read once, when the file is added; addresses are RVAs.
 *
 *   PE, ELF --container--> symbols, debugging sections --libdw--> lines, CFI
 *
 * The containers are read here, each offset checked; libdw is given an ELF file
 * in memory that holds those sections and nothing else. */
#ifndef DEBUG_SYMBOL_FILE_H
#define DEBUG_SYMBOL_FILE_H

#include <elfutils/libdw.h>

#include "debug/strings.h"
#include "image/image.h"

/** Names at one address: the first of them speaks for it. */
enum symbol_rank {
    RANK_FUNCTION, /* a function of the debugging information */
    RANK_GLOBAL,
    RANK_LOCAL,
    RANK_EXPORT, /* of an image without symbols */
    RANK_ENTRY
};
struct symbol_row {      /* by rva, rank */
    uint32_t rva, bytes; /* 0: up to the next one */
    uint32_t name;       /* offset in names */
    uint32_t order;
    uint8_t rank, code;
};
struct line_row {                    /* by rva */
    uint32_t rva, file, line, order; /* file: in sources */
    bool end;                        /* no code from here on */
};
struct function_row { /* by low */
    uint32_t low, high, name, file, line;
};
/** Code of a function that lies in another one's. */
struct inline_row { /* by low, depth */
    uint32_t low, high, name;
    uint32_t file, line; /* of the call */
    uint32_t depth;      /* in its function, from 1 */
};

struct symbol_file {
    char name[IMAGE_NAME_BYTES];
    char *path;    /* as it was added */
    uint32_t link; /* where RVA 0 stands in the debugging information */
    uint32_t bytes;
    bool fixed; /* an executable: on a bare machine it stands at link */
    struct strings names;   /* of symbols and functions */
    struct strings sources; /* paths of source files */
    struct vec symbols, lines, functions, inlines;
    struct vec sections; /* of struct image_segment */
    uint8_t *debug;      /* the ELF file that libdw reads, with ... */
    Elf *elf;
    Dwarf *dwarf;
    Dwarf_CFI *frames, *eh_frames; /* NULL: none */
};

enum {
    SYMBOLS_MOST = 1 << 20,
    LINES_MOST = 1 << 22,
    FUNCTIONS_MOST = 1 << 20,
    INLINES_MOST = 1 << 20,
    INLINES_DEEP = 16,
    NAME_MOST = 512 /* bytes of a symbol's name that are kept */
};

/** symbol_file_create() - read @bytes, a driver image or a kernel; .gz too. */
enum hb_status symbol_file_create(const char *path, const uint8_t *bytes,
                                  size_t count, struct symbol_file **out,
                                  struct hb_error *error);
void symbol_file_free(struct symbol_file *f);

/* ---- for the containers and the reader of DWARF ---------------------------*/

static inline const char *file_name(const struct symbol_file *f, uint32_t name)
{
    return strings_at(&f->names, name);
}
static inline const char *source_name(const struct symbol_file *f,
                                      uint32_t source)
{
    return strings_at(&f->sources, source);
}
bool add_symbol(struct symbol_file *f, uint32_t rva, uint32_t bytes,
                const char *name, size_t name_bytes, enum symbol_rank rank,
                bool code);

/** A debugging section on its way to libdw. */
struct debug_section {
    char name[32];
    uint32_t address; /* of .eh_frame; else 0 */
    const uint8_t *bytes;
    uint8_t *owned; /* bytes, when they had to be changed */
    uint32_t count;
};
enum { DEBUG_SECTIONS = 32 };
struct debug_sections {
    struct debug_section section[DEBUG_SECTIONS];
    unsigned count;
};
/** Is it one that libdw shall see? */
bool is_debug_section(const char *name);
void add_debug_section(struct debug_sections *all, const char *name,
                       uint32_t address, const uint8_t *bytes, uint32_t count);

/** Bytes of @image's file, or NULL. */
static inline const uint8_t *bytes_at(const struct image *image, uint64_t at,
                                      uint64_t bytes)
{
    return at <= image->file_bytes && bytes <= image->file_bytes - at
               ? image->file + at
               : NULL;
}

/** pe_symbols()/elf_symbols() - the symbol table, and debugging sections.
 * False: no memory; what is damaged is left out. */
bool pe_symbols(struct symbol_file *f, const struct image *image,
                struct debug_sections *debug);
bool elf_symbols(struct symbol_file *f, const struct image *image,
                 struct debug_sections *debug);
/** dwarf_open()/dwarf_close() - the sections as an ELF file for libdw; its
 *  lines and functions are added to @f. */
bool dwarf_open(struct symbol_file *f, const struct debug_sections *debug);
void dwarf_close(struct symbol_file *f);

#endif
