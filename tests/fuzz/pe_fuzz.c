/* tests/fuzz/pe_fuzz.c -- any bytes as a driver image. */
#include "loader.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    struct hb_error error;
    struct image *image;

    if (image_parse(bytes, count, "fuzz.sys", &image, &error) == HB_OK)
        fuzz_load(image);
    return 0;
}
