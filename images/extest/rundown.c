/* images/extest/rundown.c -- rundown protection, plain and cache-aware. */
#include "extest.h"

typedef PEX_RUNDOWN_REF_CACHE_AWARE PAWARE;

static EX_RUNDOWN_REF Plain;
static PAWARE Aware;
static volatile LONG Over;

static void NTAPI WaitPlain(PVOID Context)
{
    (void)Context;
    ExWaitForRundownProtectionRelease(&Plain);
    ExRundownCompleted(&Plain);
    Over = 1;
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static void NTAPI WaitAware(PVOID Context)
{
    (void)Context;
    ExWaitForRundownProtectionReleaseCacheAware(Aware);
    Over = 1;
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static void One(void)
{
    PVOID thread;

    ExInitializeRundownProtection(&Plain);
    CHECK(ExAcquireRundownProtection(&Plain));
    CHECK(ExAcquireRundownProtection(&Plain));
    Over = 0;
    thread = Start(WaitPlain, NULL);
    Pause();
    CHECK(!ExAcquireRundownProtection(&Plain));
    ExReleaseRundownProtection(&Plain);
    Pause();
    CHECK(!Over);
    ExReleaseRundownProtection(&Plain);
    Join(thread);
    CHECK(Over && !ExAcquireRundownProtection(&Plain));
    ExReInitializeRundownProtection(&Plain);
    CHECK(ExAcquireRundownProtection(&Plain));
    ExReleaseRundownProtection(&Plain);
    ExWaitForRundownProtectionRelease(&Plain); /* nobody holds it */
    CHECK(!ExAcquireRundownProtection(&Plain));
    ExWaitForRundownProtectionRelease(&Plain); /* and again */
}

static void Processors(void)
{
    PVOID thread;

    CHECK(ExAcquireRundownProtectionCacheAware(Aware));
    CHECK(ExAcquireRundownProtectionCacheAware(Aware));
    Over = 0;
    thread = Start(WaitAware, NULL);
    Pause();
    CHECK(!ExAcquireRundownProtectionCacheAware(Aware));
    ExReleaseRundownProtectionCacheAware(Aware);
    Pause();
    CHECK(!Over);
    ExReleaseRundownProtectionCacheAware(Aware);
    Join(thread);
    CHECK(Over && !ExAcquireRundownProtectionCacheAware(Aware));
    ExRundownCompletedCacheAware(Aware);
    CHECK(!ExAcquireRundownProtectionCacheAware(Aware));
    ExReInitializeRundownProtectionCacheAware(Aware);
    CHECK(ExAcquireRundownProtectionCacheAware(Aware));
    ExReleaseRundownProtectionCacheAware(Aware);
}

void Rundown(PDEVICE_OBJECT Device)
{
    SIZE_T bytes = ExSizeOfRundownProtectionCacheAware();

    (void)Device;
    One();
    CHECK(bytes >= 8 && bytes <= PAGE_SIZE);
    Aware = ExAllocatePoolWithTag(NonPagedPool, bytes, 'nuR ');
    ExInitializeRundownProtectionCacheAware(Aware, bytes);
    Processors();
    ExFreePool(Aware);
    Aware = ExAllocateCacheAwareRundownProtection(NonPagedPool, 'nuR ');
    CHECK(Aware != NULL);
    Processors();
    ExFreeCacheAwareRundownProtection(Aware);
}
