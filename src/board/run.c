/* src/board/run.c -- the run loop. What holds the bus is finished first, then
 * due work in the order (tick, sequence), then the CPU up to the next due work.
 * Between two pieces the machine can be stopped, saved and left. */
#include "board/board.h"

#include <stdio.h>
#include <string.h>

/* ---- stopping ------------------------------------------------------------*/

const char *machine_stop_name(enum machine_stop_reason reason)
{
    static const char *const names[] = {
        [STOP_LIMIT] = "limit",
        [STOP_ASKED] = "asked",
        [STOP_BREAKPOINT] = "breakpoint",
        [STOP_STEP] = "step",
        [STOP_TICKET] = "ticket",
        [STOP_ENDED] = "ended",
        [STOP_IDLE] = "idle",
        [STOP_FINDING] = "finding",
        [STOP_WAITING] = "waiting",
        [STOP_WATCH] = "watch",
    };

    return (unsigned)reason < sizeof names / sizeof *names ? names[reason]
                                                           : "unknown";
}

void machine_stop(struct machine *m)
{
    m->stop_asked = true;
    m->cpu.stop = true;
}

void run_begin(struct machine *m, struct machine_stop *stop)
{
    *stop = (struct machine_stop){0};
    m->stop_asked = m->finding_stop = false;
    m->stop_breakpoint = m->stop_watch = 0;
    m->cpu.stop = false;
    m->watches.running = true;
}

enum machine_stop_reason run_end(struct machine *m, struct machine_stop *stop,
                                 struct machine_stop *out)
{
    bool ended = stop->reason == STOP_ENDED || stop->reason == STOP_IDLE ||
                 stop->reason == STOP_FINDING;

    m->watches.running = false;
    stop->at = machine_position(m);
    if (m->ended && ended && !m->inner)
        m->ended(m->ended_context, stop);
    if (out)
        *out = *stop;
    return stop->reason;
}

static void stop_asked(const struct machine *m, struct machine_stop *stop)
{
    stop->reason = STOP_ASKED;
    if (m->finding_stop)
        stop->reason = STOP_FINDING;
    if (m->stop_breakpoint) {
        stop->reason = STOP_BREAKPOINT;
        stop->breakpoint = m->stop_breakpoint;
    }
    if (m->stop_watch) {
        stop->reason = STOP_WATCH;
        stop->watch = m->stop_watch;
        machine_watch_text(&m->watch_hit, stop->text, sizeof stop->text);
    }
}

static void stop_ended(const struct machine *m, struct machine_stop *stop)
{
    const struct ke_bugcheck *b = ke_bugcheck_state(m->ke);

    stop->reason = STOP_ENDED;
    snprintf(stop->text, sizeof stop->text,
             "bugcheck 0x%X (0x%08X, 0x%08X, 0x%08X, 0x%08X)%s%s%s%s%s%s; EIP "
             "0x%08X, ESP 0x%08X",
             b->code, b->p[0], b->p[1], b->p[2], b->p[3],
             b->image[0] ? " in " : "", b->image, b->routine[0] ? ", " : "",
             b->routine, b->text[0] ? ": " : "", b->text, b->eip, b->esp);
}

/* ---- nothing to do -------------------------------------------------------*/

/* Timers of chips that tick on for ever, with nobody waiting, are no work; the
 * end of an operation of DMA (its argument is above all timers') always is. */
static bool work_is_coming(const struct machine *m)
{
    if (bus_tenure(m->bus)->bytes)
        return true;
    for (uint32_t i = 0; i < m->clock.heap.count; i++) {
        const struct clock_entry *e =
            &((const struct clock_entry *)m->clock.heap.data)[i];
        const struct device *dev;

        if (e->kind != CLOCK_DEVICE)
            return true;
        dev = bus_device(m->bus, e->target);
        if (!dev || !dev->model->free_running || e->arg > UINT16_MAX)
            return true;
    }
    return false;
}

static bool hopeless(const struct machine *m)
{
    if (m->live && (m->ke || m->cpu.s.eflags & FLAG_IF))
        return false; /* whoever it waits for may still come */
    if (work_is_coming(m))
        return false;
    if (m->ke)
        return ke_idle(m->ke);
    return !(m->cpu.s.eflags & FLAG_IF) || !m->clock.heap.count;
}

static bool halted(struct machine *m, uint64_t until, struct machine_stop *stop)
{
    uint64_t next = clock_next(&m->clock);

    if (!hopeless(m)) {
        if (m->clock.now < until) {
            m->clock.now = next < until ? next : until;
            return true;
        }
        stop->reason = STOP_WAITING;
        stop->wake = next;
        return false;
    }
    stop->reason = STOP_IDLE;
    if (m->ke)
        ke_waits_text(m->ke, stop->text, sizeof stop->text);
    else
        snprintf(stop->text, sizeof stop->text,
                 "halted at 0x%08x with interrupts %s", m->cpu.s.eip,
                 m->cpu.s.eflags & FLAG_IF ? "on and nothing to come" : "off");
    return false;
}

/* ---- pieces --------------------------------------------------------------*/

/* Somebody answers where a CPU begins after reset. */
static bool has_firmware(const struct machine *m)
{
    const gpa_t vector = gpa_of(0xfffffff0);

    return ram_is(&m->ram, vector, 1) ||
           bus_peek(m->bus, vector, 4) != UINT32_MAX;
}

/* RESET and INIT: a bare machine starts again in its firmware; a system that
 * was running is lost. */
static bool reset(struct machine *m, struct machine_stop *stop)
{
    enum { MANUALLY_INITIATED_CRASH = 0xe2 };
    const char *text = "the guest reset the machine";

    clock_count(&m->clock);
    if (!m->ke && !has_firmware(m)) {
        stop->reason = STOP_ENDED;
        snprintf(stop->text, sizeof stop->text, "%s, and it has no BIOS", text);
        return false;
    }
    if (!bus_pins(m->bus)->reset) {
        bus_take_init(m->bus);
        cpu_init_signal(&m->cpu);
    } else {
        bus_reset(m->bus);
        cpu_reset(&m->cpu);
    }
    if (m->ke)
        ke_bugcheck(m->ke, MANUALLY_INITIATED_CRASH, 0, 0, 0, 0, text);
    return true;
}

/* A fault while #DF was delivered: the bridge answers the shutdown cycle with
 * INIT (82371SB, INIT), the HAL machine with a bugcheck. */
static bool shut_down(struct machine *m, struct machine_stop *stop)
{
    clock_count(&m->clock);
    if (m->ke) {
        ke_shutdown(m->ke);
    } else if (has_firmware(m)) {
        cpu_init_signal(&m->cpu);
    } else {
        stop->reason = STOP_ENDED;
        snprintf(stop->text, sizeof stop->text,
                 "the CPU shut down at 0x%08x: a fault while delivering #DF",
                 m->cpu.s.eip);
        return false;
    }
    return true;
}

/* A violation that DMA itself made, or a routine that is none of the HAL's:
 * here, where no routine runs, it is raised. */
static void raise_violation(struct machine *m)
{
    enum { DRIVER_VERIFIER_DMA_VIOLATION = 0xe6 };
    const struct hal_violation *v = m->hal ? hal_violation(m->hal) : NULL;

    if (v)
        ke_bugcheck(m->ke, DRIVER_VERIFIER_DMA_VIOLATION, v->p[0], v->p[1],
                    v->p[2], v->p[3], v->text);
}

/* @until bounds instructions, @idle_until the time that a halt may skip. */
static bool run_cpu(struct machine *m, uint64_t until, uint64_t idle_until,
                    struct machine_stop *stop)
{
    uint64_t next = clock_next(&m->clock);

    m->clock.until = next < until ? next : until;
    for (unsigned i = 0; i < BOUNDARY_HOOKS; i++) {
        const struct boundary_hook *h = &m->hook[i];

        if (h->fn && h->tick > m->clock.now && h->tick < m->clock.until)
            m->clock.until = h->tick;
        if (h->fn && h->slice && h->slice < m->clock.until - m->clock.now)
            m->clock.until = m->clock.now + h->slice;
    }
    switch (cpu_run(&m->cpu)) {
    case CPU_VMCALL:
        ke_entry(m->ke);
        break;
    case CPU_HALTED:
        return halted(m, idle_until, stop);
    case CPU_SHUTDOWN:
        return shut_down(m, stop);
    case CPU_TICKS:
    case CPU_STOP:
        break;
    }
    return true;
}

void machine_checkpoint(struct machine *m, uint64_t tick,
                        machine_checkpoint_fn *fn, void *context)
{
    m->hook[HOOK_CHECKPOINT] =
        (struct boundary_hook){.fn = fn, .context = context, .tick = tick};
}

static void ask_hooks(struct machine *m)
{
    for (unsigned i = 0; i < BOUNDARY_HOOKS && !m->stop_asked && !m->inner;
         i++) {
        const struct boundary_hook *h = &m->hook[i];

        if (h->fn && m->clock.now >= h->tick)
            h->fn(h->context, m);
    }
}

static bool piece(struct machine *m, enum run_piece what)
{
    m->piece = what;
    return true;
}

bool run_piece(struct machine *m, uint64_t until, uint64_t idle_until,
               struct machine_stop *stop)
{
    struct clock_entry due;

    if (until > CLOCK_END)
        until = CLOCK_END;
    if (idle_until > CLOCK_END)
        idle_until = CLOCK_END;
    ask_hooks(m);
    if (m->stop_asked) {
        stop_asked(m, stop);
        return false;
    }
    if (bus_tenure(m->bus)->bytes) {
        tenure_move(m->bus);
        return piece(m, RUN_TENURE);
    }
    if (clock_take_due(&m->clock, &due)) {
        if (due.kind == CLOCK_KERNEL)
            ke_clock(m->ke);
        else
            bus_serve(m->bus, &due);
        return piece(m, RUN_SERVICE);
    }
    if (bus_pins(m->bus)->reset || bus_pins(m->bus)->init) {
        piece(m, RUN_SERVICE);
        return reset(m, stop);
    }
    raise_violation(m);
    if (m->ke && ke_ended(m->ke)) {
        stop_ended(m, stop);
        return false;
    }
    if (m->clock.now >= until) {
        stop->reason = STOP_LIMIT;
        return false;
    }
    piece(m, RUN_CPU);
    return run_cpu(m, until, idle_until, stop);
}

static enum machine_stop_reason run(struct machine *m, uint64_t until,
                                    uint64_t idle_until,
                                    struct machine_stop *out)
{
    struct machine_stop stop;

    run_begin(m, &stop);
    while (run_piece(m, until, idle_until, &stop))
        ;
    return run_end(m, &stop, out);
}

enum machine_stop_reason machine_run(struct machine *m, uint64_t until,
                                     struct machine_stop *stop)
{
    return run(m, until, until, stop);
}

enum machine_stop_reason machine_run_live(struct machine *m, uint64_t until,
                                          uint64_t idle_until,
                                          struct machine_stop *stop)
{
    enum machine_stop_reason reason;

    m->live = true;
    reason = run(m, until, idle_until < until ? idle_until : until, stop);
    m->live = false;
    return reason;
}

/* ---- time ----------------------------------------------------------------*/

struct machine_position machine_position(const struct machine *m)
{
    return (struct machine_position){.tick = m->clock.now,
                                     .served = clock_served_now(&m->clock),
                                     .moved = bus_tenure(m->bus)->moved};
}

uint64_t machine_now_ns(const struct machine *m)
{
    return clock_now_ns(&m->clock);
}

uint64_t machine_ticks(const struct machine *m, uint64_t ns)
{
    return clock_ticks(&m->clock, ns);
}
