/* src/debug/lanes_events.c -- from events to spans and marks: which event is
 * heard by whom. What led to what:
 *   IRP -> transfer  its first page was mapped for that IRP's MDL, or else the
 *                    IRP whose dispatch routine, ISR or DPC ran when it began
 *   transfer -> ISR  the last one that ended of a device on that line
 *   ISR -> DPC       queued while the ISR ran
 *   DPC -> IRP       completed while the DPC ran */
#include "debug/lanes_private.h"

#include <stdio.h>

#include "halbox/inspect.h"

const char *event_text(uint64_t argument)
{
    return argument ? (const char *)(uintptr_t)argument : "";
}

/* ---- marks -------------------------------------------------------------- */

static void mark(struct lanes *l, const struct hb_event *e, const char *device,
                 const char *text)
{
    struct lane_mark *m =
        ring_next(&l->mark, sizeof *m, l->options.most, &l->marks);

    if (!m)
        return;
    *m = (struct lane_mark){.tick = e->tick, .event = e->id};
    snprintf(m->device, sizeof m->device, "%s", device);
    snprintf(m->text, sizeof m->text, "%s", text);
    if (l->options.mark)
        l->options.mark(l->options.context, m);
}

static void on_finding(struct lanes *l, const struct hb_event *e)
{
    char text[MARK_TEXT];

    snprintf(text, sizeof text, "%.24s: %.90s", event_text(e->args[0]),
             event_text(e->args[1]));
    mark(l, e, e->count > 5 ? event_text(e->args[5]) : "", text);
}

static void on_dma_fault(struct lanes *l, const struct hb_event *e)
{
    mark(l, e, event_text(e->args[1]), event_text(e->args[3]));
}

static void on_guest_error(struct lanes *l, const struct hb_event *e)
{
    mark(l, e, event_text(e->args[0]), event_text(e->args[1]));
}

static void on_bugcheck(struct lanes *l, const struct hb_event *e)
{
    char text[MARK_TEXT];

    snprintf(text, sizeof text, "bugcheck %x in %.63s", (unsigned)e->args[0],
             event_text(e->args[6]));
    mark(l, e, "", text);
}

/* ---- listening ---------------------------------------------------------- */

static void (*const hear[EVENT_COUNT])(struct lanes *l,
                                       const struct hb_event *e) = {
    [EV_thread_switch] = lanes_on_thread_switch,
    [EV_interrupt] = lanes_on_interrupt,
    [EV_interrupt_end] = lanes_on_interrupt_end,
    [EV_dpc_queue] = lanes_on_dpc_queue,
    [EV_dpc] = lanes_on_dpc,
    [EV_dpc_end] = lanes_on_dpc_end,
    [EV_device_create] = lanes_on_device_create,
    [EV_irp_call] = lanes_on_irp_call,
    [EV_irp_return] = lanes_on_irp_return,
    [EV_irp_up] = lanes_on_irp_up,
    [EV_irp_complete] = lanes_on_irp_complete,
    [EV_hal_map] = lanes_on_hal_map,
    [EV_dma_start] = lanes_on_dma_start,
    [EV_dma_burst] = lanes_on_dma_burst,
    [EV_dma_end] = lanes_on_dma_end,
    [EV_finding] = on_finding,
    [EV_dma_fault] = on_dma_fault,
    [EV_guest_error] = on_guest_error,
    [EV_bugcheck] = on_bugcheck,
};

static void on_event(void *context, const struct hb_event *event)
{
    hear[event->id](context, event);
}

enum hb_status lanes_listen(struct lanes *l, struct hb_error *error)
{
    char glob[EVENT_COUNT * 24] = "";
    size_t n = 0;

    for (unsigned id = 0; id < EVENT_COUNT; id++)
        if (hear[id])
            n += (size_t)snprintf(glob + n, sizeof glob - n, "%s%s",
                                  n ? "," : "", hb_event_name(id));
    if (!machine_config(l->m)->bare)
        lanes_thread(l, inspect_thread(l->m), machine_position(l->m).tick);
    return machine_listen(l->m, on_event, l, glob, error);
}

void lanes_unlisten(struct lanes *l)
{
    machine_unlisten(l->m, on_event, l);
}
