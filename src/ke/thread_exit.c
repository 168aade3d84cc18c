/* src/ke/thread_exit.c -- a user thread's exit routine is entered: on its empty
 * kernel stack, with what happened above it. Docs: docs/ke.md, "Threads". */
#include <string.h>

#include "ke/private.h"

bool thread_exit_begin(struct ke *ke, const struct exception *e,
                       const struct resume *at)
{
    struct thread *t = thread_current(ke);
    struct cpu_state *s = &ke->cpu->s;
    uint32_t esp = t->stack_top - 32 - CONTEXT_BYTES, context = esp;
    uint32_t record = context - EXCEPTION_BYTES;
    uint32_t push[4] = {trampoline(TRAP_THREAD_END).v, KE_EXIT_ASKED};
    uint32_t fields[EXCEPTION_BYTES / 4] = {0};
    uint8_t bytes[CONTEXT_BYTES];

    if (!t->exit_routine || t->exiting)
        return false;
    t->exiting = 1;
    t->mode = KERNEL_MODE;
    records_drop(ke, t);
    if (e) {
        fields[EXCEPTION_CODE / 4] = e->code;
        fields[EXCEPTION_FLAGS / 4] = e->flags;
        fields[EXCEPTION_ADDRESS / 4] = e->address;
        fields[EXCEPTION_COUNT / 4] = e->parameters;
        memcpy(fields + EXCEPTION_INFO / 4, e->info, sizeof e->info);
        context_build(at, bytes);
        memcpy(bytes + CONTEXT_CS, &(uint32_t){SEL_USER_CODE}, 4);
        memcpy(bytes + CONTEXT_SS, &(uint32_t){SEL_USER_DATA}, 4);
        memcpy(bytes + CONTEXT_FS, &(uint32_t){SEL_TEB}, 4);
        ke_write(ke, gva_of(context), bytes, sizeof bytes);
        ke_write(ke, gva_of(record), fields, sizeof fields);
        memcpy(push + 1, (uint32_t[]){KE_EXIT_EXCEPTION, record, context}, 12);
    }
    esp = record - (uint32_t)sizeof push;
    ke_write(ke, gva_of(esp), push, sizeof push);
    memset(s->reg, 0, sizeof s->reg);
    s->reg[ESP] = esp;
    s->eip = t->exit_routine;
    s->eflags = 2 | FLAG_IF;
    kernel_segments(ke);
    set_exception_list(ke, REGISTRATION_END);
    ke_set_irql(ke, PASSIVE_LEVEL);
    return true;
}
