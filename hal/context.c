/* hal/context.c -- DMA transfer contexts of version 3: by which a request that
 * waits, or a transfer that runs, is named to be cancelled. The 64 bytes are
 * the driver's and may say anything; what counts is their address and our own
 * record of what was asked with it. A context that was cancelled stays so until
 * it is initialised again.
 * Source: WDK, PCANCEL_ADAPTER_CHANNEL, PCANCEL_MAPPED_TRANSFER. */
#include "hal/private.h"

struct hal_context *context_find(const struct hal *h, uint32_t at)
{
    uint32_t i;

    for (i = 0; i < h->s.context.count; i++)
        if (HAL_CONTEXT_AT(h, i)->at == at)
            return HAL_CONTEXT_AT(h, i);
    return NULL;
}

/* The request made with it still waits, or its routine has not returned. */
static bool is_pending(const struct hal *h, const struct hal_context *t)
{
    const struct hal_request *r = request_by_id(h, t->request);

    return r && r->state != REQUEST_HOLDING;
}

static void context_remove(struct hal *h, const struct hal_context *t)
{
    vec_remove(&h->s.context, sizeof *t, (uint32_t)(t - HAL_CONTEXT_AT(h, 0)));
}

/* Contexts have no end of their own: when there are too many, the oldest that
 * nothing waits for goes. There is one, as requests are fewer. */
static void make_room(struct hal *h)
{
    uint32_t i;

    for (i = 0; h->s.context.count >= HAL_CONTEXTS && i < h->s.context.count;
         i++)
        if (!is_pending(h, HAL_CONTEXT_AT(h, i))) {
            context_remove(h, HAL_CONTEXT_AT(h, i));
            return;
        }
}

static struct hal_context *
context_make(struct hal *h, const struct hal_adapter *ad, uint32_t at)
{
    struct hal_context *t = context_find(h, at);
    const struct hal_context fresh = {.at = at};

    if (!t) {
        make_room(h);
        t = vec_push(&h->s.context, sizeof fresh, &fresh);
    }
    if (t)
        t->adapter = ad->id;
    return t;
}

enum hb_status context_check(struct hal *h, uint32_t at)
{
    const struct hal_context *t = context_find(h, at);

    if (!t)
        return HB_OK;
    if (is_pending(h, t)) {
        hal_finding(h, "S17",
                    "a request with DMA transfer context %08x is pending, a "
                    "second one was made with it",
                    at);
        return HB_BAD_ARGUMENT;
    }
    return t->cancelled ? HB_BAD_STATE : HB_OK;
}

bool context_bind(struct hal *h, const struct hal_adapter *ad, uint32_t at,
                  uint32_t request)
{
    struct hal_context *t = context_make(h, ad, at);

    if (t)
        t->request = request;
    return t;
}

void contexts_forget(struct hal *h, uint32_t adapter)
{
    uint32_t i;

    for (i = h->s.context.count; i-- > 0;)
        if (HAL_CONTEXT_AT(h, i)->adapter == adapter)
            context_remove(h, HAL_CONTEXT_AT(h, i));
}

enum hb_status hal_context_init(struct hal *h, gva_t at)
{
    const struct hal_context *t = context_find(h, at.v);

    if (!t)
        return HB_OK;
    if (is_pending(h, t)) {
        hal_finding(h, "S17",
                    "DMA transfer context %08x initialised while a request "
                    "with it is pending",
                    at.v);
        return HB_BAD_STATE;
    }
    context_remove(h, t);
    return HB_OK;
}

bool hal_context_cancel(struct hal *h, struct hal_adapter *ad, gva_t at,
                        gva_t *buffer)
{
    struct hal_context *t = context_find(h, at.v);
    const struct hal_request *r = t ? request_by_id(h, t->request) : NULL;

    *buffer = gva_of(0);
    if (r && t->adapter != ad->id) {
        hal_finding(h, "S17",
                    "DMA transfer context %08x is in use on another adapter "
                    "than %08x",
                    at.v, ad->at);
        return false;
    }
    if (t && t->cancelled)
        return true;
    if (t && t->request && (!r || r->state > REQUEST_STARVED))
        return false;
    if (!t)
        t = context_make(h, ad, at.v);
    if (!t)
        return false;
    t->cancelled = true;
    if (r) {
        *buffer = gva_of(r->list && r->owned ? r->buffer : 0);
        request_withdraw(h, r->id);
    }
    return true;
}

/* Is anything of it mapped? */
static bool is_mapped(const struct hal *h, uint32_t at)
{
    uint32_t i;

    for (i = 0; i < h->s.set.count; i++)
        if (HAL_SET_AT(h, i)->context == at && HAL_SET_AT(h, i)->pages)
            return true;
    return false;
}

enum hb_status hal_context_stop(struct hal *h, struct hal_adapter *ad, gva_t at)
{
    struct hal_context *t = context_find(h, at.v);

    if (!t || !t->request || t->adapter != ad->id)
        return HB_NOT_FOUND;
    if (!t->cancelled && is_mapped(h, at.v) && !ad->master) {
        hal_system_stop(h, ad);
        completion_stopped(h, ad, HAL_DMA_CANCELLED);
    }
    t->cancelled = true;
    return HB_OK;
}
