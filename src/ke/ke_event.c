/* src/ke/ke_event.c -- events and semaphores. Source: WDK KeInitializeEvent,
 * KeSetEvent, KePulseEvent, KeReleaseSemaphore; hal_io fact sheet 9. */
#include "ke/private.h"

static gva_t signal_at(struct call *c)
{
    return gva_add(call_va(c, 0), HEADER_SIGNAL);
}

/** The object's state, with the object proved to be there and writable, so
 *  that what follows cannot fault. */
static int32_t touch(struct call *c)
{
    int32_t state = (int32_t)load_u32(c, signal_at(c));

    store_u32(c, signal_at(c), (uint32_t)state);
    return state;
}

/** A dispatcher header in the caller's memory. */
void store_header(struct call *c, gva_t at, uint8_t type, uint32_t bytes,
                  uint32_t state)
{
    uint32_t list = at.v + HEADER_WAIT_LIST;
    const uint32_t header[4] = {type | bytes / 4 << 16, state, list, list};

    store(c, at, header, sizeof header);
}

/** KeInitializeEvent(Event, Type 0 notification 1 synchronization, State) */
void thunk_KeInitializeEvent(struct call *c)
{
    store_header(c, call_va(c, 0), call_u8(c, 1) & 1, HEADER_BYTES,
                 call_bool(c, 2));
    call_return(c, 0);
}

/** LONG KeSetEvent(Event, Increment, Wait): the previous state. */
void thunk_KeSetEvent(struct call *c)
{
    touch(c);
    if (!call_ok(c))
        return;
    call_return(c, (uint32_t)ke_signal_event(c->ke, call_va(c, 0)));
    wait_follows(c, call_bool(c, 2));
}

/** LONG KePulseEvent: those who wait now go on, then it is not signalled. */
void thunk_KePulseEvent(struct call *c)
{
    int32_t old = touch(c);

    if (!call_ok(c))
        return;
    ke_signal_event(c->ke, call_va(c, 0));
    ke_reset_event(c->ke, call_va(c, 0));
    call_return(c, (uint32_t)old);
    wait_follows(c, call_bool(c, 2));
}

void thunk_KeResetEvent(struct call *c)
{
    uint32_t old = load_u32(c, signal_at(c));

    store_u32(c, signal_at(c), 0);
    call_return(c, old);
}

void thunk_KeClearEvent(struct call *c)
{
    store_u32(c, signal_at(c), 0);
    call_return(c, 0);
}

static void read_state(struct call *c)
{
    call_return(c, load_u32(c, signal_at(c)));
}

void thunk_KeReadStateEvent(struct call *c)
{
    read_state(c);
}

void thunk_KeReadStateSemaphore(struct call *c)
{
    read_state(c);
}

void thunk_KeReadStateMutex(struct call *c)
{
    read_state(c);
}

void thunk_KeReadStateTimer(struct call *c)
{
    call_return(c, load_u32(c, signal_at(c)) != 0);
}

/** KeInitializeSemaphore(Semaphore, Count, Limit) */
void thunk_KeInitializeSemaphore(struct call *c)
{
    store_header(c, call_va(c, 0), OBJECT_SEMAPHORE, SEMAPHORE_BYTES,
                 call_u32(c, 1));
    store_u32(c, gva_add(call_va(c, 0), SEMAPHORE_LIMIT), call_u32(c, 2));
    call_return(c, 0);
}

/** LONG KeReleaseSemaphore(Semaphore, Increment, Adjustment, Wait): the
 *  previous count; beyond the limit it raises. */
void thunk_KeReleaseSemaphore(struct call *c)
{
    int64_t old = touch(c), adjustment = (int32_t)call_u32(c, 2);
    int32_t limit =
        (int32_t)load_u32(c, gva_add(call_va(c, 0), SEMAPHORE_LIMIT));

    if (!call_ok(c))
        return;
    if (adjustment < 0 || old + adjustment > limit) {
        call_raise(c, STATUS_SEMAPHORE_LIMIT_EXCEEDED);
        return;
    }
    store_u32(c, signal_at(c), (uint32_t)(old + adjustment));
    ke_signal_object(c->ke, call_va(c, 0));
    call_return(c, (uint32_t)old);
    wait_follows(c, call_bool(c, 3));
}
