/* images/extest/wmi.c -- two WMI providers and a consumer of their blocks. */
#include "extest.h"

#include <wmistr.h>

#define GUID_NOT_FOUND ((NTSTATUS)0xC0000295)

static const GUID Data = {0x6c0ffee1, 1, 2, {3, 4, 5, 6, 7, 8, 9, 10}};
static const GUID Event = {0x6c0ffee2, 1, 2, {3, 4, 5, 6, 7, 8, 9, 10}};
static const GUID Nobodys = {0x6c0ffee3, 1, 2, {3, 4, 5, 6, 7, 8, 9, 10}};

struct provider {
    PDRIVER_DISPATCH Dispatch;
    PDEVICE_OBJECT Self;
    BOOLEAN OldForm;  /* does not know IRP_MN_REGINFO_EX */
    BOOLEAN Shy;      /* asks for a larger buffer first */
    ULONG Registered; /* how often it has been asked to the end */
    ULONG Enabled;    /* IRP_MN_ENABLE_EVENTS seen */
    ULONG Collected;  /* IRP_MN_ENABLE_COLLECTION seen */
    ULONG DataPath;   /* of the last registration */
    ULONG Value;
};

static PDEVICE_OBJECT Provider[2];

static NTSTATUS Register(struct provider *P, PIO_STACK_LOCATION At, PIRP Irp)
{
    PWMIREGINFOW info = At->Parameters.WMI.Buffer;
    ULONG bytes = sizeof *info + 2 * sizeof(WMIREGGUIDW);

    if (P->Shy && At->Parameters.WMI.BufferSize < 8000) {
        *(ULONG *)info = 8000;
        Irp->IoStatus.Information = 4;
        return STATUS_BUFFER_TOO_SMALL;
    }
    RtlZeroMemory(info, bytes);
    info->BufferSize = bytes;
    info->GuidCount = 2;
    info->WmiRegGuid[0].Guid = Data;
    info->WmiRegGuid[0].InstanceCount = 1;
    info->WmiRegGuid[0].Flags = 1; /* expensive to collect */
    info->WmiRegGuid[1].Guid = Event;
    info->WmiRegGuid[1].InstanceCount = 1;
    Irp->IoStatus.Information = bytes;
    P->DataPath = (ULONG)At->Parameters.WMI.DataPath;
    P->Registered++;
    return STATUS_SUCCESS;
}

static NTSTATUS Query(struct provider *P, PIO_STACK_LOCATION At, PIRP Irp)
{
    PWNODE_ALL_DATA node = At->Parameters.WMI.Buffer;
    ULONG bytes = sizeof *node + sizeof(ULONG);

    CHECK(RtlCompareMemory(At->Parameters.WMI.DataPath, &Data, 16) == 16);
    CHECK(node->WnodeHeader.Flags == WNODE_FLAG_ALL_DATA);
    CHECK(node->WnodeHeader.BufferSize == At->Parameters.WMI.BufferSize);
    if (At->Parameters.WMI.BufferSize < bytes) {
        PWNODE_TOO_SMALL small = (PVOID)node;

        small->WnodeHeader.Flags |= WNODE_FLAG_TOO_SMALL;
        small->WnodeHeader.BufferSize = sizeof *small;
        small->SizeNeeded = bytes;
        Irp->IoStatus.Information = sizeof *small;
        return STATUS_SUCCESS;
    }
    node->WnodeHeader.BufferSize = bytes;
    node->DataBlockOffset = sizeof *node;
    node->InstanceCount = 1;
    *(ULONG *)(node + 1) = P->Value;
    Irp->IoStatus.Information = bytes;
    return STATUS_SUCCESS;
}

static void NTAPI Later(PDEVICE_OBJECT Device, PVOID Context)
{
    (void)Device;
    IoCompleteRequest((PIRP)Context, IO_NO_INCREMENT);
}

static NTSTATUS Act(struct provider *P, PIO_STACK_LOCATION At, PIRP Irp)
{
    switch (At->MinorFunction) {
    case IRP_MN_REGINFO_EX:
        if (P->OldForm)
            return STATUS_INVALID_DEVICE_REQUEST;
        return Register(P, At, Irp);
    case IRP_MN_REGINFO:
        return Register(P, At, Irp);
    case IRP_MN_QUERY_ALL_DATA:
        return Query(P, At, Irp);
    case IRP_MN_ENABLE_EVENTS:
        P->Enabled++;
        return STATUS_SUCCESS;
    case IRP_MN_ENABLE_COLLECTION:
        P->Collected++;
        return STATUS_SUCCESS;
    default:
        return Irp->IoStatus.Status;
    }
}

static NTSTATUS NTAPI Serve(PDEVICE_OBJECT Device, PIRP Irp)
{
    PIO_STACK_LOCATION at = IoGetCurrentIrpStackLocation(Irp);
    struct provider *p = Device->DeviceExtension;
    PIO_WORKITEM item;
    NTSTATUS status;

    CHECK(at->MajorFunction == IRP_MJ_SYSTEM_CONTROL);
    CHECK(at->Parameters.WMI.ProviderId == (ULONG_PTR)Device);
    CHECK(Irp->IoStatus.Status == STATUS_NOT_SUPPORTED);
    status = Act(p, at, Irp);
    Irp->IoStatus.Status = status;
    if (p->OldForm && at->MinorFunction == IRP_MN_QUERY_ALL_DATA) {
        item = IoAllocateWorkItem(Device); /* never freed: a test */
        IoMarkIrpPending(Irp);
        IoQueueWorkItem(item, Later, DelayedWorkQueue, Irp);
        return STATUS_PENDING;
    }
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return status;
}

static struct provider *Make(PDRIVER_OBJECT Driver, ULONG I)
{
    struct provider *p;

    CHECK(IoCreateDevice(Driver, sizeof *p, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE,
                         &Provider[I]) == STATUS_SUCCESS);
    p = Provider[I]->DeviceExtension;
    p->Dispatch = Serve;
    p->Value = 0x1000 + I;
    p->OldForm = I == 1;
    p->Shy = I == 0;
    CHECK(IoWMIRegistrationControl(Provider[I], WMIREG_ACTION_UPDATE_GUIDS) ==
          STATUS_INVALID_PARAMETER); /* not yet */
    CHECK(IoWMIRegistrationControl(Provider[I], WMIREG_ACTION_REGISTER) ==
          STATUS_SUCCESS);
    return p;
}

/* The nodes of both providers, in order of registration. */
static void QueryBoth(PVOID Block)
{
    ULONG bytes = 0, full;
    PWNODE_ALL_DATA node, next;

    CHECK(IoWMIQueryAllData(Block, &bytes, NULL) == STATUS_BUFFER_TOO_SMALL);
    full = bytes;
    CHECK(full >= 2 * (sizeof *node + 4));
    node = ExAllocatePool(NonPagedPool, full);
    bytes = full - 16; /* the second does not fit */
    CHECK(IoWMIQueryAllData(Block, &bytes, node) == STATUS_BUFFER_TOO_SMALL);
    CHECK(bytes == full);
    CHECK(IoWMIQueryAllData(Block, &bytes, node) == STATUS_SUCCESS);
    CHECK(bytes == full);
    next = (PVOID)((PUCHAR)node + node->WnodeHeader.Linkage);
    CHECK(next != node && next->WnodeHeader.Linkage == 0);
    CHECK(RtlCompareMemory(&next->WnodeHeader.Guid, &Data, 16) == 16);
    CHECK(*(ULONG *)((PUCHAR)node + node->DataBlockOffset) == 0x1000);
    CHECK(*(ULONG *)((PUCHAR)next + next->DataBlockOffset) == 0x1001);
    ExFreePool(node);
}

static struct {
    ULONG calls, context, value, irql;
} Heard;
static KEVENT Rang;

static void NTAPI Hear(PVOID Wnode, PVOID Context)
{
    PWNODE_SINGLE_INSTANCE node = Wnode;

    Heard.calls++;
    Heard.context += (ULONG)Context;
    Heard.value = node->InstanceIndex;
    Heard.irql = KeGetCurrentIrql();
    if (Heard.calls == 2)
        KeSetEvent(&Rang, 0, FALSE);
}

static void Events(struct provider *P)
{
    PWNODE_SINGLE_INSTANCE node;
    PVOID block[2] = {NULL, NULL};
    GUID guid = Event;
    KIRQL irql;

    KeInitializeEvent(&Rang, NotificationEvent, FALSE);
    CHECK(IoWMIOpenBlock(&guid, WMIGUID_NOTIFICATION, &block[0]) ==
          STATUS_SUCCESS);
    CHECK(IoWMIOpenBlock(&guid, WMIGUID_NOTIFICATION, &block[1]) ==
          STATUS_SUCCESS);
    CHECK(P->Enabled == 2);
    CHECK(IoWMISetNotificationCallback(block[0], Hear, (PVOID)1) ==
          STATUS_SUCCESS);
    CHECK(IoWMISetNotificationCallback(block[1], Hear, (PVOID)2) ==
          STATUS_SUCCESS);
    CHECK(IoWMISetNotificationCallback(Provider[0], Hear, NULL) ==
          STATUS_INVALID_HANDLE);
    node = ExAllocatePool(NonPagedPool, sizeof *node);
    RtlZeroMemory(node, sizeof *node);
    node->WnodeHeader.BufferSize = sizeof *node;
    node->WnodeHeader.Guid = Event;
    CHECK(IoWMIWriteEvent(node) == STATUS_INVALID_PARAMETER); /* no event */
    node->WnodeHeader.Flags =
        WNODE_FLAG_SINGLE_INSTANCE | WNODE_FLAG_EVENT_ITEM;
    node->InstanceIndex = 77;
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    CHECK(IoWMIWriteEvent(node) == STATUS_SUCCESS); /* its pool is WMI's now */
    KeLowerIrql(irql);
    KeWaitForSingleObject(&Rang, Executive, KernelMode, FALSE, NULL);
    CHECK(Heard.calls == 2 && Heard.context == 3);
    CHECK(Heard.value == 77 && Heard.irql == PASSIVE_LEVEL);
    ObDereferenceObject(block[0]);
    ObDereferenceObject(block[1]);
}

void Wmi(PDEVICE_OBJECT Device)
{
    struct provider *p[2];
    PVOID block = NULL;
    GUID guid = Data;
    ULONG i, bytes = 0;

    for (i = 0; i < 2; i++)
        p[i] = Make(Device->DriverObject, i);
    Pause();
    CHECK(p[0]->Registered == 1 && p[1]->Registered == 1);
    CHECK(IoWMIOpenBlock((GUID *)&Nobodys, WMIGUID_QUERY, &block) ==
          GUID_NOT_FOUND);
    CHECK(IoWMIOpenBlock(&guid, WMIGUID_QUERY, &block) == STATUS_SUCCESS);
    CHECK(p[0]->Collected == 1 && p[1]->Collected == 1);
    QueryBoth(block);
    CHECK(IoWMISetNotificationCallback(block, Hear, NULL) ==
          STATUS_ACCESS_DENIED);
    Events(p[0]);
    CHECK(IoWMIRegistrationControl(Provider[0], WMIREG_ACTION_UPDATE_GUIDS) ==
          STATUS_SUCCESS);
    Pause();
    CHECK(p[0]->Registered == 2 && p[0]->DataPath == WMIUPDATE);
    for (i = 0; i < 2; i++) {
        CHECK(IoWMIRegistrationControl(Provider[i], WMIREG_ACTION_DEREGISTER) ==
              STATUS_SUCCESS);
        IoDeleteDevice(Provider[i]);
    }
    CHECK(IoWMIQueryAllData(block, &bytes, NULL) == GUID_NOT_FOUND);
    ObDereferenceObject(block);
}
