/* src/cli/cli.h -- the halbox command. cli_main() is all of it but main(), so
 * that tests can run it; output goes to the two streams given. Docs:
 * docs/cli.md. */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <stdio.h>

#include "script/save_points.h"
#include "script/setup.h"

/** Exit statuses. */
enum {
    CLI_OK = 0,
    CLI_FAILED = 1, /* the driver or a check failed                   */
    CLI_USAGE = 2,  /* the command line is not right                  */
    CLI_HOST = 3    /* the host could not: missing file, bad image    */
};

/** cli_main() - run the command line; returns the exit status. */
int cli_main(int argc, char **argv, FILE *out, FILE *err);

/* ---- between the files of this folder ------------------------------------*/

enum cli_command {
    CLI_RUN,
    CLI_BOOT,
    CLI_TEST,
    CLI_LIST,
    CLI_PICTURE,
    CLI_DEBUG,
    CLI_COMMANDS
};

enum cli_serial { SERIAL_STDIO, SERIAL_FILE, SERIAL_NONE };

/** --wav: what sound cards play. */
struct cli_wav {
    FILE *file; /* NULL: nobody asked */
    uint32_t rate, frames;
    uint32_t owed; /* of a frame, in parts of its rate */
};

/** A parsed command line. Strings are argv's. */
struct cli {
    enum cli_command command;
    FILE *out, *err;
    struct setup setup;
    struct vec operand;  /* of const char *: images, scenarios, what to list */
    struct vec trace;    /* of struct cli_trace                              */
    struct vec initrd;   /* of const char *: files for the kernel           */
    struct vec program;  /* of const char *: user programs                  */
    struct vec argument; /* of const char *: of the last of them, behind -- */
    const char *screenshot, *screen_text, *display, *sound;
    const char *scenario, *junit, *save, *load, *images_folder, *cmdline;
    const char *debugcon, *printer; /* files */
    const char *status_path;        /* of debug */
    const char *gdb;                /* port or path; NULL: nobody asked */
    struct cli_debugger *debugger;  /* NULL: none, or not yet                 */
    struct vec breaks;              /* of const char *: breakpoints in words  */
    uint64_t history;               /* bytes for going back; 0: as it is      */
    const char *commands;           /* file of the monitor's, or NULL         */
    bool monitor;                   /* --monitor                              */
    struct cli_monitor *console;    /* NULL: none, or not yet                 */
    const char *svg, *at, *zoom, *panel, *layout, *size; /* of picture */
    uint64_t seed, limit_ns, max_instructions;
    enum cli_serial serial;
    const char *serial_file;
    const char *net;   /* options of the user network; NULL: none */
    bool serial_asked; /* --serial was given */
    bool help, json;
    struct cli_wav wav;
    const char *coverage; /* file; NULL: nobody asked */
    struct coverage *covered;
    struct perfetto *perfetto; /* NULL: nobody asked */
    struct vcd *vcd;           /* likewise */
};

/** One --trace: where events that a glob names are written. */
struct cli_trace {
    const char *glob;
    FILE *file;
    bool json, owned; /* owned: closed by us */
};

/** One line on the error stream, "halbox: what"; returns @status. */
int cli_error(const struct cli *cli, int status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/** The exit status that an error comes to, its line printed. */
int cli_fail(const struct cli *cli, const struct hb_error *error);

/** cli_parse() - fill @cli from the command line; CLI_OK or CLI_USAGE with the
 *  line printed. cli_fini() frees. */
int cli_parse(struct cli *cli, int argc, char **argv);
void cli_fini(struct cli *cli);
/** cli_command() - the name of the command that was given. */
const char *cli_command(const struct cli *cli);
/** Help: of one command, or of all with CLI_COMMANDS. */
void cli_help(const struct cli *cli, enum cli_command command);

const char *cli_operand(const struct cli *cli, uint32_t i);

/** cli_programs_start() - those of --program on a machine whose drivers stand.
 *  cli_programs_run() - until all programs of @m have ended; what they write
 *  goes out as it comes. The exit status that they come to. */
int cli_programs_start(struct cli *cli, struct machine *m);
int cli_programs_run(struct cli *cli, struct machine *m, uint64_t limit_ns,
                     struct save_points *saves);
/** cli_programs_there() - has @m any? cli_has_programs() - or is it to? */
bool cli_programs_there(const struct machine *m);
bool cli_has_programs(const struct cli *cli, const struct machine *m);

/** Traces: open the files, hang them on a machine, take them off, close. */
int cli_trace_add(struct cli *cli, const char *text);
enum hb_status cli_trace_machine(void *cli, struct machine *m,
                                 struct hb_error *error);
void cli_trace_gone(void *cli, struct machine *m);

/** Coverage: watch a machine, add what it ran, write the file; the last
 *  returns @status or the error of writing. */
enum hb_status cli_coverage_machine(struct cli *cli, struct machine *m,
                                    struct hb_error *error);
void cli_coverage_gone(struct cli *cli, struct machine *m);
int cli_coverage_end(struct cli *cli, int status);

/** cli_monitor_end() - close the monitor's lines, if it was asked for; @status,
 *  or what its commands came to. */
int cli_monitor_end(struct cli *cli, int status);

/** Sound: open the file, hang it on a machine, take it off, close. */
int cli_wav_open(struct cli *cli, const char *path);
enum hb_status cli_wav_machine(struct cli *cli, struct machine *m,
                               struct hb_error *error);
void cli_wav_gone(struct cli *cli, struct machine *m);
void cli_wav_close(struct cli *cli);

/** Time lines: open the files, hang them on a machine, take them off, close;
 *  cli_time_line_close() is CLI_OK, or CLI_HOST with its line printed. */
int cli_perfetto_open(struct cli *cli, const char *path);
int cli_vcd_open(struct cli *cli, const char *text);
enum hb_status cli_time_line_machine(struct cli *cli, struct machine *m,
                                     struct hb_error *error);
void cli_time_line_gone(struct cli *cli, const struct machine *m);
int cli_time_line_close(struct cli *cli);

/** --save of a machine without a scenario: what is asked for (CLI_USAGE); @m
 *  stands; the run is over and came to @status: save if that is when, returns
 *  @status or the error of a save. */
int cli_saves(const struct cli *cli, struct save_points *points);
void cli_saves_arm(const struct cli *cli, struct save_points *points,
                   struct machine *m);
int cli_saves_end(const struct cli *cli, struct save_points *points,
                  struct machine *m, int status);

/** The commands. */
int cli_run(struct cli *cli);
int cli_boot(struct cli *cli);
int cli_test(struct cli *cli);
int cli_list(struct cli *cli);
int cli_picture(struct cli *cli);

/** cli_screen() - --screenshot and --screen-text, at the end of a run. */
int cli_screen(const struct cli *cli, const struct machine *m);

/** cli_report_machine() - for people: images, devices, adapters, what the
 *  driver said. */
void cli_report_machine(const struct cli *cli, struct machine *m);
/** cli_callers() - who called whom, where the CPU stands now. */
void cli_callers(const struct cli *cli, const struct machine *m);

#endif
