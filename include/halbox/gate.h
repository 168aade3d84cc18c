/* include/halbox/gate.h -- the bus's tables of map registers, for the model of
 * the map-register unit alone (devices/mapregs.c). Everybody else reaches them
 * through the unit's registers. Source: docs/devices/mapregs.md. */
#ifndef HALBOX_GATE_H
#define HALBOX_GATE_H

#include <stdbool.h>
#include <stdint.h>

#include "halbox/addr.h"

struct device;

/** A map register. Physical page in bits 12-35, generation in 48-63. */
#define GATE_VALID      ((uint64_t)1 << 0)
#define GATE_READ       ((uint64_t)1 << 1) /* a device may read memory  */
#define GATE_WRITE      ((uint64_t)1 << 2) /* a device may write memory */
#define GATE_FLAGS      ((uint64_t)7)
#define GATE_PAGE       ((uint64_t)0xffffff << PAGE_SHIFT)
#define GATE_GENERATION 48 /* counts how often it became valid; read only */

enum { GATE_LOW, GATE_HIGH, GATE_WINDOWS };

/** Whose table: PCI masters are slot * 8 + function. */
#define GATE_DMA_CONTROLLER 0x100u  /* the 8237 pair                      */
#define GATE_ISA_MASTER     0x110u  /* + channel: card on a cascade       */
#define GATE_SHARED         0xffffu /* the bus's one table (`translate`) */

struct gate_window {
    uint64_t base;
    uint64_t bytes; /* of logical addresses; a page past the registers
                       is a page without a register                   */
    uint32_t registers;
    bool enabled;
};

/** What the unit decodes; all zero after reset: everything passes through. */
struct gate_config {
    struct gate_window window[GATE_WINDOWS];
    bool adapter; /* one table per bus master instead of one in all */
};

/** gate_configure() - from now on. Entries stay. */
void gate_configure(struct device *unit, const struct gate_config *config);
/** gate_entry()/gate_set_entry() - one register of a table. A write keeps
 *  flags and page; out of range is read as 0 and dropped. */
uint64_t gate_entry(const struct device *unit, uint32_t bank, unsigned window,
                    uint32_t index);
void gate_set_entry(struct device *unit, uint32_t bank, unsigned window,
                    uint32_t index, uint64_t entry);
/** gate_clear() - make a window of one table invalid. gate_clear_all() - all.
 */
void gate_clear(struct device *unit, uint32_t bank, unsigned window);
void gate_clear_all(struct device *unit);
/** gate_changes() - counts entries written. */
uint32_t gate_changes(const struct device *unit);

/** The first refused access since gate_fault_clear(). */
struct gate_fault {
    uint64_t at;
    uint32_t bank;
    uint8_t reason; /* 0 none, 1 no valid register, 2 direction, 3 strict */
    uint8_t dir;    /* enum dma_dir */
};
void gate_fault(const struct device *unit, struct gate_fault *fault);
void gate_fault_clear(struct device *unit);

#endif
