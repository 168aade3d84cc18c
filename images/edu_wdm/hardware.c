/* images/edu_wdm/hardware.c -- what START_DEVICE gives the driver: registers,
 * interrupt, DMA adapter, common buffer; and how they are given back. */
#include "edu.h"

static BOOLEAN NTAPI EduIsr(PKINTERRUPT Interrupt, PVOID Context)
{
    PEDU_EXTENSION ext = Context;
    ULONG bits = EduRead(ext, EDU_IRQ_STATUS);

    (void)Interrupt;
    if (!bits)
        return FALSE;
    EduWrite(ext, EDU_IRQ_ACK, bits);
    ext->InterruptBits |= bits;
    IoRequestDpc(ext->Self, ext->Self->CurrentIrp, ext);
    return TRUE;
}

static NTSTATUS ConnectInterrupt(PEDU_EXTENSION Ext,
                                 PCM_PARTIAL_RESOURCE_DESCRIPTOR Resource)
{
    return IoConnectInterrupt(
        &Ext->Interrupt, EduIsr, Ext, NULL, Resource->u.Interrupt.Vector,
        (KIRQL)Resource->u.Interrupt.Level, (KIRQL)Resource->u.Interrupt.Level,
        Resource->Flags & CM_RESOURCE_INTERRUPT_LATCHED ? Latched
                                                        : LevelSensitive,
        Resource->ShareDisposition == CmResourceShareShared,
        Resource->u.Interrupt.Affinity, FALSE);
}

/* The device reaches 28 address bits; a description can only say 24 or 32. */
static NTSTATUS GetAdapter(PEDU_EXTENSION Ext)
{
    DEVICE_DESCRIPTION description;

    RtlZeroMemory(&description, sizeof description);
    description.Version = DEVICE_DESCRIPTION_VERSION;
    description.Master = TRUE;
    description.ScatterGather = Ext->ScatterGather;
    description.Dma32BitAddresses = FALSE;
    description.InterfaceType = PCIBus;
    description.MaximumLength = Ext->MaximumLength;
    Ext->Adapter = IoGetDmaAdapter(Ext->Pdo, &description, &Ext->MapRegisters);
    if (!Ext->Adapter)
        return STATUS_INSUFFICIENT_RESOURCES;
    Ext->Common = Ext->Adapter->DmaOperations->AllocateCommonBuffer(
        Ext->Adapter, EDU_BUFFER_BYTES, &Ext->CommonAddress, TRUE);
    return Ext->Common ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

/* A computation left over from before is waited for, 100 us at most. */
static void Quiet(PEDU_EXTENSION Ext)
{
    unsigned i;

    EduWrite(Ext, EDU_STATUS, 0);
    for (i = 0; i < 100 && EduRead(Ext, EDU_STATUS) & STATUS_COMPUTING; i++)
        KeStallExecutionProcessor(1);
    EduWrite(Ext, EDU_IRQ_ACK, MAXULONG);
    Ext->InterruptBits = 0;
}

NTSTATUS EduStartHardware(PEDU_EXTENSION Ext, PCM_RESOURCE_LIST Translated)
{
    PCM_PARTIAL_RESOURCE_DESCRIPTOR interrupt = NULL, memory = NULL, at;
    PCM_PARTIAL_RESOURCE_LIST list;
    NTSTATUS status;
    ULONG i;

    if (!Translated || !Translated->Count)
        return STATUS_DEVICE_CONFIGURATION_ERROR;
    list = &Translated->List[0].PartialResourceList;
    for (i = 0; i < list->Count; i++) {
        at = &list->PartialDescriptors[i];
        if (at->Type == CmResourceTypeMemory && !memory)
            memory = at;
        else if (at->Type == CmResourceTypeInterrupt && !interrupt)
            interrupt = at;
    }
    if (!memory || !interrupt ||
        memory->u.Memory.Length < EDU_BUFFER + EDU_BUFFER_BYTES)
        return STATUS_DEVICE_CONFIGURATION_ERROR;
    Ext->Registers =
        MmMapIoSpace(memory->u.Memory.Start, EDU_REGISTER_BYTES, MmNonCached);
    if (!Ext->Registers)
        return STATUS_INSUFFICIENT_RESOURCES;
    Quiet(Ext);
    status = GetAdapter(Ext);
    if (NT_SUCCESS(status))
        status = ConnectInterrupt(Ext, interrupt);
    if (!NT_SUCCESS(status)) {
        EduStopHardware(Ext);
        return status;
    }
    InterlockedExchange(&Ext->Outstanding, 1);
    KeClearEvent(&Ext->Idle);
    DbgPrint("edu: id %08x, %u map registers\n", EduRead(Ext, EDU_ID),
             Ext->MapRegisters);
    return STATUS_SUCCESS;
}

void EduStopHardware(PEDU_EXTENSION Ext)
{
    if (Ext->Interrupt)
        IoDisconnectInterrupt(Ext->Interrupt);
    if (Ext->Common)
        Ext->Adapter->DmaOperations->FreeCommonBuffer(
            Ext->Adapter, EDU_BUFFER_BYTES, Ext->CommonAddress, Ext->Common,
            TRUE);
    if (Ext->Adapter)
        Ext->Adapter->DmaOperations->PutDmaAdapter(Ext->Adapter);
    if (Ext->Registers)
        MmUnmapIoSpace(Ext->Registers, EDU_REGISTER_BYTES);
    Ext->Interrupt = NULL;
    Ext->Common = NULL;
    Ext->Adapter = NULL;
    Ext->Registers = NULL;
}
