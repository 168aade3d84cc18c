/* src/debug/lanes_cpu.c -- what the CPU does: threads, service routines, DPCs;
 * and for whom it works now. Source of the vectors: docs/hal.md. */
#include "debug/lanes_private.h"

#include <stdio.h>
#include <string.h>

#include "halbox/inspect.h"

enum { VECTOR_BASE = 0x30, IRQS = 16, INTERRUPT_LINE = 0x3c, DPCS_MOST = 256 };
/* values, in the order of lanes_arguments() */
enum { ISR_VECTOR, ISR_IRQL, ISR_CLAIMED };

/* ---- who runs now ------------------------------------------------------- */

static struct lane_row *first_lane(const struct lanes *l, enum lane_kind kind)
{
    struct lane_row *row;

    for (unsigned i = 0; (row = lane_row(l, i)) != NULL; i++)
        if (row->kind == kind)
            return row;
    return NULL;
}

/* The lane of a kind that has but one, made when it is not there. */
static struct lane_row *lane_only(struct lanes *l, enum lane_kind kind)
{
    struct lane_row *row = first_lane(l, kind);

    return row ? row : lane_of(l, kind, "", 0, lanes_kind_name(kind));
}

struct lane_span *lane_running(const struct lanes *l, enum lane_kind kind)
{
    struct lane_row *row = first_lane(l, kind);

    return row ? span_top(row) : NULL;
}

/* Id of the span that what begins now comes from; 0: none. */
uint64_t lanes_cause(struct lanes *l)
{
    struct lane_span *by = lane_running(l, LANE_ISR);

    if (!by)
        by = lane_running(l, LANE_DPC);
    if (!by)
        by = lanes_dispatching(l);
    return by ? by->id : 0;
}

/* ---- threads ------------------------------------------------------------ */

void lanes_thread(struct lanes *l, uint64_t thread, uint64_t tick)
{
    struct lane_row *row;
    struct lane_span *span;
    char name[LANE_NAME] = "idle";

    if (thread)
        snprintf(name, sizeof name, "thread %u", (unsigned)thread);
    row = lane_of(l, LANE_CPU, lanes_string(l, name), tick, name);
    span = row ? span_open(l, row, SPAN_THREAD, row->key, tick) : NULL;
    if (span)
        span->value[0] = thread;
}

void lanes_on_thread_switch(struct lanes *l, const struct hb_event *e)
{
    struct lane_row *row;

    for (unsigned i = 0; (row = lane_row(l, i)) != NULL; i++)
        if (row->kind == LANE_CPU && row->depth)
            span_close(l, row, e->tick);
    lanes_thread(l, e->args[1], e->tick);
}

/* ---- interrupts --------------------------------------------------------- */

/* IRQ of the board's device @name; -1: none. */
static int irq_of(const struct lanes *l, const char *name)
{
    struct inspect_device d;

    for (unsigned i = 0; inspect_device_at(l->m, i, &d); i++) {
        if (strcmp(d.name, name) != 0)
            continue;
        if (d.has_irq)
            return d.irq;
        if (d.pci)
            return (int)(inspect_config(l->m, 0, d.slot, d.function,
                                        INTERRUPT_LINE) &
                         0xff);
    }
    return -1;
}

/* The transfer that ended last of a device on line @irq, told to one interrupt
 * only. */
static uint64_t transfer_behind(struct lanes *l, int irq)
{
    struct lane_span *found = NULL;
    struct lane_row *row;

    for (unsigned i = 0; (row = lane_row(l, i)) != NULL; i++) {
        struct lane_span *last;

        if (row->kind != LANE_DMA || row->depth || row->told == row->end)
            continue;
        last = span_at(row, row->end - 1);
        last = last ? span_at(row, last->outer) : NULL;
        if (!last || irq_of(l, last->device) != irq)
            continue;
        row->told = row->end;
        if (!found || last->end > found->end)
            found = last;
    }
    return found ? found->id : 0;
}

void lanes_on_interrupt(struct lanes *l, const struct hb_event *e)
{
    struct lane_row *row = lane_only(l, LANE_ISR);
    int irq = (int)e->args[0] - VECTOR_BASE;
    struct lane_span *span;
    char name[LANE_NAME];

    if (irq >= 0 && irq < IRQS)
        snprintf(name, sizeof name, "IRQ%d", irq);
    else
        snprintf(name, sizeof name, "vector %x", (unsigned)e->args[0]);
    span = row ? span_open(l, row, SPAN_ISR, lanes_string(l, name), e->tick)
               : NULL;
    if (!span)
        return;
    span->value[ISR_VECTOR] = e->args[0];
    span->value[ISR_IRQL] = e->args[1];
    span->cause = transfer_behind(l, irq);
}

void lanes_on_interrupt_end(struct lanes *l, const struct hb_event *e)
{
    struct lane_row *row = lane_only(l, LANE_ISR);
    struct lane_span *span;

    if (!row)
        return;
    span = span_top(row);
    if (span && span->value[ISR_VECTOR] == e->args[0])
        span->value[ISR_CLAIMED] = e->args[1];
    span_close(l, row, e->tick);
}

void lanes_on_dpc_queue(struct lanes *l, const struct hb_event *e)
{
    const struct lane_dpc waits = {(uint32_t)e->args[0], lanes_cause(l)};

    if (l->dpc.count == DPCS_MOST)
        vec_remove(&l->dpc, sizeof waits, 0);
    vec_push(&l->dpc, sizeof waits, &waits);
}

static uint64_t dpc_cause(struct lanes *l, uint64_t dpc)
{
    for (uint32_t i = 0; i < l->dpc.count; i++) {
        const struct lane_dpc waits = *VEC_AT(struct lane_dpc, &l->dpc, i);

        if (waits.dpc != dpc)
            continue;
        vec_remove(&l->dpc, sizeof waits, i);
        return waits.cause;
    }
    return 0;
}

/* "edu!EduDpc"; what no image holds is its address. */
static const char *code_name(struct lanes *l, uint64_t at)
{
    char name[LANE_NAME];

    if (!symbols_text(l->options.symbols, l->m, gva_of((uint32_t)at), name,
                      sizeof name))
        snprintf(name, sizeof name, "%08x", (unsigned)at);
    return lanes_string(l, name);
}

void lanes_on_dpc(struct lanes *l, const struct hb_event *e)
{
    struct lane_row *row = lane_only(l, LANE_DPC);
    struct lane_span *span =
        row ? span_open(l, row, SPAN_DPC, code_name(l, e->args[0]), e->tick)
            : NULL;
    uint64_t cause = dpc_cause(l, e->args[2]);

    if (!span)
        return;
    memcpy(span->value, e->args, 3 * sizeof *e->args);
    span->cause = cause;
}

void lanes_on_dpc_end(struct lanes *l, const struct hb_event *e)
{
    struct lane_row *row = lane_only(l, LANE_DPC);

    if (row)
        span_close(l, row, e->tick);
}
