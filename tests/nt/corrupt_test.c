/* tests/nt/corrupt_test.c -- the kernel's lists that lie in guest memory, made
 * wrong; and links that it does not follow. */
#include <string.h>

#include "corrupt.h"
#include "handmade.h"

/* In the caller's data. */
enum { HEAD = 0x100, FREE = 0x180, ENTRY = 0x200, STRIDE = 0x40, COUNT = 3 };
enum { CODE = 0x800, OUT = 0x900 };
enum { QUEUE_LIST = 4, QUEUE_BUSY = 0x10, ENTRY_KEY = 8, ENTRY_INSERTED = 0xc };

/* ---- device queues: busy, keys 0, 1, 2 -------------------------------------
 */

static uint32_t busy_queue(struct caller *c, struct corrupt *how)
{
    uint32_t q = c->data + HEAD;

    STD_CALL(c, "KeInitializeDeviceQueue", q);
    corrupt_ring(c, how, q + QUEUE_LIST, c->data + ENTRY, COUNT, STRIDE);
    for (uint32_t i = 0; i < COUNT; i++) {
        caller_set(c, c->data + ENTRY + i * STRIDE + ENTRY_KEY, i);
        caller_set(c, c->data + ENTRY + i * STRIDE + ENTRY_INSERTED, 1);
    }
    caller_set(c, q + QUEUE_BUSY, 1);
    return q;
}

static void queue_insert(struct caller *c, struct corrupt *how)
{
    CORRUPT_CALL(how, busy_queue(c, how), c->data + FREE, 100);
}

/* The head's Blink. */
static void queue_append(struct caller *c, struct corrupt *how)
{
    uint32_t q = busy_queue(c, how);

    how->link = q + QUEUE_LIST + 4;
    how->self = q + QUEUE_LIST;
    CORRUPT_CALL(how, q, c->data + FREE);
}

static void queue_remove_key(struct caller *c, struct corrupt *how)
{
    CORRUPT_CALL(how, busy_queue(c, how), 100);
}

static void queue_remove(struct caller *c, struct corrupt *how)
{
    uint32_t q = busy_queue(c, how);

    how->link = q + QUEUE_LIST;
    how->self = q + QUEUE_LIST;
    CORRUPT_CALL(how, q);
}

static void queue_remove_entry(struct caller *c, struct corrupt *how)
{
    CORRUPT_CALL(how, busy_queue(c, how), c->data + ENTRY + 2 * STRIDE);
}

/* ---- interlocked lists -----------------------------------------------------
 */

static void ring(struct caller *c, struct corrupt *how)
{
    corrupt_ring(c, how, c->data + HEAD, c->data + ENTRY, COUNT, STRIDE);
    how->link = how->self = c->data + ENTRY;
    CORRUPT_CALL(how, c->data + HEAD, c->data + FREE, c->data + OUT);
}

static void ring_tail(struct caller *c, struct corrupt *how)
{
    ring(c, how);
    how->link = c->data + HEAD + 4;
    how->self = c->data + HEAD;
}

static void ring_head(struct caller *c, struct corrupt *how)
{
    ring(c, how);
    how->link = how->self = c->data + HEAD;
}

static void ring_remove(struct caller *c, struct corrupt *how)
{
    ring(c, how);
    CORRUPT_CALL(how, c->data + HEAD, c->data + OUT);
}

static void fast_ring_head(struct caller *c, struct corrupt *how)
{
    ring_head(c, how);
    how->fast = true;
}

static void fast_ring_tail(struct caller *c, struct corrupt *how)
{
    ring_tail(c, how);
    how->fast = true;
}

static void fast_ring_remove(struct caller *c, struct corrupt *how)
{
    ring_remove(c, how);
    how->fast = true;
}

static void chain(struct caller *c, struct corrupt *how)
{
    corrupt_chain(c, how, c->data + HEAD, c->data + ENTRY, COUNT, STRIDE);
    how->link = how->self = c->data + HEAD;
    CORRUPT_CALL(how, c->data + HEAD, c->data + OUT);
}

static void chain_push(struct caller *c, struct corrupt *how)
{
    chain(c, how);
    CORRUPT_CALL(how, c->data + HEAD, c->data + FREE, c->data + OUT);
}

static void fast_chain(struct caller *c, struct corrupt *how)
{
    chain(c, how);
    how->fast = true;
}

static void fast_chain_push(struct caller *c, struct corrupt *how)
{
    chain_push(c, how);
    how->fast = true;
}

static void slist(struct caller *c, struct corrupt *how)
{
    fast_chain(c, how);
    caller_set(c, c->data + HEAD + 4, COUNT);
}

static void slist_one(struct caller *c, struct corrupt *how)
{
    slist(c, how);
    how->count = 1;
}

static void slist_push(struct caller *c, struct corrupt *how)
{
    fast_chain_push(c, how);
    how->count = 2;
}

static void slist_push_locked(struct caller *c, struct corrupt *how)
{
    fast_chain_push(c, how);
}

/* ---- lookaside lists: three blocks are free --------------------------------
 */

static void lookaside_with(struct caller *c, struct corrupt *how, bool paged,
                           uint32_t free_routine)
{
    uint32_t list = c->data + HEAD, before = list, block = 0;

    STD_CALL(c,
             paged ? "ExInitializePagedLookasideList"
                   : "ExInitializeNPagedLookasideList",
             list, 0, free_routine, 0, 32, 0x20202020, 0);
    for (unsigned i = 0; i < COUNT; i++, before = block) {
        block = STD_CALL(c, "ExAllocatePoolWithTag", paged, 32, 0x20202020);
        caller_set(c, before, block);
    }
    caller_set(c, block, 0);
    how->link = how->self = block;
    how->first = caller_dword(c, list);
    CORRUPT_CALL(how, list);
}

static void lookaside(struct caller *c, struct corrupt *how)
{
    lookaside_with(c, how, false, 0);
}

static void lookaside_paged(struct caller *c, struct corrupt *how)
{
    lookaside_with(c, how, true, 0);
}

/* Its Free routine frees nothing: a circle never ends by itself. */
static void lookaside_kept(struct caller *c, struct corrupt *how)
{
    struct text t = {c, c->data + CODE};

    text_ret(&t, 0, 4);
    lookaside_with(c, how, false, c->data + CODE);
}

/* ---- executive resources: the owners' table -------------------------------
 */

static void resource(struct caller *c, struct corrupt *how)
{
    uint32_t r = c->data + HEAD, table = c->data + ENTRY;

    STD_CALL(c, "ExInitializeResourceLite", r);
    caller_set(c, table + 4, 4);
    caller_set(c, r + 8, table);
    how->link = r + 8;
    how->self = how->first = r;
    CORRUPT_CALL(how, r, 0);
}

static void resource_one(struct caller *c, struct corrupt *how)
{
    resource(c, how);
    how->count = 1;
}

/* ---- what the kernel keeps elsewhere, whatever the links say ---------------
 */

static void event(struct caller *c, struct corrupt *how)
{
    STD_CALL(c, "KeInitializeEvent", c->data + HEAD, 0, 0);
    how->link = c->data + HEAD + 8; /* WaitListHead */
    how->self = how->first = how->link;
    CORRUPT_CALL(how, c->data + HEAD, 0, 0);
}

static void timer(struct caller *c, struct corrupt *how)
{
    STD_CALL(c, "KeInitializeTimer", c->data + HEAD);
    STD_CALL(c, "KeSetTimer", c->data + HEAD, 0xfff00000, 0xffffffff, 0);
    how->link = c->data + HEAD + 0x18; /* TimerListEntry */
    how->self = how->first = how->link;
    CORRUPT_CALL(how, c->data + HEAD);
}

static void dpc(struct caller *c, struct corrupt *how)
{
    struct text t = {c, c->data + CODE};

    text_ret(&t, 0, 16);
    STD_CALL(c, "KeInitializeDpc", c->data + HEAD, c->data + CODE, 0);
    how->link = c->data + HEAD + 4; /* DpcListEntry */
    how->self = how->first = how->link;
    CORRUPT_CALL(how, c->data + HEAD, 0, 0);
}

static void dpc_one(struct caller *c, struct corrupt *how)
{
    dpc(c, how);
    how->count = 1;
}

static void work(struct caller *c, struct corrupt *how)
{
    struct text t = {c, c->data + CODE};

    text_ret(&t, 0, 4);
    caller_set(c, c->data + HEAD + 8, c->data + CODE);
    how->link = c->data + HEAD; /* List */
    how->self = how->first = how->link;
    CORRUPT_CALL(how, c->data + HEAD, 1);
}

static void objects(struct caller *c, struct corrupt *how)
{
    for (uint32_t i = 0; i < COUNT; i++) {
        STD_CALL(c, "KeInitializeEvent", c->data + ENTRY + i * STRIDE, 0, 1);
        caller_set(c, c->data + HEAD + 4 * i, c->data + ENTRY + i * STRIDE);
    }
    how->link = c->data + HEAD + 8;
    how->self = c->data + HEAD;
    how->first = c->data + ENTRY;
    caller_set(c, c->data + OUT, 0); /* do not wait */
    caller_set(c, c->data + OUT + 4, 0);
    CORRUPT_CALL(how, COUNT, c->data + HEAD, 0, 0, 0, 0, c->data + OUT, 0);
}

static void bugcheck_record(struct caller *c, struct corrupt *how)
{
    struct text t = {c, c->data + CODE};

    text_ret(&t, 0, 8);
    assert_int_equal(STD_CALL(c, "KeRegisterBugCheckCallback", c->data + HEAD,
                              c->data + CODE, c->data + OUT, 16, c->data + OUT),
                     1);
    how->link = c->data + HEAD;
    how->self = how->first = c->data + HEAD;
    CORRUPT_CALL(how, 0xe2, 0, 0, 0, 0);
}

static const struct corrupt_row rows[] = {
    {"KeInsertByKeyDeviceQueue", "DeviceListHead", ".::ffff.", queue_insert},
    {"KeInsertDeviceQueue", "Blink", "...ff...", queue_append},
    {"KeRemoveByKeyDeviceQueue", "DeviceListHead", ".::ffff.",
     queue_remove_key},
    {"KeRemoveByKeyDeviceQueueIfBusy", "DeviceListHead", ".::ffff.",
     queue_remove_key},
    {"KeRemoveDeviceQueue", "Flink", "...ffff.", queue_remove},
    {"KeRemoveEntryDeviceQueue", "Flink", "...ff...", queue_remove_entry},
    {"ExInterlockedInsertHeadList", "Flink", "...ff...", ring_head},
    {"ExInterlockedInsertTailList", "Blink", "...ff...", ring_tail},
    {"ExInterlockedRemoveHeadList", "Flink", "...ff...", ring_remove},
    {"ExfInterlockedInsertHeadList", "Flink", "...ff...", fast_ring_head},
    {"ExfInterlockedInsertTailList", "Blink", "...ff...", fast_ring_tail},
    {"ExfInterlockedRemoveHeadList", "Flink", "...ff...", fast_ring_remove},
    {"ExInterlockedPopEntryList", "Next", "....f...", chain},
    {"ExInterlockedPushEntryList", "Next", "........", chain_push},
    {"ExfInterlockedPopEntryList", "Next", "....f...", fast_chain},
    {"ExfInterlockedPushEntryList", "Next", "........", fast_chain_push},
    {"InterlockedPopEntrySList", "Next", "....f...", slist_one},
    {"InterlockedPushEntrySList", "Next", "........", slist_push},
    {"ExInterlockedPopEntrySList", "Next", "....f...", slist},
    {"ExInterlockedPushEntrySList", "Next", "........", slist_push_locked},
    {"ExInterlockedFlushSList", "Next", "........", slist_one},
    {"ExDeleteNPagedLookasideList", "ListHead", ".!!.f!f!", lookaside},
    {"ExDeletePagedLookasideList", "ListHead", ".!!.f!f!", lookaside_paged},
    {"ExDeleteNPagedLookasideList", "blocks kept", ".::.fff:", lookaside_kept},
    {"ExAcquireResourceSharedLite", "OwnerTable", "....f...", resource},
    {"ExReinitializeResourceLite", "OwnerTable", "....f...", resource_one},
    {"ExDeleteResourceLite", "OwnerTable", "........", resource_one},
    {"KeSetEvent", "WaitListHead", "........", event},
    {"KeCancelTimer", "TimerListEntry", "........", timer},
    {"KeInsertQueueDpc", "DpcListEntry", "........", dpc},
    {"KeRemoveQueueDpc", "DpcListEntry", "........", dpc_one},
    {"ExQueueWorkItem", "List", "........", work},
    {"KeWaitForMultipleObjects", "Object[]", "...ff...", objects},
    {"KeBugCheckEx", "callback record", "dddddddd", bugcheck_record},
};

static void every_list_of_the_kernel_is_walked_with_care(void **state)
{
    (void)state;
    corrupt_run(rows, sizeof rows / sizeof rows[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_list_of_the_kernel_is_walked_with_care),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
