/* images/extest/resource.c -- executive resources, by up to five threads. */
#include "extest.h"

NTKERNELAPI void NTAPI ExDisableResourceBoostLite(PERESOURCE Resource);

static ERESOURCE Lock;
static volatile LONG Inside, Order;
static KEVENT Leave;

struct worker {
    ULONG how; /* 'X' exclusive, 'S' shared, 'V' starving, 'W' behind */
    LONG got;  /* its place in the order of those who got it */
    BOOLEAN without_waiting;
};

static BOOLEAN Acquire(ULONG How, BOOLEAN Wait)
{
    switch (How) {
    case 'X':
        return ExAcquireResourceExclusiveLite(&Lock, Wait);
    case 'S':
        return ExAcquireResourceSharedLite(&Lock, Wait);
    case 'V':
        return ExAcquireSharedStarveExclusive(&Lock, Wait);
    default:
        return ExAcquireSharedWaitForExclusive(&Lock, Wait);
    }
}

static void NTAPI Worker(PVOID Context)
{
    struct worker *w = Context;

    KeEnterCriticalRegion();
    w->without_waiting = Acquire(w->how, FALSE);
    if (!w->without_waiting)
        CHECK(Acquire(w->how, TRUE));
    w->got = InterlockedIncrement(&Order);
    InterlockedIncrement(&Inside);
    KeWaitForSingleObject(&Leave, Executive, KernelMode, FALSE, NULL);
    InterlockedDecrement(&Inside);
    ExReleaseResourceLite(&Lock);
    KeLeaveCriticalRegion();
    PsTerminateSystemThread(STATUS_SUCCESS);
}

/* One thread alone: recursion, counts, conversion. */
static void Alone(void)
{
    CHECK(ExAcquireResourceExclusiveLite(&Lock, FALSE));
    CHECK(ExAcquireResourceExclusiveLite(&Lock, FALSE));
    CHECK(ExAcquireResourceSharedLite(&Lock, FALSE)); /* its own */
    CHECK(ExIsResourceAcquiredExclusiveLite(&Lock));
    CHECK(ExIsResourceAcquiredSharedLite(&Lock) == 3);
    ExReleaseResourceLite(&Lock);
    CHECK(ExIsResourceAcquiredExclusiveLite(&Lock));
    ExConvertExclusiveToSharedLite(&Lock);
    CHECK(!ExIsResourceAcquiredExclusiveLite(&Lock));
    CHECK(ExIsResourceAcquiredSharedLite(&Lock) == 2);
    CHECK(!ExAcquireResourceExclusiveLite(&Lock, FALSE));
    ExReleaseResourceLite(&Lock);
    ExReleaseResourceLite(&Lock);
    CHECK(ExIsResourceAcquiredSharedLite(&Lock) == 0);
    CHECK(Lock.ActiveCount == 0);
}

/* Somebody else's release: by an owner pointer. */
static void Pointer(void)
{
    PVOID owner = (PVOID)((ULONG_PTR)&Lock | 3);

    CHECK(ExAcquireResourceExclusiveLite(&Lock, TRUE));
    ExSetResourceOwnerPointer(&Lock, owner);
    CHECK(!ExIsResourceAcquiredExclusiveLite(&Lock));
    CHECK(!ExAcquireResourceSharedLite(&Lock, FALSE));
    ExReleaseResourceForThreadLite(&Lock, (ERESOURCE_THREAD)owner);
    CHECK(ExAcquireResourceSharedLite(&Lock, FALSE));
    ExReleaseResourceForThreadLite(&Lock,
                                   (ERESOURCE_THREAD)PsGetCurrentThread());
    CHECK(Lock.ActiveCount == 0);
}

/* Five readers at once make the owners' table grow; a writer waits for all. */
static void Readers(void)
{
    struct worker w[6] = {{'S', 0, 0}, {'S', 0, 0}, {'S', 0, 0},
                          {'S', 0, 0}, {'S', 0, 0}, {'X', 0, 0}};
    PVOID t[6];
    ULONG i;

    Order = 0;
    KeClearEvent(&Leave);
    for (i = 0; i < 6; i++) {
        t[i] = Start(Worker, &w[i]);
        Pause();
    }
    CHECK(Inside == 5 && Lock.ActiveCount == 5);
    CHECK(ExGetExclusiveWaiterCount(&Lock) == 1);
    CHECK(ExGetSharedWaiterCount(&Lock) == 0);
    CHECK(!ExAcquireResourceSharedLite(&Lock, FALSE)); /* behind the writer */
    CHECK(!ExAcquireSharedWaitForExclusive(&Lock, FALSE));
    CHECK(ExAcquireSharedStarveExclusive(&Lock, FALSE));
    CHECK(ExAcquireResourceSharedLite(&Lock, FALSE)); /* once more: it may */
    CHECK(!ExAcquireSharedWaitForExclusive(&Lock, FALSE));
    ExReleaseResourceLite(&Lock);
    KeSetEvent(&Leave, 0, FALSE);
    for (i = 0; i < 5; i++)
        Join(t[i]);
    CHECK(ExGetExclusiveWaiterCount(&Lock) == 1); /* we still share it */
    ExReleaseResourceLite(&Lock);
    Join(t[5]);
    CHECK(w[5].got == 6 && !w[5].without_waiting);
    CHECK(Lock.ActiveCount == 0);
}

/* A writer holds it; readers and a writer wait. Readers come first, together.
 */
static void Writer(void)
{
    struct worker w[4] = {{'X', 0, 0}, {'S', 0, 0}, {'V', 0, 0}, {'W', 0, 0}};
    PVOID t[4];
    ULONG i;

    Order = 0;
    CHECK(ExAcquireResourceExclusiveLite(&Lock, TRUE));
    KeClearEvent(&Leave);
    for (i = 0; i < 4; i++) {
        t[i] = Start(Worker, &w[i]);
        Pause();
    }
    CHECK(Inside == 0);
    CHECK(ExGetSharedWaiterCount(&Lock) == 3);
    CHECK(ExGetExclusiveWaiterCount(&Lock) == 1);
    ExConvertExclusiveToSharedLite(&Lock);
    Pause();
    CHECK(Inside == 3 && Lock.ActiveCount == 4);
    ExReleaseResourceLite(&Lock);
    KeSetEvent(&Leave, 0, FALSE);
    for (i = 0; i < 4; i++)
        Join(t[i]);
    CHECK(w[0].got == 4);
    CHECK(((PULONG)&Lock)[10] == 5); /* ContentionCount of NT 5.x */
}

void Resources(PDEVICE_OBJECT Device)
{
    (void)Device;
    KeInitializeEvent(&Leave, NotificationEvent, FALSE);
    KeEnterCriticalRegion();
    CHECK(ExInitializeResourceLite(&Lock) == STATUS_SUCCESS);
    CHECK(sizeof Lock == 0x38);
    ExDisableResourceBoostLite(&Lock);
    Alone();
    Pointer();
    Readers();
    Writer();
    CHECK(ExAcquireResourceExclusiveLite(&Lock, TRUE));
    CHECK(ExReinitializeResourceLite(&Lock) == STATUS_SUCCESS);
    CHECK(ExAcquireResourceSharedLite(&Lock, FALSE));
    ExReleaseResourceLite(&Lock);
    CHECK(ExDeleteResourceLite(&Lock) == STATUS_SUCCESS);
    KeLeaveCriticalRegion();
}
