/* src/debug/lanes_irp.c -- IRPs, a lane for each that is open at one time; in
 * it the drivers that it went to. */
#include "debug/lanes_private.h"

#include <stdio.h>
#include <string.h>

#include "halbox/inspect.h"
#include "halbox/inspect_io.h"

enum { IRP_MDL_ADDRESS = 4, DEVICES_MOST = 1024 };
enum { NOT_RETURNED = 0xffffffff }; /* no NTSTATUS that drivers return */
/* values, in the order of lanes_arguments() */
enum {
    IRP_MAJOR,
    IRP_MINOR,
    IRP_DEVICE,
    IRP_LOCATION,
    IRP_STATUS,
    IRP_RETURNED,
    IRP_MDL,
    IRP_THREAD
};

/** A device object's name. */
struct lane_device {
    uint32_t at;
    const char *name;
};

/* ---- asking ------------------------------------------------------------- */

bool lanes_is_open(const struct lanes *l, uint64_t id)
{
    uint64_t number;
    unsigned lane;

    return lanes_locate(l, id, &lane, &number) &&
           span_at(lane_row(l, lane), number)->end == SPAN_OPEN;
}

const struct lane_span *lanes_irp_of(const struct lanes *l, uint64_t mdl)
{
    const struct lane_span *found = NULL, *top;
    struct lane_row *row;

    for (unsigned i = 0; mdl && (row = lane_row(l, i)) != NULL; i++) {
        top = row->kind == LANE_IRP ? span_top(row) : NULL;
        if (top && top->value[IRP_MDL] == mdl)
            found = top;
    }
    return found;
}

/* The driver that an IRP went to last, of those whose dispatch routine the
 * lane_running thread has not come back from. */
struct lane_span *lanes_dispatching(struct lanes *l)
{
    uint64_t thread = inspect_thread(l->m);
    struct lane_span *found = NULL, *span;
    struct lane_row *row;

    for (unsigned i = 0; (row = lane_row(l, i)) != NULL; i++)
        for (unsigned d = 0; row->kind == LANE_IRP && d < row->depth; d++) {
            span = span_at(row, row->open[d]);
            if (span && span->value[IRP_RETURNED] == NOT_RETURNED &&
                span->value[IRP_THREAD] == thread &&
                (!found || span->begin >= found->begin))
                found = span;
        }
    return found;
}

/* Back along the causes of @id to an IRP. */
const struct lane_span *lanes_irp_behind(struct lanes *l, uint64_t id)
{
    uint64_t number;
    unsigned lane;

    for (unsigned n = 0; n < LANE_DEPTH && lanes_locate(l, id, &lane, &number);
         n++) {
        const struct lane_span *span = span_at(lane_row(l, lane), number);

        if (span->kind == SPAN_IRP)
            return span;
        id = span->cause;
    }
    return NULL;
}

/* ---- IRPs --------------------------------------------------------------- */

static const char *device_keep(struct lanes *l, uint32_t at, const char *name)
{
    const struct lane_device d = {at, lanes_string(l, name)};

    for (uint32_t i = 0; i < l->device.count; i++)
        if (VEC_AT(struct lane_device, &l->device, i)->at == at)
            vec_remove(&l->device, sizeof d, i);
    if (l->device.count == DEVICES_MOST)
        vec_remove(&l->device, sizeof d, 0);
    vec_push(&l->device, sizeof d, &d);
    return d.name;
}

void lanes_on_device_create(struct lanes *l, const struct hb_event *e)
{
    const char *name = event_text(e->args[0]);

    device_keep(l, (uint32_t)e->args[1], *name ? name : event_text(e->args[2]));
}

/* One that was there before anybody listened is looked up once. */
static const char *device_name(struct lanes *l, uint32_t at)
{
    struct inspect_device_object d;

    for (uint32_t i = 0; i < l->device.count; i++)
        if (VEC_AT(struct lane_device, &l->device, i)->at == at)
            return VEC_AT(struct lane_device, &l->device, i)->name;
    for (unsigned i = 0; inspect_device_object_at(l->m, i, &d); i++)
        if (d.at.v == at)
            return device_keep(l, at, d.name[0] ? d.name : d.driver_name);
    return "";
}

/* The lane on which @irp is open, or NULL. */
static struct lane_row *irp_lane(struct lanes *l, uint64_t irp)
{
    struct lane_row *row;

    for (unsigned i = 0; (row = lane_row(l, i)) != NULL; i++) {
        const struct lane_span *top =
            row->kind == LANE_IRP ? span_top(row) : NULL;

        if (top && top->irp == irp)
            return row;
    }
    return NULL;
}

void lanes_on_irp_call(struct lanes *l, const struct hb_event *e)
{
    struct lane_row *row = irp_lane(l, e->args[0]);
    uint64_t cause = lanes_cause(l);
    const char *device = device_name(l, (uint32_t)e->args[3]);
    const char *name = inspect_major_name((uint8_t)e->args[1]);
    struct lane_span *span;
    uint32_t mdl = 0;

    if (!row)
        row = lane_of(l, LANE_IRP, "", e->tick, "IRP");
    span = row ? span_open(l, row, SPAN_IRP, name, e->tick) : NULL;
    if (!span)
        return;
    inspect_virtual(l->m, 0, gva_of((uint32_t)e->args[0] + IRP_MDL_ADDRESS),
                    &mdl, sizeof mdl);
    span->irp = (uint32_t)e->args[0];
    span->device = device;
    memcpy(span->value, e->args + 1, 4 * sizeof *e->args);
    span->value[IRP_RETURNED] = NOT_RETURNED;
    span->value[IRP_MDL] = mdl;
    span->value[IRP_THREAD] = inspect_thread(l->m);
    if (!span->depth)
        span->cause = cause;
}

void lanes_on_irp_return(struct lanes *l, const struct hb_event *e)
{
    struct lane_row *row = irp_lane(l, e->args[0]);

    for (unsigned d = row ? row->depth : 0; d-- > 0;) {
        struct lane_span *span = span_at(row, row->open[d]);

        if (!span || span->value[IRP_RETURNED] != NOT_RETURNED)
            continue;
        span->value[IRP_RETURNED] = e->args[1];
        return;
    }
}

/* What is open at location @last and below is over. */
static void irp_over(struct lanes *l, const struct hb_event *e, uint64_t last,
                     uint64_t status)
{
    struct lane_row *row = irp_lane(l, e->args[0]);
    struct lane_span *by = lane_running(l, LANE_DPC), *span;

    while (row && row->depth) {
        span = span_top(row);
        if (span && span->value[IRP_LOCATION] > last)
            return;
        if (span) {
            span->value[IRP_STATUS] = status;
            span->finisher = by ? by->id : 0;
        }
        span_close(l, row, e->tick);
    }
}

void lanes_on_irp_up(struct lanes *l, const struct hb_event *e)
{
    irp_over(l, e, e->args[1], e->args[2]);
}

void lanes_on_irp_complete(struct lanes *l, const struct hb_event *e)
{
    irp_over(l, e, UINT64_MAX, e->args[1]);
}
