/* images/chain/chainclass.c -- the class library: a device for its miniport,
 * whose requests it serves with the port library. */
#include "chain.h"

typedef struct _CLASS_EXTENSION {
    PCHAIN_PORT Port;
    CHAIN_MINIPORT Miniport;
} CLASS_EXTENSION, *PCLASS_EXTENSION;

static ULONG Initialized;

NTSTATUS NTAPI DllInitialize(PUNICODE_STRING Path)
{
    PCHAIN_PORT port = PortOpen(); /* the image below is ready before */

    DbgPrint("chainclass: initialized from %wZ, port %s\n", Path,
             port ? "ready" : "missing");
    if (port)
        PortClose(port);
    Initialized++;
    return port ? STATUS_SUCCESS : STATUS_UNSUCCESSFUL;
}

NTSTATUS NTAPI DllUnload(void)
{
    DbgPrint("chainclass: unloaded\n");
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING Path)
{
    (void)Driver;
    (void)Path;
    return STATUS_SUCCESS;
}

static NTSTATUS NTAPI Serve(PDEVICE_OBJECT Device, PIRP Irp)
{
    PIO_STACK_LOCATION at = IoGetCurrentIrpStackLocation(Irp);
    PCLASS_EXTENSION x = Device->DeviceExtension;
    PUCHAR buffer = Irp->AssociatedIrp.SystemBuffer;

    Irp->IoStatus.Status = STATUS_SUCCESS;
    Irp->IoStatus.Information = 0;
    if (at->MajorFunction == IRP_MJ_WRITE) {
        Irp->IoStatus.Information = PortPut(
            x->Port, buffer, at->Parameters.Write.Length, x->Miniport.Key);
        x->Miniport.Stored(Irp->IoStatus.Information);
    } else if (at->MajorFunction == IRP_MJ_READ) {
        Irp->IoStatus.Information =
            PortGet(x->Port, buffer, at->Parameters.Read.Length);
    }
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return STATUS_SUCCESS;
}

static void NTAPI Unload(PDRIVER_OBJECT Driver)
{
    PCLASS_EXTENSION x = Driver->DeviceObject->DeviceExtension;
    UNICODE_STRING link;

    RtlInitUnicodeString(&link, L"\\??\\Chain");
    IoDeleteSymbolicLink(&link);
    PortClose(x->Port);
    IoDeleteDevice(Driver->DeviceObject);
}

NTSTATUS NTAPI ClassInitialize(PDRIVER_OBJECT Driver, PCHAIN_MINIPORT Miniport)
{
    UNICODE_STRING name, link;
    PDEVICE_OBJECT device;
    PCLASS_EXTENSION x;
    NTSTATUS status;

    if (Initialized != 1)
        return STATUS_UNSUCCESSFUL;
    RtlInitUnicodeString(&name, L"\\Device\\Chain");
    RtlInitUnicodeString(&link, L"\\??\\Chain");
    status = IoCreateDevice(Driver, sizeof *x, &name, FILE_DEVICE_UNKNOWN, 0,
                            FALSE, &device);
    if (!NT_SUCCESS(status))
        return status;
    x = device->DeviceExtension;
    x->Miniport = *Miniport;
    x->Port = PortOpen();
    device->Flags |= DO_BUFFERED_IO;
    Driver->MajorFunction[IRP_MJ_CREATE] = Serve;
    Driver->MajorFunction[IRP_MJ_CLOSE] = Serve;
    Driver->MajorFunction[IRP_MJ_READ] = Serve;
    Driver->MajorFunction[IRP_MJ_WRITE] = Serve;
    Driver->DriverUnload = Unload;
    return IoCreateSymbolicLink(&link, &name);
}
