/* tests/image/bzimage_test.c -- Linux kernels' setup headers. */
#include "bench.h"

#include <stdio.h>

enum { SETUP = 3 * 512, KERNEL = 2000 };

static void put(uint8_t *file, unsigned at, uint32_t value)
{
    memcpy(file + at, &value, sizeof value);
}

/* Protocol 2.10, two sectors of setup behind the boot sector. */
static void header(uint8_t file[SETUP + KERNEL])
{
    memset(file, 0x90, SETUP + KERNEL);
    file[0x1f1] = 2;
    file[0x1fe] = 0x55;
    file[0x1ff] = 0xaa;
    file[0x200] = 0xeb;
    file[0x201] = 0x66;
    memcpy(file + 0x202, "HdrS\x0a\x02", 6);
    file[0x211] = 1;
    put(file, 0x214, 0x100000);
    put(file, 0x22c, 0x7fffffff);
    put(file, 0x230, 0x200000);
    put(file, 0x238, 2047);
    put(file, 0x258, 0x1000000);
    put(file, 0x260, 0x800000);
}

static enum hb_status parse(const uint8_t *file, size_t count,
                            struct image **image, struct hb_error *error)
{
    return image_parse_kernel(file, count, "vmlinuz", image, error);
}

static void the_setup_header_is_described(void **state)
{
    uint8_t file[SETUP + KERNEL];
    struct image *image;
    struct hb_error error;

    (void)state;
    header(file);
    assert_int_equal(parse(file, sizeof file, &image, &error), HB_OK);
    assert_int_equal(image->kind, IMAGE_LINUX);
    assert_int_equal(image->linux_boot.version, 0x20a);
    assert_int_equal(image->linux_boot.setup_bytes, SETUP);
    assert_int_equal(image->linux_boot.header_end, 0x268);
    assert_int_equal(image->linux_boot.cmdline_most, 2047);
    assert_int_equal(image->linux_boot.runs_at, 0x1000000);
    assert_int_equal(image->linux_boot.runs_bytes, 0x800000);
    assert_int_equal(image->segments, 1);
    assert_int_equal(image->segment[0].rva, 0x100000);
    assert_int_equal(image->segment[0].offset, SETUP);
    assert_int_equal(image->segment[0].filled, KERNEL);
    assert_true(image->has_entry);
    assert_int_equal(image->entry, 0x100000);
    image_free(image);
}

static void an_older_protocol_implies_what_it_does_not_say(void **state)
{
    uint8_t file[SETUP + KERNEL];
    struct image *image;
    struct hb_error error;

    (void)state;
    header(file);
    file[0x206] = 2; /* 2.02 */
    put(file, 0x214, 0);
    file[0x1f1] = 0; /* four sectors, then */
    assert_int_equal(parse(file, sizeof file, &image, &error), HB_OK);
    assert_int_equal(image->linux_boot.setup_bytes, 5 * 512);
    assert_int_equal(image->linux_boot.cmdline_most, 255);
    assert_int_equal(image->linux_boot.initrd_most, 0x37ffffff);
    assert_int_equal(image->linux_boot.runs_at, 0x100000);
    assert_int_equal(image->linux_boot.runs_bytes, 0);
    assert_false(image->has_entry);
    image_free(image);
}

static void says(const uint8_t *file, size_t count, const char *words)
{
    struct hb_error error = {.text = ""};
    struct image *image = NULL;

    assert_int_equal(parse(file, count, &image, &error), HB_BAD_IMAGE);
    assert_null(image);
    if (!strstr(error.text, words))
        fail_msg("\"%s\" does not say \"%s\"", error.text, words);
}

static void a_damaged_header_is_refused(void **state)
{
    uint8_t file[SETUP + KERNEL];

    (void)state;
    header(file);
    says(file, SETUP, "no kernel behind");
    says(file, 0x240, "cut short");
    file[0x211] = 0;
    says(file, sizeof file, "zImage");
    header(file);
    file[0x206] = 1;
    says(file, sizeof file, "2.01");
    header(file);
    put(file, 0x214, 0x100000 + KERNEL);
    says(file, sizeof file, "32-bit entry");
    header(file);
    file[0x1fe] = 0;
    says(file, sizeof file, "not a kernel");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_setup_header_is_described),
        cmocka_unit_test(an_older_protocol_implies_what_it_does_not_say),
        cmocka_unit_test(a_damaged_header_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
