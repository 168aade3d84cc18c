/* tests/board/kernel_test.c -- what kernels find of their boot protocol. */
#include "bare.h"

#include <stdlib.h>

enum { FREE_LOW = 0x7000 };

static uint32_t word(const struct machine *m, uint64_t at)
{
    uint32_t v = 0;

    assert_true(inspect_physical(m, gpa_of(at), &v, sizeof v));
    return v;
}

static const char *text(const struct machine *m, uint32_t at, char out[64])
{
    assert_true(inspect_physical(m, gpa_of(at), out, 64));
    out[63] = 0;
    return out;
}

/* A flat multiboot kernel of 64 bytes at @load: header, then HLT. */
static struct machine_file flat(uint32_t file[16], uint32_t load)
{
    memset(file, 0, 64);
    file[0] = 0x1badb002;
    file[1] = 1 << 16 | 3;
    file[2] = -(file[0] + file[1]);
    file[3] = file[4] = load;
    file[7] = load + 32;
    file[8] = 0xf4f4f4f4;
    return (struct machine_file){"flat", (const uint8_t *)file, 64};
}

static void a_multiboot_kernel_gets_command_line_modules_and_map(void **state)
{
    const struct machine_file module[2] = {
        {"one", (const uint8_t *)"first", 5},
        {"two args", (const uint8_t *)"second", 6}};
    uint32_t file[16], info, list;
    struct machine_kernel kernel = {.image = flat(file, 0x200000),
                                    .cmdline = "quiet level=3",
                                    .modules = 2,
                                    .module = module};
    struct machine *m = bare_create(NULL, NULL, 0);
    struct inspect_cpu cpu;
    char s[64];

    (void)state;
    assert_int_equal(machine_load_kernel(m, &kernel, NULL), HB_OK);
    inspect_cpu(m, &cpu);
    assert_int_equal(cpu.reg[0], 0x2badb002);
    info = cpu.reg[3];
    assert_int_equal(word(m, info), 1 | 1 << 2 | 1 << 3 | 1 << 6 | 1 << 9);
    assert_int_equal(word(m, info + 4), 640);
    assert_string_equal(text(m, word(m, info + 16), s), "quiet level=3");
    assert_string_equal(text(m, word(m, info + 64), s), "halbox");
    assert_int_equal(word(m, info + 20), 2);
    list = word(m, info + 24);
    for (unsigned i = 0; i < 2; i++, list += 16) {
        uint32_t start = word(m, list), end = word(m, list + 4);

        assert_true(start >= 0x200040 && start % 4096 == 0);
        assert_int_equal(end - start, module[i].count);
        assert_memory_equal(text(m, start, s), module[i].bytes, end - start);
        assert_string_equal(text(m, word(m, list + 8), s), module[i].name);
        assert_int_equal(word(m, list + 12), 0);
    }
    assert_true(word(m, list - 12) > word(m, list - 28)); /* apart */
    machine_destroy(m);
}

static void the_map_names_all_ram(void **state)
{
    uint32_t file[16], map, length;
    struct machine_kernel kernel = {.image = flat(file, 0x100000)};
    struct machine *m = bare_create(NULL, NULL, 0);
    struct inspect_cpu cpu;
    uint64_t bytes = 0;

    (void)state;
    assert_int_equal(machine_load_kernel(m, &kernel, NULL), HB_OK);
    inspect_cpu(m, &cpu);
    length = word(m, cpu.reg[3] + 44);
    map = word(m, cpu.reg[3] + 48);
    for (uint32_t at = 0; at < length; at += word(m, map + at) + 4) {
        assert_int_equal(word(m, map + at), 20);
        assert_int_equal(word(m, map + at + 20), 1);
        bytes += word(m, map + at + 12);
    }
    assert_int_equal(bytes, (640 << 10) + (15 << 20));
    machine_destroy(m);
}

static void information_goes_where_the_kernel_is_not(void **state)
{
    uint32_t file[16];
    struct machine_kernel kernel = {.image = flat(file, FREE_LOW)};
    struct machine *m = bare_create(NULL, NULL, 0);
    struct inspect_cpu cpu;

    (void)state;
    assert_int_equal(machine_load_kernel(m, &kernel, NULL), HB_OK);
    inspect_cpu(m, &cpu);
    assert_true(cpu.reg[3] >= 1 << 20);
    assert_int_equal(word(m, FREE_LOW), 0x1badb002);
    machine_destroy(m);
}

/* What a kernel that begins at once reads from PCI configuration space: MOV
 * EAX, address; MOV DX, 0CF8h; OUT DX, EAX; MOV DL, 0FCh; IN EAX, DX; HLT. */
static uint32_t configured(uint32_t address)
{
    static const char *const cards[] = {"buslogic", NULL};
    uint8_t code[] = {0xb8, 0,    0,    0,    0,    0x66, 0xba,
                      0xf8, 0x0c, 0xef, 0xb2, 0xfc, 0xed, 0xf4};
    uint32_t file[16];
    struct machine_kernel kernel = {.image = flat(file, 0x200000)};
    struct machine *m = bare_create(cards, NULL, 0);
    struct machine_stop stop;
    struct inspect_cpu cpu;

    memcpy(code + 1, &address, sizeof address);
    memcpy(file + 8, code, sizeof code);
    assert_int_equal(machine_load_kernel(m, &kernel, NULL), HB_OK);
    machine_run(m, 6, &stop);
    inspect_cpu(m, &cpu);
    machine_destroy(m);
    return cpu.reg[0];
}

static void a_kernel_without_a_bios_finds_what_firmware_sets_up(void **state)
{
    (void)state;
    assert_int_equal(configured(0x80000940), 0x80008000); /* IDETIM: decodes */
    assert_int_equal(configured(0x80001800), 0x1040104b);
    assert_int_equal(configured(0x80001804) & 7, 4);     /* bus master alone */
    assert_int_equal(configured(0x8000183c) & 0xff, 10); /* its IRQ: PIRQC */
}

static void what_does_not_fit_is_refused(void **state)
{
    const struct machine_file large = {"large", calloc(1, 15 << 20), 15 << 20};
    uint32_t file[16];
    struct machine_kernel kernel = {
        .image = flat(file, 0x100000), .modules = 1, .module = &large};
    struct machine *m = bare_create(NULL, NULL, 0);
    struct hb_error e = {.text = ""};

    (void)state;
    assert_int_equal(machine_load_kernel(m, &kernel, &e), HB_BAD_IMAGE);
    assert_non_null(strstr(e.text, "large"));
    kernel.modules = 0;
    file[3] = file[4] = 0xf0000000; /* not RAM */
    file[7] = 0xf0000020;
    assert_int_equal(machine_load_kernel(m, &kernel, &e), HB_BAD_IMAGE);
    machine_destroy(m);
    free((void *)(uintptr_t)large.bytes);
}

/* ---- Linux ---------------------------------------------------------------*/

enum { LINUX_SETUP = 1024, LINUX_BYTES = LINUX_SETUP + 4096 };

/* Protocol 2.10; unpacks itself into 1 MiB at 2 MiB. */
static struct machine_file bzimage(uint8_t file[LINUX_BYTES])
{
    const uint32_t fields[][2] = {{0x1fc, 0xaa55u << 16}, {0x200, 0x64486aeb},
                                  {0x204, 0x20a5372},     {0x214, 0x100000},
                                  {0x22c, 0x7fffff},      {0x238, 255},
                                  {0x258, 0x200000},      {0x260, 0x100000}};

    memset(file, 0, LINUX_BYTES);
    file[0x1f1] = 1;
    for (unsigned i = 0; i < sizeof fields / sizeof *fields; i++)
        memcpy(file + fields[i][0], &fields[i][1], 4);
    file[0x211] = 1;
    memset(file + LINUX_SETUP, 0xf4, LINUX_BYTES - LINUX_SETUP);
    return (struct machine_file){"vmlinuz", file, LINUX_BYTES};
}

static void linux_finds_its_zero_page(void **state)
{
    const struct machine_file initrd = {"initrd", (const uint8_t *)"cpio", 4};
    uint8_t file[LINUX_BYTES];
    struct machine_kernel kernel = {.image = bzimage(file),
                                    .cmdline = "console=ttyS0",
                                    .modules = 1,
                                    .module = &initrd};
    struct machine *m = bare_create(NULL, NULL, 0);
    struct inspect_cpu cpu;
    uint32_t page;
    char s[64];

    (void)state;
    assert_int_equal(machine_load_kernel(m, &kernel, NULL), HB_OK);
    inspect_cpu(m, &cpu);
    page = cpu.reg[6];
    assert_int_equal(cpu.eip, 0x100000);
    assert_int_equal(word(m, cpu.eip), 0xf4f4f4f4);
    assert_int_equal(word(m, page + 0x202), 0x53726448); /* the header */
    assert_int_equal(word(m, page + 0x210) & 0xff, 0xff);
    assert_string_equal(text(m, word(m, page + 0x228), s), "console=ttyS0");
    assert_int_equal(word(m, page + 0x21c), 4);
    assert_int_equal(word(m, page + 0x218), 0x7ff000); /* as high as it may */
    assert_memory_equal(text(m, 0x7ff000, s), "cpio", 4);
    assert_int_equal(word(m, page + 0x1e8) & 0xff, 3); /* e820 */
    assert_int_equal(word(m, page + 0x2d0 + 20), 0x100000);
    assert_int_equal(word(m, page + 0x2d0 + 28), 14 << 20);
    assert_int_equal(word(m, page + 0x2d0 + 36), 1);
    machine_destroy(m);
}

static void linux_takes_what_its_header_says(void **state)
{
    uint8_t file[LINUX_BYTES];
    char longer[300];
    struct machine_kernel kernel = {.image = bzimage(file), .cmdline = longer};
    struct machine *m = bare_create(NULL, NULL, 0);
    struct hb_error e = {.text = ""};

    (void)state;
    memset(longer, 'x', sizeof longer);
    longer[256] = 0;
    assert_int_equal(machine_load_kernel(m, &kernel, &e), HB_BAD_ARGUMENT);
    longer[255] = 0;
    assert_int_equal(machine_load_kernel(m, &kernel, &e), HB_OK);
    file[0x25b] = 1; /* unpacks itself to 18 MiB: this machine has 17 */
    assert_int_equal(machine_load_kernel(m, &kernel, &e), HB_BAD_IMAGE);
    assert_non_null(strstr(e.text, "--memory"));
    file[0x25b] = 0;
    memset(file + 0x214, 0, 4);
    assert_int_equal(machine_load_kernel(m, &kernel, &e), HB_BAD_ARGUMENT);
    assert_non_null(strstr(e.text, "BIOS"));
    machine_destroy(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_multiboot_kernel_gets_command_line_modules_and_map),
        cmocka_unit_test(the_map_names_all_ram),
        cmocka_unit_test(information_goes_where_the_kernel_is_not),
        cmocka_unit_test(a_kernel_without_a_bios_finds_what_firmware_sets_up),
        cmocka_unit_test(what_does_not_fit_is_refused),
        cmocka_unit_test(linux_finds_its_zero_page),
        cmocka_unit_test(linux_takes_what_its_header_says),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
