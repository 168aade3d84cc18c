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

/**
 * dma_read() - post memory -> card. dma_write() - post card -> memory.
 * @engine: 0..3; operations of one (device, engine) are a FIFO
 * @at:     logical address of the first byte
 * @local:  LOCAL(s, field) inside the model's struct, or LOCAL_CALLBACK
 * @bytes:  > 0
 * @step:   given to model->step when the operation is over
 *
 * Returns HB_OK, or HB_FULL with nothing queued.
 */
enum hb_status dma_read(struct device *dev, unsigned engine, dla_t at,
                        uint32_t local, uint32_t bytes, unsigned step);
enum hb_status dma_write(struct device *dev, unsigned engine, dla_t at,
                         uint32_t local, uint32_t bytes, unsigned step);
/** dma_cancel() - drop what waits on @engine; its step does not come. */
void dma_cancel(struct device *dev, unsigned engine);
/** dma_done() - bytes that the operation of the last step had moved. */
uint32_t dma_done(const struct device *dev, unsigned engine);

/** What a controller's channel wants of the bus next. */
struct dma_cycle {
    dla_t at;           /* first byte's logical address (page:A15-0)        */
    uint32_t units;     /* at most this many before the bus is given back   */
    uint8_t unit_bytes; /* 1, or 2 on a 16-bit channel                      */
    int8_t advance;     /* bytes from one unit to the next: +-unit_bytes, 0 */
    enum dma_dir dir;
    bool verify; /* counts and moves nothing */
    bool hold;   /* more due at the same tick, before the CPU */
};

/** The side of an 8237 that the DMA engine drives. */
struct dma_controller {
    /** Which channel gets the bus now? False: none. */
    bool (*next)(struct device *dev, unsigned *channel,
                 struct dma_cycle *cycle);
    /** @units were moved on @channel; true when terminal count came. */
    bool (*moved)(struct device *dev, unsigned channel, uint32_t units);
    /** Is the slave or ISA master behind @channel granted the bus? */
    bool (*cascaded)(const struct device *dev, unsigned channel);
};

/** dma_kick() - a controller has work: the engine asks its next() later. */
void dma_kick(struct device *dev, uint64_t after_ns);

#endif
