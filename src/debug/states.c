/* src/debug/states.c -- see states.h. */
#include "debug/states.h"

#include <stdlib.h>
#include <string.h>

#include "base/vec.h"

enum { RECORD = sizeof(struct kept_state) + sizeof(struct kept_page) };

static uint64_t cost(const struct kept_state *k)
{
    uint64_t bytes = RECORD + k->frozen.room;

    for (uint32_t i = 0; i < k->page.count; i++)
        bytes +=
            sizeof(struct kept_page) +
            (VEC_AT(struct kept_page, &k->page, i)->bytes ? PAGE_BYTES : 0);
    return bytes;
}

static void state_fini(struct states *s, struct kept_state *k)
{
    for (uint32_t i = 0; i < k->page.count; i++)
        page_pool_give(&s->pool, VEC_AT(struct kept_page, &k->page, i)->bytes);
    vec_free(&k->page);
    saver_fini(&k->frozen);
}

void states_fini(struct states *s)
{
    for (uint32_t i = 0; i < s->state.count; i++)
        state_fini(s, STATE_AT(s, i));
    vec_free(&s->state);
    page_pool_fini(&s->pool);
}

uint32_t states_find(const struct states *s, const struct debug_place *at)
{
    uint32_t low = 0, high = s->state.count;

    while (high - low > 1) {
        uint32_t mid = low + (high - low) / 2;

        if (debug_place_order(&STATE_AT(s, mid)->at, at) <= 0)
            low = mid;
        else
            high = mid;
    }
    return low;
}

/* ---- pages --------------------------------------------------------------- */

static bool is_zero(const uint8_t *page)
{
    return !page[0] && memcmp(page, page + 1, PAGE_BYTES - 1) == 0;
}

static bool keep_page(struct states *s, struct kept_state *k,
                      const struct ram *ram, uint64_t number)
{
    const uint8_t *now = ram->base + (number << PAGE_SHIFT);
    struct kept_page p = {.number = number};

    if (!is_zero(now)) {
        p.bytes = page_pool_take(&s->pool);
        if (!p.bytes)
            return false;
        memcpy(p.bytes, now, PAGE_BYTES);
    }
    if (vec_push(&k->page, sizeof p, &p))
        return true;
    page_pool_give(&s->pool, p.bytes);
    return false;
}

static bool keep_pages(struct states *s, struct kept_state *k,
                       const struct ram *ram, bool all)
{
    uint64_t (*next)(const struct ram *, uint64_t) =
        all ? ram_next_touched : ram_next_dirty;
    uint64_t page = next(ram, 0);

    for (; page != UINT64_MAX; page = next(ram, page + 1))
        if (!keep_page(s, k, ram, page))
            return false;
    return true;
}

static const struct kept_page *find_page(const struct kept_state *k,
                                         uint64_t number)
{
    uint32_t low = 0, high = k->page.count;

    while (low < high) {
        uint32_t mid = low + (high - low) / 2;
        const struct kept_page *p = VEC_AT(struct kept_page, &k->page, mid);

        if (p->number == number)
            return p;
        if (p->number < number)
            low = mid + 1;
        else
            high = mid;
    }
    return NULL;
}

/* As it was in state @index: what the last state up to there says of it, or
 * untouched. */
static void put_page(const struct states *s, struct ram *ram, uint32_t index,
                     uint64_t number)
{
    static const uint8_t zeroes[PAGE_BYTES];
    const struct kept_page *p = NULL;

    for (uint32_t i = index + 1; !p && i-- > 0;)
        p = find_page(STATE_AT(s, i), number);
    ram_put_page(ram, number, !p ? NULL : p->bytes ? p->bytes : zeroes);
}

static void clean(struct machine *m)
{
    ram_clean(&m->ram);
    tlb_write_protect(&m->cpu.tlb);
}

/* ---- room ---------------------------------------------------------------- */

/* What state @index knows of pages, the one after it takes over, where it does
 * not know better. */
static bool hand_on(struct states *s, struct kept_state *from,
                    struct kept_state *to)
{
    struct vec both = {0};
    uint32_t i = 0, j = 0;

    if (!vec_resize(&both, sizeof(struct kept_page),
                    from->page.count + to->page.count))
        return false;
    both.count = 0;
    while (i < from->page.count || j < to->page.count) {
        struct kept_page *a = VEC_AT(struct kept_page, &from->page, i);
        struct kept_page *b = VEC_AT(struct kept_page, &to->page, j);
        bool old = j == to->page.count ||
                   (i < from->page.count && a->number < b->number);

        if (!old && i < from->page.count && a->number == b->number)
            page_pool_give(&s->pool,
                           VEC_AT(struct kept_page, &from->page, i++)->bytes);
        *VEC_AT(struct kept_page, &both, both.count++) = old ? *a : *b;
        i += old;
        j += !old;
    }
    vec_free(&from->page);
    vec_free(&to->page);
    to->page = both;
    return true;
}

static void drop(struct states *s, uint32_t index)
{
    state_fini(s, STATE_AT(s, index));
    vec_remove(&s->state, sizeof(struct kept_state), index);
    s->base -= s->base > index;
}

/* Which state is missed least: the further back, the further apart they may
 * lie. The first goes when there is no other. */
static uint32_t least_missed(const struct states *s)
{
    uint64_t end = STATE_AT(s, s->state.count - 1)->at.at.tick;
    double least = 0;
    uint32_t found = 0;

    for (uint32_t i = 1; i + 1 < s->state.count; i++) {
        const struct kept_state *k = STATE_AT(s, i);
        double gap = (double)(k[1].at.at.tick - k[-1].at.at.tick + 1);
        double share = gap / (double)(end - k->at.at.tick + 1);

        if (i == s->base || k->pinned || (found && share >= least))
            continue;
        found = i;
        least = share;
    }
    return found;
}

static void make_room(struct states *s)
{
    while (s->bytes > s->budget && s->state.count > 2) {
        uint32_t i = least_missed(s);
        struct kept_state *k = STATE_AT(s, i);
        uint64_t before = cost(k) + cost(k + 1);

        if (i == s->base || !hand_on(s, k, k + 1))
            return;
        s->bytes += cost(k + 1);
        s->bytes -= before;
        drop(s, i);
    }
}

/* ---- taking and putting back --------------------------------------------- */

enum hb_status states_take(struct states *s, struct machine *m,
                           const struct debug_place *at, bool pinned,
                           struct hb_error *error)
{
    struct kept_state k = {
        .at = *at, .log_bytes = m->inputs.data.count, .pinned = pinned};
    uint32_t index = s->state.count ? s->base + 1 : 0;
    enum hb_status status = machine_freeze(m, &k.frozen, error);

    if (status == HB_OK && (!keep_pages(s, &k, &m->ram, !s->state.count) ||
                            !vec_insert(&s->state, sizeof k, index, &k)))
        status = hb_fail(error, HB_NO_MEMORY, "no memory to keep a state");
    if (status != HB_OK) {
        state_fini(s, &k);
        return status;
    }
    s->bytes += cost(&k);
    s->base = index;
    clean(m);
    make_room(s);
    return HB_OK;
}

static int by_number(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

/* The pages that may differ between RAM now and state @index. */
static bool changed_pages(const struct states *s, const struct ram *ram,
                          uint32_t index, struct vec *pages)
{
    uint32_t from = index < s->base ? index : s->base;
    uint32_t to = index < s->base ? s->base : index;
    uint64_t page = ram_next_dirty(ram, 0);
    bool good = true;

    for (; page != UINT64_MAX; page = ram_next_dirty(ram, page + 1))
        good = good && vec_push(pages, sizeof page, &page);
    for (uint32_t i = from + 1; i <= to; i++) {
        const struct vec *v = &STATE_AT(s, i)->page;

        for (uint32_t j = 0; good && j < v->count; j++)
            good = vec_push(pages, sizeof page,
                            &VEC_AT(struct kept_page, v, j)->number);
    }
    if (good && pages->count)
        qsort(pages->data, pages->count, sizeof page, by_number);
    return good;
}

enum hb_status states_put(struct states *s, struct machine *m, uint32_t index,
                          struct hb_error *error)
{
    const struct kept_state *k = STATE_AT(s, index);
    struct vec pages = {0};
    uint64_t last = UINT64_MAX;
    enum hb_status status = HB_OK;

    if (!changed_pages(s, &m->ram, index, &pages))
        status = hb_fail(error, HB_NO_MEMORY, "no memory to go back");
    for (uint32_t i = 0; status == HB_OK && i < pages.count; i++) {
        uint64_t number = *VEC_AT(uint64_t, &pages, i);

        if (number != last)
            put_page(s, &m->ram, index, number);
        last = number;
    }
    vec_free(&pages);
    if (status == HB_OK)
        status = machine_thaw(m, k->frozen.bytes, k->frozen.count, error);
    if (status != HB_OK)
        return status;
    m->inputs.entry.count = k->at.inputs;
    m->inputs.data.count = k->log_bytes;
    states_reached(s, m, index);
    watches_rearm(m);
    return HB_OK;
}

void states_reached(struct states *s, struct machine *m, uint32_t index)
{
    s->base = index;
    clean(m);
}

void states_forget(struct states *s, const struct debug_place *at)
{
    while (s->state.count > 1 &&
           debug_place_order(&STATE_AT(s, s->state.count - 1)->at, at) > 0) {
        struct kept_state *k = STATE_AT(s, s->state.count - 1);

        s->bytes -= cost(k);
        state_fini(s, k);
        s->state.count--;
    }
}
