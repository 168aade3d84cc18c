/* src/ke/ke_thread.c -- what drivers ask of threads, work items and the one
 * processor. Source: WDK KeSetPriorityThread, KeEnterCriticalRegion,
 * ExQueueWorkItem. */
#include "ke/private.h"
#include "mm/pool.h"

#define STATUS_ILLEGAL_FLOAT_CONTEXT 0xc000014au

void thunk_KeGetCurrentThread(struct call *c)
{
    call_return(c, ke_thread_object(c->ke, ke_current_thread(c->ke)).v);
}

/** KPRIORITY KeSetPriorityThread(Thread, Priority): the old one. */
void thunk_KeSetPriorityThread(struct call *c)
{
    uint32_t thread = ke_thread_by_object(c->ke, call_va(c, 0));
    int32_t priority = (int32_t)call_u32(c, 1);

    load_u32(c, call_va(c, 0));
    if (call_ok(c))
        call_return(c,
                    (uint32_t)ke_thread_set_priority(c->ke, thread, priority));
}

void thunk_KeQueryPriorityThread(struct call *c)
{
    uint32_t thread = ke_thread_by_object(c->ke, call_va(c, 0));

    load_u32(c, call_va(c, 0));
    call_return(c, (uint32_t)ke_thread_priority(c->ke, thread));
}

static void enter_region(struct call *c)
{
    thread_current(c->ke)->apc_disable++;
    call_return(c, 0);
}

static void leave_region(struct call *c)
{
    struct thread *t = thread_current(c->ke);

    if (t->apc_disable)
        t->apc_disable--;
    call_return(c, 0);
}

void thunk_KeEnterCriticalRegion(struct call *c)
{
    enter_region(c);
}

void thunk_KeLeaveCriticalRegion(struct call *c)
{
    leave_region(c);
}

void thunk_KeEnterGuardedRegion(struct call *c)
{
    enter_region(c);
}

void thunk_KeLeaveGuardedRegion(struct call *c)
{
    leave_region(c);
}

void thunk_KeAreApcsDisabled(struct call *c)
{
    call_return(c, thread_current(c->ke)->apc_disable != 0);
}

void thunk_KeQueryActiveProcessors(struct call *c)
{
    call_return(c, 1);
}

/** The largest cache line an i386 had. */
void thunk_KeGetRecommendedSharedDataAlignment(struct call *c)
{
    call_return(c, 128);
}

/** KFLOATING_SAVE is 32 bytes that nobody looks into: the last has the pool
 * block of the whole state. */
enum { FLOATING_SAVE_BLOCK = 28 };
#define FLOATING_TAG 0x2078704eu /* "Npx " */

/** NTSTATUS KeSaveFloatingPointState(FloatSave): the caller goes on with a
 * fresh FPU. */
void thunk_KeSaveFloatingPointState(struct call *c)
{
    gva_t save = call_va(c, 0);
    uint8_t image[FXSAVE_BYTES];
    gva_t block;

    if (pool_alloc(c->ke->mm, POOL_NONPAGED, sizeof image, FLOATING_TAG,
                   &block) != HB_OK) {
        call_return(c, STATUS_INSUFFICIENT_RESOURCES);
        return;
    }
    store_u32(c, gva_add(save, FLOATING_SAVE_BLOCK), block.v);
    if (!call_ok(c)) {
        pool_free(c->ke->mm, block, 0, NULL);
        return;
    }
    fxsave_image(&c->ke->cpu->s.fpu, image);
    ke_write(c->ke, block, image, sizeof image);
    fpu_of_thread(&c->ke->cpu->s.fpu);
    call_return(c, STATUS_SUCCESS);
}

/** NTSTATUS KeRestoreFloatingPointState(FloatSave): once for each save. */
void thunk_KeRestoreFloatingPointState(struct call *c)
{
    gva_t save = call_va(c, 0);
    gva_t block = gva_of(load_u32(c, gva_add(save, FLOATING_SAVE_BLOCK)));
    struct mm_misuse misuse;
    uint8_t image[FXSAVE_BYTES];

    if (!call_ok(c))
        return;
    if (!pool_find(c->ke->mm, block) ||
        !ke_read(c->ke, block, image, sizeof image) ||
        pool_free(c->ke->mm, block, FLOATING_TAG, &misuse) != HB_OK ||
        !fxsave_load(&c->ke->cpu->s.fpu, image)) {
        call_return(c, STATUS_ILLEGAL_FLOAT_CONTEXT);
        return;
    }
    store_u32(c, gva_add(save, FLOATING_SAVE_BLOCK), 0);
    call_return(c, STATUS_SUCCESS);
}

void thunk_ExGetPreviousMode(struct call *c)
{
    call_return(c, ke_previous_mode(c->ke));
}

void thunk_KeGetPreviousMode(struct call *c)
{
    call_return(c, ke_previous_mode(c->ke));
}

enum { INCREMENT_MOST = 16, VARIABLE_LOWEST = 1, VARIABLE_HIGHEST = 15 };

/** LONG KeSetBasePriorityThread(Thread, Increment): over its process's 8, whose
 *  class ends below real time; 16 and -16 saturate. The old increment. */
void thunk_KeSetBasePriorityThread(struct call *c)
{
    uint32_t id = ke_thread_by_object(c->ke, call_va(c, 0));
    int32_t increment = (int32_t)call_u32(c, 1), base, old;
    struct thread *t = thread_find(c->ke, id);

    load_u32(c, call_va(c, 0));
    if (!call_ok(c))
        return;
    if (!t) {
        call_return(c, 0);
        return;
    }
    if (increment >= INCREMENT_MOST)
        base = VARIABLE_HIGHEST;
    else if (increment <= -INCREMENT_MOST)
        base = VARIABLE_LOWEST;
    else
        base = KE_PRIORITY_NORMAL + increment;
    base = base < VARIABLE_LOWEST    ? VARIABLE_LOWEST
           : base > VARIABLE_HIGHEST ? VARIABLE_HIGHEST
                                     : base;
    old = t->increment;
    if (increment >= INCREMENT_MOST || increment <= -INCREMENT_MOST)
        t->increment = increment < 0 ? -INCREMENT_MOST : INCREMENT_MOST;
    else
        t->increment = (int8_t)(base - KE_PRIORITY_NORMAL);
    ke_thread_set_priority(c->ke, id, base);
    call_return(c, (uint32_t)old);
}

/** There is one processor to run on. */
void thunk_KeSetSystemAffinityThread(struct call *c)
{
    call_return(c, 0);
}

void thunk_KeRevertToUserAffinityThread(struct call *c)
{
    call_return(c, 0);
}

void thunk_KeFlushEntireTb(struct call *c)
{
    tlb_flush(&c->cpu->tlb, true);
    call_return(c, 0);
}

/** (*IdleCount, *KernelAndUser, *Index): clock interrupts that found it so. */
void thunk_ExGetCurrentProcessorCounts(struct call *c)
{
    const struct ke_state *s = &c->ke->s;

    store_u32(c, call_va(c, 0), (uint32_t)s->idle_count);
    store_u32(c, call_va(c, 1), (uint32_t)(s->tick_count - s->idle_count));
    store_u32(c, call_va(c, 2), 0);
    call_return(c, 0);
}

/** (*CpuUsage): percent since boot. */
void thunk_ExGetCurrentProcessorCpuUsage(struct call *c)
{
    const struct ke_state *s = &c->ke->s;
    uint64_t busy = s->tick_count - s->idle_count;

    store_u32(c, call_va(c, 0),
              s->tick_count ? (uint32_t)(busy * 100 / s->tick_count) : 0);
    call_return(c, 0);
}

/* ---- work items
 * -------------------------------------------------------------------- */

enum { WORKERS_MOST = 16, WORKER_PRIORITY = 13 };

static struct thread *idle_worker(const struct ke *ke, unsigned *workers)
{
    struct thread *idle = NULL;

    *workers = 0;
    for (uint32_t i = 1; i < ke->s.thread.count; i++) {
        struct thread *t = thread_slot(ke, i);

        if (t->system_wait && t->state != THREAD_ENDED) {
            ++*workers;
            /* its first record is KiSystemWorker's own wait, or an item's */
            if (t->state == THREAD_WAITING && !record_at(ke, t->top)->below)
                idle = t;
        }
    }
    return idle;
}

/** Workers are made when an item finds none free; one that is stuck in an item
 *  keeps the others going. */
static bool worker_needed(struct ke *ke)
{
    struct ke_thread_start how = {.process = KE_SYSTEM_PROCESS,
                                  .start = ke_stub(ke, "KiSystemWorker"),
                                  .priority = WORKER_PRIORITY,
                                  .name = "worker"};
    unsigned workers;
    uint32_t status, id;

    if (idle_worker(ke, &workers) || workers >= WORKERS_MOST)
        return true;
    id = ke_thread_create(ke, &how, &status);
    if (!id)
        return workers > 0;
    thread_find(ke, id)->system_wait = 1;
    return true;
}

static bool work_semaphore(struct ke *ke)
{
    if (!ke->s.work_event)
        ke->s.work_event = pool_zeroed(ke, SEMAPHORE_BYTES, THREAD_TAG);
    if (!ke->s.work_event)
        return false;
    if (!ke_read_u32(ke, gva_of(ke->s.work_event)))
        ke_event_init(ke, gva_of(ke->s.work_event), OBJECT_SEMAPHORE, false);
    return true;
}

bool ke_queue_work(struct ke *ke, gva_t routine, uint32_t parameter)
{
    const struct work w = {routine.v, parameter};
    gva_t count;

    if (ke->s.work.count >= WORK_MOST || !work_semaphore(ke) ||
        !worker_needed(ke) || !vec_push(&ke->s.work, sizeof w, &w))
        return false;
    count = gva_of(ke->s.work_event + HEADER_SIGNAL);
    ke_write_u32(ke, count, ke_read_u32(ke, count) + 1);
    ke_signal_object(ke, gva_of(ke->s.work_event));
    return true;
}

/** The worker threads' start routine: wait, take one, call it, for ever. */
void thunk_KiSystemWorker(struct call *c)
{
    struct ke *ke = c->ke;
    gva_t semaphore = gva_of(ke->s.work_event);
    struct work w;

    if (c->state != 1 || !ke->s.work.count) {
        call_wait(c, 1, &semaphore, false, WAIT_FOREVER, 1);
        return;
    }
    w = *VEC_AT(struct work, &ke->s.work, 0);
    vec_remove(&ke->s.work, sizeof w, 0);
    call_guest(c, gva_of(w.routine), 1, &w.parameter, 2);
}

/** ExQueueWorkItem(WORK_QUEUE_ITEM, queue): taken by value. */
void thunk_ExQueueWorkItem(struct call *c)
{
    gva_t item = call_va(c, 0);
    uint32_t routine = load_u32(c, gva_add(item, WORK_ROUTINE));
    uint32_t parameter = load_u32(c, gva_add(item, WORK_PARAMETER));

    if (!call_ok(c))
        return;
    if (!ke_queue_work(c->ke, gva_of(routine), parameter))
        call_finding(c, "WORK", "a work item was lost: the queue is full");
    call_return(c, 0);
}

/** VOID IoGetStackLimits(*Low, *High): of the stack in use, the thread's or the
 *  one that DPCs run on. */
void thunk_IoGetStackLimits(struct call *c)
{
    const uint32_t bytes = KERNEL_STACK_PAGES * PAGE_BYTES;
    uint32_t high = thread_current(c->ke)->stack_top;
    uint32_t dpc = c->ke->s.dpc_stack_top;

    if (dpc - c->cpu->s.reg[ESP] <= bytes)
        high = dpc;
    store_u32(c, call_va(c, 0), high - bytes);
    store_u32(c, call_va(c, 1), high);
    call_return(c, 0);
}
