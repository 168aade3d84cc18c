/* src/debug/address.c -- from an address to its name, source line, function. */
#include <stdio.h>
#include <string.h>

#include "debug/symbols.h"

#define COPY(to, from) snprintf(to, sizeof to, "%s", from)

static bool kernel_symbol(const struct machine *m, gva_t at,
                          struct symbol *symbol)
{
    struct inspect_kernel_symbol k;

    if (!inspect_kernel_symbol(m, at, &k))
        return false;
    *symbol = (struct symbol){
        .start = k.start, .bytes = k.bytes, .code = k.kind != KERNEL_DATA};
    COPY(symbol->image, k.image);
    COPY(symbol->name, k.name);
    return true;
}

/* An image of which nothing is known but where it lies. */
static bool nameless(const struct machine *m, gva_t at, struct symbol *symbol)
{
    struct inspect_image image;

    for (unsigned i = 0; inspect_image_at(m, i, &image); i++) {
        if (image.unloaded || at.v - image.base.v >= image.bytes)
            continue;
        *symbol = (struct symbol){.start = image.base, .bytes = image.bytes};
        COPY(symbol->image, image.name);
        return true;
    }
    return false;
}

static void fill_symbol(const struct symbol_file *f,
                        const struct symbol_row *row, gva_t base,
                        struct symbol *symbol)
{
    *symbol = (struct symbol){.start = gva_add(base, row->rva),
                              .bytes = row->bytes,
                              .code = row->code};
    COPY(symbol->image, f->name);
    COPY(symbol->name, file_name(f, row->name));
}

bool symbols_find(const struct symbols *symbols, const struct machine *m,
                  gva_t at, struct symbol *symbol)
{
    uint32_t rva;
    const struct symbol_file *f = file_of(symbols, m, at, &rva);
    const struct symbol_row *row = f ? file_symbol(f, rva) : NULL;

    if (!row)
        return kernel_symbol(m, at, symbol) || nameless(m, at, symbol);
    fill_symbol(f, row, gva_of(at.v - rva), symbol);
    return true;
}

int symbols_text(const struct symbols *symbols, const struct machine *m,
                 gva_t at, char *out, size_t room)
{
    struct symbol s;
    char offset[16] = "";

    if (room)
        out[0] = 0;
    if (!symbols_find(symbols, m, at, &s))
        return 0;
    if (at.v != s.start.v)
        snprintf(offset, sizeof offset, "+0x%x", at.v - s.start.v);
    return snprintf(out, room, "%.*s%s%s%s", (int)strcspn(s.image, "."),
                    s.image, s.name[0] ? "!" : "", s.name, offset);
}

bool symbols_symbol_at(const struct symbols *symbols, const struct machine *m,
                       unsigned index, struct symbol *symbol)
{
    struct inspect_export x;
    gva_t base;

    for (unsigned i = 0; i < symbols_files(symbols); i++) {
        const struct symbol_file *f = symbol_file_at(symbols, i);

        if (!file_base(f, m, &base))
            continue;
        if (index < f->symbols.count) {
            fill_symbol(f, &((const struct symbol_row *)f->symbols.data)[index],
                        base, symbol);
            return true;
        }
        index -= f->symbols.count;
    }
    return inspect_export_at(m, index, &x) && kernel_symbol(m, x.at, symbol);
}

/* ---- lines ---------------------------------------------------------------*/

static bool same_line(const struct line_row *a, const struct line_row *b)
{
    return !a->end && !b->end && a->file == b->file && a->line == b->line;
}

/* The rows around @row that are of its line, without a gap. */
static void fill_line(const struct symbol_file *f, const struct line_row *row,
                      gva_t base, struct source_line *line)
{
    const struct line_row *all = f->lines.data, *first = row, *last = row;

    while (first > all && same_line(first - 1, row))
        first--;
    while (last < all + f->lines.count && (last == row || same_line(last, row)))
        last++;
    *line = (struct source_line){.line = row->line,
                                 .start = gva_add(base, first->rva),
                                 .end = gva_add(base, f->bytes)};
    if (last < all + f->lines.count)
        line->end = gva_add(base, last->rva);
    COPY(line->path, source_name(f, row->file));
}

bool symbols_line(const struct symbols *symbols, const struct machine *m,
                  gva_t at, struct source_line *line)
{
    uint32_t rva;
    const struct symbol_file *f = file_of(symbols, m, at, &rva);
    const struct line_row *row = f ? file_line(f, rva) : NULL;

    if (!row)
        return false;
    fill_line(f, row, gva_of(at.v - rva), line);
    return true;
}

/* ---- functions -----------------------------------------------------------*/

static void fill_function(const struct symbol_file *f,
                          const struct function_row *row, gva_t base,
                          struct source_function *function)
{
    *function = (struct source_function){.line = row->line,
                                         .start = gva_add(base, row->low),
                                         .end = gva_add(base, row->high)};
    COPY(function->image, f->name);
    COPY(function->name, file_name(f, row->name));
    if (row->line)
        COPY(function->path, source_name(f, row->file));
}

bool symbols_function(const struct symbols *symbols, const struct machine *m,
                      gva_t at, struct source_function *function)
{
    uint32_t rva;
    const struct symbol_file *f = file_of(symbols, m, at, &rva);
    const struct function_row *row = f ? file_function(f, rva) : NULL;

    if (!row)
        return false;
    fill_function(f, row, gva_of(at.v - rva), function);
    return true;
}

/* The innermost has the greatest depth. */
bool symbols_inlined(const struct symbols *symbols, const struct machine *m,
                     gva_t at, unsigned index, struct source_function *function)
{
    uint32_t rva, deepest = 0;
    const struct symbol_file *f = file_of(symbols, m, at, &rva);
    const struct inline_row *row;

    if (!f)
        return false;
    while (deepest < INLINES_DEEP && file_inline(f, rva, deepest + 1))
        deepest++;
    if (index >= deepest)
        return false;
    row = file_inline(f, rva, deepest - index);
    *function = (struct source_function){.line = row->line,
                                         .start = gva_of(at.v - rva + row->low),
                                         .end = gva_of(at.v - rva + row->high)};
    COPY(function->image, f->name);
    COPY(function->name, file_name(f, row->name));
    if (row->line)
        COPY(function->path, source_name(f, row->file));
    return true;
}

bool symbols_function_at(const struct symbols *symbols, const struct machine *m,
                         unsigned index, struct source_function *function)
{
    gva_t base;

    for (unsigned i = 0; i < symbols_files(symbols); i++) {
        const struct symbol_file *f = symbol_file_at(symbols, i);

        if (!file_base(f, m, &base))
            continue;
        if (index < f->functions.count) {
            fill_function(
                f, &((const struct function_row *)f->functions.data)[index],
                base, function);
            return true;
        }
        index -= f->functions.count;
    }
    return false;
}
