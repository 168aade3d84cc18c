/* src/debug/monitor_go.c -- commands that let the machine go on: each is an
 * order. A count gives the order again at each stop that is a step's end. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "debug/monitor.h"

static enum hb_status order(struct ask *a, const struct debug_order *o,
                            uint64_t count)
{
    struct monitor *monitor = a->d->monitor;
    enum hb_status status = debug_order(a->d, o, a->error);

    monitor->order = *o;
    monitor->left = status == HB_OK ? count - 1 : 0;
    return status;
}

bool debug_command_again(struct debug *d, const struct debug_stop *stop)
{
    struct monitor *monitor = d->monitor;

    if (!monitor || !monitor->left)
        return false;
    if (stop->reason != DEBUG_STEPPED ||
        debug_order(d, &monitor->order, NULL) != HB_OK) {
        monitor->left = 0;
        return false;
    }
    monitor->left--;
    return true;
}

/* ---- steps --------------------------------------------------------------- */

/* What a person means: source lines where there are some. */
static enum debug_step fitting(const struct ask *a, enum debug_step line,
                               enum debug_step instruction)
{
    struct source_line at;

    return symbols_line(a->symbols, a->m, code_at(a->m), &at) ? line
                                                              : instruction;
}

static bool step_of(const char *word, enum debug_step *step)
{
    for (*step = 0; *step < DEBUG_STEPS; ++*step)
        if (strcmp(debug_step_name(*step), word) == 0)
            return true;
    for (*step = 0; *step < DEBUG_STEPS; ++*step)
        if (strncmp(debug_step_name(*step), word, strlen(word)) == 0)
            return true;
    return false;
}

static enum hb_status step(struct ask *a, bool back)
{
    struct debug_order o = {.kind = DEBUG_STEP, .back = back};
    uint64_t count = 1;
    const char *device;
    unsigned i = 0;

    o.step = fitting(a, DEBUG_LINE, DEBUG_INSTRUCTION);
    if (i < a->count && !isdigit((unsigned char)*a->word[i]) &&
        !step_of(a->word[i++], &o.step))
        return hb_fail(a->error, HB_NOT_FOUND, "no step '%s': see `help step`",
                       a->word[0]);
    if (i < a->count && isdigit((unsigned char)*a->word[i]) &&
        ask_number(a, i++, &count) != HB_OK)
        return a->error->status;
    if (!count)
        return hb_fail(a->error, HB_BAD_ARGUMENT, "no steps: write 1 or more");
    if (ask_device(a, i, &device) != HB_OK)
        return a->error->status;
    if (device)
        snprintf(o.device, sizeof o.device, "%s", device);
    return order(a, &o, count);
}

enum hb_status command_step(struct ask *a)
{
    return step(a, false);
}

enum hb_status command_back(struct ask *a)
{
    const struct debug_order go = {.kind = DEBUG_GO, .back = true};

    if (a->count == 1 && strcmp(a->word[0], "go") == 0)
        return order(a, &go, 1);
    return step(a, true);
}

static enum hb_status counted(struct ask *a, enum debug_step kind)
{
    const struct debug_order o = {.kind = DEBUG_STEP, .step = kind};
    uint64_t count = 1;

    if (a->count && ask_number(a, 0, &count) != HB_OK)
        return a->error->status;
    if (!count)
        return hb_fail(a->error, HB_BAD_ARGUMENT, "no steps: write 1 or more");
    return order(a, &o, count);
}

enum hb_status command_over(struct ask *a)
{
    return counted(a, DEBUG_OVER_INSTRUCTION);
}

enum hb_status command_next(struct ask *a)
{
    return counted(a, fitting(a, DEBUG_OVER_LINE, DEBUG_OVER_INSTRUCTION));
}

enum hb_status command_out(struct ask *a)
{
    return counted(a, DEBUG_OUT);
}

/* ---- places -------------------------------------------------------------- */

static enum hb_status go_to(struct ask *a, uint64_t tick)
{
    const struct debug_order o = {.kind = DEBUG_GO_TO,
                                  .to = {.at = {.tick = tick}}};

    return order(a, &o, 1);
}

enum hb_status command_go(struct ask *a)
{
    const struct debug_order go = {.kind = DEBUG_GO};

    return a->count ? command_to(a) : order(a, &go, 1);
}

enum hb_status command_to(struct ask *a)
{
    struct debug_order o = {.kind = DEBUG_GO_TO};
    uint64_t tick;

    if (strcmp(a->word[0], "begin") == 0)
        o.to = debug_begin(a->d);
    else if (strcmp(a->word[0], "end") == 0)
        o.to = debug_present(a->d);
    else
        return ask_number(a, 0, &tick) == HB_OK ? go_to(a, tick)
                                                : a->error->status;
    return order(a, &o, 1);
}

enum hb_status command_pause(struct ask *a)
{
    if (a->d->standing)
        return hb_fail(a->error, HB_BAD_STATE, "the machine stands already");
    debug_pause(a->d);
    return HB_OK;
}

enum hb_status command_quit(struct ask *a)
{
    const struct debug_order o = {.kind = DEBUG_QUIT};

    return order(a, &o, 1);
}
