/* tests/image/bench.h -- image files of the build, changed and parsed. */
#ifndef TESTS_IMAGE_BENCH_H
#define TESTS_IMAGE_BENCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "image/image.h"

struct file {
    uint8_t *bytes;
    size_t count;
};

/** A file of the build's images folder; free with file_free(). */
struct file file_read(const char *name);
void file_free(struct file *f);
uint32_t file_get32(const struct file *f, size_t at);
void file_put32(struct file *f, size_t at, uint32_t value);
void file_put16(struct file *f, size_t at, uint16_t value);

/** Parse, must succeed. */
struct image *parsed(const char *name);
/** Parsing @f must fail with HB_BAD_IMAGE, one line, and say @words. */
void refused(const struct file *f, const char *words);

/** The image in memory at @base: segments, then fixups, an import's address
 *  being address_of(its name). Caller frees. */
uint8_t *loaded(const struct image *image, uint32_t base,
                uint32_t (*address_of)(const char *name));

#endif
