/* images/edu_elf/edu_elf.c -- driver of the edu PCI device as an ELF object,
 * built by gcc -m32 -c: reads and writes by bus-master DMA, as edu_wdm does.
 * Registers: the device's public specification. */
#include "include/nt_routines.h"

enum {
    EDU_ID = 0x00,
    EDU_IRQ_STATUS = 0x24,
    EDU_IRQ_ACK = 0x64,
    EDU_DMA_SOURCE = 0x80,
    EDU_DMA_TARGET = 0x88,
    EDU_DMA_COUNT = 0x90,
    EDU_DMA_COMMAND = 0x98
};
enum { COMMAND_START = 1, COMMAND_FROM_DEVICE = 2, COMMAND_IRQ = 4 };
enum { EDU_BUFFER = 0x40000, EDU_BUFFER_BYTES = 4096, EDU_BYTES = 0x100000 };
enum { PAGE = 4096, MAXIMUM_LENGTH = 0x10000 };

struct edu {
    struct nt_device *self, *lower, *pdo;
    struct nt_string link;
    volatile uint8_t *registers;
    void *interrupt;
    struct nt_dma_adapter *adapter;
    uint32_t map_registers;
    /* the transfer: pieces of map_registers pages, operations of a device
     * buffer each */
    uint8_t to_device;
    uint32_t at, piece, moved, operation, run;
    uint64_t run_at;
    void *map_register_base;
};

static const uint16_t device_name[] = u"\\Device\\Edu0";
static const uint16_t link_name[] = u"\\DosDevices\\Edu0";

static uint32_t edu_read(struct edu *s, uint32_t reg)
{
    return READ_REGISTER_ULONG((volatile uint32_t *)(s->registers + reg));
}

static void edu_write(struct edu *s, uint32_t reg, uint32_t value)
{
    WRITE_REGISTER_ULONG((volatile uint32_t *)(s->registers + reg), value);
}

static struct edu *edu_of(struct nt_device *device)
{
    return device->DeviceExtension;
}

/* ---- transfers ----------------------------------------------------------- */

/* Byte n of a transfer goes through byte n of the device's buffer, round and
 * round, however few map registers there are. */
static void next_operation(struct edu *s)
{
    struct nt_mdl *mdl = s->self->CurrentIrp->MdlAddress;
    uint32_t command = COMMAND_START | COMMAND_IRQ, run_at, place;

    if (!s->run) {
        s->run = s->piece - s->moved;
        s->run_at = s->adapter->DmaOperations->MapTransfer(
            s->adapter, mdl, s->map_register_base,
            mdl_va(mdl) + s->at + s->moved, &s->run, s->to_device);
    }
    run_at = (uint32_t)s->run_at;
    place = (s->at + s->moved) % EDU_BUFFER_BYTES;
    s->operation = EDU_BUFFER_BYTES - place;
    if (s->operation > s->run)
        s->operation = s->run;
    if (!s->to_device)
        command |= COMMAND_FROM_DEVICE;
    edu_write(s, EDU_DMA_SOURCE, s->to_device ? run_at : EDU_BUFFER + place);
    edu_write(s, EDU_DMA_TARGET, s->to_device ? EDU_BUFFER + place : run_at);
    edu_write(s, EDU_DMA_COUNT, s->operation);
    edu_write(s, EDU_DMA_COMMAND, command);
}

static NTAPI_ uint32_t adapter_control(struct nt_device *device,
                                       struct nt_irp *irp, void *base,
                                       void *context)
{
    struct edu *s = context;

    (void)device;
    (void)irp;
    s->map_register_base = base;
    next_operation(s);
    return KEEP_REGISTERS;
}

static uint32_t span_pages(struct edu *s)
{
    struct nt_mdl *mdl = s->self->CurrentIrp->MdlAddress;
    uint32_t offset = (uint32_t)(mdl_va(mdl) + s->at) % PAGE;

    return (offset + s->piece + PAGE - 1) / PAGE;
}

static void finish(struct edu *s, int32_t status, uint32_t bytes)
{
    struct nt_irp *irp = s->self->CurrentIrp;

    irp->Status = status;
    irp->Information = bytes;
    IoStartNextPacket(s->self, 0);
    IofCompleteRequest(irp, 1);
}

static void start_piece(struct edu *s)
{
    struct nt_mdl *mdl = s->self->CurrentIrp->MdlAddress;
    uint32_t offset = (uint32_t)(mdl_va(mdl) + s->at) % PAGE;
    uint32_t most = s->map_registers * PAGE - offset;
    int32_t status;

    s->piece = mdl->ByteCount - s->at;
    if (s->piece > most)
        s->piece = most;
    if (s->piece > MAXIMUM_LENGTH)
        s->piece = MAXIMUM_LENGTH;
    s->moved = 0;
    s->run = 0;
    status = s->adapter->DmaOperations->AllocateAdapterChannel(
        s->adapter, s->self, span_pages(s), adapter_control, s);
    if (status < 0)
        finish(s, status, s->at);
}

static NTAPI_ void start_io(struct nt_device *device, struct nt_irp *irp)
{
    struct edu *s = edu_of(device);

    s->to_device = irp_stack(irp)->MajorFunction == IRP_MJ_WRITE;
    s->at = 0;
    start_piece(s);
}

static NTAPI_ void dpc(struct nt_dpc *self, void *context, void *a, void *b)
{
    struct edu *s = context;
    struct nt_irp *irp = s->self->CurrentIrp;

    (void)self;
    (void)a;
    (void)b;
    if (!irp)
        return;
    s->moved += s->operation;
    s->run -= s->operation;
    s->run_at += s->operation;
    if (s->moved < s->piece) {
        next_operation(s);
        return;
    }
    s->adapter->DmaOperations->FlushAdapterBuffers(
        s->adapter, irp->MdlAddress, s->map_register_base,
        mdl_va(irp->MdlAddress) + s->at, s->piece, s->to_device);
    s->adapter->DmaOperations->FreeMapRegisters(
        s->adapter, s->map_register_base, span_pages(s));
    s->at += s->piece;
    if (s->at < irp->MdlAddress->ByteCount)
        start_piece(s);
    else
        finish(s, STATUS_SUCCESS, s->at);
}

static NTAPI_ uint8_t isr(void *interrupt, void *context)
{
    struct edu *s = context;
    uint32_t bits = edu_read(s, EDU_IRQ_STATUS);

    (void)interrupt;
    if (!bits)
        return 0;
    edu_write(s, EDU_IRQ_ACK, bits);
    KeInsertQueueDpc(&s->self->Dpc, NULL, NULL);
    return 1;
}

/* ---- hardware ------------------------------------------------------------ */

static void stop_hardware(struct edu *s)
{
    if (s->interrupt)
        IoDisconnectInterrupt(s->interrupt);
    if (s->adapter)
        s->adapter->DmaOperations->PutDmaAdapter(s->adapter);
    if (s->registers)
        MmUnmapIoSpace((void *)s->registers, EDU_BYTES);
    s->interrupt = NULL;
    s->adapter = NULL;
    s->registers = NULL;
}

static int32_t get_adapter(struct edu *s)
{
    struct nt_device_description description = {
        .Master = 1,
        .InterfaceType = INTERFACE_PCI,
        .MaximumLength = MAXIMUM_LENGTH,
    };

    s->adapter = IoGetDmaAdapter(s->pdo, &description, &s->map_registers);
    return s->adapter ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

static int32_t start_hardware(struct edu *s, const struct nt_resources *list)
{
    const struct nt_resource *memory = NULL, *interrupt = NULL;
    int32_t status;

    for (uint32_t i = 0; list && i < list->Count; i++) {
        const struct nt_resource *r = &list->PartialDescriptors[i];

        if (r->Type == RESOURCE_MEMORY && !memory)
            memory = r;
        else if (r->Type == RESOURCE_INTERRUPT && !interrupt)
            interrupt = r;
    }
    if (!memory || !interrupt)
        return STATUS_DEVICE_CONFIGURATION_ERROR;
    s->registers = MmMapIoSpace((uint64_t)memory->u.Memory.StartHigh << 32 |
                                    memory->u.Memory.Start,
                                EDU_BYTES, 0);
    status = s->registers ? get_adapter(s) : STATUS_INSUFFICIENT_RESOURCES;
    if (status >= 0)
        status = IoConnectInterrupt(&s->interrupt, isr, s, NULL,
                                    interrupt->u.Interrupt.Vector,
                                    (uint8_t)interrupt->u.Interrupt.Level,
                                    (uint8_t)interrupt->u.Interrupt.Level,
                                    interrupt->Flags & INTERRUPT_LATCHED,
                                    interrupt->ShareDisposition == SHARE_SHARED,
                                    interrupt->u.Interrupt.Affinity, 0);
    if (status < 0)
        stop_hardware(s);
    else
        DbgPrint("edu_elf: id %08x, %u map registers\n", edu_read(s, EDU_ID),
                 s->map_registers);
    return status;
}

/* ---- dispatch ------------------------------------------------------------ */

static NTAPI_ int32_t create_close(struct nt_device *device, struct nt_irp *irp)
{
    (void)device;
    return irp_complete(irp, STATUS_SUCCESS, 0);
}

static NTAPI_ int32_t read_write(struct nt_device *device, struct nt_irp *irp)
{
    if (!edu_of(device)->adapter)
        return irp_complete(irp, STATUS_DEVICE_NOT_READY, 0);
    if (!irp->MdlAddress)
        return irp_complete(irp, STATUS_SUCCESS, 0);
    irp_mark_pending(irp);
    IoStartPacket(device, irp, NULL, NULL);
    return STATUS_PENDING;
}

static NTAPI_ int32_t forwarded(struct nt_device *device, struct nt_irp *irp,
                                void *event)
{
    (void)device;
    if (irp->PendingReturned)
        KeSetEvent(event, 0, 0);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static int32_t start_device(struct edu *s, struct nt_irp *irp)
{
    struct nt_event event;
    int32_t status;

    KeInitializeEvent(&event, 0, 0);
    irp_copy_stack(irp, forwarded, &event);
    status = IofCallDriver(s->lower, irp);
    if (status == STATUS_PENDING) {
        KeWaitForSingleObject(&event, 0, 0, 0, NULL);
        status = irp->Status;
    }
    if (status >= 0)
        status = start_hardware(
            s, irp_stack(irp)
                   ->Parameters.StartDevice.AllocatedResourcesTranslated);
    return irp_complete(irp, status, 0);
}

static NTAPI_ int32_t pnp(struct nt_device *device, struct nt_irp *irp)
{
    struct edu *s = edu_of(device);
    uint8_t minor = irp_stack(irp)->MinorFunction;
    int32_t status;

    if (minor == IRP_MN_START_DEVICE)
        return start_device(s, irp);
    if (minor == IRP_MN_STOP_DEVICE || minor == IRP_MN_REMOVE_DEVICE) {
        stop_hardware(s);
        irp->Status = STATUS_SUCCESS;
    } else if (minor <= 6) { /* QUERY and CANCEL of these */
        irp->Status = STATUS_SUCCESS;
    }
    irp_skip_stack(irp);
    status = IofCallDriver(s->lower, irp);
    if (minor == IRP_MN_REMOVE_DEVICE) {
        IoDeleteSymbolicLink(&s->link);
        IoDetachDevice(s->lower);
        IoDeleteDevice(device);
    }
    return status;
}

static NTAPI_ int32_t power(struct nt_device *device, struct nt_irp *irp)
{
    PoStartNextPowerIrp(irp);
    irp_skip_stack(irp);
    return PoCallDriver(edu_of(device)->lower, irp);
}

static NTAPI_ int32_t pass(struct nt_device *device, struct nt_irp *irp)
{
    irp_skip_stack(irp);
    return IofCallDriver(edu_of(device)->lower, irp);
}

static NTAPI_ int32_t add_device(struct nt_driver *driver,
                                 struct nt_device *pdo)
{
    struct nt_device *device;
    struct nt_string name;
    struct edu *s;
    int32_t status;

    RtlInitUnicodeString(&name, device_name);
    status = IoCreateDevice(driver, sizeof *s, &name, FILE_DEVICE_UNKNOWN, 0, 0,
                            &device);
    if (status < 0)
        return status;
    s = edu_of(device);
    s->self = device;
    s->pdo = pdo;
    RtlInitUnicodeString(&s->link, link_name);
    KeInitializeDpc(&device->Dpc, dpc, s);
    s->lower = IoAttachDeviceToDeviceStack(device, pdo);
    status = s->lower ? IoCreateSymbolicLink(&s->link, &name)
                      : STATUS_NO_SUCH_DEVICE;
    if (status < 0) {
        if (s->lower)
            IoDetachDevice(s->lower);
        IoDeleteDevice(device);
        return status;
    }
    device->Flags |= DO_DIRECT_IO;
    device->Flags &= ~(uint32_t)DO_DEVICE_INITIALIZING;
    return STATUS_SUCCESS;
}

static NTAPI_ void unload(struct nt_driver *driver)
{
    (void)driver;
}

NTAPI_ int32_t DriverEntry(struct nt_driver *driver, struct nt_string *path)
{
    (void)path;
    driver->DriverExtension->AddDevice = add_device;
    driver->DriverUnload = unload;
    driver->DriverStartIo = start_io;
    driver->MajorFunction[IRP_MJ_CREATE] = create_close;
    driver->MajorFunction[IRP_MJ_CLOSE] = create_close;
    driver->MajorFunction[IRP_MJ_READ] = read_write;
    driver->MajorFunction[IRP_MJ_WRITE] = read_write;
    driver->MajorFunction[IRP_MJ_PNP] = pnp;
    driver->MajorFunction[IRP_MJ_POWER] = power;
    driver->MajorFunction[IRP_MJ_SYSTEM_CONTROL] = pass;
    return STATUS_SUCCESS;
}
