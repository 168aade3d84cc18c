/* src/cli/program.c -- user programs of halbox run: started after the drivers,
 * waited for; what they write is ours to pass on. */
#include <inttypes.h>

#include "cli/cli.h"
#include "halbox/control.h"
#include "halbox/inspect.h"

/** How much of each program's output has been passed on. */
struct output {
    struct cli *cli;
    struct machine *m;
    struct vec passed; /* of uint32_t, by process number */
};

static uint32_t *passed_of(struct output *o, uint32_t process)
{
    if (process >= o->passed.count &&
        !vec_resize(&o->passed, sizeof(uint32_t), process + 1))
        return NULL;
    return VEC_AT(uint32_t, &o->passed, process);
}

static void pass_on(struct output *o, uint32_t process)
{
    uint32_t *at = passed_of(o, process), n;
    uint8_t piece[4096], stream = 1;

    while (at && (n = inspect_output(o->m, process, *at, piece, sizeof piece,
                                     &stream))) {
        FILE *to = stream == 2 ? o->cli->err : o->cli->out;

        fwrite(piece, 1, n, to);
        fflush(to);
        *at += n;
    }
}

static void wrote(void *context, const struct hb_event *event)
{
    pass_on(context, (uint32_t)event->args[0]);
}

static void told(void *context, const struct hb_event *event)
{
    const struct output *o = context;

    cli_error(o->cli, 0, "%s", (const char *)(uintptr_t)event->args[3]);
}

bool cli_programs_there(const struct machine *m)
{
    struct inspect_process process;
    struct inspect_program program;

    for (unsigned i = 0; inspect_process_at(m, i, &process); i++)
        if (inspect_program(m, i + 1, &program))
            return true;
    return false;
}

bool cli_has_programs(const struct cli *cli, const struct machine *m)
{
    return cli->program.count || cli_programs_there(m);
}

int cli_programs_start(struct cli *cli, struct machine *m)
{
    for (uint32_t i = 0; i < cli->program.count; i++) {
        bool last = i + 1 == cli->program.count;
        uint32_t process, ticket;
        struct hb_error error;

        if (machine_program_file(m, *VEC_AT(const char *, &cli->program, i),
                                 cli->argument.data,
                                 last ? cli->argument.count : 0, &process,
                                 &ticket, &error) != HB_OK)
            return cli_fail(cli, &error);
    }
    return CLI_OK;
}

/* The next program that has not ended, from process @number on. */
static bool next_running(const struct machine *m, uint32_t *number,
                         struct inspect_program *program)
{
    struct inspect_process process;

    for (; inspect_process_at(m, *number - 1, &process); ++*number)
        if (inspect_program(m, *number, program) && !program->ended)
            return true;
    return false;
}

static int wait_all(struct cli *cli, struct machine *m, uint64_t limit_ns,
                    const struct save_points *saves)
{
    uint64_t until = machine_position(m).tick + machine_ticks(m, limit_ns);
    uint64_t per_tick = machine_config(m)->ns_per_tick;
    struct inspect_program program;

    for (uint32_t number = 1; next_running(m, &number, &program);) {
        uint64_t now = machine_position(m).tick;
        struct machine_stop stop;
        enum machine_stop_reason reason =
            machine_wait(m, program.ticket, WAIT_DONE,
                         now < until ? (until - now) * per_tick : 0, &stop);

        if (saves->over)
            return CLI_OK;
        if (reason != STOP_TICKET && reason != STOP_BREAKPOINT &&
            reason != STOP_WATCH)
            return cli_error(cli, CLI_FAILED, "process %" PRIu32 ": %s%s%s",
                             number, machine_stop_name(reason),
                             stop.text[0] ? ": " : "", stop.text);
    }
    return CLI_OK;
}

/* A status other than 0 is the program's way to say that it failed. */
static int judge(struct cli *cli, struct machine *m)
{
    struct inspect_process process;
    struct inspect_program program;
    int status = CLI_OK;

    for (unsigned i = 0; inspect_process_at(m, i, &process); i++)
        if (inspect_program(m, i + 1, &program) && program.ended &&
            program.exit_status)
            status = cli_error(
                cli, CLI_FAILED, "%s: exit status %" PRIu32 " (%08" PRIx32 ")",
                process.name, program.exit_status, program.exit_status);
    return status;
}

int cli_programs_run(struct cli *cli, struct machine *m, uint64_t limit_ns,
                     struct save_points *saves)
{
    struct output o = {.cli = cli, .m = m};
    struct inspect_process process;
    struct inspect_program program;
    struct hb_error error;
    int status = CLI_OK;

    if (!cli_has_programs(cli, m))
        return CLI_OK;
    for (unsigned i = 0; cli->load && inspect_process_at(m, i, &process); i++)
        if (inspect_program(m, i + 1, &program) && passed_of(&o, i + 1))
            *passed_of(&o, i + 1) = program.output_bytes;
    if (machine_listen(m, wrote, &o, "program_output", &error) != HB_OK ||
        machine_listen(m, told, &o, "program_exception", &error) != HB_OK)
        status = cli_fail(cli, &error);
    if (status == CLI_OK)
        status = wait_all(cli, m, limit_ns, saves);
    machine_unlisten(m, wrote, &o);
    machine_unlisten(m, told, &o);
    vec_free(&o.passed);
    return status == CLI_OK && !saves->over ? judge(cli, m) : status;
}
