/* mm/watch.c -- matching: an access against each watch, in the address space
 * of the watch. */
#include "mm/watch.h"

#include <string.h>

#include "mm/tlb.h"

/* The watched bytes as offsets in the access, past its ends maybe; and those
 * that a span is good for. */
struct span {
    int64_t from, to, low, high;
    gva_t va; /* at `from`, of a virtual watch */
};
enum { SPANS = 2 };

static bool wants(const struct machine_watch *w, bool by_dma)
{
    return by_dma ? w->by_dma || !w->by_cpu : w->by_cpu || !w->by_dma;
}

static bool writes(unsigned access)
{
    return access & (WATCH_WRITE | WATCH_CHANGE);
}

/* ---- where it lies in an access --------------------------------------------
 */

static struct span span_of(const struct machine_watch *w, uint64_t at,
                           uint32_t low, uint32_t high)
{
    int64_t from = (int64_t)(w->at - at) + low;

    return (struct span){.from = from,
                         .to = from + (int64_t)w->bytes,
                         .low = low,
                         .high = high,
                         .va = gva_of((uint32_t)w->at)};
}

static unsigned physical_spans(const struct machine_watch *w,
                               const struct watch_access *a, struct span *out)
{
    out[0] = span_of(w, a->pa.v, 0, a->split);
    if (a->split == a->bytes)
        return 1;
    out[1] = span_of(w, a->second.v, a->split, a->bytes);
    return 2;
}

/* Of an access that has no virtual address: the first page of the watch that
 * lies where it goes to. */
static unsigned mapped_span(const struct watches *ws,
                            const struct machine_watch *w,
                            const struct watch_access *a, struct span *out)
{
    uint64_t end = w->at + w->bytes, frame = a->pa.v & ~(uint64_t)PAGE_MASK;

    for (uint64_t at = w->at, next; at < end; at = next) {
        gpa_t pa;

        next = (at | PAGE_MASK) + 1;
        if (!ws->wiring.page(ws->wiring.context, w->process,
                             gva_of((uint32_t)at), &pa) ||
            (pa.v & ~(uint64_t)PAGE_MASK) != frame)
            continue;
        out->from = (int64_t)(pa.v - a->pa.v);
        out->to = out->from + (int64_t)((next < end ? next : end) - at);
        out->low = 0;
        out->high = a->bytes;
        out->va = gva_of((uint32_t)at);
        return 1;
    }
    return 0;
}

static unsigned spans_of(const struct watches *ws,
                         const struct machine_watch *w,
                         const struct watch_access *a, struct span *out)
{
    switch (w->space) {
    case WATCH_PHYSICAL:
        return physical_spans(w, a, out);
    case WATCH_LOGICAL:
        *out = span_of(w, a->dla.v, 0, a->bytes);
        return a->by_dma;
    case WATCH_VIRTUAL:
        break;
    }
    if (!a->has_va)
        return mapped_span(ws, w, a, out);
    *out = span_of(w, a->va.v, 0, a->bytes);
    return ws->wiring.here(ws->wiring.context, w->process);
}

/* Cuts the span to the access; false: nothing is left. */
static bool clip(struct span *s)
{
    if (s->from < s->low) {
        s->va = gva_add(s->va, (uint32_t)(s->low - s->from));
        s->from = s->low;
    }
    if (s->to > s->high)
        s->to = s->high;
    return s->from < s->to;
}

static bool concerns(const struct machine_watch *w,
                     const struct watch_access *a)
{
    if (!wants(w, a->by_dma) ||
        !(a->access == WATCH_READ ? w->access & WATCH_READ : writes(w->access)))
        return false;
    return !a->by_dma || !w->device[0] || strcmp(w->device, a->device) == 0 ||
           strcmp(w->device, a->owner) == 0;
}

bool watches_see(const struct watches *ws, const struct watch_access *a)
{
    for (unsigned i = 0; ws->running && i < MACHINE_WATCHES; i++) {
        const struct watch *w = &ws->row[i];
        struct span span[SPANS];

        if (!w->id || !concerns(&w->what, a))
            continue;
        for (unsigned n = spans_of(ws, &w->what, a, span); n--;)
            if (clip(&span[n]))
                return true;
    }
    return false;
}

uint32_t watches_cut(const struct watches *ws, const struct watch_access *a)
{
    int64_t n = a->bytes;

    for (unsigned i = 0; ws->running && i < MACHINE_WATCHES; i++) {
        const struct watch *w = &ws->row[i];
        struct span s[SPANS];

        if (!w->id || !concerns(&w->what, a) || !spans_of(ws, &w->what, a, s))
            continue;
        if (s->from > 0 && s->from < n)
            n = s->from;
        else if (s->from <= 0 && s->to > 0 && s->to < n)
            n = s->to;
    }
    return (uint32_t)n;
}

/* ---- telling --------------------------------------------------------------
 */

static uint64_t value(const uint8_t *at, uint32_t bytes)
{
    uint64_t v = 0;

    memcpy(&v, at, bytes < sizeof v ? bytes : sizeof v);
    return v;
}

static void tell(struct watches *ws, const struct watch *w,
                 const struct watch_access *a, const struct span *s)
{
    uint32_t from = (uint32_t)s->from, bytes = (uint32_t)(s->to - s->from);
    struct machine_watch_hit hit = {
        .id = w->id,
        .access = a->access,
        .has_va = a->has_va || w->what.space == WATCH_VIRTUAL,
        .va = a->has_va ? gva_add(a->va, from) : s->va,
        .pa = from < a->split ? gpa_add(a->pa, from)
                              : gpa_add(a->second, from - a->split),
        .bytes = bytes,
        .width = a->bytes,
        .before = value(a->before + from, bytes),
        .after = value(a->after + from, bytes),
        .by_dma = a->by_dma,
    };

    if (!hit.has_va)
        hit.va = gva_of(0);
    if (a->by_dma) {
        hit.dla = dla_add(a->dla, from);
        strncpy(hit.device, a->device, sizeof hit.device - 1);
    }
    if (a->access == WATCH_WRITE) {
        if (memcmp(a->before + from, a->after + from, bytes) != 0)
            hit.access |= WATCH_CHANGE;
        else if (!(w->what.access & WATCH_WRITE))
            return;
    }
    ws->wiring.tell(ws->wiring.context, w, &hit);
}

/* Who hears may change the table: what is new does not hear of this one. */
void watches_tell(struct watches *ws, const struct watch_access *a)
{
    int newest = ws->last_id;

    for (unsigned i = 0; i < MACHINE_WATCHES; i++) {
        const struct watch w = ws->row[i];
        struct span span[SPANS];
        unsigned spans;

        if (!w.id || w.id > newest || !concerns(&w.what, a))
            continue;
        spans = spans_of(ws, &w.what, a, span);
        for (unsigned n = 0; n < spans; n++)
            if (clip(&span[n]) && ws->row[i].id == w.id)
                tell(ws, &w, a, &span[n]);
    }
}

/* ---- code -----------------------------------------------------------------
 */

static bool begins_at(const struct watches *ws, const struct machine_watch *w,
                      gva_t va, bool mapped, gpa_t pa)
{
    if (!(w->access & WATCH_EXECUTE))
        return false;
    if (w->space == WATCH_PHYSICAL)
        return mapped && pa.v - w->at < w->bytes;
    return va.v - w->at < w->bytes &&
           ws->wiring.here(ws->wiring.context, w->process);
}

void watches_execute(struct watches *ws, gva_t va, bool mapped, gpa_t pa,
                     uint64_t tick)
{
    int newest = ws->last_id;

    if (!ws->running ||
        (ws->passing && ws->passed_tick == tick && ws->passed_at == va.v))
        return;
    for (unsigned i = 0; i < MACHINE_WATCHES; i++) {
        const struct watch w = ws->row[i];
        struct machine_watch_hit hit = {.id = w.id,
                                        .access = WATCH_EXECUTE,
                                        .has_va = true,
                                        .va = va,
                                        .pa = pa};

        if (!w.id || w.id > newest || !begins_at(ws, &w.what, va, mapped, pa))
            continue;
        ws->passing = true;
        ws->passed_tick = tick;
        ws->passed_at = va.v;
        ws->wiring.tell(ws->wiring.context, &w, &hit);
    }
}

/* ---- the fast way ---------------------------------------------------------
 */

static unsigned closed_by(const struct machine_watch *w)
{
    unsigned closed = 0;

    if (w->space == WATCH_LOGICAL || !wants(w, false))
        return 0;
    if (w->access & WATCH_READ)
        closed |= TLB_READ;
    if (writes(w->access))
        closed |= TLB_WRITE;
    if (w->access & WATCH_EXECUTE)
        closed |= TLB_FETCH;
    return closed;
}

unsigned watches_slow(const struct watches *ws, gva_t va, gpa_t frame)
{
    unsigned slow = 0;

    for (unsigned i = 0; i < MACHINE_WATCHES; i++) {
        const struct machine_watch *w = &ws->row[i].what;
        uint64_t page = w->space == WATCH_VIRTUAL ? va.v : frame.v;

        page &= ~(uint64_t)PAGE_MASK;
        if (ws->row[i].id && w->at <= (page | PAGE_MASK) &&
            page < w->at + w->bytes)
            slow |= closed_by(w);
    }
    return slow;
}
