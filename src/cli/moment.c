/* src/cli/moment.c -- see moment.h. */
#include "cli/moment.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "halbox/inspect.h"

static bool number(const char *text, uint64_t *value)
{
    char *end;

    *value = strtoull(text, &end, 0);
    return end != text && !*end && *text != '-';
}

enum hb_status moment_parse(const char *text, struct moment *moment,
                            struct hb_error *error)
{
    char copy[sizeof moment->glob], *plus, *colon;
    bool good = strlen(text) < sizeof copy;

    *moment = (struct moment){.count = 1, .end = strcmp(text, "end") == 0};
    if (moment->end)
        return HB_OK;
    snprintf(copy, sizeof copy, "%s", text);
    plus = strchr(copy, '+');
    if (plus) {
        *plus = 0;
        good = good && number(plus + 1, &moment->bytes);
    }
    if (*copy >= '0' && *copy <= '9') {
        good = good && number(copy, &moment->tick);
    } else {
        colon = strchr(copy, ':');
        if (colon) {
            *colon = 0;
            good = good && number(colon + 1, &moment->count) && moment->count;
        }
        memcpy(moment->glob, copy, sizeof copy);
        good = good && *copy;
    }
    return good ? HB_OK
                : hb_fail(error, HB_BAD_ARGUMENT,
                          "--at %s: write end, TICK, EVENT or EVENT:N, then "
                          "+BYTES of DMA",
                          text);
}

static void burst(void *context, const struct hb_event *event)
{
    struct moment *moment = context;

    if (moment->here)
        moment->moved += event->args[6]; /* events.def, dma_burst: bytes */
}

static void unhook(struct moment *moment)
{
    machine_checkpoint(moment->m, 0, NULL, NULL);
    machine_grain(moment->m, UINT32_MAX);
}

/* At a boundary after the event, or the tick. */
static void boundary(void *context, struct machine *m)
{
    struct moment *moment = context;
    struct inspect_tenure tenure;

    if (!moment->here) { /* the tick has come */
        moment->here = true;
        machine_grain(m, 1);
    }
    inspect_tenure(m, &tenure);
    if (moment->moved + (tenure.bytes ? tenure.moved : 0) < moment->bytes)
        return;
    moment->over = true;
    unhook(moment);
    moment->look(moment->context, m);
}

static void event(void *context, const struct hb_event *e)
{
    struct moment *moment = context;

    (void)e;
    if (moment->here || ++moment->seen < moment->count)
        return;
    moment->here = true;
    machine_grain(moment->m, moment->bytes ? 1 : UINT32_MAX);
    machine_checkpoint(moment->m, 0, boundary, moment);
}

enum hb_status moment_arm(struct moment *moment, struct machine *m,
                          struct hb_error *error)
{
    enum hb_status status = HB_OK;

    if (moment->end || moment->over || moment->armed)
        return HB_OK;
    moment->m = m;
    moment->armed = true;
    if (!*moment->glob)
        machine_checkpoint(m, moment->tick, boundary, moment);
    else
        status = machine_listen(m, event, moment, moment->glob, error);
    if (status == HB_OK && moment->bytes)
        status = machine_listen(m, burst, moment, "dma_burst", error);
    return status;
}

void moment_gone(struct moment *moment, struct machine *m)
{
    if (moment->end && !moment->over) {
        moment->over = true;
        moment->look(moment->context, m);
    }
    if (!moment->armed)
        return;
    if (!moment->over)
        unhook(moment);
    machine_unlisten(m, event, moment);
    machine_unlisten(m, burst, moment);
    moment->armed = false;
}
