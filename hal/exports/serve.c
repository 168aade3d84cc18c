/* hal/exports/serve.c -- the loop that calls AdapterControl and list routines.
 * Any routine that frees a channel or registers may make requests ready: their
 * routines run on its stack before it returns, as on NT. */
#include <stdlib.h>

#include "hal/exports/thunk.h"
#include "ke/export.h"
#include "ke/ke.h"
#include "mm/pool.h"

struct hal_adapter *arg_adapter(struct call *c, unsigned i)
{
    gva_t at = call_va(c, i);
    struct hal_adapter *ad = hal_adapter_find(call_hal(c), at);

    if (ad)
        return ad;
    if (!at.v)
        hal_misuse(call_hal(c), "S20", HAL_CODE(0x19, 0, 0, 0),
                   "no adapter: its pointer is NULL");
    else
        hal_misuse(call_hal(c), "S20", HAL_CODE(0x18, at.v, 0, 0),
                   "%08x is no adapter object, or was released", at.v);
    load_u32(c, gva_add(at, 4)); /* DmaOperations: faults where NT would */
    return NULL;
}

enum dma_dir arg_dir(struct call *c, unsigned i)
{
    return call_bool(c, i) ? DMA_TO_DEVICE : DMA_FROM_DEVICE;
}

enum { RAISED = 0x100 };

static void raise_irql(struct call *c)
{
    if (c->w[W_IRQL] & RAISED || call_irql(c) >= DISPATCH_LEVEL)
        return;
    c->w[W_IRQL] = RAISED | call_irql(c);
    call_set_irql(c, DISPATCH_LEVEL);
}

static void call_control(struct call *c, const struct hal_run *run)
{
    const uint32_t args[4] = {run->device.v, run->irp, run->base, run->context};

    call_guest(c, run->routine, 4, args, STATE_CONTROL);
}

static void call_list(struct call *c)
{
    struct hal_run run;

    if (!hal_run_get(call_hal(c), c->w[W_REQUEST], &run)) {
        serve(c, c->w[W_RESULT]); /* its adapter was released meanwhile */
        return;
    }
    if (run.kept) { /* no routine: the caller goes on with list and channel */
        hal_run_done(call_hal(c), c->w[W_REQUEST], HAL_KEEP_OBJECT);
        serve(c, c->w[W_RESULT]);
        return;
    }
    const uint32_t args[4] = {run.device.v, run.irp, run.buffer.v, run.context};

    hal_list_start(call_hal(c), run.request);
    call_guest(c, run.routine, 4, args, STATE_LIST);
}

static void copy_list(struct call *c)
{
    if (hal_copy(call_hal(c), c->w[W_SET]))
        call_again(c, STATE_COPY);
    else
        call_list(c);
}

void store_list(struct call *c, gva_t at, const struct hal_element *element,
                uint32_t count)
{
    uint32_t i;

    store_u32(c, at, count);
    store_u32(c, gva_add(at, 4), 0);
    for (i = 0; i < count && call_ok(c); i++) {
        at = gva_add(at, i ? 16 : 8);
        store_u64(c, at, element[i].at.v);
        store_u32(c, gva_add(at, 8), element[i].bytes);
        store_u32(c, gva_add(at, 12), 0);
    }
}

/* Map the list and write it. False: it cannot be, go on with the next. */
static bool begin_list(struct call *c, const struct hal_run *run)
{
    struct hal *h = call_hal(c);
    struct hal_element *element;
    struct fragments fr;
    uint32_t elements = 0;
    bool ok = false;

    c->w[W_SET] = 0;
    if (!fragments_read(c, gva_of(run->mdl), run->va, run->bytes, READ_CHAIN,
                        &fr))
        return false;
    element = calloc(fr.count + 1, sizeof *element);
    if (element && fr.bytes == run->bytes &&
        hal_list_map(h, run->request, fr.f, fr.count, element, &elements,
                     &c->w[W_SET]) == HB_OK) {
        store_list(c, run->buffer, element, elements);
        ok = true;
    }
    free(element);
    fragments_fini(&fr);
    return ok;
}

bool serve_list(struct call *c, const struct hal_run *run, uint32_t result)
{
    c->w[W_REQUEST] = run->request;
    c->w[W_RESULT] = result;
    if (!begin_list(c, run) || !call_ok(c))
        return false;
    copy_list(c);
    return true;
}

void list_drop(struct call *c, const struct hal_run *run)
{
    hal_run_done(call_hal(c), run->request, HAL_DEALLOCATE_OBJECT);
    if (run->owned)
        pool_free(ke_mm(c->ke), run->buffer, 0, &(struct mm_misuse){0});
}

void serve(struct call *c, uint32_t result)
{
    struct hal *h = call_hal(c);
    struct hal_run run;

    c->w[W_RESULT] = result;
    while (call_ok(c) && hal_run_next(h, &run)) {
        c->w[W_REQUEST] = run.request;
        raise_irql(c);
        if (!run.list) {
            call_control(c, &run);
            return;
        }
        if (begin_list(c, &run)) {
            if (call_ok(c))
                copy_list(c);
            return;
        }
        if (!call_ok(c))
            return;
        hal_finding(call_hal(c), "S07",
                    "the buffer of list %08x changed while it "
                    "waited",
                    run.buffer.v);
        list_drop(c, &run);
    }
    if (!call_ok(c))
        return;
    if (c->w[W_IRQL] & RAISED)
        call_set_irql(c, (uint8_t)c->w[W_IRQL]);
    call_return(c, c->w[W_RESULT]);
}

bool serve_state(struct call *c)
{
    switch (c->state) {
    case STATE_CONTROL:
        hal_run_done(call_hal(c), c->w[W_REQUEST], c->eax);
        break;
    case STATE_LIST:
        hal_run_done(call_hal(c), c->w[W_REQUEST],
                     HAL_DEALLOCATE_OBJECT_KEEP_REGISTERS);
        break;
    case STATE_COPY:
        copy_list(c);
        return true;
    default:
        return false;
    }
    serve(c, c->w[W_RESULT]);
    return true;
}
