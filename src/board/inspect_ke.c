/* src/board/inspect_ke.c -- threads and kernel calls, with the numbers that
 * clients know processes by. */
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
