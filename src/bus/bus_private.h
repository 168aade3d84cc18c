/* src/bus/bus_private.h -- what the files of src/bus share: the state of the
 * buses (saved) and the wiring around it (built by the board, not saved). */
#ifndef BUS_BUS_PRIVATE_H
#define BUS_BUS_PRIVATE_H

#include "base/vec.h"
#include "bus/bus.h"
#include "halbox/gate.h"
#include "media/media.h"
#include "mm/watch.h"

enum {
    BUS_NAME = 32,         /* bytes of a device's name on the machine      */
    BUS_LISTENERS = 8,     /* input pins on one wire                       */
    BUS_PORTS = 65536,     /* port addresses                               */
    DEVICE_PINS = 32,      /* output pins of a model                       */
    GATE_MOST = 65536,     /* map registers of a window                    */
    DMA_CHANNELS = 8,      /* of a pair of controllers                     */
    ISA_CYCLE_NS = 960,    /* 8 clocks of 8.33 MHz, one unit by an 8237    */
    ISA_ADDRESS = 0xffffff /* 24 lines                                     */
};

/** PCI configuration header, type 0: what the guest can change of it. */
struct pci_header {
    uint16_t command, status;
    uint32_t bar[PCI_BARS];
    uint32_t rom; /* expansion ROM base address, bit 0: it decodes */
    uint8_t line, latency, cache_line;
};

enum {
    PCI_COMMAND_IO = 1u << 0,
    PCI_COMMAND_MEMORY = 1u << 1,
    PCI_COMMAND_MASTER = 1u << 2,
    PCI_COMMAND_PARITY = 1u << 6,
    PCI_COMMAND_SERR = 1u << 8,
    PCI_STATUS_DEVSEL_MEDIUM = 1u << 9,
    PCI_STATUS_MASTER_ABORT = 1u << 13,
};

/** The bus's side of one device, saved. */
struct wiring_state {
    uint32_t out;      /* level of each output pin                     */
    uint8_t irq, dreq; /* level of the strapped outputs                */
    uint8_t scheduled; /* engines with a CLOCK_DMA entry               */
    uint8_t waiting;   /* engines without a right to the bus           */
    uint8_t absent;    /* the card is pulled out                       */
    struct pci_header pci;
    uint32_t done[DMA_ENGINES];      /* bytes of the last operation         */
    uint32_t pending[DMA_ENGINES];   /* clock arg of a step to come, or 0   */
    uint64_t kick;                   /* controller: tick of its entry, or 0 */
    uint32_t transfer[DMA_CHANNELS]; /* controller: running, or 0         */
    uint32_t moved[DMA_CHANNELS];    /* bytes of that transfer            */
};

struct device_wiring {
    struct wiring_state s;
    /* not saved */
    struct bus *bus;
    struct device *dev;
    char name[BUS_NAME];
    struct bus_place place;
    uint8_t irq_wire, dreq_wire;
    uint8_t dack_channel; /* whose DACK or ready() it is now */
    uint8_t out_wire[DEVICE_PINS], in_wire[DEVICE_PINS];
    uint32_t bytes[DEVICE_WINDOWS];      /* of each window, settings applied */
    uint8_t *ram[DEVICE_WINDOWS];        /* of windows with .ram           */
    uint64_t *touched[DEVICE_WINDOWS];   /* bit per page of it: see a save */
    uint8_t drive[MEDIA_DRIVES];         /* enum media_kind that is connected */
    struct medium *medium[MEDIA_DRIVES]; /* owned; NULL: empty */
    uint32_t changes[MEDIA_DRIVES]; /* of it while the machine ran; saved */
};

/** A posted operation; those of one (device, engine) are a FIFO. */
struct dma_op {
    uint16_t dev, engine, step;
    uint8_t dir, started;
    uint64_t at; /* logical address of the next byte */
    uint32_t local, left, done, transfer;
};

/** The registers of one window of one table: a run of `entries`. */
struct gate_bank {
    uint32_t bank, window, first, count;
};

struct gate_state {
    struct gate_config config;
    struct gate_fault fault;
    uint32_t changes;
    struct vec banks;   /* of struct gate_bank */
    struct vec entries; /* of uint64_t         */
};

struct bus_state {
    uint16_t wire[WIRE_COUNT]; /* outputs that drive it now         */
    uint8_t reset;             /* RESET was pulsed: latched for the board */
    uint8_t init;              /* INIT rose: latched likewise       */
    uint8_t ferr;              /* the CPU drives FERR               */
    uint32_t transfers;        /* counts up                         */
    uint64_t isa_free;         /* tick at which the ISA bus is free */
    uint64_t isa_held;         /* units since the ISA bus was taken */
    struct tenure tenure;
    struct vec ops; /* of struct dma_op, in the order of posting */
    struct gate_state gate;
};

/** A window that decodes now. */
struct bus_region {
    uint16_t dev;
    uint8_t window, kind;
    uint64_t base;
    uint32_t bytes;
};

struct bus_listener {
    uint16_t dev;
    uint8_t pin;
};

struct bus {
    struct bus_state s;
    /* wiring, not saved */
    struct ram *ram;
    struct clock *clock;
    struct events *events;
    struct bus_options options;
    struct device *device[BUS_DEVICES];
    unsigned devices;
    struct bus_listener listener[WIRE_COUNT][BUS_LISTENERS];
    uint8_t listeners[WIRE_COUNT], drivers[WIRE_COUNT];
    struct bus_pins pins;
    /* derived from the configuration headers */
    struct bus_region region[BUS_DEVICES * DEVICE_WINDOWS];
    unsigned regions;
    uint16_t *port_map; /* region + 1 of each port, 0: nobody */
    uint64_t map_changes;
    bus_frame_fn *frames; /* NULL: no cable leads anywhere */
    void *frames_context;
    /* stepping */
    bool judged; /* no finding S01 of ours */
    uint32_t grain;
    struct watches *watches; /* NULL: nothing is watched */
};

extern const struct state_row bus_state_rows[], wiring_rows[];

static inline struct device_wiring *wiring_of(const struct device *dev)
{
    return dev->wiring;
}
static inline bool device_is_pci(const struct device *dev)
{
    return dev->model->pci.vendor != 0;
}

/* dispatch.c */
void bus_remap(struct bus *bus);
/** The memory window that decodes @at, or NULL. */
const struct bus_region *bus_region_at(const struct bus *bus, uint64_t at);
/** One access to a window; @peek: without side effects. */
uint32_t window_read(struct bus *bus, struct device *dev, unsigned window,
                     uint32_t offset, unsigned bytes, bool peek);
void window_write(struct bus *bus, struct device *dev, unsigned window,
                  uint32_t offset, unsigned bytes, uint32_t value);
/** Bytes of the card's RAM that are about to be written: marks their pages. */
uint8_t *card_ram(struct device *dev, unsigned window, uint32_t offset,
                  uint32_t bytes);

/* pci.c */
void pci_reset(struct device *dev);
/** Base and whether it decodes of a window. */
bool pci_window(const struct device *dev, unsigned window, uint64_t *base);

/* wires.c */
void wire_connect(struct bus *bus, struct device *dev);
void wires_refresh(struct bus *bus); /* pins from the counts, after a load */
void wires_release(struct device *dev);
void wires_recount(struct bus *bus); /* after a load, from the devices */

/* gate.c */
void gate_reset(struct bus *bus);
void gate_drop_own(struct device *dev); /* platform `adapter` */
uint32_t gate_requester(const struct device *dev);
void gate_translate(const struct bus *bus, uint32_t requester, uint64_t at,
                    enum dma_dir dir, struct gate_view *view);
/** Does RAM, and no card, take part in DMA of this direction? */
bool gate_ram(const struct bus *bus, gpa_t at, enum dma_dir dir);
/** The register itself, NULL: there is none. */
const uint64_t *gate_register_at(const struct bus *bus, uint32_t bank,
                                 unsigned window, uint32_t index);
void gate_refused(struct bus *bus, const struct gate_view *view, uint64_t at,
                  enum dma_dir dir);
const char *gate_reason(enum gate_result result);

/* dma.c */
void dma_serve(struct bus *bus, struct device *dev, unsigned engine);
void dma_moved(struct bus *bus, const struct tenure *t);
void dma_wake(struct device *dev);
bool dma_op_good(const struct bus *bus, const struct dma_op *op);
struct dma_op *dma_head(struct bus *bus, unsigned dev, unsigned engine);
void finding(struct bus *bus, const char *rule, const char *text);

/* channel.c */
void channel_serve(struct bus *bus, struct device *dev);
void channel_moved(struct bus *bus, const struct tenure *t);
struct device *channel_slave(const struct bus *bus, unsigned channel);
bool channel_cascaded(const struct bus *bus, unsigned channel);

/* tenure.c */
/** tenure_ns() - how long the bus is taken by what @t moved: no time passes
 *  inside a tenure, it comes after. */
uint64_t tenure_ns(const struct bus *bus, const struct tenure *t);
/** Point @t at what the gate says; false: @view is a fault (for ISA the
 *  tenure goes on into nothing). Cuts t->bytes to page and window. */
bool tenure_good(struct bus *bus, const struct tenure *t); /* of a file */
bool tenure_aim(struct bus *bus, struct tenure *t, uint32_t requester,
                struct gate_view *view);

/* media.c */
void media_close(struct device *dev);
void media_save(const struct bus *bus, struct saver *s);
enum hb_status media_load(struct bus *bus, struct loader *l,
                          struct hb_error *error);

/* bus.c */
enum { ROM_MOST = 16 << 20, WINDOW_MOST = 256 << 20 };
/** A window with memory whose size neither model nor setting tells. */
bool window_is_open(const struct device *dev, unsigned window);
bool window_resize(struct device_wiring *w, unsigned window, uint32_t bytes);
bool settings_good(const struct device *dev);

/* timers.c */
void timers_drop(struct device *dev);
void step_later(struct device *dev, uint64_t due, unsigned step,
                unsigned engine, enum dma_status status);
void step_forget(struct device *dev, unsigned engine);

#endif
