/* src/debug/lanes_dma.c -- transfers, their bursts, and who has the bus. */
#include "debug/lanes_private.h"

#include <string.h>

enum { PAGE = 12 };
/* values, in the order of lanes_arguments() */
enum { T_DIR, T_DLA, T_BYTES, T_STATUS, T_DONE };

static uint64_t later(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* A buffer's page is mapped: for the IRP that has that MDL, or that works now.
 */
void lanes_on_hal_map(struct lanes *l, const struct hb_event *e)
{
    uint64_t page = e->args[4] >> PAGE;
    const struct lane_span *irp = lanes_irp_of(l, e->args[7]);

    if (!irp)
        irp = lanes_irp_behind(l, lanes_cause(l));
    l->page[page % LANE_PAGES] = (struct lane_page){page, irp ? irp->id : 0};
}

static uint64_t transfer_cause(struct lanes *l, uint64_t dla)
{
    uint64_t page = dla >> PAGE;
    const struct lane_page *mapped = &l->page[page % LANE_PAGES];
    const struct lane_span *irp;

    if (mapped->page == page && lanes_is_open(l, mapped->cause))
        return mapped->cause;
    irp = lanes_irp_behind(l, lanes_cause(l));
    return irp ? irp->id : 0;
}

void lanes_on_dma_start(struct lanes *l, const struct hb_event *e)
{
    const char *device = lanes_string(l, event_text(e->args[1]));
    struct lane_row *row = lane_of(l, LANE_DMA, device, e->tick, device);
    bool from = e->args[2] == DMA_FROM_DEVICE;
    uint64_t cause = transfer_cause(l, e->args[3]);
    const struct lane_span *irp = lanes_irp_behind(l, cause);
    struct lane_transfer *t;
    struct lane_span *span =
        row ? span_open(l, row, SPAN_TRANSFER,
                        from ? "from device" : "to device", e->tick)
            : NULL;

    if (!span)
        return;
    row->transfer = span->transfer = (uint32_t)e->args[0];
    span->irp = irp ? irp->irp : 0;
    span->device = device;
    span->cause = cause;
    memcpy(span->value, e->args + 2, 3 * sizeof *e->args);
    t = ring_next(&l->transfer, sizeof *t, l->options.most, &l->transfers);
    if (t)
        *t = (struct lane_transfer){.transfer = span->transfer,
                                    .irp = span->irp,
                                    .device = device,
                                    .dir = (enum dma_dir)e->args[2],
                                    .at = dla_of(e->args[3]),
                                    .bytes = (uint32_t)e->args[4],
                                    .begin = e->tick,
                                    .end = SPAN_OPEN,
                                    .lane = row->id,
                                    .number = row->open[0]};
}

/* The lane on which @transfer is open. */
static struct lane_row *transfer_lane(struct lanes *l, uint64_t transfer)
{
    struct lane_row *row;

    for (unsigned i = 0; (row = lane_row(l, i)) != NULL; i++)
        if (row->kind == LANE_DMA && row->depth && row->transfer == transfer)
            return row;
    return NULL;
}

static void bus_hold(struct lanes *l, const struct hb_event *e, uint64_t begin,
                     uint64_t end)
{
    const char *device = lanes_string(l, event_text(e->args[1]));
    struct lane_row *row = lane_of(l, LANE_BUS, "", begin, "bus");
    struct lane_span *span =
        row ? span_open(l, row, SPAN_HOLD, device, begin) : NULL;

    if (!span)
        return;
    span->transfer = (uint32_t)e->args[0];
    span->device = device;
    memcpy(span->value, e->args + 2, 3 * sizeof *e->args);
    span->value[3] = e->args[6];
    span_close(l, row, end);
}

/* No time passes inside a tenure; it is shown over the time that the bus is
 * taken for it, one that follows at the same tick behind it. */
void lanes_on_dma_burst(struct lanes *l, const struct hb_event *e)
{
    struct lane_row *row = transfer_lane(l, e->args[0]);
    uint64_t begin = row ? later(row->free_at, e->tick) : e->tick;
    uint64_t end = begin + machine_ticks(l->m, e->args[7]);
    struct lane_span *span =
        row ? span_open(l, row, SPAN_BURST, "burst", begin) : NULL;

    if (span) {
        span->transfer = (uint32_t)e->args[0];
        memcpy(span->value, e->args + 3, 4 * sizeof *e->args);
        row->free_at = end;
        span_close(l, row, end);
    }
    bus_hold(l, e, begin, end);
}

static struct lane_transfer *transfer_of(struct lanes *l, uint64_t transfer)
{
    for (unsigned i = l->transfer.count; i-- > 0;) {
        struct lane_transfer *t =
            ring_at(&l->transfer, sizeof *t, l->transfers, i);

        if (t->transfer == transfer)
            return t;
    }
    return NULL;
}

void lanes_on_dma_end(struct lanes *l, const struct hb_event *e)
{
    struct lane_row *row = transfer_lane(l, e->args[0]);
    struct lane_transfer *t;
    struct lane_span *span;
    uint64_t end;

    if (!row)
        return;
    end = later(row->free_at, e->tick);
    span = span_top(row);
    if (span) {
        span->value[T_STATUS] = e->args[2];
        span->value[T_DONE] = e->args[3];
        span->value[LANE_T_ENDED] = e->tick;
    }
    if ((t = transfer_of(l, e->args[0])) != NULL) {
        t->status = (uint32_t)e->args[2];
        t->done = (uint32_t)e->args[3];
        t->end = end;
    }
    span_close(l, row, end);
}
