/* tests/fuzz/elf_fuzz.c -- any bytes as an ELF driver. */
#include "loader.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    struct hb_error error;
    struct image *image;

    if (image_parse(bytes, count, "fuzz.o", &image, &error) == HB_OK)
        fuzz_load(image);
    return 0;
}
