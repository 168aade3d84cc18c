/* src/cli/run.c -- halbox run: driver images on the machine with HAL and
 * kernel; a scenario, or what the drivers do when they start. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/debugger.h"
#include "halbox/control.h"
#include "halbox/inspect.h"
#include "script/script.h"

enum { START_LIMIT_S = 60 };

/* ---- with a scenario ----------------------------------------------------- */

struct outcome {
    struct cli *cli;
    int status;
};

static void print_line(void *context, const char *line)
{
    fprintf(((struct outcome *)context)->cli->out, "%s\n", line);
}

static void test_over(void *context, const struct script_result *result)
{
    struct outcome *o = context;

    if (result->passed || cli_debugger_quit(o->cli))
        return;
    cli_error(o->cli, 0, "%s", result->text);
    if (result->host_failed)
        o->status = CLI_HOST;
    else if (o->status == CLI_OK)
        o->status = CLI_FAILED;
}

static void missing(void *context, const struct hb_event *event)
{
    const struct cli *cli = context;

    cli_error(cli, 0,
              "%s imports %s!%s, which nothing serves: a call of it "
              "ends the run, or the program that calls it",
              (const char *)(uintptr_t)event->args[0],
              (const char *)(uintptr_t)event->args[1],
              (const char *)(uintptr_t)event->args[2]);
}

static enum hb_status listen_all(void *context, struct machine *m,
                                 struct hb_error *error)
{
    struct cli *cli = ((struct outcome *)context)->cli;
    enum hb_status status = HB_OK;

    /* with missing=fail the error says it */
    if (!machine_config(m)->missing_fail)
        status = machine_listen(m, missing, cli, "missing_import", error);
    if (status == HB_OK)
        status = cli_trace_machine(cli, m, error);
    return status == HB_OK ? cli_debugger_machine(cli, m, error) : status;
}

static void listen_no_more(void *context, struct machine *m)
{
    struct cli *cli = ((struct outcome *)context)->cli;
    struct inspect_bugcheck bug;

    cli_debugger_gone(cli);
    if (inspect_bugcheck(m, &bug))
        cli_callers(cli, m);
    machine_unlisten(m, missing, cli);
    cli_trace_gone(cli, m);
}

static int run_scenario(struct cli *cli)
{
    struct outcome outcome = {.cli = cli};
    struct save_plan plan;
    const struct script_options options = {
        .save = cli->save ? &plan : NULL,
        .load = cli->load,
        .setup = &cli->setup,
        .images = cli->operand.data,
        .images_count = cli->operand.count,
        .images_folder = cli->images_folder,
        .seed = cli->seed,
        .limit_ns = cli->limit_ns,
        .context = &outcome,
        .machine = listen_all,
        .machine_gone = listen_no_more,
        .print = print_line,
        .result = test_over,
    };
    struct hb_error error;

    if (cli->save && save_plan_parse(cli->save, &plan, &error) != HB_OK)
        return cli_fail(cli, &error);
    if (script_run(cli->scenario, &options, &error) != HB_OK)
        return cli_fail(cli, &error) == CLI_FAILED ? CLI_FAILED : CLI_HOST;
    return outcome.status;
}

/* ---- without one --------------------------------------------------------- */

static int load_images(struct cli *cli, struct machine *m)
{
    struct hb_error error;

    if (machine_load_driver_files(m, cli->operand.data, cli->operand.count,
                                  &error) != HB_OK)
        return cli_error(cli, CLI_HOST, "%s", error.text);
    return CLI_OK;
}

/* Did each image start, and each device find its driver? */
static int judge(struct cli *cli, struct machine *m)
{
    struct inspect_bugcheck bug;
    struct inspect_image image;
    struct inspect_pnp device;
    int status = CLI_OK;

    if (inspect_bugcheck(m, &bug))
        return cli_error(
            cli, CLI_FAILED, "bugcheck %x (%x, %x, %x, %x) in %s: %s", bug.code,
            bug.p[0], bug.p[1], bug.p[2], bug.p[3], bug.image, bug.text);
    for (unsigned i = 0; inspect_image_at(m, i, &image); i++)
        if (!image.started)
            status = cli_error(cli, CLI_FAILED, "%s: DriverEntry returned %08x",
                               image.name, image.entry_status);
    for (unsigned i = 0; inspect_pnp_at(m, i, &device); i++)
        if (device.state == PNP_STATE_FAILED)
            status = cli_error(cli, CLI_FAILED,
                               "%s: no driver started it: status %08x",
                               device.hardware_id, device.status);
    if (inspect_findings(m))
        status = cli_error(cli, CLI_FAILED,
                           "%u findings; --trace finding shows them",
                           inspect_findings(m));
    return status;
}

static int drive(struct cli *cli, struct machine *m, struct save_points *saves)
{
    uint64_t limit =
        cli->limit_ns ? cli->limit_ns : START_LIMIT_S * 1000000000ull;
    struct hb_error error = {0};
    int status = cli->load ? CLI_OK : load_images(cli, m);
    /* saved before the program was there: it comes now */
    bool begins = cli->load && cli->program.count && !cli_programs_there(m);

    if (status != CLI_OK)
        return status;
    cli_saves_arm(cli, saves, m);
    if (!cli->load || begins)
        machine_start(m, limit, &error);
    else if (!cli_has_programs(cli, m))
        machine_run(m, machine_ticks(m, limit), NULL);
    if (saves->over)
        return cli_saves_end(cli, saves, m, CLI_OK);
    if (!cli_has_programs(cli, m))
        cli_report_machine(cli, m);
    if (cli_debugger_quit(cli))
        return CLI_OK;
    if (error.status != HB_OK)
        return cli_fail(cli, &error);
    if (!cli->load || begins)
        status = cli_programs_start(cli, m);
    if (status == CLI_OK)
        status = cli_programs_run(cli, m, limit, saves);
    if (saves->over)
        return cli_saves_end(cli, saves, m, CLI_OK);
    if (status == CLI_OK || status == CLI_FAILED)
        status = judge(cli, m) == CLI_OK ? status : CLI_FAILED;
    if (status == CLI_OK && cli->save && saves->plan.from != UINT64_MAX)
        machine_run(m, machine_ticks(m, limit), NULL);
    return cli_saves_end(cli, saves, m, status);
}

static int make_machine(struct cli *cli, struct machine **m)
{
    struct hb_error error;

    if (cli->load) {
        if (machine_load(m, cli->load, &error) != HB_OK)
            return cli_fail(cli, &error);
        return CLI_OK;
    }
    if (setup_machine(&cli->setup, m, &error) != HB_OK)
        return cli_fail(cli, &error);
    return CLI_OK;
}

int cli_run(struct cli *cli)
{
    struct outcome outcome = {.cli = cli};
    struct save_points saves;
    struct hb_error error;
    struct machine *m;
    int status;

    if (!cli->operand.count && !cli->load && !cli->scenario)
        return cli_error(cli, CLI_USAGE,
                         "%s needs a driver image; see halbox %s --help",
                         cli_command(cli), cli_command(cli));
    if (cli->scenario && cli->program.count)
        return cli_error(cli, CLI_USAGE,
                         "--program runs without a scenario: a scenario has "
                         "program(FILE, {ARGUMENTS})");
    if (cli->scenario)
        return run_scenario(cli);
    status = cli_saves(cli, &saves);
    if (status == CLI_OK)
        status = make_machine(cli, &m);
    if (status != CLI_OK)
        return status;
    if (listen_all(&outcome, m, &error) != HB_OK)
        status = cli_fail(cli, &error);
    else
        status = drive(cli, m, &saves);
    listen_no_more(&outcome, m);
    machine_destroy(m);
    return status;
}
