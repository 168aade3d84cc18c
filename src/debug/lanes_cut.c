/* src/debug/lanes_cut.c -- a run that goes another way from some tick on: what
 * came after it is forgotten, what went on then goes on. */
#include "debug/lanes_private.h"

#include <stdlib.h>
#include <string.h>

/* Is @span, which began by @tick, still going on at it? What a burst takes of
 * the bus is known when it is told. */
static bool goes_on(const struct lane_span *span, uint64_t tick)
{
    if (span->kind == SPAN_BURST || span->kind == SPAN_HOLD)
        return false;
    if (span->kind == SPAN_TRANSFER && span->value[LANE_T_ENDED])
        return span->value[LANE_T_ENDED] > tick;
    return span->end > tick;
}

static void reopen(struct lane_row *row, struct lane_span *span,
                   uint64_t number)
{
    span->end = SPAN_OPEN;
    span->finisher = 0;
    row->open[row->depth++] = number;
    if (span->kind == SPAN_TRANSFER) {
        span->value[LANE_T_ENDED] = 0;
        row->transfer = span->transfer;
    }
}

/* Nothing inside what is over goes on. */
static void cut_lane(struct lane_row *row, uint64_t tick)
{
    uint64_t outer;

    while (row->end > row->first && span_at(row, row->end - 1)->begin > tick)
        row->end--;
    row->depth = 0;
    row->free_at = 0;
    if (row->told > row->end)
        row->told = row->end;
    if (row->end == row->first)
        return;
    outer = span_at(row, row->end - 1)->outer;
    if (outer < row->first)
        outer = row->first;
    for (uint64_t n = outer; n < row->end; n++) {
        struct lane_span *span = span_at(row, n);

        if (row->depth > span->depth)
            row->depth = span->depth;
        if (row->depth == span->depth && goes_on(span, tick))
            reopen(row, span, n);
        else if (span->end != SPAN_OPEN && span->end > row->free_at)
            row->free_at = span->end;
    }
}

/* The oldest first, so that the newest can be taken off the end. */
static bool ring_straighten(struct vec *v, uint32_t bytes, uint64_t *ever)
{
    uint32_t first = v->count ? (uint32_t)(*ever % v->count) : 0;
    char *data = v->data, *head;

    if (first && *ever > v->count) {
        head = malloc((size_t)first * bytes);
        if (!head)
            return false;
        memcpy(head, data, (size_t)first * bytes);
        memmove(data, data + (size_t)first * bytes,
                (size_t)(v->count - first) * bytes);
        memcpy(data + (size_t)(v->count - first) * bytes, head,
               (size_t)first * bytes);
        free(head);
    }
    *ever = v->count;
    return true;
}

static void cut_transfers(struct lanes *l, uint64_t tick)
{
    if (!ring_straighten(&l->transfer, sizeof(struct lane_transfer),
                         &l->transfers))
        return;
    while (l->transfer.count &&
           VEC_AT(struct lane_transfer, &l->transfer, l->transfer.count - 1)
                   ->begin > tick)
        l->transfer.count--;
    l->transfers = l->transfer.count;
    for (uint32_t i = 0; i < l->transfer.count; i++) {
        struct lane_transfer *t = VEC_AT(struct lane_transfer, &l->transfer, i);
        const struct lane_row *row = lane_row(l, t->lane);
        const struct lane_span *span = row ? span_at(row, t->number) : NULL;

        if (span && span->end == SPAN_OPEN)
            t->end = SPAN_OPEN;
    }
}

static void cut_marks(struct lanes *l, uint64_t tick)
{
    if (!ring_straighten(&l->mark, sizeof(struct lane_mark), &l->marks))
        return;
    while (l->mark.count &&
           VEC_AT(struct lane_mark, &l->mark, l->mark.count - 1)->tick > tick)
        l->mark.count--;
    l->marks = l->mark.count;
}

void lanes_cut(struct lanes *l, uint64_t tick)
{
    struct lane_row *row;

    for (unsigned i = 0; (row = lane_row(l, i)) != NULL; i++)
        cut_lane(row, tick);
    cut_transfers(l, tick);
    cut_marks(l, tick);
    l->dpc.count = 0;
}
