/* images/edu_nt4/hardware.c -- PCI configuration by the HAL, slot resources,
 * interrupt, adapter object and common buffer, as drivers of NT 4.0 get them.
 */
#include "edu_nt4.h"

static BOOLEAN FindSlot(PEDU_EXTENSION Ext)
{
    PCI_COMMON_CONFIG config;
    PCI_SLOT_NUMBER slot;

    for (Ext->Bus = 0;; Ext->Bus++) {
        slot.u.AsULONG = 0;
        for (slot.u.bits.DeviceNumber = 0;;) {
            ULONG got =
                HalGetBusData(PCIConfiguration, Ext->Bus, slot.u.AsULONG,
                              &config, PCI_COMMON_HDR_LENGTH);

            if (got == 0)
                return FALSE; /* no such bus, and none behind it */
            if (config.VendorID == VENDOR && config.DeviceID == DEVICE) {
                Ext->Slot = slot.u.AsULONG;
                return TRUE;
            }
            if (slot.u.bits.DeviceNumber == PCI_MAX_DEVICES - 1)
                break;
            slot.u.bits.DeviceNumber++;
        }
    }
}

/* Raw addresses are the bus's: each is translated by itself. */
static NTSTATUS MapRegisters(PEDU_EXTENSION Ext,
                             PCM_PARTIAL_RESOURCE_DESCRIPTOR At)
{
    PHYSICAL_ADDRESS address;
    ULONG space = At->Type == CmResourceTypePort;

    if (!HalTranslateBusAddress(PCIBus, Ext->Bus, At->u.Memory.Start, &space,
                                &address))
        return STATUS_DEVICE_CONFIGURATION_ERROR;
    if (space) {
        Ext->Registers = (PUCHAR)(ULONG_PTR)address.LowPart;
        return STATUS_SUCCESS;
    }
    Ext->Registers = MmMapIoSpace(address, EDU_REGISTER_BYTES, MmNonCached);
    if (!Ext->Registers)
        return STATUS_INSUFFICIENT_RESOURCES;
    Ext->MappedBytes = EDU_REGISTER_BYTES;
    return STATUS_SUCCESS;
}

static NTSTATUS ConnectInterrupt(PEDU_EXTENSION Ext,
                                 PCM_PARTIAL_RESOURCE_DESCRIPTOR At)
{
    KAFFINITY affinity;
    KIRQL irql;
    ULONG vector =
        HalGetInterruptVector(PCIBus, Ext->Bus, At->u.Interrupt.Level,
                              At->u.Interrupt.Vector, &irql, &affinity);

    if (!vector)
        return STATUS_DEVICE_CONFIGURATION_ERROR;
    return IoConnectInterrupt(&Ext->Interrupt, EduIsr, Ext, NULL, vector, irql,
                              irql, LevelSensitive, TRUE, affinity, FALSE);
}

static NTSTATUS GetAdapter(PEDU_EXTENSION Ext)
{
    DEVICE_DESCRIPTION description;

    RtlZeroMemory(&description, sizeof description);
    description.Version = DEVICE_DESCRIPTION_VERSION;
    description.Master = TRUE;
    description.BusNumber = Ext->Bus;
    description.InterfaceType = PCIBus;
    description.MaximumLength = MAXIMUM_LENGTH;
    Ext->Adapter = HalGetAdapter(&description, &Ext->MapRegisters);
    if (!Ext->Adapter)
        return STATUS_INSUFFICIENT_RESOURCES;
    Ext->Common = HalAllocateCommonBuffer(Ext->Adapter, EDU_BUFFER_BYTES,
                                          &Ext->CommonAddress, TRUE);
    return Ext->Common ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

static NTSTATUS UseResources(PEDU_EXTENSION Ext, PCM_RESOURCE_LIST List)
{
    PCM_PARTIAL_RESOURCE_LIST list = &List->List[0].PartialResourceList;
    PCM_PARTIAL_RESOURCE_DESCRIPTOR memory = NULL, interrupt = NULL, at;
    NTSTATUS status;
    ULONG i;

    for (i = 0; i < list->Count; i++) {
        at = &list->PartialDescriptors[i];
        if ((at->Type == CmResourceTypeMemory ||
             at->Type == CmResourceTypePort) &&
            !memory)
            memory = at;
        else if (at->Type == CmResourceTypeInterrupt && !interrupt)
            interrupt = at;
    }
    if (!memory || !interrupt)
        return STATUS_DEVICE_CONFIGURATION_ERROR;
    status = MapRegisters(Ext, memory);
    if (NT_SUCCESS(status)) {
        EduWrite(Ext, EDU_STATUS, 0);
        EduWrite(Ext, EDU_IRQ_ACK, MAXULONG);
        status = GetAdapter(Ext);
    }
    return NT_SUCCESS(status) ? ConnectInterrupt(Ext, interrupt) : status;
}

/* Bus mastering is the driver's own to turn on. */
static void EnableMaster(PEDU_EXTENSION Ext)
{
    USHORT command = 0;

    HalGetBusDataByOffset(PCIConfiguration, Ext->Bus, Ext->Slot, &command,
                          FIELD_OFFSET(PCI_COMMON_CONFIG, Command),
                          sizeof command);
    command |= PCI_ENABLE_BUS_MASTER;
    HalSetBusDataByOffset(PCIConfiguration, Ext->Bus, Ext->Slot, &command,
                          FIELD_OFFSET(PCI_COMMON_CONFIG, Command),
                          sizeof command);
}

NTSTATUS EduFind(PDRIVER_OBJECT Driver, PUNICODE_STRING Path,
                 PEDU_EXTENSION Ext)
{
    PCM_RESOURCE_LIST list = NULL;
    NTSTATUS status;

    if (!FindSlot(Ext))
        return STATUS_NO_SUCH_DEVICE;
    status = HalAssignSlotResources(Path, NULL, Driver, Ext->Self, PCIBus,
                                    Ext->Bus, Ext->Slot, &list);
    if (!NT_SUCCESS(status))
        return status;
    EnableMaster(Ext);
    status = UseResources(Ext, list);
    ExFreePool(list);
    if (!NT_SUCCESS(status))
        EduRelease(Driver, Ext);
    return status;
}

void EduRelease(PDRIVER_OBJECT Driver, PEDU_EXTENSION Ext)
{
    CM_RESOURCE_LIST none = {0};
    UNICODE_STRING group;
    BOOLEAN conflict;

    if (Ext->Interrupt)
        IoDisconnectInterrupt(Ext->Interrupt);
    if (Ext->Common)
        HalFreeCommonBuffer(Ext->Adapter, EDU_BUFFER_BYTES, Ext->CommonAddress,
                            Ext->Common, TRUE);
    /* NT 4.0 has no way to give an adapter object back; later systems do */
    if (Ext->Adapter)
        ((PDMA_ADAPTER)Ext->Adapter)
            ->DmaOperations->PutDmaAdapter((PDMA_ADAPTER)Ext->Adapter);
    if (Ext->MappedBytes)
        MmUnmapIoSpace(Ext->Registers, Ext->MappedBytes);
    RtlInitUnicodeString(&group, L"edu_nt4");
    IoReportResourceUsage(&group, Driver, NULL, 0, Ext->Self, &none,
                          sizeof none, FALSE, &conflict);
}
