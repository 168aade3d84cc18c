/* src/debug/steps.c -- what a step is: one row each. A step ends behind an
 * event or at a boundary that its row says yes to; going back, the same rows
 * tell where steps would have ended. */
#include <string.h>

#include "debug/debugger.h"
#include "halbox/inspect.h"

/* ---- where the code is --------------------------------------------------- */

static uint32_t esp_of(const struct debug *d)
{
    return d->m->cpu.s.reg[ESP];
}

/* The thread of the start, and not in an interrupt that came to it. */
static bool same_thread(const struct debug *d)
{
    return d->start.anywhere || (inspect_thread(d->m) == d->start.thread &&
                                 inspect_irql(d->m) <= d->start.irql);
}

static bool has_function(const struct debug *d)
{
    return d->start.function.start.v != d->start.function.end.v;
}

static bool same_function(const struct debug *d)
{
    uint32_t at = code_at(d->m).v;

    return has_function(d) && at >= d->start.function.start.v &&
           at < d->start.function.end.v;
}

/* Forward: in a caller once the frame is gone; back: not inside a callee. */
static bool same_frame(const struct debug *d)
{
    return same_thread(d) && (same_function(d) || esp_of(d) > d->start.esp ||
                              (!has_function(d) && esp_of(d) == d->start.esp));
}

/* The code of a line begins here. It says the same on the way back. */
static bool line_begins(const struct debug *d)
{
    struct source_line line;
    gva_t at = code_at(d->m);

    return symbols_line(d->symbols, d->m, at, &line) && line.start.v == at.v;
}

/* ---- at a boundary ------------------------------------------------------- */

static bool behind_cpu(struct debug *d)
{
    return d->m->piece == RUN_CPU;
}

static bool line_over(struct debug *d)
{
    return behind_cpu(d) && same_thread(d) && line_begins(d);
}

static bool over_line_over(struct debug *d)
{
    return behind_cpu(d) && same_frame(d) && line_begins(d);
}

static bool over_instruction_over(struct debug *d)
{
    const struct instruction *i = &d->start.instruction;

    if (!behind_cpu(d))
        return false;
    if (d->looking)
        return same_frame(d);
    if (i->flow != FLOW_CALL && i->flow != FLOW_REPEAT)
        return true;
    return same_thread(d) && code_at(d->m).v == i->at.v + i->length &&
           esp_of(d) >= d->start.esp;
}

static bool out_over(struct debug *d)
{
    return behind_cpu(d) && same_thread(d) && !same_function(d) &&
           esp_of(d) > d->start.esp;
}

static bool is_device(const struct debug *d, const char *name)
{
    return !d->order.device[0] || strcmp(d->order.device, name) == 0;
}

static bool byte_over(struct debug *d)
{
    const struct device *dev = bus_device(d->m->bus, d->owner);

    return d->m->piece == RUN_TENURE && dev &&
           is_device(d, bus_device_name(dev));
}

/* ---- events -------------------------------------------------------------- */

/* dma_burst: transfer device dir dla gpa register bytes; dma_end has the device
 * in the same place. */
static bool is_dma(const struct debug *d, const struct hb_event *event)
{
    return is_device(d, (const char *)(uintptr_t)event->args[1]);
}

static bool page_event(const struct debug *d, const struct hb_event *event)
{
    return is_dma(d, event) &&
           (event->id == EV_dma_end ||
            ((event->args[3] + event->args[6]) & PAGE_MASK) == 0);
}

static bool any_event(const struct debug *d, const struct hb_event *event)
{
    (void)d;
    (void)event;
    return true;
}

/* ---- the table ----------------------------------------------------------- */

static const struct step_row {
    const char *name, *help;
    bool (*boundary)(struct debug *d); /* over here; NULL: never */
    bool fine;                         /* asked behind each instruction */
    uint32_t grain;                    /* most bytes of DMA; 0: any */
    const char *glob;                  /* over behind one of these events; */
    bool (*event)(const struct debug *d, const struct hb_event *event);
} rows[DEBUG_STEPS] = {
    [DEBUG_INSTRUCTION] = {"instruction", "one instruction of the CPU",
                           behind_cpu, .fine = true},
    [DEBUG_LINE] = {"line", "to another source line, also of a function called",
                    line_over, .fine = true},
    [DEBUG_OVER_INSTRUCTION] = {"over",
                                "one instruction, calls and repeats as one",
                                over_instruction_over, .fine = true},
    [DEBUG_OVER_LINE] = {"next", "to another source line, calls as one",
                         over_line_over, .fine = true},
    [DEBUG_OUT] = {"out", "until the function has returned", out_over,
                   .fine = true},
    [DEBUG_BYTE] = {"byte", "one byte of DMA", byte_over, .grain = 1},
    [DEBUG_BURST] = {"burst", "DMA until the bus is given back",
                     .glob = "dma_burst", .event = is_dma},
    [DEBUG_PAGE] = {"page", "DMA to the end of a logical page",
                    .glob = "dma_burst,dma_end", .event = page_event},
    [DEBUG_TRANSFER] = {"transfer", "DMA to the end of a transfer",
                        .glob = "dma_end", .event = is_dma},
    [DEBUG_IRQ] = {"irq", "until the CPU takes an interrupt",
                   .glob = "cpu_interrupt", .event = any_event},
    [DEBUG_IRP] = {"irp", "until an IRP goes to a driver", .glob = "irp_call",
                   .event = any_event},
    [DEBUG_DRIVER_CALL] = {"driver", "until the kernel calls driver code",
                           .glob = "callback", .event = any_event},
    [DEBUG_KERNEL_CALL] = {"kernel", "until a kernel routine is called",
                           .glob = "call", .event = any_event},
};

const char *debug_step_name(enum debug_step step)
{
    return (unsigned)step < DEBUG_STEPS ? rows[step].name : NULL;
}

const char *debug_step_help(enum debug_step step)
{
    return (unsigned)step < DEBUG_STEPS ? rows[step].help : NULL;
}

/* ---- a step -------------------------------------------------------------- */

static void hear(void *context, const struct hb_event *event)
{
    struct debug *d = context;

    if (!rows[d->order.step].event(d, event))
        return;
    d->step_event = true;
    debug_look_soon(d);
}

static void begin_code(struct debug *d)
{
    struct step_start *s = &d->start;
    struct source_line line;
    gva_t at = code_at(d->m);

    *s = (struct step_start){.at = debug_now(d),
                             .thread = inspect_thread(d->m),
                             .irql = inspect_irql(d->m),
                             .esp = esp_of(d),
                             .eip = d->m->cpu.s.eip};
    disassemble(NULL, d->m, code_view_cpu(d->m), at, &s->instruction);
    s->anywhere = !symbols_line(d->symbols, d->m, at, &line);
    symbols_function(d->symbols, d->m, at, &s->function);
}

void steps_begin(struct debug *d)
{
    const struct step_row *row = &rows[d->order.step];

    begin_code(d);
    d->step_event = false;
    if (row->glob && events_listen(&d->m->events, hear, d, row->glob) == HB_OK)
        d->listening = true;
    d->m->debug_grain = row->grain ? row->grain : UINT32_MAX;
    board_grain(d->m);
}

void steps_end(struct debug *d)
{
    if (d->listening)
        events_unlisten(&d->m->events, hear, d);
    d->listening = false;
    d->m->debug_grain = UINT32_MAX;
    board_grain(d->m);
}

bool steps_over(struct debug *d)
{
    const struct step_row *row = &rows[d->order.step];
    bool over = d->step_event || (row->boundary && row->boundary(d));

    d->step_event = false;
    return over;
}

bool steps_fine(const struct debug *d)
{
    return rows[d->order.step].fine;
}

/* ---- steps taken --------------------------------------------------------- */

void steps_taken(struct debug *d)
{
    struct taken_step *t;

    if (d->trail_count == TRAIL)
        memmove(d->trail, d->trail + 1, --d->trail_count * sizeof *t);
    t = &d->trail[d->trail_count++];
    *t = (struct taken_step){
        .step = d->order.step, .from = d->start.at, .to = debug_now(d)};
    memcpy(t->device, d->order.device, sizeof t->device);
}

bool steps_undo(struct debug *d, struct debug_place *from)
{
    struct debug_place now = debug_now(d);
    const struct taken_step *t;

    while (d->trail_count &&
           debug_place_order(&d->trail[d->trail_count - 1].to, &now) > 0)
        d->trail_count--;
    if (!d->trail_count)
        return false;
    t = &d->trail[d->trail_count - 1];
    if (debug_place_order(&t->to, &now) != 0 || t->step != d->order.step ||
        strcmp(t->device, d->order.device) != 0)
        return false;
    *from = t->from;
    d->trail_count--;
    return true;
}
