/* include/halbox/device.h -- all that a device model sees. A model posts DMA on
 * logical addresses, raises lines, sets timers on the virtual clock and gets a
 * number back when one is done. It knows no CPU, no HAL and no host time, and
 * keeps no pointers in its state: it is a const struct device_model plus plain
 * fields with state rows. Design: docs/devices/README.md. */
#ifndef HALBOX_DEVICE_H
#define HALBOX_DEVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "halbox/addr.h"
#include "halbox/api.h"
#include "halbox/dma.h"
#include "halbox/media.h"
#include "halbox/state.h"

struct device;
struct device_wiring; /* the bus's side of a device; opaque to models */

/** Access sizes that a register window takes; the bus refuses the others. */
enum {
    ACCESS_8 = 1,
    ACCESS_16 = 2,
    ACCESS_32 = 4,
    ACCESS_ANY = 7,
    ACCESS_SPLIT = 8,  /* wider accesses are split into the widest allowed */
    ACCESS_FIXED = 16, /* window 0-5 of a PCI function that is no BAR: it sits
                          at `base` and decodes when its command register lets
                          its BARs */
    ACCESS_PREFETCH = 32, /* memory BAR: reads have no side effects */
};

/** Windows: what a model's read, write and peek are told as `window`. */
enum { DEVICE_WINDOWS = 9, PCI_BARS = 6, PCI_ROM = 8 };

enum window_kind { WINDOW_NONE, WINDOW_PORT, WINDOW_MEMORY };

/**
 * A range of addresses that the model answers. For a PCI function windows 0-5
 * are its BARs 0-5 and 8 its expansion ROM (base comes from configuration
 * space); windows 6 and 7, and all windows of other devices, sit at fixed
 * bases: the board's, or `base`.
 */
struct device_window {
    enum window_kind kind;
    uint32_t bytes; /* power of two for a BAR; 0: value of setting `bytes`, or
                       what device_ram_size() says */
    uint8_t access; /* ACCESS_x | ACCESS_SPLIT */
    uint8_t alias;  /* >0: port decode ignores address bits above it (10) */
    bool ram;       /* memory of the card (device_ram), not registers */
    uint32_t base;  /* where it sits when the board gives no other base */
    bool rom;       /* with .ram: accesses do not change it */
};

/** PCI identity and configuration header; all zero: not a PCI function. */
struct device_pci {
    uint16_t vendor, device, subsystem_vendor, subsystem;
    uint8_t revision, prog_if, subclass, base_class;
    uint8_t interrupt_pin; /* 1..4 = INTA#..INTD#, 0 none */
    uint8_t header_type;   /* bit 7: more functions in this slot */
    uint8_t address_bits;  /* driven as master; 0 is 32, above: DAC */
    uint8_t function;      /* in the slot that the board gives it */
};

/** The wires of the board. Each is wired-or: high while any output that is
 *  connected to it is driven; the input pins connected see the changes. */
enum wire {
    WIRE_NONE,
    WIRE_IRQ0, /* ISA interrupt requests, IRQ n is WIRE_IRQ0 + n */
    WIRE_IRQ15 = WIRE_IRQ0 + 15,
    WIRE_PIRQA, /* PCI INTx after the slots' rotation; true means asserted */
    WIRE_PIRQB,
    WIRE_PIRQC,
    WIRE_PIRQD,
    WIRE_DREQ0, /* DMA requests, channel n is WIRE_DREQ0 + n */
    WIRE_DREQ7 = WIRE_DREQ0 + 7,
    WIRE_INTR, /* these go to the CPU (struct bus_pins) */
    WIRE_NMI,
    WIRE_SMI,
    WIRE_RESET,   /* the board resets CPU and devices */
    WIRE_A20,     /* true: A20 passes; without any driver it is true too */
    WIRE_SPEAKER, /* 8254 OUT2 gated by port 61h */
    WIRE_REFRESH, /* 8254 OUT1 */
    WIRE_INIT,    /* restarts the CPU alone: RAM and devices stay */
    WIRE_FERR,    /* from the CPU: an FPU exception waits, CR0.NE clear */
    WIRE_IGNNE,   /* to the CPU: go on in spite of it */
    WIRE_COUNT
};

/** A pin of the package that is soldered to a wire on every board. What is
 *  strapped (irq, dma, PCI INTx) is not listed: see irq_set, dreq_set. */
struct device_pin {
    uint8_t pin;  /* 0..31, the model's own numbering; in and out apart */
    bool output;  /* line_set() drives it; else model->line() hears it */
    uint8_t wire; /* enum wire; WIRE_NONE ends the list */
};

/** ISA lines that a card's straps choose when the board gives no others. */
struct device_strap {
    bool has_irq, has_dma;
    uint8_t irq, dma;
};

/** A setting of a model: `--device edu,dma_bits=32`. The field is set before
 *  the first reset and does not change; rows may cover it. */
struct device_setting {
    const char *name, *help;
    uint64_t initial, least, most;
    uint32_t offset; /* of a uint64_t field in the model's struct */
};

/** What a display adapter sends to its monitor. */
struct device_screen {
    uint32_t width, height; /* dots; 0: nothing to be seen        */
    uint32_t columns, rows; /* of characters; 0: graphics         */
};

/** First member of every model's struct; filled by the bus. */
struct device {
    const struct device_model *model;
    struct device_wiring *wiring;
    uint16_t id; /* of this device on its machine, from 0 */
};

struct device_model {
    const char *name;  /* as in --device NAME */
    const char *title; /* one line for `halbox list devices` */
    uint32_t version;  /* of the state rows */
    size_t state_size; /* of the struct that starts with struct device */
    const struct state_row *rows;
    const struct device_setting *settings; /* ends with name == NULL */
    struct device_pci pci;
    struct device_window windows[DEVICE_WINDOWS];
    struct device_strap strap;
    const struct device_pin *pins; /* ends with WIRE_NONE; may be NULL */
    uint8_t drives[MEDIA_DRIVES];  /* kinds that each takes; halbox/media.h */
    bool free_running; /* its timers tick on for ever: no work of anybody's */

    /** Power-on and reset: registers to their datasheet values. The bus has
     *  dropped the device's timers, DMA and outputs before. */
    void (*reset)(struct device *dev);
    /** Optional, after a load: may the model run on with these fields? What
     *  it indexes or shifts with must be in range; a file can hold anything.
     *  Settings are checked by the bus. */
    bool (*check)(const struct device *dev);
    /** Optional, before a save: the fields that rows describe take in what the
     *  model keeps elsewhere (a script's table). False: it cannot be saved. */
    bool (*freeze)(struct device *dev);
    /** Register access, `bytes` is 1, 2 or 4 and allowed by the window. */
    uint32_t (*read)(struct device *dev, unsigned window, uint32_t offset,
                     unsigned bytes);
    void (*write)(struct device *dev, unsigned window, uint32_t offset,
                  unsigned bytes, uint32_t value);
    /** As read, without side effects; NULL: read has none. */
    uint32_t (*peek)(const struct device *dev, unsigned window, uint32_t offset,
                     unsigned bytes);
    /** Optional: the board gives a file before the first reset (firmware
     *  items). False: there is no room for it. */
    bool (*give)(struct device *dev, const char *name, const uint8_t *bytes,
                 uint32_t n);
    /** What was asked of clock or DMA is done; never nested. After a load from
     *  a damaged file @step can be any number. */
    void (*step)(struct device *dev, unsigned step, enum dma_status status);
    /** Optional: the model moves the bytes of its DMA engine itself. */
    void (*data)(struct device *dev, unsigned engine, uint8_t *bytes,
                 uint32_t n, enum dma_dir dir);
    /** An input pin changed (interrupt controllers, bridges). */
    void (*line)(struct device *dev, unsigned pin, bool level);
    /** A byte arrives from outside the machine (serial line, keyboard). */
    void (*receive)(struct device *dev, uint8_t byte);
    /** Optional: would a byte that arrives now be kept? */
    bool (*receive_ready)(const struct device *dev);
    /** A key goes down or up; @usage: USB HID keyboard page. */
    void (*key)(struct device *dev, uint16_t usage, bool down);
    /** The pointer moved right, down, and the wheel towards the user by so
     *  much; @buttons held: bit 0 left, 1 right, 2 middle, 3 and 4 the side. */
    void (*pointer)(struct device *dev, int dx, int dy, int dz,
                    uint8_t buttons);
    /** Ethernet (all three or none). Can the card take a frame from the wire
     *  now? Its receive buffer alone counts: one that does not listen takes
     *  frames and drops them. */
    bool (*frame_ready)(const struct device *dev);
    /** A frame arrives: destination address to the end of the data, without
     *  preamble and checksum; @n is FRAME_SHORTEST to FRAME_MOST. */
    void (*frame)(struct device *dev, const uint8_t *bytes, uint32_t n);
    /** The cable is connected, or pulled; it is connected at power-on. */
    void (*link)(struct device *dev, bool up);
    /** Display adapters (all three or none), functions of the state and the
     *  clock: how large the picture is; its dots, 00RRGGBB, row by row; its
     *  characters, row by row, the code below and the attribute above. */
    void (*screen)(const struct device *dev, struct device_screen *screen);
    void (*screen_draw)(const struct device *dev, uint32_t *pixels);
    void (*screen_text)(const struct device *dev, uint16_t *cells);
    /** Interrupt acknowledge: returns the vector (the 8259 pair). */
    uint8_t (*inta)(struct device *dev);

    /** PCI configuration space from 40h on, optional (NULL: reads 0, writes
     *  vanish): whole dwords, @offset a multiple of 4; a write changes only
     *  the bits of @mask. The header below 40h is the bus's. */
    uint32_t (*config_read)(const struct device *dev, unsigned offset);
    void (*config_write)(struct device *dev, unsigned offset, uint32_t value,
                         uint32_t mask);

    /** Slaves on an 8237 channel: @n units were taken from @bytes or are to
     *  be given there; @tc: the last of them is terminal count. Verify cycles
     *  come as @n == 0 with @bytes NULL. */
    void (*dack)(struct device *dev, uint8_t *bytes, uint32_t n, bool tc,
                 enum dma_dir dir);
    /** Units that a slave could take (DMA_TO_DEVICE) or give without dropping
     *  DREQ, in demand or block mode; NULL: one at a time. */
    uint32_t (*ready)(const struct device *dev, enum dma_dir dir);

    /** DMA controllers only (the 8237 pair): see halbox/dma.h. */
    const struct dma_controller *controller;
};

/* ---- what a model may call (all return at once) ------------------------- */

/** irq_set() - drive the device's interrupt output: the ISA IRQ that it is
 *  strapped to, or INTx of its PCI function. */
HB_API void irq_set(struct device *dev, bool level);
/** line_set() - drive output pin @pin of model->pins. */
HB_API void line_set(struct device *dev, unsigned pin, bool level);
/** line_get() - level now of the wire behind input pin @pin. */
HB_API bool line_get(const struct device *dev, unsigned pin);
/** dreq_set() - drive the DREQ of the channel the device is strapped to. */
HB_API void dreq_set(struct device *dev, bool level);
/** device_channel() - that channel, -1 when none. */
HB_API int device_channel(const struct device *dev);
/** device_irq() - the ISA IRQ that the device is strapped to, -1 when none. */
HB_API int device_irq(const struct device *dev);
/** dack_channel() - inside dack() and ready(): of which channel. For a card
 *  with more than its strapped one, whose other DREQs are output pins. */
HB_API unsigned dack_channel(const struct device *dev);

/** device_ram() - host bytes [@offset, + @bytes) of window @window (.ram), to
 *  read or write; NULL when they leave it. The bus owns and saves them and
 *  serves CPU and DMA accesses to them. A window of kind WINDOW_NONE with .ram
 *  is memory inside the card that no address reaches. */
HB_API uint8_t *device_ram(struct device *dev, unsigned window, uint32_t offset,
                           uint32_t bytes);
/** device_ram_view() - the same, to read alone. */
HB_API const uint8_t *device_ram_view(const struct device *dev, unsigned window,
                                      uint32_t offset, uint32_t bytes);

/** device_ram_size() - for model->give: make window @window, whose size the
 *  model leaves open, @bytes long; what it has stays. False: no memory. */
bool device_ram_size(struct device *dev, unsigned window, uint32_t bytes);

/** clock_after_ns() - step(@step, DMA_OK) @ns of virtual time from now, at
 *  least one tick. A timer is (device, step): setting it again moves it.
 *  @step < 65536. */
HB_API void clock_after_ns(struct device *dev, uint64_t ns, unsigned step);
/** clock_cancel() - the timer (device, @step) will not come. */
HB_API void clock_cancel(struct device *dev, unsigned step);
/** clock_ns() - virtual time since power-on in ns. */
HB_API uint64_t clock_ns(const struct device *dev);

/** stream_put() - a byte leaves the machine by the device (serial line,
 *  printer, debug console): event stream_out, whose listeners carry it on. */
HB_API void stream_put(struct device *dev, uint8_t byte);

enum { FRAME_LEAST = 14, FRAME_MOST = 4096, FRAME_SHORTEST = 60 };
/** frame_put() - an Ethernet frame leaves the machine by the device, as it
 *  would be given to model->frame; shorter ones than FRAME_SHORTEST are filled
 *  up with zeroes on the wire. */
HB_API void frame_put(struct device *dev, const uint8_t *bytes, uint32_t n);
/** frame_crc() - its checksum: CRC-32 of IEEE 802.3, 3.2.9, the first byte on
 *  the wire in bits 0-7. Over an address: what multicast filters hash. */
HB_API uint32_t frame_crc(const uint8_t *bytes, uint32_t n);

/** sound_put() - a stereo frame leaves the machine by the device, @rate frames
 *  a second: event sound_out, whose listeners carry it on. */
HB_API void sound_put(struct device *dev, uint32_t rate, int16_t left,
                      int16_t right);

/** pci_config_read()/pci_config_write() - for a host bridge: a configuration
 *  cycle of 1, 2 or 4 bytes inside one dword. An absent function reads all
 *  ones and drops writes. */
HB_API uint32_t pci_config_read(struct device *bridge, unsigned bus,
                                unsigned slot, unsigned function,
                                unsigned offset, unsigned bytes);
HB_API void pci_config_write(struct device *bridge, unsigned bus, unsigned slot,
                             unsigned function, unsigned offset, unsigned bytes,
                             uint32_t value);

/** shadow_set() - for a host bridge: RAM answers reads of, and writes to, the
 *  @bytes from @at, or else the bus does. Whole 16 KiB of A0000h-FFFFFh. */
void shadow_set(struct device *bridge, uint32_t at, uint32_t bytes, bool reads,
                bool writes);

/** guest_error() - trace that the guest misused the device; goes on. */
HB_API void guest_error(struct device *dev, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/** guest_finding() - a class of DMA misuse (S01-S40) that the device sees. */
HB_API void guest_finding(struct device *dev, const char *rule,
                          const char *text);

#endif
