/* images/extest/callback.c -- callback objects. */
#include "extest.h"

static ULONG Calls[8], Count;
static PVOID Slow;
static KEVENT Entered, Go;
static volatile LONG Gone;

static void NTAPI Note(PVOID Context, PVOID First, PVOID Second)
{
    if (Count < 8)
        Calls[Count++] = (ULONG)Context * 100 + (ULONG)First * 10 +
                         (ULONG)Second + KeGetCurrentIrql() * 1000;
}

static void NTAPI Sleep(PVOID Context, PVOID First, PVOID Second)
{
    (void)Context;
    (void)First;
    (void)Second;
    KeSetEvent(&Entered, 0, FALSE);
    KeWaitForSingleObject(&Go, Executive, KernelMode, FALSE, NULL);
}

static void NTAPI Unregister(PVOID Context)
{
    (void)Context;
    ExUnregisterCallback(Slow);
    Gone = 1;
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static void NTAPI Notify(PVOID Object)
{
    ExNotifyCallback(Object, NULL, NULL);
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static void Named(void)
{
    PCALLBACK_OBJECT object = NULL, again = NULL;
    OBJECT_ATTRIBUTES attributes;
    UNICODE_STRING name;
    PVOID one, two;
    KIRQL irql;

    Name(&name, &attributes, L"\\Callback\\ExTest");
    CHECK(ExCreateCallback(&object, &attributes, FALSE, TRUE) ==
          STATUS_OBJECT_NAME_NOT_FOUND);
    CHECK(ExCreateCallback(&object, &attributes, TRUE, TRUE) == STATUS_SUCCESS);
    CHECK(ExCreateCallback(&again, &attributes, FALSE, FALSE) ==
          STATUS_SUCCESS);
    CHECK(object != NULL && again == object);
    one = ExRegisterCallback(object, Note, (PVOID)1);
    two = ExRegisterCallback(object, Note, (PVOID)2);
    CHECK(one != NULL && two != NULL && one != two);
    Count = 0;
    ExNotifyCallback(object, (PVOID)3, (PVOID)4);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    ExNotifyCallback(object, (PVOID)5, (PVOID)6);
    KeLowerIrql(irql);
    CHECK(Count == 4);
    CHECK(Calls[0] == 134 && Calls[1] == 234);
    CHECK(Calls[2] == 2156 && Calls[3] == 2256);
    ExUnregisterCallback(one);
    ExNotifyCallback(object, (PVOID)7, (PVOID)8);
    CHECK(Count == 5 && Calls[4] == 278);
    ExUnregisterCallback(two);
    ObDereferenceObject(object);
    ObDereferenceObject(again);
    CHECK(ExCreateCallback(&object, &attributes, FALSE, TRUE) ==
          STATUS_OBJECT_NAME_NOT_FOUND); /* it went with the last reference */
}

/* One routine only; and who unregisters waits for the routine to end. */
static void Single(void)
{
    PCALLBACK_OBJECT object = NULL;
    PVOID leaving, notifying;

    CHECK(ExCreateCallback(&object, NULL, TRUE, FALSE) == STATUS_SUCCESS);
    Slow = ExRegisterCallback(object, Sleep, NULL);
    CHECK(Slow != NULL);
    CHECK(ExRegisterCallback(object, Note, NULL) == NULL);
    KeInitializeEvent(&Entered, NotificationEvent, FALSE);
    KeInitializeEvent(&Go, NotificationEvent, FALSE);
    notifying = Start(Notify, object);
    KeWaitForSingleObject(&Entered, Executive, KernelMode, FALSE, NULL);
    Gone = 0;
    leaving = Start(Unregister, NULL);
    Pause();
    CHECK(!Gone);
    KeSetEvent(&Go, 0, FALSE);
    Join(leaving);
    Join(notifying);
    CHECK(Gone);
    KeClearEvent(&Entered);
    ExNotifyCallback(object, NULL, NULL);
    CHECK(!KeReadStateEvent(&Entered));
    ObDereferenceObject(object);
}

void Callbacks(PDEVICE_OBJECT Device)
{
    PCALLBACK_OBJECT object = NULL;
    OBJECT_ATTRIBUTES attributes;
    UNICODE_STRING name;

    (void)Device;
    Named();
    Single();
    Name(&name, &attributes, L"\\Callback\\PowerState");
    CHECK(ExCreateCallback(&object, &attributes, FALSE, TRUE) ==
          STATUS_SUCCESS);
    ObDereferenceObject(object);
    Name(&name, &attributes, L"\\Device\\ExTest");
    CHECK(ExCreateCallback(&object, &attributes, TRUE, TRUE) ==
          STATUS_OBJECT_TYPE_MISMATCH);
}
