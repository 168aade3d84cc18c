/* src/debug/history.c -- see history.h. */
#include "debug/history.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/vec.h"
#include "board/again.h"
#include "debug/states.h"

/* A state is kept when running on from the last one has taken the host so long,
 * and so many times as long as keeping that one took; but never so far apart
 * that going back would be waited for. */
enum { MS = 1000 * 1000, APART_NS = 10 * MS, APART_MOST_NS = 40 * MS };
enum { APART_TIMES = 14 };

struct history {
    struct machine *m;
    struct states states;
    uint64_t kept_ns; /* host time of running since the base */
    uint64_t cost_ns; /* of keeping a state                  */
    /* in the past, of the present: */
    bool past;
    bool exact; /* the CPU is to stop in front of each handler */
    struct debug_place present;
    struct input_log log;
    struct board_state board;
    struct dma_step dma_step;
    enum run_piece piece;
    bool live;
};

int debug_place_order(const struct debug_place *a, const struct debug_place *b)
{
#define ORDER(field)                                                           \
    if (a->field != b->field)                                                  \
    return a->field < b->field ? -1 : 1
    ORDER(at.tick);
    ORDER(at.served);
    ORDER(at.moved);
    ORDER(inputs);
#undef ORDER
    return 0;
}

struct debug_place history_now(const struct history *h)
{
    return (struct debug_place){machine_position(h->m),
                                h->m->inputs.entry.count};
}

struct debug_place history_begin(const struct history *h)
{
    return STATE_AT(&h->states, 0)->at;
}

struct debug_place history_present(const struct history *h)
{
    return h->past ? h->present : history_now(h);
}

bool history_past(const struct history *h)
{
    return h->past;
}

static uint64_t host_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* ---- keeping ------------------------------------------------------------- */

/* The last input cannot be repeated: what it came to is kept. */
static bool behind_a_file(const struct history *h)
{
    const struct input_log *log = &h->m->inputs;
    const struct debug_place *base = &STATE_AT(&h->states, h->states.base)->at;

    for (uint32_t i = base->inputs; i < log->entry.count; i++)
        if (!input_whole(VEC_AT(struct input_entry, &log->entry, i)->kind))
            return true;
    return false;
}

static bool place_is_new(const struct history *h, const struct debug_place *now)
{
    return debug_place_order(now, &STATE_AT(&h->states, h->states.base)->at) >
           0;
}

static uint64_t apart(const struct history *h)
{
    uint64_t least = h->cost_ns * APART_TIMES;

    if (least > APART_MOST_NS)
        least = APART_MOST_NS;
    return least > APART_NS ? least : APART_NS;
}

static void keep(struct history *h, const struct debug_place *now, bool pinned)
{
    uint64_t begun = host_ns();

    states_take(&h->states, h->m, now, pinned, NULL);
    h->kept_ns = host_ns();
    h->cost_ns = h->kept_ns - begun;
}

void history_keep(struct history *h)
{
    struct debug_place now = history_now(h);
    bool pinned = !h->past && behind_a_file(h);

    if (place_is_new(h, &now) && (pinned || host_ns() - h->kept_ns >= apart(h)))
        keep(h, &now, pinned);
}

void history_mark(struct history *h)
{
    struct debug_place now = history_now(h);

    if (place_is_new(h, &now) && host_ns() - h->kept_ns > APART_NS / 2)
        keep(h, &now, false);
}

enum hb_status history_create(struct history **out, struct machine *m,
                              uint64_t budget, struct hb_error *error)
{
    const char *disk = machine_writes_host(m);
    struct history *h;
    struct debug_place now;
    enum hb_status status;

    if (disk)
        return hb_fail(error, HB_BAD_STATE,
                       "%s is written in place, which cannot be taken back: "
                       "give it cow=on",
                       disk);
    h = calloc(1, sizeof *h);
    if (!h)
        return hb_fail(error, HB_NO_MEMORY, "no memory for a history");
    h->m = m;
    h->states.budget = budget;
    now = history_now(h);
    status = states_take(&h->states, m, &now, true, error);
    h->kept_ns = host_ns();
    if (status == HB_OK)
        *out = h;
    else
        history_destroy(h);
    return status;
}

/* A handler is entered without a tick: who goes to a place there stops at it.
 */
static void at_handler(void *context, const struct hb_event *event)
{
    struct history *h = context;

    (void)event;
    if (h->exact)
        h->m->cpu.stop = true;
}

void history_destroy(struct history *h)
{
    if (!h)
        return;
    events_unlisten(&h->m->events, at_handler, h);
    states_fini(&h->states);
    input_log_fini(&h->log);
    free(h);
}

/* ---- past and present ---------------------------------------------------- */

static bool copy_vec(struct vec *to, const struct vec *from, uint32_t bytes)
{
    if (!vec_resize(to, bytes, from->count))
        return false;
    if (from->count)
        memcpy(to->data, from->data, (size_t)from->count * bytes);
    return true;
}

static enum hb_status leave_present(struct history *h, struct hb_error *error)
{
    struct machine *m = h->m;

    if (h->past)
        return HB_OK;
    if (!copy_vec(&h->log.entry, &m->inputs.entry,
                  sizeof(struct input_entry)) ||
        !copy_vec(&h->log.data, &m->inputs.data, 1) ||
        events_listen(&m->events, at_handler, h,
                      "cpu_interrupt,cpu_exception") != HB_OK)
        return hb_fail(error, HB_NO_MEMORY, "no memory to go back");
    h->present = history_now(h);
    h->board = m->s;
    h->dma_step = m->dma_step;
    h->piece = m->piece;
    h->live = m->live;
    h->past = m->events.past = true;
    return HB_OK;
}

/* Whoever drives the machine finds it as it was. */
static void reach_present(struct history *h)
{
    struct machine *m = h->m;

    events_unlisten(&m->events, at_handler, h);
    m->s = h->board;
    m->dma_step = h->dma_step;
    m->piece = h->piece;
    m->live = h->live;
    h->past = m->events.past = false;
}

void history_fork(struct history *h)
{
    struct debug_place now = history_now(h);

    if (!h->past)
        return;
    states_forget(&h->states, &now);
    h->board = h->m->s;
    reach_present(h);
}

/* ---- replay -------------------------------------------------------------- */

static struct debug_place place_of(const struct input_entry *e, uint32_t index)
{
    return (struct debug_place){{e->tick, e->served, e->moved}, index};
}

static bool before(const struct debug_place *a, const struct debug_place *b)
{
    return debug_place_order(a, b) < 0;
}

/* Up to where nothing enters and no state is to be reached exactly. */
static struct debug_place free_until(const struct history *h,
                                     const struct debug_place *now,
                                     const struct debug_place *to)
{
    uint32_t next_state = h->states.base + 1;
    struct debug_place end = *to;

    if (now->inputs < h->log.entry.count) {
        struct debug_place input =
            place_of(VEC_AT(struct input_entry, &h->log.entry, now->inputs),
                     now->inputs);

        if (before(&input, &end))
            end = input;
    }
    if (next_state < h->states.state.count &&
        before(&STATE_AT(&h->states, next_state)->at, &end))
        end = STATE_AT(&h->states, next_state)->at;
    return end;
}

/* A file that was loaded: on from the state behind it. */
static bool jump(struct history *h)
{
    const struct debug_place now = history_now(h);

    for (uint32_t i = h->states.base; i < h->states.state.count; i++)
        if (STATE_AT(&h->states, i)->at.inputs > now.inputs)
            return states_put(&h->states, h->m, i, NULL) == HB_OK;
    return false;
}

static bool enter_next(struct history *h, uint32_t index)
{
    const struct input_entry *e =
        VEC_AT(struct input_entry, &h->log.entry, index);
    bool entered;

    if (!input_whole(e->kind))
        return jump(h);
    h->m->watches.running = false;
    entered = input_again(
        h->m, e, e->bytes ? VEC_AT(uint8_t, &h->log.data, e->at) : NULL);
    h->m->watches.running = true;
    return entered;
}

static bool same_position(const struct machine_position *a,
                          const struct machine_position *b)
{
    return a->tick == b->tick && a->served == b->served && a->moved == b->moved;
}

/* What asked for a stop when it was run first was answered then. */
static bool piece_again(struct machine *m, uint64_t until)
{
    struct machine_stop stop;
    bool ran;

    m->inner = m->live = true;
    run_begin(m, &stop);
    ran = run_piece(m, until, until, &stop);
    m->inner = false;
    return ran;
}

/* Bytes up to @end, when it lies in the tenure that holds the bus now. */
static void cut(struct machine *m, const struct debug_place *now,
                const struct debug_place *end)
{
    uint32_t grain = m->grain < m->debug_grain ? m->grain : m->debug_grain;

    if (end->at.tick == now->at.tick && end->at.served == now->at.served &&
        end->at.moved > now->at.moved && end->at.moved - now->at.moved < grain)
        grain = end->at.moved - now->at.moved;
    bus_grain(m->bus, grain);
}

static void reached(struct history *h)
{
    struct debug_place now = history_now(h);
    uint32_t next = h->states.base + 1;

    if (next < h->states.state.count &&
        debug_place_order(&STATE_AT(&h->states, next)->at, &now) == 0) {
        states_reached(&h->states, h->m, next);
        h->kept_ns = host_ns();
    }
    if (h->past && debug_place_order(&now, &h->present) >= 0)
        reach_present(h);
}

bool history_piece(struct history *h, const struct debug_place *to,
                   uint64_t until)
{
    struct machine *m = h->m;
    struct debug_place now = history_now(h), end = free_until(h, &now, to);
    bool ran;

    if (!h->past || !before(&now, to))
        return false;
    if (now.inputs < h->log.entry.count) {
        struct debug_place input = place_of(
            VEC_AT(struct input_entry, &h->log.entry, now.inputs), now.inputs);

        if (same_position(&input.at, &now.at)) {
            ran = enter_next(h, now.inputs);
            reached(h);
            return ran;
        }
    }
    cut(m, &now, &end);
    h->exact = now.at.tick == end.at.tick;
    if (h->exact)
        until = end.at.tick + 1;
    else if (end.at.tick < until)
        until = end.at.tick;
    ran = piece_again(m, until);
    board_grain(m);
    reached(h);
    return ran;
}

enum hb_status history_leap(struct history *h, const struct debug_place *to,
                            struct hb_error *error)
{
    enum hb_status status = leave_present(h, error);

    if (status == HB_OK)
        status =
            states_put(&h->states, h->m, states_find(&h->states, to), error);
    h->kept_ns = host_ns();
    return status;
}

bool history_before(const struct history *h, const struct debug_place *at,
                    struct debug_place *state)
{
    uint32_t i = states_find(&h->states, at);

    if (i && debug_place_order(&STATE_AT(&h->states, i)->at, at) == 0)
        i--;
    *state = STATE_AT(&h->states, i)->at;
    return before(state, at);
}

enum hb_status history_go(struct history *h, const struct debug_place *to,
                          struct hb_error *error)
{
    enum hb_status status = history_leap(h, to, error);
    struct debug_place now = history_now(h);

    while (status == HB_OK && before(&now, to)) {
        if (!history_piece(h, to, UINT64_MAX))
            return hb_fail(error, HB_BAD_STATE,
                           "the run went another way than before at tick %llu",
                           (unsigned long long)now.at.tick);
        history_keep(h);
        now = history_now(h);
    }
    if (status == HB_OK) /* the present may be a state that was kept */
        reached(h);
    return status;
}
