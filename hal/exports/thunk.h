/* hal/exports/thunk.h -- what the HAL's thunks share: arguments that name
 * adapters, MDLs as physical fragments, and the loop that calls routines whose
 * turn has come. */
#ifndef HAL_THUNK_H
#define HAL_THUNK_H

#include "hal/dma.h"
#include "hal/verify.h"
#include "ke/call.h"

#define EXPORT(name, ...) void thunk_##name(struct call *c);
#define EXPORT_DATA(...)
#include "hal/exports/exports.def"
#undef EXPORT
#undef EXPORT_DATA

/* NTSTATUS values given here */
#define STATUS_SUCCESS                0x00000000u
#define STATUS_NOT_SUPPORTED          0xc00000bbu
#define STATUS_NOT_IMPLEMENTED        0xc0000002u
#define STATUS_INVALID_PARAMETER      0xc000000du
#define STATUS_CANCELLED              0xc0000120u
#define STATUS_BUFFER_TOO_SMALL       0xc0000023u
#define STATUS_NONE_MAPPED            0xc0000073u
#define STATUS_INSUFFICIENT_RESOURCES 0xc000009au
#define STATUS_NO_SUCH_DEVICE         0xc000000eu
#define STATUS_INVALID_LEVEL          0xc0000148u

#define HAL_TAG 0x206c6148u /* "Hal " */

/** DEVICE_OBJECT and WAIT_CONTEXT_BLOCK, layouts of the DDK. */
enum {
    DEVICE_CURRENT_IRP = 0x14,
    DEVICE_WCB = 0x34,
    WCB_ROUTINE = 0x10,
    WCB_CONTEXT = 0x14,
    WCB_REGISTERS = 0x18,
    WCB_DEVICE = 0x1c,
    WCB_IRP = 0x20,
};

static inline struct hal *call_hal(const struct call *c)
{
    return c->context;
}

/** arg_adapter() - the adapter object that slot @i names. NULL after a finding,
 *  or with a fault latched when nothing is mapped there. */
struct hal_adapter *arg_adapter(struct call *c, unsigned i);
/** arg_dir() - WriteToDevice. */
enum dma_dir arg_dir(struct call *c, unsigned i);

/* ---- verification: verified.c --------------------------------------------*/

/** verified() - @thunk, with findings that name its caller; a violation that it
 *  leaves (mode stop) is how it ends. */
void verified(struct call *c, void (*thunk)(struct call *c));

/* ---- MDLs: mdl.c ---------------------------------------------------------*/

/** A buffer as fragments; free with fragments_fini(). */
struct fragments {
    struct hal_fragment *f;
    uint32_t count, room;
    uint32_t bytes;  /* what they cover                              */
    uint32_t missed; /* of the bytes asked for: past the MDL's end   */
    bool outside;    /* the first byte is in no MDL                  */
    bool corrupt;
};

/** How to read: along Next; only the first run of adjacent pages. */
enum { READ_CHAIN = 1, READ_RUN = 2 };
/** fragments_read() - @bytes from index @va of the MDL at @mdl. False: a fault
 *  is latched or the host has no memory; nothing to free then. */
bool fragments_read(struct call *c, gva_t mdl, uint32_t va, uint32_t bytes,
                    unsigned how, struct fragments *out);
void fragments_fini(struct fragments *fr);
/** chain_at() - byte @offset of the chain of MDLs at @mdl: in which MDL it lies
 *  and at which index. False: a fault is latched, or it lies in none. */
bool chain_at(struct call *c, gva_t mdl, uint64_t offset, gva_t *in,
              uint32_t *va);

/* ---- calling what is ready: serve.c --------------------------------------*/

/** States of every thunk that may make a request ready; its own come after. */
enum {
    STATE_ENTER,
    STATE_CONTROL, /* AdapterControl is back                    */
    STATE_COPY,    /* a list's pages are being copied           */
    STATE_LIST,    /* the list routine is back                  */
    STATE_OWN,     /* first state of the thunk itself           */
};
/** Words of the record that serve() uses; 4..7 are the thunk's. */
enum { W_REQUEST, W_SET, W_RESULT, W_IRQL };

/** serve() - call, one after the other, the routines of requests that have all
 *  they need, at DISPATCH_LEVEL; then return W_RESULT. */
void serve(struct call *c, uint32_t result);
/** serve_state() - handles the states above; false: the thunk's own. */
bool serve_state(struct call *c);
/** serve_list() - map the list of @run, which has no routine to be called with
 *  it; serve() goes on. False: it cannot be mapped, or a fault is latched. */
bool serve_list(struct call *c, const struct hal_run *run, uint32_t result);
/** list_drop() - the list of @run cannot be: all that was taken for it goes. */
void list_drop(struct call *c, const struct hal_run *run);

/* ---- version 3 -----------------------------------------------------------*/

/** Flags of AllocateAdapterChannelEx and its kin. */
enum { DMA_SYNCHRONOUS_CALLBACK = 1 };
/** ask_status() - NTSTATUS of hal_channel_ask() and hal_channel_ask_now(). */
uint32_t ask_status(enum hb_status status);
/** completion_kick() - completion routines that are due are called by a DPC. */
void completion_kick(struct call *c);
/** completion_boot() - connect the DMA controllers' interrupt, if there is one.
 */
enum hb_status completion_boot(struct hal *hal, struct ke *ke);

/** store_list() - a SCATTER_GATHER_LIST in guest memory. */
void store_list(struct call *c, gva_t at, const struct hal_element *element,
                uint32_t count);
/** list_need() - what a list over @bytes from index @va of the chain @mdl
 *  takes, or why there can be none. False: a fault is latched. */
struct list_need {
    uint32_t pages, bytes; /* registers; bytes of the list */
    bool packed;           /* copied into one piece */
    uint32_t status;       /* NTSTATUS */
};
bool list_need(struct call *c, const struct hal_adapter *ad, gva_t mdl,
               uint32_t va, uint32_t bytes, struct list_need *need);
/** list_pack() - pages for a chain that must become one piece: hal_pack_free()
 *  them when the request is not made. NTSTATUS. */
uint32_t list_pack(struct call *c, const struct list_need *need,
                   struct hal_ask *ask);
/** list_bytes() - of a SCATTER_GATHER_LIST with @elements. */
static inline uint32_t list_bytes(uint32_t elements)
{
    return 8 + 16 * elements;
}

#endif
