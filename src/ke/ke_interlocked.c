/* src/ke/ke_interlocked.c -- interlocked arithmetic and lists. A routine is one
 * step of the machine: nothing comes between. Each exists as fastcall and as
 * stdcall; the lock argument is not used on one processor. Source: WDK;
 * hal_io fact sheet 1 (conventions). */
#include "ke/private.h"

/** What the Long forms return: the flags of the new value (INTERLOCKED_RESULT
 *  of i386). */
static uint32_t flags_of(int32_t v)
{
    return v < 0 ? 0x8000u : v == 0 ? 0x4000u : 0;
}

/** Add to the LONG at argument 0. Returns the old value. */
static uint32_t add(struct call *c, uint32_t n)
{
    gva_t at = call_va(c, 0);
    uint32_t old = load_u32(c, at);

    store_u32(c, at, old + n);
    return old;
}

static void exchange(struct call *c)
{
    gva_t at = call_va(c, 0);
    uint32_t value = call_u32(c, 1), old = load_u32(c, at);

    store_u32(c, at, value);
    call_return(c, old);
}

void thunk_InterlockedIncrement(struct call *c)
{
    call_return(c, add(c, 1) + 1);
}

void thunk_InterlockedDecrement(struct call *c)
{
    call_return(c, add(c, 0xffffffffu) - 1);
}

void thunk_InterlockedExchange(struct call *c)
{
    exchange(c);
}

void thunk_InterlockedExchangeAdd(struct call *c)
{
    call_return(c, add(c, call_u32(c, 1)));
}

void thunk_InterlockedCompareExchange(struct call *c)
{
    gva_t at = call_va(c, 0);
    uint32_t value = call_u32(c, 1), comperand = call_u32(c, 2);
    uint32_t old = load_u32(c, at);

    store_u32(c, at, old == comperand ? value : old);
    call_return(c, old);
}

void thunk_ExfInterlockedAddUlong(struct call *c)
{
    call_return(c, add(c, call_u32(c, 1)));
}

void thunk_ExInterlockedAddUlong(struct call *c)
{
    call_return(c, add(c, call_u32(c, 1)));
}

/** LARGE_INTEGER ExInterlockedAddLargeInteger(*Addend, Increment, Lock) */
void thunk_ExInterlockedAddLargeInteger(struct call *c)
{
    gva_t at = call_va(c, 0);
    uint64_t old = load_u64(c, at);

    store_u64(c, at, old + call_u64(c, 1));
    call_return64(c, old);
}

static void increment_long(struct call *c)
{
    call_return(c, flags_of((int32_t)(add(c, 1) + 1)));
}

static void decrement_long(struct call *c)
{
    call_return(c, flags_of((int32_t)(add(c, 0xffffffffu) - 1)));
}

void thunk_Exfi386InterlockedIncrementLong(struct call *c)
{
    increment_long(c);
}

void thunk_Exi386InterlockedIncrementLong(struct call *c)
{
    increment_long(c);
}

void thunk_ExInterlockedIncrementLong(struct call *c)
{
    increment_long(c);
}

void thunk_Exfi386InterlockedDecrementLong(struct call *c)
{
    decrement_long(c);
}

void thunk_Exi386InterlockedDecrementLong(struct call *c)
{
    decrement_long(c);
}

void thunk_ExInterlockedDecrementLong(struct call *c)
{
    decrement_long(c);
}

void thunk_Exfi386InterlockedExchangeUlong(struct call *c)
{
    exchange(c);
}

void thunk_Exi386InterlockedExchangeUlong(struct call *c)
{
    exchange(c);
}

void thunk_ExInterlockedExchangeUlong(struct call *c)
{
    exchange(c);
}

/** LONGLONG (*Destination, *Exchange, *Comperand): the old value. */
static void compare_exchange_64(struct call *c)
{
    gva_t at = call_va(c, 0);
    uint64_t value = load_u64(c, call_va(c, 1));
    uint64_t comperand = load_u64(c, call_va(c, 2)), old = load_u64(c, at);

    store_u64(c, at, old == comperand ? value : old);
    call_return64(c, old);
}

void thunk_ExfInterlockedCompareExchange64(struct call *c)
{
    compare_exchange_64(c);
}

void thunk_ExInterlockedCompareExchange64(struct call *c)
{
    compare_exchange_64(c);
}

/* ---- doubly linked lists: NULL when it was empty
 * ------------------------------ */

static void insert(struct call *c, bool head)
{
    uint32_t list = call_u32(c, 0), entry = call_u32(c, 1);
    uint32_t first = load_u32(c, gva_of(list));
    uint32_t last = load_u32(c, gva_of(list + 4));
    uint32_t next = head ? first : list, back = head ? list : last;

    store_u32(c, gva_of(entry), next);
    store_u32(c, gva_of(entry + 4), back);
    store_u32(c, gva_of(back), entry);
    store_u32(c, gva_of(next + 4), entry);
    call_return(c, first == list ? 0 : head ? first : last);
}

static void remove_head(struct call *c)
{
    uint32_t list = call_u32(c, 0);
    uint32_t entry = load_u32(c, gva_of(list)), next;

    if (entry == list) {
        call_return(c, 0);
        return;
    }
    next = load_u32(c, gva_of(entry));
    store_u32(c, gva_of(list), next);
    store_u32(c, gva_of(next + 4), list);
    call_return(c, entry);
}

void thunk_ExfInterlockedInsertHeadList(struct call *c)
{
    insert(c, true);
}

void thunk_ExInterlockedInsertHeadList(struct call *c)
{
    insert(c, true);
}

void thunk_ExfInterlockedInsertTailList(struct call *c)
{
    insert(c, false);
}

void thunk_ExInterlockedInsertTailList(struct call *c)
{
    insert(c, false);
}

void thunk_ExfInterlockedRemoveHeadList(struct call *c)
{
    remove_head(c);
}

void thunk_ExInterlockedRemoveHeadList(struct call *c)
{
    remove_head(c);
}

/* ---- singly linked lists
 * -------------------------------------------------------- */

static void pop(struct call *c)
{
    gva_t list = call_va(c, 0);
    uint32_t first = load_u32(c, list);

    if (first)
        store_u32(c, list, load_u32(c, gva_of(first)));
    call_return(c, first);
}

static void push(struct call *c)
{
    gva_t list = call_va(c, 0);
    uint32_t entry = call_u32(c, 1), first = load_u32(c, list);

    store_u32(c, gva_of(entry), first);
    store_u32(c, list, entry);
    call_return(c, first);
}

void thunk_ExfInterlockedPopEntryList(struct call *c)
{
    pop(c);
}

void thunk_ExInterlockedPopEntryList(struct call *c)
{
    pop(c);
}

void thunk_ExfInterlockedPushEntryList(struct call *c)
{
    push(c);
}

void thunk_ExInterlockedPushEntryList(struct call *c)
{
    push(c);
}

/* ---- SLIST_HEADER: first entry, depth 16, sequence 16
 * ------------------------------ */

static void slist_store(struct call *c, uint32_t first, uint32_t counts)
{
    store_u64(c, call_va(c, 0), first | (uint64_t)counts << 32);
}

/** Depth in the low half, sequence in the high half; @add to the depth. */
static uint32_t step(uint32_t counts, int add_depth)
{
    return ((counts + (uint32_t)add_depth) & 0xffffu) |
           ((counts & 0xffff0000u) + 0x10000u);
}

static void slist_pop(struct call *c)
{
    uint64_t head = load_u64(c, call_va(c, 0));
    uint32_t first = (uint32_t)head, next;

    if (first) {
        next = load_u32(c, gva_of(first));
        slist_store(c, next, step((uint32_t)(head >> 32), -1));
    }
    call_return(c, first);
}

static void slist_push(struct call *c)
{
    uint64_t head = load_u64(c, call_va(c, 0));
    uint32_t entry = call_u32(c, 1);

    store_u32(c, gva_of(entry), (uint32_t)head);
    slist_store(c, entry, step((uint32_t)(head >> 32), 1));
    call_return(c, (uint32_t)head);
}

void thunk_InterlockedPopEntrySList(struct call *c)
{
    slist_pop(c);
}

void thunk_ExInterlockedPopEntrySList(struct call *c)
{
    slist_pop(c);
}

void thunk_InterlockedPushEntrySList(struct call *c)
{
    slist_push(c);
}

void thunk_ExInterlockedPushEntrySList(struct call *c)
{
    slist_push(c);
}

void thunk_ExInterlockedFlushSList(struct call *c)
{
    uint64_t head = load_u64(c, call_va(c, 0));

    slist_store(c, 0, (uint32_t)(head >> 32) & 0xffff0000u);
    call_return(c, (uint32_t)head);
}
