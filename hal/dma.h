/* hal/dma.h -- the DMA cores that the thunks of hal/exports/ stand on. No
 * function here reads or writes guest virtual memory or runs driver code: what
 * is to be called next comes back in a struct hal_run. Buffers come as physical
 * fragments, read from the MDL by the caller. Page: docs/hal.md. */
#ifndef HAL_DMA_H
#define HAL_DMA_H

#include "hal/hal.h"

struct hal_adapter;

/** IO_ALLOCATION_ACTION. */
enum hal_action {
    HAL_KEEP_OBJECT = 1,
    HAL_DEALLOCATE_OBJECT = 2,
    HAL_DEALLOCATE_OBJECT_KEEP_REGISTERS = 3
};

/** INTERFACE_TYPE, the ones that matter here. */
enum hal_interface {
    HAL_INTERFACE_UNDEFINED = -1,
    HAL_INTERFACE_INTERNAL = 0,
    HAL_INTERFACE_ISA = 1,
    HAL_INTERFACE_EISA = 2,
    HAL_INTERFACE_PCI = 5,
    HAL_INTERFACE_PNPBUS = 15
};

/* ---- adapters: hal/adapter.c ---------------------------------------------*/

/** DEVICE_DESCRIPTION, as read. */
struct hal_device {
    uint32_t version;
    bool master, scatter_gather, demand, auto_init, ignore_count;
    bool dma32, dma64;
    uint32_t channel;
    int32_t interface;
    uint32_t width; /* 0 8, 1 16, 2 32 bits */
    uint32_t
        speed; /* DmaSpeed: 0 compatible, 1 A, 2 B, 3 C, 4 F: of EISA alone */
    uint32_t maximum_length;
    uint32_t address_width; /* version 3: bits that a master drives, 1..64 */
    uint32_t requester;     /* PCI slot * 8 + function, FFFFh: not known */
};

enum {
    HAL_DEVICE_BYTES = 0x28,
    HAL_DEVICE_BYTES_V3 = 0x40,
    HAL_OBJECT_BYTES = 0x40,
    HAL_VERSIONS = 3 /* of DEVICE_DESCRIPTION, and of DMA_OPERATIONS */
};
/** hal_device_decode() - from the 28h bytes in guest memory. */
void hal_device_decode(const uint8_t raw[HAL_DEVICE_BYTES],
                       struct hal_device *dev);
/** hal_device_decode_v3() - and what follows them from version 3 on; of it
 *  only DmaAddressWidth says something where the controller is an 8237. */
void hal_device_decode_v3(const uint8_t raw[HAL_DEVICE_BYTES_V3],
                          struct hal_device *dev);
/** hal_version_most() - highest DEVICE_DESCRIPTION.Version served. */
unsigned hal_version_most(const struct hal *h);

/** hal_adapter_check() - does IoGetDmaAdapter serve this description? */
bool hal_adapter_check(const struct hal *h, const struct hal_device *dev);
/** hal_adapter_share() - the adapter object that this description shares (an
 *  8237 channel's), one reference more, its grant grown; 0: make a new one. */
gva_t hal_adapter_share(struct hal *h, const struct hal_device *dev,
                        uint32_t *grant);
/** hal_adapter_add() - an adapter whose guest object lies at @at. *@grant: map
 *  registers, at least 1. HB_BAD_ARGUMENT: hal_adapter_check() says no;
 *  HB_NO_MAP_REGISTERS: none to be had at all; HB_NO_MEMORY. */
enum hb_status hal_adapter_add(struct hal *h, const struct hal_device *dev,
                               gva_t at, uint32_t *grant);
/** hal_adapter_find() - NULL: no adapter lies there. Valid until one is added
 *  or released. */
struct hal_adapter *hal_adapter_find(const struct hal *h, gva_t at);
/** hal_adapter_null() - what a NULL adapter stands for in MapTransfer and flush
 *  of NT 4: a bus master at the buffer's own addresses. NULL: not there. */
struct hal_adapter *hal_adapter_null(struct hal *h);
/** hal_adapter_put() - drop a reference. True: it was the last, the guest
 *  object is to be freed; what was still out is taken back and reported. */
bool hal_adapter_put(struct hal *h, struct hal_adapter *ad);
uint32_t hal_adapter_grant(const struct hal_adapter *ad);
/** hal_adapter_runs() - a scatter/gather master: MapTransfer may give it less
 *  than it asks for. */
bool hal_adapter_runs(const struct hal_adapter *ad);
bool hal_adapter_master(const struct hal_adapter *ad);
unsigned hal_adapter_table(const struct hal_adapter *ad); /* 1, 2, 3 */
uint32_t hal_alignment(const struct hal *h);
/** hal_operations()/hal_set_operations() - guest address of the DMA_OPERATIONS
 *  table of version 1, 2 or 3. */
gva_t hal_operations(const struct hal *h, unsigned version);
void hal_set_operations(struct hal *h, unsigned version, gva_t at);

/* ---- channels: hal/channel.c ---------------------------------------------*/

/** A request for channel and registers. */
struct hal_ask {
    uint32_t registers;
    gva_t device, routine;
    uint32_t irp, context;
    /* scatter/gather list alone */
    bool list;
    uint32_t mdl, va, bytes;
    enum dma_dir dir;
    gva_t buffer; /* where the list goes */
    bool owned;   /* ... which the HAL allocated and will free */
    bool packed;  /* by hal_pack_alloc(): */
    uint32_t frames;
    gva_t context_at; /* version 3: its DMA transfer context */
};
/** hal_channel_ask() - queue it. HB_LIMIT: more registers than the grant,
 *  nothing queued; HB_FULL: 1,024 requests wait. With a transfer context also
 *  HB_BAD_ARGUMENT: another request with it is pending; HB_BAD_STATE: it was
 *  cancelled. */
enum hb_status hal_channel_ask(struct hal *h, struct hal_adapter *ad,
                               const struct hal_ask *ask);

/** Whom to call next. */
struct hal_run {
    uint32_t request; /* hand back to hal_run_done()                        */
    gva_t adapter;
    gva_t device, routine;
    uint32_t irp, context;
    uint32_t base; /* MapRegisterBase                                   */
    bool list;     /* map the list first (hal_list_x), then call        */
    bool kept;     /* ... nobody: the caller keeps list and channel     */
    uint32_t mdl, va, bytes;
    gva_t buffer;
    bool owned; /* ... which the HAL allocated: free it if there is no list */
    enum dma_dir dir;
};
/** hal_channel_ask_now() - DMA_SYNCHRONOUS_CALLBACK: at once or not at all.
 *  @run: as hal_run_get(). With a routine the request is the next that
 *  hal_run_next() finds; without one a list runs and hal_run_done() is to be
 *  told when it is mapped, a channel is held. HB_NO_MAP_REGISTERS: channel or
 *  registers are not free, nothing queued. */
enum hb_status hal_channel_ask_now(struct hal *h, struct hal_adapter *ad,
                                   const struct hal_ask *ask,
                                   struct hal_run *run);
/** hal_run_next() - the oldest request that has all it needs; it counts as
 *  called from now on. False: none. */
bool hal_run_next(struct hal *h, struct hal_run *run);
/** hal_run_get() - that request again, while its routine is on its way. */
bool hal_run_get(const struct hal *h, uint32_t request, struct hal_run *run);
/** hal_run_done() - its routine returned @action. */
void hal_run_done(struct hal *h, uint32_t request, uint32_t action);
/** hal_channel_running() - the request that holds the channel while its routine
 *  is on its way; 0: none. */
uint32_t hal_channel_running(const struct hal *h, const struct hal_adapter *ad);
/** hal_channel_free() - IoFreeAdapterChannel. HB_BAD_STATE: nobody holds it or
 *  its AdapterControl still runs; reported, nothing changed. */
enum hb_status hal_channel_free(struct hal *h, struct hal_adapter *ad);
/** hal_object_free() - FreeAdapterObject; a list's registers stay with the list
 *  until it is put. Errors of hal_channel_free(); HB_BAD_ARGUMENT: @action. */
enum hb_status hal_object_free(struct hal *h, struct hal_adapter *ad,
                               uint32_t action);
/** hal_registers_take() - registers at once, without callback or queueing
 *  (HalAllocateCrashDumpRegisters). *@count: lowered to the grant. */
enum hb_status hal_registers_take(struct hal *h, struct hal_adapter *ad,
                                  uint32_t *count, uint32_t *base);
/** hal_registers_free() - IoFreeMapRegisters. NULL base: nothing. */
enum hb_status hal_registers_free(struct hal *h, struct hal_adapter *ad,
                                  uint32_t base, uint32_t count);

/* ---- transfers: hal/map.c ------------------------------------------------*/

/** One piece of a locked buffer inside one physical page. */
struct hal_fragment {
    uint64_t at;
    uint32_t va; /* index in the MDL's virtual range */
    uint32_t bytes;
    uint32_t mdl;
};
/** hal_map() - the next piece of a buffer gets logical addresses.
 * @base:  MapRegisterBase as the driver gives it
 * @count: fragments, in buffer order, of what the driver wants mapped
 * @mapped: out: address of the first byte and how many bytes follow there
 *
 * To-device pages that are bounced are copied by hal_copy() afterwards. S/G
 * masters may get less than asked; others get all of it, or as much as their
 * registers hold (a finding). HB_OK with bytes 0: nothing to map, or misuse
 * that was reported. HB_NO_MEMORY: host.
 * Source: WDK, PMAP_TRANSFER; docs/hal.md, "MapTransfer".
 */
struct hal_mapped {
    dla_t at;
    uint32_t bytes;
    uint32_t set; /* for hal_copy(); 0: nothing to copy */
};
enum hb_status hal_map(struct hal *h, struct hal_adapter *ad, uint32_t base,
                       const struct hal_fragment *fragment, uint32_t count,
                       enum dma_dir dir, struct hal_mapped *mapped);
/** hal_copy() - one page of the copies that are due in @set. False: none was
 *  left. Each is an event `hal_copy`. */
bool hal_copy(struct hal *h, uint32_t set);
/** hal_flush() - IoFlushAdapterBuffers, first half: what is to be copied back
 *  is marked; hal_copy() @*set until false, then hal_flush_end(). A slave's
 *  channel is masked and its counter asked. *@set 0: nothing to do. */
void hal_flush(struct hal *h, struct hal_adapter *ad, uint32_t base,
               uint32_t mdl, uint32_t va, uint32_t bytes, enum dma_dir dir,
               uint32_t *set);
/** hal_flush_end() - the mappings that were flushed go. */
void hal_flush_end(struct hal *h, uint32_t set);

/* ---- version 3: hal/context.c, transfer.c, completion.c --------------------
 */

/** DMA_COMPLETION_STATUS. */
enum hal_completion_status {
    HAL_DMA_COMPLETE,
    HAL_DMA_ABORTED,
    HAL_DMA_ERROR, /* no 8237 reports one */
    HAL_DMA_CANCELLED
};

struct hal_element {
    dla_t at;
    uint32_t bytes;
};

/** hal_context_init() - InitializeDmaTransferContext of the context at @at.
 *  HB_BAD_STATE: a request with it is pending; reported, nothing changed. */
enum hb_status hal_context_init(struct hal *h, gva_t at);
/** hal_context_cancel() - CancelAdapterChannel: true when the routine of the
 *  request with this context, one that waits or a later one, never runs.
 *  *@buffer: a list's, to be freed; 0: none. */
bool hal_context_cancel(struct hal *h, struct hal_adapter *ad, gva_t at,
                        gva_t *buffer);
/** hal_context_stop() - CancelMappedTransfer: a system-DMA transfer stops, no
 *  further one is mapped under this context. HB_NOT_FOUND: it has no request.
 */
enum hb_status hal_context_stop(struct hal *h, struct hal_adapter *ad,
                                gva_t at);

/** hal_transfer_map() - MapTransferEx: elements of one operation.
 * @fragment: what is wanted, along the chain of MDLs
 * @most:     elements that there is room for, > 0
 * @element:  out: @most of them
 *
 * HB_OK: *@bytes are mapped in *@elements, maybe fewer than wanted; hal_copy()
 * *@set. HB_BAD_ARGUMENT: no such base; HB_BAD_STATE: the transfer context was
 * cancelled; HB_NO_MAP_REGISTERS: none left; HB_NO_MEMORY.
 */
struct hal_transfer {
    struct hal_element *element;
    uint32_t elements, bytes, set;
};
enum hb_status hal_transfer_map(struct hal *h, struct hal_adapter *ad,
                                uint32_t base,
                                const struct hal_fragment *fragment,
                                uint32_t count, enum dma_dir dir, uint32_t most,
                                struct hal_transfer *out);
/** hal_transfer_flush() - FlushAdapterBuffersEx, first half, as hal_flush();
 *  @mdl and @va are where the transfer begins. HB_BAD_ARGUMENT: no such base;
 *  HB_NOT_FOUND: nothing is mapped there. Both were reported. */
enum hb_status hal_transfer_flush(struct hal *h, struct hal_adapter *ad,
                                  uint32_t base, uint32_t mdl, uint32_t va,
                                  uint32_t bytes, enum dma_dir dir,
                                  uint32_t *set);
/** hal_transfer_limits() - most elements of one operation, bits of an address,
 *  bytes of a unit: what GetDmaAdapterInfo says. */
void hal_transfer_limits(const struct hal *h, const struct hal_adapter *ad,
                         uint32_t *elements, uint32_t *bits, uint32_t *unit);

/** hal_completion_arm() - @routine is to be told of the end of the transfer
 *  that has been mapped on @base. Nothing for a bus master, or where the
 *  controller does not interrupt. */
void hal_completion_arm(struct hal *h, struct hal_adapter *ad, uint32_t base,
                        gva_t routine, uint32_t context);
/** hal_completion_interrupt() - the controller's interrupt: true if one of its
 *  channels has reached terminal count. */
bool hal_completion_interrupt(struct hal *h);
/** hal_completion_due() - is there a routine to call? */
bool hal_completion_due(const struct hal *h);
struct hal_completed {
    gva_t adapter, device, routine;
    uint32_t context, status;
};
/** hal_completion_next() - the next one; it counts as called. */
bool hal_completion_next(struct hal *h, struct hal_completed *out);
/** hal_interrupt() - line of the DMA controllers' interrupt, 0: none. */
unsigned hal_interrupt(const struct hal *h);
gva_t hal_completion_dpc(const struct hal *h);
void hal_set_completion_dpc(struct hal *h, gva_t dpc);

/* ---- scatter/gather lists: hal/list.c ------------------------------------*/

/** hal_list_elements() - most elements it can have. */
uint32_t hal_list_elements(const struct hal_adapter *ad, uint32_t pages);
/** hal_list_map() - map the buffer of running list @request into elements
 *  (room for hal_list_elements()). *@set: hal_copy() it. HB_BAD_ARGUMENT: it
 *  cannot be one element for a device without S/G. */
enum hb_status hal_list_map(struct hal *h, uint32_t request,
                            const struct hal_fragment *fragment, uint32_t count,
                            struct hal_element *element, uint32_t *elements,
                            uint32_t *set);
/** hal_list_start() - the list of running @request is mapped and copied: a
 *  slave's channel is programmed and unmasked. */
void hal_list_start(struct hal *h, uint32_t request);
struct hal_list_view {
    gva_t at;
    uint32_t mdl, set;
    uint32_t va, bytes; /* of the buffer: index of the first byte */
    bool owned;         /* pool that the HAL allocated */
    bool asked_mdl;     /* BuildMdlFromScatterGatherList was here */
    uint32_t target_mdl;
    enum dma_dir dir;
};
/** hal_list_find() - a list handed out by @ad. False: no such. */
bool hal_list_find(const struct hal *h, const struct hal_adapter *ad, gva_t at,
                   struct hal_list_view *view);
/** hal_list_unknown() - there is no such list, and it was put: finding. */
void hal_list_unknown(struct hal *h, const struct hal_adapter *ad, gva_t at);
void hal_list_set_mdl(struct hal *h, gva_t at, uint32_t target_mdl);
/** hal_list_flush() - PutScatterGatherList, first half: as hal_flush(). */
void hal_list_flush(struct hal *h, gva_t at, enum dma_dir dir, uint32_t *set);
/** hal_list_put() - second half: mappings, registers and record go. */
void hal_list_put(struct hal *h, gva_t at);
/** hal_list_page() - the next physical page that the device really uses for the
 *  list at @at, once however many pieces lie in it; *@cursor is 0 before the
 * first. False past the last. */
bool hal_list_page(const struct hal *h, gva_t at, uint32_t *cursor, gpa_t *to,
                   bool *bounced);

/* ---- lists that are packed into one piece: hal/pack.c --------------------*/

/** hal_ragged() - is there an edge inside that is no page edge? */
bool hal_ragged(const struct hal_fragment *fragment, uint32_t count);
/** hal_pack_pages() - registers that @bytes from this first fragment on take
 *  when they are packed. */
uint32_t hal_pack_pages(const struct hal_fragment *first, uint32_t bytes);
/** hal_pack_alloc() - pages for it, a run from PFN *@frames on (0 on `bounce`,
 *  which has some); hal_channel_ask() takes them, else hal_pack_free().
 *  HB_NO_PAGES. */
enum hb_status hal_pack_alloc(struct hal *h, uint32_t pages, uint32_t *frames);
void hal_pack_free(struct hal *h, uint32_t frames, uint32_t pages);

/* ---- common buffers: hal/common.c ----------------------------------------*/

/** hal_common_alloc() - HB_NO_MAP_REGISTERS (above the grant or none free),
 *  HB_NO_PAGES, HB_BAD_ARGUMENT (no bytes). */
enum hb_status hal_common_alloc(struct hal *h, struct hal_adapter *ad,
                                uint32_t bytes, gva_t *va, dla_t *at);
/** hal_common_alloc_ex() - the same, no byte of it above logical @highest;
 *  not @cached: its PTEs say so. */
enum hb_status hal_common_alloc_ex(struct hal *h, struct hal_adapter *ad,
                                   uint32_t bytes, uint64_t highest,
                                   bool cached, gva_t *va, dla_t *at);
/** hal_common_free() - exactly what was allocated. HB_NOT_FOUND: reported,
 *  nothing freed. */
enum hb_status hal_common_free(struct hal *h, struct hal_adapter *ad,
                               uint32_t bytes, dla_t at, gva_t va);

/* ---- system DMA: hal/dma8237.c -------------------------------------------*/

/** hal_system_start() - program the channel for @bytes at @at and unmask it;
 *  nothing for a bus master. */
void hal_system_start(struct hal *h, const struct hal_adapter *ad, dla_t at,
                      uint32_t bytes, enum dma_dir dir);
void hal_system_stop(struct hal *h, const struct hal_adapter *ad);
/** hal_system_left() - ReadDmaCounter: bytes still to go; 0 for a master. */
uint32_t hal_system_left(struct hal *h, const struct hal_adapter *ad);

#endif
