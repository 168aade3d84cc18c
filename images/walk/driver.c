/* images/walk/driver.c -- DriverEntry, AddDevice, Unload. */
#include "walk.h"

ULONG Mode, State;

static void ReadOne(PCWSTR Path, PCWSTR Name, ULONG *Value)
{
    RTL_QUERY_REGISTRY_TABLE table[2];
    ULONG zero = 0;

    RtlZeroMemory(table, sizeof table);
    table[0].Flags = RTL_QUERY_REGISTRY_DIRECT;
    table[0].Name = (PWSTR)Name;
    table[0].EntryContext = Value;
    table[0].DefaultType = REG_DWORD;
    table[0].DefaultData = &zero;
    table[0].DefaultLength = sizeof zero;
    if (!NT_SUCCESS(RtlQueryRegistryValues(RTL_REGISTRY_ABSOLUTE, Path, table,
                                           NULL, NULL)))
        *Value = 0;
}

static NTSTATUS Pass(PDEVICE_OBJECT Device, PIRP Irp)
{
    PWALK_EXTENSION ext = Device->DeviceExtension;

    IoSkipCurrentIrpStackLocation(Irp);
    return IoCallDriver(ext->Lower, Irp);
}

static NTSTATUS NTAPI Power(PDEVICE_OBJECT Device, PIRP Irp)
{
    PoStartNextPowerIrp(Irp);
    return Pass(Device, Irp);
}

static NTSTATUS NTAPI Other(PDEVICE_OBJECT Device, PIRP Irp)
{
    return Pass(Device, Irp);
}

static NTSTATUS NTAPI CreateClose(PDEVICE_OBJECT Device, PIRP Irp)
{
    (void)Device;
    Irp->IoStatus.Status = STATUS_SUCCESS;
    Irp->IoStatus.Information = 0;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return STATUS_SUCCESS;
}

static NTSTATUS NTAPI AddDevice(PDRIVER_OBJECT Driver, PDEVICE_OBJECT Pdo)
{
    PDEVICE_OBJECT device;
    PWALK_EXTENSION ext;
    NTSTATUS status;

    status = IoCreateDevice(Driver, sizeof *ext, NULL, FILE_DEVICE_UNKNOWN, 0,
                            FALSE, &device);
    if (!NT_SUCCESS(status))
        return status;
    ext = device->DeviceExtension;
    ext->Self = device;
    ext->Pdo = Pdo;
    ext->Lower = IoAttachDeviceToDeviceStack(device, Pdo);
    ext->Item = IoAllocateWorkItem(device);
    device->Flags &= ~DO_DEVICE_INITIALIZING;
    return STATUS_SUCCESS;
}

static void NTAPI Unload(PDRIVER_OBJECT Driver)
{
    (void)Driver;
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING Path)
{
    static WCHAR name[128];

    if (Path->Length < sizeof name - sizeof(WCHAR))
        RtlCopyMemory(name, Path->Buffer, Path->Length);
    ReadOne(name, L"Mode", &Mode);
    ReadOne(name, L"State", &State);
    Driver->DriverExtension->AddDevice = AddDevice;
    Driver->DriverUnload = Unload;
    Driver->MajorFunction[IRP_MJ_CREATE] = CreateClose;
    Driver->MajorFunction[IRP_MJ_CLOSE] = CreateClose;
    Driver->MajorFunction[IRP_MJ_PNP] = WalkPnp;
    Driver->MajorFunction[IRP_MJ_POWER] = Power;
    Driver->MajorFunction[IRP_MJ_SYSTEM_CONTROL] = Other;
    return STATUS_SUCCESS;
}
