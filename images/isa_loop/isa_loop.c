/* images/isa_loop/isa_loop.c -- common-buffer system DMA as drivers of sound
 * cards do it, in the NT 4 style: the channel is in auto-initialise mode,
 * mapped once, and goes round a common buffer until it is stopped; the card
 * interrupts once a lap. Card: docs/devices/isacard.md, where its jumpers are.
 */
#include <ntddk.h>

#include "isa_loop.h"

enum { PORT = 0x300, PORTS = 16, IRQ = 5, CHANNEL = 1 };
enum { DATA = 0, ID = 2, CONTROL = 4, STATUS = 6, POINTER = 8 };
enum { COUNT = 0xa, PERIOD = 0xc, ID_VALUE = 0x4349 };
enum { RUN = 1, INTERRUPT = 4, GO_ON = 8, RESET = 0x80 };
enum { SEEN_TC = 2, SEEN_IRQ = 4, BUFFER_BYTES = 4096, CARD_BYTES = 0x10000 };

typedef struct _LOOP_EXTENSION {
    PDEVICE_OBJECT Self;
    PUCHAR Port;
    ULONG MappedBytes; /* of ports that are memory; 0: none */
    PKINTERRUPT Interrupt;
    PADAPTER_OBJECT Adapter;
    PUCHAR Common;
    PHYSICAL_ADDRESS CommonAddress;
    PMDL Mdl; /* of the common buffer */

    PVOID MapRegisterBase;
    ULONG Bytes, Laps; /* of the request at work */
    LONG Seen;         /* laps that have interrupted */
    KEVENT Mapped, Done;
} LOOP_EXTENSION, *PLOOP_EXTENSION;

static USHORT In(PLOOP_EXTENSION Ext, ULONG Register)
{
    return READ_PORT_USHORT((PUSHORT)(Ext->Port + Register));
}

static void Out(PLOOP_EXTENSION Ext, ULONG Register, ULONG Value)
{
    WRITE_PORT_USHORT((PUSHORT)(Ext->Port + Register), (USHORT)Value);
}

/* ---- a loop -----------------------------------------------------------------
 */

/* The last lap's interrupt stops the card before its next unit. */
static BOOLEAN NTAPI Isr(PKINTERRUPT Interrupt, PVOID Context)
{
    PLOOP_EXTENSION ext = Context;

    (void)Interrupt;
    if (!(In(ext, STATUS) & SEEN_IRQ))
        return FALSE;
    if (++ext->Seen == (LONG)ext->Laps)
        Out(ext, CONTROL, 0);
    Out(ext, STATUS, SEEN_TC | SEEN_IRQ);
    IoRequestDpc(ext->Self, NULL, ext);
    return TRUE;
}

static VOID NTAPI Dpc(PKDPC Object, PDEVICE_OBJECT Device, PIRP Irp,
                      PVOID Context)
{
    PLOOP_EXTENSION ext = Context;

    (void)Object;
    (void)Device;
    (void)Irp;
    if (ext->Seen >= (LONG)ext->Laps)
        KeSetEvent(&ext->Done, IO_NO_INCREMENT, FALSE);
}

static IO_ALLOCATION_ACTION NTAPI AdapterControl(PDEVICE_OBJECT Device,
                                                 PIRP Irp, PVOID MapRegisters,
                                                 PVOID Context)
{
    PLOOP_EXTENSION ext = Context;
    ULONG bytes = ext->Bytes;

    (void)Device;
    (void)Irp;
    ext->MapRegisterBase = MapRegisters;
    IoMapTransfer(ext->Adapter, ext->Mdl, MapRegisters,
                  MmGetMdlVirtualAddress(ext->Mdl), &bytes, TRUE);
    Out(ext, POINTER, 0);
    Out(ext, COUNT, 0);
    Out(ext, PERIOD, 1000);
    Out(ext, CONTROL, RUN | INTERRUPT | GO_ON);
    KeSetEvent(&ext->Mapped, IO_NO_INCREMENT, FALSE);
    return KeepObject;
}

static void FreeChannel(PLOOP_EXTENSION Ext)
{
    KIRQL irql;

    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    IoFlushAdapterBuffers(Ext->Adapter, Ext->Mdl, Ext->MapRegisterBase,
                          MmGetMdlVirtualAddress(Ext->Mdl), Ext->Bytes, TRUE);
    IoFreeAdapterChannel(Ext->Adapter);
    KeLowerIrql(irql);
}

static NTSTATUS Loop(PLOOP_EXTENSION Ext)
{
    KIRQL irql;
    NTSTATUS status;

    Ext->Seen = 0;
    KeClearEvent(&Ext->Mapped);
    KeClearEvent(&Ext->Done);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    status = IoAllocateAdapterChannel(
        Ext->Adapter, Ext->Self,
        ADDRESS_AND_SIZE_TO_SPAN_PAGES(Ext->Common, Ext->Bytes), AdapterControl,
        Ext);
    KeLowerIrql(irql);
    if (!NT_SUCCESS(status))
        return status;
    KeWaitForSingleObject(&Ext->Mapped, Executive, KernelMode, FALSE, NULL);
    KeWaitForSingleObject(&Ext->Done, Executive, KernelMode, FALSE, NULL);
    FreeChannel(Ext);
    return STATUS_SUCCESS;
}

/* ---- requests ---------------------------------------------------------------
 */

static NTSTATUS Complete(PIRP Irp, NTSTATUS Status, ULONG_PTR Bytes)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = NT_SUCCESS(Status) ? Bytes : 0;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

static NTSTATUS NTAPI CreateClose(PDEVICE_OBJECT Device, PIRP Irp)
{
    (void)Device;
    return Complete(Irp, STATUS_SUCCESS, 0);
}

static NTSTATUS NTAPI Control(PDEVICE_OBJECT Device, PIRP Irp)
{
    PLOOP_EXTENSION ext = Device->DeviceExtension;
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);
    ULONG in = stack->Parameters.DeviceIoControl.InputBufferLength;
    ULONG out = stack->Parameters.DeviceIoControl.OutputBufferLength;
    struct isa_loop *loop = Irp->AssociatedIrp.SystemBuffer;
    ULONG bytes, laps;
    NTSTATUS status;

    if (stack->Parameters.DeviceIoControl.IoControlCode != IOCTL_ISA_LOOP)
        return Complete(Irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    if (in < sizeof *loop)
        return Complete(Irp, STATUS_BUFFER_TOO_SMALL, 0);
    bytes = loop->Bytes;
    laps = loop->Laps;
    if (!bytes || bytes & 1 || bytes > BUFFER_BYTES || !laps ||
        laps > CARD_BYTES / bytes || in - sizeof *loop < bytes ||
        out < sizeof *loop + bytes * laps)
        return Complete(Irp, STATUS_INVALID_PARAMETER, 0);
    ext->Bytes = bytes;
    ext->Laps = laps;
    RtlCopyMemory(ext->Common, loop + 1, bytes);
    status = Loop(ext);
    loop->Laps = ext->Seen;
    Out(ext, POINTER, 0);
    READ_PORT_BUFFER_USHORT((PUSHORT)(ext->Port + DATA), (PUSHORT)(loop + 1),
                            bytes * laps / 2);
    return Complete(Irp, status, sizeof *loop + bytes * laps);
}

/* ---- the card ---------------------------------------------------------------
 */

static NTSTATUS MapPorts(PLOOP_EXTENSION Ext)
{
    PHYSICAL_ADDRESS bus, cpu;
    ULONG space = 1;

    bus.QuadPart = PORT;
    if (!HalTranslateBusAddress(Isa, 0, bus, &space, &cpu))
        return STATUS_DEVICE_CONFIGURATION_ERROR;
    Ext->Port = (PUCHAR)(ULONG_PTR)cpu.LowPart;
    if (space == 0) {
        Ext->Port = MmMapIoSpace(cpu, PORTS, MmNonCached);
        Ext->MappedBytes = Ext->Port ? PORTS : 0;
    }
    return Ext->Port ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

static NTSTATUS GetAdapter(PLOOP_EXTENSION Ext)
{
    DEVICE_DESCRIPTION description;
    ULONG registers;

    RtlZeroMemory(&description, sizeof description);
    description.Version = DEVICE_DESCRIPTION_VERSION;
    description.AutoInitialize = TRUE;
    description.DmaChannel = CHANNEL;
    description.InterfaceType = Isa;
    description.DmaWidth = Width8Bits;
    description.DmaSpeed = Compatible;
    description.MaximumLength = BUFFER_BYTES;
    Ext->Adapter = HalGetAdapter(&description, &registers);
    if (!Ext->Adapter)
        return STATUS_INSUFFICIENT_RESOURCES;
    Ext->Common = HalAllocateCommonBuffer(Ext->Adapter, BUFFER_BYTES,
                                          &Ext->CommonAddress, FALSE);
    if (!Ext->Common)
        return STATUS_INSUFFICIENT_RESOURCES;
    RtlZeroMemory(Ext->Common, BUFFER_BYTES);
    Ext->Mdl = IoAllocateMdl(Ext->Common, BUFFER_BYTES, FALSE, FALSE, NULL);
    if (!Ext->Mdl)
        return STATUS_INSUFFICIENT_RESOURCES;
    MmBuildMdlForNonPagedPool(Ext->Mdl);
    return STATUS_SUCCESS;
}

static NTSTATUS ConnectInterrupt(PLOOP_EXTENSION Ext)
{
    KAFFINITY affinity;
    KIRQL irql;
    ULONG vector = HalGetInterruptVector(Isa, 0, IRQ, IRQ, &irql, &affinity);

    return IoConnectInterrupt(&Ext->Interrupt, Isr, Ext, NULL, vector, irql,
                              irql, Latched, FALSE, affinity, FALSE);
}

static void Release(PLOOP_EXTENSION Ext)
{
    if (Ext->Interrupt)
        IoDisconnectInterrupt(Ext->Interrupt);
    if (Ext->Mdl)
        IoFreeMdl(Ext->Mdl);
    if (Ext->Common)
        HalFreeCommonBuffer(Ext->Adapter, BUFFER_BYTES, Ext->CommonAddress,
                            Ext->Common, FALSE);
    /* NT 4.0 has no way to give an adapter object back; later systems do */
    if (Ext->Adapter)
        ((PDMA_ADAPTER)Ext->Adapter)
            ->DmaOperations->PutDmaAdapter((PDMA_ADAPTER)Ext->Adapter);
    if (Ext->MappedBytes)
        MmUnmapIoSpace(Ext->Port, Ext->MappedBytes);
}

static NTSTATUS Acquire(PLOOP_EXTENSION Ext)
{
    NTSTATUS status = MapPorts(Ext);

    if (NT_SUCCESS(status) && In(Ext, ID) != ID_VALUE)
        status = STATUS_NO_SUCH_DEVICE;
    if (NT_SUCCESS(status)) {
        Out(Ext, CONTROL, RESET);
        status = GetAdapter(Ext);
    }
    if (NT_SUCCESS(status))
        status = ConnectInterrupt(Ext);
    if (!NT_SUCCESS(status))
        Release(Ext);
    return status;
}

static VOID NTAPI Unload(PDRIVER_OBJECT Driver)
{
    UNICODE_STRING link;

    RtlInitUnicodeString(&link, L"\\DosDevices\\IsaLoop");
    IoDeleteSymbolicLink(&link);
    if (!Driver->DeviceObject)
        return;
    Release(Driver->DeviceObject->DeviceExtension);
    IoDeleteDevice(Driver->DeviceObject);
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING Path)
{
    UNICODE_STRING name, link;
    PLOOP_EXTENSION ext;
    PDEVICE_OBJECT device;
    NTSTATUS status;

    (void)Path;
    RtlInitUnicodeString(&name, L"\\Device\\IsaLoop");
    RtlInitUnicodeString(&link, L"\\DosDevices\\IsaLoop");
    status = IoCreateDevice(Driver, sizeof(LOOP_EXTENSION), &name,
                            FILE_DEVICE_UNKNOWN, 0, TRUE, &device);
    if (!NT_SUCCESS(status))
        return status;
    ext = device->DeviceExtension;
    RtlZeroMemory(ext, sizeof *ext);
    ext->Self = device;
    KeInitializeEvent(&ext->Mapped, NotificationEvent, FALSE);
    KeInitializeEvent(&ext->Done, NotificationEvent, FALSE);
    IoInitializeDpcRequest(device, Dpc);
    status = Acquire(ext);
    if (NT_SUCCESS(status)) {
        status = IoCreateSymbolicLink(&link, &name);
        if (!NT_SUCCESS(status))
            Release(ext);
    }
    if (!NT_SUCCESS(status)) {
        IoDeleteDevice(device);
        return status;
    }
    Driver->MajorFunction[IRP_MJ_CREATE] = CreateClose;
    Driver->MajorFunction[IRP_MJ_CLOSE] = CreateClose;
    Driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = Control;
    Driver->DriverUnload = Unload;
    return STATUS_SUCCESS;
}
