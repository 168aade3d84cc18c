/* tests/cli/sound_test.c -- what a sound card plays, in a wav file and on the
 * host: SDL's driver that writes a file instead. */
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

#include "cli/cli.h"

enum { HEADER = 44, FRAMES = 1000, FIRST = 0x12345678, ROOM = 1 << 22 };

/* images/bare/sb16_play.S: a congruential sequence, a frame each. */
static uint32_t after(uint32_t frame)
{
    return frame * 1664525 + 1013904223;
}

/* The card plays it with one option more; the exit value is 0 at port F4h. */
static void play(const char *option, const char *value)
{
    char *argv[] = {"halbox",
                    "boot",
                    "--device",
                    "sb16",
                    (char *)(uintptr_t)option,
                    (char *)(uintptr_t)value,
                    HALBOX_IMAGES "/sb16_play"};
    FILE *null = fopen("/dev/null", "w");

    assert_int_equal(cli_main(7, argv, null, null), 1);
    fclose(null);
}

static char *new_file(void)
{
    char *path = strdup("/tmp/halbox-sound-XXXXXX");

    close(mkstemp(path));
    return path;
}

/* All of the file, which goes. */
static size_t read_file(char *path, uint8_t *bytes)
{
    FILE *f = fopen(path, "rb");
    size_t n;

    assert_non_null(f);
    n = fread(bytes, 1, ROOM, f);
    fclose(f);
    unlink(path);
    free(path);
    return n;
}

static uint32_t little(const uint8_t *p, unsigned bytes)
{
    uint32_t v = 0;

    for (unsigned i = 0; i < bytes; i++)
        v |= (uint32_t)p[i] << 8 * i;
    return v;
}

static void a_wav_holds_what_the_card_played_bit_for_bit(void **state)
{
    uint8_t *bytes = malloc(ROOM);
    char *path = new_file();
    uint32_t v = FIRST;

    (void)state;
    play("--wav", path);
    assert_int_equal(read_file(path, bytes), HEADER + 4 * FRAMES);
    assert_memory_equal(bytes, "RIFF", 4);
    assert_memory_equal(bytes + 8, "WAVEfmt ", 8);
    assert_int_equal(little(bytes + 4, 4), HEADER - 8 + 4 * FRAMES);
    assert_int_equal(little(bytes + 22, 2), 2);
    assert_int_equal(little(bytes + 24, 4), 44100);
    assert_int_equal(little(bytes + 34, 2), 16);
    assert_int_equal(little(bytes + 40, 4), 4 * FRAMES);
    for (unsigned i = 0; i < FRAMES; i++, v = after(v))
        assert_int_equal(little(bytes + HEADER + 4 * i, 4), v);
    free(bytes);
}

#ifdef HALBOX_SDL
/* The host may be slow: between frames there is silence then. */
static void the_host_hears_every_frame_in_order(void **state)
{
    uint8_t *bytes = malloc(ROOM);
    char *path = new_file();
    uint32_t v = FIRST;
    unsigned heard = 0;
    size_t n;

    (void)state;
    setenv("SDL_AUDIODRIVER", "disk", 1);
    setenv("SDL_DISKAUDIOFILE", path, 1);
    setenv("SDL_DISKAUDIODELAY", "5", 1);
    play("--sound", "sdl");
    n = read_file(path, bytes);
    for (size_t at = 0; at + 4 <= n; at += 4) {
        if (little(bytes + at, 4) == 0)
            continue;
        assert_int_equal(little(bytes + at, 4), v);
        v = after(v);
        heard++;
    }
    assert_int_equal(heard, FRAMES);
    free(bytes);
}

static void a_host_without_sound_is_one_line(void **state)
{
    char *argv[] = {"halbox", "boot", "--sound", "sdl",
                    HALBOX_IMAGES "/sb16_play"};
    char *text = NULL;
    size_t bytes;
    FILE *err = open_memstream(&text, &bytes);

    (void)state;
    setenv("SDL_AUDIODRIVER", "nothing", 1);
    assert_int_equal(cli_main(5, argv, err, err), CLI_HOST);
    fclose(err);
    assert_non_null(strstr(text, "halbox: the host has no sound device: "));
    assert_ptr_equal(strchr(text, '\n'), text + bytes - 1);
    free(text);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_wav_holds_what_the_card_played_bit_for_bit),
#ifdef HALBOX_SDL
        cmocka_unit_test(the_host_hears_every_frame_in_order),
        cmocka_unit_test(a_host_without_sound_is_one_line),
#endif
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
