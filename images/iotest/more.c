/* images/iotest/more.c -- resources, pointers, associated packets, events,
 * timers, files opened by a driver: each fills words that the test looks at. */
#include <initguid.h>

#include "iotest.h"

#include <wdmguid.h>

/* In the DDK's ntifs.h alone. */
NTSYSAPI NTSTATUS NTAPI ZwWaitForSingleObject(HANDLE Handle, BOOLEAN Alertable,
                                              PLARGE_INTEGER Timeout);

/* ---- resources reported by a driver ---------------------------------------*/

static void OnePort(CM_RESOURCE_LIST *List, ULONG Port)
{
    RtlZeroMemory(List, sizeof *List);
    List->Count = 1;
    List->List[0].InterfaceType = Isa;
    List->List[0].PartialResourceList.Version = 1;
    List->List[0].PartialResourceList.Revision = 1;
    List->List[0].PartialResourceList.Count = 1;
    List->List[0].PartialResourceList.PartialDescriptors[0].Type =
        CmResourceTypePort;
    List->List[0].PartialResourceList.PartialDescriptors[0].ShareDisposition =
        CmResourceShareDeviceExclusive;
    List->List[0].PartialResourceList.PartialDescriptors[0].Flags =
        CM_RESOURCE_PORT_IO;
    List->List[0]
        .PartialResourceList.PartialDescriptors[0]
        .u.Port.Start.LowPart = Port;
    List->List[0].PartialResourceList.PartialDescriptors[0].u.Port.Length = 8;
}

void Resources(PDRIVER_OBJECT Driver, ULONG *Out)
{
    IO_RESOURCE_REQUIREMENTS_LIST need;
    PCM_RESOURCE_LIST got = NULL;
    CM_RESOURCE_LIST list;
    BOOLEAN conflict = TRUE;
    /* Another driver's object, as far as claims go: any other address. */
    PDRIVER_OBJECT other = (PDRIVER_OBJECT)((ULONG)Driver + 4);

    OnePort(&list, 0x300);
    Out[0] = IoReportResourceUsage(NULL, Driver, &list, sizeof list, NULL, NULL,
                                   0, FALSE, &conflict);
    Out[1] = conflict;
    OnePort(&list, 0x304);
    Out[2] = IoReportResourceUsage(NULL, other, &list, sizeof list, NULL, NULL,
                                   0, FALSE, &conflict);
    Out[3] = conflict;
    Out[4] = IoReportResourceForDetection(other, &list, sizeof list, NULL, NULL,
                                          0, &conflict);
    RtlZeroMemory(&need, sizeof need);
    need.ListSize = sizeof need;
    need.InterfaceType = Isa;
    need.AlternativeLists = 1;
    need.List[0].Version = need.List[0].Revision = 1;
    need.List[0].Count = 1;
    need.List[0].Descriptors[0].Type = CmResourceTypePort;
    need.List[0].Descriptors[0].ShareDisposition =
        CmResourceShareDeviceExclusive;
    need.List[0].Descriptors[0].u.Port.Length = 8;
    need.List[0].Descriptors[0].u.Port.Alignment = 8;
    need.List[0].Descriptors[0].u.Port.MinimumAddress.LowPart = 0x300;
    need.List[0].Descriptors[0].u.Port.MaximumAddress.LowPart = 0x31f;
    Out[5] = IoAssignResources(NULL, NULL, other, NULL, &need, &got);
    Out[6] = got ? got->List[0]
                       .PartialResourceList.PartialDescriptors[0]
                       .u.Port.Start.LowPart
                 : 0;
    if (got)
        ExFreePool(got);
    list.Count = 0;
    Out[7] = IoReportResourceUsage(NULL, Driver, &list, 4, NULL, NULL, 0, FALSE,
                                   &conflict);
    IoAssignResources(NULL, NULL, other, NULL, NULL, NULL);
    OnePort(&list, 0x300);
    IoReportResourceUsage(NULL, other, &list, sizeof list, NULL, NULL, 0, FALSE,
                          &conflict);
    Out[8] = conflict;
    list.Count = 0;
    IoReportResourceUsage(NULL, other, &list, 4, NULL, NULL, 0, FALSE,
                          &conflict);
}

/* ---- device object pointer, driver extension ------------------------------*/

void Pointer(PDRIVER_OBJECT Driver, ULONG *Out)
{
    WCHAR name[] = L"\\Device\\IoTest1", wrong[] = L"\\Device\\IoTest9";
    UNICODE_STRING path = {sizeof name - 2, sizeof name, name};
    UNICODE_STRING nobody = {sizeof wrong - 2, sizeof wrong, wrong};
    PDEVICE_OBJECT device = NULL;
    PFILE_OBJECT file = NULL;
    PVOID extension = NULL;

    Out[0] = IoGetDeviceObjectPointer(&path, FILE_READ_DATA, &file, &device);
    Out[1] = device && (device->Flags & DO_DIRECT_IO) != 0;
    Out[2] = device ? device->ReferenceCount : 0;
    if (file) {
        Out[3] = IoGetRelatedDeviceObject(file) == device;
        ObDereferenceObject(file);
    }
    Out[4] = IoGetDeviceObjectPointer(&nobody, FILE_READ_DATA, &file, &device);
    Out[5] = IoAllocateDriverObjectExtension(Driver, (PVOID)7, 16, &extension);
    Out[6] =
        extension && IoGetDriverObjectExtension(Driver, (PVOID)7) == extension;
    Out[7] = IoAllocateDriverObjectExtension(Driver, (PVOID)7, 16, &extension);
    Out[8] = (ULONG)IoGetDriverObjectExtension(Driver, (PVOID)8);
}

/* ---- associated packets ---------------------------------------------------*/

static NTSTATUS NTAPI MasterDone(PDEVICE_OBJECT Device, PIRP Irp, PVOID Context)
{
    (void)Device;
    (void)Irp;
    ++*(ULONG *)Context;
    return STATUS_MORE_PROCESSING_REQUIRED;
}

void Associated(ULONG *Out)
{
    PIRP master = IoAllocateIrp(2, FALSE), child[3];
    ULONG done = 0, i;

    IoSetCompletionRoutine(master, MasterDone, &done, TRUE, TRUE, TRUE);
    IoSetNextIrpStackLocation(master);
    master->AssociatedIrp.IrpCount = 3;
    for (i = 0; i < 3; i++)
        child[i] = IoMakeAssociatedIrp(master, 1);
    for (i = 0; i < 3; i++) {
        Out[i] = done;
        child[i]->IoStatus.Status = STATUS_SUCCESS;
        IoCompleteRequest(child[i], IO_NO_INCREMENT);
    }
    Out[3] = done;
    IoFreeIrp(master);
}

/* A major function that the driver has left alone. */
void LeftAlone(PDEVICE_OBJECT Device, ULONG *Out)
{
    PIRP irp = IoAllocateIrp(Device->StackSize, FALSE);
    ULONG done = 0;

    IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_QUERY_EA;
    IoSetCompletionRoutine(irp, MasterDone, &done, TRUE, TRUE, TRUE);
    Out[0] = IoCallDriver(Device, irp);
    Out[1] = irp->IoStatus.Status;
    Out[2] = done;
    IoFreeIrp(irp);
}

/* ---- events ---------------------------------------------------------------*/

void Events(ULONG *Out)
{
    WCHAR name[] = L"\\BaseNamedObjects\\IoTestEvent";
    UNICODE_STRING path = {sizeof name - 2, sizeof name, name};
    LARGE_INTEGER zero = {{0, 0}};
    HANDLE handle, again;
    PKEVENT event, same;

    event = IoCreateSynchronizationEvent(&path, &handle);
    same = IoCreateNotificationEvent(&path, &again);
    Out[0] = event != NULL && event == same;
    Out[1] = ZwWaitForSingleObject(handle, FALSE, &zero);
    Out[2] = ZwWaitForSingleObject(handle, FALSE, &zero);
    Out[3] = KeSetEvent(event, 0, FALSE);
    Out[4] = ZwWaitForSingleObject(again, FALSE, &zero);
    ZwClose(handle);
    Out[5] = ZwClose(again);
    Out[6] = ZwClose(again);
}

/* ---- a directory of our own, and small questions --------------------------*/

NTSYSAPI NTSTATUS NTAPI ZwCreateDirectoryObject(PHANDLE Handle,
                                                ACCESS_MASK Access,
                                                POBJECT_ATTRIBUTES Attributes);
NTKERNELAPI BOOLEAN NTAPI PsIsThreadTerminating(PETHREAD Thread);

void Directory(ULONG *Out)
{
    WCHAR name[] = L"\\IoTestDirectory";
    UNICODE_STRING path = {sizeof name - 2, sizeof name, name};
    OBJECT_ATTRIBUTES attributes;
    HANDLE handle, other;

    InitializeObjectAttributes(&attributes, &path, OBJ_KERNEL_HANDLE, NULL,
                               NULL);
    Out[0] =
        ZwCreateDirectoryObject(&handle, DIRECTORY_ALL_ACCESS, &attributes);
    Out[1] = ZwCreateDirectoryObject(&other, DIRECTORY_ALL_ACCESS, &attributes);
    Out[2] = ZwMakeTemporaryObject(handle);
    Out[3] = ZwClose(handle);
    Out[4] =
        ZwCreateDirectoryObject(&handle, DIRECTORY_ALL_ACCESS, &attributes);
    ZwClose(handle);
    Out[5] = PsIsThreadTerminating((PETHREAD)KeGetCurrentThread());
    Out[6] = IoGetFileObjectGenericMapping()->GenericRead;
}

/* ---- interfaces that come and go ------------------------------------------*/

static PVOID Entry;

static BOOLEAN Is(const GUID *A, const GUID *B)
{
    return RtlCompareMemory(A, B, sizeof *A) == sizeof *A;
}

static NTSTATUS NTAPI Heard(PVOID Notification, PVOID Context)
{
    PDEVICE_INTERFACE_CHANGE_NOTIFICATION change = Notification;

    DbgPrint("iotest: %s %wZ %u\n",
             Is(&change->Event, &GUID_DEVICE_INTERFACE_ARRIVAL)   ? "arrival"
             : Is(&change->Event, &GUID_DEVICE_INTERFACE_REMOVAL) ? "removal"
                                                                  : "?",
             change->SymbolicLinkName, Context);
    return STATUS_SUCCESS;
}

NTSTATUS Listen(PDRIVER_OBJECT Driver, GUID *Class)
{
    return IoRegisterPlugPlayNotification(
        EventCategoryDeviceInterfaceChange,
        PNPNOTIFY_DEVICE_INTERFACE_INCLUDE_EXISTING_INTERFACES, Class, Driver,
        Heard, (PVOID)7, &Entry);
}

void ListenNoMore(void)
{
    if (Entry)
        IoUnregisterPlugPlayNotification(Entry);
    Entry = NULL;
}

/* ---- the device timer -----------------------------------------------------*/

static ULONG Ticks, TimerIrql;

static void NTAPI Tick(PDEVICE_OBJECT Device, PVOID Context)
{
    (void)Device;
    Ticks += (ULONG)Context;
    TimerIrql = KeGetCurrentIrql();
}

void Timer(PDEVICE_OBJECT Device, ULONG *Out)
{
    LARGE_INTEGER interval;

    interval.QuadPart = -35000000; /* 3.5 s */
    Ticks = 0;
    Out[0] = IoInitializeTimer(Device, Tick, (PVOID)1);
    IoStartTimer(Device);
    KeDelayExecutionThread(KernelMode, FALSE, &interval);
    IoStopTimer(Device);
    Out[1] = Ticks;
    Out[2] = TimerIrql;
    KeDelayExecutionThread(KernelMode, FALSE, &interval);
    Out[3] = Ticks;
}

/* ---- a file of our own ----------------------------------------------------*/

void File(ULONG *Out)
{
    WCHAR name[] = L"\\Device\\IoTest0";
    UNICODE_STRING path = {sizeof name - 2, sizeof name, name};
    OBJECT_ATTRIBUTES attributes;
    IO_STATUS_BLOCK iosb = {{0}, 0};
    struct seen seen;
    LARGE_INTEGER at = {{0, 0}};
    HANDLE handle;
    ULONG word = 77;

    InitializeObjectAttributes(&attributes, &path, OBJ_KERNEL_HANDLE, NULL,
                               NULL);
    Out[0] = ZwCreateFile(&handle, GENERIC_READ | GENERIC_WRITE | SYNCHRONIZE,
                          &attributes, &iosb, NULL, 0, 7, FILE_OPEN,
                          FILE_SYNCHRONOUS_IO_NONALERT, NULL, 0);
    if (Out[0] != STATUS_SUCCESS)
        return;
    Out[1] = ZwWriteFile(handle, NULL, NULL, NULL, &iosb, &word, sizeof word,
                         &at, NULL);
    Out[2] = iosb.Information;
    Out[3] = ZwReadFile(handle, NULL, NULL, NULL, &iosb, &seen, sizeof seen,
                        &at, NULL);
    Out[4] = seen.requestor_mode;
    Out[5] = ZwClose(handle);
    Out[6] = ZwOpenFile(&handle, GENERIC_READ | SYNCHRONIZE, &attributes, &iosb,
                        7, FILE_SYNCHRONOUS_IO_NONALERT);
    if (NT_SUCCESS(Out[6]))
        Out[7] = ZwClose(handle);
}
