/* tests/image/pe_test.c -- PE32 images made by mingw, whole and damaged. The
 * linker is the oracle: the same objects linked at two addresses. */
#include <stdlib.h>

#include "bench.h"

static const struct image_import *import_named(const struct image *image,
                                               const char *name)
{
    for (uint32_t i = 0; i < image->imports; i++)
        if (image->import[i].name && strcmp(image->import[i].name, name) == 0)
            return &image->import[i];
    fail_msg("no import %s", name);
    return NULL;
}

static void headers_are_described(void **state)
{
    struct image *image = parsed("parts_730000.sys");

    (void)state;
    assert_int_equal(image->kind, IMAGE_PE32);
    assert_string_equal(image->name, "parts_730000.sys");
    assert_int_equal(image->base, 0x730000);
    assert_true(image->relocatable);
    assert_int_equal(image->subsystem, 1); /* native */
    assert_int_equal(image->section_alignment, 0x1000);
    assert_true(image->has_entry);
    assert_int_equal(image->segment[0].rva, 0);
    assert_string_equal(image->segment[0].name, "headers");
    assert_string_equal(image->segment[1].name, ".text");
    assert_int_equal(image->segment[1].rva, 0x1000);
    assert_int_equal(image->segment[1].flags &
                         (SEGMENT_EXECUTE | SEGMENT_WRITE),
                     SEGMENT_EXECUTE);
    image_free(image);
}

/* The linker is the oracle. */
static void checksums_are_the_linkers(void **state)
{
    static const char *const files[] = {"parts_10000.sys", "parts_730000.sys",
                                        "parts_low.sys",   "parts_fixed.sys",
                                        "exporter.sys",    "importer.sys",
                                        "edu.sys",         "iotest.sys"};

    (void)state;
    for (unsigned i = 0; i < sizeof files / sizeof files[0]; i++) {
        struct image *image = parsed(files[i]);

        assert_int_equal(image_checksum(image), image->checksum);
        image_free(image);
    }
}

static void imports_are_found_by_dll_name_and_slot(void **state)
{
    struct image *image = parsed("parts_10000.sys");
    const struct image_import *i = import_named(image, "DbgPrint");
    const struct image_import *j = import_named(image, "KeGetCurrentIrql");

    (void)state;
    assert_int_equal(image->imports, 3);
    assert_string_equal(i->dll, "ntoskrnl.exe");
    assert_string_equal(j->dll, "HAL.dll");
    assert_string_equal(import_named(image, "KeNumberProcessors")->dll,
                        "ntoskrnl.exe");
    assert_int_not_equal(i->slot, j->slot);
    image_free(image);
}

/* Moving an image gives the bytes that the linker gives at that address. */
static void relocations_agree_with_a_link_at_the_other_address(void **state)
{
    struct image *low = parsed("parts_10000.sys");
    struct image *high = parsed("parts_730000.sys");
    uint8_t *moved = loaded(low, 0x730000, NULL);
    uint8_t *linked = loaded(high, 0x730000, NULL);

    (void)state;
    assert_int_equal(low->fixups, 12);
    assert_int_equal(low->bytes, high->bytes);
    for (uint32_t i = 1; i < low->segments; i++) /* but the header's base */
        assert_memory_equal(moved + low->segment[i].rva,
                            linked + high->segment[i].rva,
                            low->segment[i].bytes);
    free(moved);
    free(linked);
    image_free(low);
    image_free(high);
}

static void sections_of_alignment_0x80_are_placed_by_their_headers(void **state)
{
    struct image *image = parsed("parts_low.sys");
    uint8_t *memory = loaded(image, image->base, NULL);
    const struct image_import *i = import_named(image, "DbgPrint");
    uint32_t hint;

    (void)state;
    assert_int_equal(image->section_alignment, 0x80);
    assert_int_equal(image->segment[1].rva % 0x80, 0);
    assert_true(image->segment[1].rva < 0x1000);
    /* the slot holds, before binding, the RVA of hint and name */
    memcpy(&hint, memory + i->slot, 4);
    assert_string_equal((char *)memory + hint + 2, "DbgPrint");
    free(memory);
    image_free(image);
}

static void an_image_without_relocations_says_so(void **state)
{
    struct image *image = parsed("parts_fixed.sys");

    (void)state;
    assert_false(image->relocatable);
    assert_int_equal(image->fixups, 0);
    image_free(image);
}

static void exports_have_names_ordinals_and_forwarders(void **state)
{
    struct image *image = parsed("exporter.sys");
    const struct image_export *add = image_find_export(image, "Exported_Add");
    const struct image_export *sum = image_find_export(image, "Exported_Sum");
    const struct image_export *hidden = image_find_ordinal(image, 9);
    const struct image_export *forward =
        image_find_export(image, "Exported_Forward");

    (void)state;
    assert_non_null(add);
    assert_int_equal(add->ordinal, 5);
    assert_int_equal(sum->ordinal, 6);
    assert_int_equal(add->rva, sum->rva);
    assert_null(add->forward);
    assert_null(hidden->name);
    assert_null(image_find_export(image, "Exported_Hidden"));
    assert_int_equal(forward->ordinal, 12);
    assert_string_equal(forward->forward, "NTOSKRNL.RtlInitUnicodeString");
    assert_null(image_find_ordinal(image, 4)); /* a hole */
    assert_int_equal(image->exports, 6);
    image_free(image);
}

static void an_import_by_ordinal_has_no_name(void **state)
{
    struct image *image = parsed("importer.sys");
    unsigned by_ordinal = 0;

    (void)state;
    assert_int_equal(image->imports, 3);
    for (uint32_t i = 0; i < image->imports; i++) {
        assert_string_equal(image->import[i].dll, "exporter.sys");
        if (!image->import[i].name) {
            by_ordinal++;
            assert_int_equal(image->import[i].ordinal, 9);
        }
    }
    assert_int_equal(by_ordinal, 1);
    image_free(image);
}

/* A field of the headers: where, what to write, what the error says. */
struct damage {
    unsigned at; /* from the PE signature */
    unsigned bytes;
    uint32_t value;
    const char *words;
};

enum { OPT = 24 }; /* optional header, from the signature */

static const struct damage damages[] = {
    {0, 4, 0x4550 + 1, "no PE header"},
    {4, 2, 0x8664, "machine type 0x8664"},
    {6, 2, 0, "0 sections"},
    {6, 2, 97, "97 sections"},
    {20, 2, 95, "optional header"},
    {22, 2, 0, "IMAGE_FILE_EXECUTABLE_IMAGE"},
    {OPT, 2, 0x20b, "PE32+"},
    {OPT + 16, 4, 0x40000000, "entry point"},
    {OPT + 28, 4, 0x10001, "ImageBase"},
    {OPT + 32, 4, 0x1001, "SectionAlignment"},
    {OPT + 32, 4, 0x100, "SectionAlignment"},
    {OPT + 36, 4, 0, "FileAlignment"},
    {OPT + 56, 4, 0, "SizeOfImage"},
    {OPT + 56, 4, 0x80000000, "SizeOfImage"},
    {OPT + 56, 4, 0x1000, "outside the image"},
    {OPT + 60, 4, 16, "SizeOfHeaders"},
    {OPT + 92, 4, 0x10000000, "data directories"},
    {OPT + 96 + 8, 4, 0x7ffffff0, "import directory"},
    {OPT + 96 + 40, 4, 0x7ffffff0, "relocations"},
    {OPT + 96 + 44, 4, 0x7ffffff0, "relocations"},
    {OPT + 96 + 104 + 4, 4, 8, "delay-loaded"},
    {OPT + 96 + 112 + 4, 4, 8, "managed code"},
    {OPT + 224 + 8, 4, 0xffffffff, "outside the image"},
    {OPT + 224 + 12, 4, 0xfffff000, "outside the image"},
    {OPT + 224 + 12, 4, 0, "SizeOfHeaders"},
    {OPT + 224 + 12, 4, 0x1004, "not aligned"},
    {OPT + 224 + 12, 4, 0x2000, "overlaps"},
    {OPT + 224 + 16, 4, 0x7fffffff, "cut short"},
    {OPT + 224 + 20, 4, 0xfffffe00, "cut short"},
};

static void a_damaged_header_is_refused_with_its_field(void **state)
{
    (void)state;
    for (unsigned i = 0; i < sizeof damages / sizeof damages[0]; i++) {
        const struct damage *d = &damages[i];
        struct file f = file_read("parts_10000.sys");
        size_t pe = file_get32(&f, 60);

        if (d->at == OPT + 224 + 16) /* raw bytes count up to VirtualSize */
            file_put32(&f, pe + OPT + 224 + 8, 0x1000);
        if (d->bytes == 2)
            file_put16(&f, pe + d->at, (uint16_t)d->value);
        else
            file_put32(&f, pe + d->at, d->value);
        refused(&f, d->words);
        file_free(&f);
    }
}

static void a_damaged_dos_header_is_refused(void **state)
{
    static const struct {
        size_t at;
        uint32_t value;
        const char *words;
    } row[] = {{0, 0x5a4e, "neither a PE"},
               {60, 0, "no PE header"},
               {60, 0xfffffffc, "no PE header"},
               {60, 0xffffffff, "no PE header"}};

    (void)state;
    for (unsigned i = 0; i < sizeof row / sizeof row[0]; i++) {
        struct file f = file_read("parts_10000.sys");

        file_put32(&f, row[i].at, row[i].value);
        refused(&f, row[i].words);
        file_free(&f);
    }
}

/* File offset of an RVA, for one that lies in a section. */
static size_t offset_of(const struct image *image, uint32_t rva)
{
    for (uint32_t i = 0; i < image->segments; i++) {
        const struct image_segment *s = &image->segment[i];

        if (rva >= s->rva && rva - s->rva < s->filled)
            return s->offset + (rva - s->rva);
    }
    fail_msg("no file byte for %#x", rva);
    return 0;
}

static void a_damaged_import_is_refused_with_its_dll(void **state)
{
    struct image *image = parsed("parts_10000.sys");
    struct file f = file_read("parts_10000.sys");
    uint32_t dir = file_get32(&f, file_get32(&f, 60) + OPT + 96 + 8);
    size_t at = offset_of(image, dir);
    uint32_t lookup = file_get32(&f, at), name = file_get32(&f, at + 12);

    (void)state;
    file_put32(&f, at + 12, 0x7fffff00);
    refused(&f, "DLL name");
    file_put32(&f, at + 12, name);
    file_put32(&f, at + 16, 0x7fffff00);
    refused(&f, "HAL.dll: address slot");
    file_put32(&f, at + 16, lookup);
    file_put32(&f, at, 0x7fffff00);
    refused(&f, "HAL.dll: entry 0");
    file_put32(&f, at, lookup);
    file_put32(&f, offset_of(image, lookup), 0x7fffff00);
    refused(&f, "HAL.dll: name at");
    file_free(&f);
    image_free(image);
}

static void a_damaged_relocation_is_refused_with_its_place(void **state)
{
    struct image *image = parsed("parts_10000.sys");
    struct file f = file_read("parts_10000.sys");
    uint32_t dir = file_get32(&f, file_get32(&f, 60) + OPT + 96 + 40);
    size_t at = offset_of(image, dir);

    (void)state;
    file_put16(&f, at + 8, 0xf020);
    refused(&f, "type 15");
    file_put16(&f, at + 8, 0x3020);
    file_put32(&f, at + 4, 7);
    refused(&f, "block for page 0x1000 has 7 bytes");
    file_put32(&f, at + 4, 0x7fffffff);
    refused(&f, "block for page");
    file_put32(&f, at + 4, 28);
    file_put32(&f, at, 0x7ffff000);
    refused(&f, "relocation at 0x7ffff020 lies in no section");
    file_free(&f);
    image_free(image);
}

static void a_damaged_export_table_is_refused(void **state)
{
    struct image *image = parsed("exporter.sys");
    struct file f = file_read("exporter.sys");
    uint32_t dir = file_get32(&f, file_get32(&f, 60) + OPT + 96);
    size_t at = offset_of(image, dir);
    uint32_t names = file_get32(&f, at + 32);

    (void)state;
    file_put32(&f, at + 20, 0x20000);
    refused(&f, "too many");
    file_put32(&f, at + 20, 4000);
    refused(&f, "export tables");
    file_put32(&f, at + 20, 2); /* names with ordinals past the functions */
    refused(&f, "outside the tables");
    file_put32(&f, at + 20, 10);
    file_put32(&f, offset_of(image, names), 0x7fffff00);
    refused(&f, "export name 0");
    file_free(&f);
    image_free(image);
}

/* Cut anywhere, a file is refused or described; it never reads past its end
 * (the copy that image_parse makes is exact, so a sanitizer sees it). */
static void a_file_cut_at_any_byte_is_refused(void **state)
{
    struct file f = file_read("exporter.sys");
    size_t whole = f.count;

    (void)state;
    for (f.count = 0; f.count < whole - 512; f.count += 7) {
        struct hb_error error;
        struct image *image = NULL;

        assert_int_equal(image_parse(f.bytes, f.count, "cut", &image, &error),
                         HB_BAD_IMAGE);
    }
    file_free(&f);
}

static void high_low_and_highadj_fixups_follow_the_specification(void **state)
{
    struct image image = {.base = 0x10000};
    struct image_fixup fix = {.import = IMAGE_SELF, .fix = IMAGE_FIX_HIGH16};
    unsigned bytes;

    (void)state;
    /* delta = 0x7fff8000 */
    assert_int_equal(image_fix_word(&image, &fix, 1, 0x80008000, 0, &bytes),
                     0x8000);
    assert_int_equal(bytes, 2);
    fix.fix = IMAGE_FIX_LOW16;
    assert_int_equal(image_fix_word(&image, &fix, 1, 0x80008000, 0, &bytes),
                     0x8001);
    fix.fix = IMAGE_FIX_HIGHADJ; /* 0x10000 + 0x10 + delta, rounded */
    fix.value = 0x10;
    assert_int_equal(image_fix_word(&image, &fix, 1, 0x80008000, 0, &bytes),
                     0x8001);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(headers_are_described),
        cmocka_unit_test(checksums_are_the_linkers),
        cmocka_unit_test(imports_are_found_by_dll_name_and_slot),
        cmocka_unit_test(relocations_agree_with_a_link_at_the_other_address),
        cmocka_unit_test(
            sections_of_alignment_0x80_are_placed_by_their_headers),
        cmocka_unit_test(an_image_without_relocations_says_so),
        cmocka_unit_test(exports_have_names_ordinals_and_forwarders),
        cmocka_unit_test(an_import_by_ordinal_has_no_name),
        cmocka_unit_test(a_damaged_header_is_refused_with_its_field),
        cmocka_unit_test(a_damaged_dos_header_is_refused),
        cmocka_unit_test(a_damaged_import_is_refused_with_its_dll),
        cmocka_unit_test(a_damaged_relocation_is_refused_with_its_place),
        cmocka_unit_test(a_damaged_export_table_is_refused),
        cmocka_unit_test(a_file_cut_at_any_byte_is_refused),
        cmocka_unit_test(high_low_and_highadj_fixups_follow_the_specification),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
