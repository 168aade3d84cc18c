/* tests/hal/driver.h -- a driver's calls of the DMA routines, in guest code by
 * their stubs, and what its device would see. All at DISPATCH_LEVEL. */
#ifndef TESTS_HAL_DRIVER_H
#define TESTS_HAL_DRIVER_H

#include "guest.h"

struct driver {
    struct guest *g;
    uint32_t adapter, count; /* the grant      */
    uint32_t device;         /* DEVICE_OBJECT  */
    uint32_t length;         /* a ULONG of its */
};

/** driver_new() - a machine of @kind with an adapter for @dev; @dev NULL: none
 *  yet. driver_on() - with these options. */
struct driver *driver_new(enum hal_kind kind, const struct hal_device *dev);
struct driver *driver_on(const struct rig_options *options,
                         const struct hal_device *dev);
void driver_free(struct driver *d);
/** driver_other() - another adapter and device object on the same machine. */
void driver_other(struct driver *d, const struct driver *first,
                  const struct hal_device *dev);

/** Descriptions without a PCI slot: drivers name none. */
struct hal_device a_master(bool sg, bool dma32, uint32_t bytes);

/** driver_buffer() - a locked buffer on pages @pfn (NULL: scattered from PFN
 *  2800h downwards), filled with @seed; its MDL is b->mdl. */
void driver_buffer(struct driver *d, struct buffer *b, const uint32_t *pfn,
                   uint32_t offset, uint32_t bytes, uint8_t seed);

/** driver_allocate() - AllocateAdapterChannel with AdapterControl returning
 *  @action: the NTSTATUS. driver_base() - the base that the last one got. */
uint32_t driver_allocate(struct driver *d, uint32_t registers, uint32_t action);
uint32_t driver_base(const struct driver *d);
/** driver_take() - both, DeallocateObjectKeepRegisters. */
uint32_t driver_take(struct driver *d, uint32_t registers);
/** driver_map() - MapTransfer of *@bytes from byte @at of the buffer on. */
dla_t driver_map(struct driver *d, const struct buffer *b, uint32_t base,
                 uint32_t at, uint32_t *bytes, uint32_t write);
/** driver_flush() - FlushAdapterBuffers: BOOLEAN. */
uint32_t driver_flush(struct driver *d, const struct buffer *b, uint32_t base,
                      uint32_t at, uint32_t bytes, uint32_t write);
void driver_free_registers(struct driver *d, uint32_t base, uint32_t count);
void driver_free_channel(struct driver *d);

/** driver_moves() - the whole buffer to the device and other bytes back, piece
 *  by piece, in rounds of as many registers as are granted; checks bytes and
 *  that nothing is left. Masters only. */
void driver_moves(struct driver *d, struct buffer *b);
/** driver_in_use() - map registers of all pools that are taken. */
uint32_t driver_in_use(const struct driver *d);

#endif
