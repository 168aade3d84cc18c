/* src/debug/symbol_file.c -- reading a file of symbols, in the order in which
 * its parts are asked for later. */
#include "debug/symbol_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool add_symbol(struct symbol_file *f, uint32_t rva, uint32_t bytes,
                const char *name, size_t name_bytes, enum symbol_rank rank,
                bool code)
{
    struct symbol_row row = {.rva = rva,
                             .bytes = bytes,
                             .order = f->symbols.count,
                             .rank = (uint8_t)rank,
                             .code = code};

    if (f->symbols.count >= SYMBOLS_MOST)
        return true;
    row.name = strings_keep(&f->names, name, name_bytes);
    return row.name != UINT32_MAX && vec_push(&f->symbols, sizeof row, &row);
}

/* What an image without a symbol table still tells. */
static bool add_exports(struct symbol_file *f, const struct image *image)
{
    for (uint32_t i = 0; i < image->exports; i++) {
        const struct image_export *x = &image->export[i];

        if (x->name && !x->forward && x->rva < image->bytes &&
            !add_symbol(f, x->rva, 0, x->name, strnlen(x->name, NAME_MOST),
                        RANK_EXPORT, !x->data))
            return false;
    }
    return !image->has_entry || image->entry >= image->bytes ||
           add_symbol(f, image->entry, 0, "DriverEntry", 11, RANK_ENTRY, true);
}

static int by_symbol(const void *a_, const void *b_)
{
    const struct symbol_row *a = a_, *b = b_;

    if (a->rva != b->rva)
        return a->rva < b->rva ? -1 : 1;
    if (a->rank != b->rank)
        return (int)a->rank - (int)b->rank;
    return a->order < b->order ? -1 : a->order > b->order;
}

/* A sequence's end comes before what starts at the same address. */
static int by_line(const void *a_, const void *b_)
{
    const struct line_row *a = a_, *b = b_;

    if (a->rva != b->rva)
        return a->rva < b->rva ? -1 : 1;
    if (a->end != b->end)
        return (int)b->end - (int)a->end;
    return a->order < b->order ? -1 : a->order > b->order;
}

static int by_low(const void *a_, const void *b_)
{
    const struct function_row *a = a_, *b = b_;

    if (a->low != b->low)
        return a->low < b->low ? -1 : 1;
    return a->high > b->high ? -1 : a->high < b->high; /* outermost first */
}

static int by_depth(const void *a_, const void *b_)
{
    const struct inline_row *a = a_, *b = b_;

    if (a->low != b->low)
        return a->low < b->low ? -1 : 1;
    return a->depth < b->depth ? -1 : a->depth > b->depth;
}

static void sort(struct vec *v, size_t bytes,
                 int (*order)(const void *, const void *))
{
    if (v->count)
        qsort(v->data, v->count, bytes, order);
}

static bool read_image(struct symbol_file *f, const struct image *image)
{
    struct debug_sections debug = {.count = 0};
    bool good =
        vec_resize(&f->sections, sizeof *image->segment, image->segments);

    if (good && image->segments)
        memcpy(f->sections.data, image->segment,
               image->segments * sizeof *image->segment);
    good = good &&
           (image->kind == IMAGE_PE32 ? pe_symbols(f, image, &debug)
                                      : elf_symbols(f, image, &debug)) &&
           dwarf_open(f, &debug) && add_exports(f, image);
    for (unsigned i = 0; i < debug.count; i++)
        free(debug.section[i].owned);
    sort(&f->symbols, sizeof(struct symbol_row), by_symbol);
    sort(&f->lines, sizeof(struct line_row), by_line);
    sort(&f->functions, sizeof(struct function_row), by_low);
    sort(&f->inlines, sizeof(struct inline_row), by_depth);
    return good;
}

enum hb_status symbol_file_create(const char *path, const uint8_t *bytes,
                                  size_t count, struct symbol_file **out,
                                  struct hb_error *error)
{
    struct hb_error ignored;
    struct image *image;
    struct symbol_file *f;
    enum hb_status status = image_parse(bytes, count, path, &image, error);

    if (status != HB_OK &&
        image_parse_kernel(bytes, count, path, &image, &ignored) != HB_OK)
        return status;
    f = calloc(1, sizeof *f);
    if (f) {
        snprintf(f->name, sizeof f->name, "%s", image->name);
        f->path = strdup(path);
        f->fixed = image->kind == IMAGE_ELF_EXEC;
        f->link = image->kind == IMAGE_ELF_REL ? 0 : image->base;
        f->bytes = image->bytes;
    }
    if (!f || !f->path || !read_image(f, image)) {
        image_free(image);
        symbol_file_free(f);
        return hb_fail(error, HB_NO_MEMORY, "%s: no memory for its symbols",
                       path);
    }
    image_free(image);
    *out = f;
    return HB_OK;
}

void symbol_file_free(struct symbol_file *f)
{
    if (!f)
        return;
    dwarf_close(f);
    strings_free(&f->names);
    vec_free(&f->symbols);
    vec_free(&f->lines);
    vec_free(&f->functions);
    vec_free(&f->inlines);
    vec_free(&f->sections);
    strings_free(&f->sources);
    free(f->path);
    free(f);
}
