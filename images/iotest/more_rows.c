/* images/iotest/more_rows.c -- further routines, each shown by a few calls. */
#include "iotest.h"

/* In the DDK's ntifs.h alone, or in no header. */
NTKERNELAPI KPROCESSOR_MODE NTAPI KeGetPreviousMode(VOID);
NTSYSAPI NTSTATUS NTAPI ZwAllocateVirtualMemory(HANDLE Process, PVOID *Base,
                                                ULONG_PTR ZeroBits,
                                                PSIZE_T Size, ULONG Type,
                                                ULONG Protect);
NTSYSAPI NTSTATUS NTAPI ZwFreeVirtualMemory(HANDLE Process, PVOID *Base,
                                            PSIZE_T Size, ULONG Type);
NTSYSAPI NTSTATUS NTAPI ZwCancelIoFile(HANDLE File, PIO_STATUS_BLOCK Iosb);
extern DECLSPEC_IMPORT POBJECT_TYPE IoDriverObjectType, IoDeviceObjectType;
/* mingw's headers import the variable itself, and call it a pointer to it. */
#define FILE_TYPE       ((POBJECT_TYPE)IoFileObjectType)
#define CURRENT_PROCESS ((HANDLE)-1)

static ULONG Boot[2];

static void NTAPI BootAgain(PDRIVER_OBJECT Driver, PVOID Context, ULONG Count)
{
    (void)Driver;
    Boot[0] += Count;
    Boot[1] = (ULONG)Context;
}

void RowsEntry(PDRIVER_OBJECT Driver)
{
    IoRegisterBootDriverReinitialization(Driver, BootAgain, (PVOID)0x44);
}

/* ---- packets --------------------------------------------------------------*/

static ULONG Seen[8], Count;

static void NTAPI Note(PDEVICE_OBJECT Device, PIRP Irp)
{
    (void)Device;
    if (Count < 8)
        Seen[Count++] = (ULONG)Irp->UserBuffer;
}

/* 10 starts at once; then by key: at or above it, else the first. */
static void ByKey(PDEVICE_OBJECT Device, ULONG *Out)
{
    static const ULONG ask[] = {25, 35, 50, 0};
    PDRIVER_STARTIO before = Device->DriverObject->DriverStartIo;
    PIRP irp[4];
    KIRQL irql;
    ULONG i, key;

    Count = 0;
    Device->DriverObject->DriverStartIo = Note;
    for (i = 0; i < 4; i++) {
        key = 10 * (i + 1);
        irp[i] = IoAllocateIrp(1, FALSE);
        irp[i]->UserBuffer = (PVOID)key;
        IoStartPacket(Device, irp[i], &key, NULL);
    }
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    for (i = 0; i < 4; i++)
        IoStartNextPacketByKey(Device, FALSE, ask[i]);
    KeLowerIrql(irql);
    for (i = 0; i < 4; i++)
        IoFreeIrp(irp[i]);
    Device->DriverObject->DriverStartIo = before;
    RtlCopyMemory(Out, Seen, 4 * sizeof(ULONG));
    Out[4] = Count;
    Out[5] = Device->CurrentIrp == NULL;
}

static NTSTATUS NTAPI Keep(PDEVICE_OBJECT Device, PIRP Irp, PVOID Context)
{
    (void)Device;
    *(ULONG *)Context = Irp->IoStatus.Status;
    return STATUS_MORE_PROCESSING_REQUIRED;
}

/* A packet in memory of our own, sent with a routine that outlives the driver.
 * Bits of Out[6] are what holds. */
static void Packets(PDEVICE_OBJECT Device, ULONG *Out)
{
    USHORT bytes = IoSizeOfIrp(3);
    PIRP irp = ExAllocatePool(NonPagedPool, bytes);
    ULONG status = 0;

    RtlFillMemory(irp, bytes, 0xff);
    IoInitializeIrp(irp, bytes, 3);
    Out[6] =
        (irp->Type == IO_TYPE_IRP) | (irp->Size == bytes) << 1 |
        (irp->StackCount == 3) << 2 | (irp->CurrentLocation == 4) << 3 |
        (irp->IoStatus.Status == 0) << 4 |
        ((PUCHAR)irp->Tail.Overlay.CurrentStackLocation == (PUCHAR)irp + bytes)
            << 5 |
        IsListEmpty(&irp->ThreadListEntry) << 6;
    Out[7] = IoSetCompletionRoutineEx(Device, irp, Keep, &status, FALSE, TRUE,
                                      FALSE);
    IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_QUERY_EA;
    Out[8] = IoCallDriver(Device, irp);
    Out[9] = status;
    IoSetHardErrorOrVerifyDevice(irp, Device);
    Out[10] = irp->IoStatus.Status;
    ExFreePool(irp);
}

static ULONG Worked[3];
static KEVENT Ran;

static void NTAPI Work(PVOID Object, PVOID Context, PIO_WORKITEM Item)
{
    Worked[0] = (ULONG)Object;
    Worked[1] = (ULONG)Context;
    Worked[2] = (ULONG)Item;
    KeSetEvent(&Ran, 0, FALSE);
}

static void WorkItem(PDEVICE_OBJECT Device, ULONG *Out)
{
    PIO_WORKITEM item = IoAllocateWorkItem(Device);

    KeInitializeEvent(&Ran, NotificationEvent, FALSE);
    IoQueueWorkItemEx(item, Work, DelayedWorkQueue, (PVOID)0x77);
    KeWaitForSingleObject(&Ran, Executive, KernelMode, FALSE, NULL);
    Out[11] = Worked[0] == (ULONG)Device && Worked[1] == 0x77 &&
              Worked[2] == (ULONG)item;
    IoFreeWorkItem(item);
}

static void Log(PDEVICE_OBJECT Device, ULONG *Out)
{
    PVOID entry = IoAllocateErrorLogEntry(Device, sizeof(IO_ERROR_LOG_PACKET));

    IoFreeErrorLogEntry(entry); /* nothing is logged */
    IoRegisterShutdownNotification(Device);
    Out[12] = (Device->Flags & DO_SHUTDOWN_REGISTERED) != 0;
    IoUnregisterShutdownNotification(Device);
    Out[13] = (Device->Flags & DO_SHUTDOWN_REGISTERED) != 0;
    Out[14] = IoWMIRegistrationControl(Device, 1);
    Out[15] = Boot[0] * 0x100 + Boot[1];
}

void MoreRows(PDEVICE_OBJECT Device, ULONG *Out)
{
    ByKey(Device, Out);
    Packets(Device, Out);
    WorkItem(Device, Out);
    Log(Device, Out);
}

/* ---- files, memory and objects of the caller's process --------------------*/

static void Memory(ULONG *Out)
{
    PVOID base = NULL;
    SIZE_T bytes = 5000;

    Out[0] = ZwAllocateVirtualMemory(CURRENT_PROCESS, &base, 0, &bytes,
                                     MEM_COMMIT, PAGE_READWRITE);
    Out[1] = bytes;
    Out[2] = (ULONG)base & 0xfff;
    if (Out[0] != STATUS_SUCCESS)
        return;
    *(volatile ULONG *)((PUCHAR)base + 0x1ffc) = 1; /* the last dword of it */
    bytes = 0;
    Out[3] = ZwFreeVirtualMemory(CURRENT_PROCESS, &base, &bytes, MEM_RELEASE);
    Out[4] = MmIsAddressValid(base);
    Out[5] = ZwFreeVirtualMemory(CURRENT_PROCESS, &base, &bytes, MEM_RELEASE);
}

/* A second name of our device, a file of it, and a request that is given up. */
static void Files(ULONG *Out)
{
    WCHAR link[] = L"\\??\\IoTestAgain", name[] = L"\\Device\\IoTest0";
    UNICODE_STRING again = {sizeof link - 2, sizeof link, link};
    UNICODE_STRING device = {sizeof name - 2, sizeof name, name};
    OBJECT_ATTRIBUTES attributes;
    IO_STATUS_BLOCK iosb = {{0}, 0}, cancelled = {{1}, 1};
    ULONG one = 1, i;
    PVOID file = NULL;
    HANDLE handle;

    Out[6] = IoCreateUnprotectedSymbolicLink(&again, &device);
    InitializeObjectAttributes(&attributes, &again, OBJ_KERNEL_HANDLE, NULL,
                               NULL);
    for (i = 0; i < 2; i++) /* for the caller's mode; for the kernel's */
        Out[7 + 7 * i] = IoCreateFile(&handle, GENERIC_READ | GENERIC_WRITE,
                                      &attributes, &iosb, NULL, 0, 7, FILE_OPEN,
                                      0, NULL, 0, CreateFileTypeNone, NULL,
                                      i ? IO_NO_PARAMETER_CHECKING : 0);
    if (Out[14] != STATUS_SUCCESS)
        return;
    Out[8] = ObReferenceObjectByHandle(handle, 0, FILE_TYPE, KernelMode, &file,
                                       NULL);
    if (file)
        ObDereferenceObject(file);
    Out[9] = ObReferenceObjectByHandle(handle, 0, IoDeviceObjectType,
                                       KernelMode, &file, NULL);
    Out[10] = ZwDeviceIoControlFile(handle, NULL, NULL, NULL, &iosb,
                                    IOTEST_PEND, &one, sizeof one, NULL, 0);
    Out[11] = ZwCancelIoFile(handle, &cancelled);
    Out[12] = cancelled.Status;
    ZwClose(handle);
    Out[13] = iosb.Status;
    IoDeleteSymbolicLink(&again);
}

void Process(PDEVICE_OBJECT Device, ULONG *Out)
{
    Memory(Out);
    Files(Out);
    Out[14] |= KeGetPreviousMode() == KernelMode;
    Out[15] = ObReferenceObjectByPointer(Device->DriverObject, 0,
                                         IoDriverObjectType, KernelMode);
    if (Out[15] == STATUS_SUCCESS)
        ObDereferenceObject(Device->DriverObject);
}

/* ---- hardware that the driver has found -----------------------------------*/

static PDEVICE_OBJECT Found;

static NTSTATUS SetMark(HANDLE Key, ULONG Value)
{
    UNICODE_STRING name = {8, 10, L"Mark"};
    NTSTATUS status =
        ZwSetValueKey(Key, &name, 0, REG_DWORD, &Value, sizeof Value);

    ZwClose(Key);
    return status;
}

static ULONG Mark(HANDLE Key)
{
    UNICODE_STRING name = {8, 10, L"Mark"};
    ULONG information[8] = {0}, bytes = 0;

    ZwQueryValueKey(Key, &name, KeyValuePartialInformation, information,
                    sizeof information, &bytes);
    ZwClose(Key);
    return information[3];
}

/* Each kind of key is one of its own and keeps what is written. */
static void Keys(PUNICODE_STRING Link, ULONG *Out)
{
    HANDLE key = NULL;

    Out[2] = IoOpenDeviceRegistryKey(Found, PLUGPLAY_REGKEY_DEVICE,
                                     KEY_ALL_ACCESS, &key);
    SetMark(key, 11);
    Out[3] = IoOpenDeviceRegistryKey(Found, PLUGPLAY_REGKEY_DRIVER,
                                     KEY_ALL_ACCESS, &key);
    SetMark(key, 22);
    Out[4] = IoOpenDeviceInterfaceRegistryKey(Link, KEY_ALL_ACCESS, &key);
    SetMark(key, 33);
    IoOpenDeviceRegistryKey(Found, PLUGPLAY_REGKEY_DEVICE, KEY_READ, &key);
    Out[5] = Mark(key);
    IoOpenDeviceRegistryKey(Found, PLUGPLAY_REGKEY_DRIVER, KEY_READ, &key);
    Out[6] = Mark(key);
    IoOpenDeviceInterfaceRegistryKey(Link, KEY_READ, &key);
    Out[7] = Mark(key);
}

static void Power(ULONG *Out)
{
    POWER_STATE state = {.DeviceState = PowerDeviceD3};

    PoSetPowerState(Found, DevicePowerState, state);
    state.DeviceState = PowerDeviceD0;
    Out[8] = PoSetPowerState(Found, DevicePowerState, state).DeviceState;
    state.DeviceState = PowerDeviceD2;
    Out[9] = PoSetPowerState(Found, DevicePowerState, state).DeviceState;
}

void Detect(PDEVICE_OBJECT Device, ULONG *Out)
{
    static GUID class = {0x1234, 0x56, 0x78, {1, 2, 3, 4, 5, 6, 7, 8}};
    UNICODE_STRING link = {0, 0, NULL};
    HANDLE key;
    ULONG bytes;

    Out[0] =
        IoReportDetectedDevice(Device->DriverObject, InterfaceTypeUndefined, -1,
                               -1, NULL, NULL, FALSE, &Found);
    if (Out[0] != STATUS_SUCCESS)
        return;
    Out[1] = IoGetDeviceProperty(Found, DevicePropertyLegacyBusType,
                                 sizeof bytes, &bytes, &bytes);
    IoRegisterDeviceInterface(Found, &class, NULL, &link);
    Keys(&link, Out);
    RtlFreeUnicodeString(&link);
    Power(Out);
    Out[10] =
        IoOpenDeviceRegistryKey(Device, PLUGPLAY_REGKEY_DEVICE, KEY_READ, &key);
    Out[11] = IoOpenDeviceRegistryKey(Found, 0, KEY_READ, &key);
}

/* ---- hardware that the registry describes ---------------------------------*/

static NTSTATUS NTAPI Callout(PVOID Context, PUNICODE_STRING Path,
                              INTERFACE_TYPE BusType, ULONG Bus,
                              PKEY_VALUE_FULL_INFORMATION *BusInformation,
                              CONFIGURATION_TYPE Controller, ULONG ControllerAt,
                              PKEY_VALUE_FULL_INFORMATION *OfController,
                              CONFIGURATION_TYPE Peripheral, ULONG PeripheralAt,
                              PKEY_VALUE_FULL_INFORMATION *OfPeripheral)
{
    PKEY_VALUE_FULL_INFORMATION id = (OfPeripheral   ? OfPeripheral
                                      : OfController ? OfController
                                                     : BusInformation)[0];
    ULONG *seen = Context;

    DbgPrint("found %wZ: bus %u.%u, %u.%u, %u.%u, %ws\n", Path, BusType, Bus,
             Controller, ControllerAt, Peripheral, PeripheralAt,
             id ? (PWSTR)((PUCHAR)id + id->DataOffset) : L"no name");
    return ++*seen == 3 ? STATUS_NO_SUCH_MEMBER : STATUS_SUCCESS;
}

/* In: interface, controller, peripheral, number of it; -1 is NULL. Out: status,
 * callouts. */
void Describe(ULONG *Words)
{
    INTERFACE_TYPE bus = Words[0];
    CONFIGURATION_TYPE controller = Words[1], peripheral = Words[2];
    ULONG at = Words[3], seen = 0;

    Words[0] =
        IoQueryDeviceDescription(Words[0] == ~0u ? NULL : &bus, NULL,
                                 Words[1] == ~0u ? NULL : &controller, NULL,
                                 Words[2] == ~0u ? NULL : &peripheral,
                                 Words[3] == ~0u ? NULL : &at, Callout, &seen);
    Words[1] = seen;
}
