/* images/edu_wdm/driver.c -- DriverEntry, AddDevice, Unload. */
#include <initguid.h>

#include "edu.h"

/* {6a2f9c1e-31d4-4c8b-9e57-0bd1a5e0ed00} */
DEFINE_GUID(GUID_EDU, 0x6a2f9c1e, 0x31d4, 0x4c8b, 0x9e, 0x57, 0x0b, 0xd1, 0xa5,
            0xe0, 0xed, 0x00);

enum { MAXIMUM_LENGTH = 0x10000 };

static struct {
    ULONG MaximumLength, ScatterGather;
} Parameters;

/* HKLM\...\Services\edu\Parameters: MaximumLength, ScatterGather. */
static void ReadParameters(PUNICODE_STRING Path)
{
    ULONG length = MAXIMUM_LENGTH, gather = 0;
    RTL_QUERY_REGISTRY_TABLE table[4];
    WCHAR name[128];

    RtlZeroMemory(table, sizeof table);
    RtlZeroMemory(name, sizeof name);
    if (Path->Length < sizeof name - sizeof(WCHAR))
        RtlCopyMemory(name, Path->Buffer, Path->Length);
    table[0].Flags = RTL_QUERY_REGISTRY_SUBKEY;
    table[0].Name = (PWSTR)L"Parameters";
    table[1].Flags = RTL_QUERY_REGISTRY_DIRECT;
    table[1].Name = (PWSTR)L"MaximumLength";
    table[1].EntryContext = &Parameters.MaximumLength;
    table[1].DefaultType = REG_DWORD;
    table[1].DefaultData = &length;
    table[1].DefaultLength = sizeof length;
    table[2].Flags = RTL_QUERY_REGISTRY_DIRECT;
    table[2].Name = (PWSTR)L"ScatterGather";
    table[2].EntryContext = &Parameters.ScatterGather;
    table[2].DefaultType = REG_DWORD;
    table[2].DefaultData = &gather;
    table[2].DefaultLength = sizeof gather;
    Parameters.MaximumLength = length;
    Parameters.ScatterGather = gather;
    if (!NT_SUCCESS(RtlQueryRegistryValues(RTL_REGISTRY_ABSOLUTE, name, table,
                                           NULL, NULL)) ||
        !Parameters.MaximumLength) {
        Parameters.MaximumLength = length;
        Parameters.ScatterGather = gather;
    }
}

/* \Device\EduN, the first N that is free, and \DosDevices\EduN to it. */
static NTSTATUS CreateNamedDevice(PDRIVER_OBJECT Driver, PDEVICE_OBJECT *Device,
                                  PUNICODE_STRING Link)
{
    WCHAR name[] = L"\\Device\\Edu0", link[] = L"\\DosDevices\\Edu0";
    UNICODE_STRING device, symbolic;
    NTSTATUS status = STATUS_OBJECT_NAME_COLLISION;
    WCHAR n;

    for (n = L'0'; n <= L'9' && status == STATUS_OBJECT_NAME_COLLISION; n++) {
        name[RTL_NUMBER_OF(name) - 2] = n;
        link[RTL_NUMBER_OF(link) - 2] = n;
        RtlInitUnicodeString(&device, name);
        status = IoCreateDevice(Driver, sizeof(EDU_EXTENSION), &device,
                                FILE_DEVICE_UNKNOWN, FILE_DEVICE_SECURE_OPEN,
                                FALSE, Device);
    }
    if (!NT_SUCCESS(status))
        return status;
    RtlInitUnicodeString(&symbolic, link);
    status = IoCreateSymbolicLink(&symbolic, &device);
    Link->Buffer = ExAllocatePoolWithTag(PagedPool, sizeof link, EDU_TAG);
    if (NT_SUCCESS(status) && !Link->Buffer) {
        IoDeleteSymbolicLink(&symbolic);
        status = STATUS_INSUFFICIENT_RESOURCES;
    }
    if (!NT_SUCCESS(status)) {
        if (Link->Buffer)
            ExFreePoolWithTag(Link->Buffer, EDU_TAG);
        IoDeleteDevice(*Device);
        return status;
    }
    Link->MaximumLength = sizeof link;
    RtlCopyUnicodeString(Link, &symbolic);
    return STATUS_SUCCESS;
}

static NTSTATUS NTAPI EduAddDevice(PDRIVER_OBJECT Driver, PDEVICE_OBJECT Pdo)
{
    UNICODE_STRING link = {0, 0, NULL};
    PDEVICE_OBJECT device;
    PEDU_EXTENSION ext;
    NTSTATUS status = CreateNamedDevice(Driver, &device, &link);

    if (!NT_SUCCESS(status))
        return status;
    ext = device->DeviceExtension;
    ext->Self = device;
    ext->Pdo = Pdo;
    ext->LinkName = link;
    ext->MaximumLength = Parameters.MaximumLength;
    ext->ScatterGather = Parameters.ScatterGather != 0;
    ext->Outstanding = 1;
    KeInitializeEvent(&ext->Idle, NotificationEvent, FALSE);
    IoInitializeRemoveLock(&ext->RemoveLock, EDU_TAG, 0, 0);
    IoInitializeDpcRequest(device, EduDpc);
    ext->Lower = IoAttachDeviceToDeviceStack(device, Pdo);
    if (ext->Lower)
        status = IoRegisterDeviceInterface(Pdo, &GUID_EDU, NULL,
                                           &ext->InterfaceName);
    else
        status = STATUS_NO_SUCH_DEVICE;
    if (!NT_SUCCESS(status)) {
        if (ext->Lower)
            IoDetachDevice(ext->Lower);
        IoDeleteSymbolicLink(&ext->LinkName);
        ExFreePoolWithTag(ext->LinkName.Buffer, EDU_TAG);
        IoDeleteDevice(device);
        return status;
    }
    device->Flags |= DO_DIRECT_IO | DO_POWER_PAGABLE;
    device->Flags &= ~DO_DEVICE_INITIALIZING;
    return STATUS_SUCCESS;
}

static void NTAPI EduUnload(PDRIVER_OBJECT Driver)
{
    (void)Driver;
    DbgPrint("edu: unloaded\n");
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING Path)
{
    ReadParameters(Path);
    Driver->DriverExtension->AddDevice = EduAddDevice;
    Driver->DriverUnload = EduUnload;
    Driver->DriverStartIo = EduStartIo;
    Driver->MajorFunction[IRP_MJ_CREATE] = EduCreateClose;
    Driver->MajorFunction[IRP_MJ_CLOSE] = EduCreateClose;
    Driver->MajorFunction[IRP_MJ_READ] = EduReadWrite;
    Driver->MajorFunction[IRP_MJ_WRITE] = EduReadWrite;
    Driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = EduDeviceControl;
    Driver->MajorFunction[IRP_MJ_PNP] = EduPnp;
    Driver->MajorFunction[IRP_MJ_POWER] = EduPower;
    Driver->MajorFunction[IRP_MJ_SYSTEM_CONTROL] = EduSystemControl;
    DbgPrint("edu: transfers of up to %u bytes\n", Parameters.MaximumLength);
    return STATUS_SUCCESS;
}
