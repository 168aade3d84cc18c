/* tests/debug/symbols_test.c -- names and lines of images, against what GNU
 * binutils say of the same files. */
#include <stdio.h>
#include <stdlib.h>

#include "demo.h"
#include "halbox/symbols.h"

static FILE *tool(const char *command)
{
    FILE *f = popen(command, "r");

    assert_non_null(f);
    return f;
}

static void end_tool(FILE *f, const char *command)
{
    if (pclose(f) != 0)
        fail_msg("`%s` failed: are gdb and binutils (for mingw) installed?",
                 command);
}

/** A machine with one image loaded, and its symbols. */
struct rig {
    struct machine *m;
    struct symbols *s;
    struct inspect_image image;
};

static void load(struct rig *r, const char *image)
{
    struct machine_config config;
    struct hb_error e = {0};
    char path[256];
    uint32_t number;

    snprintf(path, sizeof path, HALBOX_IMAGES "/%s", image);
    r->s = symbols_create();
    assert_non_null(r->s);
    if (machine_config_init(&config, NULL, &e) ||
        machine_create(&r->m, &config, &e) ||
        machine_load_driver_file(r->m, path, &number, &e) ||
        symbols_add_file(r->s, path, &e))
        fail_msg("%s", e.text);
    assert_true(inspect_image_at(r->m, 0, &r->image));
}

static void unload(struct rig *r)
{
    symbols_destroy(r->s);
    machine_destroy(r->m);
}

/* ---- names ---------------------------------------------------------------*/

/* "_EduDpc@16" as C has it. */
static void plain(char *name)
{
    char *at = strchr(name + 1, '@');

    if (at)
        *at = 0;
    memmove(name, name + 1, strlen(name));
}

static void every_function_of_a_driver_has_its_name(void **state)
{
    const char *command = "i686-w64-mingw32-nm " HALBOX_IMAGES "/edu.sys";
    FILE *f = tool(command);
    unsigned address, functions = 0;
    char text[400], kind, name[256], full[300];
    struct symbol symbol;
    struct rig r;
    gva_t at;

    (void)state;
    load(&r, "edu.sys");
    while (fgets(text, sizeof text, f)) {
        gva_t want;

        if (sscanf(text, "%x %c %255s", &address, &kind, name) != 3 ||
            (kind != 't' && kind != 'T') || name[0] == '.')
            continue;
        want = gva_of(r.image.base.v + address - 0x10000);
        plain(name);
        if (name[0] == '_') /* the compiler's, several at one address */
            continue;
        assert_true(symbols_find(r.s, r.m, want, &symbol));
        assert_string_equal(symbol.image, "edu.sys");
        assert_int_equal(symbol.start.v, want.v);
        snprintf(full, sizeof full, "edu!%s", name);
        assert_true(symbols_lookup(r.s, r.m, full, &at));
        assert_string_equal(symbol.name, name);
        assert_int_equal(at.v, want.v);
        functions++;
    }
    end_tool(f, command);
    assert_in_range(functions, 30, 1000);
    unload(&r);
}

static void names_and_addresses_in_words(void **state)
{
    static const struct {
        const char *text, *again;
    } row[] = {
        {"edu!DriverEntry", "edu!DriverEntry"},
        {"DriverEntry+0x4", "edu!DriverEntry+0x4"},
        {"edu.sys!DriverEntry+4", "edu!DriverEntry+0x4"},
        {"EDU!DriverEntry", "edu!DriverEntry"},
        {"ntoskrnl!IoCallDriver", "ntoskrnl!IoCallDriver"},
        {"hal!HalTranslateBusAddress", "hal!HalTranslateBusAddress"},
        {"KeTickCount", "ntoskrnl!KeTickCount"},
        {"KiCallbackReturn", "ntoskrnl!KiCallbackReturn"},
        {"edu+0x2", "edu+0x2"},
    };
    static const char *const nothing[] = {"edu!IoCallDriver",
                                          "other!DriverEntry",
                                          "DriverEntr",
                                          "DriverEntry+",
                                          "DriverEntry+x",
                                          "driver.c:99999",
                                          "nofile.c:1",
                                          "driver.c:0",
                                          "",
                                          "!",
                                          "+4",
                                          "0x123456789",
                                          "12ab"};
    char text[200];
    struct rig r;
    gva_t at;

    (void)state;
    load(&r, "edu.sys");
    for (unsigned i = 0; i < sizeof row / sizeof row[0]; i++) {
        if (!symbols_lookup(r.s, r.m, row[i].text, &at))
            fail_msg("%s", row[i].text);
        symbols_text(r.s, r.m, at, text, sizeof text);
        assert_string_equal(text, row[i].again);
    }
    for (unsigned i = 0; i < sizeof nothing / sizeof nothing[0]; i++)
        assert_false(symbols_lookup(r.s, r.m, nothing[i], &at));
    assert_true(symbols_lookup(r.s, r.m, "0x1234", &at));
    assert_int_equal(at.v, 0x1234);
    assert_int_equal(symbols_text(r.s, r.m, at, text, sizeof text), 0);
    unload(&r);
}

static void without_a_file_the_image_is_known_by_its_name(void **state)
{
    char text[100];
    struct rig r;

    (void)state;
    load(&r, "edu.sys");
    symbols_text(NULL, r.m, gva_add(r.image.base, 0x1234), text, sizeof text);
    assert_string_equal(text, "edu+0x1234");
    unload(&r);
}

/* ---- lines ---------------------------------------------------------------*/

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

/* "DMA.c:12 (discriminator 3)" or "??:0". */
static unsigned line_of(char *text)
{
    char *colon = strrchr(text, ':');

    assert_non_null(colon);
    *colon = 0;
    return (unsigned)strtoul(colon + 1, NULL, 10);
}

/* Each eighth byte of code, and what @addr2line says of it; @first is where it
 * says that the code starts, @rva where the loader has it. */
static void compare_lines(const struct rig *r, const char *addr2line,
                          uint32_t first, uint32_t rva, uint32_t bytes)
{
    enum { STEP = 8, EACH = 256 };
    char command[8192], text[1024];
    unsigned known = 0;

    for (uint32_t from = 0; from < bytes; from += STEP * EACH) {
        int n = snprintf(command, sizeof command, "%s", addr2line);
        FILE *f;

        for (uint32_t i = from; i < from + STEP * EACH && i < bytes; i += STEP)
            n += snprintf(command + n, sizeof command - (size_t)n, " 0x%x",
                          first + i);
        f = tool(command);
        for (uint32_t i = from; i < from + STEP * EACH && i < bytes;
             i += STEP) {
            gva_t at = gva_add(r->image.base, rva + i);
            struct source_line line;
            unsigned number;

            assert_non_null(fgets(text, sizeof text, f));
            number = line_of(text);
            if (!number || strcmp(text, "??") == 0) {
                assert_false(symbols_line(r->s, r->m, at, &line));
                continue;
            }
            assert_true(symbols_line(r->s, r->m, at, &line));
            assert_string_equal(last_part(line.path), last_part(text));
            assert_int_equal(line.line, number);
            assert_true(line.start.v <= at.v && at.v < line.end.v);
            known++;
        }
        end_tool(f, command);
    }
    assert_in_range(known, bytes / STEP / 2, bytes);
}

static void every_line_of_a_pe_driver(void **state)
{
    struct rig r;

    (void)state;
    load(&r, "edu.sys");
    compare_lines(&r, "i686-w64-mingw32-addr2line -e " HALBOX_IMAGES "/edu.sys",
                  0x11000, 0x1000, 0x1c00);
    unload(&r);
}

static void every_line_of_a_relocatable_elf_driver(void **state)
{
    struct rig r;
    uint32_t start = UINT32_MAX, end = 0;
    struct source_function f;

    (void)state;
    load(&r, "edu_elf.o");
    for (unsigned i = 0; symbols_function_at(r.s, r.m, i, &f); i++) {
        if (f.start.v < start)
            start = f.start.v;
        if (f.end.v > end)
            end = f.end.v;
    }
    assert_true(start < end);
    compare_lines(&r, "addr2line -j .text -e " HALBOX_IMAGES "/edu_elf.o", 0,
                  start - r.image.base.v, end - start);
    unload(&r);
}

static void a_line_leads_to_its_code_and_back(void **state)
{
    struct source_line run, again;
    struct source_function f;
    struct rig r;
    gva_t at;

    (void)state;
    load(&r, "edu.sys");
    assert_true(symbols_lookup(r.s, r.m, "DriverEntry", &at));
    assert_true(symbols_function(r.s, r.m, at, &f));
    assert_string_equal(f.name, "DriverEntry");
    assert_string_equal(last_part(f.path), "driver.c");
    assert_int_equal(f.start.v, at.v);
    assert_true(symbols_line(r.s, r.m, f.start, &run));
    /* from line to code: one of its runs is that one */
    for (unsigned i = 0;; i++) {
        assert_true(
            symbols_line_at(r.s, r.m, "edu_wdm/driver.c", run.line, i, &again));
        assert_int_equal(again.line, run.line);
        if (again.start.v == run.start.v)
            break;
    }
    /* a line of a comment leads to the next one with code */
    assert_false(symbols_line_at(r.s, r.m, "driver.c", 1, 0, &run));
    assert_true(symbols_lookup(r.s, r.m, "driver.c:1", &at));
    assert_true(symbols_line(r.s, r.m, at, &run));
    assert_int_equal(run.start.v, at.v);
    assert_in_range(run.line, 2, 200);
    /* "ver.c" is no last part of a path */
    assert_false(symbols_lookup(r.s, r.m, "ver.c:100", &at));
    unload(&r);
}

/* Names of the functions at @at, the innermost first, as addr2line -f -i has
 * them, and the lines that they are at. How many are in others? */
static unsigned compare_inlined(const struct rig *r, FILE *f, gva_t at)
{
    struct source_function in = {.name = ""};
    struct source_line here;
    char name[256], text[1024];
    bool known = symbols_line(r->s, r->m, at, &here);
    uint32_t line = here.line;

    for (unsigned depth = 0;; depth++) {
        bool more = symbols_inlined(r->s, r->m, at, depth, &in);

        if (!more && !symbols_function(r->s, r->m, at, &in))
            strcpy(in.name, "??");
        assert_non_null(fgets(name, sizeof name, f));
        assert_non_null(fgets(text, sizeof text, f));
        name[strcspn(name, "@\n")] = 0;
        if (!known || in.name[0] == '?')
            return depth;
        assert_string_equal(name, in.name);
        assert_int_equal(line_of(text), line);
        if (!more)
            return depth;
        line = in.line;
    }
}

static void functions_in_functions(void **state)
{
    enum { FIRST = 0x11000, BYTES = 0x1c00, STEP = 16 };
    char command[8192];
    unsigned inlined = 0;
    struct rig r;
    FILE *f;
    int n = snprintf(command, sizeof command,
                     "i686-w64-mingw32-addr2line -f -i -e %s/edu.sys",
                     HALBOX_IMAGES);

    (void)state;
    load(&r, "edu.sys");
    for (uint32_t at = 0; at < BYTES; at += STEP)
        n += snprintf(command + n, sizeof command - (size_t)n, " 0x%x",
                      FIRST + at);
    f = tool(command);
    for (uint32_t at = 0; at < BYTES; at += STEP)
        inlined +=
            compare_inlined(&r, f, gva_add(r.image.base, FIRST - 0x10000 + at));
    end_tool(f, command);
    assert_in_range(inlined, 50, BYTES);
    unload(&r);
}

/* ---- where ---------------------------------------------------------------*/

static void a_kernel_of_a_bare_machine_stands_where_it_was_linked(void **state)
{
    struct machine *m = bare_kernel(NULL, "edu_copy");
    struct symbols *s = symbols_create();
    struct source_line line;
    struct hb_error e;
    char text[64];
    gva_t at;

    (void)state;
    assert_int_equal(symbols_add_file(s, HALBOX_IMAGES "/edu_copy", &e), HB_OK);
    symbols_text(s, m, code_at(m), text, sizeof text);
    assert_string_equal(text, "edu_copy!_start");
    assert_true(symbols_lookup(s, m, "_start", &at));
    assert_int_equal(at.v, code_at(m).v);
    assert_true(symbols_line(s, m, at, &line));
    assert_string_equal(last_part(line.path), "edu_copy.S");
    symbols_destroy(s);
    machine_destroy(m);
}

static void a_file_counts_while_its_image_is_loaded(void **state)
{
    struct symbols_file file;
    struct hb_error e;
    struct rig r;
    gva_t at;

    (void)state;
    load(&r, "edu.sys");
    assert_int_equal(symbols_add_file(r.s, HALBOX_IMAGES "/hello.sys", &e),
                     HB_OK);
    /* the same again: no third one */
    assert_int_equal(symbols_add_file(r.s, HALBOX_IMAGES "/edu.sys", &e),
                     HB_OK);
    assert_true(symbols_file_at(r.s, r.m, 0, &file));
    assert_true(file.loaded && file.frames && file.lines && file.functions);
    assert_int_equal(file.base.v, r.image.base.v);
    assert_string_equal(file.name, "edu.sys");
    assert_non_null(symbols_source_at(r.s, 0, 0));
    assert_null(symbols_source_at(r.s, 0, file.sources));
    assert_true(symbols_file_at(r.s, r.m, 1, &file));
    assert_false(file.loaded);
    assert_false(symbols_file_at(r.s, r.m, 2, &file));
    assert_false(symbols_lookup(r.s, r.m, "hello!DriverEntry", &at));
    assert_int_equal(symbols_add_file(r.s, "/no/such.sys", &e), HB_NO_FILE);
    assert_int_equal(symbols_add(r.s, "x.sys", (const uint8_t *)"MZ", 2, &e),
                     HB_BAD_IMAGE);
    unload(&r);
}

/* Told where the sections are, gdb knows a relocatable file's names. */
static void sections_of_a_relocatable_file(void **state)
{
    char command[2048], line[1024];
    struct symbols_section section;
    struct rig r;
    bool found = false;
    int n;
    gva_t at;
    FILE *f;

    (void)state;
    load(&r, "edu_elf.o");
    assert_true(symbols_lookup(r.s, r.m, "edu_elf!start_io", &at));
    n = snprintf(command, sizeof command,
                 "gdb -nx -batch -ex 'add-symbol-file %s/edu_elf.o",
                 HALBOX_IMAGES);
    for (unsigned i = 0; symbols_section_at(r.s, r.m, 0, i, &section); i++)
        n += snprintf(command + n, sizeof command - (size_t)n, " -s %s 0x%x",
                      section.name, section.at.v);
    snprintf(command + n, sizeof command - (size_t)n,
             "' -ex 'info line *0x%x' 2>&1", at.v);
    f = tool(command);
    while (fgets(line, sizeof line, f))
        found |= strstr(line, "<start_io>") && strstr(line, "edu_elf.c");
    end_tool(f, command);
    assert_true(found);
    assert_false(symbols_section_at(r.s, r.m, 1, 0, &section));
    unload(&r);
}

/* What debuggers read takes no guest memory. */
static void debugging_information_is_not_loaded(void **state)
{
    struct rig r;

    (void)state;
    load(&r, "edu.sys");
    assert_in_range(r.image.bytes, 0x6000, 0x8000);
    unload(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_function_of_a_driver_has_its_name),
        cmocka_unit_test(names_and_addresses_in_words),
        cmocka_unit_test(without_a_file_the_image_is_known_by_its_name),
        cmocka_unit_test(every_line_of_a_pe_driver),
        cmocka_unit_test(every_line_of_a_relocatable_elf_driver),
        cmocka_unit_test(a_line_leads_to_its_code_and_back),
        cmocka_unit_test(functions_in_functions),
        cmocka_unit_test(a_kernel_of_a_bare_machine_stands_where_it_was_linked),
        cmocka_unit_test(a_file_counts_while_its_image_is_loaded),
        cmocka_unit_test(sections_of_a_relocatable_file),
        cmocka_unit_test(debugging_information_is_not_loaded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
