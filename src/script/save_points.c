/* src/script/save_points.c -- a plan of saves, carried out at the machine's
 * boundaries in whatever runs it. */
#include "script/save_points.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "halbox/control.h"
#include "halbox/inspect.h"

static bool parse(const char *text, struct save_plan *plan)
{
    const char *at = strrchr(text, '@');
    size_t count = at ? (size_t)(at - text) : strlen(text);
    char *end;

    *plan = (struct save_plan){.leave = true};
    if (!count || count >= sizeof plan->path)
        return false;
    memcpy(plan->path, text, count);
    if (!at) {
        plan->from = UINT64_MAX; /* at the end */
        return true;
    }
    plan->from = plan->to = strtoull(at + 1, &end, 0);
    if (end == at + 1)
        return false;
    if (*end == '-') {
        plan->to = strtoull(end + 1, &end, 0);
        plan->step = 1;
        plan->leave = false;
        if (*end == '/')
            plan->step = strtoull(end + 1, &end, 0);
    }
    if (*end == 'b') {
        plan->bytes = true;
        end++;
    }
    return !*end && plan->from <= plan->to && (plan->leave || plan->step);
}

enum hb_status save_plan_parse(const char *text, struct save_plan *plan,
                               struct hb_error *error)
{
    if (parse(text, plan))
        return HB_OK;
    return hb_fail(error, HB_BAD_ARGUMENT,
                   "--save '%s': write FILE, FILE@TICK or FILE@FROM-TO/STEP (b "
                   "at its end: STEP counts bytes of DMA)",
                   text);
}

static void save_now(struct save_points *p, struct machine *m)
{
    char path[sizeof p->plan.path + 32];

    snprintf(path, sizeof path, "%s", p->plan.path);
    if (!p->plan.leave) /* numbered in order */
        snprintf(path, sizeof path, "%s.%05u", p->plan.path, p->files);
    p->files++;
    p->over = p->save(p->context, m, path, &p->error) != HB_OK || p->plan.leave;
    if (p->over) {
        machine_checkpoint(m, UINT64_MAX, NULL, NULL);
        machine_stop(m);
    }
}

/* The CPU is halted: time passes without instructions. */
static bool waiting(const struct machine *m)
{
    struct inspect_cpu cpu;

    inspect_cpu(m, &cpu);
    return cpu.halted;
}

/* At a boundary of the machine. */
static void reached(void *context, struct machine *m)
{
    struct save_points *p = context;
    struct save_plan *plan = &p->plan;
    struct machine_position at = machine_position(m);

    if (at.tick > plan->to && !plan->leave) {
        machine_grain(m, p->grain ? *p->grain : UINT32_MAX);
        machine_checkpoint(m, UINT64_MAX, NULL, NULL);
        return;
    }
    if (waiting(m) && plan->step && !plan->bytes) { /* it counts instructions */
        machine_checkpoint(m, at.tick + 1, reached, p);
        return;
    }
    if (plan->bytes && !plan->leave) {
        machine_grain(m, 1);
        if (p->passed++ % plan->step) {
            machine_checkpoint(m, at.tick, reached, p); /* the next one */
            return;
        }
    }
    save_now(p, m);
    if (p->over)
        return;
    plan->from = at.tick + (plan->bytes ? 0 : plan->step);
    machine_checkpoint(m, plan->from, reached, p);
}

void save_points_arm(struct save_points *p, struct machine *m)
{
    if (!p->over && p->plan.from != UINT64_MAX)
        machine_checkpoint(m, p->plan.from, reached, p);
}

enum hb_status save_points_end(struct save_points *p, struct machine *m)
{
    if (!p->over && p->plan.from == UINT64_MAX && m)
        save_now(p, m);
    if (p->error.status == HB_OK && !p->files)
        hb_fail(&p->error, HB_LIMIT,
                "%s: the run ended before it was to be saved", p->plan.path);
    return p->error.status;
}
