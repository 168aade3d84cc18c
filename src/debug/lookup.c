/* src/debug/lookup.c -- from what a person names to an address. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "debug/symbols.h"

/* Is @image what a person calls @name: "edu", "edu.sys"? */
static bool same_stem(const char *image, const char *name, size_t bytes)
{
    if (strncasecmp(image, name, bytes) != 0)
        return false;
    return !image[bytes] || (image[bytes] == '.' && !memchr(name, '.', bytes));
}

/* ---- lines ---------------------------------------------------------------*/

/* "dma.c" is a last part of "/src/edu/dma.c", as is "edu/dma.c". */
static bool is_last_part(const char *path, const char *part)
{
    size_t all = strlen(path), n = strlen(part);

    return n && n <= all && strcmp(path + all - n, part) == 0 &&
           (n == all || part[0] == '/' || path[all - n - 1] == '/' ||
            path[all - n - 1] == '\\');
}

/** A search over the rows of the files that are loaded. */
struct line_search {
    const struct symbols *symbols;
    const struct machine *m;
    const char *file;
    uint32_t line;
};

/* Row @i starts a run of code: what is in front of it is of another line. */
static bool starts_run(const struct line_row *row, uint32_t i)
{
    if (row[i].end || !row[i].line)
        return false;
    return !i || row[i - 1].end || row[i - 1].line != row[i].line ||
           row[i - 1].file != row[i].file;
}

/* Run @index of the line in @f. False: @index is less by the runs there. */
static bool run_of(const struct line_search *s, const struct symbol_file *f,
                   gva_t base, unsigned *index, struct source_line *run)
{
    const struct line_row *row = f->lines.data;

    for (uint32_t i = 0; i < f->lines.count; i++)
        if (row[i].line == s->line && starts_run(row, i) &&
            is_last_part(source_name(f, row[i].file), s->file) &&
            (*index)-- == 0)
            return symbols_line(s->symbols, s->m, gva_add(base, row[i].rva),
                                run);
    return false;
}

bool symbols_line_at(const struct symbols *symbols, const struct machine *m,
                     const char *file, uint32_t line, unsigned index,
                     struct source_line *run)
{
    struct line_search s = {symbols, m, file, line};
    gva_t base;

    for (unsigned i = 0; i < symbols_files(symbols); i++) {
        const struct symbol_file *f = symbol_file_at(symbols, i);

        if (file_base(f, m, &base) && run_of(&s, f, base, &index, run))
            return true;
    }
    return false;
}

/* The first line from @line on that has code; 0: none. */
static uint32_t line_with_code(const struct symbols *symbols,
                               const struct machine *m, const char *file,
                               uint32_t line)
{
    uint32_t best = 0;
    gva_t base;

    for (unsigned n = 0; n < symbols_files(symbols); n++) {
        const struct symbol_file *f = symbol_file_at(symbols, n);
        const struct line_row *row = f->lines.data;

        if (!file_base(f, m, &base))
            continue;
        for (uint32_t i = 0; i < f->lines.count; i++)
            if (row[i].line >= line && (!best || row[i].line < best) &&
                !row[i].end && is_last_part(source_name(f, row[i].file), file))
                best = row[i].line;
    }
    return best;
}

static bool lookup_line(const struct symbols *symbols, const struct machine *m,
                        const char *text, gva_t *at)
{
    const char *colon = strrchr(text, ':');
    char file[SYMBOL_PATH], *end;
    struct source_line run;
    unsigned long line;

    if (!colon || !isdigit((unsigned char)colon[1]))
        return false;
    line = strtoul(colon + 1, &end, 10);
    if (*end || !line || line > INT32_MAX ||
        (size_t)(colon - text) >= sizeof file)
        return false;
    snprintf(file, sizeof file, "%.*s", (int)(colon - text), text);
    line = line_with_code(symbols, m, file, (uint32_t)line);
    if (!line || !symbols_line_at(symbols, m, file, (uint32_t)line, 0, &run))
        return false;
    *at = run.start;
    return true;
}

/* ---- names ---------------------------------------------------------------*/

/** "image!name+offset" in its parts. */
struct named {
    const char *image, *name; /* not ended by 0 */
    size_t image_bytes, name_bytes;
    uint32_t offset;
};

static bool parse_name(const char *text, struct named *n)
{
    const char *bang = strchr(text, '!'), *plus;
    char *end;

    *n = (struct named){.image = text, .name = text};
    if (bang) {
        n->image_bytes = (size_t)(bang - text);
        n->name = bang + 1;
    }
    plus = strrchr(n->name, '+');
    n->name_bytes = plus ? (size_t)(plus - n->name) : strlen(n->name);
    if (plus)
        n->offset = (uint32_t)strtoul(plus + 1, &end, 0);
    return !plus || (isdigit((unsigned char)plus[1]) && !*end);
}

static bool equals(const struct named *n, const char *name)
{
    return strncmp(name, n->name, n->name_bytes) == 0 && !name[n->name_bytes];
}

static bool in_file(const struct named *n, const struct symbol_file *f,
                    uint32_t *rva)
{
    const struct symbol_row *row = f->symbols.data, *best = NULL;

    if (!n->name_bytes)
        return false;
    for (uint32_t i = 0; i < f->symbols.count; i++)
        if (equals(n, file_name(f, row[i].name)) &&
            (!best || row[i].rank < best->rank))
            best = &row[i];
    if (best)
        *rva = best->rva;
    return best != NULL;
}

static bool lookup_files(const struct symbols *symbols, const struct machine *m,
                         const struct named *n, gva_t *at)
{
    for (unsigned i = 0; i < symbols_files(symbols); i++) {
        const struct symbol_file *f = symbol_file_at(symbols, i);
        uint32_t rva;
        gva_t base;

        if (n->image_bytes && !same_stem(f->name, n->image, n->image_bytes))
            continue;
        if (!in_file(n, f, &rva) || !file_base(f, m, &base))
            continue;
        *at = gva_add(base, rva + n->offset);
        return true;
    }
    return false;
}

static bool lookup_kernel(const struct machine *m, const struct named *n,
                          gva_t *at)
{
    struct inspect_kernel_image image;
    struct inspect_kernel_symbol k;

    for (unsigned i = 0; inspect_kernel_image_at(m, i, &image); i++) {
        uint32_t offset = 0;

        if (n->image_bytes && !same_stem(image.name, n->image, n->image_bytes))
            continue;
        while (kernel_next(m, &image, &offset, &k))
            if (equals(n, k.name)) {
                *at = gva_add(k.start, n->offset);
                return true;
            }
    }
    return false;
}

/* "edu+0x1234", "edu": an image by itself. */
static bool lookup_image(const struct machine *m, const struct named *n,
                         gva_t *at)
{
    struct inspect_image image;

    for (unsigned i = 0; inspect_image_at(m, i, &image); i++) {
        if (image.unloaded || n->image_bytes || !n->name_bytes ||
            !same_stem(image.name, n->name, n->name_bytes))
            continue;
        *at = gva_add(image.base, n->offset);
        return true;
    }
    return false;
}

static bool lookup_number(const char *text, gva_t *at)
{
    unsigned long long value;
    char *end;

    if (!isdigit((unsigned char)text[0]))
        return false;
    value = strtoull(text, &end, 0);
    if (*end || value > UINT32_MAX)
        return false;
    *at = gva_of((uint32_t)value);
    return true;
}

bool symbols_lookup(const struct symbols *symbols, const struct machine *m,
                    const char *text, gva_t *at)
{
    struct named n;

    if (lookup_number(text, at) || lookup_line(symbols, m, text, at))
        return true;
    return parse_name(text, &n) &&
           (lookup_files(symbols, m, &n, at) || lookup_kernel(m, &n, at) ||
            lookup_image(m, &n, at));
}
