/* tests/bus/media_test.c -- drives of a device: which take what, what a model
 * sees, what a save holds. Files: tests/media/media_test.c. */
#include "bench.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "media/media.h"

static void no_reset(struct device *dev)
{
    (void)dev;
}

static const struct state_row none[] = {STATE_END};
static const struct device_model changer = {
    .name = "changer",
    .state_size = sizeof(struct device),
    .rows = none,
    .drives = {MEDIA_DISK | MEDIA_CDROM, MEDIA_FLOPPY},
    .reset = no_reset,
};

struct rig {
    struct bench *b;
    struct device *dev;
    char path[64];
};

static struct medium *medium(struct rig *r, bool cow, bool fixed)
{
    struct medium *m = NULL;

    assert_int_equal(medium_open(&m, r->path, cow, fixed, NULL), HB_OK);
    return m;
}

static int setup(void **state)
{
    static const uint8_t bytes[8192] = "a medium";
    struct rig *r = calloc(1, sizeof *r);
    int fd;

    strcpy(r->path, "/tmp/halbox-drives-XXXXXX");
    fd = mkstemp(r->path);
    if (fd < 0 || write(fd, bytes, sizeof bytes) != sizeof bytes)
        return -1;
    close(fd);
    r->b = bench_create_lean();
    r->dev = bench_add(r->b, &changer, NULL);
    *state = r;
    return 0;
}

static int teardown(void **state)
{
    struct rig *r = *state;

    bench_destroy(r->b);
    unlink(r->path);
    free(r);
    return 0;
}

static void drive_takes_the_kinds_of_the_model_once(void **state)
{
    struct rig *r = *state;

    assert_true(bus_drive_takes(r->dev, 0, MEDIA_DISK));
    assert_true(bus_drive_takes(r->dev, 0, MEDIA_CDROM));
    assert_false(bus_drive_takes(r->dev, 0, MEDIA_FLOPPY));
    assert_true(bus_drive_takes(r->dev, 1, MEDIA_FLOPPY));
    assert_false(bus_drive_takes(r->dev, 2, MEDIA_DISK));
    assert_false(bus_drive_takes(r->dev, MEDIA_DRIVES, MEDIA_DISK));
    bus_drive(r->dev, 0, MEDIA_CDROM, NULL);
    assert_false(bus_drive_takes(r->dev, 0, MEDIA_DISK));
    assert_int_equal(media_drive(r->dev, 0), MEDIA_CDROM);
    assert_int_equal(media_drive(r->dev, 1), MEDIA_NONE);
    assert_int_equal(media_drive(r->dev, MEDIA_DRIVES), MEDIA_NONE);
}

static void empty_drive_has_no_bytes(void **state)
{
    struct rig *r = *state;
    uint8_t byte = 0;

    bus_drive(r->dev, 0, MEDIA_CDROM, NULL);
    for (unsigned drive = 0; drive <= MEDIA_DRIVES; drive++) {
        assert_false(media_present(r->dev, drive));
        assert_true(media_bytes(r->dev, drive) == 0);
        assert_true(media_read_only(r->dev, drive));
        assert_false(media_read(r->dev, drive, 0, &byte, 1));
        assert_false(media_write(r->dev, drive, 0, &byte, 1));
    }
}

static void model_sees_a_change_and_reads_the_new_medium(void **state)
{
    struct rig *r = *state;
    char text[9] = "";

    bus_drive(r->dev, 0, MEDIA_CDROM, NULL);
    bench_start(r->b);
    assert_int_equal(media_changes(r->dev, 0), 0);
    bus_drive_change(r->dev, 0, medium(r, false, true));
    assert_int_equal(media_changes(r->dev, 0), 1);
    assert_true(media_read(r->dev, 0, 0, text, 8));
    assert_string_equal(text, "a medium");
    assert_true(media_read_only(r->dev, 0));
    bus_reset(r->b->bus); /* who reset the machine did not touch the drive */
    assert_int_equal(media_changes(r->dev, 0), 1);
    bus_drive_change(r->dev, 0, NULL);
    assert_int_equal(media_changes(r->dev, 0), 2);
    assert_false(media_present(r->dev, 0));
}

static void reads_and_writes_are_events(void **state)
{
    struct rig *r = *state;
    uint8_t bytes[512] = {0};

    bus_drive(r->dev, 0, MEDIA_DISK, medium(r, true, false));
    bench_start(r->b);
    bench_trace(r->b, "media_*");
    assert_true(media_read(r->dev, 0, 512, bytes, 512));
    assert_true(media_write(r->dev, 0, 1024, bytes, 512));
    assert_int_equal(bench_count(r->b, "media_read device=changer drive=0 "
                                       "offset=200 bytes=512"),
                     1);
    assert_int_equal(bench_count(r->b, "media_write"), 1);
}

static void save_brings_back_copies_and_changes(void **state)
{
    struct rig *r = *state, other = {.b = bench_create_lean()};
    struct saver s;
    char text[9] = "";

    bus_drive(r->dev, 0, MEDIA_DISK, medium(r, true, false));
    bus_drive(r->dev, 1, MEDIA_FLOPPY, NULL);
    bench_start(r->b);
    bus_drive_change(r->dev, 1, medium(r, true, false));
    assert_true(media_write(r->dev, 0, 4096, "the disk", 8));
    assert_true(media_write(r->dev, 1, 0, "the disc", 8));
    strcpy(other.path, r->path);
    other.dev = bench_add(other.b, &changer, NULL);
    bus_drive(other.dev, 0, MEDIA_DISK, medium(&other, true, false));
    bus_drive(other.dev, 1, MEDIA_FLOPPY, medium(&other, true, false));
    bench_start(other.b);
    bench_save(r->b, &s);
    bench_load(other.b, &s);
    bench_same(r->b, other.b);
    assert_true(media_read(other.dev, 0, 4096, text, 8));
    assert_string_equal(text, "the disk");
    assert_true(media_read(other.dev, 1, 0, text, 8));
    assert_string_equal(text, "the disc");
    assert_int_equal(media_changes(other.dev, 1), 1);
    saver_fini(&s);
    bench_destroy(other.b);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(drive_takes_the_kinds_of_the_model_once),
        TEST(empty_drive_has_no_bytes),
        TEST(model_sees_a_change_and_reads_the_new_medium),
        TEST(reads_and_writes_are_events),
        TEST(save_brings_back_copies_and_changes),
    };

    return cmocka_run_group_tests_name("bus media", tests, NULL, NULL);
}
