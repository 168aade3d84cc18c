/* src/cli/png.c -- libpng's simplified interface does it. */
#include "cli/png.h"

#include <png.h>
#include <stdlib.h>

bool png_write(FILE *file, const uint32_t *pixels, uint32_t width,
               uint32_t height)
{
    png_image image = {.version = PNG_IMAGE_VERSION,
                       .width = width,
                       .height = height,
                       .format = PNG_FORMAT_RGB};
    uint8_t *rgb = malloc((size_t)width * height * 3);
    bool good;

    for (size_t i = 0; rgb && i < (size_t)width * height; i++) {
        rgb[3 * i] = (uint8_t)(pixels[i] >> 16);
        rgb[3 * i + 1] = (uint8_t)(pixels[i] >> 8);
        rgb[3 * i + 2] = (uint8_t)pixels[i];
    }
    good = rgb && png_image_write_to_stdio(&image, file, 0, rgb, 0, NULL);
    free(rgb);
    return good;
}
