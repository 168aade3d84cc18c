/* tests/image/unpack_test.c -- .gz, kernels and raw bytes. */
#include <stdlib.h>
#include <zlib.h>

#include "bench.h"

static struct file packed(const uint8_t *bytes, size_t count)
{
    struct file f = {.bytes = malloc(count + 1024)};
    z_stream z = {.next_in = (Bytef *)(uintptr_t)bytes,
                  .avail_in = (uInt)count,
                  .next_out = f.bytes,
                  .avail_out = (uInt)count + 1024};

    assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY),
                     Z_OK);
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    f.count = z.total_out;
    deflateEnd(&z);
    return f;
}

static void a_gz_is_the_image_that_it_packs(void **state)
{
    static const char *const files[] = {"parts_10000.sys", "elf_parts.o"};

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct file f = file_read(files[i]);
        struct file gz = packed(f.bytes, f.count);
        struct image *image = NULL;
        struct hb_error error;

        assert_int_equal(
            image_parse(gz.bytes, gz.count, "dir/a.sys.gz", &image, &error),
            HB_OK);
        assert_string_equal(image->name, "a.sys");
        assert_int_equal(image->file_bytes, f.count);
        assert_memory_equal(image->file, f.bytes, f.count);
        image_free(image);
        file_free(&gz);
        file_free(&f);
    }
}

static void a_damaged_gz_is_refused(void **state)
{
    struct file f = file_read("parts_10000.sys");
    struct file gz = packed(f.bytes, f.count);
    size_t whole = gz.count;

    (void)state;
    for (gz.count = 2; gz.count < whole; gz.count += 11)
        refused(&gz, "damaged .gz file");
    gz.count = whole;
    gz.bytes[whole - 6] ^= 1; /* the checksum */
    refused(&gz, "damaged .gz file");
    file_free(&gz);
    file_free(&f);
}

static void a_gz_that_unpacks_without_end_is_refused(void **state)
{
    size_t count = (size_t)IMAGE_MAX_UNPACKED + 1;
    uint8_t *zeroes = calloc(1, count);
    struct file gz = packed(zeroes, count);

    (void)state;
    refused(&gz, "unpacks to more than");
    file_free(&gz);
    free(zeroes);
}

static void something_else_is_refused(void **state)
{
    struct file f = {.bytes = (uint8_t *)"#!/bin/sh\n", .count = 10};

    (void)state;
    refused(&f, "neither a PE (.sys) nor an ELF");
}

static void a_missing_file_is_no_bad_image(void **state)
{
    struct hb_error error;
    struct image *image = NULL;

    (void)state;
    assert_int_equal(image_load("/nowhere/a.sys", &image, &error), HB_NO_FILE);
    assert_non_null(strstr(error.text, "/nowhere/a.sys: cannot open"));
    assert_int_equal(image_load_kernel("/nowhere/k", &image, &error),
                     HB_NO_FILE);
}

static void files_are_loaded_by_path(void **state)
{
    struct hb_error error;
    struct image *image = NULL;

    (void)state;
    assert_int_equal(image_load(HALBOX_IMAGES "/importer.sys", &image, &error),
                     HB_OK);
    assert_string_equal(image->name, "importer.sys");
    image_free(image);
}

static void
a_kernel_linked_high_is_entered_at_its_physical_address(void **state)
{
    struct hb_error error;
    struct image *image = NULL;

    (void)state;
    assert_int_equal(image_load_kernel(HALBOX_IMAGES "/mb_elf", &image, &error),
                     HB_OK);
    assert_true(image->multiboot);
    assert_int_equal(image->mb.flags, 3);
    assert_int_equal(image->base, 0);
    assert_int_equal(image->segments, 1);
    assert_int_equal(image->segment[0].rva, 0x100000);
    assert_true(image->segment[0].bytes >= image->segment[0].filled + 100);
    assert_int_equal(image->entry, 0x10000c);
    image_free(image);
}

/* A flat kernel: header at byte 16, loaded from byte 8 on. */
static void multiboot_addresses_say_where_a_flat_kernel_goes(void **state)
{
    uint32_t word[16] = {0};
    struct image *image = NULL;
    struct hb_error error;

    (void)state;
    word[4] = 0x1badb002;
    word[5] = 0x10000;
    word[6] = -(0x1badb002u + 0x10000u);
    word[7] = 0x200008;  /* header_addr */
    word[8] = 0x200000;  /* load_addr: 8 bytes before the header */
    word[9] = 0x200030;  /* load_end_addr */
    word[10] = 0x201000; /* bss_end_addr */
    word[11] = 0x200024; /* entry_addr */
    assert_int_equal(image_parse_kernel(word, sizeof word, "k", &image, &error),
                     HB_OK);
    assert_int_equal(image->segment[0].rva, 0x200000);
    assert_int_equal(image->segment[0].offset, 8);
    assert_int_equal(image->segment[0].filled, 0x30);
    assert_int_equal(image->segment[0].bytes, 0x1000);
    assert_int_equal(image->entry, 0x200024);
    image_free(image);

    image = NULL;
    word[8] = 0x1fffe0; /* would start before the file */
    assert_int_equal(image_parse_kernel(word, sizeof word, "k", &image, &error),
                     HB_BAD_IMAGE);
    word[8] = 0x200000;
    word[11] = 0x300000;
    assert_int_equal(image_parse_kernel(word, sizeof word, "k", &image, &error),
                     HB_BAD_IMAGE);
    word[5] = 0x10008; /* a must-bit that nobody knows */
    word[6] = -(0x1badb002u + 0x10008u);
    assert_int_equal(image_parse_kernel(word, sizeof word, "k", &image, &error),
                     HB_BAD_IMAGE);
    assert_null(image);
}

static void raw_bytes_stand_where_they_are_put(void **state)
{
    struct image *image = NULL;
    struct hb_error error;
    uint8_t back[4];

    (void)state;
    assert_int_equal(
        image_parse_raw("\x90\xf4", 2, "raw", 0x7c00, 0x7c00, &image, &error),
        HB_OK);
    image_copy(image, 0x7bff, back, 4);
    assert_memory_equal(back, "\0\x90\xf4\0", 4);
    image_free(image);
    image = NULL;
    assert_int_equal(
        image_parse_raw("\x90\xf4", 2, "raw", 0xffffffff, 0, &image, &error),
        HB_BAD_IMAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_gz_is_the_image_that_it_packs),
        cmocka_unit_test(a_damaged_gz_is_refused),
        cmocka_unit_test(a_gz_that_unpacks_without_end_is_refused),
        cmocka_unit_test(something_else_is_refused),
        cmocka_unit_test(a_missing_file_is_no_bad_image),
        cmocka_unit_test(files_are_loaded_by_path),
        cmocka_unit_test(
            a_kernel_linked_high_is_entered_at_its_physical_address),
        cmocka_unit_test(multiboot_addresses_say_where_a_flat_kernel_goes),
        cmocka_unit_test(raw_bytes_stand_where_they_are_put),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
