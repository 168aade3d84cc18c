/* hal/exports/transfer.c -- MapTransfer, FlushAdapterBuffers, ReadDmaCounter.
 * A bounced page is copied per entry; between two, interrupts have their turn.
 * Source: WDK, PMAP_TRANSFER, PFLUSH_ADAPTER_BUFFERS, PREAD_DMA_COUNTER. */
#include "hal/exports/thunk.h"
#include "mm/mdl.h"

enum { STATE_PAGES = STATE_OWN };
/* words of MapTransfer beside W_SET */
enum { W_LOW = 4, W_HIGH, W_BYTES };

/* All pages are where the device finds them: a slave's channel may go. */
static void map_done(struct call *c)
{
    uint64_t at = c->w[W_LOW] | (uint64_t)c->w[W_HIGH] << 32;
    struct hal_adapter *ad = hal_adapter_find(call_hal(c), call_va(c, 0));

    if (ad && c->w[W_BYTES])
        hal_system_start(call_hal(c), ad, dla_of(at), c->w[W_BYTES],
                         arg_dir(c, 5));
    call_return64(c, at);
}

static void map_pages(struct call *c)
{
    if (hal_copy(call_hal(c), c->w[W_SET]))
        call_again(c, STATE_PAGES);
    else
        map_done(c);
}

static uint32_t mdl_start(struct call *c)
{
    return load_u32(c, gva_add(call_va(c, 1), MDL_START_VA)) +
           load_u32(c, gva_add(call_va(c, 1), MDL_BYTE_OFFSET));
}

/* Do the bytes past the MDL's end reach into another page? */
static bool crosses_page(uint32_t va, const struct fragments *fr)
{
    return ((va + fr->bytes - 1) & PAGE_MASK) + (uint64_t)fr->missed >
           PAGE_MASK;
}

/* NT 4: a bus master may name no adapter. */
static struct hal_adapter *adapter_or_none(struct call *c)
{
    struct hal_adapter *none =
        call_u32(c, 0) ? NULL : hal_adapter_null(call_hal(c));

    return none ? none : arg_adapter(c, 0);
}

/* Say what is wrong with the buffer; true when something can be mapped. */
static bool usable(struct call *c, const struct fragments *fr, uint32_t va)
{
    if (fr->corrupt)
        return false;
    if (fr->outside)
        hal_misuse(
            call_hal(c), "S08",
            HAL_CODE(0x1f, va < mdl_start(c) ? 1 : 2, va, call_u32(c, 1)),
            "%08x lies outside MDL %08x", va, call_u32(c, 1));
    else if (fr->missed)
        hal_misuse(call_hal(c), "S07",
                   crosses_page(va, fr) ? HAL_CODE(0x1f, 3, call_u32(c, 1),
                                                   fr->bytes + fr->missed)
                                        : HAL_CODE(0x24, fr->missed, 0, 0),
                   "%u bytes from %08x on lie past MDL %08x", fr->missed, va,
                   call_u32(c, 1));
    return !fr->outside;
}

static unsigned how_to_read(const struct call *c, const struct hal_adapter *ad)
{
    return hal_adapter_runs(ad) && hal_kind(call_hal(c)) == HAL_BOUNCE
               ? READ_RUN
               : 0;
}

static void map_fragments(struct call *c, struct hal_adapter *ad,
                          const struct fragments *fr, gva_t length_at)
{
    struct hal_mapped mapped = {0};

    hal_map(call_hal(c), ad, call_u32(c, 2), fr->f, fr->count, arg_dir(c, 5),
            &mapped);
    store_u32(c, length_at, mapped.bytes);
    c->w[W_LOW] = (uint32_t)mapped.at.v;
    c->w[W_HIGH] = (uint32_t)(mapped.at.v >> 32);
    c->w[W_BYTES] = mapped.bytes;
    c->w[W_SET] = mapped.set;
    map_pages(c);
}

/* PHYSICAL_ADDRESS IoMapTransfer(Adapter, Mdl, MapRegisterBase, CurrentVa,
 * *Length, WriteToDevice). CurrentVa is an index into the MDL. */
void thunk_IoMapTransfer(struct call *c)
{
    struct hal_adapter *ad;
    gva_t length_at = call_va(c, 4);
    uint32_t va = call_u32(c, 3), bytes;
    struct fragments fr = {0};

    if (c->state == STATE_PAGES) {
        map_pages(c);
        return;
    }
    ad = adapter_or_none(c);
    bytes = load_u32(c, length_at);
    store_u32(c, length_at, bytes); /* writable? nothing has changed yet */
    if (!call_ok(c))
        return;
    if (ad && bytes &&
        !fragments_read(c, call_va(c, 1), va, bytes, how_to_read(c, ad), &fr) &&
        !call_ok(c))
        return;
    if (!ad || (bytes && !usable(c, &fr, va))) {
        store_u32(c, length_at, 0);
        call_return64(c, 0);
    } else {
        map_fragments(c, ad, &fr, length_at);
    }
    fragments_fini(&fr);
}

static void flush_pages(struct call *c)
{
    if (hal_copy(call_hal(c), c->w[W_SET])) {
        call_again(c, STATE_PAGES);
        return;
    }
    hal_flush_end(call_hal(c), c->w[W_SET]);
    call_return(c, true);
}

/* BOOLEAN IoFlushAdapterBuffers(Adapter, Mdl, MapRegisterBase, CurrentVa,
 * Length, WriteToDevice) */
void thunk_IoFlushAdapterBuffers(struct call *c)
{
    struct hal_adapter *ad;

    if (c->state == STATE_PAGES) {
        flush_pages(c);
        return;
    }
    ad = adapter_or_none(c);
    if (!call_ok(c))
        return;
    c->w[W_SET] = 0;
    if (ad)
        hal_flush(call_hal(c), ad, call_u32(c, 2), call_u32(c, 1),
                  call_u32(c, 3), call_u32(c, 4), arg_dir(c, 5), &c->w[W_SET]);
    completion_kick(c);
    flush_pages(c);
}

/* ULONG HalReadDmaCounter(Adapter) */
void thunk_HalReadDmaCounter(struct call *c)
{
    struct hal_adapter *ad = arg_adapter(c, 0);

    if (call_ok(c))
        call_return(c, ad ? hal_system_left(call_hal(c), ad) : 0);
}
