/* images/iotest/iotest.c -- see iotest.h. Devices: \Device\IoTest0 buffered,
 * 1 direct, 2 neither; 3 exclusive. */
#include "iotest.h"

static PDEVICE_OBJECT Named[4];

static void See(PDEVICE_OBJECT Device, PIRP Irp, struct seen *Out)
{
    PIO_STACK_LOCATION s = IoGetCurrentIrpStackLocation(Irp);
    PMDL mdl = Irp->MdlAddress;
    struct seen seen;

    (void)Device;
    RtlZeroMemory(&seen, sizeof seen);
    seen.major = s->MajorFunction;
    seen.flags = Irp->Flags;
    seen.requestor_mode = Irp->RequestorMode;
    seen.stack_count = Irp->StackCount;
    seen.location = Irp->CurrentLocation;
    seen.system_buffer = (ULONG)Irp->AssociatedIrp.SystemBuffer;
    seen.user_buffer = (ULONG)Irp->UserBuffer;
    seen.mdl = (ULONG)mdl;
    seen.irql = KeGetCurrentIrql();
    seen.file = (ULONG)s->FileObject;
    seen.in_bytes = s->Parameters.DeviceIoControl.InputBufferLength;
    seen.out_bytes = s->Parameters.DeviceIoControl.OutputBufferLength;
    if (s->MajorFunction == IRP_MJ_DEVICE_CONTROL)
        seen.type3 = (ULONG)s->Parameters.DeviceIoControl.Type3InputBuffer;
    seen.thread_matches = Irp->Tail.Overlay.Thread == PsGetCurrentThread();
    if (seen.type3 && seen.in_bytes >= 4)
        seen.input = *(ULONG *)seen.type3;
    if (mdl) {
        seen.mdl_flags = mdl->MdlFlags;
        seen.mdl_bytes = mdl->ByteCount;
        seen.mdl_offset = mdl->ByteOffset;
        seen.mdl_start = (ULONG)mdl->StartVa;
        seen.process_matches = (PVOID)mdl->Process == IoGetCurrentProcess();
    }
    RtlCopyMemory(Out, &seen, sizeof seen);
}

static NTSTATUS Done(PIRP Irp, NTSTATUS Status, ULONG Information)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

/* ---- pended requests ------------------------------------------------------*/

static void NTAPI Cancel(PDEVICE_OBJECT Device, PIRP Irp)
{
    (void)Device;
    RemoveEntryList(&Irp->Tail.Overlay.ListEntry);
    IoReleaseCancelSpinLock(Irp->CancelIrql);
    Done(Irp, STATUS_CANCELLED, 0);
}

static NTSTATUS Pend(PIOTEST_EXTENSION Ext, PIRP Irp, ULONG Cancelable)
{
    KIRQL irql;

    IoAcquireCancelSpinLock(&irql);
    IoMarkIrpPending(Irp);
    InsertTailList(&Ext->Pended, &Irp->Tail.Overlay.ListEntry);
    if (Cancelable)
        IoSetCancelRoutine(Irp, Cancel);
    IoReleaseCancelSpinLock(irql);
    return STATUS_PENDING;
}

static NTSTATUS CompletePended(PIOTEST_EXTENSION Ext, ULONG *Words)
{
    PIRP irp;

    if (IsListEmpty(&Ext->Pended))
        return STATUS_NO_MORE_ENTRIES;
    irp = CONTAINING_RECORD(RemoveHeadList(&Ext->Pended), IRP,
                            Tail.Overlay.ListEntry);
    IoSetCancelRoutine(irp, NULL);
    Done(irp, Words[0], Words[1]);
    return STATUS_SUCCESS;
}

/* ---- StartIo --------------------------------------------------------------*/

static ULONG Order[16], Ordered, Holding;
static ULONG Nested, MostNested, Nesting;

/* Fails each packet at once by starting the next from inside. */
static void Nest(PDEVICE_OBJECT Device)
{
    Ordered++;
    if (++Nested > MostNested)
        MostNested = Nested;
    if (Ordered > 1)
        IoStartNextPacket(Device, FALSE);
    Nested--;
}

void NTAPI StartIo(PDEVICE_OBJECT Device, PIRP Irp)
{
    if (Nesting) {
        Nest(Device);
        return;
    }
    if (Ordered < 16)
        Order[Ordered++] = (ULONG)Irp->UserBuffer;
    if (KeGetCurrentIrql() != DISPATCH_LEVEL)
        Order[0] = 0xdead;
    Holding = 1;
}

/* Packets of our own: the first starts at once, the others queue by key. */
static ULONG RunStartIo(PDEVICE_OBJECT Device, ULONG Count, ULONG *Keys)
{
    PIRP irp[8];
    KIRQL irql;
    ULONG i;

    Ordered = 0;
    if (Count > 8)
        Count = 8;
    for (i = 0; i < Count; i++) {
        irp[i] = IoAllocateIrp(1, FALSE);
        if (!irp[i])
            return 0;
        irp[i]->UserBuffer = (PVOID)Keys[i];
        IoStartPacket(Device, irp[i], Keys[i] & 0x80000000 ? NULL : &Keys[i],
                      NULL);
    }
    for (i = 0; i < Count; i++) {
        KeRaiseIrql(DISPATCH_LEVEL, &irql);
        IoStartNextPacket(Device, FALSE);
        KeLowerIrql(irql);
    }
    for (i = 0; i < Count; i++)
        IoFreeIrp(irp[i]);
    return Device->CurrentIrp ? 0 : Ordered;
}

static void RunNested(PDEVICE_OBJECT Device, ULONG Deferred, ULONG Count,
                      ULONG *Out)
{
    static PIRP irp[64];
    KIRQL irql;
    ULONG i;

    if (Count > 64)
        Count = 64;
    Nesting = 1;
    Ordered = Nested = MostNested = 0;
    IoSetStartIoAttributes(Device, Deferred != 0, FALSE);
    for (i = 0; i < Count; i++) {
        irp[i] = IoAllocateIrp(1, FALSE);
        IoStartPacket(Device, irp[i], NULL, NULL);
    }
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    IoStartNextPacket(Device, FALSE);
    KeLowerIrql(irql);
    for (i = 0; i < Count; i++)
        IoFreeIrp(irp[i]);
    Nesting = 0;
    IoSetStartIoAttributes(Device, FALSE, FALSE);
    Out[0] = MostNested;
    Out[1] = Ordered;
}

/* ---- threads --------------------------------------------------------------*/

static KEVENT Ran;
static ULONG ThreadWords[4];

static void NTAPI Work(PDEVICE_OBJECT Device, PVOID Context)
{
    ThreadWords[0] = Device == Named[0] && Context == (PVOID)0x77;
    ThreadWords[1] = KeGetCurrentIrql();
    KeSetEvent(&Ran, 0, FALSE);
}

static void NTAPI Thread(PVOID Context)
{
    ThreadWords[2] = (ULONG)Context;
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static void RunThreads(ULONG *Out)
{
    PIO_WORKITEM item = IoAllocateWorkItem(Named[0]);
    HANDLE handle;
    PVOID thread;

    KeInitializeEvent(&Ran, NotificationEvent, FALSE);
    IoQueueWorkItem(item, Work, DelayedWorkQueue, (PVOID)0x77);
    KeWaitForSingleObject(&Ran, Executive, KernelMode, FALSE, NULL);
    IoFreeWorkItem(item);
    if (NT_SUCCESS(PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL,
                                        NULL, Thread, (PVOID)0x1234))) {
        ObReferenceObjectByHandle(handle, THREAD_ALL_ACCESS, NULL, KernelMode,
                                  &thread, NULL);
        ZwClose(handle);
        KeWaitForSingleObject(thread, Executive, KernelMode, FALSE, NULL);
        ObDereferenceObject(thread);
        ThreadWords[3] = 1;
    }
    RtlCopyMemory(Out, ThreadWords, sizeof ThreadWords);
}

/* ---- a request of our own -------------------------------------------------*/

static void BuildOne(ULONG Method, ULONG *Out)
{
    ULONG words[4] = {STATUS_SUCCESS, 8, 41, 42}, answer[4] = {0, 0, 0, 0};
    IO_STATUS_BLOCK iosb = {{0}, 0};
    KEVENT event;
    NTSTATUS status;
    PIRP irp;

    KeInitializeEvent(&event, NotificationEvent, FALSE);
    irp = IoBuildDeviceIoControlRequest(Method ? IOTEST_PEND : IOTEST_ECHO,
                                        Named[0], words, sizeof words, answer,
                                        sizeof answer, FALSE, &event, &iosb);
    if (!irp)
        return;
    status = IoCallDriver(Named[0], irp);
    Out[0] = status;
    if (status == STATUS_PENDING) {
        CompletePended(Named[0]->DeviceExtension, words);
        KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
    }
    Out[1] = iosb.Status;
    Out[2] = iosb.Information;
    Out[3] = answer[0];
    Out[4] = answer[1];
}

/* ---- misdeeds -------------------------------------------------------------*/

static void NTAPI NoCancel(PDEVICE_OBJECT Device, PIRP Irp)
{
    (void)Device;
    (void)Irp;
}

static NTSTATUS Misdeed(PDEVICE_OBJECT Device, PIRP Irp, ULONG What)
{
    switch (What) {
    case MISDEED_NO_LOCATION:
        return IoCallDriver(Device, Irp);
    case MISDEED_COMPLETE_TWICE:
        Irp->IoStatus.Status = STATUS_SUCCESS;
        IoMarkIrpPending(Irp);
        IoCompleteRequest(Irp, IO_NO_INCREMENT);
        IoCompleteRequest(Irp, IO_NO_INCREMENT);
        return STATUS_PENDING;
    case MISDEED_CANCEL_COMPLETED:
        Irp->IoStatus.Status = STATUS_SUCCESS;
        IoMarkIrpPending(Irp);
        IoCompleteRequest(Irp, IO_NO_INCREMENT);
        IoSetCancelRoutine(Irp, NoCancel);
        IoCancelIrp(Irp);
        return STATUS_PENDING;
    case MISDEED_UNMARKED:
        return STATUS_PENDING;
    default:
        return STATUS_SUCCESS;
    }
}

static void Allocate(ULONG Count, UCHAR *Out)
{
    PIRP irp = IoAllocateIrp((CCHAR)Count, FALSE);

    if (!irp)
        return;
    RtlCopyMemory(Out, irp, sizeof(IRP));
    irp->AllocationFlags = 5;
    IoReuseIrp(irp, STATUS_UNSUCCESSFUL);
    RtlCopyMemory(Out + sizeof(IRP), irp, sizeof(IRP));
    *(ULONG *)(Out + 2 * sizeof(IRP)) = (ULONG)irp;
    IoFreeIrp(irp);
}

static ULONG Again[3];

static void NTAPI Reinitialize(PDRIVER_OBJECT Driver, PVOID Context,
                               ULONG Count)
{
    Again[0]++;
    Again[1] = Count;
    Again[2] = (ULONG)Context;
    if (Again[0] == 1)
        IoRegisterDriverReinitialization(Driver, Reinitialize, (PVOID)0x99);
}

/* Requests that answer IOTEST_WORDS words. */
static NTSTATUS Words(PDEVICE_OBJECT Device, PIRP Irp, ULONG Code)
{
    ULONG *out = Irp->AssociatedIrp.SystemBuffer;
    ULONG deferred = out ? out[0] : 0, count = out ? out[1] : 0;
    GUID class = {0, 0, 0, {0}};

    if (IoGetCurrentIrpStackLocation(Irp)
            ->Parameters.DeviceIoControl.OutputBufferLength <
        IOTEST_WORDS * sizeof *out)
        return Done(Irp, STATUS_BUFFER_TOO_SMALL, 0);
    RtlCopyMemory(&class, out + 1, sizeof class);
    RtlZeroMemory(out, IOTEST_WORDS * sizeof *out);
    switch (Code) {
    case IOTEST_RESOURCES:
        Resources(Device->DriverObject, out);
        break;
    case IOTEST_POINTER:
        Pointer(Device->DriverObject, out);
        break;
    case IOTEST_ASSOCIATED:
        Associated(out);
        break;
    case IOTEST_EVENTS:
        Events(out);
        break;
    case IOTEST_TIMER:
        Timer(Device, out);
        break;
    case IOTEST_FILE:
        File(out);
        break;
    case IOTEST_DEFERRED:
        RunNested(Device, deferred, count, out);
        break;
    case IOTEST_ROWS:
        Rows(Device, out);
        break;
    case IOTEST_MORE_ROWS:
        MoreRows(Device, out);
        break;
    case IOTEST_PROCESS:
        Process(Device, out);
        break;
    case IOTEST_DETECT:
        Detect(Device, out);
        break;
    case IOTEST_PDO:
        AskPdo((PDEVICE_OBJECT)deferred, &class, out);
        break;
    case IOTEST_DIRECTORY:
        Directory(out);
        break;
    case IOTEST_LEFT_ALONE:
        LeftAlone(Device, out);
        break;
    case IOTEST_REINITIALIZED:
        RtlCopyMemory(out, Again, sizeof Again);
        break;
    default:
        return Done(Irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    }
    return Done(Irp, STATUS_SUCCESS, IOTEST_WORDS * sizeof *out);
}

/* ---- dispatch -------------------------------------------------------------*/

static NTSTATUS Buffered(PDEVICE_OBJECT Device, PIRP Irp, ULONG Code)
{
    PIO_STACK_LOCATION s = IoGetCurrentIrpStackLocation(Irp);
    ULONG *words = Irp->AssociatedIrp.SystemBuffer, i;
    ULONG in = s->Parameters.DeviceIoControl.InputBufferLength;
    ULONG out = s->Parameters.DeviceIoControl.OutputBufferLength;
    struct chain chain;

    switch (Code) {
    case IOTEST_ECHO:
        i = words[0];
        in = words[1];
        RtlMoveMemory(words, words + 2, out > 8 ? 8 : out);
        words[0]++;
        words[1]++;
        return Done(Irp, i, in);
    case IOTEST_PEND:
        return Pend(Device->DeviceExtension, Irp, in ? words[0] : 0);
    case IOTEST_COMPLETE:
        return Done(Irp, CompletePended(Device->DeviceExtension, words), 0);
    case IOTEST_ALLOCATE:
        Allocate(words[0], (UCHAR *)words);
        return Done(Irp, STATUS_SUCCESS, 2 * sizeof(IRP) + 4);
    case IOTEST_CHAIN:
        RtlCopyMemory(&chain, words, sizeof chain);
        ChainRun(&chain, (struct chain_log *)words);
        return Done(Irp, STATUS_SUCCESS, sizeof(struct chain_log));
    case IOTEST_START:
        i = RunStartIo(Device, words[0], words + 1);
        RtlCopyMemory(words + 1, Order, sizeof Order);
        words[0] = i;
        return Done(Irp, STATUS_SUCCESS, 4 + sizeof Order);
    case IOTEST_THREADS:
        RunThreads(words);
        return Done(Irp, STATUS_SUCCESS, sizeof ThreadWords);
    case IOTEST_BUILD:
        BuildOne(words[0], words);
        return Done(Irp, STATUS_SUCCESS, 20);
    case IOTEST_DESCRIBE:
        Describe(words);
        return Done(Irp, STATUS_SUCCESS, 8);
    case IOTEST_LISTEN:
        return Done(Irp, Listen(Device->DriverObject, (GUID *)words), 0);
    case IOTEST_MISDEED:
        return Misdeed(Device, Irp, words[0]);
    default:
        return Words(Device, Irp, Code);
    }
}

static NTSTATUS NTAPI DeviceControl(PDEVICE_OBJECT Device, PIRP Irp)
{
    PIO_STACK_LOCATION s = IoGetCurrentIrpStackLocation(Irp);
    ULONG code = s->Parameters.DeviceIoControl.IoControlCode;

    switch (code) {
    case IOTEST_SEE_BUFFERED:
        See(Device, Irp, Irp->AssociatedIrp.SystemBuffer);
        return Done(Irp, STATUS_SUCCESS, sizeof(struct seen));
    case IOTEST_SEE_IN:
    case IOTEST_SEE_OUT:
        See(Device, Irp, MmGetSystemAddressForMdlSafe(Irp->MdlAddress, 0));
        return Done(Irp, STATUS_SUCCESS, sizeof(struct seen));
    case IOTEST_SEE_NEITHER:
        See(Device, Irp, Irp->UserBuffer);
        return Done(Irp, STATUS_SUCCESS, sizeof(struct seen));
    default:
        return Buffered(Device, Irp, code);
    }
}

/* Reads give what was seen; of a write, Key words of status and information. */
static NTSTATUS NTAPI Read(PDEVICE_OBJECT Device, PIRP Irp)
{
    PIO_STACK_LOCATION s = IoGetCurrentIrpStackLocation(Irp);
    ULONG bytes = s->Parameters.Read.Length;
    PVOID to = Irp->AssociatedIrp.SystemBuffer;

    if (Device->Flags & DO_DIRECT_IO)
        to = Irp->MdlAddress ? MmGetSystemAddressForMdlSafe(Irp->MdlAddress, 0)
                             : NULL;
    else if (!(Device->Flags & DO_BUFFERED_IO))
        to = Irp->UserBuffer;
    if (bytes >= sizeof(struct seen) && to)
        See(Device, Irp, to);
    return Done(Irp, STATUS_SUCCESS,
                bytes >= sizeof(struct seen) ? sizeof(struct seen) : 0);
}

static NTSTATUS NTAPI Write(PDEVICE_OBJECT Device, PIRP Irp)
{
    ULONG *words = Irp->AssociatedIrp.SystemBuffer;
    ULONG bytes = IoGetCurrentIrpStackLocation(Irp)->Parameters.Write.Length;

    if (bytes && (Device->Flags & DO_DIRECT_IO))
        words = MmGetSystemAddressForMdlSafe(Irp->MdlAddress, 0);
    else if (!(Device->Flags & DO_BUFFERED_IO))
        words = Irp->UserBuffer;
    return Done(Irp, STATUS_SUCCESS, bytes >= 4 && words ? words[0] : 0);
}

static NTSTATUS NTAPI CreateClose(PDEVICE_OBJECT Device, PIRP Irp)
{
    UCHAR major = IoGetCurrentIrpStackLocation(Irp)->MajorFunction;

    DbgPrint("iotest: %s %p\n",
             major == IRP_MJ_CREATE     ? "create"
             : major == IRP_MJ_CLOSE    ? "close"
             : major == IRP_MJ_SHUTDOWN ? "shutdown"
                                        : "cleanup",
             Device);
    return Done(Irp, STATUS_SUCCESS, 0);
}

static void NTAPI Unload(PDRIVER_OBJECT Driver)
{
    ULONG i;

    (void)Driver;
    ListenNoMore();
    ChainDelete();
    for (i = 0; i < 4; i++)
        IoDeleteDevice(Named[i]);
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING Path)
{
    WCHAR name[] = L"\\Device\\IoTest0", link[] = L"\\??\\IoTest";
    UNICODE_STRING device = {sizeof name - 2, sizeof name, name};
    UNICODE_STRING symbolic = {sizeof link - 2, sizeof link, link};
    NTSTATUS status = STATUS_SUCCESS;
    ULONG i;

    (void)Path;
    for (i = 0; i < 4 && NT_SUCCESS(status); i++) {
        PIOTEST_EXTENSION ext;
        name[14] = (WCHAR)(L'0' + i);
        status = IoCreateDevice(Driver, sizeof(IOTEST_EXTENSION), &device,
                                FILE_DEVICE_UNKNOWN, 0, i == 3, &Named[i]);
        if (!NT_SUCCESS(status))
            return status;
        ext = Named[i]->DeviceExtension;
        InitializeListHead(&ext->Pended);
        Named[i]->Flags |= i == 1 ? DO_DIRECT_IO : i == 2 ? 0 : DO_BUFFERED_IO;
    }
    name[14] = L'0';
    IoCreateSymbolicLink(&symbolic, &device);
    Driver->MajorFunction[IRP_MJ_CREATE] = CreateClose;
    Driver->MajorFunction[IRP_MJ_CLOSE] = CreateClose;
    Driver->MajorFunction[IRP_MJ_CLEANUP] = CreateClose;
    Driver->MajorFunction[IRP_MJ_READ] = Read;
    Driver->MajorFunction[IRP_MJ_WRITE] = Write;
    Driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = DeviceControl;
    Driver->MajorFunction[IRP_MJ_FLUSH_BUFFERS] = ChainDispatch;
    Driver->MajorFunction[IRP_MJ_SHUTDOWN] = CreateClose;
    Driver->DriverStartIo = StartIo;
    Driver->DriverUnload = Unload;
    IoRegisterDriverReinitialization(Driver, Reinitialize, (PVOID)0x88);
    RowsEntry(Driver);
    return ChainCreate(Driver);
}
