/* src/ke/object.c -- dispatcher objects: their state is in guest memory, who
 * waits is known here alone. Waiters are served in the order they came.
 * Source: WDK, "Kernel dispatcher objects"; docs/ke.md, "Waits". */
#include "ke/private.h"

static struct wait_block *block_at(const struct ke *ke, uint32_t i)
{
    return VEC_AT(struct wait_block, &ke->s.wait, i);
}

void wait_block_add(struct ke *ke, uint32_t record, uint32_t slot,
                    unsigned count, const uint32_t *objects)
{
    for (unsigned i = 0; i < count; i++) {
        const struct wait_block b = {objects[i], record, (uint16_t)slot,
                                     (uint16_t)i};

        vec_push(&ke->s.wait, sizeof b, &b);
    }
}

void wait_blocks_drop(struct ke *ke, uint32_t record)
{
    for (uint32_t i = 0; i < ke->s.wait.count;)
        if (block_at(ke, i)->record == record)
            vec_remove(&ke->s.wait, sizeof(struct wait_block), i);
        else
            i++;
}

/* ---- one object and one thread
 * ---------------------------------------------------- */

static int32_t signal_state(const struct ke *ke, uint32_t object)
{
    return (int32_t)ke_read_u32(ke, gva_of(object + HEADER_SIGNAL));
}

static void set_signal(struct ke *ke, uint32_t object, int32_t state)
{
    ke_write_u32(ke, gva_of(object + HEADER_SIGNAL), (uint32_t)state);
}

static uint8_t object_type(const struct ke *ke, uint32_t object)
{
    return (uint8_t)ke_read_u32(ke, gva_of(object));
}

/** Would a wait of @t on it be over now? */
static bool signalled(const struct ke *ke, uint32_t object,
                      const struct thread *t)
{
    if (signal_state(ke, object) > 0)
        return true;
    return object_type(ke, object) == OBJECT_MUTANT &&
           ke_read_u32(ke, gva_of(object + MUTANT_OWNER)) == t->object;
}

/** The wait's effect on the object. Returns 80h for an abandoned mutant. */
static uint32_t take(struct ke *ke, uint32_t object, struct thread *t)
{
    int32_t state = signal_state(ke, object);
    uint32_t flags;

    switch (object_type(ke, object)) {
    case EVENT_SYNCHRONIZATION:
    case TIMER_SYNCHRONIZATION:
        set_signal(ke, object, 0);
        return 0;
    case OBJECT_SEMAPHORE:
        set_signal(ke, object, state - 1);
        return 0;
    case OBJECT_MUTANT:
        set_signal(ke, object, state - 1);
        if (state - 1 != 0)
            return 0;
        ke_write_u32(ke, gva_of(object + MUTANT_OWNER), t->object);
        flags = ke_read_u32(ke, gva_of(object + MUTANT_ABANDONED));
        t->apc_disable = (uint16_t)(t->apc_disable + (flags >> 8 & 0xff));
        ke_write_u32(ke, gva_of(object + MUTANT_ABANDONED), flags & ~0xffu);
        return flags & 0xff ? STATUS_ABANDONED_WAIT_0 : 0;
    default:
        return 0;
    }
}

static bool try_any(struct ke *ke, uint32_t record, struct thread *t,
                    uint32_t *status)
{
    for (uint32_t i = 0; i < ke->s.wait.count; i++) {
        const struct wait_block *b = block_at(ke, i);

        if (b->record == record && signalled(ke, b->object, t)) {
            *status = STATUS_WAIT_0 + b->index;
            *status += take(ke, b->object, t);
            return true;
        }
    }
    return false;
}

static bool try_all(struct ke *ke, uint32_t record, struct thread *t,
                    uint32_t *status)
{
    uint32_t flags = 0, found = 0;

    for (uint32_t i = 0; i < ke->s.wait.count; i++) {
        const struct wait_block *b = block_at(ke, i);

        if (b->record != record)
            continue;
        if (!signalled(ke, b->object, t))
            return false;
        found++;
    }
    if (!found)
        return false;
    for (uint32_t i = 0; i < ke->s.wait.count; i++)
        if (block_at(ke, i)->record == record)
            flags |= take(ke, block_at(ke, i)->object, t);
    *status = STATUS_WAIT_0 | flags;
    return true;
}

bool wait_try(struct ke *ke, uint32_t record, struct thread *t,
              uint32_t *status)
{
    return record_at(ke, record)->wait_all ? try_all(ke, record, t, status)
                                           : try_any(ke, record, t, status);
}

/* ---- signalling
 * -------------------------------------------------------------------- */

/** End @record's wait with @status. */
static void wake(struct ke *ke, uint32_t record, uint32_t slot, uint32_t status)
{
    wait_blocks_drop(ke, record);
    record_at(ke, record)->waiting = 0;
    thread_ready(ke, thread_slot(ke, slot), status);
}

void ke_signal_object(struct ke *ke, gva_t object)
{
    uint32_t i = 0, status;

    while (i < ke->s.wait.count) {
        const struct wait_block b = *block_at(ke, i);

        if (b.object == object.v && record_at(ke, b.record)->waiting == 1 &&
            wait_try(ke, b.record, thread_slot(ke, b.thread), &status)) {
            wake(ke, b.record, b.thread, status);
            i = 0;
        } else {
            i++;
        }
    }
}

void wait_end_user(struct ke *ke, struct thread *t)
{
    const struct record *r = record_at(ke, t->top);

    if (t->state == THREAD_WAITING && r && r->waiting == 1 && r->wait_user)
        wake(ke, t->top, (uint32_t)(t - thread_slot(ke, 0)), STATUS_USER_APC);
}

/** Timeouts that are due; the first in thread order goes first. */
bool wait_expire(struct ke *ke)
{
    bool any = false;

    for (uint32_t slot = 0; slot < ke->s.thread.count; slot++) {
        const struct thread *t = thread_slot(ke, slot);
        const struct record *r = record_at(ke, t->top);

        if (t->state == THREAD_WAITING && r && r->waiting == 1 &&
            r->due <= ke->s.interrupt_time) {
            wake(ke, t->top, slot, STATUS_TIMEOUT);
            any = true;
        }
    }
    return any;
}

/* ---- events from the host
 * --------------------------------------------------------- */

void ke_event_init(struct ke *ke, gva_t event, enum ke_object_type type,
                   bool signalled_)
{
    static const uint8_t bytes[] = {[OBJECT_MUTANT] = MUTANT_BYTES,
                                    [OBJECT_SEMAPHORE] = SEMAPHORE_BYTES,
                                    [TIMER_NOTIFICATION] = TIMER_BYTES,
                                    [TIMER_SYNCHRONIZATION] = TIMER_BYTES};
    uint32_t size =
        type < sizeof bytes && bytes[type] ? bytes[type] : HEADER_BYTES;
    uint32_t list = event.v + HEADER_WAIT_LIST;
    const uint32_t header[4] = {type | size / 4 << 16, signalled_, list, list};

    ke_write(ke, event, header, sizeof header);
}

int32_t ke_signal_event(struct ke *ke, gva_t event)
{
    int32_t old = signal_state(ke, event.v);

    if (old != 1) {
        set_signal(ke, event.v, 1);
        ke_signal_object(ke, event);
    }
    return old;
}

int32_t ke_reset_event(struct ke *ke, gva_t event)
{
    int32_t old = signal_state(ke, event.v);

    set_signal(ke, event.v, 0);
    return old;
}

/* ---- who waits for what
 * -------------------------------------------------------------- */

int wait_text(const struct ke *ke, const struct thread *t, char *out,
              size_t room)
{
    static const char *const kind[] = {"notification event",
                                       "synchronization event",
                                       "mutant",
                                       "process",
                                       "queue",
                                       "semaphore",
                                       "thread",
                                       "?",
                                       "timer",
                                       "timer"};
    const struct record *r = record_at(ke, t->top);
    unsigned listed = 0;
    int n = 0;

    if (room)
        out[0] = 0;
    for (uint32_t i = 0; i < ke->s.wait.count; i++) {
        const struct wait_block *b = block_at(ke, i);
        uint8_t type = object_type(ke, b->object);
        size_t at = (size_t)n < room ? (size_t)n : room;

        if (b->record != t->top || listed++ >= 8)
            continue;
        n += snprintf(out + at, room - at, "%s%s at %08x",
                      listed > 1 ? " and " : "", kind[type < 10 ? type : 7],
                      b->object);
    }
    if (r && r->due != WAIT_FOREVER) {
        size_t at = (size_t)n < room ? (size_t)n : room;

        n += snprintf(out + at, room - at, "%sa time limit", n ? " " : "");
    }
    return n;
}

static int describe(const struct ke *ke, const struct thread *t, char *out,
                    size_t room)
{
    const struct record *r = record_at(ke, t->top);
    int n =
        snprintf(out, room, "thread %u (%s) in %s waits for ", thread_id(ke, t),
                 t->name, r ? registry_name(ke, r->routine) : "?");
    size_t at = (size_t)n < room ? (size_t)n : room;

    return n + wait_text(ke, t, out + at, room - at);
}

int ke_waits_text(const struct ke *ke, char *out, size_t room)
{
    int n = 0;

    if (room)
        out[0] = 0;
    for (uint32_t slot = 1; slot < ke->s.thread.count; slot++) {
        const struct thread *t = thread_slot(ke, slot);
        size_t at = (size_t)n < room ? (size_t)n : room;

        if (t->state != THREAD_WAITING || t->system_wait)
            continue;
        n += describe(ke, t, out + at, room - at);
        at = (size_t)n < room ? (size_t)n : room;
        n += snprintf(out + at, room - at, "\n");
    }
    return n;
}

bool ke_idle(const struct ke *ke)
{
    if (ke->s.dying || ke->s.current || ke->s.dpc.count || ke->s.timer.count ||
        ke->s.pending || ke->s.switch_wanted)
        return false;
    for (uint32_t slot = 1; slot < ke->s.thread.count; slot++) {
        const struct thread *t = thread_slot(ke, slot);
        const struct record *r = record_at(ke, t->top);

        if (t->state == THREAD_READY ||
            (t->state == THREAD_WAITING && r && r->due != WAIT_FOREVER))
            return false;
    }
    return true;
}
