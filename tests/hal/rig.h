/* tests/hal/rig.h -- RAM, bus, map-register unit, memory manager and a booted
 * HAL of one kind; no CPU, no kernel. What a device would reach is asked of the
 * bus (bus_translate), never of the HAL. */
#ifndef TESTS_HAL_RIG_H
#define TESTS_HAL_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "bus/bus.h"
#include "hal/dma.h"
#include "hal/hal.h"
#include "hal/pci.h"
#include "halbox/devices.h"
#include "mm/frames.h"

#define MIB ((uint64_t)1 << 20)
#define GIB ((uint64_t)1 << 30)

/** For each kind of map registers. */
#define EVERY_KIND(kind) for (enum hal_kind kind = 0; kind < HAL_KINDS; kind++)

#define RIG_BAR 0xf1000000u

enum { RIG_PORTS = 256, RIG_PAGES = 300, RIG_EVENTS = 512 };

struct rig {
    struct ram ram;
    struct clock clock;
    struct events events;
    struct bus *bus;
    struct device *card; /* a PCI bus master that drives 64 address bits */
    uint32_t requester;  /* its number for the map-register unit         */
    struct mm mm;
    struct hal *hal;
    /* ports written since rig_forget() */
    struct {
        uint16_t port;
        uint32_t value;
    } out[RIG_PORTS];
    unsigned outs;
    unsigned findings, copies, mmio_writes, faults;
    unsigned card_stores; /* to BAR 0 of the card: RIG_BAR on, 1 MiB */
    uint64_t fault_generation,
        fault_at; /* of the last dma_fault, and whose it was */
    char fault_device[16];
    char rule[8]; /* of the last finding */
    struct {      /* the first one with the values of a bugcheck */
        char rule[8];
        uint32_t code, p[4];
    } first;
    uint32_t next_object;
    uint32_t isa_period; /* ns from one request of the ISA card to the next; 0:
                            500 */
};

struct rig_options {
    enum hal_kind kind;
    uint64_t ram;                 /* 0: 64 MiB; above 3 GiB: PAE */
    uint32_t registers;           /* of the high window, 0: 2048 */
    struct hal_settings settings; /* version_most 3: memory manager of W8 too */
    bool strict;  /* DMA outside the windows is a fault                      */
    bool chips;   /* the board's: 8259, 8254, 8237, RTC                      */
    unsigned isa; /* an ISA data card on channel isa - 1, with chips; 0: none */
};

/** rig_new() in pieces, for guest.c. */
void rig_hardware(struct rig *r, const struct rig_options *options);
void rig_system(struct rig *r, const struct rig_options *options,
                struct tlb *tlb);
void rig_fini(struct rig *r);

struct rig *rig_new(const struct rig_options *options);
struct rig *rig_of(enum hal_kind kind);
void rig_free(struct rig *r);
/** rig_forget() - ports, findings, copies seen so far. */
void rig_forget(struct rig *r);

/** Descriptions of devices as drivers give them. */
struct hal_device isa_slave(unsigned channel, uint32_t bytes);
struct hal_device pci_master(const struct rig *r, bool sg, bool dma32,
                             uint32_t bytes);
/** rig_adapter() - an adapter for it; fails the test when refused. */
struct hal_adapter *rig_adapter(struct rig *r, const struct hal_device *dev);

/** A locked buffer: pages at @pfn (taken from the free ones), @bytes from
 *  @offset into the first. */
struct buffer {
    struct hal_fragment f[RIG_PAGES];
    uint32_t count, bytes, va, mdl;
};
void rig_buffer(struct rig *r, struct buffer *b, const uint32_t *pfn,
                uint32_t offset, uint32_t bytes);
/** rig_scatter() - the same on @bytes worth of pages from @pfn downwards, every
 *  third one: no two neighbours. */
void rig_scatter(struct rig *r, struct buffer *b, uint32_t pfn, uint32_t offset,
                 uint32_t bytes);
void buffer_fill(struct rig *r, const struct buffer *b, uint8_t seed);
bool buffer_is(const struct rig *r, const struct buffer *b, uint8_t seed);
uint8_t buffer_byte(const struct rig *r, const struct buffer *b, uint32_t at);
void buffer_set(struct rig *r, const struct buffer *b, uint32_t at, uint8_t v);
/** buffer_cut() - fragments from byte @at (a fragment's start) on. */
uint32_t buffer_cut(const struct buffer *b, uint32_t at,
                    const struct hal_fragment **f);

/** rig_reach() - where the card's byte @at goes now. False: a bus fault. */
bool rig_reach(const struct rig *r, dla_t at, enum dma_dir dir, gpa_t *to);
/** card_reads()/card_writes() - one DMA of the card over @bytes at @at; a byte
 *  is seed + its number. */
bool card_reads(const struct rig *r, dla_t at, uint32_t bytes, uint8_t seed);
void card_writes(struct rig *r, dla_t at, uint32_t bytes, uint8_t seed);

/** rig_registers() - channel and registers for @ad as AdapterControl gets
 *  them, returned as a bus master does (KeepRegisters): the base. */
uint32_t rig_registers(struct rig *r, struct hal_adapter *ad, uint32_t count);
/** rig_map()/rig_flush() - with all their copies. */
struct hal_mapped rig_map(struct rig *r, struct hal_adapter *ad, uint32_t base,
                          const struct hal_fragment *f, uint32_t count,
                          enum dma_dir dir);
void rig_flush(struct rig *r, struct hal_adapter *ad, uint32_t base,
               const struct buffer *b, enum dma_dir dir);

#endif
