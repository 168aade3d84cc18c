/* src/board/watch.c -- who hears the machine's events: clients, breakpoints,
 * and the board itself, which counts findings. In mode stop one ends the run,
 * unless the HAL raises a bugcheck for it: then that ends the guest system. */
#include <string.h>

#include "board/board.h"

static void hear_finding(void *context, const struct hb_event *event)
{
    enum { CODE = 7 }; /* argument: the bugcheck that it comes to */
    struct machine *m = context;
    bool raised = event->count > CODE && event->args[CODE];

    m->s.findings++;
    if (m->config.verify == VERIFY_STOP && !raised) {
        m->finding_stop = true;
        machine_stop(m);
    }
}

enum hb_status watch_init(struct machine *m)
{
    if (m->config.verify == VERIFY_OFF)
        return HB_OK;
    return events_listen(&m->events, hear_finding, m, "finding");
}

enum hb_status machine_listen(struct machine *m, hb_event_fn *fn, void *context,
                              const char *glob, struct hb_error *error)
{
    enum hb_status status = events_listen_once(&m->events, fn, context, glob);

    if (status == HB_BAD_ARGUMENT)
        return hb_fail(error, status,
                       "'%s' names no event: see `halbox list events`", glob);
    if (status != HB_OK)
        return hb_fail(error, status, "no memory for a listener");
    return HB_OK;
}

void machine_unlisten(struct machine *m, hb_event_fn *fn, const void *context)
{
    events_unlisten(&m->events, fn, context);
}

/* ---- breakpoints ---------------------------------------------------------*/

/* Index and kind of argument @name of event @id; -1: it has none. */
static int find_arg(enum event_id id, const char *name, char *kind)
{
    const char *at = hb_event_args(id);
    size_t length = strlen(name);

    for (int i = 0; *at; i++) {
        size_t n = strcspn(at, ":");

        if (n == length && strncmp(at, name, n) == 0) {
            *kind = at[n + 1];
            return i;
        }
        at += strcspn(at, " ");
        at += *at == ' ';
    }
    return -1;
}

bool breakpoint_holds(const struct machine_breakpoint *p,
                      const struct hb_event *event)
{
    for (unsigned i = 0; i < p->conditions; i++) {
        char kind = 0;
        int arg = find_arg(event->id, p->condition[i].arg, &kind);
        uint64_t mask =
            p->condition[i].mask ? p->condition[i].mask : UINT64_MAX;

        if (arg < 0 || (unsigned)arg >= event->count)
            return false;
        if (kind == 's') {
            const char *s = (const char *)(uintptr_t)event->args[arg];

            if (!s || strcmp(s, p->condition[i].text) != 0)
                return false;
        } else if ((event->args[arg] & mask) != p->condition[i].value) {
            return false;
        }
    }
    return true;
}

static void hear_breakpoint(void *context, const struct hb_event *event)
{
    struct breakpoint *b = context;
    struct machine *m = b->machine;

    if (!breakpoint_holds(&b->point, event))
        return;
    if (!m->stop_breakpoint)
        m->stop_breakpoint = b->id;
    machine_stop(m);
}

bool breakpoint_good(const struct machine_breakpoint *p, struct hb_error *error)
{
    if (p->conditions > BREAK_CONDITIONS) {
        hb_fail(error, HB_BAD_ARGUMENT, "at most %d conditions",
                (int)BREAK_CONDITIONS);
        return false;
    }
    for (unsigned i = 0; i < p->conditions; i++) {
        bool found = false;
        char kind;

        for (unsigned id = 0; id < EVENT_COUNT; id++) {
            if (hb_event_matches((enum event_id)id, p->glob))
                found |= find_arg((enum event_id)id, p->condition[i].arg,
                                  &kind) >= 0;
        }
        if (!found) {
            hb_fail(error, HB_BAD_ARGUMENT, "no event of '%s' has '%s'",
                    p->glob, p->condition[i].arg);
            return false;
        }
    }
    return true;
}

static struct breakpoint *find(struct machine *m, int id)
{
    for (unsigned i = 0; i < BREAKPOINTS; i++) {
        if (m->breakpoint[i].id == id)
            return &m->breakpoint[i];
    }
    return NULL;
}

int machine_break(struct machine *m, const struct machine_breakpoint *point,
                  struct hb_error *error)
{
    struct breakpoint *b = find(m, 0);

    if (!breakpoint_good(point, error))
        return 0;
    if (!b) {
        hb_fail(error, HB_FULL, "at most %d breakpoints", (int)BREAKPOINTS);
        return 0;
    }
    *b = (struct breakpoint){.machine = m, .point = *point};
    if (machine_listen(m, hear_breakpoint, b, point->glob, error) != HB_OK)
        return 0;
    b->id = ++m->breakpoint_ids;
    return b->id;
}

void machine_unbreak(struct machine *m, int id)
{
    struct breakpoint *b = id > 0 ? find(m, id) : NULL;

    if (!b)
        return;
    events_unlisten(&m->events, hear_breakpoint, b);
    b->id = 0;
}
