/* images/edu_elf/layout_check.c -- compiled by mingw, never linked: the
 * structures of nt_types.h against those of the DDK. */
#include <ntddk.h>

#include "include/nt_types.h"

#define SAME_SIZE(ours, theirs)                                                \
    _Static_assert(sizeof(struct ours) == sizeof(theirs), #ours)
#define SAME(ours, member, theirs, their_member)                               \
    _Static_assert(offsetof(struct ours, member) ==                            \
                       offsetof(theirs, their_member),                         \
                   #ours "." #member)

SAME_SIZE(nt_string, UNICODE_STRING);
SAME_SIZE(nt_event, KEVENT);
SAME_SIZE(nt_dpc, KDPC);
SAME_SIZE(nt_mdl, MDL);
SAME(nt_mdl, ByteCount, MDL, ByteCount);
SAME(nt_mdl, ByteOffset, MDL, ByteOffset);
SAME_SIZE(nt_driver, DRIVER_OBJECT);
SAME(nt_driver, DriverExtension, DRIVER_OBJECT, DriverExtension);
SAME(nt_driver, MajorFunction, DRIVER_OBJECT, MajorFunction);
SAME(nt_driver_extension, AddDevice, DRIVER_EXTENSION, AddDevice);
SAME_SIZE(nt_device, DEVICE_OBJECT);
SAME(nt_device, CurrentIrp, DEVICE_OBJECT, CurrentIrp);
SAME(nt_device, Flags, DEVICE_OBJECT, Flags);
SAME(nt_device, DeviceExtension, DEVICE_OBJECT, DeviceExtension);
SAME(nt_device, Dpc, DEVICE_OBJECT, Dpc);
SAME_SIZE(nt_stack, IO_STACK_LOCATION);
SAME(nt_stack, Parameters, IO_STACK_LOCATION, Parameters);
SAME(nt_stack, CompletionRoutine, IO_STACK_LOCATION, CompletionRoutine);
SAME_SIZE(nt_irp, IRP);
SAME(nt_irp, Status, IRP, IoStatus);
SAME(nt_irp, CurrentLocation, IRP, CurrentLocation);
SAME(nt_irp, UserBuffer, IRP, UserBuffer);
SAME(nt_irp, CurrentStackLocation, IRP, Tail.Overlay.CurrentStackLocation);
SAME_SIZE(nt_resource, CM_PARTIAL_RESOURCE_DESCRIPTOR);
SAME(nt_resources, PartialDescriptors, CM_RESOURCE_LIST,
     List[0].PartialResourceList.PartialDescriptors);
SAME_SIZE(nt_device_description, DEVICE_DESCRIPTION);
SAME(nt_device_description, InterfaceType, DEVICE_DESCRIPTION, InterfaceType);
SAME(nt_dma_operations, MapTransfer, DMA_OPERATIONS, MapTransfer);
