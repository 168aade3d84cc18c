/* hal/completion.c -- DmaCompletionRoutine: where the DMA controllers raise an
 * interrupt at terminal count (hal_settings.interrupt), the end of a slave's
 * transfer is told to its driver. The interrupt's and the DPC's routine are in
 * hal/exports/completion.c. Source: WDK, DMA_COMPLETION_ROUTINE. */
#include "hal/private.h"

static struct hal_completion *armed(const struct hal *h,
                                    const struct hal_adapter *ad)
{
    uint32_t i;

    for (i = 0; i < h->s.completion.count; i++)
        if (HAL_COMPLETION_AT(h, i)->adapter == ad->id &&
            !HAL_COMPLETION_AT(h, i)->due)
            return HAL_COMPLETION_AT(h, i);
    return NULL;
}

void hal_completion_arm(struct hal *h, struct hal_adapter *ad, uint32_t base,
                        gva_t routine, uint32_t context)
{
    const struct hal_set *set = set_by_id(h, base);
    const struct hal_completion c = {
        .adapter = ad->id,
        .at = ad->at,
        .device = set ? set->device : 0,
        .routine = routine.v,
        .context = context,
    };

    if (ad->master || !h->s.settings.interrupt || !routine.v)
        return;
    completion_end(h, ad, HAL_DMA_ABORTED); /* one transfer at a time */
    if (h->s.completion.count < HAL_COMPLETIONS)
        vec_push(&h->s.completion, sizeof c, &c);
}

void completion_end(struct hal *h, const struct hal_adapter *ad,
                    unsigned status)
{
    struct hal_completion *c = armed(h, ad);
    struct hal_completion again;

    if (!c)
        return;
    again = *c;
    c->due = true;
    c->status = (uint8_t)status;
    /* an auto-initialised channel goes on and ends once more each lap */
    if (ad->auto_init && status == HAL_DMA_COMPLETE &&
        h->s.completion.count < HAL_COMPLETIONS)
        vec_push(&h->s.completion, sizeof again, &again);
}

void completion_stopped(struct hal *h, const struct hal_adapter *ad,
                        unsigned status)
{
    if (armed(h, ad))
        completion_end(h, ad,
                       ad->auto_init || hal_system_left(h, ad)
                           ? status
                           : HAL_DMA_COMPLETE);
}

void completions_forget(struct hal *h, uint32_t adapter)
{
    uint32_t i;

    for (i = h->s.completion.count; i-- > 0;)
        if (HAL_COMPLETION_AT(h, i)->adapter == adapter)
            vec_remove(&h->s.completion, sizeof(struct hal_completion), i);
}

bool hal_completion_interrupt(struct hal *h)
{
    unsigned ended = dma8237_ended(h);
    uint32_t i;

    for (i = 0; i < h->s.adapter.count; i++) {
        const struct hal_adapter *ad = HAL_ADAPTER_AT(h, i);

        if (!ad->master && ended >> ad->channel & 1)
            completion_end(h, ad, HAL_DMA_COMPLETE);
    }
    return ended;
}

bool hal_completion_due(const struct hal *h)
{
    uint32_t i;

    for (i = 0; i < h->s.completion.count; i++)
        if (HAL_COMPLETION_AT(h, i)->due)
            return true;
    return false;
}

bool hal_completion_next(struct hal *h, struct hal_completed *out)
{
    const struct hal_completion *c;
    uint32_t i;

    for (i = 0; i < h->s.completion.count; i++) {
        c = HAL_COMPLETION_AT(h, i);
        if (!c->due)
            continue;
        *out = (struct hal_completed){
            .adapter = gva_of(c->at),
            .device = gva_of(c->device),
            .routine = gva_of(c->routine),
            .context = c->context,
            .status = c->status,
        };
        vec_remove(&h->s.completion, sizeof *c, i);
        return true;
    }
    return false;
}

unsigned hal_interrupt(const struct hal *h)
{
    return h->s.settings.interrupt;
}

gva_t hal_completion_dpc(const struct hal *h)
{
    return gva_of(h->s.dpc);
}

void hal_set_completion_dpc(struct hal *h, gva_t dpc)
{
    h->s.dpc = dpc.v;
}
