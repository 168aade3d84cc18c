/* src/cli/coverage.c -- --coverage: which lines of the drivers ran, over all
 * machines of the command, as an lcov tracefile. */
#include "halbox/coverage.h"
#include "cli/cli.h"

enum hb_status cli_coverage_machine(struct cli *cli, struct machine *m,
                                    struct hb_error *error)
{
    if (!cli->coverage)
        return HB_OK;
    if (!cli->covered)
        cli->covered = coverage_create();
    if (!cli->covered)
        return hb_fail(error, HB_NO_MEMORY, "no memory for --coverage");
    return coverage_watch(cli->covered, m, error);
}

void cli_coverage_gone(struct cli *cli, struct machine *m)
{
    struct hb_error error;

    if (cli->covered && coverage_gather(cli->covered, m, &error) != HB_OK)
        cli_error(cli, 0, "%s", error.text);
}

int cli_coverage_end(struct cli *cli, int status)
{
    struct hb_error error;

    if (cli->covered &&
        coverage_write(cli->covered, cli->coverage, &error) != HB_OK)
        status = cli_fail(cli, &error);
    coverage_destroy(cli->covered);
    return status;
}
