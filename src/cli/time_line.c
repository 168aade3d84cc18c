/* src/cli/time_line.c -- --perfetto and --vcd: the time lines of the machines
 * that a command runs, and their wires, in files. */
#include "cli/cli.h"

#include "debug/perfetto.h"
#include "debug/vcd.h"

int cli_perfetto_open(struct cli *cli, const char *path)
{
    struct hb_error error;

    if (cli->perfetto)
        return cli_error(cli, CLI_USAGE, "--perfetto can be given once");
    if (perfetto_open(&cli->perfetto, path, &error) != HB_OK)
        return cli_fail(cli, &error);
    return CLI_OK;
}

int cli_vcd_open(struct cli *cli, const char *text)
{
    struct hb_error error;

    if (cli->vcd)
        return cli_error(cli, CLI_USAGE, "--vcd can be given once");
    if (vcd_open(&cli->vcd, text, &error) != HB_OK)
        return cli_fail(cli, &error);
    return CLI_OK;
}

enum hb_status cli_time_line_machine(struct cli *cli, struct machine *m,
                                     struct hb_error *error)
{
    enum hb_status status = HB_OK;

    if (cli->perfetto)
        status = perfetto_machine(cli->perfetto, m, error);
    if (status == HB_OK && cli->vcd)
        status = vcd_machine(cli->vcd, m, error);
    return status;
}

void cli_time_line_gone(struct cli *cli, const struct machine *m)
{
    if (cli->perfetto)
        perfetto_gone(cli->perfetto, m);
    if (cli->vcd)
        vcd_gone(cli->vcd, m);
}

int cli_time_line_close(struct cli *cli)
{
    struct hb_error error;
    int status = CLI_OK;

    if (perfetto_close(cli->perfetto, &error) != HB_OK)
        status = cli_fail(cli, &error);
    if (vcd_close(cli->vcd, &error) != HB_OK)
        status = cli_fail(cli, &error);
    cli->perfetto = NULL;
    cli->vcd = NULL;
    return status;
}
