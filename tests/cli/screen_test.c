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

/* The end of the run is a limit, told in one line. @kernel: NULL for none. */
static int boot_kernel(const char *option, const char *path, const char *kernel)
{
    char *argv[] = {"halbox",
                    "boot",
                    "--time-limit",
                    "1",
                    "--serial",
                    "none",
                    (char *)(uintptr_t)option,
                    (char *)(uintptr_t)path,
                    (char *)(uintptr_t)kernel};
    FILE *null = fopen("/dev/null", "w");
    int status = cli_main(kernel ? 9 : 8, argv, null, null);

    fclose(null);
    return status;
}

static int boot(const char *option, const char *path)
{
    return boot_kernel(option, path, NULL);
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

/* A bzImage whose real-mode setup writes a letter into the text memory, and
 * whose protected-mode part does nothing. */
static void write_bzimage(const char *path)
{
    static const uint8_t setup[] = {
        0xb8, 0x00, 0xb8,                         /* mov ax, b800h          */
        0x8e, 0xc0,                               /* mov es, ax             */
        0x26, 0xc7, 0x06, 0x00, 0x00, 0x40, 0x07, /* mov word [es:0], 0740h */
        0xf4, 0xeb, 0xfd,                         /* hlt, for ever          */
    };
    static const uint8_t nothing[] = {0xf4, 0xeb, 0xfd};
    static uint8_t image[5 * 512 + 512];
    FILE *f = fopen(path, "wb");

    image[0x1f1] = 4; /* sectors of setup behind the first */
    memcpy(image + 0x1fe, "\x55\xaa\xeb\x66HdrS\x06\x02", 10);
    image[0x1f4] = 512 / 16;                      /* syssize */
    image[0x211] = 0x81;                          /* high, heap */
    memcpy(image + 0x214, "\0\0\x10\0", 4);       /* code32_start */
    memcpy(image + 0x22c, "\xff\xff\xff\x37", 4); /* initrd_addr_max */
    memcpy(image + 0x238, "\xff\x07", 2);         /* cmdline_size */
    memcpy(image + 0x268, setup, sizeof setup);
    memcpy(image + 5 * 512, nothing, sizeof nothing);
    assert_int_equal(fwrite(image, 1, sizeof image, f), sizeof image);
    fclose(f);
}

/* Nobody else sets its mode: the BIOS comes by itself. */
static void who_looks_at_linux_gets_a_bios(void **state)
{
    char *path = new_file(), *kernel = new_file(), first[2] = "";
    FILE *file;

    (void)state;
    write_bzimage(kernel);
    assert_int_equal(boot_kernel("--screen-text", path, kernel), CLI_FAILED);
    file = fopen(path, "r");
    assert_non_null(fgets(first, sizeof first, file));
    assert_string_equal(first, "@");
    fclose(file);
    unlink(path);
    unlink(kernel);
    free(path);
    free(kernel);
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
        cmocka_unit_test(who_looks_at_linux_gets_a_bios),
        cmocka_unit_test(the_picture_of_the_screen_is_written),
        cmocka_unit_test(a_file_that_cannot_be_written_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
