/* src/ke/bugcheck_callback.c -- what drivers want to do when the system stops:
 * called in the order of registration at HIGH_LEVEL with interrupts off, on a
 * stack of their own, for a second of virtual time at most. Source: WDK
 * KeRegisterBugCheckCallback, "Writing a Bug Check Callback Routine". */
#include "ke/private.h"
#include "mm/system.h"

/** KBUGCHECK_CALLBACK_RECORD, and its State. */
enum {
    CALLBACK_ROUTINE = 8,
    CALLBACK_BUFFER = 0xc,
    CALLBACK_LENGTH = 0x10,
    CALLBACK_CHECKSUM = 0x18,
    CALLBACK_STATE = 0x1c,
};
enum { STATE_EMPTY, STATE_INSERTED, STATE_STARTED, STATE_FINISHED };
#define TIME_NS UINT64_C(1000000000)

static bool registered(const struct ke *ke, uint32_t record, uint32_t *index)
{
    for (*index = 0; *index < ke->s.bugcheck_callback.count; ++*index)
        if (*VEC_AT(uint32_t, &ke->s.bugcheck_callback, *index) == record)
            return true;
    return false;
}

/** BOOLEAN (CallbackRecord, Routine, Buffer, Length, Component) */
void thunk_KeRegisterBugCheckCallback(struct call *c)
{
    uint32_t record = call_u32(c, 0), index, sum = 0;

    if (registered(c->ke, record, &index) ||
        c->ke->s.bugcheck_callback.count >= IMAGES_MOST) {
        call_return(c, 0);
        return;
    }
    for (unsigned i = 0; i < 4; i++) {
        store_u32(c, gva_of(record + CALLBACK_ROUTINE + 4 * i),
                  call_u32(c, 1 + i));
        sum += call_u32(c, 1 + i);
    }
    store_u32(c, gva_of(record + CALLBACK_CHECKSUM), sum);
    store_u8(c, gva_of(record + CALLBACK_STATE), STATE_INSERTED);
    if (!call_ok(c))
        return;
    vec_push(&c->ke->s.bugcheck_callback, sizeof record, &record);
    call_return(c, 1);
}

void thunk_KeDeregisterBugCheckCallback(struct call *c)
{
    uint32_t record = call_u32(c, 0), index;

    if (!registered(c->ke, record, &index)) {
        call_return(c, 0);
        return;
    }
    store_u8(c, gva_of(record + CALLBACK_STATE), STATE_EMPTY);
    if (!call_ok(c))
        return;
    vec_remove(&c->ke->s.bugcheck_callback, sizeof record, index);
    call_return(c, 1);
}

/* ---- calling them
 * ------------------------------------------------------------- */

void bugcheck_callbacks(struct ke *ke)
{
    struct thread *t = thread_current(ke);
    struct cpu_state *s = &ke->cpu->s;
    struct record r = {.routine = ROUTINE_BUGCHECK,
                       .entry_eip = trampoline(TRAP_THREAD_END).v};
    gva_t top;

    if (ke->s.bugcheck.ended || ke->s.dying != DYING_ASKED)
        return;
    ke->s.dying = DYING;
    if (stack_alloc(ke->mm, &top) != HB_OK) {
        ke->s.bugcheck.ended = 1;
        return;
    }
    records_drop(ke, t);
    t->stack_top = top.v;
    kernel_segments(ke);
    s->reg[ESP] = r.entry_esp = top.v - 16;
    s->eflags = 2;
    s->halted = 0;
    set_exception_list(ke, REGISTRATION_END);
    ke_set_irql(ke, HIGH_LEVEL);
    clock_at(ke->clock, ke->clock->now + clock_ticks(ke->clock, TIME_NS),
             CLOCK_KERNEL, 0, 0);
    enter(ke, &r);
}

static void set_state(struct ke *ke, uint32_t record, uint8_t state)
{
    ke_write(ke, gva_of(record + CALLBACK_STATE), &state, 1);
}

/** Is it as it was registered? A record that was written over is left alone. */
static bool intact(const struct ke *ke, uint32_t record)
{
    uint32_t v[8];

    if (!ke_read(ke, gva_of(record), v, sizeof v))
        return false;
    return (v[7] & 0xff) == STATE_INSERTED &&
           v[2] + v[3] + v[4] + v[5] == v[CALLBACK_CHECKSUM / 4];
}

void run_bugcheck(struct call *c)
{
    struct ke *ke = c->ke;
    uint32_t record, args[2];

    if (c->state == 1)
        set_state(ke, c->w[1], STATE_FINISHED);
    while (c->w[0] < ke->s.bugcheck_callback.count) {
        record = *VEC_AT(uint32_t, &ke->s.bugcheck_callback, c->w[0]++);
        if (!intact(ke, record))
            continue;
        c->w[1] = record;
        set_state(ke, record, STATE_STARTED);
        ke_set_irql(ke, HIGH_LEVEL);
        args[0] = ke_read_u32(ke, gva_of(record + CALLBACK_BUFFER));
        args[1] = ke_read_u32(ke, gva_of(record + CALLBACK_LENGTH));
        call_guest(c,
                   gva_of(ke_read_u32(ke, gva_of(record + CALLBACK_ROUTINE))),
                   2, args, 1);
        return;
    }
    ke->s.bugcheck.ended = 1;
    call_return(c, 0);
}
