/* src/bus/bus.h -- the buses: ports, MMIO and PCI configuration by physical
 * address and number, the wires, the DMA gate (logical -> physical) and bus
 * tenures. CPU, HAL and board see this; device models see halbox/device.h.
 * Docs: docs/dma.md, docs/devices/README.md. */
#ifndef BUS_BUS_H
#define BUS_BUS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/events.h"
#include "base/save.h"
#include "halbox/device.h"
#include "halbox/status.h"
#include "mm/ram.h"

struct bus; /* bus_private.h of src/bus */

enum { BUS_DEVICES = 64, BUS_STATE_VERSION = 5 };

/* ---- building: the board -------------------------------------------------*/

/** Settings of the machine's buses; they do not change while it lives. */
struct bus_options {
    uint32_t tenure;      /* dma.tenure: most bytes of one, 4..4096; 0: 4096 */
    uint32_t rate;        /* dma.rate: bytes per ns of a PCI master; 0: 1    */
    bool strict;          /* --strict-dma: outside the windows is a fault    */
    bool ports_in_memory; /* ports answer in BUS_PORTS_WINDOW, too        */
    bool memory_in_ports; /* BUS_MEMORY_WINDOW answers at BUS_MEMORY_PORT */
};

/** Host bridges of machines whose CPU has one address space: the 64 KiB of
 *  ports as memory, and a piece of PCI memory as ports. */
#define BUS_PORTS_WINDOW  0xfea00000u
#define BUS_MEMORY_WINDOW 0xfea20000u
enum { BUS_MEMORY_PORT = 0xa000, BUS_MEMORY_BYTES = 0x2000 };

/** bus_has_ports_in_memory(), bus_has_memory_in_ports() - the settings. */
bool bus_has_ports_in_memory(const struct bus *bus);
bool bus_has_memory_in_ports(const struct bus *bus);

/** Where the board puts a device; zero is "as the model says". */
struct bus_place {
    const char *name; /* unique; NULL: the model's, numbered from the second */
    uint32_t base[DEVICE_WINDOWS]; /* windows that are no BARs; 0: default   */
    bool has_irq, has_dma, has_slot;
    uint8_t irq;            /* ISA IRQ 0-15 strapped                         */
    uint8_t dma;            /* 8237 channel 0-7 strapped                     */
    uint8_t slot, function; /* PCI bus 0; without has_slot: first free one,
                               from slot 3 on                                */
};

/** bus_create() - an empty bus over RAM, clock and events (borrowed). */
enum hb_status bus_create(struct bus **bus, struct ram *ram,
                          struct clock *clock, struct events *events,
                          const struct bus_options *options,
                          struct hb_error *error);
void bus_destroy(struct bus *bus);
/** bus_add() - place one device of @model (borrowed, const). Its struct is
 *  allocated by the bus, settings at their initial values; in *@dev when not
 *  NULL. Call bus_reset() after the last one. */
enum hb_status bus_add(struct bus *bus, const struct device_model *model,
                       const struct bus_place *place, struct device **dev,
                       struct hb_error *error);
/** bus_set() - setting @name of @dev, before the first bus_reset(). */
enum hb_status bus_set(struct device *dev, const char *name, uint64_t value,
                       struct hb_error *error);
/** bus_rom() - put a ROM into the socket of a PCI card, before the first
 *  bus_reset(). HB_BAD_ARGUMENT: it has none, or the size is no ROM's. */
enum hb_status bus_rom(struct device *dev, const uint8_t *bytes, size_t count,
                       struct hb_error *error);
/** bus_reset() - power-on or RESET# of every device; the gate passes through.
 */
void bus_reset(struct bus *bus);
/** bus_take_init() - the CPU has done what INIT asks for. */
void bus_take_init(struct bus *bus);
/** bus_reset_device() - reset of one device alone (its model's reset, timers,
 *  DMA and outputs dropped, own map registers invalid). */
void bus_reset_device(struct device *dev);

/** bus_plug() - the card is pulled out (@in false): its windows and its
 *  configuration space answer no more, its outputs are low, its DMA is gone; or
 *  put in again, as after power-on. */
void bus_plug(struct device *dev, bool in);

/** bus_device() - device number @id, NULL past the last. */
struct device *bus_device(const struct bus *bus, unsigned id);
/** bus_find() - the device of that name, or NULL. */
struct device *bus_find(const struct bus *bus, const char *name);
const char *bus_device_name(const struct device *dev);
/** bus_device_place() - where it sits now, BARs included in base[]. */
void bus_device_place(const struct device *dev, struct bus_place *place);

struct medium; /* media/media.h */

/** bus_drive_takes() - could a drive of @kind be connected as @drive? */
bool bus_drive_takes(const struct device *dev, unsigned drive,
                     enum media_kind kind);
/** bus_drive() - connect one with @medium in it, which the bus takes (NULL: an
 *  empty drive); before the first bus_reset(). */
void bus_drive(struct device *dev, unsigned drive, enum media_kind kind,
               struct medium *medium);
/** bus_drive_change() - another medium, or none, while the machine runs. */
void bus_drive_change(struct device *dev, unsigned drive,
                      struct medium *medium);

/** bus_save()/bus_load_state() - wires, configuration headers, map registers,
 *  queues, tenure, then one section per device, then their media. */
void bus_save(const struct bus *bus, struct saver *s);
enum hb_status bus_load_state(struct bus *bus, struct loader *l,
                              struct hb_error *error);

/** bus_judged() - somebody above compares DMA addresses with what was given
 *  out, and says more than the bus could (finding S01). */
void bus_judged(struct bus *bus);

/* ---- accesses: CPU and HAL -----------------------------------------------*/

/** Wires that the CPU samples between instructions; part of the bus's state.
 *  `reset` stays true from a pulse on until bus_reset(), `init` until
 *  bus_take_init(). */
struct bus_pins {
    bool intr, nmi, smi, reset, init, a20, ignne;
    bool ferr; /* what the CPU drives itself: bus_ferr() */
};

/** bus_in()/bus_out() - a port access of 1, 2 or 4 bytes. Unclaimed: all ones,
 *  dropped. Each is an event. */
uint32_t bus_in(struct bus *bus, uint16_t port, unsigned bytes);
void bus_out(struct bus *bus, uint16_t port, unsigned bytes, uint32_t value);
/** bus_load()/bus_store() - a physical access that is not RAM: device windows,
 *  adapter RAM, or nothing (all ones, dropped). 1, 2 or 4 bytes, not crossing
 *  a 4-byte line. */
uint32_t bus_load(struct bus *bus, gpa_t at, unsigned bytes);
void bus_store(struct bus *bus, gpa_t at, unsigned bytes, uint32_t value);
/** bus_peek() - as bus_load without side effects, for the debugger. */
uint32_t bus_peek(const struct bus *bus, gpa_t at, unsigned bytes);
/** bus_peek_port() - as bus_in without side effects. */
uint32_t bus_peek_port(const struct bus *bus, uint16_t port, unsigned bytes);
/** bus_peek_window() - @bytes at @offset of a window (its own numbering),
 *  wherever it lies now, without side effects. False: not inside it. */
bool bus_peek_window(const struct device *dev, unsigned window, uint32_t offset,
                     unsigned bytes, uint32_t *value);
/** bus_poke_window() - a write to a window's register as the CPU's, by its
 *  handler, but no cycle on the bus: no event. What bus_peek_window() takes. */
void bus_poke_window(struct device *dev, unsigned window, uint32_t offset,
                     unsigned bytes, uint32_t value);
/** bus_memory() - host bytes of adapter RAM at page @at, or NULL: lets a TLB
 *  entry point there. */
uint8_t *bus_memory(struct bus *bus, gpa_t at);
/** bus_map_changes() - counts up whenever windows moved, so that whoever kept
 *  what bus_memory() gave asks again. */
uint64_t bus_map_changes(const struct bus *bus);

/** bus_peek_config() - the dword of configuration space that @offset is in,
 *  without a cycle; ones where there is no function. */
uint32_t bus_peek_config(const struct bus *bus, unsigned number, unsigned slot,
                         unsigned function, unsigned offset);
/** bus_bar_bytes() - size of base address register @bar (PCI_ROM: of the
 *  expansion ROM); 0: the function has none. */
uint32_t bus_bar_bytes(const struct device *dev, unsigned bar);
/** bus_config_read()/write() - a PCI configuration cycle as a host bridge
 *  makes it, for tools and tests; HAL and guests go through CF8h/CFCh. */
uint32_t bus_config_read(struct bus *bus, unsigned number, unsigned slot,
                         unsigned function, unsigned offset, unsigned bytes);
void bus_config_write(struct bus *bus, unsigned number, unsigned slot,
                      unsigned function, unsigned offset, unsigned bytes,
                      uint32_t value);

/** bus_pins() - the CPU's input pins now. */
const struct bus_pins *bus_pins(const struct bus *bus);
/** bus_ferr() - the CPU's FERR# is asserted, or not any more. */
void bus_ferr(struct bus *bus, bool level);
/** bus_wire() - level of one wire now. */
bool bus_wire(const struct bus *bus, enum wire wire);
const char *bus_wire_name(enum wire wire);
/** bus_pirq() - the wire that INT@pin (1..4) of a slot's function is on. */
enum wire bus_pirq(unsigned slot, unsigned pin);
/** bus_inta() - interrupt acknowledge cycle: the vector. */
uint8_t bus_inta(struct bus *bus);

/* ---- Ethernet ------------------------------------------------------------*/

/** bus_frame_ready() - does the device take a frame now? bus_frame() - one
 *  arrives, of FRAME_LEAST to FRAME_MOST bytes; short ones are filled up. */
bool bus_frame_ready(const struct device *dev);
void bus_frame(struct device *dev, const uint8_t *bytes, uint32_t n);
typedef void bus_frame_fn(void *context, const char *device, const void *bytes,
                          uint32_t n);
/** bus_frames() - who carries frames that leave on; NULL: nobody. It changes
 *  nothing of the machine. */
void bus_frames(struct bus *bus, bus_frame_fn *fn, void *context);

/* ---- DMA: the run loop ---------------------------------------------------*/

/** What holds the bus; bytes == 0: nothing does. Saved at any byte. */
struct tenure {
    uint16_t owner;     /* device id                                         */
    uint16_t card;      /* TENURE_CARD: device id of the target              */
    uint8_t channel;    /* engine of a master, or channel of a controller    */
    uint8_t controller; /* 1: the owner is a DMA controller                  */
    uint8_t dir, kind;  /* enum dma_dir; enum dma_cycle_kind                 */
    uint8_t target;     /* enum tenure_target                                */
    uint8_t unit_bytes; /* 1 for a master                                    */
    int8_t advance;     /* bytes from unit to unit                           */
    uint8_t tc, hold;   /* ends in TC; the next is due at the same tick      */
    uint8_t cancelled;  /* ends at the next beat                             */
    uint8_t latch[4];   /* unit or beat that is half moved                   */
    uint32_t transfer;  /* number of the transfer, in events                 */
    uint32_t reg;       /* window << 16 | index of the map register, or
                           UINT32_MAX: none was used                         */
    uint64_t at;        /* logical address of the first unit                 */
    uint64_t to;        /* physical address of the first unit                */
    uint32_t bytes, moved;
};

enum tenure_target {
    TENURE_RAM,    /* RAM                                                     */
    TENURE_CARD,   /* another card: memory or registers, in beats <= 4 bytes  */
    TENURE_NOTHING /* ISA: nobody answers; reads FFh, writes vanish           */
};

/** bus_serve() - serve a due CLOCK_DEVICE, CLOCK_DMA or CLOCK_DMA_CONTROLLER
 *  entry. It may leave a tenure: move that to its end before anything else. */
void bus_serve(struct bus *bus, const struct clock_entry *entry);
/** bus_tenure() - what holds the bus now. */
const struct tenure *bus_tenure(const struct bus *bus);
/** tenure_move() - move the next bytes of the tenure: what is left, or less by
 *  grain and watches. Returns how many. At its end come the burst event and
 *  the operation's or channel's advance. */
uint32_t tenure_move(struct bus *bus);
/** bus_grain() - most bytes of one tenure_move; UINT32_MAX is no limit. Not
 *  saved; no event depends on it. */
void bus_grain(struct bus *bus, uint32_t bytes);

/** bus_watch() - tenures are cut at the edges of these watches, which are told
 *  of the bytes; NULL: nothing is watched. Borrowed; not saved. */
struct watches;
void bus_watch(struct bus *bus, struct watches *watches);

/* ---- DMA: looking, without side effects ----------------------------------*/

enum gate_result {
    GATE_OK,
    GATE_NO_REGISTER, /* in a window, but no valid register                  */
    GATE_DIRECTION,   /* the register does not allow this direction          */
    GATE_STRICT,      /* outside the windows under --strict-dma              */
    GATE_NOTHING      /* passes, but neither RAM nor a card is there         */
};

/** What the gate makes of a logical address. */
struct gate_view {
    enum gate_result result;
    gpa_t to;        /* GATE_OK, GATE_NOTHING                               */
    bool in_window;  /* a map register was asked                            */
    bool ram;        /* GATE_OK: RAM answers; else a card */
    uint32_t bank;   /* requester of its table; GATE_SHARED: the bus's      */
    uint32_t index;  /* of the register in its window                       */
    unsigned window; /* 0 low, 1 high                                       */
    uint64_t entry;  /* as docs/devices/mapregs.md draws it                 */
};

/** bus_translate() - where would byte @at of DMA by @dev (NULL: any master of
 *  the shared table) in direction @dir go now? */
void bus_translate(const struct bus *bus, const struct device *dev, dla_t at,
                   enum dma_dir dir, struct gate_view *view);

/** One valid map register. */
struct gate_register {
    uint32_t bank, window, index;
    uint64_t entry;
    dla_t at; /* its logical page  */
    gpa_t to; /* its physical page */
};

/** bus_registers() - the first @most valid registers at or after position
 *  *@from (start with 0, moved on). Returns how many. */
uint32_t bus_registers(const struct bus *bus, uint64_t *from,
                       struct gate_register *out, uint32_t most);

/** bus_has_register() - is there such a register? bus_set_register() - write
 *  one of @bank's, with its event. */
bool bus_has_register(const struct bus *bus, unsigned window, uint32_t index);
void bus_set_register(struct bus *bus, uint32_t bank, unsigned window,
                      uint32_t index, uint64_t entry);

/** One posted operation, for lists. */
struct dma_view {
    struct device *dev;
    unsigned engine;
    enum dma_dir dir;
    dla_t at; /* of the next byte */
    uint32_t left, done, transfer;
};

/** bus_operations() - up to @most posted operations in queue order. */
uint32_t bus_operations(const struct bus *bus, struct dma_view *out,
                        uint32_t most);

#endif
