/* tests/cli/gdb_test.c -- halbox run --gdb with Debian's gdb: breakpoints by
 * source line, callers across kernel routines, watchpoints both ways, threads,
 * what it is told at a bugcheck and at the end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/cli.h"

enum { MOST = 1 << 16 };
#define WAITS "halbox: waiting for gdb: target remote "

/** A run of the command in a process of its own, and what gdb said to it. */
struct session {
    char folder[64], path[128];
    pid_t run;
    FILE *err;
    int status; /* of the command */
    char said[MOST];
};

/** A driver and what drives it. */
struct drive {
    const char *image, *lua;
};
static const struct drive edu = {
    HALBOX_IMAGES "/edu.sys",
    "local card = open('\\\\\\\\.\\\\Edu0')\n"
    "local out = buffer {text = pattern(10000, 1), scattered = true}\n"
    "card:write(out)\n"
    "card:close()\n"};
static const struct drive elf = {
    HALBOX_IMAGES "/edu_elf.o",
    "local card = open('\\\\\\\\.\\\\Edu0')\n"
    "card:write(buffer {text = pattern(100, 1)})\n"};
/* A load from address 0: images/small/hostile.h. */
static const struct drive bugcheck = {
    HALBOX_IMAGES "/hostile.sys",
    "open('\\\\Device\\\\Hostile'):ioctl(0x222000 + 4 * 16)\n"};

static void write_file(const struct session *s, const char *name,
                       const char *text)
{
    char path[256];
    FILE *f;

    snprintf(path, sizeof path, "%s/%s", s->folder, name);
    f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    assert_int_equal(fclose(f), 0);
}

static void run_command(const struct session *s, const char *image, int err)
{
    char script[128];
    char *argv[] = {"halbox", "run",   (char *)(uintptr_t)image,   "--device",
                    "edu",    "--gdb", (char *)(uintptr_t)s->path, "--scenario",
                    script};
    FILE *out = fopen("/dev/null", "w");

    snprintf(script, sizeof script, "%s/a.lua", s->folder);
    _exit(cli_main(sizeof argv / sizeof *argv, argv, out, fdopen(err, "w")));
}

/* The command runs and waits for gdb. */
static void begin(struct session *s, const struct drive *drive)
{
    char line[256];
    int err[2];

    snprintf(s->folder, sizeof s->folder, "/tmp/halbox-gdb-test-XXXXXX");
    assert_non_null(mkdtemp(s->folder));
    snprintf(s->path, sizeof s->path, "%s/gdb", s->folder);
    write_file(s, "a.lua", drive->lua);
    assert_int_equal(pipe(err), 0);
    s->run = fork();
    assert_true(s->run >= 0);
    if (s->run == 0) {
        close(err[0]);
        run_command(s, drive->image, err[1]);
    }
    close(err[1]);
    s->err = fdopen(err[0], "r");
    assert_non_null(fgets(line, sizeof line, s->err));
    assert_ptr_equal(strstr(line, WAITS), line);
}

/* gdb does @commands; when it has gone the command ends. */
static void debug(struct session *s, const char *commands)
{
    char line[512];
    size_t count = 0, n;
    FILE *gdb;

    snprintf(line, sizeof line,
             "set pagination off\nset width 0\nset confirm off\n"
             "target remote %s\n",
             s->path);
    n = strlen(line) + strlen(commands) + 1;
    char *all = malloc(n);
    snprintf(all, n, "%s%s", line, commands);
    write_file(s, "a.gdb", all);
    free(all);
    snprintf(line, sizeof line,
             "cd '%s' && LC_ALL=C gdb -nx -batch -x a.gdb 2>&1 </dev/null",
             s->folder);
    gdb = popen(line, "r");
    assert_non_null(gdb);
    while (count < MOST - 1 &&
           (n = fread(s->said + count, 1, MOST - 1 - count, gdb)) > 0)
        count += n;
    s->said[count] = 0;
    pclose(gdb);
    assert_int_equal(waitpid(s->run, &s->status, 0), s->run);
    fclose(s->err);
}

static void end(struct session *s)
{
    char path[256];

    assert_int_not_equal(access(s->path, F_OK), 0);
    for (const char *const *name =
             (const char *const[]){"a.lua", "a.gdb", NULL};
         *name; name++) {
        snprintf(path, sizeof path, "%s/%s", s->folder, *name);
        unlink(path);
    }
    assert_int_equal(rmdir(s->folder), 0);
}

/* gdb said these in this order. */
static void is_said(const struct session *s, const char *const *parts)
{
    const char *at = s->said;

    for (; *parts; parts++) {
        at = strstr(at, *parts);
        if (!at)
            fail_msg("gdb did not say \"%s\" there:\n%s", *parts, s->said);
        at += strlen(*parts);
    }
}

/* Number of the first line of images/edu_wdm/dma.c that has @text. */
static unsigned line_of(const char *text)
{
    static const char path[] = HALBOX_TREE "/images/edu_wdm/dma.c";
    FILE *f = fopen(path, "r");
    char line[256];
    unsigned n = 0;

    assert_non_null(f);
    while (fgets(line, sizeof line, f)) {
        n++;
        if (strstr(line, text)) {
            fclose(f);
            return n;
        }
    }
    fail_msg("%s has no \"%s\"", path, text);
    return 0;
}

static void breakpoints_and_callers(void **state)
{
    static struct session s;
    char commands[1024];

    (void)state;
    snprintf(commands, sizeof commands,
             "break dma.c:%u\ncontinue\nbacktrace\ninfo threads\n"
             "info sharedlibrary\nprint/x $cs\nprint $cr0 & 1\n"
             "monitor where\nmonitor nonsense\n"
             "delete\nbreak EduFinish\ncontinue\nset var Status=5\n"
             "print Status\nfinish\ncontinue\n",
             line_of("Transfer.MapRegisterBase = MapRegisters"));
    begin(&s, &edu);
    debug(&s, commands);
    is_said(&s, (const char *const[]){
                    "hit Breakpoint 1, AdapterControl", "#1 ", "in KiCallback",
                    "in StartPiece", "in EduStartTransfer", "in KiCallback",
                    "EduReadWrite", "(idle, ready", "* 3", "AdapterControl",
                    "/edu.sys", " = 0x8\n", " = 1\n", "edu!AdapterControl",
                    "nonsense", "Breakpoint 2, EduFinish", "exited normally]",
                    NULL});
    end(&s);
}

static void watchpoints_both_ways(void **state)
{
    static struct session s;

    (void)state;
    begin(&s, &edu);
    debug(&s, "break AdapterControl\ncontinue\n"
              "watch -l ((PEDU_EXTENSION)Context)->Transfer.RunBytes\n"
              "continue\ncontinue\necho going back\\n\n"
              "reverse-continue\nx/i $pc\nreverse-continue\ninfo symbol $pc\n"
              "echo steps\\n\nreverse-stepi\nstepi\n"
              "info symbol $pc\ndelete\nreverse-continue\ndetach\n");
    is_said(&s, (const char *const[]){"Hardware watchpoint 2",
                                      "Old value = 0",
                                      "New value = 10000",
                                      "NextOperation",
                                      "Old value = 10000",
                                      "New value = 5904",
                                      "OperationDone",
                                      "going back",
                                      "Old value = 5904",
                                      "New value = 10000",
                                      "OperationDone",
                                      "=> ",
                                      "Old value = 10000",
                                      "New value = 0",
                                      "NextOperation",
                                      "steps",
                                      "NextOperation",
                                      "No more reverse-execution history",
                                      "detached]",
                                      NULL});
    assert_true(WIFEXITED(s.status));
    assert_int_equal(WEXITSTATUS(s.status), CLI_OK);
    end(&s);
}

static void steps_run_through_interrupts(void **state)
{
    static struct session s;

    (void)state;
    begin(&s, &edu);
    debug(&s, "break EduStartTransfer\ncontinue\ndelete\n"
              "monitor step irq\nmonitor back instruction\n"
              "maintenance flush register-cache\nstepi\ninfo symbol $pc\n"
              "echo again\\n\nmonitor back irq\nmonitor back instruction\n"
              "maintenance flush register-cache\nbreak EduIsr\nstepi\n"
              "kill\n");
    is_said(&s, (const char *const[]){"KiVector", "KiIdleLoop",
                                      "KiIdleLoop in section", "again",
                                      "KiVector", "KiIdleLoop",
                                      "hit Breakpoint 2, EduIsr", NULL});
    end(&s);
}

static void a_bugcheck_is_a_signal(void **state)
{
    static struct session s;

    (void)state;
    begin(&s, &bugcheck);
    debug(&s, "break Control\ncontinue\nfinish\nbacktrace\n"
              "reverse-continue\ncontinue\ncontinue\n");
    is_said(&s,
            (const char *const[]){"hit Breakpoint 1", "Control", "bugcheck 0x",
                                  "SIGSEGV", "#0 ", "hit Breakpoint 1",
                                  "SIGSEGV", "exited normally]", NULL});
    assert_true(WIFEXITED(s.status));
    assert_int_equal(WEXITSTATUS(s.status), CLI_FAILED);
    end(&s);
}

static void a_relocatable_driver_has_names(void **state)
{
    static struct session s;

    (void)state;
    begin(&s, &elf);
    debug(&s, "break adapter_control\ncontinue\nbacktrace\ninfo line\n"
              "kill\n");
    is_said(&s, (const char *const[]){"hit Breakpoint 1, adapter_control",
                                      "in KiCallback", "edu_elf.c", "killed]",
                                      NULL});
    end(&s);
}

static void a_kill_ends_the_run(void **state)
{
    static struct session s;

    (void)state;
    begin(&s, &edu);
    debug(&s, "break EduStartTransfer\ncontinue\nkill\n");
    is_said(&s, (const char *const[]){"EduStartTransfer", "killed]", NULL});
    assert_true(WIFEXITED(s.status));
    end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(breakpoints_and_callers),
        cmocka_unit_test(watchpoints_both_ways),
        cmocka_unit_test(steps_run_through_interrupts),
        cmocka_unit_test(a_bugcheck_is_a_signal),
        cmocka_unit_test(a_relocatable_driver_has_names),
        cmocka_unit_test(a_kill_ends_the_run),
    };

    if (system("gdb --version >/dev/null 2>&1") != 0) {
        fprintf(stderr, "gdb is missing: ./dev installs it\n");
        return 1;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
