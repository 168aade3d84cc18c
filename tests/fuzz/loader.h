/* tests/fuzz/loader.h -- what a loader does with an accepted image: everything
 * that the description promises is touched, so a sanitizer sees a lie. */
#ifndef TESTS_FUZZ_LOADER_H
#define TESTS_FUZZ_LOADER_H

#include <stdlib.h>
#include <string.h>

#include "image/image.h"

static inline void fuzz_must(bool holds)
{
    if (!holds)
        abort();
}

static inline void fuzz_fixups(const struct image *image, uint8_t *memory)
{
    for (uint32_t i = 0; i < image->fixups; i++) {
        const struct image_fixup *fix = &image->fixup[i];
        uint32_t word = 0;
        unsigned bytes;

        fuzz_must(fix->import < image->imports ||
                  fix->import >= IMAGE_ABSOLUTE);
        word = image_fix_word(image, fix, word, 0xeb000000, 0x80400000, &bytes);
        fuzz_must(fix->rva <= image->bytes && bytes <= image->bytes - fix->rva);
        memcpy(memory + fix->rva, &word, bytes);
    }
}

static inline void fuzz_names(const struct image *image, uint8_t *memory)
{
    size_t sum = 0;

    for (uint32_t i = 0; i < image->imports; i++) {
        const struct image_import *import = &image->import[i];

        sum += strlen(import->dll) + (import->name ? strlen(import->name) : 0);
        if (import->slot != IMAGE_NO_SLOT)
            memset(memory + import->slot, 0, 4);
    }
    for (uint32_t i = 0; i < image->exports; i++) {
        const struct image_export *export = &image->export[i];

        sum += export->name ? strlen(export->name) : 0;
        sum += export->forward ? strlen(export->forward) : 0;
        fuzz_must(export->forward || export->rva < image->bytes);
    }
    fuzz_must(sum < SIZE_MAX);
}

/** Load @image as a driver is loaded, then drop it. */
static inline void fuzz_load(struct image *image)
{
    uint8_t *memory = malloc(image->bytes);

    if (memory) {
        image_copy(image, 0, memory, image->bytes);
        fuzz_fixups(image, memory);
        fuzz_names(image, memory);
        fuzz_must(!image->has_entry || image->entry < image->bytes);
    }
    free(memory);
    image_free(image);
}

#endif
