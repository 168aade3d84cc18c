/* images/edu_elf/include/nt_routines.h -- kernel routines, constants and the
 * macros of the DDK as functions, for ELF drivers. Undefined symbols bind to
 * the exports of ntoskrnl.exe and hal.dll by these names. */
#ifndef NT_ROUTINES_H
#define NT_ROUTINES_H

#include "nt_types.h"

enum {
    STATUS_SUCCESS = 0,
    STATUS_PENDING = 0x103,
    STATUS_DEVICE_CONFIGURATION_ERROR = (int)0xc0000182,
    STATUS_MORE_PROCESSING_REQUIRED = (int)0xc0000016,
    STATUS_INVALID_DEVICE_REQUEST = (int)0xc0000010,
    STATUS_IO_DEVICE_ERROR = (int)0xc0000185,
    STATUS_NO_SUCH_DEVICE = (int)0xc000000e,
    STATUS_INSUFFICIENT_RESOURCES = (int)0xc000009a,
    STATUS_DEVICE_NOT_READY = (int)0xc00000a3
};
enum {
    IRP_MJ_CREATE = 0,
    IRP_MJ_CLOSE = 2,
    IRP_MJ_READ = 3,
    IRP_MJ_WRITE = 4,
    IRP_MJ_DEVICE_CONTROL = 14,
    IRP_MJ_POWER = 22,
    IRP_MJ_SYSTEM_CONTROL = 23,
    IRP_MJ_PNP = 27
};
enum {
    IRP_MN_START_DEVICE = 0,
    IRP_MN_REMOVE_DEVICE = 2,
    IRP_MN_STOP_DEVICE = 4
};
enum { DO_DIRECT_IO = 0x10, DO_DEVICE_INITIALIZING = 0x80 };
enum { FILE_DEVICE_UNKNOWN = 0x22 };
enum { RESOURCE_INTERRUPT = 2, RESOURCE_MEMORY = 3, SHARE_SHARED = 3 };
enum { INTERFACE_PCI = 5, INTERRUPT_LATCHED = 1 };
enum { KEEP_OBJECT = 1, DEALLOCATE_OBJECT = 2, KEEP_REGISTERS = 3 };
enum { SL_PENDING_RETURNED = 1, SL_INVOKE_ALWAYS = 0xe0 };

NTAPI_ int32_t IoCreateDevice(struct nt_driver *, uint32_t extension_bytes,
                              struct nt_string *name, uint32_t type,
                              uint32_t characteristics, uint8_t exclusive,
                              struct nt_device **);
NTAPI_ void IoDeleteDevice(struct nt_device *);
NTAPI_ int32_t IoCreateSymbolicLink(struct nt_string *link,
                                    struct nt_string *device);
NTAPI_ int32_t IoDeleteSymbolicLink(struct nt_string *link);
NTAPI_ struct nt_device *IoAttachDeviceToDeviceStack(struct nt_device *,
                                                     struct nt_device *);
NTAPI_ void IoDetachDevice(struct nt_device *);
FASTCALL_ int32_t IofCallDriver(struct nt_device *, struct nt_irp *);
FASTCALL_ void IofCompleteRequest(struct nt_irp *, int8_t boost);
NTAPI_ void IoStartPacket(struct nt_device *, struct nt_irp *, uint32_t *key,
                          void *cancel);
NTAPI_ void IoStartNextPacket(struct nt_device *, uint8_t cancelable);
NTAPI_ int32_t IoConnectInterrupt(void **interrupt,
                                  uint8_t(NTAPI_ *)(void *, void *), void *,
                                  void *lock, uint32_t vector, uint8_t irql,
                                  uint8_t synchronize_irql, uint32_t mode,
                                  uint8_t share, uint32_t affinity,
                                  uint8_t save_floating);
NTAPI_ void IoDisconnectInterrupt(void *interrupt);
NTAPI_ struct nt_dma_adapter *IoGetDmaAdapter(struct nt_device *,
                                              struct nt_device_description *,
                                              uint32_t *map_registers);
NTAPI_ void KeInitializeEvent(struct nt_event *, uint32_t type, uint8_t state);
NTAPI_ int32_t KeSetEvent(struct nt_event *, int32_t increment, uint8_t wait);
NTAPI_ int32_t KeWaitForSingleObject(void *, uint32_t reason, uint8_t mode,
                                     uint8_t alertable, int64_t *timeout);
NTAPI_ void KeInitializeDpc(struct nt_dpc *,
                            void(NTAPI_ *)(struct nt_dpc *, void *, void *,
                                           void *),
                            void *context);
NTAPI_ uint8_t KeInsertQueueDpc(struct nt_dpc *, void *, void *);
NTAPI_ void *MmMapIoSpace(uint64_t physical, uint32_t bytes, uint32_t cache);
NTAPI_ void MmUnmapIoSpace(void *, uint32_t bytes);
NTAPI_ void RtlInitUnicodeString(struct nt_string *, const uint16_t *);
NTAPI_ uint32_t READ_REGISTER_ULONG(volatile uint32_t *);
NTAPI_ void WRITE_REGISTER_ULONG(volatile uint32_t *, uint32_t);
NTAPI_ void PoStartNextPowerIrp(struct nt_irp *);
NTAPI_ int32_t PoCallDriver(struct nt_device *, struct nt_irp *);
uint32_t DbgPrint(const char *, ...);

static inline struct nt_stack *irp_stack(struct nt_irp *irp)
{
    return irp->CurrentStackLocation;
}

static inline void irp_mark_pending(struct nt_irp *irp)
{
    irp_stack(irp)->Control |= SL_PENDING_RETURNED;
}

static inline void irp_skip_stack(struct nt_irp *irp)
{
    irp->CurrentLocation++;
    irp->CurrentStackLocation++;
}

/* The next driver gets a copy of our location, and we get @routine back. */
static inline void irp_copy_stack(struct nt_irp *irp, void *routine,
                                  void *context)
{
    struct nt_stack *next = irp->CurrentStackLocation - 1;

    *next = *irp->CurrentStackLocation;
    next->Control = (uint8_t)SL_INVOKE_ALWAYS;
    next->CompletionRoutine = routine;
    next->Context = context;
}

static inline int32_t irp_complete(struct nt_irp *irp, int32_t status,
                                   uint32_t information)
{
    irp->Status = status;
    irp->Information = information;
    IofCompleteRequest(irp, 0);
    return status;
}

static inline uint8_t *mdl_va(const struct nt_mdl *mdl)
{
    return (uint8_t *)mdl->StartVa + mdl->ByteOffset;
}

#endif
