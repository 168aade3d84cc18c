/* images/small/bus_dma.c -- a bus driver with a GetDmaAdapter of its own: it
 * sits on a PDO's stack, answers GUID_BUS_INTERFACE_STANDARD and asks for an
 * adapter as the function driver above it would. */
#include <ntddk.h>

#include "bus_dma.h"

enum { GIVEN_COUNT = 0x77 };

typedef struct _EXTENSION {
    PDEVICE_OBJECT Lower; /* NULL: the named device */
} EXTENSION, *PEXTENSION;

static const GUID BusInterface = {
    0x496b8280,
    0x6f25,
    0x11d0,
    {0xbe, 0xaf, 0x08, 0x00, 0x2b, 0xe2, 0x09, 0x2f}};
static struct bus_dma Seen;
static ULONG Answer, CountOut;
static DEVICE_DESCRIPTION Description;
static DMA_ADAPTER Own;
static KTIMER Timer;
static KDPC Dpc;

static VOID NTAPI Reference(PVOID Context)
{
    Seen.references += Context == &Own;
}

static VOID NTAPI Dereference(PVOID Context)
{
    Seen.references -= Context == &Own;
}

static PDMA_ADAPTER NTAPI GetDmaAdapter(PVOID Context,
                                        PDEVICE_DESCRIPTION Device,
                                        PULONG Count)
{
    Seen.given++;
    Seen.irql = KeGetCurrentIrql();
    Seen.arguments =
        Context == &Own && Device == &Description && Count == &CountOut;
    if (Answer == BUS_GIVES_NULL)
        return NULL;
    *Count = GIVEN_COUNT;
    return &Own;
}

static void Complete(PIRP Irp, NTSTATUS Status)
{
    Irp->IoStatus.Status = Status;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
}

static void NTAPI Later(PKDPC Self, PVOID Irp, PVOID A, PVOID B)
{
    (void)Self;
    (void)A;
    (void)B;
    Complete(Irp, STATUS_SUCCESS);
}

static NTSTATUS QueryInterface(PIRP Irp, PIO_STACK_LOCATION Stack)
{
    BUS_INTERFACE_STANDARD *out =
        (PVOID)Stack->Parameters.QueryInterface.Interface;
    LARGE_INTEGER due = {.QuadPart = -10000};

    if (!Seen.asked++) {
        Seen.bytes = Stack->Parameters.QueryInterface.Size;
        Seen.version = Stack->Parameters.QueryInterface.Version;
        Seen.status_before = Irp->IoStatus.Status;
    }
    out->Size = sizeof *out;
    out->Version = 1;
    out->Context = &Own;
    out->InterfaceReference = Reference;
    out->InterfaceDereference = Dereference;
    out->GetDmaAdapter = Answer == BUS_HAS_NONE ? NULL : GetDmaAdapter;
    Reference(out->Context);
    if (Answer == BUS_PENDS) {
        IoMarkIrpPending(Irp);
        KeInitializeTimer(&Timer);
        KeInitializeDpc(&Dpc, Later, Irp);
        KeSetTimer(&Timer, due, &Dpc);
        return STATUS_PENDING;
    }
    Complete(Irp, STATUS_SUCCESS);
    return STATUS_SUCCESS;
}

static NTSTATUS NTAPI Pnp(PDEVICE_OBJECT Device, PIRP Irp)
{
    PEXTENSION ext = Device->DeviceExtension;
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);

    if (stack->MinorFunction == IRP_MN_QUERY_INTERFACE &&
        Answer != BUS_REFUSES &&
        RtlCompareMemory(stack->Parameters.QueryInterface.InterfaceType,
                         &BusInterface, sizeof(GUID)) == sizeof(GUID))
        return QueryInterface(Irp, stack);
    IoSkipCurrentIrpStackLocation(Irp);
    return IoCallDriver(ext->Lower, Irp);
}

static NTSTATUS Ask(PDRIVER_OBJECT Driver, PDEVICE_OBJECT Pdo)
{
    PDEVICE_OBJECT filter;
    PDMA_ADAPTER adapter;
    NTSTATUS status = IoCreateDevice(Driver, sizeof(EXTENSION), NULL,
                                     FILE_DEVICE_UNKNOWN, 0, FALSE, &filter);
    PEXTENSION ext;

    if (!NT_SUCCESS(status))
        return status;
    ext = filter->DeviceExtension;
    ext->Lower = IoAttachDeviceToDeviceStack(filter, Pdo);
    filter->Flags &= ~DO_DEVICE_INITIALIZING;
    RtlZeroMemory(&Seen, sizeof Seen);
    Description.Version = DEVICE_DESCRIPTION_VERSION;
    Description.Master = TRUE;
    Description.Dma32BitAddresses = TRUE;
    Description.InterfaceType = PCIBus;
    Description.MaximumLength = 0x4000;
    CountOut = 0;
    adapter = IoGetDmaAdapter(Pdo, &Description, &CountOut);
    Seen.own = adapter == &Own;
    Seen.adapter = adapter != NULL;
    Seen.count = CountOut;
    if (adapter && adapter != &Own)
        adapter->DmaOperations->PutDmaAdapter(adapter);
    IoDetachDevice(ext->Lower);
    IoDeleteDevice(filter);
    return STATUS_SUCCESS;
}

static NTSTATUS NTAPI Control(PDEVICE_OBJECT Device, PIRP Irp)
{
    ULONG *in = Irp->AssociatedIrp.SystemBuffer;
    NTSTATUS status;

    Answer = in[1];
    status = Ask(Device->DriverObject, (PDEVICE_OBJECT)in[0]);
    RtlCopyMemory(in, &Seen, sizeof Seen);
    Irp->IoStatus.Information = sizeof Seen;
    Complete(Irp, status);
    return status;
}

static NTSTATUS NTAPI CreateClose(PDEVICE_OBJECT Device, PIRP Irp)
{
    (void)Device;
    Irp->IoStatus.Information = 0;
    Complete(Irp, STATUS_SUCCESS);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING Path)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Device\\BusDma");
    UNICODE_STRING link = RTL_CONSTANT_STRING(L"\\DosDevices\\BusDma");
    PDEVICE_OBJECT device;
    NTSTATUS status;

    (void)Path;
    status = IoCreateDevice(Driver, sizeof(EXTENSION), &name,
                            FILE_DEVICE_UNKNOWN, 0, FALSE, &device);
    if (!NT_SUCCESS(status))
        return status;
    Driver->MajorFunction[IRP_MJ_CREATE] = CreateClose;
    Driver->MajorFunction[IRP_MJ_CLOSE] = CreateClose;
    Driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = Control;
    Driver->MajorFunction[IRP_MJ_PNP] = Pnp;
    return IoCreateSymbolicLink(&link, &name);
}
