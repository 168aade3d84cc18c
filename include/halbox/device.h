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
#include "halbox/dma.h"
#include "halbox/state.h"

struct device;
struct device_wiring; /* the bus's side of a device; opaque to models */

/** Access sizes that a register window takes; the bus refuses the others. */
enum {
    ACCESS_8 = 1,
    ACCESS_16 = 2,
    ACCESS_32 = 4,
    ACCESS_ANY = 7,
    ACCESS_SPLIT = 8, /* wider accesses are split into the widest allowed */
};

/** Windows: what a model's read, write and peek are told as `window`. */
enum { DEVICE_WINDOWS = 8 };

enum window_kind { WINDOW_NONE, WINDOW_PORT, WINDOW_MEMORY };

/**
 * A range of addresses that the model answers. For a PCI function windows 0-5
 * are its BARs 0-5 (base comes from configuration space); windows 6 and 7, and
 * all windows of other devices, sit at fixed bases given by the board.
 */
struct device_window {
    enum window_kind kind;
    uint32_t bytes; /* power of two for a BAR; 0: from setting `bytes` */
    uint8_t access; /* ACCESS_x | ACCESS_SPLIT */
    uint8_t alias;  /* >0: port decode ignores address bits above it (10) */
    uint16_t base;  /* default port base when the board gives none */
};

/** PCI identity and configuration header; all zero: not a PCI function. */
struct device_pci {
    uint16_t vendor, device, subsystem_vendor, subsystem;
    uint8_t revision, prog_if, subclass, base_class;
    uint8_t interrupt_pin; /* 1..4 = INTA#..INTD#, 0 none */
    uint8_t header_type;
};

/** A setting of a model: `--device edu,dma_bits=32`. */
struct device_setting {
    const char *name, *help;
    uint64_t initial, least, most;
    uint32_t offset; /* of a uint64_t field in the model's struct */
};

/** First member of every model's struct; filled by the board. */
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

    /** Power-on and reset: registers to their datasheet values. */
    void (*reset)(struct device *dev);
    /** Register access, `bytes` is 1, 2 or 4 and allowed by the window. */
    uint32_t (*read)(struct device *dev, unsigned window, uint32_t offset,
                     unsigned bytes);
    void (*write)(struct device *dev, unsigned window, uint32_t offset,
                  unsigned bytes, uint32_t value);
    /** As read, without side effects; NULL: read has none. */
    uint32_t (*peek)(const struct device *dev, unsigned window,
                     uint32_t offset, unsigned bytes);
    /** What was asked of clock or DMA is done; never nested. */
    void (*step)(struct device *dev, unsigned step, enum dma_status status);
    /** Optional: the model moves the bytes of its DMA engine itself. */
    void (*data)(struct device *dev, unsigned engine, uint8_t *bytes,
                 uint32_t n, enum dma_dir dir);
    /** An input pin changed (interrupt controllers, bridges). */
    void (*line)(struct device *dev, unsigned pin, bool level);
    /** Interrupt acknowledge: returns the vector (the 8259 pair). */
    uint8_t (*inta)(struct device *dev);

    /** PCI configuration space beyond the header, optional: after the bus
     *  has handled the header's own registers. */
    uint32_t (*config_read)(struct device *dev, unsigned offset);
    void (*config_write)(struct device *dev, unsigned offset, uint32_t value,
                         uint32_t mask);

    /** Slaves on an 8237 channel: n units were moved (bytes in all). */
    void (*dack)(struct device *dev, uint8_t *bytes, uint32_t n, bool tc,
                 enum dma_dir dir);
    /** Units a slave could take or give now in demand or block mode. */
    uint32_t (*ready)(const struct device *dev);

    /** DMA controllers only (the 8237 pair): see halbox/dma.h. */
    const struct dma_controller *controller;

    /** Memory windows with RAM behind them (adapter RAM): host bytes of the
     *  window, or NULL; state rows cover them. */
    uint8_t *(*memory)(struct device *dev, unsigned window, uint32_t *bytes);
};

/* ---- what a model may call (all return at once) ------------------------- */

/** irq_set() - drive the device's interrupt output (INTx or ISA IRQ). */
void irq_set(struct device *dev, bool level);
/** line_set() - drive output pin @pin (bridges, controllers, 8254 OUT). */
void line_set(struct device *dev, unsigned pin, bool level);
/** dreq_set() - drive the DREQ of the channel the device is strapped to. */
void dreq_set(struct device *dev, bool level);

/** clock_after_ns() - step(@step, DMA_OK) @ns of virtual time from now, at
 *  least one tick. A timer is (device, step): setting it again moves it. */
void clock_after_ns(struct device *dev, uint64_t ns, unsigned step);
/** clock_cancel() - the timer (device, @step) will not come. */
void clock_cancel(struct device *dev, unsigned step);
/** clock_ns() - virtual time since power-on in ns. */
uint64_t clock_ns(const struct device *dev);

/** guest_error() - trace that the guest misused the device; goes on. */
void guest_error(struct device *dev, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
