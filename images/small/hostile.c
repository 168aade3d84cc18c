/* images/small/hostile.c -- a driver that breaks one rule of the kernel's calls
 * per control code. Each has one documented outcome; the host never suffers. */
#include <wdm.h>

#include "hostile.h"

static PDMA_ADAPTER Adapter;
static void *Jump[5];
static volatile ULONG Depth;
static KDPC Dpc;

/* ---- callbacks that do not keep the convention -------------------------- */

IO_ALLOCATION_ACTION NTAPI PopsMore(PDEVICE_OBJECT, PIRP, PVOID, PVOID);
IO_ALLOCATION_ACTION NTAPI PopsLess(PDEVICE_OBJECT, PIRP, PVOID, PVOID);
IO_ALLOCATION_ACTION NTAPI Smashes(PDEVICE_OBJECT, PIRP, PVOID, PVOID);
__asm__("_PopsMore@16: movl $3, %eax\n"
        "    ret $32\n"
        "_PopsLess@16: movl $3, %eax\n"
        "    ret\n"
        "_Smashes@16: movl $3, %eax\n"
        "    movl $0x41414141, (%esp)\n"
        "    ret $16\n");

static IO_ALLOCATION_ACTION NTAPI Unwinds(PDEVICE_OBJECT Device, PIRP Irp,
                                          PVOID Base, PVOID Context)
{
    (void)Device;
    (void)Irp;
    *(PVOID *)Context = Base;
    __builtin_longjmp(Jump, 1);
}

static IO_ALLOCATION_ACTION NTAPI KeepsIrql(PDEVICE_OBJECT Device, PIRP Irp,
                                            PVOID Base, PVOID Context)
{
    KIRQL old;

    (void)Device;
    (void)Irp;
    (void)Base;
    (void)Context;
    KeRaiseIrql(HIGH_LEVEL, &old);
    return DeallocateObject;
}

static IO_ALLOCATION_ACTION NTAPI Ends(PDEVICE_OBJECT Device, PIRP Irp,
                                       PVOID Base, PVOID Context)
{
    (void)Device;
    (void)Irp;
    (void)Base;
    (void)Context;
    return DeallocateObject;
}

static NTSTATUS Allocate(PDEVICE_OBJECT Device, PDRIVER_CONTROL Routine,
                         PVOID Context)
{
    NTSTATUS status;
    KIRQL old;

    KeRaiseIrql(DISPATCH_LEVEL, &old);
    status = Adapter->DmaOperations->AllocateAdapterChannel(Adapter, Device, 1,
                                                            Routine, Context);
    KeLowerIrql(old);
    return status;
}

/* The channel is still ours after the jump: freed, it can be had again. */
static NTSTATUS __attribute__((noinline)) Unwind(PDEVICE_OBJECT Device)
{
    static PVOID base;
    KIRQL old;

    KeRaiseIrql(DISPATCH_LEVEL, &old);
    if (__builtin_setjmp(Jump) == 0)
        Adapter->DmaOperations->AllocateAdapterChannel(Adapter, Device, 1,
                                                       Unwinds, &base);
    Adapter->DmaOperations->FreeAdapterChannel(Adapter);
    KeLowerIrql(DISPATCH_LEVEL);
    KeLowerIrql(PASSIVE_LEVEL);
    return Allocate(Device, Ends, NULL);
}

/* ---- recursion ----------------------------------------------------------- */

static ULONG __attribute__((noinline)) Recurse(ULONG n)
{
    volatile ULONG room[16];

    Depth++;
    room[n % 16] = n;
    return (Depth ? Recurse(n + 1) : 0) + room[(n + 1) % 16];
}

struct frame {
    PVOID Next, Handler;
};

static EXCEPTION_DISPOSITION __cdecl RaiseAgain(PVOID Record, PVOID Frame,
                                                PVOID Context, PVOID Dispatcher)
{
    (void)Record;
    (void)Frame;
    (void)Context;
    (void)Dispatcher;
    Depth++;
    ExRaiseStatus(STATUS_UNSUCCESSFUL);
    return ExceptionContinueSearch;
}

static void __attribute__((noinline)) RaiseForEver(void)
{
    volatile struct frame frame = {NULL, (PVOID)RaiseAgain};

    __asm__ volatile("movl %%fs:0, %0" : "=r"(frame.Next));
    __asm__ volatile("movl %0, %%fs:0" : : "r"(&frame) : "memory");
    ExRaiseStatus(STATUS_UNSUCCESSFUL);
}

/* ---- the rest ------------------------------------------------------------ */

/* Where the linker's jmp [slot] leads. */
static volatile UCHAR *StubOf(UCHAR *Routine)
{
    if (Routine[0] == 0xff && Routine[1] == 0x25)
        return **(UCHAR ***)(Routine + 2);
    return Routine;
}

static void CallCopiedStub(void)
{
    UCHAR *copy = ExAllocatePoolWithTag(NonPagedPool, 64, 'tsoH');
    volatile UCHAR *stub = StubOf((UCHAR *)KeGetCurrentThread);
    ULONG i;

    if (!copy)
        return;
    for (i = 0; i < 8; i++)
        copy[i] = stub[i];
    ((PVOID(NTAPI *)(void))copy)();
}

static void NTAPI DpcLoops(PKDPC Self, PVOID Context, PVOID A, PVOID B)
{
    (void)Self;
    (void)Context;
    (void)A;
    (void)B;
    for (;;)
        Depth++;
}

static void WaitForEver(void)
{
    KEVENT event;

    KeInitializeEvent(&event, NotificationEvent, FALSE);
    KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
}

static IO_ALLOCATION_ACTION NTAPI MapsCircular(PDEVICE_OBJECT Device, PIRP Irp,
                                               PVOID Base, PVOID Context)
{
    PMDL mdl = Context;
    ULONG bytes = 64;

    (void)Device;
    (void)Irp;
    Adapter->DmaOperations->MapTransfer(
        Adapter, mdl, Base, MmGetMdlVirtualAddress(mdl), &bytes, TRUE);
    Adapter->DmaOperations->FlushAdapterBuffers(
        Adapter, mdl, Base, MmGetMdlVirtualAddress(mdl), bytes, TRUE);
    return DeallocateObject;
}

static NTSTATUS CircularMdl(PDEVICE_OBJECT Device)
{
    PVOID buffer = ExAllocatePoolWithTag(NonPagedPool, 64, 'tsoH');
    PMDL mdl = buffer ? IoAllocateMdl(buffer, 64, FALSE, FALSE, NULL) : NULL;
    NTSTATUS status;

    if (!mdl)
        return STATUS_INSUFFICIENT_RESOURCES;
    MmBuildMdlForNonPagedPool(mdl);
    mdl->Next = mdl;
    status = Allocate(Device, MapsCircular, mdl);
    mdl->Next = NULL;
    IoFreeMdl(mdl);
    ExFreePoolWithTag(buffer, 'tsoH');
    return status;
}

static void CircularIrp(PIRP Irp)
{
    PVOID buffer = ExAllocatePoolWithTag(NonPagedPool, 64, 'tsoH');
    PMDL one = buffer ? IoAllocateMdl(buffer, 64, FALSE, FALSE, NULL) : NULL;
    PMDL two = buffer ? IoAllocateMdl(buffer, 64, FALSE, FALSE, NULL) : NULL;

    if (!one || !two)
        return;
    MmBuildMdlForNonPagedPool(one);
    MmBuildMdlForNonPagedPool(two);
    one->Next = two;
    two->Next = one;
    Irp->MdlAddress = one;
}

static void FreeTwice(void)
{
    PVOID block = ExAllocatePoolWithTag(NonPagedPool, 64, 'tsoH');

    ExFreePoolWithTag(block, 'tsoH');
    ExFreePoolWithTag(block, 'tsoH');
}

static NTSTATUS EmptyStack(PDEVICE_OBJECT Device)
{
    PIRP irp = IoAllocateIrp(1, FALSE);

    if (!irp)
        return STATUS_INSUFFICIENT_RESOURCES;
    IoSetNextIrpStackLocation(irp);
    return IoCallDriver(Device, irp);
}

/* What callbacks of an adapter do wrong. */
static NTSTATUS AdapterMisdeed(PDEVICE_OBJECT Device, enum hostile What)
{
    switch (What) {
    case HOSTILE_POPS_MORE:
        return Allocate(Device, PopsMore, NULL);
    case HOSTILE_POPS_LESS:
        return Allocate(Device, PopsLess, NULL);
    case HOSTILE_SMASHES_FRAME:
        return Allocate(Device, Smashes, NULL);
    case HOSTILE_KEEPS_IRQL:
        return Allocate(Device, KeepsIrql, NULL);
    case HOSTILE_NULL_CALLBACK:
        return Allocate(Device, NULL, NULL);
    case HOSTILE_WILD_CALLBACK:
        return Allocate(Device, (PDRIVER_CONTROL)0x00345678, NULL);
    case HOSTILE_UNWINDS:
        return Unwind(Device);
    case HOSTILE_CIRCULAR_MDL:
        return CircularMdl(Device);
    default:
        return STATUS_INVALID_DEVICE_REQUEST;
    }
}

static NTSTATUS Misdeed(PDEVICE_OBJECT Device, enum hostile What)
{
    switch (What) {
    case HOSTILE_NOTHING:
    case HOSTILE_CIRCULAR_IRP:
        break;
    case HOSTILE_RECURSES:
        Recurse(0);
        break;
    case HOSTILE_RAISES_AGAIN:
        RaiseForEver();
        break;
    case HOSTILE_VMCALL:
        __asm__ volatile(".byte 0x0f, 0x01, 0xc1");
        break;
    case HOSTILE_COPIED_STUB:
        CallCopiedStub();
        break;
    case HOSTILE_LOOPS:
        for (;;)
            Depth++;
    case HOSTILE_DPC_LOOPS:
        KeInitializeDpc(&Dpc, DpcLoops, NULL);
        KeInsertQueueDpc(&Dpc, NULL, NULL);
        break;
    case HOSTILE_WAITS:
        WaitForEver();
        break;
    case HOSTILE_BUGCHECKS:
        KeBugCheckEx(0xe2, 1, 2, 3, 4);
        break;
    case HOSTILE_READS_NULL:
        __asm__ volatile("movl 0, %%eax" : : : "eax");
        break;
    case HOSTILE_WRITES_STUB:
        *StubOf((UCHAR *)KeGetCurrentThread) = 0;
        break;
    case HOSTILE_EMPTY_STACK:
        return EmptyStack(Device);
    case HOSTILE_FREES_TWICE:
        FreeTwice();
        break;
    default:
        return AdapterMisdeed(Device, What);
    }
    return STATUS_SUCCESS;
}

static NTSTATUS NTAPI Control(PDEVICE_OBJECT Device, PIRP Irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);
    ULONG code = stack->Parameters.DeviceIoControl.IoControlCode;
    enum hostile what = (code - HOSTILE(0)) / 4;
    NTSTATUS status;

    if (what == HOSTILE_FORGETS) {
        IoMarkIrpPending(Irp);
        return STATUS_PENDING;
    }
    if (what == HOSTILE_CIRCULAR_IRP)
        CircularIrp(Irp);
    status = Misdeed(Device, what);
    if (what == HOSTILE_COMPLETES_TWICE) {
        Irp->IoStatus.Status = STATUS_SUCCESS;
        IoCompleteRequest(Irp, IO_NO_INCREMENT);
        status = STATUS_SUCCESS;
    }
    Irp->IoStatus.Status = status;
    Irp->IoStatus.Information = 0;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return status;
}

static NTSTATUS NTAPI CreateClose(PDEVICE_OBJECT Device, PIRP Irp)
{
    (void)Device;
    Irp->IoStatus.Status = STATUS_SUCCESS;
    Irp->IoStatus.Information = 0;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING Path)
{
    DEVICE_DESCRIPTION description;
    PDEVICE_OBJECT device;
    UNICODE_STRING name;
    ULONG registers;

    (void)Path;
    RtlZeroMemory(&description, sizeof description);
    description.Master = TRUE;
    description.Dma32BitAddresses = TRUE;
    description.InterfaceType = PCIBus;
    description.MaximumLength = 0x10000;
    Adapter = IoGetDmaAdapter(NULL, &description, &registers);
    if (!Adapter)
        return STATUS_INSUFFICIENT_RESOURCES;
    Driver->MajorFunction[IRP_MJ_CREATE] = CreateClose;
    Driver->MajorFunction[IRP_MJ_CLOSE] = CreateClose;
    Driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = Control;
    RtlInitUnicodeString(&name, L"\\Device\\Hostile");
    return IoCreateDevice(Driver, 0, &name, FILE_DEVICE_UNKNOWN, 0, FALSE,
                          &device);
}
