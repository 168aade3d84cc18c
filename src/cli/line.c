/* src/cli/line.c -- lines for the monitor. Ctrl-C on a terminal is read from a
 * descriptor, so no handler needs a variable of the process. */
#include "cli/line.h"

#include <histedit.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "halbox/monitor.h"

enum { KEPT = 500, SHOWN = 100, WORD = 256 };

struct line_source {
    FILE *file, *out; /* file: no terminal */
    char *text;
    size_t room;
    EditLine *edit; /* NULL: no terminal */
    History *history;
    struct debug *d; /* while a line is read */
    int interrupts;  /* signalfd, or -1      */
    sigset_t before;
};

static char *prompt(EditLine *edit)
{
    (void)edit;
    return (char *)(uintptr_t) "(halbox) "; /* it is only read */
}

/* ---- completion ---------------------------------------------------------- */

/* How far two words are the same. */
static size_t common(const char *a, const char *b)
{
    size_t n = 0;

    while (a[n] && a[n] == b[n])
        n++;
    return n;
}

static void show_ways(struct line_source *line, const char *text)
{
    char word[WORD];

    fputc('\n', line->out);
    for (unsigned i = 0; i < SHOWN && debug_command_complete(line->d, text, i,
                                                             word, sizeof word);
         i++)
        fprintf(line->out, "%s\n", word);
}

static unsigned char complete(EditLine *edit, int key)
{
    const LineInfo *info = el_line(edit);
    char text[1024], word[WORD], next[WORD];
    struct line_source *line;
    size_t typed, n;
    unsigned ways;

    (void)key;
    el_get(edit, EL_CLIENTDATA, &line);
    snprintf(text, sizeof text, "%.*s", (int)(info->cursor - info->buffer),
             info->buffer);
    if (!debug_command_complete(line->d, text, 0, word, sizeof word))
        return CC_REFRESH_BEEP;
    for (ways = 1; ways < SHOWN && debug_command_complete(line->d, text, ways,
                                                          next, sizeof next);
         ways++)
        word[common(word, next)] = 0;
    typed = strlen(text);
    for (n = 0; n < typed && !strchr(" \t", text[typed - 1 - n]);)
        n++;
    if (strlen(word) > n && el_insertstr(edit, word + n) < 0)
        return CC_REFRESH_BEEP;
    if (ways == 1)
        el_insertstr(edit, " ");
    else if (strlen(word) <= n) {
        show_ways(line, text);
        return CC_REDISPLAY;
    }
    return CC_REFRESH;
}

/* ---- life ---------------------------------------------------------------- */

static void open_terminal(struct line_source *line)
{
    sigset_t ctrl_c;
    HistEvent event;

    line->edit = el_init("halbox", stdin, line->out, stderr);
    line->history = history_init();
    if (!line->edit || !line->history)
        return;
    history(line->history, &event, H_SETSIZE, KEPT);
    history(line->history, &event, H_SETUNIQUE, 1);
    el_set(line->edit, EL_PROMPT, prompt);
    el_set(line->edit, EL_EDITOR, "emacs");
    el_set(line->edit, EL_HIST, history, line->history);
    el_set(line->edit, EL_CLIENTDATA, line);
    el_set(line->edit, EL_ADDFN, "complete", "complete a word", complete);
    el_set(line->edit, EL_BIND, "^I", "complete", NULL);
    sigemptyset(&ctrl_c);
    sigaddset(&ctrl_c, SIGINT);
    sigprocmask(SIG_BLOCK, &ctrl_c, &line->before);
    line->interrupts = signalfd(-1, &ctrl_c, SFD_NONBLOCK | SFD_CLOEXEC);
}

struct line_source *line_open(FILE *file, FILE *out)
{
    struct line_source *line = calloc(1, sizeof *line);

    if (!line)
        return NULL;
    *line = (struct line_source){.file = file, .out = out, .interrupts = -1};
    if (!file && isatty(STDIN_FILENO))
        open_terminal(line);
    else if (!file)
        line->file = stdin;
    return line;
}

void line_close(struct line_source *line)
{
    if (!line)
        return;
    if (line->interrupts >= 0) {
        line_interrupted(line); /* what came while it stood is no signal */
        close(line->interrupts);
        sigprocmask(SIG_SETMASK, &line->before, NULL);
    }
    if (line->edit)
        el_end(line->edit);
    if (line->history)
        history_end(line->history);
    free(line->text);
    free(line);
}

bool line_is_terminal(const struct line_source *line)
{
    return line->edit != NULL;
}

bool line_interrupted(struct line_source *line)
{
    struct signalfd_siginfo info;
    bool came = false;

    while (line->interrupts >= 0 &&
           read(line->interrupts, &info, sizeof info) == sizeof info)
        came = true;
    return came;
}

/* ---- reading ------------------------------------------------------------- */

static const char *from_terminal(struct line_source *line, struct debug *d)
{
    HistEvent event;
    const char *text;
    int count;

    line->d = d;
    text = el_gets(line->edit, &count);
    line_interrupted(line);
    if (!text || count <= 0)
        return NULL;
    if (text[strspn(text, " \t\r\n")])
        history(line->history, &event, H_ENTER, text);
    return text;
}

const char *line_read(struct line_source *line, struct debug *d)
{
    fflush(line->out);
    if (line->edit)
        return from_terminal(line, d);
    if (!line->file || getline(&line->text, &line->room, line->file) < 0)
        return NULL;
    line->text[strcspn(line->text, "\r\n")] = 0;
    fprintf(line->out, "(halbox) %s\n", line->text);
    return line->text;
}
