/* hal/hal.h -- the HAL: adapters and map registers, system DMA, scatter/gather
 * lists, common buffers; a core that takes numbers and physical pages and knows
 * no CPU and no guest call. hal/exports/ puts the routines of hal.dll on it.
 * Where driver code must run, the core says whom to call and is told what came
 * back. Page: docs/hal.md. Source: WDK, DMA chapters and reference pages. */
#ifndef HAL_HAL_H
#define HAL_HAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/events.h"
#include "bus/bus.h"
#include "halbox/addr.h"
#include "halbox/dma.h"
#include "halbox/state.h"
#include "halbox/status.h"
#include "mm/mm.h"

struct hal;

/** What map registers are on this platform. */
enum hal_kind {
    HAL_TRANSLATE, /* a unit in the bridge, one table for the bus           */
    HAL_BOUNCE,    /* no hardware: copies through pages the device reaches  */
    HAL_ADAPTER,   /* the unit, one table per bus master                    */
    HAL_KINDS
};

/** What findings of DMA verification come to. */
enum hal_verify {
    HAL_VERIFY_REPORT, /* an event, the run goes on                         */
    HAL_VERIFY_OFF,    /* silent                                            */
    HAL_VERIFY_STOP,   /* what Windows has a code for: bugcheck 0xE6        */
};

/** The platform; all zero is a good one. */
struct hal_settings {
    uint8_t kind;         /* enum hal_kind                                   */
    uint8_t version_most; /* highest DEVICE_DESCRIPTION.Version: 1 as Windows
                             2000, 2 as XP, 3 as Windows 8; 0 is 2           */
    uint8_t alignment;    /* GetDmaAlignment: power of two; 0 is 1           */
    uint8_t eisa; /* the 8237 pair has the 32-bit registers of EISA: set its
                     setting `eisa` too                                       */
    uint8_t interrupt; /* ISA line that the DMA controllers raise at terminal
                          count, set its setting `interrupt` too; 0: none     */
    uint8_t verify;    /* enum hal_verify                          */
    uint8_t nt4;       /* MapTransfer and flush take a NULL adapter */
    uint32_t grant_master; /* most map registers granted to a bus master and */
    uint32_t grant_slave;  /* to a system-DMA adapter; 0: the kind's own     */
};

/** All borrowed; they outlive the HAL. */
struct hal_wiring {
    struct bus *bus;
    struct ram *ram;
    struct mm *mm;
    struct events *events;
};

/** hal_create() - a HAL that has not booted. HB_BAD_ARGUMENT: a setting. */
enum hb_status hal_create(struct hal **hal, const struct hal_wiring *wiring,
                          const struct hal_settings *settings,
                          struct hb_error *error);
void hal_destroy(struct hal *hal);

/**
 * hal_boot() - the HAL's start on the machine, by ports, PCI configuration and
 * MMIO alone: 8237 pair reset and masked but for the cascade, RTC without
 * interrupts, map-register unit found, its BAR placed if nobody did, windows
 * switched on (translate, adapter). After mm_boot(), before a driver runs. The
 * 8259 pair and the 8254 are set by ke_boot().
 * HB_NOT_FOUND: kind needs a unit and the bus has none; HB_NO_PAGES.
 */
enum hb_status hal_boot(struct hal *hal, struct hb_error *error);

/** Saved: save_rows(hal_state(hal), hal_state_rows), before nothing and after
 *  anything; hal_loaded() checks what came from a file. */
void *hal_state(struct hal *hal);
extern const struct state_row hal_state_rows[];
enum { HAL_STATE_VERSION = 7 };
enum hb_status hal_loaded(struct hal *hal, struct hb_error *error);
enum hal_kind hal_kind(const struct hal *hal);

/** With DMA verification in mode stop: P1..P4 of the bugcheck 0xE6 that the
 *  guest system has to end with now; NULL: none. A thunk of hal/exports/ raises
 *  its own; others, and the run loop, ask. */
enum { HAL_TEXT = 200 };
struct hal_violation {
    uint8_t pending;
    uint32_t p[4];
    char text[HAL_TEXT]; /* the finding */
};
const struct hal_violation *hal_violation(const struct hal *hal);

/** hal_image_wdm() - the driver of @bytes at @image has an AddDevice routine:
 *  HalGetAdapter is an error for it (finding S23). */
void hal_image_wdm(struct hal *hal, gva_t image, uint32_t bytes);
bool hal_is_wdm(const struct hal *hal, gva_t at);
/** hal_image_goes() - driver @name, @bytes at @image, is unloaded: findings for
 *  each adapter that it got and did not release, and for what those hold. */
void hal_image_goes(struct hal *hal, const char *name, gva_t image,
                    uint32_t bytes);
/** hal_mdl_goes() - the request that @mdl belongs to is complete: finding S03
 *  when pages of it are mapped. */
void hal_mdl_goes(struct hal *hal, uint32_t mdl);

/* ---- inspection: reads only ----------------------------------------------*/

/** An adapter object. */
struct hal_adapter_info {
    gva_t at; /* guest ADAPTER_OBJECT = DMA_ADAPTER              */
    bool master, scatter_gather, busy, uses_registers;
    int channel;        /* 8237 channel; -1 none                            */
    uint8_t width;      /* bits of that channel's units: 8, 16, 32          */
    uint32_t requester; /* as docs/devices/mapregs.md counts; FFFFh: any    */
    uint32_t grant;     /* what *NumberOfMapRegisters said                  */
    uint64_t limit;     /* highest logical byte that the device reaches     */
    dla_t first, last;  /* logical range of its registers; bounce: of the
                           bounce pages; both 0 when it uses none           */
    uint32_t references, registers, buffers, lists; /* outstanding          */
    uint32_t queued; /* requests waiting for channel or registers        */
};
/** hal_adapter_count()/hal_adapter_at() - in the order of creation. */
unsigned hal_adapter_count(const struct hal *hal);
bool hal_adapter_at(const struct hal *hal, unsigned index,
                    struct hal_adapter_info *info);

/** One page of a mapped buffer: its three addresses, and what lies between. */
struct hal_page_info {
    gva_t adapter;
    uint32_t base;  /* MapRegisterBase, 0: NULL                             */
    uint32_t index; /* of the map register in its set, from 0               */
    gva_t va;       /* first byte in the MDL's virtual range (an index)     */
    gpa_t owner;    /* that byte in RAM: PFN of the MDL, offset inside      */
    dla_t dla;      /* what the device uses for it                          */
    gpa_t to;       /* where dla leads: owner, or a bounce page             */
    uint32_t bytes; /* 1..4096, never past the page                         */
    uint8_t dir;    /* enum dma_dir                                         */
    bool bounced;
    bool common;  /* page of a common buffer: va is its kernel address    */
    uint32_t mdl; /* guest address of the MDL, 0 for a common buffer      */
};
/** hal_page_count()/hal_page_at() - every page mapped now, in order of mapping.
 */
unsigned hal_page_count(const struct hal *hal);
bool hal_page_at(const struct hal *hal, unsigned index,
                 struct hal_page_info *info);
/** hal_page_find() - the mapped page that @adapter's device (0: any) reaches
 *  with logical address @at. False: none that the HAL made. */
bool hal_page_find(const struct hal *hal, gva_t adapter, dla_t at,
                   struct hal_page_info *info);

/** Map registers of one pool: a window of one table, or the bounce pages below
 *  one limit. */
struct hal_pool_info {
    bool bounce;
    uint32_t requester; /* whose table, FFFFh: shared */
    uint32_t registers, in_use, waiting;
    uint64_t first; /* logical (bounce: and physical) address of the first */
};
bool hal_pool_at(const struct hal *hal, unsigned index,
                 struct hal_pool_info *info);

/* ---- interrupts and bus addresses, for PnP's translated resources ---------*/

/** hal_translate() - @bytes at bus address *@address of the I/O space (*@io) or
 *  of memory, as the CPU reaches them. They lie on the bus. */
void hal_translate(const struct bus *bus, bool *io, uint64_t *address,
                   uint64_t bytes);
/** PC with an 8259 pair: vector 30h + IRQ at IRQL 27 - IRQ. False: no such. */
bool hal_interrupt_vector(unsigned irq, uint32_t *vector, uint8_t *irql,
                          uint32_t *affinity);

#endif
