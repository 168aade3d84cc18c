/* tests/image/elf_test.c -- i386 ELF by gcc, whole and damaged. The linker is
 * the oracle: GNU ld laid the same object out as the parser does. */
#include <elf.h>
#include <stdlib.h>

#include "bench.h"

/* As images/parser/elf_linked.ld has them. */
static uint32_t address_of(const char *name)
{
    if (strcmp(name, "Outside") == 0)
        return 0xe0001230;
    if (strcmp(name, "Outside_Data") == 0)
        return 0xe0004560;
    assert_string_equal(name, "Nobody");
    return 0;
}

static void a_relocated_object_equals_what_the_linker_makes(void **state)
{
    struct image *image = parsed("elf_parts.o");
    struct file linked = file_read("elf_linked.bin");
    uint8_t *memory = loaded(image, 0xd0000000, address_of);

    (void)state;
    assert_int_equal(image->kind, IMAGE_ELF_REL);
    assert_true(linked.count > 0x2000 && linked.count <= image->bytes);
    for (uint32_t i = 0; i < image->segments; i++) {
        const struct image_segment *s = &image->segment[i];

        assert_true(s->rva + s->filled <= linked.count);
        assert_memory_equal(memory + s->rva, linked.bytes + s->rva, s->filled);
    }
    free(memory);
    file_free(&linked);
    image_free(image);
}

static const struct image_import *import_named(const struct image *image,
                                               const char *name)
{
    for (uint32_t i = 0; i < image->imports; i++)
        if (strcmp(image->import[i].name, name) == 0)
            return &image->import[i];
    fail_msg("no import %s", name);
    return NULL;
}

static void undefined_symbols_are_imports_of_nobody_in_particular(void **state)
{
    static const char *const files[] = {"elf_parts.o", "elf_pic.o",
                                        "elf_parts.so"};

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        struct image *image = parsed(files[i]);

        assert_int_equal(image->imports, 3);
        assert_string_equal(import_named(image, "Outside")->dll, "");
        assert_int_equal(import_named(image, "Outside")->slot, IMAGE_NO_SLOT);
        assert_false(import_named(image, "Outside_Data")->weak);
        assert_true(import_named(image, "Nobody")->weak);
        image_free(image);
    }
}

static void global_symbols_are_exports_and_driver_entry_the_entry(void **state)
{
    static const char *const files[] = {"elf_parts.o", "elf_pic.o",
                                        "elf_parts.so"};

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        struct image *image = parsed(files[i]);
        const struct image_export *entry =
            image_find_export(image, "DriverEntry");

        assert_true(image->has_entry);
        assert_int_equal(entry->rva, image->entry);
        assert_false(entry->data);
        assert_true(image_find_export(image, "shared_count")->data);
        assert_non_null(image_find_export(image, "common_words"));
        assert_null(image_find_export(image, "twice")); /* static */
        assert_null(image_find_export(image, "Outside"));
        image_free(image);
    }
}

/* pointers[0] is &shared_count wherever the image stands and however it was
 * linked; shared_count itself is 7. */
static void pointers_lead_to_their_objects_at_any_base(void **state)
{
    static const char *const files[] = {"elf_parts.o", "elf_pic.o",
                                        "elf_parts.so"};
    const uint32_t base = 0xf7654000;

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        struct image *image = parsed(files[i]);
        uint8_t *memory = loaded(image, base, address_of);
        uint32_t at = image_find_export(image, "pointers")->rva, word;

        memcpy(&word, memory + at, 4);
        assert_int_equal(word,
                         base + image_find_export(image, "shared_count")->rva);
        memcpy(&word, memory + word - base, 4);
        assert_int_equal(word, 7);
        free(memory);
        image_free(image);
    }
}

/* R_386_GOT32X and GOTOFF of elf_pic.o: each import has one slot of the table
 * that holds its address. */
static void a_position_independent_object_gets_an_offset_table(void **state)
{
    struct image *image = parsed("elf_pic.o");
    const struct image_segment *got = NULL;
    uint8_t *memory = loaded(image, 0xd0000000, address_of);
    bool found = false;

    (void)state;
    for (uint32_t i = 0; i < image->segments; i++)
        if (strcmp(image->segment[i].name, ".got") == 0)
            got = &image->segment[i];
    assert_non_null(got);
    assert_int_equal(got->bytes, 4 * 6);
    for (uint32_t at = 0; at < got->bytes; at += 4) {
        uint32_t word;

        memcpy(&word, memory + got->rva + at, 4);
        found |= word == address_of("Outside_Data");
    }
    assert_true(found);
    free(memory);
    image_free(image);
}

static void an_executable_stands_where_it_was_linked(void **state)
{
    struct image *image = parsed("elf_linked");

    (void)state;
    assert_int_equal(image->kind, IMAGE_ELF_EXEC);
    assert_false(image->relocatable);
    assert_int_equal(image->base & 0xfff00000, 0xd0000000);
    assert_int_equal(image->imports, 0);
    image_free(image);
}

struct damage {
    unsigned at, bytes;
    uint32_t value;
    const char *words;
};

static const struct damage header_damages[] = {
    {EI_CLASS, 1, ELFCLASS64, "not of a 32-bit x86 machine"},
    {EI_DATA, 1, ELFDATA2MSB, "not of a 32-bit x86 machine"},
    {offsetof(Elf32_Ehdr, e_machine), 2, EM_X86_64, "build with -m32"},
    {offsetof(Elf32_Ehdr, e_type), 2, ET_CORE, "ELF type 4"},
    {offsetof(Elf32_Ehdr, e_shentsize), 2, 12, ""},
    {offsetof(Elf32_Ehdr, e_shoff), 4, 0x7ffffff0, ""},
};

static void a_damaged_header_is_refused(void **state)
{
    (void)state;
    for (unsigned i = 0; i < sizeof header_damages / sizeof *header_damages;
         i++) {
        const struct damage *d = &header_damages[i];
        struct file f = file_read("elf_parts.o");

        memcpy(f.bytes + d->at, &d->value, d->bytes);
        refused(&f, d->words);
        file_free(&f);
    }
}

/* File offset of the first section header of a type. */
static size_t section_at(const struct file *f, uint32_t type)
{
    Elf32_Ehdr h;

    memcpy(&h, f->bytes, sizeof h);
    for (unsigned i = 0; i < h.e_shnum; i++) {
        size_t at = h.e_shoff + i * sizeof(Elf32_Shdr);

        if (file_get32(f, at + 4) == type)
            return at;
    }
    fail_msg("no section of type %u", type);
    return 0;
}

static const struct {
    uint32_t type;
    unsigned field;
    uint32_t value;
    const char *words;
} section_damages[] = {
    {SHT_PROGBITS, offsetof(Elf32_Shdr, sh_offset), 0x7fffff00, "cut short"},
    {SHT_PROGBITS, offsetof(Elf32_Shdr, sh_size), 0x7fffff00, "more than"},
    {SHT_PROGBITS, offsetof(Elf32_Shdr, sh_addralign), 3, "alignment 3"},
    {SHT_PROGBITS, offsetof(Elf32_Shdr, sh_addralign), 8192, "alignment 8192"},
    {SHT_PROGBITS, offsetof(Elf32_Shdr, sh_size), 4, "outside its bytes"},
    {SHT_SYMTAB, offsetof(Elf32_Shdr, sh_offset), 0x7fffff00, "symbol table"},
    {SHT_SYMTAB, offsetof(Elf32_Shdr, sh_entsize), 15, "symbol table"},
    {SHT_SYMTAB, offsetof(Elf32_Shdr, sh_size), 32, "names symbol"},
    {SHT_SYMTAB, offsetof(Elf32_Shdr, sh_link), 999, "for its strings"},
    {SHT_REL, offsetof(Elf32_Shdr, sh_offset), 0x7fffff00, "relocation"},
    {SHT_REL, offsetof(Elf32_Shdr, sh_entsize), 12, "relocation"},
    {SHT_REL, offsetof(Elf32_Shdr, sh_type), SHT_RELA, "addends"},
};

static void a_damaged_section_is_refused(void **state)
{
    (void)state;
    for (unsigned i = 0; i < sizeof section_damages / sizeof *section_damages;
         i++) {
        struct file f = file_read("elf_parts.o");

        file_put32(&f,
                   section_at(&f, section_damages[i].type) +
                       section_damages[i].field,
                   section_damages[i].value);
        refused(&f, section_damages[i].words);
        file_free(&f);
    }
}

static void a_relocation_that_drivers_cannot_have_is_refused(void **state)
{
    struct file f = file_read("elf_parts.o");
    size_t rel = file_get32(&f, section_at(&f, SHT_REL) + 16);
    uint32_t info = file_get32(&f, rel + 4);

    (void)state;
    file_put32(&f, rel + 4, (info & ~0xffu) | R_386_TLS_LE);
    refused(&f, "type 17");
    file_put32(&f, rel + 4, info | 0xffff00);
    refused(&f, "names symbol");
    file_put32(&f, rel + 4, info);
    file_put32(&f, rel, 0xfffffffe);
    refused(&f, "outside its bytes");
    file_free(&f);
}

static void a_file_cut_at_any_byte_is_refused(void **state)
{
    static const char *const files[] = {"elf_parts.o", "elf_parts.so"};

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        struct file f = file_read(files[i]);
        size_t whole = f.count;

        for (f.count = 0; f.count < whole; f.count += 13)
            refused(&f, "");
        file_free(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_relocated_object_equals_what_the_linker_makes),
        cmocka_unit_test(undefined_symbols_are_imports_of_nobody_in_particular),
        cmocka_unit_test(global_symbols_are_exports_and_driver_entry_the_entry),
        cmocka_unit_test(pointers_lead_to_their_objects_at_any_base),
        cmocka_unit_test(a_position_independent_object_gets_an_offset_table),
        cmocka_unit_test(an_executable_stands_where_it_was_linked),
        cmocka_unit_test(a_damaged_header_is_refused),
        cmocka_unit_test(a_damaged_section_is_refused),
        cmocka_unit_test(a_relocation_that_drivers_cannot_have_is_refused),
        cmocka_unit_test(a_file_cut_at_any_byte_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
