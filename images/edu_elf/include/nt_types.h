/* images/edu_elf/include/nt_types.h -- the structures of the kernel's driver
 * interface that a small ELF driver needs, for gcc -m32. Layout as the DDK's:
 * layout_check.c compiles both and compares. Names are ours, those of members
 * the WDK's. Source: Microsoft's documentation of each structure. */
#ifndef NT_TYPES_H
#define NT_TYPES_H

#include <stddef.h>
#include <stdint.h>

#define NTAPI_    __attribute__((stdcall))
#define FASTCALL_ __attribute__((fastcall))

struct nt_list {
    struct nt_list *Flink, *Blink;
};

struct nt_string {
    uint16_t Length, MaximumLength; /* bytes */
    uint16_t *Buffer;
};

struct nt_event {
    uint8_t Type, Abandoned, Size, Inserted;
    int32_t SignalState;
    struct nt_list WaitListHead;
};

struct nt_dpc {
    uint8_t Type, Importance;
    uint16_t Number;
    struct nt_list DpcListEntry;
    void *DeferredRoutine, *DeferredContext, *SystemArgument1, *SystemArgument2;
    void *DpcData;
};

struct nt_mdl {
    struct nt_mdl *Next;
    int16_t Size, MdlFlags;
    void *Process, *MappedSystemVa, *StartVa;
    uint32_t ByteCount, ByteOffset;
};

struct nt_device;
struct nt_irp;

typedef int32_t NTAPI_ nt_dispatch(struct nt_device *, struct nt_irp *);

struct nt_driver_extension {
    struct nt_driver *DriverObject;
    int32_t (*NTAPI_ AddDevice)(struct nt_driver *, struct nt_device *);
};

struct nt_driver {
    int16_t Type, Size;
    struct nt_device *DeviceObject;
    uint32_t Flags;
    void *DriverStart;
    uint32_t DriverSize;
    void *DriverSection;
    struct nt_driver_extension *DriverExtension;
    struct nt_string DriverName;
    struct nt_string *HardwareDatabase;
    void *FastIoDispatch, *DriverInit;
    void (*NTAPI_ DriverStartIo)(struct nt_device *, struct nt_irp *);
    void (*NTAPI_ DriverUnload)(struct nt_driver *);
    nt_dispatch *MajorFunction[28];
};

struct nt_device {
    int16_t Type;
    uint16_t Size;
    int32_t ReferenceCount;
    struct nt_driver *DriverObject;
    struct nt_device *NextDevice, *AttachedDevice;
    struct nt_irp *CurrentIrp;
    void *Timer;
    uint32_t Flags, Characteristics;
    void *Vpb, *DeviceExtension;
    uint32_t DeviceType;
    int8_t StackSize;
    uint32_t Wcb[10];
    uint32_t AlignmentRequirement;
    uint32_t DeviceQueue[5];
    struct nt_dpc Dpc;
    uint32_t ActiveThreadCount;
    void *SecurityDescriptor;
    struct nt_event DeviceLock;
    uint16_t SectorSize, Spare1;
    void *DeviceObjectExtension, *Reserved;
};

/* Parameters are four dwords; what they are is the major function's affair. */
struct nt_stack {
    uint8_t MajorFunction, MinorFunction, Flags, Control;
    union {
        struct {
            uint32_t Length, Key;
            int64_t ByteOffset;
        } __attribute__((packed, aligned(4))) ReadWrite;
        struct {
            uint32_t OutputBufferLength, InputBufferLength, IoControlCode;
            void *Type3InputBuffer;
        } DeviceIoControl;
        struct {
            struct nt_resources *AllocatedResources;
            struct nt_resources *AllocatedResourcesTranslated;
        } StartDevice;
    } Parameters;
    struct nt_device *DeviceObject;
    void *FileObject;
    void *CompletionRoutine, *Context;
};

struct nt_irp {
    int16_t Type;
    uint16_t Size;
    struct nt_mdl *MdlAddress;
    uint32_t Flags;
    void *SystemBuffer;
    struct nt_list ThreadListEntry;
    int32_t Status;
    uint32_t Information;
    int8_t RequestorMode;
    uint8_t PendingReturned;
    int8_t StackCount, CurrentLocation;
    uint8_t Cancel, CancelIrql;
    int8_t ApcEnvironment;
    uint8_t AllocationFlags;
    void *UserIosb, *UserEvent, *Overlay[2];
    void *CancelRoutine, *UserBuffer;
    void *DriverContext[4], *Thread, *AuxiliaryBuffer;
    struct nt_list ListEntry;
    struct nt_stack *CurrentStackLocation;
    void *OriginalFileObject, *TailEnd[2];
};

struct nt_resource {
    uint8_t Type, ShareDisposition;
    uint16_t Flags;
    union {
        struct {
            uint32_t Start, StartHigh, Length;
        } Memory;
        struct {
            uint32_t Level, Vector, Affinity;
        } Interrupt;
        struct {
            uint32_t Channel, Port, Reserved1;
        } Dma;
    } u;
};

struct nt_resources {
    uint32_t Lists; /* 1: one bus */
    uint32_t InterfaceType, BusNumber;
    uint16_t Version, Revision;
    uint32_t Count;
    struct nt_resource PartialDescriptors[1];
};

struct nt_device_description {
    uint32_t Version;
    uint8_t Master, ScatterGather, DemandMode, AutoInitialize;
    uint8_t Dma32BitAddresses, IgnoreCount, Reserved1, Dma64BitAddresses;
    uint32_t BusNumber, DmaChannel, InterfaceType, DmaWidth, DmaSpeed;
    uint32_t MaximumLength, DmaPort;
};

struct nt_dma_adapter {
    uint16_t Version, Size;
    struct nt_dma_operations *DmaOperations;
};

typedef uint32_t NTAPI_ nt_adapter_control(struct nt_device *, struct nt_irp *,
                                           void *map_register_base,
                                           void *context);

/* 64-bit results come back in EDX:EAX. A PHYSICAL_ADDRESS declared as a struct
 * would come through a hidden pointer in i386 ELF: so it is a uint64_t. */
struct nt_dma_operations {
    uint32_t Size;
    void (*NTAPI_ PutDmaAdapter)(struct nt_dma_adapter *);
    void *(*NTAPI_ AllocateCommonBuffer)(struct nt_dma_adapter *, uint32_t,
                                         uint64_t *, uint8_t);
    void (*NTAPI_ FreeCommonBuffer)(struct nt_dma_adapter *, uint32_t, uint64_t,
                                    void *, uint8_t);
    int32_t (*NTAPI_ AllocateAdapterChannel)(struct nt_dma_adapter *,
                                             struct nt_device *, uint32_t,
                                             nt_adapter_control *, void *);
    uint8_t (*NTAPI_ FlushAdapterBuffers)(struct nt_dma_adapter *,
                                          struct nt_mdl *, void *, void *,
                                          uint32_t, uint8_t);
    void (*NTAPI_ FreeAdapterChannel)(struct nt_dma_adapter *);
    void (*NTAPI_ FreeMapRegisters)(struct nt_dma_adapter *, void *, uint32_t);
    uint64_t (*NTAPI_ MapTransfer)(struct nt_dma_adapter *, struct nt_mdl *,
                                   void *, void *, uint32_t *, uint8_t);
};

#endif
