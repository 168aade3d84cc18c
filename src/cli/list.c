/* src/cli/list.c -- halbox list: what there is, one per line. */
#include <inttypes.h>
#include <string.h>

#include "cli/cli.h"
#include "halbox/devices.h"
#include "halbox/inspect.h"

static int list_platforms(struct cli *cli)
{
    struct machine_platform row;

    for (unsigned i = 0; machine_platform_at(i, &row); i++)
        fprintf(cli->out, "%-16s %s\n", row.name, row.help);
    return CLI_OK;
}

static int list_events(struct cli *cli)
{
    for (unsigned i = 0; i < EVENT_COUNT; i++)
        fprintf(cli->out, "%-18s %s\n%-18s %s\n", hb_event_name(i),
                hb_event_help(i), "", hb_event_args(i));
    return CLI_OK;
}

static int list_devices(struct cli *cli)
{
    for (const struct device_entry *e = device_entries; e->model; e++) {
        const struct device_setting *s = e->model->settings;

        if (e->kind == DEVICE_BOARD)
            continue;
        fprintf(cli->out, "%-16s %s%s\n", e->model->name, e->model->title,
                e->kind == DEVICE_PC ? " (on the bare machine's board)" : "");
        for (; s && s->name; s++)
            fprintf(cli->out,
                    "    %-16s %s (%" PRIu64 "; %" PRIu64 "..%" PRIu64 ")\n",
                    s->name, s->help, s->initial, s->least, s->most);
    }
    return CLI_OK;
}

static int list_cpus(struct cli *cli)
{
    struct machine_platform row;

    for (unsigned i = 0; machine_cpu_at(i, &row); i++)
        fprintf(cli->out, "%-16s %s\n", row.name, row.help);
    return CLI_OK;
}

/* Those of the default machine: the tables are the same on all. */
static int list_exports(struct cli *cli)
{
    struct inspect_export e;
    struct hb_error error;
    struct machine *m;

    if (setup_machine(&cli->setup, &m, &error) != HB_OK)
        return cli_fail(cli, &error);
    for (unsigned i = 0; inspect_export_at(m, i, &e); i++)
        fprintf(cli->out, "%-40s %-13s %-9s %2u  IRQL %u..%u\n", e.name, e.dll,
                e.convention, e.slots, e.irql_low, e.irql);
    machine_destroy(m);
    return CLI_OK;
}

int cli_list(struct cli *cli)
{
    static const struct {
        const char *name;
        int (*list)(struct cli *);
    } what[] = {
        {"devices", list_devices},     {"exports", list_exports},
        {"platforms", list_platforms}, {"events", list_events},
        {"cpus", list_cpus},
    };

    for (unsigned i = 0;
         cli->operand.count == 1 && i < sizeof what / sizeof what[0]; i++)
        if (strcmp(cli_operand(cli, 0), what[i].name) == 0)
            return what[i].list(cli);
    return cli_error(cli, CLI_USAGE,
                     "list what? devices, exports, platforms, events or cpus");
}
