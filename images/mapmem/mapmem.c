/* images/mapmem/mapmem.c -- shows memory of a card to a program, in the NT 4
 * style: by a section over physical memory, or by MmMapIoSpace and an MDL; and
 * uses system PTEs up. No hardware of its own. */
#include <ntddk.h>

#include "mapmem.h"

enum { MOST_MAPPINGS = 8, MOST_HELD = 4096 };

/* One range that a program sees. System: MmMapIoSpace's address, NULL for a
 * view of a section. */
struct mapping {
    PVOID User, System;
    ULONG Bytes;
    PMDL Mdl;
};

typedef struct _MAPMEM_EXTENSION {
    struct mapping Mapping[MOST_MAPPINGS];
    PVOID Held[MOST_HELD];
} MAPMEM_EXTENSION, *PMAPMEM_EXTENSION;

static BOOLEAN Translate(const MAPMEM_RANGE *Range, PPHYSICAL_ADDRESS At)
{
    PHYSICAL_ADDRESS bus;
    ULONG space = 0;

    bus.QuadPart = Range->Address;
    return Range->Bytes && HalTranslateBusAddress(PCIBus, 0, bus, &space, At) &&
           space == 0;
}

/* The function of bus 0 whose memory this is decodes it: nothing else has
 * started it. */
static void Enable(ULONG Address)
{
    PCI_COMMON_CONFIG config;
    PCI_SLOT_NUMBER slot;
    USHORT command;
    ULONG i;

    slot.u.AsULONG = 0;
    for (i = 0; i < PCI_MAX_DEVICES; i++) {
        slot.u.bits.DeviceNumber = i;
        if (HalGetBusData(PCIConfiguration, 0, slot.u.AsULONG, &config,
                          PCI_COMMON_HDR_LENGTH) < PCI_COMMON_HDR_LENGTH ||
            (config.u.type0.BaseAddresses[0] & ~0xfu) != Address)
            continue;
        command = config.Command | PCI_ENABLE_MEMORY_SPACE;
        HalSetBusDataByOffset(PCIConfiguration, 0, slot.u.AsULONG, &command,
                              FIELD_OFFSET(PCI_COMMON_CONFIG, Command),
                              sizeof command);
    }
}

static struct mapping *FreeMapping(PMAPMEM_EXTENSION Ext)
{
    ULONG i;

    for (i = 0; i < MOST_MAPPINGS; i++)
        if (!Ext->Mapping[i].User)
            return &Ext->Mapping[i];
    return NULL;
}

/* ---- the section ------------------------------------------------------------
 */

static NTSTATUS MapView(HANDLE Section, PHYSICAL_ADDRESS At, ULONG Bytes,
                        struct mapping *Mapping)
{
    LARGE_INTEGER offset = At;
    SIZE_T size = Bytes;
    PVOID base = NULL;
    NTSTATUS status = ZwMapViewOfSection(Section, (HANDLE)(LONG_PTR)-1, &base,
                                         0, Bytes, &offset, &size, ViewUnmap, 0,
                                         PAGE_READWRITE | PAGE_NOCACHE);

    if (!NT_SUCCESS(status))
        return status;
    /* the view begins at the 64 KiB line below */
    Mapping->User = (PUCHAR)base + (At.LowPart - offset.LowPart);
    Mapping->System = NULL;
    Mapping->Bytes = Bytes;
    return STATUS_SUCCESS;
}

static NTSTATUS MapSection(struct mapping *Mapping, PHYSICAL_ADDRESS At,
                           ULONG Bytes)
{
    UNICODE_STRING name;
    OBJECT_ATTRIBUTES attributes;
    PVOID object;
    HANDLE section;
    NTSTATUS status;

    RtlInitUnicodeString(&name, L"\\Device\\PhysicalMemory");
    InitializeObjectAttributes(&attributes, &name, OBJ_CASE_INSENSITIVE, NULL,
                               NULL);
    status = ZwOpenSection(&section, SECTION_ALL_ACCESS, &attributes);
    if (!NT_SUCCESS(status))
        return status;
    status = ObReferenceObjectByHandle(section, SECTION_ALL_ACCESS, NULL,
                                       KernelMode, &object, NULL);
    if (NT_SUCCESS(status)) {
        status = MapView(section, At, Bytes, Mapping);
        ObDereferenceObject(object);
    }
    ZwClose(section);
    return status;
}

/* ---- the MDL ----------------------------------------------------------------
 */

static NTSTATUS MapMdl(struct mapping *Mapping, PHYSICAL_ADDRESS At,
                       ULONG Bytes)
{
    PVOID system = MmMapIoSpace(At, Bytes, MmNonCached);
    PMDL mdl = system ? IoAllocateMdl(system, Bytes, FALSE, FALSE, NULL) : NULL;
    PVOID user = NULL;

    if (mdl) {
        MmBuildMdlForNonPagedPool(mdl);
        user = MmMapLockedPages(mdl, UserMode);
    }
    if (!user) {
        if (mdl)
            IoFreeMdl(mdl);
        if (system)
            MmUnmapIoSpace(system, Bytes);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    /* before service pack 4 NT 4.0 left the offset out */
    Mapping->User = (PUCHAR)PAGE_ALIGN(user) + MmGetMdlByteOffset(mdl);
    Mapping->System = system;
    Mapping->Bytes = Bytes;
    Mapping->Mdl = mdl;
    return STATUS_SUCCESS;
}

/* In the program's process. */
static void Unmap(struct mapping *Mapping)
{
    if (Mapping->System) {
        MmUnmapLockedPages(Mapping->User, Mapping->Mdl);
        IoFreeMdl(Mapping->Mdl);
        MmUnmapIoSpace(Mapping->System, Mapping->Bytes);
    } else {
        ZwUnmapViewOfSection((HANDLE)(LONG_PTR)-1, Mapping->User);
    }
    RtlZeroMemory(Mapping, sizeof *Mapping);
}

/* ---- no system PTEs ---------------------------------------------------------
 */

static VOID NTAPI Nothing(PVOID Context)
{
    (void)Context;
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static void Starve(MAPMEM_SHORTAGE *Out)
{
    PVOID page = ExAllocatePoolWithTag(NonPagedPool, PAGE_SIZE, 'memM');
    PMDL mdl = page ? IoAllocateMdl(page, PAGE_SIZE, FALSE, FALSE, NULL) : NULL;
    OBJECT_ATTRIBUTES attributes;
    HANDLE thread;

    if (mdl) {
        MmProbeAndLockPages(mdl, KernelMode, IoModifyAccess);
        Out->MdlMapped =
            MmMapLockedPagesSpecifyCache(mdl, KernelMode, MmCached, NULL, FALSE,
                                         NormalPagePriority) != NULL;
        Out->UserVa = (ULONG)(ULONG_PTR)MmMapLockedPages(mdl, UserMode);
        MmUnmapLockedPages((PVOID)(ULONG_PTR)Out->UserVa, mdl);
        MmUnlockPages(mdl);
        IoFreeMdl(mdl);
    }
    if (page)
        ExFreePoolWithTag(page, 'memM');
    InitializeObjectAttributes(&attributes, NULL, 0, NULL, NULL);
    Out->Thread = PsCreateSystemThread(&thread, THREAD_ALL_ACCESS, &attributes,
                                       NULL, NULL, Nothing, NULL);
    if (NT_SUCCESS(Out->Thread))
        ZwClose(thread);
}

static void Exhaust(PMAPMEM_EXTENSION Ext, PHYSICAL_ADDRESS At, ULONG Bytes,
                    MAPMEM_SHORTAGE *Out)
{
    ULONG whole = 0, n, i;

    RtlZeroMemory(Out, sizeof *Out);
    /* what is left is too small for Bytes: page by page */
    for (n = 0; n < MOST_HELD; n++) {
        Ext->Held[n] = NULL;
        if (whole == n)
            Ext->Held[n] = MmMapIoSpace(At, Bytes, MmNonCached);
        if (Ext->Held[n])
            whole++;
        else
            Ext->Held[n] = MmMapIoSpace(At, PAGE_SIZE, MmNonCached);
        if (!Ext->Held[n])
            break;
    }
    Out->Mappings = n;
    Starve(Out);
    for (i = 0; i < n; i++)
        MmUnmapIoSpace(Ext->Held[i], i < whole ? Bytes : PAGE_SIZE);
}

/* ---- requests ---------------------------------------------------------------
 */

static struct mapping *FindMapping(PMAPMEM_EXTENSION Ext, ULONG User)
{
    ULONG i;

    for (i = 0; i < MOST_MAPPINGS; i++)
        if (User && (ULONG)(ULONG_PTR)Ext->Mapping[i].User == User)
            return &Ext->Mapping[i];
    return NULL;
}

static NTSTATUS Map(PMAPMEM_EXTENSION Ext, ULONG Code, PVOID Buffer)
{
    MAPMEM_RANGE range = *(MAPMEM_RANGE *)Buffer;
    struct mapping *mapping = FreeMapping(Ext);
    PHYSICAL_ADDRESS at;
    NTSTATUS status;

    if (!Translate(&range, &at))
        return STATUS_INVALID_PARAMETER;
    Enable(range.Address & ~0xfffffu);
    if (!mapping)
        return STATUS_INSUFFICIENT_RESOURCES;
    status = Code == IOCTL_MAPMEM_SECTION ? MapSection(mapping, at, range.Bytes)
                                          : MapMdl(mapping, at, range.Bytes);
    if (NT_SUCCESS(status)) {
        MAPMEM_MAPPED *mapped = Buffer;

        mapped->User = (ULONG)(ULONG_PTR)mapping->User;
        mapped->System = (ULONG)(ULONG_PTR)mapping->System;
    }
    return status;
}

static NTSTATUS Control(PMAPMEM_EXTENSION Ext, PIO_STACK_LOCATION Stack,
                        PVOID Buffer, ULONG_PTR *Bytes)
{
    ULONG code = Stack->Parameters.DeviceIoControl.IoControlCode;
    ULONG in = Stack->Parameters.DeviceIoControl.InputBufferLength;
    ULONG out = Stack->Parameters.DeviceIoControl.OutputBufferLength;
    struct mapping *mapping;
    MAPMEM_RANGE range;
    PHYSICAL_ADDRESS at;

    if (in < (code == IOCTL_MAPMEM_UNMAP ? sizeof(ULONG) : sizeof range))
        return STATUS_BUFFER_TOO_SMALL;
    switch (code) {
    case IOCTL_MAPMEM_SECTION:
    case IOCTL_MAPMEM_MDL:
        *Bytes = sizeof(MAPMEM_MAPPED);
        return out < sizeof(MAPMEM_MAPPED) ? STATUS_BUFFER_TOO_SMALL
                                           : Map(Ext, code, Buffer);
    case IOCTL_MAPMEM_UNMAP:
        mapping = FindMapping(Ext, *(ULONG *)Buffer);
        if (!mapping)
            return STATUS_NOT_MAPPED_VIEW;
        Unmap(mapping);
        return STATUS_SUCCESS;
    case IOCTL_MAPMEM_EXHAUST:
        range = *(MAPMEM_RANGE *)Buffer;
        if (out < sizeof(MAPMEM_SHORTAGE))
            return STATUS_BUFFER_TOO_SMALL;
        if (!Translate(&range, &at))
            return STATUS_INVALID_PARAMETER;
        *Bytes = sizeof(MAPMEM_SHORTAGE);
        Exhaust(Ext, at, range.Bytes, Buffer);
        return STATUS_SUCCESS;
    default:
        return STATUS_INVALID_DEVICE_REQUEST;
    }
}

static NTSTATUS Complete(PIRP Irp, NTSTATUS Status, ULONG_PTR Bytes)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = NT_SUCCESS(Status) ? Bytes : 0;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

static NTSTATUS NTAPI DispatchControl(PDEVICE_OBJECT Device, PIRP Irp)
{
    ULONG_PTR bytes = 0;
    NTSTATUS status =
        Control(Device->DeviceExtension, IoGetCurrentIrpStackLocation(Irp),
                Irp->AssociatedIrp.SystemBuffer, &bytes);

    return Complete(Irp, status, bytes);
}

static NTSTATUS NTAPI DispatchCreateClose(PDEVICE_OBJECT Device, PIRP Irp)
{
    (void)Device;
    return Complete(Irp, STATUS_SUCCESS, 0);
}

/* The last handle goes in the program's process: what it still sees goes, too.
 */
static NTSTATUS NTAPI DispatchCleanup(PDEVICE_OBJECT Device, PIRP Irp)
{
    PMAPMEM_EXTENSION ext = Device->DeviceExtension;
    ULONG i;

    for (i = 0; i < MOST_MAPPINGS; i++)
        if (ext->Mapping[i].User)
            Unmap(&ext->Mapping[i]);
    return Complete(Irp, STATUS_SUCCESS, 0);
}

static VOID NTAPI Unload(PDRIVER_OBJECT Driver)
{
    UNICODE_STRING link;

    RtlInitUnicodeString(&link, L"\\DosDevices\\MapMem");
    IoDeleteSymbolicLink(&link);
    if (Driver->DeviceObject)
        IoDeleteDevice(Driver->DeviceObject);
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING Path)
{
    UNICODE_STRING name, link;
    PDEVICE_OBJECT device;
    NTSTATUS status;

    (void)Path;
    RtlInitUnicodeString(&name, L"\\Device\\MapMem");
    RtlInitUnicodeString(&link, L"\\DosDevices\\MapMem");
    /* one program at a time: mappings are its process's */
    status = IoCreateDevice(Driver, sizeof(MAPMEM_EXTENSION), &name,
                            FILE_DEVICE_UNKNOWN, 0, TRUE, &device);
    if (!NT_SUCCESS(status))
        return status;
    status = IoCreateSymbolicLink(&link, &name);
    if (!NT_SUCCESS(status)) {
        IoDeleteDevice(device);
        return status;
    }
    Driver->MajorFunction[IRP_MJ_CREATE] = DispatchCreateClose;
    Driver->MajorFunction[IRP_MJ_CLOSE] = DispatchCreateClose;
    Driver->MajorFunction[IRP_MJ_CLEANUP] = DispatchCleanup;
    Driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = DispatchControl;
    Driver->DriverUnload = Unload;
    return STATUS_SUCCESS;
}
