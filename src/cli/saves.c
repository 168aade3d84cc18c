/* src/cli/saves.c -- --save of a machine without a scenario. */
#include "cli/cli.h"
#include "halbox/control.h"

static enum hb_status save(void *context, struct machine *m, const char *path,
                           struct hb_error *error)
{
    (void)context;
    return machine_save(m, path, error);
}

int cli_saves(const struct cli *cli, struct save_points *points)
{
    struct hb_error error;

    *points = (struct save_points){.save = save};
    if (cli->save && save_plan_parse(cli->save, &points->plan, &error) != HB_OK)
        return cli_fail(cli, &error);
    return CLI_OK;
}

void cli_saves_arm(const struct cli *cli, struct save_points *points,
                   struct machine *m)
{
    if (cli->save)
        save_points_arm(points, m);
}

int cli_saves_end(const struct cli *cli, struct save_points *points,
                  struct machine *m, int status)
{
    if (cli->save && save_points_end(points, m) != HB_OK)
        return cli_fail(cli, &points->error);
    return status;
}
