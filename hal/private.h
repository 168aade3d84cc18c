/* hal/private.h -- the HAL's state and what its files share. Everything refers
 * to everything by numbers that are never used twice, so a stale number finds
 * nothing. What the guest holds of it: the address of an adapter object, a
 * MapRegisterBase (number of a set) and addresses of lists and buffers. */
#ifndef HAL_PRIVATE_H
#define HAL_PRIVATE_H

#include "base/vec.h"
#include "hal/dma.h"
#include "hal/hal.h"
#include "hal/verify.h"

enum {
    HAL_POOL_REGISTERS = 4096, /* most of one pool: HIGH_COUNT of the unit  */
    HAL_ADAPTERS = 1024,
    HAL_SETS = 65536,
    HAL_PAGES = 1 << 18,
    HAL_REQUESTS = 1024,
    HAL_POOLS = 256,
    HAL_DIRECT_PAGES = 4096, /* remembered of a NULL MapRegisterBase        */
    HAL_MASTERS = 64,        /* PCI functions that an "any" adapter may be  */
    HAL_CONTEXTS = 4096,     /* DMA transfer contexts remembered            */
    HAL_COMPLETIONS = 1024,
};
#define HAL_NONE       UINT32_MAX
#define HAL_ANY_MASTER 0xffffu /* requester of a shared or unknown table */

/** Map registers of one window of one table, or bounce pages. */
struct hal_pool {
    uint8_t bounce, window;
    uint32_t requester;
    uint32_t start, count; /* registers start..count-1 are ours to give     */
    uint32_t in_use;
    uint64_t first; /* logical address of register 0                        */
    uint64_t limit; /* bounce: highest byte of the devices that use it      */
    uint8_t used[HAL_POOL_REGISTERS / 8];
};

struct hal_adapter {
    uint64_t limit;
    uint32_t id, at; /* at: guest ADAPTER_OBJECT */
    uint32_t pool;   /* index, HAL_NONE: needs no registers */
    uint32_t requester, grant;
    uint32_t holder; /* request that holds the channel, 0 */
    uint32_t held;   /* set that goes with the channel, 0 */
    uint32_t references, registers, buffers, lists;
    uint8_t master, scatter_gather, demand, auto_init, ignore_count;
    uint8_t channel; /* 8237 channel; 0xff none */
    uint8_t width;   /* 8, 16, 32 bits of the channel's units */
    uint8_t version; /* of its DMA_OPERATIONS: 1, 2, 3 */
    uint8_t busy;
    uint32_t owner; /* guest code that got it */
    uint32_t lists_made, lists_put;
};

/** Registers allocated together: what a MapRegisterBase stands for. */
struct hal_set {
    uint32_t id, adapter;
    uint32_t pool, first, count; /* pool HAL_NONE: direct, no registers */
    uint32_t used;               /* next register for a MapTransfer     */
    uint32_t pages;              /* mapped now                          */
    uint32_t first_va, next_va, mdl;
    uint32_t device, context; /* version 3: whose registers they are */
    uint8_t direct, common;
    uint8_t list;     /* belongs to a scatter/gather list */
    uint8_t extended; /* MapTransferEx mapped what is mapped */
    uint32_t site;    /* guest code that asked for it */
    uint32_t frames;  /* PFN of its own pages, one per register: pack.c; 0 */
};

struct hal_page {
    uint32_t set, index;
    uint32_t mdl, va;
    uint64_t owner, to, dla; /* of the first byte */
    uint32_t bytes;
    uint32_t copy; /* bytes that a copy in progress has to move, 0 none */
    uint8_t dir;   /* enum dma_dir */
    uint8_t bounced, common;
    uint8_t leaving; /* a flush takes it away when its copy is done */
    uint32_t sum;    /* to the device: of its bytes when it was mapped */
};

/** A range that was mapped once: for watch.c. */
enum { HAL_GONE = 256 };
struct hal_gone {
    uint64_t dla, bytes;
    uint32_t set, adapter, site;
};

/** A driver that is no NT 4 one. */
enum { HAL_IMAGES = 256 };
struct hal_image {
    uint32_t base, bytes;
};

/** What watch.c notes of DMA. */
struct hal_watch {
    uint32_t transfer, set; /* whose last tenure was inside that set */
    uint32_t told;          /* transfer that was reported            */
    uint32_t hint;          /* index of the page that is asked first */
};

enum request_state {
    REQUEST_QUEUED,  /* for the channel            */
    REQUEST_STARVED, /* has it, lacks registers    */
    REQUEST_READY,   /* its routine is to be called */
    REQUEST_RUNNING, /* ... and has been           */
    REQUEST_HOLDING  /* returned KeepObject        */
};

struct hal_request {
    uint32_t id, adapter;
    uint8_t state; /* enum request_state */
    uint8_t list;  /* a scatter/gather list, else AdapterControl */
    uint8_t dir, owned, packed;
    uint32_t frames; /* of a packed list, till its set has them */
    uint32_t registers, set;
    uint32_t transfer; /* DMA transfer context, 0: not version 3 */
    uint64_t turn;     /* when it began to wait for registers */
    uint32_t device, irp, routine, context;
    uint32_t mdl, va, bytes; /* of a list: the buffer */
    uint32_t buffer;         /* where the list goes   */
};

/** A DMA transfer context that was used: guest memory, of which its address
 *  alone counts. */
struct hal_context {
    uint32_t at, adapter;
    uint32_t request; /* the last one made with it, 0 */
    uint8_t cancelled;
};

/** DmaCompletionRoutine of a system-DMA transfer. */
struct hal_completion {
    uint32_t adapter; /* id */
    uint32_t at;      /* guest ADAPTER_OBJECT */
    uint32_t device, routine, context;
    uint8_t due, status; /* enum hal_completion_status */
};

struct hal_list {
    uint32_t at, adapter, set;
    uint32_t mdl, bytes;
    uint32_t target_mdl; /* BuildMdlFromScatterGatherList gave it, 0 */
    uint8_t owned, dir, asked_mdl;
    uint32_t request; /* a slave's, which holds the channel till the put */
};

struct hal_common {
    uint32_t adapter, set, va, bytes;
    uint64_t dla, pa;
};

/** The map-register unit, docs/devices/mapregs.md. */
struct hal_unit {
    uint64_t bar;
    uint64_t base[2];
    uint32_t count[2];
    uint32_t selected;
    uint8_t found, slot, function;
};

struct hal_state {
    struct hal_settings settings;
    struct hal_unit unit;
    uint8_t booted;
    uint8_t master_count;
    uint16_t masters[HAL_MASTERS]; /* requesters found at boot */
    uint32_t next_id;
    uint64_t next_turn;
    uint32_t operations[HAL_VERSIONS]; /* guest tables v1, v2, v3 */
    uint32_t dpc; /* guest KDPC that calls completion routines, 0: none */
    struct hal_violation violation;
    struct hal_watch watch;
    uint32_t gone_next; /* oldest of `gone` once it is full */
    struct vec gone, wdm;
    struct vec pool, adapter, set, page, request, list, common;
    struct vec context, completion;
};

struct hal {
    struct hal_state s;
    /* wiring, not saved */
    struct bus *bus;
    struct ram *ram;
    struct mm *mm;
    struct events *events;
    /* who calls now, for findings: only inside an entry */
    struct hal_adapter null; /* NT 4: no adapter */
    hal_site_fn *who;
    void *who_context;
};

#define HAL_ADAPTER_AT(h, i) VEC_AT(struct hal_adapter, &(h)->s.adapter, i)
#define HAL_SET_AT(h, i)     VEC_AT(struct hal_set, &(h)->s.set, i)
#define HAL_PAGE_AT(h, i)    VEC_AT(struct hal_page, &(h)->s.page, i)
#define HAL_REQUEST_AT(h, i) VEC_AT(struct hal_request, &(h)->s.request, i)
#define HAL_LIST_AT(h, i)    VEC_AT(struct hal_list, &(h)->s.list, i)
#define HAL_COMMON_AT(h, i)  VEC_AT(struct hal_common, &(h)->s.common, i)
#define HAL_CONTEXT_AT(h, i) VEC_AT(struct hal_context, &(h)->s.context, i)
#define HAL_COMPLETION_AT(h, i)                                                \
    VEC_AT(struct hal_completion, &(h)->s.completion, i)
#define HAL_WDM_AT(h, i)  VEC_AT(struct hal_image, &(h)->s.wdm, i)
#define HAL_GONE_AT(h, i) VEC_AT(struct hal_gone, &(h)->s.gone, i)
#define HAL_POOL_AT(h, i) VEC_AT(struct hal_pool, &(h)->s.pool, i)

/** hal_tell() - any finding: class, site and violation are filled in. */
struct finding;
void hal_tell(struct hal *h, struct finding *f);
/** hal_here() - who calls now: address (0: nobody) and image (NULL: none). */
const char *hal_here(const struct hal *h, uint32_t *at);

/* ids: adapter ids, set ids (MapRegisterBase), request ids */
uint32_t hal_new_id(struct hal *h);
struct hal_adapter *adapter_by_id(const struct hal *h, uint32_t id);
struct hal_set *set_by_id(const struct hal *h, uint32_t id);
struct hal_request *request_by_id(const struct hal *h, uint32_t id);

/* unit.c */
enum hb_status unit_find(struct hal *h, struct hb_error *error);
void unit_start(struct hal *h);
/** unit_set() - register @index of @window in @requester's table (any: in the
 *  tables of all masters) leads to @page; flags 0: invalid. */
enum { UNIT_VALID = 1, UNIT_READ = 2, UNIT_WRITE = 4 };
void unit_set(struct hal *h, uint32_t requester, unsigned window,
              uint32_t index, uint64_t page, unsigned flags);

/* watch.c */
enum hb_status watch_start(struct hal *h);
void watch_stop(struct hal *h);
/** watch_gone() - @page of @set is mapped no longer. */
void watch_gone(struct hal *h, const struct hal_set *set,
                const struct hal_page *page);
/** page_sum() - of the owner's bytes; 0 when nobody is going to compare. */
uint32_t page_sum(const struct hal *h, const struct hal_page *page);
/** page_check() - S05 when they have changed since. */
void page_check(struct hal *h, const struct hal_page *page);

/* pool.c */
/** pool_largest() - most free registers in a row. */
uint32_t pool_largest(const struct hal_pool *pool);
/** pool_get() - the pool for a device of @requester that reaches @limit;
 *  made at the first time. HAL_NONE: no registers to be had. */
uint32_t pool_get(struct hal *h, uint32_t requester, uint64_t limit);
/** pool_take() - @count registers in a row that do not cross a multiple of
 *  @boundary logical bytes (0: none). False: not now. */
bool pool_take(struct hal_pool *pool, uint32_t count, uint64_t boundary,
               uint32_t *first);
void pool_give(struct hal_pool *pool, uint32_t first, uint32_t count);
uint32_t pool_most(const struct hal_pool *pool);

/* map.c */
/** map_into() - hal_map() on a set that is known to be right. */
enum hb_status map_into(struct hal *h, struct hal_adapter *ad, uint32_t set,
                        const struct hal_fragment *fragment, uint32_t count,
                        enum dma_dir dir, struct hal_mapped *mapped);
/** set_of_base() - the set that @base names for @ad; NULL after finding
 *  @rule. */
struct hal_set *set_of_base(struct hal *h, struct hal_adapter *ad,
                            uint32_t base, const char *rule);
/** fragments_cover() - how many of @count fragments make up @bytes. */
uint32_t fragments_cover(const struct hal_fragment *f, uint32_t count,
                         uint32_t bytes);
/** moved_bytes() - a flush begins: a slave's channel stops; how many of @bytes
 *  it moved. */
uint32_t moved_bytes(struct hal *h, const struct hal_adapter *ad,
                     uint32_t bytes, enum dma_dir dir);
/** page_leaves() - @page, @at bytes behind the transfer's first, goes with this
 *  flush; what of it lies before @moved is copied back. */
void page_leaves(struct hal *h, const struct hal_adapter *ad,
                 struct hal_page *page, uint32_t at, uint32_t moved,
                 enum dma_dir dir);
/** page_add() - one page of @set is mapped: record, register, event. */
enum hb_status page_add(struct hal *h, const struct hal_adapter *ad,
                        struct hal_set *set, const struct hal_page *page);

/** page_zero() - bytes that a device may leave out: IgnoreCount. */
void page_zero(struct hal *h, uint64_t at, uint32_t bytes);

/* pack.c */
/** pack_into() - map all fragments as one run of the set's registers. */
enum hb_status pack_into(struct hal *h, struct hal_adapter *ad,
                         struct hal_set *set,
                         const struct hal_fragment *fragment, uint32_t count,
                         enum dma_dir dir, struct hal_mapped *mapped);

/* set.c */
/** set_create() - @count registers of @ad's pool. HB_NO_MAP_REGISTERS. */
enum hb_status set_create(struct hal *h, struct hal_adapter *ad, uint32_t count,
                          struct hal_set **out);
/** set_create_in() - of pool @index. */
enum hb_status set_create_in(struct hal *h, struct hal_adapter *ad,
                             uint32_t index, uint32_t count,
                             struct hal_set **out);
/** set_create_direct() - one without registers: addresses are physical. */
struct hal_set *set_create_direct(struct hal *h, const struct hal_adapter *ad);
/** set_direct() - the adapter's own of that kind, for NULL bases. */
struct hal_set *set_direct(struct hal *h, const struct hal_adapter *ad);
void set_destroy(struct hal *h, uint32_t id);
/** set_unmap() - take its pages away, all or only those that leave. */
void set_unmap(struct hal *h, struct hal_set *set, bool all);
/** adapter_boundary() - logical line that no piece of this adapter crosses. */
uint64_t adapter_boundary(const struct hal *h, const struct hal_adapter *ad);

/* channel.c */
/** requests_advance() - hand out channels and registers that are free. */
void requests_advance(struct hal *h);
/** channel_idle() - the holder lets go of the channel; its request goes. */
void channel_idle(struct hal *h, struct hal_adapter *ad);
void request_remove(struct hal *h, uint32_t id);
/** request_drop() - request @index goes, with the pages it waits with. */
void request_drop(struct hal *h, uint32_t index);
/** request_withdraw() - one that waits goes; its channel is free again. */
void request_withdraw(struct hal *h, uint32_t id);

/* context.c */
struct hal_context *context_find(const struct hal *h, uint32_t at);
/** context_check() - may a request be made with the context at @at? HB_FULL:
 *  another one with it is pending; HB_BAD_STATE: it was cancelled. */
enum hb_status context_check(struct hal *h, uint32_t at);
/** context_bind() - @request is made with it. False: no memory. */
bool context_bind(struct hal *h, const struct hal_adapter *ad, uint32_t at,
                  uint32_t request);
void contexts_forget(struct hal *h, uint32_t adapter);

/* completion.c */
/** completion_end() - @ad's transfer, if a completion routine waits for it, has
 *  ended with @status. */
void completion_end(struct hal *h, const struct hal_adapter *ad,
                    unsigned status);
/** completion_stopped() - the channel was stopped: done if its count had run
 *  out, else @status. */
void completion_stopped(struct hal *h, const struct hal_adapter *ad,
                        unsigned status);
void completions_forget(struct hal *h, uint32_t adapter);

/* dma8237.c */
void dma8237_start(struct hal *h);
void dma8237_cascade(struct hal *h, unsigned channel);
/** dma8237_ended() - reads, and by that clears, which channels reached terminal
 *  count: bit n is channel n. */
unsigned dma8237_ended(struct hal *h);
/** dma8237_extended() - EISA: width and timing of a slave's cycles. */
void dma8237_extended(struct hal *h, const struct hal_adapter *ad,
                      unsigned speed);

#endif
