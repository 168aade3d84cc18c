/* tests/resume/resume.c -- BUILD EVERY[/STEP] IMAGE DEVICE SCENARIO
 * [OPTIONS...]: a scenario is saved on its way, and each save is gone on with
 * in a new process: what that process traces is the rest of the whole trace,
 * byte for byte. Saved: at every STEPth instruction (97th, if not told), at
 * every instruction from a driver's call of a routine that calls back to its
 * return, and at every byte of a transfer. EVERY: at one byte in so many, for
 * builds that are many times slower; at one in 1 + EVERY/10 of the others.
 *
 * From calls and bytes the new process goes on to one place behind them all and
 * saves there: the same file, to the byte, as the run that was never loaded
 * writes there. Only that one goes on to the end. The new processes are forked
 * from one that has never had a machine, two at a time. */
#include <errno.h>
#include <glob.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/cli.h"

enum { ARGS = 32, PATH = 4096, CHILDREN = 2 };

struct text {
    char *at;
    size_t bytes;
};

struct resume {
    char folder[64];
    char command[ARGS][PATH]; /* what all runs have */
    int count;
    unsigned every, step;
    struct text whole;
    uint64_t until; /* tick where a group of saves is to meet; 0: the end */
    struct text
        meeting; /* what is saved there, and how much is traced before */
    size_t traced;
    unsigned running;
    bool bad;
};

static void die(const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    vfprintf(stderr, format, ap);
    va_end(ap);
    fputc('\n', stderr);
    exit(1);
}

static struct text read_text(const char *path)
{
    FILE *f = fopen(path, "rb");
    struct text t = {0};
    long bytes = 0;

    if (!f || fseek(f, 0, SEEK_END) || (bytes = ftell(f)) < 0)
        die("%s: %s", path, strerror(errno));
    rewind(f);
    t.bytes = (size_t)bytes;
    t.at = calloc(1, t.bytes + 1);
    if (!t.at || fread(t.at, 1, t.bytes, f) != t.bytes)
        die("%s: cannot be read", path);
    fclose(f);
    return t;
}

static const char *in_folder(const struct resume *r, const char *name)
{
    static char path[PATH / 2];

    snprintf(path, sizeof path, "%s/%s", r->folder, name);
    return path;
}

/* The command: goes on with @load, is saved as @plan says, events in @trace. */
static int command(const struct resume *r, const char *load, const char *plan,
                   const char *trace)
{
    const char *argv[ARGS + 8];
    FILE *nowhere = fopen("/dev/null", "w");
    char to[PATH + 2];
    int argc = 0;

    for (; argc < r->count; argc++)
        argv[argc] = r->command[argc];
    snprintf(to, sizeof to, "*=%s", trace);
    argv[argc++] = "--trace";
    argv[argc++] = to;
    if (load) {
        argv[argc++] = "--load";
        argv[argc++] = load;
    }
    if (plan) {
        argv[argc++] = "--save";
        argv[argc++] = plan;
    }
    return nowhere ? cli_main(argc, (char **)argv, nowhere, stderr) : 1;
}

static void join(struct resume *r)
{
    int status = 0;

    if (wait(&status) < 0)
        die("wait: %s", strerror(errno));
    r->running--;
    r->bad |= status != 0;
}

static bool equal(const struct text *a, const char *at, size_t bytes)
{
    return a->bytes == bytes && !memcmp(a->at, at, bytes);
}

/* In the new process: what @save traces is the whole trace's rest, or its part
 * up to the meeting, where the machine is the same. */
static bool goes_on(const struct resume *r, const char *save)
{
    char trace[PATH + 8], met[PATH + 8], plan[PATH + 32];
    size_t end = r->until ? r->traced : r->whole.bytes;
    struct text part, there;

    snprintf(trace, sizeof trace, "%s.jsonl", save);
    snprintf(met, sizeof met, "%s.met", save);
    snprintf(plan, sizeof plan, "%s@%" PRIu64, met, r->until);
    if (command(r, save, r->until ? plan : NULL, trace) != CLI_OK)
        return false;
    part = read_text(trace);
    unlink(trace);
    if (part.bytes > end ||
        !equal(&part, r->whole.at + end - part.bytes, part.bytes))
        return false;
    if (!r->until)
        return true;
    there = read_text(met);
    unlink(met);
    return equal(&there, r->meeting.at, r->meeting.bytes);
}

static void start(struct resume *r, const char *what, const char *save)
{
    pid_t child;

    if (r->running == CHILDREN)
        join(r);
    child = fork();
    if (child < 0)
        die("fork: %s", strerror(errno));
    r->running++;
    if (child)
        return;
    if (!goes_on(r, save)) {
        fprintf(stderr, "%s: the run differs after %s\n", what, save);
        _exit(1);
    }
    _exit(0);
}

/* A run that saves is a process of its own, too: this one stays clean. Returns
 * its trace. */
static struct text saving_run(const struct resume *r, const char *what,
                              const char *plan)
{
    const char *trace = in_folder(r, "saving.jsonl");
    pid_t child = fork();
    struct text t;
    int status;

    if (child == 0)
        _exit(command(r, NULL, plan, trace));
    if (child < 0 || waitpid(child, &status, 0) != child || status)
        die("%s: the run failed", what);
    t = read_text(trace);
    unlink(trace);
    return t;
}

static void write_saves(struct resume *r, const char *what, const char *points)
{
    char plan[PATH];
    struct text t;

    snprintf(plan, sizeof plan, "%s@%s", in_folder(r, "save"), points);
    t = saving_run(r, what, plan);
    if (!equal(&t, r->whole.at, r->whole.bytes)) {
        fprintf(stderr, "%s: saving changed the trace\n", what);
        r->bad = true;
    }
    free(t.at);
}

static void write_meeting(struct resume *r, const char *what)
{
    char plan[PATH];
    struct text t;

    snprintf(plan, sizeof plan, "%s@%" PRIu64, in_folder(r, "meeting"),
             r->until);
    t = saving_run(r, what, plan);
    r->traced = t.bytes;
    if (t.bytes > r->whole.bytes || memcmp(t.at, r->whole.at, t.bytes))
        die("%s: saving changed the trace", what);
    free(t.at);
    free(r->meeting.at);
    r->meeting = read_text(in_folder(r, "meeting"));
}

static void all_go_on(struct resume *r, const char *what, const glob_t *saves)
{
    for (size_t i = 0; i < saves->gl_pathc; i++)
        start(r, what, saves->gl_pathv[i]);
    while (r->running)
        join(r);
}

/* @until: the tick where they meet; 0: each goes on to the end. */
static void go_on(struct resume *r, const char *what, const char *points,
                  uint64_t until)
{
    glob_t saves;

    write_saves(r, what, points);
    if (glob(in_folder(r, "save.*"), 0, NULL, &saves))
        die("%s: nothing was saved", what);
    r->until = until;
    if (until)
        write_meeting(r, what);
    all_go_on(r, what, &saves);
    r->until = 0;
    if (until) {
        start(r, what, in_folder(r, "meeting"));
        join(r);
        unlink(in_folder(r, "meeting"));
    }
    for (size_t i = 0; i < saves.gl_pathc; i++)
        unlink(saves.gl_pathv[i]);
    printf("%-40s %4zu saves gone on with\n", what, saves.gl_pathc);
    fflush(stdout);
    globfree(&saves);
}

/* From tick @from to @to: one in @every instructions, or with "b" one in
 * @every bytes. */
static void go_on_between(struct resume *r, const char *what, uint64_t from,
                          uint64_t to, unsigned every, const char *bytes)
{
    char points[64];

    snprintf(points, sizeof points, "%" PRIu64 "-%" PRIu64 "/%u%s", from, to,
             every, bytes);
    go_on(r, what, points, to + 1);
}

/* The tick of the last line of the whole trace with both texts. */
static uint64_t tick_of(const struct resume *r, const char *event,
                        const char *with)
{
    const char *found = NULL, *line = r->whole.at, *end;
    char name[64];

    snprintf(name, sizeof name, "\"event\":\"%s\"", event);
    for (; (end = strchr(line, '\n')); line = end + 1) {
        size_t bytes = (size_t)(end - line);

        if (memmem(line, bytes, name, strlen(name)) &&
            memmem(line, bytes, with, strlen(with)))
            found = line;
    }
    if (!found)
        die("no event %s in the trace", event);
    return strtoull(found + strlen("{\"tick\":"), NULL, 10);
}

static void prepare(struct resume *r, int argc, char **argv)
{
    const char *const fixed[] = {"halbox", "run",        "",     "--device",
                                 argv[4],  "--scenario", argv[5]};
    char *step;

    snprintf(r->folder, sizeof r->folder, "/tmp/halbox-resume-XXXXXX");
    if (!mkdtemp(r->folder))
        die("%s: %s", r->folder, strerror(errno));
    for (; r->count < 7; r->count++)
        snprintf(r->command[r->count], PATH, "%s", fixed[r->count]);
    snprintf(r->command[2], PATH, "%s/images/%s", argv[1], argv[3]);
    for (int i = 6; i < argc && r->count < ARGS; i++)
        snprintf(r->command[r->count++], PATH, "%s", argv[i]);
    r->every = (unsigned)strtoul(argv[2], &step, 10);
    r->step = *step == '/' ? (unsigned)strtoul(step + 1, NULL, 10) : 97;
}

int main(int argc, char **argv)
{
    static struct resume r;
    char points[64], what[64];
    unsigned every; /* of instructions */

    if (argc < 6)
        die("usage: resume BUILD EVERY[/STEP] IMAGE DEVICE SCENARIO "
            "[OPTIONS...]");
    prepare(&r, argc, argv);
    r.whole = saving_run(&r, "the whole run", NULL);
    every = 1 + r.every / 10;
    snprintf(points, sizeof points, "1-99999999/%u", r.step * every);
    snprintf(what, sizeof what, "every %uth instruction", r.step * every);
    go_on(&r, what, points, 0);
    go_on_between(&r, "a callback, from call to return",
                  tick_of(&r, "call", "AllocateAdapterChannel"),
                  tick_of(&r, "call_return", "AllocateAdapterChannel"), every,
                  "");
    go_on_between(&r, "every byte of a transfer", tick_of(&r, "dma_start", ""),
                  tick_of(&r, "dma_end", ""), r.every, "b");
    rmdir(r.folder);
    free(r.whole.at);
    free(r.meeting.at);
    return r.bad;
}
