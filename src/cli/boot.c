/* src/cli/boot.c -- halbox boot: a kernel on the bare machine, its serial
 * output here, its exit by port 0xf4 or when nothing more can happen. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/live.h"
#include "halbox/control.h"
#include "net/user.h"

enum { DEBUG_EXIT = 0xf4, LIMIT_S = 60 };
enum { MOST_BYTES = 256 << 20 };

/** What the guest says while it runs. */
struct session {
    struct cli *cli;
    struct machine *m;
    struct live live; /* what comes from the host while it runs */
    FILE *serial;     /* NULL: nowhere */
    bool exited;
    uint8_t exit_value;
};

static void on_serial(void *context, const struct hb_event *event)
{
    struct session *s = context;

    if (!s->serial)
        return;
    fputc((int)event->args[1], s->serial);
    if (event->args[1] == '\n') /* who reads a pipe wants each line at once */
        fflush(s->serial);
}

/* isa-debug-exit of other emulators: OUT to the port ends the run. */
static void on_port(void *context, const struct hb_event *event)
{
    struct session *s = context;

    if (event->args[0] != DEBUG_EXIT || s->exited)
        return;
    s->exited = true;
    s->exit_value = (uint8_t)event->args[2];
    machine_stop(s->m);
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

static int program(struct cli *cli, struct machine *m)
{
    struct machine_file module[MACHINE_MODULES];
    struct machine_kernel kernel = {.cmdline = cli->cmdline, .module = module};
    struct hb_error error;
    int status = read_file(cli, cli_operand(cli, 0), &kernel.image);

    if (cli->initrd.count > MACHINE_MODULES)
        status = cli_error(cli, CLI_USAGE, "at most %d files with --initrd",
                           (int)MACHINE_MODULES);
    while (status == CLI_OK && kernel.modules < cli->initrd.count) {
        const char *path = *VEC_AT(const char *, &cli->initrd, kernel.modules);

        status = read_file(cli, path, &module[kernel.modules]);
        kernel.modules += status == CLI_OK;
    }
    if (status == CLI_OK && machine_load_kernel(m, &kernel, &error) != HB_OK)
        status = cli_fail(cli, &error);
    while (kernel.modules)
        free_file(&module[--kernel.modules]);
    free_file(&kernel.image);
    return status;
}

static int run(struct session *s)
{
    uint64_t ns = s->cli->limit_ns ? s->cli->limit_ns : LIMIT_S * 1000000000ull;
    uint64_t until = s->cli->max_instructions ? s->cli->max_instructions
                                              : machine_ticks(s->m, ns);
    struct machine_stop stop;

    s->live.m = s->m;
    live_run(&s->live, until, &stop);
    if (s->exited)
        return s->exit_value << 1 | 1;
    return cli_error(s->cli, CLI_FAILED, "%s: %s%s%s at tick %llu",
                     cli_operand(s->cli, 0), machine_stop_name(stop.reason),
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

static int boot(struct session *s)
{
    struct cli *cli = s->cli;
    struct hb_error error;
    int status;

    if (machine_listen(s->m, on_serial, s, "stream_out", &error) != HB_OK ||
        machine_listen(s->m, on_port, s, "port_write", &error) != HB_OK ||
        cli_trace_machine(cli, s->m, &error) != HB_OK)
        return cli_fail(cli, &error);
    status = cli->load ? CLI_OK : program(cli, s->m);
    if (status == CLI_OK)
        status = run_connected(s);
    if (cli->save && machine_save(s->m, cli->save, &error) != HB_OK)
        status = cli_fail(cli, &error);
    cli_trace_gone(cli, s->m);
    return status;
}

static int make(struct session *s)
{
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
    if (machine_create(&s->m, &config, &error) != HB_OK)
        return cli_fail(s->cli, &error);
    return CLI_OK;
}

int cli_boot(struct cli *cli)
{
    struct session s = {.cli = cli, .serial = cli->out};
    int status;

    if (cli->operand.count != 1 && !cli->load)
        return cli_error(cli, CLI_USAGE,
                         "boot needs one image; see halbox boot --help");
    if (cli->serial == SERIAL_NONE)
        s.serial = NULL;
    else if (cli->serial == SERIAL_FILE)
        s.serial = fopen(cli->serial_file, "wb");
    if (cli->serial == SERIAL_FILE && !s.serial)
        return cli_error(cli, CLI_HOST, "%s: cannot write serial output: %s",
                         cli->serial_file, strerror(errno));
    status = make(&s);
    if (status == CLI_OK)
        status = boot(&s);
    machine_destroy(s.m);
    if (cli->serial == SERIAL_FILE)
        fclose(s.serial);
    return status;
}
