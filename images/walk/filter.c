/* images/walk/filter.c -- a filter driver: it tells where in the stack it came
 * and passes everything on. */
#include <ntddk.h>

#define TEXT2(x) #x
#define TEXT(x)  TEXT2(x)

typedef struct _EXTENSION {
    PDEVICE_OBJECT Lower;
} EXTENSION, *PEXTENSION;

static NTSTATUS NTAPI Pass(PDEVICE_OBJECT Device, PIRP Irp)
{
    PEXTENSION ext = Device->DeviceExtension;
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);
    PDEVICE_OBJECT lower = ext->Lower;
    BOOLEAN remove = stack->MajorFunction == IRP_MJ_PNP &&
                     stack->MinorFunction == IRP_MN_REMOVE_DEVICE;
    NTSTATUS status;

    if (stack->MajorFunction == IRP_MJ_PNP)
        DbgPrint(TEXT(NAME) ": pnp %x\n", stack->MinorFunction);
    if (stack->MajorFunction == IRP_MJ_POWER)
        PoStartNextPowerIrp(Irp);
    IoSkipCurrentIrpStackLocation(Irp);
    status = IoCallDriver(lower, Irp);
    if (remove) {
        IoDetachDevice(lower);
        IoDeleteDevice(Device);
    }
    return status;
}

static NTSTATUS NTAPI AddDevice(PDRIVER_OBJECT Driver, PDEVICE_OBJECT Pdo)
{
    PDEVICE_OBJECT device;
    PEXTENSION ext;
    NTSTATUS status = IoCreateDevice(Driver, sizeof *ext, NULL,
                                     FILE_DEVICE_UNKNOWN, 0, FALSE, &device);

    if (!NT_SUCCESS(status))
        return status;
    ext = device->DeviceExtension;
    ext->Lower = IoAttachDeviceToDeviceStack(device, Pdo);
    DbgPrint(TEXT(NAME) ": add, %u above the PDO\n",
             device->StackSize - Pdo->StackSize);
    device->Flags |= ext->Lower->Flags & (DO_BUFFERED_IO | DO_DIRECT_IO);
    device->Flags &= ~DO_DEVICE_INITIALIZING;
    return STATUS_SUCCESS;
}

static void NTAPI Unload(PDRIVER_OBJECT Driver)
{
    (void)Driver;
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING Path)
{
    ULONG i;

    (void)Path;
    for (i = 0; i <= IRP_MJ_MAXIMUM_FUNCTION; i++)
        Driver->MajorFunction[i] = Pass;
    Driver->DriverExtension->AddDevice = AddDevice;
    Driver->DriverUnload = Unload;
    return STATUS_SUCCESS;
}
