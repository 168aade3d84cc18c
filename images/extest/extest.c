/* images/extest/extest.c -- see extest.h. */
#include "extest.h"

static struct extest_result *Result;

void Check(BOOLEAN Holds, const char *File, ULONG Line, const char *What)
{
    Result->checks++;
    if (Holds)
        return;
    DbgPrint("extest: %s:%u: %s\n", File, Line, What);
    if (!Result->failed++)
        _snprintf(Result->first, sizeof Result->first - 1, "%s:%u: %s", File,
                  Line, What);
}

PVOID Start(PKSTART_ROUTINE Routine, PVOID Context)
{
    HANDLE handle;
    PVOID thread = NULL;

    CHECK(PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, NULL,
                               Routine, Context) == STATUS_SUCCESS);
    ObReferenceObjectByHandle(handle, THREAD_ALL_ACCESS, NULL, KernelMode,
                              &thread, NULL);
    ZwClose(handle);
    return thread;
}

void Join(PVOID Thread)
{
    KeWaitForSingleObject(Thread, Executive, KernelMode, FALSE, NULL);
    ObDereferenceObject(Thread);
}

void Pause(void)
{
    LARGE_INTEGER wait;

    wait.QuadPart = -100000;
    KeDelayExecutionThread(KernelMode, FALSE, &wait);
}

void Name(PUNICODE_STRING Name, POBJECT_ATTRIBUTES Attributes, PCWSTR Text)
{
    RtlInitUnicodeString(Name, Text);
    InitializeObjectAttributes(Attributes, Name, OBJ_CASE_INSENSITIVE, NULL,
                               NULL);
}

static NTSTATUS NTAPI Open(PDEVICE_OBJECT Device, PIRP Irp)
{
    (void)Device;
    Irp->IoStatus.Status = STATUS_SUCCESS;
    Irp->IoStatus.Information = 0;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return STATUS_SUCCESS;
}

/* A device that a family made has its dispatch routine in its extension. */
static NTSTATUS NTAPI Other(PDEVICE_OBJECT Device, PIRP Irp)
{
    if (Device->DeviceExtension)
        return (*(PDRIVER_DISPATCH *)Device->DeviceExtension)(Device, Irp);
    Irp->IoStatus.Status = STATUS_INVALID_DEVICE_REQUEST;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return STATUS_INVALID_DEVICE_REQUEST;
}

static NTSTATUS NTAPI Control(PDEVICE_OBJECT Device, PIRP Irp)
{
    static void (*const family[])(PDEVICE_OBJECT) = {
        [EXTEST_RESOURCES] = Resources, [EXTEST_RUNDOWN] = Rundown,
        [EXTEST_CALLBACKS] = Callbacks, [EXTEST_RANGES] = Ranges,
        [EXTEST_DISKS] = Disks,         [EXTEST_WMI] = Wmi,
        [EXTEST_SECURITY] = Security,   [EXTEST_TARGETS] = Target,
    };
    PIO_STACK_LOCATION at = IoGetCurrentIrpStackLocation(Irp);
    ULONG code = at->Parameters.DeviceIoControl.IoControlCode;
    ULONG which = ((code >> 2) & 0xfff) - 0xa00;
    NTSTATUS status = STATUS_INVALID_DEVICE_REQUEST;

    if (Device->DeviceExtension)
        return Other(Device, Irp);
    Irp->IoStatus.Information = 0;
    if (which < EXTEST_FAMILIES && family[which] &&
        at->Parameters.DeviceIoControl.OutputBufferLength >= sizeof *Result) {
        Result = Irp->AssociatedIrp.SystemBuffer;
        RtlZeroMemory(Result, sizeof *Result);
        family[which](Device);
        Irp->IoStatus.Information = sizeof *Result;
        status = STATUS_SUCCESS;
    }
    Irp->IoStatus.Status = status;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return status;
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING Path)
{
    UNICODE_STRING name, link;
    PDEVICE_OBJECT device;
    NTSTATUS status;

    (void)Path;
    Driver->MajorFunction[IRP_MJ_CREATE] = Open;
    Driver->MajorFunction[IRP_MJ_CLOSE] = Open;
    Driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = Control;
    Driver->MajorFunction[IRP_MJ_READ] = Other;
    Driver->MajorFunction[IRP_MJ_WRITE] = Other;
    Driver->MajorFunction[IRP_MJ_SYSTEM_CONTROL] = Other;
    Driver->MajorFunction[IRP_MJ_PNP] = Other;
    RtlInitUnicodeString(&name, L"\\Device\\ExTest");
    RtlInitUnicodeString(&link, L"\\??\\ExTest");
    status = IoCreateDevice(Driver, 0, &name, FILE_DEVICE_UNKNOWN, 0, FALSE,
                            &device);
    if (!NT_SUCCESS(status))
        return status;
    return IoCreateSymbolicLink(&link, &name);
}
