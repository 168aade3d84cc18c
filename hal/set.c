/* hal/set.c -- sets of map registers (what a MapRegisterBase stands for) and
 * the adapter objects' own lines. */
#include "hal/private.h"

/* An 8237's counter does not carry into its page register; that of EISA has all
 * 32 bits. */
uint64_t adapter_boundary(const struct hal *h, const struct hal_adapter *ad)
{
    if (ad->master || h->s.settings.eisa)
        return (uint64_t)1 << 32;
    return ad->width == 16 ? 0x20000 : 0x10000;
}

static struct hal_set *set_push(struct hal *h, const struct hal_set *set)
{
    struct hal_set *made = NULL;

    if (h->s.set.count < HAL_SETS)
        made = vec_push(&h->s.set, sizeof *set, set);
    if (made)
        hal_here(h, &made->site);
    return made;
}

enum hb_status set_create(struct hal *h, struct hal_adapter *ad, uint32_t count,
                          struct hal_set **out)
{
    return set_create_in(h, ad, ad->pool, count, out);
}

enum hb_status set_create_in(struct hal *h, struct hal_adapter *ad,
                             uint32_t index, uint32_t count,
                             struct hal_set **out)
{
    struct hal_set set = {.adapter = ad->id, .pool = index, .count = count};
    uint64_t boundary = ad->master ? 0 : adapter_boundary(h, ad);
    struct hal_pool *pool = HAL_POOL_AT(h, index);

    if (!pool_take(pool, count, boundary, &set.first))
        return HB_NO_MAP_REGISTERS;
    set.id = hal_new_id(h);
    *out = set_push(h, &set);
    if (!*out) {
        pool_give(pool, set.first, count);
        return HB_NO_MEMORY;
    }
    ad->registers += count;
    EMIT(h->events, registers, ad->at, ad->registers);
    return HB_OK;
}

struct hal_set *set_create_direct(struct hal *h, const struct hal_adapter *ad)
{
    struct hal_set set = {
        .id = hal_new_id(h),
        .adapter = ad->id,
        .pool = HAL_NONE,
        .direct = true,
    };

    return set_push(h, &set);
}

struct hal_set *set_direct(struct hal *h, const struct hal_adapter *ad)
{
    struct hal_set *set;
    uint32_t i;

    for (i = 0; i < h->s.set.count; i++) {
        set = HAL_SET_AT(h, i);
        if (set->adapter == ad->id && set->direct && !set->common && !set->list)
            return set;
    }
    return set_create_direct(h, ad);
}

static void drop_register(struct hal *h, const struct hal_set *set,
                          const struct hal_page *page)
{
    const struct hal_pool *pool;

    if (set->pool == HAL_NONE || h->s.settings.kind == HAL_BOUNCE)
        return;
    pool = HAL_POOL_AT(h, set->pool);
    unit_set(h, pool->requester, pool->window, set->first + page->index, 0, 0);
}

void set_unmap(struct hal *h, struct hal_set *set, bool all)
{
    struct hal_page *page = h->s.page.data;
    uint32_t i, kept = 0;

    for (i = 0; i < h->s.page.count; i++) {
        if (page[i].set == set->id && (all || page[i].leaving)) {
            drop_register(h, set, &page[i]);
            watch_gone(h, set, &page[i]);
            set->pages--;
            continue;
        }
        if (kept != i)
            page[kept] = page[i];
        kept++;
    }
    h->s.page.count = kept;
    if (!set->pages)
        set->used = set->extended = 0;
}

void set_destroy(struct hal *h, uint32_t id)
{
    struct hal_set *set = set_by_id(h, id);
    struct hal_adapter *ad;

    if (!set)
        return;
    if (set->pages)
        set_unmap(h, set, true);
    hal_pack_free(h, set->frames, set->count);
    ad = adapter_by_id(h, set->adapter);
    if (set->pool != HAL_NONE)
        pool_give(HAL_POOL_AT(h, set->pool), set->first, set->count);
    if (ad) {
        ad->registers -= set->count;
        EMIT(h->events, registers, ad->at, ad->registers);
        if (ad->held == id)
            ad->held = 0;
    }
    vec_remove(&h->s.set, sizeof *set, (uint32_t)(set - HAL_SET_AT(h, 0)));
}
