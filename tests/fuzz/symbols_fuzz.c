/* tests/fuzz/symbols_fuzz.c -- any bytes as a file of symbols: what it tells is
 * asked for all over the image. */
#include "debug/unwind.h"
#include "loader.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

/* Frames point into the memory of a machine that has some. */
static const struct machine *machine(void)
{
    static struct machine *m;
    struct machine_config config;

    if (m)
        return m;
    fuzz_must(machine_config_init(&config, NULL, NULL) == HB_OK);
    config.bare = true;
    config.memory = 16 << 20;
    fuzz_must(machine_create(&m, &config, NULL) == HB_OK);
    return m;
}

static void unwind(const struct symbol_file *f, uint32_t rva)
{
    struct unwind u = {.m = machine(), .space = SPACE_CPU, .known = 0xff};

    for (unsigned i = 0; i < 8; i++)
        u.reg[i] = 0x1000 * (i + 1);
    unwind_cfi(f, rva, &u);
}

static void ask(const struct symbol_file *f, uint32_t rva)
{
    const struct symbol_row *symbol = file_symbol(f, rva);
    const struct line_row *line = file_line(f, rva);
    const struct function_row *function = file_function(f, rva);
    size_t sum = 0;

    if (symbol)
        sum += strlen(file_name(f, symbol->name));
    if (function)
        sum += strlen(file_name(f, function->name));
    if (line)
        sum += strlen(source_name(f, line->file));
    fuzz_must(!symbol || symbol->rva <= rva);
    fuzz_must(!line || line->rva <= rva);
    fuzz_must(!function || (function->low <= rva && rva < function->high));
    fuzz_must(sum < SIZE_MAX);
    unwind(f, rva);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    enum { ASKED = 256 };
    struct symbol_file *f;

    if (symbol_file_create("fuzz.sys", bytes, count, &f, NULL) != HB_OK)
        return 0;
    for (uint32_t i = 0; i < ASKED; i++)
        ask(f, (uint32_t)((uint64_t)f->bytes * i / ASKED));
    symbol_file_free(f);
    return 0;
}
