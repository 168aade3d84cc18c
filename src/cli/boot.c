/* src/cli/boot.c -- halbox boot: a kernel, or a BIOS and what it finds, on the
 * bare machine; its serial line here, its exit by port F4h or when nothing more
 * can happen. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/debugger.h"
#include "cli/display.h"
#include "cli/live.h"
#include "cli/terminal.h"
#include "halbox/control.h"
#include "net/user.h"

enum { LIMIT_S = 60 };
/* Debian package seabios */
#define USUAL_BIOS "/usr/share/seabios/bios-256k.bin"
#define USUAL_VGA  "/usr/share/seabios/vgabios-stdvga.bin"

enum { MOST_BYTES = 256 << 20 };

/** A run of the command: what goes in, and where what comes out goes. */
struct session {
    struct cli *cli;
    struct machine *m;
    struct machine_file module[MACHINE_MODULES];
    struct machine_kernel kernel; /* no bytes: the BIOS finds what to boot */
    struct live live;             /* what comes from the host while it runs */
    struct terminal terminal;
    struct display display;
    struct save_points saves;
    FILE *serial, *debugcon, *printer; /* NULL: nowhere */
    bool exited;
    uint8_t exit_value;
};

/* COM1 is the terminal's; what the other devices say has its own ways. */
static void on_stream(void *context, const struct hb_event *event)
{
    struct session *s = context;
    const char *device = (const char *)(uintptr_t)event->args[0];
    int byte = (int)event->args[1];

    if (strcmp(device, "uart16550") == 0 && s->serial) {
        fputc(byte, s->serial);
        if (s->terminal.raw || byte == '\n') /* who reads wants it at once */
            fflush(s->serial);
    } else if (strcmp(device, "debugcon") == 0 && s->debugcon) {
        fputc(byte, s->debugcon);
    } else if (strcmp(device, "lpt") == 0 && s->printer) {
        fputc(byte, s->printer);
    } else if (strcmp(device, "debugexit") == 0 && !s->exited) {
        s->exited = true;
        s->exit_value = (uint8_t)byte;
        machine_stop(s->m);
    }
}

/* A whole file; the caller frees file->bytes. */
static int read_file(struct cli *cli, const char *path,
                     struct machine_file *file)
{
    FILE *f = fopen(path, "rb");
    uint8_t *bytes;
    long end;

    if (!f || fseek(f, 0, SEEK_END) != 0 || (end = ftell(f)) < 0) {
        if (f)
            fclose(f);
        return cli_error(cli, CLI_HOST, "%s: cannot open it: %s", path,
                         strerror(errno));
    }
    rewind(f);
    bytes = end <= MOST_BYTES ? malloc((size_t)end + 1) : NULL;
    *file = (struct machine_file){.name = path, .bytes = bytes};
    file->count = bytes ? fread(bytes, 1, (size_t)end, f) : 0;
    fclose(f);
    return bytes ? CLI_OK
                 : cli_error(cli, CLI_HOST, "%s: too large to load", path);
}

static void free_file(struct machine_file *file)
{
    free((void *)(uintptr_t)file->bytes);
}

static void free_files(struct session *s)
{
    while (s->kernel.modules)
        free_file(&s->module[--s->kernel.modules]);
    free_file(&s->kernel.image);
}

/* What is booted, for messages. */
static const char *subject(const struct cli *cli)
{
    if (cli->operand.count)
        return cli_operand(cli, 0);
    return cli->load ? cli->load : "the BIOS";
}

static int read_files(struct session *s)
{
    struct cli *cli = s->cli;
    int status = CLI_OK;

    s->kernel.cmdline = cli->cmdline;
    s->kernel.module = s->module;
    if (cli->initrd.count > MACHINE_MODULES)
        return cli_error(cli, CLI_USAGE, "at most %d files with --initrd",
                         (int)MACHINE_MODULES);
    if (cli->operand.count)
        status = read_file(cli, cli_operand(cli, 0), &s->kernel.image);
    while (status == CLI_OK && s->kernel.modules < cli->initrd.count) {
        const char *path =
            *VEC_AT(const char *, &cli->initrd, s->kernel.modules);

        status = read_file(cli, path, &s->module[s->kernel.modules]);
        s->kernel.modules += status == CLI_OK;
    }
    return status;
}

static int run(struct session *s)
{
    uint64_t ns = s->cli->limit_ns ? s->cli->limit_ns : LIMIT_S * 1000000000ull;
    uint64_t until = s->cli->max_instructions ? s->cli->max_instructions
                                              : machine_ticks(s->m, ns);
    struct machine_stop stop;

    s->live.m = s->m;
    /* the monitor's lines come from there, too */
    if (s->cli->serial == SERIAL_STDIO &&
        (!s->cli->monitor || s->cli->commands))
        terminal_begin(&s->terminal, &s->live, s->cli->serial_asked);
    live_run(&s->live, until, &stop);
    terminal_end(&s->terminal);
    if (s->terminal.quit || display_closed(&s->display) || s->saves.over ||
        cli_debugger_quit(s->cli))
        return CLI_OK;
    if (s->exited)
        return cli_error(s->cli, s->exit_value << 1 | 1,
                         "%s: exit value %u by port F4h at tick %llu",
                         subject(s->cli), s->exit_value,
                         (unsigned long long)stop.at.tick);
    return cli_error(s->cli, CLI_FAILED, "%s: %s%s%s at tick %llu",
                     subject(s->cli), machine_stop_name(stop.reason),
                     stop.text[0] ? ": " : "", stop.text,
                     (unsigned long long)stop.at.tick);
}

static int run_connected(struct session *s)
{
    struct net_user *net;
    struct hb_error error;
    int status;

    if (!s->cli->net)
        return run(s);
    if (net_user_create(&net, s->m, s->cli->net, &error) != HB_OK)
        return cli_fail(s->cli, &error);
    live_add(&s->live,
             &(struct live_source){net, net_user_want, net_user_take});
    status = run(s);
    net_user_destroy(net);
    return status;
}

static int run_shown(struct session *s)
{
    struct cli *cli = s->cli;
    int status = display_open(cli, s->m, &s->live, &s->display), shown;

    if (status == CLI_OK)
        status = run_connected(s);
    display_close(&s->display);
    shown = cli_screen(cli, s->m);
    return shown == CLI_OK ? status : shown;
}

static int boot(struct session *s)
{
    struct cli *cli = s->cli;
    struct hb_error error;
    int status = CLI_OK;

    if (machine_listen(s->m, on_stream, s, "stream_out", &error) != HB_OK ||
        cli_trace_machine(cli, s->m, &error) != HB_OK ||
        cli_debugger_machine(cli, s->m, &error) != HB_OK)
        return cli_fail(cli, &error);
    if (s->kernel.image.bytes && !cli->load &&
        machine_load_kernel(s->m, &s->kernel, &error) != HB_OK)
        status = cli_fail(cli, &error);
    if (status == CLI_OK) {
        cli_saves_arm(cli, &s->saves, s->m);
        status = run_shown(s);
        status = cli_saves_end(cli, &s->saves, s->m, status);
    }
    cli_debugger_gone(cli);
    cli_trace_gone(cli, s->m);
    return status;
}

/* A BIOS finds what to boot, or sets the mode of a screen that somebody looks
 * at: Linux has no way of its own. */
static bool wants_bios(const struct session *s, enum machine_kernel_kind kind)
{
    const struct cli *cli = s->cli;

    if (!s->kernel.image.bytes)
        return true;
    return kind == KERNEL_LINUX &&
           (cli->display || cli->screenshot || cli->screen_text) &&
           access(USUAL_BIOS, R_OK) == 0;
}

static int make(struct session *s)
{
    enum machine_kernel_kind kind;
    struct machine_config config;
    struct hb_error error;

    if (s->cli->load) {
        if (machine_load(&s->m, s->cli->load, &error) != HB_OK)
            return cli_fail(s->cli, &error);
        return CLI_OK;
    }
    if (setup_config(&s->cli->setup, &config, &error) != HB_OK)
        return cli_fail(s->cli, &error);
    config.bare = true;
    kind = machine_kernel_kind(&s->kernel.image);
    if (!config.bios[0] && wants_bios(s, kind))
        snprintf(config.bios, sizeof config.bios, "%s", USUAL_BIOS);
    if (config.bios[0] && config.pc && !config.vga_rom[0] &&
        access(USUAL_VGA, R_OK) == 0) /* it can do without */
        snprintf(config.vga_rom, sizeof config.vga_rom, "%s", USUAL_VGA);
    if (kind == KERNEL_MULTIBOOT)
        config.debug_exit = true;
    if (machine_create(&s->m, &config, &error) != HB_OK)
        return cli_fail(s->cli, &error);
    return CLI_OK;
}

static int open_output(struct cli *cli, const char *path, FILE **file)
{
    if (!path)
        return CLI_OK;
    *file = strcmp(path, "stderr") == 0 ? cli->err : fopen(path, "wb");
    return *file ? CLI_OK
                 : cli_error(cli, CLI_HOST, "%s: cannot write it: %s", path,
                             strerror(errno));
}

static void close_output(struct cli *cli, FILE *file)
{
    if (file && file != cli->out && file != cli->err)
        fclose(file);
}

static int open_outputs(struct session *s)
{
    struct cli *cli = s->cli;
    int status;

    s->serial = cli->serial == SERIAL_STDIO ? cli->out : NULL;
    status = cli->serial == SERIAL_FILE
                 ? open_output(cli, cli->serial_file, &s->serial)
                 : CLI_OK;
    if (status == CLI_OK)
        status = open_output(cli, cli->debugcon, &s->debugcon);
    if (status == CLI_OK)
        status = open_output(cli, cli->printer, &s->printer);
    return status;
}

int cli_boot(struct cli *cli)
{
    struct session s = {.cli = cli};
    int status;

    if (cli->operand.count > 1)
        return cli_error(cli, CLI_USAGE,
                         "boot takes one image; see halbox boot --help");
    status = cli_saves(cli, &s.saves);
    if (status == CLI_OK)
        status = open_outputs(&s);
    if (status == CLI_OK)
        status = read_files(&s);
    if (status == CLI_OK)
        status = make(&s);
    if (status == CLI_OK)
        status = boot(&s);
    machine_destroy(s.m);
    free_files(&s);
    close_output(cli, s.serial);
    close_output(cli, s.debugcon);
    close_output(cli, s.printer);
    return status;
}
