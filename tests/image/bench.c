/* tests/image/bench.c -- image files of the build, changed and parsed. */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>

struct file file_read(const char *name)
{
    struct file f = {.bytes = malloc(1 << 20)};
    char path[512];
    FILE *in;

    snprintf(path, sizeof path, "%s/%s", HALBOX_IMAGES, name);
    in = fopen(path, "rb");
    assert_non_null(in);
    f.count = fread(f.bytes, 1, 1 << 20, in);
    fclose(in);
    assert_true(f.count > 0 && f.count < 1 << 20);
    return f;
}

void file_free(struct file *f)
{
    free(f->bytes);
    f->bytes = NULL;
}

uint32_t file_get32(const struct file *f, size_t at)
{
    uint32_t value;

    assert_true(at + 4 <= f->count);
    memcpy(&value, f->bytes + at, 4);
    return value;
}

void file_put32(struct file *f, size_t at, uint32_t value)
{
    assert_true(at + 4 <= f->count);
    memcpy(f->bytes + at, &value, 4);
}

void file_put16(struct file *f, size_t at, uint16_t value)
{
    assert_true(at + 2 <= f->count);
    memcpy(f->bytes + at, &value, 2);
}

struct image *parsed(const char *name)
{
    struct file f = file_read(name);
    struct hb_error error = {.text = ""};
    struct image *image = NULL;

    if (image_parse(f.bytes, f.count, name, &image, &error) != HB_OK)
        fail_msg("%s", error.text);
    file_free(&f);
    return image;
}

void refused(const struct file *f, const char *words)
{
    struct hb_error error = {.text = ""};
    struct image *image = NULL;

    assert_int_equal(image_parse(f->bytes, f->count, "bad.sys", &image, &error),
                     HB_BAD_IMAGE);
    assert_null(image);
    assert_int_equal(error.status, HB_BAD_IMAGE);
    assert_ptr_equal(strstr(error.text, "bad.sys: "), error.text);
    assert_null(strchr(error.text, '\n'));
    if (!strstr(error.text, words))
        fail_msg("\"%s\" does not say \"%s\"", error.text, words);
}

uint8_t *loaded(const struct image *image, uint32_t base,
                uint32_t (*address_of)(const char *name))
{
    uint8_t *memory = malloc(image->bytes);

    image_copy(image, 0, memory, image->bytes);
    for (uint32_t i = 0; i < image->fixups; i++) {
        const struct image_fixup *fix = &image->fixup[i];
        uint32_t word = 0, target = 0;
        unsigned bytes;

        memcpy(&word, memory + fix->rva, 4);
        if (fix->import < IMAGE_ABSOLUTE)
            target = address_of(image->import[fix->import].name);
        word = image_fix_word(image, fix, word, base, target, &bytes);
        memcpy(memory + fix->rva, &word, bytes);
    }
    return memory;
}
