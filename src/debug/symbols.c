/* src/debug/symbols.c -- the store of files, and which of them is loaded where:
 * the machine is asked each time, so nothing here grows old. */
#include "debug/symbols.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct symbols *symbols_create(void)
{
    return calloc(1, sizeof(struct symbols));
}

void symbols_destroy(struct symbols *symbols)
{
    if (!symbols)
        return;
    for (unsigned i = 0; i < symbols_files(symbols); i++)
        symbol_file_free(symbol_file_at(symbols, i));
    vec_free(&symbols->file);
    free(symbols);
}

enum hb_status symbols_add(struct symbols *symbols, const char *path,
                           const uint8_t *bytes, size_t count,
                           struct hb_error *error)
{
    struct symbol_file *f, **old = symbols->file.data;
    enum hb_status status = symbol_file_create(path, bytes, count, &f, error);

    if (status != HB_OK)
        return status;
    for (unsigned i = 0; i < symbols->file.count; i++)
        if (strcasecmp(old[i]->name, f->name) == 0) {
            symbol_file_free(old[i]);
            old[i] = f;
            return HB_OK;
        }
    if (vec_push(&symbols->file, sizeof f, &f))
        return HB_OK;
    symbol_file_free(f);
    return hb_fail(error, HB_NO_MEMORY, "%s: no memory for its symbols", path);
}

/* All of a file that is no larger than an image may be. */
static enum hb_status read_all(FILE *f, const char *path, uint8_t **bytes,
                               size_t *count, struct hb_error *error)
{
    long size = fseek(f, 0, SEEK_END) == 0 ? ftell(f) : -1;

    if (size < 0 || size > IMAGE_MAX_UNPACKED || fseek(f, 0, SEEK_SET) != 0)
        return hb_fail(error, HB_NO_FILE, "%s: cannot be read as a file", path);
    *bytes = malloc((size_t)size + 1);
    if (!*bytes)
        return hb_fail(error, HB_NO_MEMORY, "%s: no memory for %ld bytes", path,
                       size);
    *count = fread(*bytes, 1, (size_t)size, f);
    return HB_OK;
}

enum hb_status symbols_add_file(struct symbols *symbols, const char *path,
                                struct hb_error *error)
{
    FILE *f = fopen(path, "rb");
    uint8_t *bytes = NULL;
    size_t count = 0;
    enum hb_status status;

    if (!f)
        return hb_fail(error, HB_NO_FILE, "%s: cannot be opened", path);
    status = read_all(f, path, &bytes, &count, error);
    fclose(f);
    if (status != HB_OK)
        return status;
    status = symbols_add(symbols, path, bytes, count, error);
    free(bytes);
    return status;
}

static bool has_path(const struct symbols *s, const char *path)
{
    for (unsigned i = 0; i < symbols_files(s); i++)
        if (strcmp(symbol_file_at(s, i)->path, path) == 0)
            return true;
    return false;
}

void symbols_add_loaded(struct symbols *symbols, const struct machine *m)
{
    struct inspect_image image;

    for (unsigned i = 0; inspect_image_at(m, i, &image); i++) {
        const char *path = inspect_image_path(m, i + 1);

        if (path && !has_path(symbols, path))
            symbols_add_file(symbols, path, NULL);
    }
}

/* ---- where ---------------------------------------------------------------*/

bool file_base(const struct symbol_file *f, const struct machine *m,
               gva_t *base)
{
    struct inspect_image image;

    for (unsigned i = 0; inspect_image_at(m, i, &image); i++)
        if (!image.unloaded && strcasecmp(image.name, f->name) == 0) {
            *base = image.base;
            return true;
        }
    *base = gva_of(f->link);
    return f->fixed && machine_config(m)->bare;
}

const struct symbol_file *file_of(const struct symbols *s,
                                  const struct machine *m, gva_t at,
                                  uint32_t *rva)
{
    for (unsigned i = 0; i < symbols_files(s); i++) {
        const struct symbol_file *f = symbol_file_at(s, i);
        gva_t base;

        if (file_base(f, m, &base) && at.v - base.v < f->bytes) {
            *rva = at.v - base.v;
            return f;
        }
    }
    return NULL;
}

bool symbols_file_at(const struct symbols *symbols, const struct machine *m,
                     unsigned index, struct symbols_file *file)
{
    const struct symbol_file *f;

    if (index >= symbols_files(symbols))
        return false;
    f = symbol_file_at(symbols, index);
    *file = (struct symbols_file){.name = f->name,
                                  .path = f->path,
                                  .symbols = f->symbols.count,
                                  .lines = f->lines.count,
                                  .functions = f->functions.count,
                                  .sources = f->sources.starts.count,
                                  .frames = f->frames || f->eh_frames,
                                  .bytes = f->bytes};
    file->loaded = file_base(f, m, &file->base);
    return true;
}

bool symbols_section_at(const struct symbols *symbols, const struct machine *m,
                        unsigned file, unsigned index,
                        struct symbols_section *section)
{
    const struct symbol_file *f =
        file < symbols_files(symbols) ? symbol_file_at(symbols, file) : NULL;
    const struct image_segment *s;
    gva_t base;

    if (!f || index >= f->sections.count || !file_base(f, m, &base))
        return false;
    s = VEC_AT(const struct image_segment, &f->sections, index);
    *section = (struct symbols_section){.at = gva_add(base, s->rva),
                                        .bytes = s->bytes,
                                        .write = s->flags & SEGMENT_WRITE,
                                        .code = s->flags & SEGMENT_EXECUTE};
    memcpy(section->name, s->name, sizeof section->name);
    return true;
}

const char *symbols_source_at(const struct symbols *symbols, unsigned file,
                              unsigned index)
{
    const struct symbol_file *f =
        file < symbols_files(symbols) ? symbol_file_at(symbols, file) : NULL;

    return f && index < f->sources.starts.count
               ? source_name(f, *VEC_AT(uint32_t, &f->sources.starts, index))
               : NULL;
}

bool kernel_next(const struct machine *m,
                 const struct inspect_kernel_image *image, uint32_t *offset,
                 struct inspect_kernel_symbol *symbol)
{
    enum { STEP = 8 }; /* stubs and variables are aligned to it */

    while (*offset < image->bytes) {
        gva_t at = gva_add(image->base, *offset);

        *offset += STEP;
        if (!inspect_kernel_symbol(m, at, symbol))
            continue;
        if (symbol->bytes > STEP)
            *offset += (symbol->bytes - 1) / STEP * STEP;
        return true;
    }
    return false;
}

/* ---- rows ----------------------------------------------------------------*/

/* How many rows of @bytes start at or below @rva; each begins with its RVA. */
static uint32_t rows_up_to(const struct vec *v, size_t bytes, uint32_t rva)
{
    uint32_t low = 0, high = v->count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2, at;

        memcpy(&at, (const char *)v->data + middle * bytes, sizeof at);
        if (at <= rva)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const struct symbol_row *file_symbol(const struct symbol_file *f, uint32_t rva)
{
    const struct symbol_row *row = f->symbols.data;
    uint32_t n = rows_up_to(&f->symbols, sizeof *row, rva);

    if (!n)
        return NULL;
    while (n > 1 && row[n - 2].rva == row[n - 1].rva)
        n--;
    return &row[n - 1];
}

const struct function_row *file_function(const struct symbol_file *f,
                                         uint32_t rva)
{
    enum { NESTED = 64 }; /* functions in functions, and damaged ones */
    const struct function_row *row = f->functions.data;
    uint32_t n = rows_up_to(&f->functions, sizeof *row, rva);

    for (unsigned tries = 0; n && tries < NESTED; n--, tries++)
        if (rva < row[n - 1].high)
            return &row[n - 1];
    return NULL;
}

const struct inline_row *file_inline(const struct symbol_file *f, uint32_t rva,
                                     uint32_t depth)
{
    enum { TRIES = 512 }; /* what starts between it and @rva */
    const struct inline_row *row = f->inlines.data;
    uint32_t n = rows_up_to(&f->inlines, sizeof *row, rva);

    for (unsigned tries = 0; n && tries < TRIES; n--, tries++)
        if (row[n - 1].depth == depth && rva < row[n - 1].high)
            return &row[n - 1];
    return NULL;
}

const struct line_row *file_line(const struct symbol_file *f, uint32_t rva)
{
    const struct line_row *row = f->lines.data;
    uint32_t n = rows_up_to(&f->lines, sizeof *row, rva);

    return n && !row[n - 1].end && row[n - 1].line ? &row[n - 1] : NULL;
}
