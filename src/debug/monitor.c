/* src/debug/monitor.c -- a line as a command: finding its row, its words, and
 * who keeps what between two lines. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "debug/monitor.h"

struct monitor *monitor_of(struct debug *d)
{
    if (!d->monitor)
        d->monitor = calloc(1, sizeof *d->monitor);
    return d->monitor;
}

void debug_monitor_end(struct debug *d)
{
    if (d->monitor)
        monitor_trace_end(d);
    free(d->monitor);
    d->monitor = NULL;
}

enum hb_status debug_command_lanes(struct debug *d, const struct lanes *lanes,
                                   struct hb_error *error)
{
    if (!monitor_of(d))
        return hb_fail(error, HB_NO_MEMORY, "no memory for the monitor");
    d->monitor->lanes = lanes;
    return HB_OK;
}

bool debug_has_order(const struct debug *d)
{
    return d->has_order;
}

/* ---- the table ----------------------------------------------------------- */

bool debug_command_at(unsigned index, struct debug_command_help *row)
{
    const struct command *c = &monitor_command[index];

    if (index >= monitor_commands)
        return false;
    *row =
        (struct debug_command_help){c->name, c->brief, c->arguments, c->help};
    return true;
}

const struct command *monitor_find(const char *word)
{
    const struct command *found = NULL;
    size_t n = strlen(word);

    for (unsigned i = 0; i < monitor_commands; i++) {
        const struct command *c = &monitor_command[i];

        if (strcmp(c->name, word) == 0 || (n && strcmp(c->brief, word) == 0))
            return c;
    }
    for (unsigned i = 0; i < monitor_commands; i++)
        if (strncmp(monitor_command[i].name, word, n) == 0) {
            if (found)
                return NULL; /* of two */
            found = &monitor_command[i];
        }
    return found;
}

enum hb_status command_help(struct ask *a)
{
    const struct command *c;
    struct table t;

    if (a->count) {
        c = monitor_find(a->word[0]);
        if (!c)
            return hb_fail(a->error, HB_NOT_FOUND,
                           "no command '%s': `help` lists them", a->word[0]);
        say(a, "%s %s", c->name, c->arguments);
        if (c->brief[0])
            say(a, "short: %s", c->brief);
        say(a, "%s", c->help);
        for (enum debug_step s = 0;
             c->complete == COMPLETE_STEP && s < DEBUG_STEPS; s++)
            say(a, "  %-12s %s", debug_step_name(s), debug_step_help(s));
        return HB_OK;
    }
    table_begin(&t, a, "command:s short:s arguments:s does:s");
    for (c = monitor_command; c < monitor_command + monitor_commands; c++) {
        table_text(&t, "%s", c->name);
        table_text(&t, "%s", c->brief);
        table_text(&t, "%s", c->arguments);
        table_text(&t, "%s", c->help);
    }
    return table_end(&t);
}

/* ---- a line -------------------------------------------------------------- */

/* The first word of @text off it. */
static char *first_word(char **text)
{
    char *word = *text + strspn(*text, " \t\r\n");

    *text = word + strcspn(word, " \t\r\n");
    if (**text)
        *(*text)++ = 0;
    return word;
}

static enum hb_status words(struct ask *a, char *text)
{
    char *word;

    a->count = 0;
    for (;;) {
        word = first_word(&text);
        if (!*word)
            return HB_OK;
        if (a->count == ASK_WORDS)
            return hb_fail(a->error, HB_BAD_ARGUMENT,
                           "more than %d words: write a shorter line",
                           (int)ASK_WORDS);
        a->word[a->count++] = word;
    }
}

static enum hb_status fits(const struct ask *a, const struct command *c)
{
    if (a->count < c->least || a->count > c->most)
        return hb_fail(a->error, HB_BAD_ARGUMENT, "write: %s %s", c->name,
                       c->arguments);
    if (a->json && !c->list)
        return hb_fail(a->error, HB_BAD_ARGUMENT,
                       "%s has no form as JSON: lists have", c->name);
    if (c->going && !a->d->standing)
        return hb_fail(a->error, HB_BAD_STATE,
                       "the machine runs: `pause` first");
    return HB_OK;
}

static enum hb_status run(struct ask *a, char *text)
{
    char rest[ASK_TEXT], *word = first_word(&text);
    const struct command *c;

    if (strcmp(word, "json") == 0 || strcmp(word, "-j") == 0) {
        a->json = true;
        word = first_word(&text);
    }
    if (!*word || *word == '#')
        return HB_OK;
    c = monitor_find(word);
    if (!c)
        return hb_fail(a->error, HB_NOT_FOUND,
                       "no command '%.64s', or it begins several: `help` "
                       "lists them",
                       word);
    snprintf(rest, sizeof rest, "%s", text + strspn(text, " \t"));
    rest[strcspn(rest, "\r\n")] = 0;
    a->rest = rest;
    if (words(a, text) != HB_OK || fits(a, c) != HB_OK)
        return a->error->status;
    return c->run(a);
}

enum hb_status debug_command(struct debug *d, const char *text,
                             debug_print_fn *print, void *context,
                             struct hb_error *error)
{
    struct hb_error ours;
    struct ask a = {.d = d,
                    .m = d->m,
                    .symbols = d->symbols,
                    .print = print,
                    .context = context,
                    .error = error ? error : &ours};
    enum hb_status status;
    char line[ASK_TEXT];

    *a.error = (struct hb_error){0};
    if (snprintf(line, sizeof line, "%s", text) >= (int)sizeof line)
        return hb_fail(a.error, HB_BAD_ARGUMENT,
                       "a line of more than %d characters", (int)ASK_TEXT - 1);
    if (!monitor_of(d))
        return hb_fail(a.error, HB_NO_MEMORY, "no memory for the monitor");
    status = run(&a, line);
    monitor_plain(a.error->text);
    return status;
}

/* ---- completion ---------------------------------------------------------- */

static bool code_name(struct debug *d, unsigned i, char *out, size_t room)
{
    struct symbol s;
    size_t n;

    if (!symbols_symbol_at(d->symbols, d->m, i, &s))
        return false;
    n = strcspn(s.image, ".");
    snprintf(out, room, "%.*s!%s", (int)n, s.image, s.name);
    return true;
}

/* Candidate @i of a kind, whatever is typed. */
static bool candidate(struct debug *d, enum complete_kind kind, unsigned i,
                      char *out, size_t room)
{
    const char *name = NULL;
    struct inspect_cpu_register reg;
    struct inspect_device device;

    if (kind == COMPLETE_CODE)
        return code_name(d, i, out, room);
    if (kind == COMPLETE_COMMAND && i < monitor_commands)
        name = monitor_command[i].name;
    else if (kind == COMPLETE_STEP)
        name = debug_step_name(i);
    else if (kind == COMPLETE_REGISTER)
        name = inspect_cpu_register_at(d->m, i, &reg) ? reg.name : NULL;
    else if (kind == COMPLETE_DEVICE && inspect_device_at(d->m, i, &device))
        name = device.name;
    if (name)
        snprintf(out, room, "%s", name);
    return name != NULL;
}

static enum complete_kind kind_of(const char *text, const char *last)
{
    char line[ASK_TEXT], *next = line, *word;
    const struct command *c;

    snprintf(line, sizeof line, "%.*s", (int)(last - text), text);
    word = first_word(&next);
    if (strcmp(word, "json") == 0 || strcmp(word, "-j") == 0)
        word = first_word(&next);
    if (!*word)
        return COMPLETE_COMMAND;
    c = monitor_find(word);
    return c ? c->complete : COMPLETE_NOTHING;
}

bool debug_command_complete(struct debug *d, const char *text, unsigned index,
                            char *out, size_t room)
{
    const char *last = text + strlen(text);
    char before[SYMBOL_NAME + 64] = "";
    enum complete_kind kind;
    size_t n;

    while (last > text && !strchr(" \t", last[-1]))
        last--;
    n = strlen(last);
    if (strlen(text) >= ASK_TEXT)
        return false;
    kind = kind_of(text, last);
    for (int both = 0; both < 2; both++) {
        for (unsigned i = 0; candidate(d, kind, i, out, room); i++) {
            if (strncmp(out, last, n) != 0 || strcmp(out, before) == 0)
                continue; /* some names are there twice */
            if (!index--)
                return true;
            snprintf(before, sizeof before, "%s", out);
        }
        if (kind != COMPLETE_STEP) /* of that step: a device */
            break;
        kind = COMPLETE_DEVICE;
    }
    return false;
}
