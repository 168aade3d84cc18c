/* src/cli/cli.c -- the halbox command: from the command line to an exit status,
 * and its one line of error. */
#include "cli/cli.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/debugger.h"

int cli_error(const struct cli *cli, int status, const char *format, ...)
{
    bool colour = isatty(fileno(cli->err)) && !getenv("NO_COLOR");
    va_list args;

    fputs(colour ? "\033[1;31mhalbox:\033[0m " : "halbox: ", cli->err);
    va_start(args, format);
    vfprintf(cli->err, format, args);
    va_end(args);
    fputc('\n', cli->err);
    return status;
}

int cli_fail(const struct cli *cli, const struct hb_error *error)
{
    switch (error->status) {
    case HB_BAD_ARGUMENT:
    case HB_NOT_FOUND:
    case HB_FULL:
        return cli_error(cli, CLI_USAGE, "%s", error->text);
    case HB_LIMIT:
    case HB_GUEST_FAILED:
    case HB_FAULT:
        return cli_error(cli, CLI_FAILED, "%s", error->text);
    default:
        return cli_error(cli, CLI_HOST, "%s", error->text);
    }
}

void cli_fini(struct cli *cli)
{
    for (uint32_t i = 0; i < cli->trace.count; i++) {
        struct cli_trace *t = VEC_AT(struct cli_trace, &cli->trace, i);

        if (t->owned)
            fclose(t->file);
    }
    cli_wav_close(cli);
    vec_free(&cli->trace);
    vec_free(&cli->initrd);
    vec_free(&cli->program);
    vec_free(&cli->argument);
    vec_free(&cli->operand);
    vec_free(&cli->breaks);
    cli_debugger_fini(cli);
    setup_fini(&cli->setup);
}

int cli_main(int argc, char **argv, FILE *out, FILE *err)
{
    static int (*const run[CLI_COMMANDS])(struct cli *) = {
        [CLI_RUN] = cli_run,         [CLI_BOOT] = cli_boot,
        [CLI_TEST] = cli_test,       [CLI_LIST] = cli_list,
        [CLI_PICTURE] = cli_picture, [CLI_DEBUG] = cli_run,
    };
    struct cli cli = {.out = out, .err = err};
    int status = cli_parse(&cli, argc, argv), closed;

    if (status == CLI_OK && cli.help)
        cli_help(&cli, cli.command);
    else if (status == CLI_OK)
        status = cli_coverage_end(
            &cli, cli_monitor_end(&cli, run[cli.command](&cli)));
    closed = cli_time_line_close(&cli);
    if (status == CLI_OK)
        status = closed;
    cli_fini(&cli);
    if (fflush(out) != 0 && status == CLI_OK)
        status = CLI_HOST;
    return status;
}
