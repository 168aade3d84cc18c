/* src/cli/options.c -- the command line: one row per option drives parsing and
 * help alike. */
#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

enum {
    R = 1 << CLI_RUN | 1 << CLI_DEBUG, /* debug is a run that is looked at */
    B = 1 << CLI_BOOT,
    T = 1 << CLI_TEST,
    P = 1 << CLI_PICTURE,
    D = 1 << CLI_DEBUG
};
enum { ALL = R | B | T | P };

struct option_row {
    const char *name, *argument; /* NULL: takes none */
    const char *help;
    unsigned commands;
    int (*apply)(struct cli *cli, const struct option_row *row,
                 const char *value);
    const char *key; /* of machine_config_set(), for apply_setting */
    const char *on;  /* its value, for options without an argument */
    size_t text;     /* for apply_text and apply_sdl: offset of a string */
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

static int apply_registry(struct cli *cli, const struct option_row *row,
                          const char *value)
{
    struct hb_error error;

    (void)row;
    if (setup_registry(&cli->setup, SETUP_OPTIONS, value, &error) != HB_OK)
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
    *(const char **)((char *)cli + row->text) = value;
    return CLI_OK;
}

static int apply_sdl(struct cli *cli, const struct option_row *row,
                     const char *value)
{
    if (strcmp(value, "none") != 0 && strcmp(value, "sdl") != 0)
        return cli_error(cli, CLI_USAGE, "--%s %s: write sdl or none",
                         row->name, value);
    return apply_text(cli, row, strcmp(value, "sdl") == 0 ? value : NULL);
}

static int apply_initrd(struct cli *cli, const struct option_row *row,
                        const char *value)
{
    (void)row;
    return vec_push(&cli->initrd, sizeof value, &value)
               ? CLI_OK
               : cli_error(cli, CLI_HOST, "no memory");
}

static int apply_program(struct cli *cli, const struct option_row *row,
                         const char *value)
{
    (void)row;
    return vec_push(&cli->program, sizeof value, &value)
               ? CLI_OK
               : cli_error(cli, CLI_HOST, "no memory");
}

static int apply_wav(struct cli *cli, const struct option_row *row,
                     const char *value)
{
    (void)row;
    return cli_wav_open(cli, value);
}

static int apply_perfetto(struct cli *cli, const struct option_row *row,
                          const char *value)
{
    (void)row;
    return cli_perfetto_open(cli, value);
}

static int apply_vcd(struct cli *cli, const struct option_row *row,
                     const char *value)
{
    (void)row;
    return cli_vcd_open(cli, value);
}

static int apply_break(struct cli *cli, const struct option_row *row,
                       const char *value)
{
    (void)row;
    return vec_push(&cli->breaks, sizeof value, &value)
               ? CLI_OK
               : cli_error(cli, CLI_HOST, "no memory");
}

static int apply_history(struct cli *cli, const struct option_row *row,
                         const char *value)
{
    int status = number(cli, row, value, &cli->history);

    cli->history = cli->history ? cli->history << 20 : UINT64_MAX;
    return status;
}

static int apply_help(struct cli *cli, const struct option_row *row,
                      const char *value)
{
    (void)row;
    (void)value;
    cli->help = true;
    return CLI_OK;
}

static int apply_monitor(struct cli *cli, const struct option_row *row,
                         const char *value)
{
    (void)row;
    (void)value;
    cli->monitor = true;
    return CLI_OK;
}

static int apply_json(struct cli *cli, const struct option_row *row,
                      const char *value)
{
    (void)row;
    (void)value;
    cli->json = true;
    return CLI_OK;
}

#define TEXT(field) offsetof(struct cli, field)
/* clang-format off */
static const struct option_row options[] = {
    {"scenario", "FILE.lua", "drive the drivers by this scenario", R | P, .apply = apply_text, .text = TEXT(scenario)},
    {"program", "FILE", "run this user program, each adds one; -- ARGUMENTS: of the last", R, .apply = apply_program},
    {"junit", "FILE", "write the results as JUnit XML too", T, .apply = apply_text, .text = TEXT(junit)},
    {"images", "FOLDER", "where a scenario's images are sought", R | T | P, .apply = apply_text, .text = TEXT(images_folder)},
    {"machine", "FILE", "settings as JSON; options win over them", ALL, .apply = apply_machine},
    {"registry", "FILE.reg", "keys and values as regedit writes them (repeatable)", R | T | P, .apply = apply_registry},
    {"platform", "NAME", "see halbox list platforms", ALL, .apply = apply_setting, .key = "platform"},
    {"cpu", "NAME", "see halbox list cpus", ALL, .apply = apply_setting, .key = "cpu"},
    {"memory", "SIZE", "RAM, such as 64M or 6G", ALL, .apply = apply_setting, .key = "memory"},
    {"device", "MODEL[,key=value...]", "put a card in; see halbox list devices", ALL, .apply = apply_device},
    {"disk", "FILE[,key=value...]", "a disk; .gz too; each adds one", ALL, .apply = apply_setting, .key = "disk"},
    {"cdrom", "FILE[,key=value...]", "a CD drive; none: an empty one", ALL, .apply = apply_setting, .key = "cdrom"},
    {"floppy", "FILE[,key=value...]", "a floppy drive; none: an empty one", ALL, .apply = apply_setting, .key = "floppy"},
    {"set", "KEY=VALUE", "any setting of a machine file", ALL, .apply = apply_set},
    {"trace", "GLOB[=FILE]", "write events; .json and .jsonl: as JSON lines", ALL, .apply = apply_trace},
    {"coverage", "FILE.info", "write which lines of the drivers ran, for lcov", R | T, .apply = apply_text, .text = TEXT(coverage)},
    {"perfetto", "FILE.json", "write the time line for ui.perfetto.dev", ALL, .apply = apply_perfetto},
    {"vcd", "FILE.vcd[,beats=on]", "dump wires and bus cycles for GTKWave", ALL, .apply = apply_vcd},
    {"wav", "FILE", "write what the sound cards play", ALL, .apply = apply_wav},
    {"verify", "off|report|stop", "what findings come to", R | T | P, .apply = apply_setting, .key = "verify"},
    {"strict-dma", NULL, "DMA outside the windows is a bus fault", R | T | P, .apply = apply_setting, .key = "strict-dma", .on = "on"},
    {"missing", "stub|fail", "imports that nothing serves", R | T | P, .apply = apply_setting, .key = "missing"},
    {"seed", "NUMBER", "of the scenario's random numbers", R | T | P, .apply = apply_seed},
    {"time-limit", "SECONDS", "of virtual time (60)", ALL, .apply = apply_limit},
    {"cmdline", "TEXT", "the kernel's command line", B, .apply = apply_text, .text = TEXT(cmdline)},
    {"initrd", "FILE", "initial RAM disk; multiboot: a module, repeatable", B, .apply = apply_initrd},
    {"bios", "FILE", "a BIOS ROM; without an image: Debian's seabios", B, .apply = apply_setting, .key = "bios"},
    {"vga-rom", "FILE", "the VGA's ROM; with a BIOS: Debian's vgabios", B, .apply = apply_setting, .key = "vga-rom"},
    {"boot", "ORDER", "what a BIOS tries: a floppy, c disk, d CD, n network (acd)", B, .apply = apply_setting, .key = "boot"},
    {"debug-exit", NULL, "OUT to port F4h ends the run (multiboot: it does)", B, .apply = apply_setting, .key = "debug-exit", .on = "on"},
    {"debugcon", "FILE|stderr", "where the debug console goes", B, .apply = apply_text, .text = TEXT(debugcon)},
    {"printer", "FILE", "where the parallel port prints", B, .apply = apply_text, .text = TEXT(printer)},
    {"max-instructions", "N", "stop after so many", B, .apply = apply_instructions},
    {"serial", "stdio|FILE|none", "where serial output goes (stdio)", B, .apply = apply_serial},
    {"net", "user[,OPTIONS]|none", "what network cards are connected to (none)", B, .apply = apply_net},
    {"display", "sdl|none", "a window with the screen (none)", B, .apply = apply_sdl, .text = TEXT(display)},
    {"sound", "sdl|none", "sound cards play on the host, in its time (none)", B, .apply = apply_sdl, .text = TEXT(sound)},
    {"screenshot", "FILE.png", "what the screen shows at the end", B, .apply = apply_text, .text = TEXT(screenshot)},
    {"screenshot", "FILE.png", "the debugger's panels there", P, .apply = apply_text, .text = TEXT(screenshot)},
    {"svg", "FILE.svg", "the three address spaces there", P, .apply = apply_text, .text = TEXT(svg)},
    {"at", "POINT", "end, TICK, EVENT or EVENT:N; then +BYTES of DMA (end)", P, .apply = apply_text, .text = TEXT(at)},
    {"zoom", "regions|pages|bytes", "how near the three spaces are (pages)", P, .apply = apply_text, .text = TEXT(zoom)},
    {"panel", "NAME", "of a screenshot: this panel alone", P, .apply = apply_text, .text = TEXT(panel)},
    {"layout", "NAME", "of a screenshot: dma (as it is), memory", P, .apply = apply_text, .text = TEXT(layout)},
    {"size", "WxH", "dots of a screenshot (1600x1000)", P, .apply = apply_text, .text = TEXT(size)},
    {"monitor", NULL, "stop and step by commands: docs/monitor.md", R | B, .apply = apply_monitor},
    {"commands", "FILE", "the monitor's commands from a file", R | B, .apply = apply_text, .text = TEXT(commands)},
    {"break", "WORDS", "stop there: docs/debugger.md (repeatable)", R | B, .apply = apply_break},
    {"history", "MIB", "memory for going back; 0: none (256)", R | B, .apply = apply_history},
    {"gdb", "PORT|PATH", "wait there for gdb: docs/gdb.md; 0: a free port", R | B, .apply = apply_text, .text = TEXT(gdb)},
    {"status", "FILE", "a JSON line for each stop", D, .apply = apply_text, .text = TEXT(status_path)},
    {"screen-text", "FILE", "its characters at the end, as UTF-8", B, .apply = apply_text, .text = TEXT(screen_text)},
    {"save", "FILE[@TICK]", "save at the end or at a tick; FILE@A-B/N[b]: each N ticks", R | B, .apply = apply_text, .text = TEXT(save)},
    {"load", "FILE", "go on from a saved machine", R | P | B, .apply = apply_text, .text = TEXT(load)},
    {"json", NULL, "exports as a JSON array", 1 << CLI_LIST, .apply = apply_json},
    {"help", NULL, "this text", ALL | 1 << CLI_LIST, .apply = apply_help},
};
/* clang-format on */

static const char *const commands[CLI_COMMANDS] = {"run",  "boot",    "test",
                                                   "list", "picture", "debug"};
static const char *const usages[CLI_COMMANDS] = {
    "run [OPTIONS] IMAGE...\n\nLoad driver images (.sys, ELF, .gz of either), "
    "start their devices and run a\nscenario; without one, say how the "
    "drivers started and what they did.",
    ("boot [OPTIONS] [IMAGE]\n\nRun a kernel (multiboot, ELF, Linux bzImage), "
     "or a BIOS and what it finds, on\nthe machine without the HAL. On a "
     "terminal Ctrl-A X quits."),
    "test [OPTIONS] FILE.lua...\n\nRun scenarios as tests; TAP on standard "
    "output.",
    "list devices|exports|platforms|events|cpus\n\nSay what there is. An "
    "export: "
    "dll, convention, argument slots (of data: bytes), IRQLs,\nthe test that "
    "tries it out, where its facts are from.",
    "picture [OPTIONS] IMAGE...\n\nRun drivers and draw the machine at one "
    "point of the run: the three address\nspaces, or the debugger's panels. "
    "Equal runs give equal bytes.",
    "debug [OPTIONS] IMAGE...\n\nRun drivers in the debugger's window, or by "
    "its commands (--monitor): stop, "
    "step a transfer byte by byte, go back."};

const char *cli_command(const struct cli *cli)
{
    return commands[cli->command];
}

void cli_help(const struct cli *cli, enum cli_command command)
{
    if (command == CLI_COMMANDS) {
        fprintf(cli->out,
                "usage: halbox COMMAND [OPTIONS] ...\n\n"
                "  run IMAGE...    load drivers, start their devices, run a "
                "scenario\n"
                "  boot IMAGE      run a kernel on the bare machine\n"
                "  test FILE...    run scenarios as tests: TAP, JUnit XML\n"
                "  picture IMAGE   draw the machine at a point of a run\n"
                "  debug IMAGE     run drivers in the debugger's window\n"
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
        if (strcmp(argv[i], "--") == 0 && cli->program.count) {
            while (++i < argc && status == CLI_OK)
                if (!vec_push(&cli->argument, sizeof argv[i], &argv[i]))
                    status = CLI_HOST;
        } else if (strncmp(argv[i], "--", 2) == 0 && argv[i][2])
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
