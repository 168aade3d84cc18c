/* hal/channel.c -- who gets an adapter's channel and map registers, and when
 * its routine is called. A channel's queue and a pool's queue are both FIFO:
 * nobody overtakes. The thunks call hal_run_next() until it says false.
 * Source: WDK, AllocateAdapterChannel and DRIVER_CONTROL. */
#include "hal/private.h"

static void fill_run(const struct hal_request *r, const struct hal_adapter *ad,
                     struct hal_run *run)
{
    *run = (struct hal_run){
        .request = r->id,
        .adapter = gva_of(ad->at),
        .device = gva_of(r->device),
        .routine = gva_of(r->routine),
        .irp = r->irp,
        .context = r->context,
        .base = r->set,
        .list = r->list,
        .kept = r->list && r->transfer && !r->routine,
        .mdl = r->mdl,
        .va = r->va,
        .bytes = r->bytes,
        .buffer = gva_of(r->buffer),
        .owned = r->owned,
        .dir = (enum dma_dir)r->dir,
    };
}

/* One request per device object until its routine has returned, none from
 * inside the adapter's own. Lists have a record each, and so may be many. */
static void check_one_channel(struct hal *h, const struct hal_adapter *ad,
                              const struct hal_ask *ask)
{
    const struct hal_request *r;
    uint32_t i;

    for (i = 0; !ask->list && !ask->context_at.v && i < h->s.request.count;
         i++) {
        r = HAL_REQUEST_AT(h, i);
        if (r->list || r->transfer || r->state == REQUEST_HOLDING)
            continue;
        if (r->device != ask->device.v &&
            (r->adapter != ad->id || r->state != REQUEST_RUNNING))
            continue;
        hal_misuse(h, "S17", HAL_CODE(0x0b, 2, 0, 0),
                   "channel of adapter %08x asked for while the routine of "
                   "device %08x has not returned",
                   ad->at, r->device);
        return;
    }
}

/* Queue it; nothing is handed out yet. */
static enum hb_status request_push(struct hal *h, const struct hal_adapter *ad,
                                   const struct hal_ask *ask, uint32_t *id)
{
    struct hal_request r = {
        .id = hal_new_id(h),
        .adapter = ad->id,
        .state = REQUEST_QUEUED,
        .list = ask->list,
        .dir = (uint8_t)ask->dir,
        .owned = ask->owned,
        .packed = ask->packed,
        .frames = ask->frames,
        .registers = ask->registers,
        .device = ask->device.v,
        .irp = ask->irp,
        .routine = ask->routine.v,
        .context = ask->context,
        .mdl = ask->mdl,
        .va = ask->va,
        .bytes = ask->bytes,
        .buffer = ask->buffer.v,
        .transfer = ask->context_at.v,
    };
    enum hb_status status;

    check_one_channel(h, ad, ask);
    if (ask->registers > ad->grant) {
        hal_misuse(h, "S18", HAL_CODE(0x15, ask->registers, ad->grant, 0),
                   "%u map registers asked of adapter %08x, granted"
                   " are %u",
                   ask->registers, ad->at, ad->grant);
        return HB_LIMIT;
    }
    if (h->s.request.count >= HAL_REQUESTS)
        return HB_FULL;
    if (r.transfer) {
        status = context_check(h, r.transfer);
        if (status != HB_OK)
            return status;
        if (!context_bind(h, ad, r.transfer, r.id))
            return HB_NO_MEMORY;
    }
    if (!vec_push(&h->s.request, sizeof r, &r))
        return HB_NO_MEMORY;
    *id = r.id;
    return HB_OK;
}

enum hb_status hal_channel_ask(struct hal *h, struct hal_adapter *ad,
                               const struct hal_ask *ask)
{
    uint32_t id;
    enum hb_status status = request_push(h, ad, ask, &id);

    if (status == HB_OK)
        requests_advance(h);
    return status;
}

enum hb_status hal_channel_ask_now(struct hal *h, struct hal_adapter *ad,
                                   const struct hal_ask *ask,
                                   struct hal_run *run)
{
    struct hal_request *r;
    uint32_t id;
    enum hb_status status = request_push(h, ad, ask, &id);

    if (status != HB_OK)
        return status;
    requests_advance(h);
    r = request_by_id(h, id);
    if (r->state != REQUEST_READY) {
        r->frames = 0; /* the caller's still */
        request_withdraw(h, id);
        return HB_NO_MAP_REGISTERS;
    }
    if (!ask->routine.v && ask->list) {
        r->state = REQUEST_RUNNING;
    } else if (!ask->routine.v) {
        r->state = REQUEST_HOLDING;
        ad->held = r->set;
    }
    fill_run(r, ad, run);
    return HB_OK;
}

void request_remove(struct hal *h, uint32_t id)
{
    const struct hal_request *r = request_by_id(h, id);

    if (r)
        request_drop(h, (uint32_t)(r - HAL_REQUEST_AT(h, 0)));
}

void request_drop(struct hal *h, uint32_t index)
{
    const struct hal_request *r = HAL_REQUEST_AT(h, index);

    hal_pack_free(h, r->frames, r->registers);
    vec_remove(&h->s.request, sizeof *r, index);
}

/* Idle channels go to the oldest request for them. */
static void hand_out_channels(struct hal *h)
{
    struct hal_request *r;
    struct hal_adapter *ad;
    uint32_t i;

    for (i = 0; i < h->s.request.count; i++) {
        r = HAL_REQUEST_AT(h, i);
        ad = adapter_by_id(h, r->adapter);
        if (r->state != REQUEST_QUEUED || !ad || ad->busy)
            continue;
        ad->busy = true;
        ad->holder = r->id;
        r->state = REQUEST_STARVED;
        r->turn = ++h->s.next_turn;
    }
}

/* Driver Verifier ends here where HALs wait: enough registers are free, but not
 * in a row. */
static void check_fragments(struct hal *h, const struct hal_adapter *ad,
                            uint32_t count)
{
    const struct hal_pool *pool = HAL_POOL_AT(h, ad->pool);

    if (h->s.settings.verify == HAL_VERIFY_STOP &&
        pool_most(pool) - pool->in_use >= count)
        hal_misuse(h, "W00", HAL_CODE(0x00, 2, count, pool_largest(pool)),
                   "%u map registers needed, %u free ones follow each other",
                   count, pool_largest(pool));
}

/* True when @r needs to wait no longer. */
static bool registers_for(struct hal *h, struct hal_request *r)
{
    struct hal_adapter *ad = adapter_by_id(h, r->adapter);
    struct hal_set *set;

    if (ad->pool != HAL_NONE && r->registers) {
        if (set_create(h, ad, r->registers, &set) != HB_OK) {
            check_fragments(h, ad, r->registers);
            return false;
        }
        set->device = r->device;
        set->context = r->transfer;
        r->set = set->id;
    }
    r->state = REQUEST_READY;
    return true;
}

/* The oldest starving request of @pool (HAL_NONE: of those without one). */
static struct hal_request *head_of(struct hal *h, uint32_t pool)
{
    struct hal_request *r, *head = NULL;
    const struct hal_adapter *ad;
    uint32_t i;

    for (i = 0; i < h->s.request.count; i++) {
        r = HAL_REQUEST_AT(h, i);
        if (r->state != REQUEST_STARVED)
            continue;
        ad = adapter_by_id(h, r->adapter);
        if (ad && ad->pool == pool && (!head || r->turn < head->turn))
            head = r;
    }
    return head;
}

static void hand_out_registers(struct hal *h, uint32_t pool)
{
    struct hal_request *r;

    while ((r = head_of(h, pool)) && registers_for(h, r))
        ;
}

void requests_advance(struct hal *h)
{
    uint32_t pool;

    if (!h->s.request.count)
        return;
    hand_out_channels(h);
    hand_out_registers(h, HAL_NONE);
    for (pool = 0; pool < h->s.pool.count; pool++)
        hand_out_registers(h, pool);
}

bool hal_run_get(const struct hal *h, uint32_t request, struct hal_run *run)
{
    const struct hal_request *r = request_by_id(h, request);
    const struct hal_adapter *ad = r ? adapter_by_id(h, r->adapter) : NULL;

    if (!ad || r->state != REQUEST_RUNNING)
        return false;
    fill_run(r, ad, run);
    return true;
}

bool hal_run_next(struct hal *h, struct hal_run *run)
{
    uint32_t i;

    for (i = 0; i < h->s.request.count; i++)
        if (HAL_REQUEST_AT(h, i)->state == REQUEST_READY) {
            HAL_REQUEST_AT(h, i)->state = REQUEST_RUNNING;
            return hal_run_get(h, HAL_REQUEST_AT(h, i)->id, run);
        }
    return false;
}

void channel_idle(struct hal *h, struct hal_adapter *ad)
{
    uint32_t holder = ad->holder;

    completion_stopped(h, ad, HAL_DMA_ABORTED);
    ad->busy = false;
    ad->holder = 0;
    ad->held = 0;
    request_remove(h, holder);
}

void request_withdraw(struct hal *h, uint32_t id)
{
    const struct hal_request *r = request_by_id(h, id);
    struct hal_adapter *ad = r ? adapter_by_id(h, r->adapter) : NULL;

    if (ad && ad->holder == id)
        channel_idle(h, ad);
    else
        request_remove(h, id);
    requests_advance(h);
}

static uint32_t bytes_mapped(const struct hal *h, uint32_t set)
{
    uint32_t i, sum = 0;

    for (i = 0; i < h->s.page.count; i++)
        if (HAL_PAGE_AT(h, i)->set == set)
            sum += HAL_PAGE_AT(h, i)->bytes;
    return sum;
}

static void tell_unflushed(struct hal *h, const struct hal_set *set)
{
    hal_misuse(
        h, "S03",
        HAL_CODE(0x0d, bytes_mapped(h, set->id), set->count << PAGE_SHIFT, 0),
        "%u pages on map registers %08x were not flushed", set->pages, set->id);
}

void hal_mdl_goes(struct hal *h, uint32_t mdl)
{
    const struct hal_page *page;
    const struct hal_set *set;
    uint32_t i;

    for (i = 0; mdl && i < h->s.page.count; i++) {
        page = HAL_PAGE_AT(h, i);
        set = page->mdl == mdl ? set_by_id(h, page->set) : NULL;
        if (!set || page->common || page->leaving)
            continue;
        tell_unflushed(h, set);
        return;
    }
}

void hal_run_done(struct hal *h, uint32_t request, uint32_t action)
{
    struct hal_request *r = request_by_id(h, request);
    struct hal_adapter *ad = r ? adapter_by_id(h, r->adapter) : NULL;
    uint32_t set;

    if (!ad || r->state != REQUEST_RUNNING)
        return;
    set = r->set;
    switch (action) {
    case HAL_DEALLOCATE_OBJECT:
        if (set_by_id(h, set) && set_by_id(h, set)->pages)
            tell_unflushed(h, set_by_id(h, set));
        channel_idle(h, ad);
        set_destroy(h, set);
        break;
    case HAL_DEALLOCATE_OBJECT_KEEP_REGISTERS:
        if (r->list && !ad->master) /* its transfer runs till the list is put */
            r->state = REQUEST_HOLDING;
        else
            channel_idle(h, ad);
        break;
    default:
        hal_finding(h, "S17",
                    "AdapterControl of adapter %08x returned %u, "
                    "taken as KeepObject",
                    ad->at, action);
        /* fall through */
    case HAL_KEEP_OBJECT:
        r->state = REQUEST_HOLDING;
        /* a list keeps its registers until it is put */
        ad->held = set_by_id(h, set) && !r->list ? set : 0;
        break;
    }
    requests_advance(h);
}

uint32_t hal_channel_running(const struct hal *h, const struct hal_adapter *ad)
{
    const struct hal_request *r = request_by_id(h, ad->holder);

    return r && r->state == REQUEST_RUNNING ? ad->holder : 0;
}

enum hb_status hal_channel_free(struct hal *h, struct hal_adapter *ad)
{
    const struct hal_request *r = request_by_id(h, ad->holder);
    const struct hal_set *held;
    uint32_t set = ad->held;

    if (!r || r->state != REQUEST_HOLDING) {
        hal_misuse(h, "S17", HAL_CODE(0x04, 1, 0, 0),
                   "channel of adapter %08x freed, but %s", ad->at,
                   r ? "its AdapterControl has not returned"
                     : "nobody holds it");
        return HB_BAD_STATE;
    }
    held = set_by_id(h, set);
    if (held && held->pages)
        tell_unflushed(h, held);
    channel_idle(h, ad);
    set_destroy(h, set);
    requests_advance(h);
    return HB_OK;
}

enum hb_status hal_object_free(struct hal *h, struct hal_adapter *ad,
                               uint32_t action)
{
    const struct hal_request *r;

    switch (action) {
    case HAL_KEEP_OBJECT:
        return HB_OK;
    case HAL_DEALLOCATE_OBJECT:
        return hal_channel_free(h, ad);
    case HAL_DEALLOCATE_OBJECT_KEEP_REGISTERS:
        r = request_by_id(h, ad->holder);
        if (!r || r->state != REQUEST_HOLDING)
            return hal_channel_free(h, ad); /* says what is wrong */
        channel_idle(h, ad);
        requests_advance(h);
        return HB_OK;
    default:
        hal_finding(h, "S17",
                    "adapter %08x freed with action %u, which is none", ad->at,
                    action);
        return HB_BAD_ARGUMENT;
    }
}

enum hb_status hal_registers_take(struct hal *h, struct hal_adapter *ad,
                                  uint32_t *count, uint32_t *base)
{
    uint32_t n = *count < ad->grant ? *count : ad->grant;
    struct hal_set *set;
    enum hb_status status;

    if (ad->pool == HAL_NONE || !n)
        return HB_BAD_ARGUMENT;
    status = set_create(h, ad, n, &set);
    if (status == HB_OK) {
        *count = n;
        *base = set->id;
    }
    return status;
}

enum hb_status hal_registers_free(struct hal *h, struct hal_adapter *ad,
                                  uint32_t base, uint32_t count)
{
    const struct hal_set *set = set_by_id(h, base);

    if (!base)
        return HB_OK;
    if (!set || set->adapter != ad->id || set->direct || set->common ||
        set->list) {
        hal_misuse(h, "S12", HAL_CODE(0x05, count, 0, 0),
                   "map registers %08x freed, but adapter %08x has "
                   "no such",
                   base, ad->at);
        return HB_NOT_FOUND;
    }
    if (count > set->count)
        hal_misuse(h, "S12", HAL_CODE(0x05, count - set->count, 0, 0),
                   "%u map registers of %08x freed too many",
                   count - set->count, base);
    if (count != set->count)
        hal_finding(h, "S15",
                    "%u map registers of %08x freed, allocated were %u", count,
                    base, set->count);
    if (set->pages) {
        hal_misuse(h, "S13", HAL_CODE(0x10, set->pages, 0, 0),
                   "map registers %08x freed with %u pages mapped", base,
                   set->pages);
        tell_unflushed(h, set);
    }
    set_destroy(h, base);
    requests_advance(h);
    return HB_OK;
}
