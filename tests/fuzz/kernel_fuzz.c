/* tests/fuzz/kernel_fuzz.c -- any bytes as a kernel: what is accepted lies in
 * the file. */
#include "loader.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

static size_t touch(const struct image *image)
{
    size_t sum = 0;

    for (uint32_t i = 0; i < image->segments; i++) {
        const struct image_segment *s = &image->segment[i];

        fuzz_must(s->filled <= s->bytes && s->rva + s->bytes >= s->rva);
        fuzz_must(s->offset <= image->file_bytes &&
                  s->filled <= image->file_bytes - s->offset);
        if (s->filled)
            sum +=
                image->file[s->offset] + image->file[s->offset + s->filled - 1];
    }
    if (image->kind == IMAGE_LINUX) {
        fuzz_must(image->linux_boot.header_end <= image->file_bytes);
        fuzz_must(image->linux_boot.setup_bytes < image->file_bytes);
    }
    return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    struct hb_error error;
    struct image *image;
    volatile size_t sum;

    if (image_parse_kernel(bytes, count, "fuzz", &image, &error) != HB_OK)
        return 0;
    sum = touch(image);
    (void)sum;
    image_free(image);
    return 0;
}
