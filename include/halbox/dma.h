/* include/halbox/dma.h -- how a device model asks for DMA. Posting returns at
 * once; no byte moves inside an instruction, a register handler or a kernel
 * routine: the first tenure is due at least one tick later, on the clock.
 * Design: docs/dma.md. */
#ifndef HALBOX_DMA_H
#define HALBOX_DMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "halbox/addr.h"
#include "halbox/api.h"
#include "halbox/status.h"

struct device;

enum dma_status { DMA_OK, DMA_FAULT, DMA_CANCELLED };
/** As the WDK's WriteToDevice sees it. */
enum dma_dir { DMA_TO_DEVICE, DMA_FROM_DEVICE };

enum { DMA_QUEUE = 64 }; /* posted operations per (device, engine) */

/** Where a model's buffer field is, as the `local` of a post. */
#define LOCAL(s, field)                                                        \
    ((uint32_t)((const uint8_t *)&(s)->field - (const uint8_t *)(s)))
/** `local` when the model's data callback takes the bytes. */
#define LOCAL_CALLBACK UINT32_MAX
/** `local` that is byte @offset of the card's RAM window @window. */
#define LOCAL_RAM(window, offset)                                              \
    (0x80000000u | (uint32_t)(window) << 28 | (uint32_t)(offset))
enum { DMA_ENGINES = 4 };

/**
 * dma_read() - post memory -> card. dma_write() - post card -> memory.
 * @engine: 0..3; operations of one (device, engine) are a FIFO
 * @at:     logical address of the first byte
 * @local:  LOCAL(s, field), LOCAL_RAM(window, offset) or LOCAL_CALLBACK
 * @bytes:  > 0
 * @step:   given to model->step when the operation is over; < 65536
 *
 * A PCI function without Bus Master Enable moves nothing: the operation waits
 * until it is set. Returns HB_OK, HB_FULL with nothing queued, or
 * HB_BAD_ARGUMENT when @local and @bytes leave the device.
 */
HB_API enum hb_status dma_read(struct device *dev, unsigned engine, dla_t at,
                               uint32_t local, uint32_t bytes, unsigned step);
HB_API enum hb_status dma_write(struct device *dev, unsigned engine, dla_t at,
                                uint32_t local, uint32_t bytes, unsigned step);
/** dma_cancel() - drop what waits on @engine; its step does not come. Bytes
 *  already moved stay moved. */
HB_API void dma_cancel(struct device *dev, unsigned engine);
/** dma_reset() - the device resets its bus side: all engines cancelled, and
 *  map registers that it holds itself (platform `adapter`) made invalid. */
HB_API void dma_reset(struct device *dev);
/** dma_done() - bytes that the operation of the last step had moved. */
HB_API uint32_t dma_done(const struct device *dev, unsigned engine);

/** What a controller's channel wants of the bus next. */
struct dma_cycle {
    dla_t at;           /* first byte's logical address (page:A15-0)        */
    uint32_t units;     /* > 0; at most this many, the engine may cut       */
    uint8_t unit_bytes; /* 1, or 2 on a 16-bit channel                      */
    int8_t advance;     /* bytes from one unit to the next: +-unit_bytes, 0 */
    uint8_t dir;        /* enum dma_dir                                     */
    uint8_t kind;       /* enum dma_cycle_kind                              */
    bool tc;            /* the last of @units is terminal count             */
    bool block;         /* what follows is due at this tick, before the CPU;
                           a cycle that the engine cut at a page end is so
                           anyway                                           */
    uint32_t left;      /* units to terminal count, for the trace           */
};

enum dma_cycle_kind {
    DMA_CYCLE_SLAVE,  /* between memory and the slave (dack)                */
    DMA_CYCLE_VERIFY, /* addresses and TC alone, no byte moves              */
    DMA_CYCLE_TEMP,   /* between memory and the controller: its data() has
                         engine = channel, one unit (memory to memory)      */
};

/** The side of an 8237 that the DMA engine drives. */
struct dma_controller {
    /** Which channel gets the bus now? False: none. Changes nothing. */
    bool (*next)(const struct device *dev, unsigned *channel,
                 struct dma_cycle *cycle);
    /** @units of the cycle were moved on @channel: count. */
    void (*moved)(struct device *dev, unsigned channel, uint32_t units);
    /** Is the ISA master behind @channel granted the bus? */
    bool (*cascaded)(const struct device *dev, unsigned channel);
};

/** dma_ready() - for a controller: units that the slave on @channel could
 *  move now (1 when it does not say; 0 when there is no slave). */
HB_API uint32_t dma_ready(const struct device *dev, unsigned channel,
                          enum dma_dir dir);
/** dma_channel_over() - for a controller: the transfer on @channel is over
 *  before its terminal count (masked, reprogrammed, cleared). */
HB_API void dma_channel_over(struct device *dev, unsigned channel);
/** dma_kick() - a controller has work: the engine asks its next() then, not
 *  before the tenure before is over. Nothing to do is harmless. */
HB_API void dma_kick(struct device *dev, uint64_t after_ns);

#endif
