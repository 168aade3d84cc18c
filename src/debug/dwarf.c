/* src/debug/dwarf.c -- lines and functions of DWARF, read by libdw from an ELF
 * file in memory. What does not fit the image is left out. */
#include <dwarf.h>
#include <stdlib.h>
#include <string.h>

#include "debug/elf_build.h"
#include "debug/symbol_file.h"

bool is_debug_section(const char *name)
{
    return strncmp(name, ".debug_", 7) == 0 || strcmp(name, ".eh_frame") == 0;
}

void add_debug_section(struct debug_sections *all, const char *name,
                       uint32_t address, const uint8_t *bytes, uint32_t count)
{
    /* a row of lines is a byte of it, and a hundred in libdw */
    enum { LINES_BYTES = 8 << 20 };
    struct debug_section *d = &all->section[all->count];

    if (all->count >= DEBUG_SECTIONS || !is_debug_section(name) || !count ||
        (count > LINES_BYTES && strcmp(name, ".debug_line") == 0))
        return;
    for (unsigned i = 0; i < all->count; i++)
        if (strcmp(all->section[i].name, name) == 0)
            return;
    *d = (struct debug_section){
        .address = address, .bytes = bytes, .count = count};
    strncpy(d->name, name, sizeof d->name - 1);
    all->count++;
}

/* ---- lines ---------------------------------------------------------------*/

/** Reading a file. What a damaged one has may be seen many times over: the
 * work is bounded. */
struct reading {
    struct symbol_file *f;
    uint32_t seen;        /* rows and entries */
    Dwarf_Files *files;   /* of the unit, or NULL */
    const char *last;     /* libdw's name of the last line's file ... */
    uint32_t last_source; /* ... and where it is in sources */
};
enum { SEEN_MOST = 1 << 24 };

/* UINT32_MAX: no memory. */
static uint32_t source_of(struct reading *r, const char *path)
{
    if (path != r->last) {
        r->last = path;
        r->last_source = strings_keep(&r->f->sources, path, strlen(path));
    }
    return r->last_source;
}

static void add_line(struct reading *r, Dwarf_Line *line)
{
    struct symbol_file *f = r->f;
    struct line_row row = {.order = f->lines.count};
    Dwarf_Addr at;
    const char *path;
    int number;

    if (f->lines.count >= LINES_MOST || dwarf_lineaddr(line, &at) ||
        dwarf_lineno(line, &number) || dwarf_lineendsequence(line, &row.end) ||
        at < f->link || at - f->link > f->bytes)
        return;
    path = dwarf_linesrc(line, NULL, NULL);
    row.rva = (uint32_t)(at - f->link);
    row.line = number > 0 ? (uint32_t)number : 0;
    row.file = path ? source_of(r, path) : UINT32_MAX;
    if (row.file == UINT32_MAX)
        row.line = row.file = 0;
    vec_push(&f->lines, sizeof row, &row);
}

static void read_lines(struct reading *r, Dwarf_Die *cu)
{
    Dwarf_Lines *lines;
    size_t count;

    r->last = NULL; /* names are this unit's */
    if (dwarf_getsrclines(cu, &lines, &count) != 0)
        return;
    for (size_t i = 0; i < count && r->seen++ < SEEN_MOST; i++)
        add_line(r, dwarf_onesrcline(lines, i));
}

/* ---- functions -----------------------------------------------------------*/

static void add_function(struct reading *r, Dwarf_Die *die)
{
    struct symbol_file *f = r->f;
    struct function_row row = {0};
    Dwarf_Addr low, high;
    const char *name = dwarf_diename(die), *path;
    int line = 0;

    if (!name || f->functions.count >= FUNCTIONS_MOST ||
        dwarf_lowpc(die, &low) || dwarf_highpc(die, &high) || low < f->link ||
        high <= low || high - f->link > f->bytes)
        return;
    path = dwarf_decl_file(die);
    dwarf_decl_line(die, &line);
    row.low = (uint32_t)(low - f->link);
    row.high = (uint32_t)(high - f->link);
    row.name = strings_keep(&f->names, name, NAME_MOST);
    row.line = path && line > 0 ? (uint32_t)line : 0;
    row.file = row.line ? source_of(r, path) : 0;
    if (row.file == UINT32_MAX)
        row.file = row.line = 0;
    if (row.name == UINT32_MAX || !vec_push(&f->functions, sizeof row, &row))
        return;
    add_symbol(f, row.low, row.high - row.low, name, strnlen(name, NAME_MOST),
               RANK_FUNCTION, true);
}

/* ---- functions in functions ----------------------------------------------*/

static uint32_t number_of(Dwarf_Die *die, unsigned what)
{
    Dwarf_Attribute attribute;
    Dwarf_Word value;

    return dwarf_attr(die, what, &attribute) &&
                   dwarf_formudata(&attribute, &value) == 0 &&
                   value <= INT32_MAX
               ? (uint32_t)value
               : 0;
}

/* Where it is called, as far as that is known. */
static void call_site(struct reading *r, Dwarf_Die *die, struct inline_row *row)
{
    const char *path;

    row->line = r->files ? number_of(die, DW_AT_call_line) : 0;
    path = row->line ? dwarf_filesrc(r->files, number_of(die, DW_AT_call_file),
                                     NULL, NULL)
                     : NULL;
    row->file = path ? source_of(r, path) : UINT32_MAX;
    if (row->file == UINT32_MAX)
        row->file = row->line = 0;
}

/* A row for each piece of its code. */
static void add_inline(struct reading *r, Dwarf_Die *die, uint32_t depth)
{
    struct symbol_file *f = r->f;
    const char *name = dwarf_diename(die);
    struct inline_row row = {.depth = depth};
    Dwarf_Addr base, low, high;
    ptrdiff_t next = 0;

    if (!name)
        return;
    row.name = strings_keep(&f->names, name, NAME_MOST);
    call_site(r, die, &row);
    while (row.name != UINT32_MAX && f->inlines.count < INLINES_MOST &&
           r->seen++ < SEEN_MOST &&
           (next = dwarf_ranges(die, next, &base, &low, &high)) > 0) {
        if (low < f->link || high <= low || high - f->link > f->bytes)
            continue;
        row.low = (uint32_t)(low - f->link);
        row.high = (uint32_t)(high - f->link);
        vec_push(&f->inlines, sizeof row, &row);
    }
}

/* Calls itself once for each level that is not too deep. */
static void read_inlines(struct reading *r, Dwarf_Die *in, uint32_t depth,
                         unsigned level)
{
    enum { BLOCKS_DEEP = 64 };
    Dwarf_Die die;

    if (level >= BLOCKS_DEEP || depth > INLINES_DEEP ||
        dwarf_child(in, &die) != 0)
        return;
    do {
        int tag = dwarf_tag(&die);

        if (tag == DW_TAG_inlined_subroutine) {
            add_inline(r, &die, depth);
            read_inlines(r, &die, depth + 1, level + 1);
        } else if (tag == DW_TAG_lexical_block) {
            read_inlines(r, &die, depth, level + 1);
        }
    } while (r->seen++ < SEEN_MOST && dwarf_siblingof(&die, &die) == 0);
}

static void read_functions(struct reading *r, Dwarf_Die *cu)
{
    Dwarf_Die die;

    if (dwarf_getsrcfiles(cu, &r->files, NULL) != 0)
        r->files = NULL;
    if (dwarf_child(cu, &die) != 0)
        return;
    do {
        if (dwarf_tag(&die) == DW_TAG_subprogram) {
            add_function(r, &die);
            read_inlines(r, &die, 1, 0);
        }
    } while (r->seen++ < SEEN_MOST && dwarf_siblingof(&die, &die) == 0);
}

static void read_units(struct symbol_file *f)
{
    struct reading r = {.f = f};
    Dwarf_CU *cu = NULL, *next;
    Dwarf_Die die;

    while (r.seen < SEEN_MOST &&
           dwarf_get_units(f->dwarf, cu, &next, NULL, NULL, &die, NULL) == 0) {
        read_lines(&r, &die);
        read_functions(&r, &die);
        cu = next;
    }
}

/* ---- the ELF file --------------------------------------------------------*/

static bool build(struct symbol_file *f, const struct debug_sections *debug,
                  size_t *count)
{
    struct elf_part part[DEBUG_SECTIONS];

    for (unsigned i = 0; i < debug->count; i++) {
        const struct debug_section *d = &debug->section[i];

        part[i] = (struct elf_part){.name = d->name,
                                    .type = SHT_PROGBITS,
                                    .data = d->bytes,
                                    .bytes = d->count,
                                    .alignment = 1};
        if (strcmp(d->name, ".eh_frame") == 0) {
            part[i].flags = SHF_ALLOC;
            part[i].address = d->address;
        }
    }
    return elf_build(part, debug->count, &f->debug, count);
}

bool dwarf_open(struct symbol_file *f, const struct debug_sections *debug)
{
    size_t count;

    if (!debug->count)
        return true;
    if (!build(f, debug, &count))
        return false;
    elf_version(EV_CURRENT);
    f->elf = elf_memory((char *)f->debug, count);
    if (!f->elf)
        return true;
    f->eh_frames = dwarf_getcfi_elf(f->elf);
    f->dwarf = dwarf_begin_elf(f->elf, DWARF_C_READ, NULL);
    if (!f->dwarf)
        return true; /* without lines */
    f->frames = dwarf_getcfi(f->dwarf);
    read_units(f);
    return true;
}

void dwarf_close(struct symbol_file *f)
{
    if (f->eh_frames)
        dwarf_cfi_end(f->eh_frames);
    if (f->dwarf)
        dwarf_end(f->dwarf);
    if (f->elf)
        elf_end(f->elf);
    free(f->debug);
}
