/* src/board/step.c -- steps and waits: the same pieces as a free run, and a
 * choice of the piece after which it stops. */
#include <stdio.h>
#include <string.h>

#include "board/board.h"

static uint64_t later(const struct machine *m, uint64_t ticks)
{
    return m->clock.now < UINT64_MAX - ticks ? m->clock.now + ticks
                                             : UINT64_MAX;
}

static enum machine_stop_reason
step_instruction(struct machine *m, uint64_t until, struct machine_stop *out)
{
    struct machine_stop stop;

    run_begin(m, &stop);
    m->stepping = true;
    m->stepping_from = cpu_at(&m->cpu);
    do {
        uint64_t next = later(m, 1);

        if (!run_piece(m, next < until ? next : until, until, &stop)) {
            m->stepping = false;
            return run_end(m, &stop, out);
        }
    } while (m->piece != RUN_CPU || m->stop_watch);
    m->stepping = false;
    stop.reason = STOP_STEP;
    return run_end(m, &stop, out);
}

/* ---- DMA -----------------------------------------------------------------*/

static bool is_device(const char *wanted, const char *name)
{
    return !wanted || strcmp(wanted, name) == 0;
}

/* dma_burst: transfer device dir dla gpa register bytes; the others have the
 * device in the same place. */
static void hear_dma(void *context, const struct hb_event *event)
{
    struct machine *m = context;
    struct dma_step *step = &m->dma_step;
    const char *name = (const char *)(uintptr_t)event->args[1];

    if (!is_device(step->device, name))
        return;
    if (event->id == EV_dma_burst) {
        bool page = ((event->args[3] + event->args[6]) & PAGE_MASK) == 0;

        if (step->what == STEP_TRANSFER || (step->what == STEP_PAGE && !page))
            return;
    }
    step->done = true;
}

static bool byte_moved(struct machine *m, const struct tenure *before,
                       const char *device)
{
    const struct device *dev = bus_device(m->bus, before->owner);

    return dev && is_device(device, bus_device_name(dev));
}

static enum machine_stop_reason step_dma(struct machine *m,
                                         enum machine_step what,
                                         const char *device, uint64_t until,
                                         struct machine_stop *out)
{
    struct machine_stop stop;

    m->dma_step = (struct dma_step){.what = what, .device = device};
    if (events_listen(&m->events, hear_dma, m, "dma_burst,dma_end") != HB_OK)
        m->dma_step.done = true;
    if (what == STEP_BYTE)
        m->step_grain = 1;
    board_grain(m);
    run_begin(m, &stop);
    for (;;) {
        const struct tenure before = *bus_tenure(m->bus);

        if (!run_piece(m, until, until, &stop))
            break;
        stop.reason = STOP_STEP;
        if (what == STEP_BYTE) {
            if (m->piece == RUN_TENURE && byte_moved(m, &before, device))
                break;
        } else if (m->dma_step.done) {
            break;
        }
    }
    m->step_grain = UINT32_MAX;
    board_grain(m);
    events_unlisten(&m->events, hear_dma, m);
    return run_end(m, &stop, out);
}

enum machine_stop_reason machine_step(struct machine *m, enum machine_step what,
                                      const char *device, uint64_t until,
                                      struct machine_stop *stop)
{
    if (what == STEP_INSTRUCTION)
        return step_instruction(m, until, stop);
    return step_dma(m, what, device, until, stop);
}

void machine_grain(struct machine *m, uint32_t bytes)
{
    m->grain = bytes ? bytes : 1;
    board_grain(m);
}

void board_grain(struct machine *m)
{
    uint32_t least = m->grain < m->step_grain ? m->grain : m->step_grain;

    bus_grain(m->bus, least < m->debug_grain ? least : m->debug_grain);
}

/* ---- waiting for a ticket ------------------------------------------------*/

static bool ticket_is_there(struct machine *m, uint32_t ticket,
                            enum machine_wait what, struct machine_stop *stop)
{
    struct machine_result r;

    stop->reason = STOP_TICKET;
    if (machine_result(m, ticket, &r))
        return r.done && (what == WAIT_DONE || r.io_done);
    stop->reason = STOP_IDLE;
    snprintf(stop->text, sizeof stop->text, "there is no ticket %u", ticket);
    return true;
}

enum machine_stop_reason machine_wait(struct machine *m, uint32_t ticket,
                                      enum machine_wait what, uint64_t limit_ns,
                                      struct machine_stop *out)
{
    uint64_t until = later(m, machine_ticks(m, limit_ns));
    struct machine_stop stop;

    run_begin(m, &stop);
    m->piece = RUN_CPU;
    do {
        /* only the kernel, entered by the CPU, moves a ticket */
        if (m->piece == RUN_CPU && ticket_is_there(m, ticket, what, &stop))
            break;
    } while (run_piece(m, until, until, &stop));
    return run_end(m, &stop, out);
}
