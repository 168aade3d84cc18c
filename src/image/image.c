/* src/image/image.c -- descriptions: made, searched, laid out, fixed, freed. */
#include "image/image.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "image/build.h"

/* "dir/edu.sys.gz" is shown as "edu.sys". */
static void name_image(struct image *image, const char *path)
{
    const char *slash = strrchr(path, '/');
    size_t n;

    snprintf(image->name, sizeof image->name, "%s", slash ? slash + 1 : path);
    n = strlen(image->name);
    if (n > 3 && strcmp(image->name + n - 3, ".gz") == 0)
        image->name[n - 3] = 0;
}

static enum hb_status build_create(const void *bytes, size_t count,
                                   const char *name, struct build **out,
                                   struct hb_error *error)
{
    struct build *b = calloc(1, sizeof *b);
    enum hb_status status;

    if (!b)
        return hb_fail(error, HB_NO_MEMORY, "%s: no memory to load it", name);
    b->error = error;
    name_image(&b->pub, name);
    status = image_unpack(b, bytes, count);
    if (status != HB_OK)
        image_free(&b->pub);
    else
        *out = b;
    return status;
}

/* Hands the finished description out, or frees it. */
static enum hb_status build_end(struct build *b, enum hb_status status,
                                struct image **out)
{
    if (status != HB_OK) {
        image_free(&b->pub);
        return status;
    }
    b->error = NULL;
    b->pub.segment = b->segment.data;
    b->pub.segments = b->segment.count;
    b->pub.import = b->import.data;
    b->pub.imports = b->import.count;
    b->pub.export = b->export.data;
    b->pub.exports = b->export.count;
    b->pub.fixup = b->fixup.data;
    b->pub.fixups = b->fixup.count;
    *out = &b->pub;
    return HB_OK;
}

enum hb_status image_parse(const void *bytes, size_t count, const char *name,
                           struct image **out, struct hb_error *error)
{
    struct build *b;
    enum hb_status status = build_create(bytes, count, name, &b, error);

    if (status != HB_OK)
        return status;
    if (b->pub.file_bytes > IMAGE_MAX_BYTES)
        status = image_bad(b, "%u bytes is more than a driver may have (%u)",
                           b->pub.file_bytes, IMAGE_MAX_BYTES);
    else if (file_at(b, 0, 4) && memcmp(b->file, "\177ELF", 4) == 0)
        status = elf_parse(b);
    else if (file_at(b, 0, 2) && memcmp(b->file, "MZ", 2) == 0)
        status = pe_parse(b);
    else
        status = image_bad(b, "neither a PE (.sys) nor an ELF image: it "
                              "starts with neither MZ nor 7f ELF");
    return build_end(b, status, out);
}

enum hb_status image_parse_kernel(const void *bytes, size_t count,
                                  const char *name, struct image **out,
                                  struct hb_error *error)
{
    struct build *b;
    bool loads = false;
    enum hb_status status = build_create(bytes, count, name, &b, error);

    if (status != HB_OK)
        return status;
    status = bzimage_parse(b, &loads);
    if (status == HB_OK && !loads)
        status = multiboot_parse(b, &loads);
    if (status == HB_OK && !loads) {
        if (file_at(b, 0, 4) && memcmp(b->file, "\177ELF", 4) == 0)
            status = elf_parse_kernel(b);
        else
            status = image_bad(b, "not a kernel: no ELF executable, no "
                                  "multiboot header with addresses, no "
                                  "Linux bzImage");
    }
    return build_end(b, status, out);
}

enum hb_status image_parse_raw(const void *bytes, size_t count,
                               const char *name, uint32_t base, uint32_t entry,
                               struct image **out, struct hb_error *error)
{
    struct build *b;
    enum hb_status status = build_create(bytes, count, name, &b, error);

    if (status != HB_OK)
        return status;
    b->pub.kind = IMAGE_RAW;
    b->pub.bytes = base + b->pub.file_bytes;
    b->pub.has_entry = true;
    b->pub.entry = entry;
    if (b->pub.bytes < base)
        status = image_bad(b, "%u bytes at %#x reach past 4 GiB",
                           b->pub.file_bytes, base);
    else if (!add_segment(b, "raw", base, b->pub.file_bytes, 0,
                          b->pub.file_bytes,
                          SEGMENT_READ | SEGMENT_WRITE | SEGMENT_EXECUTE))
        status = image_no_memory(b);
    return build_end(b, status, out);
}

void image_free(struct image *image)
{
    struct build *b = (struct build *)image;

    if (!image)
        return;
    vec_free(&b->segment);
    vec_free(&b->import);
    vec_free(&b->export);
    vec_free(&b->fixup);
    free(b->file);
    free(b);
}

const struct image_export *image_find_export(const struct image *image,
                                             const char *name)
{
    for (uint32_t i = 0; i < image->exports; i++)
        if (image->export[i].name && strcmp(image->export[i].name, name) == 0)
            return &image->export[i];
    return NULL;
}

const struct image_export *image_find_ordinal(const struct image *image,
                                              uint32_t ordinal)
{
    if (image->kind == IMAGE_PE32)
        for (uint32_t i = 0; i < image->exports; i++)
            if (image->export[i].ordinal == ordinal)
                return &image->export[i];
    return NULL;
}

void image_copy(const struct image *image, uint32_t rva, void *to,
                uint32_t bytes)
{
    uint64_t end = (uint64_t)rva + bytes;

    memset(to, 0, bytes);
    for (uint32_t i = 0; i < image->segments; i++) {
        const struct image_segment *s = &image->segment[i];
        uint64_t first = s->rva > rva ? s->rva : rva;
        uint64_t last = (uint64_t)s->rva + s->filled;

        if (last > end)
            last = end;
        if (first < last)
            memcpy((uint8_t *)to + (first - rva),
                   image->file + s->offset + (first - s->rva), last - first);
    }
}

uint32_t image_fix_word(const struct image *image,
                        const struct image_fixup *fixup, uint32_t old,
                        uint32_t base, uint32_t target, unsigned *bytes)
{
    uint32_t delta = base - image->base;

    if (fixup->import == IMAGE_SELF)
        target = base;
    else if (fixup->import == IMAGE_ABSOLUTE)
        target = 0;
    *bytes = 4;
    switch (fixup->fix) {
    case IMAGE_FIX_BASE32:
        return old + delta;
    case IMAGE_FIX_ABS32:
        return target + fixup->value;
    case IMAGE_FIX_PC32:
        return target + fixup->value - (base + fixup->rva);
    case IMAGE_FIX_HIGH16:
        *bytes = 2;
        return (uint16_t)(old + (delta >> 16));
    case IMAGE_FIX_LOW16:
        *bytes = 2;
        return (uint16_t)(old + delta);
    case IMAGE_FIX_HIGHADJ:
        *bytes = 2;
        return ((old << 16) + fixup->value + delta + 0x8000) >> 16;
    }
    assert(false); /* all kinds are above */
    return old;
}
