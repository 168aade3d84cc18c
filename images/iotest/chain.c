/* images/iotest/chain.c -- a stack of three devices of our own. */
#include "iotest.h"

static PDEVICE_OBJECT Stack[3]; /* top, middle, bottom */
static struct chain *Now;
static struct chain_log *Log;

NTSTATUS ChainCreate(PDRIVER_OBJECT Driver)
{
    NTSTATUS status = STATUS_SUCCESS;
    LONG i;

    for (i = 2; i >= 0 && NT_SUCCESS(status); i--) {
        PIOTEST_EXTENSION ext;
        status = IoCreateDevice(Driver, sizeof(IOTEST_EXTENSION), NULL,
                                FILE_DEVICE_UNKNOWN, 0, FALSE, &Stack[i]);
        if (!NT_SUCCESS(status))
            break;
        ext = Stack[i]->DeviceExtension;
        ext->Level = i + 1;
        if (i < 2)
            ext->Lower = IoAttachDeviceToDeviceStack(Stack[i], Stack[2]);
    }
    return status;
}

void ChainDelete(void)
{
    ULONG i;

    for (i = 0; i < 3; i++) {
        PIOTEST_EXTENSION ext = Stack[i]->DeviceExtension;
        if (ext->Lower)
            IoDetachDevice(ext->Lower);
        IoDeleteDevice(Stack[i]);
    }
}

static NTSTATUS Note(ULONG Level, PDEVICE_OBJECT Device, PIRP Irp)
{
    ULONG n = Log->routines;

    if (Irp->PendingReturned && Device)
        IoMarkIrpPending(Irp);
    if (n < CHAIN_MOST) {
        Log->routine[n].level = Level;
        Log->routine[n].device = (ULONG)Device;
        Log->routine[n].location = Irp->CurrentLocation;
        Log->routine[n].pending = Irp->PendingReturned;
        Log->routine[n].status = Irp->IoStatus.Status;
        Log->routines = n + 1;
    }
    return STATUS_SUCCESS;
}

/* Routine of the creator above the top: the packet is its own again. */
static NTSTATUS NTAPI CreatorDone(PDEVICE_OBJECT Device, PIRP Irp,
                                  PVOID Context)
{
    (void)Context;
    Note(0, Device, Irp);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static NTSTATUS NTAPI TopDone(PDEVICE_OBJECT Device, PIRP Irp, PVOID Context)
{
    (void)Context;
    Note(1, Device, Irp);
    return Now->more ? STATUS_MORE_PROCESSING_REQUIRED : STATUS_SUCCESS;
}

static NTSTATUS NTAPI MiddleDone(PDEVICE_OBJECT Device, PIRP Irp, PVOID Context)
{
    (void)Context;
    return Note(2, Device, Irp);
}

static NTSTATUS Bottom(PDEVICE_OBJECT Device, PIRP Irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);

    Log->copied_control = stack->Control;
    Log->bottom_device = (ULONG)stack->DeviceObject;
    Log->bottom_location = Irp->CurrentLocation;
    (void)Device;
    if (Now->pend)
        IoMarkIrpPending(Irp);
    Irp->IoStatus.Status = Now->status;
    Irp->IoStatus.Information = 0;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Now->pend ? STATUS_PENDING : (NTSTATUS)Now->status;
}

static void SetRoutine(PIRP Irp, PIO_COMPLETION_ROUTINE Routine, ULONG Control)
{
    IoSetCompletionRoutine(Irp, Routine, NULL,
                           (Control & SL_INVOKE_ON_SUCCESS) != 0,
                           (Control & SL_INVOKE_ON_ERROR) != 0,
                           (Control & SL_INVOKE_ON_CANCEL) != 0);
}

NTSTATUS NTAPI ChainDispatch(PDEVICE_OBJECT Device, PIRP Irp)
{
    PIOTEST_EXTENSION ext = Device->DeviceExtension;

    if (ext->Level == 3)
        return Bottom(Device, Irp);
    if (ext->Level == 2 && Now->skip) {
        IoSkipCurrentIrpStackLocation(Irp);
        return IoCallDriver(ext->Lower, Irp);
    }
    IoCopyCurrentIrpStackLocationToNext(Irp);
    SetRoutine(Irp, ext->Level == 1 ? TopDone : MiddleDone,
               Now->control[ext->Level]);
    return IoCallDriver(ext->Lower, Irp);
}

void ChainRun(struct chain *Chain, struct chain_log *Out)
{
    PIRP irp = IoAllocateIrp(Stack[0]->StackSize, FALSE);
    ULONG i;

    Now = Chain;
    Log = Out;
    RtlZeroMemory(Log, sizeof *Log);
    for (i = 0; i < 3; i++)
        Log->devices[i] = (ULONG)Stack[i];
    if (!irp)
        return;
    IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_FLUSH_BUFFERS;
    irp->Cancel = Chain->cancel != 0;
    SetRoutine(irp, CreatorDone, Chain->control[0]);
    Log->returned = IoCallDriver(Stack[0], irp);
    Log->resumed = Log->routines;
    if (Chain->more)
        IoCompleteRequest(irp, IO_NO_INCREMENT);
    IoFreeIrp(irp);
}
