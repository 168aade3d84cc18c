/* src/cli/options.c -- the command line: one row per option drives parsing and
 * help alike. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

enum { R = 1 << CLI_RUN, B = 1 << CLI_BOOT, T = 1 << CLI_TEST };
enum { ALL = R | B | T };

struct option_row {
    const char *name, *argument; /* NULL: takes none */
    const char *help;
    unsigned commands;
    int (*apply)(struct cli *cli, const struct option_row *row,
                 const char *value);
    const char *key; /* of machine_config_set(), for apply_setting */
    const char *on;  /* its value, for options without an argument */
};

static int apply_setting(struct cli *cli, const struct option_row *row,
                         const char *value)
{
    struct hb_error error;

    if (setup_set(&cli->setup, SETUP_OPTIONS, row->key,
                  row->on ? row->on : value, &error) != HB_OK)
        return cli_fail(cli, &error);
    return CLI_OK;
}

static int apply_set(struct cli *cli, const struct option_row *row,
                     const char *value)
{
    const char *equals = strchr(value, '=');
    char key[128];
    struct hb_error error;

    if (!equals || (size_t)(equals - value) >= sizeof key)
        return cli_error(cli, CLI_USAGE, "--%s %s: write KEY=VALUE", row->name,
                         value);
    snprintf(key, sizeof key, "%.*s", (int)(equals - value), value);
    if (setup_set(&cli->setup, SETUP_OPTIONS, key, equals + 1, &error) != HB_OK)
        return cli_fail(cli, &error);
    return CLI_OK;
}

static int apply_device(struct cli *cli, const struct option_row *row,
                        const char *value)
{
    struct hb_error error;

    (void)row;
    if (setup_device(&cli->setup, SETUP_OPTIONS, value, &error) != HB_OK)
        return cli_fail(cli, &error);
    return CLI_OK;
}

static int apply_machine(struct cli *cli, const struct option_row *row,
                         const char *value)
{
    struct hb_error error;

    (void)row;
    setup_clear(&cli->setup, SETUP_FILE);
    if (setup_file(&cli->setup, value, &error) != HB_OK)
        return cli_fail(cli, &error);
    return CLI_OK;
}

static int apply_trace(struct cli *cli, const struct option_row *row,
                       const char *value)
{
    (void)row;
    return cli_trace_add(cli, value);
}

/* "0.5", "2": seconds of virtual time. */
static int apply_limit(struct cli *cli, const struct option_row *row,
                       const char *value)
{
    char *end;
    double seconds = strtod(value, &end);

    if (end == value || *end || !(seconds > 0) || seconds > 1e9)
        return cli_error(cli, CLI_USAGE,
                         "--%s %s: write seconds of virtual time, such as 2 or "
                         "0.5",
                         row->name, value);
    cli->limit_ns = (uint64_t)(seconds * 1e9);
    return CLI_OK;
}

static int number(struct cli *cli, const struct option_row *row,
                  const char *value, uint64_t *out)
{
    char *end;

    *out = strtoull(value, &end, 0);
    if (end == value || *end || *value == '-')
        return cli_error(cli, CLI_USAGE, "--%s %s: write a number", row->name,
                         value);
    return CLI_OK;
}

static int apply_seed(struct cli *cli, const struct option_row *row,
                      const char *value)
{
    return number(cli, row, value, &cli->seed);
}

static int apply_instructions(struct cli *cli, const struct option_row *row,
                              const char *value)
{
    return number(cli, row, value, &cli->max_instructions);
}

static int apply_serial(struct cli *cli, const struct option_row *row,
                        const char *value)
{
    (void)row;
    cli->serial_asked = true;
    cli->serial = SERIAL_FILE;
    cli->serial_file = value;
    if (strcmp(value, "stdio") == 0)
        cli->serial = SERIAL_STDIO;
    else if (strcmp(value, "none") == 0)
        cli->serial = SERIAL_NONE;
    return CLI_OK;
}

static int apply_net(struct cli *cli, const struct option_row *row,
                     const char *value)
{
    if (strcmp(value, "none") == 0)
        cli->net = NULL;
    else if (strcmp(value, "user") == 0)
        cli->net = "";
    else if (strncmp(value, "user,", 5) == 0)
        cli->net = value + 5;
    else
        return cli_error(cli, CLI_USAGE,
                         "--%s %s: write user, user,OPTIONS "
                         "or none",
                         row->name, value);
    return CLI_OK;
}

static int apply_text(struct cli *cli, const struct option_row *row,
                      const char *value)
{
    const char **to[] = {
        &cli->scenario,      &cli->junit,      &cli->save,     &cli->load,
        &cli->images_folder, &cli->cmdline,    &cli->debugcon, &cli->printer,
        &cli->screenshot,    &cli->screen_text};
    static const char *const names[] = {
        "scenario", "junit",    "save",    "load",       "images",
        "cmdline",  "debugcon", "printer", "screenshot", "screen-text"};

    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(row->name, names[i]) == 0)
            *to[i] = value;
    return CLI_OK;
}

static int apply_display(struct cli *cli, const struct option_row *row,
                         const char *value)
{
    if (strcmp(value, "none") != 0 && strcmp(value, "sdl") != 0)
        return cli_error(cli, CLI_USAGE, "--%s %s: write sdl or none",
                         row->name, value);
    cli->display = strcmp(value, "sdl") == 0 ? value : NULL;
    return CLI_OK;
}

static int apply_initrd(struct cli *cli, const struct option_row *row,
                        const char *value)
{
    (void)row;
    return vec_push(&cli->initrd, sizeof value, &value)
               ? CLI_OK
               : cli_error(cli, CLI_HOST, "no memory");
}

static int apply_wav(struct cli *cli, const struct option_row *row,
                     const char *value)
{
    (void)row;
    return cli_wav_open(cli, value);
}

static int apply_help(struct cli *cli, const struct option_row *row,
                      const char *value)
{
    (void)row;
    (void)value;
    cli->help = true;
    return CLI_OK;
}

/* clang-format off */
static const struct option_row options[] = {
    {"scenario", "FILE.lua", "drive the drivers by this scenario", R, apply_text, NULL, NULL},
    {"junit", "FILE", "write the results as JUnit XML too", T, apply_text, NULL, NULL},
    {"images", "FOLDER", "where a scenario's images are sought", R | T, apply_text, NULL, NULL},
    {"machine", "FILE", "settings as JSON; options win over them", ALL, apply_machine, NULL, NULL},
    {"platform", "NAME", "see halbox list platforms", ALL, apply_setting, "platform", NULL},
    {"cpu", "NAME", "see halbox list cpus", ALL, apply_setting, "cpu", NULL},
    {"memory", "SIZE", "RAM, such as 64M or 6G", ALL, apply_setting, "memory", NULL},
    {"device", "MODEL[,key=value...]", "put a card in; see halbox list devices", ALL, apply_device, NULL, NULL},
    {"disk", "FILE[,key=value...]", "a disk; .gz too; each adds one", ALL, apply_setting, "disk", NULL},
    {"cdrom", "FILE[,key=value...]", "a CD drive; none: an empty one", ALL, apply_setting, "cdrom", NULL},
    {"floppy", "FILE[,key=value...]", "a floppy drive; none: an empty one", ALL, apply_setting, "floppy", NULL},
    {"set", "KEY=VALUE", "any setting of a machine file", ALL, apply_set, NULL, NULL},
    {"trace", "GLOB[=FILE]", "write events; .json and .jsonl: as JSON lines", ALL, apply_trace, NULL, NULL},
    {"wav", "FILE", "write what the sound cards play", ALL, apply_wav, NULL, NULL},
    {"verify", "off|report|stop", "what findings come to", R | T, apply_setting, "verify", NULL},
    {"strict-dma", NULL, "DMA outside the windows is a bus fault", R | T, apply_setting, "strict-dma", "on"},
    {"missing", "stub|fail", "imports that nothing serves", R | T, apply_setting, "missing", NULL},
    {"seed", "NUMBER", "of the scenario's random numbers", R | T, apply_seed, NULL, NULL},
    {"time-limit", "SECONDS", "of virtual time (60)", ALL, apply_limit, NULL, NULL},
    {"cmdline", "TEXT", "the kernel's command line", B, apply_text, NULL, NULL},
    {"initrd", "FILE", "initial RAM disk; multiboot: a module, repeatable", B, apply_initrd, NULL, NULL},
    {"bios", "FILE", "a BIOS ROM; without an image: Debian's seabios", B, apply_setting, "bios", NULL},
    {"vga-rom", "FILE", "the VGA's ROM; with a BIOS: Debian's vgabios", B, apply_setting, "vga-rom", NULL},
    {"boot", "ORDER", "what a BIOS tries: a floppy, c disk, d CD, n network (acd)", B, apply_setting, "boot", NULL},
    {"debug-exit", NULL, "OUT to port F4h ends the run (multiboot: it does)", B, apply_setting, "debug-exit", "on"},
    {"debugcon", "FILE|stderr", "where the debug console goes", B, apply_text, NULL, NULL},
    {"printer", "FILE", "where the parallel port prints", B, apply_text, NULL, NULL},
    {"max-instructions", "N", "stop after so many", B, apply_instructions, NULL, NULL},
    {"serial", "stdio|FILE|none", "where serial output goes (stdio)", B, apply_serial, NULL, NULL},
    {"net", "user[,OPTIONS]|none", "what network cards are connected to (none)", B, apply_net, NULL, NULL},
    {"display", "sdl|none", "a window with the screen (none)", B, apply_display, NULL, NULL},
    {"screenshot", "FILE.png", "what the screen shows at the end", B, apply_text, NULL, NULL},
    {"screen-text", "FILE", "its characters at the end, as UTF-8", B, apply_text, NULL, NULL},
    {"save", "FILE[@TICK]", "save at the end or at a tick; FILE@A-B/N[b]: each N ticks", R | B, apply_text, NULL, NULL},
    {"load", "FILE", "go on from a saved machine", R | B, apply_text, NULL, NULL},
    {"help", NULL, "this text", ALL | 1 << CLI_LIST, apply_help, NULL, NULL},
};
/* clang-format on */

static const char *const commands[CLI_COMMANDS] = {"run", "boot", "test",
                                                   "list"};
static const char *const usages[CLI_COMMANDS] = {
    "run [OPTIONS] IMAGE...\n\nLoad driver images (.sys, ELF, .gz of either), "
    "start their devices and run a\nscenario; without one, say how the "
    "drivers started and what they did.",
    ("boot [OPTIONS] [IMAGE]\n\nRun a kernel (multiboot, ELF, Linux bzImage), "
     "or a BIOS and what it finds, on\nthe machine without the HAL. On a "
     "terminal Ctrl-A X quits."),
    "test [OPTIONS] FILE.lua...\n\nRun scenarios as tests; TAP on standard "
    "output.",
    "list devices|exports|platforms|events|cpus\n\nSay what there is."};

void cli_help(const struct cli *cli, enum cli_command command)
{
    if (command == CLI_COMMANDS) {
        fprintf(cli->out,
                "usage: halbox COMMAND [OPTIONS] ...\n\n"
                "  run IMAGE...    load drivers, start their devices, run a "
                "scenario\n"
                "  boot IMAGE      run a kernel on the bare machine\n"
                "  test FILE...    run scenarios as tests: TAP, JUnit XML\n"
                "  list WHAT       devices, exports, platforms, events, cpus\n"
                "\nhalbox COMMAND --help says more. Exit status: 0 all well, "
                "1 the driver or a\ncheck failed, 2 usage, 3 the host could "
                "not.\n");
        return;
    }
    fprintf(cli->out, "usage: halbox %s\n\n", usages[command]);
    for (unsigned i = 0; i < sizeof options / sizeof options[0]; i++) {
        char left[64];

        if (!(options[i].commands & 1u << command))
            continue;
        snprintf(left, sizeof left, "--%s %s", options[i].name,
                 options[i].argument ? options[i].argument : "");
        fprintf(cli->out, "  %-30s %s\n", left, options[i].help);
    }
}

/* "--name value" or "--name=value"; *i moves past what was used. */
static int option(struct cli *cli, int argc, char **argv, int *i)
{
    const char *text = argv[*i] + 2, *equals = strchr(text, '=');
    size_t length = equals ? (size_t)(equals - text) : strlen(text);

    for (unsigned n = 0; n < sizeof options / sizeof options[0]; n++) {
        const struct option_row *row = &options[n];
        const char *value = equals ? equals + 1 : NULL;

        if (strncmp(row->name, text, length) != 0 || row->name[length] ||
            !(row->commands & 1u << cli->command))
            continue;
        if (row->argument && !value) {
            if (*i + 1 >= argc)
                return cli_error(cli, CLI_USAGE, "--%s needs %s", row->name,
                                 row->argument);
            value = argv[++*i];
        }
        if (!row->argument && value)
            return cli_error(cli, CLI_USAGE, "--%s takes no value", row->name);
        return row->apply(cli, row, value);
    }
    return cli_error(
        cli, CLI_USAGE, "no option --%.*s for %s; see halbox %s --help",
        (int)length, text, commands[cli->command], commands[cli->command]);
}

int cli_parse(struct cli *cli, int argc, char **argv)
{
    int status = CLI_OK;

    cli->command = CLI_COMMANDS;
    for (unsigned i = 0; argc > 1 && i < CLI_COMMANDS; i++)
        if (strcmp(argv[1], commands[i]) == 0)
            cli->command = i;
    if (cli->command == CLI_COMMANDS) {
        cli->help = argc < 2 || strcmp(argv[1], "--help") == 0 ||
                    strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0;
        return cli->help
                   ? CLI_OK
                   : cli_error(cli, CLI_USAGE,
                               "no command '%s'; see halbox --help", argv[1]);
    }
    for (int i = 2; i < argc && status == CLI_OK; i++) {
        if (strncmp(argv[i], "--", 2) == 0 && argv[i][2])
            status = option(cli, argc, argv, &i);
        else if (!vec_push(&cli->operand, sizeof argv[i], &argv[i]))
            status = CLI_HOST;
    }
    return status;
}

const char *cli_operand(const struct cli *cli, uint32_t i)
{
    return *VEC_AT(const char *, &cli->operand, i);
}
