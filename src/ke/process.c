/* src/ke/process.c -- processes: a number, an EPROCESS and whose address space
 * it is; attaching to another one. Docs: docs/ke.md, "Threads". */
#include "ke/private.h"
#include "mm/pool.h"

struct process *process_find(const struct ke *ke, uint32_t process)
{
    struct process *p;

    if (!process || process > ke->s.process.count)
        return NULL;
    p = VEC_AT(struct process, &ke->s.process, process - 1);
    return p->used ? p : NULL;
}

/* ---- processes
 * ---------------------------------------------------------------- */

uint32_t ke_process_create(struct ke *ke, uint32_t space)
{
    uint32_t object = pool_zeroed(ke, PROCESS_BYTES, PROCESS_TAG), n = 0;
    struct process *p;

    if (!object)
        return 0;
    while (n < ke->s.process.count &&
           VEC_AT(struct process, &ke->s.process, n)->used)
        n++;
    if (n == ke->s.process.count &&
        (n >= KE_PROCESSES ||
         !vec_push(&ke->s.process, sizeof(struct process), NULL))) {
        pool_free(ke->mm, gva_of(object), 0, NULL);
        return 0;
    }
    p = VEC_AT(struct process, &ke->s.process, n);
    *p = (struct process){1, space, space_cr3(ke->mm, space), object};
    ke_event_init(ke, gva_of(object), OBJECT_PROCESS, false);
    ke_write_u32(ke, gva_of(object + PROCESS_DIRECTORY), p->cr3);
    ke_write_u32(ke, gva_of(object + PROCESS_ID), (n + 1) * 4);
    space_set_process(ke->mm, space, gva_of(object));
    return n + 1;
}

void ke_process_destroy(struct ke *ke, uint32_t process)
{
    struct process *p = process_find(ke, process);

    if (!p || process == KE_SYSTEM_PROCESS)
        return;
    if (ke->cpu->s.cr3 == p->cr3)
        cpu_set_cr3(ke->cpu, space_cr3(ke->mm, 0));
    pool_free(ke->mm, gva_of(p->object), 0, NULL);
    p->used = 0;
}

void ke_process_ended(struct ke *ke, uint32_t process)
{
    struct process *p = process_find(ke, process);

    if (!p || process == KE_SYSTEM_PROCESS)
        return;
    if (ke->cpu->s.cr3 == p->cr3)
        cpu_set_cr3(ke->cpu, space_cr3(ke->mm, 0));
    p->cr3 = space_cr3(ke->mm, 0);
    p->space = 0;
    ke_write_u32(ke, gva_of(p->object + PROCESS_DIRECTORY), p->cr3);
    ke_signal_event(ke, gva_of(p->object));
}

uint32_t ke_process_space(const struct ke *ke, uint32_t process)
{
    const struct process *p = process_find(ke, process);

    return p ? p->space : 0;
}

gva_t ke_process_object(const struct ke *ke, uint32_t process)
{
    const struct process *p = process_find(ke, process);

    return gva_of(p ? p->object : 0);
}

uint32_t ke_process_by_object(const struct ke *ke, gva_t object)
{
    for (uint32_t i = 0; i < ke->s.process.count; i++) {
        const struct process *p = VEC_AT(struct process, &ke->s.process, i);

        if (p->used && p->object == object.v)
            return i + 1;
    }
    return 0;
}

uint32_t ke_current_process(const struct ke *ke)
{
    const struct thread *t = thread_current(ke);

    return t->attached ? t->attached : t->process;
}

uint32_t ke_attach(struct ke *ke, uint32_t process)
{
    struct thread *t = thread_current(ke);
    uint32_t old = t->attached;

    if (process_find(ke, process))
        t->attached = (uint16_t)process;
    thread_address_space(ke, t);
    return old;
}

void ke_detach(struct ke *ke, uint32_t process)
{
    struct thread *t = thread_current(ke);

    t->attached = (uint16_t)(process_find(ke, process) ? process : 0);
    thread_address_space(ke, t);
}
