/* src/base/finding.c -- see finding.h. */
#include "base/finding.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { POSTS_MOST = 16, TEXT = 256, NAME = 80 };

struct finding_post {
    struct finding f;
    char rule[16], text[TEXT], name[NAME], where[NAME], device[NAME];
};

/* Arguments of the row up to the last that is known. */
static unsigned known(const struct finding *f)
{
    if (f->code)
        return 12;
    if (f->dla || f->device)
        return 7;
    if (f->at)
        return 5;
    return f->name ? 3 : 2;
}

void finding_emit(struct events *ev, const struct finding *f)
{
    const uint64_t args[] = {EVENT_STRING(f->rule),
                             EVENT_STRING(f->text),
                             EVENT_STRING(f->name ? f->name : ""),
                             EVENT_STRING(f->where ? f->where : ""),
                             f->at,
                             EVENT_STRING(f->device ? f->device : ""),
                             f->dla,
                             f->code,
                             f->p[0],
                             f->p[1],
                             f->p[2],
                             f->p[3]};

    if (ev->armed[EV_finding])
        event_emit(ev, EV_finding, args, known(f));
}

static const char *keep(char *to, size_t room, const char *from)
{
    if (!from)
        return NULL;
    snprintf(to, room, "%s", from);
    return to;
}

void finding_post(struct events *ev, const struct finding *f)
{
    struct finding_post *p;

    if (!ev->armed[EV_finding])
        return;
    if (!ev->post)
        ev->post = calloc(POSTS_MOST, sizeof *ev->post);
    if (!ev->post || !ev->depth || ev->posts == POSTS_MOST) {
        finding_emit(ev, f);
        return;
    }
    p = &ev->post[ev->posts++];
    p->f = *f;
    p->f.rule = keep(p->rule, sizeof p->rule, f->rule);
    p->f.text = keep(p->text, sizeof p->text, f->text);
    p->f.name = keep(p->name, sizeof p->name, f->name);
    p->f.where = keep(p->where, sizeof p->where, f->where);
    p->f.device = keep(p->device, sizeof p->device, f->device);
}

void finding_flush(struct events *ev)
{
    unsigned i;

    ev->depth++; /* what is posted meanwhile joins the end of the list */
    for (i = 0; i < ev->posts; i++)
        finding_emit(ev, &ev->post[i].f);
    ev->posts = 0;
    ev->depth--;
}
