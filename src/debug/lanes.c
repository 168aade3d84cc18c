/* src/debug/lanes.c -- the time line's store: lanes, each a ring of spans that
 * grows to a bound, then loses the oldest. */
#include "debug/lanes_private.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_SPANS = 65536, LEAST_ROOM = 64, MOST_STRINGS = 4096 };
enum { NUMBER_BITS = 40 }; /* of a span's id; above: its lane's id + 1 */

static const char *const arguments[SPAN_KINDS] = {
    [SPAN_THREAD] = "thread:u",
    [SPAN_ISR] = "vector:u irql:u claimed:u",
    [SPAN_DPC] = "routine:x context:x dpc:x",
    [SPAN_IRP] = ("major:u minor:u device:x location:u status:x returned:x "
                  "mdl:x thread:u"),
    [SPAN_TRANSFER] = "dir:d dla:x bytes:u status:u done:u",
    [SPAN_BURST] = "dla:x gpa:x register:x bytes:u",
    [SPAN_HOLD] = "dir:d dla:x gpa:x bytes:u",
};

static const char *const kind_names[LANE_KINDS] = {"CPU", "ISR", "DPC",
                                                   "IRP", "DMA", "bus"};

const char *lanes_arguments(enum span_kind kind)
{
    return (unsigned)kind < SPAN_KINDS ? arguments[kind] : "";
}

const char *lanes_kind_name(enum lane_kind kind)
{
    return (unsigned)kind < LANE_KINDS ? kind_names[kind] : "?";
}

/* ---- strings and rings -------------------------------------------------- */

const char *lanes_string(struct lanes *l, const char *text)
{
    char *copy;

    for (uint32_t i = 0; i < l->string.count; i++)
        if (strcmp(*VEC_AT(char *, &l->string, i), text) == 0)
            return *VEC_AT(char *, &l->string, i);
    if (l->string.count >= MOST_STRINGS || !(copy = strdup(text)))
        return "";
    if (!vec_push(&l->string, sizeof copy, &copy)) {
        free(copy);
        return "";
    }
    return copy;
}

void *ring_next(struct vec *v, uint32_t bytes, uint32_t most, uint64_t *ever)
{
    if (v->count < most)
        return vec_push(v, bytes, NULL)
                   ? (++*ever, (char *)v->data + (size_t)bytes * (v->count - 1))
                   : NULL;
    return (char *)v->data + (size_t)bytes * ((*ever)++ % v->count);
}

void *ring_at(const struct vec *v, uint32_t bytes, uint64_t ever,
              unsigned index)
{
    if (index >= v->count)
        return NULL;
    return (char *)v->data +
           (size_t)bytes * ((ever - v->count + index) % v->count);
}

/* ---- lanes -------------------------------------------------------------- */

struct lane_row *lane_row(const struct lanes *l, unsigned id)
{
    return id < l->row.count ? *VEC_AT(struct lane_row *, &l->row, id) : NULL;
}

/* Behind all of its kind, before those of the next. */
static bool put_in_order(struct lanes *l, const struct lane_row *row)
{
    uint32_t i = l->order.count;

    while (i &&
           lane_row(l, *VEC_AT(unsigned, &l->order, i - 1))->kind > row->kind)
        i--;
    return vec_insert(&l->order, sizeof row->id, i, &row->id) != NULL;
}

static struct lane_row *lane_new(struct lanes *l, enum lane_kind kind,
                                 const char *key)
{
    struct lane_row *row = calloc(1, sizeof *row);

    if (!row)
        return NULL;
    row->id = l->row.count;
    row->kind = kind;
    row->key = key;
    if (!vec_push(&l->row, sizeof row, &row)) {
        free(row);
        return NULL;
    }
    if (!put_in_order(l, row)) {
        l->row.count--;
        free(row);
        return NULL;
    }
    return row;
}

struct lane_row *lane_of(struct lanes *l, enum lane_kind kind, const char *key,
                         uint64_t at, const char *named)
{
    struct lane_row *row;
    unsigned same = 0;

    for (unsigned i = 0; (row = lane_row(l, i)) != NULL; i++) {
        if (row->kind != kind || strcmp(row->key, key) != 0)
            continue;
        if (!row->depth && row->free_at <= at)
            return row;
        same++;
    }
    if (l->row.count >= LANES_MOST || !(row = lane_new(l, kind, key)))
        return NULL;
    if (same)
        snprintf(row->name, sizeof row->name, "%s (%u)", named, same + 1);
    else
        snprintf(row->name, sizeof row->name, "%s", named);
    return row;
}

static bool lane_tell(const struct lane_row *row, struct lane *lane)
{
    if (!row)
        return false;
    *lane = (struct lane){
        .id = row->id, .kind = row->kind, .first = row->first, .end = row->end};
    memcpy(lane->name, row->name, sizeof lane->name);
    return true;
}

bool lanes_lane(const struct lanes *l, unsigned id, struct lane *lane)
{
    return lane_tell(lane_row(l, id), lane);
}

bool lanes_at(const struct lanes *l, unsigned index, struct lane *lane)
{
    return index < l->order.count &&
           lanes_lane(l, *VEC_AT(unsigned, &l->order, index), lane);
}

/* ---- spans -------------------------------------------------------------- */

struct lane_span *span_at(const struct lane_row *row, uint64_t number)
{
    if (number < row->first || number >= row->end)
        return NULL;
    return &row->ring[number & (row->room - 1)];
}

struct lane_span *span_top(const struct lane_row *row)
{
    return row->depth ? span_at(row, row->open[row->depth - 1]) : NULL;
}

/* Twice the room; each span to its new place. */
static void ring_grow(struct lane_row *row, uint32_t most)
{
    uint32_t room = row->room ? row->room * 2 : LEAST_ROOM;
    struct lane_span *ring;

    if (room > most || !(ring = malloc(room * sizeof *ring)))
        return;
    for (uint64_t n = row->first; n < row->end; n++)
        ring[n & (room - 1)] = row->ring[n & (row->room - 1)];
    free(row->ring);
    row->ring = ring;
    row->room = room;
}

struct lane_span *span_open(struct lanes *l, struct lane_row *row,
                            enum span_kind kind, const char *name,
                            uint64_t tick)
{
    struct lane_span *span;

    if (row->depth == LANE_DEPTH)
        return NULL;
    if (row->end - row->first == row->room)
        ring_grow(row, l->options.most);
    if (!row->room)
        return NULL;
    if (row->end - row->first == row->room) {
        row->first++;
        l->dropped++;
    }
    row->open[row->depth] = row->end;
    span = &row->ring[row->end & (row->room - 1)];
    *span = (struct lane_span){.kind = kind,
                               .depth = (uint8_t)row->depth++,
                               .begin = tick,
                               .end = SPAN_OPEN,
                               .id = (uint64_t)(row->id + 1) << NUMBER_BITS |
                                     row->end,
                               .outer = row->open[0],
                               .name = name,
                               .device = ""};
    row->end++;
    return span;
}

void span_close(struct lanes *l, struct lane_row *row, uint64_t tick)
{
    struct lane_span *span = span_top(row);

    if (!row->depth)
        return;
    row->depth--;
    if (span)
        span->end = tick;
    if (row->depth)
        return;
    row->free_at = tick;
    if (l->options.over)
        l->options.over(l->options.context, row->id, row->open[0], row->end);
}

bool lanes_span(const struct lanes *l, unsigned id, uint64_t number,
                struct lane_span *span)
{
    const struct lane_row *row = lane_row(l, id);
    const struct lane_span *found = row ? span_at(row, number) : NULL;

    if (found)
        *span = *found;
    return found != NULL;
}

uint64_t lanes_find(const struct lanes *l, unsigned id, uint64_t tick)
{
    const struct lane_row *row = lane_row(l, id);
    uint64_t low, high, outer;

    if (!row)
        return 0;
    low = row->first; /* the first that begins later is in [low, high] */
    high = row->end;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;

        if (span_at(row, middle)->begin <= tick)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == row->first)
        return low;
    outer = span_at(row, low - 1)->outer;
    return outer > row->first ? outer : row->first;
}

bool lanes_locate(const struct lanes *l, uint64_t span_id, unsigned *id,
                  uint64_t *number)
{
    const struct lane_row *row;

    if (!span_id)
        return false;
    *id = (unsigned)(span_id >> NUMBER_BITS) - 1;
    *number = span_id & (((uint64_t)1 << NUMBER_BITS) - 1);
    row = lane_row(l, *id);
    return row && span_at(row, *number);
}

void lanes_forget(struct lanes *l, unsigned id, uint64_t number)
{
    struct lane_row *row = lane_row(l, id);

    if (!row || number <= row->first)
        return;
    if (number > row->end)
        number = row->end;
    l->dropped += number - row->first;
    row->first = number;
}

uint64_t lanes_dropped(const struct lanes *l)
{
    return l->dropped;
}

/* ---- marks and transfers ------------------------------------------------ */

bool lanes_mark(const struct lanes *l, unsigned index, struct lane_mark *mark)
{
    const struct lane_mark *found =
        ring_at(&l->mark, sizeof *found, l->marks, index);

    if (found)
        *mark = *found;
    return found != NULL;
}

bool lanes_transfer(const struct lanes *l, unsigned index,
                    struct lane_transfer *transfer)
{
    const struct lane_transfer *found =
        ring_at(&l->transfer, sizeof *found, l->transfers, index);

    if (found)
        *transfer = *found;
    return found != NULL;
}

bool lanes_burst(const struct lanes *l, const struct lane_transfer *transfer,
                 unsigned index, struct lane_burst *burst)
{
    const struct lane_row *row = lane_row(l, transfer->lane);
    uint64_t number = transfer->number + 1 + index;
    const struct lane_span *span = row ? span_at(row, number) : NULL;

    if (!span || span->outer != transfer->number || !span->depth)
        return false;
    *burst = (struct lane_burst){.begin = span->begin,
                                 .end = span->end,
                                 .at = dla_of(span->value[0]),
                                 .to = gpa_of(span->value[1]),
                                 .reg = (uint32_t)span->value[2],
                                 .bytes = (uint32_t)span->value[3]};
    return true;
}

/* ---- life --------------------------------------------------------------- */

static uint32_t power_of_two(uint32_t n)
{
    uint32_t p = LEAST_ROOM;

    while (p < n && p < 1u << 30)
        p *= 2;
    return p;
}

enum hb_status lanes_create(struct lanes **out, struct machine *m,
                            const struct lanes_options *options,
                            struct hb_error *error)
{
    struct lanes *l = calloc(1, sizeof *l);
    enum hb_status status;

    if (!l)
        return hb_fail(error, HB_NO_MEMORY, "no memory for the time line");
    l->m = m;
    if (options)
        l->options = *options;
    l->options.most =
        power_of_two(l->options.most ? l->options.most : MOST_SPANS);
    status = lanes_listen(l, error);
    if (status != HB_OK) {
        lanes_destroy(l);
        return status;
    }
    *out = l;
    return HB_OK;
}

void lanes_destroy(struct lanes *l)
{
    if (!l)
        return;
    lanes_unlisten(l);
    for (uint32_t i = 0; i < l->row.count; i++) {
        free(lane_row(l, i)->ring);
        free(lane_row(l, i));
    }
    for (uint32_t i = 0; i < l->string.count; i++)
        free(*VEC_AT(char *, &l->string, i));
    vec_free(&l->row);
    vec_free(&l->order);
    vec_free(&l->string);
    vec_free(&l->device);
    vec_free(&l->dpc);
    vec_free(&l->mark);
    vec_free(&l->transfer);
    free(l);
}
