/* src/cli/png.h -- a picture as a PNG file. */
#ifndef CLI_PNG_H
#define CLI_PNG_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/** png_write() - @width times @height dots, 00RRGGBB, row by row. False: the
 *  host could not. */
bool png_write(FILE *file, const uint32_t *pixels, uint32_t width,
               uint32_t height);

#endif
