/* hal/exports/bus.c -- bus data, addresses and vectors, as NT 4 drivers ask for
 * them. A PC has one bus of each kind, number 0, and translates addresses to
 * themselves, but where a platform has one address space (hal/address.c).
 * Source: WDK, HalGetBusDataByOffset and its siblings. */
#include <string.h>

#include "hal/exports/thunk.h"
#include "hal/pci.h"
#include "ke/ke.h"
#include "mm/pool.h"

/** BUS_DATA_TYPE. */
enum { BUS_CMOS = 0, BUS_PCI = 4 };
enum { CMOS_BYTES = 128, CMOS_INDEX = 0x70, CMOS_DATA = 0x71 };

struct slot {
    unsigned device, function;
    bool exists;
};

/* PCI_SLOT_NUMBER: device bits 0-4, function 5-7, the rest reserved. */
static struct slot slot_of(struct call *c, uint32_t number)
{
    struct slot s = {number & 31, number >> 5 & 7, false};
    uint16_t vendor = 0xffff;

    hal_pci_read(ke_bus(c->ke), 0, s.device, s.function, 0, &vendor, 2);
    s.exists = vendor != 0xffff && number < 256;
    return s;
}

/* PCI: 0 no such bus, 2 with a vendor of FFFFh no such device. */
static void get_pci(struct call *c, gva_t to, uint32_t offset, uint32_t bytes)
{
    uint8_t config[PCI_CONFIG_BYTES];
    struct slot s;
    uint32_t n;

    if (call_u32(c, 1) || offset >= PCI_CONFIG_BYTES || !bytes) {
        call_return(c, 0);
        return;
    }
    s = slot_of(c, call_u32(c, 2));
    if (s.exists) {
        n = hal_pci_read(ke_bus(c->ke), 0, s.device, s.function, offset, config,
                         bytes);
    } else {
        memset(config, 0xff, 2);
        n = offset < 2 ? 2 - offset : 0; /* what is left of the vendor's */
        n = n < bytes ? n : bytes;
    }
    store(c, to, config, n);
    if (call_ok(c))
        call_return(c, n);
}

static void get_cmos(struct call *c, gva_t to, uint32_t offset, uint32_t bytes)
{
    uint64_t first = (uint64_t)call_u32(c, 2) + offset;
    uint8_t cmos[CMOS_BYTES];
    uint32_t n = 0;

    for (; n < bytes && first + n < CMOS_BYTES; n++) {
        bus_out(ke_bus(c->ke), CMOS_INDEX, 1, (uint32_t)first + n);
        cmos[n] = (uint8_t)bus_in(ke_bus(c->ke), CMOS_DATA, 1);
    }
    store(c, to, cmos, n);
    if (call_ok(c))
        call_return(c, n);
}

static void get_data(struct call *c, uint32_t offset, uint32_t bytes)
{
    switch (call_u32(c, 0)) {
    case BUS_PCI:
        get_pci(c, call_va(c, 3), offset, bytes);
        break;
    case BUS_CMOS:
        get_cmos(c, call_va(c, 3), offset, bytes);
        break;
    default:
        call_return(c, 0);
    }
}

static void set_data(struct call *c, uint32_t offset, uint32_t bytes)
{
    enum { CONFIG_BARS_END = 0x28 };
    uint8_t config[PCI_CONFIG_BYTES];
    struct slot s;
    uint64_t at;
    uint32_t n = 0;

    if (call_u32(c, 0) != BUS_PCI || call_u32(c, 1) ||
        offset >= PCI_CONFIG_BYTES) {
        call_return(c, 0);
        return;
    }
    s = slot_of(c, call_u32(c, 2));
    if (bytes > PCI_CONFIG_BYTES - offset)
        bytes = PCI_CONFIG_BYTES - offset;
    load(c, call_va(c, 3), config, bytes);
    if (!call_ok(c))
        return;
    if (s.exists)
        n = hal_pci_write(ke_bus(c->ke), 0, s.device, s.function, offset,
                          config, bytes);
    if (n && offset < CONFIG_BARS_END &&
        hal_pci_over_ram(ke_bus(c->ke), ke_mm(c->ke)->ram, 0, s.device,
                         s.function, &at))
        call_finding(c, "SEC-031",
                     "PCI %u.%u: a base address register at %08x decodes over "
                     "RAM",
                     s.device, s.function, (uint32_t)at);
    call_return(c, n);
}

/* ULONG HalGetBusData(BusDataType, BusNumber, SlotNumber, Buffer, Length) */
void thunk_HalGetBusData(struct call *c)
{
    get_data(c, 0, call_u32(c, 4));
}

/* ULONG HalGetBusDataByOffset(BusDataType, BusNumber, SlotNumber, Buffer,
 * Offset, Length) */
void thunk_HalGetBusDataByOffset(struct call *c)
{
    get_data(c, call_u32(c, 4), call_u32(c, 5));
}

void thunk_HalSetBusData(struct call *c)
{
    set_data(c, 0, call_u32(c, 4));
}

void thunk_HalSetBusDataByOffset(struct call *c)
{
    set_data(c, call_u32(c, 4), call_u32(c, 5));
}

/* Does @address lie on bus 0 of @interface? */
static bool on_bus(int32_t interface, bool io, uint64_t address)
{
    if (io)
        return address < 0x10000;
    switch (interface) {
    case HAL_INTERFACE_ISA:
        return address < (uint64_t)1 << 24;
    case HAL_INTERFACE_INTERNAL:
    case HAL_INTERFACE_EISA:
    case HAL_INTERFACE_PCI:
        return true;
    default:
        return false;
    }
}

static bool known_bus(int32_t interface)
{
    return interface == HAL_INTERFACE_INTERNAL ||
           interface == HAL_INTERFACE_ISA || interface == HAL_INTERFACE_EISA ||
           interface == HAL_INTERFACE_PCI;
}

/* BOOLEAN HalTranslateBusAddress(InterfaceType, BusNumber, BusAddress,
 * *AddressSpace, *TranslatedAddress): *AddressSpace 0, memory to be mapped, or
 * 1, ports, may come back other than it went in. */
void thunk_HalTranslateBusAddress(struct call *c)
{
    int32_t interface = (int32_t)call_u32(c, 0);
    uint64_t address = call_u64(c, 2);
    uint32_t space = load_u32(c, call_va(c, 4));
    bool io;

    if (!call_ok(c))
        return;
    if (call_u32(c, 1) || space > 1 || !known_bus(interface) ||
        !on_bus(interface, space == 1, address)) {
        call_return(c, false);
        return;
    }
    io = space == 1;
    hal_translate(ke_bus(c->ke), &io, &address, 1);
    store_u32(c, call_va(c, 4), io);
    store_u64(c, call_va(c, 5), address);
    if (call_ok(c))
        call_return(c, true);
}

/* ULONG HalGetInterruptVector(InterfaceType, BusNumber, BusInterruptLevel,
 * BusInterruptVector, *Irql, *Affinity) */
void thunk_HalGetInterruptVector(struct call *c)
{
    uint32_t vector = 0, affinity = 0;
    uint8_t irql = 0;

    if (call_u32(c, 1) || !known_bus((int32_t)call_u32(c, 0)) ||
        !hal_interrupt_vector(call_u32(c, 2), &vector, &irql, &affinity)) {
        call_return(c, 0);
        return;
    }
    store_u8(c, call_va(c, 4), irql);
    store_u32(c, call_va(c, 5), affinity);
    if (call_ok(c))
        call_return(c, vector);
}

/* NTSTATUS HalAdjustResourceList(**ResourceList): a PC's bus 0 takes every
 * range as it is. */
void thunk_HalAdjustResourceList(struct call *c)
{
    load_u32(c, call_va(c, 0));
    if (call_ok(c))
        call_return(c, STATUS_SUCCESS);
}
