/* tests/media/media_test.c -- media from files: raw, read only, copies, .gz. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "media/media.h"

enum { BYTES = 3 * 4096 + 512 };

/* A file of the test's own with a pattern in it. */
struct file {
    char path[64];
    uint8_t bytes[BYTES];
};

static int setup(void **state)
{
    struct file *f = calloc(1, sizeof *f);
    int fd;

    strcpy(f->path, "/tmp/halbox-media-XXXXXX");
    fd = mkstemp(f->path);
    for (unsigned i = 0; i < BYTES; i++)
        f->bytes[i] = (uint8_t)(i * 7 + i / 256);
    if (fd < 0 || write(fd, f->bytes, BYTES) != BYTES)
        return -1;
    close(fd);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct file *f = *state;

    unlink(f->path);
    free(f);
    return 0;
}

static void write_gz(struct file *f, const void *bytes, unsigned n,
                     const char *mode)
{
    gzFile gz = gzopen(f->path, mode);

    assert_non_null(gz);
    assert_int_equal(gzwrite(gz, bytes, n), n);
    gzclose(gz);
}

static struct medium *opened(const char *path, bool cow, bool fixed)
{
    struct medium *m = NULL;
    struct hb_error error = {0};

    if (medium_open(&m, path, cow, fixed, &error) != HB_OK)
        fail_msg("%s", error.text);
    assert_string_equal(medium_path(m), path);
    return m;
}

static void refuses(const char *path, enum hb_status status, const char *words)
{
    struct medium *m = NULL;
    struct hb_error error = {0};

    assert_int_equal(medium_open(&m, path, false, false, &error), status);
    if (!strstr(error.text, words) || !strstr(error.text, path))
        fail_msg("'%s' does not say '%s' and the file", error.text, words);
}

static void file_is(const struct file *f, const void *bytes)
{
    uint8_t now[BYTES + 1];
    int fd = open(f->path, O_RDONLY);

    assert_int_equal(read(fd, now, sizeof now), BYTES);
    assert_memory_equal(now, bytes, BYTES);
    close(fd);
}

static void raw_file_is_read_and_written_in_place(void **state)
{
    struct file *f = *state;
    struct medium *m = opened(f->path, false, false);
    uint8_t got[1000];

    assert_int_equal(medium_bytes(m), BYTES);
    assert_false(medium_read_only(m));
    assert_true(medium_read(m, 4000, got, sizeof got));
    assert_memory_equal(got, f->bytes + 4000, sizeof got);
    memset(f->bytes + 4090, 0xee, 20);
    assert_true(medium_write(m, 4090, f->bytes + 4090, 20));
    medium_close(m);
    file_is(f, f->bytes);
}

static void nothing_is_read_or_written_outside_the_medium(void **state)
{
    static const struct {
        uint64_t at;
        uint32_t bytes;
    } bad[] = {{BYTES, 1},        {BYTES - 1, 2},
               {UINT64_MAX, 1},   {UINT64_MAX - 511, 512},
               {0, BYTES + 1},    {0, UINT32_MAX},
               {1ull << 63, 512}, {(uint64_t)0 - BYTES, BYTES}};
    struct file *f = *state;
    uint8_t got[512] = {0};

    for (unsigned cow = 0; cow < 2; cow++) {
        struct medium *m = opened(f->path, cow, false);

        for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++) {
            assert_false(medium_read(m, bad[i].at, got, bad[i].bytes));
            assert_false(medium_write(m, bad[i].at, got, bad[i].bytes));
        }
        assert_true(medium_write(m, BYTES - 1, f->bytes + BYTES - 1, 1));
        medium_close(m);
    }
    file_is(f, f->bytes);
}

static void file_that_may_not_be_written_is_read_only(void **state)
{
    struct file *f = *state;
    struct medium *m;

    m = opened(f->path, true, true); /* a CD: cow or not */
    assert_true(medium_read_only(m));
    assert_false(medium_write(m, 0, "x", 1));
    medium_close(m);
    if (geteuid() == 0)
        return; /* may write anything */
    chmod(f->path, 0400);
    m = opened(f->path, false, false);
    assert_true(medium_read_only(m));
    assert_false(medium_write(m, 0, "x", 1));
    medium_close(m);
    m = opened(f->path, true, false);
    assert_false(medium_read_only(m));
    assert_true(medium_write(m, 0, "x", 1));
    medium_close(m);
}

static void copy_on_write_leaves_the_file_alone(void **state)
{
    struct file *f = *state;
    uint8_t want[BYTES], got[BYTES];
    struct medium *m = opened(f->path, true, false);

    memcpy(want, f->bytes, BYTES);
    memset(want + 4090, 0xee, 5000); /* two block edges */
    memset(want + BYTES - 3, 0x11, 3);
    assert_true(medium_write(m, 4090, want + 4090, 5000));
    assert_true(medium_write(m, BYTES - 3, want + BYTES - 3, 3));
    assert_true(medium_read(m, 0, got, BYTES));
    assert_memory_equal(got, want, BYTES);
    for (unsigned at = 0; at + 700 < BYTES; at += 333) {
        assert_true(medium_read(m, at, got, 700));
        assert_memory_equal(got, want + at, 700);
    }
    medium_close(m);
    file_is(f, f->bytes);
}

static void gz_is_unpacked_and_written_on_a_copy(void **state)
{
    struct file *f = *state;
    uint8_t got[BYTES];
    struct medium *m;

    write_gz(f, f->bytes, 5000, "wb");
    write_gz(f, f->bytes + 5000, BYTES - 5000, "ab"); /* a second member */
    m = opened(f->path, false, false);
    assert_int_equal(medium_bytes(m), BYTES);
    assert_true(medium_read(m, 0, got, BYTES));
    assert_memory_equal(got, f->bytes, BYTES);
    assert_true(medium_write(m, 5, "hello", 5));
    assert_true(medium_read(m, 4, got, 7));
    assert_memory_equal(got + 1, "hello", 5);
    medium_close(m);
    m = opened(f->path, false, true);
    assert_true(medium_read_only(m));
    assert_true(medium_read(m, 0, got, BYTES));
    assert_memory_equal(got, f->bytes, BYTES);
    medium_close(m);
}

static void gz_of_zeroes_is_as_long_as_it_says(void **state)
{
    static const uint8_t zeroes[200000];
    struct file *f = *state;
    uint8_t got[4096];
    struct medium *m;

    write_gz(f, zeroes, sizeof zeroes, "wb");
    m = opened(f->path, false, false);
    assert_int_equal(medium_bytes(m), sizeof zeroes);
    assert_true(medium_read(m, sizeof zeroes - sizeof got, got, sizeof got));
    assert_memory_equal(got, zeroes, sizeof got);
    medium_close(m);
}

static void what_is_no_medium_is_refused_with_one_line(void **state)
{
    struct file *f = *state;
    uint8_t gz[BYTES];
    int fd;
    ssize_t n;

    refuses("/tmp", HB_NO_FILE, "a medium is a file");
    refuses("/no/such/file", HB_NO_FILE, "No such file");
    refuses("/dev/null", HB_NO_FILE, "a medium is a file");
    write_gz(f, f->bytes, BYTES, "wb");
    fd = open(f->path, O_RDWR);
    n = read(fd, gz, sizeof gz);
    assert_int_equal(ftruncate(fd, n - 20), 0);
    refuses(f->path, HB_BAD_IMAGE, "cut short");
    gz[40] ^= 0xff;
    assert_int_equal(pwrite(fd, gz, (size_t)n, 0), n);
    refuses(f->path, HB_BAD_IMAGE, "damaged .gz");
    assert_int_equal(ftruncate(fd, 0), 0);
    close(fd);
    refuses(f->path, HB_BAD_IMAGE, "empty");
}

static void file_that_got_shorter_is_an_error_of_the_medium(void **state)
{
    struct file *f = *state;
    uint8_t got[512];

    for (unsigned cow = 0; cow < 2; cow++) {
        struct medium *m = opened(f->path, cow, false);

        assert_int_equal(truncate(f->path, 4096), 0);
        assert_true(medium_read(m, 3584, got, 512));
        assert_false(medium_read(m, 8192, got, 512));
        assert_int_equal(medium_write(m, 8192, got, 512), !cow);
        medium_close(m);
        assert_int_equal(truncate(f->path, BYTES), 0);
    }
}

static void copy_is_in_a_save_and_the_file_is_not(void **state)
{
    struct file *f = *state;
    struct medium *a = opened(f->path, true, false);
    struct medium *b = opened(f->path, true, false);
    struct saver sa = {0}, sb = {0};
    struct loader l;
    uint8_t got[20];

    assert_true(medium_write(a, 4090, "written on the copy", 20));
    assert_true(medium_write(b, 0, "gone by the load", 17));
    medium_save(a, &sa);
    assert_true(sa.count < 3 * 4096);
    l = (struct loader){.bytes = sa.bytes, .count = sa.count};
    assert_int_equal(medium_load(b, &l, NULL), HB_OK);
    assert_true(medium_read(b, 4090, got, 20));
    assert_string_equal((char *)got, "written on the copy");
    assert_true(medium_read(b, 0, got, 20));
    assert_memory_equal(got, f->bytes, 20);
    medium_save(b, &sb);
    assert_int_equal(sa.count, sb.count);
    assert_memory_equal(sa.bytes, sb.bytes, sa.count);
    saver_fini(&sa);
    saver_fini(&sb);
    medium_close(a);
    medium_close(b);
}

static void save_of_another_size_or_damaged_is_refused(void **state)
{
    struct file *f = *state;
    struct medium *a = opened(f->path, true, false), *b;
    struct saver s = {0};
    struct hb_error error;
    struct loader l;

    assert_true(medium_write(a, 0, "x", 1));
    medium_save(a, &s);
    medium_close(a);
    b = opened(f->path, true, false);
    for (size_t n = 0; n < s.count; n += 7) {
        l = (struct loader){.bytes = s.bytes, .count = n};
        assert_int_equal(medium_load(b, &l, &error), HB_BAD_IMAGE);
    }
    s.bytes[8] = 99; /* a block past the end */
    l = (struct loader){.bytes = s.bytes, .count = s.count};
    assert_int_equal(medium_load(b, &l, &error), HB_BAD_IMAGE);
    medium_close(b);
    assert_int_equal(truncate(f->path, 8192), 0);
    b = opened(f->path, true, false);
    l = (struct loader){.bytes = s.bytes, .count = s.count};
    assert_int_equal(medium_load(b, &l, &error), HB_BAD_IMAGE);
    assert_non_null(strstr(error.text, "8192"));
    assert_non_null(strstr(error.text, f->path));
    medium_close(b);
    saver_fini(&s);
}

/* A sparse file of 4 TiB: tables alone, and its last block. */
static void large_sparse_file_costs_what_is_written(void **state)
{
    struct file *f = *state;
    struct medium *m;
    uint8_t got[5] = {0};

    if (truncate(f->path, (off_t)4 << 40) != 0)
        skip(); /* the host's file system has no such files */
    m = opened(f->path, true, false);
    assert_true(medium_write(m, ((uint64_t)4 << 40) - 5, "world", 5));
    assert_true(medium_read(m, ((uint64_t)4 << 40) - 5, got, 5));
    assert_memory_equal(got, "world", 5);
    medium_close(m);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(raw_file_is_read_and_written_in_place),
        TEST(nothing_is_read_or_written_outside_the_medium),
        TEST(file_that_may_not_be_written_is_read_only),
        TEST(copy_on_write_leaves_the_file_alone),
        TEST(gz_is_unpacked_and_written_on_a_copy),
        TEST(gz_of_zeroes_is_as_long_as_it_says),
        TEST(what_is_no_medium_is_refused_with_one_line),
        TEST(file_that_got_shorter_is_an_error_of_the_medium),
        TEST(copy_is_in_a_save_and_the_file_is_not),
        TEST(save_of_another_size_or_damaged_is_refused),
        TEST(large_sparse_file_costs_what_is_written),
    };

    return cmocka_run_group_tests_name("media", tests, NULL, NULL);
}
