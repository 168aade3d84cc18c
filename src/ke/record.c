/* src/ke/record.c -- the records of calls that have called back or wait, and
 * what they have on the guest's stack. They are plain structs of the machine:
 * the guest cannot corrupt them. Docs: docs/ke.md, "A call". */
#include "ke/private.h"

/* ---- records
 * -------------------------------------------------------------------- */

struct record *record_at(const struct ke *ke, uint32_t index_plus_1)
{
    return index_plus_1 ? VEC_AT(struct record, &ke->s.record, index_plus_1 - 1)
                        : NULL;
}

uint32_t record_index(const struct ke *ke, const struct record *r)
{
    return (uint32_t)(r - VEC_AT(struct record, &ke->s.record, 0)) + 1;
}

uint32_t record_alloc(struct ke *ke)
{
    uint32_t index = ke->s.free_record;
    struct record *r;

    if (index) {
        r = record_at(ke, index);
        ke->s.free_record = r->below;
        *r = (struct record){.used = 1};
        return index;
    }
    if (ke->s.record.count >= RECORDS_MOST ||
        !(r = vec_push(&ke->s.record, sizeof *r, NULL)))
        return 0;
    r->used = 1;
    return ke->s.record.count;
}

static bool on_dpc_stack(const struct ke *ke, uint32_t esp)
{
    return ke->s.dpc_stack_top - esp <= KERNEL_STACK_PAGES * PAGE_BYTES;
}

/** Take the newest record of @t off. */
static void record_pop(struct ke *ke, struct thread *t)
{
    uint32_t index = t->top;
    struct record *r = record_at(ke, index);

    t->top = r->below;
    if (r->waiting)
        wait_blocks_drop(ke, index);
    if (r->routine == ROUTINE_INTERRUPT)
        interrupt_over(ke, r);
    if (r->routine == ROUTINE_DISPATCH && r->frame &&
        on_dpc_stack(ke, r->frame)) {
        ke->s.dpc_active = 0; /* a DPC that jumped out of its stack */
        dpc_over(ke, r);
    }
    r->used = 0;
    r->below = ke->s.free_record;
    ke->s.free_record = index;
}

/** Does @r live in the chain of the current thread, or on the host's stack? */
bool record_is_kept(const struct ke *ke, const struct record *r)
{
    const struct record *first = ke->s.record.data;

    return ke->s.record.count && r >= first && r < first + ke->s.record.count;
}

/** Make @r the newest record of the current thread. */
struct record *record_keep(struct ke *ke, struct record *r)
{
    struct thread *t = thread_current(ke);
    uint32_t index;

    if (record_is_kept(ke, r))
        return r;
    index = record_alloc(ke);
    if (!index) {
        ke_bugcheck(ke, BUGCHECK_UNEXPECTED_TRAP, EXC_DF, 0, 0, 0,
                    "the kernel has no room for another call");
        return NULL;
    }
    r->used = 1;
    r->below = t->top;
    *record_at(ke, index) = *r;
    t->top = index;
    return record_at(ke, index);
}

void record_discard(struct ke *ke, struct record *r)
{
    if (record_is_kept(ke, r))
        record_pop(ke, thread_current(ke));
}

void records_drop(struct ke *ke, struct thread *t)
{
    while (t->top)
        record_pop(ke, t);
}

void record_unwound(struct ke *ke, struct thread *t)
{
    EMIT(ke->events, unwound, thread_id(ke, t),
         EVENT_STRING(registry_name(ke, record_at(ke, t->top)->routine)));
    record_pop(ke, t);
}

/** Is @r, on its stack, still below what runs at @esp? The DPC stack is on top
 *  of the thread's. */
static bool is_live(const struct ke *ke, const struct record *r, uint32_t esp)
{
    bool r_dpc = on_dpc_stack(ke, r->esp), esp_dpc = on_dpc_stack(ke, esp);

    return r_dpc == esp_dpc ? r->esp > esp : esp_dpc;
}

/** Records that lie below where the guest's stack now ends were unwound past:
 *  their callees jumped out of them. */
void records_drop_stale(struct ke *ke, uint32_t esp)
{
    struct thread *t = thread_current(ke);

    while (t->top && !is_live(ke, record_at(ke, t->top), esp))
        record_unwound(ke, t);
}

/* ---- the guest's stack
 * ------------------------------------------------------------ */

bool stack_push(struct ke *ke, uint32_t *esp, const uint32_t *values,
                unsigned count)
{
    struct cpu_fault fault = {0};
    uint32_t at = *esp - 4 * count;

    if (!cpu_store(ke->cpu, gva_of(at), values, 4 * count, false, &fault)) {
        ke_bugcheck(ke, BUGCHECK_UNEXPECTED_TRAP, EXC_DF, at, 0, 0,
                    "the kernel stack is full");
        return false;
    }
    *esp = at;
    return true;
}

bool record_frame(struct ke *ke, struct record *r)
{
    uint32_t esp = r->entry_esp;

    if (r->frame)
        return true;
    if (!stack_push(ke, &esp, &r->reg[EBP], 1))
        return false;
    r->frame = esp;
    return true;
}

/** Its lowest dword is written once, so that the guard page is met here. */
bool record_locals(struct ke *ke, struct record *r, uint32_t bytes)
{
    const uint32_t zero = 0;
    uint32_t probe;

    if (!record_frame(ke, r))
        return false;
    r->locals += (bytes + 3) & ~3u;
    probe = record_base(r) + 4;
    return stack_push(ke, &probe, &zero, 1);
}

uint32_t record_base(const struct record *r)
{
    return r->frame ? r->frame - r->locals : r->entry_esp;
}
