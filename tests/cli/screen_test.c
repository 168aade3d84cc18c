/* tests/cli/screen_test.c -- boot writes what the screen shows: Debian's BIOS
 * and VGA BIOS, unmodified, to where they find nothing to boot. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
/* clang-format on */

#include <png.h>

#include "cli/cli.h"

/* The end of the run is a limit, told in one line. */
static int boot(const char *option, const char *path)
{
    char *argv[] = {"halbox",
                    "boot",
                    "--time-limit",
                    "1",
                    "--serial",
                    "none",
                    (char *)(uintptr_t)option,
                    (char *)(uintptr_t)path};
    FILE *null = fopen("/dev/null", "w");
    int status = cli_main(8, argv, null, null);

    fclose(null);
    return status;
}

static char *new_file(void)
{
    char *path = strdup("/tmp/halbox-screen-XXXXXX");

    close(mkstemp(path));
    return path;
}

static void the_text_of_the_screen_is_written(void **state)
{
    char *path = new_file(), text[4096];
    FILE *file;
    size_t n;

    (void)state;
    assert_int_equal(boot("--screen-text", path), CLI_FAILED);
    file = fopen(path, "r");
    n = fread(text, 1, sizeof text - 1, file);
    text[n] = 0;
    fclose(file);
    assert_ptr_equal(strstr(text, "SeaBIOS (version"), text);
    assert_non_null(strstr(text, "\nNo bootable device."));
    unlink(path);
    free(path);
}

/* 720 x 400, white letters: grey by the palette that the BIOS sets. */
static void the_picture_of_the_screen_is_written(void **state)
{
    png_image image = {.version = PNG_IMAGE_VERSION};
    char *path = new_file();
    uint8_t *rgb;
    unsigned grey = 0, black = 0;

    (void)state;
    assert_int_equal(boot("--screenshot", path), CLI_FAILED);
    assert_true(png_image_begin_read_from_file(&image, path));
    image.format = PNG_FORMAT_RGB;
    assert_int_equal(image.width, 720);
    assert_int_equal(image.height, 400);
    rgb = malloc(PNG_IMAGE_SIZE(image));
    assert_true(png_image_finish_read(&image, NULL, rgb, 0, NULL));
    for (unsigned i = 0; i < 720 * 400; i++) {
        grey += rgb[3 * i] == 0xaa && rgb[3 * i + 2] == 0xaa;
        black += !rgb[3 * i] && !rgb[3 * i + 1] && !rgb[3 * i + 2];
    }
    assert_int_equal(grey + black, 720 * 400);
    assert_in_range(grey, 2000, 12000);
    free(rgb);
    unlink(path);
    free(path);
}

static void a_file_that_cannot_be_written_is_told(void **state)
{
    (void)state;
    assert_int_equal(boot("--screen-text", "/nowhere/text"), CLI_HOST);
    assert_int_equal(boot("--screenshot", "/nowhere/picture"), CLI_HOST);
    assert_int_equal(boot("--display", "paper"), CLI_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_text_of_the_screen_is_written),
        cmocka_unit_test(the_picture_of_the_screen_is_written),
        cmocka_unit_test(a_file_that_cannot_be_written_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
