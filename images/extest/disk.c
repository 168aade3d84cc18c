/* images/extest/disk.c -- partition tables of a disk in memory, whose device
 * completes every other request later, in a work item. */
#include "extest.h"

#include <ntdddisk.h>

/* In the SDK's headers alone. */
typedef struct _CREATE_DISK {
    PARTITION_STYLE PartitionStyle;
    union {
        struct {
            ULONG Signature;
        } Mbr;
        struct {
            GUID DiskId;
            ULONG MaxPartitionCount;
        } Gpt;
    };
} CREATE_DISK;

enum { SECTORS = 2048, BYTES = 512, ENTRIES = 12 };
#define MBR(i) (Disk + 0x1be + 16 * (i))

static PUCHAR Disk;
static BOOLEAN NoGeometryEx, Broken;
static ULONG Requests;

/* ---- the device -----------------------------------------------------------*/

static NTSTATUS Geometry(PIO_STACK_LOCATION At, PIRP Irp)
{
    ULONG code = At->Parameters.DeviceIoControl.IoControlCode;
    PDISK_GEOMETRY_EX g = Irp->AssociatedIrp.SystemBuffer;
    BOOLEAN ex = code == IOCTL_DISK_GET_DRIVE_GEOMETRY_EX;

    if (Broken)
        return STATUS_DEVICE_NOT_READY;
    if ((ex && NoGeometryEx) || (!ex && code != IOCTL_DISK_GET_DRIVE_GEOMETRY))
        return STATUS_INVALID_DEVICE_REQUEST;
    RtlZeroMemory(g, ex ? 40 : 24);
    g->Geometry.Cylinders.QuadPart = SECTORS / 8 / 16;
    g->Geometry.TracksPerCylinder = 8;
    g->Geometry.SectorsPerTrack = 16;
    g->Geometry.BytesPerSector = BYTES;
    if (ex)
        g->DiskSize.QuadPart = SECTORS * BYTES;
    Irp->IoStatus.Information = ex ? 40 : 24;
    return STATUS_SUCCESS;
}

static NTSTATUS Transfer(PIO_STACK_LOCATION At, PIRP Irp)
{
    BOOLEAN read = At->MajorFunction == IRP_MJ_READ;
    ULONG bytes =
        read ? At->Parameters.Read.Length : At->Parameters.Write.Length;
    LONGLONG offset = read ? At->Parameters.Read.ByteOffset.QuadPart
                           : At->Parameters.Write.ByteOffset.QuadPart;
    PUCHAR to = Disk + (ULONG)offset, from;

    if (offset < 0 || offset % BYTES || bytes % BYTES ||
        offset + bytes > SECTORS * BYTES)
        return STATUS_INVALID_PARAMETER;
    from = MmGetSystemAddressForMdl(Irp->MdlAddress);
    RtlCopyMemory(read ? from : to, read ? to : from, bytes);
    Irp->IoStatus.Information = bytes;
    return STATUS_SUCCESS;
}

static void NTAPI Later(PDEVICE_OBJECT Device, PVOID Context)
{
    (void)Device;
    IoCompleteRequest((PIRP)Context, IO_NO_INCREMENT);
}

static NTSTATUS NTAPI Serve(PDEVICE_OBJECT Device, PIRP Irp)
{
    PIO_STACK_LOCATION at = IoGetCurrentIrpStackLocation(Irp);
    PIO_WORKITEM item = Requests++ & 1 ? IoAllocateWorkItem(Device) : NULL;
    NTSTATUS status;

    Irp->IoStatus.Information = 0;
    status = at->MajorFunction == IRP_MJ_DEVICE_CONTROL ? Geometry(at, Irp)
                                                        : Transfer(at, Irp);
    Irp->IoStatus.Status = status;
    if (item && NT_SUCCESS(status)) { /* the item is never freed: a test */
        IoMarkIrpPending(Irp);
        IoQueueWorkItem(item, Later, DelayedWorkQueue, Irp);
        return STATUS_PENDING;
    }
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return status;
}

/* ---- MBR ------------------------------------------------------------------*/

static ULONG Dword(ULONG Sector, ULONG Offset)
{
    return *(ULONG UNALIGNED *)(Disk + Sector * BYTES + Offset);
}

static ULONG Sum(void)
{
    ULONG sum = 0, i;

    for (i = 0; i < BYTES; i += 4)
        sum += Dword(0, i);
    return sum;
}

static void Blank(PDEVICE_OBJECT Device)
{
    PDRIVE_LAYOUT_INFORMATION_EX layout = NULL;
    DISK_SIGNATURE signature;
    CREATE_DISK create = {.PartitionStyle = PARTITION_STYLE_MBR};
    PVOID sector = (PVOID)1;

    RtlFillMemory(Disk, 0x1be, 0xcc);
    CHECK(IoReadPartitionTableEx(Device, &layout) == STATUS_SUCCESS);
    CHECK(layout->PartitionStyle == PARTITION_STYLE_RAW);
    CHECK(layout->PartitionCount == 0);
    ExFreePool(layout);
    CHECK(IoReadDiskSignature(Device, BYTES, &signature) ==
          STATUS_DISK_CORRUPT_ERROR);
    HalExamineMBR(Device, BYTES, 6, &sector);
    CHECK(sector == NULL);
    create.Mbr.Signature = 0x12345678;
    CHECK(IoCreateDisk(Device, &create) == STATUS_SUCCESS);
    CHECK(Disk[0] == 0xcc && Disk[510] == 0x55); /* code stays */
    CHECK(IoReadDiskSignature(Device, BYTES, &signature) == STATUS_SUCCESS);
    CHECK(signature.PartitionStyle == PARTITION_STYLE_MBR);
    CHECK(signature.Mbr.Signature == 0x12345678);
    CHECK(Sum() + signature.Mbr.CheckSum == 0);
    CHECK(IoReadPartitionTableEx(Device, &layout) == STATUS_SUCCESS);
    CHECK(layout->PartitionStyle == PARTITION_STYLE_MBR);
    CHECK(layout->PartitionCount == 4);
    CHECK(layout->Mbr.Signature == 0x12345678);
    ExFreePool(layout);
}

static void Part(PPARTITION_INFORMATION_EX P, UCHAR Type, ULONG Start,
                 ULONG Count)
{
    P->PartitionStyle = PARTITION_STYLE_MBR;
    P->StartingOffset.QuadPart = (ULONGLONG)Start * BYTES;
    P->PartitionLength.QuadPart = (ULONGLONG)Count * BYTES;
    P->RewritePartition = TRUE;
    P->Mbr.PartitionType = Type;
}

/* One primary, and two logical ones in an extended: tables at 0, 512, 1024. */
static void WriteMbr(PDEVICE_OBJECT Device)
{
    ULONG bytes =
        FIELD_OFFSET(DRIVE_LAYOUT_INFORMATION_EX, PartitionEntry[ENTRIES]);
    PDRIVE_LAYOUT_INFORMATION_EX layout = ExAllocatePool(NonPagedPool, bytes);
    PPARTITION_INFORMATION_EX p = layout->PartitionEntry;

    RtlZeroMemory(layout, bytes);
    layout->PartitionStyle = PARTITION_STYLE_MBR;
    layout->PartitionCount = ENTRIES;
    layout->Mbr.Signature = 0x55aa1234;
    Part(p, 6, 16, 400);
    p[0].Mbr.BootIndicator = TRUE;
    Part(p + 1, 5, 512, 1024);
    Part(p + 4, 7, 528, 300);
    Part(p + 5, 5, 1024, 512);
    Part(p + 8, 0x83, 1040, 100);
    CHECK(IoWritePartitionTableEx(Device, layout) == STATUS_SUCCESS);
    ExFreePool(layout);
    CHECK(Dword(0, 0x1b8) == 0x55aa1234);
    CHECK(MBR(0)[0] == 0x80 && MBR(0)[4] == 6);
    CHECK(MBR(0)[1] == 1 && MBR(0)[2] == 1 && MBR(0)[3] == 0); /* C H S */
    CHECK(Dword(0, 0x1c6) == 16 && Dword(0, 0x1ca) == 400);
    CHECK(MBR(1)[4] == 5 && Dword(0, 0x1d6) == 512);
    CHECK(Dword(512, 0x1c6) == 16 && Dword(512, 0x1ca) == 300);
    CHECK(Dword(512, 0x1d6) == 512); /* from the extended's start */
    CHECK(Dword(1024, 0x1c6) == 16 && Dword(1024, 0x1ca) == 100);
    CHECK(Disk[512 * BYTES + 511] == 0xaa && Disk[1024 * BYTES + 510] == 0x55);
}

static BOOLEAN Is(PPARTITION_INFORMATION_EX P, UCHAR Type, ULONG Start,
                  ULONG Count, ULONG Number)
{
    return P->Mbr.PartitionType == Type &&
           P->StartingOffset.QuadPart == (LONGLONG)Start * BYTES &&
           P->PartitionLength.QuadPart == (LONGLONG)Count * BYTES &&
           P->PartitionNumber == Number && !P->RewritePartition;
}

static void ReadMbr(PDEVICE_OBJECT Device)
{
    PDRIVE_LAYOUT_INFORMATION_EX layout = NULL;
    PPARTITION_INFORMATION_EX p;

    CHECK(IoReadPartitionTableEx(Device, &layout) == STATUS_SUCCESS);
    CHECK(layout->PartitionCount == ENTRIES);
    p = layout->PartitionEntry;
    CHECK(Is(p, 6, 16, 400, 1) && Is(p + 1, 5, 512, 1024, 0));
    CHECK(Is(p + 2, 0, 0, 0, 0) && Is(p + 4, 7, 528, 300, 2));
    CHECK(Is(p + 5, 5, 1024, 512, 0) && Is(p + 8, 0x83, 1040, 100, 3));
    CHECK(p[0].Mbr.BootIndicator && p[0].Mbr.RecognizedPartition);
    CHECK(!p[8].Mbr.RecognizedPartition && p[4].Mbr.HiddenSectors == 16);
    ExFreePool(layout);
}

static void ChangeMbr(PDEVICE_OBJECT Device)
{
    SET_PARTITION_INFORMATION_EX info = {.PartitionStyle = PARTITION_STYLE_MBR};
    PVOID sector = NULL;

    CHECK(IoSetPartitionInformation(Device, BYTES, 3, 0x0b) == STATUS_SUCCESS);
    CHECK(Disk[1024 * BYTES + 0x1c2] == 0x0b);
    CHECK(IoSetPartitionInformation(Device, BYTES, 4, 0x0b) ==
          STATUS_NOT_FOUND);
    info.Mbr.PartitionType = 0x54;
    CHECK(IoSetPartitionInformationEx(Device, 1, &info) == STATUS_SUCCESS);
    CHECK(MBR(0)[4] == 0x54);
    info.PartitionStyle = PARTITION_STYLE_GPT;
    CHECK(IoSetPartitionInformationEx(Device, 1, &info) ==
          STATUS_INVALID_PARAMETER);
    HalExamineMBR(Device, BYTES, 6, &sector);
    CHECK(sector == NULL);
    HalExamineMBR(Device, BYTES, 0x54, &sector);
    CHECK(sector != NULL && *(ULONG *)sector == 63); /* OnTrack's */
    CHECK(RtlCompareMemory((PUCHAR)sector + 4, Disk + 4, BYTES - 4) ==
          BYTES - 4);
    ExFreePool(sector);
}

/* A chain that leads back to itself ends, and so does one that is cut. */
static void DamagedChain(PDEVICE_OBJECT Device)
{
    PDRIVE_LAYOUT_INFORMATION_EX layout = NULL;

    *(ULONG UNALIGNED *)(Disk + 1024 * BYTES + 0x1d6) =
        256; /* to 768, not one */
    Disk[1024 * BYTES + 0x1d2] = 5;
    CHECK(IoReadPartitionTableEx(Device, &layout) == STATUS_SUCCESS);
    CHECK(layout->PartitionCount == ENTRIES);
    ExFreePool(layout);
    *(ULONG UNALIGNED *)(Disk + 1024 * BYTES + 0x1d6) = 0;
    RtlCopyMemory(Disk + 768 * BYTES, Disk + 1024 * BYTES, BYTES);
    *(ULONG UNALIGNED *)(Disk + 1024 * BYTES + 0x1d6) = 256; /* 1024 <-> 768 */
    *(ULONG UNALIGNED *)(Disk + 768 * BYTES + 0x1d6) = 512;
    CHECK(IoReadPartitionTableEx(Device, &layout) == STATUS_SUCCESS);
    CHECK(layout->PartitionCount == 4 * 128);
    ExFreePool(layout);
    *(ULONG UNALIGNED *)(Disk + 768 * BYTES + 0x1d6) = 0x7fffffff;
    CHECK(IoReadPartitionTableEx(Device, &layout) == STATUS_INVALID_PARAMETER);
}

/* ---- GPT ------------------------------------------------------------------*/

static const GUID Id = {0x11111111, 2, 3, {4, 5, 6, 7, 8, 9, 10, 11}};
static const GUID Basic = {0xebd0a0a2,
                           0xb9e5,
                           0x4433,
                           {0x87, 0xc0, 0x68, 0xb6, 0xb7, 0x26, 0x99, 0xc7}};

static BOOLEAN Same(const void *A, const void *B, ULONG Bytes)
{
    return RtlCompareMemory(A, B, Bytes) == Bytes;
}

static void WriteGpt(PDEVICE_OBJECT Device)
{
    ULONG bytes = FIELD_OFFSET(DRIVE_LAYOUT_INFORMATION_EX, PartitionEntry[2]);
    PDRIVE_LAYOUT_INFORMATION_EX layout = ExAllocatePool(NonPagedPool, bytes);
    CREATE_DISK create = {.PartitionStyle = PARTITION_STYLE_GPT};
    DISK_SIGNATURE signature;
    ULONG i;

    create.Gpt.DiskId = Id;
    create.Gpt.MaxPartitionCount = 10000;
    CHECK(IoCreateDisk(Device, &create) == STATUS_INVALID_PARAMETER);
    create.Gpt.MaxPartitionCount = 0; /* the least there is */
    CHECK(IoCreateDisk(Device, &create) == STATUS_SUCCESS);
    CHECK(MBR(0)[4] == 0xee && Dword(0, 0x1c6) == 1);
    CHECK(Same(Disk + BYTES, "EFI PART", 8));
    CHECK(Same(Disk + (SECTORS - 1) * BYTES, "EFI PART", 8));
    CHECK(IoReadDiskSignature(Device, BYTES, &signature) == STATUS_SUCCESS);
    CHECK(signature.PartitionStyle == PARTITION_STYLE_GPT);
    CHECK(Same(&signature.Gpt.DiskId, &Id, sizeof Id));
    RtlZeroMemory(layout, bytes);
    layout->PartitionStyle = PARTITION_STYLE_GPT;
    layout->PartitionCount = 2;
    layout->Gpt.DiskId = Id;
    layout->Gpt.MaxPartitionCount = 128;
    for (i = 0; i < 2; i++) {
        PPARTITION_INFORMATION_EX p = layout->PartitionEntry + i;

        Part(p, 0, 100 + 200 * i, 200);
        p->PartitionStyle = PARTITION_STYLE_GPT;
        p->Gpt.PartitionType = Basic;
        p->Gpt.PartitionId.Data1 = i + 1;
        p->Gpt.Name[0] = (WCHAR)('A' + i);
    }
    CHECK(IoWritePartitionTableEx(Device, layout) == STATUS_SUCCESS);
    layout->PartitionEntry[1].PartitionLength.QuadPart = SECTORS * BYTES;
    CHECK(IoWritePartitionTableEx(Device, layout) == STATUS_INVALID_PARAMETER);
    ExFreePool(layout);
}

/* As it was written, the second one with these attributes. */
static void ReadGpt(PDEVICE_OBJECT Device, ULONGLONG Attributes)
{
    PDRIVE_LAYOUT_INFORMATION_EX layout = NULL;
    PPARTITION_INFORMATION_EX p;

    CHECK(IoReadPartitionTableEx(Device, &layout) == STATUS_SUCCESS);
    CHECK(layout->PartitionStyle == PARTITION_STYLE_GPT);
    CHECK(layout->PartitionCount == 2);
    CHECK(layout->Gpt.MaxPartitionCount == 128);
    CHECK(layout->Gpt.StartingUsableOffset.QuadPart == 34 * BYTES);
    CHECK(layout->Gpt.UsableLength.QuadPart == (SECTORS - 67) * BYTES);
    p = layout->PartitionEntry + 1;
    CHECK(p->PartitionNumber == 2 && p->Gpt.Name[0] == 'B');
    CHECK(p->StartingOffset.QuadPart == 300 * BYTES);
    CHECK(p->PartitionLength.QuadPart == 200 * BYTES);
    CHECK(Same(&p->Gpt.PartitionType, &Basic, sizeof Basic));
    CHECK(p->Gpt.PartitionId.Data1 == 2 && p->Gpt.Attributes == Attributes);
    ExFreePool(layout);
}

static void ChangeGpt(PDEVICE_OBJECT Device)
{
    SET_PARTITION_INFORMATION_EX info = {.PartitionStyle = PARTITION_STYLE_GPT};
    PDRIVE_LAYOUT_INFORMATION_EX layout = NULL;

    ReadGpt(Device, 0);
    Disk[BYTES + 40] ^= 1; /* the first header's CRC is wrong now */
    ReadGpt(Device, 0);
    info.Gpt.PartitionType = Basic;
    info.Gpt.PartitionId.Data1 = 2;
    info.Gpt.Attributes = 0x8000000000000001;
    info.Gpt.Name[0] = 'B';
    CHECK(IoSetPartitionInformationEx(Device, 3, &info) == STATUS_NOT_FOUND);
    CHECK(IoSetPartitionInformationEx(Device, 2, &info) == STATUS_SUCCESS);
    RtlZeroMemory(Disk + (SECTORS - 1) * BYTES, BYTES);
    ReadGpt(Device, info.Gpt.Attributes); /* the first is whole again */
    Disk[2 * BYTES] ^= 1;                 /* its table is not */
    CHECK(IoReadPartitionTableEx(Device, &layout) == STATUS_DISK_CORRUPT_ERROR);
    CHECK(IoCreateDisk(Device, NULL) == STATUS_SUCCESS);
    CHECK(Disk[510] == 0 && Dword(1, 0) == 0 && Dword(SECTORS - 1, 0) == 0);
}

void Disks(PDEVICE_OBJECT Device)
{
    PDRIVE_LAYOUT_INFORMATION_EX layout = NULL;
    PDEVICE_OBJECT disk;

    CHECK(IoCreateDevice(Device->DriverObject, sizeof(PVOID), NULL,
                         FILE_DEVICE_DISK, 0, FALSE, &disk) == STATUS_SUCCESS);
    *(PDRIVER_DISPATCH *)disk->DeviceExtension = Serve;
    disk->Flags |= DO_DIRECT_IO;
    disk->Flags &= ~DO_DEVICE_INITIALIZING;
    Disk = ExAllocatePool(NonPagedPool, SECTORS * BYTES);
    RtlZeroMemory(Disk, SECTORS * BYTES);
    Blank(disk);
    WriteMbr(disk);
    ReadMbr(disk);
    NoGeometryEx = TRUE;
    ReadMbr(disk);
    ChangeMbr(disk);
    DamagedChain(disk);
    WriteGpt(disk);
    ChangeGpt(disk);
    Broken = TRUE;
    CHECK(IoReadPartitionTableEx(disk, &layout) == STATUS_DEVICE_NOT_READY);
    ExFreePool(Disk);
    IoDeleteDevice(disk);
}
