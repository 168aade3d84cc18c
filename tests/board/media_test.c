/* tests/board/media_test.c -- drives of a description: what is written of them,
 * where they go, and media that change while the machine runs. */
#include "bare.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "board/board.h"

#define IDE  "piix3_ide"
#define SCSI "aha1542"

enum { SECTORS = 64, SECTOR = 512, FILES = 3 };

/* Three files of one size; each is full of its number. */
struct files {
    char path[FILES][64];
    struct machine_config config;
    struct hb_error e;
};

static int setup(void **state)
{
    struct files *f = calloc(1, sizeof *f);
    uint8_t bytes[SECTORS * SECTOR];

    for (unsigned i = 0; i < FILES; i++) {
        int fd;

        strcpy(f->path[i], "/tmp/halbox-board-media-XXXXXX");
        fd = mkstemp(f->path[i]);
        memset(bytes, (int)i + 1, sizeof bytes);
        if (fd < 0 || write(fd, bytes, sizeof bytes) != sizeof bytes)
            return -1;
        close(fd);
    }
    *state = f;
    if (machine_config_init(&f->config, NULL, NULL) != HB_OK)
        return -1;
    f->config.bare = true;
    f->config.memory = 16 << 20;
    return 0;
}

static int teardown(void **state)
{
    struct files *f = *state;

    for (unsigned i = 0; i < FILES; i++)
        unlink(f->path[i]);
    free(f);
    return 0;
}

/* The value of @key: file @n with @options. */
static enum hb_status put(struct files *f, const char *key, unsigned n,
                          const char *options)
{
    char text[128];

    snprintf(text, sizeof text, "%s%s", f->path[n], options);
    return machine_config_set(&f->config, key, text, &f->e);
}

static struct machine *create(struct files *f)
{
    struct machine *m = NULL;

    if (machine_create(&m, &f->config, &f->e) != HB_OK)
        fail_msg("%s", f->e.text);
    return m;
}

static void refused(struct files *f, enum hb_status status, const char *text)
{
    struct machine *m = NULL;

    assert_int_equal(machine_create(&m, &f->config, &f->e), status);
    assert_null(m);
    assert_non_null(strstr(f->e.text, text));
}

/* The first byte of the medium in a drive; -1: there is none. */
static int first(struct machine *m, const char *device, unsigned drive)
{
    uint8_t byte;

    return media_read(bus_find(m->bus, device), drive, 0, &byte, 1) ? byte : -1;
}

static void
drives_that_are_asked_for_go_before_those_that_take_what_is_left(void **state)
{
    struct files *f = *state;
    struct machine *m;

    assert_int_equal(put(f, "disk", 0, ""), HB_OK);
    assert_int_equal(put(f, "cdrom", 1, ""), HB_OK);
    assert_int_equal(put(f, "disk", 2, ",to=" IDE ",drive=0"), HB_OK);
    m = create(f);
    assert_int_equal(first(m, IDE, 0), 3);
    assert_int_equal(first(m, IDE, 1), 1);
    assert_int_equal(first(m, IDE, 2), 2);
    assert_int_equal(first(m, IDE, 3), -1);
    assert_int_equal(media_drive(bus_find(m->bus, IDE), 2), MEDIA_CDROM);
    assert_true(media_read_only(bus_find(m->bus, IDE), 2));
    assert_string_equal(m->config.medium[0].to, IDE);
    assert_int_equal(m->config.medium[0].drive, 1);
    machine_destroy(m);
}

static void a_device_that_is_named_gets_it(void **state)
{
    struct files *f = *state;
    struct machine *m;

    assert_int_equal(machine_config_device(&f->config, SCSI, NULL), HB_OK);
    assert_int_equal(put(f, "disk", 0, ",to=" SCSI), HB_OK);
    assert_int_equal(put(f, "disk", 1, ",to=" SCSI ",drive=5"), HB_OK);
    m = create(f);
    assert_int_equal(first(m, SCSI, 0), 1);
    assert_int_equal(first(m, SCSI, 5), 2);
    assert_int_equal(first(m, IDE, 0), -1);
    machine_destroy(m);
}

static void a_drive_that_no_device_has_is_one_error(void **state)
{
    struct files *f = *state;

    assert_int_equal(put(f, "disk", 0, ",to=" SCSI), HB_OK);
    refused(f, HB_NOT_FOUND, "no device " SCSI " has a free drive");
    f->config.media = 0;
    assert_int_equal(put(f, "disk", 0, ",drive=1,to=" IDE), HB_OK);
    assert_int_equal(put(f, "disk", 1, ",drive=1,to=" IDE), HB_OK);
    refused(f, HB_NOT_FOUND, f->path[1]);
    f->config.media = 0;
    for (unsigned i = 0; i < 5; i++)
        assert_int_equal(put(f, "disk", 0, ",cow=on"), HB_OK);
    refused(f, HB_NOT_FOUND, "disk");
}

static void files_that_cannot_be_opened_are_one_error(void **state)
{
    struct files *f = *state;

    assert_int_equal(
        machine_config_set(&f->config, "cdrom", "/no/such/file", NULL), HB_OK);
    refused(f, HB_NO_FILE, "/no/such/file");
    f->config.media = 0;
    assert_int_equal(truncate(f->path[0], 0), 0);
    assert_int_equal(put(f, "disk", 0, ""), HB_OK);
    refused(f, HB_BAD_IMAGE, f->path[0]);
}

static void what_is_written_of_a_drive_is_checked(void **state)
{
    static const char *const bad[] = {",",        ",cow",     ",cow=yes",
                                      ",to=",     ",drive=",  ",drive=16",
                                      ",drive=x", ",speed=4", ",cow=on,"};
    struct files *f = *state;
    char text[MACHINE_MEDIUM_PATH + 2];

    for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(put(f, "cdrom", 0, bad[i]), HB_BAD_ARGUMENT);
        assert_non_null(strstr(f->e.text, "cdrom: '"));
    }
    assert_int_equal(machine_config_set(&f->config, "disk", "none", NULL),
                     HB_BAD_ARGUMENT);
    assert_int_equal(machine_config_set(&f->config, "disk", "", NULL),
                     HB_BAD_ARGUMENT);
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = 0;
    assert_int_equal(machine_config_set(&f->config, "disk", text, NULL),
                     HB_BAD_ARGUMENT);
    assert_int_equal(f->config.media, 0);
    for (unsigned i = 0; i < MACHINE_MEDIA; i++)
        assert_int_equal(put(f, "floppy", 0, ""), HB_OK);
    assert_int_equal(put(f, "floppy", 0, ""), HB_FULL);
}

static void change(struct files *f, struct machine *m, const char *text)
{
    if (machine_change_medium(m, IDE, 2, text, &f->e) != HB_OK)
        fail_msg("%s", f->e.text);
}

static void a_medium_changes_while_the_machine_runs(void **state)
{
    struct files *f = *state;
    struct machine *m, *again = NULL;
    uint8_t *bytes;
    size_t count;

    assert_int_equal(put(f, "disk", 0, ""), HB_OK);
    assert_int_equal(put(f, "cdrom", 1, ",drive=2"), HB_OK);
    m = create(f);
    change(f, m, "none");
    assert_int_equal(first(m, IDE, 2), -1);
    assert_int_equal(media_drive(bus_find(m->bus, IDE), 2), MEDIA_CDROM);
    change(f, m, f->path[2]);
    assert_int_equal(first(m, IDE, 2), 3);
    assert_int_equal(media_changes(bus_find(m->bus, IDE), 2), 2);
    assert_int_equal(machine_save_bytes(m, &bytes, &count, NULL), HB_OK);
    assert_int_equal(machine_load_bytes(&again, bytes, count, NULL), HB_OK);
    assert_int_equal(first(again, IDE, 2), 3);
    bare_equal(m, again);
    free(bytes);
    machine_destroy(again);
    machine_destroy(m);
}

static void a_change_that_cannot_be_changes_nothing(void **state)
{
    struct files *f = *state;
    struct machine *m;

    assert_int_equal(put(f, "disk", 0, ""), HB_OK);
    assert_int_equal(put(f, "cdrom", 1, ",drive=2"), HB_OK);
    m = create(f);
    assert_int_equal(machine_change_medium(m, IDE, 0, "none", &f->e),
                     HB_NOT_FOUND);
    assert_int_equal(machine_change_medium(m, IDE, 3, "none", &f->e),
                     HB_NOT_FOUND);
    assert_int_equal(machine_change_medium(m, "no such", 2, "none", &f->e),
                     HB_NOT_FOUND);
    assert_int_equal(machine_change_medium(m, IDE, 2, "/no/such/file", &f->e),
                     HB_NO_FILE);
    assert_int_equal(machine_change_medium(m, IDE, 2, ",cow=on", &f->e),
                     HB_BAD_ARGUMENT);
    assert_int_equal(first(m, IDE, 2), 2);
    assert_int_equal(media_changes(bus_find(m->bus, IDE), 2), 0);
    machine_destroy(m);
}

static uint8_t cmos(struct machine *m, uint8_t at)
{
    bus_out(m->bus, 0x70, 1, at);
    return (uint8_t)bus_in(m->bus, 0x71, 1);
}

/* A drive's type is its medium's, 360K and less are of one; an empty drive's is
 * 1.44M. What else a BIOS asks: equipment, and the order in which it boots. */
static void floppy_drives_are_in_cmos_memory(void **state)
{
    struct files *f = *state;
    struct machine *m = create(f);

    assert_int_equal(cmos(m, 0x10), 0);
    assert_int_equal(cmos(m, 0x14) & 0xc1, 0);
    assert_int_equal(cmos(m, 0x3d), 0x21);
    assert_int_equal(cmos(m, 0x38), 0x30);
    machine_destroy(m);
    assert_int_equal(put(f, "floppy", 0, ""), HB_OK);
    assert_int_equal(machine_config_set(&f->config, "boot", "nca", &f->e),
                     HB_OK);
    m = create(f);
    assert_int_equal(first(m, "fdc82077", 0), 1);
    assert_int_equal(cmos(m, 0x10), 0x10);
    assert_int_equal(cmos(m, 0x14) & 0xc1, 1);
    assert_int_equal(cmos(m, 0x3d), 0x24);
    assert_int_equal(cmos(m, 0x38), 0x10);
    machine_destroy(m);
    assert_int_equal(machine_config_set(&f->config, "floppy", "none", &f->e),
                     HB_OK);
    m = create(f);
    assert_int_equal(cmos(m, 0x10), 0x14);
    assert_int_equal(cmos(m, 0x14) & 0xc1, 0x41);
    machine_destroy(m);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(drives_that_are_asked_for_go_before_those_that_take_what_is_left),
        TEST(a_device_that_is_named_gets_it),
        TEST(a_drive_that_no_device_has_is_one_error),
        TEST(files_that_cannot_be_opened_are_one_error),
        TEST(what_is_written_of_a_drive_is_checked),
        TEST(floppy_drives_are_in_cmos_memory),
        TEST(a_medium_changes_while_the_machine_runs),
        TEST(a_change_that_cannot_be_changes_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
