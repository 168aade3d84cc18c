/* src/cli/list.c -- halbox list: what there is, one per line. */
#include <inttypes.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/export_notes.h"
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

static const struct export_note *note_of(const char *name)
{
    const struct export_note *n = export_notes;

    while (n->name && strcmp(n->name, name) != 0)
        n++;
    return n;
}

static void print_export(struct cli *cli, const struct inspect_export *e)
{
    const struct export_note *n = note_of(e->name);

    fprintf(cli->out, "%-40s %-13s %-9s %2u  IRQL %2u..%-2u  %-34s %s\n",
            e->name, e->dll, e->convention, e->slots, e->irql_low, e->irql,
            n->name ? n->test : "", n->name ? n->source : "");
}

/* Nothing in the strings needs to be escaped. */
static void print_export_json(struct cli *cli, const struct inspect_export *e,
                              bool first)
{
    const struct export_note *n = note_of(e->name);

    fprintf(cli->out,
            "%s  {\"name\": \"%s\", \"dll\": \"%s\", \"convention\": \"%s\", "
            "\"slots\": %u, \"irql_low\": %u, \"irql\": %u",
            first ? "" : ",\n", e->name, e->dll, e->convention, e->slots,
            e->irql_low, e->irql);
    if (n->name)
        fprintf(cli->out,
                ", \"file\": \"%s\", \"source\": \"%s\", \"test\": \"%s\"",
                n->file, n->source, n->test);
    fprintf(cli->out, "}");
}

/* Those of the default machine: the tables are the same on all. */
static int list_exports(struct cli *cli)
{
    struct inspect_export e;
    struct hb_error error;
    struct machine *m;

    if (setup_machine(&cli->setup, &m, &error) != HB_OK)
        return cli_fail(cli, &error);
    if (cli->json)
        fprintf(cli->out, "[\n");
    for (unsigned i = 0; inspect_export_at(m, i, &e); i++)
        if (cli->json)
            print_export_json(cli, &e, i == 0);
        else
            print_export(cli, &e);
    if (cli->json)
        fprintf(cli->out, "\n]\n");
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

    if (cli->json && (cli->operand.count != 1 ||
                      strcmp(cli_operand(cli, 0), "exports") != 0))
        return cli_error(cli, CLI_USAGE, "--json: of list exports alone");
    for (unsigned i = 0;
         cli->operand.count == 1 && i < sizeof what / sizeof what[0]; i++)
        if (strcmp(cli_operand(cli, 0), what[i].name) == 0)
            return what[i].list(cli);
    return cli_error(cli, CLI_USAGE,
                     "list what? devices, exports, platforms, events or cpus");
}
