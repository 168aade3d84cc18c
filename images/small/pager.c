/* images/small/pager.c -- a driver with pageable code, data and pool, which it
 * touches at the IRQL it is asked to. */
#include <wdm.h>

#include "pager.h"

enum { POOL_BYTES = 3 * 4096, TAG = 'regP' };

static ULONG Data[1024] __attribute__((section("PAGEDATA"))) = {1, 2, 3};
static ULONG *Pool;
static PVOID Handle;

__attribute__((section("PAGE"), noinline)) static ULONG Code(ULONG n)
{
    return n ^ 0xc0de;
}

static ULONG Sum(const volatile ULONG *from, ULONG bytes)
{
    ULONG sum = 0;

    for (ULONG i = 0; i < bytes / sizeof *from; i++)
        sum += from[i];
    return sum;
}

static ULONG Touch(ULONG what)
{
    switch (what) {
    case PAGER_CODE:
        return Code(0);
    case PAGER_DATA:
        return Sum(Data, sizeof Data);
    default:
        return Sum(Pool, POOL_BYTES);
    }
}

static ULONG TouchAtDispatch(ULONG what)
{
    KIRQL old;
    ULONG value;

    KeRaiseIrql(DISPATCH_LEVEL, &old);
    value = Touch(what);
    KeLowerIrql(old);
    return value;
}

static ULONG Do(ULONG what)
{
    switch (what) {
    case PAGER_CODE:
    case PAGER_DATA:
    case PAGER_POOL:
        return Touch(what);
    case PAGER_CODE_DISPATCH:
    case PAGER_DATA_DISPATCH:
    case PAGER_POOL_DISPATCH:
        return TouchAtDispatch(what - 1);
    case PAGER_LOCK:
        Handle = MmLockPagableDataSection((PVOID)Code);
        return (ULONG)Handle;
    case PAGER_UNLOCK:
        MmUnlockPagableImageSection(Handle);
        return 0;
    case PAGER_PAGE_ALL:
        return (ULONG)MmPageEntireDriver((PVOID)Code);
    case PAGER_RESET:
        MmResetDriverPaging((PVOID)Code);
        return 0;
    default:
        return (ULONG)Code;
    }
}

static NTSTATUS NTAPI Control(PDEVICE_OBJECT Device, PIRP Irp)
{
    PIO_STACK_LOCATION at = IoGetCurrentIrpStackLocation(Irp);
    ULONG *out = Irp->AssociatedIrp.SystemBuffer;

    (void)Device;
    Irp->IoStatus.Status = STATUS_SUCCESS;
    Irp->IoStatus.Information = 0;
    if (at->MajorFunction == IRP_MJ_DEVICE_CONTROL &&
        at->Parameters.DeviceIoControl.OutputBufferLength >= sizeof *out) {
        *out =
            Do((at->Parameters.DeviceIoControl.IoControlCode - PAGER(0)) / 4);
        Irp->IoStatus.Information = sizeof *out;
    }
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return STATUS_SUCCESS;
}

static void NTAPI Unload(PDRIVER_OBJECT Driver)
{
    ExFreePoolWithTag(Pool, TAG);
    IoDeleteDevice(Driver->DeviceObject);
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING Path)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Device\\Pager");
    PDEVICE_OBJECT device;
    NTSTATUS status;

    (void)Path;
    Pool = ExAllocatePoolWithTag(PagedPool, POOL_BYTES, TAG);
    if (!Pool)
        return STATUS_INSUFFICIENT_RESOURCES;
    Pool[1024] = 40;
    Pool[2048] = 2;
    status = IoCreateDevice(Driver, 0, &name, FILE_DEVICE_UNKNOWN, 0, FALSE,
                            &device);
    if (!NT_SUCCESS(status)) {
        ExFreePoolWithTag(Pool, TAG);
        return status;
    }
    Driver->MajorFunction[IRP_MJ_CREATE] = Control;
    Driver->MajorFunction[IRP_MJ_CLOSE] = Control;
    Driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = Control;
    Driver->DriverUnload = Unload;
    return STATUS_SUCCESS;
}
