/* src/board/watchpoint.c -- watches of clients: the table, who hears of a hit,
 * and its text. Matching is mm/watch.c's; CPU, bus and RAM bring the accesses
 * while a watch is armed. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "board/board.h"
#include "halbox/inspect.h"

/* ---- what the table does not know ----------------------------------------*/

static bool page_of(void *context, uint32_t process, gva_t va, gpa_t *pa)
{
    struct inspect_walk walk;

    if (!inspect_translate(context, process, va, &walk) || !walk.mapped)
        return false;
    *pa = walk.pa;
    return true;
}

static bool is_here(void *context, uint32_t process)
{
    const struct machine *m = context;
    struct nt_process_info info;

    if (process == SPACE_CPU || process == SPACE_SYSTEM)
        return true;
    return m->nt && nt_process_at(m->nt, process - 1, &info) &&
           info.cr3.v == m->cpu.s.cr3;
}

/* What somebody steps from does not stop the step. */
static bool is_stepped(const struct machine *m,
                       const struct machine_watch_hit *hit)
{
    return m->stepping && !m->stop_asked && hit->access == WATCH_EXECUTE &&
           hit->va.v == m->stepping_from.v;
}

static void tell(void *context, const struct watch *w,
                 struct machine_watch_hit *hit)
{
    struct machine *m = context;
    const char *routine = m->ke && !hit->by_dma ? ke_running(m->ke) : NULL;
    bool stepped = is_stepped(m, hit), asked = m->stop_asked;

    hit->eip = cpu_at(&m->cpu);
    hit->tick = m->clock.now;
    snprintf(hit->routine, sizeof hit->routine, "%s", routine ? routine : "");
    if (m->events.past && !w->always)
        return;
    if (w->fn)
        w->fn(w->context, hit);
    else
        machine_stop(m);
    if (stepped) {
        m->stop_asked = m->cpu.stop = false;
    } else if (m->stop_asked && !asked) {
        m->stop_watch = hit->id;
        m->watch_hit = *hit;
    }
}

/* ---- arming --------------------------------------------------------------*/

void watches_rearm(struct machine *m)
{
    struct watches *ws = m->watches.count ? &m->watches : NULL;

    if (m->watches.passed_tick != m->clock.now)
        m->watches.passing = false;
    m->ram.watches = ws;
    bus_watch(m->bus, ws);
    cpu_watch(&m->cpu, ws);
}

void watches_pass(struct machine *m)
{
    m->watches.passing = true;
    m->watches.passed_tick = m->clock.now;
    m->watches.passed_at = cpu_at(&m->cpu).v;
}

static struct watch *find(struct machine *m, int id)
{
    for (unsigned i = 0; i < MACHINE_WATCHES; i++) {
        if (m->watches.row[i].id == id)
            return &m->watches.row[i];
    }
    return NULL;
}

/* An access by physical address is sought in each page of a virtual range. */
static bool range_good(const struct machine_watch *w)
{
    enum { MOST = 16 << 20 };
    uint64_t last = w->at + w->bytes - 1;

    if (!w->bytes || last < w->at)
        return false;
    return w->space != WATCH_VIRTUAL ||
           (last <= UINT32_MAX &&
            (w->bytes <= MOST || w->access == WATCH_EXECUTE));
}

static bool access_good(const struct machine_watch *w)
{
    enum { ALL = WATCH_READ | WATCH_WRITE | WATCH_EXECUTE | WATCH_CHANGE };
    bool dma_alone = w->space == WATCH_LOGICAL || (w->by_dma && !w->by_cpu);

    return w->access && !(w->access & ~(unsigned)ALL) &&
           !(w->access & WATCH_EXECUTE && dma_alone) &&
           !(w->space == WATCH_LOGICAL && !w->by_dma && w->by_cpu);
}

static enum hb_status check(const struct machine *m,
                            const struct machine_watch *w,
                            struct hb_error *error)
{
    struct inspect_walk walk;

    if ((unsigned)w->space > WATCH_LOGICAL || !range_good(w))
        return hb_fail(error, HB_BAD_ARGUMENT,
                       "0x%" PRIx64 ", %" PRIu64 " bytes: nothing to watch in "
                       "this address space",
                       w->at, w->bytes);
    if (!access_good(w))
        return hb_fail(error, HB_BAD_ARGUMENT,
                       "a watch wants an access, and one that its initiator "
                       "can make");
    if (w->space == WATCH_LOGICAL && !w->device[0])
        return hb_fail(error, HB_BAD_ARGUMENT,
                       "logical addresses are a device's: name it");
    if (w->device[0] && !bus_find(m->bus, w->device))
        return hb_fail(error, HB_NOT_FOUND, "no device '%s'", w->device);
    if (w->space == WATCH_VIRTUAL &&
        !inspect_translate(m, w->process, gva_of((uint32_t)w->at), &walk))
        return hb_fail(error, HB_NOT_FOUND, "process %u does not exist",
                       w->process);
    return HB_OK;
}

int machine_watch(struct machine *m, const struct machine_watch *watch,
                  machine_watch_fn *fn, void *context, struct hb_error *error)
{
    struct machine_watch what = *watch;
    struct watch *w = find(m, 0);

    what.device[sizeof what.device - 1] = 0;
    if (check(m, &what, error) != HB_OK)
        return 0;
    if (!w) {
        hb_fail(error, HB_FULL, "at most %d watches", (int)MACHINE_WATCHES);
        return 0;
    }
    *w = (struct watch){
        .id = ++m->watches.last_id, .what = what, .fn = fn, .context = context};
    m->watches.count++;
    watches_rearm(m);
    return w->id;
}

void watches_always(struct machine *m, int id)
{
    struct watch *w = id > 0 ? find(m, id) : NULL;

    if (w)
        w->always = true;
}

void machine_unwatch(struct machine *m, int id)
{
    struct watch *w = id > 0 ? find(m, id) : NULL;

    if (!w)
        return;
    w->id = 0;
    m->watches.count--;
    watches_rearm(m);
}

bool machine_watch_at(const struct machine *m, int id,
                      struct machine_watch *watch)
{
    for (unsigned i = 0; id > 0 && i < MACHINE_WATCHES; i++) {
        if (m->watches.row[i].id == id) {
            *watch = m->watches.row[i].what;
            return true;
        }
    }
    return false;
}

bool machine_watch_last(const struct machine *m, struct machine_watch_hit *hit)
{
    if (m->stop_watch)
        *hit = m->watch_hit;
    return m->stop_watch;
}

void watches_init(struct machine *m)
{
    m->watches.wiring = (struct watch_wiring){
        .context = m, .page = page_of, .here = is_here, .tell = tell};
}

/* ---- text ----------------------------------------------------------------*/

static void who(const struct machine_watch_hit *hit, char *out, size_t room)
{
    if (hit->by_dma)
        snprintf(out, room, "%s", hit->device);
    else if (hit->routine[0])
        snprintf(out, room, "%s", hit->routine);
    else
        snprintf(out, room, "the CPU at 0x%08" PRIx32, hit->eip.v);
}

static void where(const struct machine_watch_hit *hit, char *out, size_t room)
{
    int n = 0;

    if (hit->by_dma)
        n = snprintf(out, room, "logical 0x%08" PRIx64 ", ", hit->dla.v);
    else if (hit->has_va)
        n = snprintf(out, room, "virtual 0x%08" PRIx32 ", ", hit->va.v);
    snprintf(out + n, room - (size_t)n, "physical 0x%08" PRIx64, hit->pa.v);
}

int machine_watch_text(const struct machine_watch_hit *hit, char *out,
                       size_t room)
{
    char by[WATCH_ROUTINE + 16], at[64];
    int digits = (int)(hit->bytes < 8 ? 2 * hit->bytes : 16);

    if (hit->access & WATCH_EXECUTE)
        return snprintf(out, room, "watch %d: the instruction at 0x%08" PRIx32,
                        hit->id, hit->va.v);
    who(hit, by, sizeof by);
    where(hit, at, sizeof at);
    if (hit->access & WATCH_READ)
        return snprintf(out, room,
                        "watch %d: %s reads %" PRIu32 " bytes at %s: "
                        "0x%0*" PRIx64,
                        hit->id, by, hit->bytes, at, digits, hit->after);
    return snprintf(out, room,
                    "watch %d: %s writes %" PRIu32 " bytes at %s: "
                    "0x%0*" PRIx64 " -> 0x%0*" PRIx64,
                    hit->id, by, hit->bytes, at, digits, hit->before, digits,
                    hit->after);
}
