/* images/isa_slave/driver.c -- DriverEntry, AddDevice, Unload. */
#include "isa.h"

static ULONG DemandMode;

/* HKLM\...\Services\isa_slave: DemandMode, 0 when absent. */
static void ReadParameters(PUNICODE_STRING Path)
{
    RTL_QUERY_REGISTRY_TABLE table[2];
    ULONG zero = 0;
    WCHAR name[128];

    RtlZeroMemory(table, sizeof table);
    RtlZeroMemory(name, sizeof name);
    if (Path->Length < sizeof name - sizeof(WCHAR))
        RtlCopyMemory(name, Path->Buffer, Path->Length);
    table[0].Flags = RTL_QUERY_REGISTRY_DIRECT;
    table[0].Name = (PWSTR)L"DemandMode";
    table[0].EntryContext = &DemandMode;
    table[0].DefaultType = REG_DWORD;
    table[0].DefaultData = &zero;
    table[0].DefaultLength = sizeof zero;
    if (!NT_SUCCESS(RtlQueryRegistryValues(RTL_REGISTRY_ABSOLUTE, name, table,
                                           NULL, NULL)))
        DemandMode = 0;
}

static NTSTATUS NTAPI IsaAddDevice(PDRIVER_OBJECT Driver, PDEVICE_OBJECT Pdo)
{
    UNICODE_STRING name, link;
    PDEVICE_OBJECT device;
    PISA_EXTENSION ext;
    NTSTATUS status;

    RtlInitUnicodeString(&name, L"\\Device\\IsaCard0");
    RtlInitUnicodeString(&link, L"\\DosDevices\\IsaCard0");
    status = IoCreateDevice(Driver, sizeof *ext, &name, FILE_DEVICE_UNKNOWN, 0,
                            FALSE, &device);
    if (!NT_SUCCESS(status))
        return status;
    ext = device->DeviceExtension;
    ext->Self = device;
    ext->Pdo = Pdo;
    ext->LinkName = link; /* a constant string */
    ext->DemandMode = DemandMode != 0;
    ext->Mode.Burst = 16;
    IoInitializeRemoveLock(&ext->RemoveLock, ISA_TAG, 0, 0);
    IoInitializeDpcRequest(device, IsaDpc);
    ext->Lower = IoAttachDeviceToDeviceStack(device, Pdo);
    status =
        ext->Lower ? IoCreateSymbolicLink(&link, &name) : STATUS_NO_SUCH_DEVICE;
    if (!NT_SUCCESS(status)) {
        if (ext->Lower)
            IoDetachDevice(ext->Lower);
        IoDeleteDevice(device);
        return status;
    }
    device->Flags |= DO_DIRECT_IO;
    device->Flags &= ~DO_DEVICE_INITIALIZING;
    return STATUS_SUCCESS;
}

static void NTAPI IsaUnload(PDRIVER_OBJECT Driver)
{
    (void)Driver;
    DbgPrint("isa_slave: unloaded\n");
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING Path)
{
    ReadParameters(Path);
    Driver->DriverExtension->AddDevice = IsaAddDevice;
    Driver->DriverUnload = IsaUnload;
    Driver->DriverStartIo = IsaStartIo;
    Driver->MajorFunction[IRP_MJ_CREATE] = IsaCreateClose;
    Driver->MajorFunction[IRP_MJ_CLOSE] = IsaCreateClose;
    Driver->MajorFunction[IRP_MJ_READ] = IsaReadWrite;
    Driver->MajorFunction[IRP_MJ_WRITE] = IsaReadWrite;
    Driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = IsaDeviceControl;
    Driver->MajorFunction[IRP_MJ_PNP] = IsaPnp;
    Driver->MajorFunction[IRP_MJ_POWER] = IsaPower;
    Driver->MajorFunction[IRP_MJ_SYSTEM_CONTROL] = IsaPass;
    return STATUS_SUCCESS;
}
