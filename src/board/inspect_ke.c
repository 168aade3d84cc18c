/* src/board/inspect_ke.c -- threads and kernel calls, with the numbers that
 * clients know processes by; interrupts, DPCs, timers. */
#include "board/board.h"
#include "halbox/inspect.h"

bool inspect_thread_at(const struct machine *m, unsigned index,
                       struct inspect_thread *thread)
{
    if (m->config.bare || !ke_thread_at(m->ke, index, thread))
        return false;
    thread->process = nt_process_of(m->nt, thread->process);
    thread->attached = nt_process_of(m->nt, thread->attached);
    if (thread->attached == MACHINE_NONE)
        thread->attached = SPACE_SYSTEM;
    return true;
}

bool inspect_call_at(const struct machine *m, uint32_t thread, unsigned index,
                     struct inspect_call *call)
{
    return !m->config.bare && ke_call_at(m->ke, thread, index, call);
}

bool inspect_interrupt_at(const struct machine *m, unsigned index,
                          struct inspect_interrupt *interrupt)
{
    return !m->config.bare && ke_interrupt_at(m->ke, index, interrupt);
}

bool inspect_dpc_at(const struct machine *m, unsigned index,
                    struct inspect_dpc *dpc)
{
    return !m->config.bare && ke_dpc_at(m->ke, index, dpc);
}

bool inspect_timer_at(const struct machine *m, unsigned index,
                      struct inspect_timer *timer)
{
    return !m->config.bare && ke_timer_at(m->ke, index, timer);
}

uint64_t inspect_interrupt_time(const struct machine *m)
{
    return m->config.bare ? 0 : ke_interrupt_time(m->ke);
}
