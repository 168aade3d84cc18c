/* src/board/load.c -- which of several driver images is mapped first: an image
 * after those that it imports from, as NT's loader does it. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "board/board.h"
#include "image/image.h"

/** The files given, described. */
struct order {
    const char *const *path;
    struct image **image; /* NULL: mapped already */
    unsigned count;
};

static enum hb_status describe(struct order *o, struct hb_error *error)
{
    enum hb_status status = HB_OK;

    for (unsigned i = 0; i < o->count && status == HB_OK; i++)
        status = image_load(o->path[i], &o->image[i], error);
    return status;
}

/* PE names the file; an ELF image takes a symbol from whoever has it. */
static bool imports_from(const struct image *image, const struct image *other)
{
    for (uint32_t i = 0; i < image->imports; i++) {
        const struct image_import *im = &image->import[i];

        if (im->dll[0] ? strcasecmp(im->dll, other->name) == 0
                       : im->name && image_find_export(other, im->name))
            return true;
    }
    return false;
}

static bool waits(const struct order *o, unsigned of)
{
    for (unsigned i = 0; i < o->count; i++)
        if (i != of && o->image[i] && imports_from(o->image[of], o->image[i]))
            return true;
    return false;
}

/* The first that waits for none; in a circle the first. */
static unsigned next(const struct order *o)
{
    unsigned first = o->count;

    for (unsigned i = o->count; i-- > 0;)
        if (o->image[i])
            first = i;
    for (unsigned i = first; i < o->count; i++)
        if (o->image[i] && !waits(o, i))
            return i;
    return first;
}

enum hb_status machine_load_driver_files(struct machine *m,
                                         const char *const *paths,
                                         unsigned count, struct hb_error *error)
{
    struct order o = {paths, calloc(count + 1u, sizeof *o.image), count};
    enum hb_status status;

    if (!o.image)
        return hb_fail(error, HB_NO_MEMORY, "no memory for %u images", count);
    status = describe(&o, error);
    for (unsigned i; status == HB_OK && (i = next(&o)) < count;) {
        uint32_t number;

        status = machine_load_driver_file(m, paths[i], &number, error);
        image_free(o.image[i]);
        o.image[i] = NULL;
    }
    for (unsigned i = 0; i < count; i++)
        image_free(o.image[i]);
    free(o.image);
    return status;
}
