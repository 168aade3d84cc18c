/* tests/debug/kernel_elf_test.c -- the kernel's images as an ELF file, read by
 * binutils and gdb. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bare.h"
#include "halbox/symbols.h"

static struct machine *machine_of(const char *platform, const char *memory)
{
    struct machine_config config;
    struct machine *m = NULL;
    struct hb_error e;

    if (machine_config_init(&config, platform, &e) ||
        machine_config_set(&config, "memory", memory, &e) ||
        machine_create(&m, &config, &e))
        fail_msg("%s", e.text);
    return m;
}

/** The file of a machine, in a file of its own. */
struct rig {
    struct machine *m;
    char path[64];
};

static int setup(void **state)
{
    struct rig *r = calloc(1, sizeof *r);
    uint8_t *bytes;
    size_t count;
    struct hb_error e;
    int fd;

    r->m = machine_of("translate", "16M");
    strcpy(r->path, "/tmp/halbox-kernel-XXXXXX");
    fd = mkstemp(r->path);
    assert_true(fd >= 0);
    assert_int_equal(symbols_kernel_elf(r->m, &bytes, &count, &e), HB_OK);
    assert_int_equal(write(fd, bytes, count), (ssize_t)count);
    close(fd);
    free(bytes);
    *state = r;
    return 0;
}

static int teardown(void **state)
{
    struct rig *r = *state;

    unlink(r->path);
    machine_destroy(r->m);
    free(r);
    return 0;
}

static FILE *tool(const char *command)
{
    FILE *f = popen(command, "r");

    assert_non_null(f);
    return f;
}

static void end_tool(FILE *f, const char *command)
{
    if (pclose(f) != 0)
        fail_msg("`%s` failed: is its Debian package installed?", command);
}

static bool has_export(const struct machine *m, const char *name, uint32_t at)
{
    struct inspect_export x;

    for (unsigned i = 0; inspect_export_at(m, i, &x); i++)
        if (!strcmp(x.name, name) && x.at.v == at)
            return true;
    return false;
}

static void every_export_is_a_symbol_at_its_address(void **state)
{
    struct rig *r = *state;
    char command[200], line[400], name[256];
    unsigned address, exports = 0, seen = 0;
    struct inspect_export x;
    FILE *f;

    while (inspect_export_at(r->m, exports, &x))
        exports++;
    snprintf(command, sizeof command, "nm %s", r->path);
    f = tool(command);
    while (fgets(line, sizeof line, f)) {
        assert_int_equal(sscanf(line, "%x %*c %255s", &address, name), 2);
        seen += has_export(r->m, name, address);
    }
    end_tool(f, command);
    assert_int_equal(seen, exports);
}

static void it_is_the_same_in_every_machine(void **state)
{
    struct rig *r = *state;
    struct machine *other = machine_of("bounce", "64M");
    uint8_t *a, *b;
    size_t x, y;
    struct hb_error e;

    assert_int_equal(symbols_kernel_elf(r->m, &a, &x, &e), HB_OK);
    assert_int_equal(symbols_kernel_elf(other, &b, &y, &e), HB_OK);
    assert_int_equal(x, y);
    assert_memory_equal(a, b, x);
    free(a);
    free(b);
    machine_destroy(other);
    other = bare_create(NULL, NULL, 0);
    assert_int_equal(symbols_kernel_elf(other, &a, &x, &e), HB_BAD_STATE);
    machine_destroy(other);
}

/* Each line is in what readelf prints, and it warns of nothing. */
static void readelf_understands_it(void **state)
{
    static const char *const want[] = {
        "DW_CFA_def_cfa: r4 (esp) ofs 4", "DW_CFA_def_cfa: r4 (esp) ofs 12",
        "DW_CFA_undefined: r8 (eip)",
        /* #GP, vector 13, has an error code until the kernel was entered */
        "pc=80401068..8040106f",
        "DW_CFA_expression: r8 (eip) (DW_OP_breg5 (ebp): 4)"};
    struct rig *r = *state;
    char command[200], line[1024];
    unsigned found = 0;
    FILE *f;

    snprintf(command, sizeof command,
             "readelf --debug-dump=frames -S -s -W %s 2>&1", r->path);
    f = tool(command);
    while (fgets(line, sizeof line, f)) {
        assert_null(strstr(line, "readelf: Warning"));
        assert_null(strstr(line, "readelf: Error"));
        for (unsigned i = 0; i < sizeof want / sizeof want[0]; i++)
            if (strstr(line, want[i]))
                found |= 1u << i;
    }
    end_tool(f, command);
    assert_int_equal(found, (1u << sizeof want / sizeof want[0]) - 1);
}

static void gdb_names_its_addresses(void **state)
{
    struct rig *r = *state;
    char command[400], line[400];
    struct symbol symbol;
    gva_t at;
    FILE *f;

    assert_true(
        symbols_lookup(NULL, r->m, "hal!HalAllocateCommonBuffer", &at) ||
        symbols_lookup(NULL, r->m, "hal!KfRaiseIrql", &at));
    assert_true(symbols_find(NULL, r->m, at, &symbol));
    snprintf(command, sizeof command,
             "gdb -nx -batch -ex 'symbol-file %s' -ex 'info symbol 0x%x' 2>&1",
             r->path, at.v + 3);
    f = tool(command);
    assert_non_null(fgets(line, sizeof line, f));
    if (strncmp(line, symbol.name, strlen(symbol.name)) != 0)
        fail_msg("gdb says: %s", line);
    assert_non_null(strstr(line, " + 3 in section .text.hal"));
    while (fgets(line, sizeof line, f))
        ;
    end_tool(f, command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_export_is_a_symbol_at_its_address,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(it_is_the_same_in_every_machine, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(readelf_understands_it, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(gdb_names_its_addresses, setup,
                                        teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
