/* hal/hal.c -- life of the HAL, its state rows, and who has which number. */
#include <stdlib.h>
#include <string.h>

#include "hal/private.h"

static bool settings_ok(const struct hal_settings *s)
{
    return s->kind < HAL_KINDS && s->version_most <= HAL_VERSIONS &&
           s->eisa <= 1 && s->interrupt < 16 && s->verify <= HAL_VERIFY_STOP &&
           (s->alignment & (s->alignment - 1)) == 0;
}

enum hb_status hal_create(struct hal **hal, const struct hal_wiring *wiring,
                          const struct hal_settings *settings,
                          struct hb_error *error)
{
    struct hal *h;

    if (!settings_ok(settings))
        return hb_fail(error, HB_BAD_ARGUMENT,
                       "HAL: kind, version or alignment out of range");
    h = calloc(1, sizeof *h);
    if (!h)
        return hb_fail(error, HB_NO_MEMORY, "HAL: no memory");
    h->s.settings = *settings;
    if (!h->s.settings.version_most)
        h->s.settings.version_most = 2;
    if (!h->s.settings.alignment)
        h->s.settings.alignment = 1;
    h->s.unit.selected = HAL_NONE;
    h->bus = wiring->bus;
    h->ram = wiring->ram;
    h->mm = wiring->mm;
    h->events = wiring->events;
    if (watch_start(h) != HB_OK) {
        free(h);
        return hb_fail(error, HB_NO_MEMORY, "HAL: no memory");
    }
    *hal = h;
    return HB_OK;
}

void hal_destroy(struct hal *h)
{
    if (!h)
        return;
    watch_stop(h);
    state_free(&h->s, hal_state_rows);
    free(h);
}

enum hb_status hal_boot(struct hal *h, struct hb_error *error)
{
    enum hb_status status;

    dma8237_start(h);
    /* RTC: register B of the CMOS: 24 hours, no interrupts (MC146818) */
    bus_out(h->bus, 0x70, 1, 0x0b);
    bus_out(h->bus, 0x71, 1, 0x02);
    if (h->s.settings.kind != HAL_BOUNCE) {
        status = unit_find(h, error);
        if (status != HB_OK)
            return status;
        unit_start(h);
    }
    h->s.booted = true;
    return HB_OK;
}

void *hal_state(struct hal *h)
{
    return &h->s;
}

enum hal_kind hal_kind(const struct hal *h)
{
    return (enum hal_kind)h->s.settings.kind;
}

/* A number divisible by 16 that looks like no address of an object. */
uint32_t hal_new_id(struct hal *h)
{
    h->s.next_id += 16;
    if (!h->s.next_id)
        h->s.next_id = 16;
    return h->s.next_id;
}

struct hal_adapter *adapter_by_id(const struct hal *h, uint32_t id)
{
    uint32_t i;

    for (i = 0; i < h->s.adapter.count; i++)
        if (HAL_ADAPTER_AT(h, i)->id == id)
            return HAL_ADAPTER_AT(h, i);
    return NULL;
}

struct hal_set *set_by_id(const struct hal *h, uint32_t id)
{
    uint32_t i;

    for (i = 0; id && i < h->s.set.count; i++)
        if (HAL_SET_AT(h, i)->id == id)
            return HAL_SET_AT(h, i);
    return NULL;
}

struct hal_request *request_by_id(const struct hal *h, uint32_t id)
{
    uint32_t i;

    for (i = 0; id && i < h->s.request.count; i++)
        if (HAL_REQUEST_AT(h, i)->id == id)
            return HAL_REQUEST_AT(h, i);
    return NULL;
}

/* ---- state rows ----------------------------------------------------------*/

static const struct state_row settings_rows[] = {
    STATE_INT(struct hal_settings, kind),
    STATE_INT(struct hal_settings, version_most),
    STATE_INT(struct hal_settings, alignment),
    STATE_INT(struct hal_settings, eisa),
    STATE_INT(struct hal_settings, interrupt),
    STATE_INT(struct hal_settings, verify),
    STATE_INT(struct hal_settings, nt4),
    STATE_INT(struct hal_settings, grant_master),
    STATE_INT(struct hal_settings, grant_slave),
    STATE_END,
};

static const struct state_row violation_rows[] = {
    STATE_INT(struct hal_violation, pending),
    STATE_INTS(struct hal_violation, p),
    STATE_BYTES(struct hal_violation, text),
    STATE_END,
};

static const struct state_row image_rows[] = {
    STATE_INT(struct hal_image, base),
    STATE_INT(struct hal_image, bytes),
    STATE_END,
};

static const struct state_row watch_rows[] = {
    STATE_INT(struct hal_watch, transfer),
    STATE_INT(struct hal_watch, set),
    STATE_INT(struct hal_watch, told),
    STATE_INT(struct hal_watch, hint),
    STATE_END,
};

static const struct state_row gone_rows[] = {
    STATE_INT(struct hal_gone, dla),  STATE_INT(struct hal_gone, bytes),
    STATE_INT(struct hal_gone, set),  STATE_INT(struct hal_gone, adapter),
    STATE_INT(struct hal_gone, site), STATE_END,
};

static const struct state_row unit_rows[] = {
    STATE_INT(struct hal_unit, found),    STATE_INT(struct hal_unit, slot),
    STATE_INT(struct hal_unit, function), STATE_INT(struct hal_unit, bar),
    STATE_INTS(struct hal_unit, base),    STATE_INTS(struct hal_unit, count),
    STATE_INT(struct hal_unit, selected), STATE_END,
};

static const struct state_row pool_rows[] = {
    STATE_INT(struct hal_pool, bounce),    STATE_INT(struct hal_pool, window),
    STATE_INT(struct hal_pool, requester), STATE_INT(struct hal_pool, start),
    STATE_INT(struct hal_pool, count),     STATE_INT(struct hal_pool, in_use),
    STATE_INT(struct hal_pool, first),     STATE_INT(struct hal_pool, limit),
    STATE_BYTES(struct hal_pool, used),    STATE_END,
};

static const struct state_row adapter_rows[] = {
    STATE_INT(struct hal_adapter, id),
    STATE_INT(struct hal_adapter, at),
    STATE_INT(struct hal_adapter, pool),
    STATE_INT(struct hal_adapter, requester),
    STATE_INT(struct hal_adapter, grant),
    STATE_INT(struct hal_adapter, limit),
    STATE_INT(struct hal_adapter, master),
    STATE_INT(struct hal_adapter, scatter_gather),
    STATE_INT(struct hal_adapter, demand),
    STATE_INT(struct hal_adapter, auto_init),
    STATE_INT(struct hal_adapter, ignore_count),
    STATE_INT(struct hal_adapter, channel),
    STATE_INT(struct hal_adapter, width),
    STATE_INT(struct hal_adapter, version),
    STATE_INT(struct hal_adapter, busy),
    STATE_INT(struct hal_adapter, owner),
    STATE_INT(struct hal_adapter, lists_made),
    STATE_INT(struct hal_adapter, lists_put),
    STATE_INT(struct hal_adapter, holder),
    STATE_INT(struct hal_adapter, held),
    STATE_INT(struct hal_adapter, references),
    STATE_INT(struct hal_adapter, registers),
    STATE_INT(struct hal_adapter, buffers),
    STATE_INT(struct hal_adapter, lists),
    STATE_END,
};

static const struct state_row set_rows[] = {
    STATE_INT(struct hal_set, id),
    STATE_INT(struct hal_set, adapter),
    STATE_INT(struct hal_set, pool),
    STATE_INT(struct hal_set, first),
    STATE_INT(struct hal_set, count),
    STATE_INT(struct hal_set, used),
    STATE_INT(struct hal_set, pages),
    STATE_INT(struct hal_set, first_va),
    STATE_INT(struct hal_set, next_va),
    STATE_INT(struct hal_set, mdl),
    STATE_INT(struct hal_set, direct),
    STATE_INT(struct hal_set, common),
    STATE_INT(struct hal_set, list),
    STATE_INT(struct hal_set, frames),
    STATE_INT(struct hal_set, extended),
    STATE_INT(struct hal_set, site),
    STATE_INT(struct hal_set, device),
    STATE_INT(struct hal_set, context),
    STATE_END,
};

static const struct state_row page_rows[] = {
    STATE_INT(struct hal_page, set),
    STATE_INT(struct hal_page, index),
    STATE_INT(struct hal_page, mdl),
    STATE_INT(struct hal_page, va),
    STATE_INT(struct hal_page, owner),
    STATE_INT(struct hal_page, to),
    STATE_INT(struct hal_page, dla),
    STATE_INT(struct hal_page, bytes),
    STATE_INT(struct hal_page, copy),
    STATE_INT(struct hal_page, dir),
    STATE_INT(struct hal_page, bounced),
    STATE_INT(struct hal_page, common),
    STATE_INT(struct hal_page, leaving),
    STATE_INT(struct hal_page, sum),
    STATE_END,
};

static const struct state_row request_rows[] = {
    STATE_INT(struct hal_request, id),
    STATE_INT(struct hal_request, adapter),
    STATE_INT(struct hal_request, state),
    STATE_INT(struct hal_request, list),
    STATE_INT(struct hal_request, dir),
    STATE_INT(struct hal_request, owned),
    STATE_INT(struct hal_request, packed),
    STATE_INT(struct hal_request, frames),
    STATE_INT(struct hal_request, registers),
    STATE_INT(struct hal_request, set),
    STATE_INT(struct hal_request, turn),
    STATE_INT(struct hal_request, device),
    STATE_INT(struct hal_request, irp),
    STATE_INT(struct hal_request, routine),
    STATE_INT(struct hal_request, context),
    STATE_INT(struct hal_request, mdl),
    STATE_INT(struct hal_request, va),
    STATE_INT(struct hal_request, bytes),
    STATE_INT(struct hal_request, buffer),
    STATE_INT(struct hal_request, transfer),
    STATE_END,
};

static const struct state_row context_rows[] = {
    STATE_INT(struct hal_context, at),
    STATE_INT(struct hal_context, adapter),
    STATE_INT(struct hal_context, request),
    STATE_INT(struct hal_context, cancelled),
    STATE_END,
};

static const struct state_row completion_rows[] = {
    STATE_INT(struct hal_completion, adapter),
    STATE_INT(struct hal_completion, at),
    STATE_INT(struct hal_completion, device),
    STATE_INT(struct hal_completion, routine),
    STATE_INT(struct hal_completion, context),
    STATE_INT(struct hal_completion, due),
    STATE_INT(struct hal_completion, status),
    STATE_END,
};

static const struct state_row list_rows[] = {
    STATE_INT(struct hal_list, at),
    STATE_INT(struct hal_list, adapter),
    STATE_INT(struct hal_list, set),
    STATE_INT(struct hal_list, mdl),
    STATE_INT(struct hal_list, bytes),
    STATE_INT(struct hal_list, target_mdl),
    STATE_INT(struct hal_list, owned),
    STATE_INT(struct hal_list, dir),
    STATE_INT(struct hal_list, asked_mdl),
    STATE_INT(struct hal_list, request),
    STATE_END,
};

static const struct state_row common_rows[] = {
    STATE_INT(struct hal_common, adapter),
    STATE_INT(struct hal_common, set),
    STATE_INT(struct hal_common, va),
    STATE_INT(struct hal_common, bytes),
    STATE_INT(struct hal_common, dla),
    STATE_INT(struct hal_common, pa),
    STATE_END,
};

const struct state_row hal_state_rows[] = {
    STATE_STRUCT(struct hal_state, settings, settings_rows),
    STATE_STRUCT(struct hal_state, unit, unit_rows),
    STATE_INT(struct hal_state, booted),
    STATE_INT(struct hal_state, master_count),
    STATE_INTS(struct hal_state, masters),
    STATE_INT(struct hal_state, next_id),
    STATE_INT(struct hal_state, next_turn),
    STATE_INTS(struct hal_state, operations),
    STATE_INT(struct hal_state, dpc),
    STATE_STRUCT(struct hal_state, violation, violation_rows),
    STATE_STRUCT(struct hal_state, watch, watch_rows),
    STATE_INT(struct hal_state, gone_next),
    STATE_VEC(struct hal_state, gone, struct hal_gone, HAL_GONE, gone_rows),
    STATE_VEC(struct hal_state, wdm, struct hal_image, HAL_IMAGES, image_rows),
    STATE_VEC(struct hal_state, pool, struct hal_pool, HAL_POOLS, pool_rows),
    STATE_VEC(struct hal_state, adapter, struct hal_adapter, HAL_ADAPTERS,
              adapter_rows),
    STATE_VEC(struct hal_state, set, struct hal_set, HAL_SETS, set_rows),
    STATE_VEC(struct hal_state, page, struct hal_page, HAL_PAGES, page_rows),
    STATE_VEC(struct hal_state, request, struct hal_request, HAL_REQUESTS,
              request_rows),
    STATE_VEC(struct hal_state, list, struct hal_list, HAL_SETS, list_rows),
    STATE_VEC(struct hal_state, common, struct hal_common, HAL_SETS,
              common_rows),
    STATE_VEC(struct hal_state, context, struct hal_context, HAL_CONTEXTS,
              context_rows),
    STATE_VEC(struct hal_state, completion, struct hal_completion,
              HAL_COMPLETIONS, completion_rows),
    STATE_END,
};

enum hb_status hal_loaded(struct hal *h, struct hb_error *error)
{
    const struct hal_pool *pool;
    const struct hal_set *set;
    uint32_t i;

    for (i = 0; i < h->s.pool.count; i++) {
        pool = HAL_POOL_AT(h, i);
        if (pool->count > HAL_POOL_REGISTERS || pool->start > pool->count ||
            pool->window > 1)
            return hb_fail(error, HB_BAD_IMAGE, "HAL: damaged register pool");
    }
    for (i = 0; i < h->s.set.count; i++) {
        set = HAL_SET_AT(h, i);
        if (set->pool == HAL_NONE)
            continue;
        if (set->pool >= h->s.pool.count ||
            set->first > HAL_POOL_AT(h, set->pool)->count ||
            set->count > HAL_POOL_AT(h, set->pool)->count - set->first)
            return hb_fail(error, HB_BAD_IMAGE, "HAL: damaged register set");
    }
    for (i = 0; i < h->s.adapter.count; i++)
        if (HAL_ADAPTER_AT(h, i)->pool != HAL_NONE &&
            HAL_ADAPTER_AT(h, i)->pool >= h->s.pool.count)
            return hb_fail(error, HB_BAD_IMAGE, "HAL: damaged adapter");
    for (i = 0; i < h->s.request.count; i++)
        if (HAL_REQUEST_AT(h, i)->frames &&
            HAL_REQUEST_AT(h, i)->registers > HAL_POOL_REGISTERS)
            return hb_fail(error, HB_BAD_IMAGE, "HAL: damaged request");
    if (!settings_ok(&h->s.settings) || h->s.master_count > HAL_MASTERS)
        return hb_fail(error, HB_BAD_IMAGE, "HAL: damaged settings");
    if (h->s.gone_next && h->s.gone_next >= h->s.gone.count)
        return hb_fail(error, HB_BAD_IMAGE, "HAL: damaged notes of DMA");
    h->s.violation.text[HAL_TEXT - 1] = 0;
    return HB_OK;
}
